"""How much of the machine a file may claim."""

import contextvars
from dataclasses import dataclass
from typing import Self

MIB = 2**20


@dataclass(frozen=True)
class Budget:
    """Limits on what reading a file may cost; a file that asks for more is refused before it gets any.

    The functions that load models take one as `budget=`. For all other readers, and for blocks of code,
    it is a context manager.

    Args:
        memory: bytes that the content may take. None allows 64 MiB and eight times the size of the file on
            disk; 640 MiB for the weights of a model that is described without them, as JSON.
        members: files in an archive, objects in an HDF5 file.
        layers: layers of a model, those of nested models included, and calls of them.
        items: numbers, texts, lists and dictionaries in a JSON text, cells of a table, tokens.
        depth: how deep lists, dictionaries and groups may be nested.

    Example:

        >>> with Budget(layers=20_000):  # a model of many layers, from somebody you trust
        ...     Budget.current().layers
        20000
        >>> Budget.current().layers
        5000
    """

    memory: int | None = None
    members: int = 10_000
    layers: int = 5_000
    items: int = 2_000_000
    depth: int = 200

    @staticmethod
    def current() -> "Budget":
        """The budget of the innermost `with` block, or the default one."""
        stack = _stack.get()
        return stack[-1] if stack else _DEFAULT

    def memory_for(self, size: int) -> int:
        """The bytes that a file of this size on disk may become."""
        return 64 * MIB + 8 * size if self.memory is None else self.memory

    def memory_for_description(self) -> int:
        """The bytes of weights that a description without weights may ask for."""
        return 640 * MIB if self.memory is None else self.memory

    def __enter__(self) -> Self:
        _stack.set((*_stack.get(), self))
        return self

    def __exit__(self, *error: object) -> None:
        _stack.set(_stack.get()[:-1])


_DEFAULT = Budget()
_stack: contextvars.ContextVar[tuple[Budget, ...]] = contextvars.ContextVar("budgets", default=())
