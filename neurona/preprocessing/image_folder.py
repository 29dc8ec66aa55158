"""The images of a folder as batches. Needs pillow."""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from neurona.core.errors import ArgumentError, DataError
from neurona.messages import translated
from neurona.preprocessing.arguments import check_choice
from neurona.preprocessing.arrays import to_categorical
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

_NAME = "image_dataset_from_directory"


class ImageBatches:
    """Images of a folder in batches, read from disk when a batch is asked for.

    `len()` is the number of batches, `[number]` a batch, and a loop goes through one epoch.
    `on_epoch_end()` puts shuffled images in a new order.

    Attributes:
        file_paths: the files, in the first epoch's order.
        labels: the label of every file, encoded, or None.
        class_names: the classes, in the order of the labels, or None.
        batch_size: images in a batch; None gives single images.
    """

    def __init__(
        self,
        file_paths: list[str],
        labels: np.ndarray | None,
        class_names: list[str] | None,
        *,
        batch_size: int | None,
        shuffle_seed: int | None,
        read: Callable[[str], np.ndarray],
    ) -> None:
        self.file_paths, self.labels, self.class_names = file_paths, labels, class_names
        self.batch_size, self._read = batch_size, read
        self._order = np.arange(len(file_paths))
        self._random = None if shuffle_seed is None else np.random.RandomState(shuffle_seed)

    def __len__(self) -> int:
        return -(-len(self.file_paths) // (self.batch_size or 1))

    def __getitem__(self, index: int) -> Any:
        if not 0 <= index < len(self):
            raise IndexError(translated(f"batch {index} of {len(self)}"))
        size = self.batch_size or 1
        rows = self._order[index * size : (index + 1) * size]
        x = np.stack([self._read(self.file_paths[row]) for row in rows])
        if self.labels is None:
            return x[0] if self.batch_size is None else x
        y = self.labels[rows]
        return (x[0], y[0]) if self.batch_size is None else (x, y)

    def __iter__(self) -> Iterator[Any]:
        return (self[index] for index in range(len(self)))

    def on_epoch_end(self) -> None:
        if self._random is not None:
            self._random.shuffle(self._order)


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
) -> ImageBatches | list[ImageBatches]:
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

    Shapes: x (batch, height, width, channels) float32 in 0..255; y (batch,) int32, (batch, classes) float32
        or (batch, 1) float32.

    Raises:
        ArgumentError: options that are unknown or exclude each other.
        DataError: no image is found, or one subset stays empty.
        MissingDependencyError: pillow is not installed.
    """
    check_choice(_NAME, "label_mode", label_mode, ("int", "categorical", "binary", None))
    _check_subset(validation_split, subset, shuffle, seed)
    _check_labels(labels, class_names)
    if crop_to_aspect_ratio and pad_to_aspect_ratio:
        raise ArgumentError(f"{_NAME}: crop_to_aspect_ratio and pad_to_aspect_ratio exclude each other.")
    fit = "crop" if crop_to_aspect_ratio else "pad" if pad_to_aspect_ratio else "stretch"
    read = _reader(color_mode, image_size, interpolation, fit, data_format)
    files = _files(Path(directory), labels if label_mode is not None else None, class_names, follow_links)
    if verbose:
        print(files)
    if shuffle:
        seed = int(np.random.randint(10**6)) if seed is None else seed
        files = files.shuffled(seed)
    encoded = _encoded(files, label_mode)
    cut = len(files.paths) - int((validation_split or 0) * len(files.paths))
    training, validation = slice(0, cut), slice(cut, None)

    def batches(rows: slice, shuffle_seed: int | None) -> ImageBatches:
        paths = files.paths[rows]
        if not paths:
            raise DataError(
                f"{_NAME}: validation_split={validation_split} of {len(files.paths)} images leaves no image "
                "for one subset."
            )
        part = None if encoded is None else encoded[rows]
        return ImageBatches(
            paths, part, files.classes, batch_size=batch_size, shuffle_seed=shuffle_seed, read=read
        )

    shuffle_seed = seed if shuffle else None
    if subset == "both":
        return [batches(training, shuffle_seed), batches(validation, None)]
    return batches(validation if subset == "validation" else training, shuffle_seed)


@dataclass(frozen=True)
class _Files:
    """Image files, the class number of each, and the classes' names; None without labels."""

    paths: list[str]
    numbers: np.ndarray | None
    classes: list[str] | None

    def __str__(self) -> str:
        classes = "" if self.classes is None else f" belonging to {len(self.classes)} classes"
        return f"Found {len(self.paths)} files{classes}."

    def shuffled(self, seed: int) -> "_Files":
        order = np.arange(len(self.paths))
        np.random.RandomState(seed).shuffle(order)
        numbers = None if self.numbers is None else self.numbers[order]
        return _Files([self.paths[row] for row in order], numbers, self.classes)


def _files(
    directory: Path, labels: str | Sequence[int] | None, class_names: Sequence[str] | None, follow_links: bool
) -> _Files:
    """The images under a folder, sorted by class and path."""
    if not directory.is_dir():
        raise DataError(f"{_NAME}: there is no folder {directory}.")
    if labels == "inferred":
        files = _files_of_classes(directory, class_names, follow_links)
    else:
        paths = _images_under(directory, follow_links)
        if labels is not None and len(labels) != len(paths):
            raise DataError(
                f"{_NAME}: expected one label for each of the {len(paths)} files in {directory}. Received: "
                f"{len(labels)}"
            )
        numbers = None if labels is None else np.array(labels, np.int32)
        classes = None if labels is None else [str(label) for label in sorted(set(labels))]
        files = _Files(paths, numbers, classes)
    if not files.paths:
        raise DataError(f"{_NAME}: no image ({', '.join(EXTENSIONS)}) in {directory}.")
    return files


def _files_of_classes(directory: Path, class_names: Sequence[str] | None, follow_links: bool) -> _Files:
    """The images in the sub-folders of a folder; each sub-folder is a class."""
    found = sorted(
        entry.name for entry in directory.iterdir() if entry.is_dir() and not entry.name.startswith(".")
    )
    classes = found if class_names is None else list(class_names)
    for wanted in classes:
        if wanted not in found:
            raise ArgumentError(
                f"{_NAME}: expected class_names among the sub-folders {found}. Received: {wanted!r}"
            )
    per_class = [_images_under(directory / one, follow_links) for one in classes]
    numbers = np.repeat(np.arange(len(classes), dtype=np.int32), [len(paths) for paths in per_class])
    return _Files([path for paths in per_class for path in paths], numbers, classes)


def _images_under(folder: Path, follow_links: bool) -> list[str]:
    walk = sorted(os.walk(folder, followlinks=follow_links))
    return [
        os.path.join(root, file)
        for root, _, files in walk
        for file in sorted(files)
        if file.lower().endswith(EXTENSIONS)
    ]


def _encoded(files: _Files, label_mode: str | None) -> np.ndarray | None:
    """The labels of the files in the form that `label_mode` names."""
    numbers, classes = files.numbers, files.classes
    if numbers is None or classes is None:
        return None
    if label_mode == "categorical":
        return to_categorical(numbers, len(classes)).astype(np.float32)
    if label_mode == "binary":
        if len(classes) != 2:
            raise ArgumentError(
                f"{_NAME}: label_mode='binary' needs exactly two classes. Received: {classes}"
            )
        return numbers.astype(np.float32)[:, None]
    return numbers


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


def _check_labels(labels: str | Sequence[int] | None, class_names: Sequence[str] | None) -> None:
    if isinstance(labels, str) and labels != "inferred":
        raise ArgumentError(
            f"{_NAME}: expected labels='inferred', None or a list of numbers. Received: {labels!r}"
        )
    if class_names is not None and labels != "inferred":
        raise ArgumentError(
            f"{_NAME}: class_names goes with labels='inferred' only. Received: labels={labels!r}"
        )


def _check_subset(
    validation_split: float | None, subset: str | None, shuffle: bool, seed: int | None
) -> None:
    check_choice(_NAME, "subset", subset, ("training", "validation", "both", None))
    if bool(validation_split) != bool(subset):
        raise ArgumentError(
            f"{_NAME}: validation_split and subset go together. Received: {validation_split} and {subset!r}"
        )
    if validation_split and not 0 < validation_split < 1:
        raise ArgumentError(f"{_NAME}: expected 0 < validation_split < 1. Received: {validation_split}")
    if validation_split and shuffle and seed is None:
        raise ArgumentError(f"{_NAME}: give a seed, so that training and validation images do not overlap.")
