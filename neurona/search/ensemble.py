"""Ensemble: K models of one structure, trained at once in one compiled program."""

import copy
from collections.abc import Iterable, Sequence
from typing import Any

import jax
import numpy as np

from neurona.callbacks import CallbackList, History
from neurona.core.errors import ArgumentError, DataError, NonFiniteError, NotBuiltError, suggestion
from neurona.core.random import Stream
from neurona.core.spellings import spelled
from neurona.metrics import direction_of
from neurona.models import Model
from neurona.optimizers.state import LearningRate
from neurona.search.members import Members, MembersBatches, member_of
from neurona.tracebacks import ends_at_users_line, warn
from neurona.training.batches import ArrayBatches, Batches, new_numpy_generator
from neurona.training.checks import rows_in_batch
from neurona.training.class_weights import ClassWeights
from neurona.training.compile_metrics import each_metric
from neurona.training.conversion import count_rows, in_memory, to_numpy
from neurona.training.data import TrainingData, batches_of
from neurona.training.fit import Fit, evaluate
from neurona.training.trainer import learner_of, ready_learner


class Ensemble:
    """K models of one structure, trained at once: the same network from many seeds, or with many learning
    rates.

    One compiled program (`jax.vmap`) trains all members, so that 32 small networks cost little more than one.
    Each ends with the numbers that it would have alone, after `neurona.utils.set_random_seed(seed)`,
    building, compiling and `fit`: it has its own first weights, order of rows and dropout. What is not
    trained (frozen weights, statistics, vocabularies) begins as it is in the model.

    A member whose loss or gradients are no longer finite keeps the weights from before that step and counts
    as NaN from then on; the others go on.

    Args:
        model: compiled; its weights do not matter and do not change.
        seeds: an integer from 0 to 2**32 - 1 for each member.
        learning_rate: a number for each member; None for that of the model's optimizer.

    Raises:
        ArgumentError: a seed or a learning rate is not allowed; two members are equal; the optimizer has a
            schedule.
        NotBuiltError: the model is not compiled.

    Example:

        >>> from neurona.layers import Dense, Input
        >>> from neurona.models import Sequential
        >>> model = Sequential([Input((2,)), Dense(1)])
        >>> model.compile("adam", "mse")
        >>> x = np.random.default_rng(0).normal(size=(64, 2))
        >>> ensemble = Ensemble(model, seeds=range(5), learning_rate=[0.0, 0.01, 0.03, 0.1, 0.3])
        >>> history = ensemble.fit(x, x @ [[2.0], [-1.0]], epochs=30, verbose=0)
        >>> history.history["loss"][-1].shape, ensemble.predict(x).shape
        ((5,), (5, 64, 1))
        >>> ensemble.best("loss").predict(np.ones((1, 2)), verbose=0).round().tolist()
        [[1.0]]
    """

    def __init__(
        self, model: Model, seeds: Iterable[int], learning_rate: Sequence[float] | None = None
    ) -> None:
        check_model(model, "Ensemble")
        self.model = model
        self.seeds = _checked_seeds(seeds)
        self.learning_rate = (
            None if learning_rate is None else _checked_rates(learning_rate, self.seeds, model)
        )
        members = list(zip(self.seeds, self.learning_rate or [None] * len(self)))
        twice = next((number for number, member in enumerate(members) if member in members[:number]), None)
        if twice is not None:
            same = "the same seed" if learning_rate is None else "the same seed and learning rate"
            raise ArgumentError(
                f"Members {members.index(members[twice])} and {twice} have {same}, so they would be the same "
                "model twice."
            )
        self.history: History | None = None
        self._members: Members | None = None
        self._streams = [Stream(seed) for seed in self.seeds]

    def __len__(self) -> int:
        return len(self.seeds)

    @property
    def failures(self) -> dict[int, str]:
        """Why members stopped training, by their numbers; empty when all is well."""
        return dict(self._members.failures) if self._members else {}

    @ends_at_users_line
    @spelled
    def fit(
        self,
        x: Any,
        y: Any = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: Any = "auto",
        validation_split: float = 0.0,
        validation_data: Any = None,
        shuffle: Any = True,
        class_weight: Any = None,
        sample_weight: Any = None,
    ) -> History:
        """Train all members; called again, it goes on.

        Args:
            x, y: arrays, as in `Model.fit`.
            batch_size, epochs, verbose, validation_split, validation_data, class_weight, sample_weight: as in
                `Model.fit`; the progress bar shows means over the members.
            shuffle: whether the rows come in a new order every epoch, another one for each member.

        Returns:
            The `History`: for every figure and epoch an array with an entry per member.

        Raises:
            DataError: the data does not fit the model or the loss, or comes batch by batch.
            NonFiniteError: no member is left.
        """
        data = TrainingData.of(
            x,
            y,
            sample_weight,
            batch_size=batch_size,
            class_weight=ClassWeights.for_loss(class_weight, self.model.loss),
            validation_split=validation_split,
            validation_data=validation_data,
            validation_batch_size=batch_size,
        )
        arrays = _in_memory("fit", data.train)
        if data.validation is not None:
            _in_memory("fit", data.validation)
        built = all(layer.built for layer in self.model._flatten_layers())
        # The order in which `fit` draws: a model that is not built yet draws its weights after the order of
        # rows.
        generators = [] if built else self._generators()
        members = self._prepared(arrays)
        batches = MembersBatches(arrays.host, batch_size, shuffle, generators or self._generators())
        data = TrainingData(batches, data.validation)
        fit = Fit(members, data, None, model=members, epochs=epochs, verbose=verbose)
        self.history, failed = fit.history, set(members.failures)
        fit.run()
        self._report(failed)
        return self.history

    @ends_at_users_line
    def evaluate(
        self, x: Any, y: Any = None, batch_size: int | None = None, sample_weight: Any = None
    ) -> dict[str, np.ndarray]:
        """The loss and the metrics of every member on data that is not trained on: {name: (K,)}.

        Args:
            x, y, sample_weight: arrays, as in `Model.evaluate`.
            batch_size: rows at a time, 32 by default.

        Raises:
            DataError: the data does not fit the model or the loss, or comes batch by batch.
        """
        arrays = _in_memory("evaluate", batches_of(x, y, sample_weight, batch_size=batch_size))
        members = self._prepared(arrays)
        return evaluate(members, arrays, CallbackList(model=members))

    @ends_at_users_line
    def predict(self, x: Any, batch_size: int | None = None) -> Any:
        """The outputs of every member, (K, rows, ...), as NumPy arrays; `.mean(axis=0)` is the ensemble's
        vote.

        Args:
            x: arrays, as in `Model.predict`.
            batch_size: rows at a time, 32 by default.
        """
        members, x = self._trained("predict"), in_memory(to_numpy(x, "x"))
        rows, size = count_rows(x, "x"), rows_in_batch(batch_size)

        def outputs_from(start: int) -> Any:
            return members.predict(jax.tree.map(lambda leaf: leaf[start : start + size], x))

        parts = [outputs_from(start) for start in range(0, rows, size)]
        return jax.tree.map(lambda *leaves: np.concatenate(leaves, axis=1), *parts)

    @property
    def models(self) -> Sequence[Model]:
        """The members as ordinary models: copies with each member's weights and optimizer, to look at, save
        or train further.
        """
        return _Models(self)

    def best(self, monitor: str = "val_loss", mode: str = "auto") -> Model:
        """The member whose figure was best at the end of the last `fit`, as an ordinary model.

        Args:
            monitor: a figure's name in the history.
            mode: `"min"` if less is better, `"max"` if more is, `"auto"` to ask the metric.

        Raises:
            ArgumentError: there is no such figure, or its direction is not known.
        """
        self._trained("best")
        figures = self.history.history if self.history is not None else {}
        if monitor not in figures:
            raise ArgumentError(
                f"The history has no figure {monitor!r}.{suggestion(monitor, figures)} It has: "
                f"{', '.join(figures)}."
            )
        name = monitor.removeprefix("val_")
        metrics = [metric for metric in each_metric(self.model.metrics) if metric.name == name]
        direction = direction_of(monitor, metrics[0] if metrics else None) if mode == "auto" else mode
        if direction not in ("min", "max"):
            raise ArgumentError(
                f"best() can't tell whether more or less of {monitor!r} is better: pass mode='max' or "
                "mode='min'."
            )
        values = figures[monitor][-1]
        return self.models[int(np.nanargmin(values) if direction == "min" else np.nanargmax(values))]

    def _generators(self) -> list[np.random.Generator]:
        """A new generator for each member's order of rows."""
        generators = []
        for stream in self._streams:
            with stream:
                generators.append(new_numpy_generator())
        return generators

    def _prepared(self, batches: ArrayBatches) -> Members:
        """The members, once the model is known to fit the data."""
        learner = ready_learner(self.model, batches)
        if self._members is None:
            self._members = Members(learner, self._streams, self.learning_rate)
        return self._members

    def _trained(self, method: str) -> Members:
        if self._members is None:
            raise NotBuiltError(f"Call fit() before {method}(): the members have no weights yet.")
        return self._members

    def _report(self, known: set[int]) -> None:
        """Tell of the members that failed, beside those known before."""
        new = {member: reason for member, reason in self.failures.items() if member not in known}
        if not new:
            return
        first = min(new)
        rate = "" if self.learning_rate is None else f", learning rate {self.learning_rate[first]:g}"
        text = f"Member {first} (seed {self.seeds[first]}{rate}): {new[first]}"
        if len(self.failures) == len(self):
            raise NonFiniteError(f"No member is left. {text}")
        warn(
            f"{len(new)} of {len(self)} members failed and count as NaN from there on: {sorted(new)}. "
            f"{text} "
            "`ensemble.failures` holds all reasons."
        )


def _in_memory(method: str, batches: Batches) -> ArrayBatches:
    if not isinstance(batches, ArrayBatches):
        raise DataError(
            f"Ensemble.{method} takes arrays that fit into memory, because every member reads them in "
            "another "
            "order. It takes no source of batches and no memory-mapped arrays."
        )
    return batches


class _Models(Sequence[Model]):
    """The members as ordinary models, each made when it is asked for."""

    def __init__(self, ensemble: Ensemble) -> None:
        self._ensemble, self._members = ensemble, ensemble._trained("models")

    def __len__(self) -> int:
        return len(self._ensemble)

    def __getitem__(self, number: Any) -> Any:
        if isinstance(number, slice):
            return [self[index] for index in range(*number.indices(len(self)))]
        number = range(len(self))[number]
        ensemble, members = self._ensemble, self._members
        model = copy.deepcopy(ensemble.model)
        members.give_to(learner_of(model), number)
        if ensemble.learning_rate is not None:
            model.optimizer.learning_rate = ensemble.learning_rate[number]
        if ensemble.history is not None:
            model.history = History()
            model.history._set_state(
                {
                    "epoch": ensemble.history.epoch,
                    "history": {
                        name: [member_of(value, number).tolist() for value in values]
                        for name, values in ensemble.history.history.items()
                    },
                }
            )
        return model


def check_model(model: Any, owner: str) -> None:
    """Refuse what can't be trained many times in one program.

    Args:
        model: of the user.
        owner: what is asked for, such as `"Ensemble"`.

    Raises:
        ArgumentError: it is no model, or one whose training is no pure function of its rows.
        NotBuiltError: it is not compiled.
    """
    if not isinstance(model, Model):
        raise ArgumentError(f"{owner} takes a model, such as Sequential([...]). Received: {model!r}")
    if not model.compiled:
        raise NotBuiltError(f"Call compile(optimizer=..., loss=...) on the model before {owner} takes it.")
    if model.run_eagerly:
        raise ArgumentError(
            f"{owner} trains in one compiled program: compile the model without run_eagerly=True."
        )
    if any(layer._is_stateful for layer in model._flatten_layers()):
        raise ArgumentError(
            f"{owner} can't train a model with a stateful layer, whose state follows the order of its "
            f"batches."
        )
    if any(tensor.dtype == "string" for tensor in model.inputs or ()):
        raise ArgumentError(
            f"{owner} trains in one compiled program, which has no texts: make numbers of them first, "
            "x = vectorize(texts), and take the model that follows."
        )


def _checked_seeds(seeds: Any) -> list[int]:
    if not isinstance(seeds, Iterable) or isinstance(seeds, str):
        raise ArgumentError(f"seeds holds an integer for each member, such as range(5). Received: {seeds!r}")
    checked = list(seeds)
    for seed in checked:
        if not isinstance(seed, (int, np.integer)) or isinstance(seed, bool) or not 0 <= seed < 2**32:
            raise ArgumentError(f"A seed is an integer from 0 to 2**32 - 1. Received: {seed!r}")
    if not checked:
        raise ArgumentError("An ensemble has at least one member: seeds is empty.")
    return [int(seed) for seed in checked]


def _checked_rates(rates: Any, seeds: list[int], model: Model) -> list[float]:
    if model.optimizer is None or not isinstance(model.optimizer.learning_rate, LearningRate):
        raise ArgumentError(
            "learning_rate can't be given for each member where the model's optimizer follows a schedule, or "
            "where the model learns by a rule without an optimizer."
        )
    if not isinstance(rates, Iterable):
        raise ArgumentError(
            "learning_rate holds a number for each member; one for all is the optimizer's. Received: "
            f"{rates!r}"
        )
    checked = [float(rate) for rate in rates]
    if len(checked) != len(seeds):
        raise ArgumentError(
            f"learning_rate needs a number for each of the {len(seeds)} seeds. Received {len(checked)}."
        )
    wrong = next((rate for rate in checked if not rate >= 0 or np.isinf(rate)), None)
    if wrong is not None:
        raise ArgumentError(f"A learning rate is a finite number, at least 0. Received: {wrong!r}")
    return checked
