"""The native kernels: finding the library for this processor, and deciding for each computation whether its
kernel or its twin runs.

Every kernel has a twin in pure XLA that computes the same numbers: the twin is the definition, what
accelerators run, and what runs here where there is no library. `NEURONA_KERNELS=off` in the environment
switches the kernels off; `NEURONA_KERNELS=avx2`, or another instruction set that this processor has, chooses
a library, which gives the same bits on different machines.
"""

import ctypes
import os
from collections.abc import Callable
from functools import cache
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from neurona.core.errors import ArgumentError, MissingDependencyError

INSTRUCTION_SETS = ("baseline", "avx2", "avx512")  # of which each includes those before it

# From how many multiplications, or elements, on a kernel is faster than XLA, and up to how many; measured on
# two cores with AVX-512.
WORTH: dict[str, tuple[float, float]] = {
    "attention": (20e3, 1e12),
    "batch normalization": (256, 1e12),
    "convolution": (2e3, 1e12),
    "convolution with pooling": (2e3, 1e12),
    "cross-entropy": (64, 1e12),  # classes
    "dense": (64, 1e9),
    "dense with a vector": (
        20e3,
        1e9,
    ),  # one row, or one unit: XLA makes a sum of it that fuses with what stands beside
    "depthwise convolution": (3e3, 1e12),
    "pooling": (5e3, 1e12),
    "dropout": (64, 1e12),
    "embedding": (1e3, 1e12),
    "layer normalization": (8, 1e12),  # features
    "recurrent weights": (1, 1e6),
    "update": (64, 1e12),
    "windows": (3e3, 1e12),  # inputs of all windows
}


def library_path(instruction_set: str) -> Path | None:
    """The library that was built for an instruction set, if there is one."""
    here = Path(__file__).parent
    paths = (here / f"library_{instruction_set}{suffix}" for suffix in EXTENSION_SUFFIXES)
    return next((path for path in paths if path.exists()), None)


@cache
def _load() -> tuple[ctypes.CDLL | None, str]:
    """The library for this processor, and what `status` says of it."""
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
        usable = [name for name in INSTRUCTION_SETS[: INSTRUCTION_SETS.index(best) + 1] if library_path(name)]
        if wanted and wanted not in usable:
            raise ArgumentError(
                f"NEURONA_KERNELS must be 'off' or one of {usable}, which were built and run here. Received: "
                f"{wanted!r}"
            )
        chosen = wanted or usable[-1]
        return ctypes.CDLL(str(library_path(chosen))), chosen
    except OSError as error:
        return None, str(error)


def status() -> str:
    """The instruction set of the kernels in use; "off" where the environment says so, "missing" where none
    were built, else the error.

    Example:

        >>> status() in (*INSTRUCTION_SETS, "off", "missing")
        True
    """
    return _load()[1]


@cache
def _target(name: str) -> str:
    """Make a function of the library known to XLA, under its own name."""
    function = getattr(_load()[0], name, None)
    if function is None:
        raise MissingDependencyError(
            f"The native kernels were built from older sources: they have no {name}. Install the package "
            "again "
            "(pip install . or, in a checkout, pip install -e .), or set NEURONA_KERNELS=off."
        )
    jax.ffi.register_ffi_target(name, jax.ffi.pycapsule(function), platform="cpu")
    return name


def call(
    name: str, results: Any, *arrays: Any, aliases: dict[int, int] | None = None, **attributes: Any
) -> Any:
    """Call a function of the library.

    Args:
        name: the C symbol.
        results: the shape and dtype of each result.
        arrays: what it receives.
        aliases: results that may take the place of arguments: {argument: result}.
        attributes: NumPy scalars and arrays, fixed when the call is compiled.
    """
    return jax.ffi.ffi_call(_target(name), results, input_output_aliases=aliases)(*arrays, **attributes)


def usable(kernel: str, work: float, *arrays: Any) -> bool:
    """Whether `run` would compute this by the native kernel on a CPU."""
    least, most = WORTH[kernel]
    floats = (array for array in jax.tree.leaves(arrays) if jnp.issubdtype(array.dtype, jnp.inexact))
    return (
        least <= work <= most
        and all(array.dtype == jnp.float32 for array in floats)
        and _load()[0] is not None
    )


def run(
    kernel: str,
    work: float,
    native: Callable[..., Any],
    twin: Callable[..., Any],
    *arrays: Any,
    takes_several: bool = False,
) -> Any:
    """Compute by the native kernel where that is possible and faster, else by its twin. The one place where
    this is decided.

    Under `vmap`, and for derivatives, `native` behaves as its twin.

    Args:
        kernel: the entry of `WORTH` that tells which sizes are worth it.
        work: the size: multiplications, or elements.
        native, twin: functions of the arrays with equal results.
        takes_several: whether `native` also takes arrays that all have one more axis in front, as `vmap`
            makes them of an ensemble's.
    """
    if not usable(kernel, work, *arrays):
        return twin(*arrays)
    return lax.platform_dependent(*arrays, cpu=_like_its_twin(native, twin, takes_several), default=twin)


def _like_its_twin(
    native: Callable[..., Any], twin: Callable[..., Any], takes_several: bool
) -> Callable[..., Any]:
    """The native function, with the twin's derivatives, and the twin for several at once where it does not
    take them.
    """
    batched = jax.custom_batching.custom_vmap(native)

    @batched.def_vmap
    def _(axis_size: int, in_batched: Any, *arrays: Any) -> Any:
        axes = jax.tree.map(lambda batched: 0 if batched else None, tuple(in_batched))
        several = jax.vmap(twin, in_axes=axes, axis_size=axis_size)
        if takes_several and all(jax.tree.leaves(in_batched)):
            several = _like_its_twin(native, several, takes_several=False)
        results = several(*arrays)
        return results, jax.tree.map(lambda _: True, results)

    differentiable = jax.custom_vjp(batched)

    def forward(*arrays: Any) -> Any:
        return batched(*arrays), arrays

    def backward(arrays: Any, gradients: Any) -> Any:
        return jax.vjp(twin, *arrays)[1](gradients)

    differentiable.defvjp(forward, backward)
    return differentiable
