"""Margins: how far predictions are from the right side of -1 and 1, or of the other classes."""

from typing import Any

from neurona import losses
from neurona.metrics.reduction import MeanMetricWrapper

__all__ = [
    "CategoricalHinge",
    "Hinge",
    "SquaredHinge",
]


class Hinge(MeanMetricWrapper):
    """The mean over all samples of max(0, 1 - y ŷ), with labels -1 and 1; labels 0 count as -1.

    Args:
        name: the name in logs; made from the class's name if None.
        dtype: the dtype of the result; `floatx()` if None.

    Example:

        >>> metric = Hinge()
        >>> metric.update_state([[0, 1], [0, 0]], [[0.6, 0.4], [0.4, 0.6]])
        >>> round(float(metric.result()), 4)
        1.3
    """

    _direction = "down"

    def __init__(self, name: str | None = "hinge", dtype: Any = None) -> None:
        super().__init__(losses.hinge, name=name, dtype=dtype)


class SquaredHinge(MeanMetricWrapper):
    """The mean over all samples of max(0, 1 - y ŷ)², with labels -1 and 1; labels 0 count as -1.

    Args:
        name: the name in logs; made from the class's name if None.
        dtype: the dtype of the result; `floatx()` if None.

    Example:

        >>> metric = SquaredHinge()
        >>> metric.update_state([[0, 1], [0, 0]], [[0.6, 0.4], [0.4, 0.6]])
        >>> round(float(metric.result()), 4)
        1.86
    """

    _direction = "down"

    def __init__(self, name: str | None = "squared_hinge", dtype: Any = None) -> None:
        super().__init__(losses.squared_hinge, name=name, dtype=dtype)


class CategoricalHinge(MeanMetricWrapper):
    """The mean over all samples of max(0, 1 + the largest score of a wrong class - that of the right one).

    Args:
        name: the name in logs; made from the class's name if None.
        dtype: the dtype of the result; `floatx()` if None.

    Shapes: y_true, y_pred (n, classes), labels one-hot.

    Example:

        >>> metric = CategoricalHinge()
        >>> metric.update_state([[0, 1], [1, 0]], [[0.6, 0.4], [0.4, 0.6]])
        >>> round(float(metric.result()), 4)
        1.2
    """

    _direction = "down"

    def __init__(self, name: str | None = "categorical_hinge", dtype: Any = None) -> None:
        super().__init__(losses.categorical_hinge, name=name, dtype=dtype)
