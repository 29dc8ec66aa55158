"""`tf.signal`: windows, frames, Fourier and cosine transformations, Mel filters."""

import math
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from neurona.core.errors import ArgumentError
from neurona.legacy.tensorflow.dispatch import D, S, T, function
from neurona.legacy.tensorflow.dtypes import as_dtype

_MEL_BREAK, _MEL_HIGH = 700.0, 1127.0


# Windows.


def _cosine_window(name: str, a: float, b: float) -> Any:
    def raw(window_length: S, periodic: bool = True, dtype: D = "float32") -> Any:
        even = 1 - window_length % 2
        spacing = window_length + int(bool(periodic)) * even - 1
        if window_length == 1:
            return jnp.ones(1, dtype)
        return jnp.asarray(a - b * np.cos(2 * np.pi * np.arange(window_length) / spacing), dtype)

    raw.__name__, raw.__doc__ = name, "A window of a cosine."
    return function(raw)


hann_window, hamming_window = (
    _cosine_window("hann_window", 0.5, 0.5),
    _cosine_window("hamming_window", 0.54, 0.46),
)


@function
def kaiser_window(window_length: S, beta: S = 12.0, dtype: D = "float32") -> Any:
    """Kaiser's window."""
    return jnp.asarray(np.kaiser(window_length, beta), dtype)


@function
def kaiser_bessel_derived_window(window_length: S, beta: S = 12.0, dtype: D = "float32") -> Any:
    """The window derived from Kaiser's, whose squares of both halves add up to 1."""
    sums = np.cumsum(np.kaiser(window_length // 2 + 1, beta))
    half = np.sqrt(sums[:-1] / sums[-1])
    return jnp.asarray(np.concatenate([half, half[::-1]]), dtype)


@function
def vorbis_window(window_length: S, dtype: D = "float32") -> Any:
    """The window of Vorbis, whose squares of both halves add up to 1."""
    places = np.arange(window_length) + 0.5
    return jnp.asarray(np.sin(np.pi / 2 * np.sin(np.pi / window_length * places) ** 2), dtype)


# Frames.


def _framed(signal: Any, length: int, step: int, pad_end: bool, value: Any, axis: int = -1) -> Any:
    axis %= signal.ndim
    size = signal.shape[axis]
    count = -(-size // step) if pad_end else max(0, (size - length) // step + 1)
    if pad_end:
        missing = max(0, (count - 1) * step + length - size)
        margins = [(0, missing if place == axis else 0) for place in range(signal.ndim)]
        signal = jnp.pad(signal, margins, constant_values=value)
    places = np.arange(count)[:, None] * step + np.arange(length)
    return jnp.take(signal, places, axis)


@function
def frame(
    signal: T, frame_length: S, frame_step: S, pad_end: bool = False, pad_value: S = 0, axis: S = -1
) -> Any:
    """Pieces of a signal that may overlap: the axis becomes two, (frames, frame_length)."""
    return _framed(signal, frame_length, frame_step, pad_end, pad_value, axis)


def _added(frames: Any, step: int) -> Any:
    *outer, count, length = frames.shape
    places = np.arange(count)[:, None] * step + np.arange(length)
    size = (count - 1) * step + length if count else 0
    return jnp.zeros((*outer, size), frames.dtype).at[..., places].add(frames)


@function
def overlap_and_add(signal: T, frame_step: S) -> Any:
    """A signal from frames (..., frames, length), added where they overlap."""
    return _added(signal, frame_step)


# Fourier transformations.


def _window(window_fn: Any, length: int, dtype: Any) -> Any:
    if window_fn is None:
        return jnp.ones(length, dtype)
    made = window_fn(length, dtype=as_dtype(dtype))
    return getattr(made, "_array", made)


def _power_of_two(length: int) -> int:
    return 2 ** math.ceil(math.log2(length))


@function
def stft(
    signals: T,
    frame_length: S,
    frame_step: S,
    fft_length: S = None,
    window_fn: Any = hann_window,
    pad_end: bool = False,
) -> Any:
    """The Fourier transformation of a signal's frames, (..., frames, fft_length // 2 + 1)."""
    size = fft_length or _power_of_two(frame_length)
    frames = _framed(signals, frame_length, frame_step, pad_end, 0)
    frames = frames * _window(window_fn, frame_length, frames.dtype)
    return jnp.fft.rfft(frames, size)


@function
def inverse_stft(
    stfts: T, frame_length: S, frame_step: S, fft_length: S = None, window_fn: Any = hann_window
) -> Any:
    """The signal whose frames have these transformations."""
    size = fft_length or _power_of_two(frame_length)
    frames = jnp.fft.irfft(stfts, size)[..., :frame_length]
    missing = frame_length - frames.shape[-1]
    frames = jnp.pad(frames, [(0, 0)] * (frames.ndim - 1) + [(0, max(0, missing))])
    return _added(frames * _window(window_fn, frame_length, frames.dtype), frame_step)


def inverse_stft_window_fn(frame_step: int, forward_window_fn: Any = hann_window, name: Any = None) -> Any:
    """The window with which `inverse_stft` gives back what `stft` was given."""

    def window(length: int, dtype: Any = "float32") -> Any:
        kind = as_dtype(dtype).held
        forward = np.asarray(_window(forward_window_fn, length, kind))
        overlaps = -(-length // frame_step)
        squares = np.pad(forward**2, (0, overlaps * frame_step - length)).reshape(overlaps, frame_step)
        return jnp.asarray(forward / np.tile(squares.sum(0), overlaps)[:length], kind)

    return window


def _complex(name: str, transform: Callable[..., Any], axes: int) -> Any:
    def raw(input: T) -> Any:
        return transform(input.astype(jnp.result_type(input, jnp.complex64)), axes=tuple(range(-axes, 0)))

    raw.__name__, raw.__doc__ = name, "A Fourier transformation along the last axes."
    return function(raw)


def _real(name: str, transform: Callable[..., Any], axes: int) -> Any:
    def raw(input_tensor: T, fft_length: S = None) -> Any:
        size = None if fft_length is None else tuple(np.atleast_1d(fft_length).tolist())
        return transform(input_tensor, s=size, axes=tuple(range(-axes, 0)))

    raw.__name__, raw.__doc__ = name, "A Fourier transformation of real signals along the last axes."
    return function(raw)


fft, ifft = _complex("fft", jnp.fft.fftn, 1), _complex("ifft", jnp.fft.ifftn, 1)
fft2d, ifft2d = _complex("fft2d", jnp.fft.fftn, 2), _complex("ifft2d", jnp.fft.ifftn, 2)
fft3d, ifft3d = _complex("fft3d", jnp.fft.fftn, 3), _complex("ifft3d", jnp.fft.ifftn, 3)
rfft, irfft = _real("rfft", jnp.fft.rfftn, 1), _real("irfft", jnp.fft.irfftn, 1)
rfft2d, irfft2d = _real("rfft2d", jnp.fft.rfftn, 2), _real("irfft2d", jnp.fft.irfftn, 2)
rfft3d, irfft3d = _real("rfft3d", jnp.fft.rfftn, 3), _real("irfft3d", jnp.fft.irfftn, 3)


@function
def fftshift(x: T, axes: S = None) -> Any:
    """Frequency 0 in the middle."""
    return jnp.fft.fftshift(x, axes)


@function
def ifftshift(x: T, axes: S = None) -> Any:
    """Frequency 0 at the start."""
    return jnp.fft.ifftshift(x, axes)


# Cosine transformations.


def _dct(x: Any, kind: int, norm: Any) -> Any:
    """sum_n x_n 2 cos(...), by a matrix; `norm="ortho"` makes that of types 2, 3 and 4 orthogonal."""
    size = x.shape[-1]
    if norm not in (None, "ortho") or (kind == 1 and norm):
        raise ArgumentError(f"dct: norm is None or 'ortho', and None for type 1. Received: {norm!r}")
    n, k = np.arange(size, dtype=np.float64)[:, None], np.arange(size, dtype=np.float64)[None]
    if kind == 1:
        matrix = 2 * np.cos(np.pi * n * k / (size - 1))
        matrix[0], matrix[-1] = matrix[0] / 2, matrix[-1] / 2
    elif kind == 2:
        matrix = 2 * np.cos(np.pi * (2 * n + 1) * k / (2 * size))
    elif kind == 3:
        matrix = 2 * np.cos(np.pi * n * (2 * k + 1) / (2 * size))
        matrix[0] = matrix[0] / 2
    elif kind == 4:
        matrix = 2 * np.cos(np.pi * (2 * n + 1) * (2 * k + 1) / (4 * size))
    else:
        raise ArgumentError(f"dct: type is 1, 2, 3 or 4. Received: {kind}")
    if norm:
        matrix = matrix * np.sqrt(1 / (2 * size))
        first = matrix[:, :1] if kind == 2 else matrix[:1]
        first *= np.sqrt(1 / 2) if kind == 2 else np.sqrt(2) if kind == 3 else 1
    return jnp.matmul(x, matrix.astype(x.dtype), precision="highest")


@function
def dct(input: T, type: S = 2, n: S = None, axis: S = -1, norm: Any = None) -> Any:
    """The cosine transformation along the last axis."""
    if n is not None:
        missing = max(0, n - input.shape[-1])
        input = jnp.pad(input, [(0, 0)] * (input.ndim - 1) + [(0, missing)])[..., :n]
    return _dct(input, type, norm)


@function
def idct(input: T, type: S = 2, n: S = None, axis: S = -1, norm: Any = None) -> Any:
    """The inverse of `dct`, up to the factor 2 n (2 (n - 1) for type 1) where there is no norm."""
    return _dct(input, 5 - type if type in (2, 3) else type, norm)


@function
def mdct(
    signals: T, frame_length: S, window_fn: Any = vorbis_window, pad_end: bool = False, norm: Any = None
) -> Any:
    """The modified cosine transformation of frames that overlap by half."""
    half = frame_length // 2
    frames = _framed(signals, frame_length, half, pad_end, 0)
    frames = frames * _window(window_fn, frame_length, frames.dtype)
    a, b, c, d = jnp.split(frames, 4, -1)
    folded = jnp.concatenate([-jnp.flip(c, -1) - d, a - jnp.flip(b, -1)], -1)
    return _dct(folded, 4, norm)


@function
def inverse_mdct(mdcts: T, window_fn: Any = vorbis_window, norm: Any = None) -> Any:
    """The signal of which `mdct` gives these frames."""
    half = mdcts.shape[-1]
    real = _dct(mdcts, 4, norm) * (1.0 if norm == "ortho" else 0.5 / half)
    first, second = jnp.split(real, 2, -1)
    frames = jnp.concatenate([second, -jnp.flip(second, -1), -jnp.flip(first, -1), -first], -1)
    return _added(frames * _window(window_fn, 2 * half, frames.dtype), half)


# Mel.


def _mel(hertz: Any) -> Any:
    return _MEL_HIGH * np.log(1 + np.asarray(hertz, np.float64) / _MEL_BREAK)


@function
def linear_to_mel_weight_matrix(
    num_mel_bins: S = 20,
    num_spectrogram_bins: S = 129,
    sample_rate: S = 8000,
    lower_edge_hertz: S = 125.0,
    upper_edge_hertz: S = 3800.0,
    dtype: D = "float32",
) -> Any:
    """Triangles on the Mel scale, (num_spectrogram_bins, num_mel_bins)."""
    if not 0 <= lower_edge_hertz < upper_edge_hertz <= sample_rate / 2:
        raise ArgumentError(
            "linear_to_mel_weight_matrix: 0 <= lower_edge_hertz < upper_edge_hertz <= sample_rate / 2. "
            "Received: "
            f"{lower_edge_hertz}, {upper_edge_hertz} and {sample_rate}"
        )
    bins = _mel(np.linspace(0, sample_rate / 2, num_spectrogram_bins)[1:])[:, None]
    edges = np.linspace(_mel(lower_edge_hertz), _mel(upper_edge_hertz), num_mel_bins + 2)
    lower, center, upper = edges[:-2], edges[1:-1], edges[2:]
    slopes = np.minimum((bins - lower) / (center - lower), (upper - bins) / (upper - center))
    return jnp.asarray(np.pad(np.maximum(0, slopes), ((1, 0), (0, 0))), dtype)


@function
def mfccs_from_log_mel_spectrograms(log_mel_spectrograms: T) -> Any:
    """The cepstral coefficients of logarithms of Mel spectrograms."""
    size = log_mel_spectrograms.shape[-1]
    return _dct(log_mel_spectrograms, 2, None) * jax.lax.rsqrt(2.0 * size)
