"""`tf.data` of TensorFlow 1: iterators whose elements are tensors of the graph, new ones in every run."""

import importlib
import weakref
from typing import Any

import jax
import numpy as np

from neurona.legacy.tensorflow.dtypes import as_dtype
from neurona.legacy.tensorflow.errors import FailedPreconditionError, OutOfRangeError
from neurona.legacy.tensorflow.tensor import Tensor
from neurona.legacy.tensorflow.tensor_shape import TensorShape
from neurona.legacy.tensorflow.v1.graph import get_default_graph
from neurona.legacy.tensorflow.v1.mode import Mode, computing
from neurona.legacy.tensorflow.v1.session import HostTensor, Session, Source
from neurona.legacy.tensorflow.v1.tensor import GraphTensor, Operation

_today: Any = importlib.import_module("neurona.legacy.tensorflow.data")


class GraphIterator:
    """An iterator of a data set in a graph; every session goes through the data set for itself.

    Args:
        dataset: the data set.
        is_ready: whether it begins without its initializer.
    """

    def __init__(self, dataset: Any, is_ready: bool) -> None:
        self.dataset, self._is_ready = dataset, is_ready
        self._open: weakref.WeakKeyDictionary[Session, Any] = weakref.WeakKeyDictionary()
        self.initializer = self.make_initializer(dataset)

    def make_initializer(self, dataset: Any, name: str | None = None) -> HostTensor:
        """The operation that begins with a data set."""

        def begin(session: Session) -> None:
            with computing():
                self._open[session] = iter(dataset._elements())

        return HostTensor([], begin, name or "MakeIterator")

    def elements(self, session: Session) -> Any:
        """The elements that are left for a session.

        Raises:
            FailedPreconditionError: it has not begun.
        """
        if session not in self._open:
            if not self._is_ready:
                raise FailedPreconditionError("The iterator has not begun: run iterator.initializer first.")
            self._open[session] = iter(self.dataset._elements())
        return self._open[session]

    @property
    def output_types(self) -> Any:
        """The dtypes of an element."""
        with computing():
            return jax.tree.map(lambda spec: spec.dtype, self.dataset.element_spec)

    @property
    def output_shapes(self) -> Any:
        """The shapes of an element."""
        with computing():
            return jax.tree.map(lambda spec: TensorShape(spec.shape), self.dataset.element_spec)

    def get_next(self, name: str | None = None) -> Any:
        """An element as tensors, which are those of the next one in every run."""
        with computing():
            specs, form = jax.tree.flatten(self.dataset.element_spec)
        graph, group = get_default_graph(), _Next(self)
        operation = Operation(graph.unique_name(name or "IteratorGetNext"), "IteratorGetNext", (), (), graph)
        tensors = []
        for place, spec in enumerate(specs):
            shape, dtype = TensorShape(spec.shape), as_dtype(spec.dtype)
            sizes = tuple(shape) if shape.rank is not None else None
            node = Source(sizes, dtype.held, f"{operation.name}:{place}", group, place)
            operation.graph_nodes += (node,)
            tensors.append(GraphTensor(node, operation, place))
        return jax.tree.unflatten(form, tensors)


class _Next:
    """One `get_next`."""

    def __init__(self, iterator: GraphIterator) -> None:
        self._iterator = iterator

    def next_values(self, session: Session) -> list[Any]:
        """The arrays of the next element.

        Raises:
            OutOfRangeError: there is none.
        """
        try:
            element = next(self._iterator.elements(session))
        except StopIteration:
            raise OutOfRangeError("End of sequence") from None
        leaves = jax.tree.leaves(element, is_leaf=lambda leaf: isinstance(leaf, Tensor))
        return [np.asarray(leaf._array if isinstance(leaf, Tensor) else leaf) for leaf in leaves]


def make_one_shot_iterator(dataset: Any) -> Any:
    """An iterator that begins at once."""
    return GraphIterator(dataset, True) if Mode.draws else iter(dataset)


def make_initializable_iterator(dataset: Any, shared_name: Any = None) -> Any:
    """An iterator that begins when its `initializer` runs."""
    return GraphIterator(dataset, False) if Mode.draws else iter(dataset)


class Iterator:
    """`tf.data.Iterator`."""

    @staticmethod
    def from_structure(output_types: Any, output_shapes: Any = None, *_: Any, **__: Any) -> Any:
        """Refuse: a data set is needed."""
        raise NotImplementedError(
            "tf.data.Iterator.from_structure is not here: call make_initializable_iterator of each data set."
        )


for _name, _function in (
    ("make_one_shot_iterator", make_one_shot_iterator),
    ("make_initializable_iterator", make_initializable_iterator),
):
    setattr(_today.Dataset, _name, _function)


def __getattr__(name: str) -> Any:
    return getattr(_today, name)
