"""The conditional random field: tags of a sequence, judged together by what is seen and by their neighbours.

Lafferty, McCallum and Pereira (Conditional Random Fields: Probabilistic Models for Segmenting and Labeling
Sequence Data, ICML 2001). A linear chain of tags y over a sequence x has the probability

    P(y | x) = exp(sum over t of (sum over k of w_k,y_t f_k(x, t) + a_y_t-1,y_t)) / Z(x),         (equation 1)

with weights w of each feature k for each tag, and a of each tag after another. Z sums over all paths of tags,
by the recursion of hidden Markov models (section 3, the matrices M_i). A hidden Markov model explains words
and tags; this one tags given words, so that features may overlap: a word, its ending, its neighbours.

-log P is convex in the weights, so that there is one best fit. Its slope is what each feature and tag are
expected to be together, less how often they are (section 3). The likeliest path is Viterbi's.

Deviations. The paper learns by iterative scaling; here, as in crfsuite (Okazaki, 2007), an epoch is a step of
L-BFGS on all sequences together (neurona/training/quasi_newton.py), and c2 times the sum of the squared
weights is added to -log P of all sequences. The first and the last tag have weights too.

Sequences are packed: a row of an array holds several, one after another, so that little of it is empty.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any, Self

import jax
import jax.numpy as jnp
import numpy as np

from neurona.callbacks import EarlyStopping
from neurona.errors import ArgumentError, DataError
from neurona.layers import CRF, Input, Layer
from neurona.models import Model
from neurona.ops.native import embedding
from neurona.plotting.figure import finish, new_figure
from neurona.regularizers import L2
from neurona.training import QuasiNewton
from neurona.zoo import validation
from neurona.zoo.card import Card, Experiment, Outcome, Words
from neurona.zoo.estimator import Estimator

__all__ = ["ConditionalRandomField", "FeatureScores", "word_features"]

_EVERY = ""  # the feature that every word has, of which the weights are those of the tags alone
_ROWS = 512  # of packed sequences at most, if none is longer: what the caches of a processor hold of a step


class FeatureScores(Layer):
    """The score of each tag at each step: the sum of its weights for the features there, times their values.

    Args:
        features: how many there are. Feature 0 stands for none: a step that begins with it is masked.
        units: how many tags.
        penalty: times the sum of the squared weights is added to the loss.

    Shapes: numbers of features and their values, both (batch, time, at once) -> (batch, time, units); kernel
        (features, units).

    Example:

        >>> layer = FeatureScores(3, 2)
        >>> layer.build([(None, None, 2)] * 2)
        >>> layer.kernel.assign([[9, 9], [1, 0], [0, 2]])
        >>> layer([np.array([[[1, 2]]]), np.array([[[1.0, 3.0]]])]).tolist()
        [[[1.0, 6.0]]]
    """

    def __init__(self, features: int, units: int, penalty: float = 0.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.features, self.units, self.penalty = features, units, penalty

    def build(self, input_shape: Any) -> None:
        regularizer = L2(self.penalty) if self.penalty else None
        self.kernel = self.add_weight(
            (self.features, self.units), "zeros", regularizer=regularizer, name="kernel"
        )

    def call(self, inputs: Any) -> jax.Array:
        numbers, values = inputs
        return jnp.einsum("btk,btku->btu", values, embedding(self.kernel.value, numbers.astype("int32")))

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        return inputs[0][..., 0] > 0


class FeatureQuasiNewton(QuasiNewton):
    """L-BFGS that knows how often each feature is there: by that, the loss is curved along its weights."""

    def guess(self, model: Any, batch: Any) -> list[jax.Array]:
        (numbers, values, begins), scores = batch.x, _scores_of(model)
        steps = jnp.count_nonzero(numbers[..., 0])
        counts = jnp.zeros(scores.features).at[numbers.ravel()].add(values.ravel() ** 2)
        spread = (1 - 1 / scores.units) / scores.units  # variance of a tag, if all are as likely
        kernel = spread * jnp.maximum(counts, 1.0) / steps + 2 * scores.penalty
        transitions, *ends = (jnp.full(weight.shape, spread) for weight in model.layers[-1].weights)
        ends = [one * begins.sum() / steps for one in ends]
        return [jnp.tile(kernel[:, None], (1, scores.units)), transitions / scores.units, *ends]


class ConditionalRandomField(Estimator):
    """A conditional random field that tags sequences, such as the words of sentences.

    A sequence is a list of steps. A step is a word, a number, a list of features by name, or a dictionary
    of features as for crfsuite: texts, truths and numbers by name. `word_features` makes such of sentences.

    Args:
        c2: times the sum of the squared weights is added to -log P of all sequences.
        epochs: steps of L-BFGS at most.
        tol: learning ends when three steps lower the loss of a word, -log P and the penalty divided by the
            number of words, by less in all.

    Attributes:
        classes_: the tags, sorted.
        features_: the features that were seen, by the number of their row of weights.
        model_, history_: as in `Estimator`.

    Source: Lafferty, McCallum and Pereira, Conditional Random Fields, 2001.

    Example:

        >>> sentences = [["the", "cat", "sleeps"], ["a", "dog", "runs"], ["the", "dog", "sleeps"]]
        >>> tags = [["article", "noun", "verb"]] * 3
        >>> tagger = ConditionalRandomField().fit(sentences, tags)
        >>> tagger.predict([["a", "cat", "dances"]])  # the last word is new
        [['article', 'noun', 'verb']]
    """

    def __init__(self, c2: float = 0.1, epochs: int = 100, tol: float = 3e-4) -> None:
        self.c2 = c2
        self.epochs = epochs
        self.tol = tol

    def fit(self, X: Any, y: Any = None, callbacks: Any = (), **options: Any) -> Self:
        """Learn from sequences.

        Args:
            X: sequences.
            y: the tags of each.
            callbacks: of the model's `fit`.
            options: further arguments of the model's `fit`.

        Raises:
            ArgumentError: a batch size is given.
            DataError: the sequences and tags don't fit together.
        """
        if "batch_size" in options:
            raise ArgumentError(
                "ConditionalRandomField: a step is taken on all sequences together. Leave batch_size out."
            )
        settled = EarlyStopping("loss", min_delta=self.tol, patience=3, mode="min")
        return super().fit(X, y, callbacks=[*callbacks, settled], **{"shuffle": False, **options})

    def _checked(self, X: Any, y: Any) -> Any:
        steps, lengths = _flat(X, "X")
        if y is None:
            raise DataError("ConditionalRandomField: fit(X, y) needs y, the tags of each sequence of X.")
        tags, counts = _flat(y, "y")
        if counts != lengths:
            row = next(
                (row for row, (a, b) in enumerate(zip(lengths, counts)) if a != b), min(len(X), len(y))
            )
            raise DataError(
                f"ConditionalRandomField: each step has a tag. Received {len(lengths)} sequences in X and "
                f"{len(counts)} in y, which differ at sequence {row}."
            )
        kinds = list(dict.fromkeys(tags))
        self.classes_, numbers = np.unique(np.asarray(kinds), return_inverse=True)
        number_of = dict(zip(kinds, numbers.tolist(), strict=True))
        steps = _Steps(steps)
        names = dict.fromkeys([_EVERY, *(name for one in steps.named for name in one)])
        self.features_ = {name: number for number, name in enumerate(names, 1)}
        packed = _Packed(lengths)
        targets = np.array([number_of[tag] for tag in tags], "int32")
        return self._arrays(steps, packed), packed.of(targets)

    def _arrays(self, steps: "_Steps", packed: "_Packed") -> list[np.ndarray]:
        """The numbers and the values of the features of each step, (rows, time, at once), and where sequences
        begin, (rows, time).
        """
        known = self.features_
        found = [
            [(1, 1.0), *((known[name], value) for name, value in one.items() if name in known)]
            for one in steps.named
        ]
        counts = np.array([len(one) for one in found])
        places = np.arange(counts.sum()) - np.repeat(counts.cumsum() - counts, counts)
        table = np.zeros((2, len(found), counts.max()), "float32")
        table[:, np.repeat(np.arange(len(found)), counts), places] = np.array(
            [pair for one in found for pair in one], "float32"
        ).T
        numbers, values = table[0].astype("int32")[steps.kinds], table[1][steps.kinds]
        return [packed.of(numbers), packed.of(values), packed.begins]

    def _model_for(self, X: Any, y: np.ndarray | None) -> Model:
        self._batch_size = len(X[0])
        units = len(self.classes_)
        steps = int(np.count_nonzero(X[0][..., 0]))
        numbers, values = (
            Input((None, None), dtype="int32", name="numbers"),
            Input((None, None), name="values"),
        )
        begins = Input((None,), dtype="bool", name="begins")
        scores = FeatureScores(len(self.features_) + 1, units, self.c2 / steps)([numbers, values])
        outputs = CRF(units, use_kernel=False, transition_initializer="zeros")(scores, begins=begins)
        model = Model([numbers, values, begins], outputs)
        model.compile(loss="chain_crossentropy", rule=FeatureQuasiNewton())
        return model

    def _given(self, X: Any) -> tuple[list[np.ndarray], "_Packed"]:
        validation.check_is_fitted(self)
        steps, lengths = _flat(X, "X")
        packed = _Packed(lengths)
        return self._arrays(_Steps(steps), packed), packed

    def predict(self, X: Any) -> list[list[Any]]:
        """The likeliest tags of each sequence: Viterbi's path."""
        arrays, packed = self._given(X)
        best = self.classes_[packed.taken_from(self._outputs(arrays).argmax(axis=-1))].tolist()
        return [best[begin:end] for begin, end in packed.parts]

    def predict_proba(self, X: Any) -> list[np.ndarray]:
        """The probability of each tag at each step, (time, tags) of each sequence."""
        arrays, packed = self._given(X)
        field: Any = self.model_.layers[-1]
        inputs: Any = self.model_.inputs
        marginal = CRF(len(self.classes_), "marginal", use_kernel=False)
        model = Model(inputs, marginal(_scores_of(self.model_).output, begins=inputs[2]))
        marginal.set_weights(field.get_weights())
        found = packed.taken_from(np.asarray(model.predict(arrays, verbose=0)))
        return [found[begin:end] for begin, end in packed.parts]

    def score(self, X: Any, y: Any) -> float:
        """The share of steps of which the tag is right."""
        found, wanted = _flat(self.predict(X), "X")[0], _flat(y, "y")[0]
        return float(np.mean([one == other for one, other in zip(found, wanted, strict=True)]))

    def plot(self, X: Any = None, language: str | None = None, to_file: Any = None) -> Any:
        """Draw the weights of a tag after another, and the probabilities of tags along a sequence, with the
        likeliest path.

        Args:
            X: a sequence; without one the weights are drawn alone.
            language: `"en"`, `"es"`, or None for the user's.
            to_file: where to write the picture.

        Returns:
            A `matplotlib.figure.Figure`.
        """
        validation.check_is_fitted(self)
        field: Any = self.model_.layers[-1]
        weights, tags = np.asarray(field.transitions.value), self.classes_
        figure = new_figure("plot", 4.6 if X is None else 10, 4, 120)
        panels = figure.subplots(1, 1 if X is None else 2, squeeze=False)[0]
        largest = np.abs(weights).max() or 1.0
        image = panels[0].imshow(weights, cmap="RdBu_r", vmin=-largest, vmax=largest)
        figure.colorbar(image, ax=panels[0], shrink=0.8)
        panels[0].set_xticks(range(len(tags)), tags)
        panels[0].set_xlabel(Words("weight of the next tag", "peso de la etiqueta siguiente").of(language))
        panels[0].set_ylabel(Words("tag", "etiqueta").of(language))
        if X is not None:
            shares, path = self.predict_proba([X])[0], self.predict([X])[0]
            panels[1].imshow(shares.T, cmap="bone_r", vmin=0, vmax=1, aspect="auto")
            panels[1].plot(np.searchsorted(tags, path), color="C3", marker="o")
            panels[1].set_xlabel(Words("step", "paso").of(language))
        for panel in panels:
            panel.set_yticks(range(len(tags)), tags)
        figure.suptitle(CARD.title.of(language))
        return finish(figure, to_file)


def _scores_of(model: Model) -> FeatureScores:
    """The layer that scores tags."""
    return next(layer for layer in model.layers if isinstance(layer, FeatureScores))


def _flat(sequences: Any, name: str) -> tuple[list[Any], list[int]]:
    """The steps of all sequences in a row, and how many each sequence has.

    Raises:
        DataError: they are not lists of steps, or there are none.
    """
    sequences = list(sequences)
    wrong = [one for one in sequences if isinstance(one, str | Mapping) or not isinstance(one, Iterable)]
    if wrong or not sequences:
        raise DataError(
            f"ConditionalRandomField: {name} holds sequences, and each is a list of steps, such as words. "
            f"Received: {wrong[0] if wrong else sequences!r:.60}"
        )
    parts = [list(one) for one in sequences]
    empty = next((row for row, part in enumerate(parts) if not part), None)
    if empty is not None:
        raise DataError(f"ConditionalRandomField: sequence {empty} of {name} is empty. Leave it out.")
    return [step for part in parts for step in part], [len(part) for part in parts]


def _named(step: Any) -> dict[str, float]:
    """The features of a step by name.

    Raises:
        DataError: a value is neither a text nor a finite number.
    """
    if isinstance(step, str):
        return {step: 1.0}
    if isinstance(step, Mapping):
        return dict(_named_value(name, value) for name, value in step.items())
    if isinstance(step, Sequence | np.ndarray):
        return {str(name): 1.0 for name in step}
    return {str(step): 1.0}


def _named_value(name: Any, value: Any) -> tuple[str, float]:
    if isinstance(value, str):
        return f"{name}={value}", 1.0
    if not isinstance(value, int | float | np.number | np.bool_) or not np.isfinite(value):
        raise DataError(
            f"ConditionalRandomField: the feature {name!r} of a step is {value!r:.60}: give texts, truths or "
            "finite numbers."
        )
    return str(name), float(value)


class _Steps:
    """Steps by their features.

    Attributes:
        named: the features of each step that differs from others.
        kinds: the place of each step in it.
    """

    def __init__(self, steps: list[Any]) -> None:
        if all(type(step) is str for step in steps):  # most words come again and again
            different = {step: number for number, step in enumerate(dict.fromkeys(steps))}
            self.named = [{word: 1.0} for word in different]
            self.kinds = np.fromiter(map(different.__getitem__, steps), "int32", len(steps))
        else:
            self.named = [_named(step) for step in steps]
            self.kinds = np.arange(len(steps))


class _Packed:
    """Where the steps of sequences lie in rows of one length, each of which holds several sequences.

    Attributes:
        begins: where sequences begin, (rows, time).
        parts: the first step of each sequence, and the one after its last, of all steps in a row.
    """

    def __init__(self, lengths: list[int]) -> None:
        ends = np.cumsum(lengths)
        longest, total = max(lengths), int(ends[-1])
        least = max(longest, min(4 * longest, total), total // _ROWS, 16)
        self.size = 1 << (least - 1).bit_length()  # few sizes, as each is compiled
        starts, row, place = [], 0, 0
        for length in lengths:
            if place + length > self.size:
                row, place = row + 1, 0
            starts.append(row * self.size + place)
            place += length
        self.parts = list(pairwise([0, *ends.tolist()]))
        self._places: Any = np.repeat(starts - (ends - lengths), lengths) + np.arange(total)
        self._rows = row + 1
        self.begins = np.zeros((self._rows, self.size), bool)
        self.begins.flat[starts] = True

    def of(self, steps: np.ndarray) -> np.ndarray:
        """(all steps, ...) -> (rows, time, ...), with 0 where nothing lies."""
        table = np.zeros((self._rows * self.size, *steps.shape[1:]), steps.dtype)
        table[self._places] = steps
        return table.reshape(self._rows, self.size, *steps.shape[1:])

    def taken_from(self, rows: np.ndarray) -> np.ndarray:
        """(rows, time, ...) -> (all steps, ...)."""
        return rows.reshape(-1, *rows.shape[2:])[self._places]


def word_features(sentence: Sequence[str]) -> list[dict[str, Any]]:
    """What taggers look at in each word of a sentence: itself, its ending, its form, and its neighbours.

    Example:

        >>> word_features(["Ana", "canta"])[1]
        {'word': 'canta', 'ending': 'nta', 'capital': False, 'digit': False, 'before': 'ana'}
    """
    found = []
    for place, word in enumerate(sentence):
        one: dict[str, Any] = {
            "word": word.lower(),
            "ending": word[-3:].lower(),
            "capital": word[:1].isupper(),
            "digit": any(letter.isdigit() for letter in word),
        }
        if place > 0:
            one["before"] = sentence[place - 1].lower()
        if place < len(sentence) - 1:
            one["after"] = sentence[place + 1].lower()
        found.append(one)
    return found


class _Language:
    """A hidden Markov model that writes sentences, of which the best tagger is known."""

    def __init__(self, seed: int, tags: int = 5, words: int = 500) -> None:
        self.rng = np.random.default_rng(seed)
        self.chain = self.rng.dirichlet(np.full(tags, 0.5), tags)
        self.words = self.rng.dirichlet(np.full(words, 0.25), tags)

    def written(self, sentences: int) -> tuple[list[np.ndarray], list[np.ndarray]]:
        """Sentences of 5 to 30 words, and their tags."""
        lengths = self.rng.integers(5, 31, sentences)
        tags = np.zeros((sentences, 30), int)
        tags[:, 0] = self.rng.integers(0, len(self.chain), sentences)
        for t in range(1, 30):
            tags[:, t] = _drawn(self.rng, self.chain[tags[:, t - 1]])
        words = _drawn(self.rng, self.words[tags.ravel()]).reshape(tags.shape)
        return [row[:n] for row, n in zip(words, lengths)], [row[:n] for row, n in zip(tags, lengths)]

    def best(self, words: np.ndarray) -> np.ndarray:
        """The likeliest tag of each word by the true parameters."""
        shown = self.words[:, words].T
        forward, backward = np.ones_like(shown), np.ones_like(shown)
        forward[0] = shown[0] / shown[0].sum()
        for t in range(1, len(words)):
            forward[t] = forward[t - 1] @ self.chain * shown[t]
            forward[t] /= forward[t].sum()
        for t in range(len(words) - 2, -1, -1):
            backward[t] = self.chain @ (shown[t + 1] * backward[t + 1])
            backward[t] /= backward[t].sum()
        return (forward * backward).argmax(axis=1)


def _drawn(rng: np.random.Generator, shares: np.ndarray) -> np.ndarray:
    """A number from each row of probabilities."""
    return (rng.random((len(shares), 1)) > shares.cumsum(axis=1)[:, :-1]).sum(axis=1)


def _tagging(seed: int = 0, quick: bool = False) -> Outcome:
    """10,000 sentences of a hidden Markov model of 5 tags and 500 words, and 2,000 for the test."""
    language = _Language(seed)
    words, tags = language.written(1024 if quick else 10_000)
    test, truth = language.written(300 if quick else 2000)
    network = ConditionalRandomField().fit(words, tags)
    ceiling = np.mean(np.concatenate([language.best(row) for row in test]) == np.concatenate(truth))
    accuracy = network.score(test, truth)
    return Outcome(
        figure=float(accuracy / ceiling),
        network=network,
        details={
            Words("right tags", "etiquetas acertadas"): accuracy,
            Words("right tags by the true parameters", "acertadas con los parámetros verdaderos"): float(
                ceiling
            ),
        },
        shown={"X": test[0]},
    )


CARD = Card(
    title=Words("Conditional random field", "Campo aleatorio condicional"),
    year=2001,
    paper=(
        "Lafferty, McCallum and Pereira, Conditional Random Fields: Probabilistic Models for Segmenting and "
        "Labeling Sequence Data, 2001"
    ),
    family="chains",
    cells=("input", "output"),
    summary=Words(
        "Tags of a sequence are judged together, by features of what is seen and by their neighbours; the "
        "likeliest path is found among all.",
        "Las etiquetas de una secuencia se juzgan juntas, por rasgos de lo que se ve y por sus vecinas; se "
        "halla el camino más verosímil entre todos.",
    ),
    network=ConditionalRandomField,
    experiment=Experiment(
        task=Words(
            "tagging 2,000 sentences after 10,000, of 5 tags and 500 words, by a hidden Markov model",
            "etiquetar 2000 frases tras 10 000, de 5 etiquetas y 500 palabras, de un modelo oculto de Markov",
        ),
        measure=Words(
            "right tags, of those that the true parameters get right",
            "etiquetas acertadas, de las que aciertan los parámetros verdaderos",
        ),
        target=0.984,
        source=Words("crfsuite: 0.7266 of 0.7383", "crfsuite: 0,7266 de 0,7383"),
        run=_tagging,
        quick_target=0.9,
    ),
)
