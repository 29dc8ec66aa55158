"""Speech: labellings beside sums over all paths, digits beside their formants, sounds that are refused."""

import itertools
from typing import Any

import numpy as np
import pytest

from neurona import zoo
from neurona.layers import Masking
from neurona.models import Sequential

SOUNDS, TEXTS = zoo.spoken_digits(4, (1, 1), seed=3)


@pytest.fixture(scope="module")
def network():
    """A network of three labels that has learned little, so that many readings are likely."""
    return zoo.SpeechRecognizer(4, epochs=1, random_state=0).fit(SOUNDS[:3], ["ab", "ba", "bca"])


def labelling(path: Any) -> tuple[int, ...]:
    """What a path reads: repetitions merged, blanks dropped."""
    return tuple(label for label, _ in itertools.groupby(path) if label)


def all_readings(chances: np.ndarray) -> dict[tuple[int, ...], float]:
    """The probability of every labelling, as the sum over all paths."""
    found: dict[tuple[int, ...], float] = {}
    steps, classes = chances.shape
    for path in itertools.product(range(classes), repeat=steps):
        likely = float(np.prod(chances[np.arange(steps), path]))
        found[labelling(path)] = found.get(labelling(path), 0.0) + likely
    return found


def test_loss_and_readings_are_those_of_all_paths(network):
    sound = SOUNDS[0][2000:2640]  # of six steps
    chances = network.predict_proba([sound])[0]
    assert chances.shape == (6, 4)
    every = all_readings(chances)
    assert sum(every.values()) == pytest.approx(1, abs=1e-5)

    inputs = network._padded(network._decibels([sound]))
    for text in ("a", "ab", "bb", "cac", "aab", ""):
        labels = np.zeros((1, 4), "int32")  # padded with blanks
        labels[0, : len(text)] = ["abc".index(letter) + 1 for letter in text]
        loss = network.model_.evaluate(inputs, labels, verbose=0)
        assert np.exp(-loss) == pytest.approx(every[tuple(labels[0, : len(text)])], rel=1e-4)

    best = sorted(every.items(), key=lambda item: -item[1])[:5]
    for (text, likely), (labels, wanted) in zip(network.n_best([sound], 5, 100)[0], best, strict=True):
        assert text == "".join("abc"[label - 1] for label in labels)
        assert likely == pytest.approx(wanted, rel=1e-4)
    path = labelling(chances.argmax(axis=1))
    assert network.predict([sound]) == ["".join("abc"[label - 1] for label in path)]


def test_what_stands_beside_a_sound_changes_nothing(network):
    alone = [network.predict_proba([sound])[0] for sound in SOUNDS]
    for ours, theirs in zip(network.predict_proba(SOUNDS), alone, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-5)
    short, long = SOUNDS[0], np.pad(SOUNDS[1], (0, 9000))
    losses = []
    for rows in ([short], [short, long]):
        inputs = network._padded(network._decibels(rows))[:1]
        losses.append(network.model_.evaluate(inputs, np.array([[1, 2]]), verbose=0))
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)


def test_masked_steps_say_nothing():
    model = Sequential([Masking(), zoo.BlankPadding()])
    logits = np.array([[[1.0, 2.0], [0.0, 0.0]]], "float32")
    np.testing.assert_array_equal(model.predict(logits, verbose=0), [[[1, 2], [0, -1e5]]])
    np.testing.assert_array_equal(zoo.BlankPadding()(logits), logits)


def test_a_voice_is_loudest_at_the_formants():
    """The first vowel of ocho, in a low voice, whose harmonics are close."""
    formants = (480, 950)
    sound = zoo.speak_digits("8", pitch=40.0, speed=0.25)
    begin = int(np.flatnonzero(np.abs(sound) > 0.2)[0])
    piece = sound[begin + 1300 : begin + 2300] * np.hanning(1000)  # about its middle
    strength = np.abs(np.fft.rfft(piece, 8000))  # by Hz
    assert abs(int(np.argmax(strength[200:600])) + 200 - formants[0]) < 60
    above = strength * np.arange(len(strength))  # without the fall of the throat's own sound
    first, second = (above[f - 60 : f + 60].max() for f in formants)
    between = above[sum(formants) // 2 - 30 : sum(formants) // 2 + 30].max()
    assert min(first, second) > 1.2 * between


def test_a_fricative_is_noise_and_higher_than_a_vowel():
    sound = zoo.speak_digits("6", speed=0.5)  # seis
    loud = int(np.flatnonzero(np.abs(sound) > 0.05)[0])
    fricative = np.abs(np.fft.rfft(sound[loud : loud + 800], 8000))
    vowel_begin = int(np.flatnonzero(np.abs(sound) > 0.6)[0])
    vowel = np.abs(np.fft.rfft(sound[vowel_begin : vowel_begin + 800], 8000))
    assert np.argmax(fricative) > 2000 > np.argmax(vowel)


def test_the_same_seed_speaks_alike_and_noise_is_as_loud_as_asked():
    again = zoo.spoken_digits(4, (1, 1), seed=3)[0]
    for ours, theirs in zip(SOUNDS, again, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    noisy, texts = zoo.spoken_digits(3, (2, 2), (0, 0), seed=1)
    assert [len(text) for text in texts] == [2, 2, 2]
    for sound in noisy:
        silent = np.fft.rfft(sound[:400])  # before the voice there is noise alone
        assert np.abs(silent).std() > 0


def test_errors_are_the_fewest_edits():
    assert zoo.label_error_rate(["1234"], ["1234"]) == 0
    assert zoo.label_error_rate(["12", "34"], ["21", ""]) == 1  # two changes, two left out of four
    assert zoo.label_error_rate(["kitten"], ["sitting"]) == pytest.approx(3 / 6)  # Levenshtein's example


def test_sounds_and_texts_that_do_not_fit_are_refused(network):
    fit = zoo.SpeechRecognizer(epochs=1).fit
    with pytest.raises(ValueError, match="4 sounds in X and 3 texts in y"):
        fit(SOUNDS, TEXTS[:3])
    with pytest.raises(ValueError, match=r"Sound 1 has shape \(2, 3\)"):
        fit([SOUNDS[0], np.ones((2, 3))], ["1", "2"])
    with pytest.raises(ValueError, match="sound 0 of X holds NaN, first in row 1"):
        fit([np.array([0.0, np.nan])], ["1"])
    with pytest.raises(ValueError, match="y is a list of texts"):
        fit(SOUNDS, "1234")
    with pytest.raises(ValueError, match="X is a list of sounds, and holds none"):
        network.predict([])
    with pytest.raises(ValueError, match=r"sound 0 has 2 steps of 0.016 seconds, and its text '11' needs 3"):
        fit([SOUNDS[0][:200]], ["11"])
    with pytest.raises(ValueError, match=r"units is a whole number above 0. Received: units=0"):
        zoo.SpeechRecognizer(0).fit(SOUNDS, TEXTS)
    with pytest.raises(ValueError, match="the label 'z' of 'az' was in no text"):
        network._numbers(["az"])
    with pytest.raises(ValueError, match="has not learned yet"):
        zoo.SpeechRecognizer().predict(SOUNDS)
    with pytest.raises(ValueError, match=r"the text is of digits, 0 to 9. Received: '1a'"):
        zoo.speak_digits("1a")
    with pytest.raises(ValueError, match=r"speed is above 0. Received: speed=0"):
        zoo.speak_digits("1", speed=0)
