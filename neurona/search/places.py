"""Places in which candidates of one structure train: all at once, or one after another, whichever is faster.

A place that gets free is taken by the next candidate: its weights go where those of the last one were, in the
same compiled program. So halving compiles nothing anew.
"""

import dataclasses
import time
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from neurona.core.random import Stream
from neurona.search.members import stack
from neurona.search.numbers import RATE, Structure
from neurona.search.program import SearchProgram
from neurona.training.learner import ChunkSizer
from neurona.training.model_learner import ModelLearner
from neurona.training.step import TrainingState

_WORTH = 10.0  # seconds of training from which on another program is compiled, to see whether it is faster
CHOICE: bool | None = None  # whether all train at once; None to measure it, others for benchmarks
_STEPS_AT_ONCE = 128  # whose rows are handed over together
_TESTED_AT_ONCE = 1024
_TRIED = 4  # steps by which the first times are measured


@dataclasses.dataclass
class Runner:
    """One training: a candidate with a seed, on some rows.

    Attributes:
        numbers: the candidate's, in the order of the structure's slots.
        rate: its learning rate; None where a schedule is part of the structure.
        seed: of first weights, order of rows, and dropout.
        rows: to learn from.
        tested: rows to be tested with.
        others: the values of what is not trained, such as statistics.
        steps: that are done.
    """

    numbers: list[float]
    rate: float | None
    seed: int
    rows: np.ndarray
    tested: np.ndarray
    others: list[Any]
    steps: int = 0

    def __post_init__(self) -> None:
        self._order = np.random.default_rng([self.seed, 1])

    def epoch(self, steps: int, batch_size: int) -> np.ndarray:
        """The rows of a new epoch, (steps, batch size)."""
        return self._order.permutation(self.rows)[: steps * batch_size].reshape(steps, batch_size)


def _blocks(rows: np.ndarray, batch_size: int) -> list[np.ndarray]:
    full = len(rows) // batch_size * batch_size
    blocks = [rows[:full].reshape(-1, batch_size)] if full else []
    return blocks + ([rows[None, full:]] if full < len(rows) else [])


def _member(states: Any, place: int) -> Any:
    return jax.tree.map(lambda leaf: leaf[place], states)


class Places:
    """As many places as train at once.

    Args:
        learner: a model of the structure, built for the data.
        structure: of it.
        data: all rows, on the device.
        batch_size: rows of a step.
        first: who trains in each place.

    Attributes:
        runners: who trains in each place now.
        idle: places where nobody trains.
        at_once: whether all train at once, rather than one after another; None until it is measured.
    """

    def __init__(
        self, learner: ModelLearner, structure: Structure, data: Any, batch_size: int, first: Sequence[Runner]
    ) -> None:
        self._learner, self._structure, self._data = learner, structure, data
        self.program = SearchProgram(learner.model, structure.slots)
        self.runners = list(first)
        rows = min(len(runner.rows) for runner in first)
        self._batch_size = min(batch_size, rows)
        self._steps = rows // self._batch_size  # of an epoch; rows that fill no batch wait for another one
        self._epochs_at_once = max(1, _STEPS_AT_ONCE // self._steps)
        self._tested = min(len(runner.tested) for runner in first)
        self.at_once: bool | None = CHOICE if len(first) > 1 else False
        self._states: Any = None  # stacked while all train at once, else a list
        self._numbers: Any = None
        self._keys: Any = None
        self._sizer = ChunkSizer()
        self.idle: set[int] = set()
        self._weights: dict[int, list[Any]] = {}
        self._begin(range(len(first)), first)

    def take(self, places: Sequence[int], runners: Sequence[Runner]) -> None:
        """Let others train in some places."""
        for place, runner in zip(places, runners, strict=True):
            self.runners[place] = runner
        self.idle -= set(places)
        self._begin(places, runners)

    def _begin(self, places: Sequence[int], runners: Sequence[Runner]) -> None:
        """Put the first states of runners into places."""
        at, count = np.asarray(places), len(self.runners)
        states, numbers = self._first(runners, count), self._numbers_of(runners)
        keys = np.array([[runner.seed & 0xFFFFFFFF, 0] for runner in runners], np.uint32)
        if self._states is None:
            self._states, self._numbers, self._keys = (
                states,
                numbers,
                jax.random.wrap_key_data(jnp.asarray(keys)),
            )
            if self.at_once is False:
                self._states = [_member(states, place) for place in range(count)]
            return

        def put(old: Any, new: Any) -> Any:
            found = np.array(old)
            found[at] = np.asarray(new)[: len(at)]
            return jnp.asarray(found)

        self._numbers = [put(old, new) for old, new in zip(self._numbers, numbers)]
        self._keys = jax.random.wrap_key_data(put(jax.random.key_data(self._keys), keys))
        if self.at_once is False:
            for number, place in enumerate(places):
                self._states[place] = _member(states, number)
        else:
            self._states = jax.tree.map(put, self._states, states)

    def _numbers_of(self, runners: Sequence[Runner]) -> list[Any]:
        return [jnp.asarray(one, jnp.float32) for one in zip(*(runner.numbers for runner in runners))]

    def _first(self, runners: Sequence[Runner], count: int) -> TrainingState:
        """The first states, stacked; the last ones again up to `count`, so that no other size is compiled."""
        drawn = [self._drawn(runner.seed) for runner in runners]
        missing = count - len(runners)
        weights = stack(drawn + drawn[-1:] * missing)
        optimizer = self.program(self.program.first_all, weights)
        if self._structure.has_rate:
            rates = [runner.rate for runner in runners]
            optimizer = {**optimizer, RATE: jnp.asarray(rates + rates[-1:] * missing, jnp.float32)}
        others = [runner.others for runner in runners]
        metrics = stack([self._learner.initial_metrics] * count)
        return TrainingState(weights, stack(others + others[-1:] * missing), optimizer, metrics)

    def _drawn(self, seed: int) -> list[Any]:
        """The first weights of a seed, which all candidates share."""
        if seed not in self._weights:
            with Stream(seed):
                self._weights[seed] = [
                    np.asarray(one.value if one.initializer is None else one.draw(one.shape, one.dtype))
                    for one in self._learner.groups.trainable
                ]
        return self._weights[seed]

    # Training.

    def train(self, epochs: int, deadline: float) -> bool:
        """Train all places; whether it was done before the deadline."""
        for done in range(0, epochs, self._epochs_at_once):
            count = min(self._epochs_at_once, epochs - done)
            order = np.zeros(
                (self._epochs_at_once * self._steps, len(self.runners), self._batch_size), np.int32
            )
            for place in self._busy():
                for epoch in range(count):
                    rows = self.runners[place].epoch(self._steps, self._batch_size)
                    order[epoch * self._steps : (epoch + 1) * self._steps, place] = rows
            if not self._train_block(order, count * self._steps, (epochs - done) * self._steps, deadline):
                return False
            for runner in self.runners:
                runner.steps += count * self._steps
        return True

    def _train_block(self, block: np.ndarray, count: int, left: int, deadline: float) -> bool:
        """The first steps of a block (steps, places, batch size)."""
        done = self._choose(block, count, left) if self.at_once is None and count > 1 else 0
        while done < count:
            if time.monotonic() > deadline:
                return False
            stop = min(done + self._sizer.steps, count)
            began = time.perf_counter()
            self._run(block, done, stop)
            self._sizer.learn(stop - done, time.perf_counter() - began)
            done = stop
        return True

    def _busy(self) -> list[int]:
        return [place for place in range(len(self.runners)) if place not in self.idle]

    def _run(self, block: np.ndarray, start: int, stop: int) -> None:
        if self.at_once is False:
            for place in self._busy():
                self._states[place] = self._one(place, self._states[place], block, start, stop)
            jax.block_until_ready(self._states)
            return
        steps = jnp.asarray([runner.steps for runner in self.runners], jnp.int32)
        self._states = jax.block_until_ready(
            self.program(
                self.program.train_all,
                self._numbers,
                self._states,
                self._data,
                block,
                self._keys,
                steps,
                np.int32(start),
                np.int32(stop),
            )
        )

    def _one(self, place: int, state: Any, block: np.ndarray, start: int, stop: int) -> Any:
        return self.program(
            self.program.train_one,
            [numbers[place] for numbers in self._numbers],
            state,
            self._data,
            np.ascontiguousarray(block[:, place]),
            self._keys[place],
            np.int32(self.runners[place].steps),
            np.int32(start),
            np.int32(stop),
        )

    def _choose(self, block: np.ndarray, count: int, steps: int) -> int:
        """Measure which is faster, and go on with it; returns the steps that are done. The first steps
        compile, and a second program is compiled only where much is left to do.
        """
        stop = min(1 + _TRIED, count)
        self._run(block, 0, 1)
        together = self._timed(lambda: self._run(block, 1, stop))
        left = together / (stop - 1) * steps
        self.at_once = True
        if left > _WORTH:
            state = _member(self._states, 0)
            self._one(0, state, block, 0, 1)
            alone = self._timed(lambda: jax.block_until_ready(self._one(0, state, block, 1, stop)))
            if alone * len(self.runners) < together:
                self.at_once = False
                self._states = [_member(self._states, place) for place in range(len(self.runners))]
        return stop

    def _timed(self, run: Any) -> float:
        began = time.perf_counter()
        run()
        return time.perf_counter() - began

    # What came of it.

    def figures(self) -> dict[str, np.ndarray]:
        """The figures of every place on the rows that it is tested with, (places,)."""
        orders = [_blocks(runner.tested[: self._tested], _TESTED_AT_ONCE) for runner in self.runners]
        if self.at_once is False:
            found = {place: self._figures_of(self._states[place], orders[place]) for place in self._busy()}
            names = next(iter(found.values()))
            places = range(len(self.runners))
            return {n: np.array([found[p][n] if p in found else np.nan for p in places]) for n in names}
        blocks = [np.stack(each, axis=1).astype(np.int32) for each in zip(*orders)]
        found = self.program(
            self.program.test_all, self._states, self._learner.initial_metrics, self._data, blocks
        )
        return {name: np.asarray(value) for name, value in found.items()}

    def _figures_of(self, state: Any, blocks: list[np.ndarray]) -> dict[str, float]:
        orders = [block.astype(np.int32) for block in blocks]
        found = self.program(self.program.test_one, state, self._learner.initial_metrics, self._data, orders)
        return {name: float(value) for name, value in found.items()}
