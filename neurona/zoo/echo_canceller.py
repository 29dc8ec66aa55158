"""The adaptive filter that takes the echo off a telephone line: the first work of adaptive neurons.

Where a line of two wires meets one of four, part of what the far speaker says comes back to him. An adaptive
linear neuron hears the last samples x of the far speaker, w x guesses the echo, and what is left of the sound
y on the line,

    e(n) = y(n) - w' x(n),     x(n) = (x(n), x(n - 1), ..., x(n - taps + 1)),

is both the error that it learns from and what the far speaker hears (Sondhi, An adaptive echo canceller, Bell
System Technical Journal 46, 1967). The weights become the impulse response of the echo's path. Three rules:

    lms      w += eta e x                              (Widrow and Hoff, 1960);
    nlms     w += eta e x / (|x|**2 + floor)           (Nagumo and Noda, 1967): speech is loud and soft;
    rls      recursive least squares (neurona/zoo/ridge.py), which converges fastest, at a cost of taps**2.

Recursive least squares counts all samples alike here. With a factor that forgets, the inverse matrix grows in
the many directions that speech does not excite, and 32 bits don't hold it (measured: 40 dB after 2 seconds,
and after 20 an echo made louder). The other two follow a path that changes.

Where the near speaker talks too, his voice is an error that no weight explains, and the filter forgets.
Geigel's detector (Duttweiler, A twelve-channel digital echo canceler, IEEE Transactions on Communications 26,
1978) halts learning where y is louder than half of the loudest of the last far samples, and for 30 ms after:
a path that loses 6 dB or more can't return that much.

The echo return loss enhancement is 10 log10(mean y**2 / mean e**2) dB, while the far speaker alone talks.
The filter is a causal convolution, so the learned model runs wherever a `Conv1D` does.
"""

import os
import wave
from pathlib import Path
from typing import Any, Self

import jax
import jax.numpy as jnp
import numpy as np

from neurona import Variable
from neurona.errors import ArgumentError, DataError
from neurona.layers import Conv1D, Input
from neurona.models import Model, Sequential
from neurona.plotting.figure import BLUE, GRAY, VERMILLION, finish, new_figure, plain_axes
from neurona.preprocessing.text_folder import read_wav
from neurona.training import Rule
from neurona.zoo import validation
from neurona.zoo.adaline import MISADJUSTMENT, check_normalized_rate, check_rate, least_mean_squares
from neurona.zoo.card import Card, Experiment, Outcome, Words
from neurona.zoo.estimator import Estimator
from neurona.zoo.ridge import recursive_least_squares

__all__ = ["EchoCanceller"]

_BLOCK = 64  # samples of a step
_HANGOVER = 240  # samples for which learning stays halted: 30 ms at 8,000 a second
_FLOOR = 0.01  # of the normalized rule, as a share of the mean energy of the samples that a filter hears
_RULES = ("lms", "nlms", "rls")
_RATE = 8000  # samples in a second of a telephone line


class FilterRule(Rule):
    """An adaptive filter: the last layer, a causal Conv1D of one channel, learns after each sample.

    A batch is one block of sound. Inputs are (1, block, 1), and targets (1, block, 2): the wanted sound, and
    the share of each sample's learning, which is 0 where it is halted.

    Args:
        kind: `"lms"`, `"nlms"` or `"rls"`.
        rate: eta.
        floor: what is added to |x|**2 by `"nlms"`; the ridge of `"rls"`.
        blocks: how many there are.

    Figures: `loss`, the mean squared error of each sample before it is learned.
    """

    figures = ("loss",)

    def __init__(self, kind: str, rate: float, floor: float, blocks: int) -> None:
        self.kind, self.rate, self.floor, self.blocks = kind, rate, floor, blocks

    def build(self, model: Any) -> None:
        """Make the past that a block continues, and room for the error of each sample of an epoch."""
        taps = model.layers[-1].kernel.shape[0]
        self.past = Variable(jnp.zeros(taps - 1), trainable=False, name="past")
        self.residual = Variable(jnp.zeros((self.blocks, _BLOCK)), trainable=False, name="residual")
        size = taps if self.kind == "rls" else 0
        self.inverse = Variable(jnp.eye(size) / self.floor, trainable=False, name="inverse")

    def begin_epoch(self, model: Any) -> None:
        self.past.assign(jnp.zeros(self.past.shape))

    def learn(self, model: Any, batch: Any, key: jax.Array, number: jax.Array) -> dict[str, jax.Array]:
        kernel = model.layers[-1].kernel
        taps, wanted, share = kernel.shape[0], batch.y[0, :, :1], batch.y[0, :, 1]
        sound = jnp.concatenate([self.past.value, batch.x[0, :, 0]])
        X = sound[jnp.arange(_BLOCK)[:, None] + jnp.arange(taps)]  # (block, taps), the newest sample last
        W = kernel.value[:, 0]
        if self.kind == "rls":
            W, P, errors = recursive_least_squares(
                W, self.inverse.value, X * share[:, None], wanted * share[:, None], 1.0
            )
            errors = jnp.where(share[:, None] > 0, errors, wanted - X @ W)
            self.inverse.assign(P)
        else:
            rates = self.rate * share
            if self.kind == "nlms":
                rates = rates / (jnp.sum(X**2, axis=1) + self.floor)
            W, errors = least_mean_squares(W, X, wanted, rates)
        kernel.assign(W[:, None])
        self.past.assign(sound[_BLOCK:])
        self.residual.assign(self.residual.value.at[number % self.blocks].set(errors[:, 0]))
        return {"loss": jnp.mean(errors**2)}


class EchoCanceller(Estimator):
    """An adaptive filter that learns to take away from a sound what follows from another.

    Sounds are arrays (samples,), or the paths of WAV files of one channel. It cancels echoes, and noise of
    which a second microphone hears the source; with the sound itself, delayed, as X it predicts it.

    Args:
        taps: how many samples of X the filter hears: as long as the echo's path.
        rule: `"nlms"`, `"lms"` or `"rls"`.
        learning_rate: eta. None takes 0.5 for `"nlms"`, and for `"lms"` 0.1 / trace R, which leaves a
            misadjustment of 5 %. `"rls"` has none.
        double_talk: learning halts where y is louder than this share of the loudest sample of X heard, and
            for 240 samples after; 0.5 where the path loses 6 dB. None never halts.
        epochs: how often the sound is gone through.

    Attributes:
        residual_: what was left of y as the filter learned, (samples,): the sound without the echo.
        halted_: where learning was halted, (samples,).
        learning_rate_: eta as it was taken; 0 for `"rls"`.
        model_, history_: as in `Estimator`.

    Example:

        >>> far = np.random.default_rng(0).normal(size=4000)
        >>> line = np.convolve(far, [0.0, 0.5, -0.2])[:4000]
        >>> learned = EchoCanceller(taps=4).fit(far, line).response
        >>> bool(np.abs(learned - [0.0, 0.5, -0.2, 0.0]).max() < 0.01)
        True
    """

    _batch_size = 1

    def __init__(
        self,
        taps: int = 128,
        rule: str = "nlms",
        learning_rate: float | None = None,
        double_talk: float | None = None,
        epochs: int = 1,
    ) -> None:
        self.taps = taps
        self.rule = rule
        self.learning_rate = learning_rate
        self.double_talk = double_talk
        self.epochs = epochs

    def _checked(self, X: Any, y: Any) -> tuple[np.ndarray, np.ndarray]:
        if self.rule not in _RULES:
            raise ArgumentError(
                f"EchoCanceller: rule is 'nlms', 'lms' or 'rls'. Received: rule={self.rule!r}"
            )
        if self.taps < 1:
            raise ArgumentError(f"EchoCanceller: taps is at least 1. Received: taps={self.taps}")
        x, wanted = _sound(X, "X"), _sound(y, "y")
        if len(x) != len(wanted):
            raise DataError(
                f"EchoCanceller: X and y are heard at the same times. Received {len(x)} samples in X and "
                f"{len(wanted)} in y."
            )
        if not x.any():
            raise DataError("EchoCanceller: X is silent: nothing can be learned from it.")
        self.halted_ = self._double_talk(x, wanted)
        self._samples = len(x)
        targets = np.stack([wanted, ~self.halted_], axis=1)
        return _blocks(x[:, None]), _blocks(targets)

    def _double_talk(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Where Geigel's detector halts learning."""
        if self.double_talk is None:
            return np.zeros(len(x), bool)
        talks = np.abs(y) > self.double_talk * _largest_of_last(np.abs(x), self.taps)
        return _largest_of_last(talks, _HANGOVER)

    def _model_for(self, X: np.ndarray, y: np.ndarray | None) -> Model:
        energy = self.taps * float(np.mean(X**2, dtype="float64"))
        self.learning_rate_, floor = 0.0, _FLOOR * energy
        if self.rule == "nlms":
            self.learning_rate_ = 0.5 if self.learning_rate is None else self.learning_rate
            check_normalized_rate("EchoCanceller", self.learning_rate_)
        elif self.rule == "lms":
            given = self.learning_rate
            self.learning_rate_ = 2 * MISADJUSTMENT / energy if given is None else given
            check_rate(
                "EchoCanceller", self.learning_rate_, energy, lambda: _correlation(X.ravel(), self.taps)
            )
        layer = Conv1D(1, self.taps, padding="causal", use_bias=False, kernel_initializer="zeros")
        self._rule = FilterRule(self.rule, self.learning_rate_, floor, len(X))
        model = Sequential([Input((None, 1)), layer])
        model.compile(rule=self._rule)
        return model

    def fit(self, X: Any, y: Any, **options: Any) -> Self:
        """Learn while hearing.

        Args:
            X: the far sound, (samples,) or the path of a WAV file.
            y: the sound on the line, with the echo, of the same length.
            options: further arguments of the model's `fit`.

        Raises:
            DataError: the sounds differ in length, hold NaN, or X is silent.
            ArgumentError: eta is so large that the weights would grow without end.
        """
        super().fit(X, y, shuffle=False, **options)
        self.residual_ = np.asarray(self._rule.residual.value).ravel()[: self._samples]
        return self

    def cancel(self, X: Any, y: Any, to_file: str | os.PathLike[str] | None = None) -> np.ndarray:
        """Learn while hearing, and return what is left of y: the sound without the echo.

        Args:
            X, y: as in `fit`.
            to_file: where to write it, as a WAV file of 16 bits, at the rate of y's file or 8,000 a second.
        """
        residual = self.fit(X, y).residual_
        if to_file is not None:
            write_wav(to_file, residual, _rate_of(y))
        return residual

    def predict(self, X: Any) -> np.ndarray:
        """The echo of a sound, by the weights as they are now, (samples,)."""
        validation.check_is_fitted(self)
        return np.asarray(self.model_.predict(_sound(X, "X")[None, :, None], verbose=0))[0, :, 0]

    @property
    def response(self) -> np.ndarray:
        """The impulse response of the filter, (taps,): the weight of the newest sample first."""
        return np.asarray(self.model_.get_weights()[0])[::-1, 0, 0]

    def plot(
        self,
        y: Any = None,
        path: Any = None,
        seconds: float | None = None,
        language: str | None = None,
        to_file: Any = None,
    ) -> Any:
        """Draw what is left of the sound as it learned, and the response that it learned.

        Args:
            y: the sound on the line, drawn behind.
            path: the true response, drawn behind.
            seconds: of a sample; by default 1 / 8000.
            language: `"en"`, `"es"`, or None for the user's.
            to_file: where to write the picture.

        Returns:
            A `matplotlib.figure.Figure`.
        """
        validation.check_is_fitted(self)
        second = seconds or 1 / _RATE
        figure = new_figure("plot", 9, 3.6, 120)
        line, weights = figure.subplots(1, 2, width_ratios=[3, 2])
        times = np.arange(len(self.residual_)) * second
        if y is not None:
            line.plot(times, _sound(y, "y"), color=GRAY, lw=0.4, label=Words("line", "línea").of(language))
        label = Words("without the echo", "sin el eco").of(language)
        line.plot(times, self.residual_, color=BLUE, lw=0.4, label=label)
        line.set_xlabel(Words("seconds", "segundos").of(language))
        line.legend(frameon=False, loc="lower right", bbox_to_anchor=(1, 0.98), ncols=2)
        if path is not None:
            label = Words("path of the echo", "camino del eco").of(language)
            weights.plot(np.arange(len(path)), path, color=GRAY, lw=3, label=label)
        label = Words("learned", "aprendido").of(language)
        weights.plot(np.arange(self.taps), self.response, color=VERMILLION, lw=1, label=label)
        weights.set_xlabel(Words("delay in samples", "retardo en muestras").of(language))
        weights.legend(frameon=False)
        for axes in (line, weights):
            plain_axes(axes)
        figure.suptitle(CARD.title.of(language))
        return finish(figure, to_file)


def _sound(values: Any, name: str) -> np.ndarray:
    """(samples,) of a sound or of the WAV file of one.

    Raises:
        DataError: several channels, or samples that are not finite.
    """
    array = read_wav(values) if isinstance(values, (str, os.PathLike)) else np.asarray(values, "float32")
    array = array[:, 0] if array.ndim == 2 and array.shape[1] == 1 else array
    if array.ndim != 1:
        raise DataError(
            f"EchoCanceller: {name} is one sound, (samples,). Received shape {array.shape}; of several "
            "channels take one, sound[:, 0]."
        )
    validation.check_finite("EchoCanceller", name, array)
    return array


def _blocks(values: np.ndarray) -> np.ndarray:
    """(blocks, samples of a block, channels), with silence after the end, from which nothing is learned."""
    filled = np.pad(values, ((0, -len(values) % _BLOCK), (0, 0)))
    return filled.reshape(-1, _BLOCK, values.shape[1]).astype("float32")


def _largest_of_last(values: np.ndarray, count: int) -> np.ndarray:
    """The largest of each value and the `count - 1` before it, by doubling windows."""
    largest, width = values, 1
    while width < count:
        step = min(width, count - width)
        before = np.concatenate([np.zeros(step, values.dtype), largest[:-step]])[: len(values)]
        largest, width = np.maximum(largest, before), width + step
    return largest


def _correlation(sound: np.ndarray, taps: int) -> np.ndarray:
    """R of the last samples of a sound, (taps, taps)."""
    power = np.abs(np.fft.rfft(sound, 2 * len(sound))) ** 2
    lags = np.fft.irfft(power)[:taps] / len(sound)
    lags = np.pad(lags, (0, taps - len(lags)))
    return lags[np.abs(np.arange(taps)[:, None] - np.arange(taps))]


def write_wav(path: str | os.PathLike[str], sound: np.ndarray, rate: int = _RATE) -> None:
    """Write (samples,) from -1 to 1 as a WAV file of 16 bits and one channel; louder samples are clipped."""
    samples = np.clip(np.round(np.asarray(sound) * 32768), -32768, 32767).astype("<i2")
    with wave.open(os.fspath(path), "wb") as file:
        file.setparams((1, 2, rate, len(samples), "NONE", "not compressed"))
        file.writeframes(samples.tobytes())


def _rate_of(sound: Any) -> int:
    """The samples in a second of a file; of an array, a telephone's."""
    if not isinstance(sound, (str, os.PathLike)):
        return _RATE
    with wave.open(os.fspath(Path(sound)), "rb") as file:
        return file.getframerate()


def enhancement(line: np.ndarray, residual: np.ndarray) -> float:
    """The echo return loss enhancement, 10 log10(mean line**2 / mean residual**2), in dB.

    Example:

        >>> enhancement(np.array([1.0, -1.0]), np.array([0.1, 0.1])).round(6).item()
        20.0
    """
    return 10 * np.log10(
        np.mean(np.square(line, dtype="float64")) / np.mean(np.square(residual, dtype="float64"))
    )


def speech_like(seconds: float, seed: int = 0) -> np.ndarray:
    """A sound like speech, 8,000 samples a second and at most 1: syllables of pulses and of noise, through
    resonances that change from one to the next, with pauses between.

    Example:

        >>> speech_like(0.5).shape
        (4000,)
    """
    rng, pieces, length = np.random.default_rng(seed), [np.zeros(0)], round(seconds * _RATE)
    times = np.arange(400) / _RATE
    while sum(map(len, pieces)) < length:
        size = int(rng.uniform(0.08, 0.35) * _RATE)
        source = 0.1 * rng.normal(size=size)
        if rng.random() < 0.75:  # voiced: a pulse for each period of 80 to 220 a second
            source = 0.02 * rng.normal(size=size)
            source[:: int(_RATE / rng.uniform(80, 220))] += 1
        for low, high in ((250, 900), (900, 2300), (2300, 3400)):
            frequency, width = rng.uniform(low, high), rng.uniform(60, 200)
            resonance = np.exp(-np.pi * width * times) * np.cos(2 * np.pi * frequency * times)
            source = source + 0.5 * np.convolve(source, resonance)[:size]
        loud = np.hanning(size) ** 0.5 * rng.uniform(0.2, 1.0)
        pieces += [loud * source / np.abs(source).max()]
        pieces += [np.zeros(int(rng.choice([0.02, 0.1, 0.4], p=[0.7, 0.2, 0.1]) * _RATE))]
    return np.concatenate(pieces)[:length]


def echo_path(seed: int = 0, loss: float = 10.0, delay: int = 40, taps: int = 160) -> np.ndarray:
    """An impulse response like those by which echo cancellers are tested (ITU-T G.168): after a delay some
    milliseconds of a ringing within the band of a telephone, whose energy is below 1 by a loss in dB.
    """
    rng, n = np.random.default_rng(seed), np.arange(taps - delay)
    ringing = sum(
        rng.normal()
        * np.exp(-n / rng.uniform(8, 20))
        * np.cos(2 * np.pi * n * rng.uniform(300, 3300) / _RATE + p)
        for p in rng.uniform(0, 2 * np.pi, 8)
    )
    rise = 1 - np.exp(-n / 3)
    path = np.concatenate([np.zeros(delay), ringing * rise])
    return path * 10 ** (-loss / 20) / np.linalg.norm(path)


def _telephone_line(seed: int = 0, quick: bool = False) -> Outcome:
    """20 seconds of a far speaker alone, and then 5 of both."""
    alone, both = (6 * _RATE, 0) if quick else (20 * _RATE, 5 * _RATE)
    taps, found, shown, canceller = 256, [], {}, EchoCanceller()
    details: dict[Words, list[float]] = {}
    for run in range(seed, seed + (1 if quick else 5)):
        far, path = speech_like((alone + both) / _RATE, run), echo_path(run)
        echo = np.convolve(far, path)[: len(far)]
        noise = np.random.default_rng(run).normal(size=len(far)) * np.sqrt(np.mean(echo**2)) / 100  # -40 dB
        near = np.concatenate([np.zeros(alone), speech_like(both / _RATE, run + 1000)])
        line, judged = echo + noise + near, slice(alone * 3 // 4, alone)
        canceller = EchoCanceller(taps)
        shown = {"y": line, "path": path}
        found.append(enhancement(echo[judged], (canceller.fit(far, line).residual_ - near)[judged]))
        if quick:
            break
        others = {
            Words("dB with lms", "dB con lms"): (EchoCanceller(taps, "lms"), judged),
            Words("dB with rls", "dB con rls"): (EchoCanceller(taps, "rls"), judged),
            Words("dB while both talk", "dB mientras hablan ambos"): (canceller, slice(alone, None)),
            Words(
                "dB while both talk, with Geigel's detector",
                "dB mientras hablan ambos, con el detector de Geigel",
            ): (
                EchoCanceller(taps, double_talk=0.5),
                slice(alone, None),
            ),
        }
        for words, (network, where) in others.items():
            left = network.fit(far, line).residual_ - near
            details.setdefault(words, []).append(enhancement(echo[where], left[where]))
    spread = {Words("spread over runs, dB", "dispersión entre pruebas, dB"): float(np.std(found))}
    means = {words: float(np.mean(values)) for words, values in details.items()}
    return Outcome(float(np.mean(found)), canceller, spread | means, shown)


_TELEPHONE = "Telephone practice: 20 dB within half a second to some seconds"
CARD = Card(
    title=Words("Adaptive echo canceller", "Cancelador de eco adaptativo"),
    year=1967,
    paper="Sondhi, An adaptive echo canceller, 1967",
    family="neurons",
    cells=("input", "output"),
    summary=Words(
        "A linear neuron hears the far speaker, learns the path of the echo, and takes the echo away.",
        "Una neurona lineal oye al interlocutor lejano, aprende el camino del eco y lo quita de la línea.",
    ),
    network=EchoCanceller,
    experiment=Experiment(
        task=Words(
            "speech-like sound through five echo paths of 20 ms, noise 40 dB below; nlms of 256 taps",
            "sonido parecido al habla por cinco caminos de eco de 20 ms, ruido 40 dB por debajo; nlms de 256 "
            "coeficientes",
        ),
        measure=Words(
            "echo return loss enhancement in the last 5 of 20 seconds, dB",
            "atenuación adicional del eco en los últimos 5 de 20 segundos, dB",
        ),
        target=20.0,
        source=Words("this project's bar for Widrow's first use", "listón de este proyecto"),
        run=_telephone_line,
        quick_target=15.0,
    ),
)
