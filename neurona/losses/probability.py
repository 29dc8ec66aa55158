"""Losses of probabilities: the unlikelihood of the targets under what was predicted.

Probabilities are kept between epsilon and 1 - epsilon before their logarithm is taken; logits need no such
care.
"""

from typing import Any

import jax
import jax.nn as jnn
import jax.numpy as jnp

from neurona.core.annotations import MASK
from neurona.core.errors import ArgumentError, ShapeError
from neurona.core.policy import epsilon
from neurona.kernels.cross_entropy import cross_entropy
from neurona.losses.loss import LossFunctionWrapper, loss_function, prepare
from neurona.numerics import is_nothing
from neurona.tracebacks import warn

__all__ = [
    "BCE",
    "KLD",
    "BinaryCrossentropy",
    "BinaryFocalCrossentropy",
    "CategoricalCrossentropy",
    "CategoricalFocalCrossentropy",
    "CategoricalGeneralizedCrossEntropy",
    "KLDivergence",
    "Poisson",
    "SparseCategoricalCrossentropy",
    "bce",
    "binary_crossentropy",
    "binary_focal_crossentropy",
    "categorical_crossentropy",
    "categorical_focal_crossentropy",
    "categorical_generalized_cross_entropy",
    "kl_divergence",
    "kld",
    "kullback_leibler_divergence",
    "poisson",
    "sparse_categorical_crossentropy",
]


def _clip(p: jax.Array) -> jax.Array:
    return jnp.clip(p, epsilon(), 1 - epsilon())


def _binary(y_true: jax.Array, p: jax.Array) -> jax.Array:
    p = _clip(p)
    return -(y_true * jnp.log(p) + (1 - y_true) * jnp.log(1 - p))


def _same_shape(function: str, y_true: Any, y_pred: Any) -> tuple[jax.Array, jax.Array]:
    y_true, y_pred = prepare(function, y_true, y_pred)
    if y_true.shape != y_pred.shape:
        if y_true.ndim and y_true.shape[-1] == 1 and y_pred.shape[-1] > 1:
            mend = (
                "For class numbers use sparse_categorical_crossentropy, or make them one-hot: "
                f"to_categorical(y, {y_pred.shape[-1]}). "
                "For yes or no, the last layer needs 1 unit."
            )
        else:
            columns = y_true.shape[-1] if y_true.ndim else 1
            mend = f"The last layer must have as many units as the targets have columns: {columns}."
        raise ShapeError(
            f"{function} compares targets and predictions of one shape. "
            f"Received: y_true of shape {y_true.shape}, y_pred of shape {y_pred.shape}. {mend}"
        )
    return y_true, y_pred


@loss_function("bce", "BCE", activation="sigmoid")
def binary_crossentropy(
    y_true: Any, y_pred: Any, from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1
) -> jax.Array:
    """mean(-y_true * log(p) - (1 - y_true) * log(1 - p)) over `axis`.

    Args:
        y_true: 0 or 1, or probabilities, (..., d).
        y_pred: p, (..., d); or log(p / (1 - p)) with `from_logits`.
        from_logits: whether `y_pred` are logits rather than probabilities.
        label_smoothing: moves the targets this part of the way to 1/2.
        axis: the axis that is averaged.

    Raises:
        ShapeError: the shapes differ.

    Example:

        >>> print(binary_crossentropy([[1.0], [0.0]], [[0.5], [0.5]]).round(3))
        [0.693 0.693]
    """
    y_true, y_pred = _same_shape("binary_crossentropy", y_true, y_pred)
    if not is_nothing(label_smoothing):
        y_true = y_true * (1 - label_smoothing) + 0.5 * label_smoothing
    if from_logits:
        errors = -y_true * jnn.log_sigmoid(y_pred) - (1 - y_true) * jnn.log_sigmoid(-y_pred)
    else:
        errors = _binary(y_true, y_pred)
    return jnp.mean(errors, axis=axis)


@loss_function()
def binary_focal_crossentropy(
    y_true: Any,
    y_pred: Any,
    apply_class_balancing: bool = False,
    alpha: float = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> jax.Array:
    """mean(w * (1 - p_t)**gamma * binary crossentropy) over `axis`; p_t = p where y_true is 1, 1 - p where it
    is 0.

    Args:
        y_true: 0 or 1, or probabilities, (..., d).
        y_pred: p, (..., d); or log(p / (1 - p)) with `from_logits`.
        from_logits: whether `y_pred` are logits rather than probabilities.
        label_smoothing: moves the targets this part of the way to 1/2.
        axis: the axis that is averaged.
        apply_class_balancing: whether w is alpha for ones and 1 - alpha for zeros, rather than 1.
        alpha: the weight of ones.
        gamma: how much less examples count that are already right.

    Source: Lin et al., Focal Loss for Dense Object Detection, 2017.

    Example:

        >>> print(binary_focal_crossentropy([[1.0]], [[0.5]], gamma=1.0).round(4))
        [0.3466]
    """
    y_true, y_pred = _same_shape("binary_focal_crossentropy", y_true, y_pred)
    if not is_nothing(label_smoothing):
        y_true = y_true * (1 - label_smoothing) + 0.5 * label_smoothing
    p = jnn.sigmoid(y_pred) if from_logits else y_pred
    p_t = y_true * p + (1 - y_true) * (1 - p)
    errors = jnp.power(1 - p_t, gamma) * _binary(y_true, p)
    if apply_class_balancing:
        errors = errors * (y_true * alpha + (1 - y_true) * (1 - alpha))
    return jnp.mean(errors, axis=axis)


def _log_probabilities(y_pred: jax.Array, axis: int) -> jax.Array:
    return jnp.log(_clip(y_pred / jnp.sum(y_pred, axis=axis, keepdims=True)))


def _one_hot(
    function: str, y_true: Any, y_pred: Any, label_smoothing: float, axis: int
) -> tuple[jax.Array, jax.Array]:
    if isinstance(axis, bool):
        raise ArgumentError(f"{function}: axis is an integer. Received: {axis!r}")
    y_true, y_pred = _same_shape(function, y_true, y_pred)
    if y_pred.ndim and y_pred.shape[axis] == 1:
        warn(
            f"{function} over one class (y_pred of shape {y_pred.shape}) is always 0. For yes or no use "
            "sigmoid with binary_crossentropy."
        )
    if not is_nothing(label_smoothing):
        y_true = y_true * (1 - label_smoothing) + label_smoothing / y_true.shape[axis]
    return y_true, y_pred


@loss_function(activation="softmax")
def categorical_crossentropy(
    y_true: Any, y_pred: Any, from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1
) -> jax.Array:
    """-sum(y_true * log(p)) over the classes; p = y_pred / sum(y_pred), or softmax(y_pred) with
    `from_logits`.

    Args:
        y_true: one-hot or probabilities, (..., classes).
        y_pred: probabilities or logits, (..., classes).
        from_logits: whether `y_pred` are logits rather than probabilities.
        label_smoothing: moves the targets this part of the way to 1 / classes.
        axis: the axis of the classes.

    Raises:
        ShapeError: the shapes differ; class numbers go with `sparse_categorical_crossentropy`.

    Example:

        >>> print(categorical_crossentropy([[0.0, 1.0]], [[0.5, 0.5]]).round(3))
        [0.693]
    """
    y_true, y_pred = _one_hot("categorical_crossentropy", y_true, y_pred, label_smoothing, axis)
    if from_logits:
        return cross_entropy(jnp.moveaxis(y_pred, axis, -1), jnp.moveaxis(y_true, axis, -1))
    return -jnp.sum(y_true * _log_probabilities(y_pred, axis), axis=axis)


@loss_function()
def categorical_focal_crossentropy(
    y_true: Any,
    y_pred: Any,
    alpha: Any = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> jax.Array:
    """-sum(alpha * (1 - p)**gamma * y_true * log(p)) over the classes.

    Args:
        y_true: one-hot or probabilities, (..., classes).
        y_pred: probabilities or logits, (..., classes).
        from_logits: whether `y_pred` are logits rather than probabilities.
        label_smoothing: moves the targets this part of the way to 1 / classes.
        axis: the axis of the classes.
        alpha: a number, or the weight of each class.
        gamma: how much less examples count that are already right.

    Source: Lin et al., Focal Loss for Dense Object Detection, 2017.

    Example:

        >>> print(categorical_focal_crossentropy([[0.0, 1.0]], [[0.5, 0.5]], alpha=1.0, gamma=1.0).round(4))
        [0.3466]
    """
    y_true, y_pred = _one_hot("categorical_focal_crossentropy", y_true, y_pred, label_smoothing, axis)
    p = jnn.softmax(y_pred, axis=axis) if from_logits else y_pred
    p = _clip(p / jnp.sum(p, axis=axis, keepdims=True))
    factors = jnp.power(1 - p, gamma) * jnp.asarray(alpha, p.dtype)
    return jnp.sum(factors * -y_true * jnp.log(p), axis=axis)


def _class_numbers(function: str, y_true: Any, y_pred: Any, axis: int) -> tuple[jax.Array, jax.Array]:
    """Targets as int32 without the axis of the classes."""
    y_true, y_pred = jnp.asarray(y_true), jnp.asarray(y_pred)
    if not y_pred.ndim:
        raise ShapeError(f"{function} needs predictions of shape (..., classes). Received a scalar.")
    if y_true.ndim == y_pred.ndim and y_true.shape[axis] == 1:
        y_true = jnp.squeeze(y_true, axis)
    place = axis % y_pred.ndim
    wanted = y_pred.shape[:place] + y_pred.shape[place + 1 :]
    if y_true.shape != wanted:
        mend = "Check the last layer's units and the shape of the targets."
        if y_true.shape == y_pred.shape:
            mend = (
                "The targets look one-hot: use categorical_crossentropy, "
                "or give class numbers: y.argmax(axis=-1)."
            )
        raise ShapeError(
            f"{function} needs one class number for each prediction: targets of shape {wanted} or "
            f"{(*wanted, 1)} for y_pred of shape "
            f"{y_pred.shape}. Received: y_true of shape {y_true.shape}. {mend}"
        )
    return y_true.astype("int32"), y_pred


def _pick(values: jax.Array, classes: jax.Array, axis: int) -> jax.Array:
    """The value of each sample's class; 0 where there is no such class. Compared rather than gathered, so
    that XLA fuses it.
    """
    place = axis % values.ndim
    numbers = jnp.arange(values.shape[place]).reshape([-1 if i == place else 1 for i in range(values.ndim)])
    return jnp.sum(jnp.where(numbers == jnp.expand_dims(classes, place), values, 0), axis=place)


def _class_errors(classes: jax.Array, y_pred: jax.Array, from_logits: bool, axis: int) -> jax.Array:
    if from_logits:
        return cross_entropy(jnp.moveaxis(y_pred, axis, -1), classes)
    return -_pick(_log_probabilities(y_pred, axis), classes, axis)


@loss_function(integer_targets=True, activation="softmax")
def sparse_categorical_crossentropy(
    y_true: Any, y_pred: Any, from_logits: bool = False, ignore_class: int | None = None, axis: int = -1
) -> jax.Array:
    """-log(p[y_true]); p = y_pred / sum(y_pred), or softmax(y_pred) with `from_logits`.

    Args:
        y_true: class numbers from 0, (...) or (..., 1).
        y_pred: probabilities or logits, (..., classes).
        from_logits: whether `y_pred` are logits rather than probabilities.
        ignore_class: the class number of samples that don't count; their error is 0, and masked in a mean.
        axis: the axis of the classes.

    Raises:
        ShapeError: the shapes do not fit; one-hot targets go with `categorical_crossentropy`.

    Example:

        >>> print(sparse_categorical_crossentropy([1], [[0.5, 0.5]]).round(3))
        [0.693]
    """
    classes, y_pred = _class_numbers("sparse_categorical_crossentropy", y_true, y_pred, axis)
    if ignore_class is None:
        return _class_errors(classes, y_pred, from_logits, axis)
    valid = classes != ignore_class
    # Ones, so that no NaN arises where nothing counts.
    y_pred = jnp.where(jnp.expand_dims(valid, axis), y_pred, 1)
    errors = _class_errors(jnp.where(valid, classes, 0), y_pred, from_logits, axis)
    errors = jnp.where(valid, errors, 0)
    MASK.set(errors, valid)
    return errors


@loss_function(integer_targets=True)
def categorical_generalized_cross_entropy(y_true: Any, y_pred: Any, q: float = 0.5) -> jax.Array:
    """(1 - p[y_true]**q) / q: crossentropy as q goes to 0, absolute error at q = 1; wrong labels do less harm
    than to crossentropy.

    Args:
        y_true: class numbers from 0, (...) or (..., 1).
        y_pred: probabilities p, (..., classes).
        q: between 0 and 1.

    Source: Zhang and Sabuncu, Generalized Cross Entropy Loss for Training Deep Neural Networks with Noisy
        Labels, 2018.

    Example:

        >>> categorical_generalized_cross_entropy([1], [[0.75, 0.25]]).tolist()
        [1.0]
    """
    classes, y_pred = _class_numbers("categorical_generalized_cross_entropy", y_true, y_pred, -1)
    return (1 - jnp.power(_pick(y_pred, classes, -1), q)) / q


@loss_function("kld", "KLD", "kullback_leibler_divergence")
def kl_divergence(y_true: Any, y_pred: Any) -> jax.Array:
    """sum(y_true * log(y_true / y_pred)) over the last axis, both kept between epsilon and 1.

    Source: Kullback and Leibler, On Information and Sufficiency, 1951.

    Example:

        >>> kl_divergence([[0.5, 0.5]], [[0.5, 0.5]]).tolist()
        [0.0]
    """
    y_true, y_pred = prepare("kl_divergence", y_true, y_pred)
    y_true, y_pred = jnp.clip(y_true, epsilon(), 1), jnp.clip(y_pred, epsilon(), 1)
    return jnp.sum(y_true * jnp.log(y_true / y_pred), axis=-1)


@loss_function()
def poisson(y_true: Any, y_pred: Any) -> jax.Array:
    """mean(y_pred - y_true * log(y_pred + epsilon)) over the last axis: y_pred is the expected count, y_true
    the count.

    Example:

        >>> poisson([[3.0]], [[1.0]]).round(3).tolist()
        [1.0]
    """
    y_true, y_pred = prepare("poisson", y_true, y_pred)
    return jnp.mean(y_pred - y_true * jnp.log(y_pred + epsilon()), axis=-1)


class BinaryCrossentropy(LossFunctionWrapper):
    """`binary_crossentropy` as a `Loss`.

    Args:
        from_logits: whether `y_pred` are logits rather than probabilities.
        label_smoothing: moves the targets this part of the way to 1/2.
        axis: the axis that is averaged.
        reduction: "sum_over_batch_size", "mean", "mean_with_sample_weight", "sum" or "none"; see `Loss`.
        name: the name in logs.
        dtype: the dtype in which targets and predictions are compared; `floatx()` if None.

    Example:

        >>> float(BinaryCrossentropy(from_logits=True)([[1.0]], [[100.0]]))
        0.0
    """

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str = "binary_crossentropy",
        dtype: Any = None,
    ) -> None:
        options = {"from_logits": from_logits, "label_smoothing": label_smoothing, "axis": axis}
        super().__init__(binary_crossentropy, reduction, name, dtype, **options)


class BinaryFocalCrossentropy(LossFunctionWrapper):
    """`binary_focal_crossentropy` as a `Loss`.

    Args:
        apply_class_balancing: whether w is alpha for ones and 1 - alpha for zeros, rather than 1.
        alpha: the weight of ones.
        gamma: how much less examples count that are already right.
        from_logits: whether `y_pred` are logits rather than probabilities.
        label_smoothing: moves the targets this part of the way to 1/2.
        axis: the axis that is averaged.
        reduction: "sum_over_batch_size", "mean", "mean_with_sample_weight", "sum" or "none"; see `Loss`.
        name: the name in logs.
        dtype: the dtype in which targets and predictions are compared; `floatx()` if None.

    Example:

        >>> float(BinaryFocalCrossentropy(from_logits=True)([[1.0]], [[100.0]])) < 1e-6
        True
    """

    def __init__(
        self,
        apply_class_balancing: bool = False,
        alpha: float = 0.25,
        gamma: float = 2.0,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str = "binary_focal_crossentropy",
        dtype: Any = None,
    ) -> None:
        options = {"apply_class_balancing": apply_class_balancing, "alpha": alpha, "gamma": gamma}
        options |= {"from_logits": from_logits, "label_smoothing": label_smoothing, "axis": axis}
        super().__init__(binary_focal_crossentropy, reduction, name, dtype, **options)


class CategoricalCrossentropy(LossFunctionWrapper):
    """`categorical_crossentropy` as a `Loss`.

    Args:
        from_logits: whether `y_pred` are logits rather than probabilities.
        label_smoothing: moves the targets this part of the way to 1 / classes.
        axis: the axis of the classes.
        reduction: "sum_over_batch_size", "mean", "mean_with_sample_weight", "sum" or "none"; see `Loss`.
        name: the name in logs.
        dtype: the dtype in which targets and predictions are compared; `floatx()` if None.

    Example:

        >>> float(CategoricalCrossentropy(from_logits=True)([[0.0, 1.0]], [[100.0, 0.0]]))
        100.0
    """

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str = "categorical_crossentropy",
        dtype: Any = None,
    ) -> None:
        options = {"from_logits": from_logits, "label_smoothing": label_smoothing, "axis": axis}
        super().__init__(categorical_crossentropy, reduction, name, dtype, **options)


class CategoricalFocalCrossentropy(LossFunctionWrapper):
    """`categorical_focal_crossentropy` as a `Loss`.

    Args:
        alpha: a number, or the weight of each class.
        gamma: how much less examples count that are already right.
        from_logits: whether `y_pred` are logits rather than probabilities.
        label_smoothing: moves the targets this part of the way to 1 / classes.
        axis: the axis of the classes.
        reduction: "sum_over_batch_size", "mean", "mean_with_sample_weight", "sum" or "none"; see `Loss`.
        name: the name in logs.
        dtype: the dtype in which targets and predictions are compared; `floatx()` if None.

    Example:

        >>> float(CategoricalFocalCrossentropy(from_logits=True)([[0.0, 1.0]], [[0.0, 100.0]])) < 1e-6
        True
    """

    def __init__(
        self,
        alpha: Any = 0.25,
        gamma: float = 2.0,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str = "categorical_focal_crossentropy",
        dtype: Any = None,
    ) -> None:
        options = {
            "alpha": alpha,
            "gamma": gamma,
            "from_logits": from_logits,
            "label_smoothing": label_smoothing,
            "axis": axis,
        }
        super().__init__(categorical_focal_crossentropy, reduction, name, dtype, **options)


class SparseCategoricalCrossentropy(LossFunctionWrapper):
    """`sparse_categorical_crossentropy` as a `Loss`.

    Args:
        from_logits: whether `y_pred` are logits rather than probabilities.
        ignore_class: the class number of samples that don't count; their error is 0, and masked in a mean.
        axis: the axis of the classes.
        reduction: "sum_over_batch_size", "mean", "mean_with_sample_weight", "sum" or "none"; see `Loss`.
        name: the name in logs.
        dtype: the dtype in which targets and predictions are compared; `floatx()` if None.

    Example:

        >>> float(SparseCategoricalCrossentropy(from_logits=True)([1], [[100.0, 0.0]]))
        100.0
    """

    def __init__(
        self,
        from_logits: bool = False,
        ignore_class: int | None = None,
        reduction: str | None = "sum_over_batch_size",
        axis: int = -1,
        name: str = "sparse_categorical_crossentropy",
        dtype: Any = None,
    ) -> None:
        options = {"from_logits": from_logits, "ignore_class": ignore_class, "axis": axis}
        super().__init__(sparse_categorical_crossentropy, reduction, name, dtype, **options)


class CategoricalGeneralizedCrossEntropy(LossFunctionWrapper):
    """`categorical_generalized_cross_entropy` as a `Loss`.

    Args:
        q: above 0 and below 1.
        reduction: "sum_over_batch_size", "mean", "mean_with_sample_weight", "sum" or "none"; see `Loss`.
        name: the name in logs.
        dtype: the dtype in which targets and predictions are compared; `floatx()` if None.

    Raises:
        ArgumentError: q is not.

    Example:

        >>> float(CategoricalGeneralizedCrossEntropy()([1], [[0.75, 0.25]]))
        1.0
    """

    def __init__(
        self,
        q: float = 0.5,
        reduction: str | None = "sum_over_batch_size",
        name: str = "categorical_generalized_cross_entropy",
        dtype: Any = None,
    ) -> None:
        if not 0 < q < 1:
            raise ArgumentError(
                f"CategoricalGeneralizedCrossEntropy: q is above 0 and below 1. Received: {q!r}"
            )
        super().__init__(categorical_generalized_cross_entropy, reduction, name, dtype, q=q)


class KLDivergence(LossFunctionWrapper):
    """`kl_divergence` as a `Loss`.

    Args:
        reduction: "sum_over_batch_size", "mean", "mean_with_sample_weight", "sum" or "none"; see `Loss`.
        name: the name in logs.
        dtype: the dtype in which targets and predictions are compared; `floatx()` if None.

    Example:

        >>> float(KLDivergence()([[0.5, 0.5]], [[0.5, 0.5]]))
        0.0
    """

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str = "kl_divergence", dtype: Any = None
    ) -> None:
        super().__init__(kl_divergence, reduction, name, dtype)


class Poisson(LossFunctionWrapper):
    """`poisson` as a `Loss`.

    Args:
        reduction: "sum_over_batch_size", "mean", "mean_with_sample_weight", "sum" or "none"; see `Loss`.
        name: the name in logs.
        dtype: the dtype in which targets and predictions are compared; `floatx()` if None.

    Example:

        >>> round(float(Poisson()([[3.0]], [[1.0]])), 3)
        1.0
    """

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str = "poisson", dtype: Any = None
    ) -> None:
        super().__init__(poisson, reduction, name, dtype)


bce = BCE = binary_crossentropy
kld = KLD = kullback_leibler_divergence = kl_divergence
