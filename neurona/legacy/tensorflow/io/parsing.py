"""From bytes to tensors: examples, raw numbers, lines of CSV, serialized tensors."""

import base64
import csv
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from neurona.core.errors import DataError
from neurona.graph import Spec
from neurona.legacy.tensorflow.dtypes import as_dtype, string
from neurona.legacy.tensorflow.errors import InvalidArgumentError
from neurona.legacy.tensorflow.hosts import host, tensor
from neurona.legacy.tensorflow.io.examples import Example
from neurona.legacy.tensorflow.on_host import Given, held, like, on_host, one_text, shape_of
from neurona.legacy.tensorflow.ragged_tensor import RaggedTensor
from neurona.legacy.tensorflow.sparse import SparseParts, SparseTensor
from neurona.legacy.tensorflow.tensor import Tensor
from neurona.saving.protobuf import field, fields, read_varint, varint

_LISTS = {"bytes_list": "string", "float_list": "float32", "int64_list": "int64"}


class FixedLenFeature(NamedTuple):
    """A feature of a known shape."""

    shape: Any
    dtype: Any
    default_value: Any = None


class VarLenFeature(NamedTuple):
    """A feature of any length; parsed as a sparse tensor."""

    dtype: Any


class FixedLenSequenceFeature(NamedTuple):
    """A feature that is a sequence of entries of a known shape."""

    shape: Any
    dtype: Any
    allow_missing: bool = False
    default_value: Any = None


class RaggedFeature(NamedTuple):
    """A feature of any length; parsed as a ragged tensor."""

    dtype: Any
    value_key: Any = None
    partitions: Any = ()
    row_splits_dtype: Any = "int32"
    validate: bool = False


def _parts_told(many: bool) -> Callable[[Given], dict[str, Any]]:
    """What is known of the features of one example, or of many, before any is read."""

    def told(given: Given) -> dict[str, Any]:
        before = shape_of(given["serialized"]) if many else ()
        return {key: spec_of_feature(one, before) for key, one in given["features"].items()}

    return told


def spec_of_feature(one: Any, before: Any) -> Any:
    sizes = () if isinstance(one, (VarLenFeature, RaggedFeature)) else tuple(np.atleast_1d(one.shape))
    dtype = held(one.dtype)
    if isinstance(one, VarLenFeature):
        rank = 1 + len(before)
        parts = Spec((None, rank), "int64"), Spec((None,), dtype), Spec((rank,), "int64")
        return SparseParts(*parts)
    if isinstance(one, FixedLenFeature):
        return Spec((*before, *(int(size) for size in sizes)), dtype)
    return Spec((*before, None, *(int(size) for size in sizes)), dtype)


@on_host(_parts_told(many=False))
def parse_single_example(
    serialized: Any, features: Mapping[str, Any], name: Any = None, example_names: Any = None
) -> dict[str, Any]:
    """The features of one serialized Example as tensors."""
    example = _example(serialized)
    return {key: read_feature(key, one, example) for key, one in features.items()}


@on_host(_parts_told(many=True))
def parse_example(
    serialized: Any, features: Mapping[str, Any], name: Any = None, example_names: Any = None
) -> dict[str, Any]:
    """The features of many serialized Examples, each as one batch."""
    examples = [_example(one) for one in host(serialized).tolist()]
    return {key: _batch(key, one, examples) for key, one in features.items()}


def _example(serialized: Any) -> Example:
    data = host(serialized).item()
    try:
        return Example.FromString(data)
    except DataError as error:
        raise InvalidArgumentError(f"Could not parse example input. {error}") from error


def _values(key: str, dtype: Any, example: Example) -> np.ndarray | None:
    """The values of a feature, or None where it is missing."""
    wanted = as_dtype(dtype)
    one = example.features.feature.get(key)
    kind = None if one is None else one.WhichOneof()
    if one is None or kind is None:
        return None
    if _LISTS[kind] != wanted.name:
        raise InvalidArgumentError(
            f"Key: {key}. Data types don't match. Data type: {_LISTS[kind]} but expected type: {wanted.name}"
        )
    values = getattr(one, kind).value
    found = np.empty(len(values), object if wanted == string else wanted.as_numpy_dtype)
    found[:] = values
    return found


def read_feature(key: str, one: Any, example: Example) -> Any:
    if isinstance(one, VarLenFeature):
        found = read_values(key, one.dtype, example)
        return SparseTensor(np.arange(len(found))[:, None], tensor(found), [len(found)])
    if isinstance(one, RaggedFeature):
        return tensor(read_values(one.value_key or key, one.dtype, example))
    return tensor(_fixed(key, one, example))


def read_values(key: str, dtype: Any, example: Example) -> np.ndarray:
    found = _values(key, dtype, example)
    wanted = as_dtype(dtype)
    return np.zeros(0, object if wanted == string else wanted.as_numpy_dtype) if found is None else found


def _fixed(key: str, one: Any, example: Example) -> np.ndarray:
    shape = [int(size) for size in np.atleast_1d(host(one.shape))] if np.size(one.shape) else []
    if isinstance(one, FixedLenSequenceFeature):
        shape = [-1, *shape]
    found = _values(key, one.dtype, example)
    if found is None and isinstance(one, FixedLenSequenceFeature) and one.allow_missing:
        return read_values(key, one.dtype, example).reshape([0, *shape[1:]])
    if found is None and one.default_value is None:
        raise InvalidArgumentError(
            f"Feature: {key} (data type: {as_dtype(one.dtype).name}) is required but could not be found. The "
            f"example has: {', '.join(sorted(example.features.feature)) or 'no features'}."
        )
    if found is None:
        wanted = as_dtype(one.dtype)
        default = host(one.default_value)
        default = default if wanted == string else default.astype(wanted.as_numpy_dtype)
        return np.broadcast_to(default, shape).copy()
    try:
        return found.reshape(shape)
    except ValueError:
        raise InvalidArgumentError(
            f"Key: {key}. Can't parse serialized Example: it has {len(found)} values, which have no shape "
            f"{shape}."
        ) from None


def _batch(key: str, one: Any, examples: list[Example]) -> Any:
    if isinstance(one, VarLenFeature):
        rows = [read_values(key, one.dtype, example) for example in examples]
        places = [(number, place) for number, row in enumerate(rows) for place in range(len(row))]
        shape = [len(rows), max(map(len, rows), default=0)]
        return SparseTensor(np.array(places).reshape(-1, 2), tensor(np.concatenate(rows)), shape)
    if isinstance(one, RaggedFeature):
        return RaggedTensor.from_rows([read_values(one.value_key or key, one.dtype, e) for e in examples])
    rows = [_fixed(key, one, example) for example in examples]
    if isinstance(one, FixedLenSequenceFeature):
        longest = max(map(len, rows))
        rows = [np.pad(row, ((0, longest - len(row)), *((0, 0),) * (row.ndim - 1))) for row in rows]
    return tensor(np.stack(rows))


def _raw_told(given: Given) -> Spec:
    before = shape_of(given["input_bytes"])
    return Spec(None if before is None else (*before, None), held(given["out_type"]))


@on_host(_raw_told)
def decode_raw(
    input_bytes: Any, out_type: Any, little_endian: bool = True, fixed_length: Any = None, name: Any = None
) -> Any:
    """The numbers that bytes hold, along a new last axis."""
    dtype = np.dtype(as_dtype(out_type).as_numpy_dtype).newbyteorder("<" if little_endian else ">")
    texts = host(input_bytes)
    lengths = {len(one) for one in texts.ravel().tolist()}
    if len(lengths) > 1 or any(length % dtype.itemsize for length in lengths):
        raise InvalidArgumentError(
            f"decode_raw: texts of one length, which is a multiple of {dtype.itemsize} bytes, are needed. "
            "Received "
            f"lengths {sorted(lengths)}."
        )
    rows = [np.frombuffer(one, dtype) for one in texts.ravel().tolist()]
    stacked = np.stack(rows).reshape(*texts.shape, -1)
    return tensor(stacked.astype(dtype.newbyteorder("=")))


def _csv_told(given: Given) -> list[Spec]:
    shape = shape_of(given["records"])
    return [Spec(shape, held(_column_dtype(one))) for one in given["record_defaults"]]


def _column_dtype(default: Any) -> Any:
    """The dtype of a column of CSV: its default's, or the one that stands for it."""
    if _is_dtype(default):
        return default
    return default.dtype if hasattr(default, "dtype") else as_dtype(np.atleast_1d(host(default)).dtype.name)


def _is_dtype(default: Any) -> bool:
    return not hasattr(default, "shape") and (hasattr(default, "as_numpy_dtype") or isinstance(default, type))


@on_host(_csv_told)
def decode_csv(
    records: Any,
    record_defaults: Any,
    field_delim: str = ",",
    use_quote_delim: bool = True,
    na_value: str = "",
    select_cols: Any = None,
    name: Any = None,
) -> list[Any]:
    """The columns of lines of CSV, each in the dtype of its default, which stands for what is empty."""
    texts = host(records)
    quoting = csv.QUOTE_MINIMAL if use_quote_delim else csv.QUOTE_NONE
    lines = [one.decode("utf-8", "surrogateescape") for one in texts.ravel().tolist()]
    rows = [next(csv.reader([line], delimiter=field_delim, quoting=quoting), []) for line in lines]
    columns = select_cols if select_cols is not None else range(len(record_defaults))
    for number, row in enumerate(rows):
        if select_cols is None and len(row) != len(record_defaults):
            raise InvalidArgumentError(
                f"Expect {len(record_defaults)} fields but have {len(row)} in record {number}: "
                f"{lines[number]!r}"
            )
    cells = ([row[column] for row in rows] for column in columns)
    found = [
        csv_column(list(cell), default, na_value, place)
        for place, (cell, default) in enumerate(zip(cells, record_defaults))
    ]
    return [tensor(column.reshape(texts.shape)) for column in found]


def csv_column(cells: list[str], default: Any, na_value: str, place: int) -> np.ndarray:
    """Cells of text in the dtype of a default: a dtype or an empty tensor where there is none.

    Raises:
        InvalidArgumentError: a cell is no number, or is empty where there is no default.
    """
    is_dtype = _is_dtype(default)
    given = np.zeros(0, as_dtype(default).as_numpy_dtype) if is_dtype else np.atleast_1d(host(default))
    read: Callable[[str], Any] = {"O": str.encode, "f": float, "i": int, "u": int, "b": _truth}[
        given.dtype.kind
    ]
    found = np.empty(len(cells), given.dtype)
    for number, cell in enumerate(cells):
        if cell == na_value or cell == "":
            if not given.size:
                raise InvalidArgumentError(f"Field {place} is required but missing in record {number}!")
            found[number] = given.reshape(-1)[0]
            continue
        try:
            found[number] = read(cell)
        except (ValueError, OverflowError):
            raise InvalidArgumentError(
                f"Field {place} in record {number} is not a valid {given.dtype.name}: {cell}"
            ) from None
    return found


def _truth(cell: str) -> bool:
    return {"true": True, "false": False, "1": True, "0": False}[cell.strip().lower()]


@on_host(one_text)
def serialize_tensor(tensor: Any, name: Any = None) -> Any:
    """A tensor as the bytes of TensorFlow's TensorProto."""
    array = host(tensor)
    shape = b"".join(field(2, b"\x08" + varint(size)) for size in array.shape)
    content = varint(1 << 3) + varint(as_dtype(array.dtype).as_datatype_enum) + field(2, shape)
    if array.dtype == object:
        content += b"".join(field(8, one) for one in array.ravel().tolist())
    else:
        content += field(4, array.astype(array.dtype.newbyteorder("<")).tobytes())
    return _one_text(content)


@on_host(lambda given: Spec(None, held(given["out_type"])))
def parse_tensor(serialized: Any, out_type: Any, name: Any = None) -> Any:
    """The tensor that `serialize_tensor` wrote."""
    dtype, shape, content, texts = None, [], b"", []
    for number, _, value in fields(host(serialized).item()):
        if number == 1:
            dtype = as_dtype(int(value))
        elif number == 2:
            sizes = [size for key, _, size in fields(value) if key == 2]
            shape = [read_varint(size, 1)[0] if size else 0 for size in sizes]
        elif number == 4:
            content = value
        elif number == 8:
            texts.append(value)
    if dtype is None or dtype != as_dtype(out_type):
        raise InvalidArgumentError(
            f"Type mismatch between parsed tensor ({dtype}) and dtype ({as_dtype(out_type).name})"
        )
    if dtype == string:
        array = np.empty(len(texts), object)
        array[:] = texts
        return tensor(array.reshape(shape))
    numbers = np.frombuffer(content, np.dtype(dtype.as_numpy_dtype).newbyteorder("<"))
    return tensor(numbers.astype(dtype.as_numpy_dtype).reshape(shape))


@on_host(like("string"))
def encode_base64(input: Any, pad: bool = False, name: Any = None) -> Any:
    """Texts in the letters that are safe in addresses."""
    return _each(
        input,
        lambda one: base64.urlsafe_b64encode(one) if pad else base64.urlsafe_b64encode(one).rstrip(b"="),
    )


@on_host(like("string"))
def decode_base64(input: Any, name: Any = None) -> Any:
    """What `encode_base64` encoded."""
    return _each(input, lambda one: base64.urlsafe_b64decode(one + b"=" * (-len(one) % 4)))


def _each(texts: Any, change: Callable[[bytes], bytes]) -> Any:
    given = host(texts)
    found = np.empty(given.shape, object)
    found.reshape(-1)[:] = [change(one) for one in given.ravel().tolist()]
    return Tensor(found, string)


def _one_text(content: bytes) -> Any:
    array = np.empty((), object)
    array[()] = content
    return Tensor(array, string)
