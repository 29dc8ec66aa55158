"""`tf.train.Example` and its parts, in protocol buffers' wire format: named lists of bytes, floats or
integers.
"""

import struct
from typing import Any

import numpy as np

from neurona.saving.protobuf import BYTES, FIXED32, VARINT, field, fields, read_varint, varint


class _Message:
    """What the messages have in common: bytes, comparison, text."""

    def SerializeToString(self, deterministic: bool = True) -> bytes:
        """The message as bytes, with sorted names."""
        raise NotImplementedError

    @classmethod
    def FromString(cls, data: bytes) -> Any:
        """The message in bytes."""
        message = cls()
        message.ParseFromString(data)
        return message

    def ParseFromString(self, data: Any) -> int:
        """Read the message from bytes."""
        raise NotImplementedError

    def __eq__(self, other: Any) -> bool:
        return type(self) is type(other) and self.SerializeToString() == other.SerializeToString()

    __hash__ = None  # pyright: ignore - a message can change, so it has no hash

    def _lines(self) -> list[str]:
        raise NotImplementedError

    def __repr__(self) -> str:
        return "".join(f"{line}\n" for line in self._lines())


class _List(_Message):
    """A list of values."""

    def __init__(self, value: Any = ()) -> None:
        self.value = [self._checked(item) for item in value]

    def _checked(self, value: Any) -> Any:
        return value

    def _shown(self, value: Any) -> str:
        return str(value)

    def _lines(self) -> list[str]:
        return [f"value: {self._shown(item)}" for item in self.value]


class BytesList(_List):
    """A list of bytes."""

    def _checked(self, value: Any) -> bytes:
        value = value.numpy() if hasattr(value, "numpy") else value
        if not isinstance(value, (bytes, np.bytes_)):
            raise TypeError(f"{value!r} has type {type(value).__name__}, but expected one of: bytes")
        return bytes(value)

    def _shown(self, value: bytes) -> str:
        return '"' + "".join(_escaped(byte) for byte in value) + '"'

    def SerializeToString(self, deterministic: bool = True) -> bytes:
        return b"".join(field(1, self._checked(item)) for item in self.value)

    def ParseFromString(self, data: Any) -> int:
        self.value = [value for number, _, value in fields(data) if number == 1]
        return len(data)


def _escaped(byte: int) -> str:
    known = {9: "\\t", 10: "\\n", 13: "\\r", 34: '\\"', 39: "\\'", 92: "\\\\"}
    return known.get(byte) or (chr(byte) if 32 <= byte < 127 else f"\\{byte:03o}")


class FloatList(_List):
    """A list of numbers of 32 bits."""

    def _checked(self, value: Any) -> float:
        return float(np.float32(value))

    def SerializeToString(self, deterministic: bool = True) -> bytes:
        return field(1, np.asarray(self.value, "<f4").tobytes()) if self.value else b""

    def ParseFromString(self, data: Any) -> int:
        found: list[float] = []
        for number, kind, value in fields(data):
            if number == 1 and kind in (BYTES, FIXED32):
                found += struct.unpack(f"<{len(value) // 4}f", value[: len(value) // 4 * 4])
        self.value = found
        return len(data)


class Int64List(_List):
    """A list of integers."""

    def _checked(self, value: Any) -> int:
        if isinstance(value, float) or (hasattr(value, "dtype") and np.asarray(value).dtype.kind == "f"):
            raise TypeError(f"{value!r} has type {type(value).__name__}, but expected one of: int")
        return int(value)

    def SerializeToString(self, deterministic: bool = True) -> bytes:
        return field(1, b"".join(varint(int(item)) for item in self.value)) if self.value else b""

    def ParseFromString(self, data: Any) -> int:
        found: list[int] = []
        for number, kind, value in fields(data):
            if number == 1 and kind == VARINT:
                found.append(value)
            elif number == 1 and kind == BYTES:
                place = 0
                while place < len(value):
                    item, place = read_varint(value, place)
                    found.append(item)
        self.value = [item - 2**64 if item >= 2**63 else item for item in found]
        return len(data)


class Feature(_Message):
    """One list: of bytes, floats or integers."""

    _KINDS = (("bytes_list", BytesList), ("float_list", FloatList), ("int64_list", Int64List))

    def __init__(self, bytes_list: Any = None, float_list: Any = None, int64_list: Any = None) -> None:
        self.bytes_list = BytesList() if bytes_list is None else bytes_list
        self.float_list = FloatList() if float_list is None else float_list
        self.int64_list = Int64List() if int64_list is None else int64_list
        given = (bytes_list, float_list, int64_list)
        self._set = next((name for (name, _), one in zip(self._KINDS, given) if one is not None), None)

    def WhichOneof(self, group: str = "kind") -> str | None:
        """Which list there is."""
        return self._set or next((name for name, _ in self._KINDS if getattr(self, name).value), None)

    def SerializeToString(self, deterministic: bool = True) -> bytes:
        kind = self.WhichOneof()
        for number, (name, _) in enumerate(self._KINDS, 1):
            if name == kind:
                return field(number, getattr(self, name).SerializeToString())
        return b""

    def ParseFromString(self, data: Any) -> int:
        for number, _, value in fields(data):
            if 1 <= number <= len(self._KINDS):
                self._set, kind = self._KINDS[number - 1]
                setattr(self, self._set, kind.FromString(value))
        return len(data)

    def _lines(self) -> list[str]:
        kind = self.WhichOneof()
        return [] if kind is None else _nested(kind, getattr(self, kind)._lines())


def _nested(name: str, lines: list[str]) -> list[str]:
    return [f"{name} {{", *(f"  {line}" for line in lines), "}"]


class _Named(dict):
    """Features, or lists of them, by name, which are made where they are asked for."""

    def __init__(self, kind: type, entries: Any = ()) -> None:
        super().__init__(entries)
        self._kind = kind

    def __missing__(self, name: str) -> Any:
        self[name] = self._kind()
        return self[name]


class Features(_Message):
    """Features by name."""

    _name, _entry = "feature", Feature
    feature: dict[str, Any]

    def __init__(self, feature: Any = None) -> None:
        setattr(self, self._name, _Named(self._entry, feature or {}))

    @property
    def _entries(self) -> dict[str, Any]:
        return getattr(self, self._name)

    def SerializeToString(self, deterministic: bool = True) -> bytes:
        entries = sorted(self._entries.items())
        return b"".join(
            field(1, field(1, name.encode()) + field(2, one.SerializeToString())) for name, one in entries
        )

    def ParseFromString(self, data: Any) -> int:
        setattr(self, self._name, _Named(self._entry))
        for number, _, entry in fields(data):
            parts = {key: value for key, _, value in fields(entry)} if number == 1 else {}
            if parts:
                self._entries[parts.get(1, b"").decode()] = self._entry.FromString(parts.get(2, b""))
        return len(data)

    def _lines(self) -> list[str]:
        entries = sorted(self._entries.items())
        return [
            line
            for name, one in entries
            for line in _nested(self._name, [f'key: "{name}"', *_nested("value", one._lines())])
        ]


class Example(_Message):
    """One example of a record file: features by name."""

    def __init__(self, features: Features | None = None) -> None:
        self.features = Features() if features is None else features

    def SerializeToString(self, deterministic: bool = True) -> bytes:
        return field(1, self.features.SerializeToString())

    def ParseFromString(self, data: Any) -> int:
        data = data.numpy() if hasattr(data, "numpy") else data
        self.features = Features()
        for number, _, value in fields(data):
            if number == 1:
                self.features = Features.FromString(value)
        return len(data)

    def _lines(self) -> list[str]:
        return _nested("features", self.features._lines())


class FeatureList(_Message):
    """The features of the steps of a sequence, in order."""

    def __init__(self, feature: Any = ()) -> None:
        self.feature = list(feature)

    def SerializeToString(self, deterministic: bool = True) -> bytes:
        return b"".join(field(1, one.SerializeToString()) for one in self.feature)

    def ParseFromString(self, data: Any) -> int:
        self.feature = [Feature.FromString(value) for number, _, value in fields(data) if number == 1]
        return len(data)

    def _lines(self) -> list[str]:
        return [line for one in self.feature for line in _nested("feature", one._lines())]


class FeatureLists(Features):
    """Lists of features by name."""

    _name, _entry = "feature_list", FeatureList

    def __init__(self, feature_list: Any = None) -> None:
        super().__init__(feature_list)


class SequenceExample(_Message):
    """One example with sequences: features of the whole by name, and lists of them by name."""

    def __init__(self, context: Features | None = None, feature_lists: FeatureLists | None = None) -> None:
        self.context = Features() if context is None else context
        self.feature_lists = FeatureLists() if feature_lists is None else feature_lists

    def SerializeToString(self, deterministic: bool = True) -> bytes:
        return field(1, self.context.SerializeToString()) + field(2, self.feature_lists.SerializeToString())

    def ParseFromString(self, data: Any) -> int:
        data = data.numpy() if hasattr(data, "numpy") else data
        parts = {number: value for number, _, value in fields(data)}
        self.context = Features.FromString(parts.get(1, b""))
        self.feature_lists = FeatureLists.FromString(parts.get(2, b""))
        return len(data)

    def _lines(self) -> list[str]:
        return _nested("context", self.context._lines()) + _nested(
            "feature_lists", self.feature_lists._lines()
        )
