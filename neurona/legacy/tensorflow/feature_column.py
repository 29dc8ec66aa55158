"""`tf.feature_column`: columns of tables as numbers for a network, and the layer DenseFeatures that joins
them.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np

from neurona import initializers
from neurona.core.errors import ArgumentError, DataError
from neurona.core.layer import Layer
from neurona.core.symbolic import SymbolicTensor
from neurona.layers.host import _HostLayer
from neurona.legacy.tensorflow.dtypes import float32, string
from neurona.legacy.tensorflow.fingerprints import crossed, fingerprint64
from neurona.legacy.tensorflow.hosts import host, text
from neurona.legacy.tensorflow.tensor import Tensor
from neurona.preprocessing.files import read_text

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
        key: the column, or for a crossed one the columns.
        number_of: from a value to its number.
    """

    key: str
    num_buckets: int
    number_of: Callable[[Any], int]

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
            columns.append(values.reshape(len(values), -1)[:, 0].tolist())
        return np.array([[crossed(row, self.hash_key) % self.num_buckets] for row in zip(*columns)])


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


class EmbeddingColumn(NamedTuple):
    """A learned vector for each category; the mean of a row's."""

    categorical_column: Any
    dimension: int
    combiner: str = "mean"
    initializer: Any = None

    @property
    def name(self) -> str:
        return f"{self.categorical_column.name}_embedding"

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


def _column(features: Any, key: str) -> Any:
    if key not in features:
        raise DataError(f"The features have no column {key!r}: they have {', '.join(map(repr, features))}.")
    return features[key]._array if isinstance(features[key], Tensor) else features[key]


def numeric_column(
    key: str, shape: Any = (1,), default_value: Any = None, dtype: Any = float32, normalizer_fn: Any = None
) -> NumericColumn:
    """Numbers as they are."""
    sizes = tuple(int(size) for size in np.atleast_1d(np.asarray(shape)))
    return NumericColumn(key, sizes, default_value, dtype, normalizer_fn)


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

    return CategoricalColumn(key, len(words) + num_oov_buckets, number_of)


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
    return CategoricalColumn(
        key, hash_bucket_size, lambda value: fingerprint64(_written(value)) % hash_bucket_size
    )


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

    return CategoricalColumn(key, num_buckets, number_of)


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


class _Lookup(_HostLayer):
    """The numbers of categories, for each column that has some.

    Args:
        columns: of `tf.feature_column`, indicators or embeddings.
    """

    def __init__(self, columns: Sequence[Any]) -> None:
        super().__init__()
        self.columns = tuple(columns)

    def compute_output_spec(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        return self._output_spec(inputs)

    def _output_spec(self, inputs: Any) -> Any:
        return {column.name: self._spec(column.categorical_column, inputs) for column in self.columns}

    def _spec(self, column: Any, inputs: Any) -> SymbolicTensor:
        of_one = isinstance(column, CategoricalColumn)
        sizes = _column(inputs, column.key).shape[1:] if of_one else (1,)
        return SymbolicTensor((None, None if None in sizes else int(np.prod(sizes))), "int32")

    def call(self, inputs: Any) -> Any:
        return {column.name: column.prepared(inputs) for column in self.columns}


class DenseFeatures(Layer):
    """Columns of features side by side, in the order of their names.

    Categories are looked up on the host, before what is compiled: in a model the layer stands first.

    Args:
        feature_columns: of `tf.feature_column`.

    Shapes: a dictionary of (n, ...) -> (n, sum of the columns' widths).
    """

    def __init__(
        self, feature_columns: Any, trainable: bool = True, name: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(trainable=trainable, name=name, **kwargs)
        given = [feature_columns] if hasattr(feature_columns, "_fields") else list(feature_columns)
        wrong = next((one for one in given if not hasattr(one, "width")), None)
        if wrong is not None:
            raise ArgumentError(
                f"DenseFeatures takes dense columns. Received: {type(wrong).__name__}. Wrap it in "
                "indicator_column or "
                "embedding_column."
            )
        self.columns = sorted(given, key=lambda column: column.name)
        categories = [column for column in self.columns if hasattr(column, "categorical_column")]
        self._lookup = _Lookup(categories) if categories else None

    def build(self, input_shape: Any) -> None:
        self.tables = []
        for column in self.columns:
            if isinstance(column, EmbeddingColumn):
                shape = column.categorical_column.num_buckets, column.dimension
                first = column.initializer or initializers.TruncatedNormal(
                    stddev=1 / np.sqrt(column.dimension)
                )
                self.tables.append(self.add_weight(shape, first, name=f"{column.name}_table"))

    def __call__(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        if all(column.name in inputs for column in self.columns):  # a drawn model has looked them up
            return super().__call__(inputs, *args, **kwargs)
        prepared = {} if self._lookup is None else self._lookup(inputs)
        for column in self.columns:
            if column.name not in prepared:
                prepared[column.name] = column.prepared(inputs)
        return super().__call__(prepared, *args, **kwargs)

    def call(self, inputs: Any) -> Any:
        tables, parts = iter(self.tables), []
        for column in self.columns:
            values = inputs[column.name]
            is_embedded = isinstance(column, EmbeddingColumn)
            parts.append(column.embedded(values, next(tables).value) if is_embedded else column.dense(values))
        return jnp.concatenate(parts, -1)


def input_layer(features: Any, feature_columns: Any, **_: Any) -> Any:
    """The columns side by side: TensorFlow 1's function."""
    return DenseFeatures(feature_columns)(features)
