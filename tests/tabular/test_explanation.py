"""Explanations: against other ways to compute the same numbers, and what is told where they say little."""

import itertools
import json
import math
from typing import Any

import numpy as np
import pandas
import pytest
from sklearn import inspection, metrics
from sklearn.base import BaseEstimator
from sklearn.datasets import load_diabetes, load_wine

from neurona.errors import ArgumentError, DataError
from neurona.evaluation import report_html
from neurona.language import Figure, spelled
from neurona.tabular import (
    LinearModel,
    NeighboursModel,
    RawTable,
    TableOptions,
    explain,
    explanation_figures,
    explanation_report,
    explanation_verdict,
    train_table,
    training,
)


def learned(frame, target, model: Any = LinearModel, **options):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training, "candidates", lambda *given: {"linear": model})
        return train_table(RawTable(frame), target, TableOptions(**options)).predictor


@pytest.fixture(scope="module")
def diabetes():
    found: Any = load_diabetes(as_frame=True)
    return found.frame, learned(found.frame, "target")


def mixed(rows=80, seed=0):
    """Numbers and kinds with holes, whose product is the target."""
    random = np.random.default_rng(seed)
    size, town = random.uniform(1, 3, rows).round(3), random.choice(["A", "B", "C"], rows)
    price = size * np.where(town == "B", 3, 1) + random.normal(size=rows) / 10
    frame = pandas.DataFrame({"size": size, "town": town, "other": random.normal(size=rows), "price": price})
    frame.loc[::11, "size"] = np.nan
    return frame


# Single rows


def test_what_columns_add_to_a_linear_model_is_their_weight_times_their_distance_from_the_mean():
    random = np.random.default_rng(0)
    X = random.uniform(-1, 1, (90, 3))
    frame = pandas.DataFrame({"a": X[:, 0], "b": X[:, 1], "c": X[:, 2], "y": X @ [3.0, -2.0, 0.5]})
    predictor = learned(frame, "y")
    inside = int(np.argmin(np.abs(X).sum(axis=1)))  # where no prediction is cut to what was learned
    (found,) = explain(predictor, frame, [inside]).explained
    added = dict(zip(found.names, found.values))
    for name, weight, own, mean in zip("abc", (3.0, -2.0, 0.5), X[inside], X.mean(axis=0)):
        assert added[name] == pytest.approx(weight * (own - mean), abs=0.02)
    assert found.errors.max() < 0.2


@pytest.mark.parametrize("model", [LinearModel, NeighboursModel])
def test_what_columns_add_sums_to_the_prediction_less_the_mean(model):
    frame = mixed()
    predictor = learned(frame, "price", model)
    for found in explain(predictor, frame, [3, 11]).explained:
        assert found.values.sum() == pytest.approx(found.prediction - found.mean, abs=1e-10)
        assert found.prediction == pytest.approx(predictor.predict(frame)[found.place], abs=1e-10)
        assert found.mean == pytest.approx(predictor.predict(frame).mean(), abs=1e-10)  # of all 80 rows


def test_what_columns_add_is_near_the_exact_shapley_values():
    """The values by their definition: over all subsets of columns, by cells that are replaced one by one."""
    frame = mixed()
    predictor = learned(frame, "price", NeighboursModel)
    columns, row = ["size", "town", "other"], 4

    def value(known):
        replaced = frame.assign(**{name: frame[name][row] for name in known})
        return predictor.predict(replaced).mean()

    exact = {}
    for name in columns:
        others = [one for one in columns if one != name]
        exact[name] = sum(
            math.factorial(size) * math.factorial(2 - size) / 6 * (value({*some, name}) - value(some))
            for size in range(3)
            for some in itertools.combinations(others, size)
        )
    (found,) = explain(predictor, frame, [row]).explained
    for name, added, error in zip(found.names, found.values, found.errors):
        assert abs(added - exact[name]) < 3 * error
    assert found.names[0] == max(exact, key=lambda name: abs(exact[name]))


def test_the_cells_of_explained_rows_are_told():
    frame = mixed()
    (found,) = explain(learned(frame, "price"), frame, [11]).explained
    cells = dict(zip(found.names, found.cells))
    assert cells["size"] == ""
    assert cells["town"] == frame["town"][11]


# Columns


def test_importances_are_those_of_scikit_learn(diabetes):
    frame, predictor = diabetes
    found = explain(predictor, frame).importances

    class Learned(BaseEstimator):
        def fit(self, X, y):
            return self

        def predict(self, X):
            return predictor.predict(X)

    X = frame.drop(columns="target")
    theirs: Any = inspection.permutation_importance(
        Learned(), X, frame["target"], scoring="neg_root_mean_squared_error", n_repeats=6, random_state=0
    )
    means = dict(zip(X, theirs.importances_mean))
    for one in found[:4]:
        assert one.growth.value == pytest.approx(means[one.name], rel=0.2)
        assert one.growth.low < means[one.name] < one.growth.high
    assert found[0].name == max(means, key=lambda name: means[name])


def test_all_numbers_of_a_column_are_shuffled_together():
    """A category is several numbers: shuffled one by one they would be rows that can't be."""
    frame = mixed(400)
    predictor = learned(frame, "price", NeighboursModel)
    growth = {one.name: one.growth for one in explain(predictor, frame).importances}
    random = np.random.default_rng(1)

    def rmse(given):
        return metrics.root_mean_squared_error(frame["price"], predictor.predict(given))

    shuffled = [rmse(frame.assign(town=frame["town"].to_numpy()[random.permutation(400)])) for _ in range(20)]
    assert growth["town"].value == pytest.approx(np.mean(shuffled) - rmse(frame), rel=0.1)
    assert abs(growth["other"].value) < growth["size"].value / 3


def test_without_a_target_it_is_told_how_far_predictions_move(diabetes):
    frame, predictor = diabetes
    blind = explain(predictor, frame.drop(columns="target"))
    assert not blind.by_loss
    assert blind.truth is None
    assert blind.worst == []
    assert "nothing tells whether they are right" in explanation_verdict(blind, "en")[0]
    assert len(blind.explained) == 3
    weights = {one.name: one.growth.value for one in blind.importances}
    frame = frame.drop(columns="target")
    moved = frame.assign(bmi=frame["bmi"].to_numpy()[np.random.default_rng(0).permutation(len(frame))])
    root = np.sqrt(np.mean((predictor.predict(moved) - predictor.predict(frame)) ** 2))
    assert weights["bmi"] == pytest.approx(root, rel=0.1)


@pytest.mark.parametrize("name", ["size", "town"])
def test_curves_are_the_means_of_predictions_with_one_cell_for_all(name):
    frame = mixed()
    predictor = learned(frame, "price")
    curve = next(one for one in explain(predictor, frame).dependences if one.name == name)
    for point, mean, low, high in zip(curve.points, curve.means[:, 0], curve.low, curve.high):
        predicted = predictor.predict(frame.assign(**{name: point}))
        assert mean == pytest.approx(predicted.mean(), abs=1e-10)
        assert [low, high] == pytest.approx(np.quantile(predicted, (0.25, 0.75)), abs=1e-10)
    assert len(curve.points) == (20 if name == "size" else 3)


def test_curves_of_several_classes_are_their_probabilities():
    found: Any = load_wine(as_frame=True)
    frame = found.frame.astype({"target": str})
    explained = explain(learned(frame, "target"), frame)
    curve = explained.dependences[0]
    assert curve.outputs == ["0", "1", "2"]
    assert curve.means.sum(axis=1) == pytest.approx(1)
    assert len(explained.dependences) == 4
    assert all(row.output in "012" for row in explained.explained)
    assert len(explained.typical) == 3


def test_dates_and_yes_and_no_have_curves():
    random = np.random.default_rng(0)
    passed = random.integers(0, 90, 80)
    day = np.datetime64("2024-01-01") + passed
    new = random.choice(["sí", "no"], 80)
    frame = pandas.DataFrame({"day": day, "new": new, "y": (new == "sí") * 2 + passed / 30})
    curves = {one.name: one for one in explain(learned(frame, "y"), frame).dependences}
    assert set(curves["new"].points) == {"si", "no"}
    assert curves["day"].points[0].startswith("2024-01")


# Rows of interest


def test_the_worst_rows_have_the_highest_losses(diabetes):
    frame, predictor = diabetes
    found = explain(predictor, frame)
    errors = np.abs(predictor.predict(frame) - frame["target"])
    assert found.worst == errors.sort_values(ascending=False, kind="stable").index[:5].tolist()
    assert [row.place for row in found.explained] == [*found.worst[:2], found.typical[0]]
    inputs = frame.drop(columns="target")
    away = (((inputs - inputs.mean()) / inputs.std()) ** 2).sum(axis=1)
    assert away[found.typical[0]] < away.quantile(0.05)


def test_the_same_seed_explains_the_same(diabetes):
    frame, predictor = diabetes
    first, again = (explanation_figures(explain(predictor, frame, [5], seed=3)) for _ in range(2))
    assert first == again


@pytest.mark.parametrize("place", [-1, 442])
def test_rows_that_are_not_there_are_refused(diabetes, place):
    frame, predictor = diabetes
    with pytest.raises(ArgumentError, match=f"no row {place + 1}: the table has the rows 1 to 442"):
        explain(predictor, frame, [place])


def test_few_rows_are_refused(diabetes):
    frame, predictor = diabetes
    with pytest.raises(DataError, match="9 rows are too few"):
        explain(predictor, frame[:9])
    with pytest.raises(DataError, match="no column 'bmi'"):
        explain(predictor, frame.drop(columns="bmi"))


# The report


@pytest.mark.parametrize("language", ["en", "es"])
def test_people_and_programs_read_the_same_numbers(diabetes, language):
    frame, predictor = diabetes
    found = explain(predictor, frame, [7])
    figures = json.loads(json.dumps(explanation_figures(found), allow_nan=False))
    page = report_html(explanation_report(found, "d.csv", "neurona explain", language))
    assert figures["importances"][0]["name"] in page
    assert spelled(Figure(f"{figures['explained'][0]['prediction']:.6g}"), language) in page
    assert figures["explained"][0]["row"] == 8
    assert page.count("<img") == 3
    assert len(page) < 2_000_000


def test_a_model_that_looks_at_nothing_says_so(diabetes):
    frame, _ = diabetes
    constant = train_table(RawTable(frame), "target", TableOptions(time_limit=0)).predictor
    found = explain(constant, frame)
    assert explanation_verdict(found, "es") == ["Ninguna columna hace más que el azar."]
    assert "Ninguna" in report_html(explanation_report(found, "d.csv", "neurona", "es"))
