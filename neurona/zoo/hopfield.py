"""The Hopfield network: patterns are valleys of an energy, and recalling one is rolling down.

Hopfield (Neural networks and physical systems with emergent collective computational abilities, PNAS 79,
1982). N neurons have states of -1 or 1. Storing P patterns x takes Hebb's rule once,

    W = sum over patterns of x x' / N, with zeros on the diagonal.                   (1982, equation 2)

One neuron after another then takes the sign of what it receives, s_i = sign(sum over j of w_ij s_j), and
stays as it is where that is 0. Each change lowers the energy

    E = - s' W s / 2,                                                                (1982, equation 7)

so the network comes to rest. Up to some 0.138 N random patterns it rests near the one it began from (Amit,
Gutfreund and Sompolinsky, Storing infinite numbers of patterns in a spin-glass model, 1985); beyond, it
forgets all. The pseudo-inverse W = X' (X X')^-1 X (Personnaz, Guyon and Dreyfus, 1985) stores up to N
independent patterns without error.

The modern network (Ramsauer et al., Hopfield Networks is All You Need, 2020, equation 3) keeps the patterns
X, has continuous states, and takes s = X' softmax(beta X s): one step of attention. It holds exponentially
many.
"""

import warnings
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from neurona.errors import ArgumentError, DataError, warn
from neurona.layers import AttentiveAssociation, Input, Layer
from neurona.models import Model, Sequential
from neurona.plotting.figure import finish
from neurona.training import Rule
from neurona.zoo import validation
from neurona.zoo.card import Card, Experiment, Outcome, Words
from neurona.zoo.estimator import Estimator
from neurona.zoo.pictures import pictures_figure

__all__ = ["Hopfield", "HopfieldAssociation", "ModernHopfield"]

CAPACITY = 0.138  # patterns for each neuron


class HopfieldAssociation(Layer):
    """States that settle by s_i = sign(sum over j of w_ij s_j), one neuron after another, until none changes.

    The diagonal of W is kept at 0. A state that receives 0 stays.

    Args:
        max_sweeps: how often all neurons are gone through at most.

    Shapes: states (rows, units) of -1 and 1 -> the same at rest; kernel (units, units).

    Source: Hopfield, Neural networks and physical systems with emergent collective computational abilities,
        1982.

    Example:

        >>> layer = HopfieldAssociation()
        >>> layer.build((None, 3))
        >>> layer.kernel.assign([[0, 1, 1], [1, 0, 1], [1, 1, 0]])
        >>> layer(np.array([[1.0, 1.0, -1.0]])).tolist()
        [[1.0, 1.0, 1.0]]
    """

    def __init__(self, max_sweeps: int = 100, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.max_sweeps = max_sweeps

    def build(self, input_shape: Any) -> None:
        units = input_shape[-1]
        self.kernel = self.add_weight((units, units), "zeros", name="kernel")

    def call(self, states: jax.Array) -> jax.Array:
        kernel, units = self.kernel.value, states.shape[-1]

        def update(place: Any, held: tuple[jax.Array, jax.Array]) -> tuple[jax.Array, jax.Array]:
            s, field = held  # (units, rows): the states, and what each neuron receives
            old, received = s[place], field[place]
            new = jnp.where(received == 0, old, jnp.sign(received))
            return s.at[place].set(new), field + kernel[place][:, None] * (new - old)

        def sweep(carried: tuple[Any, Any, Any]) -> tuple[Any, Any, Any]:
            s, _, number = carried
            after, _ = jax.lax.fori_loop(0, units, update, (s, kernel @ s))
            return after, jnp.any(after != s), number + 1

        def moving(carried: tuple[Any, Any, Any]) -> Any:
            return carried[1] & (carried[2] < self.max_sweeps)

        start = states.T, jnp.array(True), jnp.array(0)
        return jax.lax.while_loop(moving, sweep, start)[0].T


class StoringRule(Rule):
    """W = sum of x x' / units with zeros on the diagonal; or the pseudo-inverse of the patterns.

    Args:
        kind: `"hebb"` or `"pseudo_inverse"`.
    """

    def __init__(self, kind: str = "hebb") -> None:
        self.kind = kind

    def begin_epoch(self, model: Any) -> None:
        kernel = model.layers[-1].kernel
        kernel.assign(jnp.zeros(kernel.shape))

    def learn(self, model: Any, batch: Any, key: jax.Array, number: jax.Array) -> None:
        kernel, X = model.layers[-1].kernel, batch.x
        products = X.T @ X / X.shape[1] if self.kind == "hebb" else X.T @ jnp.linalg.pinv(X.T)
        total = kernel + products
        kernel.assign(total - jnp.diag(jnp.diag(total)))


class Hopfield(Estimator):
    """A Hopfield network, which recalls stored patterns from damaged ones.

    Args:
        rule: how patterns are stored: `"hebb"`, or `"pseudo_inverse"`, which holds patterns that resemble
            each other.
        max_sweeps: how often a recall goes through all neurons at most.

    Attributes:
        n_patterns_: how many patterns are stored.
        values_: the two values of the patterns, such as 0 and 1. The neurons hold -1 and 1.
        model_, history_, n_features_in_: as in `Estimator`.

    Warns:
        UserWarning: there are more patterns than Hebb's rule can hold, 0.138 for each neuron.

    Example:

        >>> patterns = np.array([[1, 1, 1, 1, -1, -1, -1, -1], [1, -1, 1, -1, 1, -1, 1, -1]])
        >>> network = Hopfield(rule="pseudo_inverse").fit(patterns)
        >>> damaged = patterns[0] * [-1, 1, 1, 1, 1, 1, 1, 1]
        >>> network.recall([damaged])[0].tolist()
        [1, 1, 1, 1, -1, -1, -1, -1]
    """

    epochs = 1

    def __init__(self, rule: str = "hebb", max_sweeps: int = 100) -> None:
        self.rule = rule
        self.max_sweeps = max_sweeps

    def _checked(self, X: Any, y: Any) -> tuple[np.ndarray, None]:
        if self.rule not in ("hebb", "pseudo_inverse"):
            raise ArgumentError(f"Hopfield: rule is 'hebb' or 'pseudo_inverse'. Received: rule={self.rule!r}")
        X = validation.validate_data(self, X)
        values = np.unique(X)
        if len(values) > 2:
            raise DataError(
                f"Hopfield: patterns have two values, such as -1 and 1. Received {len(values)} values, "
                f"such as "
                f"{values[1]:g}. Binarize them first: X > X.mean()."
            )
        self.values_ = values if len(values) == 2 else np.array([-1, 1], X.dtype)
        self.n_patterns_ = len(X)
        if self.rule == "hebb" and len(X) > CAPACITY * X.shape[1]:
            warn(
                f"Hopfield: {len(X)} patterns in {X.shape[1]} neurons. Hebb's rule holds "
                f"{int(CAPACITY * X.shape[1])} of random ones; beyond, recall fails for all. Use "
                "rule='pseudo_inverse', or ModernHopfield."
            )
        return self._as_states(X), None

    def _as_states(self, X: np.ndarray) -> np.ndarray:
        return np.where(self.values_[1] == X, 1.0, -1.0).astype("float32")

    def _model_for(self, X: np.ndarray, y: np.ndarray | None) -> Model:
        self._batch_size = len(X)
        model = Sequential([Input((X.shape[1],)), HopfieldAssociation(self.max_sweeps)])
        model.compile(rule=StoringRule(self.rule))
        return model

    def recall(self, X: Any) -> np.ndarray:
        """The states in which the network comes to rest from those of the rows, (samples, units)."""
        settled = self._outputs(self._as_states(self._rows(X)))
        return self.values_[(settled > 0).astype(int)]

    predict = recall

    def energy(self, X: Any) -> np.ndarray:
        """E = - s' W s / 2 of each row, (samples,)."""
        states = self._as_states(self._rows(X))
        return -np.sum((states @ self.weights) * states, axis=1) / 2

    @property
    def weights(self) -> np.ndarray:
        """W, (units, units)."""
        return np.asarray(self.model_.get_weights()[0])

    def plot(self, X: Any = None, language: str | None = None, to_file: Any = None) -> Any:
        """Draw what is recalled from rows: each row, where it comes to rest, and both energies.

        Args:
            X: up to six rows are drawn; by default random ones.
            language: `"en"`, `"es"`, or None for the user's.
            to_file: where to write the picture.

        Returns:
            A `matplotlib.figure.Figure`.
        """
        validation.check_is_fitted(self)
        if X is None:
            X = np.random.default_rng(0).choice(self.values_, (4, self.n_features_in_))
        X = np.asarray(X)[:6]
        shown = np.concatenate([X, self.recall(X)])
        energies = [f"E = {energy:.1f}" for energy in self.energy(shown)]
        figure = pictures_figure(self._as_states(shown), energies, len(X), CARD.title.of(language))
        return finish(figure, to_file)

    def score(self, X: Any, y: Any = None) -> float:
        """The mean overlap m = x s / units of what is recalled from the rows with the patterns `y`, by
        default with the rows themselves; 1 is perfect, 0 chance.
        """
        wanted = self._as_states(self._rows(X if y is None else y))
        recalled = self._as_states(self.recall(X))
        return float(np.mean(np.sum(wanted * recalled, axis=1)) / self.n_features_in_)


class ModernHopfield(Estimator):
    """A modern Hopfield network: continuous patterns, recalled by attention to what resembles the state.

    Args:
        beta: how sharply the most similar pattern is chosen.
        steps: how often the state is renewed; one is enough where the patterns are well apart.

    Attributes:
        model_, history_, n_features_in_: as in `Estimator`.

    Source: Ramsauer et al., Hopfield Networks is All You Need, 2020, equation 3.

    Example:

        >>> network = ModernHopfield(beta=8.0).fit([[1.0, 0.0, 2.0], [0.0, 3.0, 0.0]])
        >>> network.recall([[0.9, 0.1, 1.5]]).round(2).tolist()
        [[1.0, 0.0, 2.0]]
    """

    epochs = 1

    def __init__(self, beta: float = 1.0, steps: int = 1) -> None:
        self.beta = beta
        self.steps = steps

    def _model_for(self, X: np.ndarray, y: np.ndarray | None) -> Model:
        self._batch_size = len(X)
        model = Sequential([Input((X.shape[1],)), AttentiveAssociation(len(X), self.beta, self.steps)])
        model.compile(rule=KeepingRule())
        return model

    def recall(self, X: Any) -> np.ndarray:
        """The states after `steps` renewals, (samples, features)."""
        return self._outputs(self._rows(X))

    predict = recall


class KeepingRule(Rule):
    """The patterns are the weights."""

    def learn(self, model: Any, batch: Any, key: jax.Array, number: jax.Array) -> None:
        model.layers[-1].kernel.assign(batch.x)


def _overlap_at_capacity(seed: int = 0, quick: bool = False) -> Outcome:
    """Random patterns at loads of 0.12, 0.138 and 0.18; a start from each pattern itself."""
    runs, units = (1, 200) if quick else (30, 500)
    rng = np.random.default_rng(seed)
    overlaps: dict[float, list[float]] = {0.12: [], 0.138: [], 0.18: []}
    network = Hopfield()
    for load, found in overlaps.items():
        for _ in range(runs):
            patterns = rng.choice([-1, 1], (int(load * units), units))
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # beyond the capacity is where we look
                network = Hopfield().fit(patterns)
            found.append(network.score(patterns))
    means = {load: float(np.mean(found)) for load, found in overlaps.items()}
    details = {
        Words(f"overlap at load {load}", f"solapamiento con carga {load}"): mean
        for load, mean in means.items()
    }
    return Outcome(figure=means[0.138], network=network, details=details)


CARD = Card(
    title=Words("Hopfield network", "Red de Hopfield"),
    year=1982,
    paper=(
        "Hopfield, Neural networks and physical systems with emergent collective computational abilities, "
        "1982"
    ),
    family="energy",
    cells=("back-fed input",),
    summary=Words(
        "All neurons are connected with each other; stored patterns are valleys of an energy, into which "
        "damaged "
        "ones roll.",
        "Todas las neuronas están conectadas entre sí; los patrones guardados son valles de una energía, "
        "en los que "
        "caen los dañados.",
    ),
    network=Hopfield,
    experiment=Experiment(
        task=Words(
            "recall of 69 random patterns by 500 neurons, load 0.138",
            "recuerdo de 69 patrones aleatorios con 500 neuronas, carga 0,138",
        ),
        measure=Words("mean overlap with the pattern", "solapamiento medio con el patrón"),
        target=0.94,
        source=Words(
            "0.954 +- 0.022, 50 seeds of a NumPy reference; 0.967 in endless networks (Amit et al., 1985)",
            "0,954 +- 0,022, 50 semillas de una referencia en NumPy; 0,967 en redes infinitas (Amit et "
            "al., 1985)",
        ),
        run=_overlap_at_capacity,
        quick_target=0.85,
    ),
)
