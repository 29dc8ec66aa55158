"""The tree of everything Neurona raises on purpose.

    NeuronaError
    ├── ShapeError             (ValueError)   an array has the wrong rank or size
    ├── ArgumentError          (ValueError)   an argument's value is not one of those allowed
    ├── UnexpectedArgument     (TypeError)    an argument that does not exist, with the nearest that does
    ├── DataError              (ValueError)   the data itself is wrong: labels, NaN, lengths, emptiness
    ├── NotBuiltError          (ValueError)   weights were asked for before they exist
    │   └── NotConnectedError  (AttributeError) a symbolic input, output or shape that is not there yet
    ├── TracingError           (RuntimeError) state was touched inside a trace that would lose it
    ├── ForkError              (RuntimeError) training or predicting in a process that was forked
    ├── NonFiniteError         (ArithmeticError) a loss or gradient became NaN or infinite
    ├── SavingError            (ValueError)   a file can't be written or read safely
    ├── DownloadError          (OSError)      a data set is not here and can't be fetched
    └── MissingDependencyError (ImportError)  an optional package is needed; says what to install

Each is also the built-in exception that Python programmers would catch.
"""

import difflib
import importlib
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType

from neurona.messages import translated


class NeuronaError(Exception):
    """Base of all of Neurona's own exceptions.

    `str()` is the message in the user's language; `args` hold it in English.
    """

    def __str__(self) -> str:
        return translated(super().__str__())


class ShapeError(NeuronaError, ValueError):
    """An array's rank or size does not fit the layer or function that received it."""


class ArgumentError(NeuronaError, ValueError):
    """An argument has a value that is not allowed."""


class UnexpectedArgument(NeuronaError, TypeError):
    """An argument was given that does not exist; the message suggests the nearest that does."""


class DataError(NeuronaError, ValueError):
    """The data can't be trained on as it is: labels out of range, NaN, unequal lengths, no rows."""


class NotBuiltError(NeuronaError, ValueError):
    """Weights were asked for before the input's shape, and so the weights, are known."""


class NotConnectedError(NotBuiltError, AttributeError):
    """A symbolic input, output or shape was asked for before there is one: `hasattr` is then False."""


class TracingError(NeuronaError, RuntimeError):
    """State was changed, or randomness drawn, inside a JAX trace that would silently lose it."""


class ForkError(NeuronaError, RuntimeError):
    """A process that was forked from one which computes can't compute itself."""


class NonFiniteError(NeuronaError, ArithmeticError):
    """Training met a NaN or an infinity; the message names the step and the layer."""


class SavingError(NeuronaError, ValueError):
    """A model file can't be written, or can't be read safely."""


class DownloadError(NeuronaError, OSError):
    """A data set is neither on this machine nor can it be downloaded."""


class MissingDependencyError(NeuronaError, ImportError):
    """An optional package is not installed; the message is the command that installs it."""


def suggestion(name: str, known: Iterable[str]) -> str:
    """A sentence that offers the known names nearest to a misspelt one, or an empty string.

    Args:
        name: what was written.
        known: the names that would have been right.

    Example:

        >>> suggestion("sparse_crossentropy", ["mean_squared_error", "sparse_categorical_crossentropy"])
        " Did you mean 'sparse_categorical_crossentropy'?"
        >>> suggestion("zzz", ["mean_squared_error"])
        ''
    """
    folded = {candidate.lower(): candidate for candidate in known}
    near = difflib.get_close_matches(str(name).lower(), folded, n=2, cutoff=0.55)
    if not near:
        return ""
    first, *second = (repr(folded[match]) for match in near)
    return f" Did you mean {first} or {second[0]}?" if second else f" Did you mean {first}?"


def unexpected(who: str, name: str, known: Iterable[str]) -> UnexpectedArgument:
    """The error to raise for an argument that does not exist, with the nearest that does and all there are.

    Args:
        who: the class or function that was called, such as `"Dense"` or `"Dense.add_weight"`.
        name: the argument it was given.
        known: the arguments it takes.

    Example:

        >>> print(unexpected("Dense", "unit", ["units", "activation"]))
        Dense has no argument 'unit'. Did you mean 'units'? It takes: units, activation.
    """
    known = list(known)
    return UnexpectedArgument(
        f"{who} has no argument {name!r}.{suggestion(name, known)} It takes: {', '.join(known)}."
    )


def installation(extra: str) -> str:
    """The command that installs an extra of Neurona: from the folder that it runs from, where that is a
    checkout.

    Example:

        >>> installation("plot").startswith("pip install")
        True
    """
    folder = Path(__file__).resolve().parents[2]
    if (folder / "pyproject.toml").is_file():
        return f'pip install -e "{folder}[{extra}]"'
    return f'pip install "neurona[{extra}]"'


def optional_import(module: str, *, extra: str, purpose: str) -> ModuleType:
    """Import a package that only a part of Neurona needs.

    Args:
        module: the module to import, such as `"matplotlib.pyplot"`.
        extra: the extra of Neurona that installs it.
        purpose: what needs it, to begin the message with: `"plot_history"`.

    Raises:
        MissingDependencyError: the package is not installed.

    Example:

        >>> optional_import("json", extra="none", purpose="this example").dumps([1])
        '[1]'
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        package = module.split(".")[0]
        if (error.name or "").split(".")[0] != package:
            raise
        raise MissingDependencyError(
            f"{purpose} needs the package {package}: {installation(extra)}", name=package
        ) from error
