"""What networks that learn along sequences share: targets of some steps only, sequences of many lengths, and
memories that are written and read.
"""

import contextlib
from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from neurona.errors import DataError, NonFiniteError, warn
from neurona.layers import RNN, Dense, Input, Layer
from neurona.losses import BinaryCrossentropy
from neurona.models import Model, Sequential
from neurona.optimizers import Adam
from neurona.plotting.figure import finish, new_figure
from neurona.zoo import validation
from neurona.zoo.bit_tasks import copy_task
from neurona.zoo.card import Words
from neurona.zoo.estimator import Estimator


class SequenceNetwork(Estimator):
    """A network that is asked at some steps of a sequence: at the others its targets are NaN.

    Sequences are an array (sequences, time, features), or a list of arrays (time, features) of which each has
    its own length. A subclass defines `_model_for`.

    Attributes:
        n_outputs_: how many numbers a target has.
    """

    n_outputs_: int
    batch_size: int

    def _check_targets(self, targets: np.ndarray) -> None:
        """Refuse targets that the outputs can't learn; NaN where nothing is asked.

        Raises:
            DataError: there is one.
        """

    def _checked(self, X: Any, y: Any) -> tuple[np.ndarray, np.ndarray]:
        owner = type(self).__name__
        if y is None:
            raise DataError(
                f"{owner}: fit(X, y) needs y, the targets of the steps of X, NaN where nothing is asked."
            )
        inputs, targets, asked = self._pairs(X, y)
        self._check_targets(targets)
        self.n_features_in_, self.n_outputs_ = inputs.shape[-1], targets.shape[-1]
        # The loss of a sequence is the mean over the steps that are asked.
        self._sample_weight = asked * (asked.shape[1] / asked.sum(axis=1, keepdims=True)).astype("float32")
        self._batch_size = min(len(inputs), self.batch_size)
        return inputs, np.nan_to_num(targets)

    def _pairs(self, X: Any, y: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Inputs, targets, and which steps are asked, (sequences, time)."""
        owner = type(self).__name__
        inputs, lengths = _stacked(owner, X, "X", 0.0)
        validation.check_finite(owner, "X", inputs)
        targets, counts = _stacked(owner, y, "y", np.nan)
        if lengths != counts:
            row = next(
                (row for row, (a, b) in enumerate(zip(lengths, counts)) if a != b), min(len(X), len(y))
            )
            raise DataError(
                f"{owner}: each step has a target, NaN where nothing is asked. Received {len(lengths)} "
                f"sequences in X and {len(counts)} in y, which differ at sequence {row}."
            )
        missing = np.isnan(targets)
        asked: Any = ~missing.all(axis=-1)
        wrong = np.argwhere(asked & missing.any(axis=-1))
        if len(wrong):
            raise DataError(
                f"{owner}: a target is NaN in all its numbers, where nothing is asked, or in none. That of "
                f"sequence {wrong[0][0]}, step {wrong[0][1]} is NaN in some."
            )
        if not asked.any(axis=1).all():
            raise DataError(
                f"{owner}: sequence {int(np.argmin(asked.any(axis=1)))} asks for nothing: all its targets "
                "are NaN."
            )
        return inputs, targets, asked

    def _given(self, X: Any) -> tuple[np.ndarray, list[int]]:
        """Sequences for the fitted network, and their lengths."""
        validation.check_is_fitted(self)
        owner = type(self).__name__
        inputs, lengths = _stacked(owner, X, "X", 0.0)
        validation.check_finite(owner, "X", inputs)
        if inputs.shape[-1] != self.n_features_in_:
            raise DataError(
                f"{owner}: X has {inputs.shape[-1]} features, but {owner} is expecting "
                f"{self.n_features_in_} features as input."
            )
        return inputs, lengths


def _stacked(owner: str, sequences: Any, name: str, padding: float) -> tuple[np.ndarray, list[int]]:
    """(sequences, time, features), padded at the end, and the length of each.

    Raises:
        DataError: they are no sequences, or have rows of several widths.
    """
    if isinstance(sequences, np.ndarray) and sequences.ndim == 3 and sequences.size:
        return sequences.astype("float32"), [sequences.shape[1]] * len(sequences)
    parts = [np.asarray(one, "float32") for one in sequences]
    wrong = [part.shape for part in parts if part.ndim != 2 or not part.size]
    if wrong or not parts:
        shape = wrong[0] if wrong else ()
        raise DataError(
            f"{owner}: {name} is an array (sequences, time, features), or a list of arrays (time, "
            f"features). Received {len(parts)} sequences, one of shape {shape}."
        )
    widths = sorted({part.shape[1] for part in parts})
    if len(widths) > 1:
        raise DataError(f"{owner}: the sequences of {name} have {widths[0]} features and {widths[1]}.")
    lengths = [len(part) for part in parts]
    array = np.full((len(parts), max(lengths), widths[0]), padding, "float32")
    for row, part in zip(array, parts, strict=True):
        row[: len(part)] = part
    return array, lengths


class MemoryNetwork(SequenceNetwork):
    """A controller with a memory, which learns to answer with bits. A subclass defines `cell`, `_panels` and
    `_title`.
    """

    locations: int
    learning_rate: float
    _title: Words

    def cell(self) -> Layer:
        """A new cell of these sizes, for any `RNN`."""
        raise NotImplementedError

    def _panels(self, states: list[np.ndarray]) -> list[tuple[Words, np.ndarray]]:
        """What `plot` draws of the states of a sequence, each (rows, time)."""
        raise NotImplementedError

    def _check_targets(self, targets: np.ndarray) -> None:
        wrong = np.argwhere(~np.isnan(targets) & (targets != 0) & (targets != 1))
        if len(wrong):
            sequence, step, bit = (int(number) for number in wrong[0])
            raise DataError(
                f"{type(self).__name__}: answers are bits, 0 or 1, and NaN where nothing is asked. Sequence "
                f"{sequence}, step {step}, bit {bit} of y is {targets[sequence, step, bit]:g}."
            )

    def _pairs(self, X: Any, y: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        found = super()._pairs(X, y)
        self._warn_of_full_memory(found[0])
        return found

    def _given(self, X: Any) -> tuple[np.ndarray, list[int]]:
        found = super()._given(X)
        self._warn_of_full_memory(found[0])
        return found

    def _warn_of_full_memory(self, inputs: np.ndarray) -> None:
        told = int(inputs.any(axis=-1).sum(axis=1).max())
        if told > self.locations + 1:  # a delimiter need not be kept
            warn(
                f"{type(self).__name__}: a sequence of X tells something at {told} steps, and the memory "
                f"has {self.locations} locations: what is told late may be written over what was told "
                f"early. Take more locations; a network that has learned gets them by enlarged({told})."
            )

    def _model_for(self, X: np.ndarray, y: np.ndarray | None) -> Model:
        return _model_of(self)

    def enlarged(self, locations: int) -> Any:
        """The same network with another number of locations, as no weight depends on it."""
        validation.check_is_fitted(self)
        network = type(self)(**{**self.get_params(deep=False), "locations": locations})
        network.n_features_in_, network.n_outputs_ = self.n_features_in_, self.n_outputs_
        network.model_ = _model_of(network)
        network.model_.set_weights(self.model_.get_weights())
        return network

    def predict_proba(self, X: Any) -> Any:
        """The probability that each bit is 1, at all steps: an array, or a list for a list of sequences."""
        inputs, lengths = self._given(X)
        found = np.asarray(jax.nn.sigmoid(self._outputs(inputs)))
        return found if isinstance(X, np.ndarray) else [row[:size] for row, size in zip(found, lengths)]

    def predict(self, X: Any) -> Any:
        """The bits of all steps, 0 or 1; those of steps at which nothing is asked have no meaning."""
        found = self.predict_proba(X)
        if isinstance(found, list):
            return [(row >= 0.5).astype(int) for row in found]
        return (found >= 0.5).astype(int)

    def wrong_bits(self, X: Any, y: Any) -> np.ndarray:
        """How many bits of each sequence are wrong, of those that are asked."""
        inputs, targets, asked = self._pairs(X, y)
        return np.sum((self.predict(inputs) != targets) & asked[..., None], axis=(1, 2))

    def score(self, X: Any, y: Any) -> float:
        """The share of right bits, of those that are asked."""
        _, targets, asked = self._pairs(X, y)
        return float(1 - self.wrong_bits(X, y).sum() / (asked.sum() * targets.shape[-1]))

    def states(self, x: Any) -> list[np.ndarray]:
        """The states of the cell after each step of a sequence (time, features), each (time, ...)."""
        row = self._given([x])[0]
        layer: Any = self.model_.layers[0]

        def step(states: Any, inputs: Any) -> Any:
            _, states = layer.cell(inputs, states)
            return states, states

        _, found = jax.lax.scan(step, layer.cell.get_initial_state(1), np.swapaxes(row, 0, 1))
        return [np.asarray(state)[:, 0] for state in found]

    def plot(self, x: Any, language: str | None = None, to_file: Any = None) -> Any:
        """Draw a sequence by time: inputs and answers, what is written and read, and where.

        Args:
            x: a sequence, (time, features).
            language: `"en"`, `"es"`, or None for the user's.
            to_file: where to write the picture.

        Returns:
            A `matplotlib.figure.Figure`.
        """
        x = np.asarray(x, "float32")
        states = self.states(x)
        shown = [
            (Words("inputs", "entradas"), x.T),
            (
                Words("answers: probability of a 1", "respuestas: probabilidad de un 1"),
                self.predict_proba([x])[0].T,
            ),
            *self._panels(states),
        ]
        lines = -(-len(shown) // 2)
        figure = new_figure("plot", 9, 0.6 + 1.9 * lines, 120)
        panels = figure.subplots(lines, 2, sharex=True, squeeze=False).ravel()
        for panel, (title, values) in zip(panels, shown, strict=False):
            low = min(0.0, float(values.min()))
            colours = {"cmap": "RdBu_r", "vmin": -np.abs(values).max(), "vmax": np.abs(values).max()}
            if low >= 0:
                colours = {"cmap": "bone_r", "vmin": 0, "vmax": 1}
            panel.imshow(values, aspect="auto", interpolation="nearest", **colours)
            panel.set_title(title.of(language), fontsize=9)
            for axis in (panel.xaxis, panel.yaxis):
                axis.get_major_locator().set_params(integer=True)
        for panel in panels[len(shown) :]:
            panel.set_axis_off()
        for panel in panels[-2:]:
            panel.set_xlabel(Words("step", "paso").of(language))
        figure.suptitle(self._title.of(language))
        return finish(figure, to_file)


def _model_of(network: MemoryNetwork) -> Model:
    """A new model of a network whose numbers of features and outputs are known."""
    layers = [
        Input((None, network.n_features_in_)),
        RNN(network.cell(), return_sequences=True),
        Dense(network.n_outputs_),
    ]
    model = Sequential(layers)
    # Steep slopes where a weighting is sharp would throw learning off (Collier and Beel, 2018).
    model.compile(Adam(network.learning_rate, global_clipnorm=1.0), BinaryCrossentropy(from_logits=True))
    return model


def copying_errors(network: MemoryNetwork, seed: int) -> dict[int, float]:
    """The wrong bits of sequences to be copied, by how many steps they show, the mean of 50 sequences."""
    return {
        steps: float(network.wrong_bits(*copy_task(50, (steps, steps), seed=seed)).mean())
        for steps in (20, 40, 80, 120)
    }


def copying_details(errors: list[dict[int, float]]) -> dict[Words, float]:
    """The means over runs, by their name, and the most at 80 steps."""
    found = {
        Words(
            f"copying {steps} steps: wrong bits of {8 * steps}",
            f"copiar {steps} pasos: bits equivocados de {8 * steps}",
        ): float(np.mean([one[steps] for one in errors]))
        for steps in errors[0]
    }
    most = Words("copying 80 steps: the worst run", "copiar 80 pasos: la peor prueba")
    return found | {most: max(one[80] for one in errors)}


SEEDS = Words("seeds without a NaN, of 10", "semillas sin NaN, de 10")


def finite_seeds(make: Callable[..., MemoryNetwork], seed: int) -> float:
    """How many of ten seeds meet no number that is not finite while they learn to copy short sequences."""
    finite = 0
    for run in range(seed, seed + 10):
        with contextlib.suppress(NonFiniteError):
            make(run).fit(*copy_task(2000, (1, 4), bits=3, seed=run))
            finite += 1
    return float(finite)
