"""`tf.strings`: functions of tensors of texts. Texts are bytes, as in TensorFlow."""

import functools
import itertools
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from neurona.core.errors import ArgumentError
from neurona.graph import Spec
from neurona.legacy.tensorflow.dispatch import belongs_to_model, step_of_model
from neurona.legacy.tensorflow.dtypes import as_dtype, string
from neurona.legacy.tensorflow.errors import InvalidArgumentError
from neurona.legacy.tensorflow.fingerprints import fingerprint64, murmur64, siphash
from neurona.legacy.tensorflow.hosts import host, tensor, text
from neurona.legacy.tensorflow.on_host import Given, like, on_host, shape_of
from neurona.legacy.tensorflow.ragged_tensor import RaggedTensor
from neurona.legacy.tensorflow.tensor import Tensor

_SPACES = b" \t\n\r\x0b\x0c"
_ENCODINGS = {"UTF-8": "utf-8", "UTF-16-BE": "utf-16-be", "UTF-32-BE": "utf-32-be"}
_FACTORS = {  # of the rows of each unit's first letters
    "BYTE": lambda one: one,
    "UTF8_CHAR": lambda one: one.decode("utf-8", "replace"),
}


def _drawable(told: Callable[[Given], Any]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Decorator: on the symbolic texts of a model or a graph, the function is a step of it, on the host.

    Args:
        told: what a graph is told of the results, by the arguments.
    """

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def call(*args: Any, **kwargs: Any) -> Any:
            if belongs_to_model((args, kwargs)):
                return step_of_model(function, f"strings_{function.__name__}", args, kwargs)
            return function(*args, **kwargs)

        return on_host(told)(call)

    return decorate


_texts_alike = _drawable(like("string"))


def _joined_told(given: Given) -> Spec:
    shapes = [shape_of(one) for one in given["inputs"]]
    return Spec(max((one for one in shapes if one is not None), key=len, default=None), string.held)


def _texts(values: Iterable[bytes], shape: Sequence[int]) -> np.ndarray:
    """Texts as an array of objects."""
    listed = list(values)
    found = np.empty(len(listed), object)
    found[:] = listed
    return found.reshape(shape)


def _given(value: Any, who: str) -> Any:
    """A program's texts, as an array or a ragged tensor."""
    found = host(value)
    flat = found.flat if isinstance(found, RaggedTensor) else found
    if flat.dtype != object:
        if not flat.size:
            return _texts([], flat.shape)
        raise InvalidArgumentError(f"tf.strings.{who} takes texts. Received numbers of {flat.dtype.name}.")
    return found


def _each(value: Any, who: str, change: Callable[[bytes], Any], dtype: Any = object) -> Any:
    """A function's results for all texts, in their shape."""
    given = _given(value, who)
    if isinstance(given, RaggedTensor):
        return given.with_flat_values(_each(Tensor(given.flat, string), who, change, dtype))
    results = [change(one) for one in given.ravel().tolist()]
    if dtype is object:
        return Tensor(_texts(results, given.shape), string)
    return tensor(np.array(results, dtype).reshape(given.shape))


def _pieces(value: Any, who: str, cut: Callable[[bytes], list[Any]], dtype: Any = object) -> Any:
    """The pieces of each text: a tensor for one text, ragged tensors for several."""
    given = _given(value, who)
    if isinstance(given, RaggedTensor):
        return given.with_flat_values(_pieces(Tensor(given.flat, string), who, cut, dtype))
    rows = [cut(one) for one in given.ravel().tolist()]
    pieces = [piece for row in rows for piece in row]
    flat = _texts(pieces, [len(pieces)]) if dtype is object else np.array(pieces, dtype)
    if given.ndim == 0:
        return tensor(flat)
    result = RaggedTensor.from_row_lengths(flat, [len(row) for row in rows])
    for size in reversed(given.shape[1:]):
        result = RaggedTensor.from_row_lengths(result, [size] * (len(result) // max(size, 1)))
    return result


@_texts_alike
def lower(input: Any, encoding: str = "", name: Any = None) -> Any:
    """Texts in small letters: those of ASCII, or all with encoding="utf-8"."""
    return _each(input, "lower", bytes.lower if not encoding else lambda one: one.decode().lower().encode())


@_texts_alike
def upper(input: Any, encoding: str = "", name: Any = None) -> Any:
    """Texts in capitals: those of ASCII, or all with encoding="utf-8"."""
    return _each(input, "upper", bytes.upper if not encoding else lambda one: one.decode().upper().encode())


@_texts_alike
def strip(input: Any, name: Any = None) -> Any:
    """Texts without spaces at their ends."""
    return _each(input, "strip", lambda one: one.strip(_SPACES))


@_texts_alike
def regex_replace(
    input: Any, pattern: Any, rewrite: Any, replace_global: bool = True, name: Any = None
) -> Any:
    """Texts with what matches a pattern replaced; \\1 in `rewrite` is its first group."""
    expression = _compiled(pattern, "regex_replace")
    template = re.sub(r"\\0", r"\\g<0>", text(rewrite))
    count = 0 if replace_global else 1
    return _each(input, "regex_replace", lambda one: _bytes(expression.sub(template, _letters(one), count)))


@_drawable(like("bool"))
def regex_full_match(input: Any, pattern: Any, name: Any = None) -> Any:
    """Whether a pattern matches the whole of each text."""
    expression = _compiled(pattern, "regex_full_match")
    return _each(
        input, "regex_full_match", lambda one: expression.fullmatch(_letters(one)) is not None, np.bool_
    )


def _letters(one: bytes) -> str:
    return one.decode("utf-8", "surrogateescape")


def _bytes(one: str) -> bytes:
    return one.encode("utf-8", "surrogateescape")


def _compiled(pattern: Any, who: str) -> re.Pattern[str]:
    written = text(pattern)
    try:
        return re.compile(written, re.ASCII)
    except re.error as error:
        raise InvalidArgumentError(f"tf.strings.{who}: Invalid pattern: {written!r} ({error})") from error


def split(
    input: Any = None, sep: Any = None, maxsplit: int = -1, name: Any = None, source: Any = None
) -> Any:
    """The words of each text, or what lies between separators."""
    mark = None if sep is None else host(sep).item() or None
    return _pieces(source if input is None else input, "split", lambda one: one.split(mark, maxsplit))


def string_split(source: Any, sep: Any = None, skip_empty: bool = True, **_: Any) -> Any:
    """`split` under TensorFlow 1's name."""
    return split(source, sep)


def bytes_split(input: Any, name: Any = None) -> Any:
    """The bytes of each text."""
    return _pieces(input, "bytes_split", lambda one: [one[place : place + 1] for place in range(len(one))])


def unicode_split(input: Any, input_encoding: str, errors: str = "replace", **_: Any) -> Any:
    """The letters of each text."""
    code = _encoding(input_encoding)
    return _pieces(input, "unicode_split", lambda one: [c.encode(code) for c in one.decode(code, errors)])


def unicode_decode(input: Any, input_encoding: str, errors: str = "replace", **_: Any) -> Any:
    """The numbers of each text's letters."""
    code = _encoding(input_encoding)
    return _pieces(input, "unicode_decode", lambda one: [ord(c) for c in one.decode(code, errors)], np.int32)


def unicode_split_with_offsets(
    input: Any, input_encoding: str, errors: str = "replace", **_: Any
) -> tuple[Any, Any]:
    """The letters of each text, and where each begins in its bytes."""
    return unicode_split(input, input_encoding, errors), _offsets(input, input_encoding, errors)


def unicode_decode_with_offsets(
    input: Any, input_encoding: str, errors: str = "replace", **_: Any
) -> tuple[Any, Any]:
    """The numbers of each text's letters, and where each begins in its bytes."""
    return unicode_decode(input, input_encoding, errors), _offsets(input, input_encoding, errors)


def _offsets(input: Any, input_encoding: str, errors: str) -> Any:
    code = _encoding(input_encoding)

    def places(one: bytes) -> list[int]:
        sizes = [len(letter.encode(code)) for letter in one.decode(code, errors)]
        return [sum(sizes[:place]) for place in range(len(sizes))]

    return _pieces(input, "unicode_split_with_offsets", places, np.int64)


def unicode_encode(input: Any, output_encoding: str, errors: str = "replace", name: Any = None) -> Any:
    """Texts of letters that are given by their numbers."""
    code, given = _encoding(output_encoding), host(input)
    if isinstance(given, RaggedTensor):
        return tensor(_texts(("".join(map(chr, row)).encode(code) for row in given.to_list()), [len(given)]))
    rows = given.reshape(-1, given.shape[-1]).tolist()
    return tensor(_texts(("".join(map(chr, row)).encode(code) for row in rows), given.shape[:-1]))


def unicode_transcode(
    input: Any, input_encoding: str, output_encoding: str, errors: str = "replace", **_: Any
) -> Any:
    """Texts in another encoding."""
    old, new = _encoding(input_encoding), _encoding(output_encoding)
    return _each(input, "unicode_transcode", lambda one: one.decode(old, errors).encode(new, errors))


def _encoding(name: Any) -> str:
    known = _ENCODINGS.get(text(name).upper().replace("UTF8", "UTF-8"))
    if known is None:
        raise ArgumentError(f"tf.strings: an encoding is one of {', '.join(_ENCODINGS)}. Received: {name!r}")
    return known


@_drawable(like("int32"))
def length(input: Any, unit: str = "BYTE", name: Any = None) -> Any:
    """The number of bytes of each text, or of its letters with unit="UTF8_CHAR"."""
    counted = _unit(unit)
    return _each(input, "length", lambda one: len(counted(one)), np.int32)


def _unit(unit: str) -> Callable[[bytes], Any]:
    if unit not in _FACTORS:
        raise ArgumentError(f"tf.strings: unit is 'BYTE' or 'UTF8_CHAR'. Received: {unit!r}")
    return _FACTORS[unit]


@_texts_alike
def substr(input: Any, pos: Any, len: Any, unit: str = "BYTE", name: Any = None) -> Any:
    """A part of each text, by its place and length."""
    if isinstance(input, RaggedTensor):
        return input.with_flat_values(substr(input.flat_values, pos, len, unit))
    texts, starts, sizes = np.broadcast_arrays(_given(input, "substr"), host(pos), host(len))
    letters = _unit(unit)
    found = []
    for one, start, size in zip(texts.ravel().tolist(), starts.ravel().tolist(), sizes.ravel().tolist()):
        all_of = letters(one)
        count = all_of.__len__()
        if not -count <= start <= count:
            raise InvalidArgumentError(f"tf.strings.substr: pos {start} is out of range for {one!r}.")
        begin = start + count if start < 0 else start
        part = all_of[begin : begin + size]
        found.append(part if isinstance(part, bytes) else part.encode())
    return Tensor(_texts(found, texts.shape), string)


@_drawable(_joined_told)
def join(inputs: Sequence[Any], separator: Any = "", name: Any = None) -> Any:
    """Texts of several tensors, one after the other."""
    ragged = next((one for one in inputs if isinstance(one, RaggedTensor)), None)
    if ragged is not None:
        flat = [one.flat_values if isinstance(one, RaggedTensor) else one for one in inputs]
        return ragged.with_flat_values(join(flat, separator))
    parts = np.broadcast_arrays(*(_given(one, "join") for one in inputs))
    between = host(separator).item()
    joined = (between.join(row) for row in zip(*(part.ravel().tolist() for part in parts)))
    return Tensor(_texts(joined, parts[0].shape), string)


def _reduced_told(given: Given) -> Spec:
    shape, axis = shape_of(given["inputs"]), given["axis"]
    if shape is None:
        return Spec(None, string.held)
    axes = [one % len(shape) for one in (range(len(shape)) if axis is None else np.atleast_1d(axis))]
    kept = given["keepdims"] or given["_"].get("keep_dims")
    sizes = (1 if one in axes else size for one, size in enumerate(shape) if kept or one not in axes)
    return Spec(tuple(sizes), string.held)


@_drawable(_reduced_told)
def reduce_join(
    inputs: Any = None,
    axis: Any = None,
    keepdims: bool = False,
    separator: Any = "",
    name: Any = None,
    **_: Any,
) -> Any:
    """All texts, or those along an axis, as one."""
    given, between = _given(inputs, "reduce_join"), host(separator).item()
    if isinstance(given, RaggedTensor):
        rows = [between.join(row) for row in given.to_list()]
        return Tensor(_texts(rows, [len(rows)]), string)
    axes = range(given.ndim) if axis is None else np.atleast_1d(host(axis)).tolist()
    axes = [one % given.ndim for one in axes]
    kept = [one for one in range(given.ndim) if one not in axes]
    rows = given.transpose([*kept, *axes]).reshape(-1, int(np.prod([given.shape[one] for one in axes])))
    shape = [1 if one in axes else size for one, size in enumerate(given.shape)]
    joined = _texts((between.join(row) for row in rows.tolist()), shape)
    return Tensor(joined if keepdims else joined.reshape([given.shape[one] for one in kept]), string)


def unsorted_segment_join(
    inputs: Any, segment_ids: Any, num_segments: Any, separator: Any = "", name: Any = None
) -> Any:
    """The texts of each segment as one."""
    texts, numbers = _given(inputs, "unsorted_segment_join"), host(segment_ids)
    count, between = int(host(num_segments)), host(separator).item()
    return Tensor(
        _texts((between.join(texts[numbers == one].tolist()) for one in range(count)), [count]), string
    )


@_drawable(like("out_type"))
def to_number(input: Any, out_type: Any = "float32", name: Any = None) -> Any:
    """The numbers that texts say."""
    dtype = np.dtype(as_dtype(out_type).as_numpy_dtype)
    read = float if dtype.kind == "f" else int

    def number(one: bytes) -> Any:
        try:
            return read(one)
        except ValueError:
            raise InvalidArgumentError(
                f"StringToNumberOp could not correctly convert string: {one!r}"
            ) from None

    return _each(input, "to_number", number, dtype)


@_texts_alike
def as_string(
    input: Any, precision: int = -1, scientific: bool = False, shortest: bool = False, width: int = -1,
    fill: str = "", name: Any = None,
) -> Any:  # fmt: skip
    """Numbers and truth values as texts."""
    given = host(input)
    if isinstance(given, RaggedTensor):
        return given.with_flat_values(
            as_string(given.flat_values, precision, scientific, shortest, width, fill)
        )
    digits = f".{precision}" if precision >= 0 else ""
    letter = "e" if scientific else "g" if shortest else "f"
    size = f"{fill}{width}" if width > 0 else ""
    kind = given.dtype.kind

    def written(value: Any) -> bytes:
        if kind == "O":
            return value
        if kind == "b":
            return str(value).lower().encode()
        return (f"%{size}{digits}{letter}" % value if kind == "f" else f"%{size}d" % value).encode()

    return Tensor(_texts(map(written, given.ravel().tolist()), given.shape), string)


def format(template: Any, inputs: Any, placeholder: str = "{}", summarize: int = 3, name: Any = None) -> Any:
    """A text with tensors in the places of {}."""
    values = inputs if isinstance(inputs, (tuple, list)) else [inputs]
    pieces = text(template).split(placeholder)
    if len(pieces) != len(values) + 1:
        raise ArgumentError(f"tf.strings.format: {len(pieces) - 1} places, and {len(values)} tensors.")
    shown = [_shown(host(value), summarize) for value in values]
    whole = pieces[0] + "".join(one + piece for one, piece in zip(shown, pieces[1:]))
    return tensor(np.array(whole, object))


def _shown(array: Any, summarize: int) -> str:
    if isinstance(array, RaggedTensor):
        return str(array.to_list())
    if array.ndim == 0:
        return f'"{array.item().decode()}"' if array.dtype == object else str(array.item())
    parts = [_shown(one if isinstance(one, np.ndarray) else host(one), summarize) for one in array]
    if summarize >= 0 and len(parts) > 2 * summarize:
        parts = [*parts[:summarize], "...", *parts[-summarize:]]
    return f"[{(' ' if array.ndim == 1 else chr(10) + ' ').join(parts)}]"


def ngrams(
    data: Any, ngram_width: Any, separator: str = " ", pad_values: Any = None, padding_width: Any = None,
    preserve_short_sequences: bool = False, name: Any = None,
) -> Any:  # fmt: skip
    """Sequences of neighboring texts, joined."""
    widths = [ngram_width] if isinstance(ngram_width, int) else list(ngram_width)
    marks = [b""] * 2 if pad_values is None else [text(one).encode() for one in np.resize(pad_values, 2)]
    most = 0 if pad_values is None else padding_width or max(widths)

    between = text(separator).encode()

    def row(texts: list[bytes]) -> list[bytes]:
        found = [one for width in widths for one in _joined(texts, width, between, marks, most)]
        return found or _joined(texts, len(texts), between, marks, 0)[: int(preserve_short_sequences)]

    given = _given(data, "ngrams")
    if not isinstance(given, RaggedTensor) and given.ndim == 1:
        found = row(given.tolist())
        return Tensor(_texts(found, [len(found)]), string)
    rows = list(map(row, given.to_list() if isinstance(given, RaggedTensor) else given.tolist()))
    flat = _texts(itertools.chain.from_iterable(rows), [sum(map(len, rows))])
    result = RaggedTensor.from_row_lengths(flat, list(map(len, rows)))
    return result if isinstance(given, RaggedTensor) else result.to_tensor()


def _joined(texts: list[bytes], width: int, between: bytes, marks: list[bytes], most: int) -> list[bytes]:
    """The sequences of `width` texts, where marks stand before and after the first and last."""
    pad = min(max(width - 1, 0), most)
    padded = marks[:1] * pad + texts + marks[1:] * pad
    return [between.join(padded[at : at + width]) for at in range(len(padded) - width + 1)] if width else []


@_drawable(like("int64"))
def to_hash_bucket_fast(input: Any, num_buckets: int, name: Any = None) -> Any:
    """The bucket of each text, by FarmHash."""
    return _each(input, "to_hash_bucket_fast", lambda one: fingerprint64(one) % num_buckets, np.int64)


@_drawable(like("int64"))
def to_hash_bucket_strong(input: Any, num_buckets: int, key: Sequence[int], name: Any = None) -> Any:
    """The bucket of each text, by SipHash with a key of two integers."""
    words = int(key[0]), int(key[1])
    return _each(input, "to_hash_bucket_strong", lambda one: siphash(one, words) % num_buckets, np.int64)


@_drawable(like("int64"))
def to_hash_bucket(input: Any, num_buckets: int, name: Any = None) -> Any:
    """The bucket of each text, by MurmurHash."""
    return _each(input, "to_hash_bucket", lambda one: murmur64(one) % num_buckets, np.int64)
