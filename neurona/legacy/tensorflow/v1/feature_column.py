"""`tf.feature_column` of TensorFlow 1: columns of tables as tensors of a graph."""

import importlib
from typing import Any

import jax.core
import numpy as np

from neurona.graph import Spec
from neurona.legacy.tensorflow import arrays, feature_column, linalg
from neurona.legacy.tensorflow.hosts import host
from neurona.legacy.tensorflow.sparse import SparseTensor
from neurona.legacy.tensorflow.tensor import Tensor
from neurona.legacy.tensorflow.v1.initializers import TruncatedNormal, Zeros
from neurona.legacy.tensorflow.v1.mode import computing
from neurona.legacy.tensorflow.v1.scopes import AUTO_REUSE, get_variable, variable_scope
from neurona.legacy.tensorflow.v1.sparse import sparse_tensor_to_dense
from neurona.legacy.tensorflow.v1.tensor import convert, draw, is_drawing

_NUMBERS = (feature_column.NumericColumn, feature_column.BucketizedColumn)


def input_layer(
    features: Any,
    feature_columns: Any,
    weight_collections: Any = None,
    trainable: bool = True,
    cols_to_vars: Any = None,
    cols_to_output_tensors: Any = None,
) -> Any:
    """The columns side by side, in the order of their names."""
    given = _listed(feature_columns)
    if not is_drawing(features):
        return feature_column.input_layer(features, given)
    with variable_scope(None, "input_layer"):
        return arrays.concat([_part(features, column, trainable) for column in given], 1)


def linear_model(
    features: Any,
    feature_columns: Any,
    units: int = 1,
    sparse_combiner: str = "sum",
    weight_collections: Any = None,
    trainable: bool = True,
    cols_to_vars: Any = None,
) -> Any:
    """The sum of the columns' numbers times weights, and a bias: (n, units). The first weights are 0."""
    with variable_scope(None, "linear_model"):
        total: Any = get_variable("bias_weights", [units], initializer=Zeros(), trainable=trainable)
        for column in _listed(feature_columns):
            dense = column if hasattr(column, "width") else feature_column.indicator_column(column)
            with variable_scope(column.name):
                part = _part(features, dense, trainable)
                weights = get_variable(
                    "weights", [dense.width, units], initializer=Zeros(), trainable=trainable
                )
            total = linalg.matmul(part, weights) + total
        return total


def _listed(columns: Any) -> list[Any]:
    given = [columns] if hasattr(columns, "_fields") else list(columns)
    return sorted(given, key=lambda column: column.name)


def _part(features: Any, column: Any, trainable: bool = True) -> Any:
    """A column's numbers, (n, width)."""
    if isinstance(column, _NUMBERS):
        source: Any = getattr(column, "source_column", column)
        return draw(_dense, (convert(features[source.key]), column), default=f"input_layer/{column.name}")
    places = _places(features, column.categorical_column)
    if not isinstance(column, feature_column.EmbeddingColumn):
        return draw(_dense, (places, column), default=column.name)
    first = column.initializer or TruncatedNormal(stddev=column.dimension**-0.5)
    shape = [column.categorical_column.num_buckets, column.dimension]
    shared = column.shared
    with variable_scope(column.name if shared is None else shared.name, reuse=shared and AUTO_REUSE):
        table = get_variable("embedding_weights", shape, initializer=first, trainable=trainable)
        return draw(_embedded, (places, table, column), default=column.name)


def _places(features: Any, categorical: Any) -> Any:
    """The numbers of the categories, (n, values in a row), which are looked up on the host."""
    names = sorted(_keys(categorical))
    tensors = [_whole(features[name]) for name in names]

    def numbers(*values: Any) -> Any:
        if any(isinstance(one, jax.core.Tracer) for one in values):
            raise TypeError("a lookup asks for a concrete value")
        with computing():
            given = {name: host(np.asarray(one)) for name, one in zip(names, values, strict=True)}
            return np.asarray(categorical.numbers(given), np.int32)

    width = 1
    if hasattr(categorical, "key"):
        shape = tensors[0].shape
        width = None if shape.rank is None else 1 if shape.rank < 2 else shape.as_list()[1]
    found = draw(
        numbers, tuple(tensors), default="lookup", differentiable=False, spec=Spec((None, width), "int32")
    )
    found.node.on_host = True
    return found


def _whole(values: Any) -> Any:
    """A column as a tensor; where a sparse one has nothing, the value that stands for nothing."""
    if not isinstance(values, SparseTensor):
        return convert(values)
    is_text = convert(values.values).dtype.name == "string"
    return sparse_tensor_to_dense(values, default_value="" if is_text else -1)


def _keys(categorical: Any) -> set[str]:
    """The features that a column of categories reads."""
    if isinstance(categorical, str):
        return {categorical}
    if hasattr(categorical, "keys"):  # of a crossed column
        return {name for key in categorical.keys for name in _keys(key)}
    return _keys(categorical.source_column) if hasattr(categorical, "source_column") else {categorical.key}


shared_embedding_columns = feature_column.shared_embeddings


def _embedded(places: Any, table: Any, column: Any) -> Any:
    return column.embedded(places, table)


def _dense(values: Any, column: Any) -> Any:
    with computing():
        made = column.dense(getattr(values, "array", values))
    return made._array if isinstance(made, Tensor) else made


def __getattr__(name: str) -> Any:
    return getattr(importlib.import_module("neurona.legacy.tensorflow.feature_column"), name)
