"""A clean data folder and cache for each test, archives in the official formats, and a web server of our
own.
"""

import http.server
import io
import os
import tarfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest


@pytest.fixture
def empty_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """A data folder and a cache with nothing in them, and a proxy that refuses, so that nothing leaves the
    machine.
    """
    data, cache = tmp_path / "data", tmp_path / "cache"
    data.mkdir()
    monkeypatch.setenv("NEURONA_DATA", str(data))
    monkeypatch.setenv("NEURONA_CACHE", str(cache))
    for name in ("http_proxy", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    return data, cache


class Server:
    """Serves `content` by path; `faults` are taken one per request before an answer is as it should be."""

    def __init__(self) -> None:
        self.content: dict[str, bytes] = {}
        self.faults: list[str] = []
        self.ranges: list[str | None] = []
        server = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                server.answer(self)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()
        self.url = f"http://127.0.0.1:{self.http.server_address[1]}"

    def close(self) -> None:
        self.http.shutdown()
        self.http.server_close()
        self.thread.join()

    def answer(self, request: http.server.BaseHTTPRequestHandler) -> None:
        asked = request.headers.get("Range")
        self.ranges.append(asked)
        fault = self.faults.pop(0) if self.faults else ""
        content = self.content.get(request.path)
        if fault == "unavailable":
            request.send_error(503)
            return
        if content is None:
            request.send_error(404)
            return
        if fault == "corrupt":
            content = bytes(len(content))
        start = int(asked.removeprefix("bytes=").rstrip("-")) if asked and fault != "no ranges" else 0
        if start >= len(content):
            request.send_response(416)
            request.send_header("Content-Range", f"bytes */{len(content)}")
            request.send_header("Content-Length", "0")
            request.end_headers()
            return
        body = content[start:]
        request.send_response(206 if start else 200)
        if start:
            shown = start + 1 if fault == "another range" else start
            request.send_header("Content-Range", f"bytes {shown}-{len(content) - 1}/{len(content)}")
        if fault != "no length":
            request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body[: len(body) // 2] if fault == "cut" else body)


@pytest.fixture
def server(empty_machine: tuple[Path, Path]) -> Iterator[Server]:
    running = Server()
    yield running
    running.close()


@pytest.fixture
def make_tar() -> Callable[[Path, dict[str, bytes]], Path]:
    """Writes a tar archive, compressed as its name says."""

    def make(path: Path, members: dict[str, bytes]) -> Path:
        with tarfile.open(path, f"w:{path.suffix.removeprefix('.')}") as archive:
            for name, content in members.items():
                entry = tarfile.TarInfo(name)
                entry.size = len(content)
                archive.addfile(entry, io.BytesIO(content))
        return path

    return make


@pytest.fixture(scope="session")
def cifar_pictures() -> dict[str, bytes]:
    """The first three JPEGs of each class and subset of the real archive, by their names there."""
    path = Path(os.environ.get("NEURONA_DATA", "")) / "cifar10_jpeg.tar.xz"
    if not path.is_file():
        pytest.skip("NEURONA_DATA has no cifar10_jpeg.tar.xz")
    pictures: dict[str, bytes] = {}
    with tarfile.open(path, "r|xz") as archive:
        for member in archive:
            stream = archive.extractfile(member)
            if member.name.endswith(("/0000.jpg", "/0001.jpg", "/0002.jpg")) and stream is not None:
                pictures[member.name] = stream.read()
    return pictures


@pytest.fixture(scope="session")
def cifar_records(cifar_pictures: dict[str, bytes]) -> dict[str, np.ndarray]:
    """The same as records of the official binary format: the label, then 1024 red, 1024 green, 1024 blue
    bytes.
    """
    image = pytest.importorskip("PIL.Image")
    classes = sorted({name.split("/")[2] for name in cifar_pictures})
    records: dict[str, list[np.ndarray]] = {"train": [], "test": []}
    for name, content in cifar_pictures.items():
        _, subset, label, _ = name.split("/")
        pixels = np.asarray(image.open(io.BytesIO(content)).convert("RGB"))
        planes = [pixels[:, :, channel].ravel() for channel in range(3)]
        records[subset].append(np.concatenate([np.array([classes.index(label)], np.uint8), *planes]))
    return {subset: np.stack(rows) for subset, rows in records.items()}
