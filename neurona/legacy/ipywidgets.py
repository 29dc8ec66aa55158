"""The sliders and buttons of the package `ipywidgets`, where that is not installed.

A notebook that runs by itself has nobody who moves them: they keep their first values, and the functions of
`interact` are called once.
"""

import inspect
import sys
from collections.abc import Callable
from typing import Any

from neurona.legacy.spellings import tell

__all__ = ["fixed", "interact", "interact_manual", "interactive", "interactive_output"]


def _tell_once() -> None:
    tell("ipywidgets is not installed: widgets keep their first values. To move them: pip install ipywidgets")


class Widget:
    """A slider, a button, a box: its options as attributes, `value` among them.

    Example:

        >>> Widget(min=2, max=8).value, Widget(value=3, max=8).value, Widget(options=["a", "b"]).value
        (2, 3, 'a')
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        _tell_once()
        choices = options.get("options")
        first = next(iter(choices.values() if isinstance(choices, dict) else choices)) if choices else None
        first = first[1] if isinstance(first, tuple) else first
        self.value = options.pop("value", options.get("min", first))
        self.children = list(args[0]) if args and isinstance(args[0], (list, tuple)) else []
        vars(self).update(options)

    def observe(self, *_: Any, **__: Any) -> None:
        """Note nothing: no value changes."""

    on_click = on_submit = close = unobserve = link = observe

    def __enter__(self) -> "Widget":
        return self

    def __exit__(self, *error: Any) -> None:
        return


class Fixed:
    """A value that no slider stands for."""

    def __init__(self, value: Any) -> None:
        self.value = value


fixed = Fixed


def _first(given: Any) -> Any:
    """The value that a widget for a short description begins with: (0, 10), a list or a dictionary."""
    if isinstance(given, (Widget, Fixed)):
        return given.value
    if isinstance(given, tuple) and len(given) in (2, 3) and not any(isinstance(one, str) for one in given):
        middle = given[0] + (given[1] - given[0]) / 2
        return int(middle) if all(isinstance(one, int) for one in given) else middle
    if isinstance(given, dict):
        return next(iter(given.values()))
    return given[0] if isinstance(given, (list, tuple)) else given


def interact(function: Callable[..., Any] | None = None, /, **widgets: Any) -> Any:
    """Call a function once, with first values: its own defaults where it has them.

    Example:

        >>> @interact(x=(0, 10))
        ... def show(x, y=2):
        ...     print(x, y)
        5 2
    """
    if function is None:
        return lambda function: interact(function, **widgets)
    _tell_once()
    own = inspect.signature(function).parameters
    values = {name: _first(given) for name, given in widgets.items() if name in own}
    for name, one in own.items():
        if one.default is not one.empty and not isinstance(widgets.get(name), (Widget, Fixed)):
            values[name] = _first(one.default)
    function(**values)
    return function


interactive = interact_manual = interact


def interactive_output(function: Callable[..., Any], controls: dict[str, Any]) -> Widget:
    """Call a function once, with the values of widgets."""
    interact(function, **controls)
    return Widget()


def __getattr__(name: str) -> Any:
    if name == "widgets":
        return sys.modules[__name__]
    if name[0] == "_" or not name[0].isupper():
        raise AttributeError(f"module 'ipywidgets' has no attribute {name!r} in Neurona.", name=name)
    return type(name, (Widget,), {})
