"""What can be known to be wrong with targets before training starts. NumPy only: nothing is traced or
compiled.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from neurona.core.errors import DataError
from neurona.losses import margin, probability, structured
from neurona.losses.chain import ChainCrossentropy
from neurona.losses.loss import LossFunctionWrapper
from neurona.tracebacks import warn

__all__ = [
    "check_targets",
]

Shape = tuple[int | None, ...]


def check_targets(loss: Any, y_true: np.ndarray, output_shape: Shape) -> None:
    """Refuse targets that a loss can't learn from. Custom losses are checked for NaN only.

    Args:
        loss: a `Loss` or a function of targets and predictions.
        y_true: all targets of the data set, or of one batch.
        output_shape: the shape of the predictions; None for the batch, or where unknown.

    Raises:
        DataError: the message names the offending value, its place, what is allowed, and how to mend it.

    Example:

        >>> check_targets(probability.sparse_categorical_crossentropy, np.array([0, 3, 1]), (None, 3))
        Traceback (most recent call last):
        ...
        neurona.core.errors.DataError: sparse_categorical_crossentropy: label 3 in row 1: it is not one of
            the 3 classes 0..2 ...
    """
    function, options = (loss.fn, loss.options) if isinstance(loss, LossFunctionWrapper) else (loss, {})
    name = getattr(function, "__name__", None) or getattr(loss, "name", type(loss).__name__)
    targets = np.asarray(y_true)
    if not (np.issubdtype(targets.dtype, np.number) or targets.dtype == bool):
        if targets.dtype.kind not in "OUS":
            return  # such as bfloat16
        raise DataError(
            f"{name}: targets must be numbers. Received dtype {targets.dtype}, for example "
            f"{targets.flat[0]!r}. "
            "Turn names into class numbers: np.unique(y, return_inverse=True)[1]."
        )
    if np.issubdtype(targets.dtype, np.floating):
        _refuse(name, targets, np.isnan, "is NaN. Drop the rows with missing targets or fill them in.")
    check = _CHECKS.get(function) or _CHECKS.get(type(loss))
    if check is not None and targets.size:
        check(name, targets, output_shape, options)
    elif getattr(function, "__module__", "").startswith("neurona.losses"):
        _check_broadcast(name, targets, output_shape)


def _place(index: tuple[int, ...]) -> str:
    return f"in row {index[0]}" if len(index) == 1 else f"at index {index} (row {index[0]})"


def _refuse(
    name: str, targets: np.ndarray, wrong: Callable[[np.ndarray], np.ndarray], says: str, what: str = "target"
) -> None:
    """Raise for the first target for which `wrong` holds."""
    found = wrong(targets)
    if not found.any():
        return
    index = tuple(int(i) for i in np.unravel_index(int(np.argmax(found)), targets.shape))
    value = targets[index].item()
    shown = int(value) if isinstance(value, float) and value.is_integer() else value
    count = int(found.sum())
    more = f" ({count} such values.)" if count > 1 else ""
    raise DataError(f"{name}: {what} {shown} {_place(index)}: it {says}{more}")


def _check_broadcast(name: str, targets: np.ndarray, output_shape: Shape) -> None:
    if targets.ndim != len(output_shape) or targets.ndim < 2:
        return
    columns, units = targets.shape[-1], output_shape[-1]
    if units is None or columns == units:
        return
    if 1 not in (columns, units):
        raise DataError(
            f"{name}: the targets have {columns} columns, the last layer {units} units. "
            f"Received targets of shape {targets.shape} for outputs of shape {output_shape}. Give the last "
            f"layer {columns} units."
        )
    warn(
        f"{name}: targets of shape {targets.shape} are compared with outputs of shape {output_shape}, "
        "each with all. The last layer usually has as many units as the targets have columns: "
        f"{columns}."
    )


def _check_classes(name: str, targets: np.ndarray, output_shape: Shape, options: dict[str, Any]) -> None:
    axis = options.get("axis", -1)
    classes = output_shape[axis]
    if classes is None:
        return
    ignored = options.get("ignore_class")
    if targets.ndim == len(output_shape) and targets.shape[axis] == classes and classes > 1:
        sums = targets.sum(axis)
        if ((targets == 0) | (targets == 1)).all() and (sums == 1).all():
            raise DataError(
                f"{name}: the targets are one-hot, of shape {targets.shape}; class numbers are expected, of "
                f"shape {targets.shape[:-1]}. "
                "Use categorical_crossentropy, or give y.argmax(axis=-1)."
            )
    if np.issubdtype(targets.dtype, np.floating):
        says = (
            "is not a whole number: class numbers are 0, 1, 2... "
            "For values rather than classes use mean_squared_error."
        )
        _refuse(name, targets, lambda y: y != np.floor(y), says, "label")
    counted = targets if ignored is None else targets[targets != ignored]
    if not counted.size:
        return
    low, high = int(counted.min()), int(counted.max())
    if low >= 0 and high < classes:
        return
    if low < 0:
        mend = f"To leave such samples out, use SparseCategoricalCrossentropy(ignore_class={low})."
        if {low, high} == {-1, 1} and classes <= 2:
            mend = "For labels -1 and 1 use (y + 1) // 2, or hinge."
    elif low >= 1 and high - low < classes:
        mend = f"The labels go from {low} to {high}: subtract {low}."
    else:
        mend = (
            f"The last layer needs at least {high + 1} units, or the labels need numbering: "
            "np.unique(y, return_inverse=True)[1]."
        )
    says = f"is not one of the {classes} classes 0..{classes - 1} that the last layer has units for. {mend}"
    _refuse(
        name,
        targets,
        lambda y: ((y < 0) | (y >= classes)) & (y != ignored if ignored is not None else True),
        says,
        "label",
    )


def _check_probabilities(
    name: str, targets: np.ndarray, output_shape: Shape, options: dict[str, Any]
) -> None:
    low, high = targets.min(), targets.max()
    if low < 0 or high > 1:
        if set(np.unique(targets)) <= {-1, 1}:
            mend = "For targets -1 and 1 use (y + 1) / 2, or hinge."
        elif low >= 0 and high > 1 and (targets == np.floor(targets)).all() and name.startswith("binary"):
            mend = "For more than two classes use sparse_categorical_crossentropy and softmax."
        else:
            mend = "Scale the targets to 0..1; for values use mean_squared_error."
        _refuse(name, targets, lambda y: (y < 0) | (y > 1), f"is not between 0 and 1. {mend}")
    _check_broadcast(name, targets, output_shape)


def _check_one_hot(name: str, targets: np.ndarray, output_shape: Shape, options: dict[str, Any]) -> None:
    classes = output_shape[options.get("axis", -1)]
    missing = targets.ndim == len(output_shape) - 1 or (
        targets.ndim == len(output_shape) and targets.shape[-1] == 1
    )
    if missing and classes is not None and classes > 1:
        raise DataError(
            f"{name}: the targets, of shape {targets.shape}, are not one-hot; {classes} columns are "
            "expected. "
            "For class numbers use sparse_categorical_crossentropy, or make them one-hot: to_categorical(y, "
            f"{classes})."
        )
    _check_probabilities(name, targets, output_shape, options)


def _check_counts(name: str, targets: np.ndarray, output_shape: Shape, options: dict[str, Any]) -> None:
    _refuse(
        name,
        targets,
        lambda y: y < 0,
        "is negative: a count is 0 or more. For values of any sign use mean_squared_error.",
    )
    _check_broadcast(name, targets, output_shape)


def _check_signs(name: str, targets: np.ndarray, output_shape: Shape, options: dict[str, Any]) -> None:
    says = "is not one of -1, 0 and 1. For more than two classes use categorical_hinge with one-hot targets."
    _refuse(name, targets, lambda y: (y != 0) & (np.abs(y) != 1), says)
    if (targets == 0).any() and (targets == -1).any():
        raise DataError(f"{name}: the targets hold -1 as well as 0. Use -1 and 1, or 0 and 1.")
    _check_broadcast(name, targets, output_shape)


def _check_sequences(name: str, targets: np.ndarray, output_shape: Shape, options: dict[str, Any]) -> None:
    time, classes = output_shape[1], output_shape[2]
    if classes is not None:
        says = f"is not one of the classes 0..{classes - 1}, where 0 is the blank and the padding."
        _refuse(name, targets, lambda y: (y < 0) | (y >= classes) | (y != np.floor(y)), says, "label")
    if time is None:
        return
    # Equal neighbours need a blank between them.
    repeats = ((targets[:, 1:] == targets[:, :-1]) & (targets[:, 1:] != 0)).sum(axis=1)
    needed = (targets != 0).sum(axis=1) + repeats
    if (needed > time).any():
        row = int(np.argmax(needed > time))
        raise DataError(
            f"{name}: the {int((targets[row] != 0).sum())} labels in row {row} need {int(needed[row])} time "
            "steps (a blank goes between "
            f"equal neighbours); the output has {time}. Shorten the labels or pool less over time."
        )


_CHECKS: dict[Any, Callable[[str, np.ndarray, Shape, dict[str, Any]], None]] = {
    probability.sparse_categorical_crossentropy: _check_classes,
    probability.categorical_generalized_cross_entropy: _check_classes,
    probability.binary_crossentropy: _check_probabilities,
    probability.binary_focal_crossentropy: _check_probabilities,
    probability.categorical_crossentropy: _check_one_hot,
    probability.categorical_focal_crossentropy: _check_one_hot,
    probability.kl_divergence: _check_probabilities,
    probability.poisson: _check_counts,
    margin.hinge: _check_signs,
    margin.squared_hinge: _check_signs,
    margin.categorical_hinge: _check_one_hot,
    structured.dice: _check_probabilities,
    structured.tversky: _check_probabilities,
    structured.ctc: _check_sequences,
    ChainCrossentropy: _check_classes,
}
