"""Keras's `with` blocks: state that is carried along, names in front of names, a device."""

import contextlib
import re
from collections.abc import Iterable, Iterator
from typing import Any

import jax
import jax.numpy as jnp

from neurona.core.errors import ArgumentError, ShapeError
from neurona.core.scope import Scope, current_scope
from neurona.core.variable import Variable


class StatelessScope(Scope):
    """Inside the block variables have other values, and what is assigned stays here: a function of a model's
    state, which JAX may differentiate and compile.

    Args:
        state_mapping: pairs of a variable and its value.
        collect_losses: no effect: `losses` always holds what layers add.
        initialize_variables: no effect: a variable has its value from the start.

    Raises:
        ArgumentError: a key is no variable.
        ShapeError: a value has another shape than its variable.

    Example:

        >>> count = Variable(1.0)
        >>> with StatelessScope([(count, 5.0)]) as scope:
        ...     count.assign(count + 1)
        >>> float(scope.get_current_value(count)), float(count)
        (6.0, 1.0)
    """

    def __init__(
        self,
        state_mapping: Iterable[tuple[Variable, Any]] | None = None,
        collect_losses: bool = False,
        initialize_variables: bool = True,
    ) -> None:
        values: dict[Any, Any] = {}
        for variable, value in state_mapping or ():
            if not isinstance(variable, Variable):
                raise ArgumentError(
                    "StatelessScope: state_mapping has pairs of a variable and its value. Received: "
                    f"{variable!r}"
                )
            array = jnp.asarray(value, variable.dtype)
            if array.shape != variable.shape:
                raise ShapeError(
                    f"StatelessScope: variable {variable.path!r} has shape {variable.shape}. Received "
                    f"a value of shape {array.shape}."
                )
            values[variable] = array
        super().__init__(values)
        self.collect_losses, self.initialize_variables = collect_losses, initialize_variables

    @property
    def state_mapping(self) -> dict[Any, Any]:
        """The values of the variables that have one here."""
        return self.values or {}

    def add_loss(self, loss: Any) -> None:
        """Keep a loss in `losses`."""
        self.losses.append(loss)

    def add_update(self, update: tuple[Variable, Any]) -> None:
        """Give a variable another value."""
        variable, value = update
        self.state_mapping[variable] = value

    def get_current_value(self, variable: Variable) -> Any:
        """The value of a variable, or None where it has none here."""
        return self.state_mapping.get(variable)


class SymbolicScope:
    """A block in which Keras computes shapes only. Neurona finds shapes by evaluation, so it changes nothing.

    Example:

        >>> with SymbolicScope():
        ...     pass
    """

    def __enter__(self) -> "SymbolicScope":
        return self

    def __exit__(self, *error: object) -> None:
        pass


@contextlib.contextmanager
def name_scope(name: str, **others: Any) -> Iterator[None]:
    """A block in which the paths of new variables begin with a name.

    Args:
        name: without "/".
        others: accepted: Keras uses them between its layers.

    Raises:
        ArgumentError: the name is no string, or has a "/".

    Example:

        >>> import neurona.layers
        >>> layer = neurona.layers.Dense(2, name="last")
        >>> with name_scope("tower"):
        ...     layer.build((None, 3))
        >>> layer.kernel.path
        'tower/last/kernel'
    """
    if not isinstance(name, str) or "/" in name:
        raise ArgumentError(f"name_scope: a name is a string without '/'. Received: name={name!r}")
    scope = current_scope()
    with (
        Scope() if scope is None else contextlib.nullcontext(scope) as opened,
        opened.inside(name, opened.dtype),
    ):
        yield


def device(device_name: str) -> Any:
    """A block in which arrays are made, and functions run, on a device.

    Args:
        device_name: such as `"cpu:0"`, `"gpu:0"` or `"/GPU:1"`; without a number, the first.

    Raises:
        ArgumentError: there is no such device; the message lists those there are.

    Example:

        >>> with device("cpu:0"):
        ...     print(jnp.ones(2).device.platform)
        cpu
    """
    match = re.fullmatch(r"(?:.*/)?(?:device:)?([a-zA-Z]+)(?::(\d+))?", device_name)
    kind, number = (match[1].lower(), int(match[2] or 0)) if match else ("", 0)
    found = [one for one in devices() if kind in _kinds(one)]
    if number >= len(found):
        known = ", ".join(f"{_kinds(one)[0]}:{one.id}" for one in devices())
        raise ArgumentError(f"There is no device {device_name!r}. Known: {known}.")
    return jax.default_device(found[number])


def devices() -> list[Any]:
    """The devices of this process, accelerators first; the processor is always among them."""
    found = jax.devices()
    return found if found[0].platform == "cpu" else [*found, *jax.devices("cpu")]


def _kinds(one: Any) -> tuple[str, ...]:
    """The names of a device's kind."""
    return ("gpu", "cuda", "rocm") if one.platform in ("gpu", "cuda", "rocm") else (one.platform,)
