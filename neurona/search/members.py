"""The members of an ensemble: K states that a fit trains as one learner, and their compiled steps."""

from collections.abc import Sequence
from typing import Any, NoReturn

import jax
import jax.numpy as jnp
import numpy as np

from neurona.core.errors import NonFiniteError
from neurona.core.random import Stream, new_words
from neurona.core.variable import Variable
from neurona.initializers import Ones, Zeros
from neurona.training.batches import ArrayBatches, RowOrder
from neurona.training.conversion import Batch, Whole, count_rows
from neurona.training.diagnosis import raise_non_finite
from neurona.training.learner import ChunkSizer
from neurona.training.model_learner import ModelLearner
from neurona.training.program import EpochsResult, Program, RunResult, call
from neurona.training.step import TrainingState

ROWS_OF_ALL = (
    2**17
)  # rows of an epoch, those of all members together, up to which many epochs run as one program


def stack(trees: Sequence[Any]) -> Any:
    """Trees of equal structure as one, its arrays with a leading axis."""
    return jax.tree.map(lambda *leaves: jnp.asarray(np.stack(leaves)), *trees)


def member_of(tree: Any, number: int) -> Any:
    """One entry of each array's leading axis."""
    return jax.tree.map(lambda leaf: leaf[number], tree)


class Members:
    """The states of K models of one structure, as what a fit trains.

    What is trained begins with values that a member's seed draws, as if the model were built after
    `set_random_seed(seed)`; all else (frozen weights, statistics) begins as it is in the model.

    Args:
        learner: of the model, built and prepared for its data; it gives the structure and does not change.
        streams: each member's random numbers.
        learning_rate: a number per member, or None for the optimizer's own.

    Attributes:
        alive: whether each member still trains.
        failures: why the others stopped, by their numbers.
    """

    stops_quietly_on_nan = False
    steps_per_execution = 1

    def __init__(
        self, learner: ModelLearner, streams: Sequence[Stream], learning_rate: Sequence[float] | None
    ) -> None:
        self._of_model, self._streams = learner, streams
        self._steps = MembersSteps(self, learner.model, learner.program())
        self.alive = np.ones(len(streams), bool)
        self.failures: dict[int, str] = {}
        self.steps_trained = 0
        self.stop_training = self.stop_evaluating = False
        self._random_key: Any = None
        self._sizers: dict[tuple[str, int], ChunkSizer] = {}
        self.initial_metrics = stack([learner.initial_metrics] * len(streams))
        self._state = self._first_state()
        if learning_rate is not None:
            self._state.optimizer["learning_rate"] = jnp.asarray(learning_rate, jnp.float32)

    def _first_state(self) -> TrainingState:
        model, (trainable, others, _) = self._of_model.model, self._of_model.groups
        in_order_of_creation = sorted((*trainable, *others), key=lambda variable: variable.number)
        drawn = [one for one in in_order_of_creation if one.initializer is not None]
        constant = {
            one: one.draw(one.shape, one.dtype) for one in drawn if isinstance(one.initializer, (Zeros, Ones))
        }
        members = []
        for stream in self._streams:
            with stream:
                values = constant | {
                    one: one.draw(one.shape, one.dtype) for one in drawn if one not in constant
                }
            members.append([values.get(variable, variable.value) for variable in trainable])
        weights = stack(members)
        kept = stack([[variable.value for variable in others]] * len(members))
        first = jax.vmap(lambda values: model._rule.init(model, values))(weights)
        return TrainingState(weights, kept, first, self.initial_metrics)

    @property
    def random_key(self) -> jax.Array:
        """The members' random keys, (K,): what dropout and its like draw from."""
        if self._random_key is None:
            keys = []
            for stream in self._streams:
                with stream:
                    keys.append(new_words())
            self._random_key = jax.random.wrap_key_data(stack(keys))
        return self._random_key

    @random_key.setter
    def random_key(self, key: jax.Array) -> None:
        self._random_key = key

    # What a fit asks for.

    def training_state(self) -> TrainingState:
        """All that training changes, each array with a leading axis of K."""
        return self._state

    def load_training_state(self, state: TrainingState) -> None:
        self._state = state

    def steps(self) -> "MembersSteps":
        return self._steps

    def reset_metrics(self) -> None:
        self._state = self._state._replace(metrics=self.initial_metrics)

    def chunk_sizer(self, kind: str, rows: int) -> ChunkSizer:
        return self._sizers.setdefault((kind, rows), ChunkSizer())

    def fuses_epochs(self, rows: int, many: bool) -> bool:
        small = many and rows * len(self.alive) <= ROWS_OF_ALL and not self.failures
        return small and self._of_model.fuses_epochs(rows, many)

    def check_targets(self, batch: Batch) -> None:
        self._of_model.check_targets(batch)

    def identity(self) -> dict[str, str]:
        return {**self._of_model.identity(), "the number of members": str(len(self.alive))}

    def explain_non_finite(
        self, state: TrainingState, batch: Batch, number: int, shown_step: int, rows: np.ndarray | None
    ) -> NoReturn:
        raise NonFiniteError("A member's numbers are not finite.")  # its steps note the failure instead

    def note_failure(
        self, member: int, state: TrainingState, batch: Batch, number: int, rows: np.ndarray
    ) -> None:
        """Keep the reason why a member stopped at a step; `state` is the one before it."""
        self.alive[member] = False
        model, key = self._of_model.model, self.random_key[member]
        try:
            raise_non_finite(
                model, member_of(state, member), batch, key, number, number - self.steps_trained, rows
            )
        except NonFiniteError as error:
            self.failures[member] = str(error)

    def finish(self) -> None:
        model = self._of_model.model
        if model.optimizer is None:
            return
        weights = [Variable(value) for value in self._state.trainable]
        kept, model.optimizer.state = model.optimizer.state, self._state.optimizer
        model.optimizer.finalize_variable_values(weights)
        model.optimizer.state = kept
        self._state = self._state._replace(trainable=[weight.value for weight in weights])

    # The members as models.

    def predict(self, x: Any) -> Any:
        """The members' outputs for a batch, each array (K, rows, ...)."""
        trainable, others, _ = self._of_model.groups
        table = dict(zip((*trainable, *others), (*self._state.trainable, *self._state.non_trainable)))
        return self._steps.predict([table[variable] for variable in self._of_model.model.variables], x)

    def give_to(self, learner: ModelLearner, number: int) -> None:
        """Let another model of the structure go on as one of the members."""
        learner.load_training_state(member_of(self._state, number))
        learner.random_key, learner.steps_trained = self.random_key[number], self.steps_trained


class MembersSteps:
    """The compiled steps of all members at once."""

    def __init__(self, members: Members, model: Any, program: Program) -> None:
        self._members, self._model, self._program = members, model, program.members

    def train(
        self, state: TrainingState, data: Batch | Whole, order: Any, first_step: Any, start: Any, stop: Any
    ) -> RunResult:
        """Steps of all members. One whose figures are not finite goes back to before that step, and stays."""
        members = self._members
        stops = np.where(members.alive, stop, start).astype(np.int32)
        while True:
            ran = call(
                self._model,
                self._program.train,
                state,
                data,
                order,
                members.random_key,
                first_step,
                start,
                stops,
            )
            wrong = ~np.asarray(ran.finite) & (stops > start)
            if not wrong.any():
                break
            stops = np.where(wrong, np.asarray(ran.reached) - 1, stops)
        for member in np.flatnonzero(members.alive & (stops < stop)).tolist():
            rows = np.asarray(order[stops[member], member])
            batch = jax.tree.map(lambda leaf, rows=rows: leaf[rows], data)
            members.note_failure(member, ran.state, batch, int(first_step + stops[member]), rows)
        members.stop_training = not members.alive.any()
        return RunResult(ran.state, self._without_failed(ran.logs), stop, True)

    def test(
        self, state: TrainingState, data: Batch | Whole, order: Any, first_step: Any, start: Any, stop: Any
    ) -> RunResult:
        """Steps of an evaluation of all members."""
        keys = self._members.random_key
        ran = call(self._model, self._program.test, state, data, order, keys, first_step, start, stop)
        return RunResult(ran.state, self._without_failed(ran.logs), stop, True)

    def train_epochs(
        self,
        state: TrainingState,
        initial_metrics: list[Any],
        data: Batch,
        orders: list[Any],
        validation: Any,
        first_step: Any,
        count: Any,
    ) -> EpochsResult:
        keys = self._members.random_key
        arguments = (state, initial_metrics, data, orders, validation, keys, first_step, count)
        ran = call(self._model, self._program.train_epochs, *arguments)
        return ran._replace(finite=bool(np.all(ran.finite)))

    def begin_epoch(self, state: TrainingState) -> TrainingState:
        hooks = self._model._rule.has_epoch_hooks
        return call(self._model, self._program.begin_epoch, state) if hooks else state

    def end_epoch(self, state: TrainingState) -> TrainingState:
        hooks = self._model._rule.has_epoch_hooks
        return call(self._model, self._program.end_epoch, state) if hooks else state

    def results(self, metrics: list[Any]) -> dict[str, Any]:
        """What the metrics of each member say; NaN for those that failed."""
        return self._without_failed(call(self._model, self._program.results, metrics))

    def predict(self, values: list[Any], x: Any) -> Any:
        """The outputs of all members for a batch."""
        return call(self._model, self._program.predict, values, x)

    def _without_failed(self, logs: dict[str, Any]) -> dict[str, Any]:
        logs = {name: np.array(value, np.float32) for name, value in logs.items()}
        for value in logs.values():
            value[~self._members.alive] = np.nan
        return logs


class MembersBatches(ArrayBatches):
    """The same arrays for all members, with an order of the rows for each.

    Args:
        host: the data.
        batch_size, shuffle: as of `RowOrder`.
        generators: NumPy's, one per member.
    """

    def __init__(
        self, host: Batch, batch_size: int | None, shuffle: bool | str, generators: list[np.random.Generator]
    ) -> None:
        rows = count_rows(host)
        self._orders = [RowOrder(rows, batch_size, shuffle, None, generator) for generator in generators]
        super().__init__(host, self._orders[0])

    def position(self) -> dict[str, Any]:
        return {"members": [order.position() for order in self._orders]}

    def restore(self, position: dict[str, Any]) -> None:
        for order, own in zip(self._orders, position["members"]):
            order.restore(own)

    def blocks(self) -> list[np.ndarray]:
        """The rows of one epoch: index arrays (steps, K, batch size)."""
        return [np.stack(block, axis=1) for block in zip(*(order.blocks() for order in self._orders))]
