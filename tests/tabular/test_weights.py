"""Weights of rows: against scikit-learn, and what is refused."""

from typing import Any

import numpy as np
import pandas
import pytest
from sklearn import metrics
from sklearn.datasets import load_diabetes
from sklearn.linear_model import LogisticRegression, Ridge

from neurona.errors import ArgumentError, DataError
from neurona.evaluation import best_temperature, log_loss
from neurona.tabular import (
    BoostedTrees,
    ConstantModel,
    Encoded,
    LinearModel,
    LogisticBaseline,
    NeighboursBaseline,
    NeighboursModel,
    RawTable,
    RealMLP,
    RidgeBaseline,
    TableOptions,
    train_table,
    training,
)


@pytest.fixture
def simple_models(monkeypatch):
    """Only what learns at once."""
    monkeypatch.setattr(training, "candidates", lambda *given: {"linear": LinearModel})


def contradicting(rows=200):
    """Rows of two kinds that contradict each other; the second kind has a hundredth of the weight."""
    random = np.random.default_rng(0)
    x = random.uniform(-1, 1, rows).round(4)
    second = np.arange(rows) % 2 == 1
    return x, np.where(second, -3 * x, 3 * x), np.where(second, 0.01, 1.0)


@pytest.mark.parametrize("build", [LinearModel, NeighboursModel, BoostedTrees, lambda: RealMLP((32,), 64)])
def test_rows_of_little_weight_hardly_count(build):
    x, y, weights = contradicting()
    X = Encoded(x[:, None], ["x"], ["x"], [True])
    counted, heavy = weights / weights.mean(), weights == 1
    found = build().fit(X, y, 1, counted).predict(X)[heavy, 0]
    assert 1 - np.mean((found - y[heavy]) ** 2) / y[heavy].var() > 0.9
    plain = build().fit(X, y, 1).predict(X)[heavy, 0]
    assert 1 - np.mean((plain - y[heavy]) ** 2) / y[heavy].var() < 0.8
    likely = build().fit(X, (y > 0).astype(int), 2, counted).predict(X)[heavy]
    assert np.mean(likely.argmax(axis=1) == (y[heavy] > 0)) > 0.95


def test_weights_do_in_linear_models_what_they_do_in_scikit_learn():
    found: Any = load_diabetes(return_X_y=True)
    X, y = found[0] / found[0].std(axis=0), found[1]
    weights = np.random.default_rng(0).uniform(0.1, 3, len(y))
    weights /= weights.mean()
    ours = RidgeBaseline().fit(X, y, weights)
    assert ours.coef_ == pytest.approx(Ridge(ours.penalty_).fit(X, y, weights).coef_, rel=1e-8)

    def left_out(penalty):
        """The mean of the squared errors of rows that are left out, each fitted anew."""
        errors = []
        for row in range(len(y)):
            rest = np.arange(len(y)) != row
            model = Ridge(penalty).fit(X[rest], y[rest], weights[rest])
            errors.append(weights[row] * (y[row] - model.predict(X[[row]])[0]) ** 2)
        return np.mean(errors)

    penalties = [1.0, 10.0, 100.0]
    assert ours.penalty_ == min(penalties, key=left_out)
    classes = (y > y.mean()).astype(int)
    likely = LogisticBaseline().fit(X, classes, weights).predict_proba(X)
    # Two columns of weights share the penalty of one.
    theirs = LogisticRegression(C=2.0, tol=1e-10, max_iter=10_000).fit(X, classes, weights)
    assert likely == pytest.approx(theirs.predict_proba(X), abs=1e-4)


def test_figures_of_weighted_rows_are_those_of_scikit_learn_and_of_repeated_rows():
    random = np.random.default_rng(0)
    likely, truth = random.dirichlet([1, 1, 1], 50), random.integers(0, 3, 50)
    counts = random.integers(1, 4, 50)
    ours = log_loss(truth, likely, counts)
    assert ours == pytest.approx(metrics.log_loss(truth, likely, sample_weight=counts), abs=1e-12)
    repeated = np.repeat(truth, counts), np.repeat(likely, counts, axis=0)
    assert ours == pytest.approx(log_loss(*repeated), abs=1e-12)
    assert best_temperature(truth, likely, counts) == pytest.approx(best_temperature(*repeated), abs=1e-9)


def test_a_row_of_weight_2_counts_as_two_for_means_and_near_rows():
    X = np.array([[0.0], [1.0], [9.0]])
    found = NeighboursBaseline(2).fit(X, np.array([3.0, 6.0, 0.0]), np.array([2.0, 1.0, 1.0]))
    assert found.predict([[0.1]]).tolist() == [4.0]
    rows = Encoded(X, ["x"], ["x"], [True])
    constant = ConstantModel().fit(rows, np.array([0, 1, 1]), 2, np.array([2.0, 1.0, 1.0]))
    assert constant.predict(rows)[0].tolist() == [0.5, 0.5]
    numbers = ConstantModel().fit(rows, np.array([3.0, 6.0, 0.0]), 1, np.array([2.0, 1.0, 1.0]))
    assert numbers.predict(rows)[0].tolist() == [3.0]


def test_a_column_of_weights_is_no_column_to_learn_from(simple_models):
    x, y, weights = contradicting()
    frame = pandas.DataFrame({"x": x, "counts": [*(str(one) for one in weights[:-2]), "0", "0"], "y": y})
    trained = train_table(RawTable(frame), "y", TableOptions(weight="counts"))
    assert [column.name for column in trained.predictor.columns] == ["x"]
    assert len(trained.y) == 198
    assert "2 filas de peso 0" in trained.notes[-1].say("es")
    assert trained.predictor.predict({"x": ["0.5", "-0.5"]}) == pytest.approx([1.5, -1.5], abs=0.3)


@pytest.mark.parametrize(
    ("cell", "said"),
    [("-1", "Row 3 holds '-1'"), ("", "Row 3 holds ''"), ("heavy", "Row 3 holds 'heavy'")],
)
def test_weights_that_are_none_are_refused(simple_models, cell, said):
    x, y, _ = contradicting(60)
    frame = pandas.DataFrame({"x": x, "counts": "1", "y": y})
    frame.loc[2, "counts"] = cell
    with pytest.raises(DataError, match=said):
        train_table(RawTable(frame), "y", TableOptions(weight="counts"))
    with pytest.raises(ArgumentError, match=r"'count' .weight.. Did you mean 'counts'"):
        train_table(RawTable(frame), "y", TableOptions(weight="count"))
    with pytest.raises(DataError, match="0 in all rows"):
        train_table(RawTable(frame.assign(counts=0)), "y", TableOptions(weight="counts"))
