"""Predictions: batch by batch, with few compilations however the number of rows changes."""

import contextlib
import itertools
import operator
from collections.abc import Callable, Iterable
from typing import Any

import jax
import numpy as np

from neurona.callbacks.callback_list import BatchCalls, CallbackList
from neurona.core.layer import Layer
from neurona.core.policy import is_float
from neurona.core.random import new_key
from neurona.core.registry import is_built_in
from neurona.core.variable import values_of
from neurona.training.checks import check_inputs
from neurona.training.conversion import (
    count_rows,
    in_memory,
    leaves,
    map_leaves,
    rows_of,
    stays_on_host,
)
from neurona.training.hosting import host_of, parts_of
from neurona.training.program import step_number
from neurona.training.programs import program_for
from neurona.training.streams import StreamBatches


def _padded(size: int, batch_size: int) -> int:
    """The number of rows to compute for a batch of `size`: the next power of two, at most a full batch."""
    return min(batch_size, 1 << max(0, size - 1).bit_length()) if size < batch_size else size


class Predictor:
    """A model's program for predictions, kept between calls for as long as the model has the same parts.

    Args:
        model: what predicts.
    """

    def __init__(self, model: Any) -> None:
        self.model = model
        self._assignments = Layer._structure_version
        self._parts = parts_of(model)
        self._is_built_in = all(
            is_built_in(layer) for layer in model._flatten_layers()
        )  # these change no lists on their own
        self.gives_texts = host_of(model).at_the_end
        self.program, self._batches = program_for(model, prediction=True), 0
        self.variables = model.variables
        independent = all(layer._rows_are_independent for layer in model._flatten_layers())
        self.rows_are_independent = independent and model._own_step("predict") is None
        self.refuses_values = any(layer._refuses_values for layer in model._flatten_layers())

    def is_valid(self) -> bool:
        """Whether the model still has the layers and variables that it had, with the same ones trainable."""
        if self._is_built_in and self._assignments == Layer._structure_version:
            return True
        self._assignments = Layer._structure_version
        parts = host_of(self.model).parts if self._is_built_in else parts_of(self.model)
        return len(parts) == len(self._parts) and all(map(operator.is_, parts, self._parts))

    def __call__(self, x: Any) -> Any:
        """The outputs of one batch, with the variables' values of now."""
        if self.gives_texts:
            return self.model(x, training=False)
        program, before = self.program, values_of(self.variables)
        outputs, values = None, []
        if not program.draws:
            outputs, values = program.predict(self.model, before, x)
        if program.draws:  # as the first prediction has shown, if it was not known yet
            outputs, values = program.predict(self.model, before, x, new_key(), step_number(self._batches))
            self._batches += 1
        for variable, value in zip(self.variables, values):  # of models that carry state from batch to batch
            variable.take(value)
        return outputs

    def check(self, x: Any, outputs: Any) -> None:
        """Let layers refuse the values of a batch, such as numbers beyond an Embedding, whose outputs are
        NaN.

        Raises:
            DataError: a layer refuses them.
        """
        if self.refuses_values and any(_has_nan(leaf) for leaf in leaves(outputs)):
            self.model(x, training=False)


def _has_nan(array: Any) -> bool:
    return is_float(array.dtype) and bool(np.isnan(np.asarray(array, np.float32)).any())


def _checked(model: Any, x: Any) -> Any:
    check_inputs(model, x)
    return x


def _filled(x: Any, rows: int) -> Any:
    """The batch with its last row again and again, up to so many rows: a real input, so no NaN arises where
    there was none.
    """
    return map_leaves(lambda leaf: np.concatenate([leaf, np.repeat(leaf[-1:], rows - len(leaf), axis=0)]), x)


def _outputs(predictor: Predictor, batch: Any, size: int, computed: int) -> Any:
    """The outputs of a batch filled up to so many rows; an error is that of the batch as it came."""
    if computed != size:
        with contextlib.suppress(Exception):
            return predictor(_filled(batch, computed))
    return predictor(batch)


def _collect(parts: list[tuple[Any, int]]) -> Any:
    """The batches' outputs as NumPy arrays, without the rows that were added."""
    arrays = [rows_of(map_leaves(np.asarray, outputs), 0, rows) for outputs, rows in parts]
    if len(arrays) == 1:
        return map_leaves(np.array, arrays[0])  # a copy, which may be written to
    return jax.tree.map(lambda *leaves: np.concatenate(leaves), *arrays)


def predict_arrays(
    predictor: Predictor,
    x: Any,
    batch_size: int,
    steps: int | None,
    watchers_for: Callable[[int], CallbackList],
) -> Any:
    """The outputs for arrays.

    Args:
        predictor: the model's.
        x: an array, or a list or dictionary of them.
        batch_size: rows at a time.
        steps: batches, if not all.
        watchers_for: makes the callbacks, given the number of batches.
    """
    rows, must_be_read = count_rows(x, "x"), any(map(stays_on_host, leaves(x)))
    starts = range(0, rows, batch_size)[: steps if steps is not None else None]
    batches = (x,) if rows <= batch_size else (rows_of(x, start, start + batch_size) for start in starts)
    read = map(in_memory, batches) if must_be_read else batches
    return _predict(predictor, read, batch_size, watchers_for(len(starts)))


def predict_stream(predictor: Predictor, batches: StreamBatches, watchers: CallbackList) -> Any:
    """The outputs for a source of batches."""
    with contextlib.closing(batches), contextlib.closing(batches.epoch()) as arriving:
        inputs = (_checked(predictor.model, x) for x, _, _ in itertools.chain.from_iterable(arriving))
        return _predict(predictor, inputs, None, watchers)


def _predict(
    predictor: Predictor, batches: Iterable[Any], full_size: int | None, watchers: CallbackList
) -> Any:
    """The outputs of batches; those with less than `full_size` rows are filled up where rows are
    independent.
    """
    parts: list[tuple[Any, int]] = []
    called = 0  # the parts that batch hooks have seen
    calls = BatchCalls(watchers, "predict", predictor.model.steps_per_execution)

    def logs() -> dict[str, Any]:
        nonlocal called
        seen, called = called, len(parts)
        return {"outputs": _collect(parts[seen:])}

    watchers.call("on_predict_begin", None)
    for number, batch in enumerate(batches):
        size = count_rows(batch)
        calls.begin(number)
        computed = size
        if full_size is not None and predictor.rows_are_independent:
            computed = _padded(size, full_size)
        parts.append((_outputs(predictor, batch, size, computed), size))
        predictor.check(batch, parts[-1][0])
        calls.end(number, logs)
        watchers.call("_on_chunk_end", number + 1, dict)
        if predictor.model.stop_predicting:
            break
    calls.close(logs)
    outputs = _collect(parts)
    watchers.call("on_predict_end", None)
    return outputs
