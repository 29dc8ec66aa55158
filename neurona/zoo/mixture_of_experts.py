"""The mixture of experts: several networks, and a gate that says which of them answers.

Jacobs, Jordan, Nowlan and Hinton (Adaptive mixtures of local experts, Neural Computation 3, 1991). Experts i
make the outputs o_i of a row x, and a gate the probabilities p_i, a softmax of numbers that are linear in x.
If the blend of all outputs had to match the target d, every expert would have to mend what the others leave.
So each is compared with the target by itself, as if one of them were drawn by the gate, and had made the
target with normal noise of the width s:

    E = -log of the sum over i of  p_i N(d; o_i, s^2 I).

Its gradient reaches expert i by the share p_i N_i / (sum over j of p_j N_j), the probability that it was i
that made this target: one that is good at a row gets better at it, and the gate learns to choose it; the
others turn to other rows. The paper has s = 1; here s is learned too. Experts here are linear: together they
are a function in pieces, and the gate finds where a piece ends.

Shazeer et al. (Outrageously large neural networks: the sparsely-gated mixture-of-experts layer, 2017) make a
layer of it, for networks with far more numbers than a row has to pass through. Only k experts answer a row:

    y = sum over i of G(x)_i E_i(x),                                                  (equation 1)
    G(x) = softmax(KeepTopK(H(x), k)),                                                (equation 3)
    H(x)_i = (x W_g)_i + n softplus((x W_noise)_i),     n ~ N(0, 1),                  (equation 4)

where KeepTopK sets all but the k largest to minus infinity; the noise is there in training only. Left alone,
the gate would soon take the same experts for all rows, as they learn first. So two losses even out what
experts get in a batch: the sum of their gates, and how many rows they would have, smoothed over the noise,

    Importance(X)_i = sum over rows of G(x)_i,                                        (equation 6)
    Load(X)_i = sum over rows of  Phi(((x W_g)_i - kth_i(x)) / softplus((x W_noise)_i)),

where kth_i is the k-th largest of H(x) without i, and Phi the normal distribution function. Each loss is a
weight times the squared coefficient of variation of these numbers. Both matrices of the gate begin at 0.

Rows are sorted by expert, and those of each expert filled up to whole blocks of 16. So an expert computes the
rows for which it is asked, and up to 15 more; no row is left out, however many go to one expert.

Deviations. The gate computes in 32 bits whatever the layer does. Experts are one dense layer, or two.
"""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from neurona import activations
from neurona.errors import ArgumentError
from neurona.initializers import RandomNormal
from neurona.layers import Dense, Input, Layer, Rescaling
from neurona.losses import Loss
from neurona.models import Model, Sequential
from neurona.optimizers import Adam
from neurona.optimizers.schedules import CosineDecay
from neurona.plotting.figure import finish
from neurona.random import Stream
from neurona.zoo import validation
from neurona.zoo.card import Card, Experiment, Outcome, Words
from neurona.zoo.estimator import Estimator, base
from neurona.zoo.generation import check_count, samples_figure

__all__ = ["CompetingExperts", "LocalExperts", "MixtureOfExperts", "MixtureOfExpertsRegressor"]

_BLOCK = 16  # rows of an expert that are computed at once
_DRAWN = 2000  # rows of a picture


class MixtureOfExperts(Layer):
    """y = sum over the chosen i of G(x)_i E_i(x): experts of which a gate chooses a few for each row.

    Args:
        units: how many outputs.
        experts: how many there are.
        top: k, how many answer a row; of all of them (None) none is left out, and there is no noise.
        hidden: units of a hidden layer of each expert; None for none.
        activation: of the hidden layer, or of the outputs where there is none.
        balance: the weight of each of the two losses that even out the experts, which are added in training.
        seed: an integer that fixes the layer's random numbers.

    Shapes: x (..., features) -> (..., units); gate, gate_noise (features, experts); kernel (experts,
        features, hidden or units), bias (experts, hidden or units), and with a hidden layer kernel_out
        (experts, hidden, units), bias_out (experts, units).

    Raises:
        ArgumentError: a size is no whole number above 0, top above experts, or balance below 0.

    Source: Shazeer et al., Outrageously large neural networks: the sparsely-gated mixture-of-experts layer,
        2017.

    Example:

        >>> layer = MixtureOfExperts(3, experts=4, top=2, seed=0)
        >>> x = np.ones((5, 2))
        >>> layer(x).shape, np.count_nonzero(layer.gates(x), axis=1).tolist()
        ((5, 3), [2, 2, 2, 2, 2])
    """

    def __init__(
        self,
        units: int,
        experts: int = 8,
        top: int | None = 2,
        hidden: int | None = None,
        activation: Any = None,
        balance: float = 0.01,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        sizes = {"units": units, "experts": experts, "top": top or experts, "hidden": hidden or units}
        for name, size in sizes.items():
            check_count("MixtureOfExperts", name, size)
        if sizes["top"] > experts:
            raise ArgumentError(
                f"MixtureOfExperts: top is at most experts. Received: top={top}, experts={experts}"
            )
        if not (np.isfinite(balance) and balance >= 0):
            raise ArgumentError(
                f"MixtureOfExperts: balance is a number of at least 0. Received: balance={balance!r}"
            )
        self.units, self.experts, self.top, self.hidden = units, experts, top, hidden
        self.activation, self.balance, self.seed = activations.get(activation), balance, seed

    def build(self, input_shape: Any) -> None:
        features, between = input_shape[-1], self.hidden or self.units
        self.gate = self.add_weight((features, self.experts), "zeros", name="gate")
        self.gate_noise = self.add_weight((features, self.experts), "zeros", name="gate_noise")
        self.kernel = self._stacked((features, between), "kernel")
        self.bias = self.add_weight((self.experts, between), "zeros", name="bias")
        if self.hidden:
            self.kernel_out = self._stacked((between, self.units), "kernel_out")
            self.bias_out = self.add_weight((self.experts, self.units), "zeros", name="bias_out")

    def _stacked(self, shape: tuple[int, int], name: str) -> Any:
        """A kernel for each expert, that begins as that of a dense layer does."""
        start = RandomNormal(stddev=float(np.sqrt(2 / sum(shape))))
        return self.add_weight((self.experts, *shape), start, name=name)

    def gates(self, x: Any) -> jax.Array:
        """G(x) without noise, (..., features) -> (..., experts): 0 of the experts that are not chosen."""
        x = jnp.asarray(x)
        if not self.built:
            self(x)
        rows = x.reshape(-1, x.shape[-1])
        weights, chosen = self._chosen(self._linear(rows, self.gate))
        return self._spread(weights, chosen).reshape(*x.shape[:-1], self.experts)

    def call(self, x: jax.Array, training: bool = False) -> jax.Array:
        rows = x.reshape(-1, x.shape[-1])
        clean = self._linear(rows, self.gate)
        if training and self._count < self.experts:
            width = jax.nn.softplus(self._linear(rows, self.gate_noise))
            noisy = clean + width * jax.random.normal(self._next_key(), clean.shape)
            weights, chosen = self._chosen(noisy)
            self._add_loss(self._load(clean, noisy, width))
        else:
            weights, chosen = self._chosen(clean)
        if training:
            self._add_loss(self._spread(weights, chosen).sum(axis=0))
        answers = self._answers(rows, chosen)  # (rows, top, units)
        y = jnp.einsum("rk,rku->ru", weights.astype(answers.dtype), answers)
        return y.reshape(*x.shape[:-1], self.units)

    @property
    def _count(self) -> int:
        return self.top or self.experts

    def _linear(self, rows: jax.Array, kernel: Any) -> jax.Array:
        return rows.astype("float32") @ kernel.value.astype("float32")

    def _chosen(self, logits: jax.Array) -> tuple[jax.Array, jax.Array]:
        """The gates of the experts that are chosen, and their numbers, (rows, top)."""
        best, chosen = jax.lax.top_k(logits, self._count)
        return jax.nn.softmax(best, axis=-1), chosen

    def _spread(self, weights: jax.Array, chosen: jax.Array) -> jax.Array:
        """G, (rows, experts), of the gates of those that are chosen."""
        return jnp.einsum("rk,rke->re", weights, jax.nn.one_hot(chosen, self.experts))

    def _load(self, clean: jax.Array, noisy: jax.Array, width: jax.Array) -> jax.Array:
        """How many rows each expert would have, smoothed over the noise, (experts,)."""
        best = jax.lax.top_k(noisy, self._count + 1)[0]
        inside = noisy >= best[:, -2:-1]
        bar = jnp.where(inside, best[:, -1:], best[:, -2:-1])  # the k-th largest without this one
        return jax.scipy.stats.norm.cdf((clean - bar) / width).sum(axis=0)

    def _add_loss(self, shares: jax.Array) -> None:
        """The squared coefficient of variation of what the experts get."""
        self.add_loss(self.balance * jnp.var(shares) / (jnp.mean(shares) ** 2 + 1e-10))

    def _answers(self, rows: jax.Array, chosen: jax.Array) -> jax.Array:
        """E_i(x) of the chosen experts alone, (rows, top, units)."""
        owner = chosen.ravel()
        blocks = len(owner) // _BLOCK + self.experts  # as many as may be needed, however rows fall
        order = jnp.argsort(owner)
        sizes = jnp.bincount(owner, length=self.experts)
        ends = jnp.cumsum(-(-sizes // _BLOCK))  # of the blocks of each expert
        first = (ends - -(-sizes // _BLOCK)) * _BLOCK - (jnp.cumsum(sizes) - sizes)
        places = jnp.zeros_like(order).at[order].set(jnp.arange(len(owner)) + first[owner[order]])
        repeated = jnp.repeat(rows, self._count, axis=0)
        filled = jnp.zeros((blocks * _BLOCK, rows.shape[-1]), rows.dtype).at[places].set(repeated)
        whose = jnp.minimum(jnp.searchsorted(ends, jnp.arange(blocks), side="right"), self.experts - 1)
        made = self._experts(filled.reshape(blocks, _BLOCK, -1), whose)
        return made.reshape(blocks * _BLOCK, -1)[places].reshape(*chosen.shape, -1)

    def _experts(self, x: jax.Array, whose: jax.Array) -> jax.Array:
        """What the expert of each block makes of it, (blocks, rows, features) -> (blocks, rows, units)."""

        def dense(x: jax.Array, kernel: Any, bias: Any) -> jax.Array:
            return jnp.einsum("brf,bfu->bru", x, kernel.value[whose]) + bias.value[whose][:, None]

        h = self.activation(dense(x, self.kernel, self.bias))
        return dense(h, self.kernel_out, self.bias_out) if self.hidden else h


class LocalExperts(Layer):
    """Linear experts beside each other, and a gate: what each says, and how likely it is the one to be asked.

    Args:
        units: outputs of each expert.
        experts: how many there are.

    Shapes: x (rows, features) -> (rows, experts, units + 2): what the expert says, the log of its
        probability, and the log of the width of the noise, the same everywhere.

    Raises:
        ArgumentError: a size is no whole number above 0.

    Source: Jacobs et al., Adaptive mixtures of local experts, 1991.

    Example:

        >>> LocalExperts(1, 4)(np.ones((5, 2))).shape
        (5, 4, 3)
    """

    def __init__(self, units: int, experts: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        check_count("LocalExperts", "units", units)
        check_count("LocalExperts", "experts", experts)
        self.units, self.experts = units, experts

    def build(self, input_shape: Any) -> None:
        features = input_shape[-1]
        start = RandomNormal(stddev=0.5)
        self.gate = self.add_weight((features, self.experts), start, name="gate")
        self.gate_bias = self.add_weight((self.experts,), "zeros", name="gate_bias")
        self.kernel = self.add_weight((features, self.experts, self.units), start, name="kernel")
        self.bias = self.add_weight((self.experts, self.units), start, name="bias")
        self.width = self.add_weight((), "zeros", name="log_width")

    def call(self, x: jax.Array) -> jax.Array:
        said = jnp.einsum("rf,feu->reu", x, self.kernel.value) + self.bias.value
        likely = jax.nn.log_softmax(x @ self.gate.value + self.gate_bias.value)[..., None]
        return jnp.concatenate([said, likely, jnp.broadcast_to(self.width.value, likely.shape)], axis=-1)


class CompetingExperts(Loss):
    """E = -log of the sum over i of p_i N(d; o_i, s^2 I): one expert made the target, with normal noise.

    Args:
        name, reduction, dtype: as in `Loss`.

    Shapes: y_true (rows, units); y_pred (rows, experts, units + 2), as of `LocalExperts`.

    Source: Jacobs et al., Adaptive mixtures of local experts, 1991.

    Example:

        >>> said = np.array([[[1.0, 0.0, 0.0]]])  # one expert, which is certain to be asked; s = 1
        >>> round(float(CompetingExperts()(np.array([[3.0]]), said)), 4)  # (3 - 1)^2 / 2 + log(2 pi) / 2
        2.9189
    """

    def call(self, y_true: Any, y_pred: Any) -> jax.Array:
        said, likely, width = y_pred[..., :-2], y_pred[..., -2], y_pred[..., -1]
        squared = jnp.sum((y_true[:, None] - said) ** 2, axis=-1)
        normal = -squared / (2 * jnp.exp(2 * width)) - said.shape[-1] * (width + np.log(2 * np.pi) / 2)
        return -jax.nn.logsumexp(likely + normal, axis=-1)


class MixtureOfExpertsRegressor(base.RegressorMixin, Estimator):
    """Linear experts for numbers, and a gate that says which of them is to be asked where.

    Args:
        experts: how many.
        learning_rate: of Adam, at first; it falls to 0 as half a cosine does.
        epochs: how often the rows are gone through.
        batch_size: rows of a step.
        random_state: an integer for the same numbers at every call.

    Attributes:
        target_ndim_: how many dimensions the targets had.
        target_mean_, target_scale_: of the targets, by which they are scaled.
        model_, history_, n_features_in_: as in `Estimator`.

    Raises:
        ArgumentError: a size is no whole number above 0.

    Source: Jacobs, Jordan, Nowlan and Hinton, Adaptive mixtures of local experts, 1991.

    Example:

        >>> X = np.linspace(-3, 3, 200)[:, None]
        >>> network = MixtureOfExpertsRegressor(2, random_state=0).fit(X, np.abs(X[:, 0]))
        >>> bool(np.abs(network.predict(X) - np.abs(X[:, 0])).max() < 0.2)
        True
    """

    def __init__(
        self,
        experts: int = 8,
        learning_rate: float = 0.02,
        epochs: int = 200,
        batch_size: int = 50,
        random_state: int | None = None,
    ) -> None:
        self.experts = experts
        self.learning_rate = learning_rate
        self.epochs = epochs
        self.batch_size = batch_size
        self.random_state = random_state

    def _checked(self, X: Any, y: Any) -> tuple[np.ndarray, np.ndarray]:
        for name in ("experts", "epochs", "batch_size"):
            check_count(type(self).__name__, name, getattr(self, name))
        X, y = validation.validate_data(self, X, y, dtype="float32", y_numeric=True, multi_output=True)
        self._batch_size = min(self.batch_size, len(X))
        self.target_ndim_ = np.ndim(y)
        targets = np.asarray(y, "float64").reshape(len(X), -1)
        self.target_mean_, spread = targets.mean(axis=0), targets.std(axis=0)
        self.target_scale_ = np.where(spread > 0, spread, 1)
        return X, ((targets - self.target_mean_) / self.target_scale_).astype("float32")

    def _model_for(self, X: np.ndarray, y: np.ndarray | None) -> Model:
        assert y is not None
        mean, spread = X.mean(axis=0, dtype="float64"), X.std(axis=0, dtype="float64")
        spread = np.where(spread > 0, spread, 1)
        columns = Rescaling((1 / spread).tolist(), (-mean / spread).tolist())
        model = Sequential([Input((X.shape[1],)), columns, LocalExperts(y.shape[1], self.experts)])
        model.compile(Adam(self.learning_rate), CompetingExperts())
        return model

    def _schedule(self, steps: int) -> CosineDecay:
        return CosineDecay(self.learning_rate, steps)

    def predict(self, X: Any) -> np.ndarray:
        """The mean of what the experts say, weighed by the gate, of the shape of the targets."""
        outputs = self._outputs(self._rows(X)).astype("float64")
        blend = np.einsum("re,reu->ru", np.exp(outputs[..., -2]), outputs[..., :-2])
        blend = blend * self.target_scale_ + self.target_mean_
        return blend[:, 0] if self.target_ndim_ == 1 else blend

    def gates(self, X: Any) -> np.ndarray:
        """The probability that each expert is the one to be asked, (samples, experts)."""
        return np.exp(self._outputs(self._rows(X))[..., -2])

    def plot(self, X: Any, language: str | None = None, to_file: Any = None) -> Any:
        """Draw rows in the colours of the experts that are asked.

        Args:
            X: the rows.
            language: `"en"`, `"es"`, or None for the user's.
            to_file: where to write the picture.

        Returns:
            A `matplotlib.figure.Figure`.
        """
        rows = self._rows(X)[:_DRAWN]
        asked = self.gates(rows).argmax(axis=1) + 1
        title = _ASKED.of(language)
        return finish(samples_figure([rows], asked, [title], CARD.title.of(language)), to_file)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags


def quarters(rows: int, seed: int = 0, noise: float = 0.1) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows of [-1, 1] x [-1, 1], a target that is another linear function in each quarter, and the quarter.

    Shapes: -> (rows, 2), (rows,), (rows,).
    """
    generator = np.random.default_rng(seed)
    X = generator.uniform(-1, 1, (rows, 2))
    quarter = 2 * (X[:, 0] > 0) + (X[:, 1] > 0)
    slopes, heights = np.array([[1, 2], [-2, 1], [2, -1], [-1, -2]]), np.array([1, -1, -1, 1])
    y = np.sum(slopes[quarter] * X, axis=1) + heights[quarter] + noise * generator.normal(size=rows)
    return X.astype("float32"), y, quarter


def _in_quarters(seed: int = 0, quick: bool = False) -> Outcome:
    """A function in four pieces by experts of which each is linear; and the layer with two of 16 experts."""
    rows, noise = 1000 if quick else 4000, 0.1
    X, y, _ = quarters(rows, 2 * seed, noise)
    test, truth, quarter = quarters(rows, 2 * seed + 1, noise)
    network = MixtureOfExpertsRegressor(8, epochs=60 if quick else 200, random_state=seed).fit(X, y)
    error = np.sqrt(np.mean((network.predict(test) - truth) ** 2)) / noise
    asked = network.gates(test).argmax(axis=1)
    table = np.zeros((network.experts, 4))
    np.add.at(table, (asked, quarter), 1)
    right = Words(
        "share of rows whose expert is that of their piece", "parte de filas con el experto de su trozo"
    )
    details = {right: float(table.max(axis=1).sum() / len(test))}
    if not quick:
        details |= _sparse_details(X, y, test, truth, noise, seed)
    return Outcome(float(error), network, details, {"X": test})


def _sparse_details(
    X: np.ndarray, y: np.ndarray, test: np.ndarray, truth: np.ndarray, noise: float, seed: int
) -> dict[Words, float]:
    """What the sparsely gated layer makes of the same task, and how even its experts' loads are."""
    with Stream(seed):
        layer = MixtureOfExperts(1, 16, 2, hidden=16, activation="relu")
        model = Sequential([Input((2,)), Dense(16, "relu"), layer])
        model.compile(Adam(CosineDecay(0.01, 200 * 40)), "mse")
        model.fit(X, y, epochs=200, batch_size=100, verbose=0)
    found = np.asarray(model.predict(test, verbose=0))[:, 0]
    load = np.count_nonzero(layer.gates(model.layers[0](test)), axis=0)
    return {
        Words(
            "the same, two of 16 experts by noisy gates", "lo mismo, dos de 16 expertos con puertas ruidosas"
        ): float(np.sqrt(np.mean((found - truth) ** 2)) / noise),
        Words("coefficient of variation of their loads", "coeficiente de variación de sus cargas"): float(
            load.std() / load.mean()
        ),
    }


_ASKED = Words("the expert that is asked", "el experto al que se pregunta")

CARD = Card(
    title=Words("Mixture of experts", "Mezcla de expertos"),
    year=1991,
    paper="Jacobs et al., Adaptive mixtures of local experts, 1991",
    family="layers",
    cells=("input", "hidden", "output"),
    summary=Words(
        "Several networks compete for the rows, and a gate learns which of them to ask; in large networks it "
        "asks a few of many, so that a row passes through a small part of them.",
        "Varias redes compiten por las filas y una puerta aprende a cuál preguntar; en redes grandes "
        "pregunta a pocas de muchas, así que una fila pasa por una pequeña parte de ellas.",
    ),
    network=MixtureOfExpertsRegressor,
    experiment=Experiment(
        task=Words(
            "4,000 points of a function of four linear pieces with a jump between them, noise 0.1; 8 linear "
            "experts",
            "4000 puntos de una función de cuatro trozos lineales con un salto entre ellos, ruido 0,1; 8 "
            "expertos lineales",
        ),
        measure=Words(
            "test RMSE over the standard deviation of the noise", "RMSE de prueba entre el del ruido"
        ),
        target=1.6,
        source=Words(
            "a bound of our own; none has less than 1", "una cota propia; ninguna red tiene menos de 1"
        ),
        run=_in_quarters,
        quick_target=4.0,
        lower=True,
    ),
)
