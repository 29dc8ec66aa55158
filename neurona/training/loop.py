"""The host's side of an epoch: chunks of steps sized by time, callbacks in between, and what happens at a
NaN.
"""

import contextlib
import functools
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from neurona.callbacks.callback import CallbackList
from neurona.training.batches import ArrayBatches, Batch
from neurona.training.diagnosis import raise_non_finite
from neurona.training.step import Program, TrainingState, integer
from neurona.training.streams import Chunk, RowBatches, StreamBatches

SMALL_DATA = 2048, 2**17  # rows and bytes, so few that epochs are short: many of them run as one program
EPOCHS_AT_ONCE = 128
CHUNK_SECONDS = 0.25  # how long the host may be away: a progress bar moves, and Ctrl-C is heard, this often


class Pace:
    """How many steps fit into a chunk, learned from the chunks so far."""

    def __init__(self) -> None:
        self.steps = 8
        self._measured = False

    def learn(self, steps: int, seconds: float) -> None:
        """A chunk of so many steps took so long; the first one also compiled and does not count."""
        if self._measured:
            self.steps = int(np.clip(steps * CHUNK_SECONDS / max(seconds, 1e-9), 1, 16 * max(self.steps, 1)))
        self._measured = True


class Epoch:
    """One pass over batches, for training or for evaluation.

    Args:
        trainer: whose state changes.
        program: the compiled steps.
        kind: "train" or "test".
        callbacks: told what happens.
        key: the random key of the whole fit.
        first_step: the number of steps trained before the epoch; makes every step's random numbers new.
        done: steps of this epoch that ran in an earlier fit, which is resumed here.
        whole: whether it may run without a look at it in between.
    """

    def __init__(
        self,
        trainer: Any,
        program: Program,
        kind: str,
        callbacks: CallbackList,
        key: jax.Array,
        first_step: int,
        done: int = 0,
        whole: bool = False,
    ) -> None:
        self.trainer, self.program, self.kind, self.callbacks = trainer, program, kind, callbacks
        self.key, self.first_step = key, first_step
        self.done, self.whole = done, whole
        self._state: TrainingState = trainer.training_state()
        self._logs: Any = {}
        self._begin, self._end = f"on_{kind}_batch_begin", f"on_{kind}_batch_end"

    def logs(self) -> dict[str, float]:
        """The means over the epoch so far."""
        self.program.trainer = self.trainer
        values = self._logs or self.program.results(self._state.metrics)
        return {name: as_number(value) for name, value in jax.device_get(values).items()}

    def run(self, batches: ArrayBatches | RowBatches | StreamBatches) -> dict[str, float]:
        """Run all batches and return the logs."""
        if self.whole and isinstance(batches, ArrayBatches) and not self.done and not self._stopped():
            found = run_epochs(self.trainer, batches, None, self.key, self.first_step, 1)
            if found:
                self._logs, self.done = found[0], batches.steps
                self.callbacks.call("on_chunk_end", self.done, self.logs)
                return found[0]
        with jax.disable_jit(self.trainer.run_eagerly):
            if isinstance(batches, ArrayBatches):
                self._run_arrays(batches)
            else:
                with contextlib.closing(batches.chunks(self.done)) as arriving:
                    self._run_stream(arriving)
        self.trainer.take_training_state(self._state)
        return self.logs() if self.done else {}

    def _stopped(self) -> bool:
        return self.kind == "train" and self.trainer.stop_training

    def _run_arrays(self, batches: ArrayBatches) -> None:
        skipped = self.done
        for block in batches.blocks():
            position = min(skipped, len(block))
            skipped -= position

            def batch_at(step: int, block: np.ndarray = block) -> Batch:
                return jax.tree.map(lambda leaf: leaf[block[step]], batches.host)

            if not self._run_steps(batches.device, block, position, len(block), batch_at, numbers=block):
                return

    def _run_stream(self, arriving: Iterator[Chunk]) -> None:
        for chunk in arriving:
            if self._stopped():
                return
            for batch in chunk.batches:
                self.trainer.check_targets(batch)
            if not self._run_steps(chunk.data, chunk.order, 0, len(chunk.batches), chunk.batches.__getitem__):
                return

    def _run_steps(
        self,
        data: Batch,
        block: np.ndarray,
        position: int,
        stop: int,
        batch_at: Callable[[int], Batch],
        numbers: np.ndarray | None = None,
    ) -> bool:
        """Steps `position` to `stop` of a block of equal batches, and whether all went well.

        Args:
            data: on the device.
            block: the rows of each batch, (steps, batch size).
            batch_at: gives a step's batch on the host.
            numbers: the rows of each batch as people count them, where that is known.
        """
        many = self.program.train_many if self.kind == "train" else self.program.test_many
        order = jnp.asarray(block)
        pace = self.trainer.pace(self.kind, block.shape[1])
        while position < stop and not self._stopped():
            steps = min(stop - position, pace.steps)
            steps = min(
                steps, self.callbacks.steps_until_due(self.kind, self.first_step + self.done) or steps
            )
            self.callbacks.call_batch(self._begin, self.done, self.first_step + self.done)
            began = time.perf_counter()
            self.program.trainer = self.trainer
            first = integer(self.first_step + self.done - position)
            state, logs, reached, fine = many(
                self._state, data, order, self.key, first, integer(position), integer(position + steps)
            )
            if not fine:
                bad = self._go_back(
                    functools.partial(many, self._state, data, order, self.key, first),
                    position,
                    int(reached) - 1,
                )
                self._report(batch_at(bad), self.done, None if numbers is None else numbers[bad])
                return False
            pace.learn(steps, time.perf_counter() - began)
            position += steps
            self._after(state, logs, steps)
        return True

    def _after(self, state: TrainingState, logs: Any, steps: int) -> None:
        self._state, self._logs = state, logs
        self.done += steps
        self.trainer.take_training_state(state)
        self.callbacks.call_batch(self._end, self.done - 1, self.first_step + self.done - 1, self.logs)
        if self.kind == "train":
            self._state = (
                self.trainer.training_state()
            )  # a callback may have changed weights or the learning rate
        self.callbacks.call("on_chunk_end", self.done, self.logs)

    def _go_back(self, run: Callable[[Any, Any], Any], position: int, bad: int) -> int:
        """Go back to the state before the bad step, which running the good steps again gives; returns the bad
        step.

        Where a loss is not finite, the step before may be the one that spoilt the weights.
        """
        while bad > position:
            good, _, _, fine = run(integer(position), integer(bad))
            if fine:
                self._state = good
                break
            bad -= 1
        self.done += bad - position
        return bad

    def _report(self, batch: Any, step: int, rows: Any = None) -> None:
        self.trainer.take_training_state(self._state)
        if self.kind != "train" or self.trainer.stops_quietly_on_nan:
            self.trainer.stop_training = True
            self._logs = {**self.logs(), "loss": float("nan")}
            self.done = max(self.done, 1)
            return
        raise_non_finite(self.trainer, self._state, batch, self.key, self.first_step + step, step, rows)


def is_small(batches: Any) -> bool:
    """Whether data are so few that the host's part of an epoch would take longer than its steps."""
    if not isinstance(batches, ArrayBatches):
        return False
    size = sum(leaf.nbytes for leaf in jax.tree.leaves(batches.host))
    return batches.rows <= SMALL_DATA[0] and size <= SMALL_DATA[1]


def run_epochs(
    trainer: Any,
    batches: ArrayBatches,
    validation: ArrayBatches | None,
    key: jax.Array,
    first_step: int,
    count: int,
) -> list[dict[str, float]]:
    """Run whole epochs on little data as one program, and return the logs of each.

    Where a number is not finite nothing is trained, and there are no logs: steps of their own will find where
    it arose.
    """
    program = trainer._current_program()
    program.trainer = trainer
    position = batches.position()
    orders = [_stacked(blocks) for blocks in zip(*(batches.blocks() for _ in range(count)))]
    tests = None if validation is None else (validation.device, validation.blocks())
    state, logs, fine = program.train_epochs(
        trainer.training_state(),
        trainer._fresh_metrics,
        batches.device,
        orders,
        tests,
        key,
        integer(first_step),
        integer(count),
    )
    if not fine:
        batches.restore(position)
        return []
    trainer.take_training_state(state)
    columns = {
        name: values.tolist() if values.ndim == 1 else list(values)
        for name, values in sorted(jax.device_get(logs).items())
    }
    return [{name: values[number] for name, values in columns.items()} for number in range(count)]


def epochs_alone(
    trainer: Any, batches: Any, validation: Any, key: jax.Array, epochs: int
) -> Iterator[dict[str, float]]:
    """The logs of epochs that run many at once, because nobody wants to know of each when it ends; fewer
    where `run_epochs` gives none.
    """
    pace = trainer.pace("epochs", batches.rows)
    while epochs > 0 and not trainer.stop_training:
        count = min(epochs, EPOCHS_AT_ONCE, pace.steps)
        began = time.perf_counter()
        logs = run_epochs(trainer, batches, validation, key, trainer.steps_trained, count)
        if not logs:
            return
        pace.learn(count, time.perf_counter() - began)
        trainer.steps_trained += count * batches.steps
        epochs -= count
        yield from logs


def _stacked(blocks: Sequence[np.ndarray]) -> np.ndarray:
    """A block of each epoch, in an array that has always room for the same number of them, so that one
    compilation serves all.
    """
    stacked = np.zeros((EPOCHS_AT_ONCE, *blocks[0].shape), blocks[0].dtype)
    stacked[: len(blocks)] = blocks
    return stacked


def as_number(value: Any) -> Any:
    """A float where there is one number, else the array."""
    array = np.asarray(value)
    return float(array) if array.ndim == 0 else array
