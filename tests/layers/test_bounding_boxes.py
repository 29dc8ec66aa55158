"""Functions of bounding boxes beside those of Keras."""

import keras
import numpy as np
import pytest

import neurona as nn

generator = np.random.default_rng(0)
CORNERS = np.sort(generator.uniform(0, 60, (2, 4, 2, 2)), axis=2).reshape(2, 4, 4).astype("float32")
OTHERS = np.sort(generator.uniform(0, 60, (2, 4, 2, 2)), axis=2).reshape(2, 4, 4).astype("float32")
FORMATS = ("xyxy", "yxyx", "xywh", "center_xywh", "center_yxhw", "rel_xyxy", "rel_yxyx", "rel_xywh")
CALLS = {
    "affine": lambda b: b.affine_transform(
        CORNERS, *(np.float32([x, x / 2]) for x in (20, 3, -2, 1.2, 5, 0)), 64, 80
    ),
    "clipped": lambda b: b.clip_to_image_size(
        {"boxes": CORNERS * 2 - 20, "labels": np.ones((2, 4), "int32")}, height=64, width=80
    )["boxes"],
    "complete overlap": lambda b: b.compute_ciou(CORNERS[0], OTHERS[0], "xyxy"),
    "overlap": lambda b: b.compute_iou(CORNERS, OTHERS, "xyxy"),
    "overlap without masked boxes": lambda b: b.compute_iou(
        CORNERS, np.where(np.arange(4)[:, None] == 1, -1, OTHERS), "xyxy", use_masking=True
    ),
    "cropped": lambda b: b.crop(CORNERS, 5, 7, 30, 40),
    "padded": lambda b: b.pad(CORNERS, 5, 7),
    "deltas": lambda b: b.encode_box_to_deltas(
        CORNERS[0], OTHERS, "xyxy", "xyxy", variance=[0.1, 0.1, 0.2, 0.2]
    ),
    "boxes": lambda b: b.decode_deltas_to_boxes(CORNERS[0], OTHERS / 60, "xyxy", "xyxy"),
}


@pytest.mark.parametrize("name", CALLS)
def test_boxes_are_those_of_keras(name):
    theirs, mine = CALLS[name](keras.utils.bounding_boxes), CALLS[name](nn.utils.bounding_boxes)
    np.testing.assert_allclose(np.asarray(mine), np.asarray(theirs), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("target", FORMATS)
def test_formats_are_those_of_keras_and_lead_back(target):
    convert = nn.utils.bounding_boxes.convert_format
    there = convert(CORNERS, "xyxy", target, height=64, width=80)
    theirs = keras.utils.bounding_boxes.convert_format(CORNERS, "xyxy", target, height=64, width=80)
    np.testing.assert_allclose(np.asarray(there), np.asarray(theirs), rtol=1e-4)
    np.testing.assert_allclose(
        np.asarray(convert(there, target, "xyxy", height=64, width=80)), CORNERS, atol=1e-3
    )
