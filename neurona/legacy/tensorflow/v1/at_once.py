"""Steps of TensorFlow 1 that compute at once, where no graph is drawn."""

from collections.abc import Callable
from typing import Any

import jax

from neurona.core.variable import Variable
from neurona.legacy.tensorflow.dispatch import tensor_of
from neurona.legacy.tensorflow.recording import computed, without_tapes
from neurona.legacy.tensorflow.tensor import Tensor


def compute(function: Callable[..., Any], args: Any, kwargs: dict[str, Any], keeps: bool) -> Any:
    """What a function of arrays gives for tensors and variables, as tensors.

    Args:
        function: of arrays.
        args, kwargs: with tensors and variables anywhere.
        keeps: whether open tapes keep it.
    """
    leaves, form = jax.tree.flatten((args, kwargs), is_leaf=lambda leaf: isinstance(leaf, (Tensor, Variable)))
    given = [tensor_of(one) if isinstance(one, (Tensor, Variable)) else None for one in leaves]

    def run(arrays: list[Any]) -> Any:
        found = iter(arrays)
        filled = [leaf if one is None else next(found) for leaf, one in zip(leaves, given, strict=True)]
        positional, named = jax.tree.unflatten(form, filled)
        return function(*positional, **named)

    arrays = [one._array for one in given if one is not None]
    results = computed(run, arrays, run) if keeps else without_tapes(run, arrays)
    return jax.tree.map(
        lambda one: one if isinstance(one, Tensor) else Tensor(one),
        results,
        is_leaf=lambda one: isinstance(one, Tensor),
    )
