"""`tf.xla`, and the operations of XLA that `tensorflow.compiler.tf2xla.python.xla` has."""

import contextlib
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import jax.numpy as jnp
from jax import lax

from neurona.legacy.tensorflow.dispatch import Is, M, S, T, function


@contextlib.contextmanager
def _jit_scope(compile_ops: bool = True, separate_compiled_gradients: bool = False) -> Iterator[None]:
    """A block like any other: everything is compiled."""
    yield


def _compile(computation: Callable[..., Any], inputs: Any = None) -> list[Any]:
    """What a function gives for these inputs."""
    results = computation(*(inputs or ()))
    return list(results) if isinstance(results, (list, tuple)) else [results]


experimental = SimpleNamespace(jit_scope=_jit_scope, compile=_compile)


@function
def dynamic_slice(x: T, start_indices: Is, slice_sizes: S) -> Any:
    """A part of x of these sizes, from a place that may be computed."""
    return lax.dynamic_slice(x, _places(start_indices), slice_sizes)


@function
def dynamic_update_slice(x: M, update: M, start_indices: Is) -> Any:
    """x with the numbers of `update` from a place on that may be computed."""
    return lax.dynamic_update_slice(x, update, _places(start_indices))


def _places(start_indices: Any) -> list[Any]:
    """One place for each axis."""
    return [one for part in start_indices for one in jnp.ravel(part)]
