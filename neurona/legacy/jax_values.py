"""Variables as values of JAX: Keras's guides hand them to `jax.jit` and `jax.grad`, which take arrays.

JAX has no public way to register a class as a value, so this reaches into its inner modules.

Such guides also run models with Dropout by `stateless_call` without a key: Keras keeps the state of its
random numbers among a model's variables. Here they are drawn from the values of the variables, which differ
at each step of a training.
"""

import functools
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jax._src import core, dtypes
from jax._src.interpreters import pxla

from neurona.core.layer import Layer
from neurona.core.scope import current_scope
from neurona.core.variable import Variable


def install() -> None:
    """Let JAX's functions take variables, and `stateless_call` do without a key, in this process."""
    if not hasattr(Layer.stateless_call, "__wrapped__"):
        Layer.stateless_call = _with_a_key(Layer.stateless_call)
    core.pytype_aval_mappings[Variable] = lambda variable: core.typeof(variable.value)
    dtypes.canonicalize_value_handlers[Variable] = lambda variable: variable.value
    pxla.shard_arg_handlers[Variable] = _on_devices


def _on_devices(variables: Any, shardings: Any, layouts: Any, semantics: Any) -> Any:
    return pxla.shard_args(shardings, layouts, semantics, [one.value for one in variables])


def _with_a_key(stateless_call: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(stateless_call)
    def run(self: Any, trainable: Any, non_trainable: Any, *args: Any, **kwargs: Any) -> Any:
        if kwargs.get("key") is None and current_scope() is None:
            kwargs["key"] = _key_of([*trainable, *non_trainable])
        return stateless_call(self, trainable, non_trainable, *args, **kwargs)

    return run


def _key_of(values: Sequence[Any]) -> jax.Array:
    bits = [jax.lax.bitcast_convert_type(jnp.asarray(one, "float32"), "uint32") for one in values]
    return jax.random.key(sum((jnp.sum(one) for one in bits), jnp.zeros((), "uint32")))
