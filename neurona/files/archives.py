"""Zip and tar archives and compressed files, read within a budget."""

import bz2
import gzip
import io
import lzma
import stat
import struct
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from neurona.files.budget import MIB
from neurona.files.gate import Gate, read_stream

_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # others unpack a few bytes to gigabytes at once
_LARGEST_ENTRY = 1500  # bytes of a zip directory's entry with a long name
_TAIL = 22 + 65_535  # a zip's end record, with the longest comment
_HEADER = 64 * 1024  # bytes of a tar member's extended header
_XZ_MEMORY = 256 * MIB  # the dictionary of `xz -9` takes 64 MiB


def safe_name(name: str) -> bool:
    """Whether a member's name stays inside the folder it is unpacked to, on every system.

    Example:

        >>> [safe_name(name) for name in ("a/b.txt", "../b", "/b", "C:b", "a\\\\b")]
        [True, False, False, False, False]
    """
    parts = PurePosixPath(name).parts
    hidden = "\\" in name or "\0" in name or name[1:2] == ":" or len(name) > 1000
    return bool(name) and not hidden and not name.startswith("/") and ".." not in parts


class Zip:
    """A zip archive whose directory was checked: names, number, sizes, methods and kinds of its members.

    Args:
        source: the file, or its content as a binary stream.
        gate: of the file.

    Raises:
        gate.error: it is no zip archive, or a member is unsafe.
    """

    def __init__(self, source: Any, gate: Gate) -> None:
        self._gate = gate
        with gate.watching():
            _check_directory(source, gate)
            self._archive = zipfile.ZipFile(source)
            members = self._archive.infolist()
            gate.count(len(members), "members", "members")
            self._members = {member.filename: member for member in members}
            if len(self._members) < len(members):
                raise gate.refusal("holds two members of the same name.")
            for member in members:
                _check_member(member, gate)
            total = sum(member.file_size for member in members)
            if total > gate.left:
                raise gate.refusal(
                    f"says that its members have {total} bytes. {gate.left} are allowed for it."
                )

    def __enter__(self) -> "Zip":
        return self

    def __exit__(self, *error: object) -> None:
        self._archive.close()

    @property
    def names(self) -> list[str]:
        """The names of the members that are files."""
        return [name for name, member in self._members.items() if not member.is_dir()]

    def size(self, name: str) -> int:
        """The bytes that a member says it has."""
        return self._find(name).file_size

    def _find(self, name: str) -> zipfile.ZipInfo:
        if name not in self._members:
            raise self._gate.refusal(f"lacks the member {name!r}.")
        return self._members[name]

    def read(self, name: str) -> bytes:
        """The content of a member.

        Raises:
            gate.error: there is none, it is damaged, or is larger than the budget.
        """
        member = self._find(name)
        if member.file_size > self._gate.left:
            self._gate.spend(member.file_size, name)  # refused before anything is unpacked
        with self._gate.watching(name), self._archive.open(member) as stream:
            return read_stream(stream, self._gate, name)

    def unpack(self, folder: Path) -> None:
        """Write all members into a folder."""
        with self._gate.watching():
            self._archive.extractall(folder)


def _check_directory(source: Any, gate: Gate) -> None:
    """Count the members of a zip archive without making an object of each. The number that the archive gives
    may be a lie.
    """
    stream = source.open("rb") if isinstance(source, Path) else source
    try:
        end = stream.seek(0, io.SEEK_END)
        stream.seek(max(0, end - _TAIL))
        tail = stream.read()
        at = tail.rfind(b"PK\x05\x06")
        if at < 0:
            raise gate.refusal("is not a zip archive, or is damaged: its directory is missing.")
        (size,) = struct.unpack_from("<L", tail, at + 12)
        wide = tail.rfind(b"PK\x06\x06", 0, at)
        if wide >= 0:
            (size,) = struct.unpack_from("<Q", tail, wide + 40)
        begin = end - len(tail) + (at if wide < 0 else wide) - size
        if begin < 0:
            raise gate.refusal("is damaged: its directory is larger than the file.")
        gate.count(size // _LARGEST_ENTRY, "members", "members")
        stream.seek(begin)
        gate.count(stream.read(size).count(b"PK\x01\x02"), "members", "members")
        stream.seek(0)
    finally:
        if stream is not source:
            stream.close()


def _check_member(member: zipfile.ZipInfo, gate: Gate) -> None:
    name = member.filename
    mode = member.external_attr >> 16
    if not safe_name(name) or safe_name(member.orig_filename) is False:
        raise gate.refusal("has a name that leads out of its folder.", repr(name))
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise gate.refusal("is a link or a device; only files are read.", name)
    if member.flag_bits & 0x1:
        raise gate.refusal("is encrypted.", name)
    if member.compress_type not in _METHODS:
        raise gate.refusal(f"is packed by method {member.compress_type}; stored and deflated are read.", name)


class Inflated(io.RawIOBase):
    """The content of a `.gz`, `.bz2` or `.xz` file as a stream that ends in a refusal at the budget's end.

    Any other file is read as it is.
    """

    def __init__(self, path: Path, gate: Gate) -> None:
        self._gate, self._left = gate, gate.left
        with path.open("rb") as file:
            start = file.read(6)
        self._stream: Any = next(
            (opened(path) for magic, opened in _COMPRESSED.items() if start.startswith(magic)), None
        ) or path.open("rb")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        with self._gate.watching():
            block = self._stream.read(min(len(buffer), MIB))
            self._left -= len(block)
            if self._left < 0:
                self._gate.spend(self._gate.left + 1)
        buffer[: len(block)] = block
        return len(block)

    def close(self) -> None:
        if not self.closed:
            self._stream.close()
        super().close()


class _Xz(io.RawIOBase):
    """An `.xz` file, unpacked with bounded memory: `lzma.open` allocates whatever a file's header says."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb")
        self._decoder = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_XZ_MEMORY)

    def read(self, size: int = MIB) -> bytes:
        while not self._decoder.eof:
            packed = self._file.read(MIB) if self._decoder.needs_input else b""
            if not packed and self._decoder.needs_input:
                raise EOFError("the file ends too early")
            block = self._decoder.decompress(packed, size)
            if block:
                return block
        return b""

    def close(self) -> None:
        self._file.close()
        super().close()


_COMPRESSED: dict[bytes, Callable[[Path], Any]] = {
    b"\x1f\x8b": gzip.open,
    b"BZh": bz2.open,
    b"\xfd7zXZ\0": _Xz,
}


def tar_files(path: Path, gate: Gate) -> Iterator[tuple[str, Callable[[], bytes]]]:
    """The files in a tar archive, packed or not, in its order: the name, and a function that reads it.

    Raises:
        FileNotFoundError: there is no such file.
        gate.error: the archive is damaged, a member's name leads out of the folder, or it asks for more than
            the budget.
    """
    with Inflated(path, gate) as raw, gate.watching(), open_tar(io.BufferedReader(raw, MIB), gate) as archive:
        for member in archive:
            archive.members = []  # pyright: ignore[reportAttributeAccessIssue]  # it would keep them all
            if not safe_name(member.name):
                raise gate.refusal("has a name that leads out of its folder.", repr(member.name))
            if member.isfile():
                yield member.name, lambda member=member: _content(archive, member, gate)


def open_tar(stream: Any, gate: Gate) -> tarfile.TarFile:
    """A tar archive read from a stream; each header is checked before the member is read or skipped."""
    seen = 0

    class Member(tarfile.TarInfo):
        @classmethod
        def frombuf(cls, buf: Any, encoding: str, errors: str) -> Any:
            nonlocal seen
            member = super().frombuf(buf, encoding, errors)
            seen += 1
            if seen % 10 == 0:  # a data set has more files than an archive of a model
                gate.count(seen // 10, "members", "members")
            extended = member.type in (*_EXTENDED, tarfile.GNUTYPE_SPARSE)
            if not 0 <= member.size <= (_HEADER if extended else gate.left):
                raise gate.refusal(f"has a member of {member.size} bytes.", member.name)
            return member

    return tarfile.open(fileobj=stream, mode="r|", tarinfo=Member)


_EXTENDED = (
    tarfile.XHDTYPE,
    tarfile.XGLTYPE,
    tarfile.SOLARIS_XHDTYPE,
    tarfile.GNUTYPE_LONGNAME,
    tarfile.GNUTYPE_LONGLINK,
)


def _content(archive: tarfile.TarFile, member: tarfile.TarInfo, gate: Gate) -> bytes:
    with gate.watching(member.name):
        stream = archive.extractfile(member)
        return b"" if stream is None else stream.read()


def inflate(path: Path, gate: Gate) -> bytes:
    """The content of a packed file, within the budget."""
    with Inflated(path, gate) as raw, gate.watching():
        return read_stream(io.BufferedReader(raw, MIB), gate)
