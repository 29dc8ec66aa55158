"""Owners: objects that own variables and other owners, as layers and metrics do."""

from collections.abc import Iterator
from typing import Any, Generic, TypeGuard, TypeVar

import numpy as np

from neurona.core.errors import NotBuiltError, ShapeError
from neurona.core.variable import Variable
from neurona.tracebacks import ends_at_users_line

_PLAIN = frozenset((type(None), bool, int, float, str))  # most attributes; skipping them halves a walk's time

Part = TypeVar("Part", bound="Owner[Any]")


def members(value: Any) -> list[Any] | None:
    """What a list, tuple or dictionary holds, or None for anything else.

    Example:

        >>> members((1, 2)), members({"a": 3}), members("text")
        ([1, 2], [3], None)
    """
    if isinstance(value, dict):
        return list(value.values())
    return list(value) if isinstance(value, (list, tuple)) else None


class Owner(Generic[Part]):
    """Something that owns variables and other owners of its family: layers own layers, metrics own metrics.

    An attribute that is a variable or an owner belongs to the object, also inside lists, tuples and
    dictionaries, however deep.

    Example:

        >>> class Leaf(Owner):
        ...     def __init__(self):
        ...         self.state = Variable(np.ones(2), name="state")
        >>> class Branch(Owner):
        ...     def __init__(self):
        ...         self.leaves = [Leaf(), {"another": Leaf()}]
        >>> [variable.name for variable in Branch().variables]
        ['state', 'state']
    """

    _untracked: tuple[str, ...] = ("_arguments",)  # attributes that hold no parts

    def _owns(self, value: Any) -> TypeGuard[Part]:
        """Whether an attribute's value is an owner of this object's family."""
        return isinstance(value, Owner)

    def _tracked_parts(self) -> tuple[list[Variable], list[Part]]:
        """The object's own variables, parameters first, and the owners it is made of, as assigned."""
        variables: dict[Variable, None] = {}
        parts: dict[Part, None] = {}
        containers: set[int] = set()  # met before: a list may hold itself

        def add(value: Any) -> None:
            if self._owns(value):
                parts[value] = None
            elif isinstance(value, Variable):
                variables[value] = None
            elif (inside := members(value)) is not None and id(value) not in containers:
                containers.add(id(value))
                for item in inside:
                    add(item)

        for name, value in list(vars(self).items()):  # a list: another thread may add an attribute meanwhile
            if type(value) not in _PLAIN and name not in self._untracked:
                add(value)
        return sorted(variables, key=lambda variable: not variable.parameter), list(parts)

    def _walk(self) -> Iterator[tuple[Part, list[Variable]]]:
        """This object and all below it, each once, with its own variables."""
        seen: set[Part] = set()
        stack: list[Any] = [self]
        while stack:
            owner = stack.pop()
            if owner not in seen:
                seen.add(owner)
                variables, parts = owner._tracked_parts()
                yield owner, variables
                stack.extend(reversed(parts))

    @property
    def variables(self) -> list[Variable]:
        """All variables: of each object first the trainable, then the others, then those of its parts."""
        return list(dict.fromkeys(variable for _, own in self._walk() for variable in own))


class WeightOwner(Owner[Part]):
    """An owner whose variables are weights: they are trained, frozen, counted, read and set."""

    name: str
    built: bool
    _trainable: bool

    @property
    def weights(self) -> list[Variable]:
        """The variables that are saved: all but the states that a recurrent layer carries from batch to
        batch.
        """
        return [variable for variable in self.variables if variable.persistent]

    @property
    def trainable_variables(self) -> list[Variable]:
        """The variables that an optimizer may change."""
        return [variable for variable in self.variables if variable.trainable] if self._trainable else []

    @property
    def non_trainable_variables(self) -> list[Variable]:
        """The variables that no optimizer changes."""
        trainable = set(self.trainable_variables)
        return [variable for variable in self.variables if variable not in trainable]

    trainable_weights = trainable_variables

    @property
    def non_trainable_weights(self) -> list[Variable]:
        """The weights that no optimizer changes."""
        return [variable for variable in self.non_trainable_variables if variable.persistent]

    @property
    def trainable(self) -> bool:
        """Whether the weights may be trained; setting it reaches all parts."""
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        self._trainable = bool(value)
        variables, parts = self._tracked_parts()
        for variable in variables:
            variable.trainable = variable.parameter and bool(value)
        for part in parts:
            part.trainable = value  # pyright: ignore[reportAttributeAccessIssue]

    def get_weights(self) -> list[np.ndarray]:
        """The values of all weights, as NumPy arrays."""
        return [variable.numpy() for variable in self.weights]

    @ends_at_users_line
    def set_weights(self, weights: list[Any]) -> None:
        """Set the values of all weights, in the order of `get_weights`; nothing changes unless all fit.

        Raises:
            ShapeError: the number of arrays or a shape differs.
        """
        variables = self.weights
        if len(weights) != len(variables):
            raise ShapeError(
                f"Layer {self.name!r} has {len(variables)} weights. Received {len(weights)} arrays."
            )
        for variable, value in zip(variables, weights):
            if np.shape(value) != variable.shape:
                raise ShapeError(
                    f"Weight {variable.path!r} has shape {variable.shape}. Received an array of shape "
                    f"{np.shape(value)}."
                )
        for variable, value in zip(variables, weights):
            variable.assign(value)

    def _stored_variables(self) -> list[Variable]:
        """The variables of this object, not those of its parts, as files hold them."""
        return self._tracked_parts()[0]

    def save_own_variables(self, store: Any) -> None:
        """Write the values of the variables of this object, not those of its parts, into a mapping: "0", "1",
        ...; a subclass may write more, or otherwise.
        """
        for number, variable in enumerate(self._stored_variables()):
            store[str(number)] = variable.numpy()

    def load_own_variables(self, store: Any) -> None:
        """Read what `save_own_variables` wrote; nothing changes unless all fit.

        Raises:
            ShapeError: the number of arrays or a shape differs.
        """
        variables = self._stored_variables()
        arrays = [np.asarray(store[str(number)]) for number in range(len(store)) if str(number) in store]
        if len(arrays) != len(variables):
            hint = (
                "" if self.built else " It has no weights yet: call it on data, or build(input_shape), first."
            )
            raise ShapeError(
                f"Layer {self.name!r} has {len(variables)} variables. Received {len(arrays)} arrays.{hint}"
            )
        for variable, array in zip(variables, arrays):
            if array.shape != variable.shape:
                raise ShapeError(
                    f"Weight {variable.path!r} has shape {variable.shape}. Received an array of shape "
                    f"{array.shape}."
                )
        for variable, array in zip(variables, arrays):
            variable.assign(array)

    def count_params(self) -> int:
        """The number of weights.

        Raises:
            NotBuiltError: they do not exist yet.
        """
        if not self.built:
            raise NotBuiltError(
                f"Layer {self.name!r} has no weights yet: call it on data, or build(input_shape), first."
            )
        return sum(int(np.prod(variable.shape)) for variable in self.weights)
