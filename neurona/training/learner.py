"""What a fit trains: the two contracts that a model and the members of an ensemble meet."""

from typing import Any, NoReturn, Protocol

import jax
import numpy as np

from neurona.training.conversion import Batch, Whole
from neurona.training.program import EpochsResult, RunResult
from neurona.training.step import TrainingState

CHUNK_SECONDS = 0.25  # how long a program may run before the host looks in, for the progress bar and Ctrl-C


class ChunkSizer:
    """How many steps fit into a chunk, learned from the chunks so far."""

    def __init__(self) -> None:
        self.steps = 8
        self._measured = False

    def learn(self, steps: int, seconds: float) -> None:
        """A chunk of so many steps took so long. The first one also compiled, and does not count."""
        if self._measured:
            fitting = steps * CHUNK_SECONDS / max(seconds, 1e-9)
            self.steps = int(np.clip(fitting, 1, 16 * max(self.steps, 1)))
        self._measured = True


class Steps(Protocol):
    """The compiled steps of a learner as it is now. What changes goes in as an argument and comes out."""

    def train(
        self, state: TrainingState, data: Batch | Whole, order: Any, first_step: Any, start: Any, stop: Any
    ) -> RunResult:
        """Steps `start` to `stop` of training on the rows that `order` names."""
        ...

    def test(
        self, state: TrainingState, data: Batch | Whole, order: Any, first_step: Any, start: Any, stop: Any
    ) -> RunResult:
        """The same of an evaluation."""
        ...

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
        """Whole epochs of training, each with its validation."""
        ...

    def begin_epoch(self, state: TrainingState) -> TrainingState:
        """The state before the first step of an epoch."""
        ...

    def end_epoch(self, state: TrainingState) -> TrainingState:
        """The state after the last step of an epoch."""
        ...

    def results(self, metrics: list[Any]) -> dict[str, Any]:
        """What the metrics say, by the names they have in logs."""
        ...


class Learner(Protocol):
    """What a fit trains.

    Attributes:
        steps_trained: since `compile`; during an epoch, those before it.
        steps_per_execution: the batches between two calls of callbacks' batch hooks.
        stops_quietly_on_nan: end at a NaN without an error, as Keras does.
    """

    steps_trained: int
    stops_quietly_on_nan: bool

    @property
    def steps_per_execution(self) -> int: ...

    @property
    def stop_training(self) -> bool:
        """Whether to end after this step."""
        ...

    @stop_training.setter
    def stop_training(self, stop: bool) -> None: ...

    @property
    def stop_evaluating(self) -> bool:
        """Whether to end an evaluation after this step."""
        ...

    @stop_evaluating.setter
    def stop_evaluating(self, stop: bool) -> None: ...

    @property
    def random_key(self) -> jax.Array:
        """What the keys of all steps are made from."""
        ...

    @random_key.setter
    def random_key(self, key: jax.Array) -> None: ...

    @property
    def initial_metrics(self) -> list[Any]:
        """The values of the metrics' variables before an epoch."""
        ...

    def training_state(self) -> TrainingState:
        """All that training changes, as it is now: what callbacks assigned is in it."""
        ...

    def load_training_state(self, state: TrainingState) -> None:
        """Take over a state that a step returned."""
        ...

    def steps(self) -> Steps:
        """The compiled steps; others where what they depend on has changed."""
        ...

    def reset_metrics(self) -> None:
        """Forget what the metrics have seen."""
        ...

    def chunk_sizer(self, kind: str, rows: int) -> ChunkSizer:
        """How fast steps of this kind and batch size have run so far."""
        ...

    def fuses_epochs(self, rows: int, many: bool) -> bool:
        """Whether an epoch on so few rows, or many of them, may run as one program."""
        ...

    def check_targets(self, batch: Batch) -> None:
        """Look at the labels before they are trained on; raises `DataError`."""
        ...

    def explain_non_finite(
        self, state: TrainingState, batch: Batch, number: int, shown_step: int, rows: np.ndarray | None
    ) -> NoReturn:
        """Raise the error that says where a number that is not finite arose."""
        ...

    def identity(self) -> dict[str, str]:
        """Texts that tell what is trained, and how, from others: equal in every process."""
        ...

    def finish(self) -> None:
        """What an optimizer does when training ends, such as giving the weights their moving averages."""
        ...
