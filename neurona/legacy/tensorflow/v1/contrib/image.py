"""`tf.contrib.image`: pictures turned, moved and transformed."""

import functools
from typing import Any

import jax.numpy as jnp

from neurona.legacy.tensorflow.dispatch import S, T, function


def _at(picture: Any, rows: Any, columns: Any) -> Any:
    """The pixels of pictures (n, h, w, c) at places (n, h, w); 0 outside."""
    height, width = picture.shape[1:3]
    inside = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
    row, column = jnp.clip(rows, 0, height - 1), jnp.clip(columns, 0, width - 1)
    found = picture[jnp.arange(len(picture))[:, None, None], row, column]
    return jnp.where(inside[..., None], found, 0).astype(picture.dtype)


def _read(picture: Any, y: Any, x: Any, interpolation: str) -> Any:
    if interpolation.upper() == "NEAREST":
        return _at(picture, jnp.round(y).astype("int32"), jnp.round(x).astype("int32"))
    top, left = jnp.floor(y), jnp.floor(x)
    total = 0.0
    for row, column in ((0, 0), (0, 1), (1, 0), (1, 1)):
        share = (1 - abs(y - (top + row))) * (1 - abs(x - (left + column)))
        pixels = _at(picture, (top + row).astype("int32"), (left + column).astype("int32"))
        total = total + share[..., None] * pixels.astype("float32")
    return total.astype(picture.dtype)


@function
def transform(images: T, transforms: T, interpolation: str = "NEAREST", output_shape: S = None) -> Any:
    """Pixel (x, y) is that at ((a0 x + a1 y + a2) / k, (b0 x + b1 y + b2) / k), k = c0 x + c1 y + 1.

    Args:
        images: (n, h, w, c), (h, w, c) or (h, w).
        transforms: a0, a1, a2, b0, b1, b2, c0, c1, for all pictures or for each.
        interpolation: "NEAREST" or "BILINEAR".
        output_shape: another height and width.
    """
    stack = images[None, :, :, None] if images.ndim == 2 else images[None] if images.ndim == 3 else images
    height, width = stack.shape[1:3] if output_shape is None else output_shape
    numbers = jnp.broadcast_to(transforms.reshape(-1, 8).astype("float32"), (len(stack), 8))
    a0, a1, a2, b0, b1, b2, c0, c1 = (one[:, None, None] for one in numbers.T)
    y, x = (one.astype("float32") for one in jnp.mgrid[:height, :width])
    scale = c0 * x + c1 * y + 1
    found = _read(stack, (b0 * x + b1 * y + b2) / scale, (a0 * x + a1 * y + a2) / scale, interpolation)
    return (
        found.reshape(*([len(stack)] if images.ndim == 4 else []), height, width, *images.shape[3:])
        if (images.ndim != 3)
        else found[0]
    )


@function
def angles_to_projective_transforms(angles: T, image_height: S, image_width: S) -> Any:
    """The transforms that turn pictures about their middles, against the clock."""
    angle = jnp.atleast_1d(angles).astype("float32")
    wide, high, sin, cos = image_width - 1, image_height - 1, jnp.sin(angle), jnp.cos(angle)
    zeros = jnp.zeros_like(angle)
    x = (wide - (cos * wide - sin * high)) / 2
    y = (high - (sin * wide + cos * high)) / 2
    return jnp.stack([cos, -sin, x, sin, cos, y, zeros, zeros], 1)


def rotate(images: Any, angles: Any, interpolation: str = "NEAREST", name: Any = None) -> Any:
    """Pictures turned by angles in radians, against the clock."""
    rank = len(images.shape)
    height, width = (int(size) for size in images.shape[1 if rank == 4 else 0 : 3 if rank == 4 else 2])
    return transform(images, angles_to_projective_transforms(angles, height, width), interpolation, name=name)


@function
def _product(first: T, second: T) -> Any:
    """Two transforms, or as many for each picture, as one."""

    def matrices(flat: Any) -> Any:
        rows = flat.reshape(-1, 8).astype("float32")
        return jnp.concatenate([rows, jnp.ones_like(rows[:, :1])], 1).reshape(-1, 3, 3)

    flat = (matrices(first) @ matrices(second)).reshape(-1, 9)
    return flat[:, :8] / flat[:, 8:]


def compose_transforms(*transforms: Any) -> Any:
    """One transform for several: the product of their matrices."""
    return functools.reduce(_product, transforms)


@function
def translations_to_projective_transforms(translations: T) -> Any:
    """The transforms that move pictures by (dx, dy)."""
    moves = translations.reshape(-1, 2).astype("float32")
    zeros, ones = jnp.zeros_like(moves[:, 0]), jnp.ones_like(moves[:, 0])
    return jnp.stack([ones, zeros, -moves[:, 0], zeros, ones, -moves[:, 1], zeros, zeros], 1)


def translate(images: Any, translations: Any, interpolation: str = "NEAREST", name: Any = None) -> Any:
    """Pictures moved by (dx, dy)."""
    return transform(images, translations_to_projective_transforms(translations), interpolation, name=name)
