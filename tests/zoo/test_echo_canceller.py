"""The echo canceller: a loop over the samples, least squares, double talk, WAV files, bad sounds."""

import numpy as np
import pytest

from neurona import zoo
from neurona.preprocessing.text_folder import read_wav
from neurona.zoo.echo_canceller import echo_path, enhancement, speech_like, write_wav

rng = np.random.default_rng(0)
FAR = rng.normal(size=500)
PATH = [0.5, -0.3, 0.2, 0.1]
LINE = np.convolve(FAR, PATH)[:500] + 0.01 * rng.normal(size=500)


def past(taps):
    return np.lib.stride_tricks.sliding_window_view(np.pad(FAR, (taps - 1, 0)), taps)[:, ::-1]


@pytest.mark.parametrize("rule", ["lms", "nlms"])
def test_a_loop_over_the_samples_leaves_the_same_sound(rule):
    w, left, floor = np.zeros(6), [], 0.01 * 6 * np.mean(np.pad(FAR, (0, 12)) ** 2)
    for x, t in zip(past(6), LINE, strict=True):
        e = t - w @ x
        w = w + (0.02 if rule == "lms" else 0.4 / (x @ x + floor)) * e * x
        left.append(e)
    network = zoo.EchoCanceller(6, rule, 0.02 if rule == "lms" else 0.4)
    np.testing.assert_allclose(network.cancel(FAR, LINE), left, atol=2e-4)
    np.testing.assert_allclose(network.response, w, atol=2e-3)  # silence after the end teaches nothing
    np.testing.assert_allclose(network.predict(FAR), past(6) @ network.response, atol=1e-4)


def test_recursive_least_squares_ends_at_least_squares():
    network = zoo.EchoCanceller(6, "rls").fit(FAR, LINE)
    np.testing.assert_allclose(network.response, np.linalg.lstsq(past(6), LINE)[0], atol=1e-3)


def test_learning_halts_while_both_talk():
    near = np.where(np.arange(500) >= 300, 5 * rng.normal(size=500), 0)
    watching = zoo.EchoCanceller(6, double_talk=1.3).fit(FAR, LINE + near)
    assert not watching.halted_[:300].any()
    assert watching.halted_[310:].all()
    kept = np.abs(watching.response[:4] - PATH).max()
    lost = np.abs(zoo.EchoCanceller(6).fit(FAR, LINE + near).response[:4] - PATH).max()
    assert 4 * kept < lost


def test_sound_comes_from_files_and_goes_into_one(tmp_path):
    far = speech_like(1.0, seed=1)
    line = np.convolve(far, echo_path(1))[: len(far)]
    for name, sound in (("far.wav", far), ("line.wav", line)):
        write_wav(tmp_path / name, sound, 8000)
    network = zoo.EchoCanceller(192)
    left = network.cancel(tmp_path / "far.wav", tmp_path / "line.wav", to_file=tmp_path / "left.wav")
    assert enhancement(line[4000:], left[4000:]) > 6
    np.testing.assert_allclose(read_wav(tmp_path / "left.wav")[:, 0], left, atol=1 / 32768)


def test_sounds_and_options_that_do_not_fit_are_refused(tmp_path):
    fit = zoo.EchoCanceller(4).fit
    (tmp_path / "text.wav").write_text("no sound")
    for far, line, said in (
        (FAR, LINE[:-1], "500 samples in X and 499 in y"),
        (FAR.reshape(250, 2), LINE, "X is one sound"),
        (np.zeros(500), LINE, "X is silent"),
        (FAR, np.where(LINE > 0, np.nan, LINE), "y holds NaN"),
        (tmp_path / "text.wav", LINE, "not a WAV file"),
    ):
        with pytest.raises(ValueError, match=said):
            fit(far, line)
    for options, said in (
        ({"rule": "kalman"}, "rule is 'nlms', 'lms' or 'rls'"),
        ({"taps": 0}, "taps is at least 1"),
        ({"rule": "lms", "learning_rate": 3.0}, "the weights grow without end"),
        ({"learning_rate": 2.0}, "between 0 and 2"),
    ):
        with pytest.raises(ValueError, match=said):
            zoo.EchoCanceller(**{"taps": 4, **options}).fit(FAR, LINE)
