"""`tf.data` of TensorFlow 1: iterators whose elements are tensors of the graph, new ones in every run."""

import contextlib
import functools
import importlib
import itertools
import weakref
from collections.abc import Iterator as Iterator_
from typing import Any

import jax
import numpy as np

from neurona.legacy.tensorflow.data import specs
from neurona.legacy.tensorflow.data.elements import count_rows, leaves_of_shapes, row_of
from neurona.legacy.tensorflow.data.orders import UNKNOWN
from neurona.legacy.tensorflow.dtypes import as_dtype
from neurona.legacy.tensorflow.errors import FailedPreconditionError, OutOfRangeError
from neurona.legacy.tensorflow.spec import TensorSpec
from neurona.legacy.tensorflow.tensor import Tensor
from neurona.legacy.tensorflow.tensor_shape import TensorShape
from neurona.legacy.tensorflow.v1.graph import get_default_graph
from neurona.legacy.tensorflow.v1.mode import Mode, computing
from neurona.legacy.tensorflow.v1.session import HostTensor, Session, Source
from neurona.legacy.tensorflow.v1.tensor import GraphTensor, Operation, convert

_today: Any = importlib.import_module("neurona.legacy.tensorflow.data")


_handles: weakref.WeakValueDictionary[bytes, Any] = weakref.WeakValueDictionary()


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

        return HostTensor([], lambda session: self._begin(session, dataset), name or "MakeIterator")

    def string_handle(self, name: str | None = None) -> HostTensor:
        """What `from_string_handle` takes, as a session gives it."""
        handle = f"iterator_{id(self)}".encode()
        _handles[handle] = self
        return HostTensor([], lambda session: handle, name or "IteratorToStringHandle")

    def _begin(self, session: Session, dataset: Any) -> None:
        """Go to the first element, for which tensors of the graph get their values."""
        with computing(), _Reading.by(session):
            elements = iter(dataset._elements())
            first = list(itertools.islice(elements, 1))
            self._open[session] = itertools.chain(first, elements)

    def elements(self, session: Session) -> Any:
        """The elements that are left for a session.

        Raises:
            FailedPreconditionError: it has not begun.
        """
        if session not in self._open:
            if not self._is_ready:
                raise FailedPreconditionError("The iterator has not begun: run iterator.initializer first.")
            self._begin(session, self.dataset)
        return self._open[session]

    @property
    def output_types(self) -> Any:
        """The dtypes of an element."""
        return _told(self.dataset, "dtype")

    @property
    def output_shapes(self) -> Any:
        """The shapes of an element."""
        return _told(self.dataset, "shape")

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


class _Reading:
    """Which session gives tensors of the graph their values now."""

    session: Session | None = None

    @classmethod
    @contextlib.contextmanager
    def by(cls, session: Session) -> Iterator_[None]:
        """The time in which a session begins with a data set."""
        outer, cls.session = cls.session, session
        try:
            yield
        finally:
            cls.session = outer


class _Late:
    """Tensors of the graph as arrays, which they are when an iterator begins.

    Args:
        given: a structure of them, in which anything else may be.
    """

    def __init__(self, given: Any) -> None:
        self._given, self._form = jax.tree.flatten(given, is_leaf=_is_one)
        self._places = [place for place, one in enumerate(self._given) if _is_of_graph(one)]
        self.leaves = [convert(self._given[place]) for place in self._places]
        self._values: list[Any] = []

    def arrays(self) -> Any:
        """The structure with arrays, those of the last beginning where none is now."""
        session = _Reading.session
        if session is not None:
            self._values = [np.asarray(one) for one in session.run(self.leaves, session.feeding)]
        full = list(self._given)
        for place, value in zip(self._places, self._values or map(_some, self.leaves), strict=True):
            full[place] = value
        return jax.tree.unflatten(self._form, full)


def _some(tensor: Any) -> np.ndarray:
    """An array of a tensor's form: its value where it is known, else ones, from which specs are found."""
    if tensor.node.value is not None:
        return np.asarray(tensor.node.value)
    sizes = [1 if size is None else size for size in tuple(tensor.shape)] if tensor.shape.rank else []
    return np.full(sizes, b"", object) if tensor.dtype == "string" else np.ones(sizes, tensor.node.dtype)


def _is_one(value: Any) -> bool:
    return isinstance(value, GraphTensor) or hasattr(value, "graph_node") or isinstance(value, list)


def _of_graphs(original: Any, skipped: int) -> Any:
    """A constructor of data sets that takes tensors of graphs too."""

    def make(cls: Any, tensors: Any, name: Any = None) -> Any:
        if not any(map(_is_of_graph, jax.tree.leaves(tensors, is_leaf=_is_one))):
            return original.__func__(cls, tensors, name)
        leaves, form = jax.tree.flatten(tuple(tensors) if isinstance(tensors, list) else tensors, _is_one)
        leaves = [convert(one) for one in leaves]
        late = _Late(jax.tree.unflatten(form, leaves))

        def elements() -> Any:
            arrays = late.arrays()
            if not skipped:
                return iter([arrays])
            return (row_of(arrays, place) for place in range(count_rows(arrays)))

        found = [specs.spec(tuple(one.shape[skipped:]), one.dtype) for one in leaves]
        kind = "_TensorSliceDataset" if skipped else "_TensorDataset"
        return cls._of(kind, elements, UNKNOWN if skipped else 1, lambda: jax.tree.unflatten(form, found))

    return classmethod(make)


def _with_numbers_of_graphs(original: Any, kind: str) -> Any:
    """A method of data sets, or `range`, whose numbers may be tensors of graphs."""

    def make(first: Any, *args: Any, **kwargs: Any) -> Any:
        if not any(map(_is_of_graph, (*args, *kwargs.values()))):
            return original(first, *args, **kwargs)
        late = _Late((args, kwargs))

        def made(**changed: Any) -> Any:
            values, named = late.arrays()
            return original(first, *values, **{**named, **changed})

        # A batch whose size is not known yet has an unknown number of rows, even without a remainder.
        spec = {"drop_remainder": False} if "drop_remainder" in kwargs else {}
        return first._of(kind, lambda: made()._elements(), UNKNOWN, lambda: made(**spec).element_spec)

    return make


def _with_paths_of_graphs(original: Any) -> Any:
    """The constructor of a data set of files whose paths may be a tensor of a graph."""

    @functools.wraps(original)
    def begin(self: Any, filenames: Any, *args: Any, **kwargs: Any) -> None:
        if _is_of_graph(filenames):
            late = _Late(filenames)
            paths = lambda: iter(np.atleast_1d(late.arrays()).tolist())
            filenames = _today.Dataset._of("_Paths", paths, UNKNOWN, lambda: specs.spec((), object))
        original(self, filenames, *args, **kwargs)

    return begin


def _is_of_graph(value: Any) -> bool:
    return isinstance(value, GraphTensor) or hasattr(value, "graph_node")


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


class Iterator(GraphIterator):
    """`tf.data.Iterator`: an iterator of a graph, whose data set its initializer says."""

    @staticmethod
    def from_structure(
        output_types: Any, output_shapes: Any = None, shared_name: Any = None, output_classes: Any = None
    ) -> GraphIterator:
        """An iterator for any data set of a structure: `make_initializer(dataset)` begins with one."""
        return GraphIterator(_Structure(output_types, output_shapes), False)

    @staticmethod
    def from_string_handle(
        string_handle: Any, output_types: Any, output_shapes: Any = None, output_classes: Any = None
    ) -> GraphIterator:
        """The iterator whose handle is fed to a run."""
        return _Fed(convert(string_handle), _Structure(output_types, output_shapes))


class _Structure:
    """What is known of a data set that is not there yet."""

    def __init__(self, types: Any, shapes: Any) -> None:
        leaves, form = jax.tree.flatten(types)
        sizes = [None] * len(leaves) if shapes is None else leaves_of_shapes(shapes, types)
        self.element_spec = jax.tree.unflatten(
            form, [TensorSpec(size, dtype) for size, dtype in zip(sizes, leaves, strict=True)]
        )


class _Fed(GraphIterator):
    """The iterator of which a run is told by a handle."""

    def __init__(self, handle: Any, structure: _Structure) -> None:
        super().__init__(structure, True)
        self._handle = handle

    def elements(self, session: Session) -> Any:
        told = session.run(self._handle, session.feeding)
        return _handles[told].elements(session)


for _name, _function in (
    ("make_one_shot_iterator", make_one_shot_iterator),
    ("make_initializable_iterator", make_initializable_iterator),
):
    setattr(_today.Dataset, _name, _function)


def _told(dataset: Any, part: str) -> Any:
    """The dtypes or shapes of a data set's elements, in their structure."""
    with computing():
        return jax.tree.map(lambda spec: getattr(spec, part), dataset.element_spec)


_today.Dataset.output_types = property(lambda self: _told(self, "dtype"))
_today.Dataset.output_shapes = property(lambda self: _told(self, "shape"))
_today.Dataset.output_classes = property(lambda self: jax.tree.map(lambda _: Tensor, _told(self, "dtype")))

for _name, _skipped in (("from_tensor_slices", 1), ("from_tensors", 0)):
    setattr(
        _today.Dataset,
        _name,
        _of_graphs(_today.Dataset.__dict__.get(_name) or getattr(_today.Dataset, _name), _skipped),
    )

_today.Dataset.range = classmethod(_with_numbers_of_graphs(_today.Dataset.range.__func__, "_RangeDataset"))
for _name in ("batch", "padded_batch", "repeat", "shard", "shuffle", "skip", "take"):
    _method = getattr(_today.Dataset, _name)
    setattr(_today.Dataset, _name, _with_numbers_of_graphs(_method, f"_{_name.title()}Dataset"))
for _name in ("FixedLengthRecordDataset", "TextLineDataset", "TFRecordDataset"):
    _kind = getattr(_today, _name)
    _kind.__init__ = _with_paths_of_graphs(_kind.__init__)


def get_output_types(dataset_or_iterator: Any) -> Any:
    """The dtypes of the elements."""
    return dataset_or_iterator.output_types


def get_output_shapes(dataset_or_iterator: Any) -> Any:
    """The shapes of the elements."""
    return dataset_or_iterator.output_shapes


def __getattr__(name: str) -> Any:
    return getattr(_today, name)
