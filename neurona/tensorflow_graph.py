"""Steps of a graph that TensorFlow draws, such as the function that `tf.data.Dataset.map` is given."""

import sys
from collections.abc import Callable
from typing import Any

import jax
import numpy as np


def in_tensorflow_graph(tree: Any) -> bool:
    """Whether a tree holds a tensor of a graph that TensorFlow draws at this moment.

    Example:

        >>> in_tensorflow_graph([np.ones(2), 3])
        False
    """
    tensorflow: Any = sys.modules.get("tensorflow")
    if getattr(tensorflow, "__name__", "") != "tensorflow":  # not imported, or another library in its place
        return False
    if not hasattr(tensorflow, "executing_eagerly") or tensorflow.executing_eagerly():
        return False  # only begun to be imported, or computing at once
    return any(tensorflow.is_tensor(leaf) for leaf in jax.tree.leaves(tree))


def with_specs(tree: Any, spec: Callable[..., Any]) -> Any:
    """The tree with what `spec(shape, dtype)` makes in the place of each tensor. None stands for an unknown
    size, and for a shape of which TensorFlow does not even know how many axes it has.
    """
    tensorflow: Any = sys.modules["tensorflow"]

    def described(leaf: Any) -> Any:
        if not tensorflow.is_tensor(leaf):
            return leaf
        return spec(None if leaf.shape.rank is None else tuple(leaf.shape), leaf.dtype.name)

    return jax.tree.map(described, tree)


def step_of_tensorflow_graph(function: Any, args: tuple, kwargs: Any, specs: Any) -> Any:
    """A step of the graph that calls a function of arrays.

    Args:
        function: what to call: a function, or a layer.
        args, kwargs: with tensors of the graph anywhere.
        specs: what the function gives, as a tree of things with a shape and a dtype.
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
