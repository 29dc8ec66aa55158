"""Curves and areas, beside scikit-learn's."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics

from neurona import evaluation
from neurona.errors import ArgumentError, DataError, ShapeError

ROWS = st.lists(st.tuples(st.integers(0, 1), st.integers(-5, 5)), min_size=2).filter(
    lambda rows: len({truth for truth, _ in rows}) == 2
)


@given(ROWS)
def test_curves_and_areas_are_those_of_scikit_learn(rows):
    truth, score = map(list, zip(*rows))
    curve = evaluation.roc_curve(truth, score)
    false, found, thresholds = metrics.roc_curve(truth, score, drop_intermediate=False)
    np.testing.assert_allclose(curve.false_positive_rate, false, atol=1e-12)
    np.testing.assert_allclose(curve.true_positive_rate, found, atol=1e-12)
    np.testing.assert_array_equal(curve.thresholds, thresholds)
    assert curve.area == pytest.approx(metrics.roc_auc_score(truth, score), abs=1e-12)
    curve = evaluation.precision_recall_curve(truth, score)
    precision, recall, thresholds = metrics.precision_recall_curve(truth, score)
    # scikit-learn begins at the lowest threshold, and adds a point of no recall.
    np.testing.assert_allclose(curve.precision, precision[-2::-1], atol=1e-12)
    np.testing.assert_allclose(curve.recall, recall[-2::-1], atol=1e-12)
    np.testing.assert_array_equal(curve.thresholds, thresholds[::-1])
    assert curve.average_precision == pytest.approx(metrics.average_precision_score(truth, score), abs=1e-12)


@given(ROWS, st.floats(0, 10), st.floats(0, 10))
def test_no_threshold_is_cheaper(rows, false_positive, false_negative):
    truth, score = map(np.array, zip(*rows))
    found = evaluation.cheapest_threshold(truth, score, false_positive, false_negative)

    def cost(threshold):
        called = score >= threshold
        return false_positive * np.sum(called & (truth == 0)) + false_negative * np.sum(
            ~called & (truth == 1)
        )

    assert found.cost == pytest.approx(cost(found.value))
    assert all(cost(threshold) >= found.cost - 1e-9 for threshold in (*score, math.inf))


def test_lift_of_a_perfect_ranking_and_of_none():
    truth = [1] * 10 + [0] * 90
    assert evaluation.lift(truth, np.arange(100)[::-1]) == 10
    assert evaluation.lift(truth, np.zeros(100)) == pytest.approx(1)
    assert evaluation.lift(truth, np.arange(100)) == 0


@pytest.mark.parametrize(
    ("truth", "score", "error", "words"),
    [
        ([0, 1], [0.5], ShapeError, "as many scores as labels. Received: 1 and 2"),
        ([0, 2], [0.5, 1], DataError, "1 for positives and 0 for the others. Received: .*2"),
        ([0, 1], [0.5, np.nan], DataError, "NaN in row 1"),
        ([0, 0], [0.5, 1], DataError, "0 positives of 2 examples"),
    ],
)
def test_what_has_no_curve_is_refused(truth, score, error, words):
    for curve in (evaluation.roc_curve, evaluation.precision_recall_curve, evaluation.lift):
        with pytest.raises(error, match=f"{curve.__name__}: .*{words}"):
            curve(truth, score)


def test_costs_and_shares_of_no_sense_are_refused():
    with pytest.raises(ArgumentError, match="costs are at least 0"):
        evaluation.cheapest_threshold([0, 1], [0, 1], false_positive=-1)
    with pytest.raises(ArgumentError, match="share is above 0"):
        evaluation.lift([0, 1], [0, 1], share=0)
