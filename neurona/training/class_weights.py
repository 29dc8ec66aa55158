"""Class weights: a weight for each class, as a weight for each label."""

from collections.abc import Mapping
from typing import Any, Self

import jax
import numpy as np

from neurona import losses
from neurona.core.errors import DataError

_TAKE_CLASS_NUMBERS = {
    losses.sparse_categorical_crossentropy: True,
    losses.categorical_generalized_cross_entropy: True,
    losses.categorical_crossentropy: False,
    losses.categorical_focal_crossentropy: False,
    losses.categorical_hinge: False,
    losses.kl_divergence: False,
}


class ClassWeights:
    """The weights of classes, which become weights of labels.

    Args:
        weights: a dictionary from class number to weight (classes not named weigh 1), or `"balanced"`: n /
            (classes * labels of the class), as in King and Zeng, Logistic Regression in Rare Events Data,
            2001.
        are_numbers: whether labels are class numbers (True) or one-hot (False). None decides by the labels:
            they are one-hot where they sum to 1 over the last axis.

    Shapes: class numbers (n,), (n, 1) or (n, time), or one-hot (n, classes) or (n, time, classes) -> weights
    (n,) or (n, time).

    Raises:
        DataError: the weights are neither.

    Example:

        >>> ClassWeights("balanced")(np.array([0, 0, 1, 0, 1, 0])).tolist()
        [0.75, 0.75, 1.5, 0.75, 1.5, 0.75]
        >>> ClassWeights({1: 5.0}, are_numbers=True)(np.array([[0, 1], [1, 1]])).tolist()
        [[1.0, 5.0], [5.0, 5.0]]
    """

    def __init__(self, weights: Any, are_numbers: bool | None = None) -> None:
        if not isinstance(weights, Mapping) and not (isinstance(weights, str) and weights == "balanced"):
            raise DataError(
                f"class_weight is a dictionary {{class: weight}} or 'balanced'. Received: {weights!r}"
            )
        for label in weights if isinstance(weights, Mapping) else ():
            if not isinstance(label, (int, np.integer)):
                raise DataError(
                    f"class_weight takes class numbers, such as {{0: 1.0, 1: 5.0}}. Received the class "
                    f"{label!r}."
                )
        self.weights, self.are_numbers = weights, are_numbers

    @classmethod
    def for_loss(cls, weights: Any, loss: Any) -> Self | None:
        """The weights for labels as a loss takes them; None for None.

        Args:
            weights: as in the constructor.
            loss: what `compile` was given.
        """
        if weights is None:
            return None
        given = jax.tree.leaves(loss, is_leaf=lambda leaf: not isinstance(leaf, (list, tuple, dict)))
        found = losses.get(given[0]) if len(given) == 1 else None
        return cls(weights, _TAKE_CLASS_NUMBERS.get(getattr(found, "fn", found)))

    def __call__(self, y: Any, sample_weight: Any = None) -> np.ndarray:
        """A weight for each label.

        Args:
            y: the labels.
            sample_weight: multiplied in, where given: one for each row, or for each row and time step.

        Raises:
            DataError: there are several targets, or none.
        """
        if isinstance(y, (list, tuple, Mapping)) or y is None:
            raise DataError(
                "class_weight needs a model with a single target; use sample_weight with several."
            )
        labels = self._labels(np.asarray(y))
        if isinstance(self.weights, Mapping):
            weights = np.ones(labels.shape)
            for label, weight in self.weights.items():
                weights[labels == label] = weight
        else:
            classes, inverse, counts = np.unique(labels, return_inverse=True, return_counts=True)
            weights = (labels.size / (len(classes) * counts))[inverse].reshape(labels.shape)
        if sample_weight is not None:
            given = np.asarray(sample_weight)
            rank = max(weights.ndim, given.ndim)
            weights, given = (one.reshape(*one.shape, *[1] * (rank - one.ndim)) for one in (weights, given))
            weights = weights * given
        return weights.astype(np.float32)

    def _labels(self, y: np.ndarray) -> np.ndarray:
        """The class numbers, (n,) or (n, time)."""
        if y.ndim > 1 and y.shape[-1] == 1:
            y = y[..., 0]
        are_numbers = self.are_numbers
        if are_numbers is None and y.ndim > 1:
            are_numbers = not (np.all(y >= 0) and np.allclose(y.sum(-1), 1))
        labels = y if are_numbers or y.ndim == 1 else y.argmax(-1)
        return np.round(labels).astype(np.int64)
