"""`tf.summary`: figures, pictures and texts for TensorBoard, in its event files."""

import contextlib
import importlib
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from jax.experimental import io_callback

from neurona.legacy.tensorflow.dispatch import Hooks, static, tensor_of
from neurona.legacy.tensorflow.names import scoped_name
from neurona.legacy.tensorflow.recording import has_numbers
from neurona.legacy.tensorflow.v1 import events

_OF_GRAPHS = "neurona.legacy.tensorflow.v1.summary"


class _Open:
    writer: "Writer | None" = None
    step: Any = None
    records = True


class Writer:
    """A file of events.

    Args:
        logdir: the folder.
    """

    def __init__(self, logdir: Any, suffix: str = "") -> None:
        self._file = events.EventFile(str(static(logdir)), suffix)
        self._outer: list[Writer | None] = []

    def write(self, value: bytes, step: int) -> None:
        """Write a value."""
        self._file.add(events.text(5, events.summary([value])), step)

    @contextlib.contextmanager
    def as_default(self, step: Any = None) -> Iterator["Writer"]:
        """A block whose summaries go into this file."""
        outer, outer_step = _Open.writer, _Open.step
        _Open.writer, _Open.step = self, outer_step if step is None else step
        try:
            yield self
        finally:
            _Open.writer, _Open.step = outer, outer_step
            self.flush()

    def set_as_default(self, step: Any = None) -> None:
        """Let summaries go into this file from now on."""
        _Open.writer = self
        _Open.step = _Open.step if step is None else step

    def init(self) -> None:
        """Nothing: the file is open."""

    def flush(self) -> None:
        """Let others see what is written."""
        self._file.flush()

    def close(self) -> None:
        """End the file."""
        self._file.close()


def create_file_writer(
    logdir: Any,
    max_queue: Any = None,
    flush_millis: Any = None,
    filename_suffix: Any = None,
    name: Any = None,
    **_: Any,
) -> Writer:
    """A file of events in a folder."""
    return Writer(logdir, filename_suffix or "")


def create_noop_writer() -> None:
    """No file."""


def _write(value: bytes, step: Any) -> bool:
    step = _Open.step if step is None else step
    if _Open.writer is None or not _Open.records:
        return False
    if step is None:
        raise ValueError(
            "No step set. Please specify one either through the `step` argument or through "
            "tf.summary.experimental.set_step()."
        )
    _Open.writer.write(value, int(static(step)))
    return True


def _numbers(data: Any) -> np.ndarray:
    return np.asarray(tensor_of(data).numpy())


def _write_numbers(data: Any, step: Any, name: str, described: Callable[[str, np.ndarray], bytes]) -> Any:
    """Write what describes numbers: now, or whenever the program runs that is being compiled."""
    step = _Open.step if step is None else step
    name, array = scoped_name(name), tensor_of(data)._array
    at = None if step is None else tensor_of(step)._array
    if has_numbers(array) and (at is None or has_numbers(at)):
        return _write(described(name, _numbers(data)), step)
    writer = _Open.writer
    if writer is None or not _Open.records or at is None:
        return _write(b"", step)

    def write(numbers: Any, number: Any) -> None:
        writer.write(described(name, np.asarray(numbers)), int(number))

    io_callback(write, None, array, at)
    return True


def scalar(name: str, data: Any = None, step: Any = None, description: Any = None, **graph: Any) -> Any:
    """A number."""
    if Hooks.draws():
        return _of_graph("scalar")(name, graph.get("tensor", data))
    return _write_numbers(data, step, name, events.scalar_value)


def histogram(
    name: str, data: Any = None, step: Any = None, buckets: Any = None, description: Any = None, **graph: Any
) -> Any:
    """The distribution of numbers."""
    if Hooks.draws():
        return _of_graph("histogram")(name, graph.get("values", data))
    return _write_numbers(data, step, name, events.histogram_value)


def image(
    name: str, data: Any = None, step: Any = None, max_outputs: int = 3, description: Any = None, **graph: Any
) -> Any:
    """Pictures (batch, height, width, channels), of bytes or of floats from 0 to 1."""
    if Hooks.draws():
        return _of_graph("image")(name, graph.get("tensor", data), max_outputs=max_outputs)
    pictures = _numbers(data)
    if pictures.dtype.kind == "f":
        pictures = (np.clip(pictures, 0, 1) * 255).astype(np.uint8)
    written = False
    for number, picture in enumerate(pictures[:max_outputs]):
        tag = scoped_name(name) if len(pictures) == 1 else f"{scoped_name(name)}/image/{number}"
        written = _write(events.image_value(tag, picture), step)
    return written


def text(name: str, data: Any = None, step: Any = None, description: Any = None, **graph: Any) -> Any:
    """Texts."""
    if Hooks.draws():
        return _of_graph("text")(name, graph.get("tensor", data))
    texts = np.atleast_1d(np.asarray(tensor_of(data)._array, object)).ravel()
    return _write(events.text_value(scoped_name(name), list(texts)), step)


def _of_graph(name: str) -> Any:
    return getattr(importlib.import_module(_OF_GRAPHS), name)


def flush(writer: Any = None, name: Any = None) -> None:
    """Let others see what is written."""
    target = writer or _Open.writer
    if target is not None:
        target.flush()


def should_record_summaries() -> bool:
    """Whether there is a file to write to."""
    return _Open.writer is not None and _Open.records


@contextlib.contextmanager
def record_if(condition: Any) -> Iterator[None]:
    """A block whose summaries are written where a condition holds."""
    outer = _Open.records
    _Open.records = bool(condition() if callable(condition) else condition)
    try:
        yield
    finally:
        _Open.records = outer


def trace_on(graph: bool = True, profiler: bool = False, **_: Any) -> None:
    """No effect: jax.profiler.trace(folder) records a profile."""


def trace_off() -> None:
    """No effect."""


def trace_export(name: str, step: Any = None, profiler_outdir: Any = None) -> None:
    """No effect: neurona graph show draws a program."""


class experimental:
    """The step of the summaries that are given none."""

    @staticmethod
    def set_step(step: Any) -> None:
        """Set it."""
        _Open.step = step

    @staticmethod
    def get_step() -> Any:
        """The step."""
        return _Open.step


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    return _of_graph(name)
