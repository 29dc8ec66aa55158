"""Folders of images and tables of pixels on the command line, and submissions."""

import csv

import numpy as np
import pytest
from PIL import Image

import neurona as nn
from neurona.preprocessing.files import read_json
from tests.cli.test_command_line import call


@pytest.fixture(scope="module")
def digits():
    (x, y), (test, truth) = nn.datasets.digits.load_data()
    return (x * 15).reshape(-1, 8, 8).astype("uint8"), y.ravel(), (test * 15).reshape(-1, 64), truth.ravel()


@pytest.fixture(scope="module")
def table(digits, tmp_path_factory):
    """A folder with tables as a competition gives them."""
    folder = tmp_path_factory.mktemp("competition")
    x, y, test, _ = digits
    names = [f"pixel{number}" for number in range(64)]
    rows = [[label, *image] for label, image in zip(y, x.reshape(-1, 64))]
    write(folder / "train.csv", ["label", *names], rows)
    write(folder / "test.csv", names, test.astype(int))
    write(folder / "sample.csv", ["ImageId", "Label"], [[number + 1, 0] for number in range(len(test))])
    return folder


def write(path, header, rows):
    with path.open("w", newline="") as stream:
        csv.writer(stream).writerows([header, *rows])


def test_a_folder_of_images_is_learned_and_its_images_are_predicted(capsys, digits, tmp_path):
    x, y, *_ = digits
    for number in range(300):
        (tmp_path / "own" / f"class {y[number]}").mkdir(parents=True, exist_ok=True)
        Image.fromarray(x[number]).save(tmp_path / "own" / f"class {y[number]}" / f"{number}.png")
    options = ["--epochs", 40, "--model", "linear", "--output", tmp_path / "out", "--language", "es"]
    status, said, _ = call(capsys, "train", tmp_path / "own", *options)
    assert status == 0
    assert "8 x 8 píxeles" in said
    assert "Quien dice siempre" in (tmp_path / "out" / "report.html").read_text("utf-8")
    assert read_json(tmp_path / "out" / "labels.json")["classes"] == [f"class {digit}" for digit in range(10)]
    status, said, _ = call(capsys, "predict", tmp_path / "out", tmp_path / "own" / "class 7")
    assert status == 0
    assert said.count("class 7 (") >= 16


def test_a_table_of_pixels_ends_in_a_submission(capsys, digits, table, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    options = ["--target", "label", "--images", "8x8", "--model", "mlp", "--epochs", 20, "--language", "en"]
    status, said, _ = call(capsys, "train", table / "train.csv", *options)
    assert status == 0
    for name in ("submission.csv", "submission-2.csv"):  # an earlier one stays
        arguments = ["neurona-output/train", table / "test.csv", "--submission", table / "sample.csv"]
        status, said, _ = call(capsys, "predict", *arguments)
        assert status == 0, said
        header, *rows = csv.reader((tmp_path / name).open())
        assert header == ["ImageId", "Label"]
        assert [row[0] for row in rows] == [str(number + 1) for number in range(len(rows))]
        assert np.mean([int(row[1]) for row in rows] == digits[3]) > 0.9
    write(tmp_path / "short.csv", ["ImageId", "Label"], [[1, 0]])
    arguments = ["neurona-output/train", table / "test.csv", "--submission", tmp_path / "short.csv"]
    status, _, said = call(capsys, "predict", *arguments)
    assert status == 1
    assert "1 rows" in said


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--images", "8x8"], "--target"),
        (
            ["--images", "8x8", "--target", "label", "--folds", 3],
            "--folds is of no use for a table of pixels",
        ),
        (["--target", "label", "--epochs", 3], "--epochs is of no use for a table"),
    ],
)
def test_options_that_are_of_no_use_are_refused(capsys, table, arguments, said):
    status, _, errors = call(capsys, "train", table / "train.csv", "--language", "en", *arguments)
    assert status == 1
    assert said in errors


def test_what_is_not_there_and_what_has_a_data_sets_name(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    status, _, errors = call(capsys, "train", "mine/photos", "--language", "en")
    assert status == 1
    assert "photos" in errors
    (tmp_path / "iris").mkdir()
    status, said, _ = call(capsys, "train", "iris", "--epochs", 1, "--language", "en")
    assert status == 0
    assert str(tmp_path / "iris") in said


def test_what_holds_nothing_is_refused(capsys, tmp_path, table, monkeypatch):
    monkeypatch.chdir(tmp_path)
    options = ["--target", "label", "--images", "8x8", "--model", "linear", "--epochs", 1, "--samples", 50]
    assert call(capsys, "train", table / "train.csv", *options)[0] == 0
    (tmp_path / "none").mkdir()
    (tmp_path / "empty.csv").write_text("")
    model = "neurona-output/train"
    for arguments, said in (
        ([tmp_path / "none"], "there is no image"),
        ([table / "test.csv", "--submission", tmp_path / "empty.csv"], "has 0 rows"),
    ):
        status, _, errors = call(capsys, "predict", model, *arguments, "--language", "en")
        assert status == 1
        assert said in errors
