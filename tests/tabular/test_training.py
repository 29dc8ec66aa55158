"""Learning tables: against scikit-learn, and what is refused, told and kept in files."""

import io
import json
import zipfile
from typing import Any

import numpy as np
import pandas
import pytest
from sklearn import metrics
from sklearn.datasets import load_breast_cancer, load_diabetes, load_wine
from sklearn.linear_model import RidgeCV

from neurona.errors import ArgumentError, DataError, SavingError
from neurona.evaluation import k_folds, log_loss
from neurona.tabular import (
    Encoded,
    LinearModel,
    NeighboursModel,
    RawTable,
    RealMLP,
    TableOptions,
    TablePredictor,
    column_worth,
    infer_columns,
    judge,
    learn_table,
    learning,
    read_table,
    table_figures,
    table_report,
    train_table,
    training,
    verdict,
)

SIMPLE = {"linear": LinearModel, "neighbours": NeighboursModel}


@pytest.fixture
def simple_models(monkeypatch):
    """Only what learns at once."""
    monkeypatch.setattr(training, "candidates", lambda *given: SIMPLE)


def bunch(load):
    """A data set of scikit-learn as a frame."""
    found: Any = load(as_frame=True)
    return found.frame


def mixed(rows=120, seed=0):
    """A table of numbers, kinds, dates and holes, whose target three of its columns tell."""
    random = np.random.default_rng(seed)
    size, town = random.normal(size=rows), random.choice(["A", "B", "C"], rows)
    day = np.datetime64("2024-01-01") + random.integers(0, 300, rows)
    price = 3 * size + (town == "B") * 2 + 0.1 * random.normal(size=rows)
    frame = pandas.DataFrame({"size": size, "town": town, "day": day, "same": 1, "price": price})
    frame.loc[frame.index[::9], "size"] = np.nan
    return frame


@pytest.fixture(scope="module")
def of_numbers():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training, "candidates", lambda *given: SIMPLE)
        return train_table(RawTable(mixed()), "price")


@pytest.fixture(scope="module")
def of_classes():
    frame = bunch(load_wine).astype({"target": str})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training, "candidates", lambda *given: SIMPLE)
        return train_table(RawTable(frame), "target")


# Learning


def test_ridge_regression_equals_scikit_learn_on_every_fold():
    frame = bunch(load_diabetes)
    X, y = frame.drop(columns="target"), frame["target"].to_numpy()
    folds = k_folds(len(y), 5)
    learned = learn_table(frame, infer_columns(RawTable(X)), y, 1, folds, {"linear": LinearModel})
    linear = next(trial for trial in learned.trials if trial.name == "linear")
    ours = np.clip(linear.predictions[:, 0], y.min(), y.max())
    for rows, others in folds:
        part = X.iloc[rows]
        scaled = (X - part.mean()) / part.std(ddof=0)
        truth = RidgeCV(10.0 ** np.arange(-3, 5)).fit(scaled.iloc[rows], y[rows]).predict(scaled.iloc[others])
        assert ours[others] == pytest.approx(np.clip(truth, y[rows].min(), y[rows].max()), abs=1e-6)


def test_what_is_true_in_a_fold_does_not_choose_what_joins_there(of_classes):
    trained, y = of_classes.learned, of_classes.y
    _, others = trained.folds[0]
    changed = y.copy()
    changed[others] = (changed[others] + 1) % 3
    found = [
        learning._joined(trained.trials, trained.model.encoders, truth, 3, trained.folds).predictions[others]
        for truth in (y, changed)
    ]
    joined = [
        learning._selected(trained.trials, y, rest) for rest, _ in learning._judges(trained.folds, len(y))
    ]
    assert np.array_equal(found[0], found[1]) or any(weights.max() == 1 for weights, _ in joined)


def test_losses_are_those_of_the_predictions(of_classes):
    learned, y = of_classes.learned, of_classes.y
    assert learned.losses == pytest.approx(
        [log_loss(y[others], learned.predictions[others]) for _, others in learned.folds]
    )
    assert np.mean(learned.losses) <= min(trial.loss for trial in learned.trials) + 1e-12


def test_it_is_never_worse_than_the_best_alone(of_numbers):
    assert np.mean(of_numbers.learned.losses) <= of_numbers.learned.trials[0].loss + 1e-12


def test_no_prediction_is_beyond_what_was_learned(of_numbers):
    found = of_numbers.predictor.predict({"size": [1e9, -1e9], "town": ["A", "A"], "day": ["2024-01-05"] * 2})
    assert found.tolist() == pytest.approx([of_numbers.y.max(), of_numbers.y.min()])


def test_a_network_learns_what_lines_can_not():
    random = np.random.default_rng(0)
    X = random.uniform(-1, 1, (400, 2))
    rows = Encoded(X, ["a", "b"], ["a", "b"], [True, True])
    product = X[:, 0] * X[:, 1]
    found = RealMLP((64, 64)).fit(rows.rows(np.arange(300)), product[:300], 1).predict(rows)[300:, 0]
    assert 1 - np.mean((found - product[300:]) ** 2) / product.var() > 0.9
    line = LinearModel().fit(rows.rows(np.arange(300)), product[:300], 1).predict(rows)[300:, 0]
    assert 1 - np.mean((line - product[300:]) ** 2) / product.var() < 0.2
    likely = RealMLP((64,)).fit(rows, (product > 0).astype(int), 2).predict(rows)
    assert likely.sum(axis=1) == pytest.approx(1)
    assert np.mean(likely.argmax(axis=1) == (product > 0)) > 0.9
    again = RealMLP((64,)).fit(rows, (product > 0).astype(int), 2).predict(rows)
    assert np.array_equal(likely, again)  # the same seed


def test_a_network_of_tables_refuses_sizes_that_are_none():
    with pytest.raises(ArgumentError, match="hidden"):
        RealMLP((0,))


def test_ctrl_c_keeps_the_models_that_are_done(monkeypatch):
    class Stopped(LinearModel):
        def fit(self, X, y, outputs, weights=None):
            raise KeyboardInterrupt

    monkeypatch.setattr(training, "candidates", lambda *given: {"linear": LinearModel, "network": Stopped})
    trained = train_table(RawTable(mixed()), "price")
    assert [trial.name for trial in trained.learned.trials] == ["linear", "constant"]
    assert "se interrumpió" in trained.notes[-1].say("es")
    monkeypatch.setattr(training, "candidates", lambda *given: {"linear": Stopped})
    with pytest.raises(KeyboardInterrupt):
        train_table(RawTable(mixed()), "price")


def test_real_tables_reach_their_figures(simple_models):
    data = bunch(load_breast_cancer).astype({"target": bool})
    figures: Any = judge(train_table(RawTable(data), "target")).figures
    assert figures.accuracy > 0.97


# Options and refusals


def test_a_copy_of_the_target_is_refused_by_its_name(simple_models):
    frame = mixed()
    frame["in cents"] = frame["price"] * 100
    with pytest.raises(DataError, match="'in cents' is a copy of the target"):
        train_table(RawTable(frame), "price")
    assert "in cents" not in [
        c.name for c in train_table(RawTable(frame), "price", TableOptions(drop=["in cents"])).columns
    ]
    line = frame[["in cents", "price"]]  # all that there is to learn from: y = x / 100
    assert judge(train_table(RawTable(line), "price")).figures.r2 > 0.999
    kept = train_table(RawTable(frame), "price", TableOptions(keep=["in cents"]))
    assert "in cents" in [column.name for column in kept.predictor.columns]
    frame["kind"] = np.where(frame["price"] > 0, "dear", "cheap")
    frame["code"] = np.where(frame["price"] > 0, "D", "C")
    with pytest.raises(DataError, match="'code' is a copy"):
        train_table(RawTable(frame), "kind", TableOptions(drop=["price", "in cents"]))


def test_a_column_that_tells_nearly_all_is_a_doubt(simple_models):
    frame = mixed(400)
    frame["near"] = frame["price"] + 0.001 * np.random.default_rng(1).normal(size=400) + frame["price"] ** 3
    trained = train_table(RawTable(frame), "price")
    check: Any = next(check for check in trained.checks if check.name == "telling")
    assert not check.passed
    assert check.why.fields["column"] == "near"
    assert "'near'" in verdict(trained, judge(trained), "es")[2]


def test_rows_without_a_target_are_left_out_and_told(simple_models):
    frame = mixed()
    frame.loc[[3, 5], "price"] = np.nan
    trained = train_table(RawTable(frame), "price")
    assert len(trained.y) == 118
    assert 3 not in trained.rows
    assert any("2 filas" in note.say("es") for note in trained.notes)


def test_equal_rows_are_in_one_fold(simple_models):
    frame = pandas.concat([mixed(60), mixed(60)], ignore_index=True)
    trained = train_table(RawTable(frame), "price")
    for rows, others in trained.learned.folds:
        assert not set(rows % 60) & set(others % 60)
    assert not next(check for check in trained.checks if check.name == "repeated").passed


def test_one_part_is_held_out_of_a_large_table_and_learned_in_the_end(simple_models):
    frame = mixed(5000)
    trained = train_table(RawTable(frame), "price")
    (fold,) = trained.learned.folds
    assert len(fold[1]) == 1000
    linear = LinearModel()
    whole = trained.learned.model.encoders[0].transform(frame)
    truth = linear.fit(whole, trained.y, 1).predict(whole)[:, 0]
    member = trained.predictor.model.members["linear"]
    assert member.models[0].predict(whole)[:, 0] == pytest.approx(truth, abs=1e-9)
    judged = trained.learned.judged.members["linear"].models[0]
    assert not np.array_equal(judged.predict(whole)[:, 0], truth)


def test_the_newest_rows_are_learned_in_the_end(simple_models):
    """The folds of time leave the newest ones out; the predictor's quick models have learned them too."""
    frame = mixed()
    trained = train_table(RawTable(frame), "price", TableOptions(time_column="day"))
    model = trained.predictor.model
    whole = model.encoders[0].transform(frame)
    truth = LinearModel().fit(whole, trained.y, 1).predict(whole)
    assert len(model.encoders) == 1
    assert model.members["linear"].models[0].predict(whole) == pytest.approx(truth, abs=1e-9)


def test_a_model_that_gives_no_numbers_is_left_out_and_told(monkeypatch):
    class Diverged(LinearModel):
        def predict(self, X):
            return np.full((len(X.values), 1), np.nan)

    monkeypatch.setattr(training, "candidates", lambda *given: {"network": Diverged, "linear": LinearModel})
    trained = train_table(RawTable(mixed()), "price")
    assert trained.learned.diverged == ["network"]
    assert [trial.name for trial in trained.learned.trials] == ["linear", "constant"]
    assert "no eran finitas: network" in trained.notes[-1].say("es")
    assert judge(trained).joined.score.value > 0.8


def test_a_model_that_diverges_on_all_rows_stays_that_of_the_fold(monkeypatch):
    class Once(LinearModel):
        def fit(self, X, y, outputs, weights=None):
            self.rows = len(y)
            return super().fit(X, y, outputs, weights)

        def predict(self, X):
            return super().predict(X) * (np.nan if self.rows == 120 else 1)

    monkeypatch.setattr(training, "candidates", lambda *given: {"network": Once})
    trained = train_table(RawTable(mixed()), "price", TableOptions(time_column="day"))
    model: Any = trained.predictor.model.members["network"].models[0]
    assert model.rows < 120
    assert np.isfinite(trained.predictor.predict(mixed())).all()


def test_the_network_learns_once_more_from_all_rows(monkeypatch):
    monkeypatch.setattr(training, "candidates", lambda *given: {"network": lambda: RealMLP((16,), 8)})
    trained = train_table(RawTable(mixed()), "price", TableOptions(time_column="day"))
    model = trained.predictor.model
    whole = model.encoders[0].transform(mixed())
    truth = RealMLP((16,), 8).fit(whole, trained.y, 1).predict(whole)
    assert model.members["network"].models[0].predict(whole) == pytest.approx(truth, abs=1e-6)


def test_no_time_is_left_to_learn_once_more(monkeypatch):
    class Late(LinearModel):
        def predict(self, X):
            now[0] = 100.0
            return super().predict(X)

    now = [0.0]
    monkeypatch.setattr(training, "candidates", lambda *given: {"linear": Late})
    monkeypatch.setattr(learning.time, "perf_counter", lambda: now[0])
    trained = train_table(RawTable(mixed()), "price", TableOptions(time_column="day", time_limit=30))
    kept = trained.predictor.model.members["linear"].models[0]
    assert kept is trained.learned.judged.members["linear"].models[-1]


def test_groups_and_times_are_kept(simple_models):
    frame = mixed()
    frame["patient"] = np.arange(120) // 6
    trained = train_table(RawTable(frame), "price", TableOptions(group="patient"))
    for rows, others in trained.learned.folds:
        assert not set(frame["patient"][rows]) & set(frame["patient"][others])
    assert "patient" not in [column.name for column in trained.predictor.columns]
    timed = train_table(RawTable(frame), "price", TableOptions(time_column="day"))
    for rows, others in timed.learned.folds:
        assert bool(frame["day"][rows].max() < frame["day"][others].min())
    assert not timed.learned.tested.all()
    with pytest.raises(DataError, match="'town' holds no dates"):
        train_table(RawTable(frame), "price", TableOptions(time_column="town"))


def test_rare_classes_are_told(simple_models):
    frame = mixed(300)
    frame["price"] = np.where(frame["price"] > np.sort(frame["price"])[-3], "top", "other")
    checks = {check.name: check for check in train_table(RawTable(frame), "price").checks}
    assert checks["rare"].value == 2
    assert not checks["imbalanced"].passed


def test_a_kind_can_be_said(simple_models):
    frame = mixed()
    frame["code"] = np.arange(120) % 4
    trained = train_table(
        RawTable(frame), "price", TableOptions(columns={"code": "category", "town": "identifier"})
    )
    kinds = {column.name: column.kind for column in trained.columns}
    assert kinds["code"] == "category"
    assert "town" not in [c.name for c in trained.predictor.columns]
    with pytest.raises(ArgumentError, match="'town' can't be read as 'number'"):
        train_table(RawTable(frame), "price", TableOptions(columns={"town": "number"}))
    with pytest.raises(ArgumentError, match="no kind"):
        train_table(RawTable(frame), "price", TableOptions(columns={"town": "colour"}))


@pytest.mark.parametrize(
    ("target", "options", "said"),
    [
        ("pric", {}, "'pric' .target.. Did you mean 'price'"),
        ("price", {"drop": ["towm"]}, "'towm' .drop."),
        ("price", {"preset": "quick"}, "preset"),
        ("price", {"folds": 1}, "folds"),
        ("price", {"group": "town", "time_column": "day"}, "not both"),
    ],
)
def test_what_is_not_there_is_refused(target, options, said):
    with pytest.raises(ArgumentError, match=said):
        train_table(RawTable(mixed()), target, TableOptions(**options))


def test_a_table_without_columns_to_learn_from_is_refused():
    frame = pandas.DataFrame({"name": [f"n{place}" for place in range(40)], "y": np.arange(40.0) % 7})
    for given in (frame, frame[["y"]]):
        with pytest.raises(DataError, match="no column is left to learn from"):
            train_table(RawTable(given), "y")


def test_few_rows_are_refused():
    with pytest.raises(DataError, match="9 rows have a target"):
        train_table(RawTable(mixed(9)), "price")


# Judging


def test_figures_are_those_of_scikit_learn(of_classes, of_numbers):
    judged: Any = judge(of_classes)
    y = of_classes.y
    found = of_classes.learned.predictions
    assert judged.figures.accuracy == pytest.approx(
        metrics.accuracy_score(y, found.argmax(axis=1)), abs=1e-12
    )
    assert judged.joined.loss == pytest.approx(metrics.log_loss(y, found), abs=1e-12)
    low, value, high = judged.joined.score.low, judged.joined.score.value, judged.joined.score.high
    assert low <= value <= high
    numbers = judge(of_numbers)
    assert numbers.joined.score.value == pytest.approx(
        metrics.r2_score(of_numbers.y, of_numbers.learned.predictions[:, 0]), abs=1e-12
    )


def test_what_a_column_is_worth(of_numbers):
    worth = {one.name: one.mean for one in column_worth(of_numbers, mixed())}
    assert worth["size"] > worth["town"] > abs(worth["day"]) * 5


@pytest.mark.parametrize("language", ["en", "es"])
def test_the_report_has_the_same_numbers_for_people_and_programs(of_classes, language):
    judged = judge(of_classes)
    worth = column_worth(of_classes, bunch(load_wine))
    figures = json.loads(json.dumps(table_figures(of_classes, judged, worth), allow_nan=False))
    page = table_report(of_classes, judged, worth, "wine.csv", "neurona train wine.csv", language)
    assert page.figures[0][1] == f"{figures['figures']['accuracy']:.1%}"
    assert [one["name"] for one in figures["models"]] == [one.name for one in judged.standings]
    assert len(page.lead.split(". ")) >= 3
    assert len(page.sections) == 8


# Files


def test_one_row_may_be_written_with_a_comma(of_numbers):
    """One row alone, or equal ones, look like a constant."""
    wanted = of_numbers.predictor.predict({"size": [0.5], "town": ["B"], "day": ["2024-03-05"]})
    for rows in (1, 30):
        written = {"size": ["0,5"] * rows, "town": ["B"] * rows, "day": ["2024-03-05"] * rows}
        assert of_numbers.predictor.read(written)[1] == []
        assert of_numbers.predictor.predict(written) == pytest.approx(np.repeat(wanted, rows))


@pytest.mark.parametrize("name", ["of_numbers", "of_classes"])
def test_a_file_gives_the_same_predictions(name, request, tmp_path):
    trained = request.getfixturevalue(name)
    frame = mixed() if name == "of_numbers" else bunch(load_wine)
    trained.predictor.save(tmp_path / "p.zip")
    loaded = TablePredictor.load(tmp_path / "p.zip")
    assert loaded.predict(frame).tolist() == trained.predictor.predict(frame).tolist()
    assert loaded.target == trained.predictor.target
    unseen = frame.iloc[:1].assign(**{frame.columns[1]: "never seen"})
    assert len(loaded.predict(unseen)) == 1


def test_trees_and_networks_travel_too(tmp_path, monkeypatch):
    monkeypatch.setattr(
        training,
        "candidates",
        lambda *given: {"trees": training.BoostedTrees, "network": lambda: RealMLP((16,), 4)},
    )
    trained = train_table(RawTable(mixed()), "price", TableOptions(folds=2))
    for name, trial in zip(("trees", "network"), sorted(trained.learned.trials, key=lambda t: t.name)[:0:-1]):
        trained.predictor.model.members = {
            name: type(next(iter(trained.predictor.model.members.values())))(1.0, trial.models, 1.0)
        }
        trained.predictor.save(tmp_path / "p.zip")
        assert np.allclose(
            TablePredictor.load(tmp_path / "p.zip").predict(mixed()), trained.predictor.predict(mixed())
        )


def test_damaged_and_hostile_files_are_refused(of_numbers, tmp_path):
    path = tmp_path / "p.zip"
    of_numbers.predictor.save(path)
    whole = path.read_bytes()
    for broken in (b"", b"no archive", whole[: len(whole) // 2]):
        path.write_bytes(broken)
        with pytest.raises(SavingError, match=r"p\.zip"):
            TablePredictor.load(path)
    with pytest.raises(FileNotFoundError):
        TablePredictor.load(tmp_path / "none.zip")
    pickled = io.BytesIO()
    np.save(pickled, np.array([print], object), allow_pickle=True)
    for description in (
        {"predictor": {"class": "Popen", "fields": {"args": "true"}}},
        {"predictor": {"array": "a"}},
        {"predictor": {"class": "Note", "fields": {"key": "a", "fields": {"dict": []}}}},
        {"predictor": {"unknown": 1}},
        [],
    ):
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("predictor.json", json.dumps(description))
            archive.writestr("a", pickled.getvalue())
        with pytest.raises(SavingError, match=r"p\.zip"):
            TablePredictor.load(path)


def test_a_table_without_a_column_is_refused(of_numbers):
    with pytest.raises(DataError, match="'town'"):
        of_numbers.predictor.predict({"size": [1.0], "day": ["2024-01-01"]})
    with pytest.raises(DataError, match="is a number"):
        of_numbers.predictor.predict_proba(mixed())


def test_new_rows_may_be_written_otherwise(of_numbers):
    plain = mixed(5)
    other = {
        "size": [f"{one:.6f}".replace(".", ",") if one == one else "s/d" for one in plain["size"]],
        "town": plain["town"].tolist(),
        "day": [f"{one:%d/%m/%Y}" for one in plain["day"]],
    }
    _, notes = of_numbers.predictor.read(other)
    assert notes == []
    assert of_numbers.predictor.predict(other) == pytest.approx(of_numbers.predictor.predict(plain), abs=1e-4)
    other["size"][1] = "large"
    (note,) = of_numbers.predictor.read(other)[1]
    assert "'large'" in note.say("es")


def test_a_file_of_spain_is_learned_as_it_is(tmp_path, simple_models):
    frame = mixed()
    lines = ["tamaño;ciudad;fecha;precio"]
    row: Any
    for row in frame.itertuples():
        size = "s/d" if np.isnan(row.size) else f"{row.size:.4f}".replace(".", ",")
        lines.append(f"{size};{row.town};{row.day:%d/%m/%Y};{row.price:.4f}".replace(".", ","))
    path = tmp_path / "precios.csv"
    path.write_text("\n".join(lines), encoding="cp1252")
    trained = train_table(read_table(path), "precio", TableOptions(language="es"))
    assert [column.kind for column in trained.columns] == ["number", "category", "date"]
    assert judge(trained).joined.score.value == pytest.approx(
        judge(train_table(RawTable(frame), "price")).joined.score.value, abs=0.02
    )
