"""The computation of a dense layer, y = activation(x @ kernel + bias), and its gradients."""

from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from neurona import activations
from neurona.kernels.activation_codes import Activation, before_activation, fused, native_code
from neurona.kernels.library import like, native_call
from neurona.kernels.operation import Operation, Range, differentiable


def dense(
    x: jax.Array,
    kernel: jax.Array,
    bias: jax.Array | None = None,
    activation: Activation = activations.linear,
) -> jax.Array:
    """y = activation(x @ kernel + bias).

    Shapes: x (..., d), kernel (d, n), bias (n,) -> y (..., n).

    Example:

        >>> dense(jnp.ones((2, 3)), jnp.ones((3, 4)), activation=activations.relu).tolist()
        [[3.0, 3.0, 3.0, 3.0], [3.0, 3.0, 3.0, 3.0]]
    """
    dtype = jnp.result_type(x, kernel)
    bias = jnp.zeros(kernel.shape[-1:], dtype) if bias is None else bias.astype(dtype)
    inner = fused(activation)
    y = _dense(x.reshape(-1, x.shape[-1]).astype(dtype), kernel.astype(dtype), bias, activation=inner)
    y = y.reshape(*x.shape[:-1], kernel.shape[-1])
    return y if inner is activation else activation(y)


def _reference(x: jax.Array, kernel: jax.Array, bias: jax.Array, *, activation: Activation) -> jax.Array:
    return activation(x @ kernel + bias)


def _native(x: jax.Array, kernel: jax.Array, bias: jax.Array, *, activation: Activation) -> jax.Array:
    y = like(x, (*x.shape[:-1], kernel.shape[-1]))
    return native_call("neurona_dense", y, x, kernel, bias, activation=native_code(activation))


def _multiplications(x: jax.Array, kernel: jax.Array, *_: jax.Array, **_options: Any) -> int:
    return x.shape[0] * kernel.size


def _faster_from_to(x: jax.Array, kernel: jax.Array, *_: jax.Array, **_options: Any) -> Range:
    # XLA fuses a product with one row or one column with its neighbours.
    return (64, 1e9) if x.shape[0] > 1 and kernel.shape[1] > 1 else (20e3, 1e9)


_forward = Operation(
    "dense",
    reference=_reference,
    native=_native,
    size=_multiplications,
    faster_from_to=_faster_from_to,
    takes_batch_of_layers=True,
)


@jax.custom_jvp  # a function with a rule for vmap has no derivative
def _transposed(matrix: jax.Array) -> jax.Array:
    """The transpose of a matrix. Under vmap on a CPU the transposes are copied into that order."""
    return _one_transposed(matrix)


@_transposed.defjvp
def _(primals: Any, tangents: Any) -> Any:
    return primals[0].T, tangents[0].T


@jax.custom_batching.custom_vmap
def _one_transposed(matrix: jax.Array) -> jax.Array:
    return matrix.T


@_one_transposed.def_vmap
def _(axis_size: int, in_batched: Any, matrices: jax.Array) -> Any:
    # XLA on a CPU takes 3 to 6 times as long for many small products whose operands it knows to be
    # transposes.
    transposed = lax.platform_dependent(
        matrices.mT, cpu=lax.optimization_barrier, default=lambda array: array
    )
    return transposed, True


Gradients = tuple[jax.Array | None, jax.Array, jax.Array]


def _reference_gradients(
    x: jax.Array, kernel: jax.Array, y: jax.Array, g: jax.Array, *, activation: Activation, needs_dx: bool
) -> Gradients:
    z = before_activation(activation, y, g)
    return (z @ _transposed(kernel) if needs_dx else None), _transposed(x) @ z, z.sum(0)


def _native_gradients(
    x: jax.Array, kernel: jax.Array, y: jax.Array, g: jax.Array, *, activation: Activation, needs_dx: bool
) -> Gradients:
    code = native_code(activation)
    weights = like(kernel), like(kernel, (*kernel.shape[:-2], kernel.shape[-1]))
    if needs_dx:
        return native_call("neurona_dense_gradients", (like(x), *weights), x, kernel, y, g, activation=code)
    return None, *native_call("neurona_dense_weight_gradients", weights, x, y, g, activation=code)


_dense = differentiable(
    _forward,
    _forward.backward(_native_gradients, _reference_gradients),
    keeps=lambda arrays, y, **_: (*arrays[:2], y),
    skips_dx=True,
)
