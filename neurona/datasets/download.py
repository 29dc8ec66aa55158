"""Downloads: checked, resumed, retried, with progress, and moved to their place when complete."""

import hashlib
import http.client
import os
import shutil
import socket
import sys
import tarfile
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
import zipfile
from dataclasses import dataclass
from pathlib import Path

from neurona.core.errors import ArgumentError, DataError, DownloadError
from neurona.core.folders import cache_folders, data_folder
from neurona.datasets.local import data_gate, locate
from neurona.files.archives import Inflated, Zip, tar_files
from neurona.files.gate import Gate
from neurona.messages import translated

TIMEOUT = 30.0  # seconds without a byte before a connection counts as dead
BLOCK = 1 << 18


@dataclass(frozen=True)
class PublicFile:
    """A file that the public can download.

    Args:
        name: what it is called in the data folder and in the cache; may begin with a sub-folder, as in
            `"fashion-mnist/t10k.gz"`.
        url: its `http(s)` address.
        digest: `"sha256:..."` or `"md5:..."` as its publisher gives it; None when no checksum was ever
            published.
    """

    name: str
    url: str
    digest: str | None = None


def fetch(file: PublicFile) -> Path:
    """The local path of a public file: from `NEURONA_DATA`, else from the cache, else downloaded into the
    cache.

    Raises:
        DownloadError: it is not on this machine and can't be downloaded.
    """
    found = locate(file.name)
    return (
        found
        if found is not None
        else download(file.url, cache_folders()["datasets"] / file.name, digest=file.digest)
    )


def download(
    url: str, target: Path, *, digest: str | None = None, attempts: int = 4, pause: float = 0.5
) -> Path:
    """Download `url` to `target`.

    The bytes go to `target` + `.part`, which becomes `target` only when it is complete and its checksum is
    right. When a checksum is known, a transfer that was cut (also in an earlier run) continues where it
    stopped by HTTP Range (RFC 9110, section 14); without one each attempt starts anew, since nothing could
    tell whether both halves are of one version.

    Args:
        url: an `http` or `https` address.
        target: the file to write; its folder is made.
        digest: `"sha256:..."` or `"md5:..."`.
        attempts: how often to try when the server or the connection fails.
        pause: seconds before the second attempt; doubled before each further one.

    Raises:
        ArgumentError: the address is not http(s), or the digest's form is wrong.
        DownloadError: every attempt failed; the message says where the file can be put by hand.
    """
    if urllib.parse.urlsplit(url).scheme not in ("http", "https"):
        raise ArgumentError(
            f"download: expected an address that begins with http:// or https://. Received: url={url!r}"
        )
    if digest is not None:
        _split_digest(digest)
    part = target.with_name(target.name + ".part")
    reason = "no attempt was made"
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        for attempt in range(attempts):
            if attempt:
                time.sleep(pause * 2 ** (attempt - 1))
            if digest is None:
                part.unlink(missing_ok=True)
            try:
                _complete(url, part, digest)
                os.replace(part, target)
                return target
            except _Failure as failure:
                reason = failure.reason
                if failure.final:
                    break
    except OSError as error:
        reason = f"it can't be written: {error}"
    raise DownloadError(_by_hand(url, target, reason))


class _Failure(Exception):
    """An attempt failed. A final failure would only repeat itself."""

    def __init__(self, reason: str, *, final: bool) -> None:
        super().__init__(reason)
        self.reason, self.final = reason, final


def _complete(url: str, part: Path, digest: str | None) -> None:
    """Receive what is missing in `part`, and check the whole.

    Raises:
        _Failure: the server or the connection failed, or the checksum is wrong.
    """
    try:
        _receive(url, part)
    except urllib.error.HTTPError as error:
        whole = digest is not None and part.exists() and file_digest(part, digest) == digest
        if not (error.code == 416 and whole):  # 416: the server has nothing to send after the part
            if error.code == 416:
                part.unlink(missing_ok=True)
            final = error.code < 500 and error.code not in (408, 416, 429)
            raise _Failure(f"the server answered {error.code} {error.reason}", final=final) from error
    except (urllib.error.URLError, http.client.HTTPException, ConnectionError, TimeoutError) as error:
        cause = getattr(error, "reason", error)
        unknown_host = isinstance(cause, socket.gaierror)  # there is no network here
        raise _Failure(f"{type(cause).__name__}: {cause}", final=unknown_host) from error
    if digest is not None and (received := file_digest(part, digest)) != digest:
        part.unlink()
        raise _Failure(
            f"what arrived is not the published file (expected {digest}, received {received})", final=False
        )


def _receive(url: str, part: Path) -> None:
    """Append what is missing to `part`, or begin it anew when the server does not continue."""
    start = part.stat().st_size if part.exists() else 0
    headers = {"User-Agent": "neurona", "Accept-Encoding": "identity"}
    if start:
        headers["Range"] = f"bytes={start}-"
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=TIMEOUT) as response:
        continued = response.status == 206 and response.headers.get("Content-Range", "").startswith(
            f"bytes {start}-"
        )
        if response.status == 206 and not continued:
            part.unlink()
            raise ConnectionError(
                f"the server sent another range than asked for: {response.headers.get('Content-Range')}"
            )
        length = response.headers.get("Content-Length")
        done = start if continued else 0
        total = done + int(length) if length is not None else None
        with part.open("ab" if continued else "wb") as out, _Progress(url, total) as progress:
            while block := response.read(BLOCK):
                out.write(block)
                done += len(block)
                progress.show(done)
    if total is not None and done < total:
        raise ConnectionError(f"the connection closed after {done} of {total} bytes")


class _Progress:
    """A line on stderr. On a terminal it is rewritten while bytes arrive, elsewhere it is written once."""

    def __init__(self, url: str, total: int | None):
        self.url, self.total = url, total
        self.began = self.shown = time.monotonic()
        self.live = sys.stderr.isatty()

    def __enter__(self) -> "_Progress":
        print(
            translated(f"Downloading {self.url}") + (f" ({self.total / 1e6:.1f} MB)" if self.total else ""),
            file=sys.stderr,
        )
        return self

    def show(self, done: int) -> None:
        now = time.monotonic()
        if not self.live or (now - self.shown < 0.1 and done != self.total):
            return
        self.shown = now
        share = (
            translated(f"{100 * done / self.total:3.0f}% of {self.total / 1e6:.1f} MB")
            if self.total
            else f"{done / 1e6:.1f} MB"
        )
        print(
            f"\r  {share}, {done / 1e6 / max(now - self.began, 1e-9):.1f} MB/s ",
            end="",
            file=sys.stderr,
            flush=True,
        )

    def __exit__(self, *error: object) -> None:
        if self.live:
            print(file=sys.stderr)


def _by_hand(url: str, target: Path, reason: str) -> str:
    shelf = data_folder()
    shelf_note = f"NEURONA_DATA, now {shelf}" if shelf else "the environment variable NEURONA_DATA"
    base = cache_folders()["datasets"]
    name = target.relative_to(base) if target.is_relative_to(base) else Path(target.name)
    return (
        f"{name} is not on this machine and could not be downloaded from {url}: {reason}. "
        f"Without a network, fetch that address elsewhere and save it as {target}, "
        f"or as {name} in the folder named by {shelf_note}."
    )


def _split_digest(digest: str) -> tuple[str, str]:
    algorithm, _, value = digest.partition(":")
    lengths = {"sha256": 64, "md5": 32}
    if len(value) != lengths.get(algorithm):
        raise ArgumentError(
            f"Expected a digest 'sha256:' + 64 or 'md5:' + 32 hexadecimal digits. Received: {digest!r}"
        )
    return algorithm, value


def file_digest(path: Path, like: str = "sha256:") -> str:
    """The digest of a file's bytes, such as `"sha256:9f86d0..."`, by the algorithm that `like` begins
    with.
    """
    algorithm = like.partition(":")[0]
    with open(path, "rb") as stream:
        return f"{algorithm}:{hashlib.file_digest(stream, algorithm).hexdigest()}"


def get_file(
    fname: str | os.PathLike[str] | None = None,
    origin: str | None = None,
    untar: bool = False,
    md5_hash: str | None = None,
    file_hash: str | None = None,
    cache_subdir: str = "datasets",
    hash_algorithm: str = "auto",
    extract: bool = False,
    archive_format: str | list[str] | None = "auto",
    cache_dir: str | os.PathLike[str] | None = None,
    force_download: bool = False,
) -> str:
    """The local path of the file at `origin`, downloaded when it is not here yet; archives can be unpacked.

    Looks in the folder named by `NEURONA_DATA`, then in `cache_dir/cache_subdir`, then downloads.

    Args:
        fname: name of the local file; by default the last part of `origin`.
        origin: its address.
        untar: the same as `extract` with `archive_format="tar"` (old spelling).
        md5_hash: the MD5 in hexadecimal (old spelling of `file_hash`).
        file_hash: SHA-256 or MD5 in hexadecimal.
        cache_subdir: folder inside `cache_dir`; an absolute one is used as it is.
        hash_algorithm: `"sha256"`, `"md5"` or `"auto"`, which tells by the length.
        extract: unpack a tar or zip archive; members that would land outside the folder are refused.
        archive_format: `"tar"`, `"zip"`, a list of them, `"auto"` for both, or None for neither.
        cache_dir: by default the user's cache folder of Neurona.
        force_download: download even if the file is here.

    Returns:
        The path of the file, or of the folder of what was unpacked: `fname` if it has no extension, else
        `NAME_extracted`.

    Raises:
        ArgumentError: no origin, a folder in `fname`, or an unknown algorithm or format.
        DownloadError: the file is not here and can't be downloaded.
        DataError: it should be unpacked but is no such archive.
    """
    if not origin:
        raise ArgumentError(
            "get_file: expected origin='https://...', the address of the file. Received: origin=None"
        )
    name = _file_name(fname, origin)
    digest = _keras_digest(md5_hash, file_hash, hash_algorithm)
    extract = extract or untar
    formats = _archive_formats("tar" if untar else archive_format) if extract else []
    cache = cache_folders()["datasets"].parent if cache_dir is None else Path(cache_dir).expanduser()
    folder = cache / cache_subdir
    target, unpacked = folder / name, folder / f"{name.partition('.')[0]}_extracted"
    if fname is None or "." not in name:
        target, unpacked = folder / (f"{name}_archive" if extract else name), folder / name
    found = None if force_download else _found(name, target, digest)
    path = download(origin, target, digest=digest) if found is None else found
    if not extract:
        return str(path)
    if found is None or not unpacked.is_dir():
        _unpack(path, unpacked, formats)
    return str(unpacked)


def _found(name: str, target: Path, digest: str | None) -> Path | None:
    """The file in the data folder, else `target` where it is there and its checksum is right, else None."""
    local = data_folder()
    if local is not None and (local / name).is_file():
        return local / name
    if not target.is_file() or (digest is not None and file_digest(target, digest) != digest):
        return None
    return target


def _file_name(fname: str | os.PathLike[str] | None, origin: str) -> str:
    """The name of the local file: `fname`, else the last part of the address."""
    name = os.fspath(fname) if fname else os.path.basename(urllib.parse.urlsplit(origin).path)
    if not name or Path(name).name != name:
        raise ArgumentError(
            "get_file: expected a plain file name in fname; the folder goes in cache_dir. Received: "
            f"fname={fname!r}"
        )
    return name


def _keras_digest(md5_hash: str | None, file_hash: str | None, algorithm: str) -> str | None:
    if file_hash is None:
        return None if md5_hash is None else f"md5:{md5_hash}"
    if algorithm not in ("auto", "sha256", "md5"):
        raise ArgumentError(
            f"get_file: expected hash_algorithm 'auto', 'sha256' or 'md5'. Received: {algorithm!r}"
        )
    if algorithm == "auto":
        algorithm = "sha256" if len(file_hash) == 64 else "md5"
    return f"{algorithm}:{file_hash}"


def _archive_formats(wanted: str | list[str] | None) -> list[str]:
    formats = (
        ["tar", "zip"] if wanted == "auto" else [wanted] if isinstance(wanted, str) else list(wanted or [])
    )
    if set(formats) - {"tar", "zip"}:
        raise ArgumentError(
            "get_file: expected archive_format 'auto', 'tar', 'zip', a list of them or None. Received: "
            f"{wanted!r}"
        )
    return formats


def _is_tar(archive: Path, gate: Gate) -> bool:
    """Whether a file, packed or not, begins like a tar archive."""
    try:
        with Inflated(archive, gate) as raw:
            return raw.read(512)[257:262] == b"ustar"
    except DataError:
        return False


def _unpack(archive: Path, folder: Path, formats: list[str]) -> None:
    """Unpack into a temporary folder, then move it to `folder`."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=folder.name) as scratch:
        gate = data_gate(archive)
        if "tar" in formats and _is_tar(archive, gate):
            for _, read in tar_files(archive, gate):
                del read  # every header is checked, before anything is written
            with (
                Inflated(archive, gate) as raw,
                gate.watching(),
                tarfile.open(fileobj=raw, mode="r|") as tar,
            ):
                tar.extractall(scratch, filter="data")
        elif "zip" in formats and zipfile.is_zipfile(archive):
            with Zip(archive, gate) as bundle:
                bundle.unpack(Path(scratch))
        else:
            raise DataError(
                f"get_file: {archive} is not an archive of the kind "
                f"{', '.join(formats) or '(none asked for)'}."
            )
        if folder.exists():
            shutil.rmtree(folder)
        shutil.copytree(scratch, folder)
