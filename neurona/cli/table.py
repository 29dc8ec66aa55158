"""`neurona train FILE --target COLUMN`, and what is done with the predictor that it leaves."""

import csv
import dataclasses
import functools
import json
import re
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import neurona as nn
from neurona.cli.folders import own_folder, print_written
from neurona.cli.main import INTERRUPTED
from neurona.cli.submission import write_submission
from neurona.cli.texts import texts
from neurona.errors import ArgumentError, DataError, optional_import
from neurona.evaluation import write_report
from neurona.language import Figure, spelled
from neurona.preprocessing.files import read_text
from neurona.tabular import (
    Column,
    TableOptions,
    TablePredictor,
    TrainedTable,
    Trial,
    column_worth,
    judge,
    model_name,
    read_table,
    table_figures,
    table_report,
    train_table,
    verdict,
    write_predictions,
)
from neurona.tasks.catalog import DATASETS

PREDICTOR, REPORT, FIGURES = "predictor.zip", "report.html", "report.json"
PREDICTIONS, CONFIG = "predictions.csv", "config.yaml"

_UNITS = {"": 1, "s": 1, "m": 60, "min": 60, "h": 3600}
# Of settings that are no texts.
_KINDS = {
    "columns": dict,
    "drop": list,
    "folds": int,
    "keep": list,
    "models": list,
    "seed": int,
    "time_limit": str | float | int,
}
_SHOWN = 20
_NETWORKS = (".keras", ".h5")


def is_file(given: str) -> bool:
    """Whether a data set is a file or an address of a database, and none of Neurona's."""
    path = Path(given)
    return given not in DATASETS and (
        "://" in given or bool(path.suffix) or len(path.parts) > 1 or path.exists()
    )


def train(
    source: str,
    target: str | None,
    config: Path | None,
    output: Path | None,
    table: str | None,
    **options: Any,
) -> int:
    """Learn a table, and write predictor, report and configuration; returns the exit status.

    Args:
        source: a file, or the address of a database.
        target: the column to predict.
        config: a file that an earlier training wrote, whose settings hold where none are given here.
        output: the folder.
        table: which table of a database, or sheet of a workbook.
        options: those of `TableOptions` that were given; None for others.

    Raises:
        ArgumentError: there is no such column or setting.
        DataError: the table can't be learned.
        FileNotFoundError: there is no such file.
    """
    language = options["language"]
    say = texts(language)
    asked = {"target": target, "table": table, **options}
    settings = {**_settings(config), **{name: one for name, one in asked.items() if one not in (None, [])}}
    target, table = settings.pop("target", None), settings.pop("table", None)
    if "time_limit" in settings:
        settings["time_limit"] = seconds_of(settings["time_limit"])
    raw = read_table(source, table)
    if target is None:
        raise ArgumentError(say["table_target"].format(columns=", ".join(raw.frame)))
    wanted = output or Path("neurona-output") / (Path(source).stem or "table")
    folder = own_folder(wanted, PREDICTOR)
    folder.mkdir(parents=True, exist_ok=True)
    if folder != wanted:
        print(say["folder_taken"].format(wanted=wanted, folder=folder))
    trained = train_table(raw, target, TableOptions(**settings), functools.partial(_tell, language))
    for note in trained.notes:
        print(note.say(language))
    kinds = {column.name: column.kind for column in trained.columns}
    _write_config(folder / CONFIG, {"target": target, "table": table, **settings, "columns": kinds})
    _write(trained, raw.frame, source, folder, language)
    return INTERRUPTED if trained.learned.interrupted else 0


def _tell(language: str, news: list[Column] | Trial) -> None:
    """Print what the columns are, and how a model did."""
    say = texts(language)
    if isinstance(news, Trial):
        name = model_name(news.name, language)
        print(say["table_tried"].format(name=name, loss=news.loss, seconds=news.seconds), flush=True)
        return
    for column in news:
        print(f"  {column.name}: {say[f'table_{column.kind}']} ({column.why.say(language)})", flush=True)


def _write(trained: TrainedTable, frame: Any, source: str, folder: Path, language: str) -> None:
    """Write predictor and report into a folder, and print the verdict and the files."""
    trained.predictor.save(folder / PREDICTOR)
    write_predictions(trained, folder / PREDICTIONS)
    judgement, worth = judge(trained), column_worth(trained, frame)
    figures = table_figures(trained, judgement, worth)
    (folder / FIGURES).write_text(json.dumps(figures, ensure_ascii=False, indent=1), encoding="utf-8")
    again = shlex.join(["neurona", "train", source, "--config", str(folder / CONFIG)])
    report = table_report(trained, judgement, worth, Path(source).name, again, language)
    write_report(report, folder / REPORT)
    print("\n".join(["", *verdict(trained, judgement, language), ""]))
    print_written(folder, (PREDICTOR, REPORT, FIGURES, PREDICTIONS, CONFIG), language)


def seconds_of(text: Any) -> float:
    """Seconds of "90", "60s", "5m" or "1h".

    Raises:
        ArgumentError: it is none of these.

    Example:

        >>> seconds_of("1.5m")
        90.0
    """
    found = re.fullmatch(r"\s*(\d+(?:[.,]\d+)?)\s*([a-z]*)\s*", str(text).lower())
    if found is None or found[2] not in _UNITS:
        raise ArgumentError(f"--time-limit is a time such as 60s, 5m or 1h. Received: {text}")
    return float(found[1].replace(",", ".")) * _UNITS[found[2]]


def _settings(config: Path | None) -> dict[str, Any]:
    """What a configuration says; nothing where there is none.

    Raises:
        ArgumentError: it holds something else than settings.
        MissingDependencyError: YAML can't be read, nor be written in the end.
    """
    yaml = optional_import("yaml", extra="tables", purpose="config.yaml")
    if config is None:
        return {}
    try:
        found = yaml.safe_load(read_text(config))
    except yaml.YAMLError as error:
        raise DataError(f"{config}: this is no YAML: {error}") from error
    known = {field.name for field in dataclasses.fields(TableOptions)} | {"target", "table"}
    if not isinstance(found, Mapping):
        raise ArgumentError(f"{config}: a configuration has lines such as `target: price`.")
    unknown = [name for name in found if name not in known]
    if unknown:
        raise ArgumentError(f"{config}: {unknown[0]!r} is no setting. There are: {', '.join(sorted(known))}")
    settings = {name: value for name, value in found.items() if value is not None}
    for name, value in settings.items():
        if not isinstance(value, _KINDS.get(name, str)):
            raise ArgumentError(f"{config}: {name} can't be {value!r}.")
    return settings


def _write_config(path: Path, settings: Mapping[str, Any]) -> None:
    yaml = optional_import("yaml", extra="tables", purpose="config.yaml")
    plain = {name: list(value) if isinstance(value, tuple) else value for name, value in settings.items()}
    path.write_text(yaml.safe_dump(plain, sort_keys=False, allow_unicode=True), encoding="utf-8")


def is_predictor(model: Path) -> bool:
    """Whether a model is what `neurona train FILE` left: its folder, or the file there."""
    return (model / PREDICTOR).is_file() or model.suffix == ".zip"


def load_predictor(model: Path, command: str, language: str) -> TablePredictor:
    """The predictor that `neurona train FILE` left.

    Args:
        model: its folder, or the file there.
        command: that asks for it, to be told where it is none.
        language: of the message.

    Raises:
        ArgumentError: it is something else.
        FileNotFoundError: there is nothing.
        SavingError: it can't be read.
    """
    if not model.exists():
        raise FileNotFoundError(2, "No such file", str(model))
    if not is_predictor(model):
        is_network = model.suffix in _NETWORKS or (model.is_dir() and any(model.glob("*.keras")))
        key = "table_network" if is_network else "table_no_model"
        raise ArgumentError(texts(language)[key].format(model=model, command=command, file=PREDICTOR))
    return TablePredictor.load(model / PREDICTOR if model.is_dir() else model)


def predict(
    model: Path, files: list[Path], output: Path | None, submission: Path | None, language: str
) -> int:
    """Print the predictions for the rows of tables, and write them into a CSV file if it is asked for, or in
    the form of a submission's sample.

    Raises:
        DataError: a table lacks a column, or the sample has other rows.
        SavingError: the model can't be read.
    """
    say, predictor = texts(language), load_predictor(model, "predict", language)
    header = [predictor.target.column.name, *(str(name) for name in predictor.classes)]
    rows: list[list[Any]] = []
    tables = []
    for file in files:
        tables.append(read_table(file).frame)
        frame, notes = predictor.read(tables[-1])
        for note in notes:
            print(f"{file.name}: {note.say(language)}")
        answers = predictor.predict(frame).tolist()
        likely = predictor.predict_proba(frame).tolist() if predictor.classes else [[]] * len(answers)
        rows += [[answer, *each] for answer, each in zip(answers, likely)]
    for number, (answer, *likely) in enumerate(rows[:_SHOWN], 1):
        number = "" if likely else spelled(Figure(f"{answer:.6g}"), language)
        said = say["class_share"].format(name=answer, share=max(likely)) if likely else number
        print(f"{say['row']} {number}  {said}")
    if len(rows) > _SHOWN:
        print(say["more_rows"].format(count=len(rows) - _SHOWN))
    if submission is not None:
        answers, *likely = zip(*rows)
        names = _names(tables, read_table(submission).frame.columns[0])
        path = write_submission(submission, answers, dict(zip(header[1:], likely)), names, output, say)
        print(say["submission_written"].format(path=path))
    elif output is not None:
        with nn.utils.atomic_path(output) as whole, whole.open("w", encoding="utf-8", newline="") as stream:
            csv.writer(stream).writerows(
                [[say["row"], *header], *([n, *row] for n, row in enumerate(rows, 1))]
            )
        print(say["predictions_written"].format(path=output))
    return 0


def _names(tables: list[Any], column: str) -> list[Any] | None:
    """What all rows have in a column; None where a table lacks it."""
    if any(column not in frame for frame in tables):
        return None
    return [name for frame in tables for name in frame[column]]
