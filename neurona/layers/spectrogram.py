"""Layers that turn sound into spectrograms: over time, how strong each frequency is."""

import math
import warnings
from typing import Any

import jax.numpy as jnp

from neurona.core.errors import ArgumentError, DataError
from neurona.core.layer import Layer
from neurona.core.policy import epsilon, standardize_data_format
from neurona.core.shapes import InputSpec
from neurona.initializers import STFT
from neurona.layers.arguments import choice, positive
from neurona.messages import translated
from neurona.ops.math import extract_sequences, stft
from neurona.ops.windows import conv

__all__ = [
    "MelSpectrogram",
    "STFTSpectrogram",
]

_MODES = ("log", "magnitude", "psd", "real", "imag", "angle", "stft")


def _mel(hertz: Any) -> Any:
    """Pitch in mel: 1127 ln(1 + f / 700)."""
    return 1127.0 * jnp.log(1.0 + hertz / 700.0)


class MelSpectrogram(Layer):
    """The strength of frequency bands over time, in decibels; the bands are as wide as the ear's.

    Pieces of the sound are weighted by a window and transformed (STFT); |STFT|^mag_exp is averaged over
    overlapping triangles on the mel scale; 10 log10 of it, by a reference, is cut at top_db below the
    maximum.

    Args:
        fft_length: the number of samples that are transformed at once.
        sequence_stride: the samples from one piece to the next.
        sequence_length: the length of the window; fft_length by default.
        window: the name of a window, its values, or None.
        sampling_rate: samples a second.
        num_mel_bins: the number of bands.
        min_freq, max_freq: the limits of the bands in hertz; half the sampling rate by default.
        power_to_db: whether to give decibels.
        top_db: what is more decibels below the maximum is cut.
        mag_exp: 1 for the magnitude, 2 for the power.
        min_power: the least power that is told from none.
        ref_power: the power of 0 dB.

    Shapes: (batch, time) or (time,) -> (batch, num_mel_bins, pieces) or (num_mel_bins, pieces).

    Raises:
        ArgumentError: the window is longer than fft_length.

    Source: Davis and Mermelstein, Comparison of Parametric Representations for Monosyllabic Word
        Recognition, 1980.

    Example:

        >>> MelSpectrogram(fft_length=64, sequence_stride=16, num_mel_bins=8)(jnp.ones((2, 128))).shape
        (2, 8, 9)
    """

    def __init__(
        self,
        fft_length: int = 2048,
        sequence_stride: int = 512,
        sequence_length: int | None = None,
        window: Any = "hann",
        sampling_rate: int = 16000,
        num_mel_bins: int = 128,
        min_freq: float = 20.0,
        max_freq: float | None = None,
        power_to_db: bool = True,
        top_db: float | None = 80.0,
        mag_exp: float = 2.0,
        min_power: float = 1e-10,
        ref_power: float = 1.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.fft_length = positive(fft_length, "fft_length", "MelSpectrogram")
        self.sequence_stride = positive(sequence_stride, "sequence_stride", "MelSpectrogram")
        self.sequence_length = sequence_length or fft_length
        if self.sequence_length > fft_length:
            raise ArgumentError(
                f"MelSpectrogram: sequence_length is at most fft_length. Received: {sequence_length=}, "
                f"{fft_length=}"
            )
        self.window, self.sampling_rate = window, sampling_rate
        self.num_mel_bins = positive(num_mel_bins, "num_mel_bins", "MelSpectrogram")
        self.min_freq, self.max_freq = min_freq, max_freq or int(sampling_rate / 2)
        self.power_to_db, self.top_db, self.mag_exp = power_to_db, top_db, mag_exp
        self.min_power, self.ref_power = min_power, ref_power

    def call(self, inputs: Any) -> Any:
        sound = jnp.asarray(inputs)
        sound = sound.astype(jnp.promote_types(sound.dtype, "float32"))
        real, imaginary = stft(
            sound, self.sequence_length, self.sequence_stride, self.fft_length, self.window, True
        )
        strength = jnp.sqrt(jnp.square(real) + jnp.square(imaginary)) ** self.mag_exp
        bands = strength @ self._triangles(strength.shape[-1]).astype(strength.dtype)
        if self.power_to_db:
            bands = 10.0 * jnp.log10(jnp.maximum(bands, self.min_power))
            bands = bands - 10.0 * jnp.log10(jnp.maximum(abs(self.ref_power), self.min_power))
            if self.top_db is not None:
                bands = jnp.maximum(bands, jnp.max(bands) - self.top_db)
        return jnp.swapaxes(bands, -1, -2).astype(self.compute_dtype)

    def _triangles(self, frequencies: int) -> Any:
        """What each frequency adds to each band, (frequencies, num_mel_bins)."""
        pitches = _mel(jnp.linspace(0.0, self.sampling_rate / 2, frequencies)[1:])[:, None]
        low, high = _mel(jnp.float32(self.min_freq)), _mel(jnp.float32(self.max_freq))
        edges = extract_sequences(jnp.linspace(low, high, self.num_mel_bins + 2), 3, 1)
        left, middle, right = edges.T
        rising, falling = (pitches - left) / (middle - left), (right - pitches) / (right - middle)
        return jnp.pad(jnp.maximum(0.0, jnp.minimum(rising, falling)), ((1, 0), (0, 0)))


class STFTSpectrogram(Layer):
    """The short-time Fourier transform as a convolution whose kernels are trained on.

    Args:
        mode: "log" (of the magnitude), "magnitude", "psd" (power, both sides of the spectrum together),
            "real", "imag", "angle" (of the complex numbers), or "stft" (real parts, then imaginary ones).
        frame_length: the length of the window.
        frame_step: the samples from one piece to the next; half the window by default.
        fft_length: the number of samples that are transformed; by default the least power of 2 from the
            window's length on.
        window: the name of a window of scipy.signal, its values, or None.
        periodic: whether the window is periodic rather than symmetric.
        scaling: "density", "spectrum" or None, as of `neurona.initializers.STFT`.
        padding: "valid" or "same".
        expand_dims: whether channels and frequencies have separate axes.
        data_format: "channels_last" or "channels_first".

    Shapes: (batch, time, channels) -> (batch, pieces, frequencies * channels), or with expand_dims (batch,
        pieces, frequencies, channels); channels first likewise.

    Raises:
        ArgumentError: a length or an option is wrong.
        DataError: the inputs are not floating-point numbers.

    Example:

        >>> STFTSpectrogram(frame_length=8)(jnp.ones((2, 32, 1))).shape
        (2, 7, 5)
    """

    def __init__(
        self,
        mode: str = "log",
        frame_length: int = 256,
        frame_step: int | None = None,
        fft_length: int | None = None,
        window: Any = "hann",
        periodic: bool = False,
        scaling: str | None = "density",
        padding: str = "valid",
        expand_dims: bool = False,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.mode = choice(mode, _MODES, "mode", "STFTSpectrogram")
        self.frame_length = positive(frame_length, "frame_length", "STFTSpectrogram")
        if frame_step is not None and not 1 <= frame_step <= frame_length:
            raise ArgumentError(
                f"STFTSpectrogram: frame_step is from 1 to frame_length. Received: {frame_step=}, "
                f"{frame_length=}"
            )
        if fft_length is not None and fft_length < frame_length:
            raise ArgumentError(
                f"STFTSpectrogram: fft_length is at least frame_length. Received: {fft_length=}, "
                f"{frame_length=}"
            )
        if fft_length is not None and fft_length & (fft_length - 1):
            warnings.warn(
                translated(f"STFTSpectrogram: powers of 2 are fastest. Received: fft_length={fft_length}"),
                stacklevel=2,
            )
        self.frame_step, self._step = frame_step, frame_step or frame_length // 2
        self.fft_length = fft_length
        self._fft_length = fft_length or 2 ** math.ceil(math.log2(frame_length))
        self.window, self.periodic = window, periodic
        self.scaling = (
            scaling
            if scaling is None
            else choice(scaling, ("density", "spectrum"), "scaling", "STFTSpectrogram")
        )
        self.padding = choice(padding, ("valid", "same"), "padding", "STFTSpectrogram")
        self.expand_dims, self.data_format = expand_dims, standardize_data_format(data_format)
        self.input_spec = InputSpec(ndim=3)

    def build(self, input_shape: Any) -> None:
        shape = (self.frame_length, 1, self._fft_length // 2 + 1)
        for side, other in (("real", "imag"), ("imag", "real")):
            if self.mode != other:
                initializer = STFT(side, self.window, self.scaling, self.periodic)
                setattr(self, f"{side}_kernel", self.add_weight(shape, initializer, name=f"{side}_kernel"))

    def call(self, inputs: Any) -> Any:
        if not jnp.issubdtype(inputs.dtype, jnp.floating):
            raise DataError(
                f"Layer {self.name!r} (STFTSpectrogram) takes floating-point numbers. Received dtype "
                f"{inputs.dtype}."
            )
        sound = inputs if self.data_format == "channels_first" else jnp.swapaxes(inputs, 1, 2)
        if self.mode in ("real", "imag"):
            return self._arranged(self._transformed(sound, self.mode))
        real, imaginary = self._transformed(sound, "real"), self._transformed(sound, "imag")
        if self.mode == "angle":
            return self._arranged(jnp.arctan2(imaginary, real))
        if self.mode == "stft":
            return self._arranged(jnp.concatenate([real, imaginary], -1))
        power = jnp.square(real) + jnp.square(imaginary)
        if self.mode == "psd":
            inner = jnp.pad(power[..., 1:-1], [(0, 0)] * 3 + [(1, 1)])
            return self._arranged(power + inner)
        magnitude = self._arranged(jnp.sqrt(jnp.maximum(power, epsilon())))
        return magnitude if self.mode == "magnitude" else jnp.log(jnp.maximum(magnitude, epsilon()))

    def _transformed(self, sound: Any, side: str) -> Any:
        """(batch, channels, time) -> (batch, channels, pieces, frequencies)."""
        kernel = getattr(self, f"{side}_kernel").value.astype(sound.dtype)
        rows = sound.reshape(-1, sound.shape[2], 1)
        pieces = conv(rows, kernel, self._step, self.padding, "channels_last")
        return pieces.reshape(*sound.shape[:2], *pieces.shape[1:])

    def _arranged(self, outputs: Any) -> Any:
        """(batch, channels, pieces, frequencies) as the output."""
        if self.expand_dims:
            first = self.data_format == "channels_first"
            return outputs if first else jnp.moveaxis(outputs, 1, 3)
        batch, channels, pieces, frequencies = outputs.shape
        rows = jnp.swapaxes(outputs, 2, 3).reshape(batch, channels * frequencies, pieces)
        return rows if self.data_format == "channels_first" else jnp.swapaxes(rows, 1, 2)
