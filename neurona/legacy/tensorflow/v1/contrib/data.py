"""`tf.contrib.data`: where the data sets of TensorFlow 1.2 to 1.12 were, with their further functions."""

import importlib
from collections.abc import Callable
from typing import Any

_HOMES = ("neurona.legacy.tensorflow.v1.data", "neurona.legacy.tensorflow.data.experimental")


def batch_and_drop_remainder(batch_size: Any) -> Callable[[Any], Any]:
    """Whole batches alone, for `apply`."""
    return lambda dataset: dataset.batch(batch_size, drop_remainder=True)


def padded_batch_and_drop_remainder(
    batch_size: Any, padded_shapes: Any, padding_values: Any = None
) -> Callable[[Any], Any]:
    """Whole batches of padded elements alone, for `apply`."""
    return lambda dataset: dataset.padded_batch(
        batch_size, padded_shapes, padding_values, drop_remainder=True
    )


def __getattr__(name: str) -> Any:
    for home in _HOMES:
        found = getattr(importlib.import_module(home), name, None)
        if found is not None:
            return found
    raise AttributeError(f"tf.contrib.data.{name} is not in Neurona: see tf.data.", name=name)
