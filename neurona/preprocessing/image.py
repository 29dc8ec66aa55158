"""Images from files to arrays and back, resizing, and a folder of images as batches. Reading and writing
files needs pillow.
"""

import io
import os
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from neurona.core.errors import (
    ArgumentError,
    DataError,
    ShapeError,
    UnexpectedArgument,
    optional_import,
    suggestion,
)
from neurona.preprocessing.arrays import to_categorical

EXTENSIONS = (".bmp", ".gif", ".jpeg", ".jpg", ".png")

_COLOR_MODES = {"grayscale": "L", "rgb": "RGB", "rgba": "RGBA"}
_GRAYS = ("L", "I;16", "I")  # modes of one channel that are kept as they are
_PIL_FILTERS = ("nearest", "bilinear", "bicubic", "lanczos", "box", "hamming")
_RESIZERS = ("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5")
_DATA_FORMATS = ("channels_last", "channels_first")


def load_img(
    path: str | bytes | os.PathLike[str] | io.BytesIO,
    color_mode: str = "rgb",
    target_size: tuple[int, int] | None = None,
    interpolation: str = "nearest",
    keep_aspect_ratio: bool = False,
) -> Any:
    """A PIL image from a file.

    Args:
        path: the file, or its bytes as `io.BytesIO`.
        color_mode: `"rgb"`, `"rgba"` or `"grayscale"`, to which it is converted.
        target_size: (height, width) to resize to; None keeps the size.
        interpolation: `"nearest"`, `"bilinear"`, `"bicubic"`, `"lanczos"`, `"box"` or `"hamming"` (pillow's
            filters).
        keep_aspect_ratio: cut the middle out first, so that nothing is distorted.

    Raises: ArgumentError for other options; DataError when the file is not an image; MissingDependencyError
        without pillow.
    """
    _check("load_img", "color_mode", color_mode, _COLOR_MODES)
    _check("load_img", "interpolation", interpolation, _PIL_FILTERS)
    image = _pillow("load_img")
    content = path if isinstance(path, io.BytesIO) else io.BytesIO(Path(os.fsdecode(path)).read_bytes())
    try:
        picture = image.open(content)
        picture.load()
    except (image.UnidentifiedImageError, OSError, SyntaxError) as error:
        raise DataError(f"load_img: {path!s} is not an image that pillow can read: {error}") from error
    mode = _COLOR_MODES[color_mode]
    if picture.mode != mode and not (color_mode == "grayscale" and picture.mode in _GRAYS):
        picture = picture.convert(mode)
    if target_size is None or picture.size == (target_size[1], target_size[0]):
        return picture
    height, width = target_size
    box = None
    if keep_aspect_ratio:
        top, left, rows, columns = _center(picture.height, picture.width, height, width)
        box = (left, top, left + columns, top + rows)
    return picture.resize((width, height), image.Resampling[interpolation.upper()], box=box)


def img_to_array(img: Any, data_format: str | None = None, dtype: Any = None) -> np.ndarray:
    """A PIL image (or an array) as an array of numbers, values unchanged.

    Args:
        img: the image.
        data_format: `"channels_last"` (default) or `"channels_first"`.
        dtype: float32 by default.

    Shapes: (height, width) or (height, width, channels) -> (height, width, channels), or channels first.
    Raises: ArgumentError for another data_format; ShapeError for other ranks.

    Example:

        >>> img_to_array(np.zeros((2, 3), "uint8")).shape
        (2, 3, 1)
    """
    first = _channels_first("img_to_array", data_format)
    pixels = np.asarray(img, dtype=dtype or "float32")
    if pixels.ndim not in (2, 3):
        raise ShapeError(
            f"img_to_array: expected (height, width) or (height, width, channels). Received: {pixels.shape}"
        )
    if pixels.ndim == 2:
        pixels = pixels[..., None]
    return pixels.transpose(2, 0, 1) if first else pixels


def array_to_img(x: Any, data_format: str | None = None, scale: bool = True, dtype: Any = None) -> Any:
    """A PIL image from an array of one image.

    Args:
        x: the array.
        data_format: `"channels_last"` (default) or `"channels_first"`.
        scale: stretch the values so that the smallest is 0 and the largest 255; False takes them as they are.
        dtype: to calculate in, float32 by default.

    Shapes: (height, width, 1, 3 or 4), or channels first.
    Raises: ArgumentError for another data_format; ShapeError for other shapes; MissingDependencyError without
        pillow.
    """
    first = _channels_first("array_to_img", data_format)
    image = _pillow("array_to_img")
    pixels = np.asarray(x, dtype=dtype or "float32")
    if pixels.ndim != 3:
        raise ShapeError(
            f"array_to_img: expected one image (height, width, channels). Received: {pixels.shape}"
        )
    if first:
        pixels = pixels.transpose(1, 2, 0)
    if pixels.shape[2] not in (1, 3, 4):
        raise ShapeError(
            f"array_to_img: expected 1, 3 or 4 channels. Received: {pixels.shape[2]} in the shape "
            f"{np.shape(x)}"
        )
    if scale:
        pixels = pixels - pixels.min()
        largest = pixels.max()
        pixels = pixels / (largest if largest else 1) * 255
    if pixels.shape[2] == 1:
        deep = pixels.max() > 255  # such greys need pillow's 32-bit mode
        return image.fromarray(pixels[..., 0].astype("int32" if deep else "uint8"))
    return image.fromarray(pixels.astype("uint8"))


def save_img(
    path: Any,
    x: Any,
    data_format: str | None = None,
    file_format: str | None = None,
    scale: bool = True,
    **kwargs: Any,
) -> None:
    """Write an array of one image to a file.

    Args:
        path: the file, or an open one.
        x, data_format, scale: as in `array_to_img`.
        file_format: such as `"png"`; by default what the file's name ends with.
        kwargs: for pillow's `save`, such as `quality=90`.
    """
    if file_format is None and isinstance(path, (str, os.PathLike)):
        file_format = Path(path).suffix.removeprefix(".")
    file_format = {"jpg": "jpeg"}.get((file_format or "").lower(), (file_format or "").lower()) or None
    picture = array_to_img(x, data_format=data_format, scale=scale)
    if picture.mode == "RGBA" and file_format == "jpeg":
        warnings.warn("save_img: JPEG has no transparency; the image is saved as RGB.", stacklevel=2)
        picture = picture.convert("RGB")
    picture.save(path, format=file_format, **kwargs)


def smart_resize(
    x: Any,
    size: tuple[int, int],
    interpolation: str = "bilinear",
    data_format: str = "channels_last",
    **kwargs: Any,
) -> np.ndarray:
    """Resize without distorting: the largest middle part of the new proportions, resized.

    Args:
        x: one image or a batch.
        size: (height, width).
        interpolation: `"nearest"`, `"bilinear"`, `"bicubic"`, `"lanczos3"` or `"lanczos5"`, without smoothing
            before shrinking.
        data_format: `"channels_last"` or `"channels_first"`.

    Shapes: (height, width, channels) or (batch, height, width, channels) -> (..., size[0], size[1],
        channels); channels first likewise.
    Raises: ArgumentError for other options; ShapeError for other ranks.

    Example:

        >>> smart_resize(np.zeros((340, 500, 3)), (200, 200)).shape
        (200, 200, 3)
    """
    for name in kwargs:
        raise UnexpectedArgument(
            "smart_resize has no argument "
            f"{name!r}.{suggestion(name, ('size', 'interpolation', 'data_format'))}"
        )
    first = _channels_first("smart_resize", data_format)
    height, width = _size("smart_resize", size)
    images = np.asarray(x)
    if images.ndim not in (3, 4):
        raise ShapeError(
            "smart_resize: expected (height, width, channels), with or without a batch axis. Received: "
            f"{images.shape}"
        )
    if first:
        images = np.moveaxis(images, -3, -1)
    top, left, rows, columns = _center(images.shape[-3], images.shape[-2], height, width)
    resized = resize(images[..., top : top + rows, left : left + columns, :], (height, width), interpolation)
    return np.moveaxis(resized, -1, -3) if first else resized


def resize(images: np.ndarray, size: tuple[int, int], interpolation: str = "bilinear") -> np.ndarray:
    """Resize images by a separable kernel: Y = A X B^T, the rows of A and B being kernel weights around each
    new pixel's centre.

    Pixel centres lie at halves: new pixel i looks at (i + 1/2) * old / new - 1/2. The kernel is not widened
    when shrinking (no smoothing), as in `jax.image.resize(..., antialias=False)` and `tf.image.resize`.
    Integers are rounded and clipped.

    Shapes: (..., height, width, channels) -> (..., size[0], size[1], channels), same dtype.
    Raises: ArgumentError for an unknown interpolation.
    """
    _check("resize", "interpolation", interpolation, _RESIZERS)
    if interpolation == "nearest":
        rows, columns = (
            np.floor((np.arange(new, dtype=np.float32) + 0.5) * (old / new)).astype(int)
            for old, new in zip(images.shape[-3:-1], size)
        )
        return images[..., rows[:, None], columns, :]
    exact = images.dtype if images.dtype.kind == "f" else np.dtype(np.float32)
    down, across = (
        _weights(old, new, interpolation).astype(exact) for old, new in zip(images.shape[-3:-1], size)
    )
    resized = np.einsum("ih,jw,...hwc->...ijc", down, across, images.astype(exact), optimize=True)
    if images.dtype.kind == "f":
        return resized
    bounds = np.iinfo(images.dtype)
    return np.clip(np.round(resized), bounds.min, bounds.max).astype(images.dtype)


def _weights(old: int, new: int, interpolation: str) -> np.ndarray:
    """Kernel weights of every old pixel for every new one, (new, old); a row sums to 1."""
    centers = (np.arange(new) + 0.5) * (old / new) - 0.5
    distance = np.abs(centers[:, None] - np.arange(old))
    if interpolation == "bilinear":
        weights = np.maximum(0, 1 - distance)
    elif interpolation == "bicubic":  # Keys (1981) with a = -1/2
        near = (1.5 * distance - 2.5) * distance**2 + 1
        far = ((-0.5 * distance + 2.5) * distance - 4) * distance + 2
        weights = np.where(distance < 1, near, np.where(distance < 2, far, 0))
    else:
        radius = int(interpolation.removeprefix("lanczos"))
        weights = np.where(distance < radius, np.sinc(distance) * np.sinc(distance / radius), 0)
    return weights / weights.sum(axis=1, keepdims=True)


class ImageBatches:
    """Images of a folder in batches: `len()` of them, read from disk when asked for by number; a loop goes
    through one epoch.

    `on_epoch_end()` puts the images in a new order when they are shuffled. `class_names` are the classes in
    the order of the labels, `file_paths` the files in the first epoch's order.
    """

    def __init__(
        self,
        file_paths: list[str],
        labels: np.ndarray | None,
        class_names: list[str] | None,
        *,
        batch_size: int | None,
        shuffle_seed: int | None,
        **reading: Any,
    ) -> None:
        self.file_paths, self.labels, self.class_names = file_paths, labels, class_names
        self.batch_size, self.reading = batch_size, reading
        self._order = np.arange(len(file_paths))
        self._random = None if shuffle_seed is None else np.random.RandomState(shuffle_seed)

    def __len__(self) -> int:
        return -(-len(self.file_paths) // (self.batch_size or 1))

    def __getitem__(self, index: int) -> Any:
        if not 0 <= index < len(self):
            raise IndexError(f"batch {index} of {len(self)}")
        size = self.batch_size or 1
        rows = self._order[index * size : (index + 1) * size]
        x = np.stack([_read_image(self.file_paths[row], **self.reading) for row in rows])
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
    Raises: ArgumentError for impossible options; DataError when no image is found; MissingDependencyError
        without pillow.
    """
    name = "image_dataset_from_directory"
    _check(name, "label_mode", label_mode, ("int", "categorical", "binary", None))
    _check(name, "color_mode", color_mode, _COLOR_MODES)
    _check(name, "interpolation", interpolation, _RESIZERS)
    _check_subset(name, validation_split, subset, shuffle, seed)
    if crop_to_aspect_ratio and pad_to_aspect_ratio:
        raise ArgumentError(f"{name}: crop_to_aspect_ratio and pad_to_aspect_ratio exclude each other.")
    if isinstance(labels, str) and labels != "inferred":
        raise ArgumentError(
            f"{name}: expected labels='inferred', None or a list of numbers. Received: {labels!r}"
        )
    if class_names is not None and labels != "inferred":
        raise ArgumentError(
            f"{name}: class_names goes with labels='inferred' only. Received: labels={labels!r}"
        )
    reading = {
        "color_mode": color_mode,
        "size": _size(name, (image_size, image_size) if isinstance(image_size, int) else image_size),
        "interpolation": interpolation,
        "fit": "crop" if crop_to_aspect_ratio else "pad" if pad_to_aspect_ratio else "stretch",
        "channels_first": _channels_first(name, data_format),
    }
    _pillow(name)

    paths, numbers, names = _index(
        Path(directory), labels if label_mode is not None else None, class_names, follow_links
    )
    if not paths:
        raise DataError(f"{name}: no image ({', '.join(EXTENSIONS)}) in {directory}.")
    if verbose:
        print(
            f"Found {len(paths)} files"
            + (f" belonging to {len(names)} classes." if names is not None else ".")
        )
    if shuffle:
        if seed is None:
            seed = int(np.random.randint(10**6))
        order = np.arange(len(paths))
        np.random.RandomState(seed).shuffle(order)
        paths = [paths[row] for row in order]
        numbers = numbers[order] if numbers is not None else None
    encoded = None if numbers is None else _encode_labels(name, numbers, label_mode, names or [])

    def batches(rows: slice, shuffled: bool) -> ImageBatches:
        if not paths[rows]:
            raise DataError(
                f"{name}: validation_split={validation_split} of {len(paths)} images leaves no image for one "
                "subset."
            )
        part = encoded[rows] if encoded is not None else None
        return ImageBatches(
            paths[rows],
            part,
            names,
            batch_size=batch_size,
            shuffle_seed=seed if shuffled else None,
            **reading,
        )

    cut = len(paths) - int((validation_split or 0) * len(paths))
    if subset == "both":
        return [batches(slice(0, cut), shuffle), batches(slice(cut, None), False)]
    return batches(slice(cut, None) if subset == "validation" else slice(0, cut), shuffle)


def _index(
    directory: Path, labels: str | Sequence[int] | None, class_names: Sequence[str] | None, follow_links: bool
) -> tuple[list[str], np.ndarray | None, list[str] | None]:
    """Sorted paths of the images, their class numbers, and the classes."""
    name = "image_dataset_from_directory"
    if not directory.is_dir():
        raise DataError(f"{name}: there is no folder {directory}.")
    if labels != "inferred":
        paths = _images_under(directory, follow_links)
        if labels is None:
            return paths, None, None
        if len(labels) != len(paths):
            raise DataError(
                f"{name}: expected one label for each of the {len(paths)} files in {directory}. Received: "
                f"{len(labels)}"
            )
        return paths, np.array(labels, np.int32), [str(label) for label in sorted(set(labels))]
    found = sorted(
        entry.name for entry in directory.iterdir() if entry.is_dir() and not entry.name.startswith(".")
    )
    classes = found if class_names is None else list(class_names)
    for wanted in classes:
        if wanted not in found:
            raise ArgumentError(
                f"{name}: expected class_names among the sub-folders {found}. Received: {wanted!r}"
            )
    per_class = [_images_under(directory / one, follow_links) for one in classes]
    numbers = np.repeat(np.arange(len(classes), dtype=np.int32), [len(paths) for paths in per_class])
    return [path for paths in per_class for path in paths], numbers, classes


def _images_under(folder: Path, follow_links: bool) -> list[str]:
    walk = sorted(os.walk(folder, followlinks=follow_links))
    return [
        os.path.join(root, file)
        for root, _, files in walk
        for file in sorted(files)
        if file.lower().endswith(EXTENSIONS)
    ]


def _encode_labels(
    name: str, numbers: np.ndarray, label_mode: str | None, names: Sequence[str]
) -> np.ndarray:
    if label_mode == "categorical":
        return to_categorical(numbers, len(names)).astype(np.float32)
    if label_mode == "binary":
        if len(names) != 2:
            raise ArgumentError(
                f"{name}: label_mode='binary' needs exactly two classes. Received: {list(names)}"
            )
        return numbers.astype(np.float32)[:, None]
    return numbers


def _read_image(
    path: str, *, color_mode: str, size: tuple[int, int], interpolation: str, fit: str, channels_first: bool
) -> np.ndarray:
    pixels = img_to_array(load_img(path, color_mode))
    height, width = size
    if fit == "crop":
        pixels = smart_resize(pixels, size, interpolation)
    else:
        if fit == "pad":
            rows, columns = pixels.shape[:2]
            above = max(0, columns * height // width - rows) // 2
            beside = max(0, rows * width // height - columns) // 2
            pixels = np.pad(pixels, ((above, above), (beside, beside), (0, 0)))
        if pixels.shape[:2] != size:
            pixels = resize(pixels, size, interpolation)
    return pixels.transpose(2, 0, 1) if channels_first else pixels


def _check_subset(
    name: str, validation_split: float | None, subset: str | None, shuffle: bool, seed: int | None
) -> None:
    _check(name, "subset", subset, ("training", "validation", "both", None))
    if bool(validation_split) != bool(subset):
        raise ArgumentError(
            f"{name}: validation_split and subset go together. Received: {validation_split} and {subset!r}"
        )
    if validation_split and not 0 < validation_split < 1:
        raise ArgumentError(f"{name}: expected 0 < validation_split < 1. Received: {validation_split}")
    if validation_split and shuffle and seed is None:
        raise ArgumentError(f"{name}: give a seed, so that training and validation images do not overlap.")


def _center(height: int, width: int, new_height: int, new_width: int) -> tuple[int, int, int, int]:
    """Top, left, height and width of the largest middle part with the proportions new_height : new_width."""
    rows = max(1, min(height, width * new_height // new_width))
    columns = max(1, min(width, height * new_width // new_height))
    return (height - rows) // 2, (width - columns) // 2, rows, columns


def _size(name: str, size: Any) -> tuple[int, int]:
    if not isinstance(size, (tuple, list)) or len(size) != 2 or min(size) < 1:
        raise ArgumentError(
            f"{name}: expected a size (height, width) of at least one pixel. Received: {size!r}"
        )
    return int(size[0]), int(size[1])


def _channels_first(name: str, data_format: str | None) -> bool:
    _check(name, "data_format", data_format, (*_DATA_FORMATS, None))
    return data_format == "channels_first"


def _check(name: str, argument: str, value: Any, choices: Any) -> None:
    if value not in choices:
        known = [choice for choice in choices if isinstance(choice, str)]
        raise ArgumentError(
            f"{name}: expected {argument} to be one of {', '.join(map(repr, choices))}. Received: "
            f"{value!r}.{suggestion(str(value), known)}"
        )


def _pillow(purpose: str) -> ModuleType:
    return optional_import("PIL.Image", extra="image", purpose=purpose)
