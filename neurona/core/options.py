"""Options that several constructors share, written once: name, type, default and meaning.

A TypedDict lists them in the order in which they may be passed by position, and a constructor takes them as
`**options: Unpack[...]`:

    class KernelAndBias(TypedDict, total=False):
        kernel_initializer: Annotated[Any, Option("glorot_uniform", "the kernel's first values.")]
        ...

    class Dense(Layer):
        def __init__(self, units: int, activation: Any = None, **options: Unpack[KernelAndBias]): ...

Why not a plain signature: Keras's order interleaves the options (initializers, regularizers, constraints), so
every layer would list all of them again, and hand them on again to its base or its cell. Type checkers and
editors read the TypedDict; at run time `with_options` gives the constructor the signature of Keras, so that
positions, `inspect.signature`, `help` and the recorded config know each option and its default.
"""

import functools
import inspect
import textwrap
from collections.abc import Callable
from typing import Annotated, Any, NamedTuple, Unpack, get_args, get_origin, get_type_hints


class Option(NamedTuple):
    """The default of an option, and what the docstrings say about it."""

    default: Any
    meaning: str


def options_of(init: Callable[..., None]) -> dict[str, Option]:
    """The options that a constructor takes as `**options: Unpack[...]`; fields without an `Option` remain
    keywords.
    """
    for parameter in inspect.signature(init).parameters.values():
        if parameter.kind is parameter.VAR_KEYWORD and get_origin(parameter.annotation) is Unpack:
            hints = get_type_hints(get_args(parameter.annotation)[0], include_extras=True)
            return {name: get_args(hint)[1] for name, hint in hints.items() if get_origin(hint) is Annotated}
    return {}


def with_options(init: Callable[..., None]) -> Callable[..., None]:
    """A constructor whose options may also be passed by position, and reach it complete, defaults included.

    Example:

        >>> from typing import TypedDict
        >>> class Rates(TypedDict, total=False):
        ...     dropout: Annotated[float, Option(0.0, "the share that is set to zero.")]
        >>> class Cell:
        ...     @with_options
        ...     def __init__(self, units: int, **options: Unpack[Rates]):
        ...         self.units, self.options = units, options
        >>> Cell(3, 0.5).options, Cell(3).options
        ({'dropout': 0.5}, {'dropout': 0.0})
        >>> str(inspect.signature(Cell))
        '(units: int, dropout: float = 0.0, **kwargs: Any)'
    """
    options = options_of(init)
    if not options:
        return init
    own = inspect.signature(init)
    *explicit, rest = own.parameters.values()
    hints = get_type_hints(get_args(rest.annotation)[0])
    added = [
        inspect.Parameter(name, explicit[0].kind, default=option.default, annotation=hints[name])
        for name, option in options.items()
    ]
    rest = rest.replace(name="kwargs", annotation=Any)
    signature = own.replace(parameters=[*explicit, *added, rest])

    @functools.wraps(init)
    def wrapper(*args: Any, **kwargs: Any) -> None:
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()
        others = bound.arguments.pop("kwargs")
        init(**bound.arguments, **others)

    wrapper.__signature__ = signature  # pyright: ignore[reportAttributeAccessIssue]
    wrapper._options = options  # pyright: ignore[reportAttributeAccessIssue]
    return wrapper


def documented(cls: type) -> str | None:
    """The docstring of a class, with a line for each of its constructor's options in the place of
    `**options: ...`.
    """
    options: dict[str, Option] = getattr(cls.__init__, "_options", {})
    if not cls.__doc__ or "**options:" not in cls.__doc__:
        return cls.__doc__
    lines = []
    for line in cls.__doc__.splitlines():
        if line.lstrip().startswith("**options:"):
            indent = line[: len(line) - len(line.lstrip())]
            for name, option in options.items():
                text = f"{name}: {option.meaning}"
                lines += textwrap.wrap(text, 110, initial_indent=indent, subsequent_indent=indent + "    ")
        else:
            lines.append(line)
    return "\n".join(lines)
