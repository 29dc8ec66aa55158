"""Variables as values of JAX: Keras's guides hand them to `jax.jit` and `jax.grad`, which take arrays.

JAX has no public way to register a class as a value, so this reaches into its inner modules.
"""

from typing import Any

from jax._src import core, dtypes
from jax._src.interpreters import pxla

from neurona.core.variable import Variable


def install() -> None:
    """Let JAX's functions take variables, in this process."""
    core.pytype_aval_mappings[Variable] = lambda variable: core.typeof(variable.value)
    dtypes.canonicalize_value_handlers[Variable] = lambda variable: variable.value
    pxla.shard_arg_handlers[Variable] = _on_devices


def _on_devices(variables: Any, shardings: Any, layouts: Any, semantics: Any) -> Any:
    return pxla.shard_args(shardings, layouts, semantics, [one.value for one in variables])
