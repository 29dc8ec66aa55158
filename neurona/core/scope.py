"""The scope: where variables are read from and written to while a layer runs as a pure function.

Without an open scope a variable reads and writes its own array. `Layer.apply` opens a scope that holds all
values, so that a whole model becomes `(values, x, key) -> (y, new values)`, which JAX may jit, differentiate,
vmap and shard.
"""

import contextvars
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Self

import jax

if TYPE_CHECKING:
    from neurona.core.layer import Layer
    from neurona.core.variable import Variable


class Scope:
    """What one call of a layer tree carries along.

    Args:
        values: the arrays of the variables, or None where each variable keeps its own (the call has side
            effects).
        key: the random key that layers draw from; None where they draw from the global seed.
        step: the training step, folded into the stream of layers that were given a seed of their own.
        training: whether layers behave as in training; None leaves it to each call.
        positions: the number of each layer in the tree, which makes its random stream.
    """

    def __init__(
        self,
        values: "dict[Variable, Any] | None" = None,
        key: jax.Array | None = None,
        step: Any = 0,
        training: bool | None = None,
        positions: "dict[Layer, int] | None" = None,
    ) -> None:
        self.values = values  # assigned to in place
        self.key = key
        self.step = step
        self.training = training
        self.positions = positions or {}
        self.losses: list[jax.Array] = []
        self.observer: Callable[[Any, Any, Any], None] | None = (
            None  # told (layer, inputs, outputs) after every call
        )
        self._draws: dict[Any, int] = {}

    @property
    def pure(self) -> bool:
        """Whether state is carried here rather than changed in place."""
        return self.values is not None

    def next_draw(self, position: Any) -> int:
        """How often the layer at this position, or the stream of this name, has drawn before, counting."""
        count = self._draws.get(position, 0)
        self._draws[position] = count + 1
        return count

    def __enter__(self) -> Self:
        self._token = _current.set(self)
        return self

    def __exit__(self, *_: object) -> None:
        _current.reset(self._token)


_current: contextvars.ContextVar[Scope | None] = contextvars.ContextVar("scope", default=None)


def current_scope() -> Scope | None:
    """The innermost open scope, or None."""
    return _current.get()


# Some things ride beside arrays, as in Keras: an array is found again by identity for as long as it lives.
Beside = dict[int, tuple[weakref.ref, Any]]
_masks: Beside = {}
_logits: Beside = {}


def attach(table: Beside, array: Any, value: Any) -> None:
    """Remember a value beside an array, as long as that lives."""
    address = id(array)
    table[address] = (weakref.ref(array, lambda _: table.pop(address, None)), value)


def attached(table: Beside, array: Any) -> Any:
    """The value beside an array, or None."""
    entry = table.get(id(array))
    return entry[1] if entry is not None and entry[0]() is array else None


def set_mask(array: Any, mask: Any) -> None:
    """Attach a mask (batch, time) to an array; later layers that take a mask find it."""
    attach(_masks, array, mask)


def get_mask(array: Any) -> Any:
    """The mask attached to an array, or None."""
    return attached(_masks, array)


def set_logits(probabilities: jax.Array, activation: str, logits: jax.Array) -> None:
    """Remember what probabilities were made from: a cross-entropy of the logits has a gradient where the
    probabilities round to 0.
    """
    attach(_logits, probabilities, (activation, logits))


def get_logits(probabilities: Any, activation: str | None) -> jax.Array | None:
    """What an array of probabilities was made from by this activation, or None."""
    found = attached(_logits, probabilities)
    return found[1] if found is not None and found[0] == activation else None


def fill_masks(parameters: tuple[str, ...], args: tuple, kwargs: dict[str, Any]) -> Any:
    """Put the masks that arrive with the arguments into the mask arguments that were not given; return the
    first argument's.
    """

    def mask_of(value: Any) -> Any:
        if isinstance(value, (list, tuple)):
            masks = [mask_of(item) for item in value]
            return masks if any(mask is not None for mask in masks) else None
        return get_mask(value)

    first = mask_of(args[0]) if args else None
    called = dict(zip(parameters, args))
    for name in parameters:
        if name not in called and kwargs.get(name) is None:
            if name == "mask":
                found = first
            elif name.endswith("_mask"):
                source = called.get(name.removesuffix("_mask"), kwargs.get(name.removesuffix("_mask")))
                found = mask_of(source)
            else:
                continue
            if found is not None:
                kwargs[name] = found
    return called.get("mask", kwargs.get("mask")) if "mask" in parameters else first


def attach_mask(outputs: Any, mask: Any) -> None:
    if isinstance(outputs, (list, tuple)) and isinstance(mask, (list, tuple)):
        for output, one in zip(outputs, mask):
            if one is not None:
                attach_mask(output, one)
    elif isinstance(outputs, jax.Array):
        set_mask(outputs, mask)
