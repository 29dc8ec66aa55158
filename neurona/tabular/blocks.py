"""Blocks of the reports of tables."""

import dataclasses
import platform
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from neurona._version import __version__
from neurona.core.errors import MissingDependencyError
from neurona.evaluation import Picture, Table, calibration
from neurona.language import Figure
from neurona.plotting import plot_confusion_matrix, plot_residuals, png
from neurona.tabular.checks import Check
from neurona.tabular.target import Target

MOST = 30  # columns, and classes, that are shown
_WORST = 20

Section = tuple[str, Sequence[Table | Picture | str | bytes]]
Say = Mapping[str, str]


def shown(value: float, digits: int = 4) -> str:
    """A number with so many digits that count, and no power of ten.

    Example:

        >>> shown(36508.07), shown(0.00012345), shown(2.0)
        ('36510', '0.0001234', '2')
    """
    return Figure(np.format_float_positional(value, digits, unique=False, fractional=False, trim="-"))


def score_text(value: float, low: float, high: float) -> str:
    """A share with its interval.

    Example:

        >>> score_text(0.8312, 0.8, 0.86)
        '83.1% (80.0% – 86.0%)'
    """
    return Figure(f"{value:.1%} ({low:.1%} – {high:.1%})")


def figures_section(
    target: Target, figures: Any, truth: np.ndarray, predicted: np.ndarray, say: Say, language: str | None
) -> Section:
    """The figures of each class with the confusion matrix; or of numbers, with predicted beside true ones.

    Args:
        target: what is predicted.
        figures: `Classification` or `Regression`.
        truth: numbers, or which class, (rows,).
        predicted: (rows, outputs).
        say, language: the texts, and of which language.
    """
    classes, blocks = target.classes, []
    if not classes:
        values = dataclasses.asdict(figures)
        rows = [(name.upper(), shown(values[name])) for name in ("r2", "mae", "rmse")]
        blocks.append(Table([say["figures"], ""], rows))
    else:
        header = [say[name] for name in ("class", "precision", "recall", "f1", "support")]
        blocks.append(Table(header, [dataclasses.astuple(one) for one in figures.classes[:MOST]]))
    try:
        if not classes:
            drawn = plot_residuals(truth, predicted, name=target.column.name, language=language)
            words = say["residuals_alternative"], say["residuals_meaning"]
        elif len(classes) <= MOST:
            names = [str(name) for name in classes]
            drawn = plot_confusion_matrix(figures.matrix, names, language=language)
            words = say["confusion_alternative"].format(classes=len(classes)), say["confusion_meaning"]
        else:
            return say["per_class"], blocks
        blocks.append(Picture(png(drawn), *words))
    except MissingDependencyError as error:
        blocks.append(str(error))
    return say["per_class"] if classes else say["figures"], blocks


def calibration_sections(truth: np.ndarray, predicted: np.ndarray, say: Say) -> list[Section]:
    """Whether probabilities are kept; nothing for numbers."""
    if predicted.shape[1] == 1:
        return []
    found = calibration(truth, predicted)
    rows = [
        (float(promised), float(kept), int(count))
        for promised, kept, count in zip(found.promised, found.kept, found.counts)
    ]
    table = Table([say["promised"], say["kept"], say["support"]], rows)
    return [(say["calibration"], [table, say["calibration_meaning"].format(error=found.error)])]


def worst_section(
    places: np.ndarray, truth: np.ndarray, found: np.ndarray, classes: Sequence[Any], say: Say
) -> Section:
    """The rows that are predicted worst.

    Args:
        places: of the rows in their table, from 0.
        truth, found: their targets and predictions, (rows,) and (rows, outputs).
        classes: what is told apart; empty where numbers are predicted.
        say: the texts.
    """
    places, names = places + 1, [str(name) for name in classes]
    if classes:
        sure = found[np.arange(len(truth)), truth]
        rows = [
            (int(places[row]), names[int(truth[row])], names[int(found[row].argmax())], float(sure[row]))
            for row in np.argsort(sure, kind="stable")[:_WORST]
        ]
        return say["worst"], [
            Table([say[name] for name in ("row", "truth", "predicted", "probability")], rows)
        ]
    away = found[:, 0] - truth
    rows = [
        (
            int(places[row]),
            shown(float(truth[row]), 6),
            shown(float(found[row, 0]), 6),
            shown(float(away[row])),
        )
        for row in np.argsort(-np.abs(away), kind="stable")[:_WORST]
    ]
    return say["worst"], [Table([say[name] for name in ("row", "truth", "predicted", "error")], rows)]


def checks_section(checks: Sequence[Check], say: Say, language: str | None) -> Section:
    """What is doubtful."""
    rows = [
        (say[f"check_{check.name}"], say["passed"] if check.why is None else check.why.say(language))
        for check in checks
    ]
    return say["checks"], [Table([say["check"], say["result"]], rows)]


def again_section(command: str, say: Say) -> Section:
    """The command that makes it again, and the versions."""
    versions = f"neurona {__version__}, Python {platform.python_version()}, {platform.platform()}"
    return say["reproduce"], [f"{command}\n".encode(), versions]
