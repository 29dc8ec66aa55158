"""Lambdas in models that old programs save. Their code is not written: the file names them, and the program
itself finds them again.
"""

import functools
from collections.abc import Callable
from typing import Any

from neurona.core import registry
from neurona.legacy.spellings import tell

_NAME = "unnamed_function_"  # layers have names such as lambda_1


def install() -> None:
    """Let models be saved whose layers hold lambdas."""
    registry._serialize_function = _naming(registry._serialize_function)


def _naming(serialize: Callable[[Any], Any]) -> Callable[[Any], Any]:
    @functools.wraps(serialize)
    def wrapper(function: Any) -> Any:
        if getattr(function, "__name__", "") != "<lambda>":
            return serialize(function)
        name = _name_of(function)
        tell(
            "A file holds no code: it names the lambdas of its layers, and this program finds them again. "
            "Other programs give them to load_model by name, as custom_objects."
        )
        return registry.described_function(name)

    return wrapper


def _name_of(function: Any) -> str:
    known = registry.get_custom_objects()
    for name, one in known.items():
        if one is function:
            return name
    count = sum(name.startswith(_NAME) for name in known)
    known[f"{_NAME}{count + 1}"] = function
    return f"{_NAME}{count + 1}"
