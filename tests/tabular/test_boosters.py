"""Trees of LightGBM, XGBoost and CatBoost: kept as arrays, they predict what these libraries predict."""

import json
import sys

import numpy as np
import pandas
import pytest

from neurona.core.errors import ArgumentError, MissingDependencyError, SavingError
from neurona.tabular import (
    CatBoostTrees,
    LightGBMTrees,
    RawTable,
    TableOptions,
    TablePredictor,
    XGBoostTrees,
    boosters,
    train_table,
    training,
)
from neurona.tabular.encoding import Encoded
from neurona.tabular.forests import Forest, SymmetricForest

KINDS = (1, 2, 3)  # outputs
FITTERS = {"lightgbm": LightGBMTrees, "xgboost": XGBoostTrees, "catboost": CatBoostTrees}


def rows(count, seed=0):
    """Numbers of four columns, the second with holes."""
    values = np.random.default_rng(seed).normal(size=(count, 4))
    values[::5, 1] = np.nan
    return values


def targets(values, outputs):
    x, z = values[:, 0], np.nan_to_num(values[:, 1])
    return {1: 2 * x + np.sin(3 * z), 2: (x + z > 0).astype(int), 3: (x > 0).astype(int) + (z > 0.5)}[outputs]


def encoded(values):
    names = [f"x{place}" for place in range(values.shape[1])]
    return Encoded(values, names, names, [True] * len(names))


def new_rows():
    """Other rows, with holes where no row had one."""
    values = rows(300, 1)
    values[::7, 0] = np.nan
    return values


@pytest.mark.parametrize("outputs", KINDS)
def test_lightgbm_predicts_the_same(outputs):
    lightgbm = pytest.importorskip("lightgbm")
    objective = {1: "regression", 2: "binary", 3: "multiclass"}[outputs]
    settings = {"objective": objective, "num_class": 3 if outputs == 3 else 1, "verbosity": -1, "seed": 0}
    values = rows(400)
    grown = lightgbm.train(settings, lightgbm.Dataset(values, targets(values, outputs)), 12)
    found = boosters._of_lightgbm(grown.dump_model()).sums(new_rows())
    expected = grown.predict(new_rows(), raw_score=True).reshape(300, -1)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)


# The two are large, so `make .venv/.dev` does not install them.
@pytest.mark.parametrize("outputs", KINDS)
def test_xgboost_predicts_the_same(outputs):
    xgboost = pytest.importorskip("xgboost")
    objective = {1: "reg:squarederror", 2: "binary:logistic", 3: "multi:softprob"}[outputs]
    values = rows(400)
    data = xgboost.DMatrix(values, targets(values, outputs))
    grown = xgboost.train(
        {"objective": objective, "num_class": 3} if outputs == 3 else {"objective": objective}, data, 12
    )
    found = boosters._of_xgboost(json.loads(grown.save_raw("json"))).sums(new_rows())
    expected = grown.predict(xgboost.DMatrix(new_rows()), output_margin=True).reshape(300, -1)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5)  # it adds numbers of 32 bits


@pytest.mark.parametrize("outputs", KINDS)
def test_catboost_predicts_the_same(outputs, tmp_path):
    catboost = pytest.importorskip("catboost")
    settings = {"loss_function": {1: "RMSE", 2: "Logloss", 3: "MultiClass"}[outputs], "iterations": 12}
    values = rows(400)
    grown = catboost.CatBoost({**settings, "verbose": False, "allow_writing_files": False})
    grown.fit(values, targets(values, outputs))
    grown.save_model(str(tmp_path / "trees.json"), format="json")
    told = json.loads((tmp_path / "trees.json").read_text())
    expected = grown.predict(new_rows()).reshape(300, -1)
    np.testing.assert_allclose(boosters._of_catboost(told).sums(new_rows()), expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("package", FITTERS)
@pytest.mark.parametrize("outputs", KINDS)
def test_trees_learn(package, outputs):
    pytest.importorskip(package)
    values, new = rows(1200), new_rows()[1:60]
    found = FITTERS[package]().fit(encoded(values), targets(values, outputs), outputs).predict(encoded(new))
    assert found.shape == (59, outputs)
    truth = targets(new, outputs)
    held = np.isfinite(new[:, 0])
    if outputs == 1:
        assert np.square(found[held, 0] - truth[held]).mean() < 0.1 * truth[held].var()
    else:
        np.testing.assert_allclose(found.sum(axis=1), 1)
        assert (found.argmax(axis=1) == truth)[held].mean() > 0.9


@pytest.mark.parametrize("package", FITTERS)
def test_one_answer_and_a_class_that_no_row_has(package):
    pytest.importorskip(package)
    values = rows(60)
    constant = FITTERS[package]().fit(encoded(values), np.full(60, 2.5), 1)
    assert set(constant.predict(encoded(values)).ravel()) == {2.5}
    same = FITTERS[package]().fit(encoded(values), np.ones(60, int), 3)
    assert (same.predict(encoded(values)).argmax(axis=1) == 1).all()
    two = FITTERS[package]().fit(encoded(values), 2 * targets(values, 2), 3).predict(encoded(values))
    assert two.shape == (60, 3)
    assert (two[:, 1] < 0.05).all()


def test_weights_count():
    pytest.importorskip("lightgbm")
    values, y = np.zeros((200, 1)), np.arange(200) % 2
    weights = np.where(y == 1, 3.0, 1.0)
    found = LightGBMTrees().fit(encoded(values), y, 2, weights).predict(encoded(values[:1]))
    np.testing.assert_allclose(found, [[0.25, 0.75]], atol=1e-3)


def test_time_limits_trees():
    pytest.importorskip("lightgbm")
    short, whole = LightGBMTrees(), LightGBMTrees()
    short.seconds = 0.0
    values = rows(2000)
    for trees in (short, whole):
        trees.fit(encoded(values), targets(values, 1), 1)
    assert 1 <= len(short.forest.roots) < 5 < len(whole.forest.roots)


def table():
    values = rows(400)
    return RawTable(pandas.DataFrame({"a": values[:, 0], "b": values[:, 1], "y": targets(values, 1)}))


def test_a_predictor_travels_without_the_library(tmp_path, monkeypatch):
    pytest.importorskip("lightgbm")
    trained = train_table(table(), "y", TableOptions(models=["linear", "lightgbm"]))
    assert "lightgbm" in trained.predictor.model.members
    trained.predictor.save(tmp_path / "predictor")
    monkeypatch.setitem(sys.modules, "lightgbm", None)
    again = TablePredictor.load(tmp_path / "predictor")
    new = pandas.DataFrame({"a": [0.5, None], "b": [None, 1.0]})
    np.testing.assert_array_equal(again.predict(new), trained.predictor.predict(new))


def forest(**changed):
    nodes = {"features": [0, 0, 0], "thresholds": [0.5, 1.0, 2.0], "left": [1, 0, 0], "right": [2, 0, 0]}
    held = {"roots": [0], "outputs": [0], **nodes, "missing_left": [True] * 3, "base": [0.0], **changed}
    return Forest(**{name: np.array(value) for name, value in held.items()})


@pytest.mark.parametrize(
    "changed",
    [
        {"left": [0, 0, 0], "right": [0, 0, 0], "roots": [3]},
        {"right": [9, 0, 0]},
        {"left": [1, 1, 0]},
        {"features": [-1, 0, 0]},
    ],
)
def test_damaged_trees_are_refused(changed, tmp_path):
    forest().check()
    with pytest.raises(ValueError, match=r"node|feature"):
        forest(**changed).check()
    with pytest.raises(ValueError, match="levels"):
        SymmetricForest(np.zeros((1, 2), int), np.zeros((1, 2)), np.zeros((1, 2, 1)), np.zeros(1)).check()
    predictor = train_table(table(), "y", TableOptions(models=["linear"])).predictor
    trees = LightGBMTrees()
    trees.outputs, trees.forest = 1, forest(**changed)
    for member in predictor.model.members.values():
        member.models[0] = trees
    predictor.save(tmp_path / "predictor")
    with pytest.raises(SavingError):
        TablePredictor.load(tmp_path / "predictor")


def test_a_library_that_is_broken_stops_nothing(tmp_path, monkeypatch):
    (tmp_path / "xgboost.py").write_text("raise OSError('libgomp.so.1: cannot open shared object file')")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "xgboost", raising=False)
    for package in ("lightgbm", "catboost"):
        monkeypatch.setattr(FITTERS[package], "is_available", classmethod(lambda cls: False))
    assert "xgboost" not in training.candidates(training.MODELS, "fast", 0, 100, 3)
    told = training._unusable(training.MODELS)[0].say()
    assert told.startswith("xgboost is installed, but can't be imported")
    assert "libgomp.so.1" in told
    with pytest.raises(MissingDependencyError, match=r"libgomp.so.1: .*boosters"):
        training.candidates(["xgboost"], "fast", 0, 100, 3)


def test_a_library_that_is_missing_is_named(monkeypatch):
    for package, trees in FITTERS.items():
        monkeypatch.setattr(trees, "is_available", classmethod(lambda cls: False))
        monkeypatch.setitem(sys.modules, package, None)
    found = training.candidates(training.MODELS, "fast", 0, 100, 3)
    assert set(FITTERS).isdisjoint(found)
    with pytest.raises(MissingDependencyError, match="boosters"):
        training.candidates(["linear", "lightgbm"], "fast", 0, 100, 3)
    with pytest.raises(ArgumentError, match="lightgbm"):
        training.candidates(["lightgmb"], "fast", 0, 100, 3)
