"""Training for integers of few bits: numbers are rounded as they will be, and stay floats."""

import functools
from typing import Any

import jax
import jax.numpy as jnp

from neurona.ops.registry import Tensor, define


@define("FakeQuantWithMinMaxVars", module="quantizers.quantizers")
def fake_quant_with_min_max_vars(
    inputs: Tensor,
    min_vals: Tensor,
    max_vals: Tensor,
    num_bits: int = 8,
    narrow_range: bool = False,
    axis: int | None = None,
) -> jax.Array:
    """x, clipped to a range and rounded to one of its 2^num_bits steps; the range may be trained.

    The range is shifted a little, so that 0 is one of the steps. The gradient of x is 1 inside the range;
    where x is clipped, it goes to the end of the range.

    Args:
        inputs: x.
        min_vals, max_vals: the ends of the range; one for all, or one for each place along the axis.
        num_bits: the number of bits.
        narrow_range: whether the lowest step is left out.
        axis: the axis with a range for each place.

    Source: Jacob et al., Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only
        Inference, 2018.

    Example:

        >>> fake_quant_with_min_max_vars([-2.0, 0.3, 0.6], -1.0, 2.0, num_bits=2).tolist()
        [-1.0, 0.0, 1.0]
    """
    dtype = jnp.result_type(min_vals.dtype, jnp.float32)
    shape = [1] * inputs.ndim
    if axis is not None and min_vals.ndim == 1:
        shape[axis] = -1
        min_vals, max_vals = min_vals.reshape(shape), max_vals.reshape(shape)
    steps = (int(narrow_range), (1 << int(num_bits)) - 1)
    return _stepped(inputs, min_vals.astype(dtype), max_vals.astype(dtype), steps)


@functools.partial(jax.custom_jvp, nondiff_argnums=(3,))
def _stepped(x: Any, low: Any, high: Any, steps: tuple[int, int]) -> jax.Array:
    return _with_ends(x, low, high, steps)[0]


def _with_ends(x: Any, low: Any, high: Any, steps: tuple[int, int]) -> tuple[jax.Array, jax.Array, jax.Array]:
    """The rounded numbers, and the ends of the shifted range."""
    first, last = steps
    scale, inverse = (high - low) / (last - first), (last - first) / (high - low)
    zero = jnp.round(jnp.clip(first - low / scale, first, last))
    low, high = (first - zero) * scale, (last - zero) * scale
    number_of_zero = jnp.floor(-low * inverse + 0.5)
    number = jnp.floor((jnp.clip(x.astype(low.dtype), low, high) - low) * inverse - number_of_zero + 0.5)
    return (number * scale).astype(x.dtype), low, high


@_stepped.defjvp
def _(steps: tuple[int, int], primals: Any, tangents: Any) -> Any:
    x, d_x, d_low, d_high = primals[0], *tangents
    y, low, high = _with_ends(x, primals[1], primals[2], steps)
    inside = (x >= low) & (x <= high)
    tangent = jnp.where(inside, d_x, 0) + jnp.where(x <= low, d_low, 0) + jnp.where(x >= high, d_high, 0)
    return y, tangent.astype(y.dtype)
