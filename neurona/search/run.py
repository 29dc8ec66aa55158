"""Search: which hyperparameters give the best network."""

import collections
import dataclasses
import itertools
import math
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from neurona.core.errors import ArgumentError, DataError, NeuronaError, suggestion
from neurona.core.random import Stream
from neurona.evaluation.splits import Split, k_folds
from neurona.metrics import direction_of
from neurona.models import Model
from neurona.models.sequential import without_weights
from neurona.search.ensemble import check_model
from neurona.search.importance import importances
from neurona.search.numbers import Structure, structure_of
from neurona.search.places import Places, Runner
from neurona.search.samplers import RandomSampler, Sampler, sampler_of
from neurona.search.space import Dimension, HyperParameters
from neurona.search.trials import Halving, Journal, SearchTrial
from neurona.tracebacks import ends_at_users_line
from neurona.training.batches import ArrayBatches
from neurona.training.checks import rows_in_batch
from neurona.training.compile_metrics import each_metric
from neurona.training.data import batches_of
from neurona.training.model_learner import ModelLearner
from neurona.training.trainer import ready_learner

_PLACES = 128  # trainings at once, at most
_FLOATS = 2**24  # of weights that all of them have, at most
_ASKED = 1024  # trials whose values are drawn at a time
_ASKED_IN_TIME = 64  # the same, where the time is limited and all structures should have their turn
_FROM_OPTUNA = 16  # the same, of a sampler that learns from what it is told
_MOST_CLASSES = 100

Build = Callable[[HyperParameters], Model]


@dataclasses.dataclass
class SearchResult:
    """What a search found.

    Attributes:
        trials: all of them, in order.
        objective: what was searched for.
        less: whether less of it is better.
        space: the `Dimension` of each hyperparameter.
        seconds: of this search.
        interrupted: whether Ctrl-C ended it.
    """

    trials: list[SearchTrial]
    objective: str
    less: bool
    space: dict[str, Dimension]
    seconds: float
    interrupted: bool
    _train: Callable[[SearchTrial], Model]

    @property
    def best(self) -> SearchTrial:
        """The trial with the best value among those that trained longest.

        Raises:
            DataError: no trial has a value.
        """
        known = [trial for trial in self.trials if math.isfinite(trial.value)]
        if not known:
            why = next((f" The first one: {t.why}" for t in self.trials if t.why), "")
            raise DataError(f"search: no trial ended with a finite {self.objective!r}.{why}")
        longest = max(trial.epochs for trial in known)
        at_end = [trial for trial in known if trial.epochs == longest]
        return min(at_end, key=lambda trial: trial.value if self.less else -trial.value)

    def best_model(self) -> Model:
        """The model with the best values, trained on all rows that the search was given."""
        return self._train(self.best)

    def importances(self) -> dict[str, float]:
        """How much each hyperparameter matters, the most first: see `importances`."""
        return importances(self.trials, self.space, self.less)


@ends_at_users_line
def search(
    build: Build,
    x: Any,
    y: Any = None,
    *,
    trials: int | None = None,
    time_limit: float | None = None,
    epochs: int = 10,
    batch_size: int | None = None,
    objective: str = "val_loss",
    folds: int | Sequence[Split] | None = None,
    validation_split: float = 0.2,
    seeds: int = 1,
    halving: int | None = 3,
    sampler: Any = "random",
    storage: Any = None,
    seed: int = 0,
    sample_weight: Any = None,
    tell: Callable[[SearchTrial], None] = lambda trial: None,
) -> SearchResult:
    """Try hyperparameters, and find those with which a network is best on rows that it has not learned from.

    Trials whose models differ only in numbers (learning rate, weight decay, dropout, momentum, label
    smoothing, L1 and L2) are one structure, and train as one compiled program: all at once, or one after
    another through the same program, whichever is measured to be faster. So do the folds and the seeds of a
    trial. Successive halving ends bad trials early, and others take their places in the program.

    The loss of tested rows is without penalties and label smoothing, so that trials can be compared. Where
    folds are of unequal size, all learn from, and are tested with, as many rows as the smallest has.

    Args:
        build: a function of a `HyperParameters` that returns a compiled model. A hyperparameter named
            `"batch_size"` is also the batch size.
        x, y, sample_weight: arrays, as in `Model.fit`.
        trials: how many.
        time_limit: in seconds; a trial that is not over by then does not count.
        epochs: of a whole training.
        batch_size: rows of a step, 32 by default.
        objective: a figure of tested rows, such as `"val_loss"` or `"val_accuracy"`.
        folds: how many, for cross-validation; or (rows to learn from, rows to be tested with) of each; None
            for one part held out.
        validation_split: the share of rows that is held out without folds.
        seeds: trainings of each trial and fold, whose mean counts.
        halving: at a ninth and a third of the epochs one of so many goes on; None to train all to the end.
        sampler: `"random"`; `"optuna"` for its TPE; or a sampler of Optuna.
        storage: a file that keeps the trials, and that a later search goes on from; for Optuna an address
            such as `"sqlite:///search.db"`.
        seed: of values, folds, first weights and order of rows.
        tell: is called with each trial when it is over.

    Raises:
        ArgumentError: an argument is not allowed, or neither `trials` nor `time_limit` is given.
        DataError: the data does not fit the model, or has too few rows.
        SavingError: the storage is of another search.
        MissingDependencyError: Optuna is asked for and not installed.

    Source: Bergstra and Bengio, Random Search for Hyper-Parameter Optimization, JMLR 13, 2012; Li et al., A
        System for Massively Parallel Hyperparameter Tuning, MLSys 2020.

    Example:

        >>> import neurona as nn
        >>> def build(hp):
        ...     model = nn.Sequential([nn.Input((2,)), nn.layers.Dense(1)])
        ...     model.compile(nn.optimizers.Adam(hp.Float("rate", 1e-3, 1, sampling="log")), "mse")
        ...     return model
        >>> x = np.random.default_rng(0).normal(size=(60, 2))
        >>> found = search(build, x, x @ [[2.0], [-1.0]], trials=20, epochs=27)
        >>> found.best.value < 0.5, list(found.best.values)
        (True, ['rate'])
    """
    if trials is None and time_limit is None:
        raise ArgumentError("search: give trials, time_limit, or both.")
    if halving is not None and halving < 2:
        raise ArgumentError(f"search: halving is 2 or more, or None. Received: {halving=}")
    for name, value in (("trials", trials), ("epochs", epochs), ("seeds", seeds)):
        if value is not None and (isinstance(value, bool) or value < 1):
            raise ArgumentError(f"search: {name} is 1 or more. Received: {value!r}")
    batches = batches_of(x, y, sample_weight, batch_size=batch_size)
    if not isinstance(batches, ArrayBatches):
        raise DataError("search takes arrays that fit into memory. It takes no source of batches.")
    splits = _splits(folds, validation_split, batches, seed)
    deadline = math.inf if time_limit is None else time.monotonic() + time_limit
    less = _less(build, batches, objective)
    chosen = sampler_of(sampler, storage, "neurona", less, seed)
    purpose = {
        "epochs": epochs,
        "batch_size": batch_size,
        "objective": objective,
        "folds": len(splits),
        "seeds": seeds,
        "seed": seed,
        "data": batches.digest(),
    }
    journal = Journal(storage if isinstance(chosen, RandomSampler) else None, purpose)
    journal.trials = chosen.past() or journal.trials
    run = _Search(build, batches, splits, seeds, batch_size, objective.removeprefix("val_"), seed)
    run.start(chosen, journal, Halving.of(journal.trials, epochs, halving, 2, less), deadline, tell)
    return run.result(trials, objective, less)


def _splits(folds: Any, share: float, batches: ArrayBatches, seed: int) -> list[Split]:
    rows = batches.order.rows
    if folds is not None and not isinstance(folds, int):
        return [(np.asarray(known), np.asarray(tested)) for known, tested in folds]
    y = batches.host.y
    classes = None
    if isinstance(y, np.ndarray) and y.dtype.kind in "iub" and y.size == rows:
        counts = np.unique(y, return_counts=True)[1]
        enough = folds or 2
        classes = y.reshape(-1) if len(counts) <= _MOST_CLASSES and counts.min() >= enough else None
    if folds is not None:
        return k_folds(rows, folds, classes, seed=seed)
    if not 0 < share < 1:
        raise ArgumentError(f"search: validation_split is above 0 and below 1. Received: {share!r}")
    if rows < 2:
        raise DataError(f"search: there are 2 rows or more. Received: {rows}")
    order = np.random.default_rng(seed).permutation(rows)
    count = min(max(1, round(rows * share)), rows - 1)
    return [(np.sort(order[count:]), np.sort(order[:count]))]


def _less(build: Build, batches: ArrayBatches, objective: str) -> bool:
    """Whether less of a figure is better, as a model with default values tells."""
    model = build(HyperParameters())
    check_model(model, "search")
    ready_learner(model, batches)
    name = objective.removeprefix("val_")
    metrics = {metric.name: metric for metric in each_metric(model.metrics)}
    names = ["loss", *(one for one in metrics if one != "loss")]
    if name not in names:
        known = [f"val_{one}" for one in names]
        raise ArgumentError(
            f"search: the model has no figure {objective!r}.{suggestion(objective, known)} It has: "
            f"{', '.join(known)}"
        )
    direction = direction_of(objective, metrics.get(name))
    if direction not in ("min", "max"):
        raise ArgumentError(f"search can't tell whether more or less of {objective!r} is better.")
    return direction == "min"


@dataclasses.dataclass
class _Candidate:
    """A trial with its model, before and while it trains."""

    trial: SearchTrial
    model: Model
    structure: Structure
    batch_size: int
    epochs: int = 0


class _Group:
    """Candidates of one structure: the model that stands for them, and their places."""

    def __init__(self, learner: ModelLearner, structure: Structure) -> None:
        self.learner, self.structure = learner, structure
        self.places: Places | None = None


class _Search:
    """A search in progress."""

    def __init__(
        self,
        build: Build,
        batches: ArrayBatches,
        splits: list[Split],
        seeds: int,
        batch_size: int | None,
        figure: str,
        seed: int,
    ) -> None:
        self._build, self._batches, self._splits, self._figure = build, batches, splits, figure
        self._seeds, self._batch_size, self._seed = seeds, rows_in_batch(batch_size), seed
        self._groups: dict[Any, _Group] = {}
        self.space: dict[str, Dimension] = {}
        self._began = time.monotonic()

    def start(
        self,
        sampler: Sampler,
        journal: Journal,
        halving: Halving,
        deadline: float,
        tell: Callable[[SearchTrial], None],
    ) -> None:
        """Take what the search works with."""
        self._sampler, self._journal, self._halving = sampler, journal, halving
        self._deadline, self._tell = deadline, tell

    def result(self, trials: int | None, objective: str, less: bool) -> SearchResult:
        """Search, and say what was found."""
        interrupted = False
        try:
            self._run(math.inf if trials is None else trials)
        except KeyboardInterrupt:
            if not self._journal.trials:
                raise
            interrupted = True
        done = sorted(self._journal.trials, key=lambda trial: trial.number)
        if not self.space and done:
            self._made(HyperParameters(values=done[0].values))
        seconds = time.monotonic() - self._began
        return SearchResult(done, objective, less, self.space, seconds, interrupted, self._train_best)

    def _run(self, trials: float) -> None:
        at_random = isinstance(self._sampler, RandomSampler)
        done = {trial.number for trial in self._journal.trials}
        numbers = (number for number in _counting(trials) if number not in done)
        while time.monotonic() < self._deadline:
            many = _ASKED if self._deadline == math.inf else _ASKED_IN_TIME
            asked = list(itertools.islice(numbers, many if at_random else _FROM_OPTUNA))
            if not asked:
                return
            groups: dict[Any, list[_Candidate]] = {}
            for number in asked:
                candidate = self._candidate(number)
                if candidate is not None:
                    text = candidate.structure.text
                    key = (text, candidate.batch_size) if text else number
                    groups.setdefault(key, []).append(candidate)
            for key, candidates in groups.items():
                if not self._run_group(key, candidates):
                    return

    def _candidate(self, number: int) -> _Candidate | None:
        """A trial's model; None where it can't be made, though others could."""
        hp = self._sampler.ask(number)
        trial = SearchTrial(number, hp.values)
        try:
            model = self._described(hp)
        except NeuronaError as error:
            if not self._journal.trials and not self._groups:
                raise
            trial.state, trial.why = "failed", str(error)
            self._finish(trial)
            return None
        size = hp.values.get("batch_size", self._batch_size)
        return _Candidate(trial, model, structure_of(model), rows_in_batch(size))

    def _described(self, hp: HyperParameters) -> Model:
        """A trial's model, without weights where it can do without."""
        try:
            with without_weights():
                return self._made(hp)
        except NeuronaError:  # the user's function asks for weights, or there is something wrong
            return self._made(HyperParameters(values=hp.values))

    def _made(self, hp: HyperParameters) -> Model:
        model = self._build(hp)
        check_model(model, "search")
        self.space.update(hp.space)
        return model

    def _run_group(self, key: Any, candidates: list[_Candidate]) -> bool:
        """Train candidates of one structure; whether all was done before the deadline."""
        group = self._groups.get(key)
        if group is None:
            model = self._made(HyperParameters(values=candidates[0].trial.values))
            group = _Group(ready_learner(model, self._batches), structure_of(model))
            if isinstance(key, tuple):  # else no other will be of this structure
                self._groups[key] = group
        queue = collections.deque(candidates)
        running: dict[int, _Candidate] = {}
        while True:
            self._fill(group, queue, running)
            if not running:
                return True
            assert group.places is not None
            epochs = min(self._halving.next(one.epochs) - one.epochs for one in running.values())
            began = time.monotonic()
            if not group.places.train(epochs, self._deadline):
                return False
            for one in running.values():
                one.epochs += epochs
                one.trial.seconds += (time.monotonic() - began) / len(running)
            self._judge(group.places, running)

    def _fill(
        self, group: _Group, queue: collections.deque[_Candidate], running: dict[int, _Candidate]
    ) -> None:
        """Let candidates take free places."""
        copies = len(self._splits) * self._seeds
        if group.places is None:
            weights = max(1, sum(math.prod(one.shape) for one in group.learner.groups.trainable))
            room = max(1, min(_PLACES, _FLOATS // weights) // copies)
            first = [queue.popleft() for _ in range(min(room, len(queue)))]
            runners = [runner for one in first for runner in self._runners(group, one)]
            group.places = Places(
                group.learner, group.structure, self._batches.device, first[0].batch_size, runners
            )
            running.update(enumerate(first))
            return
        taken, runners = [], []
        for room in range(len(group.places.runners) // copies):
            if room in running:
                continue
            places = range(room * copies, (room + 1) * copies)
            if queue:
                running[room] = queue.popleft()
                taken += places
                runners += self._runners(group, running[room])
            else:
                group.places.idle |= set(places)
        if taken:
            group.places.take(taken, runners)

    def _runners(self, group: _Group, candidate: _Candidate) -> list[Runner]:
        """A candidate's trainings: each fold with each seed."""
        model, slots = candidate.model, candidate.structure.slots
        others: list[Any] = []
        if group.learner.groups.non_trainable:  # what is not drawn, and may be of the user's making
            whole = self._made(HyperParameters(values=candidate.trial.values))
            learner = ready_learner(whole, self._batches)
            others = [variable.value for variable in learner.groups.non_trainable]
        rate = float(model.optimizer.learning_rate) if group.structure.has_rate else None
        numbers = [slot.value for slot in slots]
        return [
            Runner(numbers, rate, self._seed + copy, known, tested, others)
            for known, tested in self._splits
            for copy in range(self._seeds)
        ]

    def _judge(self, places: Places, running: dict[int, _Candidate]) -> None:
        """Note how good the trials are that reached a rung, and end those that do not go on."""
        due = {room: one for room, one in running.items() if one.epochs in self._halving.epochs}
        copies = len(self._splits) * self._seeds
        figures = {name: value.reshape(-1, copies).mean(axis=1) for name, value in places.figures().items()}
        for epochs in sorted({one.epochs for one in due.values()}):
            rooms = [room for room, one in due.items() if one.epochs == epochs]
            values = [float(figures[self._figure][room]) for room in rooms]
            for room, value, goes_on in zip(rooms, values, self._halving.judge(epochs, values)):
                trial = due[room].trial
                trial.rungs[epochs], trial.value, trial.epochs = value, value, epochs
                trial.figures = {name: float(found[room]) for name, found in figures.items()}
                if not goes_on:
                    trial.state = "complete" if epochs == self._halving.epochs[-1] else "stopped"
                    if not math.isfinite(value):
                        trial.state, trial.why = "failed", f"{self._figure} is {value}"
                    self._finish(trial)
                    del running[room]

    def _finish(self, trial: SearchTrial) -> None:
        self._sampler.tell(trial)
        self._journal.add(trial)
        self._tell(trial)

    def _train_best(self, trial: SearchTrial) -> Model:
        host = self._batches.host
        with Stream(self._seed):
            model = self._build(HyperParameters(values=trial.values))
            size = trial.values.get("batch_size", self._batch_size)
            model.fit(
                host.x,
                host.y,
                epochs=trial.epochs,
                batch_size=size,
                sample_weight=host.sample_weight,
                verbose=0,
            )
        return model


def _counting(trials: float) -> Iterable[int]:
    number = 0
    while number < trials:
        yield number
        number += 1
