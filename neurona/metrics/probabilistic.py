"""Metrics of predicted probabilities: cross-entropies and divergences."""

from typing import Any

from neurona import losses
from neurona.metrics.reduction import MeanMetricWrapper

__all__ = [
    "BinaryCrossentropy",
    "CategoricalCrossentropy",
    "KLDivergence",
    "Poisson",
    "SparseCategoricalCrossentropy",
]


class BinaryCrossentropy(MeanMetricWrapper, aliases=("bce",)):
    """The mean over all samples of -(y ln p + (1 - y) ln(1 - p)).

    Args:
        from_logits: whether predictions are logits rather than probabilities.
        label_smoothing: in [0, 1]; labels are moved towards 0.5 by this part.
        name: the name in logs; made from the class's name if None.
        dtype: the dtype of the result; `floatx()` if None.

    Shapes: y_true, y_pred (n, ...).

    Example:

        >>> metric = BinaryCrossentropy()
        >>> metric.update_state([[0.0, 1.0], [0.0, 0.0]], [[0.6, 0.4], [0.4, 0.6]])
        >>> round(float(metric.result()), 4)
        0.8149
    """

    _direction = "down"

    def __init__(
        self,
        name: str | None = "binary_crossentropy",
        dtype: Any = None,
        from_logits: bool = False,
        label_smoothing: float = 0,
    ) -> None:
        super().__init__(
            losses.binary_crossentropy,
            name=name,
            dtype=dtype,
            from_logits=from_logits,
            label_smoothing=label_smoothing,
        )
        self.from_logits, self.label_smoothing = from_logits, label_smoothing


class CategoricalCrossentropy(MeanMetricWrapper):
    """The mean over all samples of -Σ y ln p, with one-hot labels.

    Args:
        from_logits: whether predictions are logits rather than probabilities.
        label_smoothing: in [0, 1]; the part of each label that is spread over all classes.
        axis: where the classes are.
        name: the name in logs; made from the class's name if None.
        dtype: the dtype of the result; `floatx()` if None.

    Shapes: y_true, y_pred (n, ..., classes).

    Example:

        >>> metric = CategoricalCrossentropy()
        >>> metric.update_state([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0]], [[0.05, 0.95, 0.0], [0.1, 0.8, 0.1]])
        >>> round(float(metric.result()), 4)
        1.1769
    """

    _direction = "down"

    def __init__(
        self,
        name: str | None = "categorical_crossentropy",
        dtype: Any = None,
        from_logits: bool = False,
        label_smoothing: float = 0,
        axis: int = -1,
    ) -> None:
        super().__init__(
            losses.categorical_crossentropy,
            name=name,
            dtype=dtype,
            from_logits=from_logits,
            label_smoothing=label_smoothing,
            axis=axis,
        )
        self.from_logits, self.label_smoothing, self.axis = from_logits, label_smoothing, axis


class SparseCategoricalCrossentropy(MeanMetricWrapper):
    """The mean over all samples of -ln p[y], with integer labels.

    Args:
        from_logits: whether predictions are logits rather than probabilities.
        ignore_class: a label that counts as 0.
        axis: where the classes are.
        name: the name in logs; made from the class's name if None.
        dtype: the dtype of the result; `floatx()` if None.

    Shapes: y_true (n, ...), y_pred (n, ..., classes).

    Example:

        >>> metric = SparseCategoricalCrossentropy()
        >>> metric.update_state([1, 2], [[0.05, 0.95, 0.0], [0.1, 0.8, 0.1]])
        >>> round(float(metric.result()), 4)
        1.1769
    """

    _direction = "down"

    def __init__(
        self,
        name: str | None = "sparse_categorical_crossentropy",
        dtype: Any = None,
        from_logits: bool = False,
        ignore_class: int | None = None,
        axis: int = -1,
    ) -> None:
        super().__init__(
            losses.sparse_categorical_crossentropy,
            name=name,
            dtype=dtype,
            from_logits=from_logits,
            ignore_class=ignore_class,
            axis=axis,
        )
        self.from_logits, self.ignore_class, self.axis = from_logits, ignore_class, axis


class KLDivergence(MeanMetricWrapper, aliases=("kld", "kullback_leibler_divergence")):
    """The mean over all samples of Σ y ln(y / p).

    Args:
        name: the name in logs; made from the class's name if None.
        dtype: the dtype of the result; `floatx()` if None.

    Example:

        >>> metric = KLDivergence()
        >>> metric.update_state([[0.0, 1.0], [0.0, 0.0]], [[0.6, 0.4], [0.4, 0.6]])
        >>> round(float(metric.result()), 4)
        0.4581
    """

    _direction = "down"

    def __init__(self, name: str | None = "kl_divergence", dtype: Any = None) -> None:
        super().__init__(losses.kl_divergence, name=name, dtype=dtype)


class Poisson(MeanMetricWrapper):
    """The mean over all samples of ŷ - y ln ŷ.

    Args:
        name: the name in logs; made from the class's name if None.
        dtype: the dtype of the result; `floatx()` if None.

    Example:

        >>> metric = Poisson()
        >>> metric.update_state([[0.0, 1.0], [0.0, 0.0]], [[1.0, 1.0], [0.0, 0.0]])
        >>> round(float(metric.result()), 4)
        0.5
    """

    _direction = "down"

    def __init__(self, name: str | None = "poisson", dtype: Any = None) -> None:
        super().__init__(losses.poisson, name=name, dtype=dtype)
