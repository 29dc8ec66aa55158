"""Columns of tables as numbers for a network: what `tf.feature_column` makes, and its layers join."""

import functools
import itertools
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np

from neurona import initializers
from neurona.core.errors import ArgumentError, DataError
from neurona.core.layer import Layer
from neurona.legacy.tensorflow.dtypes import float32, int64, string
from neurona.legacy.tensorflow.fingerprints import crossed, fingerprint64
from neurona.legacy.tensorflow.hosts import host, text
from neurona.legacy.tensorflow.sparse import SparseTensor
from neurona.legacy.tensorflow.tensor import Tensor
from neurona.preprocessing.files import read_text

__all__ = [
    "BucketizedColumn",
    "CategoricalColumn",
    "CrossedColumn",
    "EmbeddingColumn",
    "IndicatorColumn",
    "NumericColumn",
    "SequenceNumericColumn",
    "bucketized_column",
    "categorical_column_with_hash_bucket",
    "categorical_column_with_identity",
    "categorical_column_with_vocabulary_file",
    "categorical_column_with_vocabulary_list",
    "crossed_column",
    "embedding_column",
    "indicator_column",
    "numeric_column",
    "sequence_categorical_column_with_hash_bucket",
    "sequence_categorical_column_with_identity",
    "sequence_categorical_column_with_vocabulary_file",
    "sequence_categorical_column_with_vocabulary_list",
    "sequence_numeric_column",
    "shared_embeddings",
]
_SEED = 0xDECAFCAFFE  # of crossed columns


class NumericColumn(NamedTuple):
    """Numbers as they are."""

    key: str
    shape: tuple[int, ...] = (1,)
    default_value: Any = None
    dtype: Any = float32
    normalizer_fn: Callable[[Any], Any] | None = None

    @property
    def name(self) -> str:
        return self.key

    @property
    def width(self) -> int:
        return int(np.prod(self.shape))

    def prepared(self, features: Any) -> Any:
        """The numbers as they come."""
        return _column(features, self.key)

    def dense(self, values: Any) -> Any:
        """The numbers, (n, width)."""
        if self.normalizer_fn is not None:
            made = self.normalizer_fn(Tensor(jnp.asarray(values)))
            values = getattr(made, "_array", made)
        return jnp.asarray(values, jnp.float32).reshape(len(values), -1)


class SequenceNumericColumn(NamedTuple):
    """A sequence of numbers, or of arrays of a shape, in each row."""

    key: str
    shape: tuple[int, ...] = (1,)
    default_value: float = 0.0
    dtype: Any = float32
    normalizer_fn: Callable[[Any], Any] | None = None

    @property
    def name(self) -> str:
        return self.key


class BucketizedColumn(NamedTuple):
    """The interval that a number lies in."""

    source_column: NumericColumn
    boundaries: tuple[float, ...]

    @property
    def name(self) -> str:
        return f"{self.source_column.name}_bucketized"

    @property
    def width(self) -> int:
        return (len(self.boundaries) + 1) * self.source_column.width

    @property
    def num_buckets(self) -> int:
        return self.width

    def numbers(self, features: Any) -> np.ndarray:
        """The interval's number, (n, 1)."""
        values = np.asarray(self.source_column.dense(self.prepared(features)))
        return np.searchsorted(np.asarray(self.boundaries, np.float32), values, "right")

    def prepared(self, features: Any) -> Any:
        """The numbers as they come."""
        return self.source_column.prepared(features)

    def dense(self, values: Any) -> Any:
        """1 for the interval, (n, intervals)."""
        values = self.source_column.dense(values)
        places = jnp.searchsorted(jnp.asarray(self.boundaries, jnp.float32), values, side="right")
        return (
            (places[..., None] == np.arange(len(self.boundaries) + 1))
            .astype(jnp.float32)
            .reshape(len(values), -1)
        )


class CategoricalColumn(NamedTuple):
    """Categories as numbers; -1 for one that is unknown.

    Attributes:
        key: the column.
        number_of: from a value to its number.
        dtype: of the values.
        recipe: the function of this module that made it, and the arguments it was given.
        is_sequence: whether a row is a sequence, whose steps are told apart.
    """

    key: str
    num_buckets: int
    number_of: Callable[[Any], int]
    dtype: Any
    recipe: tuple[str, dict[str, Any]]
    is_sequence: bool = False

    @property
    def name(self) -> str:
        return self.key

    def numbers(self, features: Any) -> np.ndarray:
        """The categories' numbers, (n, values in a row)."""
        values = host(_column(features, self.key))
        values = values.reshape(len(values), -1)
        nothing = (b"", -1)
        return np.array(
            [[-1 if one in nothing else self.number_of(one) for one in row] for row in values.tolist()]
        )


class CrossedColumn(NamedTuple):
    """Combinations of columns, put into buckets by their hash."""

    keys: tuple[Any, ...]
    num_buckets: int
    hash_key: int = _SEED

    @property
    def name(self) -> str:
        return "_X_".join(sorted(key if isinstance(key, str) else key.name for key in self.keys))

    def numbers(self, features: Any) -> np.ndarray:
        """The buckets, (n, 1)."""
        columns = []
        for key in self.keys:
            values = host(_column(features, key)) if isinstance(key, str) else key.numbers(features)
            columns.append(values.reshape(len(values), -1).tolist())
        rows = [
            [crossed(one, self.hash_key) % self.num_buckets for one in itertools.product(*map(_present, row))]
            for row in zip(*columns)
        ]
        width = max(map(len, rows), default=1) or 1
        return np.array([row + [-1] * (width - len(row)) for row in rows])


class IndicatorColumn(NamedTuple):
    """How often each category occurs in a row."""

    categorical_column: Any

    @property
    def name(self) -> str:
        return f"{self.categorical_column.name}_indicator"

    @property
    def width(self) -> int:
        return self.categorical_column.num_buckets

    def prepared(self, features: Any) -> Any:
        """The categories' numbers."""
        return self.categorical_column.numbers(features)

    def dense(self, places: Any) -> Any:
        """Counts, (n, categories)."""
        return jnp.asarray((places[..., None] == np.arange(self.width)).sum(1), jnp.float32)


class SharedTable:
    """The vectors that several columns share, in all layers that read them.

    Args:
        name: by which it is told from others.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.variable: Any = None


class EmbeddingColumn(NamedTuple):
    """A learned vector for each category; the mean of a row's."""

    categorical_column: Any
    dimension: int
    combiner: str = "mean"
    initializer: Any = None
    shared: "SharedTable | None" = None

    @property
    def name(self) -> str:
        kind = "embedding" if self.shared is None else "shared_embedding"
        return f"{self.categorical_column.name}_{kind}"

    @property
    def width(self) -> int:
        return self.dimension

    def prepared(self, features: Any) -> Any:
        """The categories' numbers."""
        return self.categorical_column.numbers(features)

    def embedded(self, places: Any, table: Any) -> Any:
        """The vectors of a row's categories as one, (n, dimension)."""
        known = jnp.asarray(places >= 0, table.dtype)[..., None]
        total = (table[jnp.maximum(places, 0)] * known).sum(1)
        count = jnp.maximum(known.sum(1), 1)
        return total / {"mean": count, "sum": 1, "sqrtn": jnp.sqrt(count)}[self.combiner]


def _present(row: list[Any]) -> list[Any]:
    """The values of a row; of several, without those that stand for nothing."""
    return row if len(row) == 1 else [one for one in row if one not in (b"", -1)]


def _column(features: Any, key: str) -> Any:
    if key not in features:
        raise DataError(f"The features have no column {key!r}: they have {', '.join(map(repr, features))}.")
    return filled(features[key])


def filled(values: Any) -> Any:
    """Values as an array; where a sparse tensor has none, what stands for nothing."""
    if isinstance(values, SparseTensor):
        found = host(values.values)
        shape = tuple(map(int, host(values.dense_shape)))
        nothing = {"O": b"", "f": 0.0}.get(found.dtype.kind, -1)
        array = np.full(shape, nothing, found.dtype)
        array[tuple(host(values.indices).T)] = found
        return array
    return values._array if isinstance(values, Tensor) else values


def numeric_column(
    key: str, shape: Any = (1,), default_value: Any = None, dtype: Any = float32, normalizer_fn: Any = None
) -> NumericColumn:
    """Numbers as they are."""
    sizes = tuple(int(size) for size in np.atleast_1d(np.asarray(shape)))
    return NumericColumn(key, sizes, default_value, dtype, normalizer_fn)


def sequence_numeric_column(
    key: str, shape: Any = (1,), default_value: float = 0.0, dtype: Any = float32, normalizer_fn: Any = None
) -> SequenceNumericColumn:
    """A sequence of numbers in each row, for SequenceFeatures."""
    return SequenceNumericColumn(*numeric_column(key, shape, default_value, dtype, normalizer_fn))


def bucketized_column(source_column: NumericColumn, boundaries: Sequence[float]) -> BucketizedColumn:
    """The interval that a number lies in."""
    if not isinstance(source_column, NumericColumn):
        raise ArgumentError(f"bucketized_column takes a numeric_column. Received: {source_column!r}")
    if list(boundaries) != sorted(boundaries):
        raise ArgumentError(f"bucketized_column: boundaries rise. Received: {list(boundaries)}")
    return BucketizedColumn(source_column, tuple(boundaries))


def categorical_column_with_vocabulary_list(
    key: str,
    vocabulary_list: Sequence[Any],
    dtype: Any = None,
    default_value: int = -1,
    num_oov_buckets: int = 0,
) -> CategoricalColumn:
    """Categories by their place in a list."""
    words = [word.encode() if isinstance(word, str) else word for word in vocabulary_list]
    places = {word: place for place, word in enumerate(words)}

    def number_of(value: Any) -> int:
        if value in places or not num_oov_buckets:
            return places.get(value, default_value)
        return len(words) + fingerprint64(_written(value)) % num_oov_buckets

    dtype = dtype or (string if not words or isinstance(words[0], bytes) else int64)
    given = {"vocabulary_list": list(vocabulary_list), "default_value": default_value}
    recipe = "categorical_column_with_vocabulary_list", {**given, "num_oov_buckets": num_oov_buckets}
    return CategoricalColumn(key, len(words) + num_oov_buckets, number_of, dtype, recipe)


def categorical_column_with_vocabulary_file(
    key: str, vocabulary_file: Any, vocabulary_size: int | None = None, num_oov_buckets: int = 0,
    default_value: int = -1, dtype: Any = string,
) -> CategoricalColumn:  # fmt: skip
    """Categories by their line in a file."""
    words = read_text(text(vocabulary_file)).splitlines()[:vocabulary_size]
    return categorical_column_with_vocabulary_list(key, words, dtype, default_value, num_oov_buckets)


def categorical_column_with_hash_bucket(
    key: str, hash_bucket_size: int, dtype: Any = string
) -> CategoricalColumn:
    """Categories by their hash."""
    recipe = "categorical_column_with_hash_bucket", {"hash_bucket_size": hash_bucket_size}
    number_of = lambda value: fingerprint64(_written(value)) % hash_bucket_size
    return CategoricalColumn(key, hash_bucket_size, number_of, dtype, recipe)


def categorical_column_with_identity(
    key: str, num_buckets: int, default_value: int | None = None
) -> CategoricalColumn:
    """Categories that are numbers already."""

    def number_of(value: Any) -> int:
        if 0 <= int(value) < num_buckets:
            return int(value)
        if default_value is None:
            raise DataError(f"Column {key!r}: {value} is not from 0 to {num_buckets - 1}.")
        return default_value

    given = {"num_buckets": num_buckets, "default_value": default_value}
    return CategoricalColumn(key, num_buckets, number_of, int64, ("categorical_column_with_identity", given))


def _of_sequences(function: Callable[..., CategoricalColumn]) -> Callable[..., CategoricalColumn]:
    """A function that makes a column of categories, for rows that are sequences of them."""

    @functools.wraps(function)
    def make(*args: Any, **kwargs: Any) -> CategoricalColumn:
        return function(*args, **kwargs)._replace(is_sequence=True)

    return make


sequence_categorical_column_with_hash_bucket = _of_sequences(categorical_column_with_hash_bucket)
sequence_categorical_column_with_identity = _of_sequences(categorical_column_with_identity)
sequence_categorical_column_with_vocabulary_file = _of_sequences(categorical_column_with_vocabulary_file)
sequence_categorical_column_with_vocabulary_list = _of_sequences(categorical_column_with_vocabulary_list)


def crossed_column(keys: Sequence[Any], hash_bucket_size: int, hash_key: int | None = None) -> CrossedColumn:
    """Combinations of columns."""
    return CrossedColumn(tuple(keys), hash_bucket_size, _SEED if hash_key is None else hash_key)


def _written(value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()


def indicator_column(categorical_column: Any) -> IndicatorColumn:
    """How often each category occurs in a row."""
    return IndicatorColumn(categorical_column)


def embedding_column(
    categorical_column: Any, dimension: int, combiner: str = "mean", initializer: Any = None, **_: Any
) -> EmbeddingColumn:
    """A learned vector for each category."""
    if combiner not in ("mean", "sum", "sqrtn"):
        raise ArgumentError(f"embedding_column: combiner is 'mean', 'sum' or 'sqrtn'. Received: {combiner!r}")
    return EmbeddingColumn(categorical_column, dimension, combiner, initializer)


def shared_embeddings(
    categorical_columns: Sequence[Any], dimension: int, combiner: str = "mean", initializer: Any = None,
    shared_embedding_collection_name: str | None = None, **_: Any,
) -> list[EmbeddingColumn]:  # fmt: skip
    """Columns of categories whose vectors are those of one table.

    Raises:
        ArgumentError: they have not the same number of categories.
    """
    columns = list(categorical_columns)
    if len({column.num_buckets for column in columns}) > 1:
        raise ArgumentError(
            "shared_embeddings: columns that share their vectors have the same categories. Received: "
            f"{', '.join(f'{column.name} ({column.num_buckets})' for column in columns)}"
        )
    names = "_".join(sorted(column.name for column in columns))
    table = SharedTable(shared_embedding_collection_name or f"{names}_shared_embedding")
    return [
        embedding_column(column, dimension, combiner, initializer)._replace(shared=table)
        for column in columns
    ]


def table_of(layer: Layer, column: EmbeddingColumn) -> Any:
    """The vectors of a column's categories, as a weight of a layer."""
    if column.shared is not None and column.shared.variable is not None:
        return column.shared.variable
    shape = column.categorical_column.num_buckets, column.dimension
    first = column.initializer or initializers.TruncatedNormal(stddev=1 / np.sqrt(column.dimension))
    name = column.name if column.shared is None else column.shared.name
    table = layer.add_weight(shape, first, name=f"{name}_table")
    if column.shared is not None:
        column.shared.variable = table
    return table


def steps_of(column: Any, features: Any) -> tuple[Any, np.ndarray]:
    """What a column of sequences reads: an array with the axes rows, steps and values; and the lengths."""
    is_number = isinstance(column, SequenceNumericColumn)
    source: Any = column if is_number else column.categorical_column
    given, values = features.get(source.key), _column(features, source.key)
    if not is_number:
        values = host(values)
        values = values if values.ndim > 2 else values[:, :, None]
        numbers = source.numbers({source.key: values.reshape(-1, values.shape[2])})
        present: Any = np.not_equal(values, b"" if values.dtype.kind == "O" else -1).any(2)
        return numbers.reshape(values.shape), _lengths(given, present)
    if isinstance(given, SparseTensor) and column.default_value:
        values = np.where(_places(given), values, column.default_value)
    size = int(np.prod(column.shape))
    array = np.asarray(values, np.float32).reshape(len(values), -1, size)
    present = np.ones(np.shape(values), bool) if not isinstance(given, SparseTensor) else _places(given)
    lengths = -(-_lengths(given, present.reshape(len(values), present.shape[1], -1).any(2)) // size)
    if column.normalizer_fn is not None:
        made = column.normalizer_fn(Tensor(jnp.asarray(array)))
        array = np.asarray(getattr(made, "_array", made))
    return array, lengths


def _places(values: SparseTensor) -> np.ndarray:
    """Where a sparse tensor has values."""
    present = np.zeros(tuple(map(int, host(values.dense_shape))), bool)
    present[tuple(host(values.indices).T)] = True
    return present


def _lengths(given: Any, present: np.ndarray) -> np.ndarray:
    """How long the sequences are: up to the last step that has a value."""
    if isinstance(given, SparseTensor):
        present = np.asarray(_places(given).reshape(*present.shape, -1).any(2))
    steps = np.arange(1, present.shape[1] + 1)
    return np.where(present, steps, 0).max(axis=1, initial=0)
