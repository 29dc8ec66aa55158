"""The server of the page that shows runs."""

import asyncio
import json
import math
import secrets
import time
from typing import Any

import numpy as np

from neurona.board import Run, Runs
from neurona.playground.local import (
    JSONResponse,
    LocalPage,
    PlainTextResponse,
    Request,
    Response,
    Route,
)

_READ_SECONDS = 0.4  # of an answer that waits for files
_PAUSE_SECONDS = 0.4  # between two looks at the files, however many pages ask
_KINDS = {b"\x89PNG": "image/png", b"\xff\xd8": "image/jpeg", b"GIF8": "image/gif", b"RIFF": "image/webp"}


class BoardPage(LocalPage):
    """The page of a folder's runs, and the server that runs it.

    Args:
        directory: the folder.
        port: where to listen; 0 takes a free one.
        language: of a page whose browser asks for neither English nor Spanish.

    Raises:
        ArgumentError: there is no such folder.
        OSError: the port is in use.
    """

    def __init__(self, directory: Any, port: int = 0, language: str = "en") -> None:
        self._runs, self._language = Runs(directory), language
        self._id = secrets.token_hex(8)  # a page that knew another server begins anew
        self._numbers: dict[str, int] = {}
        self._lock, self._looked = asyncio.Lock(), 0.0
        routes = [
            Route("/data", self._data),
            Route("/details", self._details),
            Route("/picture", self._picture),
        ]
        super().__init__(port, routes, index="board.html")

    async def _data(self, request: Request) -> Response:
        """What is new since a version."""
        since = _whole(request, "since")
        if since is None:
            return PlainTextResponse("since", 400)
        async with self._lock:
            content = await asyncio.to_thread(self._news, since)
        return Response(content, media_type="application/octet-stream")

    def _news(self, since: int) -> bytes:
        if not self._runs.is_complete or time.monotonic() - self._looked > _PAUSE_SECONDS:
            self._runs.update(_READ_SECONDS)
            self._looked = time.monotonic()
        runs = {self._numbers.setdefault(run.key, len(self._numbers)): run for run in self._runs}
        head = {
            "server": self._id,
            "version": self._runs.version,
            "complete": self._runs.is_complete,
            "folder": str(self._runs.directory),
            "language": self._language,
            "members": list(runs),
        }
        return packed(head, {number: run for number, run in runs.items() if run.version > since}, since)

    async def _details(self, request: Request) -> Response:
        """The histograms and pictures of a run."""
        run = self._run(request)
        if run is None:
            return PlainTextResponse("run", 404)
        histograms = {
            name: [
                {**_moment(one.moment), "edges": _plain(one.edges), "counts": _plain(one.counts)}
                for one in found
            ]
            for name, found in run.histograms.items()
        }
        pictures = {name: [_moment(one.moment) for one in found] for name, found in run.pictures.items()}
        return JSONResponse({"histograms": histograms, "pictures": pictures})

    async def _picture(self, request: Request) -> Response:
        """A picture of a run, which its number names: no path comes from outside."""
        run, index = self._run(request), _whole(request, "index")
        found = run.pictures.get(request.query_params.get("name", ""), []) if run else []
        if index is None or index >= len(found):
            return PlainTextResponse("picture", 404)
        try:
            content = await asyncio.to_thread(found[index].read)
        except (OSError, ValueError):
            return PlainTextResponse("picture", 404)
        kind = next((kind for sign, kind in _KINDS.items() if content.startswith(sign)), None)
        return Response(content, media_type=kind) if kind else PlainTextResponse("picture", 415)

    def _run(self, request: Request) -> Run | None:
        number = _whole(request, "run")
        return next((run for run in self._runs if self._numbers.get(run.key) == number), None)


def packed(head: dict[str, Any], runs: dict[int, Run], since: int) -> bytes:
    """The message: the header's length in 4 bytes, the header in JSON, and the numbers that it places.

    Numbers are float64, little-endian; the first begins at a multiple of 8 bytes. Each figure of a run has
    `[from, count, clock, values]`: the place of its first new value, how many there are, and where, counted
    in numbers, its steps, epochs and times lie, one after another, and where its values.

    Args:
        head: more entries of the header.
        runs: those that changed, by their numbers.
        since: the version after which their values are new.
    """
    parts: list[bytes] = []
    size = 0

    def placed(data: bytes) -> int:
        nonlocal size
        parts.append(data)
        size += len(data)
        return (size - len(data)) // 8

    found = []
    for number, run in runs.items():
        clocks: dict[bytes, int] = {}  # figures that were written together share theirs
        series = {}
        for name, one in run.series.items():
            begin = one.new_since(since)
            if begin == len(one.value) and begin:
                continue
            clock = b"".join(column[begin:].tobytes() for column in (one.step, one.epoch, one.time))
            if clock not in clocks:
                clocks[clock] = placed(clock)
            series[name] = [begin, len(one.value) - begin, clocks[clock], placed(one.value[begin:].tobytes())]
        found.append({"number": number, **_described(run), "series": series})
    text = json.dumps({**head, "runs": found}).encode()
    text += b" " * (-(len(text) + 4) % 8)
    return len(text).to_bytes(4, "little") + text + b"".join(parts)


def _described(run: Run) -> dict[str, Any]:
    return {
        "key": run.key,
        "kind": run.kind,
        "state": run.state,
        "why": run.why,
        "began": run.began if math.isfinite(run.began) else None,
        "changed": run.changed if math.isfinite(run.changed) else None,
        "damaged": run.damaged,
        "hyperparameters": run.hyperparameters,
        "histograms": sum(map(len, run.histograms.values())),
        "pictures": sum(map(len, run.pictures.values())),
    }


def _moment(moment: Any) -> dict[str, float | None]:
    found = {"step": moment.step, "epoch": moment.epoch, "time": moment.time}
    return {name: value if math.isfinite(value) else None for name, value in found.items()}


def _plain(values: list[float]) -> list[float]:
    return np.nan_to_num(values).tolist()


def _whole(request: Request, name: str) -> int | None:
    """A number from 0 in the address, or None."""
    text = request.query_params.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None
