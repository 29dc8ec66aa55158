"""Functions of `keras.preprocessing.image` that rotate, move, shear, zoom, brighten and flip one image."""

import math
from typing import Any

import numpy as np
import scipy.ndimage

from neurona.core.errors import ArgumentError, ShapeError, optional_import
from neurona.preprocessing.image import array_to_img, img_to_array

_RANDOM_AXES = {"row_axis": 1, "col_axis": 2, "channel_axis": 0}


def apply_affine_transform(
    x: np.ndarray,
    theta: float = 0,
    tx: float = 0,
    ty: float = 0,
    shear: float = 0,
    zx: float = 1,
    zy: float = 1,
    row_axis: int = 1,
    col_axis: int = 2,
    channel_axis: int = 0,
    fill_mode: str = "nearest",
    cval: float = 0.0,
    order: int = 1,
) -> np.ndarray:
    """An image, rotated by theta degrees, moved by (tx, ty) pixels, sheared by degrees and zoomed, around its
    centre.

    Each pixel of the result is read at A (p - c) + c, with c the centre and A = rotation . shift . shear .
    zoom, by splines of an order.
    """
    if x.ndim != 3 or sorted((row_axis, col_axis, channel_axis)) != [0, 1, 2] or channel_axis == 1:
        raise ShapeError(
            "apply_affine_transform: an image has rows, columns, and channels first or last. Received: shape "
            f"{x.shape}, row_axis={row_axis}, col_axis={col_axis}, channel_axis={channel_axis}"
        )
    if (theta, tx, ty, shear, zx, zy) == (0, 0, 0, 0, 1, 1):
        return x
    angle, slant = math.radians(theta), math.radians(shear)
    matrix = (
        np.array([[math.cos(angle), -math.sin(angle), 0], [math.sin(angle), math.cos(angle), 0], [0, 0, 1]])
        @ np.array([[1, 0, tx], [0, 1, ty], [0, 0, 1.0]])
        @ np.array([[1, -math.sin(slant), 0], [0, math.cos(slant), 0], [0, 0, 1]])
        @ np.diag([zx, zy, 1.0])
    )
    center_x, center_y = (x.shape[axis] / 2 - 0.5 for axis in (row_axis, col_axis))
    to_center = np.array([[1, 0, center_x], [0, 1, center_y], [0, 0, 1]])
    matrix = to_center @ matrix @ np.linalg.inv(to_center)
    if col_axis > row_axis:  # the matrix has x before y, arrays have rows before columns
        matrix = matrix[[1, 0, 2]][:, [1, 0, 2]]
    channels = [
        scipy.ndimage.affine_transform(
            channel,
            matrix[:2, :2],
            matrix[:2, 2],  # pyright: ignore[reportArgumentType]
            order=order,
            mode=fill_mode,
            cval=cval,
        )
        for channel in np.moveaxis(x, channel_axis, 0)
    ]
    return np.stack(channels, axis=channel_axis)


def _transformed(x: np.ndarray, options: dict[str, Any], **parameters: float) -> np.ndarray:
    order = options.pop("interpolation_order", 1)
    return apply_affine_transform(x, **parameters, order=order, **{**_RANDOM_AXES, **options})


def random_rotation(x: np.ndarray, rg: float, *axes: int, **options: Any) -> np.ndarray:
    """An image rotated by up to `rg` degrees."""
    return _transformed(x, _named(axes, options), theta=np.random.uniform(-rg, rg))


def random_shift(x: np.ndarray, wrg: float, hrg: float, *axes: int, **options: Any) -> np.ndarray:
    """An image moved by up to shares `wrg` of its width and `hrg` of its height."""
    options = _named(axes, options)
    height, width = (x.shape[options.get(axis, _RANDOM_AXES[axis])] for axis in ("row_axis", "col_axis"))
    tx = np.random.uniform(-hrg, hrg) * height
    return _transformed(x, options, tx=tx, ty=np.random.uniform(-wrg, wrg) * width)


def random_shear(x: np.ndarray, intensity: float, *axes: int, **options: Any) -> np.ndarray:
    """An image sheared by up to `intensity` degrees."""
    return _transformed(x, _named(axes, options), shear=np.random.uniform(-intensity, intensity))


def random_zoom(x: np.ndarray, zoom_range: Any, *axes: int, **options: Any) -> np.ndarray:
    """An image zoomed by factors of a range."""
    low, high = pair("zoom_range", zoom_range)
    zx, zy = (1, 1) if (low, high) == (1, 1) else np.random.uniform(low, high, 2)
    return _transformed(x, _named(axes, options), zx=zx, zy=zy)


def _named(axes: tuple[int, ...], options: dict[str, Any]) -> dict[str, Any]:
    """The axes given by position under their names, among the options."""
    return {**dict(zip((*_RANDOM_AXES, "fill_mode", "cval", "interpolation_order"), axes)), **options}


def apply_channel_shift(x: np.ndarray, intensity: float, channel_axis: int = 0) -> np.ndarray:
    """An image with a number added, within the bounds that it had."""
    return np.clip(x + np.asarray(intensity, x.dtype), x.min(), x.max())


def random_channel_shift(x: np.ndarray, intensity_range: float, channel_axis: int = 0) -> np.ndarray:
    """An image with a random number added, within the bounds that it had."""
    return apply_channel_shift(x, np.random.uniform(-intensity_range, intensity_range), channel_axis)


def apply_brightness_shift(x: np.ndarray, brightness: float, scale: bool = True) -> np.ndarray:
    """An image whose brightness is multiplied; with `scale`, after it was stretched to 0..255."""
    enhance = optional_import("PIL.ImageEnhance", extra="image", purpose="apply_brightness_shift")
    low, high = x.min(), x.max()
    is_outside = bool(low < 0 or high > 255)
    picture = enhance.Brightness(array_to_img(x, scale=is_outside or scale)).enhance(brightness)
    pixels = img_to_array(picture)
    return pixels / 255 * (high - low) + low if is_outside and not scale else pixels


def random_brightness(x: np.ndarray, brightness_range: Any, scale: bool = True) -> np.ndarray:
    """An image whose brightness is multiplied by a factor of a range."""
    return apply_brightness_shift(x, np.random.uniform(*pair("brightness_range", brightness_range)), scale)


def flip_axis(x: np.ndarray, axis: int) -> np.ndarray:
    """An array backwards along an axis."""
    return np.flip(np.asarray(x), axis)


def pair(name: str, value: Any) -> tuple[float, float]:
    """A range of two numbers.

    Raises:
        ArgumentError: it is something else.
    """
    if not isinstance(value, (tuple, list)) or len(value) != 2:
        raise ArgumentError(f"{name} is a pair of numbers (from, to). Received: {value!r}")
    return value[0], value[1]


__all__ = [
    "apply_affine_transform",
    "apply_brightness_shift",
    "apply_channel_shift",
    "flip_axis",
    "random_brightness",
    "random_channel_shift",
    "random_rotation",
    "random_shear",
    "random_shift",
    "random_zoom",
]
