"""Views into an optimizer's state: its variables as Keras lists them, and the learning rate that can be read
and set.
"""

from typing import Any, NamedTuple, Protocol

import jax
import jax.numpy as jnp
import numpy as np

from neurona.core.errors import ShapeError
from neurona.core.variable import Variable


class HasState(Protocol):
    """What a view needs of an optimizer."""

    name: str
    state: Any
    learning_rate: Any
    _rate: Any


class Entry(NamedTuple):
    """One variable of an optimizer: its path, and the keys that lead to it through the state.

    Without keys it is an integer 0 that Keras's files hold and nothing reads.
    """

    path: str
    keys: tuple[Any, ...]


def at(state: Any, keys: tuple[Any, ...]) -> Any:
    """The array that keys lead to.

    Example:

        >>> at({"slots": {"momentum": [5, 6]}}, ("slots", "momentum", 1))
        6
    """
    if not keys:
        return np.zeros((), np.int32)
    for key in keys:
        state = state[key]
    return state


def replaced(state: Any, keys: tuple[Any, ...], value: Any) -> Any:
    """The state with one array exchanged; the original is untouched.

    Example:

        >>> replaced({"slots": {"momentum": [5, 6]}}, ("slots", "momentum", 1), 7)
        {'slots': {'momentum': [5, 7]}}
    """
    if not keys:
        return value
    copy = list(state) if isinstance(state, list) else dict(state)
    copy[keys[0]] = replaced(state[keys[0]], keys[1:], value)
    return copy


class StateVariable(Variable):
    """One variable of an optimizer. It holds no array: it reads and writes the optimizer's state.

    Args:
        optimizer: whose state.
        entry: which variable.
        first: its value while the optimizer is not built.
    """

    reference: Any = None  # the weight that it is kept for, where a subclass of Optimizer added it

    def __init__(self, optimizer: HasState, entry: Entry, first: Any = None) -> None:
        self._optimizer, self._entry, self._first = optimizer, entry, first
        self.path, self.name = entry.path, entry.path.split("/")[-1]
        self.trainable = self.autocast = False
        self.regularizer = self.constraint = None

    @property
    def _value(self) -> jax.Array:
        state = self._optimizer.state
        return self._first if state is None else at(state, self._entry.keys)

    @property
    def value(self) -> jax.Array:
        """The array now."""
        return self._value

    def __eq__(self, other: object) -> bool:
        return bool(np.all(self.value == (other.value if isinstance(other, Variable) else other)))

    __hash__ = Variable.__hash__

    def assign(self, value: Any) -> None:
        """Replace the array in the optimizer's state.

        Raises:
            ShapeError: the shape differs.
        """
        value = jnp.asarray(value, self._value.dtype)
        if value.shape != self._value.shape:
            raise ShapeError(
                f"Optimizer variable {self.path!r} has shape {self._value.shape}. Received shape "
                f"{value.shape}."
            )
        if self._optimizer.state is None:
            self._first = value
        elif self._entry.keys:
            self._optimizer.state = replaced(self._optimizer.state, self._entry.keys, value)


class LearningRate(StateVariable):
    """The learning rate of an optimizer: a number to calculate and compare with, and a variable to assign to.

    Example:

        >>> from neurona.optimizers import SGD
        >>> optimizer = SGD(0.5)
        >>> optimizer.learning_rate.assign(0.25)
        >>> float(optimizer.learning_rate), optimizer.learning_rate == 0.25, f"{optimizer.learning_rate:.3f}"
        (0.25, True, '0.250')
    """

    def __init__(self, optimizer: HasState) -> None:
        super().__init__(optimizer, Entry(f"{optimizer.name}/learning_rate", ("learning_rate",)))

    @property
    def _value(self) -> jax.Array:
        state, rate = self._optimizer.state, self._optimizer._rate
        if hasattr(rate, "base"):  # of a schedule whose start may be set
            rate, state = rate.base, None
        return jnp.asarray(rate, jnp.float32) if state is None else state["learning_rate"]

    def assign(self, value: Any) -> None:
        """Set the learning rate."""
        self._optimizer.learning_rate = value

    def __format__(self, spec: str) -> str:
        return format(float(self.value), spec)
