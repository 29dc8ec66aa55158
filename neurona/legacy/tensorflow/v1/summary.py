"""`tf.summary` of TensorFlow 1: steps that give summaries, and writers of event files."""

import struct
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np

from neurona.legacy.tensorflow.io.examples import fields
from neurona.legacy.tensorflow.io.records import read_records
from neurona.legacy.tensorflow.v1 import events
from neurona.legacy.tensorflow.v1.graph import GraphKeys, get_default_graph
from neurona.legacy.tensorflow.v1.session import HostTensor
from neurona.legacy.tensorflow.v1.tensor import convert


def _summarized(
    name: str, tensor: Any, collections: Any, value: Callable[[str, np.ndarray], list[bytes]]
) -> Any:
    graph = get_default_graph()
    scope = graph.get_name_scope()
    tag = f"{scope}/{name}" if scope else name
    made = HostTensor(
        [convert(tensor)], lambda session, array: events.summary(value(tag, array)), name.replace(" ", "_")
    )
    for key in [GraphKeys.SUMMARIES] if collections is None else collections:
        graph.add_to_collection(key, made)
    return made


def scalar(name: str, tensor: Any, collections: Any = None, family: Any = None) -> HostTensor:
    """The summary of a number."""
    return _summarized(name, tensor, collections, lambda tag, array: [events.scalar_value(tag, array)])


def histogram(name: str, values: Any, collections: Any = None, family: Any = None) -> HostTensor:
    """The summary of a distribution."""
    return _summarized(name, values, collections, lambda tag, array: [events.histogram_value(tag, array)])


def image(
    name: str, tensor: Any, max_outputs: int = 3, collections: Any = None, family: Any = None
) -> HostTensor:
    """The summary of pictures (batch, height, width, channels)."""

    def values(tag: str, array: np.ndarray) -> list[bytes]:
        shown = array[:max_outputs]
        tags = [f"{tag}/image/{place}" if max_outputs > 1 else f"{tag}/image" for place in range(len(shown))]
        return [events.image_value(one, _bytes(pixels)) for one, pixels in zip(tags, shown, strict=True)]

    return _summarized(name, tensor, collections, values)


def _bytes(pixels: np.ndarray) -> np.ndarray:
    """A picture's numbers as bytes: the largest becomes 255, with 127 for 0 where some are negative."""
    if pixels.dtype == np.uint8:
        return pixels
    low, high = float(pixels.min()), float(pixels.max())
    largest = max(abs(low), abs(high)) or 1.0
    scaled = pixels / largest * 127 + 128 if low < 0 else pixels / largest * 255
    return np.clip(scaled, 0, 255).astype(np.uint8)


def text(name: str, tensor: Any, collections: Any = None) -> HostTensor:
    """The summary of texts."""
    return _summarized(
        name, tensor, collections, lambda tag, array: [events.text_value(tag, np.ravel(array).tolist())]
    )


def audio(*_: Any, **__: Any) -> Any:
    """Refuse: sounds are not written."""
    raise NotImplementedError("tf.summary.audio is not here: write sounds with Python's module wave.")


def merge(inputs: Iterable[Any], collections: Any = None, name: str | None = None) -> HostTensor:
    """The summary of all of several."""
    made = HostTensor(list(inputs), lambda session, *parts: b"".join(parts), name or "Merge/MergeSummary")
    for key in collections or []:
        get_default_graph().add_to_collection(key, made)
    return made


def merge_all(
    key: str = GraphKeys.SUMMARIES, scope: Any = None, name: str | None = None
) -> HostTensor | None:
    """The summary of all in the graph; None where there is none."""
    found = get_default_graph().get_collection(key, scope)
    return merge(found, name=name) if found else None


class Summary:
    """A summary that Python makes: `tf.Summary(value=[tf.Summary.Value(tag=..., simple_value=...)])`."""

    class Value:
        """A number under a tag."""

        def __init__(self, tag: str = "", simple_value: Any = None, **other: Any) -> None:
            if other:
                raise NotImplementedError(
                    f"tf.Summary.Value takes tag and simple_value. Received: {', '.join(other)}. Use "
                    "tf.summary."
                )
            self.tag, self.simple_value = tag, simple_value
            self.read = b""  # the bytes that it was read from

        def data(self) -> bytes:
            """The value in bytes."""
            return self.read or events.scalar_value(self.tag, self.simple_value)

    class _Values(list):
        """The values, to which `add` appends one."""

        def add(self, **fields: Any) -> "Summary.Value":
            """Append a value."""
            self.append(Summary.Value(**fields))
            return self[-1]

    def __init__(self, value: Iterable[Any] = ()) -> None:
        self.value = Summary._Values(value)

    def SerializeToString(self) -> bytes:
        """The summary in bytes."""
        return events.summary(one.data() for one in self.value)

    def ParseFromString(self, data: bytes) -> int:
        """Read the summary from bytes."""
        self.value = Summary._Values(_value_in(one) for number, _, one in fields(data) if number == 1)
        return len(data)

    @classmethod
    def FromString(cls, data: bytes) -> "Summary":
        """The summary in bytes."""
        made = cls()
        made.ParseFromString(data)
        return made


def _value_in(data: bytes) -> Summary.Value:
    """A value of a summary; of what is no single number, the tag and the bytes."""
    found = {number: part for number, _, part in fields(data)}
    number = struct.unpack("<f", found[2])[0] if 2 in found else None
    value = Summary.Value(found.get(1, b"").decode(), number)
    value.read = bytes(data)
    return value


class Event(NamedTuple):
    """What an event file holds: a time, a step, and the summary where there is one."""

    wall_time: float
    step: int
    summary: Summary


def summary_iterator(path: Any) -> Iterator[Event]:
    """The events of a file."""
    for record in read_records(str(path)):
        found = {number: part for number, _, part in fields(record)}
        time = struct.unpack("<d", found[1])[0]
        yield Event(time, int(found.get(2, 0)), Summary.FromString(found.get(5, b"")))


class FileWriter:
    """Writes summaries into an event file.

    Args:
        logdir: the folder.
        graph: written too, where it is given.
        max_queue, flush_secs: TensorFlow's; every event is written at once.
        graph_def, session: the old ways to give the graph.
        filename_suffix: the end of the file's name.
    """

    def __init__(
        self,
        logdir: Any,
        graph: Any = None,
        max_queue: int = 10,
        flush_secs: int = 120,
        graph_def: Any = None,
        filename_suffix: str | None = None,
        session: Any = None,
    ) -> None:
        self._logdir, self._file = str(logdir), events.EventFile(logdir, filename_suffix or "")
        given = graph if graph is not None else graph_def
        if given is not None:
            self.add_graph(given)

    def get_logdir(self) -> str:
        """The folder."""
        return self._logdir

    def add_summary(self, summary: Any, global_step: Any = None) -> None:
        """Write a summary."""
        data = summary if isinstance(summary, (bytes, bytearray)) else summary.SerializeToString()
        self._file.add(events.text(5, bytes(data)), None if global_step is None else int(global_step))
        self._file.flush()

    def add_graph(self, graph: Any, global_step: Any = None) -> None:
        """Write the graph's operations."""
        operations = graph.get_operations() if hasattr(graph, "get_operations") else graph.node
        self._file.add(events.text(4, events.graph_of(operations)))
        self._file.flush()

    def add_run_metadata(self, *_: Any, **__: Any) -> None:
        """Nothing: a run is one program, whose steps have no times of their own."""

    def add_session_log(self, *_: Any, **__: Any) -> None:
        """Nothing: sessions do not log."""

    def add_event(self, event: Any) -> None:
        """Write an event of TensorFlow's class."""
        self._file.add(event.SerializeToString())

    def flush(self) -> None:
        """Let others see what is written."""
        self._file.flush()

    def close(self) -> None:
        """End the file."""
        self._file.close()

    def reopen(self) -> None:
        """Write on after `close`."""

    def __enter__(self) -> "FileWriter":
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()


class FileWriterCache:
    """One writer for each folder."""

    _writers: dict[str, FileWriter] = {}

    @classmethod
    def get(cls, logdir: str) -> FileWriter:
        """The writer of a folder."""
        return cls._writers.setdefault(str(logdir), FileWriter(logdir))

    @classmethod
    def clear(cls) -> None:
        """Close all."""
        for writer in cls._writers.values():
            writer.close()
        cls._writers.clear()
