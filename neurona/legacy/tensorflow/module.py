"""`tf.Module`: an object that owns variables and other modules."""

from collections.abc import Callable, Iterator
from typing import Any

from neurona.core.layer import Layer
from neurona.core.owner import members
from neurona.core.registry import snake_case
from neurona.core.variable import Variable
from neurona.legacy.tensorflow import checkpoint
from neurona.legacy.tensorflow.names import name_scope


class _OfLayers(type):
    """The type of `Module`, to which layers and models belong too, as in TensorFlow."""

    def __instancecheck__(cls, instance: Any) -> bool:
        return super().__instancecheck__(instance) or (cls is Module and isinstance(instance, Layer))

    def __subclasscheck__(cls, subclass: type) -> bool:
        return super().__subclasscheck__(subclass) or (cls is Module and issubclass(subclass, Layer))


class Module(metaclass=_OfLayers):
    """The base of objects that own variables.

    Args:
        name: made from the class's name by default.
    """

    def __init__(self, name: str | None = None) -> None:
        self._module_name = name or snake_case(type(self).__name__)

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, value)
        if checkpoint.waiting:
            checkpoint.variables_were_made()

    @property
    def name(self) -> str:
        """The name."""
        return getattr(self, "_module_name", snake_case(type(self).__name__))

    @property
    def name_scope(self) -> Any:
        """A block in which names begin with the module's."""
        return name_scope(self.name)

    @classmethod
    def with_name_scope(cls, method: Callable[..., Any]) -> Callable[..., Any]:
        """A method whose variables have names that begin with the module's."""

        def run(self: Any, *args: Any, **kwargs: Any) -> Any:
            with self.name_scope:
                return method(self, *args, **kwargs)

        return run

    def _owned(self, kind: type) -> Iterator[Any]:
        """What this object and all below it own, by the names of the attributes."""
        seen: set[int] = set()

        def walk(value: Any) -> Iterator[Any]:
            if id(value) in seen:
                return
            if isinstance(value, Variable):
                seen.add(id(value))
                if kind is Variable:
                    yield value
            elif isinstance(value, (Module, Layer)):
                seen.add(id(value))
                if kind is Module and value is not self:
                    yield value
                if isinstance(value, Layer):
                    yield from (value.variables if kind is Variable else ())
                else:
                    for name in sorted(vars(value)):
                        yield from walk(vars(value)[name])
            elif (inside := members(value)) is not None:
                seen.add(id(value))
                for item in inside:
                    yield from walk(item)

        return walk(self)

    @property
    def variables(self) -> tuple[Any, ...]:
        """All variables."""
        return tuple(dict.fromkeys(self._owned(Variable)))

    @property
    def trainable_variables(self) -> tuple[Any, ...]:
        """The variables that may be trained."""
        return tuple(variable for variable in self.variables if variable.trainable)

    @property
    def non_trainable_variables(self) -> tuple[Any, ...]:
        """The others."""
        return tuple(variable for variable in self.variables if not variable.trainable)

    @property
    def submodules(self) -> tuple[Any, ...]:
        """All modules below this one."""
        return tuple(self._owned(Module))
