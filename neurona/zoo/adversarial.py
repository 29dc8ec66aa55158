"""Generative adversarial networks: one network makes rows, the other tells them from real ones.

Goodfellow et al. (Generative adversarial nets, NeurIPS 2014). A generator G makes rows of noise z, N(0, I); a
discriminator D gives the probability that a row is real. They play

    min over G, max over D of  E log D(x) + E log(1 - D(G(z))),                               (equation 1)

a step of each in turn (algorithm 1). Against a given generator, whose rows have the density p_g, the best
discriminator is D*(x) = p_data(x) / (p_data(x) + p_g(x)) (equation 2). Against that the generator is best
where p_g = p_data: D* is 1/2 everywhere, and the value is -log 4.

As long as the generator is bad, D(G(z)) is near 0, and log(1 - D(G(z))) is flat: the original loss,
"minimax", saturates. The paper (section 3) lets the generator climb log D(G(z)) instead, "non-saturating":
the equilibrium is the same, and the gradient strong from the beginning. With both a discriminator that wins
leaves the generator nothing to learn from, and a generator that fools it with one kind of row may make no
other: modes are lost.

Gulrajani et al. (Improved training of Wasserstein GANs, NeurIPS 2017) let D be a critic that gives any
number, and whose slope is kept near 1. The difference of its means then says how far rows must be moved to
make one distribution of the other, and has a gradient even where they do not touch. The critic descends

    E D(G(z)) - E D(x) + lambda E (|grad D(x^)| - 1)^2,                                       (equation 3)

where x^ lies at random on the line between a real row and one that was made. The generator descends
-E D(G(z)), once in five steps of the critic. For pictures lambda is 10. Of points in the plane the authors'
own programs have 0.1, and so has the experiment here: a slope that may exceed 1 lets the critic tell places
apart that lie near each other. With 10, the critic stays a nearly even slope for so long that the generator
lays all points along a line.

Deviations. The learning rates fall to a hundredth along a cosine. Columns are scaled to mean 0 and variance
1. Networks of rectified units take the place of the papers' maxout units and convolutions.
"""

from collections.abc import Sequence
from typing import Any, Self

import jax
import jax.numpy as jnp
import numpy as np

from neurona import Variable
from neurona.errors import ArgumentError, warn
from neurona.layers import Dense, Input, Layer
from neurona.models import Model, Sequential
from neurona.optimizers import Adam
from neurona.optimizers.schedules import CosineDecay
from neurona.plotting.figure import finish
from neurona.training import Rule
from neurona.zoo import validation
from neurona.zoo.card import Card, Experiment, Outcome, Words
from neurona.zoo.generation import Generator, check_count, samples_figure

__all__ = ["GenerativeAdversarialNetwork", "LatentNoise", "WassersteinGAN"]

_LOSSES = ("non-saturating", "minimax", "wasserstein")
_PLAYERS = ("generator", "discriminator")
_SLOWEST = 0.01  # the share of the learning rate that is left at the end
_WINS = 0.99  # how sure a discriminator is, on average, that has won entirely
_DRAWN = 2000  # points of a picture
_DATA, _SAMPLES = Words("data", "datos"), Words("samples", "muestras")


class LatentNoise(Layer):
    """z ~ N(0, I), a row of noise for each row that it is given.

    Args:
        units: how many numbers z has.
        seed: an integer that fixes the layer's random numbers.

    Shapes: (rows, features) -> (rows, units).

    Source: Goodfellow et al., Generative adversarial nets, 2014.

    Example:

        >>> LatentNoise(3, seed=0)(jnp.zeros((4, 2))).shape
        (4, 3)
    """

    def __init__(self, units: int, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units, self.seed = units, seed

    def call(self, inputs: jax.Array) -> jax.Array:
        return jax.random.normal(self._next_key(), (len(inputs), self.units), inputs.dtype)


class AdversarialRule(Rule):
    """A step of the discriminator, and one of the generator, each by an Adam of its own: both in one program.

    The model has two parts named "generator" and "discriminator". Where they normalize batches, real rows and
    made ones are batches of their own, and the means that are kept are of both.

    Args:
        loss: "non-saturating", "minimax" or "wasserstein".
        rates: the learning rates of the generator and of the discriminator, numbers.
        betas: beta_1 and beta_2 of both Adams.
        steps: in how many steps the rates fall to a hundredth; None leaves them as they are.
        turns: steps of the discriminator for one of the generator.
        penalty: lambda, of the slope of the discriminator.

    Figures: `discriminator_loss`, without the penalty, and `generator_loss`; `real` and `fake`, the means of
        what the discriminator gives for rows of both kinds: probabilities, or scores of a critic. All are
        those before the step.

    Raises:
        ArgumentError: the loss is none of these.

    Source: Goodfellow et al., Generative adversarial nets, 2014, algorithm 1; Gulrajani et al., Improved
        training of Wasserstein GANs, 2017, algorithm 1.
    """

    figures = ("discriminator_loss", "generator_loss", "real", "fake")

    def __init__(
        self,
        loss: str = "non-saturating",
        rates: tuple[float, float] = (0.0002, 0.0002),
        betas: tuple[float, float] = (0.5, 0.999),
        steps: int | None = None,
        turns: int = 1,
        penalty: float = 0.0,
    ) -> None:
        if loss not in _LOSSES:
            raise ArgumentError(
                f"AdversarialRule: loss is one of {', '.join(map(repr, _LOSSES))}. Received: {loss=}"
            )
        self.loss, self.rates, self.betas, self.steps = loss, rates, betas, steps
        self.turns, self.penalty = turns, penalty
        for rate in self.rates:
            Adam(rate, *self.betas)  # refuses what is no rate; of a schedule it would not see that

    def build(self, model: Any) -> None:
        for player in _PLAYERS:
            start = self._adam(player).init(_values(model.get_layer(player)))
            for number, leaf in enumerate(jax.tree.leaves(start)):
                setattr(
                    self, f"{player}_{number}", Variable(leaf, trainable=False, name=f"{player}_{number}")
                )

    def learn(self, model: Any, batch: Any, key: jax.Array, number: jax.Array) -> dict[str, jax.Array]:
        generator, discriminator = (model.get_layer(player) for player in _PLAYERS)
        drawing, mixing, again = jax.random.split(key, 3)
        x, latent = batch.x, generator.input_shape[-1]
        made = generator(jax.random.normal(drawing, (len(x), latent), x.dtype))

        def against(values: list[Any]) -> Any:
            real, kept = _pure(discriminator, values, x)
            fake, kept = _pure(discriminator, values, made, kept)
            loss = self._discriminator_loss(real, fake)
            slope = self.penalty * self._slope(discriminator, values, x, made, mixing) if self.penalty else 0
            return loss + slope, (loss, real, fake, kept)

        gradients, (loss, real, fake, kept) = jax.grad(against, has_aux=True)(_values(discriminator))
        self._move(model, "discriminator", gradients)
        for variable, value in zip(discriminator.non_trainable_variables, kept, strict=True):
            variable.assign(value)

        def fooling(values: list[Any]) -> jax.Array:
            z = jax.random.normal(again, (len(x), latent), x.dtype)
            made, _ = _pure(generator, values, z)
            return self._generator_loss(_pure(discriminator, _values(discriminator), made)[0])

        its_turn = number % self.turns == self.turns - 1
        before = _values(generator)
        gradients = jax.lax.cond(
            its_turn, jax.grad(fooling), lambda values: [jnp.zeros_like(value) for value in values], before
        )
        self._move(model, "generator", gradients, its_turn)
        figures = (loss, self._generator_loss(fake), *(jnp.mean(self._shown(one)) for one in (real, fake)))
        return dict(zip(self.figures, figures))

    def _discriminator_loss(self, real: jax.Array, fake: jax.Array) -> jax.Array:
        """What it descends: less equation 1, where the probability is sigmoid(score)."""
        if self.loss == "wasserstein":
            return jnp.mean(fake) - jnp.mean(real)
        return jnp.mean(jax.nn.softplus(-real)) + jnp.mean(jax.nn.softplus(fake))

    def _generator_loss(self, fake: jax.Array) -> jax.Array:
        if self.loss == "wasserstein":
            return -jnp.mean(fake)
        if self.loss == "minimax":
            return -jnp.mean(jax.nn.softplus(fake))
        return jnp.mean(jax.nn.softplus(-fake))

    def _slope(self, discriminator: Any, values: list[Any], x: Any, made: Any, key: Any) -> jax.Array:
        """The mean of (|grad D| - 1)^2 between rows of both kinds."""
        share = jax.random.uniform(key, (len(x), 1), x.dtype)
        between = share * x + (1 - share) * made
        slopes = jax.grad(lambda rows: jnp.sum(_pure(discriminator, values, rows)[0]))(between)
        # The square root has no derivative at 0, where a critic of dead units may be.
        length = jnp.sqrt(jnp.sum(slopes**2, axis=-1) + 1e-12)
        return jnp.mean((length - 1) ** 2)

    def _shown(self, scores: jax.Array) -> jax.Array:
        return scores if self.loss == "wasserstein" else jax.nn.sigmoid(scores)

    def _adam(self, player: str) -> Adam:
        rate: Any = self.rates[_PLAYERS.index(player)]
        if self.steps:
            taken = self.steps if player == "discriminator" else max(1, self.steps // self.turns)
            rate = CosineDecay(rate, taken, alpha=_SLOWEST)
        return Adam(rate, *self.betas)

    def _move(self, model: Any, player: str, gradients: list[Any], wanted: Any = True) -> None:
        """A step of a player's Adam, where it is wanted."""
        weights, adam = model.get_layer(player).trainable_variables, self._adam(player)
        values = [weight.value for weight in weights]
        leaves, structure = jax.tree.flatten(adam.init(values))
        kept = [getattr(self, f"{player}_{number}") for number in range(len(leaves))]
        state = jax.tree.unflatten(structure, [variable.value for variable in kept])
        moved, after = adam.update(gradients, state, values)
        for variable, new in zip([*weights, *kept], [*moved, *jax.tree.leaves(after)], strict=True):
            variable.assign(jnp.where(wanted, new, variable.value))


def _values(part: Any) -> list[Any]:
    return [variable.value for variable in part.trainable_variables]


def _pure(part: Any, values: list[Any], rows: Any, kept: Any = None) -> Any:
    """What a part gives, had it these weights; and its means of batches, after those that are kept."""
    if kept is None:
        kept = [variable.value for variable in part.non_trainable_variables]
    return part.stateless_call(values, kept, rows, training=True)


class _Adversarial(Generator):
    """What both networks share."""

    n_latent: int
    learning_rate: float
    _counts = ("n_latent", "epochs")

    def _rule_of(self, steps: int) -> AdversarialRule:
        raise NotImplementedError

    def _model_for(self, X: Any, y: Any) -> Model:
        x = Input((X.shape[1],))
        hidden = [[Dense(size, "relu", kernel_initializer="he_normal") for size in self.units] for _ in "GD"]
        generator, discriminator = (
            Sequential([Input((wide,)), *layers, Dense(outputs)], name=player)
            for player, wide, layers, outputs in zip(
                _PLAYERS, (self.n_latent, X.shape[1]), hidden, (X.shape[1], 1)
            )
        )
        made = generator(LatentNoise(self.n_latent)(x))
        model = Model(x, [discriminator(x), discriminator(made)])
        model.compile(rule=self._rule_of(self.epochs * -(-len(X) // (self._batch_size or 1))))
        return model

    def sample(self, n_samples: int = 1) -> np.ndarray:
        """Rows that the generator makes, (n_samples, features)."""
        validation.check_is_fitted(self)
        check_count(type(self).__name__, "n_samples", n_samples)
        z = jax.random.normal(jax.random.key(self._seed()), (n_samples, self.n_latent))
        return self._as_rows(self._outputs(z, self.model_.get_layer("generator")))

    def _scores(self, X: Any) -> np.ndarray:
        """What the discriminator gives before the sigmoid, if there is one, (samples,)."""
        return self._outputs(self._scaled(self._rows(X)), self.model_.get_layer("discriminator"))[:, 0]

    def plot(self, X: Any = None, language: str | None = None, to_file: Any = None) -> Any:
        """Draw what the generator makes, as points or pictures.

        Args:
            X: rows to be drawn beside them.
            language: `"en"`, `"es"`, or None for the user's.
            to_file: where to write the picture.

        Returns:
            A `matplotlib.figure.Figure`.
        """
        validation.check_is_fitted(self)
        sets, names = [self.sample(_DRAWN)], [_SAMPLES.of(language)]
        if X is not None:
            sets, names = [self._rows(X)[:_DRAWN], *sets], [_DATA.of(language), *names]
        return finish(samples_figure(sets, None, names, CARD.title.of(language)), to_file)


class GenerativeAdversarialNetwork(_Adversarial):
    """A generator and a discriminator that play against each other.

    Args:
        n_latent: numbers of z.
        units: of the hidden layers of both networks.
        loss: of the generator: "non-saturating", or the original "minimax".
        learning_rate: of both Adams, at first; it falls to a hundredth as half a cosine does.
        epochs: how often the rows are gone through.
        batch_size: rows of a step.
        random_state: an integer for the same numbers at every call.

    Attributes:
        mean_, scale_: of the columns; the scale of a constant column is 0.
        model_, history_, n_features_in_: as in `Estimator`; the history has the figures of `AdversarialRule`.

    Raises:
        ArgumentError: the loss is neither, or a size no whole number above 0.
        NonFiniteError: a number became infinite or NaN; the message names the step and the weight.

    A discriminator that has won entirely is warned of: the generator learns nothing from it.

    Source: Goodfellow et al., Generative adversarial nets, 2014.

    Example:

        >>> rows = np.random.default_rng(0).normal(5, 2, (500, 1))
        >>> network = GenerativeAdversarialNetwork(2, (16,), epochs=40, random_state=0).fit(rows)
        >>> bool(3 < network.sample(500).mean() < 7)
        True
    """

    def __init__(
        self,
        n_latent: int = 8,
        units: Sequence[int] = (128, 128),
        loss: str = "non-saturating",
        learning_rate: float = 0.001,
        epochs: int = 100,
        batch_size: int = 100,
        random_state: int | None = None,
    ) -> None:
        self.n_latent = n_latent
        self.units = units
        self.loss = loss
        self.learning_rate = learning_rate
        self.epochs = epochs
        self.batch_size = batch_size
        self.random_state = random_state

    def _rule_of(self, steps: int) -> AdversarialRule:
        if self.loss not in _LOSSES[:2]:
            raise ArgumentError(
                "GenerativeAdversarialNetwork: loss is 'non-saturating' or 'minimax'. Received: "
                f"loss={self.loss!r}. For that of Wasserstein take WassersteinGAN."
            )
        return AdversarialRule(self.loss, (self.learning_rate, self.learning_rate), steps=steps)

    def fit(self, X: Any, y: Any = None, **options: Any) -> Self:
        """Learn from rows, (samples, features); `options` are further arguments of the model's `fit`."""
        super().fit(X, y, **options)
        real, fake = (self.history_.history[name][-1] for name in ("real", "fake"))
        if real > _WINS and fake < 1 - _WINS:
            warn(
                "GenerativeAdversarialNetwork: the discriminator has won entirely: in the last epoch it took "
                f"rows of the generator for real with a probability of {fake:.2g}, and real ones with "
                f"{real:.4f}. The generator learns nothing from it. Usual mends: WassersteinGAN, a smaller "
                "learning rate, another random_state."
            )
        return self

    def discriminate(self, X: Any) -> np.ndarray:
        """D(x): the probability that each row is real, (samples,)."""
        return np.asarray(jax.nn.sigmoid(jnp.asarray(self._scores(X))))


class WassersteinGAN(_Adversarial):
    """A generator and a critic whose slope is kept near 1: WGAN-GP.

    Args:
        n_latent: numbers of z.
        units: of the hidden layers of both networks.
        penalty: lambda, above 0: 10 is usual of pictures, 0.1 of few columns.
        turns: steps of the critic for one of the generator.
        learning_rate: of both Adams, at first; it falls to a hundredth as half a cosine does.
        epochs: how often the rows are gone through, by the critic.
        batch_size: rows of a step.
        random_state: an integer for the same numbers at every call.

    Attributes:
        mean_, scale_: of the columns; the scale of a constant column is 0.
        model_, history_, n_features_in_: as in `Estimator`; the history has the figures of `AdversarialRule`.

    Raises:
        ArgumentError: the penalty is not above 0, or a size no whole number above 0.
        NonFiniteError: a number became infinite or NaN; the message names the step and the weight.

    Source: Gulrajani et al., Improved training of Wasserstein GANs, 2017.

    Example:

        >>> rows = np.random.default_rng(0).normal(5, 2, (500, 1))
        >>> network = WassersteinGAN(2, (16,), epochs=100, random_state=0).fit(rows)
        >>> bool(3 < network.sample(500).mean() < 7)
        True
    """

    _counts = ("n_latent", "epochs", "turns")

    def __init__(
        self,
        n_latent: int = 8,
        units: Sequence[int] = (128, 128),
        penalty: float = 10.0,
        turns: int = 5,
        learning_rate: float = 0.001,
        epochs: int = 300,
        batch_size: int = 100,
        random_state: int | None = None,
    ) -> None:
        self.n_latent = n_latent
        self.units = units
        self.penalty = penalty
        self.turns = turns
        self.learning_rate = learning_rate
        self.epochs = epochs
        self.batch_size = batch_size
        self.random_state = random_state

    def _rule_of(self, steps: int) -> AdversarialRule:
        if not (np.isfinite(self.penalty) and self.penalty > 0):
            raise ArgumentError(
                "WassersteinGAN: penalty is a number above 0, and keeps the slope of the critic near 1. "
                f"Received: penalty={self.penalty!r}"
            )
        rates = (self.learning_rate, self.learning_rate)
        return AdversarialRule("wasserstein", rates, (0.5, 0.9), steps, self.turns, self.penalty)

    def critic(self, X: Any) -> np.ndarray:
        """The critic's score of each row, (samples,): higher for rows that look real."""
        return self._scores(X)


def gaussian_grid(rows: int, side: int = 5, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Points around side x side places that are 2 apart, with standard deviation 0.1; and the places.

    Shapes: -> (rows, 2), (side * side, 2).
    """
    generator = np.random.default_rng(seed)
    along = 2.0 * np.arange(side) - (side - 1)
    places = np.stack(np.meshgrid(along, along), axis=-1).reshape(-1, 2)
    points = places[np.arange(rows) % len(places)] + 0.1 * generator.normal(size=(rows, 2))
    return points.astype("float32"), places


def held_modes(samples: np.ndarray, places: np.ndarray) -> tuple[float, float]:
    """How many places have samples within 3 standard deviations, at least a fifth of an equal share; and the
    share of samples that are within those of any place.
    """
    distances = np.sqrt(((samples[:, None] - places) ** 2).sum(axis=2))
    near = distances < 0.3
    fair = len(samples) / len(places)
    return float(np.sum(near.sum(axis=0) >= 0.2 * fair)), float(near.any(axis=1).mean())


def _on_a_grid(seed: int = 0, quick: bool = False) -> Outcome:
    """The Gaussians of a grid that a WGAN with penalty holds, and for comparison both losses of 2014."""
    X, places = gaussian_grid(1000 if quick else 10_000, 2 if quick else 5, seed)
    if quick:
        network = WassersteinGAN(2, (64, 64), 0.1, learning_rate=0.003, epochs=200, random_state=seed)
    else:
        network = WassersteinGAN(2, (128,) * 3, 0.1, epochs=300, batch_size=200, random_state=seed)
    network.fit(X)
    modes, share = held_modes(network.sample(5000), places)
    details = {Words("share of samples within 3 sigma", "parte de muestras a menos de 3 sigma"): share}
    if not quick:
        for loss in _LOSSES[:2]:
            other = GenerativeAdversarialNetwork(2, (128,) * 3, loss, 0.0003, epochs=100, batch_size=200)
            held, _ = held_modes(other.set_params(random_state=seed).fit(X).sample(5000), places)
            details[Words(f"GAN, {loss} loss: modes", f"GAN, pérdida {_SPANISH[loss]}: modos")] = held
    return Outcome(modes / len(places), network, details, {"X": X})


_SPANISH = {"non-saturating": "no saturante", "minimax": "minimax"}


CARD = Card(
    title=Words("Generative adversarial network", "Red generativa antagónica"),
    year=2014,
    paper="Goodfellow et al., Generative adversarial nets, 2014",
    family="generation",
    cells=("back-fed input", "hidden", "match-input-output", "hidden", "match-input-output"),
    summary=Words(
        "A generator makes rows of noise, and a discriminator tells them from real ones; each learns from "
        "the other, in turn, until the rows can't be told apart.",
        "Un generador hace filas a partir de ruido y un discriminador las distingue de las reales; cada uno "
        "aprende del otro, por turnos, hasta que no se distinguen.",
    ),
    network=GenerativeAdversarialNetwork,
    experiment=Experiment(
        task=Words(
            "25 Gaussians on a grid, 2 apart, standard deviation 0.1; 10,000 points; WGAN-GP",
            "25 gaussianas en una cuadrícula, a distancia 2, desviación estándar 0,1; 10 000 puntos; WGAN-GP",
        ),
        measure=Words(
            "share of the Gaussians with a fifth of their due of 5,000 samples, within 3 sigma",
            "parte de las gaussianas con un quinto de lo debido de 5000 muestras, a menos de 3 sigma",
        ),
        target=1.0,
        source=Words(
            "all of them, as Gulrajani et al., 2017, show with WGAN-GP",
            "todas, como muestran Gulrajani et al., 2017, con WGAN-GP",
        ),
        run=_on_a_grid,
        quick_target=1.0,
    ),
)
