"""The variational autoencoder: a code drawn from a normal distribution, and a network that makes rows of it.

Kingma and Welling (Auto-Encoding Variational Bayes, 2013). A row x is thought to come from a code z, which is
drawn from p(z) = N(0, I), through a network, the decoder, that gives p(x | z). The likelihood log p(x) sums
over all codes and is out of reach. A second network, the encoder, says which codes may have made the row,
q(z | x) = N(m, diag(s^2)), where m and s depend on x. Then

    log p(x) = KL(q(z | x) || p(z | x)) + L(x),                                                         (1)
    L(x) = -KL(q(z | x) || p(z)) + E_q[log p(x | z)].                                                   (3)

The first term of (1) is never below 0, so L is a lower bound, and both networks climb it together. A drawn
code would stop the gradient. So it is written as a function of noise that depends on nothing (section 2.4),

    z = m + s e,   e ~ N(0, I),

and the divergence of the two normal distributions is known (appendix B):

    KL(q(z | x) || p(z)) = 1/2 sum over j of (m_j^2 + s_j^2 - 1 - log s_j^2).

The likelihood itself is estimated with the encoder's codes (Burda, Grosse and Salakhutdinov, Importance
Weighted Autoencoders, 2015, section 3): log p(x) is about the logarithm of the mean of p(x | z) p(z) /
q(z | x) over K codes drawn from q, which on average is a lower bound too, and rises to log p(x) with K.

Two kin. The conditional one gives both networks the class of a row (Sohn, Lee and Yan, Learning Structured
Output Representation using Deep Conditional Generative Models, 2015). `beta` weighs the divergence (Higgins
et al., beta-VAE, 2017): above 1 the codes say less, and their parts are less entangled.

Deviations. Adam with a rate that falls along a cosine takes the place of Adagrad. The output biases begin
where the mean of the rows is. Greys from 0 to 1 are the probability of a 1, drawn anew at each step (2015,
section 5). Measurements are scaled to mean 0 and variance 1, and their variance around the decoder's mean is
one number, which is learned.
"""

import math
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from neurona.errors import ArgumentError, DataError
from neurona.layers import Concatenate, Dense, GaussianUnits, Input, Layer
from neurona.models import Model, Sequential
from neurona.ops.native import bernoulli
from neurona.optimizers import Adam
from neurona.optimizers.schedules import CosineDecay
from neurona.plotting.figure import finish
from neurona.zoo import validation
from neurona.zoo.autoencoding import Coder, drawn_lines
from neurona.zoo.bits import data_bias
from neurona.zoo.card import Card, Experiment, Outcome, Words
from neurona.zoo.deep_belief import grey_digits
from neurona.zoo.estimator import TransformerMixin

__all__ = [
    "BernoulliLikelihood",
    "BinaryDraw",
    "ConditionalVariationalAutoencoder",
    "GaussianLikelihood",
    "VariationalAutoencoder",
]

_DRAWN = 8  # pictures beside each other
_ROW, _MEAN, _DREAM = Words("row", "fila"), Words("mean", "media"), Words("dream", "sueño")


class BinaryDraw(Layer):
    """In training, draws 1 with the probability x, and 0 else; otherwise y = x.

    Args:
        seed: an integer that fixes the layer's random numbers.

    Shapes: x (any) from 0 to 1 -> y the same.

    Source: Burda, Grosse and Salakhutdinov, Importance Weighted Autoencoders, 2015, section 5.

    Example:

        >>> sorted(set(BinaryDraw(seed=0)(jnp.full(99, 0.5), training=True).tolist()))
        [0.0, 1.0]
    """

    supports_masking = True

    def __init__(self, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.seed = seed

    def call(self, inputs: jax.Array, training: bool = False) -> jax.Array:
        if not training:
            return inputs
        drawn = jax.random.uniform(self._next_key(), inputs.shape) < inputs
        return drawn.astype(inputs.dtype)


class _Likelihood(Layer):
    """What both likelihoods share: -log p(x | received), the mean over the rows, is added to the loss."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)

    def call(self, inputs: Any) -> jax.Array:
        received, x = inputs
        self.add_loss(-jnp.mean(self.log_density(received, x)))
        return self.mean(received)

    def log_density(self, received: jax.Array, x: jax.Array) -> jax.Array:
        raise NotImplementedError

    def mean(self, received: jax.Array) -> jax.Array:
        raise NotImplementedError


class BernoulliLikelihood(_Likelihood):
    """p(x) of rows of 0 and 1, of which a network gives the log-odds; the loss is -log p(x).

    Shapes: [log-odds (..., features), x (..., features)] -> P(x = 1), (..., features).

    Source: Kingma and Welling, Auto-Encoding Variational Bayes, 2013, appendix C.1.

    Example:

        >>> layer = BernoulliLikelihood()
        >>> layer([jnp.zeros((1, 2)), jnp.ones((1, 2))]).tolist(), round(float(layer.losses[0]), 3)
        ([[0.5, 0.5]], 1.386)
    """

    def log_density(self, received: jax.Array, x: jax.Array) -> jax.Array:
        """log p(x), (...,)."""
        return jnp.sum(x * received - jax.nn.softplus(received), axis=-1)

    def mean(self, received: jax.Array) -> jax.Array:
        """P(x = 1)."""
        return jax.nn.sigmoid(received)

    def draw(self, received: jax.Array, key: jax.Array) -> jax.Array:
        """Rows of 0 and 1."""
        return bernoulli(key, received)


class GaussianLikelihood(_Likelihood):
    """p(x) of numbers, of which a network gives the mean; the variance is a weight. The loss is -log p(x).

    Shapes: [mean (..., features), x (..., features)] -> the mean; log_variance ().

    Source: Kingma and Welling, Auto-Encoding Variational Bayes, 2013, appendix C.2.

    Example:

        >>> layer = GaussianLikelihood()
        >>> _ = layer([jnp.zeros((1, 2)), jnp.zeros((1, 2))])
        >>> round(float(layer.losses[0]), 3)  # log 2 pi
        1.838
    """

    def build(self, input_shape: Any) -> None:
        self.log_variance = self.add_weight((), "zeros", name="log_variance")

    def log_density(self, received: jax.Array, x: jax.Array) -> jax.Array:
        """log p(x), (...,)."""
        spread = self.log_variance.value
        return -jnp.sum((x - received) ** 2 / jnp.exp(spread) + spread + math.log(2 * math.pi), axis=-1) / 2

    def mean(self, received: jax.Array) -> jax.Array:
        """What a network gives."""
        return received

    def draw(self, received: jax.Array, key: jax.Array) -> jax.Array:
        """Rows around the mean."""
        noise = jax.random.normal(key, received.shape, received.dtype)
        return received + jnp.exp(self.log_variance.value / 2) * noise


_LIKELIHOODS = {"bernoulli": BernoulliLikelihood, "gaussian": GaussianLikelihood}


class _Variational(Coder):
    """What both networks share. The inputs of the model are rows, and for the conditional one classes too."""

    n_components: int
    likelihood: str
    _counts = ("n_components",)
    _any_numbers = "likelihood='gaussian'"

    def __init__(
        self,
        n_components: int = 2,
        units: Sequence[int] = (200,),
        likelihood: str = "bernoulli",
        beta: float = 1.0,
        learning_rate: float = 0.001,
        epochs: int = 50,
        batch_size: int = 100,
        random_state: int | None = None,
    ) -> None:
        self.n_components = n_components
        self.units = units
        self.likelihood = likelihood
        self.beta = beta
        self.learning_rate = learning_rate
        self.epochs = epochs
        self.batch_size = batch_size
        self.random_state = random_state

    @property
    def _bounded(self) -> bool:
        return self.likelihood == "bernoulli"

    def _checked(self, X: Any, y: Any) -> tuple[Any, None]:
        if self.likelihood not in _LIKELIHOODS:
            raise ArgumentError(
                f"{type(self).__name__}: likelihood is 'bernoulli', for rows of 0 and 1, or 'gaussian'. "
                f"Received: likelihood={self.likelihood!r}"
            )
        if not self.beta >= 0:
            raise ArgumentError(f"{type(self).__name__}: beta is at least 0. Received: beta={self.beta!r}")
        rows, _ = super()._checked(X, y)
        self.mean_, self.scale_ = np.zeros(rows.shape[1], "float32"), np.ones(rows.shape[1], "float32")
        if not self._bounded:
            spread = rows.std(axis=0)
            self.mean_, self.scale_ = rows.mean(axis=0), np.where(spread > 0, spread, 1).astype("float32")
        return self._scaled(rows), None

    def _scaled(self, rows: np.ndarray) -> np.ndarray:
        return (rows - self.mean_) / self.scale_

    def _model_for(self, X: Any, y: Any) -> Model:
        rows, *labels = X if isinstance(X, list) else [X]
        features, width = rows.shape[1], sum(part.shape[1] for part in labels)
        x, *classes = inputs = [Input((part.shape[1],)) for part in (rows, *labels)]
        drawn = BinaryDraw()(x) if self._bounded else x
        code = GaussianUnits(self.n_components, kl_weight=self.beta)
        layers = [*(Dense(size, "tanh") for size in self.units), code]
        codes = Sequential([Input((features + width,)), *layers], name="encoder")(_joined([drawn, *classes]))
        outputs: Any = Dense(features)
        layers = [*(Dense(size, "tanh") for size in reversed(self.units)), outputs]
        decoder = Sequential([Input((self.n_components + width,)), *layers], name="decoder")
        outputs.bias.assign(data_bias(rows) if self._bounded else np.zeros(features))
        likelihood = _LIKELIHOODS[self.likelihood](name="likelihood")
        model = Model(inputs, likelihood([decoder(_joined([codes, *classes])), drawn]))
        model.compile(Adam(self.learning_rate))
        return model

    def _schedule(self, steps: int) -> CosineDecay:
        return CosineDecay(self.learning_rate, steps)

    @property
    def _likelihood(self) -> Any:
        return self.model_.get_layer("likelihood")

    @property
    def _n_features_out(self) -> int:
        return self.n_components

    def _encoded(self, X: Any, *labels: np.ndarray) -> np.ndarray:
        """The mean of q(z | x) of each row."""
        return self._outputs(_joined([self._scaled(self._rows(X)), *labels]), self._encoder)

    def _received(self, Z: Any, *labels: np.ndarray) -> jax.Array:
        """What the likelihood receives of codes."""
        return jnp.asarray(self._outputs(_joined([self._codes(Z), *labels]), self._decoder))

    def _means(self, Z: Any, *labels: np.ndarray) -> np.ndarray:
        """The mean of p(x | z) of each code."""
        return np.asarray(self._likelihood.mean(self._received(Z, *labels))) * self.scale_ + self.mean_

    def _draws(self, n_samples: int, *labels: np.ndarray) -> np.ndarray:
        """Rows drawn from codes that are drawn."""
        first, second = jax.random.split(jax.random.key(self._seed()))
        received = self._received(jax.random.normal(first, (n_samples, self.n_components)), *labels)
        return np.asarray(self._likelihood.draw(received, second), "float32") * self.scale_ + self.mean_

    def _weighed(self, X: Any, labels: list[np.ndarray], draws: int, bounded: bool) -> np.ndarray:
        """L of each row, or the logarithm of the mean of p(x | z) p(z) / q(z | x), with `draws` codes."""
        *hidden, code = self._encoder.layers
        decoder, likelihood = self._decoder, self._likelihood

        def one(given: Any) -> jax.Array:
            (x, *classes), key = given
            inner = _joined([x, *classes])[None]
            for layer in hidden:
                inner = layer(inner)
            mean, spread = code.moments(inner)
            noise = jax.random.normal(key, (draws, self.n_components))
            z = mean + jnp.exp(spread / 2) * noise
            repeated = [jnp.broadcast_to(part, (draws, len(part))) for part in classes]
            log_row = likelihood.log_density(decoder(_joined([z, *repeated])), x)
            if bounded:
                return jnp.mean(log_row) - jnp.sum(mean**2 + jnp.exp(spread) - 1 - spread) / 2
            log_ratio = jnp.sum(noise**2 + spread - z**2, axis=-1) / 2  # log p(z) - log q(z | x)
            return jax.nn.logsumexp(log_row + log_ratio) - math.log(draws)

        rows = self._scaled(self._rows(X))
        keys = jax.random.split(jax.random.key(self._seed()), len(rows))
        parts = [jnp.asarray(part) for part in (rows, *labels)]
        found = jax.jit(lambda *given: jax.lax.map(one, given))(parts, keys)
        return np.asarray(found) - np.log(self.scale_).sum()


class VariationalAutoencoder(TransformerMixin, _Variational):
    """A variational autoencoder.

    Args:
        n_components: how many numbers a code has.
        units: of the hidden layers of the encoder; the decoder has them in reverse. `()` has none: both are
            linear, and with `likelihood="gaussian"` that is probabilistic principal component analysis.
        likelihood: `"bernoulli"`, of rows of 0 and 1, or `"gaussian"`, of numbers.
        beta: times the divergence counts.
        learning_rate: of Adam, at first; it falls to 0 as half a cosine does.
        epochs: how often the rows are gone through.
        batch_size: rows of a step.
        random_state: an integer for the same numbers at every call.

    Attributes:
        mean_, scale_: of the columns, for a Gaussian likelihood; else 0 and 1.
        model_, history_, n_features_in_: as in `Estimator`. The loss is -L, the mean over the rows.

    Raises:
        DataError: a number of the rows is neither 0 nor 1, nor between, and the likelihood is Bernoulli.
        ArgumentError: the likelihood is neither, beta below 0, or a size no whole number above 0.

    Example:

        >>> rows = np.array([[1, 1, 0, 0], [0, 0, 1, 1]] * 50)
        >>> network = VariationalAutoencoder(1, (8,), learning_rate=0.02, random_state=0).fit(rows)
        >>> likely, unlikely = network.log_likelihood([[1, 1, 0, 0], [1, 0, 1, 0]])
        >>> bool(likely > unlikely + 2)
        True
    """

    def transform(self, X: Any) -> np.ndarray:
        """The code of each row: the mean of q(z | x), (samples, n_components)."""
        return self._encoded(X)

    def inverse_transform(self, Z: Any) -> np.ndarray:
        """The mean of p(x | z) of each code, (samples, features)."""
        return self._means(Z)

    def sample(self, n_samples: int = 1) -> np.ndarray:
        """Rows that the network believes in, (n_samples, features)."""
        validation.check_is_fitted(self)
        return self._draws(n_samples)

    def lower_bound(self, X: Any, draws: int = 10) -> np.ndarray:
        """L of each row, (samples,), from some draws of its code; of greys that of their cross-entropy."""
        return self._weighed(X, [], draws, bounded=True)

    def log_likelihood(self, X: Any, draws: int = 1000) -> np.ndarray:
        """log p(x) of each row, (samples,), by importance sampling; few draws give too low a figure."""
        return self._weighed(X, [], draws, bounded=False)

    def score(self, X: Any, y: Any = None) -> float:
        """The mean of `lower_bound`."""
        return float(self.lower_bound(X).mean())

    def plot(self, X: Any = None, language: str | None = None, to_file: Any = None) -> Any:
        """Draw what the network makes of codes: of two numbers a map, of which the codes are quantiles (2013,
        figure 4); else dreams, of codes that are drawn.

        Args:
            X: rows to be drawn above, each with the mean that comes back.
            language: `"en"`, `"es"`, or None for the user's.
            to_file: where to write the picture.

        Returns:
            A `matplotlib.figure.Figure`.
        """
        validation.check_is_fitted(self)
        lines = [(_ROW.of(language), np.asarray(X)[:_DRAWN])] if X is not None else []
        lines += [(_MEAN.of(language), self._means(self.transform(rows))) for _, rows in lines]
        if self.n_components == 2:
            across = np.asarray(jax.scipy.special.ndtri((np.arange(_DRAWN) + 0.5) / _DRAWN))
            codes = np.stack(np.meshgrid(across, -across), axis=-1)
            lines += [(" ", self._means(line)) for line in codes]
        else:
            codes = np.asarray(
                jax.random.normal(jax.random.key(self._seed()), (3, _DRAWN, self.n_components))
            )
            lines += [(_DREAM.of(language), self._means(line)) for line in codes]
        return finish(drawn_lines(lines, _DRAWN, CARD.title.of(language)), to_file)


class ConditionalVariationalAutoencoder(_Variational):
    """A variational autoencoder of which both networks are told the class of a row: p(x | z, class).

    Args:
        n_components, units, likelihood, beta, learning_rate, epochs, batch_size, random_state: as in
            `VariationalAutoencoder`.

    Attributes:
        classes_: the classes, sorted.
        mean_, scale_, model_, history_, n_features_in_: as in `VariationalAutoencoder`.

    Raises:
        DataError, ArgumentError: as in `VariationalAutoencoder`; or a class is new.

    Source: Sohn, Lee and Yan, Learning Structured Output Representation using Deep Conditional Generative
        Models, 2015.

    Example:

        >>> rows, sides = np.array([[1, 1, 0, 0], [0, 0, 1, 1]] * 50), ["left", "right"] * 50
        >>> network = ConditionalVariationalAutoencoder(1, (8,), learning_rate=0.02, random_state=0)
        >>> network.fit(rows, sides).sample(["left"] * 99).mean(axis=0).round().tolist()
        [1.0, 1.0, 0.0, 0.0]
    """

    def _checked(self, X: Any, y: Any) -> tuple[Any, None]:
        labels = np.asarray(y)
        validation.check_classification_targets(labels)
        rows, _ = super()._checked(X, None)
        if len(labels) != len(rows):
            raise DataError(f"{type(self).__name__}: {len(rows)} rows in X and {len(labels)} classes in y.")
        self.classes_ = np.unique(labels)
        return [rows, self._marked(labels)], None

    def _marked(self, y: Any) -> np.ndarray:
        """1 at the class of each row, (samples, classes).

        Raises:
            DataError: a class is new.
        """
        new = np.setdiff1d(y, self.classes_)
        if len(new):
            raise DataError(
                f"{type(self).__name__}: the class {new[0]} is new; it knows "
                f"{', '.join(map(str, self.classes_))}."
            )
        return (np.asarray(y)[:, None] == self.classes_).astype("float32")

    def transform(self, X: Any, y: Any) -> np.ndarray:
        """The code of each row and its class: the mean of q(z | x, class), (samples, n_components)."""
        validation.check_is_fitted(self)
        return self._encoded(X, self._marked(y))

    def inverse_transform(self, Z: Any, y: Any) -> np.ndarray:
        """The mean of p(x | z, class) of each code and class, (samples, features)."""
        validation.check_is_fitted(self)
        return self._means(Z, self._marked(y))

    def sample(self, y: Any) -> np.ndarray:
        """A row that the network believes in for each class, (samples, features)."""
        validation.check_is_fitted(self)
        return self._draws(len(y), self._marked(y))

    def lower_bound(self, X: Any, y: Any, draws: int = 10) -> np.ndarray:
        """L of each row, given its class, (samples,)."""
        validation.check_is_fitted(self)
        return self._weighed(X, [self._marked(y)], draws, bounded=True)

    def log_likelihood(self, X: Any, y: Any, draws: int = 1000) -> np.ndarray:
        """log p(x | class) of each row, (samples,), by importance sampling."""
        validation.check_is_fitted(self)
        return self._weighed(X, [self._marked(y)], draws, bounded=False)

    def score(self, X: Any, y: Any) -> float:
        """The mean of `lower_bound`."""
        return float(self.lower_bound(X, y).mean())

    def plot(self, language: str | None = None, to_file: Any = None) -> Any:
        """Draw a line for each class, of the same codes below each other: one hand, all digits.

        Args:
            language: `"en"`, `"es"`, or None for the user's.
            to_file: where to write the picture.

        Returns:
            A `matplotlib.figure.Figure`.
        """
        validation.check_is_fitted(self)
        codes = jax.random.normal(jax.random.key(self._seed()), (_DRAWN, self.n_components))
        lines = [(str(label), self.inverse_transform(codes, [label] * _DRAWN)) for label in self.classes_]
        return finish(drawn_lines(lines, _DRAWN, _CONDITIONAL.of(language)), to_file)


_CONDITIONAL = Words("Conditional variational autoencoder", "Autocodificador variacional condicional")


def _joined(parts: Sequence[Any]) -> Any:
    """Columns beside each other: of a model, arrays of NumPy, or of JAX."""
    if len(parts) == 1:
        return parts[0]
    if isinstance(parts[0], np.ndarray):
        return np.concatenate(parts, axis=-1)
    return Concatenate()(list(parts))


def _digits(seed: int = 0, quick: bool = False) -> Outcome:
    """50 codes and one layer of them, as in the paper of 2015; test digits are drawn once."""
    (X, _), (test, _) = grey_digits(quick)
    test = (np.random.default_rng(seed).random(test.shape) < test).astype("float32")
    if quick:
        network = VariationalAutoencoder(
            4, (32,), learning_rate=0.01, epochs=15, batch_size=50, random_state=seed
        )
    else:
        network = VariationalAutoencoder(
            50, (200, 200), learning_rate=0.004, epochs=200, batch_size=100, random_state=seed
        )
    network.fit(X)
    likelihood = network.log_likelihood(test, draws=100 if quick else 1000)
    words = Words("-L, nats", "-L, nats")
    details = {words: -network.score(test)}
    return Outcome(-float(likelihood.mean()), network, details, shown={"X": test})


CARD = Card(
    title=Words("Variational autoencoder", "Autocodificador variacional"),
    year=2013,
    paper="Kingma and Welling, Auto-Encoding Variational Bayes, 2013",
    family="autoencoders",
    cells=("input", "hidden", "probabilistic hidden", "match-input-output"),
    summary=Words(
        "An encoder says which codes may have made a row, a decoder which rows a code makes; both raise one "
        "lower bound of the likelihood, and codes that are drawn become new rows.",
        "Un codificador dice qué códigos pueden haber hecho una fila, y un decodificador qué filas hace un "
        "código; ambos elevan una misma cota inferior de la verosimilitud, y códigos sorteados dan filas "
        "nuevas.",
    ),
    network=VariationalAutoencoder,
    experiment=Experiment(
        task=Words(
            "MNIST of 0 and 1, drawn anew at each step, 784-200-200-50-200-200-784",
            "MNIST de 0 y 1, sorteado de nuevo en cada paso, 784-200-200-50-200-200-784",
        ),
        measure=Words(
            "-log p of a test digit, nats, by 1,000 draws",
            "-log p de un dígito de prueba, nats, con 1000 sorteos",
        ),
        target=87.0,
        source=Words(
            "Burda et al., 2015, table 1: 86.76, by 5,000 draws",
            "Burda et al., 2015, tabla 1: 86,76, con 5000 sorteos",
        ),
        run=_digits,
        quick_target=25.0,
        lower=True,
    ),
)
