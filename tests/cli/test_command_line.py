"""The command line: real trainings, real files, real processes."""

import csv
import json
import os
import re
import signal
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

import neurona as nn
from neurona.cli.main import HEADINGS, chosen_language, main
from neurona.cli.texts import TABLES
from neurona.errors import installation
from neurona.plotting import plot_model
from neurona.tasks.task import load_task

PROGRAM = [sys.executable, "-c", "from neurona.cli.main import main; main()"]
PICTURES = {"model.png", "curves.png", "predictions.png", "mistakes.png", "weights.png"}


def call(capsys, *arguments):
    """(exit status, output, errors) of a command, run in this process."""
    with pytest.raises(SystemExit) as ending:
        main([str(argument) for argument in arguments])
    said = capsys.readouterr()
    return ending.value.code or 0, said.out, said.err


def files_in(folder):
    return {path.name for path in folder.iterdir()}


@pytest.fixture(scope="module")
def digits(tmp_path_factory):
    """A folder with a quickly trained model of digits."""
    folder = tmp_path_factory.mktemp("digits")
    with pytest.raises(SystemExit):
        main(
            [
                "train",
                "digits",
                "--model",
                "mlp",
                "--epochs",
                "8",
                "--output",
                str(folder),
                "--language",
                "en",
            ]
        )
    return folder


@pytest.fixture(scope="module")
def images():
    return nn.datasets.digits.load_data()[1]


# Help and languages.


def test_the_languages_say_the_same_things():
    assert TABLES["en"].keys() == TABLES["es"].keys()
    for key, text in TABLES["en"].items():
        assert {part.split("}")[0] for part in text.split("{")[1:]} == {
            part.split("}")[0] for part in TABLES["es"][key].split("{")[1:]
        }, key


def test_the_language_comes_from_the_arguments_or_the_environment(monkeypatch):
    for name in ("NEURONA_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "es_AR.UTF-8")
    assert chosen_language([]) == "es"
    assert chosen_language(["--language", "en"]) == "en"
    monkeypatch.setenv("LC_ALL", "C")
    assert chosen_language(["train"]) == "en"
    assert chosen_language(["train", "iris", "--language=es"]) == "es"


@pytest.mark.parametrize("command", [(), ("train",), ("predict",), ("summary",), ("doctor",)])
def test_help_is_in_the_users_language(capsys, command):
    status, english, _ = call(capsys, *command, "--help", "--language", "en")
    assert status == 0
    assert "Usage:" in english
    assert TABLES["en"]["option_help"] in english
    status, spanish, _ = call(capsys, *command, "--language", "es", "-h")
    assert status == 0
    assert "Uso:" in spanish
    assert not any(heading in spanish for heading in HEADINGS)


def test_without_a_command_there_is_help(capsys):
    assert "train" in call(capsys, "--language", "en")[1]
    assert call(capsys, "--version")[1] == f"neurona {nn.__version__}\n"


# Training.


def test_training_writes_everything(capsys, tmp_path):
    status, said, _ = call(
        capsys,
        "train",
        "iris",
        "--epochs",
        3,
        "--output",
        tmp_path / "a" / "b",
        "--language",
        "es",
        "--seed",
        5,
    )
    folder = tmp_path / "a" / "b"
    assert status == 0
    assert files_in(folder) == PICTURES | {
        "model.keras",
        "labels.json",
        "history.csv",
        "report.html",
        "confusion_matrix.png",
    }
    assert "Entrenando mlp con iris: 108 ejemplos, 3 épocas, lotes de 16." in said
    assert "Con los 30 ejemplos de prueba:" in said
    rows = list(csv.DictReader((folder / "history.csv").open(encoding="utf-8")))
    assert [row["epoch"] for row in rows] == ["0", "1", "2"]
    assert set(rows[0]) == {"epoch", "loss", "accuracy", "val_loss", "val_accuracy"}
    for name in PICTURES:
        with Image.open(folder / name) as picture:
            picture.load()
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert '<html lang="es">' in page
    assert len(re.findall(r'<img src="data:image/png;base64,[A-Za-z0-9+/=]+" alt="[^"]+">', page)) == 5
    assert "<script" not in page
    assert "versicolor" in page
    assert "neurona train iris --model mlp --epochs 3 --batch-size 16 --learning-rate 0.005 --seed 5" in page
    assert json.loads((folder / "labels.json").read_text(encoding="utf-8"))["classes"] == [
        "setosa",
        "versicolor",
        "virginica",
    ]
    (_, _), (x, _) = nn.datasets.iris.load_data()
    assert nn.models.load_model(folder / "model.keras").predict(x, verbose=0).shape == (30, 3)


def test_a_second_run_has_its_own_folder_and_keeps_its_best_weights(capsys, tmp_path):
    for network, folder in (("mlp", "run"), ("linear", "run-2")):
        status, said, _ = call(
            capsys,
            *("train", "iris", "--model", network, "--epochs", 3, "--learning-rate", 0.5),
            *("--output", tmp_path / "run", "--language", "en"),
        )
        assert status == 0
        assert (f"writes into {tmp_path / 'run-2'}" in said) == (folder == "run-2")
        assert nn.models.load_model(tmp_path / folder / "model.keras").name == f"iris_{network}"
        rows = list(csv.DictReader((tmp_path / folder / "history.csv").open(encoding="utf-8")))
        losses = [float(row["val_loss"]) for row in rows]
        assert f"The weights of epoch {np.argmin(losses) + 1} are kept" in said
        x, y = load_task("iris", "en").validation
        model = nn.models.load_model(tmp_path / folder / "model.keras")
        kept = model.evaluate(x, y, verbose=0, return_dict=True)["loss"]
        assert kept == pytest.approx(min(losses), rel=1e-4)


def test_a_learning_rate_of_zero_is_used(capsys, tmp_path):
    status, _, _ = call(
        capsys, "train", "iris", "--epochs", 2, "--learning-rate", 0, "--output", tmp_path / "run"
    )
    assert status == 0
    assert "--learning-rate 0.0" in (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    losses = [row["loss"] for row in csv.DictReader((tmp_path / "run" / "history.csv").open())]
    assert float(losses[0]) == pytest.approx(float(losses[1]), rel=1e-4)


def test_the_same_seed_gives_the_same_model(capsys, tmp_path):
    weights = []
    for folder, seed in (("a", 1), ("b", 1), ("c", 2)):
        call(capsys, "train", "iris", "--epochs", 2, "--seed", seed, "--output", tmp_path / folder)
        weights.append(
            np.concatenate(
                [one.ravel() for one in nn.models.load_model(tmp_path / folder / "model.keras").get_weights()]
            )
        )
    np.testing.assert_array_equal(weights[0], weights[1])
    assert not np.array_equal(weights[0], weights[2])


def test_misspelt_names_are_explained(capsys, tmp_path):
    status, _, error = call(capsys, "train", "digitz", "--language", "en")
    assert status == 1
    assert "Did you mean 'digits'?" in error
    status, _, error = call(capsys, "train", "iris", "--model", "lenet", "--language", "es")
    assert status == 1
    assert "iris se puede aprender con mlp, linear" in error
    (tmp_path / "file").write_text("")
    status, _, error = call(capsys, "train", "iris", "--output", tmp_path / "file")
    assert status == 1
    assert "file" in error
    assert "Traceback" not in error


def test_a_data_set_that_is_not_here_is_explained(tmp_path):
    nowhere = {
        "NEURONA_DATA": str(tmp_path),
        "NEURONA_CACHE": str(tmp_path),
        "http_proxy": "http://127.0.0.1:9",
        "https_proxy": "http://127.0.0.1:9",
    }
    done = subprocess.run(
        [*PROGRAM, "train", "mnist"],
        cwd=tmp_path,
        env=os.environ | nowhere,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 1
    assert "Error" in done.stderr
    assert "mnist.npz" in done.stderr
    assert "Traceback" not in done.stderr


def test_without_matplotlib_training_goes_on(tmp_path):
    block = "import sys; sys.modules['matplotlib'] = None; from neurona.cli.main import main; main()"
    command = [
        sys.executable,
        "-c",
        block,
        "train",
        "iris",
        "--epochs",
        "2",
        "--output",
        str(tmp_path),
        "--language",
        "en",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count(installation("plot")) == 1
    assert files_in(tmp_path) == {"model.keras", "labels.json", "history.csv", "report.html"}
    assert "<img" not in (tmp_path / "report.html").read_text(encoding="utf-8")


@pytest.mark.skipif(os.name == "nt", reason="Windows sends Ctrl-C to whole consoles")
def test_ctrl_c_leaves_a_usable_model(tmp_path):
    command = [
        *PROGRAM,
        "train",
        "digits",
        "--model",
        "linear",
        "--epochs",
        "100000",
        "--output",
        str(tmp_path),
        "--language",
        "en",
    ]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("Epoch 3/"):
            break
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=300)
    assert process.returncode == 130, said
    assert f"Model saved: {tmp_path / 'model.keras'}" in said
    assert "Training was interrupted in epoch" in said
    assert "interrupted" in (tmp_path / "report.html").read_text(encoding="utf-8")
    (_, _), (x, y) = nn.datasets.digits.load_data()
    model = nn.models.load_model(tmp_path / "model.keras")
    assert model.evaluate(x[..., None], y, verbose=0, return_dict=True)["accuracy"] > 0.5
    assert len((tmp_path / "history.csv").read_text().splitlines()) >= 4


@pytest.mark.skipif(os.name == "nt", reason="Windows sends Ctrl-C to whole consoles")
def test_a_second_ctrl_c_ends_at_once_and_still_leaves_the_model(tmp_path):
    # The second Ctrl-C comes as soon as the model is saved, while pictures and report are made.
    command = [
        *PROGRAM,
        "train",
        "digits",
        "--model",
        "linear",
        "--epochs",
        "100000",
        "--output",
        str(tmp_path),
        "--language",
        "en",
    ]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith(("Epoch 2/", "Model saved")):
            process.send_signal(signal.SIGINT)
        if line.startswith("Model saved"):
            break
    said, _ = process.communicate(timeout=300)
    assert process.returncode == 130, said
    # Of an interrupt that falls into a callback of the garbage collector, Python tells, and goes on.
    told = re.sub(r"Exception ignored in.*?KeyboardInterrupt", "", said, flags=re.DOTALL)
    assert "Traceback" not in told
    assert nn.models.load_model(tmp_path / "model.keras").name == "digits_linear"


@pytest.mark.skipif(os.name == "nt", reason="pseudo-terminals are Unix's")
@pytest.mark.parametrize(
    ("encoding", "bar"), [("utf-8", "━"), pytest.param("ascii", "=", marks=pytest.mark.experiment)]
)
def test_in_a_terminal_a_bar_moves(tmp_path, encoding, bar):
    import pty

    master, slave = pty.openpty()
    environment = os.environ | {"PYTHONIOENCODING": encoding, "TERM": "xterm", "COLUMNS": "120"}
    command = [*PROGRAM, "train", "iris", "--epochs", "2", "--output", str(tmp_path), "--language", "en"]
    process = subprocess.Popen(command, stdout=slave, stderr=slave, env=environment)
    os.close(slave)
    said = b""
    while True:
        try:
            piece = os.read(master, 65536)
        except OSError:
            break
        if not piece:
            break
        said += piece
    os.close(master)
    assert process.wait(timeout=300) == 0, said
    text = said.decode()
    assert "\r" in text
    assert bar * 8 in text
    assert (encoding == "utf-8") or text.isascii()


# Prediction.


def test_images_are_predicted_on_any_ground_and_in_any_size(capsys, digits, images, tmp_path):
    x, y = images
    ink = (x[0].astype(float) * 255 / 16).astype("uint8")
    Image.fromarray(255 - ink).resize((64, 64)).save(tmp_path / "dark_on_white.png")
    Image.fromarray(ink).convert("RGB").save(tmp_path / "white_on_dark.jpg")
    transparent = np.stack([np.zeros_like(ink)] * 3 + [ink], axis=-1)
    Image.fromarray(transparent).save(tmp_path / "transparent.png")
    files = [tmp_path / name for name in ("dark_on_white.png", "white_on_dark.jpg", "transparent.png")]
    status, said, _ = call(
        capsys,
        "predict",
        digits / "model.keras",
        *files,
        "--language",
        "en",
        "--output",
        tmp_path / "out.csv",
    )
    assert status == 0
    assert said.count("bright background") == 2
    rows = list(csv.DictReader((tmp_path / "out.csv").open(encoding="utf-8")))
    assert [row["class"] for row in rows] == [str(y[0])] * 3
    assert [row["row"] for row in rows] == [file.name for file in files]
    assert sum(float(rows[0][str(digit)]) for digit in range(10)) == pytest.approx(1, abs=1e-5)
    _, said, _ = call(capsys, "predict", digits / "model.keras", files[0], "--no-invert", "--language", "en")
    assert "bright background" not in said


def test_rows_of_pixels_are_predicted_from_csv_and_npy(capsys, digits, images, tmp_path):
    x, y = images
    np.save(tmp_path / "images.npy", x[:30])
    np.save(tmp_path / "one.npy", x[0])
    np.savetxt(tmp_path / "rows.csv", x[:5].reshape(5, 64), fmt="%d", delimiter=",")
    for name, count in (("images.npy", 30), ("one.npy", 1), ("rows.csv", 5)):
        status, said, _ = call(
            capsys,
            "predict",
            digits / "model.keras",
            tmp_path / name,
            "--output",
            tmp_path / "out.csv",
            "--language",
            "en",
        )
        assert status == 0
        assert ("and 10 more rows" in said) == (count == 30)
        classes = [row["class"] for row in csv.DictReader((tmp_path / "out.csv").open(encoding="utf-8"))]
        assert len(classes) == count
        assert np.mean(np.array(classes, int) == y[:count]) > 0.8


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """A folder with a model of two columns, a and b, that predicts 2 a + b."""
    folder = tmp_path_factory.mktemp("table")
    model = nn.Sequential([nn.Input((2,)), nn.layers.Dense(1)])
    model.set_weights([np.array([[2.0], [1.0]]), np.zeros(1)])
    model.save(folder / "model.keras")
    (folder / "labels.json").write_text(
        json.dumps({"kind": "table", "features": ["a", "b"], "target": "sum"})
    )
    return folder


@pytest.mark.parametrize(
    ("text", "values", "message"),
    [
        ("a,b\n1,2\n3,4\n", [4, 10], ""),
        ("b,extra,a\n2,9,1\n4,9,3\n", [4, 10], "not used: extra"),
        ("b;a\n2,5;1,5\n", [5.5], ""),
        ("1\t2\n\n3\t4\n", [4, 10], ""),
        ("\ufeffa,b\n1e1,-2\n", [18], ""),
    ],
)
def test_tables_of_many_kinds(capsys, table, tmp_path, text, values, message):
    (tmp_path / "rows.csv").write_text(text, encoding="utf-8")
    status, said, error = call(
        capsys,
        "predict",
        table / "model.keras",
        tmp_path / "rows.csv",
        "--output",
        tmp_path / "out.csv",
        "--language",
        "en",
    )
    assert status == 0, error
    assert message in said
    rows = list(csv.DictReader((tmp_path / "out.csv").open(encoding="utf-8")))
    assert [float(row["sum"]) for row in rows] == pytest.approx(values)


HOLES = "a,b\n1,2\n,4\n5,nan\n7,inf\n9,1e300\n2,3\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
def test_a_row_with_a_hole_is_told_and_the_others_are_predicted(capsys, table, tmp_path, encoding):
    text = HOLES.replace("a,b", "a,b,año") if encoding == "cp1252" else HOLES
    lines = text.splitlines()
    if encoding == "cp1252":
        text = "\n".join([lines[0], *(f"{line},0" for line in lines[1:])])
    (tmp_path / "rows.csv").write_bytes(text.encode(encoding))
    status, said, error = call(
        capsys,
        *("predict", table / "model.keras", tmp_path / "rows.csv", "--language", "en"),
        *("--output", tmp_path / "out.csv"),
    )
    assert status == 0, error
    for line in (3, 4, 5, 6):
        assert f"line {line}: a cell is empty or not a finite number" in said
    assert said.count("  not predicted") == 4
    rows = list(csv.DictReader((tmp_path / "out.csv").open(encoding="utf-8")))
    assert [row["sum"] for row in rows] == ["4.0", "", "", "", "", "7.0"]


def test_predictions_that_are_not_numbers_are_refused(capsys, tmp_path):
    model = nn.Sequential([nn.Input((2,)), nn.layers.Dense(3, activation="softmax")])
    model.set_weights([np.full((2, 3), np.nan), np.zeros(3)])
    model.save(tmp_path / "model.keras")
    (tmp_path / "rows.csv").write_text("1,2\n")
    status, _, error = call(
        capsys, "predict", tmp_path / "model.keras", tmp_path / "rows.csv", "--language", "en"
    )
    assert status == 1
    assert "not finite numbers" in error


def test_columns_of_tables_are_named_as_in_the_data_in_every_language(tmp_path):
    for language in ("en", "es"):
        assert load_task("iris", language).labels.features == nn.datasets.iris.feature_names()
    assert load_task("digits", "es", samples=20).labels.classes == nn.datasets.digits.class_names("es")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("rows.csv", "a,b\n1,x\n", "line 2: expected numbers. Received: 'x'"),
        ("rows.csv", "a,c,d\n1,2,3\n", "Missing: b"),
        ("rows.csv", "first,second\n1,2\n", "Missing: a, b"),
        ("rows.csv", "a,b,a\n1,2,3\n", "column a is there twice"),
        ("rows.csv", "a,b\n1,5,2,5\n", "line 2: 4 cells under 2 column names"),
        ("rows.csv", "a,b\n1,nan\n,2\n", "no row can be predicted"),
        ("rows.csv", "1,2,3\n", "takes 2 numbers per row. Received 3"),
        ("rows.csv", "1,2\n3\n", "line 2: expected 2 cells"),
        ("rows.csv", "", "takes 2 numbers per row"),
        ("rows.xls", "1", "expected an image, a .csv or .npy table"),
        ("rows.npy", "nonsense", "rows.npy"),
        ("texts.txt", "hello", "words.json is missing"),
        ("image.png", "no image", "does not take images"),
    ],
)
def test_files_that_do_not_fit_are_explained(capsys, table, tmp_path, name, content, message):
    (tmp_path / name).write_text(content)
    status, _, error = call(capsys, "predict", table / "model.keras", tmp_path / name, "--language", "en")
    assert status == 1
    assert message in error
    assert error.startswith("Error: ")


def test_missing_and_damaged_files_are_explained(capsys, table, tmp_path):
    status, _, error = call(capsys, "predict", tmp_path / "no.keras", tmp_path / "x.csv")
    assert status == 1
    assert "no.keras" in error
    status, _, error = call(capsys, "predict", table / "model.keras", tmp_path / "no.csv")
    assert status == 1
    assert "no.csv" in error
    model = nn.Sequential([nn.Input((2,)), nn.layers.Dense(1)])
    model.save(tmp_path / "model.keras")
    (tmp_path / "labels.json").write_text("{")
    status, _, error = call(capsys, "predict", tmp_path / "model.keras", tmp_path / "no.csv")
    assert status == 1
    assert "labels.json" in error


def test_labels_may_be_a_plain_list(capsys, tmp_path):
    model = nn.Sequential([nn.Input((2,)), nn.layers.Dense(2, activation="softmax")])
    model.set_weights([np.eye(2) * 9, np.zeros(2)])
    model.save(tmp_path / "model.keras")
    np.save(tmp_path / "x.npy", np.eye(2))
    assert "0 (100.0%)" in call(capsys, "predict", tmp_path / "model.keras", tmp_path / "x.npy")[1]
    (tmp_path / "labels.json").write_text('["cat", "dog"]')
    said = call(capsys, "predict", tmp_path / "model.keras", tmp_path / "x.npy")[1]
    assert "cat (100.0%)" in said
    assert "dog (100.0%)" in said


def test_texts_are_predicted_by_their_words(capsys, tmp_path):
    model = nn.Sequential(
        [
            nn.Input((5,)),
            nn.layers.Embedding(6, 1),
            nn.layers.GlobalMaxPooling1D(),
            nn.layers.Activation("sigmoid"),
        ]
    )
    model.set_weights([np.array([[-9], [-9], [-9], [-9], [9], [-9]])])
    model.save(tmp_path / "model.keras")
    (tmp_path / "labels.json").write_text(json.dumps({"kind": "text", "classes": ["negativa", "positiva"]}))
    (tmp_path / "words.json").write_text(json.dumps({"good": 4, "bad": 5}))
    (tmp_path / "reviews.txt").write_text("A good film.\n\nbad, bad, unknown\n")
    said = call(capsys, "predict", tmp_path / "model.keras", tmp_path / "reviews.txt")[1].splitlines()
    assert said[0].split() == ["A", "good", "film.", "positiva", "(100.0%)"]
    assert "negativa" in said[1]


# The others.


def test_summary_and_picture(capsys, digits, tmp_path):
    status, said, _ = call(
        capsys, "summary", digits / "model.keras", "--picture", tmp_path / "model", "--language", "es"
    )
    assert status == 0
    assert "Total de parámetros" in said
    assert "Imagen escrita" in said
    with Image.open(tmp_path / "model.png") as picture:
        assert picture.format == "PNG"
    assert plot_model(nn.models.load_model(digits / "model.keras"), None, dpi=50) is not None


def test_doctor(capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("NEURONA_DATA", str(tmp_path))
    (tmp_path / "mnist.npz").write_bytes(b"")
    monkeypatch.setitem(sys.modules, "optax", None)
    status, said, _ = call(capsys, "doctor", "--language", "en")
    assert status == 0
    assert str(tmp_path) in said
    assert "digits, iris, mnist" in said
    assert f"optax: not installed: {installation('optax')}" in said
    assert "Everything works" in said
    assert "numpy: " + np.__version__ in said


@pytest.mark.experiment
@pytest.mark.parametrize(
    ("dataset", "figure", "least"),
    [("digits", "Accuracy", 0.97), ("iris", "Accuracy", 0.93), ("california_housing", "R²", 0.77)],
)
def test_what_people_are_promised(capsys, tmp_path, dataset, figure, least):
    status, said, _ = call(capsys, "train", dataset, "--output", tmp_path, "--language", "en")
    assert status == 0
    found = next(float(line.split(":")[1]) for line in said.splitlines() if line.startswith(f"  {figure}:"))
    assert found >= least
