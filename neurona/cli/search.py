"""`neurona search`: which hyperparameters give the best network for a table."""

import json
import shlex
from pathlib import Path
from typing import Any

from neurona.cli.folders import own_folder, print_written
from neurona.cli.main import INTERRUPTED
from neurona.cli.table import FIGURES, PREDICTOR, REPORT, seconds_of
from neurona.cli.texts import texts
from neurona.errors import ArgumentError
from neurona.evaluation import write_report
from neurona.search import SearchTrial
from neurona.tabular import (
    TableSearchOptions,
    read_table,
    search_table,
    searched_figures,
    searched_report,
    searched_verdict,
)

TRIALS = {"random": "trials.jsonl", "optuna": "trials.db"}


def run(
    *,
    language: str,
    file: str,
    target: str | None,
    table: str | None,
    output: Path | None,
    time_limit: str | None,
    sampler: str,
    **options: Any,
) -> int:
    """Search, and write predictor, trials and report; returns the exit status. A search that was killed goes
    on with its trials.

    Raises:
        ArgumentError: there is no such column or sampler.
        DataError: the table can't be learned.
        SavingError: the folder holds the trials of another search.
        MissingDependencyError: Optuna is asked for and not installed.
    """
    say = texts(language)
    raw = read_table(file, table)
    if target is None:
        raise ArgumentError(say["table_target"].format(columns=", ".join(raw.frame)))
    if sampler not in TRIALS:
        raise ArgumentError(say["search_sampler"].format(sampler=sampler))
    folder, kept = _folder(file, output, sampler, say)
    seconds = seconds_of(time_limit) if time_limit is not None else None
    if seconds is None and options["trials"] is None:
        seconds = TableSearchOptions.time_limit
    given = {name: value for name, value in options.items() if value not in (None, [])}
    storage = kept if sampler == "random" else f"sqlite:///{kept}"
    settings = TableSearchOptions(
        time_limit=seconds, sampler=sampler, storage=storage, language=language, **given
    )
    found = search_table(raw, target, settings, lambda trial: _tell(trial, say))
    asked = [
        "neurona",
        "search",
        file,
        "--target",
        target,
        "--sampler",
        sampler,
        "--seed",
        str(settings.seed),
    ]
    asked += ["--time-limit", time_limit] if time_limit is not None else []
    asked += ["--trials", str(settings.trials)] if settings.trials is not None else []
    found.predictor.save(folder / PREDICTOR)
    figures = json.dumps(searched_figures(found), ensure_ascii=False, indent=1)
    (folder / FIGURES).write_text(figures, encoding="utf-8")
    write_report(searched_report(found, Path(file).name, shlex.join(asked), language), folder / REPORT)
    print("\n".join(["", *searched_verdict(found, language), "", found.code]))
    print_written(folder, (PREDICTOR, REPORT, FIGURES, kept.name), language)
    return INTERRUPTED if found.result.interrupted else 0


def _folder(file: str, output: Path | None, sampler: str, say: Any) -> tuple[Path, Path]:
    """Where all is written, and where the trials are kept, perhaps by a search that was killed."""
    wanted = output or Path("neurona-output") / f"{Path(file).stem or 'table'}-search"
    folder = own_folder(wanted, PREDICTOR)
    folder.mkdir(parents=True, exist_ok=True)
    if folder != wanted:
        print(say["folder_taken"].format(wanted=wanted, folder=folder))
    kept = folder / TRIALS[sampler]
    if kept.exists():
        print(say["search_goes_on"].format(path=kept), flush=True)
    return folder, kept


def _tell(trial: SearchTrial, say: Any) -> None:
    """Print how a trial did."""
    print(
        say[f"search_told_{trial.state}"].format(
            number=trial.number + 1, value=trial.value, epochs=trial.epochs, why=trial.why
        ),
        flush=True,
    )
