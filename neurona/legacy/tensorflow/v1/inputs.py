"""`tf.estimator.inputs`: functions that give an estimator arrays in batches."""

import importlib
from collections.abc import Callable
from typing import Any

import numpy as np

from neurona.legacy.tensorflow.v1.data import GraphIterator

_data: Any = importlib.import_module("neurona.legacy.tensorflow.data")


def numpy_input_fn(
    x: Any,
    y: Any = None,
    batch_size: int = 128,
    num_epochs: int | None = 1,
    shuffle: bool | None = None,
    queue_capacity: int = 1000,
    num_threads: int = 1,
) -> Callable[[], Any]:
    """Rows of arrays of NumPy.

    Raises:
        ValueError: `shuffle` is not given.
    """
    if not isinstance(shuffle, bool):
        raise ValueError(f"numpy_input_fn: shuffle is True or False. Received: {shuffle!r}")

    def input_fn() -> Any:
        given: Any = x if y is None else (x, y)
        rows = len(next(iter(x.values())) if isinstance(x, dict) else x)
        dataset = _data.Dataset.from_tensor_slices(given)
        dataset = dataset.shuffle(max(rows, 1)) if shuffle else dataset
        return GraphIterator(dataset.repeat(num_epochs).batch(batch_size), True).get_next()

    return input_fn


def pandas_input_fn(
    x: Any,
    y: Any = None,
    batch_size: int = 128,
    num_epochs: int | None = 1,
    shuffle: bool | None = None,
    queue_capacity: int = 1000,
    num_threads: int = 1,
    target_column: str = "target",
) -> Callable[[], Any]:
    """Rows of a table of pandas, each column by its name."""
    columns = {str(name): np.asarray(x[name]) for name in x.columns}
    labels = None if y is None else np.asarray(y)
    return numpy_input_fn(columns, labels, batch_size, num_epochs, shuffle)
