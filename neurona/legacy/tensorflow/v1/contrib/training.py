"""`tf.contrib.training`: hyperparameters, and the step that trains."""

import json
from collections.abc import Callable
from typing import Any

from neurona.legacy.tensorflow import arrays, choosing
from neurona.legacy.tensorflow.v1.graph import GraphKeys, get_default_graph
from neurona.legacy.tensorflow.v1.train import get_or_create_global_step


def create_train_op(
    total_loss: Any,
    optimizer: Any,
    global_step: Any = True,
    update_ops: Any = None,
    variables_to_train: Any = None,
    transform_grads_fn: Callable[[Any], Any] | None = None,
    clip_gradient_norm: float = 0,
    **_: Any,
) -> Any:
    """The loss, which trains the model whenever it is computed."""
    graph = get_default_graph()
    step = get_or_create_global_step() if global_step is True else global_step
    updates = graph.get_collection(GraphKeys.UPDATE_OPS) if update_ops is None else update_ops
    with graph.control_dependencies(updates):
        pairs = optimizer.compute_gradients(total_loss, variables_to_train)
        if transform_grads_fn is not None:
            pairs = transform_grads_fn(pairs)
        if clip_gradient_norm > 0:
            pairs = [
                (None if one is None else choosing.clip_by_norm(one, clip_gradient_norm), variable)
                for one, variable in pairs
            ]
        train = optimizer.apply_gradients(pairs, global_step=step)
    with graph.control_dependencies([train]):
        return arrays.identity(total_loss, name="train_op")


class HParams:
    """Numbers and texts that a model is made with, as attributes."""

    def __init__(self, hparam_def: Any = None, model_structure: Any = None, **kwargs: Any) -> None:
        self._names: list[str] = []
        for name, value in kwargs.items():
            self.add_hparam(name, value)

    def add_hparam(self, name: str, value: Any) -> None:
        """Add one.

        Raises:
            ValueError: it is there already.
        """
        if name in self._names:
            raise ValueError(f"Hyperparameter name is reserved: {name}")
        self._names.append(name)
        setattr(self, name, value)

    def set_hparam(self, name: str, value: Any) -> None:
        """Change one."""
        self._check(name)
        setattr(self, name, value)

    def del_hparam(self, name: str) -> None:
        """Remove one."""
        self._names.remove(name)
        delattr(self, name)

    def get(self, key: str, default: Any = None) -> Any:
        """The value of one, or another where it is not there."""
        return getattr(self, key) if key in self._names else default

    def values(self) -> dict[str, Any]:
        """All values by their names."""
        return {name: getattr(self, name) for name in self._names}

    def parse(self, values: str) -> "HParams":
        """Set values from a text such as "rate=0.1,layers=[3,4]"."""
        for name, text in _pairs(values):
            self._check(name)
            self.set_hparam(name, _read(text, getattr(self, name)))
        return self

    def override_from_dict(self, values_dict: dict[str, Any]) -> "HParams":
        """Set values from a dictionary."""
        for name, value in values_dict.items():
            self.set_hparam(name, value)
        return self

    def to_json(self, indent: Any = None, separators: Any = None, sort_keys: bool = False) -> str:
        """The values as JSON."""
        return json.dumps(self.values(), indent=indent, separators=separators, sort_keys=sort_keys)

    def parse_json(self, values_json: str) -> "HParams":
        """Set values from JSON."""
        return self.override_from_dict(json.loads(values_json))

    def _check(self, name: str) -> None:
        if name not in self._names:
            raise KeyError(f"Unknown hyperparameter {name!r}. There are: {', '.join(self._names)}.")

    def __contains__(self, key: str) -> bool:
        return key in self._names

    def __str__(self) -> str:
        return str(sorted(self.values().items()))

    def __repr__(self) -> str:
        return f"HParams({self})"


def _pairs(text: str) -> list[tuple[str, str]]:
    """The names and texts of "a=1,b=[2,3]"."""
    found: list[str] = []
    depth = 0
    for part in text.split(","):
        if depth:
            found[-1] += f",{part}"
        elif part.strip():
            found.append(part)
        depth += part.count("[") - part.count("]")
    return [(name.strip(), value.strip()) for name, _, value in (one.partition("=") for one in found)]


def _read(text: str, like: Any) -> Any:
    """A text as a value of the same kind as another."""
    if isinstance(like, (list, tuple)):
        first = like[0] if like else ""
        return [_read(part.strip(), first) for part in text.strip("[]").split(",") if part.strip()]
    if isinstance(like, bool):
        return text.lower() in ("true", "1")
    return type(like)(text) if isinstance(like, (int, float)) else text
