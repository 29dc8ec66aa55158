"""`tf.autodiff`: derivatives backward and forward."""

from typing import Any

import jax
import jax.numpy as jnp

from neurona.core.variable import Variable
from neurona.legacy.tensorflow.dispatch import tensor_of
from neurona.legacy.tensorflow.tape import GradientTape, UnconnectedGradients
from neurona.legacy.tensorflow.tensor import Tensor
from neurona.messages import translated

__all__ = ["ForwardAccumulator", "GradientTape"]


class ForwardAccumulator:
    """Directional derivatives, Jv, of what is computed inside its `with` block.

    Args:
        primals: a tensor or variable, or several, nested at will.
        tangents: the direction v: a tensor of the same shape for each.

    Raises:
        ValueError: a tangent has another shape than its primal.

    Source: Baydin and others, Automatic differentiation in machine learning: a survey, JMLR 18, 2018.
    """

    def __init__(self, primals: Any, tangents: Any) -> None:
        self._primals, given = _leaves(primals), _leaves(tangents)
        shapes = [[tuple(one.shape) for one in map(_tensor, some)] for some in (self._primals, given)]
        if shapes[0] != shapes[1]:
            raise ValueError(
                translated(
                    f"ForwardAccumulator needs a tangent of the same shape for each primal. Received primals "
                    f"of shapes {shapes[0]} and tangents of shapes {shapes[1]}."
                )
            )
        kinds = [_tensor(one)._array.dtype for one in self._primals]
        self._tangents = [jnp.asarray(_tensor(one)._array, kind) for one, kind in zip(given, kinds)]
        self._tape = GradientTape(persistent=True, watch_accessed_variables=False)

    def __enter__(self) -> "ForwardAccumulator":
        self._tape.__enter__()
        self._tape.watch(self._primals)
        return self

    def __exit__(self, *error: object) -> None:
        self._tape.__exit__(*error)

    def jvp(self, primals: Any, unconnected_gradients: Any = UnconnectedGradients.NONE) -> Any:
        """The derivative of tensors computed inside along the tangents.

        Args:
            primals: a tensor, or several, nested at will.
            unconnected_gradients: "none" or "zero", where nothing connects them with the accumulator's.
        """
        found = self._tape.jvp(primals, self._primals, self._tangents)
        if UnconnectedGradients(unconnected_gradients) is UnconnectedGradients.NONE:
            return found
        return jax.tree.map(
            lambda like, one: Tensor(jnp.zeros_like(_tensor(like)._array)) if one is None else one,
            primals,
            found,
            is_leaf=lambda one: one is None or isinstance(one, (Tensor, Variable)),
        )


def _leaves(tree: Any) -> list[Any]:
    return jax.tree.leaves(tree, is_leaf=lambda one: isinstance(one, (Tensor, Variable)))


def _tensor(value: Any) -> Tensor:
    return tensor_of(value.value if isinstance(value, Variable) else value)
