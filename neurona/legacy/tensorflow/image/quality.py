"""How much two images differ, and how rough one is."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from neurona.core.errors import ShapeError
from neurona.legacy.tensorflow.dispatch import S, T, function
from neurona.legacy.tensorflow.image.colors import to_dtype

_SCALES = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)  # Wang et al. 2003


@function
def psnr(a: T, b: T, max_val: S) -> Any:
    """20 log10(max / sqrt(mean square difference)), for each image."""
    a, b = _as_floats(a, b)
    error = jnp.square(a - b).mean((-3, -2, -1))
    most = _largest(max_val, a)
    return 20 * jnp.log(most) / np.log(10) - 10 / np.log(10) * jnp.log(error)


def _as_floats(a: Any, b: Any) -> tuple[Any, Any]:
    if a.shape[-3:] != b.shape[-3:]:
        raise ShapeError(f"Images of one shape are compared. Received {tuple(a.shape)} and {tuple(b.shape)}.")
    return jnp.asarray(to_dtype(a, np.float32)), jnp.asarray(to_dtype(b, np.float32))


def _largest(max_val: Any, image: Any) -> Any:
    return jnp.asarray(max_val, image.dtype)


def _filtered(images: Any, size: int, sigma: float) -> Any:
    places = np.arange(size) - (size - 1) / 2
    weights = np.exp(-0.5 * np.square(places / sigma))
    kernel = jnp.asarray(np.outer(weights, weights) / weights.sum() ** 2, images.dtype)
    flat = images.reshape(-1, *images.shape[-3:])
    channels = flat.shape[-1]
    stacked = jnp.broadcast_to(kernel[:, :, None, None], (size, size, 1, channels))
    out = jax.lax.conv_general_dilated(
        flat, stacked, (1, 1), "VALID", dimension_numbers=("NHWC", "HWIO", "NHWC"),
        feature_group_count=channels, precision="highest",
    )  # fmt: skip
    return out.reshape(*images.shape[:-3], *out.shape[1:])


def _ssim(
    a: Any, b: Any, most: Any, size: int, sigma: float, k1: float, k2: float, whole: bool = True
) -> tuple[Any, Any]:
    """The similarity of structure and luminance, and that of structure alone."""
    if min(a.shape[-3:-1]) < size:
        raise ShapeError(
            f"SSIM needs images of at least {size} x {size} pixels, filter_size. Received shape "
            f"{tuple(a.shape)}."
        )
    c1, c2 = (k1 * most) ** 2, (k2 * most) ** 2
    mean_a, mean_b = _filtered(a, size, sigma), _filtered(b, size, sigma)
    product, squares = mean_a * mean_b * 2, mean_a**2 + mean_b**2
    luminance = (product + c1) / (squares + c1)
    structure = (_filtered(a * b, size, sigma) * 2 - product + c2) / (
        _filtered(a**2 + b**2, size, sigma) - squares + c2
    )
    both = luminance * structure
    return (both.mean((-3, -2)), structure.mean((-3, -2))) if whole else (both, structure)


@function
def ssim(
    img1: T,
    img2: T,
    max_val: S,
    filter_size: S = 11,
    filter_sigma: S = 1.5,
    k1: S = 0.01,
    k2: S = 0.03,
    return_index_map: bool = False,
) -> Any:
    """The index of structural similarity (Wang et al. 2004), for each image."""
    a, b = _as_floats(img1, img2)
    found, _ = _ssim(a, b, _scaled(max_val, img1), filter_size, filter_sigma, k1, k2, not return_index_map)
    return found.mean(-1)


def _scaled(max_val: Any, image: Any) -> float:
    """The largest value, as that of the pixels' decimals."""
    dtype = np.dtype(image.dtype)
    return float(max_val) if dtype.kind == "f" else float(max_val) / np.iinfo(dtype).max


@function
def ssim_multiscale(
    img1: T,
    img2: T,
    max_val: S,
    power_factors: S = _SCALES,
    filter_size: S = 11,
    filter_sigma: S = 1.5,
    k1: S = 0.01,
    k2: S = 0.03,
) -> Any:
    """Structural similarity over several scales, each half of the one before (Wang et al. 2003)."""
    a, b = _as_floats(img1, img2)
    found = []
    for place, power in enumerate(power_factors):
        if place:
            a, b = _halved(a), _halved(b)
        both, structure = _ssim(a, b, _scaled(max_val, img1), filter_size, filter_sigma, k1, k2)
        found.append(jax.nn.relu(both if place == len(power_factors) - 1 else structure) ** power)
    return jnp.prod(jnp.stack(found, -1), -1).mean(-1)


def _halved(images: Any) -> Any:
    flat = images.reshape(-1, *images.shape[-3:])
    odd = [(0, 0), *((0, size % 2) for size in flat.shape[1:3]), (0, 0)]
    flat = jnp.pad(flat, odd, mode="symmetric")
    small = (flat[:, ::2, ::2] + flat[:, 1::2, ::2] + flat[:, ::2, 1::2] + flat[:, 1::2, 1::2]) / 4
    return small.reshape(*images.shape[:-3], *small.shape[1:])


@function
def total_variation(images: T) -> Any:
    """The sum of the differences between neighboring pixels, for each image."""
    down = jnp.abs(images[..., 1:, :, :] - images[..., :-1, :, :]).sum((-3, -2, -1))
    across = jnp.abs(images[..., 1:, :] - images[..., :-1, :]).sum((-3, -2, -1))
    return down + across


@function
def image_gradients(image: T) -> Any:
    """(dy, dx): differences to the next row and column, zero in the last."""
    if image.ndim != 4:
        raise ShapeError(
            f"image_gradients takes (n, height, width, channels). Received {tuple(image.shape)}."
        )
    dy = jnp.pad(image[:, 1:] - image[:, :-1], ((0, 0), (0, 1), (0, 0), (0, 0)))
    dx = jnp.pad(image[:, :, 1:] - image[:, :, :-1], ((0, 0), (0, 0), (0, 1), (0, 0)))
    return dy, dx


@function
def sobel_edges(image: T) -> Any:
    """Differences by Sobel's filters, (n, h, w, c) -> (n, h, w, c, 2): down and across."""
    framed = jnp.pad(image, ((0, 0), (1, 1), (1, 1), (0, 0)), mode="reflect")
    above, middle, below = framed[:, :-2], framed[:, 1:-1], framed[:, 2:]

    def smooth(rows: Any) -> Any:
        return rows[:, :, :-2] + 2 * rows[:, :, 1:-1] + rows[:, :, 2:]

    def across(rows: Any) -> Any:
        return rows[:, :, 2:] - rows[:, :, :-2]

    return jnp.stack(
        [smooth(below) - smooth(above), across(above) + 2 * across(middle) + across(below)], axis=-1
    )
