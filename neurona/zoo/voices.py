"""Spoken digits made here: a voice of harmonics and a noise of the tongue, formed by a mouth that moves.

A vowel is what the throat makes, a tone of frequency f0 and its multiples, through the resonances of the
mouth, the formants (Fant, Acoustic theory of speech production, 1960; Klatt, Software for a
cascade/parallel formant synthesizer, 1980). A multiple of frequency f sounds as strong as

    1/f times the product over formants of F^2 / sqrt((F^2 - f^2)^2 + (f B)^2),

with F their frequencies and B their widths. Two of them tell the vowels apart: the lower the tongue the
higher the first, the further in front the higher the second. A fricative is noise in a band, a stop is
silence and a burst. From sound to sound the formants glide. The words are Spanish: cero, uno, dos, tres,
cuatro, cinco, seis, siete, ocho, nueve.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from neurona.errors import ArgumentError, DataError

__all__ = ["SAMPLING_RATE", "speak_digits", "spoken_digits"]

SAMPLING_RATE = 8000  # samples a second
_FRAME = 40  # samples, between which formants and strengths are straight lines
_FIXED = 3400.0  # Hz, a formant of all sounds
_FALL = 0.15  # how much the voice sinks along an utterance


class _Sound(NamedTuple):
    """Formants in Hz, strength of the voice, seconds; the band of the noise in Hz, and its strength."""

    formants: tuple[float, float, float]
    voice: float
    seconds: float
    band: tuple[float, float] | None = None
    noise: float = 0.0


# Formants are about those of a man; "|" is the silence of a stop, a letter after it the burst.
_SOUNDS = {
    "i": _Sound((290, 2250, 2900), 1.0, 0.10),
    "e": _Sound((450, 1900, 2550), 1.0, 0.11),
    "a": _Sound((720, 1350, 2450), 1.0, 0.12),
    "o": _Sound((480, 950, 2450), 1.0, 0.11),
    "u": _Sound((310, 700, 2300), 1.0, 0.10),
    "j": _Sound((290, 2250, 2900), 0.8, 0.05),
    "w": _Sound((310, 700, 2300), 0.8, 0.05),
    "n": _Sound((280, 1500, 2500), 0.35, 0.07),
    "r": _Sound((400, 1400, 2400), 0.30, 0.03),
    "b": _Sound((280, 1000, 2300), 0.30, 0.05),
    "d": _Sound((260, 1700, 2600), 0.20, 0.04),
    "s": _Sound((400, 1600, 2600), 0.0, 0.11, (2600, 3900), 0.25),
    "|": _Sound((350, 1500, 2500), 0.0, 0.045),
    "t": _Sound((350, 1750, 2650), 0.0, 0.020, (2000, 3600), 0.35),
    "k": _Sound((350, 1500, 2200), 0.0, 0.025, (1000, 2000), 0.35),
    "c": _Sound((350, 1900, 2600), 0.0, 0.070, (1600, 3200), 0.30),  # of ocho, after a stop
    " ": _Sound((400, 1500, 2500), 0.0, 0.08),
}
_WORDS = ("sero", "uno", "dos", "|tres", "|kwa|tro", "sin|ko", "seis", "sje|te", "o|co", "nwebe")


def speak_digits(
    text: str, pitch: float = 120.0, tract: float = 1.0, speed: float = 1.0, seed: int = 0
) -> np.ndarray:
    """The sound of digits that are read out in Spanish.

    Args:
        text: of digits.
        pitch: of the voice at first, in Hz; it sinks.
        tract: how many times as high the formants are as those of a man: a shorter mouth has higher ones.
        speed: how many times as fast.
        seed: of the durations and the noises.

    Shapes: -> (samples,), 8,000 a second, of at most 1.

    Raises:
        DataError: the text holds something else, or nothing.
        ArgumentError: a number is not above 0.

    Source: Klatt, Software for a cascade/parallel formant synthesizer, 1980.

    Example:

        >>> sound = speak_digits("305", speed=1.5)
        >>> 0.5 < len(sound) / SAMPLING_RATE < 2, float(abs(sound).max().round(3))
        (True, 1.0)
    """
    if not text or not set(text) <= set("0123456789"):
        raise DataError(f"speak_digits: the text is of digits, 0 to 9. Received: {text!r:.60}")
    for name, value in {"pitch": pitch, "tract": tract, "speed": speed}.items():
        if not value > 0:
            raise ArgumentError(f"speak_digits: {name} is above 0. Received: {name}={value!r}")
    generator = np.random.default_rng(seed)
    words = [_WORDS[int(digit)] for digit in text]
    sounds = [_SOUNDS[letter] for letter in " " + " ".join(words) + " "]
    seconds = np.array([sound.seconds for sound in sounds]) * generator.lognormal(0, 0.12, len(sounds))
    spaces = np.array([sound is _SOUNDS[" "] for sound in sounds])
    seconds[spaces] *= generator.uniform(0.1, 2.0, spaces.sum())  # words may run into each other
    frames = np.maximum(1, np.round(seconds / speed * SAMPLING_RATE / _FRAME)).astype(int)
    spoken = _voice(sounds, frames, pitch, tract, generator) + _noise(sounds, frames, generator)
    return (spoken / np.abs(spoken).max()).astype("float32")


def _voice(
    sounds: Sequence[_Sound], frames: np.ndarray, pitch: float, tract: float, generator: np.random.Generator
) -> np.ndarray:
    """The harmonics of the throat, each as strong as the mouth lets it be."""
    count = int(frames.sum())
    times = np.arange(count + 1)
    middles = np.cumsum(frames) - frames / 2
    formants = [
        tract * np.interp(times, middles, [sound.formants[place] for sound in sounds]) for place in range(3)
    ]
    formants.append(np.full(count + 1, tract * _FIXED))
    wave = 0.02 * np.sin(2 * np.pi * (times / generator.uniform(30, 60) + generator.random()))
    tone = pitch * (1 - _FALL * times / count + wave)  # f0 of each frame
    harmonics = np.arange(1, int(SAMPLING_RATE / 2 / tone.min()) + 1)
    f = tone[:, None] * harmonics
    strength = np.where(f < 0.48 * SAMPLING_RATE, 100 / f, 0)
    for formant in formants:
        F, width = formant[:, None], 50 + formant[:, None] / 15
        strength = strength * F**2 / np.sqrt((F**2 - f**2) ** 2 + (f * width) ** 2)
    strength *= _smooth(np.repeat([sound.voice for sound in sounds], frames), count + 1)[:, None]
    phase = 2 * np.pi * np.cumsum(_between(tone[:, None])[:, 0]) / SAMPLING_RATE
    return np.sum(_between(strength) * np.sin(phase[:, None] * harmonics), axis=1)


def _noise(sounds: Sequence[_Sound], frames: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """White noise in the bands of the fricatives and bursts, while they last."""
    count = int(frames.sum())
    total = np.zeros(count * _FRAME)
    frequencies = np.fft.rfftfreq(len(total), 1 / SAMPLING_RATE)
    for band in sorted({sound.band for sound in sounds if sound.band}):
        strength = [sound.noise if sound.band == band else 0.0 for sound in sounds]
        middle, width = np.mean(band), (band[1] - band[0]) / 2
        spectrum = np.fft.rfft(generator.normal(size=len(total)))
        spectrum *= np.exp(-0.5 * ((frequencies - middle) / width) ** 2)
        shape = _between(_smooth(np.repeat(strength, frames), count + 1)[:, None])[:, 0]
        total += shape * np.fft.irfft(spectrum, len(total))
    return total


def _smooth(steps: np.ndarray, count: int) -> np.ndarray:
    """Strengths of frames, (count,), that rise and fall over three frames instead of jumping."""
    return np.convolve(np.pad(steps, (1, count - len(steps) + 1), "edge"), [0.25, 0.5, 0.25], "valid")


def _between(values: np.ndarray) -> np.ndarray:
    """(frames + 1, columns) -> (frames * samples, columns): straight lines from frame to frame."""
    part = (np.arange(_FRAME) / _FRAME)[None, :, None]
    lines = values[:-1, None] * (1 - part) + values[1:, None] * part
    return lines.reshape(-1, values.shape[1])


def spoken_digits(
    utterances: int, digits: tuple[int, int] = (1, 5), noise: tuple[float, float] = (10, 30), seed: int = 0
) -> tuple[list[np.ndarray], list[str]]:
    """Random digits, each utterance by another voice, in noise.

    A voice has a pitch of 85 to 255 Hz, formants up to a fifth higher the higher it is, and a speed of .8 to
    1.3.

    Args:
        utterances: how many.
        digits: the fewest and the most of an utterance.
        noise: how many decibels the voice is above white noise, at least and at most.
        seed: of all that is random.

    Returns:
        The sounds, each (samples,), and their texts.

    Example:

        >>> sounds, texts = spoken_digits(2, (3, 3), seed=1)
        >>> [len(text) for text in texts]
        [3, 3]
    """
    generator = np.random.default_rng(seed)
    sounds, texts = [], []
    for _ in range(utterances):
        text = "".join(map(str, generator.integers(0, 10, generator.integers(digits[0], digits[1] + 1))))
        pitch = 85 * 3 ** generator.random()
        tract = 0.95 + 0.18 * np.log(pitch / 85) + generator.normal(0, 0.03)
        sound = speak_digits(text, pitch, tract, generator.uniform(0.8, 1.3), int(generator.integers(2**31)))
        loudness = np.sqrt(np.mean(sound**2)) * 10 ** (-generator.uniform(*noise) / 20)
        sound = sound + loudness * generator.normal(size=len(sound))
        sounds.append((generator.uniform(0.3, 1) * sound).astype("float32"))
        texts.append(text)
    return sounds, texts
