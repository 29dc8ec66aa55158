"""Numbers in few bits: integers of 8 and 4 bits with a scale, and floats of 8 bits."""

import math
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from neurona.core.arrays import device_array
from neurona.core.errors import ArgumentError, ShapeError
from neurona.core.policy import epsilon as default_epsilon
from neurona.core.policy import standardize_dtype

INT4 = (-8, 7)  # the least and the largest integer of 4 bits


def abs_max_quantize(
    inputs: Any,
    axis: Any,
    value_range: tuple[int, int] = (-127, 127),
    dtype: str = "int8",
    epsilon: float | None = None,
    to_numpy: bool = False,
) -> tuple[jax.Array, jax.Array]:
    """Integers q and a scale s, with x = q / s: q = round(s x), s = value_range[1] / (max |x| + epsilon).

    Args:
        inputs: x.
        axis: the axis or axes that share a scale.
        value_range: the least and the largest integer.
        dtype: of the integers.
        epsilon: keeps the division finite; `config.epsilon()` by default.
        to_numpy: whether to compute on the host.

    Returns:
        The integers, and the scale with size 1 along the axes.

    Example:

        >>> values, scale = abs_max_quantize(jnp.array([[1.0, -2.0], [0.5, 0.1]]), axis=-1)
        >>> values.tolist()
        [[64, -127], [127, 25]]
    """
    xp: Any = np if to_numpy else jnp
    x = xp.asarray(inputs)
    axis = tuple(axis) if isinstance(axis, (list, tuple)) else axis
    small = default_epsilon() if epsilon is None else epsilon
    scale = xp.asarray(value_range[1] / (xp.max(xp.abs(x), axis=axis, keepdims=True) + small), x.dtype)
    values = xp.clip(xp.round(x * scale), *value_range).astype(dtype)
    return _on_device(values), _on_device(scale)


def _on_device(array: Any) -> jax.Array:
    return device_array(array) if isinstance(array, np.ndarray) else array


def abs_max_quantize_grouped_with_zero_point(
    inputs: Any,
    block_size: int,
    value_range: tuple[int, int] = INT4,
    dtype: str = "int8",
    epsilon: float | None = None,
    to_numpy: bool = False,
) -> tuple[jax.Array, jax.Array, jax.Array]:
    """Integers q, scales s and zero points z for blocks of rows, with x = (q - z) s.

    Args:
        inputs: x, a matrix.
        block_size: rows in a block; the last one is filled up with zeros.
        value_range: the least and the largest integer.
        dtype: of the integers.
        epsilon: keeps the division finite; `config.epsilon()` by default.
        to_numpy: whether to compute on the host.

    Shapes: x (n, m) -> q (n, m), s and z (ceil(n / block_size), m).

    Raises:
        ShapeError: x is no matrix.

    Example:

        >>> values, scale, zero = abs_max_quantize_grouped_with_zero_point(jnp.array([[0.0], [3.0]]), 2)
        >>> values.tolist(), zero.tolist()
        ([[-8], [7]], [[-8]])
    """
    xp: Any = np if to_numpy else jnp
    x = xp.asarray(inputs)
    if x.ndim != 2:
        raise ShapeError(f"Blocks of rows are made of a matrix. Received an array of shape {x.shape}.")
    small = default_epsilon() if epsilon is None else epsilon
    least, most = value_range
    groups = math.ceil(len(x) / block_size)
    filled = xp.pad(x, ((0, groups * block_size - len(x)), (0, 0))).reshape(groups, block_size, -1)
    # On the device, as in Keras, a single block is not filled up, and equal numbers have a range of 2.
    ranged = filled if to_numpy or groups > 1 else x[None]
    low, high = xp.min(ranged, axis=1, keepdims=True), xp.max(ranged, axis=1, keepdims=True)
    if not to_numpy:
        low, high = jnp.where(low == high, low - 1, low), jnp.where(low == high, high + 1, high)
    scale = xp.asarray((high - low + small) / (most - least), x.dtype)
    zero = xp.clip(xp.round(-low / scale) + least, least, most)
    values = xp.clip(xp.round(filled / scale) + zero, least, most).astype(dtype)
    values = values.reshape(groups * block_size, -1)[: len(x)]
    return _on_device(values), _on_device(scale[:, 0]), _on_device(zero[:, 0].astype("int8"))


def dequantize(values: Any, scale: Any, axis: int, zero: Any = None, groups: Any = None) -> jax.Array:
    """Numbers from integers: q / s, or (q - z) s in blocks.

    Args:
        values: the integers q.
        scale: s, without the axis, or with an entry for each block along it.
        axis: that the numbers of a scale lie along, negative.
        zero: z, in the shape of the scale.
        groups: the block of each place along the axis.

    Example:

        >>> dequantize(jnp.array([[2, -4]]), jnp.array([0.5]), -1).tolist()
        [[4.0, -8.0]]
    """
    if zero is None:
        return values.astype(scale.dtype) / jnp.expand_dims(scale, axis)
    scale, zero = (jnp.take(one, groups.astype(jnp.int32), axis) for one in (scale, zero))
    return (values.astype(scale.dtype) - zero.astype(scale.dtype)) * scale


def _check_bytes(dtype: str) -> None:
    if dtype not in ("int8", "uint8"):
        raise ArgumentError(
            f"Integers of 4 bits are packed into 'int8' or 'uint8'. Received: dtype={dtype!r}"
        )


def pack_int4(arr: Any, axis: int = 0, dtype: str = "int8") -> tuple[jax.Array, tuple[int, ...], int]:
    """Two integers of 4 bits in each byte: the first of a pair in the low half, the second in the high one.

    Args:
        arr: integers from -8 to 7 (for uint8, from 0 to 15).
        axis: along which pairs are made; a 0 is added to an odd length.
        dtype: of the integers and the bytes, "int8" or "uint8".

    Returns:
        The bytes, their shape, and the length of the axis before.

    Raises:
        ArgumentError: the dtype is another.
        TypeError: the integers are of another dtype.

    Example:

        >>> pack_int4(np.array([[-3, 7], [2, -8], [1, 0]], np.int8))[0].tolist()
        [[45, -121], [1, 0]]
    """
    _check_bytes(dtype)
    if (given := standardize_dtype(arr.dtype)) != dtype:
        raise TypeError(f"Integers of dtype {dtype} are packed. Received: {given}")
    first = np.moveaxis(np.asarray(arr), axis, 0)
    length = len(first)
    first = np.pad(first, [(0, length % 2), *[(0, 0)] * (first.ndim - 1)]).view(np.uint8)
    packed = np.moveaxis((first[::2] & 15 | first[1::2] << 4).view(dtype), 0, axis)
    return device_array(packed), packed.shape, length


def unpack_int4(packed: Any, orig_len: int, axis: int = 0, dtype: str = "int8") -> jax.Array:
    """The integers that `pack_int4` packed.

    Args:
        packed: bytes.
        orig_len: the length of the axis before it was packed.
        axis: along which it was packed.
        dtype: "int8" for integers from -8 to 7, "uint8" for those from 0 to 15.

    Raises:
        ArgumentError: the dtype is another.
        TypeError: the bytes are of another dtype.

    Example:

        >>> unpack_int4(pack_int4(np.array([-3, 7, 2], np.int8))[0], 3).tolist()
        [-3, 7, 2]
    """
    _check_bytes(dtype)
    if (given := standardize_dtype(packed.dtype)) != dtype:
        raise TypeError(f"Bytes of dtype {dtype} are unpacked. Received: {given}")
    packed = jnp.asarray(packed)
    axis %= packed.ndim
    # A shift to the right keeps the sign of an int8, so that the low half is shifted up first.
    low, high = (packed << 4) >> 4, packed >> 4
    pairs = jnp.stack([low, high], axis + 1)
    whole = pairs.reshape(*packed.shape[:axis], -1, *packed.shape[axis + 1 :])
    return jax.lax.slice_in_dim(whole, 0, orig_len, axis=axis)


def quantize_and_dequantize(inputs: Any, scale: Any, quantized_dtype: Any, compute_dtype: Any) -> jax.Array:
    """What is left of numbers in a narrow float: x / s rounded to it, times s.

    Args:
        inputs: x.
        scale: s.
        quantized_dtype: such as "float8_e4m3fn".
        compute_dtype: of the result.

    Example:

        >>> quantize_and_dequantize(jnp.array([1.03, 1000.0]), 1.0, "float8_e4m3fn", "float32").tolist()
        [1.0, 448.0]
    """
    narrow, wide = jnp.dtype(quantized_dtype), jnp.dtype(compute_dtype)
    limit, scale = jnp.finfo(narrow).max.astype(wide), jnp.asarray(scale, wide)
    x = jnp.clip(jnp.asarray(inputs) / scale, -limit, limit).astype(narrow)
    return x.astype(wide) * scale
