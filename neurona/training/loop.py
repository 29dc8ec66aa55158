"""One pass over batches: chunks of steps, and callbacks between them."""

import contextlib
import time
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from neurona.callbacks.callback_list import BatchCalls, CallbackList
from neurona.training.batches import ArrayBatches, Batches, Chunk
from neurona.training.learner import Learner, Steps
from neurona.training.program import RunResult, step_number
from neurona.training.step import TrainingState

EPOCHS_AT_ONCE = 128

Run = Callable[[TrainingState, Any, Any], RunResult]


class Pass:
    """One pass over batches, for training or for an evaluation.

    The learner holds the state; the pass reads it before each chunk and gives it back after. So whatever a
    callback assigns takes effect at the next step.

    Args:
        learner: whose state changes.
        kind: "train" or "test".
        callbacks: called before and after steps.
        first_step: the number of steps trained before, from which every step's random numbers follow.
        done: steps of this pass that ran in an earlier fit, which is resumed here.
    """

    def __init__(
        self, learner: Learner, kind: str, callbacks: CallbackList, first_step: int = 0, done: int = 0
    ) -> None:
        self.learner, self.kind, self.callbacks = learner, kind, callbacks
        self.first_step, self.done = first_step, done
        self._logs: dict[str, Any] = {}
        self._calls = BatchCalls(callbacks, kind, learner.steps_per_execution, first_step)

    def run(self, batches: Batches) -> dict[str, Any]:
        """Run all batches and return the figures, or nothing where there were no batches."""
        learner = self.learner
        if self.kind == "train" and not self.done:
            learner.load_training_state(learner.steps().begin_epoch(learner.training_state()))
        if self._run_chunks(batches) and self.kind == "train" and self.done:
            learner.load_training_state(learner.steps().end_epoch(learner.training_state()))
        return self.logs() if self.done else {}

    def _run_chunks(self, batches: Batches) -> bool:
        """Run the chunks until they or a callback end the pass. Returns whether all figures were finite."""
        with contextlib.closing(batches.chunks(self.done)) as chunks:
            for chunk in chunks:
                if self._is_stopped():
                    break
                for batch in chunk.unchecked:
                    self.learner.check_targets(batch)
                if not self._run_chunk(chunk):
                    return False
        self._calls.close(self.logs)
        return True

    def logs(self) -> dict[str, Any]:
        """The figures so far: means over the pass."""
        return self._figures(self.learner.steps(), self.learner.training_state())

    def _figures(self, steps: Steps, state: TrainingState) -> dict[str, Any]:
        values = self._logs or steps.results(state.metrics)
        return {name: as_number(value) for name, value in jax.device_get(values).items()}

    def _is_stopped(self) -> bool:
        return self.learner.stop_training if self.kind == "train" else self.learner.stop_evaluating

    def _run_chunk(self, chunk: Chunk) -> bool:
        """Run the steps of a chunk, with stops for callbacks. Returns whether all figures were finite."""
        order, position = jnp.asarray(chunk.order), chunk.start
        sizer = self.learner.chunk_sizer(self.kind, chunk.order.shape[1])
        while position < chunk.stop and not self._is_stopped():
            count = min(chunk.stop - position, sizer.steps)
            count = min(count, self._calls.room(self.done) or count)
            self._calls.begin(self.done)
            began = time.perf_counter()
            steps = self.learner.steps()  # finds what a callback froze, so it comes first
            run = self._runner(steps, chunk, order, position)
            before = self.learner.training_state()
            ran = run(before, step_number(position), step_number(position + count))
            if not ran.finite:
                self._stop_at_non_finite(chunk, run, before, position, int(ran.reached) - 1)
                return False
            sizer.learn(count, time.perf_counter() - began)
            position += count
            self._after_steps(steps, ran, count)
        return True

    def _runner(self, steps: Steps, chunk: Chunk, order: jax.Array, position: int) -> Run:
        """The program of a chunk, as a function of the state and the bounds."""
        program = steps.train if self.kind == "train" else steps.test
        first = step_number(self.first_step + self.done - position)
        return lambda state, start, stop: program(state, chunk.data, order, first, start, stop)

    def _after_steps(self, steps: Steps, ran: RunResult, count: int) -> None:
        self._logs = ran.logs
        self.done += count
        self.learner.load_training_state(ran.state)
        self._calls.end(self.done - 1, lambda: self._figures(steps, ran.state))
        self.callbacks.call("_on_chunk_end", self.done, self.logs)

    def _stop_at_non_finite(
        self, chunk: Chunk, run: Run, state: TrainingState, position: int, bad: int
    ) -> None:
        """Go back to the state before the bad step, and raise or stop quietly.

        Running the good steps again gives that state. Where a loss is not finite, the step before it may be
        the one that spoilt the weights.
        """
        start = position
        while bad > start:
            good = run(state, step_number(start), step_number(bad))
            if good.finite:
                state = good.state
                break
            bad -= 1
        self.done += bad - position
        self.learner.load_training_state(state)
        if self.kind == "train" and not self.learner.stops_quietly_on_nan:
            rows = None if chunk.row_numbers is None else chunk.row_numbers[bad]
            number = self.first_step + self.done
            self.learner.explain_non_finite(state, chunk.batch_at(bad), number, self.done, rows)
        self.learner.stop_training = True
        self._logs = {**self.logs(), "loss": float("nan")}
        self.done = max(self.done, 1)


def run_epochs(
    learner: Learner, batches: ArrayBatches, validation: ArrayBatches | None, count: int
) -> list[dict[str, Any]]:
    """Run whole epochs on little data as one program, and return the logs of each.

    Where a number is not finite nothing is trained and there are no logs: separate steps will find where it
    arose.
    """
    position = batches.position()
    orders = [_stacked(blocks) for blocks in zip(*(batches.blocks() for _ in range(count)))]
    tests = None if validation is None else (validation.device, validation.blocks())
    ran = learner.steps().train_epochs(
        learner.training_state(),
        learner.initial_metrics,
        batches.device,
        orders,
        tests,
        step_number(learner.steps_trained),
        step_number(count),
    )
    if not ran.finite:
        batches.restore(position)
        return []
    learner.load_training_state(ran.state)
    columns = {
        name: values.tolist() if values.ndim == 1 else list(values)
        for name, values in sorted(jax.device_get(ran.logs).items())
    }
    return [{name: values[number] for name, values in columns.items()} for number in range(count)]


def _stacked(blocks: Any) -> np.ndarray:
    """A block of each epoch, in an array with room for `EPOCHS_AT_ONCE`, so that one compilation serves
    all.
    """
    stacked = np.zeros((EPOCHS_AT_ONCE, *blocks[0].shape), blocks[0].dtype)
    stacked[: len(blocks)] = blocks
    return stacked


def as_number(value: Any) -> Any:
    """A float where there is one number, else the array."""
    array = np.asarray(value)
    return float(array) if array.ndim == 0 else array
