"""Images: from files to arrays and back, and resizing. Reading and writing files needs pillow."""

import io
import os
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from neurona.core.errors import ArgumentError, DataError, ShapeError, optional_import, unexpected
from neurona.files.gate import ABSENT, Gate
from neurona.preprocessing.arguments import check_choice
from neurona.tracebacks import warn

EXTENSIONS = (".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp")
# Pillow reads many more, and starts another program for some, such as Ghostscript for EPS.
_FORMATS = ("BMP", "GIF", "JPEG", "PNG", "PPM", "TIFF", "WEBP")

COLOR_MODES = {"grayscale": "L", "rgb": "RGB", "rgba": "RGBA"}
_GRAYS = ("L", "I;16", "I")  # modes of one channel that are kept as they are
_PIL_FILTERS = ("nearest", "bilinear", "bicubic", "lanczos", "box", "hamming")
RESIZERS = ("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5")
_DATA_FORMATS = ("channels_last", "channels_first")


def load_img(
    path: str | bytes | os.PathLike[str] | io.BytesIO,
    color_mode: str = "rgb",
    target_size: tuple[int, int] | None = None,
    interpolation: str = "nearest",
    keep_aspect_ratio: bool = False,
) -> Any:
    """A PIL image from a BMP, GIF, JPEG, PNG, PPM, TIFF or WebP file; of several pictures the first.

    Pixels of 16 bits are scaled to 8 where the mode has 8; a grayscale image keeps them.

    Args:
        path: the file, or its bytes as `io.BytesIO`.
        color_mode: `"rgb"`, `"rgba"` or `"grayscale"`, to which it is converted.
        target_size: (height, width) to resize to; None keeps the size.
        interpolation: `"nearest"`, `"bilinear"`, `"bicubic"`, `"lanczos"`, `"box"` or `"hamming"` (pillow's
            filters).
        keep_aspect_ratio: cut the middle out first, so that nothing is distorted.

    Raises:
        ArgumentError: an option is unknown.
        DataError: the file is no such image, is damaged, or has more pixels than the budget allows.
        MissingDependencyError: pillow is not installed.
    """
    check_choice("load_img", "color_mode", color_mode, COLOR_MODES)
    check_choice("load_img", "interpolation", interpolation, _PIL_FILTERS)
    picture = open_picture(path)
    mode = COLOR_MODES[color_mode]
    if picture.mode != mode and not (color_mode == "grayscale" and picture.mode in _GRAYS):
        picture = _in_8_bits(picture, path).convert(mode)
    if target_size is None or picture.size == (target_size[1], target_size[0]):
        return picture
    height, width = target_size
    box = None
    if keep_aspect_ratio:
        top, left, rows, columns = _center(picture.height, picture.width, height, width)
        box = (left, top, left + columns, top + rows)
    return picture.resize((width, height), pillow("load_img").Resampling[interpolation.upper()], box=box)


def open_picture(path: Any) -> Any:
    """The picture in a file, after its size was compared with the budget.

    Raises:
        FileNotFoundError: there is no such file.
        DataError: it is no image, is damaged, or has too many pixels.
    """
    image = pillow("load_img")
    in_memory = isinstance(path, io.BytesIO)
    if in_memory:
        gate = Gate("load_img", DataError, path.getbuffer().nbytes)
    else:
        gate = Gate.of_file(path, DataError)
    content = path if in_memory else open(os.fsdecode(path), "rb")  # noqa: SIM115
    try:
        picture = image.open(content, formats=_FORMATS)
        gate.spend(4 * picture.width * picture.height)  # as much as it takes with transparency
        picture.load()
    except (DataError, *ABSENT):
        raise
    except Exception as error:
        raise DataError(f"load_img: {gate.name} is not an image that pillow can read: {error}") from error
    finally:
        if not in_memory:
            content.close()
    return picture


def _in_8_bits(picture: Any, path: Any) -> Any:
    """A picture whose pixels have at most 8 bits: those of 16 are scaled, so that white stays white.

    Raises:
        DataError: its pixels are decimal numbers, or have more than 16 bits: their white is not known.
    """
    if not picture.mode.startswith(("I", "F")):
        return picture
    pixels = np.asarray(picture)
    if picture.mode == "F" or pixels.min() < 0 or pixels.max() > 65_535:
        raise DataError(
            f"load_img: the pixels of {path!s} are not whole numbers of 8 or 16 bits, so that which one is "
            "white is not known. Save it with 8 bits."
        )
    return pillow("load_img").fromarray(np.round(pixels / 257).astype(np.uint8))


def img_to_array(img: Any, data_format: str | None = None, dtype: Any = None) -> np.ndarray:
    """A PIL image (or an array) as an array of numbers, values unchanged.

    Args:
        img: the image.
        data_format: `"channels_last"` (default) or `"channels_first"`.
        dtype: float32 by default.

    Shapes: (height, width) or (height, width, channels) -> (height, width, channels), or channels first.

    Raises:
        ArgumentError: the data_format is unknown.
        ShapeError: the array has another rank.

    Example:

        >>> img_to_array(np.zeros((2, 3), "uint8")).shape
        (2, 3, 1)
    """
    first = channels_first("img_to_array", data_format)
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

    Raises:
        ArgumentError: the data_format is unknown.
        ShapeError: the array has another shape.
        MissingDependencyError: pillow is not installed.
    """
    first = channels_first("array_to_img", data_format)
    image = pillow("array_to_img")
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
        warn("save_img: JPEG has no transparency; the image is saved as RGB.")
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

    Raises:
        ArgumentError: an option is unknown.
        ShapeError: the array has another rank.

    Example:

        >>> smart_resize(np.zeros((340, 500, 3)), (200, 200)).shape
        (200, 200, 3)
    """
    for name in kwargs:
        raise unexpected("smart_resize", name, ("x", "size", "interpolation", "data_format"))
    first = channels_first("smart_resize", data_format)
    height, width = checked_size("smart_resize", size)
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

    Raises:
        ArgumentError: the interpolation is unknown.
    """
    check_choice("resize", "interpolation", interpolation, RESIZERS)
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


def _center(height: int, width: int, new_height: int, new_width: int) -> tuple[int, int, int, int]:
    """Top, left, height and width of the largest middle part with the proportions new_height : new_width."""
    rows = max(1, min(height, width * new_height // new_width))
    columns = max(1, min(width, height * new_width // new_height))
    return (height - rows) // 2, (width - columns) // 2, rows, columns


def checked_size(name: str, size: Any) -> tuple[int, int]:
    """The size (height, width) that the function of this name was given.

    Raises:
        ArgumentError: it is not two positive numbers.
    """
    if not isinstance(size, (tuple, list)) or len(size) != 2 or min(size) < 1:
        raise ArgumentError(
            f"{name}: expected a size (height, width) of at least one pixel. Received: {size!r}"
        )
    return int(size[0]), int(size[1])


def channels_first(name: str, data_format: str | None) -> bool:
    """Whether a data format, for the function of this name, puts the channels before height and width."""
    check_choice(name, "data_format", data_format, (*_DATA_FORMATS, None))
    return data_format == "channels_first"


def pillow(purpose: str) -> ModuleType:
    """The module `PIL.Image`.

    Raises:
        MissingDependencyError: pillow is not installed; the message begins with the purpose.
    """
    return optional_import("PIL.Image", extra="image", purpose=purpose)
