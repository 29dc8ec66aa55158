"""New arrays, and the rank and size of arrays: Keras's names over `jax.numpy`. No dtype means
`floatx()`.
"""

import math
from collections.abc import Callable
from typing import Any

import jax.numpy as jnp

from neurona.core.policy import floatx, standardize_dtype
from neurona.core.symbolic import is_symbolic
from neurona.ops.registry import Operand, Tensor, define, to_array


def ones(shape: Any, dtype: Any = None) -> Any:
    """An array of ones."""
    return jnp.ones(shape, standardize_dtype(dtype))


def zeros(shape: Any, dtype: Any = None) -> Any:
    """An array of zeros."""
    return jnp.zeros(shape, standardize_dtype(dtype))


def empty(shape: Any, dtype: Any = None) -> Any:
    """An array whose values do not matter yet."""
    return jnp.empty(shape, standardize_dtype(dtype))


def eye(N: int, M: int | None = None, k: int = 0, dtype: Any = None) -> Any:
    """An (N, M) matrix with ones on its k-th diagonal."""
    return jnp.eye(N, M, k, standardize_dtype(dtype))


def identity(n: int, dtype: Any = None) -> Any:
    """The (n, n) identity matrix."""
    return jnp.identity(n, standardize_dtype(dtype))


def tri(N: int, M: int | None = None, k: int = 0, dtype: Any = None) -> Any:
    """An (N, M) matrix of ones on and below its k-th diagonal."""
    return jnp.tri(N, M, k, standardize_dtype(dtype))


def bartlett(x: int) -> Any:
    """Bartlett's window of length x."""
    return jnp.bartlett(int(x)).astype(floatx())


def blackman(x: int) -> Any:
    """Blackman's window of length x."""
    return jnp.blackman(int(x)).astype(floatx())


def hamming(x: int) -> Any:
    """Hamming's window of length x."""
    return jnp.hamming(int(x)).astype(floatx())


def hanning(x: int) -> Any:
    """Hann's window of length x."""
    return jnp.hanning(int(x)).astype(floatx())


def kaiser(x: int, beta: float) -> Any:
    """Kaiser's window of length x."""
    return jnp.kaiser(int(x), beta).astype(floatx())


@define("Full")
def full(shape: Any, fill_value: Tensor, dtype: Any = None) -> Any:
    """An array of one value."""
    return jnp.full(shape, fill_value, standardize_dtype(dtype))


@define("FullLike")
def full_like(x: Tensor, fill_value: Tensor, dtype: Any = None) -> Any:
    """An array of one value in the shape of x."""
    return jnp.full_like(x, fill_value, dtype=dtype)


@define("OnesLike")
def ones_like(x: Tensor, dtype: Any = None) -> Any:
    """Ones in the shape of x."""
    return jnp.ones_like(x, dtype)


@define("ZerosLike")
def zeros_like(x: Tensor, dtype: Any = None) -> Any:
    """Zeros in the shape of x."""
    return jnp.zeros_like(x, dtype)


@define("EmptyLike")
def empty_like(x: Tensor, dtype: Any = None) -> Any:
    """An array in the shape of x whose values do not matter yet."""
    return jnp.empty_like(x, dtype)


@define("Array")
def array(x: Tensor, dtype: Any = None) -> Any:
    """A new array of numbers, in a dtype if given."""
    return jnp.array(x, dtype)


@define("Arange")
def arange(start: Operand, stop: Operand = None, step: Operand = None, dtype: Any = None) -> Any:
    """Numbers from start to before stop; with one argument, from 0 to before it."""
    if dtype is None:
        given = [value for value in (start, stop, step) if value is not None]
        dtype = (
            jnp.result_type(*given) if not all(isinstance(value, (int, float)) for value in given) else None
        )
        dtype = dtype or (floatx() if any(isinstance(value, float) for value in given) else "int32")
    return jnp.arange(start, stop, step, dtype=standardize_dtype(dtype))


@define("Linspace")
def linspace(
    start: Tensor,
    stop: Tensor,
    num: int = 50,
    endpoint: bool = True,
    retstep: bool = False,
    dtype: Any = None,
    axis: int = 0,
) -> Any:
    """`num` numbers at equal distances."""
    return jnp.linspace(start, stop, num, endpoint, retstep, dtype, axis)


@define("Logspace")
def logspace(
    start: Tensor,
    stop: Tensor,
    num: int = 50,
    endpoint: bool = True,
    base: Any = 10,
    dtype: Any = None,
    axis: int = 0,
) -> Any:
    """base ** linspace(start, stop)."""
    return jnp.logspace(start, stop, num, endpoint, base, dtype, axis)


@define("Geomspace")
def geomspace(
    start: Tensor, stop: Tensor, num: int = 50, endpoint: bool = True, dtype: Any = None, axis: int = 0
) -> Any:
    """`num` numbers from start to stop in equal ratios."""
    return jnp.geomspace(start, stop, num, endpoint, dtype, axis)


def ndim(x: Any) -> int:
    """The number of axes."""
    return x.ndim if is_symbolic(x) else jnp.ndim(to_array(x))


def size(x: Any) -> Any:
    """The number of elements, or None where a symbolic tensor's is unknown."""
    if is_symbolic(x):
        return None if None in x.shape else math.prod(x.shape)
    return jnp.size(to_array(x))


def vectorize(
    pyfunc: Callable[..., Any], *, excluded: Any = None, signature: str | None = None
) -> Callable[..., Any]:
    """A function of single elements as one of arrays."""
    return jnp.vectorize(pyfunc, excluded=excluded or frozenset(), signature=signature)


# fmt: off
__all__ = [
    "arange", "array", "bartlett", "blackman", "empty", "empty_like", "eye", "full", "full_like", "geomspace",
    "hamming", "hanning", "identity", "kaiser", "linspace", "logspace", "ndim", "ones", "ones_like", "size",
    "tri", "vectorize", "zeros", "zeros_like",
]
