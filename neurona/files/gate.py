"""The gate: one object for every file from outside, which counts what it asks for and words refusals."""

import contextlib
import contextvars
import io
import math
import os
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from neurona.files.budget import MIB, Budget

_SHOWN = 300  # letters of a reason: what a file says may be longer than a screen
ABSENT = (FileNotFoundError, PermissionError)  # says nothing about the file's content
_building: contextvars.ContextVar["Gate | None"] = contextvars.ContextVar("building", default=None)


class Gate:
    """What one file may ask for, and the one exception that refuses it.

    Args:
        name: the file, as messages name it.
        error: the exception's class.
        size: of the file on disk, in bytes.
        budget: the limits; by default those of the innermost `with Budget(...)`.
        downloaded: whether the file is downloaded again where it is missing.

    Example:

        >>> gate = Gate("a.zip", ValueError, budget=Budget(memory=10))
        >>> gate.spend(8, "x")
        >>> gate.spend(8, "y")
        Traceback (most recent call last):
        ValueError: a.zip, y: asks for 8 bytes of memory where 2 are left ...
    """

    def __init__(
        self,
        name: Any,
        error: type[Exception],
        size: int = 0,
        budget: Budget | None = None,
        downloaded: bool = False,
    ) -> None:
        self.name, self.error, self.downloaded = str(name), error, downloaded
        self.budget = budget or Budget.current()
        self.left = self.budget.memory_for(size)
        self.stored = 0  # bytes of arrays met in the file
        self.waiting: list[Callable[[], object]] = []  # to be called once all that is described was counted

    @classmethod
    def of_file(
        cls, path: Any, error: type[Exception], budget: Budget | None = None, downloaded: bool = False
    ) -> "Gate":
        """The gate of a file on disk.

        Raises:
            FileNotFoundError: there is none.
            error: it is a folder, a pipe or a device.
        """
        name = path if isinstance(path, str) else os.fsdecode(path)
        found = os.stat(name)
        gate = cls(name, error, found.st_size, budget, downloaded)
        if not stat.S_ISREG(found.st_mode):
            raise gate.refusal("is a folder, a pipe or a device where a file is expected.")
        return gate

    @classmethod
    def of_description(cls, error: type[Exception], name: str = "The description") -> "Gate":
        """The gate of a model, layer or other object that is described without its weights."""
        gate = cls(name, error)
        gate.left = gate.budget.memory_for_description()
        return gate

    def refusal(self, reason: str, member: str | None = None) -> Exception:
        """The exception to raise: it names the file, the member and the reason."""
        reason = reason if len(reason) <= _SHOWN else f"{reason[:_SHOWN]}..."
        where = self.name if member is None else f"{self.name}, {member[:_SHOWN]}"
        return self.error(f"{where}: {reason}")

    def spend(self, size: int, member: str | None = None) -> None:
        """Take bytes off the budget, before they are allocated."""
        if not 0 <= size <= self.left:
            raise self.refusal(
                f"asks for {size} bytes of memory where {self.left} are left for it. If you trust the file, "
                "raise the limit: with neurona.saving.Budget(memory=...).",
                member,
            )
        self.left -= size

    def count(self, number: int, limit: str, what: str, member: str | None = None) -> None:
        """Compare a number of things with one of the budget's limits."""
        allowed = getattr(self.budget, limit)
        if number > allowed:
            raise self.refusal(
                f"holds {number} {what}, more than the {allowed} allowed. If you trust the file, raise the "
                f"limit: with neurona.saving.Budget({limit}=...).",
                member,
            )

    @contextlib.contextmanager
    def watching(self, member: str | None = None) -> Iterator[None]:
        """Turn whatever reading the file raises into the one exception, with its cause chained."""
        try:
            yield
        except (self.error, *ABSENT):
            raise
        except Exception as error:
            text = str(error).strip().split("\n")[0][: _SHOWN // 2]
            again = " Delete it to have it downloaded again." if self.downloaded else ""
            raise self.refusal(
                f"is damaged, or of another kind ({type(error).__name__}: {text}).{again}", member
            ) from error

    @contextlib.contextmanager
    def building(self, memory: int | None = None) -> Iterator[None]:
        """Within the block, what is built is described by this file: `claim` counts what it allocates.

        Args:
            memory: bytes that the weights may take; by default what is left of the budget.
        """
        self.left = self.left if memory is None else memory
        token = _building.set(self)
        try:
            yield
            for begin in self.waiting:
                begin()
        except self.error:
            raise
        except Exception as error:
            text = str(error).strip().split("\n")[0]
            raise self.refusal(
                f"what it describes can't be built ({type(error).__name__}: {text})."
            ) from error
        finally:
            _building.reset(token)

    def check_tree(self, tree: Any, member: str | None = None) -> None:
        """Check nesting, size and number of layers of what JSON holds, before anything recurses into it."""
        items = layers = 0
        level: list[Any] = [tree]
        for depth in range(self.budget.depth + 2):
            if not level:
                return
            if depth > self.budget.depth:
                break
            below: list[Any] = []
            for value in level:
                inside, named = _inside(value)
                layers += named
                below += [item for item in inside if isinstance(item, (Mapping, list, tuple))]
                items += len(inside)
            self.count(items, "items", "values", member)
            self.count(layers, "layers", "layers and calls", member)
            level = below
        raise self.refusal(f"is nested deeper than {self.budget.depth} levels.", member)


def _inside(value: Any) -> tuple[list[Any], int]:
    """The values in a list or dictionary, and how many layers or calls of layers it names."""
    if not isinstance(value, Mapping):
        return list(value) if isinstance(value, (list, tuple)) else [], 0
    named = sum(len(value[key]) for key in _LAYERS if isinstance(value.get(key), (list, tuple)))
    return list(value.values()), named


_LAYERS = ("layers", "inbound_nodes", "cells")


def building() -> Gate | None:
    """The gate of the file that describes what is being built now, or None."""
    return _building.get()


def claim(shape: Iterable[int], item: int = 4) -> Gate | None:
    """Count an array that is about to be allocated, where a file from outside describes it.

    Returns:
        The gate of that file, or None.

    Args:
        shape: its sizes.
        item: bytes of a value.
    """
    gate = _building.get()
    if gate is not None:
        sizes = tuple(shape)
        gate.spend(math.prod(max(0, int(size)) for size in sizes) * item, f"an array of shape {sizes}")
    return gate


def read_bytes(path: Path, gate: Gate) -> bytes:
    """A whole file, within the budget."""
    with path.open("rb") as stream:
        return read_stream(stream, gate)


def read_stream(stream: Any, gate: Gate, member: str | None = None) -> bytes:
    """What is left of a stream; memory grows with what arrives, not with what a header says."""
    content = io.BytesIO()
    while block := stream.read(MIB):
        gate.spend(len(block), member)
        content.write(block)
    return content.getvalue()
