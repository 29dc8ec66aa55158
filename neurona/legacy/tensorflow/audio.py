"""`tf.audio`: WAV files of 16 bits."""

import struct
from typing import Any, NamedTuple

import numpy as np

from neurona.core.errors import ShapeError
from neurona.legacy.tensorflow.dtypes import string
from neurona.legacy.tensorflow.errors import InvalidArgumentError
from neurona.legacy.tensorflow.hosts import host
from neurona.legacy.tensorflow.tensor import Tensor

_PCM, _LARGEST = 1, 32768.0


class DecodeWav(NamedTuple):
    """The samples (n, channels), from -1 to 1, and how many there are in a second."""

    audio: Any
    sample_rate: Any


def decode_wav(contents: Any, desired_channels: int = -1, desired_samples: int = -1, name: Any = None) -> Any:
    """The samples of a WAV file of 16 bits.

    Raises:
        InvalidArgumentError: it is no such file.
    """
    data = host(contents).item()
    if data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        raise InvalidArgumentError(
            "decode_wav: the file is no WAV file: it does not begin with RIFF....WAVE."
        )
    channels = rate = 0
    place, samples = 12, None
    while place + 8 <= len(data) and samples is None:
        kind, size = data[place : place + 4], struct.unpack("<I", data[place + 4 : place + 8])[0]
        content, place = data[place + 8 : place + 8 + size], place + 8 + size + size % 2
        if kind == b"fmt ":
            form, channels, rate, _, _, bits = struct.unpack("<HHIIHH", content[:16])
            if bits != 16 or form not in (_PCM, 0xFFFE):
                raise InvalidArgumentError(
                    f"decode_wav reads samples of 16 bits. The file has {bits} bits and the format {form}."
                )
        elif kind == b"data":
            samples = content[: len(content) // 2 * 2]
    if samples is None or not channels:
        raise InvalidArgumentError("decode_wav: the file is cut off: it has no samples.")
    audio = np.frombuffer(samples, "<i2").astype(np.float32) / _LARGEST
    audio = audio[: len(audio) // channels * channels].reshape(-1, channels)
    return DecodeWav(
        Tensor(_fitted(audio, desired_channels, desired_samples)), Tensor(np.array(rate, np.int32))
    )


def _fitted(audio: np.ndarray, channels: int, samples: int) -> np.ndarray:
    """Audio cut, or filled up, to numbers of channels and samples; -1 leaves them."""
    if channels > 0 and channels != audio.shape[1]:
        extra = np.repeat(audio[:, -1:], max(0, channels - audio.shape[1]), 1)
        audio = np.concatenate([audio, extra], 1)[:, :channels]
    if samples > 0:
        audio = np.pad(audio, ((0, max(0, samples - len(audio))), (0, 0)))[:samples]
    return audio


def encode_wav(audio: Any, sample_rate: Any, name: Any = None) -> Any:
    """Samples (n, channels), from -1 to 1, as a WAV file of 16 bits."""
    values, rate = host(audio), int(host(sample_rate))
    if values.ndim != 2:
        raise ShapeError(f"encode_wav takes audio (samples, channels). Received shape {values.shape}.")
    channels = values.shape[1]
    samples = np.clip(np.round(values * (_LARGEST - 1)), -_LARGEST, _LARGEST - 1).astype("<i2").tobytes()
    form = struct.pack("<HHIIHH", _PCM, channels, rate, rate * channels * 2, channels * 2, 16)
    body = (
        b"WAVEfmt "
        + struct.pack("<I", len(form))
        + form
        + b"data"
        + struct.pack("<I", len(samples))
        + samples
    )
    content = np.empty((), object)
    content[()] = b"RIFF" + struct.pack("<I", len(body)) + body
    return Tensor(content, string)
