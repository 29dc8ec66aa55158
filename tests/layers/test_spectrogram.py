"""STFTSpectrogram beside Keras; it takes no bfloat16 there, so that it is not in test_conformance.py."""

from typing import Any

import jax.numpy as jnp
import keras
import numpy as np
import pytest

from neurona import layers
from neurona.errors import ArgumentError, DataError

SOUND = np.random.default_rng(0).normal(size=(2, 24, 2)).astype("float32")


@pytest.mark.parametrize(
    "options",
    [
        {"mode": "log"},
        {"frame_length": 6, "mode": "psd", "scaling": "spectrum", "expand_dims": True},
        {"mode": "stft", "padding": "same", "frame_step": 3, "periodic": True, "fft_length": 16},
        {"mode": "angle", "window": None, "scaling": None, "data_format": "channels_first"},
        {"mode": "imag", "expand_dims": True, "data_format": "channels_first"},
    ],
    ids=str,
)
def test_spectrograms_are_those_of_keras(options: dict[str, Any]) -> None:
    options = {"frame_length": 8, **options, "name": "layer"}
    x = np.swapaxes(SOUND, 1, 2) if "data_format" in options else SOUND
    mine, theirs = layers.STFTSpectrogram(**options), keras.layers.STFTSpectrogram(**options)
    np.testing.assert_allclose(mine(x), theirs(x), atol=2e-5, rtol=1e-4)
    assert mine.get_config() == theirs.get_config()
    assert [w.path for w in mine.weights] == [w.path for w in theirs.weights]


def test_what_is_wrong_is_told() -> None:
    with pytest.raises(ArgumentError, match="frame_step is from 1"):
        layers.STFTSpectrogram(frame_length=8, frame_step=9)
    with pytest.raises(ArgumentError, match="fft_length is at least"):
        layers.STFTSpectrogram(frame_length=8, fft_length=4)
    with pytest.raises(ArgumentError, match="sequence_length is at most"):
        layers.MelSpectrogram(fft_length=8, sequence_length=9)
    with pytest.raises(DataError, match="floating-point"):
        layers.STFTSpectrogram(frame_length=8)(jnp.ones((1, 16, 1), "int32"))
    with pytest.warns(UserWarning, match="powers of 2"):
        layers.STFTSpectrogram(frame_length=8, fft_length=12)
