"""The estimators keep scikit-learn's contract, and take frames as people have them."""

import os
import pickle
from typing import Any

import numpy as np
import pandas
import pytest
from sklearn.compose import TransformedTargetRegressor
from sklearn.datasets import load_diabetes, load_wine
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from neurona.errors import ArgumentError
from neurona.tabular import TabularClassifier, TabularRegressor

SIMPLE = ("linear", "neighbours")


@parametrize_with_checks([TabularClassifier(SIMPLE, folds=3), TabularRegressor(SIMPLE, folds=3)])
def test_the_contract(estimator, check):
    check(estimator)


@pytest.fixture(scope="module")
def passengers():
    folder = os.environ.get("NEURONA_DATA")
    if folder is None:
        pytest.skip("NEURONA_DATA names no folder of data sets")
    return pandas.read_csv(f"{folder}/titanic.csv")


def test_frames_go_in_as_they_are(passengers):
    rows, target = passengers.drop(columns=["Survived", "PassengerId"]), passengers["Survived"]
    scores = cross_val_score(TabularClassifier(SIMPLE), rows, target, cv=3)
    assert scores.mean() > 0.78
    classifier = TabularClassifier(SIMPLE).fit(rows, np.where(target == 1, "saved", "lost"))
    assert classifier.classes_.tolist() == ["lost", "saved"]
    assert set(classifier.predict(rows[:9])) <= {"lost", "saved"}
    assert classifier.feature_names_in_.tolist() == rows.columns.tolist()
    kinds = {column.name: column.kind for column in classifier.columns_}
    assert (kinds["Sex"], kinds["Age"]) == ("category", "number")


def test_pipelines_searches_and_pickles_work():
    data: Any = load_wine()
    search = GridSearchCV(
        make_pipeline(StandardScaler(), TabularClassifier(SIMPLE, folds=3)),
        {"tabularclassifier__models": [("linear",), ("neighbours",)]},
        cv=3,
    ).fit(data.data, data.target)
    assert search.best_score_ > 0.95
    found = pickle.loads(pickle.dumps(search)).predict_proba(data.data)
    assert np.array_equal(found, search.predict_proba(data.data))
    numbers: Any = load_diabetes()
    wrapped = TransformedTargetRegressor(TabularRegressor(SIMPLE), transformer=StandardScaler())
    assert wrapped.fit(numbers.data, numbers.target).score(numbers.data, numbers.target) > 0.4


def test_what_is_no_model_is_refused():
    data: Any = load_wine()
    with pytest.raises(ArgumentError, match=r"'tree' is no model. Did you mean 'trees'"):
        TabularClassifier(models=["tree"]).fit(data.data, data.target)
    with pytest.raises(ArgumentError, match="preset"):
        TabularClassifier(SIMPLE, preset="slow").fit(data.data, data.target)
