"""Learning a table: each candidate learns from all folds but one, and predicts that one. Greedy selection
joins those that predict best together, and temperatures make their probabilities honest.

How good the join is, is told by rows on which nothing was chosen: for the rows of a fold, the weights and the
temperatures are chosen on the other folds' predictions alone.
"""

import dataclasses
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from neurona.evaluation.probabilities import best_temperature, log_loss, with_temperature
from neurona.evaluation.splits import Split
from neurona.tabular.baselines import select_ensemble
from neurona.tabular.candidates import Candidate, ConstantModel
from neurona.tabular.columns import Column
from neurona.tabular.encoding import Encoded, TableEncoder

_USEFUL = 2  # candidates after which an interrupted learning keeps what it has
_ASKED = 1000  # rows by which a model that has learned once more is asked for numbers
_FIFTHS = 5  # parts of a single fold
_LEAST = 1e-6  # probability that is kept above 0, so that one surprise does not decide everything


@dataclasses.dataclass
class Trial:
    """How a candidate did.

    Attributes:
        name: of the candidate.
        models: of each fold, that learned from the others.
        temperature: by which the logarithms of its probabilities are divided; 1 for numbers.
        predictions: of the rows that each had not learned from, (rows, outputs); NaN where no fold has a row.
        seconds: of learning and predicting.
        losses: of each fold: log loss, or mean squared error.
    """

    name: str
    models: list[Candidate]
    temperature: float
    predictions: np.ndarray
    seconds: float
    losses: list[float]

    @property
    def loss(self) -> float:
        """The mean over the folds."""
        return float(np.mean(self.losses))


@dataclasses.dataclass
class Member:
    """A candidate that counts.

    Attributes:
        weight: how much.
        models: of each fold.
        temperature: of its probabilities.
    """

    weight: float
    models: list[Candidate]
    temperature: float


@dataclasses.dataclass
class TableModel:
    """The join of candidates: each is the mean of the models of its folds.

    Attributes:
        encoders: of each fold.
        members: by name, the candidates that count.
        temperature: of the join.
        bounds: of the numbers that were learned; None for classes. No prediction is outside.
    """

    encoders: list[TableEncoder]
    members: dict[str, Member]
    temperature: float
    bounds: tuple[float, float] | None

    def predict(self, frame: Any) -> np.ndarray:
        """A number for each row, (rows, 1), or the probability of each class, (rows, classes).

        Raises:
            DataError: a column is missing.
        """
        return self.predict_encoded(self.encode(frame))

    def encode(self, frame: Any) -> list[Encoded]:
        """The numbers of rows, as the models of each fold take them.

        Raises:
            DataError: a column is missing.
        """
        return [encoder.transform(frame) for encoder in self.encoders]

    def predict_encoded(self, encoded: list[Encoded]) -> np.ndarray:
        """The same as `predict`, of rows that `encode` turned into numbers."""
        return self._joined(encoded, range(len(self.encoders)))

    def predict_fold(self, frame: Any, fold: int) -> np.ndarray:
        """The same, by the models of one fold alone, which have not learned from that fold's rows."""
        return self._joined([self.encoders[fold].transform(frame)], [fold])

    def _joined(self, encoded: list[Encoded], folds: Sequence[int]) -> np.ndarray:
        """The weighted mean over the members, of each the mean over folds."""
        joined = 0.0
        for member in self.members.values():
            answers = [
                _finished(member.models[fold].predict(X), member.temperature, self.bounds)
                for fold, X in zip(folds, encoded)
            ]
            joined = joined + member.weight * np.mean(answers, axis=0)
        return _finished(np.asarray(joined), self.temperature, self.bounds)


@dataclasses.dataclass
class Learned:
    """What learning a table gave.

    Attributes:
        trials: of each candidate, the best first.
        predictions: of the join, for rows on which nothing was chosen, (rows, outputs); NaN where no fold
            has a row.
        losses: of the join, in each fold.
        tested: the rows that a fold has.
        folds: rows to learn from, and rows to be tested with.
        judged: the join of the models that predicted the folds.
        model: for new rows: the same; or, where the folds leave out rows, models that have learned once more
            from all rows.
        interrupted: the candidate in which Ctrl-C ended the learning; empty if nothing did.
        diverged: candidates that are left out, since their predictions were not finite.
    """

    trials: list[Trial]
    predictions: np.ndarray
    losses: list[float]
    tested: np.ndarray
    folds: Sequence[Split]
    judged: TableModel
    model: TableModel
    interrupted: str = ""
    diverged: Sequence[str] = ()


def learn_table(
    frame: Any,
    columns: Sequence[Column],
    y: np.ndarray,
    outputs: int,
    folds: Sequence[Split],
    candidates: Mapping[str, Callable[[], Candidate]],
    time_limit: float | None = None,
    tell: Callable[[Trial], None] = lambda trial: None,
    weights: np.ndarray | None = None,
) -> Learned:
    """Learn to predict a column from others.

    Ctrl-C ends the learning with the candidates that are done, if there is one beside the constant.

    Args:
        frame: a pandas DataFrame, or a dictionary of columns.
        columns: to learn from.
        y: numbers, or which class, (rows,).
        outputs: how many classes; 1 for numbers.
        folds: of `k_folds` or `time_folds`.
        candidates: by name, what makes a new one. The constant is always among them.
        time_limit: in seconds; no candidate begins after it, and boosted trees end by it.
        tell: is called when a candidate is done.
        weights: how much each row counts in learning and in what is chosen, above 0, (rows,).

    Raises:
        DataError: no column is left to learn from.

    Source: Caruana et al., Ensemble selection from libraries of models, ICML 2004; Guo et al., On calibration
        of modern neural networks, ICML 2017.

    Example:

        >>> from neurona.evaluation import k_folds
        >>> from neurona.tabular import LinearModel, Note
        >>> x = np.arange(20) / 2
        >>> columns, folds = [Column("x", "number", Note("number"))], k_folds(20, 4)
        >>> learned = learn_table({"x": x}, columns, 3 * x, 1, folds, {"linear": LinearModel})
        >>> learned.model.predict({"x": [4.5]}).round(1).tolist()
        [[13.5]]
    """
    begin = time.perf_counter()
    cells = TableEncoder(columns).values(frame)  # read once, and not for each fold anew
    encoders = [TableEncoder(columns).fit_values(_some(cells, rows)) for rows, _ in folds]
    parts = [
        (encoder.transform_values(_some(cells, rows)), encoder.transform_values(_some(cells, others)))
        for encoder, (rows, others) in zip(encoders, folds)
    ]
    weights = None if weights is None else weights / weights.mean()
    named = {"constant": ConstantModel, **candidates}
    end = np.inf if time_limit is None else begin + time_limit
    trials, interrupted, diverged = _tried(
        named, lambda name: _try(name, named[name], parts, y, outputs, folds, weights, end), end, tell
    )
    learned = _joined(trials, encoders, y, outputs, folds, weights)
    learned = dataclasses.replace(learned, interrupted=interrupted, diverged=diverged)
    if learned.tested.all():
        return learned
    encoder = encoders[-1]
    whole = encoder.transform_values(cells)

    def again(name: str) -> Candidate | None:
        if interrupted or time.perf_counter() > end:
            return None
        model = _limited(named[name](), end, 1).fit(whole, y, outputs, weights)
        return model if np.isfinite(model.predict(whole.rows(np.arange(min(len(y), _ASKED))))).all() else None

    return _refitted(learned, encoder, again)


def _tried(
    names: Iterable[str],
    attempt: Callable[[str], Trial | None],
    end: float,
    tell: Callable[[Trial], None],
) -> tuple[list[Trial], str, list[str]]:
    """The trials of candidates, the one that Ctrl-C ended, and those that are left out."""
    trials: list[Trial] = []
    diverged = []
    for name in names:
        if trials and time.perf_counter() > end:
            break
        try:
            trial = attempt(name)
        except KeyboardInterrupt:
            if len(trials) < _USEFUL:
                raise
            return trials, name, diverged
        if trial is None:
            diverged.append(name)
            continue
        trials.append(trial)
        tell(trial)
    return trials, "", diverged


def _refitted(learned: Learned, encoder: TableEncoder, again: Callable[[str], Candidate | None]) -> Learned:
    """The join of models that have learned from all rows, or else of those of the last fold."""
    members, interrupted = {}, learned.interrupted
    for name, member in learned.judged.members.items():
        model = member.models[-1]
        if not interrupted:
            try:
                model = again(name) or model
            except KeyboardInterrupt:
                interrupted = name
        members[name] = dataclasses.replace(member, models=[model])
    model = dataclasses.replace(learned.judged, encoders=[encoder], members=members)
    return dataclasses.replace(learned, model=model, interrupted=interrupted)


def _some(cells: Mapping[str, np.ndarray], rows: np.ndarray) -> dict[str, np.ndarray]:
    return {name: held[rows] for name, held in cells.items()}


def _try(
    name: str,
    build: Callable[[], Candidate],
    parts: Sequence[tuple[Encoded, Encoded]],
    y: np.ndarray,
    outputs: int,
    folds: Sequence[Split],
    weights: np.ndarray | None,
    end: float,
) -> Trial | None:
    """Let a candidate learn and predict every fold; None where a prediction is not finite."""
    begin = time.perf_counter()
    predictions = np.full((len(y), outputs), np.nan)
    models = []
    for number, ((known, new), (rows, others)) in enumerate(zip(parts, folds)):
        model = _limited(build(), end, len(folds) - number)
        models.append(model.fit(known, y[rows], outputs, _of(weights, rows)))
        said = models[-1].predict(new)
        if not np.isfinite(said).all():
            return None
        predictions[others] = _finished(said, 1.0, _bounds(y[rows], outputs))
    cooled = predictions.copy()
    for rest, chosen in _judges(folds, len(y)):
        temperature = _temperature(y[rest], predictions[rest], _of(weights, rest))
        cooled[chosen] = _finished(predictions[chosen], temperature, None)
    tested = np.isfinite(predictions[:, 0])
    temperature = _temperature(y[tested], predictions[tested], _of(weights, tested))
    losses = [_loss(y[others], cooled[others], _of(weights, others)) for _, others in folds]
    return Trial(name, models, temperature, cooled, time.perf_counter() - begin, losses)


def _limited(model: Candidate, end: float, shares: int) -> Candidate:
    """A candidate that keeps to its share of the time that is left, if it can."""
    if end < np.inf and hasattr(model, "seconds"):
        vars(model)["seconds"] = max(end - time.perf_counter(), 0.0) / shares
    return model


def _judges(folds: Sequence[Split], rows: int) -> list[Split]:
    """Rows by which something is chosen, and rows that judge it: each fold is judged by a choice of the
    others. Where there is one fold, fifths of it take their place.
    """
    parts = [others for _, others in folds]
    if len(parts) == 1:
        order = np.random.default_rng(0).permutation(parts[0])
        parts = np.array_split(order, min(_FIFTHS, len(order)))
    tested = np.unique(np.concatenate(parts))
    return [(np.setdiff1d(tested, part) if len(parts) > 1 else tested, part) for part in parts]


def _joined(
    trials: list[Trial],
    encoders: list[TableEncoder],
    y: np.ndarray,
    outputs: int,
    folds: Sequence[Split],
    weights: np.ndarray | None = None,
) -> Learned:
    """Join trials by greedy selection."""
    predictions = np.full((len(y), outputs), np.nan)
    for rest, chosen in _judges(folds, len(y)):
        shares, temperature = _selected(trials, y, rest, weights)
        predictions[chosen] = _finished(_mixed(trials, shares, chosen), temperature, None)
    tested = np.isfinite(predictions[:, 0])
    losses = [_loss(y[others], predictions[others], _of(weights, others)) for _, others in folds]
    shares, temperature = _selected(trials, y, np.flatnonzero(tested), weights)
    best = min(trials, key=lambda trial: trial.loss)
    if np.mean(losses) > best.loss:  # joined they are no better: the best alone
        shares, temperature = np.array([float(trial is best) for trial in trials]), 1.0
        predictions, losses = best.predictions, best.losses
    members = {
        trial.name: Member(float(share), trial.models, trial.temperature)
        for trial, share in zip(trials, shares)
        if share
    }
    model = TableModel(encoders, members, temperature, _bounds(y, outputs))
    order = sorted(trials, key=lambda trial: trial.loss)
    return Learned(order, predictions, losses, tested, folds, model, model)


def _selected(
    trials: Sequence[Trial], y: np.ndarray, rows: np.ndarray, weights: np.ndarray | None = None
) -> tuple[np.ndarray, float]:
    """The share of each trial and the temperature that predict some rows best."""
    given = [trial.predictions[rows] for trial in trials]
    counted = _of(weights, rows)
    shares = select_ensemble(given, lambda joined: _loss(y[rows], joined, counted))
    return shares, _temperature(y[rows], _mixed(trials, shares, rows), counted)


def _of(weights: np.ndarray | None, rows: np.ndarray) -> np.ndarray | None:
    return None if weights is None else weights[rows]


def _mixed(trials: Sequence[Trial], shares: np.ndarray, rows: np.ndarray) -> np.ndarray:
    return np.tensordot(shares, [trial.predictions[rows] for trial in trials], 1)


def _temperature(y: np.ndarray, predicted: np.ndarray, weights: np.ndarray | None) -> float:
    return 1.0 if predicted.shape[1] == 1 else best_temperature(y, predicted, weights)


def _finished(predicted: np.ndarray, temperature: float, bounds: tuple[float, float] | None) -> np.ndarray:
    """Numbers within their bounds; or probabilities above 0 that sum to 1, after a temperature."""
    if predicted.shape[1] == 1:
        return predicted if bounds is None else np.clip(predicted, *bounds)
    likely = np.clip(predicted, _LEAST, 1)
    likely = likely / likely.sum(axis=1, keepdims=True)
    return likely if temperature == 1 else with_temperature(likely, temperature)


def _bounds(y: np.ndarray, outputs: int) -> tuple[float, float] | None:
    """The least and the greatest number; None for classes."""
    return (float(y.min()), float(y.max())) if outputs == 1 else None


def _loss(y: np.ndarray, predicted: np.ndarray, weights: np.ndarray | None) -> float:
    """Log loss, or the mean squared error."""
    if predicted.shape[1] > 1:
        return log_loss(y, predicted, weights)
    return float(np.average((predicted[:, 0] - y) ** 2, weights=weights))
