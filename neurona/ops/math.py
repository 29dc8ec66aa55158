"""Special functions, segments, ranks and Fourier transforms under Keras's names. Complex arrays are pairs
(real, imaginary).
"""

import functools
import math
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import jax.scipy.special as special

from neurona.core.errors import ArgumentError, ShapeError
from neurona.ops.registry import Newer, Tensor, Tensors, define, to_array, to_float, unary

_define = functools.partial(define, module="math")
_float = functools.partial(unary, floats=True, module="math")

erf = _float("Erf", jax.lax.erf)
erfc = _float("Erfc", special.erfc)
erfinv = _float("Erfinv", special.erfinv)
rsqrt = _float("Rsqrt", jax.lax.rsqrt)


@_define("Logsumexp")
def logsumexp(x: Tensor, axis: Any = None, keepdims: bool = False) -> Any:
    """log(sum(exp(x))), computed without leaving the range of floats."""
    return special.logsumexp(x, axis, keepdims=keepdims)


@_define("Logdet")
def logdet(x: Tensor) -> Any:
    """log |det x|."""
    return jnp.linalg.slogdet(x)[1]


@define("Slogdet")
def slogdet(x: Tensor) -> Any:
    """The sign of det x, and log |det x|."""
    return tuple(jnp.linalg.slogdet(x))


@_define("CDist")
def cdist(x: Tensor, y: Tensor) -> Any:
    """Euclidean distances between the rows of x and of y: (..., n, d), (..., m, d) -> (..., n, m)."""
    if x.ndim < 2 or y.ndim < 2 or x.shape[-1] != y.shape[-1]:
        raise ShapeError(
            f"cdist: x and y are rows of vectors of one length. Received shapes {x.shape} and {y.shape}."
        )
    return jnp.sqrt(jnp.sum(jnp.square(x[..., :, None, :] - y[..., None, :, :]), -1))


# Ranks.


@_define("TopK")
def top_k(x: Tensor, k: int, sorted: bool = True, is_stable: Newer = True) -> Any:
    """The k greatest elements of the last axis, in descending order, and their indices; among equals the
    first comes first, whatever the options say.
    """
    return tuple(jax.lax.top_k(x, k))


@_define("InTopK")
def in_top_k(targets: Tensor, predictions: Tensor, k: int) -> Any:
    """Whether each target class is among the k of the highest prediction; ties count as in, NaN as out."""
    score = jnp.take_along_axis(predictions, targets[..., None], -1)
    score = jnp.where(jnp.isnan(score), -jnp.inf, score)
    return jnp.sum(predictions > score, -1) < k


# Segments: the rows of `data` that have the same number in `segment_ids`.


def _segments(
    function: Callable[..., Any], data: Any, segment_ids: Any, num_segments: int | None, sorted: bool
) -> Any:
    if num_segments is None:
        raise ArgumentError(
            f"{function.__name__}: give num_segments, the number of segments: shapes are fixed before "
            "numbers are known."
        )
    if segment_ids.ndim != 1 or segment_ids.shape[0] != data.shape[0]:
        raise ShapeError(
            f"{function.__name__}: segment_ids is a vector with a number for each row of data. "
            f"Received shapes {segment_ids.shape} and {data.shape}."
        )
    return function(data, segment_ids, num_segments, indices_are_sorted=sorted)


@_define("SegmentSum")
def segment_sum(
    data: Tensor, segment_ids: Tensor, num_segments: int | None = None, sorted: bool = False
) -> Any:
    """The sum of each segment."""
    return _segments(jax.ops.segment_sum, data, segment_ids, num_segments, sorted)


@_define("SegmentMax")
def segment_max(
    data: Tensor, segment_ids: Tensor, num_segments: int | None = None, sorted: bool = False
) -> Any:
    """The greatest of each segment."""
    return _segments(jax.ops.segment_max, data, segment_ids, num_segments, sorted)


@_define("SegmentMin")
def segment_min(
    data: Tensor, segment_ids: Tensor, num_segments: int | None = None, sorted: bool = False
) -> Any:
    """The least of each segment."""
    return _segments(jax.ops.segment_min, data, segment_ids, num_segments, sorted)


@_define("SegmentProd")
def segment_prod(
    data: Tensor, segment_ids: Tensor, num_segments: int | None = None, sorted: bool = False
) -> Any:
    """The product of each segment."""
    return _segments(jax.ops.segment_prod, data, segment_ids, num_segments, sorted)


# Complex numbers and Fourier transforms.


def _complex(x: Any) -> Any:
    if not isinstance(x, (tuple, list)) or len(x) != 2:
        raise ArgumentError(f"A complex array is a pair (real, imaginary). Received: {type(x).__name__}")
    real, imaginary = x
    if real.shape != imaginary.shape:
        raise ShapeError(
            f"The real and the imaginary part have the same shape. Received shapes {real.shape} and "
            f"{imaginary.shape}."
        )
    return jax.lax.complex(real, imaginary)


def _pair(x: Any) -> tuple[Any, Any]:
    return jnp.real(x), jnp.imag(x)


@_define("ViewAsComplex")
def view_as_complex(x: Tensor) -> Any:
    """(..., 2), real and imaginary parts, as complex numbers."""
    if x.ndim < 1 or x.shape[-1] != 2:
        raise ShapeError(
            f"view_as_complex: the last axis of x is (real, imaginary). Received shape {x.shape}."
        )
    return jax.lax.complex(x[..., 0], x[..., 1])


@_define("ViewAsReal")
def view_as_real(x: Tensor) -> Any:
    """Complex numbers as (..., 2), real and imaginary parts."""
    return jnp.stack(_pair(x), -1)


@_define("FFT")
def fft(x: Tensors) -> Any:
    """Discrete Fourier transform of the last axis."""
    return _pair(jnp.fft.fft(_complex(x)))


@_define("FFT2")
def fft2(x: Tensors) -> Any:
    """Discrete Fourier transform of the last two axes."""
    return _pair(jnp.fft.fft2(_complex(x)))


@_define("IFFT2")
def ifft2(x: Tensors) -> Any:
    """Inverse of `fft2`."""
    return _pair(jnp.fft.ifft2(_complex(x)))


@_define("RFFT")
def rfft(x: Tensor, fft_length: int | None = None) -> Any:
    """Discrete Fourier transform of real numbers: frequencies 0 to fft_length / 2."""
    return _pair(jnp.fft.rfft(x, fft_length))


@_define("IRFFT")
def irfft(x: Tensors, fft_length: int | None = None) -> Any:
    """Inverse of `rfft`."""
    return jnp.fft.irfft(_complex(x), fft_length)


@_define("ExtractSequences")
def extract_sequences(x: Tensor, sequence_length: int, sequence_stride: int) -> Any:
    """Overlapping pieces of the last axis: (..., time) -> (..., pieces, sequence_length)."""
    starts = jnp.arange(0, x.shape[-1] - sequence_length + 1, sequence_stride)
    return x[..., starts[:, None] + jnp.arange(sequence_length)]


def _window(window: Any, length: int, fft_length: int, dtype: Any) -> Any:
    """The window in the middle of `fft_length` zeros; None is a window of ones of that whole length."""
    if fft_length < length:
        raise ArgumentError(
            f"fft_length is at least sequence_length. Received: fft_length={fft_length}, "
            f"sequence_length={length}"
        )
    if window is None:
        return jnp.ones(fft_length, dtype)
    if isinstance(window, str):
        if window not in ("hann", "hamming"):
            raise ArgumentError(f"window is 'hann', 'hamming', an array or None. Received: window={window!r}")
        constant = 0.5 if window == "hann" else 0.54
        values = constant - (1 - constant) * jnp.cos(2 * math.pi * jnp.arange(length) / length)
    else:
        values = to_array(window)
        if values.shape != (length,):
            raise ShapeError(f"window has sequence_length={length} elements. Received shape {values.shape}.")
    before = (fft_length - length) // 2
    return jnp.pad(values.astype(dtype), (before, fft_length - length - before))


@_define("STFT")
def stft(
    x: Tensor,
    sequence_length: int,
    sequence_stride: int,
    fft_length: int,
    window: Any = "hann",
    center: bool = True,
) -> tuple[Any, Any]:
    """Short-time Fourier transform: (..., time) -> a pair of (..., pieces, fft_length // 2 + 1)."""
    x = to_float(x)
    weights = _window(window, sequence_length, fft_length, x.dtype)
    if center:
        x = jnp.pad(x, [(0, 0)] * (x.ndim - 1) + [(fft_length // 2, fft_length // 2)], mode="reflect")
    return _pair(jnp.fft.rfft(extract_sequences(x, fft_length, sequence_stride) * weights))


@_define("ISTFT")
def istft(
    x: Tensors,
    sequence_length: int,
    sequence_stride: int,
    fft_length: int,
    length: int | None = None,
    window: Any = "hann",
    center: bool = True,
) -> Any:
    """Inverse of `stft`: the pieces added where they lie, divided by the sum of the squared windows there.

    Without a window the sum is fft_length / sequence_stride times that, as in Keras: where that many pieces
    overlap, they are added and not averaged.
    """
    pieces = jnp.fft.irfft(_complex(x), fft_length)
    weights = _window(window, sequence_length, fft_length, pieces.dtype)
    count = pieces.shape[-2]
    total = fft_length + sequence_stride * (count - 1)
    places = sequence_stride * jnp.arange(count)[:, None] + jnp.arange(fft_length)
    signal = jnp.zeros((*pieces.shape[:-2], total), pieces.dtype).at[..., places].add(pieces * weights)
    squares = jnp.zeros(total, pieces.dtype).at[places].add(jnp.broadcast_to(weights**2, places.shape))
    signal = signal / jnp.where(squares > 1e-10, squares, 1.0)
    signal = signal * (fft_length / sequence_stride) if window is None else signal
    start = fft_length // 2 if center else 0
    stop = start + length if length is not None else total - start
    return signal[..., start:stop]


# fmt: off
__all__ = [
    "cdist", "erf", "erfc", "erfinv", "extract_sequences", "fft", "fft2", "ifft2", "in_top_k", "irfft",
    "istft", "logdet", "logsumexp", "rfft", "rsqrt", "segment_max", "segment_min", "segment_prod",
    "segment_sum", "slogdet", "stft", "top_k", "view_as_complex", "view_as_real",
]
