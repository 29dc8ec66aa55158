"""Runs: a folder whose files are found and read, again and again, only what is new."""

import contextlib
import json
import math
import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from neurona.board.event_files import EventFile
from neurona.board.records import Run
from neurona.board.sources import BoardLines, Lines, TableLines, TrialLines, separator_of
from neurona.callbacks.board import FILE
from neurona.core.errors import ArgumentError

_PARTS = {"train": "", "validation": "val_", "eval": "val_", "test": "test_"}
_SILENT_SECONDS = 60.0
_LOOK_AGAIN = 10  # looking for new files takes at most one part of so many of the time
_ENDINGS = (".csv", ".jsonl")


class Runs:
    """The runs below a folder, of which `update` reads what is new.

    It reads the files of the callbacks `Board`, `TensorBoard` and `CSVLogger`, event files of other programs,
    and those that a search keeps its trials in.

    Args:
        directory: the folder; one that is not there yet has no runs, until a training makes it.

    Attributes:
        version: of the newest change: counts the updates that found something.
        members: the version at which a run was last added or removed.
        is_complete: whether the last update read all there was.

    Raises:
        ArgumentError: it is a file.

    Example:

        >>> import tempfile
        >>> folder = tempfile.mkdtemp()
        >>> _ = Path(folder, "log.csv").write_text("epoch,loss\\n0,0.5\\n1,0.25\\n")
        >>> runs = Runs(folder)
        >>> runs.update()
        1
        >>> [(run.key, list(run.series["loss"].value)) for run in runs]
        [('log', [0.5, 0.25])]
    """

    def __init__(self, directory: Any) -> None:
        self.directory = Path(directory)
        if self.directory.exists() and not self.directory.is_dir():
            raise ArgumentError(
                f"{self.directory} is no folder. Give the folder that Board, TensorBoard or CSVLogger write "
                "into."
            )
        self.version = self.members = 0
        self.is_complete = False
        self._runs: dict[str, Run] = {}
        self._sources: dict[Path, Any] = {}  # None for files of no run
        self._seen: dict[Path, tuple[int, int]] = {}  # which file it was, and its size
        self._look = 0.0
        self._host = socket.gethostname()

    def __iter__(self) -> Iterator[Run]:
        return iter([run for run in self._runs.values() if run.series or run.ended or run.hyperparameters])

    def update(self, seconds: float = math.inf) -> int:
        """Read what is new, and return the version after it.

        Args:
            seconds: after which reading pauses until the next update.
        """
        until, version = time.monotonic() + seconds, self.version + 1
        if time.monotonic() >= self._look or seconds == math.inf:
            self._find(version)
        self.is_complete = True
        for path, source in list(self._sources.items()):
            if source is not None:
                self._read(path, source, version, until)
        now = time.time()
        for run in self._runs.values():
            self._judge(run, now, version)
        if any(run.version == version for run in self._runs.values()) or self.members == version:
            self.version = version
        return self.version

    # Finding.

    def _find(self, version: int) -> None:
        began, seen = time.monotonic(), set()
        for folder, inner, names in os.walk(self.directory):
            inner[:] = sorted(name for name in inner if not name.startswith("."))
            for name in names:
                if ".tfevents." in name or name.endswith(_ENDINGS):
                    path = Path(folder, name)
                    seen.add(path)
                    if path not in self._sources:
                        self._sources[path] = self._source(path, version)
        for path in set(self._sources) - seen:
            self._remove(path, version)
        self._look = time.monotonic() + _LOOK_AGAIN * (time.monotonic() - began)

    def _source(self, path: Path, version: int) -> Any:
        """What reads a file; None where it tells of no run."""
        folder = path.parent
        if ".tfevents." in path.name:
            part = _PARTS.get(folder.name, "") if folder != self.directory else ""
            is_part = folder.name in _PARTS and folder != self.directory
            return EventFile(
                path, self._run(folder.parent if is_part else folder, "tensorboard", version), part
            )
        if path.name == FILE:
            return BoardLines(path, self._run(folder, "board", version))
        begin = _first_line(path)
        if path.suffix == ".csv" and separator_of(begin):
            return TableLines(path, self._run(path.with_suffix(""), "csv", version))
        if path.suffix == ".jsonl" and _is_search(begin):
            return TrialLines(path, Run(self._key(path.with_suffix("")), "search"), self._add)
        return None

    def _key(self, place: Path) -> str:
        key = place.relative_to(self.directory).as_posix()
        return self.directory.resolve().name if key == "." else key

    def _run(self, place: Path, kind: str, version: int) -> Run:
        key = self._key(place)
        if key not in self._runs:
            self._runs[key] = Run(key, kind)
            self._runs[key].version = self.members = version
        return self._runs[key]

    def _add(self, run: Run) -> None:
        self._runs[run.key] = run
        self.members = run.version

    def _remove(self, path: Path, version: int) -> None:
        """Forget a file that is gone, and its run where nothing else tells of it."""
        source = self._sources.pop(path)
        self._seen.pop(path, None)
        if source is None:
            return
        self.members = version
        if isinstance(source, TrialLines):
            for key in [key for key in self._runs if key.startswith(f"{source.run.key} #")]:
                del self._runs[key]
        elif not any(other is not None and other.run is source.run for other in self._sources.values()):
            self._runs.pop(source.run.key, None)

    # Reading.

    def _read(self, path: Path, source: Lines | EventFile, version: int, until: float) -> None:
        with contextlib.suppress(OSError):  # it is gone, or may not be read: as if nothing were new
            found = path.stat()
            file, size = found.st_ino, found.st_size
            known, read = self._seen.get(path, (file, 0))
            if file != known or size < read:
                self._restart(source, version)
            self._seen[path] = file, size
            while source.offset < size and time.monotonic() < until:
                if not source.read(version):
                    return
            if source.offset < size:
                self.is_complete = False

    def _restart(self, source: Any, version: int) -> None:
        """A file is another one, or shorter than it was: somebody has begun it anew."""
        source.run.clear(version)
        for other in self._sources.values():
            if other is not None and other.run is source.run:
                other.restart()

    def _judge(self, run: Run, now: float, version: int) -> None:
        """How a run stands: what its file says, else whether it grows and its process is there."""
        if run.ended:
            state = run.ended
        elif run.process and run.host == self._host and os.name == "posix":
            state = "running" if _is_there(run.process, run.began) else "lost"
        else:
            changed = run.changed if run.kind != "csv" else self._written(run)
            state = "running" if now - changed < _SILENT_SECONDS else "silent"
        if state != run.state:
            run.state, run.version = state, version

    def _written(self, run: Run) -> float:
        """When the file of a run was last written into."""
        path = self.directory / f"{run.key}.csv"
        with contextlib.suppress(OSError):
            run.changed = path.stat().st_mtime
        return run.changed


def _first_line(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.readline(1 << 16).decode("utf-8", "replace").strip()
    except OSError:
        return ""


def _is_search(line: str) -> bool:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return False
    return isinstance(found, dict) and "search" in found and "format" in found


def _is_there(process: int, began: float) -> bool:
    """Whether a process of this machine runs, and ran when its run began: numbers are given again."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        pass  # another person's
    try:
        words = Path("/proc", str(process), "stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        start = next(
            float(line.split()[1])
            for line in Path("/proc/stat").read_text(encoding="ascii").splitlines()
            if line.startswith("btime ")
        )
    except (OSError, ValueError, IndexError, StopIteration):
        return True
    return words[0] != "Z" and start + int(words[19]) / os.sysconf("SC_CLK_TCK") <= began + 2
