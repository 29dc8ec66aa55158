"""Class weights weigh each label by its own class, whatever the labels' shape."""

import numpy as np
import pytest

import neurona as nn
from neurona.core.errors import DataError
from neurona.training.class_weights import ClassWeights

LABELS = np.array([[0, 1, 2], [2, 2, 0]])  # (n, time)
WEIGHTS = {0: 1.0, 1: 5.0, 2: 3.0}
EXPECTED = np.array([[1, 5, 3], [3, 3, 1]], np.float32)
EYE = np.eye(3)
SPARSE, ONE_HOT = "sparse_categorical_crossentropy", "categorical_crossentropy"

CASES = {
    "class numbers": (LABELS[0], SPARSE, EXPECTED[0]),
    "class numbers in a column": (LABELS[0][:, None], SPARSE, EXPECTED[0]),
    "class numbers in time": (LABELS, SPARSE, EXPECTED),
    "class numbers in time, in a column": (LABELS[..., None], SPARSE, EXPECTED),
    "numbers whose rows look one-hot": (np.array([[0, 1], [1, 0]]), SPARSE, [[1, 5], [5, 1]]),
    "one-hot": (EYE[LABELS[0]], ONE_HOT, EXPECTED[0]),
    "one-hot in time": (EYE[LABELS], ONE_HOT, EXPECTED),
    "smoothed one-hot": (0.9 * EYE[LABELS[0]] + 0.1 / 3, nn.losses.CategoricalCrossentropy(), EXPECTED[0]),
    "class numbers in time, of a loss of the user's": (LABELS, lambda y, p: p, EXPECTED),
    "one-hot in time, of a loss of the user's": (EYE[LABELS], [lambda y, p: p], EXPECTED),
    "class numbers of a named output": (LABELS, {"out": nn.losses.SparseCategoricalCrossentropy()}, EXPECTED),
    "truth values": (np.array([True, False]), "binary_crossentropy", [5, 1]),
    "floats": (np.array([[1.0], [0.0]]), "binary_crossentropy", [5, 1]),
}


@pytest.mark.parametrize(("labels", "loss", "expected"), CASES.values(), ids=CASES)
def test_labels_have_the_weights_of_their_classes(labels, loss, expected):
    np.testing.assert_array_equal(ClassWeights.for_loss(WEIGHTS, loss)(labels), expected, strict=False)


@pytest.mark.parametrize("shape", [(2,), (2, 1), (2, 3)])
def test_sample_weights_are_multiplied_in(shape):
    rows = np.arange(1, 1 + np.prod(shape)).reshape(shape)
    weights = ClassWeights(WEIGHTS, are_numbers=True)(LABELS, rows)
    np.testing.assert_array_equal(weights, EXPECTED * rows.reshape(2, -1))
    if shape != (2, 3):
        np.testing.assert_array_equal(ClassWeights(WEIGHTS)(LABELS[:, 0], rows).ravel(), [1, 6])


@pytest.mark.parametrize("labels", [LABELS, EYE[LABELS]], ids=["class numbers", "one-hot"])
@pytest.mark.parametrize("how", ["fit", "stream", "train_on_batch"])
def test_a_model_over_time_is_trained_with_weights_by_the_step(labels, how):
    model = nn.Sequential([nn.Input((3, 3)), nn.layers.Dense(3, activation="softmax")])
    model.compile(nn.optimizers.SGD(0.0), SPARSE if labels.ndim == 2 else ONE_HOT)
    x = np.random.default_rng(0).normal(size=(2, 3, 3)).astype("float32")
    probabilities = np.take_along_axis(model.predict(x, verbose=0), LABELS[..., None], -1)[..., 0]
    expected = pytest.approx(
        np.mean(-np.log(probabilities) * EXPECTED), rel=1e-5
    )  # over all labels, as Keras
    if how == "train_on_batch":
        assert model.train_on_batch(x, labels, class_weight=WEIGHTS) == expected
    else:
        data = (x, labels) if how == "fit" else ([(x, labels)].__iter__(),)
        assert model.fit(*data, class_weight=WEIGHTS, verbose=0).history["loss"] == [expected]


@pytest.mark.parametrize("weights", [[1, 2], {"1": 2.0}, {1.5: 2.0}, "balance"])
def test_class_weights_that_name_no_class_are_refused(weights):
    with pytest.raises(DataError, match="class_weight"):
        ClassWeights(weights)
