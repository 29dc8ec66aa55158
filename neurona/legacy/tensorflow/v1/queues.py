"""Queues of TensorFlow 1: each run of a session takes the next elements, without threads."""

import itertools
import random
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np

from neurona.legacy.tensorflow.dtypes import as_dtype, int32
from neurona.legacy.tensorflow.errors import OutOfRangeError
from neurona.legacy.tensorflow.tensor_shape import TensorShape
from neurona.legacy.tensorflow.v1.graph import get_default_graph
from neurona.legacy.tensorflow.v1.session import HostTensor, Session, Source
from neurona.legacy.tensorflow.v1.tensor import GraphTensor, Operation, convert

_PAUSE = 0.001  # seconds until an empty queue is looked at again


class PerSession:
    """What gives the values of sources: a session has its own position.

    Args:
        begin: of a session, the iterator of its elements, each a list of arrays.
    """

    def __init__(self, begin: Callable[[Session], Iterator[list[Any]]]) -> None:
        self._begin = begin
        self._open: weakref.WeakKeyDictionary[Session, Any] = weakref.WeakKeyDictionary()

    def next_values(self, session: Session) -> list[Any]:
        """The arrays of the next element.

        Raises:
            OutOfRangeError: there is none.
        """
        if session not in self._open:
            self._open[session] = self._begin(session)
        try:
            return next(self._open[session])
        except StopIteration:
            raise OutOfRangeError("The queue is closed and has insufficient elements.") from None


def sources(group: Any, kinds: list[tuple[Any, Any]], name: str) -> list[GraphTensor]:
    """Tensors of shapes and dtypes whose values come from a group, new ones in every run."""
    graph = get_default_graph()
    operation = Operation(graph.unique_name(name), "QueueDequeue", (), (), graph)
    found = []
    for place, (shape, dtype) in enumerate(kinds):
        kind = as_dtype(dtype)
        sizes = None if TensorShape(shape).rank is None else tuple(TensorShape(shape))
        node = Source(sizes, kind.held, f"{operation.name}:{place}", group, place)
        operation.graph_nodes += (node,)
        found.append(GraphTensor(node, operation, place))
    return found


def _rounds(
    tensors: list[Any], num_epochs: int | None, shuffle: bool, seed: Any
) -> Callable[[Session], Iterator[list[Any]]]:
    """Rows of tensors, round after round, in order or shuffled."""

    def begin(session: Session) -> Iterator[list[Any]]:
        columns = [np.asarray(one) for one in session.run(tensors)]
        order, draws = list(range(len(columns[0]))), random.Random(seed)
        done = 0
        while num_epochs is None or done < num_epochs:
            if shuffle:
                draws.shuffle(order)
            for place in order:
                yield [np.asarray(column[place], column.dtype) for column in columns]
            done += 1

    return begin


def slice_input_producer(
    tensor_list: Any,
    num_epochs: int | None = None,
    shuffle: bool = True,
    seed: Any = None,
    capacity: int = 32,
    shared_name: Any = None,
    name: str | None = None,
) -> list[GraphTensor]:
    """A row of several tensors."""
    tensors = [convert(one) for one in tensor_list]
    kinds = [(one.shape[1:], one.dtype) for one in tensors]
    return sources(PerSession(_rounds(tensors, num_epochs, shuffle, seed)), kinds, name or "input_producer")


class Queue:
    """A queue of TensorFlow 1.

    Args:
        capacity: how many elements fit; TensorFlow's threads waited there.
        dtypes, shapes: of an element's parts.
    """

    _shuffles = _pads = False

    def __init__(self, capacity: int = 0, *args: Any, **options: Any) -> None:
        names = ("min_after_dequeue", "dtypes", "shapes") if self._shuffles else ("dtypes", "shapes")
        given = {**dict(zip(names, args)), **options}
        dtypes = given.get("dtypes")
        self.dtypes = list(dtypes) if isinstance(dtypes, (list, tuple)) else [dtypes]
        shapes = given.get("shapes")
        several = isinstance(shapes, list) and len(shapes) == len(self.dtypes)
        self.shapes = list(shapes or ()) if several else [shapes] * len(self.dtypes)
        self._held: weakref.WeakKeyDictionary[Session, deque[list[Any]]] = weakref.WeakKeyDictionary()
        self._filling: list[list[Any]] = []  # what queue runners put in when it is empty
        self._group = PerSession(self._elements)
        self._closed: weakref.WeakSet[Session] = weakref.WeakSet()

    def next_of(self, session: Session) -> list[Any]:
        """The next element of a session.

        Raises:
            OutOfRangeError: there is none.
        """
        return self._group.next_values(session)

    def _of(self, session: Session) -> "deque[list[Any]]":
        return self._held.setdefault(session, deque())

    def _elements(self, session: Session) -> Iterator[list[Any]]:
        while True:
            held = self._of(session)
            if not held:
                for tensors, many in self._filling:
                    self._put(session, session.run(tensors), many)
            while not held and session not in self._closed and threading.active_count() > 1:
                time.sleep(_PAUSE)  # another thread may put something in
            if not held:
                return
            place = random.randrange(len(held)) if self._shuffles else 0
            held.rotate(-place)
            found = held.popleft()
            held.rotate(place)
            yield found

    def _put(self, session: Session, values: list[Any], many: bool) -> None:
        columns = [np.asarray(value) for value in values]
        self._of(session).extend(
            ([column[row] for column in columns] for row in range(len(columns[0]))) if many else [columns]
        )

    def _enqueue(self, vals: Any, many: bool, name: str) -> HostTensor:
        tensors = [convert(one) for one in (vals if isinstance(vals, (list, tuple)) else [vals])]
        made = HostTensor(tensors, lambda session, *values: self._put(session, list(values), many), name)
        made.queue_input = [tensors, many]  # pyright: ignore[reportAttributeAccessIssue]
        return made

    def enqueue(self, vals: Any, name: str | None = None) -> HostTensor:
        """Put an element in."""
        return self._enqueue(vals, False, name or "enqueue")

    def enqueue_many(self, vals: Any, name: str | None = None) -> HostTensor:
        """Put rows in."""
        return self._enqueue(vals, True, name or "enqueue_many")

    def dequeue(self, name: str | None = None) -> Any:
        """Take an element out."""
        kinds = list(zip(self.shapes, self.dtypes, strict=True))
        found = sources(self._group, kinds, name or "dequeue")
        return found[0] if len(found) == 1 else found

    def dequeue_many(self, n: int, name: str | None = None) -> Any:
        """Take n elements out, stacked."""
        one = self.dequeue()
        return batch(one if isinstance(one, list) else [one], n, dynamic_pad=self._pads)

    def dequeue_up_to(self, n: int, name: str | None = None) -> Any:
        """Take n elements out, or what is left of a closed queue, stacked."""
        one = self.dequeue()
        parts = one if isinstance(one, list) else [one]
        return batch(parts, n, dynamic_pad=self._pads, allow_smaller_final_batch=True)

    def size(self, name: str | None = None) -> HostTensor:
        """How many elements it holds."""
        return HostTensor([], lambda session: np.int32(len(self._of(session))), name or "size")

    def close(self, cancel_pending_enqueues: bool = False, name: str | None = None) -> HostTensor:
        """Nothing more comes."""
        return HostTensor([], self._closed.add, name or "close")


QueueBase = Queue


class FIFOQueue(Queue):
    """First in, first out."""


class PaddingFIFOQueue(Queue):
    """First in, first out; elements that are stacked get zeros at their ends."""

    _pads = True


class RandomShuffleQueue(Queue):
    """Elements come out in random order."""

    _shuffles = True


class QueueRunner:
    """What fills a queue: here whenever it is empty."""

    def __init__(self, queue: Queue, enqueue_ops: Any = (), *_: Any, **__: Any) -> None:
        self.queue, self.name = queue, "queue_runner"
        queue._filling += [one.queue_input for one in dict.fromkeys(enqueue_ops)]

    def create_threads(
        self, sess: Any, coord: Any = None, daemon: bool = False, start: bool = False
    ) -> list[Any]:
        """No threads: the queue is filled when it is empty."""
        return []


def add_queue_runner(qr: QueueRunner, collection: Any = None) -> None:
    """Nothing: a queue runner works from the beginning."""


class _Produced(Queue):
    """A queue of the rows of a tensor, round after round."""

    def __init__(self, tensor: Any, num_epochs: int | None, shuffle: bool, seed: Any) -> None:
        row = convert(tensor)
        super().__init__(0, [row.dtype], [row.shape[1:]])
        self._group = PerSession(_rounds([row], num_epochs, shuffle, seed))


def input_producer(
    input_tensor: Any,
    element_shape: Any = None,
    num_epochs: int | None = None,
    shuffle: bool = True,
    seed: Any = None,
    *_: Any,
    **__: Any,
) -> Queue:
    """A queue of the rows of a tensor."""
    return _Produced(input_tensor, num_epochs, shuffle, seed)


def string_input_producer(
    string_tensor: Any,
    num_epochs: int | None = None,
    shuffle: bool = True,
    seed: Any = None,
    *_: Any,
    **__: Any,
) -> Queue:
    """A queue of texts, such as the names of files."""
    return _Produced(string_tensor, num_epochs, shuffle, seed)


def range_input_producer(
    limit: Any, num_epochs: int | None = None, shuffle: bool = True, seed: Any = None, *_: Any, **__: Any
) -> Queue:
    """A queue of the numbers below a limit."""
    made = Queue(0, [int32], [()])

    def begin(session: Session) -> Iterator[list[Any]]:
        numbers = np.arange(int(session.run(convert(limit))), dtype=np.int32)
        order, draws, done = numbers.tolist(), random.Random(seed), 0
        while num_epochs is None or done < num_epochs:
            if shuffle:
                draws.shuffle(order)
            yield from ([np.int32(one)] for one in order)
            done += 1

    made._group = PerSession(begin)
    return made


def limit_epochs(tensor: Any, num_epochs: int | None = None, name: str | None = None) -> Any:
    """A tensor that is there so often."""
    one = convert(tensor)

    def begin(session: Session) -> Iterator[list[Any]]:
        done = 0
        while num_epochs is None or done < num_epochs:
            yield [np.asarray(session.run(one))]
            done += 1

    return sources(PerSession(begin), [(one.shape, one.dtype)], name or "limit_epochs")[0]


def _runs(session: Session, leaves: list[Any], many: bool) -> Iterator[list[Any]]:
    """Rows from one run after the other, until there is no element left."""
    while True:
        try:
            values = [np.asarray(one) for one in session.run(leaves)]
        except OutOfRangeError:
            return
        if many:
            yield from ([value[row] for value in values] for row in range(len(values[0])))
        else:
            yield values


def _mixed(rows: Iterator[list[Any]], held: int) -> Iterator[list[Any]]:
    """Rows in random order, taken from so many that wait."""
    waiting: list[list[Any]] = []
    for row in rows:
        waiting.append(row)
        if len(waiting) > held:
            yield waiting.pop(random.randrange(len(waiting)))
    random.shuffle(waiting)
    yield from waiting


@dataclass(frozen=True)
class _Batching:
    """How rows become batches.

    Attributes:
        size: rows of a batch.
        many: whether a run gives several rows.
        smaller: whether the last batch may be smaller.
        padded: whether rows of different sizes get zeros at their ends.
        held: how many rows wait to be drawn from at random; None where they stay in order.
    """

    size: Any
    many: bool
    smaller: bool
    padded: bool
    held: int | None

    def stacked(self, rows: Iterator[list[Any]], size: int) -> Iterator[list[Any]]:
        """So many rows as one."""
        stack = _padded if self.padded else np.stack
        while part := list(itertools.islice(rows, size)):
            if self.smaller or len(part) == size:
                yield [stack(column) for column in zip(*part)]

    def of(self, groups: list[Any], name: str) -> Any:
        """The batches of rows that come from several groups of tensors in turn."""
        forms = [
            jax.tree.flatten(group, is_leaf=lambda one: isinstance(one, GraphTensor)) for group in groups
        ]
        several = [[convert(one) for one in leaves] for leaves, _ in forms]

        def begin(session: Session) -> Iterator[list[Any]]:
            rows = _in_turn([_runs(session, leaves, self.many) for leaves in several])
            size = self.size if isinstance(self.size, int) else int(session.run(convert(self.size)))
            return self.stacked(rows if self.held is None else _mixed(rows, self.held), size)

        size = None if self.smaller or not isinstance(self.size, int) else self.size
        kinds = [(_batch_shape(size, one.shape, self.many), one.dtype) for one in several[0]]
        found = sources(PerSession(begin), kinds, name)
        is_one = isinstance(groups[0], (list, tuple)) and len(found) == 1
        return found[0] if is_one else jax.tree.unflatten(forms[0][1], found)


def _batch_shape(size: int | None, shape: TensorShape, many: bool) -> Any:
    return None if shape.rank is None else (size, *(shape[1:] if many else shape))


def _in_turn(streams: list[Iterator[Any]]) -> Iterator[Any]:
    """One element of each stream after the other, until all are at their ends."""
    while streams:
        for stream in list(streams):
            row = next(stream, None)
            if row is None:
                streams.remove(stream)
            else:
                yield row


def _padded(arrays: Any) -> np.ndarray:
    """Arrays of different sizes as one, with zeros at their ends."""
    arrays = [np.asarray(one) for one in arrays]
    sizes = np.max([one.shape for one in arrays], 0)
    empty = b"" if arrays[0].dtype == object else 0
    margins = [[(0, most - size) for most, size in zip(sizes, one.shape)] for one in arrays]
    return np.stack([np.pad(one, m, constant_values=empty) for one, m in zip(arrays, margins)])


def batch(
    tensors: Any,
    batch_size: Any,
    num_threads: int = 1,
    capacity: int = 32,
    enqueue_many: bool = False,
    shapes: Any = None,
    dynamic_pad: bool = False,
    allow_smaller_final_batch: bool = False,
    shared_name: Any = None,
    name: str | None = None,
) -> Any:
    """Tensors of so many runs, stacked: a list, or the tensor where the list has one."""
    how = _Batching(batch_size, enqueue_many, allow_smaller_final_batch, dynamic_pad, None)
    return how.of([tensors], name or "batch")


def batch_join(
    tensors_list: Any,
    batch_size: Any,
    capacity: int = 32,
    enqueue_many: bool = False,
    shapes: Any = None,
    dynamic_pad: bool = False,
    allow_smaller_final_batch: bool = False,
    shared_name: Any = None,
    name: str | None = None,
) -> Any:
    """The same of several groups of tensors in turn."""
    how = _Batching(batch_size, enqueue_many, allow_smaller_final_batch, dynamic_pad, None)
    return how.of(list(tensors_list), name or "batch_join")


def shuffle_batch(
    tensors: Any,
    batch_size: Any,
    capacity: int,
    min_after_dequeue: int,
    num_threads: int = 1,
    seed: Any = None,
    enqueue_many: bool = False,
    shapes: Any = None,
    allow_smaller_final_batch: bool = False,
    shared_name: Any = None,
    name: str | None = None,
) -> Any:
    """Tensors of so many runs, taken in random order from those that wait."""
    how = _Batching(batch_size, enqueue_many, allow_smaller_final_batch, False, min_after_dequeue)
    return how.of([tensors], name or "shuffle_batch")


def shuffle_batch_join(
    tensors_list: Any,
    batch_size: Any,
    capacity: int,
    min_after_dequeue: int,
    seed: Any = None,
    enqueue_many: bool = False,
    shapes: Any = None,
    allow_smaller_final_batch: bool = False,
    shared_name: Any = None,
    name: str | None = None,
) -> Any:
    """The same of several groups of tensors in turn."""
    how = _Batching(batch_size, enqueue_many, allow_smaller_final_batch, False, min_after_dequeue)
    return how.of(list(tensors_list), name or "shuffle_batch_join")
