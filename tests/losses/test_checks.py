"""Targets that a loss can't learn from, each with the message it gets; and those that must pass."""

import numpy as np
import pytest

from neurona import losses
from neurona.core.errors import DataError

SPARSE, ONE_HOT, BINARY = (
    losses.SparseCategoricalCrossentropy(),
    losses.CategoricalCrossentropy(),
    losses.BinaryCrossentropy(),
)
IGNORE = losses.SparseCategoricalCrossentropy(ignore_class=-1)
EYE = np.eye(3)


@pytest.mark.parametrize(
    ("loss", "targets", "output_shape", "message"),
    [
        (
            SPARSE,
            np.array([0, 3, 1]),
            (None, 3),
            r"label 3 in row 1: it is not one of the 3 classes 0\.\.2 .*at least 4 units",
        ),
        (
            losses.get("sparse_categorical_crossentropy"),
            np.array([[0], [5]]),
            (None, 3),
            r"label 5 at index \(1, 0\) \(row 1\)",
        ),
        (SPARSE, np.arange(1, 11), (None, 10), r"label 10 in row 9.*0\.\.9.*from 1 to 10: subtract 1"),
        (
            SPARSE,
            np.array([0, 1.5]),
            (None, 3),
            "label 1.5 in row 1: it is not a whole number.*mean_squared_error",
        ),
        (SPARSE, np.array([0, -1, 2]), (None, 3), r"label -1 in row 1.*ignore_class=-1"),
        (SPARSE, np.array([1, -1, 1]), (None, 2), r"\(y \+ 1\) // 2, or hinge"),
        (IGNORE, np.array([0, -2, -1]), (None, 3), "label -2 in row 1"),
        (SPARSE, EYE, (None, 3), r"one-hot, of shape \(3, 3\).*categorical_crossentropy, or give y.argmax"),
        (
            SPARSE,
            np.array(["cat", "dog"]),
            (None, 2),
            r"must be numbers.*'cat'.*np.unique\(y, return_inverse=True\)",
        ),
        (SPARSE, np.zeros((4, 7)) + 9, (None, 7, 3), r"label 9 at index \(0, 0\) \(row 0\).*28 such values"),
        (losses.CategoricalGeneralizedCrossEntropy(), np.array([4]), (None, 3), "label 4 in row 0"),
        (
            ONE_HOT,
            np.array([0, 1, 2]),
            (None, 3),
            r"not one-hot; 3 columns.*sparse_categorical_crossentropy.*to_categorical\(y, 3\)",
        ),
        (ONE_HOT, np.array([[0], [1]]), (None, 3), "not one-hot"),
        (ONE_HOT, EYE, (None, 4), "3 columns, the last layer 4 units"),
        (ONE_HOT, 2 * EYE, (None, 3), r"target 2 at index \(0, 0\).*not between 0 and 1"),
        (
            BINARY,
            np.array([0, 1, 2]),
            (None, 1),
            "target 2 in row 2: it is not between 0 and 1.*sparse_categorical_crossentropy and softmax",
        ),
        (BINARY, np.array([-1, 1]), (None, 1), r"\(y \+ 1\) / 2, or hinge"),
        (BINARY, np.array([0.0, 255.5]), (None, 1), "Scale the targets"),
        (losses.binary_focal_crossentropy, np.array([0.0, -0.5]), (None, 1), "target -0.5 in row 1"),
        (losses.KLDivergence(), np.array([[0.5, 1.5]]), (None, 2), "target 1.5"),
        (losses.Dice(), np.array([[0.0, 255.0]]), (None, 2), "target 255"),
        (
            losses.Poisson(),
            np.array([1.0, -2.0]),
            (None, 1),
            "target -2 in row 1: it is negative: a count is 0 or more",
        ),
        (losses.Hinge(), np.array([0, 1, 2]), (None, 1), "target 2 in row 2: it is not one of -1, 0 and 1"),
        (losses.SquaredHinge(), np.array([0.5, 1]), (None, 1), "target 0.5 in row 0"),
        (losses.Hinge(), np.array([0, 1, -1]), (None, 1), "-1 as well as 0"),
        (losses.CategoricalHinge(), np.array([0, 1]), (None, 3), "not one-hot"),
        (
            losses.MeanSquaredError(),
            np.array([1.0, np.nan]),
            (None, 1),
            "mean_squared_error: target nan in row 1: it is NaN. Drop the rows",
        ),
        (
            losses.mse,
            np.ones((4, 3)),
            (None, 2),
            "3 columns, the last layer 2 units.*Give the last layer 3 units",
        ),
        (lambda y_true, y_pred: 0, np.array([np.nan]), (None, 1), "target nan in row 0"),
        (losses.CTC(), np.array([[1, 9]]), (None, 10, 5), r"label 9 at index \(0, 1\).*0\.\.4"),
        (
            losses.CTC(),
            np.array([[1, 2, 0], [3, 3, 4]]),
            (None, 3, 5),
            "the 3 labels in row 1 need 4 time steps.*the output has 3",
        ),
    ],
)
def test_bad_targets_teach(loss, targets, output_shape, message):
    with pytest.raises(DataError, match=message):
        losses.check_targets(loss, targets, output_shape)


@pytest.mark.parametrize(
    ("loss", "targets", "output_shape"),
    [
        (SPARSE, np.array([0, 2, 1], np.uint8), (None, 3)),
        (SPARSE, np.array([[0.0], [2.0]]), (None, 3)),
        (SPARSE, np.array([0, 7]), (None, None)),
        (SPARSE, np.zeros((2, 3), int), (None, 3, 3)),
        (SPARSE, np.zeros(0, int), (None, 3)),
        (IGNORE, np.array([-1, 2, -1]), (None, 3)),
        (IGNORE, np.array([-1, -1]), (None, 3)),
        (ONE_HOT, EYE, (None, 3)),
        (ONE_HOT, np.full((2, 3), 1 / 3), (None, 3)),
        (BINARY, np.array([True, False]), (None, 1)),
        (BINARY, np.array([0.0, 0.3, 1.0]), (None, 1)),
        (losses.Hinge(), np.array([-1, 1]), (None, 1)),
        (losses.Hinge(), np.array([0, 1]), (None, 1)),
        (losses.Poisson(), np.array([0, 3]), (None, 1)),
        (losses.MeanSquaredError(), np.array([-5.0, 1e9]), (None, 1)),
        (losses.mse, np.ones((4, 3)), (None, 3)),
        (losses.CTC(), np.array([[1, 2, 0], [3, 3, 4]]), (None, 4, 5)),
        (losses.Circle(), np.array([7, 9]), (None, 16)),
        (lambda y_true, y_pred: 0, np.array([-3, 12]), (None, 3)),
    ],
)
def test_good_targets_pass(loss, targets, output_shape):
    losses.check_targets(loss, targets, output_shape)


def test_targets_compared_with_every_unit_are_pointed_out():
    with pytest.warns(UserWarning, match=r"\(4, 1\) are compared with outputs of shape \(None, 10\)"):
        losses.check_targets(losses.mse, np.ones((4, 1)), (None, 10))
