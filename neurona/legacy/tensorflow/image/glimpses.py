"""Glimpses of images: windows around points, as networks that look around take them."""

from typing import Any

import jax
import jax.numpy as jnp

from neurona.core.errors import ArgumentError
from neurona.core.random import as_key
from neurona.legacy.tensorflow.dispatch import Hooks, S, T, function


def extract_glimpse(
    input: Any,
    size: Any,
    offsets: Any,
    centered: bool = True,
    normalized: bool = True,
    noise: Any = "uniform",
    name: str | None = None,
    uniform_noise: bool | None = None,
) -> Any:
    """A window of each image (n, h, w, c); what lies outside is noise.

    Args:
        size: of the windows, (height, width).
        offsets: where, (n, 2) of (y, x).
        centered: whether (0, 0) is the middle of an image and (1, 1) its lower right corner.
        normalized: whether offsets are fractions of the sides. Windows lie around their points; those of
            TensorFlow 2 begin there unless offsets are both centered and normalized.
        noise: "uniform", "gaussian" or "zero".
    """
    if uniform_noise is False or noise is False:
        noise = "gaussian"
    noise = "uniform" if noise is True else noise
    if noise not in ("uniform", "gaussian", "zero"):
        raise ArgumentError(f"extract_glimpse: noise is 'uniform', 'gaussian' or 'zero'. Received: {noise!r}")
    of_1 = bool(Hooks.draws())
    return _glimpses(input, size, offsets, bool(centered), bool(normalized), noise, of_1, name=name)


@function
def _glimpses(input: T, size: S, offsets: T, centered: bool, normalized: bool, noise: str, of_1: bool) -> Any:
    places, inside = [], []
    for axis, wide in enumerate(size):
        length = input.shape[axis + 1]
        start = jnp.asarray(offsets[:, axis], jnp.float32)
        start = start * length if normalized else start
        if centered:
            start = (start / 2 if normalized or of_1 else start) + length / 2
        if of_1 or (centered and normalized):
            start = start - wide / 2
        place = jnp.trunc(start).astype("int32")[:, None] + jnp.arange(wide)
        places.append(jnp.clip(place, 0, length - 1))
        inside.append((place >= 0) & (place < length))
    images = jnp.arange(input.shape[0])[:, None, None]
    found = input[images, places[0][:, :, None], places[1][:, None, :]]
    there = (inside[0][:, :, None] & inside[1][:, None, :])[..., None]
    draws = {"uniform": jax.random.uniform, "gaussian": jax.random.normal}
    other = draws[noise](as_key(), found.shape) if noise in draws else jnp.zeros(found.shape)
    return jnp.where(there, found, other.astype(found.dtype))
