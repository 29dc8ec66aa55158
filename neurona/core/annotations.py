"""Annotations: values that belong to one array and travel with it from layer to layer.

An array is found again by its identity for as long as it lives, so an annotation is lost with every operation
that makes another array. Code that casts or reshapes an annotated array calls `carry`.

    annotation   written by                                 read by
    MASK         layers whose `compute_mask` returns one    layers with a `mask` argument, by the base class;
                 (Masking, Embedding with mask_zero, ...),  losses and metrics, which leave masked samples and
                 attention, and losses whose own errors     steps out
                 count only in part
    LOGITS       activations.softmax and .sigmoid           cross-entropy losses, whose gradient of the logits
                                                            is exact where the probabilities round to 0 or 1
    CHAIN        CRF                                        ChainCrossentropy, the likelihood of whole paths
"""

import weakref
from typing import Any, Generic, NamedTuple, TypeVar

import jax

T = TypeVar("T")


class Annotation(Generic[T]):
    """A kind of value that may belong to an array, and is forgotten with it.

    Args:
        name: what the value is, for messages.

    Example:

        >>> import jax.numpy as jnp
        >>> unit = Annotation[str]("unit")
        >>> x = jnp.ones(2)
        >>> unit.set(x, "cm")
        >>> y = x.astype("float16")
        >>> unit.carry(x, y)
        >>> unit.get(y), unit.get(2 * x)
        ('cm', None)
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._values: dict[int, tuple[weakref.ref, T]] = {}

    def set(self, array: Any, value: T) -> None:
        """Annotate an array."""
        address = id(array)
        self._values[address] = weakref.ref(array, lambda _: self._values.pop(address, None)), value

    def get(self, array: Any) -> T | None:
        """The value of an array, or None."""
        entry = self._values.get(id(array))
        return entry[1] if entry is not None and entry[0]() is array else None

    def carry(self, old: Any, new: Any) -> None:
        """Annotate the array that takes the place of another with the value of that one, if it has any."""
        if old is not new and (value := self.get(old)) is not None:
            self.set(new, value)

    def __repr__(self) -> str:
        return f"<Annotation {self.name!r}>"


class Logits(NamedTuple):
    """What probabilities were computed from."""

    activation: str  # "softmax" or "sigmoid"
    values: jax.Array


MASK: Annotation[Any] = Annotation("mask")  # true where a sample, or a step of a sequence, counts
LOGITS: Annotation[Logits] = Annotation("logits")
CHAIN: Annotation[Any] = Annotation("chain")
