"""`neurona train FILE --target COLUMN` and `neurona predict` with what it left."""

import csv
import json

import pytest
import yaml

from neurona.language import Figure, spelled
from neurona.tabular import LinearModel, NeighboursModel, training
from tests.cli.test_command_line import call


@pytest.fixture(autouse=True)
def simple_models(monkeypatch):
    """Only what learns at once."""
    simple = {"linear": LinearModel, "neighbours": NeighboursModel}
    monkeypatch.setattr(training, "candidates", lambda *given: simple)


@pytest.fixture
def prices(tmp_path):
    path = tmp_path / "precios.csv"
    rows = []
    for n in range(90):
        size, south = n * 7 % 97 / 4, n % 3 == 0
        rows.append((size, "sur" if south else "norte", f"A-{n}", 2 * size + 20 * south))
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([["metros", "barrio", "código", "precio"], *rows])
    return path


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("es", ["código: nombra filas, se deja fuera", "lineal: pérdida", "Se predice el", "nada dudoso"]),
        (
            "en",
            ["código: names rows, left out", "linear: loss", "of the variance of precio", "Nothing"],
        ),
    ],
)
def test_a_table_is_learned_and_predicts(capsys, tmp_path, prices, language, said):
    folder = tmp_path / "out"
    status, printed, _ = call(
        capsys, "train", prices, "--target", "precio", "--output", folder, "--language", language
    )
    assert status == 0
    assert not [text for text in said if text not in printed]
    assert {path.name for path in folder.iterdir()} == {
        "predictor.zip",
        "report.html",
        "report.json",
        "predictions.csv",
        "config.yaml",
    }
    assert json.loads((folder / "report.json").read_text("utf-8"))["models"][0]["score"]["value"] > 0.9
    new = tmp_path / "nuevos.csv"
    new.write_text("barrio;metros\nnorte;10\nsur;20,5\n", encoding="cp1252")
    answers = tmp_path / "p.csv"
    status, printed, _ = call(capsys, "predict", folder, new, "--output", answers, "--language", language)
    assert status == 0
    rows = list(csv.reader(answers.open(encoding="utf-8")))
    assert rows[0][1] == "precio"
    assert [float(row[1]) for row in rows[1:]] == pytest.approx([20, 61], abs=2)
    assert printed.splitlines()[0].endswith(spelled(Figure(f"{float(rows[1][1]):.6g}"), language))


def test_a_configuration_runs_again_and_can_be_changed(capsys, tmp_path, prices):
    first, again = tmp_path / "first", tmp_path / "again"
    assert call(capsys, "train", prices, "--target", "precio", "--drop", "metros", "--output", first)[0] == 0
    config = first / "config.yaml"
    settings = yaml.safe_load(config.read_text("utf-8"))
    assert settings["drop"] == ["metros"]
    assert settings["columns"]["barrio"] == "category"
    settings["columns"]["código"] = "category"
    config.write_text(yaml.safe_dump(settings), encoding="utf-8")
    settings["time_limit"] = "1m"
    config.write_text(yaml.safe_dump(settings), encoding="utf-8")
    assert call(capsys, "train", prices, "--config", config, "--output", again)[0] == 0
    assert (
        call(capsys, "train", prices, "--config", again / "config.yaml", "--output", tmp_path / "third")[0]
        == 0
    )
    figures = json.loads((again / "report.json").read_text("utf-8"))
    assert figures["columns"] == {
        "barrio": {"kind": "category", "missing": 0, "distinct": 2},
        "código": {"kind": "category", "missing": 0, "distinct": 90},
    }
    taken = call(capsys, "train", prices, "--target", "precio", "--output", first)[1]
    assert "first-2" in taken


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["{}"], "--target is one of: metros, barrio, código, precio"),
        (["{}", "--target", "prezio"], "'prezio'"),
        (["{}", "--target", "precio", "--epochs", "3"], "--epochs is of no use for a table"),
        (["{}", "--target", "precio", "--time-limit", "soon"], "such as 60s, 5m or 1h"),
        (["iris", "--target", "species"], "--target is for tables in files"),
        (["/", "--target", "precio"], "of no use for a folder of images"),
        (["nothing.csv", "--target", "precio"], "nothing.csv"),
    ],
)
def test_what_can_not_be_done_is_said(capsys, tmp_path, prices, arguments, said):
    given = [argument.format(prices) for argument in arguments]
    status, _, error = call(capsys, "train", *given, "--output", tmp_path / "out", "--language", "en")
    assert status == 1
    assert said in error
    assert not (tmp_path / "out" / "predictor.zip").exists()


@pytest.mark.parametrize("content", ["a: [", "- target", "targt: precio", "drop: metros", "folds: many"])
def test_a_configuration_that_is_none_is_refused(capsys, tmp_path, prices, content):
    config = tmp_path / "config.yaml"
    config.write_text(content, encoding="utf-8")
    status, _, error = call(capsys, "train", prices, "--config", config, "--output", tmp_path / "out")
    assert status == 1
    assert "config.yaml" in error


# neurona evaluate


@pytest.fixture
def learned(capsys, tmp_path, prices):
    """A folder that `neurona train` left."""
    folder = tmp_path / "run"
    assert call(capsys, "train", prices, "--target", "precio", "--output", folder)[0] == 0
    return folder


def rows_of(path):
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def write_rows(path, rows):
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


@pytest.mark.parametrize(
    ("language", "said"),
    [
        (
            "es",
            ["Se predice el", "lo que prometió el entrenamiento", "de las que el modelo aprendió", "MAE: "],
        ),
        ("en", ["of the variance of precio", "the training promised", "learned from", "RMSE: "]),
    ],
)
def test_a_model_is_evaluated(capsys, tmp_path, prices, learned, language, said):
    folder = tmp_path / "judged"
    arguments = ("evaluate", learned, prices, "--output", folder, "--language", language)
    status, printed, _ = call(capsys, *arguments)
    assert status == 0
    assert not [text for text in said if text not in printed]
    figures = json.loads((folder / "evaluation.json").read_text("utf-8"))
    assert spelled(Figure(f"{figures['score']['value']:.1%}"), language) in printed
    assert figures["expected"]["value"] > 0.9
    assert f'<html lang="{language}">' in (folder / "evaluation.html").read_text("utf-8")
    assert "judged-2" in call(capsys, *arguments)[1]
    alone = tmp_path / "predictor.zip"
    alone.write_bytes((learned / "predictor.zip").read_bytes())
    assert "report.json" in call(capsys, "evaluate", alone, prices, "--language", language)[1]


def test_the_order_of_columns_does_not_matter(capsys, tmp_path, prices, learned):
    turned = write_rows(
        tmp_path / "turned.csv", [dict(reversed(row.items())) | {"más": "1"} for row in rows_of(prices)]
    )
    answers = [call(capsys, "evaluate", learned, file)[1].splitlines()[1:] for file in (prices, turned)]
    assert answers[0] == answers[1]


def test_what_can_not_be_evaluated_is_said(capsys, tmp_path, prices, learned):
    rows = rows_of(prices)
    blind = write_rows(tmp_path / "b.csv", [{"precioo": row.pop("precio"), **row} for row in rows])
    renamed = write_rows(tmp_path / "r.csv", [{"metro": row.pop("metros"), **row} for row in rows_of(prices)])
    (tmp_path / "empty.csv").write_text("")
    (tmp_path / "photo.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    (tmp_path / "network.keras").write_bytes(b"PK")
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "predictor.zip").write_bytes(b"PK")
    for model, file, said in [
        (learned, blind, "no column 'precio', which is what the model predicts"),
        (learned, renamed, "no column 'metros'"),
        (learned, tmp_path / "empty.csv", "the file is empty"),
        (learned, tmp_path / "photo.png", "is a picture"),
        (learned, tmp_path / "none.csv", "No such file"),
        (tmp_path / "nowhere", prices, "nowhere"),
        (tmp_path / "network.keras", prices, "network.keras is a network"),
        (tmp_path, prices, "is a network"),
        (tmp_path / "bad", prices, "predictor.zip"),
        (prices.parent / "run" / "config.yaml", prices, "is no model of a table"),
    ]:
        status, _, error = call(
            capsys, "evaluate", model, file, "--output", tmp_path / "o", "--language", "en"
        )
        assert status == 1
        assert said in error
    assert not (tmp_path / "o").exists()


# neurona explain


@pytest.mark.parametrize("language", ["es", "en"])
def test_a_model_is_explained(capsys, tmp_path, prices, learned, language):
    folder = tmp_path / "why"
    arguments = ("explain", learned, prices, "--rows", "3, 17", "--output", folder, "--language", language)
    status, printed, _ = call(capsys, *arguments)
    assert status == 0
    figures = json.loads((folder / "explanation.json").read_text("utf-8"))
    assert [row["row"] for row in figures["explained"]] == [3, 17]
    word = {"es": "Fila", "en": "Row"}[language]
    assert all(f"{word} {row}: " in printed for row in (3, 17))
    assert "barrio = norte: " in printed
    assert "metros" in printed.splitlines()[2]
    assert f'<html lang="{language}">' in (folder / "explanation.html").read_text("utf-8")
    assert "why-2" in call(capsys, *arguments)[1]


def test_what_can_not_be_explained_is_said(capsys, tmp_path, prices, learned):
    few = write_rows(tmp_path / "few.csv", rows_of(prices)[:3])
    for arguments, said in [
        ((learned, prices, "--rows", "0"), "no row 0"),
        ((learned, prices, "--rows", "91"), "the rows 1 to 90"),
        ((learned, prices, "--rows", "two"), "such as 3,17"),
        ((learned, few), "3 rows are too few"),
        ((tmp_path, prices), "is no model of a table: neurona explain takes"),
    ]:
        status, _, error = call(capsys, "explain", *arguments, "--output", tmp_path / "o", "--language", "en")
        assert status == 1
        assert said in error
    assert not (tmp_path / "o").exists()


# neurona compare


@pytest.mark.parametrize(("language", "said"), [("es", "predice mejor"), ("en", "predicts best")])
def test_runs_are_compared(capsys, tmp_path, prices, learned, language, said):
    less = tmp_path / "less"
    arguments = ("train", prices, "--target", "precio", "--drop", "metros", "--output", less)
    assert call(capsys, *arguments)[0] == 0
    folder = tmp_path / "beside"
    arguments = ("compare", less, learned, "--output", folder, "--language", language)
    status, printed, _ = call(capsys, *arguments)
    assert status == 0
    lines = printed.splitlines()
    assert lines[1].startswith("run ")
    assert lines[2].startswith("less ")
    assert "código, metros" in lines[2] or "metros, código" in lines[2]
    assert said.split()[0] in printed
    figures = json.loads((folder / "comparison.json").read_text("utf-8"))
    assert figures["runs"][1]["shared_rows"] == 90
    assert figures["runs"][1]["p_value"] < 0.001
    assert f'<html lang="{language}">' in (folder / "comparison.html").read_text("utf-8")
    assert "beside-2" in call(capsys, *arguments)[1]


def test_what_can_not_be_compared_is_said(capsys, tmp_path, prices, learned):
    (tmp_path / "model.keras").write_bytes(b"PK")
    for folders, said in [
        ((learned,), "Two runs or more"),
        ((learned, f"{learned}/"), "Two runs or more"),
        ((learned, tmp_path), "is no run that can be compared"),
        ((learned, tmp_path / "nowhere"), "nowhere"),
        ((learned, prices), "is no run that can be compared"),
    ]:
        status, _, error = call(capsys, "compare", *folders, "--output", tmp_path / "o", "--language", "en")
        assert status == 1
        assert said in error
    assert not (tmp_path / "o").exists()
