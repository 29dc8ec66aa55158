"""Names of modules: imported at their first use, so that importing costs nothing; and the nearest known one
where a name is unknown.
"""

import importlib
import sys
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

from neurona.core.errors import suggestion
from neurona.core.spellings import older
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
            if (found := older(package, name)) is not None:
                return found
            hint = "" if name.startswith("_") else suggestion(name, names)
            message = f"module {package!r} has no attribute {name!r}.{hint} It has {', '.join(names)}."
            raise AttributeError(translated(message), name=name)
        home = names[name]
        if home is None:
            return importlib.import_module(f"{package}.{name}")
        value = getattr(importlib.import_module(home), name)
        setattr(sys.modules[package], name, value)
        return value

    return get, lambda: sorted(names)


class _PublicModule(ModuleType):
    """A module that shows its public names only, and suggests one for a name that it lacks."""

    def __dir__(self) -> list[str]:
        own = [
            name for name, value in vars(self).items() if getattr(value, "__module__", "") == self.__name__
        ]
        return sorted(vars(self).get("__all__") or (name for name in own if not name.startswith("_")))

    def __getattr__(self, name: str) -> Any:
        if (found := older(self.__name__, name)) is not None:
            return found
        hint = "" if name.startswith("_") else suggestion(name, dir(self))
        # Given the name, Python 3.12 and later add no second suggestion of their own.
        raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}.{hint}", name=name)


def suggest_names(module: str) -> None:
    """Let a module suggest a name for one that it lacks, and let `dir` show its public names only.

    Type checkers still report an unknown name, because the module does not define `__getattr__`.

    Args:
        module: its `__name__`; called at its end.

    Example:

        >>> import neurona as nn
        >>> nn.layers.Desne
        Traceback (most recent call last):
            ...
        AttributeError: module 'neurona.layers' has no attribute 'Desne'. Did you mean 'Dense'?
    """
    sys.modules[module].__class__ = _PublicModule
