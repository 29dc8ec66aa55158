"""What is known of a run: figures, histograms, pictures, and how it stands."""

import math
from array import array
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

MOST_POINTS = 8192  # of a series; where there are more, half of them stay
MOST_KEPT = 64  # histograms or pictures of a name; where there are more, every second one stays
_MOST_MARKS = 64
_NOWHERE = math.nan
T = TypeVar("T")


class Moment(NamedTuple):
    """When something was written: NaN where the file does not say.

    Attributes:
        step: updates of the weights before it.
        epoch: passes over the data before it; may lie between two.
        time: seconds since 1970.
    """

    step: float = _NOWHERE
    epoch: float = _NOWHERE
    time: float = _NOWHERE


class Histogram(NamedTuple):
    """Counts of numbers between edges, of which there is one more."""

    moment: Moment
    edges: list[float]
    counts: list[float]


class Picture(NamedTuple):
    """Where an encoded picture lies: it is read when it is looked at.

    Attributes:
        path, offset, size: the part of a file.
        decode: gives the picture's bytes from that part.
    """

    moment: Moment
    path: Path
    offset: int
    size: int
    decode: Callable[[bytes], bytes]

    def read(self) -> bytes:
        """The encoded picture, such as a PNG file.

        Raises:
            OSError: the file is gone.
            ValueError: it has changed.
        """
        with self.path.open("rb") as file:
            file.seek(self.offset)
            return self.decode(file.read(self.size))


class Series:
    """The values of a figure, in the order in which they were written.

    Where there are more than `MOST_POINTS`, of each four neighbours the lowest and the highest stay.

    Attributes:
        step, epoch, time, value: arrays of floats; NaN where the file does not say.

    Example:

        >>> series = Series()
        >>> for epoch in range(3):
        ...     series.add(Moment(epoch=epoch), 1 / (1 + epoch), version=epoch)
        >>> list(series.value), series.new_since(1)
        ([1.0, 0.5, 0.3333333333333333], 2)
    """

    def __init__(self) -> None:
        self.step, self.epoch, self.time, self.value = (array("d") for _ in range(4))
        self._marks: list[tuple[int, int]] = []  # versions, and the first place that each changed
        self._forgotten = -1  # the newest version whose mark is not kept

    def add(self, moment: Moment, value: float, version: int) -> None:
        """Append a value; `version` numbers what was read together."""
        if len(self.value) >= MOST_POINTS:
            self._thin()
            self._marks = [(version, 0)]
        elif not self._marks or self._marks[-1][0] != version:
            self._marks.append((version, len(self.value)))
            if len(self._marks) > _MOST_MARKS:
                self._forgotten = self._marks.pop(0)[0]
        self.step.append(moment.step)
        self.epoch.append(moment.epoch)
        self.time.append(moment.time)
        self.value.append(value)

    def clear(self, version: int) -> None:
        """Forget all values."""
        for one in self._columns:
            del one[:]
        self._marks = [(version, 0)]

    def new_since(self, version: int) -> int:
        """The first place whose value is newer than a version."""
        if version < self._forgotten:
            return 0
        return next((start for mark, start in self._marks if mark > version), len(self.value))

    @property
    def _columns(self) -> tuple[array, ...]:
        return self.step, self.epoch, self.time, self.value

    def _thin(self) -> None:
        value, kept = self.value, []
        for start in range(0, len(value), 4):
            places = range(start, min(start + 4, len(value)))
            known = [place for place in places if not math.isnan(value[place])] or places
            ends = {min(known, key=value.__getitem__), max(known, key=value.__getitem__)}
            kept += sorted(ends)
        for one in self._columns:
            one[:] = array("d", [one[place] for place in kept])


class Run:
    """A training, or a trial of a search.

    Attributes:
        key: its path below the folder of all runs.
        kind: "board", "tensorboard", "csv" or "search": what wrote it first.
        state: "running"; "finished", "stopped" (by a callback, a person or a search) or "failed", as the file
            says; "lost" where its process is gone without a word; "silent" where the file does not tell ends
            and has not grown for a while.
        why: it failed.
        began, changed: seconds since 1970; NaN where the files do not say.
        hyperparameters: by their names.
        series: figures by their names; `val_` begins those of validation, `batch/` those between epochs,
            `system/` those of the machine.
        histograms, pictures: by their names, in order.
        damaged: lines or records that could not be read.
        version: of the newest change.
    """

    def __init__(self, key: str, kind: str) -> None:
        self.key, self.kind, self.version = key, kind, 0
        self.series: dict[str, Series] = {}
        self._begin()

    def _begin(self) -> None:
        self.state, self.why = "silent", ""
        self.began = self.changed = _NOWHERE
        self.hyperparameters: dict[str, Any] = {}
        self.histograms: dict[str, list[Histogram]] = {}
        self.pictures: dict[str, list[Picture]] = {}
        self.damaged = 0
        self.ended: str | None = None  # the state that a file says
        self.host, self.process = "", 0

    def add(self, name: str, moment: Moment, value: float, version: int) -> None:
        """Note a value of a figure."""
        if name not in self.series:
            self.series[name] = Series()
        self.series[name].add(moment, value, version)

    def add_histogram(self, name: str, found: Histogram) -> None:
        """Note a histogram."""
        _keep(self.histograms.setdefault(name, []), found)

    def add_picture(self, name: str, found: Picture) -> None:
        """Note where a picture lies."""
        _keep(self.pictures.setdefault(name, []), found)

    def clear(self, version: int) -> None:
        """Forget all but the names of the figures."""
        self._begin()
        self.version = version
        for one in self.series.values():
            one.clear(version)

    def note(self, time: float, version: int) -> None:
        """Something was written at a time."""
        self.version = version
        self.began = time if math.isnan(self.began) else min(self.began, time)
        self.changed = time if math.isnan(self.changed) else max(self.changed, time)


def _keep(found: list[T], one: T) -> None:
    found.append(one)
    if len(found) > MOST_KEPT:
        del found[1:-1:2]
