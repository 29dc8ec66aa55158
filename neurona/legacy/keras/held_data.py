"""Models whose data are tensors: `Input(tensor=...)` and `compile(target_tensors=...)` of Keras 2.

Each step of `fit`, `evaluate` and `predict` without x reads the tensors anew: those of a graph give their
next batch, and others are the same batch again.
"""

import functools
import importlib
import itertools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from neurona.core.errors import ArgumentError
from neurona.core.symbolic import is_symbolic
from neurona.layers import InputLayer
from neurona.legacy.keras.backend.program import value_of
from neurona.legacy.keras.backend.running import get_session
from neurona.models import Model

_FED = ("Placeholder", "PlaceholderWithDefault")


def _is_of_graph(tensor: Any) -> bool:
    return hasattr(tensor, "graph_nodes")


def _is_held(tensor: Any) -> bool:
    """Whether a tensor has values of its own: placeholders are fed."""
    if tensor is None or is_symbolic(tensor):
        return False
    return not (_is_of_graph(tensor) and getattr(tensor.op, "type", None) in _FED)


def _holding(init: Callable[..., None]) -> Callable[..., None]:
    """`InputLayer.__init__` that keeps the tensor whose values enter."""

    @functools.wraps(init)
    def wrapper(
        self: Any,
        shape: Any = None,
        batch_size: Any = None,
        dtype: Any = None,
        sparse: bool = False,
        ragged: bool = False,
        batch_shape: Any = None,
        input_tensor: Any = None,
        **kwargs: Any,
    ) -> None:
        init(self, shape, batch_size, dtype, sparse, ragged, batch_shape, input_tensor, **kwargs)
        if _is_held(input_tensor):
            self.__dict__["_held"] = input_tensor

    return wrapper


def _inputs(model: Any) -> list[Any]:
    """The tensor that each input of a model holds, None where it is fed."""
    return [getattr(one.node.operation, "_held", None) if one.node else None for one in model.inputs or ()]


def _with_targets(compile: Callable[..., None]) -> Callable[..., None]:
    """`compile` that keeps the tensors whose values are the targets."""

    @functools.wraps(compile)
    def wrapper(self: Any, *args: Any, target_tensors: Any = None, **kwargs: Any) -> None:
        compile(self, *args, **kwargs)
        if isinstance(target_tensors, dict):
            target_tensors = [target_tensors.get(name) for name in self.output_names]
        elif not isinstance(target_tensors, (list, tuple)):
            target_tensors = [target_tensors]
        self.__dict__["_held_targets"] = [one for one in target_tensors if _is_held(one)]

    return wrapper


def _values(tensors: list[Any]) -> Iterator[list[Any]]:
    """The values of tensors, step by step, until a data set ends."""
    if not any(map(_is_of_graph, tensors)):
        yield from itertools.repeat([np.asarray(value_of(one)) for one in tensors])
    errors: Any = importlib.import_module("neurona.legacy.tensorflow.errors")
    session = get_session()
    while True:
        try:
            yield session.run(tensors)
        except errors.OutOfRangeError:
            return


def _source(model: Any, needs_targets: bool) -> Iterator[Any]:
    """The batches of a model whose data are tensors.

    Raises:
        ArgumentError: some of its inputs are fed, or targets are lacking.
    """
    inputs, targets = _inputs(model), model.__dict__.get("_held_targets", [])
    fed = [name for name, one in zip(model._input_names, inputs, strict=True) if one is None]
    if fed:
        raise ArgumentError(
            f"Without x, every input of the model needs a tensor of its own: Input(tensor=...). Fed are: "
            f"{', '.join(fed)}."
        )
    if needs_targets and len(targets) not in (0, len(model.outputs)):
        raise ArgumentError(
            f"target_tensors has {len(targets)} tensors, and the model {len(model.outputs)} outputs: give "
            "one for each."
        )
    count = len(inputs)
    for values in _values([*inputs, *(targets if needs_targets else [])]):
        x, y = values[:count], values[count:]
        yield (*(_single(part) for part in (x, y) if part),)


def _single(values: list[Any]) -> Any:
    return values[0] if len(values) == 1 else tuple(values)


def _from_tensors(method: Callable[..., Any], steps: str) -> Callable[..., Any]:
    """`fit` and its kin, which read the model's tensors where x is None."""
    has_targets = method.__name__ != "predict"

    @functools.wraps(method)
    def wrapper(self: Any, x: Any = None, *args: Any, **kwargs: Any) -> Any:
        if x is not None or not any(one is not None for one in _inputs(self)):
            return method(self, x, *args, **kwargs)
        if has_targets and (args[:1] or (kwargs.pop("y", None),))[0] is not None:
            raise ArgumentError(
                f"{method.__name__}(): the model reads its inputs from tensors, so that y has no rows to "
                "belong to. Give the targets to compile: target_tensors=[...]."
            )
        if kwargs.get(steps) is None:
            raise ArgumentError(
                f"{method.__name__}(): tensors have no last batch. Say how many to read: {steps}=..."
            )
        if kwargs.get("validation_data") is None and kwargs.get("validation_steps") is not None:
            kwargs["validation_data"] = _source(self, True)
        return method(self, _source(self, has_targets), *args, **kwargs)

    return wrapper


@functools.cache
def install() -> None:
    """Let models read their data from tensors, in this process."""
    type.__setattr__(InputLayer, "__init__", _holding(InputLayer.__init__))
    Model.compile = _with_targets(Model.compile)
    for name, steps in (("fit", "steps_per_epoch"), ("evaluate", "steps"), ("predict", "steps")):
        setattr(Model, name, _from_tensors(getattr(Model, name), steps))
