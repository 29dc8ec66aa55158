"""Cross-entropy of a softmax, from its logits."""

from typing import Any

import jax
import jax.numpy as jnp

from . import native


def cross_entropy(logits: jax.Array, targets: jax.Array) -> jax.Array:
    """-sum(targets * log softmax(logits)) over the last axis; of class numbers -log softmax(logits)[target].

    Where there is no such class the error is 0.

    Shapes: logits (..., classes), targets the same, or integers (...) -> (...).

    Example:

        >>> print(cross_entropy(jnp.zeros((2, 4)), jnp.array([3, 0])).round(3))
        [1.386 1.386]
        >>> print(cross_entropy(jnp.zeros((1, 4)), jnp.array([[0.5, 0.5, 0.0, 0.0]])).round(3))
        [1.386]
    """
    classes = logits.shape[-1]
    logits = logits if jnp.issubdtype(logits.dtype, jnp.inexact) else logits.astype(float)
    sparse = targets.ndim < logits.ndim
    targets = (
        targets.ravel().astype(jnp.int32) if sparse else targets.reshape(-1, classes).astype(logits.dtype)
    )
    errors: Any = _errors(logits.reshape(-1, classes), targets)
    return errors.reshape(logits.shape[:-1])


def _twin(logits: jax.Array, targets: jax.Array) -> jax.Array:
    logarithms = jax.nn.log_softmax(logits)
    if targets.ndim == 2:
        return -jnp.sum(targets * logarithms, axis=-1)
    # Compared rather than gathered, so that XLA fuses it.
    return -jnp.sum(jnp.where(jnp.arange(logits.shape[1]) == targets[:, None], logarithms, 0), axis=-1)


def _name(targets: jax.Array) -> str:
    return "neurona_dense_cross_entropy" if targets.ndim == 2 else "neurona_sparse_cross_entropy"


@jax.custom_vjp
def _errors(logits: jax.Array, targets: jax.Array) -> jax.Array:
    return _forward(logits, targets)[0]


@jax.jit
def _forward(logits: jax.Array, targets: jax.Array) -> tuple[jax.Array, jax.Array]:
    """The errors, and two numbers of each row for the gradient: its maximum, and log(sum(exp(row -
    maximum))).
    """

    def twin(logits: jax.Array, targets: jax.Array) -> tuple[jax.Array, jax.Array]:
        maximum = logits.max(-1)
        return _twin(logits, targets), jnp.stack(
            [maximum, jnp.log(jnp.exp(logits - maximum[:, None]).sum(-1))], -1
        )

    def kernel_call(logits: jax.Array, targets: jax.Array) -> tuple[jax.Array, jax.Array]:
        errors, scales = (
            jax.ShapeDtypeStruct(shape, logits.dtype) for shape in ((len(logits),), (len(logits), 2))
        )
        return tuple(native.call(_name(targets), (errors, scales), logits, targets))

    return native.run("cross-entropy", logits.shape[1], kernel_call, twin, logits, targets)


def _with_residuals(logits: jax.Array, targets: jax.Array) -> tuple[jax.Array, Any]:
    errors, scales = _forward(logits, targets)
    return errors, (logits, targets, scales)


@jax.jit
def _backward(
    residuals: tuple[jax.Array, jax.Array, jax.Array], g: jax.Array
) -> tuple[jax.Array, jax.Array | None]:
    logits, targets, _ = residuals

    def twin(logits: jax.Array, targets: jax.Array, scales: jax.Array, g: jax.Array) -> jax.Array:
        return jax.vjp(lambda logits: _twin(logits, targets), logits)[1](g)[0]

    def kernel_call(logits: jax.Array, *others: jax.Array) -> jax.Array:
        return native.call(
            _name(targets) + "_gradient", jax.ShapeDtypeStruct(logits.shape, logits.dtype), logits, *others
        )

    of_logits = native.run("cross-entropy", logits.shape[1], kernel_call, twin, *residuals, g)
    return of_logits, -g[:, None] * jax.nn.log_softmax(logits) if targets.ndim == 2 else None


_errors.defvjp(_with_residuals, _backward)
