"""The restricted Boltzmann machine: visible and hidden units, joined across and never among themselves.

Smolensky (Information processing in dynamical systems: foundations of harmony theory, 1986); Hinton (Training
products of experts by minimizing contrastive divergence, Neural Computation 14, 2002). Visible units v and
hidden units h of 0 and 1 have the energy

    E(v, h) = -b' v - c' h - v' W h,     P(v, h) = exp(-E(v, h)) / Z.

No two units of a layer are joined, so that each layer is drawn at once, given the other:

    P(h_j = 1 | v) = sigmoid(c_j + (v' W)_j),     P(v_i = 1 | h) = sigmoid(b_i + (W h)_i).

The hidden units sum out, and leave the free energy F, with P(v) = exp(-F(v)) / Z:

    F(v) = -b' v - sum over j of log(1 + exp(c_j + (v' W)_j)).

The log-likelihood climbs along <v h'> of the data less <v h'> of the machine. Contrastive divergence (2002)
takes the latter from k rounds of drawing that begin at the data, CD-k; persistent contrastive divergence
(Tieleman, Training restricted Boltzmann machines using approximations to the likelihood gradient, 2008) from
chains whose hidden units are carried on from step to step. Grey levels from 0 to 1 count as the probabilities
of a 1 (Hinton, A practical guide to training restricted Boltzmann machines, 2010, section 13).

Gaussian visible units have |v|^2 / 2 in E, and P(v_i | h) is normal with mean b_i + (W h)_i and variance 1;
the columns are scaled to mean 0 and variance 1 first (2010, section 13.2).

Z sums over all states, and is out of reach but for small machines. Annealed importance sampling
(Salakhutdinov and Murray, On the quantitative analysis of deep belief networks, 2008) estimates it: chains
walk from a machine without weights, whose Z is known, to this one, in small steps of the inverse temperature
beta. Here the first machine has the visible biases b_0 of the data, and beta scales c and W; that of the
paper (section 4.1.1, equations 15 to 18) has hidden units of its own, which sum out to a constant.
"""

from typing import Any, ClassVar, Self

import jax
import jax.numpy as jnp
import numpy as np

from neurona import Variable
from neurona.datasets import digits
from neurona.errors import ArgumentError
from neurona.initializers import RandomNormal
from neurona.layers import Input, Layer
from neurona.models import Model, Sequential
from neurona.ops.native import bernoulli, sparse_product
from neurona.plotting.figure import finish
from neurona.training import Rule
from neurona.zoo import validation
from neurona.zoo.bits import check_unit_interval, data_bias, draw_units
from neurona.zoo.card import Card, Experiment, Outcome, Words
from neurona.zoo.estimator import Estimator, TransformerMixin, utils
from neurona.zoo.pictures import pictures_figure

__all__ = ["GaussianRestrictedBoltzmann", "RestrictedBoltzmann", "RestrictedBoltzmannLayer"]

_ENUMERABLE = 20  # hidden units, of at most 2**20 states
_DRAWN = 25  # receptive fields of a picture


class RestrictedBoltzmannLayer(Layer):
    """The probabilities of hidden units, and the drawing of both layers, of a restricted Boltzmann machine.

    Args:
        units: how many hidden units.
        visible: the kind of the visible ones: `"bernoulli"`, of 0 and 1, or `"gaussian"`, of variance 1.

    Shapes: v (rows, features) -> P(h = 1 | v) (rows, units); kernel (features, units), bias (units,),
        visible_bias (features,).

    Raises:
        ArgumentError: `visible` is neither.

    Source: Hinton, Training products of experts by minimizing contrastive divergence, 2002.

    Example:

        >>> layer = RestrictedBoltzmannLayer(1)
        >>> layer.build((None, 2))
        >>> layer.kernel.assign([[2.0], [-2.0]])
        >>> layer(np.array([[1.0, 1.0], [2.0, 1.0]])) > 0.5
        Array([[False],
               [ True]], dtype=bool)
        >>> layer.free_energy(np.zeros((1, 2)))  # -log 2
        Array([-0.6931472], dtype=float32)
    """

    def __init__(self, units: int, visible: str = "bernoulli", **kwargs: Any) -> None:
        if visible not in ("bernoulli", "gaussian"):
            raise ArgumentError(
                f"RestrictedBoltzmannLayer: visible is 'bernoulli' or 'gaussian'. Received: {visible=}"
            )
        super().__init__(**kwargs)
        self.units, self.visible = units, visible

    @property
    def figure(self) -> str:
        """What tells how well it learns: see `ContrastiveDivergence`."""
        return "reconstruction_error" if self.visible == "gaussian" else "pseudo_likelihood"

    def build(self, input_shape: Any) -> None:
        features = input_shape[-1]
        self.kernel = self.add_weight((features, self.units), RandomNormal(stddev=0.01), name="kernel")
        self.bias = self.add_weight((self.units,), "zeros", name="bias")
        self.visible_bias = self.add_weight((features,), "zeros", name="visible_bias")

    def call(self, v: jax.Array) -> jax.Array:
        return jax.nn.sigmoid(self.excitement(v))

    def excitement(self, v: jax.Array) -> jax.Array:
        """c + v' W, (rows, units)."""
        return sparse_product(v, self.kernel.value, self.bias.value)

    def free_energy(self, v: jax.Array) -> jax.Array:
        """F(v), (rows,)."""
        outer = v @ self.visible_bias.value - (jnp.sum(v**2, -1) / 2 if self.visible == "gaussian" else 0)
        return -outer - jnp.sum(jax.nn.softplus(self.excitement(v)), -1)

    def draw_hidden(self, v: jax.Array, key: jax.Array) -> jax.Array:
        """h given v: 0 and 1, (rows, units)."""
        return bernoulli(key, self.excitement(v))

    def received(self, h: jax.Array) -> jax.Array:
        """b + W h, (rows, features)."""
        return sparse_product(h, self.kernel.value, self.visible_bias.value, transpose_w=True)

    def expected_visible(self, h: jax.Array) -> jax.Array:
        """The mean of v given h, (rows, features)."""
        received = self.received(h)
        return received if self.visible == "gaussian" else jax.nn.sigmoid(received)

    def draw_visible(self, h: jax.Array, key: jax.Array) -> jax.Array:
        """v given h, (rows, features)."""
        return draw_units(self.visible, key, self.received(h))

    def gibbs(self, v: jax.Array, key: jax.Array, rounds: Any) -> jax.Array:
        """v after some rounds: h given v, and v given h."""

        def again(number: Any, v: jax.Array) -> jax.Array:
            first, second = jax.random.split(jax.random.fold_in(key, number))
            return self.draw_visible(self.draw_hidden(v, first), second)

        return jax.lax.fori_loop(0, rounds, again, v)


class ContrastiveDivergence(Rule):
    """W += rate * (<v h'> of the rows - <v h'> of the machine), and the biases alike: CD-k and PCD-k.

    Args:
        rate: eta.
        rounds: k, of drawing both layers.
        chains: how many chains are carried on from step to step, by their hidden units; 0 begins at the rows
            at each step.

    Figures: `pseudo_likelihood`, the log of it from a unit of each row; of Gaussian units, and of layers
        without a free energy, `reconstruction_error`, the mean squared difference of v from its mean given h.
    """

    figures = ("pseudo_likelihood",)

    def __init__(self, rate: float, rounds: int = 1, chains: int = 0) -> None:
        self.rate, self.rounds, self.chains = rate, rounds, chains

    def build(self, model: Any) -> None:
        layer = model.layers[-1]
        self.figures = (layer.figure,)
        if self.chains:
            start = jnp.zeros((self.chains, layer.units))
            self.carried = Variable(start, trainable=False, name="chains")

    def learn(self, model: Any, batch: Any, key: jax.Array, number: jax.Array) -> dict[str, jax.Array]:
        layer, v = model.layers[-1], batch.x
        first, second, third, looking = jax.random.split(key, 4)
        excitement = layer.excitement(v)
        figure = self._figure(layer, v, excitement, looking)
        start = self.carried.value if self.chains else bernoulli(first, excitement)
        model_v = layer.draw_visible(start, second)
        if self.rounds > 1:
            model_v = layer.gibbs(model_v, third, self.rounds - 1)
        model_excitement = layer.excitement(model_v)
        if self.chains:
            self.carried.assign(bernoulli(first, model_excitement))
        # <v h'> of the rows less that of the machine, as one product.
        h = self.rate / len(v) * jax.nn.sigmoid(excitement)
        model_h = -self.rate / len(model_v) * jax.nn.sigmoid(model_excitement)
        outer, inner = jnp.concatenate([v, model_v]), jnp.concatenate([h, model_h])
        layer.kernel.assign(sparse_product(outer, inner, layer.kernel.value, transpose_x=True))
        layer.bias.assign(layer.bias + inner.sum(axis=0))
        change = v.mean(axis=0) - model_v.mean(axis=0)
        layer.visible_bias.assign(layer.visible_bias + self.rate * change)
        return {layer.figure: figure}

    def _figure(self, layer: Any, v: jax.Array, excitement: jax.Array, key: jax.Array) -> jax.Array:
        if layer.figure == "reconstruction_error":
            return jnp.mean((v - layer.expected_visible(jax.nn.sigmoid(excitement))) ** 2)
        places = jax.random.randint(key, (len(v),), 0, v.shape[1])
        change = 1 - 2 * v[jnp.arange(len(v)), places]  # of the unit that is flipped
        flipped = excitement + change[:, None] * layer.kernel.value[places]
        # log(1 + e^x) = max(x, 0) + log(1 + e^-|x|): the logarithms of both excitements are one.
        tails = [1 + jnp.exp(-jnp.abs(one)) for one in (excitement, flipped)]
        difference = jax.nn.relu(excitement) - jax.nn.relu(flipped) + jnp.log(tails[0] / tails[1])
        less = jnp.sum(difference, -1)
        return v.shape[1] * jnp.mean(jax.nn.log_sigmoid(less - change * layer.visible_bias.value[places]))


class _Machine(TransformerMixin, Estimator):
    """What machines of both kinds of visible units share."""

    _visible: ClassVar[str]

    def __init__(
        self,
        n_components: int = 256,
        learning_rate: float = 0.05,
        epochs: int = 10,
        batch_size: int = 10,
        rounds: int = 1,
        persistent: bool = True,
        random_state: int | None = None,
    ) -> None:
        self.n_components = n_components
        self.learning_rate = learning_rate
        self.epochs = epochs
        self.batch_size = batch_size
        self.rounds = rounds
        self.persistent = persistent
        self.random_state = random_state

    def _model_for(self, X: np.ndarray, y: np.ndarray | None) -> Model:
        for name in ("n_components", "batch_size", "rounds"):
            if not (isinstance(getattr(self, name), int | np.integer) and getattr(self, name) > 0):
                raise ArgumentError(
                    f"{type(self).__name__}: {name} is a whole number above 0. Received: "
                    f"{name}={getattr(self, name)!r}"
                )
        self._batch_size = min(self.batch_size, len(X))
        layer = RestrictedBoltzmannLayer(self.n_components, self._visible)
        model = Sequential([Input((X.shape[1],)), layer])
        chains = self._batch_size if self.persistent else 0
        model.compile(rule=ContrastiveDivergence(self.learning_rate, self.rounds, chains))
        return model

    def fit(self, X: Any, y: Any = None, **options: Any) -> Self:
        """Learn from rows, (samples, features); `options` are further arguments of the model's `fit`."""
        super().fit(X, y, **options)
        kernel, bias, outer = (np.asarray(weight) for weight in self.model_.get_weights())
        self.components_, self.intercept_hidden_, self.intercept_visible_ = kernel.T, bias, outer
        return self

    def transform(self, X: Any) -> np.ndarray:
        """P(h = 1 | v) of each row, (samples, n_components)."""
        return self._outputs(self._units(X))

    def free_energy(self, X: Any) -> np.ndarray:
        """F(v) of each row, (samples,)."""
        return np.asarray(self._layer.free_energy(jnp.asarray(self._units(X))))

    def gibbs(self, X: Any, rounds: int = 1) -> np.ndarray:
        """What is drawn from each row in some rounds: h given v, and v given h."""
        drawn = jax.jit(self._layer.gibbs)(jnp.asarray(self._units(X)), self._key(), rounds)
        return self._as_rows(np.asarray(drawn))

    def sample(self, n_samples: int = 1, rounds: int = 1000) -> np.ndarray:
        """Rows that the machine believes in, (n_samples, features).

        Args:
            n_samples: how many, each from a chain of its own.
            rounds: how often both layers are drawn; few rounds leave rows near the random start.
        """
        validation.check_is_fitted(self)
        first, second = jax.random.split(self._key())
        received = jnp.broadcast_to(self._layer.visible_bias.value, (n_samples, self.n_features_in_))
        start = draw_units(self._visible, first, received)
        return self._as_rows(np.asarray(jax.jit(self._layer.gibbs)(start, second, rounds)))

    def log_partition(self, method: str = "annealed", chains: int = 100, steps: int = 1000) -> float:
        """log Z, of exp(-F(v)) over all v.

        Args:
            method: `"annealed"` importance sampling, or `"exact"`: the sum over all states of up to 20 hidden
                units.
            chains, steps: of the sampling; more are nearer to the truth.

        Raises:
            ArgumentError: the machine is too large for the sum, or the method is neither.
        """
        validation.check_is_fitted(self)
        if method not in ("annealed", "exact"):
            raise ArgumentError(
                f"{type(self).__name__}.log_partition: method is 'annealed' or 'exact'. Received: {method=}"
            )
        kernel, bias, outer = self.components_.T, self.intercept_hidden_, self.intercept_visible_
        if method == "annealed":
            start, key = self.first_bias_, self._key()
            return float(_annealed(self._visible, kernel, bias, outer, start, key, chains, steps))
        if self.n_components > _ENUMERABLE:
            raise ArgumentError(
                f"{type(self).__name__}.log_partition: the sum over all states takes up to {_ENUMERABLE} "
                f"hidden units, and there are {self.n_components}. Use method='annealed'."
            )
        return _enumerated(self._visible, kernel.astype("float64"), bias, outer)

    def log_likelihood(self, X: Any, log_partition: float | None = None) -> np.ndarray:
        """log P(v) = -F(v) - log Z of each row, (samples,); of Gaussian units, of the density.

        Args:
            X: (samples, features).
            log_partition: log Z; by default what `log_partition()` estimates.
        """
        total = self.log_partition() if log_partition is None else log_partition
        return self._log_scale - self.free_energy(X) - total

    def plot(self, language: str | None = None, to_file: Any = None) -> Any:
        """Draw the receptive fields: the weights of up to 25 hidden units, those of the longest.

        Args:
            language: `"en"`, `"es"`, or None for the user's.
            to_file: where to write the picture.

        Returns:
            A `matplotlib.figure.Figure`.
        """
        validation.check_is_fitted(self)
        chosen = np.argsort(-np.linalg.norm(self.components_, axis=1), kind="stable")[:_DRAWN]
        names = [str(number + 1) for number in chosen]
        figure = pictures_figure(self.components_[chosen], names, 5, CARD.title.of(language))
        return finish(figure, to_file)

    def _units(self, X: Any) -> np.ndarray:
        """Rows as the visible units take them."""
        return self._rows(X)

    def _as_rows(self, v: np.ndarray) -> np.ndarray:
        """Visible units as rows are."""
        return v

    @property
    def _log_scale(self) -> float:
        """What the log density of a row has more than that of its units."""
        return 0.0

    def _key(self) -> jax.Array:
        return jax.random.key(self._seed())

    @property
    def _layer(self) -> Any:
        return self.model_.layers[-1]

    @property
    def _n_features_out(self) -> int:
        return self.n_components


class RestrictedBoltzmann(_Machine):
    """A restricted Boltzmann machine of units of 0 and 1.

    Args:
        n_components: how many hidden units.
        learning_rate: eta.
        epochs: how often the rows are gone through.
        batch_size: rows of a step, and how many chains persist.
        rounds: k, of drawing both layers at each step.
        persistent: whether the chains are carried on from step to step (PCD-k) or begin at the rows (CD-k).
        random_state: an integer for the same numbers at every call.

    Attributes:
        components_: W', (n_components, features).
        intercept_hidden_, intercept_visible_: c and b.
        first_bias_: b_0, where annealing begins.
        model_, history_, n_features_in_: as in `Estimator`.

    Raises:
        DataError: a number of the rows is neither 0 nor 1, nor between.

    Example:

        >>> rows = np.array([[1, 1, 0, 0], [0, 0, 1, 1]] * 50)
        >>> machine = RestrictedBoltzmann(2, learning_rate=0.3, epochs=100, random_state=0).fit(rows)
        >>> likely, unlikely = machine.log_likelihood([[1, 1, 0, 0], [1, 0, 1, 0]])
        >>> bool(likely > unlikely + 2)
        True
    """

    _visible = "bernoulli"

    def _checked(self, X: Any, y: Any) -> tuple[np.ndarray, None]:
        rows, _ = super()._checked(X, y)
        check_unit_interval(type(self).__name__, rows)
        self.first_bias_ = data_bias(rows)
        return rows, None

    def _units(self, X: Any) -> np.ndarray:
        rows = self._rows(X)
        check_unit_interval(type(self).__name__, rows)
        return rows

    def score_samples(self, X: Any) -> np.ndarray:
        """The log of the pseudo-likelihood of each row, (samples,): the sum over units of log P(v_i | the
        others), estimated from a unit that is drawn, as scikit-learn's `BernoulliRBM` does.
        """
        rows = self._units(X)
        flipped, places = rows.copy(), utils.check_random_state(self.random_state)
        chosen = np.arange(len(rows)), places.randint(0, rows.shape[1], len(rows))
        flipped[chosen] = 1 - flipped[chosen]
        less = self.free_energy(flipped) - self.free_energy(rows)
        return rows.shape[1] * -np.logaddexp(0, -less)

    def score(self, X: Any, y: Any = None) -> float:
        """The mean of `score_samples`."""
        return float(self.score_samples(X).mean())


class GaussianRestrictedBoltzmann(_Machine):
    """A restricted Boltzmann machine of Gaussian visible and of hidden units of 0 and 1.

    Args:
        n_components: how many hidden units.
        learning_rate: eta; larger ones than some 0.01 may run away, for a Gaussian unit has no bounds.
        epochs, batch_size, rounds, persistent, random_state: as in `RestrictedBoltzmann`.

    Attributes:
        components_, intercept_hidden_, intercept_visible_, first_bias_: as in `RestrictedBoltzmann`, for
            scaled columns.
        mean_, scale_: of the columns; v = (x - mean_) / scale_.
        model_, history_, n_features_in_: as in `Estimator`.

    Example:

        >>> rows = np.random.default_rng(0).normal(size=(200, 2)) * 0.2 + [5.0, 9.0]
        >>> machine = GaussianRestrictedBoltzmann(2, epochs=5, random_state=0).fit(rows)
        >>> machine.sample(500).mean(axis=0).round().tolist()
        [5.0, 9.0]
    """

    _visible = "gaussian"

    def __init__(
        self,
        n_components: int = 256,
        learning_rate: float = 0.002,
        epochs: int = 10,
        batch_size: int = 10,
        rounds: int = 1,
        persistent: bool = False,
        random_state: int | None = None,
    ) -> None:
        super().__init__(n_components, learning_rate, epochs, batch_size, rounds, persistent, random_state)

    def _checked(self, X: Any, y: Any) -> tuple[np.ndarray, None]:
        rows, _ = super()._checked(X, y)
        spread = rows.std(axis=0)
        self.mean_, self.scale_ = rows.mean(axis=0), np.where(spread > 0, spread, 1).astype("float32")
        self.first_bias_ = np.zeros(rows.shape[1], "float32")
        return (rows - self.mean_) / self.scale_, None

    def _units(self, X: Any) -> np.ndarray:
        return (self._rows(X) - self.mean_) / self.scale_

    def _as_rows(self, v: np.ndarray) -> np.ndarray:
        return v * self.scale_ + self.mean_

    @property
    def _log_scale(self) -> float:
        return -float(np.log(self.scale_).sum())


def _enumerated(visible: str, kernel: np.ndarray, bias: np.ndarray, outer: np.ndarray) -> float:
    """log Z from all states of the hidden units; the visible ones sum, or integrate, out."""
    totals = []
    for first in range(0, 2 ** len(bias), 4096):
        numbers = np.arange(first, min(first + 4096, 2 ** len(bias)))
        h = numbers[:, None] >> np.arange(len(bias)) & 1
        received = h @ kernel.T + outer
        if visible == "gaussian":
            summed = (received**2 + np.log(2 * np.pi)) / 2
        else:
            summed = np.logaddexp(0, received)
        totals.append(np.logaddexp.reduce(h @ bias + summed.sum(axis=1)))
    return float(np.logaddexp.reduce(totals))


def _annealed(
    visible: str,
    kernel: np.ndarray,
    bias: np.ndarray,
    outer: np.ndarray,
    start: np.ndarray,
    key: jax.Array,
    chains: int,
    steps: int,
) -> jax.Array:
    """log Z by annealed importance sampling: the log of the mean of the weights of the chains."""

    def log_mass(v: jax.Array, beta: Any) -> jax.Array:
        """Of v at an inverse temperature, but for what does not depend on it."""
        inner = jnp.sum(jax.nn.softplus(beta * (v @ kernel + bias)), -1)
        return v @ (start + beta * (outer - start)) + inner

    def walk(carried: tuple[jax.Array, jax.Array], number: Any) -> tuple[Any, None]:
        v, weight = carried
        before, beta = number / steps, (number + 1) / steps
        weight = weight + log_mass(v, beta) - log_mass(v, before)
        first, second = jax.random.split(jax.random.fold_in(key, number))
        h = bernoulli(first, beta * (v @ kernel + bias))
        received = beta * (h @ kernel.T) + start + beta * (outer - start)
        return (draw_units(visible, second, received), weight), None

    received = jnp.broadcast_to(start, (chains, len(start)))
    v = draw_units(visible, jax.random.fold_in(key, steps), received)
    (_, weights), _ = jax.lax.scan(walk, (v, jnp.zeros(chains)), jnp.arange(steps))
    if visible == "gaussian":
        free = (start**2 + np.log(2 * np.pi)) / 2
    else:
        free = jax.nn.softplus(start)
    known = jnp.sum(free) + len(bias) * jnp.log(2.0)
    return known + jax.nn.logsumexp(weights) - jnp.log(chains)


def nudged_digits(quick: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """The 8x8 digits from 0 to 1, and moved by a pixel in four directions: (rows, 64), and their classes."""
    (pictures, classes), _ = digits.load_data(test_split=0.0)
    pictures, classes = (pictures[:600], classes[:600]) if quick else (pictures, classes)
    wide = np.pad(pictures / 16.0, ((0, 0), (1, 1), (1, 1)))
    places = [(1, 1), (1, 2), (1, 0), (2, 1), (0, 1)]
    moved = [wide[:, row : row + 8, column : column + 8].reshape(len(pictures), 64) for row, column in places]
    return np.concatenate(moved).astype("float32"), np.tile(classes, 5)


def _digits(seed: int = 0, quick: bool = False) -> Outcome:
    """The example of scikit-learn's pages: five runs of 100 hidden units."""
    rows, _ = nudged_digits(quick)
    order = np.random.default_rng(0).permutation(len(rows))
    train, test = np.split(rows[order], [int(0.8 * len(rows))])
    found, held_out, machine = [], [], RestrictedBoltzmann()
    for run in range(1 if quick else 5):
        machine = RestrictedBoltzmann(
            100, learning_rate=0.06, epochs=4 if quick else 10, random_state=seed + run
        ).fit(train)
        found.append(machine.score(train))
        held_out.append(machine.score(test))
    return Outcome(
        figure=float(np.mean(found)),
        network=machine,
        details={
            Words("spread over seeds", "dispersión entre semillas"): float(np.std(found)),
            Words("of held-out rows", "de filas apartadas"): float(np.mean(held_out)),
            Words(
                "log of the likelihood of held-out rows", "logaritmo de la verosimilitud de filas apartadas"
            ): (float(machine.log_likelihood((test > 0.5).astype("float32")).mean())),
        },
    )


CARD = Card(
    title=Words("Restricted Boltzmann machine", "Máquina de Boltzmann restringida"),
    year=1986,
    paper="Hinton, Training products of experts by minimizing contrastive divergence, 2002",
    family="energy",
    cells=("back-fed input", "probabilistic hidden"),
    summary=Words(
        "Two layers that draw each other; it learns until what it dreams resembles what it saw, and its "
        "hidden units are features.",
        "Dos capas que se sortean una a otra; aprende hasta que lo que sueña se parece a lo que vio, y sus "
        "unidades ocultas son características.",
    ),
    network=RestrictedBoltzmann,
    experiment=Experiment(
        task=Words(
            "8x8 digits, moved by a pixel too, 100 hidden units, 10 epochs",
            "dígitos de 8x8, también movidos un píxel, 100 unidades ocultas, 10 épocas",
        ),
        measure=Words("log of the pseudo-likelihood", "logaritmo de la pseudoverosimilitud"),
        target=-20.14,
        source=Words(
            "scikit-learn's example of BernoulliRBM, tenth iteration",
            "el ejemplo de BernoulliRBM de scikit-learn, décima iteración",
        ),
        run=_digits,
        quick_target=-26.0,
    ),
)
