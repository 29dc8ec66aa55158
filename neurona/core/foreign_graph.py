"""Layers inside a graph of TensorFlow, such as the function that `tf.data.Dataset.map` draws."""

import sys
from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from neurona.core.errors import ShapeError
from neurona.core.symbolic import SymbolicTensor


def in_foreign_graph(tree: Any) -> bool:
    """Whether an argument is a tensor of a graph that TensorFlow draws at this moment."""
    tensorflow: Any = sys.modules.get("tensorflow")
    if tensorflow is None or tensorflow.executing_eagerly():
        return False
    return any(tensorflow.is_tensor(leaf) for leaf in jax.tree.leaves(tree))


def call_in_foreign_graph(layer: Any, args: tuple, kwargs: dict[str, Any]) -> Any:
    """A step of the graph that calls the layer on the numbers that come by.

    Raises:
        ShapeError: TensorFlow does not know how many axes an argument has.
    """

    def described(leaf: Any) -> Any:
        if not sys.modules["tensorflow"].is_tensor(leaf):
            return leaf
        if leaf.shape.rank is None:
            raise ShapeError(
                f"Layer {layer.name!r} ({type(layer).__name__}) needs to know how many axes its input has. "
                "Give the tensor its shape before: `x.set_shape((None, 3))`, or `x = tf.ensure_shape(x, "
                "(None, 3))`."
            )
        return SymbolicTensor(tuple(leaf.shape), leaf.dtype.name)

    specs = layer.compute_output_spec(*jax.tree.map(described, args), **jax.tree.map(described, kwargs))
    return step_of_foreign_graph(layer, args, kwargs, specs)


def step_of_foreign_graph(function: Callable[..., Any], args: tuple, kwargs: Any, specs: Any) -> Any:
    """A step of the graph that calls a function of arrays.

    Args:
        function: what to call.
        args, kwargs: with tensors of the graph anywhere.
        specs: the shapes and dtypes of the outputs, as a tree.
    """
    tensorflow: Any = sys.modules["tensorflow"]
    leaves, tree = jax.tree.flatten((args, kwargs))
    places = [place for place, leaf in enumerate(leaves) if tensorflow.is_tensor(leaf)]
    wanted, form = jax.tree.flatten(specs, is_leaf=lambda spec: hasattr(spec, "shape"))

    def run(*arrays: np.ndarray) -> list[np.ndarray]:
        values = list(leaves)
        for place, array in zip(places, arrays, strict=True):
            values[place] = array
        args, kwargs = jax.tree.unflatten(tree, values)
        outputs = jax.tree.leaves(function(*args, **kwargs))
        return [np.asarray(one, spec.dtype) for one, spec in zip(outputs, wanted, strict=True)]

    outputs = tensorflow.numpy_function(
        run, [leaves[place] for place in places], [spec.dtype for spec in wanted]
    )
    for output, spec in zip(outputs, wanted, strict=True):
        output.set_shape(spec.shape)
    return jax.tree.unflatten(form, outputs)
