"""How good a predictor is on new rows: against scikit-learn and SciPy, and what is told about the rows."""

import json
from typing import Any

import numpy as np
import pandas
import pytest
from scipy import stats
from sklearn import metrics
from sklearn.datasets import load_diabetes, load_wine

from neurona.errors import DataError
from neurona.evaluation import Interval, report_html
from neurona.tabular import (
    Column,
    LinearModel,
    Note,
    Profile,
    RawTable,
    TablePredictor,
    assess,
    assessment_figures,
    assessment_report,
    assessment_verdict,
    column_drift,
    train_table,
    training,
)


def bunch(load, seed=0) -> Any:
    """A data set of scikit-learn as a frame, its rows shuffled."""
    found = load(as_frame=True).frame
    return found.sample(frac=1, random_state=seed).reset_index(drop=True)


def learned(frame, target):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training, "candidates", lambda *given: {"linear": LinearModel})
        return train_table(RawTable(frame), target).predictor


@pytest.fixture(scope="module")
def of_classes():
    frame = bunch(load_wine).astype({"target": str})
    return learned(frame[:120], "target"), frame[120:].reset_index(drop=True)


@pytest.fixture(scope="module")
def of_numbers():
    frame = bunch(load_diabetes)
    return learned(frame[:300], "target"), frame[300:].reset_index(drop=True)


def test_figures_of_classes_are_those_of_scikit_learn(of_classes):
    predictor, rows = of_classes
    found: Any = assess(predictor, rows)
    truth, likely = rows["target"], predictor.predict_proba(rows)
    guess = predictor.predict(rows).astype(str)
    assert found.score.value == pytest.approx(metrics.accuracy_score(truth, guess), abs=1e-12)
    assert found.loss.value == pytest.approx(metrics.log_loss(truth, likely), abs=1e-12)
    assert found.figures.macro.f1 == pytest.approx(metrics.f1_score(truth, guess, average="macro"), abs=1e-12)
    assert found.figures.matrix.tolist() == metrics.confusion_matrix(truth, guess).tolist()
    assert found.score.low <= found.score.value <= found.score.high
    assert found.loss.low < found.loss.value < found.loss.high


def test_figures_of_numbers_are_those_of_scikit_learn_and_the_interval_scipys(of_numbers):
    predictor, rows = of_numbers
    found: Any = assess(predictor, rows)
    truth, guess = rows["target"].to_numpy(), predictor.predict(rows)
    assert found.score.value == pytest.approx(metrics.r2_score(truth, guess), abs=1e-12)
    assert found.loss.value == pytest.approx(metrics.root_mean_squared_error(truth, guess), abs=1e-12)
    assert found.figures.mae == pytest.approx(metrics.mean_absolute_error(truth, guess), abs=1e-12)
    squares = (truth - guess) ** 2
    theirs = stats.bootstrap((squares,), lambda a, axis: np.sqrt(np.mean(a, axis)), n_resamples=4000, rng=0)
    assert found.loss.low == pytest.approx(theirs.confidence_interval.low, rel=0.02)
    assert found.loss.high == pytest.approx(theirs.confidence_interval.high, rel=0.02)


def test_rows_that_were_learned_are_told(of_numbers, tmp_path):
    predictor, rows = of_numbers
    predictor.save(tmp_path / "p.zip")
    predictor = TablePredictor.load(tmp_path / "p.zip")
    old = bunch(load_diabetes)[:300]
    checks = {check.name: check for check in assess(predictor, rows).checks}
    assert checks["learned_rows"].passed
    both = pandas.concat([rows, old[:50]], ignore_index=True)
    found = assess(predictor, both)
    check: Any = found.checks[0]
    assert check.why.fields == {"rows": 50, "of": len(both)}
    assert "50 de las" in assessment_verdict(found, None, "es")[2]


def test_columns_that_moved_are_told_with_the_numbers_of_their_formulas(of_numbers):
    predictor, rows = of_numbers
    assert not any(one.far for one in assess(predictor, rows).drift)
    moved = rows.assign(bmi=rows["bmi"] + 0.08)
    first = assess(predictor, moved).drift[0]
    assert (first.name, first.far) == ("bmi", True)
    learned_rows = bunch(load_diabetes)["bmi"][:300]
    edges = np.quantile(learned_rows, np.linspace(0.1, 0.9, 9))
    before, now = (
        np.bincount(np.searchsorted(edges, cells, side="right"), minlength=10)
        for cells in (learned_rows, moved["bmi"])
    )
    p, q = ((counts + 0.5) / (counts + 0.5).sum() for counts in (before, now))
    assert first.distance == pytest.approx(np.sum((q - p) * np.log(q / p)), abs=1e-12)
    theirs: Any = stats.chi2_contingency([before, now], correction=False)
    assert first.p_value == pytest.approx(theirs.pvalue, rel=1e-9)


def test_texts_and_empty_cells_that_became_many_are_told():
    column = Column("town", "category", Note("category"))
    profile = Profile.of([column], {"town": ["A"] * 60 + ["B"] * 40}, np.zeros(100))
    found = column_drift(profile, [column], {"town": ["A"] * 30 + ["new"] * 50 + [None] * 20})[0]
    assert found.others == (0.0, 0.5)
    assert found.missing == (0.0, 0.2)
    assert found.far


def test_targets_written_otherwise_empty_or_new(of_classes):
    predictor, rows = of_classes
    written = rows.assign(target=[" ", "unheard of", *rows["target"][2:]])
    found = assess(predictor, written)
    assert len(found.rows) == len(rows) - 2
    said = " ".join(note.say("en") for note in found.notes)
    assert "'unheard of'" in said
    assert "2 rows are left out" in said
    numbers = learned(pandas.DataFrame({"x": np.arange(60.0) % 11, "y": np.arange(60.0) % 7 + 0.5}), "y")
    commas = {"x": ["1,0"] * 20, "y": ["1,5", "2,5"] * 9 + ["3,5", "no idea"]}
    found = assess(numbers, pandas.DataFrame(commas))
    assert found.truth.tolist() == [1.5, 2.5] * 9 + [3.5]
    assert "'no idea'" in found.notes[0].say("en")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda rows: rows.drop(columns="target"), "no column 'target', which is what the model predicts"),
        (lambda rows: rows.drop(columns="bmi"), "no column 'bmi'"),
        (lambda rows: rows[:1], "1 rows have a target"),
        (lambda rows: rows.assign(target=3.0), "the same 'target', 3"),
    ],
)
def test_rows_that_tell_nothing_are_refused(of_numbers, change, said):
    predictor, rows = of_numbers
    with pytest.raises(DataError, match=said):
        assess(predictor, change(rows))


def test_a_predictor_without_counts_says_so(of_numbers):
    predictor, rows = of_numbers
    bare = TablePredictor(predictor.target, predictor.columns, predictor.model)
    found = assess(bare, rows)
    assert found.drift == []
    assert [check.name for check in found.checks] == ["few_rows"]
    assert "sin contar las filas" in report_html(assessment_report(found, None, "a.csv", "neurona", "es"))


@pytest.mark.parametrize(
    ("expected", "said"),
    [((0.99, 0.98, 1.0), "less than"), ((0.1, 0.05, 0.2), "more than"), ((0.5, 0.4, 0.6), "fits what")],
)
def test_the_score_is_compared_with_the_training(of_numbers, expected, said):
    found = assess(*of_numbers)
    value, low, high = expected
    assert said in assessment_verdict(found, Interval(value, low, high, 0.95), "en")[1]


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("name", ["of_classes", "of_numbers"])
def test_people_and_programs_read_the_same_numbers(name, language, request):
    found = assess(*request.getfixturevalue(name))
    figures = json.loads(json.dumps(assessment_figures(found), allow_nan=False))
    page = assessment_report(found, None, "rows.csv", "neurona evaluate", language)
    assert page.figures[0][1] == f"{figures['score']['value']:.1%}"
    assert page.figures[-1][1] == str(figures["rows"])
    assert len(page.sections) == 6 - (name == "of_numbers")
