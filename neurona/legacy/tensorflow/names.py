"""Names of variables and operations."""

import contextlib
from collections.abc import Iterator
from typing import Any


class _Open:
    scopes: tuple[str, ...] = ()


class OfLayers:
    """The names of the layers that are being built or called.

    Attributes:
        names: gives them, where they are part of the names of variables.
    """

    names: Any = tuple


def scoped_name(name: str) -> str:
    """A name within the open name scopes."""
    return "/".join((*OfLayers.names(), *_Open.scopes, name))


@contextlib.contextmanager
def name_scope(name: str = "", *_: object, **__: object) -> Iterator[str]:
    """Names within the block begin with this one."""
    before = _Open.scopes
    _Open.scopes = (*before, name) if name else ()
    try:
        yield "/".join((*_Open.scopes, ""))
    finally:
        _Open.scopes = before
