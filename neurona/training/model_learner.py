"""ModelLearner: a model as what a fit trains."""

import contextlib
import operator
from collections.abc import Iterator
from typing import Any, NamedTuple, NoReturn

import jax
import numpy as np

from neurona.core.layer import Layer
from neurona.core.random import new_key
from neurona.core.variable import Variable, values_of
from neurona.metrics import Metric
from neurona.training.compile_metrics import each_metric
from neurona.training.conversion import Batch, Whole
from neurona.training.diagnosis import raise_non_finite
from neurona.training.identity import identity_of
from neurona.training.learner import ChunkSizer
from neurona.training.placement import Placement
from neurona.training.program import EpochsResult, Program, RunResult
from neurona.training.programs import program_for
from neurona.training.step import TrainingState


class VariableGroups(NamedTuple):
    """A model's variables in the order of `TrainingState`."""

    trainable: list[Variable]
    non_trainable: list[Variable]
    metrics: list[Variable]

    @property
    def identity(self) -> list[list[int]]:
        """Equal for groups of the same variables."""
        return [[id(variable) for variable in group] for group in self]


class ModelLearner:
    """A compiled model as what a fit trains: its variables, its programs and what it has learned so far.

    Args:
        model: a compiled model.
    """

    def __init__(self, model: Any) -> None:
        self.model = model
        self.steps_trained = 0
        self.stops_quietly_on_nan = False
        self.has_advised = False  # warnings come once after compile
        self.random_key: Any = None
        self.groups = VariableGroups([], [], [])
        self.initial_metrics: list[Any] = []
        self._program: Program | None = None
        self._program_signature: Any = None
        self._program_options: list[Any] = []
        self._structure_version: int | None = None
        self._has_bound_rule = False
        self._sizers: dict[tuple[str, int], ChunkSizer] = {}

    @property
    def steps_per_execution(self) -> int:
        return self.model.steps_per_execution

    @property
    def stop_training(self) -> bool:
        return self.model.stop_training

    @stop_training.setter
    def stop_training(self, stop: bool) -> None:
        self.model.stop_training = stop

    @property
    def stop_evaluating(self) -> bool:
        return self.model.stop_evaluating

    @stop_evaluating.setter
    def stop_evaluating(self, stop: bool) -> None:
        self.model.stop_evaluating = stop

    def prepare(self) -> None:
        """Find the variables of a built model, and the state of rule and metrics for them."""
        if self.random_key is None:
            self.random_key = new_key()
        self._find_variables()

    @property
    def is_outdated(self) -> bool:
        """Whether a layer has changed since the variables were found."""
        return self._structure_version != Layer._structure_version

    def _find_variables(self) -> None:
        """Group the variables as `trainable` says now.

        Walking through the layers takes longer than a small epoch, so it is done once for a fit, and again
        where a layer has changed since.
        """
        model = self.model
        if not self._has_bound_rule:
            model._rule.bind(model)
            self._has_bound_rule = True
        trained = model._trained_variables()
        moved = set(trained)
        others = [one for one in model.variables if one not in moved]
        groups = VariableGroups(trained, [*others, *model._rule.variables], model.metrics_variables)
        model._rule.prepare(model, groups.trainable)
        if [id(variable) for variable in groups.metrics] != [
            id(variable) for variable in self.groups.metrics
        ]:
            model.reset_metrics()
            self.initial_metrics = [variable.value for variable in groups.metrics]
        self.groups, self._structure_version = groups, Layer._structure_version
        self._resets_plainly = all(_resets_to_constants(metric) for metric in each_metric(model.metrics))

    def __getstate__(self) -> dict[str, Any]:
        """Without programs and devices, which belong to this process."""
        return {
            **vars(self),
            "random_key": None if self.random_key is None else jax.random.key_data(self.random_key),
            "_program": None,
            "_program_signature": None,
            "_program_options": [],
            "_structure_version": None,
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        if self.random_key is not None:
            self.random_key = jax.random.wrap_key_data(self.random_key)

    # What a fit asks for.

    def training_state(self) -> TrainingState:
        trainable, others, metrics = map(values_of, self.groups)
        return TrainingState(trainable, others, self.model._rule.state_of(self.model), metrics)

    def load_training_state(self, state: TrainingState) -> None:
        for variables, values in zip(self.groups, (state.trainable, state.non_trainable, state.metrics)):
            for variable, value in zip(variables, values):
                variable.take(value)
        self.model._rule.load_state(self.model, state.optimizer)

    def steps(self) -> "ModelSteps":
        if self.is_outdated:  # a callback may have frozen a layer
            self._find_variables()
        return ModelSteps(self, self.program())

    def program(self) -> Program:
        """The compiled program; another one where what it depends on has changed, such as a schedule."""
        rule, placement = self.model._rule, Placement.current()
        options = [self.groups, placement, rule, *rule.options_of(self.model)]
        if self._program is None or not _are_the_same(options, self._program_options):
            signature = rule.structure_of(self.model), placement.structure, self.groups.identity[:2]
            if self._program is None or signature != self._program_signature:
                self._program, self._program_signature = program_for(self.model), signature
            self._program_options = options
        return self._program

    def forget_programs(self) -> None:
        """Find the program anew, because the model has got other layers."""
        self._program = None

    def reset_metrics(self) -> None:
        if self._resets_plainly:  # from arrays, because small fits are many epochs
            for variable, value in zip(self.groups.metrics, self.initial_metrics):
                variable.take(value)
        else:
            self.model.reset_metrics()

    @contextlib.contextmanager
    def kept_metrics(self) -> Iterator[None]:
        """Put the metrics back afterwards: an evaluation within an epoch leaves the epoch's figures alone."""
        kept = [(variable, variable.value) for variable in self.groups.metrics]
        yield
        for variable, value in kept:
            variable.take(value)

    def chunk_sizer(self, kind: str, rows: int) -> ChunkSizer:
        return self._sizers.setdefault((kind, rows), ChunkSizer())

    def fuses_epochs(self, rows: int, many: bool) -> bool:
        model = self.model
        own_step = model._own_step("train") or model._own_step("test")
        return self._resets_plainly and not model.run_eagerly and own_step is None

    def check_targets(self, batch: Batch) -> None:
        self.model._check_targets(batch)

    def explain_non_finite(
        self, state: TrainingState, batch: Batch, number: int, shown_step: int, rows: np.ndarray | None
    ) -> NoReturn:
        raise_non_finite(self.model, state, batch, self.random_key, number, shown_step, rows)

    def gradients(self, batch: Batch) -> dict[str, jax.Array]:
        """The gradients of a batch's loss at the weights of now, by the paths of the weights."""
        state = self.training_state()
        number = np.int32(self.steps_trained)
        found = self.program().gradients(self.model, state, batch, self.random_key, number)
        return dict(zip((variable.path for variable in self.groups.trainable), found, strict=True))

    def identity(self) -> dict[str, str]:
        return identity_of(self.model)

    def finish(self) -> None:
        self.model._rule.finish(self.model, self.groups.trainable)


class ModelSteps:
    """The compiled steps of a model."""

    def __init__(self, learner: ModelLearner, program: Program) -> None:
        self._model, self._key, self._program = learner.model, learner.random_key, program
        self._eagerly = learner.model.run_eagerly

    def train(
        self, state: TrainingState, data: Batch | Whole, order: Any, first_step: Any, start: Any, stop: Any
    ) -> RunResult:
        with jax.disable_jit(self._eagerly):
            return self._program.train(self._model, state, data, order, self._key, first_step, start, stop)

    def test(
        self, state: TrainingState, data: Batch | Whole, order: Any, first_step: Any, start: Any, stop: Any
    ) -> RunResult:
        with jax.disable_jit(self._eagerly):
            return self._program.test(self._model, state, data, order, self._key, first_step, start, stop)

    def train_epochs(
        self,
        state: TrainingState,
        initial_metrics: list[Any],
        data: Batch,
        orders: list[Any],
        validation: Any,
        first_step: Any,
        count: Any,
    ) -> EpochsResult:
        return self._program.train_epochs(
            self._model, state, initial_metrics, data, orders, validation, self._key, first_step, count
        )

    def begin_epoch(self, state: TrainingState) -> TrainingState:
        return self._program.begin_epoch(self._model, state) if self._model._rule.has_epoch_hooks else state

    def end_epoch(self, state: TrainingState) -> TrainingState:
        return self._program.end_epoch(self._model, state) if self._model._rule.has_epoch_hooks else state

    def results(self, metrics: list[Any]) -> dict[str, Any]:
        return self._program.results(self._model, metrics)


def _are_the_same(these: list[Any], those: list[Any]) -> bool:
    """Whether two lists hold the same objects."""
    return len(these) == len(those) and all(map(operator.is_, these, those))


def _resets_to_constants(metric: Metric) -> bool:
    """Whether a metric begins every epoch with the same values: it has no `reset_state` of the user's."""
    reset: Any = type(metric).reset_state
    return reset is Metric.reset_state or reset.__module__.startswith("neurona.")
