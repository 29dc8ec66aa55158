"""`neurona.visualization`: pictures with boxes and masks."""

import keras
import numpy as np
import pytest

from neurona import visualization

rng = np.random.default_rng(0)


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
@pytest.mark.parametrize(
    "options", [{}, {"alpha": 0.3, "num_classes": 3}, {"ignore_index": 0}, {"blend": False}]
)
def test_masks_are_drawn_with_the_numbers_of_keras(options, data_format):
    images = rng.integers(0, 256, (2, 4, 5, 3)).astype("uint8")
    masks = rng.integers(0, 4, (2, 4, 5, 1))
    if data_format == "channels_first":
        images, masks = np.moveaxis(images, -1, 1), np.moveaxis(masks, -1, 1)
    expected = keras.visualization.draw_segmentation_masks(images, masks, data_format=data_format, **options)
    received = visualization.draw_segmentation_masks(images, masks, data_format=data_format, **options)
    np.testing.assert_allclose(received, np.asarray(expected), atol=1)  # roundings of the mixture


def test_boxes_are_drawn_where_they_are():
    images = np.zeros((2, 12, 12, 3), "uint8")
    boxes = {
        "boxes": np.array([[[2.0, 3.0, 8.0, 9.0], [0, 0, 11, 11]], [[-5, -5, 4, 4], [5, 5, 40, 40]]]),
        "labels": np.array([[1, -1], [0, 1]]),
    }
    drawn = visualization.draw_bounding_boxes(images, boxes, "xyxy", color=(255, 0, 7), line_thickness=1)
    outline = np.zeros((12, 12), bool)
    outline[3:10, 2:9] = True
    outline[4:9, 3:8] = False
    np.testing.assert_array_equal((drawn[0] == (255, 0, 7)).all(-1), outline)
    outline = np.zeros((12, 12), bool)
    outline[4, :5] = outline[:5, 4] = outline[5, 5:] = outline[5:, 5] = True
    np.testing.assert_array_equal(drawn[1, ..., 0] == 255, outline)
    assert not images.any()
    relative = {**boxes, "boxes": boxes["boxes"] / 12}
    again = visualization.draw_bounding_boxes(
        images / 255, relative, "rel_xyxy", color=(255, 0, 7), line_thickness=1
    )
    np.testing.assert_array_equal(again, drawn)
    images, boxes["confidences"] = np.zeros((2, 60, 60, 3), "uint8"), np.full((2, 2), 0.5)
    named = visualization.draw_bounding_boxes(images, boxes, "xyxy", {1: "cat"}, (255, 0, 7), 1)
    assert (named[0, :, 10:, 0] == 255).any()  # letters right of the box


def test_galleries_are_written(tmp_path):
    images = rng.uniform(0, 1, (3, 8, 8, 3))
    boxes = {"boxes": np.array([[[1, 1, 5, 5]]] * 3), "labels": np.zeros((3, 1), int)}
    masks = rng.integers(0, 2, (3, 8, 8, 1))
    paths = [tmp_path / f"{name}.png" for name in ("images", "boxes", "masks")]
    visualization.plot_image_gallery(
        images, [0, 1, 0], [1, 1, 9], {0: "no", 1: "yes"}, value_range=(0, 1), path=paths[0]
    )
    visualization.plot_bounding_box_gallery(
        images * 255, "xyxy", boxes, boxes, class_mapping={0: "a"}, legend=True, path=paths[1]
    )
    visualization.plot_segmentation_mask_gallery(images * 255, 2, y_true=masks, y_pred=masks, path=paths[2])
    assert all(path.stat().st_size > 500 for path in paths)


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda v: v.draw_bounding_boxes(np.ones((4, 4, 3)), {}, "xyxy"), ValueError),
        (lambda v: v.draw_bounding_boxes(np.ones((1, 4, 4, 3)), [1], "xyxy"), TypeError),
        (lambda v: v.draw_bounding_boxes(np.ones((1, 4, 4, 3)), {"boxes": []}, "xyxy"), ValueError),
        (lambda v: v.draw_segmentation_masks(np.ones((1, 4, 4, 3)), np.ones((1, 4, 4, 1))), TypeError),
        (lambda v: v.draw_segmentation_masks(np.ones((4, 4, 3)), np.ones((1, 4, 4, 1), int)), ValueError),
        (lambda v: v.plot_image_gallery(np.ones((1, 4, 4, 3)), path="a.png", show=True), ValueError),
        (lambda v: v.plot_image_gallery(np.ones((1, 4, 4, 3)), y_true=[1]), ValueError),
        (
            lambda v: v.plot_bounding_box_gallery(
                np.ones((1, 4, 4, 3)), "xyxy", legend=True, legend_handles=[1]
            ),
            ValueError,
        ),
    ],
)
def test_what_can_not_be_drawn_is_refused(call, error):
    with pytest.raises(error):
        call(visualization)
