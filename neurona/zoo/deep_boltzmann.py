"""The deep Boltzmann machine: several hidden layers, each joined both to the one below and the one above.

Salakhutdinov and Hinton (Deep Boltzmann machines, AISTATS 2009). The layers s0 = v, s1, ..., sL of 0 and 1
have the energy

    E(v, s1, ..., sL) = - sum over k of s(k-1)' Wk sk - sum over k of bk' sk,        (2009, equation 9)

so that a unit receives from both sides, as a unit of a deep belief network does not:

    P(sk_j = 1 | the rest) = sigmoid(bk_j + (s(k-1)' Wk)_j + (W(k+1) s(k+1))_j).     (equations 11 to 13)

The likelihood of the rows climbs by Wk += eta * (<s(k-1) sk'> of the rows - <s(k-1) sk'> of the machine).
Neither mean can be had exactly (section 3.1):

- of the rows, by variational inference: the hidden units given v count as independent, with the probabilities
  mu that satisfy muk_j = sigmoid(what it receives from mu(k-1) and mu(k+1)), the mean field, (equation 14);
- of the machine, from chains that are carried on from step to step, and draw odd layers given even ones and
  even given odd. The learning rate falls, as the chains ask for.

The mean field gives a lower bound of the likelihood, up to log Z,

    log P(v) >= - E(v, mu) + the entropy of mu - log Z,                              (equation 6)

and annealed importance sampling estimates log Z (section 3.3): the even layers sum out, and chains of the odd
layers walk from a machine without weights to this one.

The weights begin with greedy pretraining (section 3.2). A unit in the middle will receive from two sides, and
has one yet: the machine that learns the first layer counts what comes from below twice, the one that learns
the last layer what comes from above, and one between both. A middle layer's bias is the mean of its two.

For classes (section 3.4) the machine becomes a feed-forward network of its own weights, which sees, beside v,
the mean field mu2 of the second hidden layer where the machine would receive from it, and which
backpropagation tunes under a softmax layer.

Deviations. The mean field takes a set number of sweeps, not until it converges. The feed-forward network of
more than two hidden layers doubles the weights of middle layers, as pretraining does.
"""

import itertools
from collections.abc import Sequence
from typing import Any, Self

import jax
import jax.numpy as jnp
import numpy as np

from neurona.errors import ArgumentError
from neurona.layers import Dense, Input
from neurona.models import Sequential
from neurona.ops.native import bernoulli
from neurona.optimizers import Adam
from neurona.optimizers.schedules import CosineDecay
from neurona.zoo import validation
from neurona.zoo.bits import data_bias
from neurona.zoo.card import Card, Experiment, Outcome, Words
from neurona.zoo.deep_belief import Stack, grey_digits
from neurona.zoo.estimator import Classifier, TransformerMixin
from neurona.zoo.mean_field import DeepBoltzmannLayer, DoubledLayer, MeanFieldRule
from neurona.zoo.restricted_boltzmann import ContrastiveDivergence

__all__ = ["DeepBoltzmann", "DeepBoltzmannClassifier", "DeepBoltzmannLayer"]

_ENUMERABLE = 20  # units of the odd layers, of at most 2**20 states
_DRAWN = 8
_ROWS = 1024


class Machine(Stack):
    """What both networks share: pretraining, and learning all layers together."""

    pretraining_epochs: int
    joint_rate: float
    sweeps: int
    _counts = ("sweeps",)

    def _checked(self, X: Any, y: Any) -> tuple[np.ndarray, Any]:
        rows, targets = super()._checked(X, y)
        self.first_bias_ = data_bias(rows)
        return rows, targets

    def _level(self, number: int) -> Any:
        last = number + 1 == len(self.units)
        return DoubledLayer(self.units[number], 1 if last else 2, 1 if number == 0 else 2)

    def _joined(self, X: np.ndarray, **options: Any) -> tuple[Any, Any]:
        """A model of a `DeepBoltzmannLayer` that has learned the rows, and the history."""
        given = {"epochs": self.pretraining_epochs, "verbose": options["verbose"]}
        levels, _ = self._pretrained(X, lambda _: ContrastiveDivergence(self.learning_rate), **given)
        layer = DeepBoltzmannLayer(self.units, self.sweeps)
        model = Sequential([Input((X.shape[1],)), layer])
        biases = [levels[0].visible_bias.numpy()]
        for below, above in itertools.pairwise(levels):
            biases.append((below.bias.numpy() + above.visible_bias.numpy()) / 2)
        layer.set_weights([level.kernel.numpy() for level in levels] + biases + [levels[-1].bias.numpy()])
        size = self._batch_size or 1
        steps = max(1, options["epochs"] * -(-len(X) // size))
        model.compile(rule=MeanFieldRule(self.joint_rate, steps, self.rounds, size))
        return model, model.fit(X, **{"batch_size": size, **options})

    @property
    def _machine(self) -> Any:
        """The layer that is the machine."""
        return self.model_.layers[0]

    def _dreams(self, layer: Any, rows: int, rounds: int) -> tuple[jax.Array, jax.Array]:
        """v and P(v = 1) of chains that began at random, (rows, features)."""
        first, second = jax.random.split(jax.random.key(self._seed()))
        keys = jax.random.split(first, len(layer.sizes))
        start = [bernoulli(key, jnp.zeros((rows, size))) for key, size in zip(keys, layer.sizes, strict=True)]
        drawn = jax.jit(layer.gibbs)(start, second, rounds)
        return drawn[0], jax.nn.sigmoid(layer.received(drawn, 0))

    def log_partition(self, method: str = "annealed", chains: int = 100, steps: int = 1000) -> float:
        """log Z, of exp(-E) over all states of all layers.

        Args:
            method: `"annealed"` importance sampling, or `"exact"`: the sum over all states of up to 20 units
                of the odd hidden layers.
            chains, steps: of the sampling; more are nearer to the truth.

        Raises:
            ArgumentError: the machine is too large for the sum, or the method is neither.
        """
        validation.check_is_fitted(self)
        name, layer = type(self).__name__, self._machine
        if method not in ("annealed", "exact"):
            raise ArgumentError(f"{name}.log_partition: method is 'annealed' or 'exact'. Received: {method=}")
        if method == "annealed":
            run = jax.jit(layer.annealed_log_partition, static_argnums=(2, 3))
            return float(run(jnp.asarray(self.first_bias_), jax.random.key(self._seed()), chains, steps))
        odd = layer.sizes[1::2]
        if sum(odd) > _ENUMERABLE:
            raise ArgumentError(
                f"{name}.log_partition: the sum over all states takes up to {_ENUMERABLE} hidden units, and "
                f"there are {sum(odd)}. Use method='annealed'."
            )
        totals = []
        for first in range(0, 2 ** sum(odd), 4096):
            numbers = np.arange(first, min(first + 4096, 2 ** sum(odd)))
            states = (numbers[:, None] >> np.arange(sum(odd)) & 1).astype("float32")
            split = np.split(states, np.cumsum(odd)[:-1], axis=1)
            totals.append(np.asarray(layer.log_mass(split, jnp.zeros(layer.sizes[0]), 1.0)[0]))
        return float(np.logaddexp.reduce(np.concatenate(totals).astype("float64")))

    def lower_bound(self, X: Any, log_partition: float | None = None) -> np.ndarray:
        """A lower bound of log P(v) of each row, (samples,).

        Args:
            X: (samples, features).
            log_partition: log Z; by default what `log_partition()` estimates.
        """
        rows = self._rows(X)
        total = self.log_partition() if log_partition is None else log_partition
        bound = jax.jit(self._machine.free_bound)
        parts = [np.asarray(bound(rows[first : first + _ROWS])) for first in range(0, len(rows), _ROWS)]
        return np.concatenate(parts) - total


class DeepBoltzmann(TransformerMixin, Machine):
    """A deep Boltzmann machine of units of 0 and 1.

    Args:
        units: how many hidden units each layer has, the lowest first.
        learning_rate: eta of contrastive divergence, in pretraining.
        pretraining_epochs: how often each layer goes through the rows before they are joined.
        joint_rate: eta of learning all layers together; it falls to a tenth.
        epochs: of learning all layers together.
        batch_size: rows of a step, and how many chains are carried on.
        rounds: how often a step draws all layers of the chains.
        sweeps: how often the mean field goes through the layers.
        random_state: an integer for the same numbers at every call.

    Attributes:
        pretraining_: the reconstruction error of each layer at each epoch, (layers, epochs).
        first_bias_: of the machine where annealing begins.
        model_: a model of a `DeepBoltzmannLayer`.
        history_: of learning all layers together.
        n_features_in_: as in `Estimator`.

    Raises:
        DataError: a number of the rows is neither 0 nor 1, nor between.
        ArgumentError: there is no layer, or a size is no whole number above 0.

    Example:

        >>> rows = np.array([[1, 1, 0, 0], [0, 0, 1, 1]] * 50)
        >>> machine = DeepBoltzmann((4, 2), joint_rate=0.2, epochs=60, random_state=0).fit(rows)
        >>> likely, unlikely = machine.lower_bound([[1, 1, 0, 0], [1, 0, 1, 0]])
        >>> bool(likely > unlikely + 1)
        True
    """

    def __init__(
        self,
        units: Sequence[int] = (256, 256),
        learning_rate: float = 0.05,
        pretraining_epochs: int = 10,
        joint_rate: float = 0.01,
        epochs: int = 10,
        batch_size: int = 10,
        rounds: int = 5,
        sweeps: int = 10,
        random_state: int | None = None,
    ) -> None:
        self.units = units
        self.learning_rate = learning_rate
        self.pretraining_epochs = pretraining_epochs
        self.joint_rate = joint_rate
        self.epochs = epochs
        self.batch_size = batch_size
        self.rounds = rounds
        self.sweeps = sweeps
        self.random_state = random_state

    def fit(self, X: Any, y: Any = None, **options: Any) -> Self:
        """Learn from rows; `options` are further arguments of the `fit` that learns all layers together."""
        self._check_unweighted(options)
        rows, _ = self._checked(X, y)
        with self._seeded():
            given = {"epochs": self.epochs, "verbose": 0, **options}
            self.model_, self.history_ = self._joined(rows, **given)
        return self

    def transform(self, X: Any) -> np.ndarray:
        """The mean field of the highest layer for each row, (samples, units of the highest layer)."""
        return self._outputs(self._rows(X))

    def sample(self, n_samples: int = 1, rounds: int = 1000) -> np.ndarray:
        """Rows that the machine believes in, (n_samples, features).

        Args:
            n_samples: how many, each from a chain of its own.
            rounds: how often all layers are drawn; few rounds leave rows near the random start.
        """
        validation.check_is_fitted(self)
        return np.asarray(self._dreams(self._machine, n_samples, rounds)[0])

    def plot(self, language: str | None = None, to_file: Any = None) -> Any:
        """Draw up to 8 receptive fields of each layer, multiplied through to the inputs, and 8 dreams.

        Args:
            language: `"en"`, `"es"`, or None for the user's.
            to_file: where to write the picture.

        Returns:
            A `matplotlib.figure.Figure`.
        """
        validation.check_is_fitted(self)
        dreams = np.asarray(self._dreams(self._machine, _DRAWN, 1000)[1])
        return self._picture(self._machine.kernels, dreams, CARD.title, language, to_file)

    @property
    def _n_features_out(self) -> int:
        return self.units[-1]


class DeepBoltzmannClassifier(Machine, Classifier):
    """A deep Boltzmann machine that learns rows first, and then, by backpropagation, their classes.

    Args:
        units, learning_rate, pretraining_epochs, joint_rate: as in `DeepBoltzmann`.
        joint_epochs: of learning all layers together.
        fine_tuning_rate: of Adam, in the first step of backpropagation; it falls to 0 as half a cosine does.
        epochs: of backpropagation.
        batch_size, rounds, sweeps, random_state: as in `DeepBoltzmann`.

    Attributes:
        classes_: the classes, sorted.
        pretraining_, first_bias_: as in `DeepBoltzmann`.
        joint_: the reconstruction error at each epoch of learning all layers together, (epochs,).
        dreams_: P(v = 1) of 8 rows that were dreamt before the classes were learned, (8, features).
        model_: the machine, and the feed-forward network of its weights with a softmax layer.
        history_: of backpropagation.
        n_features_in_: as in `Estimator`.

    Raises:
        DataError: a number of the rows is neither 0 nor 1, nor between; or there is one class.
        ArgumentError: there is no layer, or a size is no whole number above 0.

    Example:

        >>> rows = np.array([[1, 1, 0, 0], [0, 0, 1, 1], [1, 0, 0, 1]] * 30)
        >>> network = DeepBoltzmannClassifier((8, 8), epochs=60, fine_tuning_rate=0.02, random_state=0)
        >>> network.fit(rows, ["left", "right", "apart"] * 30).predict(rows[:3]).tolist()
        ['left', 'right', 'apart']
    """

    def __init__(
        self,
        units: Sequence[int] = (256, 256),
        learning_rate: float = 0.05,
        pretraining_epochs: int = 10,
        joint_rate: float = 0.01,
        joint_epochs: int = 10,
        fine_tuning_rate: float = 0.001,
        epochs: int = 20,
        batch_size: int = 10,
        rounds: int = 5,
        sweeps: int = 10,
        random_state: int | None = None,
    ) -> None:
        self.units = units
        self.learning_rate = learning_rate
        self.pretraining_epochs = pretraining_epochs
        self.joint_rate = joint_rate
        self.joint_epochs = joint_epochs
        self.fine_tuning_rate = fine_tuning_rate
        self.epochs = epochs
        self.batch_size = batch_size
        self.rounds = rounds
        self.sweeps = sweeps
        self.random_state = random_state

    def _targets(self, y: np.ndarray) -> np.ndarray:
        return y[:, None] == self.classes_

    def _schedule(self, steps: int) -> CosineDecay:
        return CosineDecay(self.fine_tuning_rate, steps)

    def fit(self, X: Any, y: Any, verbose: Any = 0, **options: Any) -> Self:
        """Learn from rows, (samples, features), and the class of each.

        Args:
            X: the rows.
            y: a class for each.
            verbose: of the `fit` of each layer, of all layers together, and of backpropagation.
            options: further arguments of the `fit` of backpropagation.
        """
        self._check_unweighted(options)
        rows, targets = self._checked(X, y)
        with self._seeded():
            joined, history = self._joined(rows, epochs=self.joint_epochs, verbose=verbose)
            self.joint_ = np.array(history.history.get("reconstruction_error", []))
            learned = joined.layers[-1]
            self.dreams_ = np.asarray(self._dreams(learned, _DRAWN, 500)[1])
            seer = DeepBoltzmannLayer(self.units, self.sweeps, augmented=True, trainable=False)
            front = Sequential([Input((rows.shape[1],)), seer])
            seer.set_weights(learned.get_weights())
            head = self._feed_forward(learned)
            if options.get("validation_data") is not None:
                held_out, *rest = options["validation_data"]
                options["validation_data"] = (self._seen(front, held_out), *rest)
            given = {"epochs": self.epochs, "batch_size": self._batch_size, "verbose": verbose, **options}
            self._follow_schedule(head, rows, given)
            self.history_ = head.fit(self._seen(front, rows), targets, **given)
        self.model_ = Sequential([Input((rows.shape[1],)), seer, *head.layers])
        return self

    def _seen(self, front: Any, rows: Any) -> np.ndarray:
        """v and the mean field of the second layer, which no step of backpropagation changes."""
        return np.asarray(front.predict(np.asarray(rows, "float32"), batch_size=_ROWS, verbose=0))

    def _feed_forward(self, layer: DeepBoltzmannLayer) -> Any:
        """A network of the weights of the machine, with a softmax layer."""
        kernels, biases = ([one.numpy() for one in part] for part in (layer.kernels, layer.biases))
        last = len(kernels) - 1
        stacked = [kernel if place in (0, last) else 2 * kernel for place, kernel in enumerate(kernels)]
        stacked[0] = np.concatenate([kernels[0], *(kernel.T for kernel in kernels[1:2])])
        hidden = [Dense(size, "sigmoid") for size in self.units]
        model = Sequential([Input((len(stacked[0]),)), *hidden, Dense(len(self.classes_), "softmax")])
        for dense, kernel, bias in zip(hidden, stacked, biases[1:], strict=True):
            dense.set_weights([kernel, bias])
        model.compile(Adam(self.fine_tuning_rate), "categorical_crossentropy", metrics=["accuracy"])
        return model

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
        return self._picture(self._machine.kernels, self.dreams_, CARD.title, language, to_file)


def _digits(seed: int = 0, quick: bool = False) -> Outcome:
    """784-500-1000, as in section 4.1 of the paper."""
    (X, y), (test, truth) = grey_digits(quick)
    if quick:
        network = DeepBoltzmannClassifier(
            (64, 64), 0.1, 5, 0.02, 5, 0.01, 15, batch_size=50, rounds=1, sweeps=5, random_state=seed
        )
    else:
        network = DeepBoltzmannClassifier(
            (500, 1000), 0.05, 5, 0.01, 5, 3e-4, 20, batch_size=100, sweeps=5, random_state=seed
        )
    network.fit(X, y)
    details = {
        Words("% of wrong training digits", "% de dígitos de entrenamiento erróneos"): (
            100 * (1 - network.score(X, y))
        )
    }
    if not quick:
        words = Words(
            "lower bound of log P of a test digit, of black and white",
            "cota inferior de log P de un dígito de prueba, en blanco y negro",
        )
        details[words] = float(network.lower_bound((test > 0.5).astype("float32")).mean())
    return Outcome(100 * (1 - network.score(test, truth)), network, details)


CARD = Card(
    title=Words("Deep Boltzmann machine", "Máquina de Boltzmann profunda"),
    year=2009,
    paper="Salakhutdinov and Hinton, Deep Boltzmann machines, 2009",
    family="energy",
    cells=("back-fed input", "probabilistic hidden", "hidden", "output"),
    summary=Words(
        "Hidden layers that each receive from below and from above; a mean field says what they make of a "
        "row, and chains that never stop say what they dream.",
        "Capas ocultas que reciben cada una de abajo y de arriba; un campo medio dice cómo entienden una "
        "fila, y cadenas que nunca se detienen dicen qué sueñan.",
    ),
    network=DeepBoltzmannClassifier,
    experiment=Experiment(
        task=Words(
            "MNIST, 784-500-1000, 5 epochs a layer, 5 together, 20 of backpropagation",
            "MNIST, 784-500-1000, 5 épocas por capa, 5 juntas, 20 de retropropagación",
        ),
        measure=Words("% of wrong test digits", "% de dígitos de prueba erróneos"),
        target=0.95,
        source=Words(
            "Salakhutdinov and Hinton, 2009, section 4.1, after 500 epochs of all layers together",
            "Salakhutdinov y Hinton, 2009, sección 4.1, tras 500 épocas con todas las capas juntas",
        ),
        run=_digits,
        quick_target=7.0,
        lower=True,
    ),
)
