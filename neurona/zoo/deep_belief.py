"""The deep belief network: restricted Boltzmann machines, learned one upon another.

Hinton, Osindero and Teh (A fast learning algorithm for deep belief nets, Neural Computation 18, 2006). The
layers v, h1, ..., hL of 0 and 1 have the joint probability

    P(v, h1, ..., hL) = P(v | h1) P(h1 | h2) ... P(h(L-1), hL),                      (section 2)

where the two upper layers are a restricted Boltzmann machine, and each layer below follows from the one above
it, P(h(k-1)_i = 1 | hk) = sigmoid(b_i + (Wk hk)_i).

Learning is greedy (section 4). A restricted Boltzmann machine learns the rows. Its weights stay, and what its
hidden units say of the rows becomes what the next machine learns. If the next one starts as the mirror of the
last, each layer raises a lower bound of log P(v). The upper machine dreams: it draws its two layers in turn,
and the layers below turn what it drew into a row.

The weights are also a good start for backpropagation (Hinton and Salakhutdinov, Reducing the dimensionality
of data with neural networks, Science 313, 2006; Larochelle et al., Exploring strategies for training deep
neural networks, Journal of Machine Learning Research 10, 2009): with a softmax layer on top, gradient
descent tunes all of them.

Deviations. What goes up is the probability of each unit, not a draw of 0 and 1. Gradient descent is Adam's,
with a rate that falls to 0, where the papers use conjugate gradients or plain steps. The up-down algorithm of
section 5, which unties the weights of both directions, is left out.
"""

from collections.abc import Callable, Sequence
from typing import Any, Self

import jax
import jax.numpy as jnp
import numpy as np

from neurona.datasets import digits, mnist
from neurona.errors import ArgumentError
from neurona.layers import Dense, Input
from neurona.models import Model, Sequential
from neurona.ops.native import bernoulli
from neurona.optimizers import Adam
from neurona.optimizers.schedules import CosineDecay
from neurona.plotting.figure import finish
from neurona.zoo import validation
from neurona.zoo.bits import check_unit_interval
from neurona.zoo.card import Card, Experiment, Outcome, Words
from neurona.zoo.estimator import Classifier, Estimator, TransformerMixin
from neurona.zoo.pictures import pictures_figure
from neurona.zoo.restricted_boltzmann import ContrastiveDivergence, RestrictedBoltzmannLayer

__all__ = ["DeepBelief", "DeepBeliefClassifier"]

_DRAWN = 8  # pictures beside each other
_LAYER, _DREAM = Words("layer", "capa"), Words("dream", "sueño")


def dream(layers: Sequence[Any], rows: int, rounds: int, key: jax.Array) -> jax.Array:
    """P(v = 1) of rows that a deep belief network draws from its upper machine, (rows, features).

    Args:
        layers: `RestrictedBoltzmannLayer`s, the lowest first.
        rows: how many, each from a chain of its own.
        rounds: how often the upper machine draws both of its layers.
        key: a random key.
    """
    *lower, top = layers
    first, second, third = jax.random.split(key, 3)
    start = bernoulli(first, jnp.broadcast_to(top.visible_bias.value, (rows, top.visible_bias.shape[0])))
    if not lower:
        h = top.draw_hidden(top.gibbs(start, second, rounds - 1), third)
        return top.expected_visible(h)
    states = top.gibbs(start, second, rounds)
    for number, layer in enumerate(reversed(lower[1:])):
        states = layer.draw_visible(states, jax.random.fold_in(third, number))
    return lower[0].expected_visible(states)


def learn_greedily(
    layers: Sequence[Any], rows: np.ndarray, rule: Callable[[int], Any], **options: Any
) -> tuple[np.ndarray, Any]:
    """Let each layer learn from what the one below says: its figure at each epoch, and the last history.

    Args:
        layers: `RestrictedBoltzmannLayer`s, the lowest first.
        rows: what the lowest learns from.
        rule: makes the rule of the layer of a number, counted from 0.
        options: of the `fit` of each.
    """
    figures, history = [], None
    for number, layer in enumerate(layers):
        model = Sequential([Input((rows.shape[1],)), layer])
        model.compile(rule=rule(number))
        history = model.fit(rows, **options)
        figures.append(history.history.get(layer.figure, []))
        rows = np.asarray(model.predict(rows, batch_size=1024, verbose=0))
    return np.array(figures), history


class Stack(Estimator):
    """What both networks share: the greedy learning of layers of restricted Boltzmann machines."""

    units: Sequence[int]
    learning_rate: float
    batch_size: int
    rounds: int
    persistent: bool
    _counts: tuple[str, ...] = ()  # further parameters that are whole numbers above 0

    def _checked(self, X: Any, y: Any) -> tuple[np.ndarray, Any]:
        rows, targets = super()._checked(X, y)
        sizes = {f"units[{place}]": size for place, size in enumerate(self.units)}
        others = {name: getattr(self, name) for name in ("batch_size", "rounds", *self._counts)}
        for name, size in {**sizes, **others}.items():
            if not (isinstance(size, int | np.integer) and size > 0):
                raise ArgumentError(
                    f"{type(self).__name__}: {name} is a whole number above 0. Received: {name}={size!r}"
                )
        if not sizes:
            raise ArgumentError(f"{type(self).__name__}: units names one hidden layer or more. Received: ()")
        check_unit_interval(type(self).__name__, rows)
        self._batch_size = min(self.batch_size, len(rows))
        return rows, targets

    def _rows(self, X: Any) -> np.ndarray:
        rows = super()._rows(X)
        check_unit_interval(type(self).__name__, rows)
        return rows

    def _pretrained(
        self, rows: np.ndarray, rule: Callable[[int], Any], **options: Any
    ) -> tuple[list[Any], Any]:
        """The layers, each learned by a new rule from what the one below says; and the last history."""
        levels = [self._level(number) for number in range(len(self.units))]
        self.pretraining_, history = learn_greedily(
            levels, rows, rule, batch_size=self._batch_size, **options
        )
        return levels, history

    def _divergence(self, number: int) -> ContrastiveDivergence:
        """The rule that learns a layer. The chains of the highest one, which dreams, may be carried on."""
        highest = number + 1 == len(self.units)
        chains = (self._batch_size or 0) if self.persistent and highest else 0
        return ContrastiveDivergence(self.learning_rate, self.rounds, chains)

    def _level(self, number: int) -> Any:
        """The machine that learns a layer, counted from 0."""
        return RestrictedBoltzmannLayer(self.units[number])

    def _picture(
        self, kernels: Sequence[Any], dreams: np.ndarray, title: Words, language: str | None, to_file: Any
    ) -> Any:
        """The receptive fields of each layer as the rows would show them, and dreams."""
        fields, shown, names = None, [], []
        for number, kernel in enumerate(kernels):
            kernel = np.asarray(kernel).T
            fields = kernel if fields is None else kernel @ fields
            longest = np.argsort(-np.linalg.norm(fields, axis=1), kind="stable")[:_DRAWN]
            blank = np.zeros((_DRAWN - len(longest), fields.shape[1]))
            shown += [fields[longest], blank]
            names += [f"{_LAYER.of(language)} {number + 1}"] * len(longest) + [""] * len(blank)
        shown.append(dreams[:_DRAWN])
        names += [_DREAM.of(language)] * len(shown[-1])
        rows = np.concatenate(shown)
        largest = np.abs(rows).max(axis=1, keepdims=True)
        scaled = rows / np.where(largest > 0, largest, 1)
        return finish(pictures_figure(scaled, names, _DRAWN, title.of(language)), to_file)


class DeepBelief(TransformerMixin, Stack):
    """A deep belief network of units of 0 and 1, which learns rows without their classes.

    Args:
        units: how many hidden units each layer has, the lowest first.
        learning_rate: eta of contrastive divergence.
        epochs: how often each layer goes through the rows.
        batch_size: rows of a step.
        rounds: k, of drawing both layers at each step.
        persistent: whether the chains of the highest layer, which dreams, are carried on from step to step
            (PCD-k), or begin at the rows as those of other layers do (CD-k).
        random_state: an integer for the same numbers at every call.

    Attributes:
        pretraining_: the pseudo-likelihood of each layer at each epoch, (layers, epochs).
        model_: the layers as a model that gives the probabilities of the highest one.
        history_: of the highest layer's `fit`.
        n_features_in_: as in `Estimator`.

    Raises:
        DataError: a number of the rows is neither 0 nor 1, nor between.
        ArgumentError: there is no layer, or a size is no whole number above 0.

    Example:

        >>> rows = np.array([[1, 1, 0, 0], [0, 0, 1, 1]] * 50)
        >>> network = DeepBelief((4, 2), learning_rate=0.3, epochs=100, random_state=0).fit(rows)
        >>> network.transform(rows).shape
        (100, 2)
        >>> drawn = network.sample(200)
        >>> bool(np.mean(drawn[:, 0] == drawn[:, 1]) > 0.8)
        True
    """

    def __init__(
        self,
        units: Sequence[int] = (256, 256),
        learning_rate: float = 0.05,
        epochs: int = 10,
        batch_size: int = 10,
        rounds: int = 1,
        persistent: bool = True,
        random_state: int | None = None,
    ) -> None:
        self.units = units
        self.learning_rate = learning_rate
        self.epochs = epochs
        self.batch_size = batch_size
        self.rounds = rounds
        self.persistent = persistent
        self.random_state = random_state

    def fit(self, X: Any, y: Any = None, **options: Any) -> Self:
        """Learn from rows, layer by layer; `options` are further arguments of each model's `fit`."""
        self._check_unweighted(options)
        rows, _ = self._checked(X, y)
        with self._seeded():
            given = {"epochs": self.epochs, "verbose": 0, **options}
            layers, self.history_ = self._pretrained(rows, self._divergence, **given)
        self.model_ = Sequential([Input((rows.shape[1],)), *layers])
        return self

    def transform(self, X: Any) -> np.ndarray:
        """P(hL = 1 | v) of each row, (samples, units of the highest layer)."""
        return self._outputs(self._rows(X))

    def sample(self, n_samples: int = 1, rounds: int = 1000) -> np.ndarray:
        """Rows that the network believes in, (n_samples, features).

        Args:
            n_samples: how many, each from a chain of its own.
            rounds: how often the highest machine draws its layers; few leave it near its random start.
        """
        validation.check_is_fitted(self)
        first, second = jax.random.split(jax.random.key(self._seed()))
        expected = dream(self.model_.layers, n_samples, rounds, first)
        return np.asarray(jax.random.bernoulli(second, expected), "float32")

    def plot(self, language: str | None = None, to_file: Any = None) -> Any:
        """Draw up to 8 receptive fields of each layer, multiplied through to the inputs, and 8 dreams.

        Args:
            language: `"en"`, `"es"`, or None for the user's.
            to_file: where to write the picture.

        Returns:
            A `matplotlib.figure.Figure`.
        """
        validation.check_is_fitted(self)
        dreams = dream(self.model_.layers, _DRAWN, 1000, jax.random.key(self._seed()))
        layers: list[Any] = self.model_.layers
        kernels = [layer.kernel for layer in layers]
        return self._picture(kernels, np.asarray(dreams), CARD.title, language, to_file)

    @property
    def _n_features_out(self) -> int:
        return self.units[-1]


class DeepBeliefClassifier(Stack, Classifier):
    """A deep belief network that learns rows first, and then, by backpropagation, their classes.

    Args:
        units: how many hidden units each layer has, the lowest first.
        learning_rate: eta of contrastive divergence.
        pretraining_epochs: how often each layer goes through the rows; 0 leaves the weights random.
        fine_tuning_rate: of Adam, in the first step of backpropagation; it falls to 0 as half a cosine does.
        epochs: of backpropagation.
        batch_size, rounds, persistent, random_state: as in `DeepBelief`.

    Attributes:
        classes_: the classes, sorted.
        pretraining_: as in `DeepBelief`.
        dreams_: P(v = 1) of 8 rows that were dreamt before the classes were learned, (8, features).
        model_: the layers and a softmax layer.
        history_: of backpropagation.
        n_features_in_: as in `Estimator`.

    Raises:
        DataError: a number of the rows is neither 0 nor 1, nor between; or there is one class.
        ArgumentError: there is no layer, or a size is no whole number above 0.

    Example:

        >>> rows = np.array([[1, 1, 0, 0], [0, 0, 1, 1], [1, 0, 0, 1]] * 30)
        >>> network = DeepBeliefClassifier((8, 8), epochs=60, fine_tuning_rate=0.02, random_state=0)
        >>> network.fit(rows, ["left", "right", "apart"] * 30).predict(rows[:3]).tolist()
        ['left', 'right', 'apart']
    """

    def __init__(
        self,
        units: Sequence[int] = (256, 256),
        learning_rate: float = 0.05,
        pretraining_epochs: int = 10,
        fine_tuning_rate: float = 0.001,
        epochs: int = 20,
        batch_size: int = 10,
        rounds: int = 1,
        persistent: bool = True,
        random_state: int | None = None,
    ) -> None:
        self.units = units
        self.learning_rate = learning_rate
        self.pretraining_epochs = pretraining_epochs
        self.fine_tuning_rate = fine_tuning_rate
        self.epochs = epochs
        self.batch_size = batch_size
        self.rounds = rounds
        self.persistent = persistent
        self.random_state = random_state

    def _targets(self, y: np.ndarray) -> np.ndarray:
        return y[:, None] == self.classes_

    def _model_for(self, X: np.ndarray, y: np.ndarray | None) -> Model:
        given = {"epochs": self.pretraining_epochs, "verbose": self._verbose}
        layers, _ = self._pretrained(X, self._divergence, **given)
        self.dreams_ = np.asarray(dream(layers, _DRAWN, 500, jax.random.key(self._seed())))
        model = Sequential([Input((X.shape[1],)), *layers, Dense(len(self.classes_), "softmax")])
        model.compile(Adam(self.fine_tuning_rate), "categorical_crossentropy", metrics=["accuracy"])
        return model

    def _schedule(self, steps: int) -> CosineDecay:
        return CosineDecay(self.fine_tuning_rate, steps)

    def fit(self, X: Any, y: Any, verbose: Any = 0, **options: Any) -> Self:
        """Learn from rows, (samples, features), and the class of each.

        Args:
            X: the rows.
            y: a class for each.
            verbose: of the `fit` of each layer, and of backpropagation.
            options: further arguments of the `fit` of backpropagation.
        """
        self._verbose = verbose
        return super().fit(X, y, verbose=verbose, **options)

    def predict_proba(self, X: Any) -> np.ndarray:
        """P of each class, (samples, classes)."""
        return self._outputs(self._rows(X))

    def predict(self, X: Any) -> np.ndarray:
        """The likeliest class of each row."""
        return self.classes_[self.predict_proba(X).argmax(axis=1)]

    def plot(self, language: str | None = None, to_file: Any = None) -> Any:
        """Draw up to 8 receptive fields of each layer, multiplied through to the inputs, and `dreams_`.

        Args:
            language: `"en"`, `"es"`, or None for the user's.
            to_file: where to write the picture.

        Returns:
            A `matplotlib.figure.Figure`.
        """
        validation.check_is_fitted(self)
        layers: list[Any] = self.model_.layers[:-1]
        kernels = [layer.kernel for layer in layers]
        return self._picture(kernels, self.dreams_, CARD.title, language, to_file)


def grey_digits(quick: bool = False) -> tuple[Any, Any]:
    """Rows from 0 to 1 and their classes, for training and for test: MNIST, or 8x8 digits for a quick run."""
    (X, y), (test, truth) = digits.load_data() if quick else mnist.load_data()
    X, test = (np.reshape(part, (len(part), -1)).astype("float32") for part in (X, test))
    return (X / X.max(), y), (test / X.max(), truth)


def _digits(seed: int = 0, quick: bool = False) -> Outcome:
    """784-500-500-2000 as in section 6 of the paper, with a softmax layer."""
    (X, y), (test, truth) = grey_digits(quick)
    if quick:
        network = DeepBeliefClassifier((64, 64), 0.1, 5, 0.01, 15, 50, random_state=seed)
    else:
        network = DeepBeliefClassifier((500, 500, 2000), 0.05, 10, 3e-4, 20, 100, random_state=seed)
    network.fit(X, y)
    errors = Words("% of wrong training digits", "% de dígitos de entrenamiento erróneos")
    return Outcome(
        figure=100 * (1 - network.score(test, truth)),
        network=network,
        details={errors: 100 * (1 - network.score(X, y))},
    )


CARD = Card(
    title=Words("Deep belief network", "Red de creencia profunda"),
    year=2006,
    paper="Hinton, Osindero and Teh, A fast learning algorithm for deep belief nets, 2006",
    family="energy",
    cells=("back-fed input", "probabilistic hidden", "hidden", "output"),
    summary=Words(
        "Restricted Boltzmann machines upon each other, each learned from what the one below says; then it "
        "dreams, or learns classes with far better first weights than random ones.",
        "Máquinas de Boltzmann restringidas, una sobre otra, cada una aprendida de lo que dice la de abajo; "
        "después sueña, o aprende clases con primeros pesos mucho mejores que los aleatorios.",
    ),
    network=DeepBeliefClassifier,
    experiment=Experiment(
        task=Words(
            "MNIST, 784-500-500-2000, pretrained 10 epochs a layer, 20 of backpropagation",
            "MNIST, 784-500-500-2000, preentrenada 10 épocas por capa, 20 de retropropagación",
        ),
        measure=Words("% of wrong test digits", "% de dígitos de prueba erróneos"),
        target=1.34,
        source=Words(
            "the deep learning tutorials' deep belief network, pretrained and fine-tuned; Hinton: 1.15",
            "la red de los deep learning tutorials, preentrenada y ajustada; Hinton: 1,15",
        ),
        run=_digits,
        quick_target=7.0,
        lower=True,
    ),
)
