"""Checkpoints of TensorFlow: tensors by their names.

`path.index` is a sorted table of the names, each with dtype, shape and where its bytes lie in
`path.data-00000-of-00001`. Before version 0.12 the tensors lay in one such table, `path` itself.

Source: TensorFlow's tensor_bundle.proto, saved_tensor_slice.proto and tensor.proto.
"""

import glob
import os
import struct
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np

from neurona.core.errors import SavingError
from neurona.files.budget import Budget
from neurona.files.checksums import masked_checksum
from neurona.files.gate import Gate
from neurona.saving.atomic import atomic_path
from neurona.saving.protobuf import BYTES, field, fields, read_varint, varint
from neurona.saving.sorted_tables import is_table, read_table, write_table

TEXT = 7
# The numbers of dtypes in TensorFlow's files; 7 is that of texts.
_DTYPES = {
    1: "float32", 2: "float64", 3: "int32", 4: "uint8", 5: "int16", 6: "int8", 8: "complex64", 9: "int64",
    10: "bool", 14: "bfloat16", 17: "uint16", 18: "complex128", 19: "float16", 22: "uint32", 23: "uint64",
}  # fmt: skip
_NUMBERS = {name: number for number, name in _DTYPES.items()}
# In which field of a TensorProto the values of a dtype lie, and how.
_VALUES = {
    "float32": (5, "<f4"), "float64": (6, "<f8"), "int64": (10, None), "bool": (11, None),
    "complex64": (9, "<c8"), "complex128": (12, "<c16"), "float16": (13, None), "bfloat16": (13, None),
}  # fmt: skip
_INTEGERS = 7
_TEXTS = 8


def index_of(path: Any) -> Path:
    """The file that lists what a checkpoint holds."""
    return Path(f"{os.fsdecode(path)}.index")


def data_of(path: Any, shard: int = 0, shards: int = 1) -> Path:
    """A file of a checkpoint's bytes."""
    return Path(f"{os.fsdecode(path)}.data-{shard:05d}-of-{shards:05d}")


def bundle_exists(path: Any) -> bool:
    """Whether a path is that of a checkpoint."""
    return index_of(path).is_file() or _is_single(Path(os.fsdecode(path)))


def _is_single(path: Path) -> bool:
    """Whether a file is a checkpoint as they were before TensorFlow 0.12."""
    if not path.is_file() or path.stat().st_size < 48:
        return False
    with path.open("rb") as file:
        file.seek(-48, os.SEEK_END)
        return is_table(file.read())


def write_bundle(path: Any, tensors: Mapping[str, np.ndarray]) -> None:
    """Write tensors as a checkpoint that TensorFlow reads.

    Args:
        path: its path without the endings of its files.
        tensors: arrays by their names; texts are arrays of objects, of bytes.

    Raises:
        SavingError: an array has a dtype that TensorFlow's checkpoints lack.
    """
    entries, place = [(b"", _whole(1, 1) + field(3, _whole(1, 1)))], 0  # one file of bytes, version 1
    with atomic_path(data_of(path)) as temporary, temporary.open("wb") as file:
        for name in sorted(tensors, key=str.encode):
            array = np.asarray(tensors[name])
            if array.dtype.kind in "OSU":
                number, (data, checked) = TEXT, _texts_as_bytes(array)
            else:
                if array.dtype.name not in _NUMBERS:
                    raise SavingError(
                        f"{name!r} has dtype {array.dtype}, which no checkpoint of TensorFlow holds."
                    )
                number, data = _NUMBERS[array.dtype.name], array.tobytes()
                checked = data
            shape = b"".join(field(2, _whole(1, size)) for size in array.shape)
            entry = _whole(1, number) + field(2, shape) + _whole(4, place) + _whole(5, len(data))
            entry += varint(6 << 3 | 5) + struct.pack("<I", masked_checksum(checked))
            entries.append((name.encode(), entry))
            file.write(data)
            place += len(data)
    with atomic_path(index_of(path)) as temporary:
        temporary.write_bytes(write_table(entries))


def _whole(number: int, value: int) -> bytes:
    """A field with an integer, which is left out where it is 0."""
    return varint(number << 3) + varint(value) if value else b""


def _texts_as_bytes(array: np.ndarray) -> tuple[bytes, bytes]:
    """Texts as a file has them, and as their checksum sees them."""
    texts = [text.encode() if isinstance(text, str) else bytes(text) for text in array.ravel().tolist()]
    lengths = b"".join(struct.pack("<I", len(text)) for text in texts)
    check = struct.pack("<I", masked_checksum(lengths))
    body = check + b"".join(texts)
    return b"".join(varint(len(text)) for text in texts) + body, lengths + body


def read_bundle(path: Any, budget: Budget | None = None) -> dict[str, np.ndarray]:
    """The tensors of a checkpoint of TensorFlow, by their names.

    Args:
        path: its path without the endings of its files.
        budget: what reading it may cost, where the default does not fit a file that you trust.

    Raises:
        SavingError: the checkpoint is missing, damaged, or asks for more than the budget.

    Example:

        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     write_bundle(f"{folder}/model.ckpt", {"w": np.ones(2, np.float32)})
        ...     read_bundle(f"{folder}/model.ckpt")
        {'w': array([1., 1.], dtype=float32)}
    """
    index = index_of(path)
    if index.is_file():
        size = sum(file.stat().st_size for file in index.parent.glob(f"{glob.escape(index.stem)}.*"))
        return _read_parts(path, Gate(index, SavingError, size, budget))
    single = Path(os.fsdecode(path))
    if _is_single(single):
        gate = Gate.of_file(single, SavingError, budget)
        with gate.watching():
            return _read_single(single.read_bytes(), gate)
    raise SavingError(f"There is no checkpoint {os.fsdecode(path)!r}: {index.name} is not there.")


def _read_parts(path: Any, gate: Gate) -> dict[str, np.ndarray]:
    with gate.watching():
        table = dict(read_table(index_of(path).read_bytes(), gate))
        shards = dict.fromkeys((1,), 1) | {number: value for number, _, value in fields(table[b""])}
        files = [data_of(path, shard, shards[1]) for shard in range(shards[1])]
        found = {}
        for key, value in table.items():
            if key and not key.startswith(b"\0"):
                entry = _Entry(value)
                found[key.decode()] = (
                    _joined(key, entry, table, files, gate) if entry.slices else _read(entry, files, gate)
                )
        return found


class _Entry:
    """What a checkpoint says of a tensor: its dtype, shape, place and the slices that it is made of."""

    def __init__(self, data: bytes) -> None:
        self.dtype = self.shard = self.place = self.size = self.check = 0
        self.shape: tuple[int, ...] = ()
        self.slices: list[tuple[tuple[int, int], ...]] = []
        for number, _, value in fields(data):
            if number == 2:
                self.shape = _shape(value)
            elif number == 7:
                self.slices.append(_slice(value))
            elif number == 6:
                (self.check,) = struct.unpack("<I", value)
            elif number in (1, 3, 4, 5):
                setattr(self, {1: "dtype", 3: "shard", 4: "place", 5: "size"}[number], value)


def _shape(data: bytes) -> tuple[int, ...]:
    sizes = []
    for number, _, value in fields(data):
        if number == 2:
            sizes.append(next((size for what, _, size in fields(value) if what == 1), 0))
    return tuple(sizes)


def _slice(data: bytes) -> tuple[tuple[int, int], ...]:
    """(start, length) along each axis; -1 is all of it."""
    found = []
    for number, _, value in fields(data):
        if number == 1:
            parts = {what: part for what, _, part in fields(value)}
            found.append((parts.get(1, 0), parts.get(2, -1)))
    return tuple(found)


def _joined(
    key: bytes, entry: _Entry, table: Mapping[bytes, bytes], files: Sequence[Path], gate: Gate
) -> np.ndarray:
    """A tensor whose slices lie under keys of their own, in the order of where they begin."""
    start = b"\0" + key.replace(b"\0", b"\0\xff") + b"\0\1"
    keys = sorted(one for one in table if one.startswith(start))
    if len(keys) != len(entry.slices):
        raise gate.refusal(f"has {len(keys)} of the {len(entry.slices)} slices of a tensor.", key.decode())
    parts = [_read(_Entry(table[one]), files, gate) for one in keys]
    return _put_together(entry.shape, sorted(entry.slices), parts)


def _put_together(shape: tuple[int, ...], slices: Sequence[Any], parts: Sequence[np.ndarray]) -> np.ndarray:
    whole = np.empty(shape, parts[0].dtype)
    for place, part in zip(slices, parts, strict=True):
        whole[tuple(slice(start, None if size < 0 else start + size) for start, size in place)] = part
    return whole


def _read(entry: _Entry, files: Sequence[Path], gate: Gate) -> np.ndarray:
    file = files[entry.shard]
    gate.spend(entry.size)
    with file.open("rb") as stream:
        stream.seek(entry.place)
        data = stream.read(entry.size)
    if len(data) != entry.size:
        raise gate.refusal(f"{file.name} is cut off.")
    if entry.dtype == TEXT:
        texts, data = _texts_of(data, int(np.prod(entry.shape, dtype=np.int64)), gate)
        array: Any = np.array([*texts, None], object)[:-1].reshape(entry.shape)
    else:
        array = np.frombuffer(data, _dtype(entry.dtype, gate)).reshape(entry.shape).copy()
    if entry.check != masked_checksum(data):
        raise gate.refusal(f"is damaged: a tensor in {file.name} and its checksum differ.")
    return array


def _dtype(number: int, gate: Gate) -> np.dtype:
    if number not in _DTYPES:
        raise gate.refusal(f"holds a tensor of TensorFlow's dtype number {number}, which Neurona lacks.")
    return np.dtype(jnp.dtype(_DTYPES[number]))


def _texts_of(data: bytes, count: int, gate: Gate) -> tuple[list[bytes], bytes]:
    """Texts, and the bytes that their checksum is of."""
    lengths, place = [], 0
    if count > len(data):
        raise gate.refusal("is damaged: it has fewer texts than it says.")
    for _ in range(count):
        length, place = read_varint(data, place)
        lengths.append(length)
    checked = b"".join(struct.pack("<I", length) for length in lengths) + data[place:]
    place += 4
    texts = []
    for length in lengths:
        texts.append(data[place : place + length])
        place += length
    return texts, checked


def _read_single(data: bytes, gate: Gate) -> dict[str, np.ndarray]:
    """The tensors of a table that holds them itself."""
    described: dict[str, tuple[int, tuple[int, ...]]] = {}
    parts: dict[str, list[tuple[Any, np.ndarray]]] = {}
    for _, value in read_table(data, gate):
        for number, _, message in fields(value):
            if number == 1:
                described |= _described(message)
            elif number == 2:
                saved = {what: part for what, _, part in fields(message)}
                name, place = saved[1].decode(), _slice(saved.get(2, b""))
                dtype, shape = described[name]
                sizes = [_length(*one) for one in zip(shape, place, strict=True)]
                parts.setdefault(name, []).append((place, _of_tensor_proto(saved[3], dtype, sizes, gate)))
    return {name: _put_together(described[name][1], *zip(*some, strict=True)) for name, some in parts.items()}


def _described(data: bytes) -> Iterator[tuple[str, tuple[int, tuple[int, ...]]]]:
    """Names of tensors, with the numbers of their dtypes and their shapes."""
    for number, _, message in fields(data):
        if number == 1:
            parts = {what: value for what, _, value in fields(message)}
            yield parts[1].decode(), (parts[3], _shape(parts.get(2, b"")))


def _length(whole: int, place: tuple[int, int]) -> int:
    start, size = place
    return whole - start if size < 0 else size


def _of_tensor_proto(data: bytes, number: int, shape: Sequence[int], gate: Gate) -> np.ndarray:
    """The values of a tensor in a message of its own, whose dtype and shape are known."""
    held: dict[int, list[tuple[int, Any]]] = {}
    for what, kind, value in fields(data):
        held.setdefault(what, []).append((kind, value))
    if number == TEXT:
        return np.array([*(text for _, text in held.get(_TEXTS, [])), None], object)[:-1].reshape(shape)
    dtype = _dtype(number, gate)
    gate.spend(int(np.prod(shape, dtype=np.int64)) * dtype.itemsize)
    where, layout = _VALUES.get(dtype.name, (_INTEGERS, None))
    if 4 in held:
        return np.frombuffer(held[4][0][1], dtype).reshape(shape).copy()
    if layout is not None:
        values: Any = np.frombuffer(b"".join(value for _, value in held.get(where, [])), layout).astype(dtype)
    else:
        values = _integers(held.get(where, []), dtype)
    if values.size == 1:
        return np.full(shape, values[0], dtype)
    return values.reshape(shape)


def _integers(held: Sequence[tuple[int, Any]], dtype: np.dtype) -> np.ndarray:
    numbers = []
    for kind, value in held:
        place = 0
        if kind != BYTES:
            numbers.append(value)
        while kind == BYTES and place < len(value):
            number, place = read_varint(value, place)
            numbers.append(number)
    if dtype.itemsize == 2 and dtype.kind not in "iu":  # the bits of halves
        return np.array(numbers, np.uint16).view(dtype)
    return np.array(numbers, np.uint64).astype(np.int64).astype(dtype)
