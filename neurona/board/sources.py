"""Files of one line for each event: those of `Board`, of `CSVLogger`, and of searches."""

import base64
import csv
import json
import math
from pathlib import Path
from typing import Any

from neurona.board.records import Histogram, Moment, Picture, Run
from neurona.core.errors import DataError

BLOCK = 1 << 22  # bytes that are read at a time
LONGEST = 1 << 26  # bytes of a line
WRONG = (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError, OverflowError)


class Lines:
    """A file that grows by lines, read a block at a time; a line that is not ended yet waits.

    Args:
        path: of the file.
        run: what its lines tell of.
    """

    def __init__(self, path: Path, run: Run) -> None:
        self.path, self.run, self.offset = path, run, 0

    def restart(self) -> None:
        """Read the file from its beginning again."""
        self.offset = 0

    def read(self, version: int) -> bool:
        """Read what is new, at most a block. Returns whether there was anything.

        Raises:
            OSError: the file can't be read.
        """
        with self.path.open("rb") as file:
            file.seek(self.offset)
            block = file.read(BLOCK)
            while b"\n" not in block and len(block) < LONGEST and (more := file.read(BLOCK)):
                block += more
        whole = block[: block.rfind(b"\n") + 1] or (block if len(block) >= LONGEST else b"")
        for line in whole.splitlines(keepends=True):
            try:
                self.take(line.decode("utf-8").strip(), len(line), version)
                self.run.version = version
            except (*WRONG, DataError):
                self.run.damaged += 1
                self.run.version = version
            self.offset += len(line)
        return bool(whole)

    def take(self, line: str, size: int, version: int) -> None:
        """Note what a line tells.

        Args:
            line: of the file, without its end.
            size: of it in the file, in bytes.
            version: of what is read together.
        """
        raise NotImplementedError


class BoardLines(Lines):
    """The events of the callback `Board`."""

    def take(self, line: str, size: int, version: int) -> None:
        event = json.loads(line)
        moment = Moment(*(number(event.get(name)) for name in Moment._fields))
        {
            "begin": self._begin,
            "scalars": self._scalars,
            "system": self._system,
            "histograms": self._histograms,
            "images": self._images,
            "end": self._end,
        }[event["event"]](event, moment, size, version)
        self.run.changed = moment.time

    def _begin(self, event: dict[str, Any], moment: Moment, size: int, version: int) -> None:
        run = self.run
        run.began, run.ended = moment.time, None
        run.host, run.process = str(event.get("host", "")), int(event.get("process", 0))
        run.hyperparameters |= {str(name): cell(value) for name, value in event["hyperparameters"].items()}

    def _scalars(self, event: dict[str, Any], moment: Moment, size: int, version: int) -> None:
        for name, value in event["values"].items():
            self.run.add(name, moment, number(value), version)

    def _system(self, event: dict[str, Any], moment: Moment, size: int, version: int) -> None:
        for name, value in event["values"].items():
            self.run.add(f"system/{name}", moment, number(value), version)

    def _histograms(self, event: dict[str, Any], moment: Moment, size: int, version: int) -> None:
        for name, value in event["values"].items():
            edges, counts = ([number(one) for one in value[part]] for part in ("edges", "counts"))
            if len(edges) != len(counts) + 1:
                raise ValueError(name)
            self.run.add_histogram(name, Histogram(moment, edges, counts))

    def _images(self, event: dict[str, Any], moment: Moment, size: int, version: int) -> None:
        for name in event["values"]:
            picture = Picture(
                moment, self.path, self.offset, size, lambda part, name=name: decoded(part, name)
            )
            self.run.add_picture(name, picture)

    def _end(self, event: dict[str, Any], moment: Moment, size: int, version: int) -> None:
        self.run.ended, self.run.why = str(event["state"]), str(event.get("why", ""))


class TableLines(Lines):
    """The rows of a `CSVLogger`."""

    def __init__(self, path: Path, run: Run) -> None:
        super().__init__(path, run)
        self._names: list[str] | None = None
        self._separator = ","

    def restart(self) -> None:
        super().restart()
        self._names = None

    def take(self, line: str, size: int, version: int) -> None:
        if self._names is None:
            self._separator = separator_of(line) or ","
            self._names = next(csv.reader([line], delimiter=self._separator))[1:]
            return
        epoch, *cells = next(csv.reader([line], delimiter=self._separator))
        moment = Moment(epoch=float(epoch) + 1)
        for name, text in zip(self._names, cells, strict=True):
            if text != "NA":
                self.run.add(name, moment, float(text), version)


class TrialLines(Lines):
    """The trials of a search: each line is a run of its own.

    Args:
        path: of the file.
        run: of the search, which has no figures.
        found: takes the run of a trial.
    """

    def __init__(self, path: Path, run: Run, found: Any) -> None:
        super().__init__(path, run)
        self._found = found

    def take(self, line: str, size: int, version: int) -> None:
        trial = json.loads(line)
        if "search" in trial:
            return
        run = Run(f"{self.run.key} #{int(trial['number'])}", "search")
        run.ended = {"complete": "finished"}.get(trial["state"], str(trial["state"]))
        run.why, run.version = str(trial["why"]), version
        run.hyperparameters = {str(name): cell(value) for name, value in trial["values"].items()}
        last = Moment(epoch=number(trial["epochs"]))
        for epochs, value in trial["rungs"].items():
            run.add("value", Moment(epoch=number(epochs)), number(value), version)
        if str(trial["epochs"]) not in trial["rungs"]:
            run.add("value", last, number(trial["value"]), version)
        for name, value in trial["figures"].items():
            run.add(str(name), last, number(value), version)
        self._found(run)


def number(value: Any) -> float:
    """A number of a file, NaN where it has none. Numbers that are not finite may be written as texts.

    Example:

        >>> number(2), number("Infinity"), number(None)
        (2.0, inf, nan)
    """
    return math.nan if value is None else float(value)


def cell(value: Any) -> Any:
    """A hyperparameter as a table shows it: a number, a text, yes or no.

    Example:

        >>> cell(0.5), cell([3, 2]), cell(None)
        (0.5, '[3, 2]', 'None')
    """
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value if isinstance(value, (bool, int, float, str)) else str(value)


def separator_of(line: str) -> str | None:
    """What stands between the columns of a `CSVLogger`'s first line; None where it is no such line.

    Example:

        >>> separator_of("epoch;loss"), separator_of("age,price")
        (';', None)
    """
    separator = line[5:6]
    is_one = line.startswith("epoch") and separator and not separator.isalnum() and separator not in "_ \"'"
    return separator if is_one else None


def decoded(part: bytes, name: str) -> bytes:
    """The picture of that name in a line of `Board`."""
    return base64.b64decode(json.loads(part)["values"][name], validate=True)
