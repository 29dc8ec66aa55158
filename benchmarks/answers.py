"""How good are predictions of tables, and what do they cost: `train_table` beside models of scikit-learn.

    .venv/bin/python -m benchmarks.answers [TABLE ...] [--quick]

Housing and its messy twin are split once, 80 to 20; the others are cut into five folds (`KFold` and
`StratifiedKFold`, shuffled, seed 0), and the mean over the folds is told. What is predicted has been seen by
nobody who learns. Each figure comes from a process of its own that learns and predicts with one thread; its
processor time counts from the start to the end, imports and compiling included. The table goes to
`docs/answers.md`.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas
from sklearn import (
    datasets,
    ensemble,
    impute,
    linear_model,
    metrics,
    model_selection,
    pipeline,
    preprocessing,
)
from sklearn.compose import make_column_transformer

from benchmarks.report import FOLDER
from benchmarks.rounds import ROOT
from benchmarks.run import machine
from neurona.tabular import RawTable, TableOptions, train_table

SPLIT_ONCE = {"housing": "california_housing.csv", "messy": "housing_messy.csv"}
PASSENGERS = ["Survived", "Pclass", "Sex", "Age", "SibSp", "Parch", "Fare", "Embarked"]
OF_SCIKIT_LEARN = {"cancer": "breast_cancer", "wine": "wine", "diabetes": "diabetes", "digits": "digits"}
TABLES = (*SPLIT_ONCE, "titanic", *OF_SCIKIT_LEARN)
# Those of scikit-learn, and the models that Neurona's predictors are joined of.
CONTENDERS: dict[str, tuple[str, ...]] = {
    "linear": (),
    "boosted trees": (),
    "Neurona without trees": ("linear", "neighbours", "network"),
    "Neurona": ("linear", "neighbours", "trees", "network"),
    "Neurona with LightGBM": ("linear", "neighbours", "trees", "lightgbm", "network"),
}
_INTRODUCTION = """\
# Predictions of tables

`neurona.tabular.train_table` beside ridge or logistic regression and histogram boosting of scikit-learn, with
their defaults: R2, or the share of right answers, of rows that nobody learned from, and in brackets the
processor seconds of the process, imports and compiling included. Housing and its messy twin: one split, 80 to
20; the others: the mean of five folds. In five folds, of tables of some hundred rows, most differences are
within chance.
"""


def table(name: str) -> tuple[pandas.DataFrame, str, bool]:
    """A table, its target, and whether that is classes."""
    data = Path(os.environ.get("NEURONA_DATA", ROOT.parent / "shared/data"))
    if name in SPLIT_ONCE:
        return pandas.read_csv(data / SPLIT_ONCE[name]), "median_house_value", False
    if name == "titanic":
        return pandas.read_csv(data / "titanic.csv", usecols=PASSENGERS), "Survived", True
    found: Any = getattr(datasets, f"load_{OF_SCIKIT_LEARN[name]}")(as_frame=True)
    return found.frame, "target", name != "diabetes"


def splits(name: str, y: Any, classes: bool) -> list[tuple[np.ndarray, np.ndarray]]:
    """Rows to learn from, and rows to be predicted."""
    if name in SPLIT_ONCE:
        return list(model_selection.ShuffleSplit(1, test_size=0.2, random_state=0).split(y))
    kind = model_selection.StratifiedKFold if classes else model_selection.KFold
    return list(kind(5, shuffle=True, random_state=0).split(y, y))


def peer(contender: str, frame: pandas.DataFrame, classes: bool) -> Any:
    """A pipeline of scikit-learn: numbers scaled, texts as columns of 0 and 1, holes filled."""
    texts = [name for name in frame if frame[name].dtype.kind not in "iufb"]
    numbers = [name for name in frame if name not in texts]
    columns = make_column_transformer(
        (pipeline.make_pipeline(impute.SimpleImputer(), preprocessing.StandardScaler()), numbers),
        (preprocessing.OneHotEncoder(handle_unknown="ignore", sparse_output=False), texts),
    )
    if contender == "linear":
        alphas = 10.0 ** np.arange(-3, 5)
        model: Any = (
            linear_model.LogisticRegression(max_iter=1000) if classes else linear_model.RidgeCV(alphas)
        )
    elif classes:
        model = ensemble.HistGradientBoostingClassifier(random_state=0)
    else:
        model = ensemble.HistGradientBoostingRegressor(random_state=0)
    return pipeline.make_pipeline(columns, model)


def predictions(
    contender: str, known: pandas.DataFrame, new: pandas.DataFrame, target: str, classes: bool
) -> Any:
    """What a contender says of new rows."""
    if not CONTENDERS[contender]:
        rows = known.drop(columns=target)
        return peer(contender, rows, classes).fit(rows, known[target]).predict(new)
    options = TableOptions(task="classification" if classes else "regression", models=CONTENDERS[contender])
    return train_table(RawTable(known), target, options).predictor.predict(new)


def measure(name: str, contender: str, fold: int) -> dict[str, float]:
    """The score in a fold, and the processor seconds of this process."""
    frame, target, classes = table(name)
    rows, others = splits(name, frame[target], classes)[fold]
    known, new = frame.iloc[rows].reset_index(drop=True), frame.iloc[others].reset_index(drop=True)
    truth = new[target].to_numpy()
    said = np.asarray(predictions(contender, known, new, target, classes), truth.dtype)
    used = resource.getrusage(resource.RUSAGE_SELF)
    score = metrics.accuracy_score if classes else metrics.r2_score
    return {"score": float(score(truth, said)), "seconds": used.ru_utime + used.ru_stime}


def run(name: str, contender: str) -> str:
    """The mean score and seconds of `measure`, each fold in a process of its own with one thread."""
    one = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    one["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false"
    found = []
    for fold in range(1 if name in SPLIT_ONCE else 5):
        command = [sys.executable, "-m", "benchmarks.answers", "--measure", name, contender, str(fold)]
        done = subprocess.run(
            command, cwd=ROOT, env={**os.environ, **one}, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise SystemExit(f"{contender} failed on {name}:\n{done.stderr[-2000:]}")
        found.append(json.loads(done.stdout.splitlines()[-1]))
    score, seconds = (np.mean([each[part] for each in found]) for part in ("score", "seconds"))
    return f"{score:.4f} [{seconds:.1f}]"


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.answers", description="Predictions of tables."
    )
    parser.add_argument("tables", nargs="*", metavar="TABLE", help=f"of: {', '.join(TABLES)}")
    parser.add_argument("--quick", action="store_true", help="the wine alone, and nothing written")
    parser.add_argument("--measure", nargs=3, metavar=("TABLE", "CONTENDER", "FOLD"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        name, contender, fold = options.measure
        print(json.dumps(measure(name, contender, int(fold))))
        return
    lines = [["table", *CONTENDERS]]
    for name in ["wine"] if options.quick else options.tables or TABLES:
        lines.append([name, *(run(name, contender) for contender in CONTENDERS)])
        print("  ".join(lines[-1]), flush=True)
    if not options.quick and not options.tables:
        rows = [f"| {' | '.join(line)} |" for line in [lines[0], ["---"] * len(lines[0]), *lines[1:]]]
        about = f"`.venv/bin/python -m benchmarks.answers`, on {machine()}."
        text = "\n\n".join((_INTRODUCTION.strip(), "\n".join(rows), about))
        (FOLDER / "answers.md").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
