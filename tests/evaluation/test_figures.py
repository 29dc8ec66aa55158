"""The figures of reports, against scikit-learn's."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

from neurona.core.errors import DataError, ShapeError
from neurona.evaluation import classification_figures, confusion_matrix, regression_figures

pairs = st.integers(2, 6).flatmap(
    lambda classes: st.tuples(
        st.just(classes),
        st.lists(
            st.tuples(st.integers(0, classes - 1), st.integers(0, classes - 1)), min_size=1, max_size=60
        ),
    )
)


@settings(max_examples=80, deadline=None)
@given(pairs)
def test_classes_as_scikit_learn_counts_them(case):
    classes, rows = case
    truth, guess = np.array(rows).T
    labels = list(range(classes))
    np.testing.assert_array_equal(
        confusion_matrix(truth, guess, classes), metrics.confusion_matrix(truth, guess, labels=labels)
    )
    figures = classification_figures(truth, guess, [str(label) for label in labels])
    assert figures.accuracy == pytest.approx(metrics.accuracy_score(truth, guess))
    wanted = metrics.precision_recall_fscore_support(truth, guess, labels=labels, zero_division=0)
    found = [(one.precision, one.recall, one.f1, one.support) for one in figures.classes]
    np.testing.assert_allclose(np.array(found).T, wanted)
    for average, mean in (("macro", figures.macro), ("weighted", figures.weighted)):
        wanted = metrics.precision_recall_fscore_support(
            truth, guess, labels=labels, average=average, zero_division=0
        )[:3]
        np.testing.assert_allclose((mean.precision, mean.recall, mean.f1), wanted)


def test_probabilities_and_one_hot_labels():
    probabilities = np.array([[0.1, 0.7, 0.2], [0.5, 0.2, 0.3]])
    expected = [[1, 0, 0], [0, 1, 0], [0, 0, 0]]
    assert confusion_matrix([1, 0], probabilities).tolist() == expected
    assert confusion_matrix(np.eye(3)[[1, 0]], probabilities).tolist() == expected
    assert confusion_matrix([[1], [0]], [[0.6], [0.5]]).tolist() == [[1, 0], [0, 1]]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.floats(-1e3, 1e3), st.floats(-1e3, 1e3)), min_size=2, max_size=40))
def test_numbers_as_scikit_learn_counts_them(rows):
    actual, predicted = np.array(rows).T
    figures = regression_figures(actual, predicted[:, None])
    assert figures.mae == pytest.approx(metrics.mean_absolute_error(actual, predicted))
    assert figures.rmse == pytest.approx(metrics.root_mean_squared_error(actual, predicted))
    if np.ptp(actual) > 1e-3:
        assert figures.r2 == pytest.approx(metrics.r2_score(actual, predicted), rel=1e-6, abs=1e-9)


def test_r2_of_a_constant_is_not_a_number():
    assert np.isnan(regression_figures([1.0, 1.0], [1.0, 2.0]).r2)


def test_what_does_not_fit_is_refused():
    with pytest.raises(ShapeError, match="Received: 1 and 2"):
        confusion_matrix([0, 1], [0])
    with pytest.raises(DataError, match="y_true from 0 to 5"):
        confusion_matrix([0, 5], [0, 1], 3)
    with pytest.raises(DataError, match="at least one"):
        confusion_matrix([], [])
    with pytest.raises(ShapeError, match="Received: 1 and 2"):
        regression_figures([0, 1], [0])
    with pytest.raises(DataError, match="at least one"):
        regression_figures([], [])
