"""The numbers of a model that are inputs of its program: rates, decays, momenta, penalties and smoothing.

Models that differ in nothing else have one structure, and train as one program: while it is traced, the
attributes that hold the numbers hold the program's inputs.
"""

import contextlib
import json
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import jax

from neurona.core.errors import SavingError
from neurona.core.registry import is_built_in, serialize
from neurona.models import Model
from neurona.optimizers.state import LearningRate
from neurona.regularizers import Regularizer

RATE = "learning_rate"  # is in the optimizer's state, and so an input already
_DROPOUTS = ("Dropout", "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D")
_PENALTIES = {"L1": ("l1",), "L2": ("l2",), "L1L2": ("l1", "l2")}
_COMMON = ("weight_decay", "clipnorm", "clipvalue", "global_clipnorm")
_OPTIMIZERS = {
    "SGD": ("momentum", *_COMMON),
    "Adam": ("beta_1", "beta_2", *_COMMON),
    "AdamW": ("beta_1", "beta_2", *_COMMON),
}
_SMOOTHING = "label_smoothing"
_LOSSES = ("BinaryCrossentropy", "BinaryFocalCrossentropy", "CategoricalCrossentropy")
_ATTRIBUTES = {
    **dict.fromkeys(_DROPOUTS, ("rate",)),
    **dict.fromkeys(_LOSSES, (_SMOOTHING,)),
    **_PENALTIES,
    **_OPTIMIZERS,
}


class Slot(NamedTuple):
    """Where a number is.

    Attributes:
        holder: the dictionary with it: an object's attributes, or a loss's options.
        name: its key there.
        penalty: whether it is part of the loss in training only: a penalty, or smoothing.
    """

    holder: dict[str, Any]
    name: str
    penalty: bool

    @property
    def value(self) -> float:
        """The number."""
        return float(self.holder[self.name])


class Structure(NamedTuple):
    """What a model is without its numbers.

    Attributes:
        text: equal for models that train as one program; None where that is not known.
        slots: the numbers that are inputs.
        has_rate: whether the learning rate is one as well.
    """

    text: str | None
    slots: list[Slot]
    has_rate: bool


def structure_of(model: Model) -> Structure:
    """A compiled model as a structure and numbers.

    Where a number is held otherwise than expected, as by layers of the user, all numbers are part of the
    structure.
    """
    optimizer = model.optimizer
    has_rate = optimizer is not None and isinstance(optimizer.learning_rate, LearningRate)
    slots = list(_slots(model)) if _is_float32(model) else []
    try:
        blanked, count = _blanked(_description(model), bool(slots))
        if slots and count != len(slots):
            slots, (blanked, _) = [], _blanked(_description(model), False)
        text = None if blanked is None else json.dumps(blanked, sort_keys=True)
    except (SavingError, TypeError, ValueError):
        text = None
    if text is None or '"registered_name": "' in text:
        return Structure(None, slots, has_rate)
    return Structure(text, slots, has_rate)


@contextlib.contextmanager
def placed(slots: Sequence[Slot], values: Sequence[Any]) -> Iterator[None]:
    """Let a model have other numbers within a `with` block."""
    before = [slot.holder[slot.name] for slot in slots]
    for slot, value in zip(slots, values):
        slot.holder[slot.name] = value
    try:
        yield
    finally:
        for slot, value in zip(slots, before):
            slot.holder[slot.name] = value


def _is_float32(model: Model) -> bool:
    """Whether all computes in float32: an input of the program would widen narrower numbers."""
    return all(layer.compute_dtype in ("float32", None) for layer in model._flatten_layers())


def _slots(model: Model) -> Iterator[Slot]:
    for layer in model._flatten_layers():
        yield from _slots_of(layer, vars(layer))
        for name in sorted(vars(layer)):
            held = vars(layer)[name]
            if isinstance(held, Regularizer):
                yield from _slots_of(held, vars(held))
    for loss in jax.tree.leaves(model.loss, is_leaf=lambda one: hasattr(one, "options")):
        if hasattr(loss, "options"):
            yield from _slots_of(loss, loss.options)
    if model.optimizer is not None:
        yield from _slots_of(model.optimizer, vars(model.optimizer))


def _slots_of(owner: Any, holder: dict[str, Any]) -> Iterator[Slot]:
    kind = type(owner).__name__
    if not is_built_in(owner):
        return
    for name in _ATTRIBUTES.get(kind, ()):
        if _is_number(name, holder.get(name)):
            yield Slot(holder, name, kind in _PENALTIES or name == _SMOOTHING)


def _is_number(name: str, value: Any) -> bool:
    """Whether a value may be an input. Without momentum an optimizer remembers nothing, and a limit is none
    at 0.
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return bool(value) or name not in ("momentum", *_COMMON)


def _description(model: Model) -> Any:
    """All that a program depends on."""
    compiled = dict(model.get_compile_config() or {})
    compiled.pop("optimizer", None)
    optimizer = None if model.optimizer is None else serialize(model.optimizer)
    structure = model._structure()
    if structure is None or not all(is_built_in(layer) for layer in model._flatten_layers()):
        return None
    return [
        structure,
        [layer.trainable for layer in model._flatten_layers()],
        compiled,
        optimizer,
    ]


def _blanked(described: Any, blanks: bool) -> tuple[Any, int]:
    """A description without names and without the numbers that are inputs, and how many these are."""
    count = 0

    def walk(value: Any) -> Any:
        nonlocal count
        if isinstance(value, list | tuple):
            return [walk(one) for one in value]
        if not isinstance(value, dict):
            return value
        found = {key: walk(one) for key, one in value.items()}
        config = found.get("config")
        if not isinstance(config, dict):
            return found
        kind = str(found.get("class_name"))
        config.pop("name", None)
        if kind in _OPTIMIZERS and _is_number(RATE, config.get(RATE)):
            config[RATE] = "an input"
        for name in _ATTRIBUTES.get(kind, ()) if blanks else ():
            if _is_number(name, config.get(name)):
                config[name], count = "an input", count + 1
        return found

    return walk(described), count
