"""Colors: dtypes of pixels, spaces of colors, brightness, contrast, saturation, hue."""

from collections.abc import Callable
from typing import Any

import numpy as np

from neurona.core.errors import ArgumentError, ShapeError
from neurona.legacy.tensorflow.dispatch import D, T, function
from neurona.legacy.tensorflow.image.resizing import namespace

_GRAY = np.array([0.2989, 0.587, 0.114], np.float32)
_YIQ = np.array(
    [[0.299, 0.59590059, 0.2115], [0.587, -0.27455667, -0.52273617], [0.114, -0.32134392, 0.31119955]],
    np.float32,
)
_FROM_YIQ = np.array(
    [[1, 1, 1], [0.95598634, -0.27201283, -1.10674021], [0.6208248, -0.64720424, 1.70423049]], np.float32
)
_YUV = np.array(
    [[0.299, -0.14714119, 0.61497538], [0.587, -0.28886916, -0.51496512], [0.114, 0.43601035, -0.10001026]],
    np.float32,
)


def to_dtype(image: Any, dtype: Any, saturate: bool = False) -> Any:
    """Pixels in another dtype: integers count from 0 to the largest, decimals from 0 to 1."""
    old, new, xp = np.dtype(image.dtype), np.dtype(dtype), namespace(image)
    if old == new:
        return image
    if "f" not in (old.kind, new.kind):
        return _between_integers(image, old, new, saturate)
    if new.kind == "f":
        return image.astype(new) if old.kind == "f" else image.astype(new) * new.type(1 / np.iinfo(old).max)
    scaled = image * old.type(np.iinfo(new).max + 0.5)
    if saturate:
        scaled = xp.clip(scaled, old.type(np.iinfo(new).min), old.type(np.iinfo(new).max))
    return scaled.astype(new)


def _between_integers(image: Any, old: np.dtype, new: np.dtype, saturate: bool) -> Any:
    largest, most, xp = np.iinfo(old).max, np.iinfo(new).max, namespace(image)
    if largest > most:
        fewer = image // old.type((largest + 1) // (most + 1))
        return (xp.clip(fewer, 0, most) if saturate else fewer).astype(new)
    return image.astype(new) * new.type((most + 1) // (largest + 1))


@function
def convert_image_dtype(image: T, dtype: D, saturate: bool = False) -> Any:
    """Pixels in another dtype: integers count from 0 to the largest, decimals from 0 to 1."""
    if np.dtype(dtype).kind not in "fiu":
        raise ArgumentError(f"convert_image_dtype: dtype is of integers or decimals. Received: {dtype}")
    return to_dtype(image, dtype, saturate)


def in_floats(image: Any, change: Callable[[Any], Any], saturate: bool = True) -> Any:
    """Images changed as decimals from 0 to 1, and given back in their dtype."""
    if np.dtype(image.dtype).kind == "f":
        return change(image)
    return to_dtype(change(to_dtype(image, np.float32)), image.dtype, saturate)


@function
def rgb_to_grayscale(images: T) -> Any:
    """0.2989 red + 0.587 green + 0.114 blue."""
    _check_colors(images, "rgb_to_grayscale")
    return in_floats(images, lambda x: (x * _GRAY.astype(x.dtype)).sum(-1, keepdims=True), saturate=False)


@function
def grayscale_to_rgb(images: T) -> Any:
    """Three equal colors from one."""
    if images.shape[-1] != 1:
        raise ShapeError(
            f"grayscale_to_rgb takes images of one channel. Received shape {tuple(images.shape)}."
        )
    return namespace(images).repeat(images, 3, -1)


def _check_colors(images: Any, who: str) -> None:
    if images.ndim < 1 or images.shape[-1] != 3:
        raise ShapeError(
            f"tf.image.{who} takes images of three channels, red, green and blue. Received shape "
            f"{tuple(images.shape)}."
        )


def to_hsv(rgb: Any) -> Any:
    """Red, green and blue (0 to 1) as hue, saturation and value (0 to 1)."""
    xp = namespace(rgb)
    r, g, b = rgb[..., 0], rgb[..., 1], rgb[..., 2]
    value = rgb.max(-1)
    spread = value - rgb.min(-1)
    some = xp.where(spread > 0, spread, 1)
    hue = (
        xp.where(value == r, (g - b) / some, xp.where(value == g, (b - r) / some + 2, (r - g) / some + 4)) / 6
    )
    hue = xp.where(spread > 0, xp.where(hue < 0, hue + 1, hue), 0)
    saturation = xp.where(value > 0, spread / xp.where(value > 0, value, 1), 0)
    return xp.stack([hue, saturation, value], -1).astype(rgb.dtype)


def to_rgb(hsv: Any) -> Any:
    """Hue, saturation and value (0 to 1) as red, green and blue (0 to 1)."""
    xp = namespace(hsv)
    hue, saturation, value = hsv[..., 0] * 6, hsv[..., 1], hsv[..., 2]
    pure = (xp.abs(hue - 3) - 1, 2 - xp.abs(hue - 2), 2 - xp.abs(hue - 4))
    colors = [value * (1 - saturation + saturation * xp.clip(color, 0, 1)) for color in pure]
    return xp.stack(colors, -1).astype(hsv.dtype)


@function
def rgb_to_hsv(images: T) -> Any:
    """Red, green and blue (0 to 1) as hue, saturation and value (0 to 1)."""
    _check_colors(images, "rgb_to_hsv")
    return to_hsv(images)


@function
def hsv_to_rgb(images: T) -> Any:
    """Hue, saturation and value (0 to 1) as red, green and blue (0 to 1)."""
    _check_colors(images, "hsv_to_rgb")
    return to_rgb(images)


def _by_matrix(name: str, matrix: np.ndarray) -> Any:
    def raw(images: T) -> Any:
        _check_colors(images, name)
        return images @ matrix.astype(images.dtype)

    raw.__name__, raw.__doc__ = name, "Colors in another space, by a matrix."
    return function(raw)


rgb_to_yiq, yiq_to_rgb = _by_matrix("rgb_to_yiq", _YIQ), _by_matrix("yiq_to_rgb", _FROM_YIQ)
rgb_to_yuv, yuv_to_rgb = _by_matrix("rgb_to_yuv", _YUV), _by_matrix("yuv_to_rgb", np.linalg.inv(_YUV))


@function
def per_image_standardization(image: T) -> Any:
    """Each image with mean 0 and variance 1; (x - mean) / max(deviation, 1 / sqrt(pixels))."""
    xp = namespace(image)
    image = image if np.dtype(image.dtype).kind == "f" else image.astype(np.float32)
    axes = (-3, -2, -1)
    count = np.prod(image.shape[-3:])
    deviation = xp.maximum(image.std(axes, keepdims=True), np.float32(1 / np.sqrt(count)))
    return ((image - image.mean(axes, keepdims=True)) / deviation).astype(image.dtype)


@function
def adjust_brightness(image: T, delta: T) -> Any:
    """Pixels with a number added, as decimals from 0 to 1."""
    return in_floats(image, lambda x: x + delta.astype(x.dtype))


@function
def adjust_contrast(images: T, contrast_factor: T) -> Any:
    """(x - mean) * factor + mean, for each channel of each image."""

    def change(x: Any) -> Any:
        mean = x.mean((-3, -2), keepdims=True)
        return (x - mean) * contrast_factor.astype(x.dtype) + mean

    return in_floats(images, change)


@function
def adjust_gamma(image: T, gamma: T = 1, gain: T = 1) -> Any:
    """gain * x ** gamma, as decimals from 0 to 1."""
    return in_floats(image, lambda x: (gain * namespace(x).power(x, gamma)).astype(x.dtype))


@function
def adjust_saturation(image: T, saturation_factor: T) -> Any:
    """Images whose saturation is multiplied by a factor."""
    _check_colors(image, "adjust_saturation")

    def change(x: Any) -> Any:
        hsv, xp = to_hsv(x), namespace(x, saturation_factor)
        saturation = xp.clip(hsv[..., 1] * saturation_factor, 0, 1)
        return to_rgb(xp.stack([hsv[..., 0], saturation, hsv[..., 2]], -1).astype(x.dtype))

    return in_floats(image, change)


@function
def adjust_hue(image: T, delta: T) -> Any:
    """Images whose hue is moved; 1 goes round the circle."""
    _check_colors(image, "adjust_hue")

    def change(x: Any) -> Any:
        hsv, xp = to_hsv(x), namespace(x, delta)
        return to_rgb(
            xp.stack([xp.mod(hsv[..., 0] + delta, 1), hsv[..., 1], hsv[..., 2]], -1).astype(x.dtype)
        )

    return in_floats(image, change)
