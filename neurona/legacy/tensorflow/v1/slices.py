"""`tf.slice` and `tf.strided_slice` of graphs, whose places may be known only when a run computes them."""

from collections.abc import Callable
from typing import Any

import jax
import jax.core
import jax.numpy as jnp
import numpy as np

from neurona.graph import Node, Spec
from neurona.graph.tree import replaced
from neurona.legacy.tensorflow import choosing
from neurona.legacy.tensorflow.v1.graph import get_default_graph
from neurona.legacy.tensorflow.v1.tensor import (
    GraphTensor,
    Operation,
    as_nodes,
    convert,
    tensors_of,
)


class _Block(Node):
    """A block of a tensor. Where its sizes are known, its place may be one that is computed in the run."""

    def compute(self, run: Any, value_of: Callable[[Node], Any]) -> Any:
        tensor, begin, end = replaced(self.args, value_of)
        places = begin if isinstance(begin, (list, tuple)) else [begin]
        moves = any(isinstance(one, jax.core.Tracer) for one in places)
        sizes = None if self._spec is None else self._spec.shape
        if moves and sizes is not None and None not in sizes:
            return _moving(tensor, begin, sizes)
        starts, ends = (np.asarray(one).tolist() for one in (begin, end))
        return tensor[tuple(slice(*pair) for pair in zip(starts, ends))]


def _moving(tensor: Any, begin: Any, sizes: tuple[Any, ...]) -> Any:
    """A block of known sizes at a place that is computed."""
    places = jnp.stack([jnp.asarray(one, jnp.int32) for one in begin])
    starts = [*places, *(0 for _ in range(tensor.ndim - places.shape[0]))]
    starts = [jnp.where(one < 0, one + size, one) for one, size in zip(starts, tensor.shape)]
    return jax.lax.dynamic_slice(tensor, starts, sizes)


def _block(tensor: Any, begin: Any, end: Any, sizes: list[Any] | None, name: str, kind: str) -> Any:
    """A block as a step. `sizes` are those of the sliced axes, None for one that is not known."""
    graph = get_default_graph()
    full_name = graph.unique_name(name)
    args = as_nodes((tensor, begin, end))
    node = _Block(None, args, name=full_name, after=graph.before())
    if sizes is not None and tensor.shape.rank is not None:
        node.spec = Spec((*sizes, *tuple(tensor.shape)[len(sizes) :]), tensor.node.dtype)
    return tensors_of(node, Operation(full_name, kind, [node], [tensor], graph))


def slice_(input_: Any, begin: Any, size: Any, name: str | None = None) -> Any:
    """A block of given sizes; -1 stands for all the rest."""
    if not _is_moved(begin) or _is_moved(size):
        return choosing.slice_(input_, begin, size, name=name)
    tensor, places = convert(input_), _parts(begin)
    sizes = [int(one) for one in np.asarray(size).tolist()]
    rest = [None if one == -1 else one for one in sizes]
    ends = [None if one == -1 else place + one for place, one in zip(places, sizes)]
    return _block(tensor, places, ends, rest, name or "Slice", "Slice")


def strided_slice(
    input_: Any,
    begin: Any,
    end: Any,
    strides: Any = None,
    begin_mask: int = 0,
    end_mask: int = 0,
    ellipsis_mask: int = 0,
    new_axis_mask: int = 0,
    shrink_axis_mask: int = 0,
    var: Any = None,
    name: str | None = None,
) -> Any:
    """A block with steps. A mask's bits say where an entry is left out, or is an index, and so on."""
    masks = (begin_mask, end_mask, ellipsis_mask, new_axis_mask, shrink_axis_mask)
    if any(masks) or strides is not None or not (_is_moved(begin) or _is_moved(end)):
        moved = [_parts(one) if _is_moved(one) else one for one in (begin, end, strides)]
        return choosing.strided_slice(input_, *moved, *masks, name=name)
    tensor = convert(input_)
    firsts, lasts = _parts(begin), _parts(end)
    sizes = [_length(first, last) for first, last in zip(firsts, lasts)]
    return _block(tensor, firsts, lasts, sizes, name or "StridedSlice", "StridedSlice")


def _is_moved(value: Any) -> bool:
    """Whether a place is, or holds, a tensor of the graph."""
    return any(map(_is_tensor, value if isinstance(value, (list, tuple)) else [value]))


def _parts(value: Any) -> list[Any]:
    """A place as a list of an entry for each axis."""
    if isinstance(value, (list, tuple)):
        return list(value)
    whole = convert(value)
    return [whole[axis] for axis in range(int(whole.shape[0]))]


def _length(first: Any, last: Any) -> int | None:
    """How many elements lie between two places, where it is known."""
    known = not _is_tensor(first) and not _is_tensor(last)
    return int(last) - int(first) if known else None


def _is_tensor(value: Any) -> bool:
    """Whether a value is a tensor of the graph."""
    return isinstance(value, GraphTensor) or hasattr(value, "graph_node")
