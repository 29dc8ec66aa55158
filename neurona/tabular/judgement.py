"""How good a trained table is, with intervals: figures of each model, their differences, and what each column
is worth.
"""

import dataclasses
from typing import Any

import numpy as np
from scipy import special

from neurona.evaluation.classification import Classification, classification_figures
from neurona.evaluation.probabilities import log_loss
from neurona.evaluation.regression import Regression, regression_figures
from neurona.evaluation.uncertainty import (
    Interval,
    bootstrap_interval,
    compare_predictions,
)
from neurona.tabular.target import Target
from neurona.tabular.training import TrainedTable

SIMPLE = ("constant", "linear", "neighbours")  # models that a network has to beat

_MOST = 1000  # rows of a fold that are permuted
_REPEATS = 3


@dataclasses.dataclass(frozen=True)
class Standing:
    """A model among the others.

    Attributes:
        name: of the model; `"joined"` for the join.
        score: the share of rows that are right, or R2, of rows that it has not learned from.
        loss: log loss, or the root of the mean squared error.
        weight: in the join.
        seconds: of learning and predicting.
    """

    name: str
    score: Interval
    loss: float
    weight: float
    seconds: float


@dataclasses.dataclass(frozen=True)
class Worth:
    """What a column is worth: how much the loss grows when its cells are shuffled.

    Attributes:
        name: of the column.
        mean, spread: over the folds and the shufflings.
    """

    name: str
    mean: float
    spread: float


@dataclasses.dataclass(frozen=True)
class Judgement:
    """How good a trained table is, by rows on which nothing was chosen.

    Attributes:
        standings: of the join and of each model, the best first.
        figures: of the join.
        simple: the best simple model.
        p_value: how often chance alone makes the join differ as much from it; 1 where they are the same.
        probabilities: of the rows that were tested, or their numbers, (rows, outputs).
        truth: of these rows.
    """

    standings: list[Standing]
    figures: Classification | Regression
    simple: Standing
    p_value: float
    probabilities: np.ndarray
    truth: np.ndarray

    @property
    def joined(self) -> Standing:
        """The join."""
        return next(one for one in self.standings if one.name == "joined")


def judge(trained: TrainedTable) -> Judgement:
    """Compare the join with each model, on rows on which nothing was chosen.

    Scores have BCa intervals. The join and the best simple model are compared by McNemar's exact test, or for
    numbers by the mean difference of their squared errors.

    Source: Efron, Better bootstrap confidence intervals, 1987; McNemar, Note on the sampling error of the
        difference between correlated proportions or percentages, 1947.

    Example:

        >>> import pandas
        >>> from neurona.tabular import RawTable, TableOptions, train_table
        >>> x = np.arange(60.0)
        >>> table = RawTable(pandas.DataFrame({"x": x % 7, "y": x % 7 + x // 30}))
        >>> judge(train_table(table, "y", TableOptions(time_limit=0))).simple.name
        'constant'
    """
    learned = trained.learned
    rows = np.flatnonzero(learned.tested)
    truth, joined = trained.y[rows], learned.predictions[rows]
    members = learned.model.members
    standings = [_standing("joined", joined, truth, 1.0, sum(one.seconds for one in learned.trials))]
    for trial in learned.trials:
        weight = members[trial.name].weight if trial.name in members else 0.0
        standings.append(_standing(trial.name, trial.predictions[rows], truth, weight, trial.seconds))
    standings.sort(key=lambda one: (one.loss, one.name != "joined"))
    simple = next(one for one in standings if one.name in SIMPLE)
    other = next(trial for trial in learned.trials if trial.name == simple.name).predictions[rows]
    figures = figures_of(trained.predictor.target, truth, joined)
    return Judgement(standings, figures, simple, paired_p_value(truth, joined, other), joined, truth)


def figures_of(target: Target, truth: np.ndarray, predicted: np.ndarray) -> Classification | Regression:
    """The figures of predictions, (rows, outputs)."""
    if not target.classes:
        return regression_figures(truth, predicted)
    return classification_figures(truth, predicted.argmax(axis=1), [str(name) for name in target.classes])


def _standing(name: str, predicted: np.ndarray, truth: np.ndarray, weight: float, seconds: float) -> Standing:
    return Standing(name, score_interval(truth, predicted), _loss(truth, predicted), weight, seconds)


def score_interval(truth: np.ndarray, predicted: np.ndarray) -> Interval:
    """The share of rows that are right, or R2, with its BCa interval.

    Example:

        >>> score_interval(np.arange(9.0), np.arange(9.0)[:, None]).value
        1.0
    """
    if predicted.shape[1] > 1:
        return bootstrap_interval(np.mean, predicted.argmax(axis=1) == truth)

    def r2(truth: np.ndarray, predicted: np.ndarray) -> float:
        return 1 - float(np.mean((truth - predicted) ** 2)) / max(float(truth.var()), 1e-300)

    return bootstrap_interval(r2, truth, predicted[:, 0])


def row_losses(truth: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """The logarithm of each row's probability with the sign changed, or its squared error, (rows,)."""
    if predicted.shape[1] == 1:
        return (predicted[:, 0] - truth) ** 2
    return -np.log(np.clip(predicted[np.arange(len(truth)), truth], np.finfo(float).eps, 1))


def mean_loss(losses: np.ndarray, is_number: bool) -> float:
    """Log loss, or the root of the mean squared error, of `row_losses`."""
    return float(np.sqrt(np.mean(losses)) if is_number else np.mean(losses))


def loss_interval(truth: np.ndarray, predicted: np.ndarray) -> Interval:
    """Log loss, or the root of the mean squared error, with its BCa interval.

    Example:

        >>> loss_interval(np.arange(9.0), np.arange(9.0)[:, None] + 2).value
        2.0
    """
    is_number = predicted.shape[1] == 1
    return bootstrap_interval(lambda losses: mean_loss(losses, is_number), row_losses(truth, predicted))


def paired_p_value(truth: np.ndarray, first: np.ndarray, second: np.ndarray) -> float:
    """How often chance alone makes two models differ as much: McNemar's test, or for numbers the normal law
    of the mean difference of squared errors.

    Args:
        truth: numbers, or which class, (rows,).
        first, second: predictions of two models, (rows, outputs).
    """
    if first.shape[1] > 1:
        return compare_predictions(first.argmax(axis=1) == truth, second.argmax(axis=1) == truth).p_value
    apart = (first[:, 0] - truth) ** 2 - (second[:, 0] - truth) ** 2
    if not apart.any():
        return 1.0
    return float(special.erfc(abs(apart.mean()) / (apart.std() / np.sqrt(len(apart))) / np.sqrt(2)))


def column_worth(trained: TrainedTable, frame: Any, seed: int = 0) -> list[Worth]:
    """What each column is worth, the most first: the loss of the rows of a fold when the column's cells are
    shuffled among them, less their loss as they are. Columns that say the same share what they are worth.

    Args:
        trained: of `train_table`.
        frame: the table that it learned from.
        seed: of the shuffling.

    Source: Breiman, Random forests, Machine Learning 45, 2001.

    Example:

        >>> import pandas
        >>> from neurona.tabular import RawTable, TableOptions, train_table
        >>> x = np.arange(60.0)
        >>> table = RawTable(pandas.DataFrame({"x": x % 7, "y": x % 7 + x // 30}))
        >>> trained = train_table(table, "y", TableOptions(time_limit=0))
        >>> [one.mean for one in column_worth(trained, table.frame)]
        [0.0]
    """
    random = np.random.default_rng(seed)
    grown: dict[str, list[float]] = {column.name: [] for column in trained.predictor.columns}
    frame, model = frame.iloc[trained.rows], trained.learned.judged
    for fold, (_, others) in enumerate(trained.learned.folds):
        rows = random.permutation(others)[:_MOST]
        cells = {name: frame[name].iloc[rows] for name in grown}
        before = _loss(trained.y[rows], model.predict_fold(cells, fold))
        for name in grown:
            for _ in range(_REPEATS):
                mixed = {**cells, name: cells[name].iloc[random.permutation(len(rows))]}
                grown[name].append(_loss(trained.y[rows], model.predict_fold(mixed, fold)) - before)
    found = [Worth(name, float(np.mean(more)), float(np.std(more))) for name, more in grown.items()]
    return sorted(found, key=lambda one: -one.mean)


def _loss(truth: np.ndarray, predicted: np.ndarray) -> float:
    """Log loss, or the root of the mean squared error."""
    if predicted.shape[1] > 1:
        return log_loss(truth, predicted)
    return float(np.sqrt(np.mean((predicted[:, 0] - truth) ** 2)))
