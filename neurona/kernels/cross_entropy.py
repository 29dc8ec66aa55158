"""Cross-entropy of a softmax, from its logits."""

from typing import Any

import jax
import jax.numpy as jnp

from neurona.kernels.library import like, native_call
from neurona.kernels.operation import Operation, differentiable


def cross_entropy(logits: jax.Array, targets: jax.Array) -> jax.Array:
    """-sum(targets * log softmax(logits)) over the last axis; of class numbers -log softmax(logits)[target].

    The error of a class number that does not exist is 0.

    Shapes: logits (..., classes), targets the same, or integers (...) -> (...).

    Example:

        >>> print(cross_entropy(jnp.zeros((2, 4)), jnp.array([3, 0])).round(3))
        [1.386 1.386]
        >>> print(cross_entropy(jnp.zeros((1, 4)), jnp.array([[0.5, 0.5, 0.0, 0.0]])).round(3))
        [1.386]
    """
    classes = logits.shape[-1]
    logits = logits if jnp.issubdtype(logits.dtype, jnp.inexact) else logits.astype(float)
    if targets.ndim < logits.ndim:
        targets = targets.ravel().astype(jnp.int32)
    else:
        targets = targets.reshape(-1, classes).astype(logits.dtype)
    return _errors(logits.reshape(-1, classes), targets).reshape(logits.shape[:-1])


def _errors_of(logits: jax.Array, targets: jax.Array) -> jax.Array:
    logarithms = jax.nn.log_softmax(logits)
    if targets.ndim == 2:
        return -jnp.sum(targets * logarithms, axis=-1)
    # XLA fuses a comparison, and would not fuse a gather.
    return -jnp.sum(jnp.where(jnp.arange(logits.shape[1]) == targets[:, None], logarithms, 0), axis=-1)


def _reference(logits: jax.Array, targets: jax.Array) -> tuple[jax.Array, jax.Array]:
    """The errors, and of each row its maximum and log(sum(exp(row - maximum)))."""
    maximum = logits.max(-1)
    sums = jnp.log(jnp.exp(logits - maximum[:, None]).sum(-1))
    return _errors_of(logits, targets), jnp.stack([maximum, sums], -1)


def _native(logits: jax.Array, targets: jax.Array) -> tuple[jax.Array, jax.Array]:
    rows = len(logits)
    return native_call(_symbol(targets), (like(logits, (rows,)), like(logits, (rows, 2))), logits, targets)


def _symbol(targets: jax.Array) -> str:
    return "neurona_dense_cross_entropy" if targets.ndim == 2 else "neurona_sparse_cross_entropy"


def _reference_dlogits(logits: jax.Array, targets: jax.Array, scales: jax.Array, g: jax.Array) -> jax.Array:
    return jax.vjp(lambda logits: _errors_of(logits, targets), logits)[1](g)[0]


def _native_dlogits(logits: jax.Array, targets: jax.Array, *scales_and_g: jax.Array) -> jax.Array:
    return native_call(f"{_symbol(targets)}_gradient", like(logits), logits, targets, *scales_and_g)


def _classes(logits: jax.Array, *_: jax.Array, **_options: Any) -> int:
    return logits.shape[1]


_forward = Operation("cross-entropy", _reference, _native, size=_classes, faster_from_to=(64, 1e12))
_dlogits = _forward.backward(_native_dlogits, _reference_dlogits)


def _gradients(
    logits: jax.Array, targets: jax.Array, scales: jax.Array, g: jax.Array
) -> tuple[jax.Array, jax.Array | None]:
    dtargets = -g[:, None] * jax.nn.log_softmax(logits) if targets.ndim == 2 else None
    return _dlogits(logits, targets, scales, g), dtargets


_errors = differentiable(_forward, _gradients)
