"""The compiled steps of a search: a model with numbers as inputs, alone or many at once."""

import functools
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp

from neurona.search.numbers import Slot, placed
from neurona.training.program import Program, call
from neurona.training.step import TrainingState, metric_results


class SearchProgram:
    """Steps of training and of validation for all models of one structure.

    Args:
        model: one of them, which is read when a function is traced.
        slots: its numbers that are inputs.
    """

    def __init__(self, model: Any, slots: Sequence[Slot]) -> None:
        self._model, self._slots, self._program = model, slots, Program()
        self.train_one = jax.jit(self._train)
        self.test_one = jax.jit(self._test)
        self.train_all = jax.jit(jax.vmap(self._train, (0, 0, None, 1, 0, 0, None, None)))
        self.test_all = jax.jit(jax.vmap(self._test, (0, None, None, 1)))
        self.first_all = jax.jit(jax.vmap(self._first))

    def __call__(self, function: Any, *arguments: Any) -> Any:
        """Call one of the functions."""
        return call(self._model, function, *arguments)

    def _first(self, trainable: list[Any]) -> Any:
        """The first state of the optimizer."""
        return self._model._rule.init(self._model, trainable)

    def _train(
        self,
        numbers: list[Any],
        state: TrainingState,
        data: Any,
        order: Any,
        key: Any,
        first_step: Any,
        start: Any,
        stop: Any,
    ) -> TrainingState:
        """Steps `start` to `stop`. It goes on where a figure is not finite, since others may go on."""

        def body(index: Any, state: TrainingState) -> TrainingState:
            batch = _rows(data, jax.lax.dynamic_index_in_dim(order, index, keepdims=False))
            after = self._program._run_step("train", state, batch, key, first_step + index).state
            return after._replace(metrics=state.metrics)  # nobody reads them: they are not computed

        with placed(self._slots, numbers):
            return jax.lax.fori_loop(start, stop, body, state)

    def _test(self, state: TrainingState, initial_metrics: list[Any], data: Any, orders: Any) -> Any:
        """The figures of rows, the loss without penalties and smoothing."""
        key = jax.random.key(0)
        state = state._replace(metrics=initial_metrics)
        penalties = [slot for slot in self._slots if slot.penalty]

        def body(order: Any, index: Any, state: TrainingState) -> TrainingState:
            batch = _rows(data, jax.lax.dynamic_index_in_dim(order, index, keepdims=False))
            return self._program._run_step("test", state, batch, key, index).state

        with placed(penalties, [0.0] * len(penalties)):
            for order in orders:
                state = jax.lax.fori_loop(0, len(order), functools.partial(body, order), state)
            return metric_results(self._model, state.metrics)


def _rows(data: Any, rows: Any) -> Any:
    return jax.tree.map(lambda leaf: jnp.take(leaf, rows, axis=0, mode="clip"), data)
