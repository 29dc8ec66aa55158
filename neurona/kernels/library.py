"""Finds the library of native kernels for this processor, and calls its functions.

`NEURONA_KERNELS=off` in the environment switches the kernels off. `NEURONA_KERNELS=avx2`, or another
instruction set that this processor has, chooses a library: the same library gives the same bits on different
machines.
"""

import ctypes
import os
from functools import cache
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path
from typing import Any

import jax

from neurona.core.errors import ArgumentError, MissingDependencyError

INSTRUCTION_SETS = ("baseline", "avx2", "avx512")  # each includes those before it


def library_path(instruction_set: str) -> Path | None:
    """The library that was built for an instruction set, or None."""
    here = Path(__file__).parent
    paths = (here / f"library_{instruction_set}{suffix}" for suffix in EXTENSION_SUFFIXES)
    return next((path for path in paths if path.exists()), None)


@cache
def _load() -> tuple[ctypes.CDLL | None, str]:
    """The library for this processor, or None, and the answer of `status`."""
    wanted = os.environ.get("NEURONA_KERNELS", "").lower()
    if wanted == "off":
        return None, "off"
    baseline = library_path("baseline")
    if baseline is None:
        return None, "missing"
    try:
        library = ctypes.CDLL(str(baseline))
        library.neurona_instruction_set.restype = ctypes.c_char_p
        best = library.neurona_instruction_set().decode()
        runnable = [
            name for name in INSTRUCTION_SETS[: INSTRUCTION_SETS.index(best) + 1] if library_path(name)
        ]
        if wanted and wanted not in runnable:
            raise ArgumentError(
                f"NEURONA_KERNELS must be 'off' or one of {runnable}, which were built and run here. "
                f"Received: {wanted!r}"
            )
        chosen = wanted or runnable[-1]
        return ctypes.CDLL(str(library_path(chosen))), chosen
    except OSError as error:
        return None, str(error)


def is_loaded() -> bool:
    """Whether there is a library; the first call loads it."""
    return _load()[0] is not None


def status() -> str:
    """The instruction set of the library in use, "off" where the environment says so, "missing" where none
    was built, or the error that loading it met.

    Example:

        >>> status() in (*INSTRUCTION_SETS, "off", "missing")
        True
    """
    return _load()[1]


@cache
def _registered(symbol: str) -> str:
    """The symbol, after XLA was told of the function."""
    function = getattr(_load()[0], symbol, None)
    if function is None:
        raise MissingDependencyError(
            f"The native kernels were built from older sources: they have no {symbol}. Install the package "
            "again "
            "(pip install . or, in a checkout, pip install -e .), or set NEURONA_KERNELS=off."
        )
    jax.ffi.register_ffi_target(symbol, jax.ffi.pycapsule(function), platform="cpu")
    return symbol


def native_call(
    symbol: str, results: Any, *arrays: Any, aliases: dict[int, int] | None = None, **attributes: Any
) -> Any:
    """Call a function of the library.

    Args:
        symbol: its C name.
        results: the shape and dtype of the result (see `like`), or a sequence of them.
        arrays: its arguments.
        aliases: results that may overwrite arguments, as {argument: result}.
        attributes: NumPy scalars and arrays, constant in the compiled program.

    Returns:
        one array, or a tuple of arrays for a sequence of results.
    """
    returned = jax.ffi.ffi_call(_registered(symbol), results, input_output_aliases=aliases)(
        *arrays, **attributes
    )
    return tuple(returned) if isinstance(results, (list, tuple)) else returned


def like(array: Any, shape: tuple[int, ...] | None = None) -> jax.ShapeDtypeStruct:
    """The description of a result: the dtype of an array, and its shape unless another is given.

    Example:

        >>> import jax.numpy as jnp
        >>> like(jnp.ones(3), (2, 2)).shape
        (2, 2)
    """
    return jax.ShapeDtypeStruct(array.shape if shape is None else shape, array.dtype)
