"""Names of variables and operations."""

import contextlib
from collections.abc import Iterator


class _Open:
    scopes: tuple[str, ...] = ()


def scoped_name(name: str) -> str:
    """A name within the open name scopes."""
    return "/".join((*_Open.scopes, name))


@contextlib.contextmanager
def name_scope(name: str = "", *_: object, **__: object) -> Iterator[str]:
    """Names within the block begin with this one."""
    before = _Open.scopes
    _Open.scopes = (*before, name) if name else ()
    try:
        yield "/".join((*_Open.scopes, ""))
    finally:
        _Open.scopes = before
