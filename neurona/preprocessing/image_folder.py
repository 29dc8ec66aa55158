"""The images of a folder as batches. Needs pillow."""

import os
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from neurona.core.errors import ArgumentError
from neurona.preprocessing.arguments import check_choice
from neurona.preprocessing.image import (
    COLOR_MODES,
    EXTENSIONS,
    RESIZERS,
    channels_first,
    checked_size,
    img_to_array,
    load_img,
    pillow,
    resize,
    smart_resize,
)
from neurona.preprocessing.labelled_files import FileBatches, Request

_NAME = "image_dataset_from_directory"


def image_dataset_from_directory(
    directory: str | os.PathLike[str],
    labels: str | Sequence[int] | None = "inferred",
    label_mode: str | None = "int",
    class_names: Sequence[str] | None = None,
    color_mode: str = "rgb",
    batch_size: int | None = 32,
    image_size: int | tuple[int, int] = (256, 256),
    shuffle: bool = True,
    seed: int | None = None,
    validation_split: float | None = None,
    subset: str | None = None,
    interpolation: str = "bilinear",
    follow_links: bool = False,
    crop_to_aspect_ratio: bool = False,
    pad_to_aspect_ratio: bool = False,
    data_format: str | None = None,
    verbose: bool = True,
    format: str = "tf",
) -> FileBatches | list[FileBatches]:
    """The images under a folder as batches; each sub-folder is a class.

    Args:
        directory: the folder.
        labels: `"inferred"` from the sub-folders, None for images alone, or one number per file in the order
            of their sorted paths.
        label_mode: `"int"`; `"categorical"` for one-hot rows; `"binary"` for a column of 0 and 1; None for
            images alone.
        class_names: sub-folders to use, in the order of their labels; by default all, sorted.
        color_mode: `"rgb"`, `"rgba"` or `"grayscale"`.
        batch_size: images in a batch; None gives single images.
        image_size: (height, width), or one number for both.
        shuffle: a random order, a new one after each epoch; else sorted by path.
        seed: of the order; needed with both `shuffle` and `validation_split`.
        validation_split: share of the images, the last ones, kept for validation.
        subset: `"training"`, `"validation"`, or `"both"` for a list of the two.
        interpolation: as in `smart_resize`.
        follow_links: also walk into linked folders.
        crop_to_aspect_ratio: cut the middle out instead of distorting.
        pad_to_aspect_ratio: fill up with black instead of distorting.
        data_format: `"channels_last"` (default) or `"channels_first"`.
        verbose: print how many files were found.
        format: accepted for compatibility; there is one form.

    Shapes: x (batch, height, width, channels) float32 in 0..255; y (batch,) int32, (batch, classes) float32
        or (batch, 1) float32.

    Raises:
        ArgumentError: options that are unknown or exclude each other.
        DataError: no image is found, or one subset stays empty.
        MissingDependencyError: pillow is not installed.
    """
    request = Request(
        _NAME,
        "image",
        EXTENSIONS,
        directory,
        labels,
        label_mode,
        class_names,
        batch_size,
        shuffle,
        seed,
        validation_split,
        subset,
        follow_links,
        verbose,
    )
    if crop_to_aspect_ratio and pad_to_aspect_ratio:
        raise ArgumentError(f"{_NAME}: crop_to_aspect_ratio and pad_to_aspect_ratio exclude each other.")
    fit = "crop" if crop_to_aspect_ratio else "pad" if pad_to_aspect_ratio else "stretch"
    return request.load(_reader(color_mode, image_size, interpolation, fit, data_format))


def _reader(
    color_mode: str, image_size: Any, interpolation: str, fit: str, data_format: str | None
) -> Callable[[str], np.ndarray]:
    """A function that reads an image file as an array of one size.

    Args:
        color_mode, image_size, interpolation, data_format: as in `image_dataset_from_directory`.
        fit: `"crop"` cuts the middle out, `"pad"` fills up with black, `"stretch"` distorts.
    """
    check_choice(_NAME, "color_mode", color_mode, COLOR_MODES)
    check_choice(_NAME, "interpolation", interpolation, RESIZERS)
    size = checked_size(_NAME, (image_size, image_size) if isinstance(image_size, int) else image_size)
    first = channels_first(_NAME, data_format)
    pillow(_NAME)

    def read(path: str) -> np.ndarray:
        pixels = img_to_array(load_img(path, color_mode))
        if fit == "crop":
            pixels = smart_resize(pixels, size, interpolation)
        elif fit == "pad":
            pixels = _padded(pixels, size)
        if pixels.shape[:2] != size:
            pixels = resize(pixels, size, interpolation)
        return pixels.transpose(2, 0, 1) if first else pixels

    return read


def _padded(pixels: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """An image with black borders that give it the proportions of a size."""
    (rows, columns), (height, width) = pixels.shape[:2], size
    above = max(0, columns * height // width - rows) // 2
    left = max(0, rows * width // height - columns) // 2
    return np.pad(pixels, ((above, above), (left, left), (0, 0)))
