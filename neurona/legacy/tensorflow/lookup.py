"""`tf.lookup`: tables from keys to values, on the host."""

import importlib
from typing import Any

import numpy as np

from neurona.core.errors import ArgumentError
from neurona.core.texts import Texts, on_host
from neurona.graph import Spec
from neurona.legacy.tensorflow.dispatch import Hooks
from neurona.legacy.tensorflow.dtypes import as_dtype, string
from neurona.legacy.tensorflow.fingerprints import fingerprint64
from neurona.legacy.tensorflow.hosts import host, tensor, text
from neurona.legacy.tensorflow.on_host import Given, shape_of
from neurona.legacy.tensorflow.on_host import on_host as steps_on_host
from neurona.legacy.tensorflow.ragged_tensor import RaggedTensor
from neurona.legacy.tensorflow.sparse import SparseTensor
from neurona.legacy.tensorflow.tensor import wrapped
from neurona.preprocessing.files import read_text


class TextFileIndex:
    """What a file's line gives: itself, its number, or a column's number from 0."""

    WHOLE_LINE, LINE_NUMBER = -2, -1


class KeyValueTensorInitializer:
    """Keys and values, of two tensors."""

    def __init__(
        self, keys: Any, values: Any, key_dtype: Any = None, value_dtype: Any = None, name: Any = None
    ) -> None:
        self.keys, self.values = _typed(keys, key_dtype), _typed(values, value_dtype)
        if len(self.keys) != len(self.values):
            raise ArgumentError(
                f"A table needs as many keys as values. Received: {len(self.keys)} and {len(self.values)}"
            )


def entries(values: Any) -> np.ndarray:
    """Keys or values of a table, one after the other; those of a graph, such as constants, are computed."""
    if hasattr(values, "graph_nodes"):
        sessions: Any = importlib.import_module("neurona.legacy.tensorflow.v1.session")
        values = sessions.Session(graph=values.graph).run(values)
    return host(values).reshape(-1)


def _typed(values: Any, dtype: Any) -> np.ndarray:
    found = entries(values)
    return found if dtype is None or found.dtype == object else found.astype(as_dtype(dtype).as_numpy_dtype)


class TextFileInitializer(KeyValueTensorInitializer):
    """Keys and values, of the lines of a file."""

    def __init__(
        self, filename: Any, key_dtype: Any, key_index: int, value_dtype: Any, value_index: int,
        vocab_size: int | None = None, delimiter: str = "\t", name: Any = None, value_index_offset: int = 0,
    ) -> None:  # fmt: skip
        lines = read_text(text(filename)).splitlines()[:vocab_size]

        def column(index: int, dtype: Any) -> np.ndarray:
            if index == TextFileIndex.LINE_NUMBER:
                return np.arange(len(lines)) + value_index_offset
            cells = (
                lines
                if index == TextFileIndex.WHOLE_LINE
                else [line.split(delimiter)[index] for line in lines]
            )
            wanted = as_dtype(dtype)
            return host(cells) if wanted == string else np.array(cells).astype(wanted.as_numpy_dtype)

        super().__init__(column(key_index, key_dtype), column(value_index, value_dtype))


class _Table:
    """What the tables have in common."""

    def __init__(self, keys: np.ndarray, values: np.ndarray, default: Any) -> None:
        self._default = np.asarray(default, values.dtype) if values.dtype != object else host(default)
        self._key_type, self._value_type = keys.dtype, values.dtype
        self._values = dict(zip(keys.tolist(), values))

    @property
    def key_dtype(self) -> Any:
        return as_dtype(self._key_type)

    @property
    def value_dtype(self) -> Any:
        return as_dtype(self._value_type)

    def size(self, name: Any = None) -> Any:
        """The number of keys."""
        return tensor(np.array(len(self._values), np.int64))

    def lookup(self, keys: Any, name: Any = None) -> Any:
        """The values of keys, and the default for others."""
        if isinstance(keys, SparseTensor):
            return type(keys).of_parts(keys.indices, self.lookup(keys.values), keys.dense_shape)
        if hasattr(keys, "graph_nodes"):
            return _looked_up(keys, self)
        texts = getattr(keys, "_array", keys)
        if isinstance(texts, Texts):  # that a model gives a layer of the program's
            who = f"A table of {self.key_dtype.name} ({type(self).__name__})"
            return wrapped(on_host(lambda given: host(self.lookup(given)), self._spec_of, who, texts))
        given = host(keys)
        if isinstance(given, RaggedTensor):
            return given.with_flat_values(self.lookup(given.flat_values))
        if (given.dtype == object) != (self._key_type.kind == "O"):
            raise ArgumentError(
                f"The table's keys are of dtype {self.key_dtype.name}. Received: {as_dtype(given.dtype).name}"
            )
        found = [self._value(key) for key in given.ravel().tolist()]
        shape = (*given.shape, *np.shape(self._default))
        array = (
            np.empty(len(found), object)
            if self._value_type.kind == "O"
            else np.array(found, self._value_type)
        )
        array[:] = found
        return tensor(array.reshape(shape))

    def _spec_of(self, keys: Any) -> Spec:
        return Spec((*keys.shape, *np.shape(self._default)), self.value_dtype.held)

    def _value(self, key: Any) -> Any:
        return self._values.get(key, self._default if self._value_type.kind != "O" else self._default.item())

    def __getitem__(self, keys: Any) -> Any:
        return self.lookup(keys)

    @property
    def initializer(self) -> Any:
        """Nothing, or in a graph a step that does nothing: the table is filled when it is made."""
        if not Hooks.draws():
            return None
        return importlib.import_module("neurona.legacy.tensorflow.v1.variables").no_op()

    init = initializer


def _told(given: Given) -> Spec:
    shape, table = shape_of(given["keys"]), given["table"]
    return Spec(None if shape is None else (*shape, *np.shape(table._default)), table.value_dtype.held)


@steps_on_host(_told)
def _looked_up(keys: Any, table: _Table) -> Any:
    return table.lookup(keys)


class StaticHashTable(_Table):
    """A table that stays as it is."""

    def __init__(self, initializer: Any, default_value: Any, name: Any = None, **_: Any) -> None:
        super().__init__(initializer.keys, initializer.values, host(default_value))


class StaticVocabularyTable(_Table):
    """A table of numbers, with buckets for keys that it lacks, chosen by their hash."""

    def __init__(
        self, initializer: Any, num_oov_buckets: int, lookup_key_dtype: Any = None, name: Any = None, **_: Any
    ) -> None:
        keys = np.zeros(0, object) if initializer is None else initializer.keys
        values = np.zeros(0, np.int64) if initializer is None else initializer.values.astype(np.int64)
        super().__init__(keys, values, -1)
        self._buckets = int(num_oov_buckets)

    def size(self, name: Any = None) -> Any:
        return tensor(np.array(len(self._values) + self._buckets, np.int64))

    def _value(self, key: Any) -> Any:
        known = self._values.get(key)
        if known is not None:
            return known
        written = key if isinstance(key, bytes) else str(key).encode()
        return len(self._values) + fingerprint64(written) % self._buckets


class MutableHashTable(_Table):
    """A table whose keys change."""

    def __init__(
        self, key_dtype: Any, value_dtype: Any, default_value: Any, name: Any = None, **_: Any
    ) -> None:
        types = [as_dtype(dtype) for dtype in (key_dtype, value_dtype)]
        keys, values = (np.zeros(0, object if one == string else one.as_numpy_dtype) for one in types)
        super().__init__(keys, values, host(default_value))

    def insert(self, keys: Any, values: Any, name: Any = None) -> None:
        """Add keys with their values, or replace these."""
        self._values.update(zip(np.atleast_1d(host(keys)).tolist(), np.atleast_1d(host(values))))

    def remove(self, keys: Any, name: Any = None) -> None:
        """Take keys away."""
        for key in np.atleast_1d(host(keys)).tolist():
            self._values.pop(key, None)

    def export(self, name: Any = None) -> tuple[Any, Any]:
        """All keys and values."""
        keys = np.empty(len(self._values), self._key_type)
        keys[:] = list(self._values)
        values = np.empty(len(self._values), self._value_type)
        values[:] = list(self._values.values())
        return tensor(keys), tensor(values)


class experimental:
    """`tf.lookup.experimental`."""

    MutableHashTable = DenseHashTable = MutableHashTable


HashTable = StaticHashTable
__all__ = [
    "HashTable", "KeyValueTensorInitializer", "MutableHashTable", "StaticHashTable", "StaticVocabularyTable",
    "TextFileIndex", "TextFileInitializer", "experimental",
]  # fmt: skip
