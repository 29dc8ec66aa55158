"""tf.signal and tf.audio: TensorFlow's numbers."""

import numpy as np
import pytest

from neurona.core.errors import ArgumentError
from neurona.legacy.tensorflow import audio, signal
from neurona.legacy.tensorflow.errors import InvalidArgumentError
from neurona.legacy.tensorflow.hosts import tensor

from .truth import TRUTH, check

X = TRUTH["signal/x"]  # (2, 50)
STFT = TRUTH["signal/stft"]
MDCT = TRUTH["signal/mdct"]
CASES = {
    "stft": lambda: signal.stft(X, 16, 4),
    "stft_pad": lambda: signal.stft(X, 16, 4, fft_length=20, pad_end=True),
    "istft": lambda: signal.inverse_stft(STFT, 16, 4),
    "istft_w": lambda: signal.inverse_stft(STFT, 16, 4, window_fn=signal.inverse_stft_window_fn(4)),
    "frame_pad": lambda: signal.frame(X, 10, 4, pad_end=True, pad_value=9),
    "frame_ax": lambda: signal.frame(X.T, 10, 4, axis=0),
    "oa": lambda: signal.overlap_and_add(TRUTH["signal/frame"], 4),
    "hann": lambda: signal.hann_window(8),
    "hann_np": lambda: signal.hann_window(8, periodic=False),
    "hamming": lambda: signal.hamming_window(7),
    "kaiser": lambda: signal.kaiser_window(8, 12.0),
    "vorbis": lambda: signal.vorbis_window(8),
    "kbd": lambda: signal.kaiser_bessel_derived_window(8),
    "mel": lambda: signal.linear_to_mel_weight_matrix(10, 17, 8000, 80.0, 3800.0),
    "dct1": lambda: signal.dct(X, type=1),
    "dct2": lambda: signal.dct(X),
    "dct3": lambda: signal.dct(X, type=3),
    "dct4": lambda: signal.dct(X, type=4),
    "dct2o": lambda: signal.dct(X, norm="ortho"),
    "dct2n": lambda: signal.dct(X, n=20),
    "idct2": lambda: signal.idct(X),
    "idct2o": lambda: signal.idct(X, norm="ortho"),
    "mfcc": lambda: signal.mfccs_from_log_mel_spectrograms(X[:, :10]),
    "mdct": lambda: signal.mdct(X, 8),
    "imdct": lambda: signal.inverse_mdct(MDCT),
    "fft": lambda: signal.fft(X.astype(np.complex64)),
    "rfftn": lambda: signal.rfft(X, [32]),
    "irfftn": lambda: signal.irfft(TRUTH["signal/rfft"], [40]),
    "rfft2": lambda: signal.rfft2d(X),
    "fftshift": lambda: signal.fftshift(X, axes=1),
}


@pytest.mark.parametrize("name", CASES)
def test_numbers_are_tensorflows(name):
    check(f"signal/{name}", CASES[name]())


def test_mel_edges_are_checked():
    with pytest.raises(ArgumentError, match="lower_edge_hertz < upper_edge_hertz"):
        signal.linear_to_mel_weight_matrix(10, 17, 8000, 80.0, 8000.0)


WAV = (
    b"RIFF,\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00@\x1f\x00\x00\x80>\x00\x00\x02\x00\x10\x00data"
    b"\x08\x00\x00\x00\x00\x00\x00@\x00\xc0\xff\x7f"
)


def test_wav_files_are_tensorflows():
    assert audio.encode_wav(np.array([[0.0], [0.5], [-0.5], [1.0]], np.float32), 8000).numpy() == WAV
    samples, rate = audio.decode_wav(tensor(WAV))
    np.testing.assert_allclose(samples.numpy().ravel(), [0, 0.5, -0.5, 0.9999695], rtol=1e-6)
    assert int(rate) == 8000
    assert audio.decode_wav(tensor(WAV), desired_channels=2, desired_samples=6).audio.shape == (6, 2)
    with pytest.raises(InvalidArgumentError, match="no WAV file"):
        audio.decode_wav(tensor(b"nothing"))
    with pytest.raises(InvalidArgumentError, match="cut off"):
        audio.decode_wav(tensor(WAV[:36]))
