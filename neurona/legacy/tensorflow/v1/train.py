"""`tf.train` of TensorFlow 1: optimizers, rates, steps, averages, savers and threads."""

import contextlib
import importlib
import math
import threading
from collections.abc import Callable, Iterator
from typing import Any

import jax.numpy as jnp
import numpy as np

from neurona.legacy.tensorflow.dtypes import int64
from neurona.legacy.tensorflow.errors import OutOfRangeError
from neurona.legacy.tensorflow.io import matching_files
from neurona.legacy.tensorflow.v1.cluster import (
    ClusterSpec,
    Server,
    SyncReplicasOptimizer,
    replica_device_setter,
)
from neurona.legacy.tensorflow.v1.graph import GraphKeys, get_default_graph
from neurona.legacy.tensorflow.v1.graph_def import write_graph
from neurona.legacy.tensorflow.v1.optimizers import (
    AdadeltaOptimizer,
    AdagradOptimizer,
    AdamOptimizer,
    FtrlOptimizer,
    GradientDescentOptimizer,
    MomentumOptimizer,
    Optimizer,
    ProximalAdagradOptimizer,
    ProximalGradientDescentOptimizer,
    RMSPropOptimizer,
)
from neurona.legacy.tensorflow.v1.queues import (
    QueueRunner,
    add_queue_runner,
    batch,
    batch_join,
    input_producer,
    limit_epochs,
    range_input_producer,
    shuffle_batch,
    shuffle_batch_join,
    slice_input_producer,
    string_input_producer,
)
from neurona.legacy.tensorflow.v1.saver import (
    CheckpointReader,
    CheckpointState,
    NewCheckpointReader,
    Saver,
    checkpoint_exists,
    export_meta_graph,
    get_checkpoint_state,
    import_meta_graph,
    latest_checkpoint,
    list_variables,
    load_checkpoint,
    load_variable,
    update_checkpoint_state,
)
from neurona.legacy.tensorflow.v1.session import Session
from neurona.legacy.tensorflow.v1.summary import FileWriter as SummaryWriter
from neurona.legacy.tensorflow.v1.summary import summary_iterator
from neurona.legacy.tensorflow.v1.tensor import Operation, constant, convert, draw
from neurona.legacy.tensorflow.v1.variables import (
    GraphVariable,
    group,
    trainable_variables,
)

__all__ = [
    "AdadeltaOptimizer",
    "AdagradOptimizer",
    "AdamOptimizer",
    "CheckpointReader",
    "CheckpointState",
    "ClusterSpec",
    "FtrlOptimizer",
    "GradientDescentOptimizer",
    "MomentumOptimizer",
    "NewCheckpointReader",
    "Optimizer",
    "ProximalAdagradOptimizer",
    "ProximalGradientDescentOptimizer",
    "QueueRunner",
    "RMSPropOptimizer",
    "Saver",
    "Server",
    "SummaryWriter",
    "SyncReplicasOptimizer",
    "add_queue_runner",
    "batch",
    "batch_join",
    "checkpoint_exists",
    "export_meta_graph",
    "get_checkpoint_state",
    "import_meta_graph",
    "input_producer",
    "latest_checkpoint",
    "limit_epochs",
    "list_variables",
    "load_checkpoint",
    "load_variable",
    "range_input_producer",
    "replica_device_setter",
    "shuffle_batch",
    "shuffle_batch_join",
    "slice_input_producer",
    "string_input_producer",
    "summary_iterator",
    "update_checkpoint_state",
    "write_graph",
]

match_filenames_once = matching_files

# Rates that follow the step.


def _rate(formula: Callable[..., Any], name: str, learning_rate: Any, step: Any, *numbers: Any) -> Any:
    return draw(formula, (learning_rate, step, *numbers), default=name)


def _float(value: Any) -> Any:
    return jnp.asarray(value, jnp.float32)


def exponential_decay(
    learning_rate: Any,
    global_step: Any,
    decay_steps: Any,
    decay_rate: Any,
    staircase: bool = False,
    name: Any = None,
) -> Any:
    """rate * decay_rate ** (step / decay_steps)."""
    return _rate(
        _exponential,
        name or "ExponentialDecay",
        learning_rate,
        global_step,
        decay_steps,
        decay_rate,
        staircase,
    )


def _exponential(rate: Any, step: Any, steps: Any, decay: Any, staircase: bool) -> Any:
    passed = _float(step) / _float(steps)
    return _float(rate) * _float(decay) ** (jnp.floor(passed) if staircase else passed)


def natural_exp_decay(
    learning_rate: Any,
    global_step: Any,
    decay_steps: Any,
    decay_rate: Any,
    staircase: bool = False,
    name: Any = None,
) -> Any:
    """rate * exp(-decay_rate * step / decay_steps)."""
    factor = math.exp(-decay_rate)
    return _rate(
        _exponential, name or "NaturalExpDecay", learning_rate, global_step, decay_steps, factor, staircase
    )


def inverse_time_decay(
    learning_rate: Any,
    global_step: Any,
    decay_steps: Any,
    decay_rate: Any,
    staircase: bool = False,
    name: Any = None,
) -> Any:
    """rate / (1 + decay_rate * step / decay_steps)."""
    return _rate(
        _inverse, name or "InverseTimeDecay", learning_rate, global_step, decay_steps, decay_rate, staircase
    )


def _inverse(rate: Any, step: Any, steps: Any, decay: Any, staircase: bool) -> Any:
    passed = _float(step) / _float(steps)
    return _float(rate) / (1 + _float(decay) * (jnp.floor(passed) if staircase else passed))


def polynomial_decay(
    learning_rate: Any,
    global_step: Any,
    decay_steps: Any,
    end_learning_rate: Any = 0.0001,
    power: float = 1.0,
    cycle: bool = False,
    name: str | None = None,
) -> Any:
    """From the rate to `end_learning_rate`, by (1 - step / decay_steps) ** power."""
    return _rate(
        _polynomial,
        name or "PolynomialDecay",
        learning_rate,
        global_step,
        decay_steps,
        end_learning_rate,
        power,
        cycle,
    )


def _polynomial(rate: Any, step: Any, steps: Any, end: Any, power: float, cycle: bool) -> Any:
    step, steps = _float(step), _float(steps)
    steps = steps * jnp.maximum(jnp.ceil(step / steps), 1) if cycle else steps
    return (_float(rate) - _float(end)) * (1 - jnp.minimum(step, steps) / steps) ** power + _float(end)


def cosine_decay(
    learning_rate: Any, global_step: Any, decay_steps: Any, alpha: float = 0.0, name: Any = None
) -> Any:
    """Half a cosine from the rate to alpha times it."""
    return _rate(_cosine, name or "CosineDecay", learning_rate, global_step, decay_steps, alpha)


def _cosine(rate: Any, step: Any, steps: Any, alpha: float) -> Any:
    passed = jnp.minimum(_float(step) / _float(steps), 1)
    return _float(rate) * ((1 - alpha) * (1 + jnp.cos(math.pi * passed)) / 2 + alpha)


def piecewise_constant(x: Any, boundaries: Any, values: Any, name: str | None = None) -> Any:
    """One of the values: the first up to the first boundary, and so on."""
    return draw(
        _piecewise,
        (x, [float(one) for one in boundaries], [float(one) for one in values]),
        name=name,
        default="PiecewiseConstant",
    )


def _piecewise(x: Any, boundaries: list[float], values: list[float]) -> Any:
    place = jnp.searchsorted(jnp.asarray(boundaries), _float(x), side="left")
    return jnp.asarray(values)[place]


piecewise_constant_decay = piecewise_constant

# The step.


def create_global_step(graph: Any = None) -> GraphVariable:
    """Make the variable that counts steps."""
    graph = graph or get_default_graph()
    if get_global_step(graph) is not None:
        raise ValueError('"global_step" already exists.')
    return GraphVariable(
        constant(0, int64),
        trainable=False,
        name="global_step",
        dtype=int64,
        collections=[GraphKeys.GLOBAL_VARIABLES, GraphKeys.GLOBAL_STEP],
    )


def get_global_step(graph: Any = None) -> GraphVariable | None:
    """The variable that counts steps, or None."""
    graph = graph or get_default_graph()
    found = graph.get_collection(GraphKeys.GLOBAL_STEP) or [
        one for one in graph.get_collection(GraphKeys.GLOBAL_VARIABLES) if one.op.name == "global_step"
    ]
    return found[0] if found else None


def get_or_create_global_step(graph: Any = None) -> GraphVariable:
    """The variable that counts steps."""
    found = get_global_step(graph)
    return create_global_step(graph) if found is None else found


def global_step(sess: Session, global_step_tensor: Any) -> int:
    """The number of steps of a session."""
    return int(sess.run(global_step_tensor))


# Averages.


class ExponentialMovingAverage:
    """Moving averages of variables: a <- d a + (1 - d) v.

    Args:
        decay: d.
        num_updates: with it, d is at most (1 + n) / (10 + n).
        zero_debias: begin with zeros, corrected.
        name: the last part of the averages' names.
    """

    def __init__(
        self,
        decay: Any,
        num_updates: Any = None,
        zero_debias: bool = False,
        name: str = "ExponentialMovingAverage",
    ) -> None:
        self._decay, self._updates, self._name = decay, num_updates, name
        self._corrects = zero_debias
        self._averages: dict[Any, GraphVariable] = {}
        self._sums: dict[Any, tuple[GraphVariable, GraphVariable]] = {}

    def apply(self, var_list: Any = None) -> Operation:
        """The operation that updates the averages."""
        steps = []
        for one in trainable_variables() if var_list is None else var_list:
            if one not in self._averages:
                self._begin(one)
            average, rest = self._averages[one], (self._decay, self._updates)
            if self._corrects:
                total, count = self._sums[one]
                counted = count._written(_added, 1.0, "AssignMovingAvg")
                summed = total._written(_averaged, convert(one), "AssignMovingAvg", *rest)
                steps.append(average._written(_corrected, summed, "AssignMovingAvg", counted, *rest))
            else:
                steps.append(average._written(_averaged, convert(one), "AssignMovingAvg", *rest))
        return group(*steps, name=self._name)

    def _begin(self, one: Any) -> None:
        """Make the average of a variable, whose first value it has, or of a tensor, with zeros."""
        graph, name = get_default_graph(), f"{one.op.name}/{self._name}"
        takes = isinstance(one, GraphVariable) and not self._corrects
        first = one.initialized_value() if takes else _zeros_of(one)
        with graph.name_scope(None):
            self._averages[one] = GraphVariable(first, trainable=False, name=name)
            if self._corrects:
                self._sums[one] = (
                    GraphVariable(_zeros_of(one), trainable=False, name=f"{name}/biased"),
                    GraphVariable(0.0, trainable=False, name=f"{name}/local_step"),
                )
        graph.add_to_collection(GraphKeys.MOVING_AVERAGE_VARIABLES, one)

    def average(self, var: Any) -> GraphVariable | None:
        """The average of a variable."""
        return self._averages.get(var)

    def average_name(self, var: Any) -> str:
        """The name of the average of a variable."""
        return self._averages[var].op.name if var in self._averages else f"{var.op.name}/{self._name}"

    def variables_to_restore(self, moving_avg_variables: Any = None) -> dict[str, Any]:
        """Names of averages, and the variables that take their values: for a Saver."""
        variables = get_default_graph().get_collection(GraphKeys.GLOBAL_VARIABLES)
        averaged = trainable_variables() if moving_avg_variables is None else moving_avg_variables
        kept = set(map(id, self._averages.values()))
        return {
            self.average_name(one) if any(one is other for other in averaged) else one.op.name: one
            for one in variables
            if id(one) not in kept
        }


def _zeros_of(one: Any) -> Any:
    """Zeros in a tensor's shape, which need not the tensor's value where the shape is known."""
    if one.shape.is_fully_defined():
        return np.zeros(tuple(one.shape), one.dtype.base_dtype.as_numpy_dtype)
    return draw(jnp.zeros_like, (one,))


def _decay_of(decay: Any, updates: Any) -> Any:
    decay = _float(decay)
    if updates is None:
        return decay
    count = _float(updates)
    return jnp.minimum(decay, (1 + count) / (10 + count))


def _averaged(before: Any, dtype: str, value: Any, decay: Any, updates: Any) -> Any:
    decay = _decay_of(decay, updates)
    return before * decay + value * (1 - decay)


def _added(before: Any, dtype: str, value: Any) -> Any:
    return before + value


def _corrected(_: Any, dtype: str, total: Any, count: Any, decay: Any, updates: Any) -> Any:
    return total / (1 - _decay_of(decay, updates) ** count)


# Threads.


class Coordinator:
    """Tells threads when to stop."""

    def __init__(self, clean_stop_exception_types: Any = None) -> None:
        self._event, self._error = threading.Event(), None
        self._clean = tuple(clean_stop_exception_types or ())

    def should_stop(self) -> bool:
        """Whether threads should stop."""
        return self._event.is_set()

    def request_stop(self, ex: Any = None) -> None:
        """Ask threads to stop; `join` raises the error, if there is one."""
        error = ex[1] if isinstance(ex, tuple) else ex
        if isinstance(error, Exception) and not isinstance(error, (OutOfRangeError, *self._clean)):
            self._error = self._error or error
        self._event.set()

    def clear_stop(self) -> None:
        """Let threads run again."""
        self._event.clear()

    def wait_for_stop(self, timeout: float | None = None) -> bool:
        """Wait until threads should stop."""
        return self._event.wait(timeout)

    def register_thread(self, thread: Any) -> None:
        """Nothing: `join` is given the threads."""

    def join(
        self, threads: Any = None, stop_grace_period_secs: float = 120, ignore_live_threads: bool = False
    ) -> None:
        """Wait for threads to end."""
        for thread in threads or []:
            thread.join(stop_grace_period_secs)
        if self._error is not None:
            raise self._error

    @contextlib.contextmanager
    def stop_on_exception(self) -> Iterator[None]:
        """Ask threads to stop where the block raises."""
        try:
            yield
        except Exception as error:
            self.request_stop(error)

    @property
    def joined(self) -> bool:
        """Whether threads were asked to stop."""
        return self._event.is_set()


def start_queue_runners(
    sess: Any = None, coord: Any = None, daemon: bool = True, start: bool = True, collection: Any = None
) -> list[Any]:
    """The threads that fill queues: none, because there are no queues."""
    return []


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    if name == "SessionManager":
        return importlib.import_module("neurona.legacy.tensorflow.v1.session_manager").SessionManager
    hooks = importlib.import_module("neurona.legacy.tensorflow.v1.hooks")
    if name in hooks.__all__:
        return getattr(hooks, name)
    rates: Any = importlib.import_module("neurona.legacy.tensorflow.v1.rates")
    if name in rates.__all__:
        return getattr(rates, name)
    return getattr(importlib.import_module("neurona.legacy.tensorflow.train"), name)
