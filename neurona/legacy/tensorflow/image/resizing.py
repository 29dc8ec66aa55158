"""Images at another size, as TensorFlow computes it: each axis is a matrix of weights."""

import functools
import math
from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import numpy as np

from neurona.core.errors import ArgumentError, ShapeError
from neurona.legacy.tensorflow.dispatch import S, T, function

_EXACT = 1e-3  # below it, Lanczos' kernel is 1


class ResizeMethod:
    """The names of the ways to resize."""

    BILINEAR, NEAREST_NEIGHBOR, BICUBIC, AREA = "bilinear", "nearest", "bicubic", "area"
    LANCZOS3, LANCZOS5, GAUSSIAN, MITCHELLCUBIC = "lanczos3", "lanczos5", "gaussian", "mitchellcubic"


def namespace(*arrays: Any) -> Any:
    """NumPy for arrays of the host, which need no compilation then; JAX's for others."""
    return np if all(isinstance(array, (np.ndarray, np.generic)) for array in arrays) else jnp


def batched(images: Any, who: str) -> tuple[Any, Callable[[Any], Any]]:
    """Images as a batch, and the function that gives the result the form that they had.

    Raises:
        ShapeError: they have neither three axes nor four.
    """
    if images.ndim == 4:
        return images, lambda result: result
    if images.ndim != 3:
        raise ShapeError(
            f"tf.image.{who} takes images (height, width, channels), or that with a batch before it. "
            "Received "
            f"shape {tuple(images.shape)}."
        )
    return images[None], lambda result: result[0]


def _lanczos(x: np.ndarray, radius: float) -> np.ndarray:
    angle = np.pi * np.where(x <= _EXACT, 1, x)
    value = radius * np.sin(angle) * np.sin(angle / radius) / angle**2
    return np.where(x > radius, 0, np.where(x <= _EXACT, 1, value))


def _cubic(x: np.ndarray) -> np.ndarray:
    """Keys' cubic with a = -1/2."""
    near, far = (1.5 * x - 2.5) * x * x + 1, ((-0.5 * x + 2.5) * x - 4) * x + 2
    return np.where(x >= 2, 0, np.where(x >= 1, far, near))


def _mitchell(x: np.ndarray) -> np.ndarray:
    near = ((7 / 6) * x - 2) * x * x + 8 / 9
    far = ((-7 / 18 * x + 2) * x - 10 / 3) * x + 16 / 9
    return np.where(x >= 2, 0, np.where(x >= 1, far, near))


_KERNELS: dict[str, tuple[float, Callable[[np.ndarray], np.ndarray]]] = {
    "bilinear": (1.0, lambda x: np.maximum(0, 1 - x)),
    "bicubic": (2.0, _cubic),
    "lanczos3": (3.0, functools.partial(_lanczos, radius=3.0)),
    "lanczos5": (5.0, functools.partial(_lanczos, radius=5.0)),
    "gaussian": (1.5, lambda x: np.where(x >= 1.5, 0, np.exp(-(x**2) / (2 * 0.5**2)))),
    "mitchellcubic": (2.0, _mitchell),
}
_METHODS = ("bilinear", "nearest", "bicubic", "area", "lanczos3", "lanczos5", "gaussian", "mitchellcubic")
_NUMBERS = {0: "bilinear", 1: "nearest", 2: "bicubic", 3: "area"}  # of TensorFlow 1


def sampled_at(size: int, new: int, centers: str) -> np.ndarray:
    """Where on the old axis each new pixel is read: by the centers of pixels (`"half"`), by their corners
    (`"corner"`), or so that the first and the last meet (`"align"`).
    """
    places = np.arange(new, dtype=np.float64)
    if centers == "align" and new > 1:
        return places * ((size - 1) / (new - 1))
    return (places + 0.5) * (size / new) - 0.5 if centers == "half" else places * (size / new)


@functools.lru_cache(maxsize=256)
def _weights(size: int, new: int, method: str, antialias: bool, centers: str) -> np.ndarray:
    """The share of each old pixel in each new one, (new, size)."""
    if method == "area":
        return _areas(size, new)
    at = sampled_at(size, new, centers)
    old = np.arange(size)
    if method == "bilinear" and not antialias:
        at = np.clip(at, 0, size - 1)
        shares = np.maximum(0, 1 - np.abs(old - at[:, None]))
    elif method == "bicubic" and not antialias:
        shares = _cubic_shares(size, at, centers)
    else:
        radius, kernel = _KERNELS[method]
        widened = max(size / new, 1.0) if antialias else 1.0
        distance = np.abs(old - at[:, None]) / widened
        shares = np.where(distance <= radius, kernel(distance), 0)
        shares = shares / shares.sum(1, keepdims=True)
    return shares.astype(np.float32)


def _cubic_shares(size: int, at: np.ndarray, centers: str) -> np.ndarray:
    """Keys' cubic over the four nearest pixels. Those outside are left out, or stand for the nearest
    inside.
    """
    first = np.floor(at).astype(int)
    fraction = np.round((at - first) * 1024) / 1024  # TensorFlow reads a table of 1024 steps
    shares = np.zeros((len(at), size))
    for offset in range(-1, 3):
        place, share = first + offset, _kernel_v1(np.abs(offset - fraction), centers)
        inside = np.clip(place, 0, size - 1)
        share = share * (inside == place) if centers == "half" else share
        np.add.at(shares, (np.arange(len(at)), inside), share)
    return shares / shares.sum(1, keepdims=True)


def _kernel_v1(x: np.ndarray, centers: str) -> np.ndarray:
    """Keys' cubic with a = -1/2, or with the -3/4 of TensorFlow 1."""
    if centers == "half":
        return _cubic(x)
    a = -0.75
    near, far = ((a + 2) * x - (a + 3)) * x * x + 1, ((a * x - 5 * a) * x + 8 * a) * x - 4 * a
    return np.where(x >= 2, 0, np.where(x >= 1, far, near))


def _areas(size: int, new: int) -> np.ndarray:
    scale = size / new
    start = np.arange(new)[:, None] * scale
    old = np.arange(size)
    shares = np.clip(np.minimum(start + scale, old + 1) - np.maximum(start, old), 0, None)
    return (shares / scale).astype(np.float32)


def resized(images: Any, size: tuple[int, int], method: str, antialias: bool, centers: str) -> Any:
    """Images (n, h, w, c) at another size: nearest ones in their dtype, others as float32."""
    (height, width), xp = images.shape[1:3], namespace(images)
    if method == "nearest":
        rows, columns = (_nearest(old, new, centers) for old, new in zip((height, width), size))
        return images[:, rows][:, :, columns]
    if images.dtype != np.float64:
        images = images.astype(np.float32)
    down = _weights(height, size[0], method, antialias, centers)
    across = _weights(width, size[1], method, antialias, centers)
    if xp is np:
        tall = np.tensordot(down, images, (1, 1))  # (h', n, w, c)
        return np.ascontiguousarray(np.tensordot(across, tall, (1, 2)).transpose(2, 1, 0, 3))
    return jnp.einsum("ah,bw,nhwc->nabc", down, across, images, precision="highest")


def _nearest(size: int, new: int, centers: str) -> np.ndarray:
    at = sampled_at(size, new, centers)
    at = np.floor(at + 0.5) if centers == "align" else np.floor(at + (0.5 if centers == "half" else 0))
    return np.clip(at.astype(int), 0, size - 1)


def method_name(method: Any) -> str:
    """A method's name, in whatever way a program says it.

    Raises:
        ArgumentError: there is none.
    """
    name = _NUMBERS.get(method, str(method)) if isinstance(method, int) else str(method)
    if name not in _METHODS:
        raise ArgumentError(f"tf.image.resize: method is one of {', '.join(_METHODS)}. Received: {method!r}")
    return name


def target_size(size: Any, who: str) -> tuple[int, int]:
    """A size as (height, width).

    Raises:
        ArgumentError: it is anything else.
    """
    if not isinstance(size, tuple) or len(size) != 2 or min(size) < 1:
        raise ArgumentError(f"tf.image.{who}: size is (height, width). Received: {size!r}")
    return int(size[0]), int(size[1])


def keeping_ratio(images: Any, size: tuple[int, int]) -> tuple[int, int]:
    """The largest size within another with the proportions of images."""
    height, width = images.shape[1:3]
    scale = min(size[0] / height, size[1] / width)
    return max(1, round(height * scale)), max(1, round(width * scale))


@function
def resize(
    images: T,
    size: S,
    method: Any = "bilinear",
    preserve_aspect_ratio: bool = False,
    antialias: bool = False,
) -> Any:
    """Images at another size (height, width)."""
    given, restore = batched(images, "resize")
    wanted = target_size(size, "resize")
    wanted = keeping_ratio(given, wanted) if preserve_aspect_ratio else wanted
    return restore(resized(given, wanted, method_name(method), bool(antialias), "half"))


@function
def resize_with_pad(
    image: T, target_height: S, target_width: S, method: Any = "bilinear", antialias: bool = False
) -> Any:
    """An image resized without distortion, with zeros around it."""
    given, restore = batched(image, "resize_with_pad")
    height, width = given.shape[1:3]
    ratio = max(width / target_width, height / target_height)
    exact = height / ratio, width / ratio
    size = max(1, math.floor(exact[0])), max(1, math.floor(exact[1]))
    small = resized(given, size, method_name(method), bool(antialias), "half")
    margins = []
    for target, new, old in zip((target_height, target_width), size, exact):
        before = max(0, math.floor((target - old) / 2))
        margins.append((before, target - new - before))
    return restore(namespace(small).pad(small, ((0, 0), *margins, (0, 0))))


def _of_old(centers_default: str, method: str) -> Callable[..., Any]:
    @function
    def call(images: T, size: S, align_corners: bool = False, half_pixel_centers: bool = False) -> Any:
        given, restore = batched(images, f"resize_{method}")
        centers = "align" if align_corners else "half" if half_pixel_centers else centers_default
        return restore(resized(given, target_size(size, "resize"), method, False, centers))

    return call


resize_bilinear, resize_bicubic = _of_old("corner", "bilinear"), _of_old("corner", "bicubic")
resize_nearest_neighbor, resize_area = _of_old("corner", "nearest"), _of_old("corner", "area")


@function
def resize_images(
    images: T,
    size: S,
    method: Any = "bilinear",
    align_corners: bool = False,
    preserve_aspect_ratio: bool = False,
) -> Any:
    """TensorFlow 1's `resize`: pixels are read at their corners."""
    given, restore = batched(images, "resize_images")
    wanted = target_size(size, "resize_images")
    wanted = keeping_ratio(given, wanted) if preserve_aspect_ratio else wanted
    if wanted == tuple(given.shape[1:3]):
        return images
    centers = "align" if align_corners else "corner"
    return restore(resized(given, wanted, method_name(method), False, centers))
