"""Callbacks that write down or send away what training reports, or run a function of yours."""

import csv
import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from neurona.callbacks.callback import Callback, Logs, refuse_unknown
from neurona.callbacks.screen import screen
from neurona.core.errors import ArgumentError
from neurona.messages import translated
from neurona.tracebacks import warn

ANSWER_SECONDS = 10


class CSVLogger(Callback):
    """Write the figures of every epoch into a CSV file, at once, so that a crash loses nothing.

    The columns are `epoch` and the sorted names of the first epoch's logs; where those have no validation,
    columns for it follow, filled with `NA`.

    Args:
        filename: the file.
        separator: what stands between columns.
        append: go on with the file, if there is one, in its columns, instead of beginning anew.

    Example:

        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp(), "log.csv")
        >>> logger = CSVLogger(path)
        >>> logger.on_train_begin()
        >>> logger.on_epoch_end(0, {"loss": 0.5, "val_loss": 0.75})
        >>> logger.on_train_end()
        >>> path.read_text().split()
        ['epoch,loss,val_loss', '0,0.5,0.75']
    """

    def __init__(self, filename: Any, separator: str = ",", append: bool = False) -> None:
        self.filename, self.sep, self.append = Path(filename), separator, append
        self.keys: list[str] | None = None
        self.csv_file: TextIO | None = None
        self._kept = 0  # bytes of an older file that stay

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self.on_train_end()
        self.keys = None
        self.csv_file = self.filename.open("a+", encoding="utf-8", newline="")
        self._kept = self.filename.stat().st_size if self.append else 0

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        file, logs = self.csv_file, logs or {}
        if file is None:
            return
        if self.keys is None:
            file.truncate(self._kept)
            self.keys = self._read_keys(file) or _columns(logs)
            if not self._kept:
                csv.writer(file, delimiter=self.sep).writerow(["epoch", *self.keys])
        csv.writer(file, delimiter=self.sep).writerow(
            [epoch, *(_cell(logs.get(key, "NA")) for key in self.keys)]
        )
        file.flush()

    def _read_keys(self, file: TextIO) -> list[str]:
        file.seek(0)
        return next(csv.reader(file, delimiter=self.sep), [])[1:]

    def on_train_end(self, logs: Logs | None = None) -> None:
        if self.csv_file is not None:
            self.csv_file.close()
        self.csv_file = None

    def _get_state(self) -> dict[str, Any]:
        return {"size": self.filename.stat().st_size if self.keys is not None else self._kept}

    def _set_state(self, state: dict[str, Any]) -> None:
        # Rows of epochs that are trained again are dropped.
        self._kept = min(state["size"], self.filename.stat().st_size)


def _columns(logs: Logs) -> list[str]:
    names = sorted(logs)
    return (
        names
        if any(name.startswith("val_") for name in names)
        else [*names, *(f"val_{name}" for name in names)]
    )


def _cell(value: Any) -> Any:
    if isinstance(value, str) or np.ndim(value) == 0:
        return value
    return f'"[{", ".join(map(str, value))}]"'


class RemoteMonitor(Callback):
    """Send the figures of every epoch to a server, by HTTP POST.

    Args:
        root: the server's address.
        path: where on it.
        field: the form's field that holds the JSON text `{"epoch": 0, "loss": ...}`.
        headers: further HTTP headers.
        send_as_json: send the JSON itself, as `application/json`, instead of a form.

    Raises:
        ArgumentError: the address is not one of HTTP.
    """

    def __init__(
        self,
        root: str = "http://localhost:9000",
        path: str = "/publish/epoch/end/",
        field: str = "data",
        headers: Mapping[str, str] | None = None,
        send_as_json: bool = False,
    ) -> None:
        if urllib.parse.urlsplit(root).scheme not in ("http", "https"):
            raise ArgumentError(
                f"RemoteMonitor sends to an address such as 'http://localhost:9000'. Received: root={root!r}"
            )
        self.root, self.path, self.field = root, path, field
        self.headers, self.send_as_json = headers, send_as_json

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        values = {name: np.asarray(value).tolist() for name, value in (logs or {}).items()}
        text = json.dumps({"epoch": epoch, **values})
        kind = "application/json" if self.send_as_json else "application/x-www-form-urlencoded"
        body = text if self.send_as_json else urllib.parse.urlencode({self.field: text})
        request = urllib.request.Request(
            self.root + self.path, body.encode(), {"Content-Type": kind, **(self.headers or {})}
        )
        try:
            with urllib.request.urlopen(request, timeout=ANSWER_SECONDS):
                pass
        except OSError as error:  # urllib's own errors included: training goes on without the server
            warn(f"RemoteMonitor could not send epoch {epoch + 1} to {self.root}: {error}")


class LambdaCallback(Callback):
    """Call functions of yours at the moments of training.

    Args:
        on_epoch_begin, on_epoch_end: functions `(epoch, logs)`.
        on_train_begin, on_train_end: functions `(logs)`.
        on_train_batch_begin, on_train_batch_end: functions `(batch, logs)`; these cost speed, as every step
            is then looked at.
        **others: functions for the other moments of `Callback`, by their names.

    Raises:
        UnexpectedArgument: there is no such moment.
        ArgumentError: what was given is no function.

    Example:

        >>> seen = []
        >>> callback = LambdaCallback(on_epoch_end=lambda epoch, logs: seen.append(epoch))
        >>> callback.on_epoch_end(4, {})
        >>> seen
        [4]
    """

    def __init__(
        self,
        on_epoch_begin: Callable[..., Any] | None = None,
        on_epoch_end: Callable[..., Any] | None = None,
        on_train_begin: Callable[..., Any] | None = None,
        on_train_end: Callable[..., Any] | None = None,
        on_train_batch_begin: Callable[..., Any] | None = None,
        on_train_batch_end: Callable[..., Any] | None = None,
        **others: Callable[..., Any] | None,
    ) -> None:
        refuse_unknown(LambdaCallback, others, [name for name in vars(Callback) if name.startswith("on_")])
        functions = {
            "on_epoch_begin": on_epoch_begin,
            "on_epoch_end": on_epoch_end,
            "on_train_begin": on_train_begin,
            "on_train_end": on_train_end,
            "on_train_batch_begin": on_train_batch_begin,
            "on_train_batch_end": on_train_batch_end,
            **others,
        }
        for name, function in functions.items():
            if function is None:
                continue
            if not callable(function):
                raise ArgumentError(f"LambdaCallback takes functions. Received: {name}={function!r}")
            setattr(self, name, function)
            if "batch" in name:
                self._batch_interval = 1


class TerminateOnNaN(Callback):
    """End training quietly at the step at which the loss is no longer a finite number.

    Without it `fit` raises `NonFiniteError`, which names the layer. The weights are those before that step in
    both cases.

    Args:
        raise_error: raise the error after all.
    """

    def __init__(self, raise_error: bool = False) -> None:
        self.raise_error = raise_error

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self._fit.stop_quietly_on_nan(not self.raise_error)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        if self.model.stop_training and not np.isfinite((logs or {}).get("loss", 0.0)):
            screen.print(translated(f"Epoch {epoch + 1}: the loss is not finite; training stops."))
