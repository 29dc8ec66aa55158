"""Intervals and tests, beside SciPy's and by how often they hold."""

import math

import numpy as np
import pytest
from scipy import stats

from neurona import evaluation
from neurona.errors import ArgumentError, DataError, ShapeError

RANDOM = np.random.default_rng(0)


def test_the_bootstrap_interval_is_that_of_scipy():
    skewed = RANDOM.exponential(size=150)
    for figure in (np.mean, np.std, lambda x, axis=None: np.log(x).mean(axis)):
        found = evaluation.bootstrap_interval(figure, skewed, samples=4000)
        wanted = stats.bootstrap((skewed,), figure, n_resamples=4000, method="BCa", rng=1).confidence_interval
        spread = wanted.high - wanted.low
        assert found.value == figure(skewed)
        assert abs(found.low - wanted.low) < 0.06 * spread  # two draws of 4,000 differ by about 0.02
        assert abs(found.high - wanted.high) < 0.06 * spread


def test_rows_of_several_arrays_stay_together():
    y = RANDOM.integers(0, 2, 100)
    found = evaluation.bootstrap_interval(lambda a, b: float(np.mean(a == b)), y, y)
    assert (found.value, found.low, found.high) == (1, 1, 1)


def test_the_interval_of_folds_has_their_corrected_variance():
    scores = RANDOM.random(10)
    found = evaluation.folds_interval(scores, 0.1)
    error = math.sqrt(scores.var(ddof=1) * (1 / 10 + 1 / 9))
    low, high = stats.t.interval(0.95, 9, scores.mean(), error)
    assert found.low == pytest.approx(low, abs=1e-12)
    assert found.high == pytest.approx(high, abs=1e-12)


def test_models_are_compared_by_the_corrected_t_test():
    first, second = RANDOM.random(5), RANDOM.random(5)
    away = first - second
    t = away.mean() / math.sqrt(away.var(ddof=1) * (1 / 5 + 1 / 4))
    found = evaluation.compare_folds(first, second, 0.2)
    assert found.difference == pytest.approx(away.mean())
    assert found.p_value == pytest.approx(2 * stats.t.sf(abs(t), 4), abs=1e-12)
    assert evaluation.compare_folds(first, first, 0.2).p_value == 1
    assert evaluation.compare_folds(first + 0.1, first, 0.2).p_value < 1e-6


@pytest.mark.parametrize(("wins", "losses"), [(5, 0), (7, 3), (4, 4), (0, 0), (300, 250)])
def test_answers_are_compared_by_the_exact_test_of_mcnemar(wins, losses):
    first = [True] * wins + [False] * losses + [True] * 5
    second = [False] * wins + [True] * losses + [True] * 5
    found = evaluation.compare_predictions(first, second)
    wanted = stats.binomtest(wins, wins + losses).pvalue if wins + losses else 1.0
    assert found.p_value == pytest.approx(wanted, abs=1e-9)
    assert found.difference == pytest.approx((wins - losses) / (wins + losses + 5))


def test_conformal_intervals_hold_as_often_as_they_say():
    held = []
    for _ in range(400):
        errors = RANDOM.standard_t(2, 40)
        held.append(abs(errors[-1]) <= evaluation.conformal_width(errors[:-1], 0.8))
    assert 0.74 < np.mean(held) < 0.86  # 0.8 by theory; 3 standard errors of 400 are 0.06


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: evaluation.bootstrap_interval(np.mean, [1, 2], level=1), ArgumentError, "level is above 0"),
        (lambda: evaluation.bootstrap_interval(np.mean, [1, 2], samples=0), ArgumentError, "samples is 1"),
        (
            lambda: evaluation.bootstrap_interval(np.mean, [1, 2], [1]),
            ShapeError,
            r"one length. Received: \[1, 2\]",
        ),
        (lambda: evaluation.bootstrap_interval(np.mean, [1]), DataError, "2 rows or more"),
        (lambda: evaluation.folds_interval([1, 2], 1), ArgumentError, "test_share"),
        (lambda: evaluation.folds_interval([1], 0.5), DataError, "2 scores or more"),
        (lambda: evaluation.compare_folds([1, 2], [1], 0.5), ShapeError, "Received: 2 and 1"),
        (lambda: evaluation.compare_predictions([1], [1, 0]), ShapeError, "Received: 1 and 2"),
        (lambda: evaluation.conformal_width([]), DataError, "at least one error"),
        (lambda: evaluation.bootstrap_interval(lambda x: math.nan, [1, 2]), DataError, "NaN for all"),
    ],
)
def test_what_can_not_be_told_is_refused(call, error, words):
    with pytest.raises(error, match=words):
        call()
