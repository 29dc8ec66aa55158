"""Small parts that programs of Keras 1 and 2 import: a callback, and the shapes of applications."""

from typing import Any

from neurona.callbacks import Callback
from neurona.core.errors import ShapeError
from neurona.core.policy import standardize_data_format
from neurona.legacy.keras import backend as K

_FORMATS = {"tf": "channels_last", "th": "channels_first", "default": None}


class BaseLogger(Callback):
    """The callback that averaged the figures of an epoch, which training does by itself."""

    def __init__(self, stateful_metrics: Any = None) -> None:
        super().__init__()


def time_distributed_dense(
    x: Any, w: Any, b: Any = None, dropout: float | None = None, *sizes: Any, training: Any = None, **_: Any
) -> Any:
    """x w + b at each step of sequences, with one dropout for all steps of a row. The sizes need not be
    given.
    """
    if dropout is not None and 0 < dropout < 1:
        dropped = x * K.dropout(K.ones_like(x[:, :1]), dropout)
        x = K.in_train_phase(dropped, x, training=training)
    y = K.dot(x, w)
    return y if b is None else K.bias_add(y, b)


def obtain_input_shape(
    input_shape: Any,
    default_size: int,
    min_size: int,
    data_format: str | None = None,
    require_flatten: bool = True,
    weights: Any = None,
    dim_ordering: str | None = None,
    include_top: bool | None = None,
) -> tuple[int | None, ...]:
    """The shape of an application's input: that given, or its own.

    Raises:
        ShapeError: the shape has another rank or is too small, or the classifier is for another.
    """
    given = dim_ordering or data_format
    last = standardize_data_format(_FORMATS.get(str(given), given)) == "channels_last"
    flat = require_flatten if include_top is None else include_top
    usual = (default_size, default_size, 3) if last else (3, default_size, default_size)
    if input_shape is None:
        return usual if flat else ((None, None, 3) if last else (3, None, None))
    shape = tuple(input_shape)
    sizes = shape[:-1] if last else shape[1:]
    if len(shape) != 3 or any(size is not None and size < min_size for size in sizes):
        raise ShapeError(
            f"The shape of an image has a height and a width of at least {min_size}, and channels. "
            f"Received: {shape}"
        )
    if weights == "imagenet" and flat and shape != usual:
        raise ShapeError(
            f"With its classifier of ImageNet the input has the shape {usual}. Received: {shape}"
        )
    return shape


def as_written(function: Any) -> Any:
    """The function itself: older arguments are translated where they arrive."""
    return function
