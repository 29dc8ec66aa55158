"""Images turned, mirrored, cut and framed."""

from typing import Any

import numpy as np

from neurona.core.errors import ArgumentError, ShapeError
from neurona.legacy.tensorflow.dispatch import S, T, function
from neurona.legacy.tensorflow.image.resizing import batched, namespace


@function
def flip_left_right(image: T) -> Any:
    """Images with left and right exchanged."""
    check_rank(image, "flip_left_right")
    return image[..., ::-1, :]


@function
def flip_up_down(image: T) -> Any:
    """Images with top and bottom exchanged."""
    check_rank(image, "flip_up_down")
    return image[..., ::-1, :, :]


def check_rank(image: Any, who: str) -> None:
    if image.ndim < 3:
        raise ShapeError(
            f"tf.image.{who}: 'image' must be at least three-dimensional, (height, width, channels). "
            "Received "
            f"shape {tuple(image.shape)}."
        )


@function
def rot90(image: T, k: S = 1) -> Any:
    """Images turned counter-clockwise by k right angles."""
    check_rank(image, "rot90")
    return namespace(image).rot90(image, k, (-3, -2))


@function
def transpose(image: T) -> Any:
    """Images with rows and columns exchanged."""
    check_rank(image, "transpose")
    return namespace(image).swapaxes(image, -3, -2)


@function
def central_crop(image: T, central_fraction: S) -> Any:
    """The middle of images: a fraction of each side."""
    if not 0 < central_fraction <= 1:
        raise ArgumentError(
            f"tf.image.central_crop: central_fraction is within (0, 1]. Received: {central_fraction}"
        )
    check_rank(image, "central_crop")
    starts = [int((size - size * central_fraction) / 2) for size in image.shape[-3:-1]]
    rows, columns = (slice(start, size - start) for start, size in zip(starts, image.shape[-3:-1]))
    return image[..., rows, columns, :]


@function
def crop_to_bounding_box(
    image: T, offset_height: S, offset_width: S, target_height: S, target_width: S
) -> Any:
    """A part of images, by its upper left corner and its size."""
    check_rank(image, "crop_to_bounding_box")
    for side, offset, target, size in (
        ("height", offset_height, target_height, image.shape[-3]),
        ("width", offset_width, target_width, image.shape[-2]),
    ):
        if offset < 0 or target < 1 or offset + target > size:
            raise ArgumentError(
                f"tf.image.crop_to_bounding_box: {side} must be >= target + offset. Received: {side} {size}, "
                f"target {target}, offset {offset}"
            )
    return image[
        ..., offset_height : offset_height + target_height, offset_width : offset_width + target_width, :
    ]


@function
def pad_to_bounding_box(
    image: T, offset_height: S, offset_width: S, target_height: S, target_width: S
) -> Any:
    """Images in a larger one of zeros, by the place of their upper left corner."""
    return framed(image, offset_height, offset_width, target_height, target_width)


def framed(image: Any, top: int, left: int, height: int, width: int) -> Any:
    """Images within zeros.

    Raises:
        ArgumentError: they don't fit.
    """
    check_rank(image, "pad_to_bounding_box")
    after = height - top - image.shape[-3], width - left - image.shape[-2]
    if min(top, left, *after) < 0:
        raise ArgumentError(
            f"tf.image.pad_to_bounding_box: an image of {image.shape[-3]} x {image.shape[-2]} at ({top}, "
            f"{left}) "
            f"does not fit into {height} x {width}."
        )
    margins = ((top, after[0]), (left, after[1]), (0, 0))
    return namespace(image).pad(image, ((0, 0),) * (image.ndim - 3) + margins)


@function
def resize_with_crop_or_pad(image: T, target_height: S, target_width: S) -> Any:
    """Images cut or framed to a size, their middle in the middle."""
    given, restore = batched(image, "resize_with_crop_or_pad")
    height, width = given.shape[1:3]
    top, left = max((height - target_height) // 2, 0), max((width - target_width) // 2, 0)
    cut = given[:, top : top + min(target_height, height), left : left + min(target_width, width)]
    above, before = max((target_height - height) // 2, 0), max((target_width - width) // 2, 0)
    return restore(framed(cut, above, before, target_height, target_width))


@function
def extract_patches(images: T, sizes: S, strides: S, rates: S, padding: str) -> Any:
    """The pixels of each window in a row: (n, h, w, c) -> (n, rows, columns, window height * width * c)."""
    xp = namespace(images)
    starts = []
    margins = [(0, 0)]
    for axis in (1, 2):
        span = (sizes[axis] - 1) * rates[axis] + 1
        size, stride = images.shape[axis], strides[axis]
        same = str(padding).upper() == "SAME"
        count = -(-size // stride) if same else max(0, (size - span) // stride + 1)
        spare = max(0, (count - 1) * stride + span - size) if same else 0
        margins.append((spare // 2, spare - spare // 2))
        offsets = np.arange(sizes[axis]) * rates[axis]
        starts.append(np.arange(count)[:, None] * stride + offsets)
    framed_images = xp.pad(images, (*margins, (0, 0)))
    rows, columns = starts
    windows = framed_images[:, rows[:, None, :, None], columns[None, :, None, :]]
    return windows.reshape(*windows.shape[:3], -1)
