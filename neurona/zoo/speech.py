"""Connectionist temporal classification: a network reads out a sound, and learns without being told when.

Graves, Fernández, Gomez and Schmidhuber (Connectionist temporal classification: labelling unsegmented
sequence data with recurrent neural networks, 2006). A recurrent network that listens in both directions
gives at each step t the probability y(k, t) of each label k, and of a blank: no label here. A path names
one of them at each step, and its probability is the product of theirs. B makes a labelling of a path: it
merges repetitions and drops blanks, so that B(a a - b b) = B(- a b - -) = a b, and a a needs a blank
between. Many paths read the same, so

    p(l | x) = sum over the paths pi with B(pi) = l of product over t of y(pi(t), t),

and what is learned is to lower -ln p(l | x) of the right labelling. The sum has more terms than can be
listed, but goes by parts. With l' the labelling with blanks around all labels, let alpha(s, t) be the
probability of all paths that have read the first s places of l' after t steps; then

    alpha(s, t) = y(l'(s), t) (alpha(s, t-1) + alpha(s-1, t-1) + alpha(s-2, t-1)),

the last term only where l'(s) is no blank, and another label than l'(s-2). The network learns to be silent,
and to say each label in a spike of a step or two, somewhere in its sound: the picture shows it.

Reading is a search for the likeliest labelling. The best path, the likeliest label of each step, is a
guess; a beam search adds up the paths of the likeliest beginnings (in the paper, a prefix search does it
exactly). Errors are counted by the fewest labels to put in, take out or change, over the number of labels.

The sounds are Spanish digits in many voices, made in `voices`; what is seen of them is a spectrogram: the
decibels of bands as wide as the ear's, over time.

Deviations. Adam with a rate that falls along half a cosine learns from batches, where the paper uses
momentum from single sequences. The cell has no peephole connections. The paper's own data, TIMIT, is not
free.
"""

import functools
import itertools
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from neurona import ops
from neurona.errors import ArgumentError, DataError
from neurona.layers import LSTM, Bidirectional, Dense, Input, Layer, Masking, MelSpectrogram
from neurona.losses import CTC
from neurona.models import Model, Sequential
from neurona.optimizers import Adam
from neurona.optimizers.schedules import CosineDecay
from neurona.plotting.figure import GRAY, finish, new_figure, plain_axes
from neurona.zoo import validation
from neurona.zoo.card import Card, Experiment, Outcome, Words
from neurona.zoo.estimator import Estimator
from neurona.zoo.pictures import COLOURS
from neurona.zoo.voices import SAMPLING_RATE, spoken_digits

__all__ = ["BlankPadding", "SpeechRecognizer", "label_error_rate"]

_BLANK = 0
_NEVER = -1e5  # a logit of no probability; finite, so that gradients are
_WINDOW, _STEP = 0.032, 0.016  # seconds of sound that a step sees, and between steps
_LOWEST = 60.0  # Hz
_DYNAMIC = 60.0  # decibels below the loudest, below which all is silence
_ROUNDED = 8000  # samples: sounds of few lengths, so that few programs are compiled
_AT_ONCE = 64  # sounds of a batch of spectrograms
_SPOKEN = 0.3  # the probability from which a label of a plot is named


class BlankPadding(Layer):
    """Logits of masked steps become those of a certain blank, which adds nothing to any labelling.

    Shapes: logits (batch, time, classes), with a mask (batch, time) -> the same, without the mask. Class 0 is
        the blank.

    Example:

        >>> logits, mask = jnp.ones((1, 2, 2)), jnp.array([[True, False]])
        >>> jax.nn.softmax(BlankPadding()(logits, mask=mask)).tolist()
        [[[0.5, 0.5], [1.0, 0.0]]]
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)

    def call(self, logits: jax.Array, mask: Any = None) -> jax.Array:
        if mask is None:
            return logits
        blank = jnp.where(jnp.arange(logits.shape[-1]) == _BLANK, 0, _NEVER).astype(logits.dtype)
        return jnp.where(mask[..., None], logits, blank)


class SpeechRecognizer(Estimator):
    """Reads out sounds: a spectrogram, long short-term memory in both directions, and a softmax over labels.

    `fit(X, y)` takes a list of sounds, arrays (samples,), and a list of texts, whose letters are the labels.

    Args:
        units: memory cells of each direction.
        bands: of the spectrogram.
        sampling_rate: samples of a second of sound.
        learning_rate: of Adam, at first; it falls to 0 as half a cosine does.
        epochs: how often the sounds are gone through.
        batch_size: sounds of a step.
        random_state: an integer for the same numbers at every call.

    Attributes:
        symbols_: the labels, sorted.
        mean_, spread_: of the decibels of each band.
        model_, history_: as in `Estimator`. The model takes spectrograms.

    Raises:
        ArgumentError: a size is no whole number above 0.
        DataError: sounds and texts do not fit each other, or a sound is too short for its text.

    Source: Graves et al., Connectionist temporal classification, 2006.

    Example:

        >>> from neurona.zoo import speak_digits
        >>> texts = ["1", "8", "18"]
        >>> sounds = [speak_digits(text) for text in texts]
        >>> network = SpeechRecognizer(16, learning_rate=0.03, epochs=150, random_state=0).fit(sounds, texts)
        >>> network.predict(sounds)
        ['1', '8', '18']
    """

    def __init__(
        self,
        units: int = 64,
        bands: int = 26,
        sampling_rate: int = SAMPLING_RATE,
        learning_rate: float = 0.02,
        epochs: int = 12,
        batch_size: int = 16,
        random_state: int | None = None,
    ) -> None:
        self.units = units
        self.bands = bands
        self.sampling_rate = sampling_rate
        self.learning_rate = learning_rate
        self.epochs = epochs
        self.batch_size = batch_size
        self.random_state = random_state

    def _checked(self, X: Any, y: Any) -> tuple[np.ndarray, np.ndarray]:
        for name in ("units", "bands", "sampling_rate", "batch_size"):
            size = getattr(self, name)
            if not (isinstance(size, int | np.integer) and size > 0):
                raise ArgumentError(
                    f"SpeechRecognizer: {name} is a whole number above 0. Received: {name}={size!r}"
                )
        sounds, texts = _sounds(X), _texts(y)
        if len(sounds) != len(texts):
            raise DataError(
                f"SpeechRecognizer: each sound has a text. Received {len(sounds)} sounds in X and "
                f"{len(texts)} texts in y."
            )
        self.symbols_ = sorted(set("".join(texts)))
        rows = self._decibels(sounds)
        _check_lengths(rows, texts)
        every = np.concatenate(rows).astype("float64")
        self.mean_, spread = every.mean(axis=0), every.std(axis=0)
        self.spread_ = np.where(spread > 0, spread, 1.0)
        self._batch_size = min(self.batch_size, len(rows))
        return self._padded(rows), self._numbers(texts)

    def _numbers(self, texts: Sequence[str]) -> np.ndarray:
        """The numbers of labels, from 1, padded with the blank.

        Raises:
            DataError: there is no such label.
        """
        numbers = {symbol: number for number, symbol in enumerate(self.symbols_, _BLANK + 1)}
        found = np.full((len(texts), max(1, *map(len, texts))), _BLANK, "int32")
        for row, text in zip(found, texts):
            unknown = next((symbol for symbol in text if symbol not in numbers), None)
            if unknown is not None:
                raise DataError(
                    f"SpeechRecognizer: the label {unknown!r} of {text[:60]!r} was in no text that it "
                    "learned from."
                )
            row[: len(text)] = [numbers[symbol] for symbol in text]
        return found

    def _decibels(self, sounds: Sequence[np.ndarray]) -> list[np.ndarray]:
        """The spectrogram of each sound, (steps, bands)."""
        layer, program = _spectrogram(self.sampling_rate, self.bands)
        stride = layer.sequence_stride
        longest = max(map(len, sounds)) + layer.fft_length
        width = -(-longest // _ROUNDED) * _ROUNDED
        rows = []
        for begin in range(0, len(sounds), _AT_ONCE):
            some = sounds[begin : begin + _AT_ONCE]
            batch = np.zeros((1 << (len(some) - 1).bit_length(), width), "float32")
            for row, sound in zip(batch, some):
                row[: len(sound)] = sound
            found = np.swapaxes(np.asarray(program(batch)), 1, 2)
            rows += [np.asarray(row[: 1 + len(sound) // stride]) for row, sound in zip(found, some)]
        return [np.maximum(row, row.max() - _DYNAMIC) for row in rows]

    def _padded(self, rows: Sequence[np.ndarray]) -> np.ndarray:
        """Spectrograms of mean 0 and spread 1, (sounds, steps, bands), followed by zeros."""
        array = np.zeros((len(rows), max(map(len, rows)), self.bands), "float32")
        for place, row in zip(array, rows):
            place[: len(row)] = (row - self.mean_) / self.spread_
        return array

    def _model_for(self, X: np.ndarray, y: np.ndarray | None) -> Model:
        layers = [
            Input((None, self.bands)),
            Masking(),
            Bidirectional(LSTM(self.units, return_sequences=True)),
            Dense(len(self.symbols_) + 1),
            BlankPadding(),
        ]
        model = Sequential(layers)
        model.compile(Adam(self.learning_rate, global_clipnorm=5.0), CTC())
        return model

    def _schedule(self, steps: int) -> CosineDecay:
        return CosineDecay(self.learning_rate, steps)

    def _logits(self, X: Any) -> tuple[np.ndarray, np.ndarray]:
        """The logits of sounds, (sounds, steps, classes), and how many steps count."""
        validation.check_is_fitted(self)
        rows = self._decibels(_sounds(X))
        return self._outputs(self._padded(rows)), np.array([len(row) for row in rows], "int32")

    def predict(self, X: Any, beam_width: int | None = None) -> list[str]:
        """The texts of sounds.

        Args:
            X: sounds, arrays (samples,).
            beam_width: how many beginnings a beam search keeps; None takes the best path.

        Raises:
            NotFittedError: it has not learned.
            DataError: a sound is no array (samples,) of finite numbers.
        """
        return [texts[0] for texts in self._readings(X, beam_width, 1)[0]]

    def n_best(self, X: Any, readings: int = 3, beam_width: int = 25) -> list[list[tuple[str, float]]]:
        """The likeliest texts of each sound with their probabilities, by a beam search."""
        texts, chances = self._readings(X, beam_width, readings)
        return [list(zip(some, np.exp(logs).astype(float).tolist())) for some, logs in zip(texts, chances)]

    def _readings(self, X: Any, width: int | None, readings: int) -> tuple[list[list[str]], np.ndarray]:
        logits, lengths = self._logits(X)
        found, chances = _decoded(logits, lengths, width, readings)
        named = [
            ["".join(self.symbols_[number - 1] for number in row if number > _BLANK) for row in rows]
            for rows in np.swapaxes(np.asarray(found), 0, 1)
        ]
        return named, np.asarray(chances)

    def score(self, X: Any, y: Any) -> float:
        """1 - the label error rate of the best paths."""
        return 1 - label_error_rate(y, self.predict(X))

    def predict_proba(self, X: Any) -> list[np.ndarray]:
        """The probabilities of each sound's steps, (steps, 1 + labels); the first is that of the blank."""
        logits, lengths = self._logits(X)
        return [np.asarray(jax.nn.softmax(row[:size])) for row, size in zip(logits, lengths)]

    def plot(self, x: Any, language: str | None = None, to_file: Any = None) -> Any:
        """Draw the spectrogram of a sound, and when the network says which label.

        Args:
            x: a sound, (samples,).
            language: `"en"`, `"es"`, or None for the user's.
            to_file: where to write the picture.

        Returns:
            A `matplotlib.figure.Figure`.
        """
        chances = self.predict_proba([x])[0]
        text = self.predict([x])[0]
        decibels = self._decibels(_sounds([x]))[0]
        figure = new_figure("plot", 9, 5.2, 120)
        above, below = figure.subplots(2, 1, sharex=True, height_ratios=(3, 2))
        end = len(decibels) * _STEP
        above.imshow(decibels.T, aspect="auto", origin="lower", cmap="magma", extent=(0, end, 0, self.bands))
        above.set_ylabel(Words("band of frequencies", "banda de frecuencias").of(language))
        said = Words("is read as {}", "se lee {}").of(language)
        above.set_title(said.format(text), fontsize=9)
        times = (np.arange(len(chances)) + 0.5) * _STEP
        below.plot(times, chances[:, _BLANK], color=GRAY, linestyle=":")
        for number, symbol in enumerate(self.symbols_, _BLANK + 1):
            below.plot(times, chances[:, number], color=COLOURS[number % len(COLOURS)])
            for step in _spikes(chances[:, number]):
                below.text(times[step], 1.04, symbol, ha="center", weight="bold")
                above.axvline(times[step], color="white", linewidth=0.8)
        below.set(
            ylim=(0, 1.2),
            yticks=(0, 1),
            ylabel=Words("probability", "probabilidad").of(language),
            xlabel=Words("seconds (dotted: no label)", "segundos (punteado: sin etiqueta)").of(language),
        )
        plain_axes(below)
        figure.suptitle(CARD.title.of(language))
        return finish(figure, to_file)


@functools.lru_cache
def _spectrogram(sampling_rate: int, bands: int) -> tuple[MelSpectrogram, Any]:
    """The layer that makes spectrograms, and the same compiled."""
    window = round(_WINDOW * sampling_rate)
    layer = MelSpectrogram(
        1 << (window - 1).bit_length(),
        round(_STEP * sampling_rate),
        window,
        sampling_rate=sampling_rate,
        num_mel_bins=bands,
        min_freq=_LOWEST,
        top_db=None,
    )
    return layer, jax.jit(layer.__call__)


@functools.partial(jax.jit, static_argnums=(2, 3))
def _decoded(logits: Any, lengths: Any, width: int | None, readings: int) -> Any:
    if width is None:
        return ops.ctc_decode(logits, lengths, "greedy", mask_index=_BLANK)
    return ops.ctc_decode(
        logits, lengths, "beam_search", beam_width=width, top_paths=readings, mask_index=_BLANK
    )


def _spikes(chances: np.ndarray) -> list[int]:
    """The highest step of each stretch in which a label is likely."""
    likely = np.flatnonzero(chances > _SPOKEN)
    stretches = np.split(likely, np.flatnonzero(np.diff(likely) > 1) + 1)
    return [int(part[chances[part].argmax()]) for part in stretches if len(part)]


def _sounds(X: Any) -> list[np.ndarray]:
    """Sounds as arrays (samples,).

    Raises:
        DataError: one is something else.
    """
    sounds = [np.asarray(one, "float32") for one in X]
    for place, sound in enumerate(sounds):
        if sound.ndim != 1 or not sound.size:
            raise DataError(
                f"SpeechRecognizer: X is a list of sounds, arrays (samples,). Sound {place} has shape "
                f"{sound.shape}."
            )
        validation.check_finite("SpeechRecognizer", f"sound {place} of X", sound)
    if not sounds:
        raise DataError("SpeechRecognizer: X is a list of sounds, and holds none.")
    return sounds


def _texts(y: Any) -> list[str]:
    """Texts.

    Raises:
        DataError: they are none.
    """
    texts = [] if isinstance(y, str) or y is None else list(y)
    if not any(texts) or not all(isinstance(text, str) for text in texts):
        raise DataError(f"SpeechRecognizer: y is a list of texts, one for each sound. Received: {y!s:.60}")
    return texts


def _check_lengths(rows: Sequence[np.ndarray], texts: Sequence[str]) -> None:
    """Refuse a sound that has fewer steps than its text needs: one a label, and one between equal ones.

    Raises:
        DataError: there is one.
    """
    for place, (row, text) in enumerate(zip(rows, texts)):
        needed = len(text) + sum(a == b for a, b in itertools.pairwise(text))
        if len(row) < needed:
            raise DataError(
                f"SpeechRecognizer: sound {place} has {len(row)} steps of {_STEP} seconds, and its text "
                f"{text[:60]!r} needs {needed}: one for each label, and one between equal labels."
            )


def label_error_rate(texts: Sequence[str], found: Sequence[str]) -> float:
    """The fewest labels to put in, take out or change in what was found, over the number of labels.

    Source: Graves et al., Connectionist temporal classification, 2006, section 2.1.

    Example:

        >>> label_error_rate(["123", "45"], ["13", "455"])
        0.4
    """
    errors = sum(_edits(text, other) for text, other in zip(texts, found, strict=True))
    return errors / sum(map(len, texts))


def _edits(text: str, other: str) -> int:
    """The distance of Levenshtein."""
    before = list(range(len(other) + 1))
    for count, symbol in enumerate(text, 1):
        now = [count]
        for place, letter in enumerate(other):
            now.append(min(before[place + 1] + 1, now[-1] + 1, before[place] + (symbol != letter)))
        before = now
    return before[-1]


def _digits(seed: int = 0, quick: bool = False) -> Outcome:
    """Digits in voices that it has not heard, by a beam search."""
    count, longest = (200, 2) if quick else (2000, 5)
    sounds, texts = spoken_digits(count, (1, longest), seed=seed)
    others, truth = spoken_digits(60 if quick else 500, (1, longest), seed=seed + 1)
    network = SpeechRecognizer(random_state=seed)
    if quick:
        network.set_params(units=32, learning_rate=0.03, epochs=16, batch_size=8)
    network.fit(sounds, texts)
    found = network.predict(others, beam_width=10)
    details = {
        Words("the same by the best path", "lo mismo por el mejor camino"): 100
        * (1 - network.score(others, truth)),
        Words("% of utterances without an error", "% de frases sin error"): 100
        * float(np.mean([text == other for text, other in zip(truth, found)])),
    }
    if not quick:
        loud, said = spoken_digits(500, (1, longest), (0, 0), seed=seed + 2)
        details[
            Words(
                "% of labels in noise as loud as the voice", "% de etiquetas con ruido tan fuerte como la voz"
            )
        ] = 100 * label_error_rate(said, network.predict(loud, beam_width=10))
    longest_one = others[int(np.argmax([len(sound) for sound in others]))]
    return Outcome(100 * label_error_rate(truth, found), network, details, {"x": longest_one})


CARD = Card(
    title=Words("Connectionist temporal classification", "Clasificación temporal conexionista"),
    year=2006,
    paper="Graves et al., Connectionist temporal classification: labelling unsegmented sequence data with "
    "recurrent neural networks, 2006",
    family="recurrent",
    cells=("input", "gated memory", "output"),
    summary=Words(
        "A recurrent network reads out a sound in spikes, one for each label, and learns from texts that do "
        "not say when each label begins.",
        "Una red recurrente lee un sonido en picos, uno por etiqueta, y aprende de textos que no dicen "
        "cuándo empieza cada una.",
    ),
    network=SpeechRecognizer,
    experiment=Experiment(
        task=Words(
            "1 to 5 Spanish digits, read out by 2,000 voices made here; tested with 500 others",
            "1 a 5 dígitos en español, leídos por 2000 voces hechas aquí; se prueba con otras 500",
        ),
        measure=Words("% of wrong labels, by a beam search", "% de etiquetas erróneas, por búsqueda en haz"),
        target=1.0,
        source=Words("a bound of our own for voices made here", "cota propia para voces hechas aquí"),
        run=_digits,
        quick_target=30.0,
        lower=True,
    ),
)
