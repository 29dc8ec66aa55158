"""Folds: every row tested once, shares kept, groups whole, no look into the future."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurona import evaluation
from neurona.errors import ArgumentError, DataError


@given(st.integers(2, 60), st.integers(2, 6), st.integers(0, 9))
def test_each_row_is_tested_once(rows, folds, seed):
    if rows < folds:
        with pytest.raises(DataError, match="can't be cut"):
            evaluation.k_folds(rows, folds, seed=seed)
        return
    found = evaluation.k_folds(rows, folds, seed=seed)
    assert sorted(np.concatenate([test for _, test in found])) == list(range(rows))
    for train, test in found:
        assert sorted([*train, *test]) == list(range(rows))
        assert rows // folds <= len(test) <= rows // folds + 1


@given(st.lists(st.integers(5, 40), min_size=2, max_size=4), st.integers(0, 9))
def test_every_fold_has_its_share_of_each_class(counts, seed):
    y = np.repeat([f"class {number}" for number in range(len(counts))], counts)
    found = evaluation.k_folds(len(y), 5, y=y, seed=seed)
    for _, test in found:
        for name, count in zip(dict.fromkeys(y), counts):
            assert abs(np.sum(y[test] == name) - count / 5) < 1
    sizes = [len(test) for _, test in found]
    assert max(sizes) - min(sizes) <= 1


def test_the_seed_decides_and_the_order_of_rows_does_not_show():
    first, again, other = (evaluation.k_folds(50, 5, seed=seed) for seed in (1, 1, 2))
    assert all((a[1] == b[1]).all() for a, b in zip(first, again))
    assert any((a[1] != b[1]).any() for a, b in zip(first, other))


def test_groups_stay_whole_and_classes_are_balanced_as_far_as_they_let_it():
    random = np.random.default_rng(0)
    groups = random.integers(0, 40, 400)
    y = (random.random(40) < 0.3)[groups]  # a group is of one class
    found = evaluation.k_folds(400, 5, y=y, groups=groups)
    assert sorted(np.concatenate([test for _, test in found])) == list(range(400))
    for train, test in found:
        assert not set(groups[train]) & set(groups[test])
        assert abs(y[test].mean() - y.mean()) < 0.1
        assert 60 < len(test) < 100


def test_the_future_is_never_learned_from():
    times = np.array(["2024-01-05", "2024-01-01", "2024-01-05", "2024-01-09", "2024-01-03"], "datetime64[D]")
    found = list(evaluation.time_folds(times, 3))
    assert [test.tolist() for _, test in found] == [[4], [0, 2], [3]]
    for train, test in found:
        assert times[train].max() < times[test].min()


@pytest.mark.parametrize(
    ("split", "error", "words"),
    [
        (lambda: evaluation.k_folds(9, 1), ArgumentError, "2 folds or more"),
        (
            lambda: evaluation.k_folds(4, 2, y=[0, 0, 0, 1]),
            DataError,
            "Class 1 has 1 rows, and there are 2 folds",
        ),
        (lambda: evaluation.k_folds(4, 2, y=[0]), DataError, "each of the 4 rows. Received: 1"),
        (
            lambda: evaluation.k_folds(4, 3, groups=[0, 0, 1, 1]),
            DataError,
            "2 groups can't be dealt out to 3",
        ),
        (lambda: list(evaluation.time_folds([1, 2], 2)), DataError, "3 different times or more. Received: 2"),
        (lambda: list(evaluation.time_folds([1, np.nan], 1)), DataError, "row 1 has no time"),
        (lambda: list(evaluation.time_folds([1, 2], 0)), ArgumentError, "1 fold or more"),
    ],
)
def test_what_can_not_be_split_is_refused(split, error, words):
    with pytest.raises(error, match=words):
        split()
