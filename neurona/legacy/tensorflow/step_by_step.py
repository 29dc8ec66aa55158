"""Models whose code asks for numbers, as `tf.boolean_mask` does, whose results are as long as a mask has true
values: they are drawn by examples, and their steps run uncompiled.
"""

import contextlib
import functools
import itertools
from collections.abc import Callable, Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from neurona.core import symbolic
from neurona.core.inference import ArraySpec
from neurona.core.symbolic import is_symbolic
from neurona.legacy.keras.backend.program import Program, is_entrance
from neurona.legacy.spellings import tell
from neurona.legacy.tensorflow.tensor import NeedsEagerError, unwrapped
from neurona.messages import translated
from neurona.models import Model
from neurona.training.model_learner import ModelSteps

_SIZES = ((2, 3), (64, 96))  # of what is not known, in two examples; larger ones where those don't go


def _entrances(tensors: list[Any]) -> list[Any]:
    """The inputs that symbolic tensors are made of, or these tensors themselves."""
    found, seen, waiting = [], set(), list(tensors)
    while waiting:
        one = waiting.pop(0)
        if id(one) in seen:
            continue
        seen.add(id(one))
        if not is_symbolic(one) or is_entrance(one):
            found.append(one)
        else:
            waiting += one.node.inputs
    return found


def _examples(tensors: list[Any], sizes: tuple[int, int]) -> Iterator[list[Any]]:
    """Arrays for tensors, computed one time of zeros, and one time of zeros and ones."""
    numbers = np.random.default_rng(0)
    entrances = _entrances(tensors)
    for place, size in enumerate(sizes):
        shapes = [tuple(size if one is None else one for one in tensor.shape) for tensor in entrances]
        arrays = [
            jnp.asarray(numbers.integers(0, 2, shape) if place else np.zeros(shape), tensor.dtype)
            for shape, tensor in zip(shapes, entrances, strict=True)
        ]
        yield Program(tensors, entrances)(arrays) if entrances != tensors else arrays


def _or_by_examples(trace_shapes: Callable[..., Any]) -> Callable[..., Any]:
    """Inference of shapes that computes with numbers where the code asks for some, or where sizes of several
    tensors depend on each other: a size that differs is not known.
    """

    @functools.wraps(trace_shapes)
    def wrapper(function: Any, tensors: Any, arrays: Any = (), constants: Any = ()) -> Any:
        constants = list(constants)
        try:
            return trace_shapes(function, tensors, arrays, constants)
        except (TypeError, ValueError) as error:
            asks, depends = isinstance(error, NeedsEagerError), len(tensors) > 1
            if not (asks or depends) or any(one.dtype == "string" for one in _entrances(tensors)):
                raise
            for sizes in _SIZES:
                with contextlib.suppress(TypeError, ValueError, IndexError):
                    first, second = (function(example) for example in _examples(tensors, sizes))
                    return jax.tree.map(_merged, first, second)
            raise

    return wrapper


def _merged(one: Any, other: Any) -> ArraySpec:
    sizes = zip(np.shape(one), np.shape(other), strict=True)
    return ArraySpec(tuple(a if a == b else None for a, b in sizes), jnp.asarray(one).dtype)


def _or_uncompiled(method: Callable[..., Any]) -> Callable[..., Any]:
    """Steps of a model, which run uncompiled from the first on whose code asks for numbers."""

    @functools.wraps(method)
    def wrapper(self: Any, *args: Any) -> Any:
        if not self._model.__dict__.get("_asks_for_numbers"):
            try:
                return method(self, *args)
            except NeedsEagerError as error:
                _note(self._model, error)
        self._eagerly = True
        with jax.disable_jit():
            return method(self, *args)

    return wrapper


def _note(model: Any, error: Exception) -> None:
    """Tell that a model is not compiled, and remember it."""
    reason = str(error).partition("\n")[0]
    tell(translated(f"Model {model.name!r} runs step by step: {reason}"))
    model.__dict__["_asks_for_numbers"] = True


def _or_batch_by_batch(predict: Callable[..., Any]) -> Callable[..., Any]:
    """`predict`, whose outputs may have other numbers of rows than the inputs: those of all batches."""

    @functools.wraps(predict)
    def wrapper(self: Any, x: Any = None, batch_size: Any = None, *args: Any, **kwargs: Any) -> Any:
        is_once = hasattr(x, "__next__")
        if is_once or not self.__dict__.get("_asks_for_numbers"):
            try:
                return predict(self, x, batch_size, *args, **kwargs)
            except NeedsEagerError as error:
                if is_once:  # its first batch is gone
                    raise
                _note(self, error)
        steps = kwargs.get("steps", args[1] if len(args) > 1 else None)
        batches = itertools.islice(_batches(x, batch_size), steps)
        found = [unwrapped(self(batch, training=False)) for batch in batches]
        return jax.tree.map(lambda *parts: np.concatenate([np.atleast_1d(one) for one in parts]), *found)

    return wrapper


def _batches(x: Any, batch_size: Any) -> Iterator[Any]:
    """The inputs of each batch."""
    if hasattr(x, "_elements"):
        for batch in x:
            yield batch[0] if isinstance(batch, tuple) else batch
        return
    arrays = jax.tree.map(np.asarray, unwrapped(x))
    rows, size = len(jax.tree.leaves(arrays)[0]), int(batch_size or 32)
    for begin in range(0, rows, size):
        yield jax.tree.map(lambda one: one[begin : begin + size], arrays)  # noqa: B023


def install() -> None:
    """Let models run such code, in this process."""
    symbolic.trace_shapes = _or_by_examples(symbolic.trace_shapes)
    for name in ("train", "test", "train_epochs"):
        setattr(ModelSteps, name, _or_uncompiled(getattr(ModelSteps, name)))
    Model.predict = _or_batch_by_batch(Model.predict)
