"""Log loss and Brier score beside scikit-learn's; calibration beside its definition; temperatures."""

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from sklearn import metrics

from neurona import evaluation
from neurona.errors import ArgumentError, DataError, ShapeError

RANDOM = np.random.default_rng(0)
TRUTH = RANDOM.integers(0, 3, 200)
LIKELY = RANDOM.dirichlet([0.5] * 3, 200)
BINARY = RANDOM.random(200)


def test_figures_are_those_of_scikit_learn():
    labels = [0, 1, 2]
    assert evaluation.log_loss(TRUTH, LIKELY) == pytest.approx(
        metrics.log_loss(TRUTH, LIKELY, labels=labels), abs=1e-12
    )
    assert evaluation.brier_score(TRUTH, LIKELY) == pytest.approx(
        metrics.brier_score_loss(TRUTH, LIKELY, labels=labels, scale_by_half=False), abs=1e-12
    )
    two = TRUTH > 0
    assert evaluation.log_loss(two, BINARY) == pytest.approx(metrics.log_loss(two, BINARY), abs=1e-12)
    assert evaluation.brier_score(two, BINARY[:, None]) == pytest.approx(
        metrics.brier_score_loss(two, BINARY), abs=1e-12
    )


def test_a_certain_error_costs_what_scikit_learn_says():
    for dtype in ("float32", "float64"):
        likely = np.array([[1, 0], [0, 1]], dtype)
        assert evaluation.log_loss([1, 1], likely) == pytest.approx(
            metrics.log_loss([1, 1], likely, labels=[0, 1])
        )


def test_the_calibration_error_is_its_definition():
    found = evaluation.calibration(TRUTH, LIKELY, bins=7)
    confidence, right = LIKELY.max(1), LIKELY.argmax(1) == TRUTH
    wanted = 0.0
    for number in range(7):
        inside = (confidence >= number / 7) & (confidence < (number + 1) / 7)
        if inside.any():
            wanted += inside.mean() * abs(confidence[inside].mean() - right[inside].mean())
    assert found.error == pytest.approx(wanted, abs=1e-12)
    assert found.counts.sum() == 200
    assert evaluation.calibration([1, 1], [1.0, 1.0]).error == 0


def test_the_temperature_is_the_best_one_and_keeps_the_classes():
    for truth, likely in ((TRUTH, LIKELY), (TRUTH > 0, BINARY)):
        temperature = evaluation.best_temperature(truth, likely)
        best = minimize_scalar(
            lambda T: evaluation.log_loss(truth, evaluation.with_temperature(likely, T)),  # noqa: B023 (called in this turn of the loop only)
            bounds=(0.02, 50),
            method="bounded",
            options={"xatol": 1e-10},
        )
        mended = evaluation.log_loss(truth, evaluation.with_temperature(likely, temperature))
        assert mended <= best.fun + 1e-9
        assert mended < evaluation.log_loss(truth, likely)
    cooler = evaluation.with_temperature(LIKELY, 3.0)
    np.testing.assert_array_equal(cooler.argmax(1), LIKELY.argmax(1))
    np.testing.assert_allclose(evaluation.with_temperature(LIKELY, 1.0), LIKELY, atol=1e-12)
    assert evaluation.with_temperature(BINARY, 2.0).shape == BINARY.shape


@pytest.mark.parametrize(
    ("truth", "likely", "error", "words"),
    [
        ([0], [0.5, 0.5], ShapeError, "Received: 2 and 1"),
        ([], [], ShapeError, "one at least"),
        ([0], [1.5], DataError, "from 0 to 1"),
        ([0], [[0.5, 0.6]], DataError, "Those of row 0 sum to 1.1"),
        ([2], [[0.5, 0.5]], DataError, r"labels lie in 0\.\.1"),
        ([0], [np.nan], DataError, "from 0 to 1"),
    ],
)
def test_what_is_no_probability_is_refused(truth, likely, error, words):
    for figure in (evaluation.log_loss, evaluation.brier_score, evaluation.calibration):
        with pytest.raises(error, match=words):
            figure(truth, likely)


def test_arguments_of_no_sense_are_refused():
    with pytest.raises(ArgumentError, match="bins is"):
        evaluation.calibration([0], [0.5], bins=0)
    with pytest.raises(ArgumentError, match="temperature is above 0"):
        evaluation.with_temperature([0.5], 0)
