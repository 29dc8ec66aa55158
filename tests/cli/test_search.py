"""`neurona search` and `neurona export`: a table's best network, as one file that takes raw rows."""

import json

import numpy as np
import pandas
import pytest

import neurona as nn
from neurona.cli.main import main
from neurona.tabular import RawTable, TableOptions, TablePredictor, export_model, train_table


def call(capsys, *arguments):
    with pytest.raises(SystemExit) as ended:
        main([str(argument) for argument in arguments])
    said = capsys.readouterr()
    return ended.value.code or 0, said.out, said.err


@pytest.fixture(scope="module")
def towns(tmp_path_factory):
    random = np.random.default_rng(0)
    rows = 60
    frame = pandas.DataFrame({"size": random.normal(80, 20, rows).round(1), "town": ["Ávila", "Lugo"] * 30})
    frame["lift"] = random.choice(["yes", "no"], rows)
    frame["dear"] = np.where(frame["size"] + 30 * (frame.town == "Lugo") > 95, "dear", "cheap")
    frame.loc[3, "size"] = np.nan
    path = tmp_path_factory.mktemp("towns") / "towns.csv"
    frame.to_csv(path, index=False)
    return path


def test_a_search_leaves_a_predictor_that_becomes_one_keras_file(capsys, tmp_path, towns):
    folder = tmp_path / "found"
    given = ["--target", "dear", "--trials", 3, "--epochs", 9, "--folds", 2, "--output", folder]
    status, out, error = call(capsys, "search", towns, *given, "--language", "es")
    assert (status, error) == (0, "")
    assert "Se probaron 3 redes con 48 filas" in out
    assert "neurona.layers.Dense(units=1, activation='sigmoid')" in out
    figures = json.loads((folder / "report.json").read_text("utf-8"))
    assert len(figures["trials"]) == 3
    assert set(figures["importances"]) == set(figures["best"]["values"])
    page = (folder / "report.html").read_text("utf-8")
    assert '<html lang="es">' in page
    assert "Importancia de los hiperparámetros" in page

    assert call(capsys, "export", folder)[0] == 0
    model = nn.models.load_model(folder / "model.keras")
    rows = {"size": [80.0, np.nan, 120.0], "town": ["Lugo", "new", "Ávila"], "lift": ["yes", "no", "no"]}
    raw = {"size": np.array(rows["size"])[:, None], "town": np.array(rows["town"])[:, None]}
    raw["lift"] = np.array([[1.0], [0.0], [0.0]])
    predictor = TablePredictor.load(str(folder / "predictor.zip"))
    np.testing.assert_allclose(model.predict(raw, verbose=0), predictor.predict_proba(rows), atol=1e-5)
    status, _, error = call(capsys, "export", folder, "--format", "onnx", "--language", "en")
    assert status == 1
    assert "keras, python" in error


def test_what_is_no_network_is_no_keras_file_and_the_message_says_why():
    table = RawTable(pandas.DataFrame({"x": [1.0, 2.0] * 9, "y": [3.0, 5.0] * 9}))
    predictor = train_table(table, "y", TableOptions(time_limit=0)).predictor
    with pytest.raises(nn.errors.ArgumentError, match=r"made of constant \(100%\).*neurona search"):
        export_model(predictor)
