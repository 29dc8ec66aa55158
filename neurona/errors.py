"""The exceptions of Neurona, for `except` and `pytest.raises`; each is also a built-in exception.

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

Example:

    >>> import neurona as nn
    >>> try:
    ...     nn.layers.Dense(0)
    ... except nn.errors.ArgumentError as error:
    ...     print(isinstance(error, ValueError))
    True
"""

from neurona.core.errors import (
    ArgumentError,
    DataError,
    DownloadError,
    ForkError,
    MissingDependencyError,
    NeuronaError,
    NonFiniteError,
    NotBuiltError,
    NotConnectedError,
    SavingError,
    ShapeError,
    TracingError,
    UnexpectedArgument,
    installation,
    optional_import,
    suggestion,
)
from neurona.core.lazy import suggest_names
from neurona.tracebacks import warn

__all__ = [
    "ArgumentError",
    "DataError",
    "DownloadError",
    "ForkError",
    "MissingDependencyError",
    "NeuronaError",
    "NonFiniteError",
    "NotBuiltError",
    "NotConnectedError",
    "SavingError",
    "ShapeError",
    "TracingError",
    "UnexpectedArgument",
    "installation",
    "optional_import",
    "suggest_names",
    "suggestion",
    "warn",
]

suggest_names(__name__)
