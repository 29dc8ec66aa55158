"""Runs beside each other: against SciPy's tests, and runs that can't be compared."""

import csv
import dataclasses
import json
from typing import Any

import numpy as np
import pytest
from scipy import stats
from sklearn.datasets import load_breast_cancer, load_diabetes

from neurona.errors import ArgumentError, DataError
from neurona.tabular import (
    LinearModel,
    NeighboursModel,
    RawTable,
    TableOptions,
    compare_runs,
    comparison_figures,
    comparison_report,
    comparison_rows,
    comparison_verdict,
    judge,
    read_run,
    table_figures,
    train_table,
    training,
    write_predictions,
)


def trained(frame, model, **options):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training, "candidates", lambda *given: {"linear": model})
        return train_table(RawTable(frame), "target", TableOptions(**options))


def written(folder, found):
    folder.mkdir()
    figures = table_figures(found, judge(found), [])
    (folder / "report.json").write_text(json.dumps(figures, allow_nan=False), encoding="utf-8")
    write_predictions(found, folder / "predictions.csv")
    return read_run(folder, "report.json", "predictions.csv")


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Two runs on the same rows of numbers, and two of classes."""
    folder = tmp_path_factory.mktemp("runs")
    found: Any = {}
    for name, load in (("numbers", load_diabetes), ("classes", load_breast_cancer)):
        data: Any = load(as_frame=True)
        frame = data.frame if name == "numbers" else data.frame.astype({"target": str})
        for kind, model in (("linear", LinearModel), ("near", NeighboursModel)):
            one = trained(frame, model, drop=[frame.columns[0]] if kind == "near" else [])
            found[name, kind] = written(folder / f"{name}-{kind}", one), one
    return found


def test_numbers_are_compared_by_their_squared_errors(runs):
    (near, of_near), (linear, of_linear) = runs["numbers", "near"], runs["numbers", "linear"]
    first, second = compare_runs([near, linear])
    assert (first.run.name, first.p_value) == ("numbers-linear", None)
    squares = [(one.learned.predictions[:, 0] - one.y) ** 2 for one in (of_linear, of_near)]
    difference = squares[0] - squares[1]
    z = difference.mean() / (difference.std() / np.sqrt(len(difference)))
    assert second.p_value == pytest.approx(2 * stats.norm.sf(abs(z)), rel=1e-9)
    assert second.rows == len(of_near.y)


def test_classes_are_compared_by_mcnemars_test(runs):
    right = [
        runs["classes", kind][1].learned.predictions.argmax(axis=1) == runs["classes", kind][1].y
        for kind in ("linear", "near")
    ]
    wins, losses = int(np.sum(right[0] & ~right[1])), int(np.sum(~right[0] & right[1]))
    found = compare_runs([runs["classes", kind][0] for kind in ("near", "linear")])
    assert found[1].p_value == pytest.approx(stats.binomtest(wins, wins + losses).pvalue, rel=1e-9)


def test_what_a_folder_tells_is_what_was_trained(runs):
    run, found = runs["classes", "near"]
    judged = judge(found)
    assert run.score == judged.joined.score
    assert run.loss == judged.joined.loss
    assert (run.target, run.task, run.preset) == ("target", "classification", "fast")
    assert run.left_out == ["mean radius"]
    assert run.models == pytest.approx({"linear": 1.0})
    assert len(run.answers) == len(found.y)


def test_runs_of_other_data_are_not_compared(runs):
    linear, near = (runs["numbers", kind][0] for kind in ("linear", "near"))
    other = {row: ("1.5", said) for row, (_, said) in near.answers.items()}
    later = {row + 1000: one for row, one in near.answers.items()}
    for change, reason, said in [
        ({"answers": other}, "other_rows", "the data differ"),
        ({"answers": later}, "no_shared_rows", "hardly rows that both"),
        ({"target": "price"}, "other_target", "it predicts something else"),
    ]:
        found = compare_runs([linear, dataclasses.replace(near, **change)])
        assert (found[1].reason, found[1].p_value) == (reason, None)
        assert said in " ".join(comparison_verdict(found, "en"))
        assert comparison_rows(found, "es")[2][-1] == "no comparable"


def test_only_rows_of_both_are_compared(runs):
    linear, near = (runs["numbers", kind][0] for kind in ("linear", "near"))
    some = dict(list(near.answers.items())[:100])
    found = compare_runs([linear, dataclasses.replace(near, answers=some)])
    assert found[1].rows == 100
    assert "(100 filas)" in comparison_rows(found, "es")[2][-1]


@pytest.mark.parametrize("language", ["en", "es"])
def test_people_and_programs_read_the_same_numbers(runs, language):
    found = compare_runs([runs["classes", kind][0] for kind in ("near", "linear")])
    figures = json.loads(json.dumps(comparison_figures(found), allow_nan=False))
    page = comparison_report(found, "neurona compare", language)
    block: Any = page.sections[0][1][0]
    assert [row[0] for row in block.rows] == [one["name"] for one in figures["runs"]]
    assert [row[1] for row in block.rows] == [f"{one['score']['value']:.1%}" for one in figures["runs"]]
    assert page.lead


def test_predictions_are_those_of_the_report(runs, tmp_path):
    _, found = runs["classes", "linear"]
    write_predictions(found, tmp_path / "p.csv")
    with (tmp_path / "p.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    right = [row["true"] == row["predicted"] for row in rows]
    assert np.mean(right) == pytest.approx(judge(found).joined.score.value, abs=1e-12)
    assert [float(row["1"]) for row in rows] == found.learned.predictions[:, 1].tolist()
    assert [int(row["row"]) for row in rows] == (found.rows + 1).tolist()


def test_fewer_than_two_and_damaged_folders_are_refused(runs, tmp_path):
    with pytest.raises(ArgumentError, match="two runs or more"):
        compare_runs([runs["classes", "linear"][0]])
    for report, predictions in [
        ("{", "row,true,predicted\n"),
        ("[]", "row,true,predicted\n"),
        ('{"models": []}', "row,true,predicted\n"),
    ]:
        (tmp_path / "report.json").write_text(report, encoding="utf-8")
        (tmp_path / "predictions.csv").write_text(predictions, encoding="utf-8")
        with pytest.raises(DataError, match="is no report of a training"):
            read_run(tmp_path, "report.json", "predictions.csv")
    whole = table_figures(runs["classes", "linear"][1], judge(runs["classes", "linear"][1]), [])
    (tmp_path / "report.json").write_text(json.dumps(whole), encoding="utf-8")
    for predictions in ("a,b\n", "row,true,predicted\nx,1,1\n", ""):
        (tmp_path / "predictions.csv").write_text(predictions, encoding="utf-8")
        with pytest.raises(DataError, match=r"no columns|no report"):
            read_run(tmp_path, "report.json", "predictions.csv")
