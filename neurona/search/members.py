"""The members of an ensemble: K states that the loop of training sees as one trainer, and the steps that
advance them together.
"""

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from neurona.core.errors import NonFiniteError
from neurona.core.random import Stream, new_words
from neurona.core.variable import Variable
from neurona.initializers import Ones, Zeros
from neurona.training.batches import ArrayBatches, Batch
from neurona.training.diagnosis import raise_non_finite
from neurona.training.loop import Pace
from neurona.training.step import TrainingState


def stack(trees: Sequence[Any]) -> Any:
    """Trees of equal structure as one, its arrays with a leading axis."""
    return jax.tree.map(lambda *leaves: jnp.asarray(np.stack(leaves)), *trees)


def take(tree: Any, number: int) -> Any:
    """One entry of each array's leading axis."""
    return jax.tree.map(lambda leaf: leaf[number], tree)


class Members:
    """The states of K models of one structure.

    What is trained begins with values that a member's own seed draws, as if the model were built after
    `set_random_seed(seed)`; all else (frozen weights, statistics) begins as it is in the model.

    Args:
        model: built, and prepared for its data; it gives the structure and does not change.
        streams: each member's random numbers.
        learning_rate: a number per member, or None for the optimizer's own.
    """

    run_eagerly = stops_quietly_on_nan = False

    def __init__(self, model: Any, streams: Sequence[Stream], learning_rate: Sequence[float] | None) -> None:
        self.model, self.program = model, model._current_program()
        self.alive = np.ones(len(streams), bool)
        self.failures: dict[int, str] = {}
        self.steps_trained = 0
        self.stop_training = False
        self.trainer: Any = None  # set by the loop
        self._streams = streams
        self._keys: Any = None
        self._paces: dict[tuple[str, int], Pace] = {}
        self._fresh_metrics = stack([model._fresh_metrics] * len(streams))
        self._state = self._first_state()
        if learning_rate is not None:
            self._state.optimizer["learning_rate"] = jnp.asarray(learning_rate, jnp.float32)

    def _first_state(self) -> TrainingState:
        trainable, others, _ = self.model._groups
        in_order_of_creation = sorted((*trainable, *others), key=lambda variable: variable.number)
        random = [
            one
            for one in in_order_of_creation
            if one.initializer is not None and not isinstance(one.initializer, (Zeros, Ones))
        ]
        begun = {
            one: one.draw(one.shape, one.dtype)
            for one in in_order_of_creation
            if isinstance(one.initializer, (Zeros, Ones))
        }
        members = []
        for stream in self._streams:
            with stream:
                drawn = begun | {one: one.draw(one.shape, one.dtype) for one in random}
            members.append([drawn.get(variable, variable.value) for variable in trainable])
        weights = stack(members)
        kept = stack([[variable.value for variable in others]] * len(members))
        return TrainingState(weights, kept, jax.vmap(self.model.optimizer.init)(weights), self._fresh_metrics)

    @property
    def keys(self) -> jax.Array:
        """The members' random keys, (K,): what dropout and its like draw from."""
        if self._keys is None:
            keys = []
            for stream in self._streams:
                with stream:
                    keys.append(new_words())
            self._keys = jax.random.wrap_key_data(stack(keys))
        return self._keys

    # What the loop of training asks of a trainer.

    def training_state(self) -> TrainingState:
        """All that training changes, each array with a leading axis of K."""
        return self._state

    def take_training_state(self, state: TrainingState) -> None:
        """Keep the state of all members."""
        self._state = state

    def reset_metrics(self) -> None:
        """Forget what the metrics have seen."""
        self._state = self._state._replace(metrics=self._fresh_metrics)

    def finish(self) -> None:
        """What an optimizer does once training ends, such as giving the weights their moving averages."""
        optimizer = self.model.optimizer
        weights = [Variable(value) for value in self._state.trainable]
        kept, optimizer.state = optimizer.state, self._state.optimizer
        optimizer.finalize_variable_values(weights)
        optimizer.state = kept
        self._state = self._state._replace(trainable=[weight.value for weight in weights])

    def pace(self, kind: str, rows: int) -> Pace:
        """How fast steps of this kind and batch size have run so far."""
        return self._paces.setdefault((kind, rows), Pace())

    def _current_program(self) -> "Members":
        return self

    # What the loop of training asks of a program.

    def train_many(
        self, state: TrainingState, data: Batch, order: Any, keys: Any, first_step: Any, start: Any, stop: Any
    ) -> tuple[TrainingState, Any, Any, bool]:
        """Steps of all members. One that meets a number that is not finite goes back to before that step, and
        stays there.
        """
        self.program.trainer = self.model
        stops = np.where(self.alive, stop, start).astype(np.int32)
        before = state
        while True:
            state, logs, reached, fine = self.program.members.train_many(
                before, data, order, keys, first_step, start, stops
            )
            wrong = ~np.asarray(fine) & (stops > start)
            if not wrong.any():
                break
            stops = np.where(wrong, np.asarray(reached) - 1, stops)
        for member in np.flatnonzero(self.alive & (stops < stop)).tolist():
            self.alive[member] = False
            rows = np.asarray(order[stops[member], member])
            batch = jax.tree.map(lambda leaf, rows=rows: leaf[rows], data)
            self._note_failure(
                member, take(state, member), batch, keys[member], int(first_step + stops[member]), rows
            )
        self.stop_training = not self.alive.any()
        return state, self._without_failed(logs), stop, True

    def test_many(
        self, state: TrainingState, data: Batch, order: Any, keys: Any, first_step: Any, start: Any, stop: Any
    ) -> tuple[TrainingState, Any, Any, bool]:
        """Steps of an evaluation of all members."""
        self.program.trainer = self.model
        state, logs, _, _ = self.program.members.test_many(state, data, order, keys, first_step, start, stop)
        return state, self._without_failed(logs), stop, True

    def results(self, metrics: list[Any]) -> dict[str, np.ndarray]:
        """What the metrics of each member say; NaN for those that failed."""
        self.program.trainer = self.model
        return self._without_failed(self.program.members.results(metrics))

    def train_epochs(self, *arguments: Any) -> tuple[TrainingState, dict[str, Any], bool]:
        """Whole epochs of all members, and whether all numbers were finite."""
        self.program.trainer = self.model
        state, logs, fine = self.program.members.train_epochs(*arguments)
        return state, logs, bool(np.all(fine))

    def _without_failed(self, logs: dict[str, Any]) -> dict[str, np.ndarray]:
        logs = {name: np.array(value, np.float32) for name, value in logs.items()}
        for value in logs.values():
            value[~self.alive] = np.nan
        return logs

    def _note_failure(
        self, member: int, state: TrainingState, batch: Batch, key: Any, step: int, rows: np.ndarray
    ) -> None:
        try:
            raise_non_finite(self.model, state, batch, key, step, step - self.steps_trained, rows)
        except NonFiniteError as error:
            self.failures[member] = str(error)

    def predict(self, x: Any) -> Any:
        """The members' outputs for a batch, each array (K, rows, ...)."""
        trainable, others, _ = self.model._groups
        table = dict(zip((*trainable, *others), (*self._state.trainable, *self._state.non_trainable)))
        self.program.trainer = self.model
        return self.program.members.predict([table[variable] for variable in self.model.variables], x)


class MembersBatches(ArrayBatches):
    """The same arrays for all members, each with an order of rows of its own.

    Args:
        data: x, y and sample weights.
        batch_size, shuffle: as of `ArrayBatches`.
        generators: NumPy's, one per member.
    """

    def __init__(
        self, data: Batch, batch_size: int | None, shuffle: bool | str, generators: list[np.random.Generator]
    ) -> None:
        super().__init__(*data, batch_size, shuffle)
        self._orders = [
            ArrayBatches(*data, batch_size, shuffle, generator=lambda own=generator: own)
            for generator in generators
        ]

    def position(self) -> dict[str, Any]:
        """Where the next epoch begins, as plain values for `restore`."""
        return {"members": [order.position() for order in self._orders]}

    def restore(self, position: dict[str, Any]) -> None:
        """Let the next epoch begin where another's did."""
        for order, own in zip(self._orders, position["members"]):
            order.restore(own)

    def blocks(self) -> list[np.ndarray]:
        """The rows of one epoch: index arrays of shape (steps, K, batch size)."""
        return [np.stack(block, axis=1) for block in zip(*(order.blocks() for order in self._orders))]
