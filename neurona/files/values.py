"""JSON texts, NumPy arrays and plain texts, read within a budget."""

import ast
import io
import json
import math
from pathlib import Path
from typing import Any

import numpy as np

from neurona.files.archives import Zip
from neurona.files.gate import Gate, read_bytes

_NUMBERS = "biufc"  # the kinds of dtype that are read
_HEADER = 10_000  # bytes of an .npy header


def parse_json(content: bytes | str, gate: Gate, member: str | None = None) -> Any:
    """What a JSON text holds, after its size was checked and before anything recurses into it.

    Raises:
        gate.error: it is no JSON, or is too large or nested too deep.
    """
    if isinstance(content, str):
        text = content
    else:
        with gate.watching(member):
            text = content.decode(json.detect_encoding(content))
    with gate.watching(member):
        gate.count(sum(map(text.count, ",[{")), "items", "values", member)
        # A list of one list takes 64 bytes for every two letters.
        gate.count(2 * sum(map(text.count, "[{")), "items", "values", member)
        tree = json.loads(text)
    gate.check_tree(tree, member)
    return tree


def parse_dictionary(content: bytes | str, gate: Gate, member: str | None = None) -> dict[str, Any]:
    """A JSON text that holds a dictionary."""
    tree = parse_json(content, gate, member)
    if not isinstance(tree, dict):
        raise gate.refusal(f"expected a dictionary. Received: {type(tree).__name__}", member)
    return tree


def parse_array(content: bytes, gate: Gate, member: str | None = None) -> np.ndarray:
    """An array of numbers in NumPy's format, whose header says neither more nor less than is there.

    Raises:
        gate.error: it is damaged, holds objects, texts or records, or its size is another.
    """
    with gate.watching(member):
        if content[:6] != b"\x93NUMPY":
            raise gate.refusal("is not an array in NumPy's format.", member)
        wide = content[6] > 1
        start = 12 if wide else 10
        length = int.from_bytes(content[8:start], "little")
        if length > min(_HEADER, len(content)):
            raise gate.refusal(f"has a header of {length} bytes.", member)
        header = ast.literal_eval(content[start : start + length].decode("utf-8" if wide else "latin-1"))
        shape, described = header["shape"], header["descr"]
        if isinstance(described, str) and "O" in described:
            raise gate.refusal("holds pickled objects, which can run code when read: not read.", member)
        if not isinstance(described, str) or np.dtype(described).kind not in _NUMBERS:
            raise gate.refusal(f"holds {described!r}, not plain numbers.", member)
        dtype, body = np.dtype(described), memoryview(content)[start + length :]
        if not all(isinstance(size, int) and size >= 0 for size in shape):
            raise gate.refusal(f"has no shape: {shape}", member)
        if math.prod(shape) * dtype.itemsize != len(body):
            raise gate.refusal(f"says it holds {shape} values of {dtype}. It has {len(body)} bytes.", member)
        array = np.frombuffer(body, dtype)
        if header["fortran_order"]:
            return array.reshape(shape[::-1]).T.copy(order="F")
        return array.reshape(shape).copy()


def read_array(path: Path, gate: Gate) -> np.ndarray:
    """The array in an `.npy` file."""
    return parse_array(read_bytes(path, gate), gate)


def read_arrays(source: Path | io.BytesIO, names: list[str], gate: Gate) -> list[np.ndarray]:
    """The named arrays of an `.npz` file, in that order.

    Raises:
        gate.error: the file is damaged, lacks an array, or holds something else than numbers.
    """
    with Zip(source, gate) as archive:
        found = [name.removesuffix(".npy") for name in archive.names]
        missing = [name for name in names if name not in found]
        if missing:
            raise gate.refusal(
                f"expected the arrays {', '.join(names)}. Received: {', '.join(found[:20]) or 'none'}"
            )
        return [parse_array(archive.read(f"{name}.npy"), gate, name) for name in names]


def read_text(path: Path, gate: Gate, strict: bool = False) -> str:
    """A text in UTF-8, UTF-16 or, where it is neither and `strict` is False, Windows-1252.

    Raises:
        gate.error: it holds what no text holds, or is larger than the budget.
    """
    return parse_text(read_bytes(path, gate), gate, strict)


def parse_text(content: bytes, gate: Gate, strict: bool = False) -> str:
    """The text that a file's content is; arguments and errors as of `read_text`."""
    encoding = next((name for mark, name in _MARKS.items() if content.startswith(mark)), None)
    if encoding is None and not strict and b"\0" in content[:200]:
        # UTF-16 without its mark: of letters of the first 256, every other byte is 0.
        encoding = "utf-16-le" if content[1:2] == b"\0" else "utf-16-be"
    with gate.watching():
        text = _decoded(content, encoding or ("utf-8" if strict else None))
    if "\0" in text:
        raise gate.refusal("is not a text: it holds the character NUL.")
    gate.count(text.count("\n") + text.count("\r"), "items", "lines")
    return text


_MARKS = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}


def _decoded(content: bytes, encoding: str | None) -> str:
    if encoding is not None:
        return content.decode(encoding)
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode("cp1252")
