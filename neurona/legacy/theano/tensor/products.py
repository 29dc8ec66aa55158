"""Products of vectors, matrices and larger arrays."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from neurona.graph import Spec
from neurona.legacy.theano.settings import wide
from neurona.legacy.theano.variables import apply, as_tensor_variable


def dot(a: Any, b: Any) -> Any:
    """The sum of products over the last axis of the one and the last but one of the other."""
    a, b = as_tensor_variable(a), as_tensor_variable(b)
    node = apply(jnp.dot, a, b, name="dot")
    with wide():
        one, two = a.spec.shape, b.spec.shape
        if one and two:  # sizes that must agree need not be known
            shape = (*one[:-1], *two[:-2], *two[-1:] * (len(two) > 1))
            node.spec = Spec(shape, np.result_type(a.dtype, b.dtype))
    return node


def log(x: Any) -> Any:
    """The logarithm; of 1 / (1 + exp(z)), and of 1 minus that, without overflow, as Theano rewrote it."""
    x = as_tensor_variable(x)
    z, sign = _in_sigmoid(x), 1
    if z is None and x.function is jnp.subtract and _is_one(x.args[0]):
        z, sign = _in_sigmoid(x.args[1]), -1
    if z is None:
        return apply(jnp.log, x, name="log")
    return apply(lambda one: -jax.nn.softplus(sign * one), z, name="log")


def _is_one(value: Any) -> bool:
    return isinstance(value, (int, float)) and value == 1


def _in_sigmoid(x: Any) -> Any:
    """The z of 1 / (1 + exp(z)); None for any other expression."""
    for function in (jnp.true_divide, jnp.add):
        if getattr(x, "function", None) is not function or not _is_one(x.args[0]):
            return None
        x = x.args[1]
    return x.args[0] if getattr(x, "function", None) is jnp.exp else None


def tensordot(a: Any, b: Any, axes: Any = 2) -> Any:
    """Products summed over pairs of axes."""
    return apply(
        lambda x, y: jnp.tensordot(x, y, axes), as_tensor_variable(a), as_tensor_variable(b), name="tensordot"
    )


def batched_tensordot(x: Any, y: Any, axes: Any = 2) -> Any:
    """`tensordot` of each pair in two batches."""
    pairs = axes if isinstance(axes, int) else [[axis - 1 for axis in one] for one in axes]
    return apply(lambda a, b: jax.vmap(lambda p, q: jnp.tensordot(p, q, pairs))(a, b), x, y)


# What `theano.tensor.extra_ops` has.
