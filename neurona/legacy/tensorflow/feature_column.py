"""`tf.feature_column`: columns of tables, and the layers that join their numbers."""

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np

from neurona.core.errors import ArgumentError, DataError
from neurona.core.layer import Layer
from neurona.core.symbolic import SymbolicTensor, symbolic_leaves
from neurona.layers.host import _HostLayer
from neurona.legacy.tensorflow import column_configs, columns
from neurona.legacy.tensorflow.columns import *
from neurona.legacy.tensorflow.dtypes import as_dtype, int64, string
from neurona.legacy.tensorflow.io.parsing import FixedLenFeature, VarLenFeature
from neurona.legacy.tensorflow.tensor import Tensor


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
        of_one = isinstance(column, columns.CategoricalColumn)
        sizes = columns._column(inputs, column.key).shape[1:] if of_one else (1,)
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
        self._lookup = _Lookup(categories)  # which reads, and leaves out, texts even without categories
        self._seen: dict[str, list[Any]] = {}

    def build(self, input_shape: Any) -> None:
        self.tables = [
            columns.table_of(self, one) for one in self.columns if isinstance(one, columns.EmbeddingColumn)
        ]

    def get_config(self) -> dict[str, Any]:
        given = [column_configs.described(column) for column in self.columns]
        config = {"name": self.name, "trainable": self.trainable, "feature_columns": given}
        return {**config, "features": dict(self._seen)}

    @classmethod
    def from_config(cls, config: Any) -> "DenseFeatures":
        given = column_configs.columns_of(config["feature_columns"])
        made = cls(given, config.get("trainable", True), config.get("name"))
        made._seen = {name: list(one) for name, one in (config.get("features") or {}).items()}
        return made

    def _entrance(self) -> Any:
        if not self._seen:
            return super()._entrance()
        return {name: ((None, *sizes), dtype) for name, (sizes, dtype) in self._seen.items()}

    def __call__(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        if not self._seen:
            self._seen = _forms(make_parse_example_spec(self.columns), inputs)
        if all(column.name in inputs for column in self.columns):  # a drawn model has looked them up
            return super().__call__(inputs, *args, **kwargs)
        prepared = self._lookup(inputs)
        for column in self.columns:
            if column.name not in prepared:
                prepared[column.name] = column.prepared(inputs)
        return super().__call__(prepared, *args, **kwargs)

    def call(self, inputs: Any) -> Any:
        tables, parts = iter(self.tables), []
        for column in self.columns:
            values = inputs[column.name]
            is_embedded = isinstance(column, columns.EmbeddingColumn)
            parts.append(column.embedded(values, next(tables).value) if is_embedded else column.dense(values))
        return jnp.concatenate(parts, -1)


def _forms(names: Any, features: Any) -> dict[str, list[Any]]:
    """The sizes of each feature without the batch, those of many values unknown, and its dtype."""
    found: dict[str, list[Any]] = {}
    for name in names:
        if name not in features:  # looked up before, in a model that was drawn
            return {}
        one = features[name]
        sizes = [None if size is None or size > 1 else int(size) for size in tuple(one.shape)[1:]]
        dtype = as_dtype(one.dtype)
        is_text = dtype == string or not hasattr(dtype, "is_floating")
        found[name] = [sizes or [1], "string" if is_text else dtype.name]
    return found


def input_layer(features: Any, feature_columns: Any, **_: Any) -> Any:
    """The columns side by side: TensorFlow 1's function."""
    return DenseFeatures(feature_columns)(features)


class SequenceFeatures(Layer):
    """Columns of sequences side by side, in the order of their names, and the sequences' lengths.

    Args:
        feature_columns: of `tf.feature_column`: sequence_numeric_column, and indicators or embeddings of
            sequence_categorical_column_with_...

    Shapes: a dictionary of sparse (n, steps) or (n, steps, values) -> (n, steps, sum of widths) and (n,).

    Raises:
        ArgumentError: a column is none of sequences, or what is given is symbolic.
        DataError: the columns' sequences have other lengths.
    """

    def __init__(
        self, feature_columns: Any, trainable: bool = True, name: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(trainable=trainable, name=name, **kwargs)
        given = [feature_columns] if hasattr(feature_columns, "_fields") else list(feature_columns)
        for one in given:
            is_one = isinstance(one, columns.SequenceNumericColumn)
            if not is_one and not getattr(getattr(one, "categorical_column", None), "is_sequence", False):
                raise ArgumentError(
                    f"SequenceFeatures takes columns of sequences. Received: {type(one).__name__}. There are "
                    "sequence_numeric_column, and indicator_column and embedding_column of "
                    "sequence_categorical_column_with_identity and its like."
                )
        self.columns = sorted(given, key=lambda column: column.name)

    def build(self, input_shape: Any) -> None:
        embedded = [one for one in self.columns if isinstance(one, columns.EmbeddingColumn)]
        self.tables = [columns.table_of(self, one) for one in embedded]

    def get_config(self) -> dict[str, Any]:
        given = [column_configs.described(column) for column in self.columns]
        return {"name": self.name, "trainable": self.trainable, "feature_columns": given}

    @classmethod
    def from_config(cls, config: Any) -> "SequenceFeatures":
        given = column_configs.columns_of(config["feature_columns"])
        return cls(given, config.get("trainable", True), config.get("name"))

    def __call__(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        if symbolic_leaves(inputs):
            raise ArgumentError(
                "SequenceFeatures reads sparse tensors on the host: call it on data, in the step that makes "
                "batches, and give the model what it returns."
            )
        prepared, found = {}, {}
        for column in self.columns:
            prepared[column.name], found[column.name] = columns.steps_of(column, inputs)
        first, lengths = next(iter(found.items()))
        for name, others in found.items():
            if not np.array_equal(lengths, others):
                raise DataError(
                    f"SequenceFeatures: sequences of one row are equally long. {first!r} has lengths "
                    f"{lengths.tolist()}, and {name!r} {others.tolist()}."
                )
        sequences = super().__call__(prepared, *args, **kwargs)
        return sequences, Tensor(lengths.astype(np.int64))

    def call(self, inputs: Any) -> Any:
        tables, parts = iter(self.tables), []
        for column in self.columns:
            values = inputs[column.name]
            if isinstance(column, columns.SequenceNumericColumn):
                parts.append(values)
                continue
            flat = values.reshape(-1, values.shape[-1])
            is_embedded = isinstance(column, columns.EmbeddingColumn)
            made = column.embedded(flat, next(tables).value) if is_embedded else column.dense(flat)
            parts.append(made.reshape(*values.shape[:2], -1))
        return jnp.concatenate(parts, -1)


def make_parse_example_spec(feature_columns: Sequence[Any]) -> dict[str, Any]:
    """What `tf.io.parse_example` needs to know of the features that columns read.

    Raises:
        ArgumentError: one of them is no column.
    """
    found: dict[str, Any] = {}
    waiting = list(feature_columns)
    while waiting:
        one = waiting.pop(0)
        if isinstance(one, columns.NumericColumn):
            found[one.key] = FixedLenFeature(one.shape, one.dtype, one.default_value)
        elif isinstance(one, (columns.CategoricalColumn, columns.SequenceNumericColumn)):
            found[one.key] = VarLenFeature(one.dtype)
        elif isinstance(one, columns.CrossedColumn):
            found |= {key: VarLenFeature(columns.string) for key in one.keys if isinstance(key, str)}
            waiting += [key for key in one.keys if not isinstance(key, str)]
        elif isinstance(one, columns.BucketizedColumn):
            waiting.append(one.source_column)
        elif hasattr(one, "categorical_column"):
            waiting.append(one.categorical_column)
        else:
            raise ArgumentError(
                f"make_parse_example_spec takes columns of tf.feature_column. Received: {one!r}"
            )
    return found


def with_label(
    feature_columns: Any, label_key: str, label_dtype: Any = int64, label_default: Any = None,
    weight_column: Any = None,
) -> dict[str, Any]:  # fmt: skip
    """The same with the label: `tf.estimator.classifier_parse_example_spec`, and with numbers
    `regressor_parse_example_spec`.
    """
    spec = make_parse_example_spec(feature_columns)
    spec[label_key] = FixedLenFeature((1,), label_dtype, label_default)
    if weight_column is not None:
        weight = columns.numeric_column(weight_column) if isinstance(weight_column, str) else weight_column
        spec |= make_parse_example_spec([weight])
    return spec
