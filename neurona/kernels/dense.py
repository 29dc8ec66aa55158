"""The computation of a dense layer, y = activation(x @ kernel + bias), and its gradients."""

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from neurona import activations

from . import native

# Activations that the native kernels compute with the sum, and their slopes as functions of their values.
FUSED: dict[Callable[..., Any], tuple[int, Callable[[jax.Array], jax.Array]]] = {
    activations.linear: (0, jnp.ones_like),
    activations.relu: (1, lambda value: (value > 0).astype(value.dtype)),
    activations.tanh: (2, lambda value: 1 - value * value),
}


def dense(
    x: jax.Array,
    kernel: jax.Array,
    bias: jax.Array | None = None,
    activation: Callable[..., Any] = activations.linear,
) -> jax.Array:
    """y = activation(x @ kernel + bias).

    Shapes: x (..., d), kernel (d, n), bias (n,) -> y (..., n).

    Example:

        >>> dense(jnp.ones((2, 3)), jnp.ones((3, 4)), activation=activations.relu).tolist()
        [[3.0, 3.0, 3.0, 3.0], [3.0, 3.0, 3.0, 3.0]]
    """
    dtype = jnp.result_type(x, kernel)
    bias = jnp.zeros(kernel.shape[-1:], dtype) if bias is None else bias.astype(dtype)
    fused = activation if any(activation is known for known in FUSED) else activations.linear
    y: Any = _dense(x.reshape(-1, x.shape[-1]).astype(dtype), kernel.astype(dtype), bias, fused)
    y = y.reshape(*x.shape[:-1], kernel.shape[-1])
    return y if fused is activation else activation(y)


@partial(jax.custom_vjp, nondiff_argnums=(3,))
def _dense(x: jax.Array, kernel: jax.Array, bias: jax.Array, activation: Callable[..., Any]) -> jax.Array:
    return _forward(x, kernel, bias, activation)


@partial(jax.jit, static_argnums=3)
def _forward(x: jax.Array, kernel: jax.Array, bias: jax.Array, activation: Callable[..., Any]) -> jax.Array:
    def twin(x: jax.Array, kernel: jax.Array, bias: jax.Array) -> jax.Array:
        return activation(x @ kernel + bias)

    def kernel_call(x: jax.Array, kernel: jax.Array, bias: jax.Array) -> jax.Array:
        result = jax.ShapeDtypeStruct((*x.shape[:-1], kernel.shape[-1]), x.dtype)
        return native.call(
            "neurona_dense", result, x, kernel, bias, activation=np.int32(FUSED[activation][0])
        )

    return _run(kernel_call, twin, x, kernel, bias)


def _run(
    kernel_call: Callable[..., Any],
    twin: Callable[..., Any],
    x: jax.Array,
    kernel: jax.Array,
    *others: jax.Array,
) -> Any:
    entry = "dense" if x.shape[0] > 1 and kernel.shape[1] > 1 else "dense with a vector"
    return native.run(
        entry, x.shape[0] * kernel.size, kernel_call, twin, x, kernel, *others, takes_several=True
    )


@jax.custom_jvp  # because what has a rule for vmap has no derivatives of its own
def _transposed(matrix: jax.Array) -> jax.Array:
    """The transpose of a matrix; under vmap on a CPU the transposes lie in memory as such."""
    return _one_transposed(matrix)


@_transposed.defjvp
def _(primals: Any, tangents: Any) -> Any:
    return primals[0].T, tangents[0].T


@jax.custom_batching.custom_vmap
def _one_transposed(matrix: jax.Array) -> jax.Array:
    return matrix.T


@_one_transposed.def_vmap
def _(axis_size: int, in_batched: Any, matrices: jax.Array) -> Any:
    # Where XLA on a CPU multiplies many small matrices and sees that they are transposes, it takes 3 to 6
    # times as long.
    transposed = lax.platform_dependent(
        matrices.mT, cpu=lax.optimization_barrier, default=lambda array: array
    )
    return transposed, True


@partial(jax.jit, static_argnums=(4, 5))
def _gradients(
    x: jax.Array, kernel: jax.Array, y: jax.Array, g: jax.Array, activation: Callable[..., Any], of_x: bool
) -> tuple[jax.Array | None, jax.Array, jax.Array]:
    """The gradients of x (None unless asked for), kernel and bias."""

    def twin(
        x: jax.Array, kernel: jax.Array, y: jax.Array, g: jax.Array
    ) -> tuple[jax.Array | None, jax.Array, jax.Array]:
        z = g * FUSED[activation][1](y)
        return (z @ _transposed(kernel) if of_x else None), _transposed(x) @ z, z.sum(0)

    def kernel_call(
        x: jax.Array, kernel: jax.Array, y: jax.Array, g: jax.Array
    ) -> tuple[jax.Array | None, jax.Array, jax.Array]:
        dx, dkernel, dbias = (
            jax.ShapeDtypeStruct(shape, x.dtype)
            for shape in (x.shape, kernel.shape, (*kernel.shape[:-2], kernel.shape[-1]))
        )
        code = np.int32(FUSED[activation][0])
        if of_x:
            return tuple(
                native.call("neurona_dense_gradients", (dx, dkernel, dbias), x, kernel, y, g, activation=code)
            )
        return None, *native.call(
            "neurona_dense_weight_gradients", (dkernel, dbias), x, y, g, activation=code
        )

    return _run(kernel_call, twin, x, kernel, y, g)


def _with_residuals(x: Any, kernel: Any, bias: Any, activation: Callable[..., Any]) -> tuple[jax.Array, Any]:
    y = _forward(x.value, kernel.value, bias.value, activation)
    return y, (x.value, kernel.value, y, () if x.perturbed else None)


def _backward(
    activation: Callable[..., Any], residuals: Any, g: Any
) -> tuple[jax.Array | None, jax.Array, jax.Array]:
    x, kernel, y, of_x = residuals
    if isinstance(g, jax.custom_derivatives.SymbolicZero):
        g = jnp.zeros(y.shape, y.dtype)
    return _gradients(x, kernel, y, g, activation, of_x is not None)


_dense.defvjp(_with_residuals, _backward, symbolic_zeros=True)
