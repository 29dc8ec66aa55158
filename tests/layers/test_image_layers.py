"""Layers that change pictures: with a seed, Keras's very pictures; labels, boxes and masks go along."""

import json
from typing import Any

import jax
import keras
import numpy as np
import pytest

import neurona as nn
from neurona import layers
from neurona.errors import ArgumentError, ShapeError

FIRST = {"data_format": "channels_first"}
RNG = np.random.default_rng(0)
BATCH = (RNG.random((3, 6, 8, 3)) * 255).astype("float32")  # channels last
CASES: dict[str, list[dict[str, Any]]] = {
    "RandomFlip": [{}, {"mode": "horizontal", **FIRST}, {"mode": "vertical"}],
    "RandomRotation": [
        {
            "factor": (0.1, 0.2),
            "fill_mode": "constant",
            "fill_value": 9.0,
            "interpolation": "nearest",
            **FIRST,
        },
    ],
    "RandomZoom": [
        {"height_factor": 0.3},
        {"height_factor": (-0.3, -0.1), "width_factor": (0.1, 0.4), "fill_mode": "wrap", **FIRST},
    ],
    "RandomTranslation": [
        {"height_factor": 0.2, "width_factor": (-0.3, 0.1)},
        {"height_factor": 0.2, "width_factor": 0.2, "fill_mode": "nearest", "interpolation": "nearest"},
    ],
    "RandomShear": [{"x_factor": (0.1, 0.3), "y_factor": 0.2, "fill_mode": "constant"}],
    "RandomPerspective": [{"factor": (0.3, 0.6), "scale": 0.3, "fill_value": 3.0, **FIRST}],
    "RandomElasticTransform": [{"factor": 0.8, "scale": (0.4, 0.8)}],
    "Resizing": [
        {"height": 4, "width": 5},
        {"height": 9, "width": 4, "interpolation": "bicubic", "antialias": True},
        {"height": 4, "width": 4, "crop_to_aspect_ratio": True, "interpolation": "nearest"},
        {"height": 7, "width": 4, "pad_to_aspect_ratio": True, "fill_value": 2.0, **FIRST},
    ],
    "CenterCrop": [{"height": 3, "width": 4}, {"height": 7, "width": 4, **FIRST}],
    "RandomCrop": [{"height": 3, "width": 4}, {"height": 4, "width": 3, **FIRST}, {"height": 6, "width": 4}],
    "RandomBrightness": [{"factor": (0.1, 0.3), "value_range": (0, 200), **FIRST}],
    "RandomContrast": [{"factor": (0.2, 0.4), **FIRST}],
    "RandomColorDegeneration": [{"factor": (0.2, 0.4), **FIRST}],
    "RandomGrayscale": [{"factor": 0.4, **FIRST}],
    "RandomInvert": [{"factor": (0.4, 0.6), "value_range": (0, 100)}],
    "RandomHue": [{"factor": (0.2, 0.4), **FIRST}],
    "RandomSaturation": [{"factor": (0.2, 0.4), **FIRST}],
    "RandomColorJitter": [
        {"brightness_factor": 0.2, "contrast_factor": 0.2, "saturation_factor": 0.2, "hue_factor": 0.2},
    ],
    "RandomSharpness": [{"factor": 0.7}],
    "RandomGaussianBlur": [{"factor": (0.4, 0.6), "kernel_size": (5, 3), "sigma": (0.5, 0.9), **FIRST}],
    "RandomErasing": [{"factor": (0.3, 0.9), "scale": (0.2, 0.5), "fill_value": 7.0, **FIRST}],
    "RandomPosterization": [{"factor": 5}],
    "Solarization": [{"addition_factor": 0.3, "threshold_factor": (0.2, 0.9), "value_range": (0, 200)}],
    "AutoContrast": [{"value_range": (0, 300)}],
    "Equalization": [{"bins": 8}],
    "ContrastLimitedAdaptiveHistogramEqualization": [{"tile_grid_size": (2, 3), "clip_limit": 1.5, **FIRST}],
    "MixUp": [{"alpha": 0.6}],
    "CutMix": [{"factor": (0.3, 0.5), **FIRST}],
    "RandAugment": [{"num_ops": 1, "factor": 0.3}],
}
WITHOUT_SEED = {"Resizing", "CenterCrop", "AutoContrast", "Equalization"} | {
    "ContrastLimitedAdaptiveHistogramEqualization"
}
TABLE = [(name, options) for name, several in CASES.items() for options in several]
TABLE_OF_CONFIGS = [*TABLE, ("AugMix", {"num_chains": 2}), ("MaxNumBoundingBoxes", {"max_number": 3})]


def of_format(options: dict[str, Any], images: np.ndarray) -> np.ndarray:
    return np.moveaxis(images, -1, -3) if "data_format" in options else images


def seeded(name: str, options: dict[str, Any]) -> dict[str, Any]:
    return options if name in WITHOUT_SEED else {**options, "seed": 7}


@pytest.mark.parametrize(("name", "options"), TABLE, ids=str)
def test_pictures_are_those_of_keras(name: str, options: dict[str, Any]) -> None:
    """The first draws of a seed, in training."""
    images, options = of_format(options, BATCH), seeded(name, options)
    mine, theirs = getattr(layers, name)(**options), getattr(keras.layers, name)(**options)
    for _ in range(1 if name in WITHOUT_SEED else 2):
        one, other = np.asarray(mine(images, training=True)), np.asarray(theirs(images, training=True))
        np.testing.assert_allclose(one, other, atol=2e-3, rtol=1e-4)


@pytest.mark.parametrize(("name", "options"), TABLE_OF_CONFIGS, ids=str)
def test_configs_travel(name: str, options: dict[str, Any]) -> None:
    options = options if name == "MaxNumBoundingBoxes" else seeded(name, options)
    mine, theirs = (getattr(library, name)(**options, name="one") for library in (layers, keras.layers))
    config, expected = (json.loads(json.dumps(one.get_config())) for one in (mine, theirs))
    assert {key: config[key] for key in expected} == expected
    assert set(config) - set(expected) <= {"seed", "fill_value"}  # Keras forgets two
    again = type(mine).from_config(expected).get_config()
    assert {**again, "seed": 7} == {**mine.get_config(), "seed": 7}
    if name != "RandomShear":  # whose own config Keras refuses
        assert json.loads(json.dumps(type(theirs).from_config(config).get_config())) == expected


PLAIN = {
    "RandomFlip": {},
    "RandomRotation": {"factor": 0.2},
    "RandomCrop": {"height": 3, "width": 4},
}


@pytest.mark.parametrize(("name", "options"), PLAIN.items(), ids=str)
def test_one_picture_is_a_batch_of_one(name: str, options: dict[str, Any]) -> None:
    """So that layers are mapped over data; bytes become floats."""
    picture = BATCH[0].astype("uint8")
    one, batch = (getattr(layers, name)(**options, seed=3) for _ in range(2))
    alone = one(picture, training=True)
    assert alone.dtype == "float32"
    np.testing.assert_allclose(alone, batch(picture[None], training=True)[0], atol=1e-4)


def test_inference_leaves_pictures_as_they_are() -> None:
    for name in (
        "RandomFlip",
        "RandomRotation",
        "RandomBrightness",
        "RandomErasing",
        "RandAugment",
        "AugMix",
    ):
        options = {"factor": 0.3} if name in ("RandomRotation", "RandomBrightness") else {}
        np.testing.assert_array_equal(getattr(layers, name)(**options)(BATCH, training=False), BATCH)
    cropped = layers.RandomCrop(3, 4)(BATCH, training=False)
    np.testing.assert_allclose(cropped, layers.Resizing(3, 4)(BATCH), atol=1e-3)  # 6 x 8 has its proportions


def test_models_draw_anew_at_every_step_and_not_in_prediction() -> None:
    model = nn.Sequential(
        [
            nn.Input((6, 8, 3)),
            layers.RandomFlip("horizontal"),
            layers.RandomTranslation(0.2, 0.2),
            layers.RandAugment(num_ops=1),
            layers.RandomCrop(5, 5),
        ]
    )
    shape = model.output_shape
    assert shape == (None, 5, 5, 3)
    draw = jax.jit(lambda key: model.apply([], BATCH, key=key, training=True)[0])
    first, again, other = (np.asarray(draw(jax.random.key(seed))) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    # Compiled whole, a product and a sum may be rounded once.
    np.testing.assert_allclose(model.predict(BATCH, verbose=0), model(BATCH, training=False), rtol=1e-6)


def test_augmix_mixes_within_the_range() -> None:
    mixed = layers.AugMix(seed=1, num_chains=1, chain_depth=1)(BATCH, training=True)
    assert mixed.shape == BATCH.shape
    assert float(mixed.min()) >= 0
    assert float(mixed.max()) <= 255


def boxed(**more: Any) -> dict[str, Any]:
    boxes = np.array([[[1, 1, 4, 3], [0, 0, 2, 2]], [[2, 2, 8, 6], [0, 0, 0, 0]]], "float32")
    return {
        "images": BATCH[:2],
        "labels": np.eye(2, dtype="float32"),
        "bounding_boxes": {"boxes": boxes, "labels": np.array([[1, 2], [3, -1]])},
        **more,
    }


@pytest.mark.parametrize(
    ("name", "options", "transformation"),
    [
        ("RandomFlip", {}, {"flips": np.array([[[[True]]], [[[False]]]])}),
        (
            "RandomZoom",
            {"height_factor": 0.2},
            {
                "height_zoom": np.array([[0.8], [1.3]], "float32"),
                "width_zoom": np.array([[1.2], [0.7]], "float32"),
            },
        ),
        (
            "RandomTranslation",
            {"height_factor": 0.2, "width_factor": 0.2},
            {"translations": np.array([[1.0, -1.5], [-2.0, 0.5]], "float32")},
        ),
        ("RandomShear", {"x_factor": 0.5}, {"shear_factor": np.array([[0.2, -0.1], [-0.3, 0.2]], "float32")}),
    ],
)
def test_boxes_go_along_as_in_keras(name: str, options: Any, transformation: Any) -> None:
    transformation["input_shape"] = (2, 6, 8, 3)
    results = []
    for library, array in ((layers, np.asarray), (keras.layers, keras.ops.convert_to_tensor)):
        layer = getattr(library, name)(**options, bounding_box_format="xyxy")
        boxes = {key: array(value) for key, value in boxed()["bounding_boxes"].items()}
        results.append(layer.transform_bounding_boxes(boxes, transformation)["boxes"])
    np.testing.assert_allclose(*results, atol=1e-4)


def test_a_turned_box_stands_where_its_picture_stands() -> None:
    image = np.zeros((1, 9, 9, 1), "float32")
    image[0, 1:3, 2:7] = 1
    layer = layers.RandomRotation((0.25, 0.25), bounding_box_format="xyxy")
    boxes = {"boxes": np.array([[[2, 1, 6, 2]]], "float32"), "labels": np.array([[4]])}
    result = layer({"images": image, "bounding_boxes": boxes})
    rows, columns = np.nonzero(np.asarray(result["images"])[0, :, :, 0] > 0.5)
    found = [columns.min(), rows.min(), columns.max(), rows.max()]
    np.testing.assert_allclose(result["bounding_boxes"]["boxes"][0, 0], found, atol=1e-3)


def test_labels_masks_and_boxes_come_in_a_dictionary() -> None:
    masks = (BATCH[:2, ..., :1] > 128).astype("uint8")
    mixed = layers.CutMix(seed=1)({"images": BATCH[:2], "labels": np.eye(2, dtype="float32")})
    np.testing.assert_allclose(mixed["labels"].sum(1), 1, rtol=1e-6)
    flip = layers.RandomFlip("vertical", seed=2, bounding_box_format="xywh")
    result = flip(boxed(segmentation_masks=masks), training=True)
    flipped = np.any(np.asarray(result["images"]) != BATCH[:2], (1, 2, 3))
    for row, turned in enumerate(flipped):
        expected = masks[row][::-1] if turned else masks[row]
        np.testing.assert_array_equal(result["segmentation_masks"][row], expected)
    ragged = {"boxes": [[[1, 1, 2, 2]], []], "labels": [[1], []]}
    filled = layers.MaxNumBoundingBoxes(2, bounding_box_format="xyxy")(boxed(bounding_boxes=ragged))
    assert filled["bounding_boxes"]["labels"].tolist() == [[1, -1], [-1, -1]]


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: layers.RandomFlip("sideways"), ArgumentError, "mode is one of"),
        (lambda: layers.RandomRotation(3), ArgumentError, "from -1 to 1"),
        (lambda: layers.RandomZoom(-1.0), ArgumentError, "a single point"),
        (lambda: layers.RandomBrightness(0.1, value_range=3), ArgumentError, "least and the greatest"),
        (lambda: layers.Resizing(2, 2, interpolation="area"), ArgumentError, "interpolation is one of"),
        (
            lambda: layers.Resizing(2, 2, crop_to_aspect_ratio=True, pad_to_aspect_ratio=True),
            ArgumentError,
            "not by both",
        ),
        (lambda: layers.RandomGaussianBlur(kernel_size=4), ArgumentError, "is odd"),
        (lambda: layers.RandomErasing(fill_value="x"), ArgumentError, "three numbers"),
        (lambda: layers.RandomFlip()(np.ones((2, 2))), ShapeError, "takes images"),
        (lambda: layers.RandomFlip()(boxed()), ArgumentError, "in which format"),
        (lambda: layers.CutMix(bounding_box_format="xyxy")(boxed()), ArgumentError, "no bounding boxes"),
        (
            lambda: layers.RandomElasticTransform(bounding_box_format="xyxy", scale=0.1)(boxed()),
            ArgumentError,
            "no boxes for",
        ),
        (
            lambda: layers.MixUp(bounding_box_format="xyxy")(boxed(labels=np.array([0, 1]))),
            ArgumentError,
            "one-hot",
        ),
        (
            lambda: layers.RandomFlip(bounding_box_format="xyxy")(boxed(bounding_boxes=[1])),
            ArgumentError,
            "is a dictionary",
        ),
    ],
)
def test_what_is_wrong_is_told(make: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        make()
