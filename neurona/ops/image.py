"""Pictures, (height, width, channels) or a batch of them: resized, cropped, turned, blurred, compared.
Keras's names over `jax.image`.
"""

import functools
import math
from typing import Any

import jax
import jax.numpy as jnp

from neurona.core.errors import ArgumentError, ShapeError
from neurona.core.policy import standardize_data_format
from neurona.core.random import as_key
from neurona.ops.core import saturate_cast
from neurona.ops.registry import Operand, Tensor, define, to_float
from neurona.ops.windows import conv, depthwise_conv, spread

_define = functools.partial(define, module="image")
_INTERPOLATIONS = ("bilinear", "nearest", "lanczos3", "lanczos5", "bicubic")
_ORDERS = {"nearest": 0, "bilinear": 1}


def _batch(images: Any, data_format: str | None) -> tuple[Any, Any]:
    """Images as (n, height, width, channels), and the function that gives the result the form the images
    had.
    """
    if images.ndim not in (3, 4):
        raise ShapeError(
            "Images have shape (height, width, channels), or that with a batch before it. Received shape "
            f"{images.shape}."
        )
    single, first = images.ndim == 3, standardize_data_format(data_format) == "channels_first"
    images = images[None] if single else images
    images = jnp.moveaxis(images, 1, -1) if first else images

    def restore(result: Any) -> Any:
        result = jnp.moveaxis(result, 3, 1) if first else result
        return result[0] if single else result

    return images, restore


@_define("Resize")
def resize(
    images: Tensor,
    size: Any,
    interpolation: str = "bilinear",
    antialias: bool = False,
    crop_to_aspect_ratio: bool = False,
    pad_to_aspect_ratio: bool = False,
    fill_mode: str = "constant",
    fill_value: float = 0.0,
    data_format: str | None = None,
) -> Any:
    """Images at another size (height, width). To keep proportions, crop or pad to the aspect ratio.

    Images of integers are rounded, and cut to the range of their dtype, which stays.
    """
    if interpolation not in _INTERPOLATIONS:
        raise ArgumentError(
            f"resize: interpolation is one of {', '.join(_INTERPOLATIONS)}. Received: {interpolation!r}"
        )
    if fill_mode != "constant" or (crop_to_aspect_ratio and pad_to_aspect_ratio):
        raise ArgumentError(
            "resize: fill_mode is 'constant', and the aspect ratio is kept by cropping or by padding, not by "
            "both."
        )
    images, restore = _batch(images, data_format)
    (n, height, width, channels), (new_height, new_width) = images.shape, size
    # The sides that have the target's proportions.
    by_width, by_height = int(width * new_height / new_width), int(height * new_width / new_height)
    if crop_to_aspect_ratio:
        h, w = max(min(height, by_width), 1), max(min(width, by_height), 1)
        top, left = int((height - h) / 2), int((width - w) / 2)
        images = images[:, top : top + h, left : left + w]
    elif pad_to_aspect_ratio:
        v, u = int(max(by_width - height, 0) / 2), int(max(by_height - width, 0) / 2)
        images = jnp.pad(
            images, ((0, 0), (v, v), (0, 0) if v else (u, u), (0, 0)), constant_values=fill_value
        )
    resized = jax.image.resize(images, (n, new_height, new_width, channels), interpolation, antialias)
    return restore(_as_integers(resized, images.dtype))


def _as_integers(values: Any, dtype: Any) -> Any:
    """Values computed from images of a dtype: rounded and cut to its range where it holds integers."""
    if not jnp.issubdtype(dtype, jnp.integer) or values.dtype == dtype:
        return values
    return saturate_cast(jnp.round(values), dtype)


@_define("RGBToGrayscale")
def rgb_to_grayscale(images: Tensor, data_format: str | None = None) -> Any:
    """0.2989 red + 0.587 green + 0.114 blue (ITU-R BT.601)."""
    rows, restore = _batch(images, data_format)
    if rows.shape[-1] == 1:
        return images
    gray = to_float(rows) @ jnp.asarray([0.2989, 0.587, 0.114], to_float(rows).dtype)
    return restore(gray[..., None].astype(images.dtype))


def _check_floats(function: str, images: Any) -> None:
    if not jnp.issubdtype(images.dtype, jnp.floating):
        raise ArgumentError(
            f"{function}: images are floats from 0 to 1. Received dtype {images.dtype.name}. Divide by 255 "
            "first."
        )


@_define("RGBToHSV")
def rgb_to_hsv(images: Tensor, data_format: str | None = None) -> Any:
    """Red, green and blue (0 to 1) as hue, saturation and value (0 to 1)."""
    _check_floats("rgb_to_hsv", images)
    rows, restore = _batch(images, data_format)
    rows = jnp.where(jnp.abs(rows) < jnp.finfo(rows.dtype).eps, 0.0, rows)
    r, g, b = rows[..., 0], rows[..., 1], rows[..., 2]
    value = jnp.max(rows, -1)
    spread_of = value - jnp.min(rows, -1)
    safe = 6.0 * jnp.where(spread_of > 0, spread_of, 1.0)
    hue = jnp.where(
        value == r, (g - b) / safe, jnp.where(value == g, (b - r) / safe + 1 / 3, (r - g) / safe + 2 / 3)
    )
    hue = jnp.where(spread_of > 0, hue + (hue < 0), 0.0)
    saturation = jnp.where(value > 0, spread_of / jnp.where(value > 0, value, 1.0), 0.0)
    return restore(jnp.stack([hue, saturation, value], -1))


@_define("HSVToRGB")
def hsv_to_rgb(images: Tensor, data_format: str | None = None) -> Any:
    """Inverse of `rgb_to_hsv`."""
    _check_floats("hsv_to_rgb", images)
    rows, restore = _batch(images, data_format)
    hue, saturation, value = jnp.mod(rows[..., 0], 1.0) * 6.0, rows[..., 1], rows[..., 2]
    pure = (jnp.abs(hue - 3.0) - 1.0, 2.0 - jnp.abs(hue - 2.0), 2.0 - jnp.abs(hue - 4.0))
    return restore(
        jnp.stack([value * (1.0 - saturation * (1.0 - jnp.clip(color, 0.0, 1.0))) for color in pure], -1)
    )


def _both(
    function: str, before: int | None, after: int | None, total: int | None, side: str
) -> tuple[int, int]:
    """The amounts before and after; one of them may follow from the other and the total."""
    if (before is None) + (after is None) + (total is None) != 1:
        raise ArgumentError(
            f"{function}: of the {side} before, that after and the target size, give exactly two."
        )
    if before is None:
        before = (total or 0) - (after or 0)
    elif after is None:
        after = (total or 0) - before
    if before < 0 or (after or 0) < 0:
        raise ArgumentError(f"{function}: the {side} would be negative: {before} before and {after} after.")
    return before, after or 0


@_define("PadImages")
def pad_images(
    images: Tensor,
    top_padding: int | None = None,
    left_padding: int | None = None,
    bottom_padding: int | None = None,
    right_padding: int | None = None,
    target_height: int | None = None,
    target_width: int | None = None,
    data_format: str | None = None,
) -> Any:
    """Images with zeros around them. For each axis give two of: the padding before, that after, the target
    size.
    """
    images, restore = _batch(images, data_format)
    _, height, width, _ = images.shape
    vertical = _both("pad_images", top_padding, bottom_padding, _less(target_height, height), "padding")
    horizontal = _both("pad_images", left_padding, right_padding, _less(target_width, width), "padding")
    return restore(jnp.pad(images, ((0, 0), vertical, horizontal, (0, 0))))


@_define("CropImages")
def crop_images(
    images: Tensor,
    top_cropping: int | None = None,
    left_cropping: int | None = None,
    bottom_cropping: int | None = None,
    right_cropping: int | None = None,
    target_height: int | None = None,
    target_width: int | None = None,
    data_format: str | None = None,
) -> Any:
    """Images without their borders. For each axis give two of: the cropping before, that after, the target
    size.
    """
    images, restore = _batch(images, data_format)
    _, height, width, _ = images.shape
    top, bottom = _both(
        "crop_images", top_cropping, bottom_cropping, _less(height, target_height), "cropping"
    )
    left, right = _both("crop_images", left_cropping, right_cropping, _less(width, target_width), "cropping")
    return restore(images[:, top : height - bottom, left : width - right])


def _less(one: int | None, other: int | None) -> int | None:
    return None if one is None or other is None else one - other


@_define("ExtractPatches")
def extract_patches(
    images: Tensor,
    size: Any,
    strides: Any = None,
    dilation_rate: Any = 1,
    padding: str = "valid",
    data_format: str | None = None,
) -> Any:
    """The pixels of each window in a row: (n, h, w, c) -> (n, windows, windows, patch height * width * c); or
    so for volumes.
    """
    rank = 3 if isinstance(size, (tuple, list)) and len(size) == 3 else 2
    single = images.ndim == rank + 1
    images = images[None] if single else images
    channels = images.shape[-1 if standardize_data_format(data_format) == "channels_last" else 1]
    window = (*spread(size, rank), channels)
    identity = jnp.eye(math.prod(window), dtype=images.dtype).reshape(*window, -1)
    patches = conv(
        images, identity, size if strides is None else strides, padding, data_format, dilation_rate
    )
    return patches[0] if single else patches


def extract_patches_3d(
    volumes: Any,
    size: Any,
    strides: Any = None,
    dilation_rate: Any = 1,
    padding: str = "valid",
    data_format: str | None = None,
) -> Any:
    """`extract_patches` of volumes (n, depth, height, width, channels)."""
    return extract_patches(volumes, spread(size, 3), strides, dilation_rate, padding, data_format)


@_define("MapCoordinates")
def map_coordinates(
    inputs: Tensor, coordinates: Tensor, order: int, fill_mode: str = "constant", fill_value: float = 0.0
) -> Any:
    """Values at points between the elements: nearest (order 0) or linear (order 1).

    Shapes: inputs of rank r; coordinates (r, ...) -> (...).
    """
    return jax.scipy.ndimage.map_coordinates(inputs, coordinates, order, fill_mode, fill_value)


def _sample(images: Any, y: Any, x: Any, interpolation: str, fill_mode: str, fill_value: Any) -> Any:
    """Images (n, h, w, c) read at points (n, h', w')."""
    if interpolation not in _ORDERS:
        raise ArgumentError(
            f"interpolation is 'nearest' or 'bilinear'. Received: interpolation={interpolation!r}"
        )

    def plane(image: Any, y: Any, x: Any) -> Any:
        return jax.scipy.ndimage.map_coordinates(image, (y, x), _ORDERS[interpolation], fill_mode, fill_value)

    return jax.vmap(jax.vmap(plane, (-1, None, None), -1))(images, y, x)


def _project(images: Any, transform: Any) -> tuple[Any, Any]:
    """Where in the input each output pixel (x, y) is read: ((a0 x + a1 y + a2) / k, (b0 x + b1 y + b2) / k),
    k = c0 x + c1 y + 1.
    """
    n, height, width, _ = images.shape
    y, x = jnp.meshgrid(jnp.arange(height), jnp.arange(width), indexing="ij")
    a0, a1, a2, b0, b1, b2, c0, c1 = jnp.moveaxis(jnp.broadcast_to(transform, (n, 8)), 1, 0)[:, :, None, None]
    k = c0 * x + c1 * y + 1.0
    return (b0 * x + b1 * y + b2) / k, (a0 * x + a1 * y + a2) / k


@_define("AffineTransform")
def affine_transform(
    images: Tensor,
    transform: Tensor,
    interpolation: str = "bilinear",
    fill_mode: str = "constant",
    fill_value: float = 0,
    data_format: str | None = None,
) -> Any:
    """Images turned, sheared, scaled and moved by eight numbers (a0, a1, a2, b0, b1, b2, 0, 0), for all or
    for each image.

    The output at (x, y) is the input at (a0 x + a1 y + a2, b0 x + b1 y + b2).
    """
    images, restore = _batch(images, data_format)
    y, x = _project(images, transform.at[..., 6:].set(0))
    return restore(_sample(images, y, x, interpolation, fill_mode, fill_value))


@_define("PerspectiveTransform")
def perspective_transform(
    images: Tensor,
    start_points: Tensor,
    end_points: Tensor,
    interpolation: str = "bilinear",
    fill_value: float = 0,
    data_format: str | None = None,
) -> Any:
    """Images seen so that four points (x, y) move to four others.

    Shapes: points (4, 2) or (n, 4, 2).
    """
    images, restore = _batch(images, data_format)
    start, end = (
        jnp.broadcast_to(to_float(points), (images.shape[0], 4, 2)) for points in (start_points, end_points)
    )
    source_y, source_x = _project(images, homography(start, end))
    return restore(_sample(images, source_y, source_x, interpolation, "constant", fill_value))


def homography(start: Any, end: Any) -> Any:
    """The eight numbers of the projections that take four points of an output to those of an input.

    Shapes: start (n, 4, 2), in the input; end (n, 4, 2), in the output -> (n, 8).
    """
    x, y, one, zero = end[..., 0], end[..., 1], jnp.ones_like(end[..., 0]), jnp.zeros_like(end[..., 0])
    u, v = start[..., 0], start[..., 1]
    # Eight linear equations: u (c0 x + c1 y + 1) = a0 x + a1 y + a2, and likewise for v.
    for_u = jnp.stack([x, y, one, zero, zero, zero, -u * x, -u * y], -1)
    for_v = jnp.stack([zero, zero, zero, x, y, one, -v * x, -v * y], -1)
    matrix, right = jnp.concatenate([for_u, for_v], 1), jnp.concatenate([u, v], 1)
    return jnp.linalg.solve(matrix, right[..., None])[..., 0]


@_define("ScaleAndTranslate")
def scale_and_translate(
    images: Tensor,
    output_shape: Operand,
    scale: Tensor,
    translation: Tensor,
    spatial_dims: Any,
    method: str,
    antialias: bool = True,
) -> Any:
    """Images scaled and moved along some axes by `jax.image.scale_and_translate`."""
    return jax.image.scale_and_translate(
        images, tuple(output_shape), spatial_dims, scale, translation, method, antialias
    )


def _gaussian(size: int, sigma: Any, dtype: Any) -> Any:
    weights = jnp.exp(-0.5 * jnp.square((jnp.arange(size) - (size - 1) / 2) / sigma)).astype(dtype)
    return weights / jnp.sum(weights)


@_define("GaussianBlur")
def gaussian_blur(
    images: Tensor, kernel_size: Any = (3, 3), sigma: Any = (1.0, 1.0), data_format: str | None = None
) -> Any:
    """Images averaged with the weights of a normal distribution, `sigma` pixels wide; (x, y) in both
    arguments.
    """
    images, restore = _batch(images, data_format)
    horizontal, vertical = (_gaussian(*pair, images.dtype) for pair in zip(kernel_size, sigma))
    kernel = jnp.tile(jnp.outer(vertical, horizontal)[:, :, None, None], (1, 1, images.shape[-1], 1))
    return restore(depthwise_conv(images, kernel, padding="same", data_format="channels_last"))


def displaced(
    images: Any,
    key: Any,
    alpha: Any,
    sigma: Any,
    size: int,
    interpolation: str,
    fill_mode: str,
    fill_value: Any,
) -> Any:
    """Images (n, h, w, c) read at points moved by alpha times blurred noise, the same for both axes.

    Args:
        key: of the noise.
        alpha: the strength.
        sigma: the deviation of the noise and of the blur.
        size: the length of the blur's kernel, odd; elements outside of 6 sigma are zero.
    """
    n, height, width, _ = images.shape
    noise = jax.random.normal(key, (n, height, width)) * sigma
    position = jnp.arange(size) - size // 2
    weights = jnp.exp(-0.5 * jnp.square(position / sigma))
    weights = jnp.where(2 * jnp.abs(position) < jnp.int32(6 * sigma) | 1, weights, 0)
    weights = weights / jnp.sum(weights)
    for kernel in (weights[:, None], weights[None]):
        noise = depthwise_conv(
            noise[..., None], kernel[..., None, None], padding="same", data_format="channels_last"
        )[..., 0]
    y, x = jnp.meshgrid(jnp.arange(height), jnp.arange(width), indexing="ij")
    return _sample(images, y + alpha * noise, x + alpha * noise, interpolation, fill_mode, fill_value)


@_define("ElasticTransform")
def elastic_transform(
    images: Tensor,
    alpha: float = 20.0,
    sigma: float = 5.0,
    interpolation: str = "bilinear",
    fill_mode: str = "reflect",
    fill_value: float = 0.0,
    seed: Any = None,
    data_format: str | None = None,
) -> Any:
    """Images whose pixels are pushed about by a smooth random field: `alpha` is its strength, `sigma` its
    smoothness in pixels.

    Source: Simard et al., Best Practices for Convolutional Neural Networks, 2003.
    """
    rows, restore = _batch(images, data_format)
    size = int(6 * sigma) | 1
    moved = displaced(rows, as_key(seed), alpha, sigma, size, interpolation, fill_mode, fill_value)
    return restore(moved.astype(rows.dtype))


@_define("SobelEdges")
def sobel_edges(images: Tensor, data_format: str | None = None) -> Any:
    """How strongly values rise along y and along x (Sobel's filters).

    Shapes: images of rank 4 -> the same with an axis of two more, for y and x.
    """
    if images.ndim != 4:
        raise ShapeError(
            f"sobel_edges takes images (batch, height, width, channels). Received shape {images.shape}."
        )
    rows, restore = _batch(images, data_format)
    along_x = jnp.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]], images.dtype)
    kernels = [jnp.tile(one[..., None, None], (1, 1, rows.shape[-1], 1)) for one in (along_x.T, along_x)]
    edges = [depthwise_conv(rows, one, padding="same", data_format="channels_last") for one in kernels]
    return jnp.stack([restore(one) for one in edges], -1)


@_define("SSIM")
def ssim(
    image1: Tensor,
    image2: Tensor,
    max_val: float = 1.0,
    filter_size: int = 11,
    filter_sigma: float = 1.5,
    k1: float = 0.01,
    k2: float = 0.03,
    data_format: str | None = None,
) -> Any:
    """The structural similarity of images: 1 for equal ones.

    Means, variances and the covariance are taken in windows with normal weights; SSIM = (2 m1 m2 + c1) (2 s12
    + c2) / ((m1^2 + m2^2 + c1) (s1 + s2 + c2)) with c = (k max_val)^2, averaged.

    Source: Wang et al., Image Quality Assessment: From Error Visibility to Structural Similarity, 2004.
    """
    dtype, single = image1.dtype, image1.ndim == 3
    (one, _), (two, _) = (_batch(to_float(image), data_format) for image in (image1, image2))
    weights = _gaussian(filter_size, filter_sigma, one.dtype)
    kernel = jnp.tile(jnp.outer(weights, weights)[..., None, None], (1, 1, one.shape[-1], 1))
    m1, m2, m11, m22, m12 = (
        depthwise_conv(product, kernel, padding="valid", data_format="channels_last")
        for product in (one, two, one * one, two * two, one * two)
    )
    c1, c2 = (k1 * max_val) ** 2, (k2 * max_val) ** 2
    similar = (2 * m1 * m2 + c1) * (2 * (m12 - m1 * m2) + c2)
    similar = similar / ((m1**2 + m2**2 + c1) * (m11 - m1**2 + m22 - m2**2 + c2))
    result = similar.mean((1, 2, 3)).astype(dtype)
    return result[0] if single else result


# fmt: off
__all__ = [
    "affine_transform", "crop_images", "elastic_transform", "extract_patches", "extract_patches_3d",
    "gaussian_blur", "hsv_to_rgb", "map_coordinates", "pad_images", "perspective_transform", "resize",
    "rgb_to_grayscale", "rgb_to_hsv", "scale_and_translate", "sobel_edges", "ssim",
]
