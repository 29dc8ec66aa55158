"""Names of a package that are imported at their first use, so that importing the package costs nothing."""

import importlib
import sys
from collections.abc import Callable, Mapping
from typing import Any

from neurona.core.errors import suggestion
from neurona.messages import translated
from neurona.tracebacks import ends_at_users_line


def lazy_names(
    package: str, names: Mapping[str, str | None]
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """The functions `__getattr__` and `__dir__` of a package.

    Args:
        package: its `__name__`.
        names: the module that defines each name; None for a module of the package itself.

    Example:

        >>> get, names = lazy_names("json", {"decoder": None, "JSONDecoder": "json.decoder"})
        >>> get("decoder").__name__, get("JSONDecoder").__name__, names()
        ('json.decoder', 'JSONDecoder', ['JSONDecoder', 'decoder'])
    """

    @ends_at_users_line
    def get(name: str) -> Any:
        if name not in names:
            raise AttributeError(
                translated(
                    f"module {package!r} has no attribute {name!r}.{suggestion(name, names)} "
                    f"It has {', '.join(names)}."
                )
            )
        home = names[name]
        if home is None:
            return importlib.import_module(f"{package}.{name}")
        value = getattr(importlib.import_module(home), name)
        setattr(sys.modules[package], name, value)
        return value

    return get, lambda: sorted(names)
