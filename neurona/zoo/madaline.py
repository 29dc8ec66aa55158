"""MADALINE: many Adalines in layers, which learn by the smallest change that mends an error.

Widrow (Generalization and information storage in networks of Adaline neurons, 1962) put a fixed vote above a
layer of Adalines. Winter and Widrow (MADALINE Rule II: a training algorithm for neural networks, IEEE
International Conference on Neural Networks, 1988) let both layers learn, without a gradient, since each
neuron says only the sign of its sum,

    h = sign(W x),     y = sign(V h).

For each row of which outputs are wrong, by the principle of minimal disturbance:

    1. the hidden neuron whose sum is nearest to 0 is reversed on trial; where fewer outputs are wrong, it is
       to say the reverse, and else it stays; then the next nearest, and so on;
    2. where outputs are still wrong, pairs of hidden neurons are tried the same way;
    3. outputs that are still wrong are to say the reverse.

Each neuron that is to say d learns it by w += alpha * (d - s) * x / |x|**2, with s its sum, which leaves a
sum of s + alpha * (d - s).

Deviation. Rule II may stay where no change mends anything, or go round in circles, as its authors report.
Then it begins anew from other random weights, up to `n_init` times, and the start of least errors counts.
"""

import warnings
from typing import Any, Self

import jax
import jax.numpy as jnp
import numpy as np

from neurona.callbacks import Callback
from neurona.errors import warn
from neurona.layers import Dense, Input, Layer
from neurona.models import Model, Sequential
from neurona.plotting.figure import BLUE, GRAY, VERMILLION, finish, new_figure
from neurona.training import Rule
from neurona.zoo import validation
from neurona.zoo.card import Card, Experiment, Outcome, Words
from neurona.zoo.estimator import Classifier
from neurona.zoo.pictures import weights_figure

__all__ = ["Madaline"]


def _sign(sums: jax.Array) -> jax.Array:
    return jnp.where(sums > 0, 1.0, -1.0)


class SignLayer(Layer):
    """1 where the sum is above 0, and else -1: a layer's decisions.

    Shapes: x (...) -> (...).
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)

    def call(self, x: jax.Array) -> jax.Array:
        return _sign(x)


class MadalineRule(Rule):
    """Widrow's rule II, for a hidden layer and an output layer, the Dense layers of the model.

    Args:
        rate: alpha.

    Figures: `mistakes`, the share of rows of which an output was wrong before they were learned.
    """

    figures = ("mistakes",)

    def __init__(self, rate: float) -> None:
        self.rate = rate

    def learn(self, model: Any, batch: Any, key: jax.Array, number: jax.Array) -> dict[str, jax.Array]:
        hidden, output = model.layers[0], model.layers[-1]
        first, second = np.triu_indices(hidden.units, 1)

        def see(held: tuple[jax.Array, ...], row: tuple[jax.Array, jax.Array]) -> Any:
            (W, V), (x, t) = held, row
            x = jnp.append(x, 1.0)
            sums = x @ W
            said, order = _sign(sums), jnp.argsort(jnp.abs(sums))

            def wrong(h: jax.Array) -> jax.Array:
                return jnp.sum(_sign(jnp.append(h, 1.0) @ V) != t)

            def reverse(h: jax.Array, chosen: jax.Array) -> tuple[jax.Array, None]:
                trial = h.at[chosen].multiply(-1)
                return jnp.where(wrong(trial) < wrong(h), trial, h), None

            wanted, _ = jax.lax.scan(reverse, said, order[:, None])
            wanted, _ = jax.lax.scan(reverse, wanted, jnp.stack([order[first], order[second]], axis=1))
            W = W + self._step(x, wanted, sums, wanted != said)
            h = jnp.append(wanted, 1.0)
            V = V + self._step(h, t, h @ V, _sign(h @ V) != t)
            return (W, V), wrong(said) > 0

        held = tuple(
            jnp.concatenate([layer.kernel.value, layer.bias.value[None]]) for layer in (hidden, output)
        )
        after, mistakes = jax.lax.scan(see, held, (batch.x, batch.y))
        for layer, weights in zip((hidden, output), after, strict=True):
            layer.kernel.assign(weights[:-1])
            layer.bias.assign(weights[-1])
        return {"mistakes": mistakes.mean()}

    def _step(self, x: jax.Array, wanted: jax.Array, sums: jax.Array, learns: jax.Array) -> jax.Array:
        """What is added to the weights of the neurons that learn to say what is wanted of them."""
        return self.rate * jnp.outer(x, jnp.where(learns, wanted - sums, 0.0)) / jnp.sum(x**2)


class _UntilNoMistake(Callback):
    """Ends training after an epoch without a mistake: nothing would change any more."""

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        if logs["mistakes"] == 0:
            self.model.stop_training = True


class Madaline(Classifier):
    """Two layers of Adalines, which learn by Widrow's rule II: of two classes one output, of more one each.

    Args:
        units: how many hidden neurons.
        learning_rate: alpha, above 0; with 1 a neuron's sum becomes what it is to say.
        epochs: how often the rows are gone through at most, from each start. Learning ends after an epoch
            without a mistake.
        n_init: from how many starts it learns at most, until one ends without a mistake.
        random_state: an integer for the same numbers at every call.

    Attributes:
        classes_: the classes, sorted.
        converged_: whether an epoch went by without a mistake.
        n_starts_: from how many starts it learned.
        model_, history_, n_features_in_: as in `Classifier`; `history_` is that of the start that counts.

    Warns:
        UserWarning: mistakes are still made in the last epoch.

    Example:

        >>> X = [[-1, -1], [-1, 1], [1, -1], [1, 1]]
        >>> Madaline(random_state=0).fit(X, ["no", "yes", "yes", "no"]).predict(X).tolist()
        ['no', 'yes', 'yes', 'no']
    """

    def __init__(
        self,
        units: int = 4,
        learning_rate: float = 1.0,
        epochs: int = 100,
        n_init: int = 5,
        random_state: int | None = None,
    ) -> None:
        self.units = units
        self.learning_rate = learning_rate
        self.epochs = epochs
        self.n_init = n_init
        self.random_state = random_state

    def _targets(self, y: np.ndarray) -> np.ndarray:
        own = self.classes_[1:] if len(self.classes_) == 2 else self.classes_
        return np.where(y[:, None] == own, 1.0, -1.0)

    def _model_for(self, X: np.ndarray, y: np.ndarray | None) -> Model:
        assert y is not None
        layers = [Dense(self.units), SignLayer(), Dense(y.shape[1])]
        model = Sequential([Input((X.shape[1],)), *layers])
        model.set_weights(_random_weights(model, self._seed()))
        model.compile(rule=MadalineRule(self.learning_rate))
        return model

    def fit(self, X: Any, y: Any, callbacks: Any = (), **options: Any) -> Self:
        """Learn from rows, (samples, features), and the class of each.

        Args:
            X: the rows.
            y: a class for each.
            callbacks: of the model's `fit`.
            options: further arguments of the model's `fit`.
        """
        options = {"callbacks": [*callbacks, _UntilNoMistake()], **options}
        super().fit(X, y, **options)
        found = [(self.history_, self.model_.get_weights())]
        rows, targets = self._checked(X, y)
        options = {"epochs": self.epochs, "verbose": 0, **options}
        while _mistakes(found[-1][0]) and len(found) < self.n_init:
            self.model_.set_weights(_random_weights(self.model_, self._seed() + len(found)))
            with self._seeded():
                history = self.model_.fit(rows, targets, **options)
            found.append((history, self.model_.get_weights()))
        self.history_, weights = min(found, key=lambda start: _mistakes(start[0]))
        self.model_.set_weights(weights)
        self.n_starts_, last = len(found), _mistakes(self.history_)
        self.converged_ = last == 0
        if last:
            warn(
                f"Madaline: {100 * last:.3g} % of the rows are still mistaken in the last epoch of the best "
                f"of {len(found)} starts. Give it more units={self.units}, epochs or n_init."
            )
        return self

    def decision_function(self, X: Any) -> np.ndarray:
        """The sum of each output; of two classes, (samples,)."""
        sums = self._outputs(self._rows(X))
        return sums[:, 0] if len(self.classes_) == 2 else sums

    def predict(self, X: Any) -> np.ndarray:
        """The class of each row: whose output has the largest sum."""
        sums = self.decision_function(X)
        chosen = (sums > 0).astype(int) if len(self.classes_) == 2 else sums.argmax(axis=1)
        return self.classes_[chosen]

    def plot(self, X: Any = None, y: Any = None, language: str | None = None, to_file: Any = None) -> Any:
        """Draw, for rows of two columns, what is said where and the line of each hidden neuron; for
        others the weights of the hidden neurons.

        Args:
            X: rows to be drawn as points.
            y: a class for each.
            language: `"en"`, `"es"`, or None for the user's.
            to_file: where to write the picture.

        Returns:
            A `matplotlib.figure.Figure`.
        """
        validation.check_is_fitted(self)
        kernel, bias = (np.asarray(weight) for weight in self.model_.get_weights()[:2])
        title = CARD.title.of(language)
        if self.n_features_in_ != 2:
            return finish(weights_figure(kernel.T, range(1, self.units + 1), title), to_file)
        figure = new_figure("Madaline.plot", 5, 4.6, 120)
        axes = figure.subplots()
        reach = 1.6 if X is None else 1.6 * float(np.abs(X).max())
        grid = np.stack(np.meshgrid(*[np.linspace(-reach, reach, 200)] * 2), axis=-1).reshape(-1, 2)
        said = np.searchsorted(self.classes_, self.predict(grid)).reshape(200, 200)
        axes.imshow(said, extent=(-reach, reach) * 2, origin="lower", cmap="Pastel1", aspect="auto")
        across = np.array([-reach, reach])
        for (u, v), b in zip(kernel.T, bias, strict=True):
            axes.plot(across, -(u * across + b) / v, color=GRAY, lw=1)
        kinds = np.zeros(0) if X is None else np.asarray(y)
        for label, colour in zip(np.unique(kinds), (BLUE, VERMILLION)):
            axes.plot(*np.asarray(X)[kinds == label].T, "o", ms=9, color=colour, label=str(label))
        if X is not None:
            axes.legend(loc="upper left")
        axes.set(xlim=(-reach, reach), ylim=(-reach, reach))
        figure.suptitle(title)
        return finish(figure, to_file)


def _mistakes(history: Any) -> float:
    """The share of rows that were mistaken in the last epoch."""
    return float(history.history["mistakes"][-1])


def _random_weights(model: Model, seed: int) -> list[np.ndarray]:
    """Weights from -1 to 1."""
    rng = np.random.default_rng(seed)
    return [rng.uniform(-1, 1, weight.shape).astype("float32") for weight in model.get_weights()]


def _exclusive_or(seed: int = 0, quick: bool = False) -> Outcome:
    """The share of seeds from which XOR is learned; in full, of single starts, and parity of three too."""
    X = np.array([[-1, -1], [-1, 1], [1, -1], [1, 1]])
    y = np.array([0, 1, 1, 0])
    seeds = range(seed, seed + (3 if quick else 50))

    def solved(network: Madaline, rows: np.ndarray, kinds: np.ndarray) -> float:
        with warnings.catch_warnings(action="ignore"):
            return 100 * float(
                np.mean([network.set_params(random_state=one).fit(rows, kinds).converged_ for one in seeds])
            )

    network, details = Madaline(), {}
    figure = solved(network, X, y)
    if not quick:
        details = {
            Words("% from one start, 4 hidden neurons", "% de un solo comienzo, 4 neuronas ocultas"): (
                solved(Madaline(n_init=1), X, y)
            ),
            Words("% from one start, 2 hidden neurons", "% de un solo comienzo, 2 neuronas ocultas"): (
                solved(Madaline(2, n_init=1), X, y)
            ),
        }
    return Outcome(figure, network, details, shown={"X": X, "y": y})


CARD = Card(
    title=Words("MADALINE, many Adalines", "MADALINE, muchas Adalines"),
    year=1962,
    paper="Winter and Widrow, MADALINE Rule II: a training algorithm for neural networks, 1988",
    family="layers",
    cells=("input", "hidden", "output"),
    summary=Words(
        "Layers of neurons that say a sign learn without gradients: what is least sure is reversed on trial, "
        "and learned where that mends an error.",
        "Capas de neuronas que dicen un signo aprenden sin gradientes: lo menos seguro se invierte a prueba, "
        "y se aprende si corrige un error.",
    ),
    network=Madaline,
    experiment=Experiment(
        task=Words(
            "exclusive or, 4 hidden neurons, up to 5 starts of 100 epochs, 50 seeds",
            "o exclusivo, 4 neuronas ocultas, hasta 5 comienzos de 100 épocas, 50 semillas",
        ),
        measure=Words("% of seeds that solve it", "% de semillas que lo resuelven"),
        target=100.0,
        source=Words("no line separates it; rule II is to", "ninguna recta lo separa; la regla II debe"),
        run=_exclusive_or,
        quick_target=100.0,
    ),
)
