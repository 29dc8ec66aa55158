"""Predictions: batch by batch, with few compilations however the number of rows changes."""

from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from neurona.callbacks.callback import CallbackList
from neurona.core.random import key_of
from neurona.training.batches import StreamBatches, count_rows
from neurona.training.programs import rows_are_independent
from neurona.training.step import Program


def _padded(size: int, batch_size: int) -> int:
    """The number of rows to compute for a batch of `size`: the next power of two, at most a full batch."""
    return min(batch_size, 1 << max(0, size - 1).bit_length()) if size < batch_size else size


class _Predictor:
    """The model's values and its program, batch after batch."""

    def __init__(self, model: Any, program: Program) -> None:
        self.model, self.program = model, program
        self.variables = model.variables
        self.values = [variable.value for variable in self.variables]
        self.key = key_of(0)

    def __call__(self, x: Any, rows: int, computed: int) -> Any:
        if computed > rows:
            # The last row again: a real input, so no NaN arises where there was none.
            x = jax.tree.map(lambda leaf: np.concatenate([leaf, np.repeat(leaf[-1:], computed - rows, axis=0)]), x)
        self.program.trainer = self.model
        outputs, values = self.program.predict_one(self.values, x, self.key)
        if values:
            self.values = values
            for variable, value in zip(self.variables, values):
                variable.take(value)
        return outputs


def _rows(tree: Any, start: int, stop: int) -> Any:
    return jax.tree.map(lambda leaf: leaf[start:stop], tree)


def _collect(parts: list[tuple[Any, int]]) -> Any:
    """The batches' outputs as NumPy arrays, without the rows that were added."""
    arrays = [_rows(jax.tree.map(np.asarray, outputs), 0, rows) for outputs, rows in parts]
    return arrays[0] if len(arrays) == 1 else jax.tree.map(lambda *leaves: np.concatenate(leaves), *arrays)


def predict_arrays(
    model: Any, program: Program, x: Any, batch_size: int, steps: int | None, watchers_for: Callable[[int], CallbackList]
) -> Any:
    """The outputs for arrays.

    Args:
        model: what predicts.
        program: its compiled functions.
        x: an array, or a list or dictionary of them.
        batch_size: rows at a time.
        steps: batches, if not all.
        watchers_for: makes the callbacks, given the number of batches.
    """
    rows = count_rows(x, "x")
    starts = range(0, rows, batch_size)[: steps if steps is not None else None]
    watchers = watchers_for(len(starts))
    independent = rows_are_independent(model)
    parts = []
    watchers.call("on_predict_begin", None)
    predictor = _Predictor(model, program)  # a callback may have exchanged the weights
    for number, start in enumerate(starts):
        batch = x if rows <= batch_size else _rows(x, start, start + batch_size)
        size = min(batch_size, rows - start)
        watchers.call_batch("on_predict_batch_begin", number, number)
        parts.append((predictor(batch, size, _padded(size, batch_size) if independent else size), size))
        watchers.call_batch("on_predict_batch_end", number, number, lambda: {"outputs": parts[-1][0]})
        watchers.call("on_chunk_end", number + 1, dict)
    outputs = _collect(parts)
    watchers.call("on_predict_end", None)
    return outputs


def predict_stream(model: Any, program: Program, batches: StreamBatches, watchers: CallbackList) -> Any:
    """The outputs for a source of batches."""
    parts = []
    watchers.call("on_predict_begin", None)
    predictor = _Predictor(model, program)
    for number, (x, _, _) in enumerate(batches.epoch()):
        watchers.call_batch("on_predict_batch_begin", number, number)
        parts.append((predictor(x, 1, 1), count_rows(x)))
        watchers.call_batch("on_predict_batch_end", number, number, lambda: {"outputs": parts[-1][0]})
        watchers.call("on_chunk_end", number + 1, dict)
    outputs = _collect(parts)
    watchers.call("on_predict_end", None)
    return outputs
