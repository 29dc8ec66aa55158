"""`tf.feature_column` of TensorFlow 1: columns of tables as tensors of a graph."""

import importlib
from typing import Any

import numpy as np

from neurona.legacy.tensorflow import arrays, feature_column
from neurona.legacy.tensorflow.tensor import Tensor
from neurona.legacy.tensorflow.v1.mode import computing
from neurona.legacy.tensorflow.v1.tensor import GraphTensor, constant, convert, draw, is_drawing
from neurona.messages import translated

_NUMBERS = (feature_column.NumericColumn, feature_column.BucketizedColumn)


def input_layer(features: Any, feature_columns: Any, *_: Any, **__: Any) -> Any:
    """The columns side by side, in the order of their names."""
    given = [feature_columns] if hasattr(feature_columns, "_fields") else list(feature_columns)
    if not is_drawing(features):
        return feature_column.input_layer(features, given)
    parts = [_part(features, column) for column in sorted(given, key=lambda column: column.name)]
    return arrays.concat(parts, 1)


def _part(features: Any, column: Any) -> Any:
    """A column's numbers: drawn, or computed at once from what is no tensor of the graph."""
    if isinstance(column, _NUMBERS):
        source: Any = getattr(column, "source_column", column)
        return draw(_dense, (convert(features[source.key]), column), default=f"input_layer/{column.name}")
    categorical = getattr(column, "categorical_column", column)
    values = features.get(getattr(categorical, "key", None))
    if isinstance(values, GraphTensor) or not isinstance(column, feature_column.IndicatorColumn):
        raise NotImplementedError(
            translated(
                f"The column {column.name!r} is looked up on the host: in a graph it takes arrays, such as "
                "features['name'] = np.array([...]), not tensors. tf.keras.utils.FeatureSpace does both."
            )
        )
    with computing():
        texts = np.array(_texts(values), object)
        return constant(np.asarray(column.dense(column.prepared({**features, categorical.key: texts}))))


def _texts(values: Any) -> Any:
    if isinstance(values, (list, tuple, np.ndarray)):
        return [_texts(one) for one in values]
    return values.encode() if isinstance(values, str) else values


def _dense(values: Any, column: Any) -> Any:
    with computing():
        made = column.dense(getattr(values, "array", values))
    return made._array if isinstance(made, Tensor) else made


def __getattr__(name: str) -> Any:
    return getattr(importlib.import_module("neurona.legacy.tensorflow.feature_column"), name)
