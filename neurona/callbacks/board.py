"""Board: a file of events that `neurona board` shows while training goes on."""

import base64
import json
import math
import os
import socket
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TextIO

import jax
import numpy as np

from neurona._version import __version__
from neurona.callbacks.callback import Callback, Logs
from neurona.callbacks.png import png
from neurona.callbacks.system_load import SystemLoad
from neurona.core.errors import ArgumentError
from neurona.tracebacks import warn

FILE = "board.jsonl"
_LOAD_SECONDS = 2.0  # between two looks at the system's load
_BINS = 30
Images = Callable[[int], Mapping[str, Any] | None]


class Board(Callback):
    """Write what training reports into a folder of its own under `directory`; `neurona board DIR` shows it,
    live.

    The file `DIR/NAME/board.jsonl` is JSON, a line for each event, written at once: a process that is killed
    loses nothing. Docs: `docs/board.md`. A run never writes into the folder of another one: where the name is
    taken, a number is added.

    Args:
        directory: the folder of all runs.
        name: of this run; by default the time at which it begins. A slash groups runs: `"wide/adam"`.
        hyperparameters: numbers and texts of yours that tell this run from others. The optimizer's arguments,
            the loss, batch size, epochs and the model's size are written anyway.
        histogram_freq: write histograms of the weights every so many epochs; 0 for never.
        gradient_freq: write histograms of the gradients every so many epochs; 0 for never. They are those of
            the loss of one batch of the training data, always the same one, after the epoch: a forward and a
            backward pass more, and their compilation.
        images: a function `(epoch)` that returns pictures by their names, or None: arrays (height, width) or
            (height, width, channels), of integers 0 to 255 or of other numbers 0 to 1.
        update_freq: `"epoch"`; or `"batch"`, or a number of batches after which the figures are also
            written.

    Attributes:
        path: the file, once training has begun.

    Raises:
        ArgumentError: a value is not one of those above.

    Example:

        >>> import tempfile
        >>> import neurona as nn
        >>> model = nn.Sequential([nn.layers.Dense(1)])
        >>> model.compile("sgd", "mse")
        >>> board = Board(tempfile.mkdtemp(), "first", {"note": "small"})
        >>> _ = model.fit(np.ones((4, 2)), np.ones(4), epochs=3, verbose=0, callbacks=[board])
        >>> events = [json.loads(line) for line in board.path.read_text().splitlines()]
        >>> [event["event"] for event in events if event["event"] != "system"]
        ['begin', 'scalars', 'scalars', 'scalars', 'end']
        >>> events[0]["hyperparameters"]["optimizer"], events[0]["hyperparameters"]["note"]
        ('SGD', 'small')
    """

    def __init__(
        self,
        directory: Any = "runs",
        name: str | None = None,
        hyperparameters: Mapping[str, Any] | None = None,
        histogram_freq: int = 0,
        gradient_freq: int = 0,
        images: Images | None = None,
        update_freq: int | str = "epoch",
    ) -> None:
        if update_freq not in ("epoch", "batch") and (not isinstance(update_freq, int) or update_freq < 1):
            raise ArgumentError(
                f"Board takes update_freq='epoch', 'batch' or a number of batches. Received: {update_freq!r}"
            )
        for argument, value in (("histogram_freq", histogram_freq), ("gradient_freq", gradient_freq)):
            if not isinstance(value, int) or value < 0:
                raise ArgumentError(
                    f"Board takes {argument} as a number of epochs, or 0 for never. Received: {value!r}"
                )
        if images is not None and not callable(images):
            raise ArgumentError(
                f"Board takes images as a function (epoch) -> {{name: array}}. Received: {images!r}"
            )
        self.directory, self.name = Path(directory), None if name is None else _checked_name(name)
        self.hyperparameters = dict(hyperparameters or {})
        self.histogram_freq, self.gradient_freq, self.images = histogram_freq, gradient_freq, images
        self.update_freq = update_freq
        self.path: Path | None = None
        self._batch_interval = (
            None if update_freq == "epoch" else 1 if update_freq == "batch" else int(update_freq)
        )
        self._file: TextIO | None = None
        self._epoch = 0
        self._load, self._looked = SystemLoad(), 0.0

    # Writing.

    def _write(self, event: str, **content: Any) -> None:
        """Write an event, where the disk lets it: training goes on without."""
        if self._file is None:
            return
        line = json.dumps({"event": event, "time": round(time.time(), 3), **plain(content)})
        try:
            self._file.write(line + "\n")
            self._file.flush()
        except OSError as error:
            self._file = None
            warn(f"Board writes no more into {self.path}: {error}")

    def _write_scalars(self, step: int, epoch: float, values: Mapping[str, Any]) -> None:
        means = {name: float(np.mean(value)) for name, value in values.items()}
        self._write("scalars", step=step, epoch=epoch, values=means)

    def _write_load(self, now: float) -> None:
        self._looked = now
        self._write("system", values={name: round(value, 2) for name, value in self._load.read().items()})

    def _steps(self) -> int:
        """The updates so far, which in a loop of the user's only the optimizer knows."""
        return self._fit.steps_trained if self._fit else int(getattr(self.model.optimizer, "iterations", 0))

    # Moments.

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self._end("stopped")  # a loop of the user's that began twice
        self.path = _new_folder(self.directory, self.name or time.strftime("%Y-%m-%d_%H-%M-%S")) / FILE
        self._file = self.path.open("x", encoding="utf-8")
        self._write(
            "begin",
            format=1,
            host=socket.gethostname(),
            process=os.getpid(),
            neurona=__version__,
            device=jax.local_devices()[0].device_kind,
            hyperparameters={**described(self.model, self.params, self._fit), **self.hyperparameters},
        )
        self._load = SystemLoad()
        self._looked = time.monotonic()

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        self._epoch = epoch

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        size = self.params.get("steps")
        epoch = self._epoch + ((batch + 1) / size if size else 0)
        values = {f"batch/{name}": value for name, value in (logs or {}).items()}
        self._write_scalars(self._steps() + (batch + 1 if self._fit else 0), epoch, values)

    def _on_chunk_end(self, step: int, logs: Callable[[], Logs]) -> None:
        now = time.monotonic()
        if now - self._looked >= _LOAD_SECONDS:
            self._write_load(now)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        values, step = dict(logs or {}), self._steps()
        optimizers = getattr(self.model.optimizer, "_with_rates", [])  # none where others learn without
        for optimizer in optimizers:
            name = f"learning_rate_{optimizer.name}" if len(optimizers) > 1 else "learning_rate"
            values.setdefault(name, float(optimizer.learning_rate))
        self._write_scalars(step, epoch + 1, values)
        for kind, often, arrays in (
            ("weights", self.histogram_freq, self._weights),
            ("gradients", self.gradient_freq, self._gradients),
        ):
            if often and epoch % often == 0:
                own = f"{self.model.name}/"
                found = {f"{kind}/{path.removeprefix(own)}": histogram(array) for path, array in arrays()}
                self._write("histograms", step=step, epoch=epoch + 1, values=found)
        pictures = self.images(epoch) if self.images else None
        if pictures:
            encoded = {name: base64.b64encode(png(picture)).decode() for name, picture in pictures.items()}
            self._write("images", step=step, epoch=epoch + 1, values=encoded)

    def on_train_end(self, logs: Logs | None = None) -> None:
        error = sys.exception() if self._fit and self._fit.interrupted else None
        if error is not None and not isinstance(error, KeyboardInterrupt):
            self._end("failed", f"{type(error).__name__}: {error}")
        else:
            self._end("stopped" if error or self.model.stop_training else "finished")

    def _end(self, state: str, why: str = "") -> None:
        if self._file is None:
            return
        self._write_load(time.monotonic())
        self._write("end", state=state, why=why)
        if self._file is not None:
            self._file.close()
        self._file = None

    # What histograms are of.

    def _weights(self) -> Iterator[tuple[str, np.ndarray]]:
        for weight in self.model.weights:
            yield weight.path, np.asarray(weight.numpy())

    def _gradients(self) -> Iterator[tuple[str, np.ndarray]]:
        if self._fit is not None and self.model.optimizer is not None:
            batch = self._fit.data.train.example()
            for path, gradient in self._fit.learner.gradients(batch).items():
                yield path, np.asarray(gradient)


def _checked_name(name: str) -> str:
    parts = name.split("/")
    if any(part in ("", ".", "..") for part in parts) or any(sign in name for sign in "\\\0\n:"):
        raise ArgumentError(
            f"Board takes a name such as 'adam' or 'wide/adam', a folder under its directory. Received: "
            f"{name!r}"
        )
    return name


def _new_folder(directory: Path, name: str) -> Path:
    """The folder of that name, or of that name and a number, that nobody had."""
    number = 1
    while True:
        folder = directory / (name if number == 1 else f"{name}-{number}")
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            number += 1
        else:
            return folder


def described(model: Any, params: Mapping[str, Any], fit: Any) -> dict[str, Any]:
    """What tells a training from others: the model's size, the optimizer's arguments, the loss, the batches.

    Args:
        model: compiled.
        params: those of callbacks.
        fit: the training in progress; None in a loop of the user's.
    """
    optimizer = model.optimizer  # None where something else than gradients teaches
    arguments = optimizer.get_config() if optimizer else {}
    order = getattr(fit.data.train, "order", None) if fit else None
    parameters, trainable = (
        sum(int(np.prod(weight.shape)) for weight in weights)
        for weights in (model.weights, model.trainable_weights)
    )
    found = {
        "layers": len(model.layers),
        "parameters": parameters,
        "trainable_parameters": trainable if trainable != parameters else None,
        "loss_function": _named(model.loss),  # "loss" is a figure
        "optimizer": type(optimizer).__name__ if optimizer else None,
        **{name: _named(value) for name, value in arguments.items() if name != "name"},
        "batch_size": getattr(order, "batch_size", None),
        "steps": params.get("steps"),
        "epochs": params.get("epochs"),
    }
    return {name: value for name, value in found.items() if value is not None}


def _named(value: Any) -> Any:
    """A value that fits into a cell: a description is the name of what it describes."""
    if isinstance(value, (str, int, float, bool)) or value is None:
        return value
    if isinstance(value, Mapping) and "class_name" in value:
        return str(value["class_name"])
    if isinstance(value, (list, tuple, Mapping)):
        parts = value.values() if isinstance(value, Mapping) else value
        return ", ".join(str(_named(part)) for part in parts)
    return getattr(value, "name", None) or getattr(value, "__name__", type(value).__name__)


def histogram(values: np.ndarray) -> dict[str, Any]:
    """The finite numbers among values, counted in 30 equal bins.

    Example:

        >>> found = histogram(np.array([0.0, 1.0, 1.0, np.nan]))
        >>> found["edges"][0], found["edges"][-1], found["counts"][-1], found["not_finite"]
        (0.0, 1.0, 2, 1)
    """
    numbers = np.asarray(values, np.float64).ravel()
    finite = numbers[np.isfinite(numbers)]
    counts, edges = np.zeros(1, int), np.zeros(2)
    if finite.size:
        bins = _BINS if np.ptp(finite) > 1e-12 * np.abs(finite).max() else 1  # that differ at all
        counts, edges = np.histogram(finite, bins)
    return {
        "edges": [float(f"{edge:.6g}") for edge in edges],
        "counts": counts.tolist(),
        "not_finite": numbers.size - finite.size,
    }


def plain(value: Any) -> Any:
    """A value as JSON knows it: numbers that are not finite as texts, arrays as lists, others by their names.

    Example:

        >>> plain({"a": np.float32(0.5), "b": float("nan"), "c": (1, None)})
        {'a': 0.5, 'b': 'NaN', 'c': [1, None]}
    """
    if isinstance(value, Mapping):
        return {str(name): plain(one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(one) for one in value]
    if isinstance(value, (np.generic, np.ndarray, jax.Array)):
        return plain(np.asarray(value).tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value if isinstance(value, (str, int, float, bool)) or value is None else _named(value)
