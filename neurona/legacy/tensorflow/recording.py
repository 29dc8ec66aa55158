"""What happens while a GradientTape is open: every step that JAX computes from a watched array is kept.

A tape is a `Trace` of JAX that computes at once and remembers what it computed, so that whatever runs on JAX
is seen: TensorFlow's functions, layers, losses, kernels.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import jax.core
import jax.numpy as jnp
from jax._src import core

from neurona.legacy.tensorflow.widths import narrow


class Step(NamedTuple):
    """One primitive operation of JAX: what it was given and what it gave."""

    primitive: Any
    params: dict[str, Any]
    inputs: tuple[Any, ...]
    outputs: tuple[Any, ...]

    def run(self, inputs: Sequence[Any]) -> Sequence[Any]:
        """The step once more, for other inputs."""
        if "subfuns" in self.params:  # a function with a rule of its own for gradients
            for function in self.params["subfuns"]:
                for store in function.stores:
                    if store is not None:
                        store.reset()
            kinds = tuple(core.typeof(one) for one in inputs)
            trace = core.trace_ctx.trace
            outputs = self.primitive.bind_with_trace(trace, tuple(inputs), kinds, self.params)
        else:
            outputs = self.primitive.bind(*inputs, **self.params)
        return outputs if self.primitive.multiple_results else [outputs]


class Recording(core.Trace):
    """The steps that lead from watched arrays to others.

    Args:
        parent: the trace around, which computes.
    """

    __slots__ = ("is_on", "keeps_all", "owners", "parent", "steps", "values", "watched", "watches_variables")

    def __init__(self, parent: Any, watches_variables: bool = True) -> None:
        super().__init__()
        self.parent, self.is_on, self.watches_variables = parent, True, watches_variables
        self.keeps_all = False
        self.steps: list[Step] = []
        self.watched: dict[int, Any] = {}  # arrays by identity, kept alive
        self.values: dict[
            Any, tuple[Any, Any]
        ] = {}  # of variables: their array, and the one that stands for it
        self.owners: dict[int, Any] = {}  # the variable of each such array

    def watch(self, array: Any) -> None:
        """Keep what is computed from this array."""
        self.watched[id(array)] = array

    def read(self, variable: Any, array: Any) -> Any:
        """The array that stands for a variable that is read: no two variables share one."""
        known = self.values.get(variable)
        if known is not None and known[0] is array:
            return known[1]
        own = array
        if self.owners.get(id(array), variable) is not variable:
            with core.set_current_trace(self.parent):
                own = jnp.copy(array)
        self.values[variable] = array, own
        self.owners[id(own)] = variable
        if self.watches_variables and variable.trainable:
            self.watch(own)
        return own

    def stage_value(self, val: Any) -> Any:
        return self.parent.stage_value(val)

    def process_primitive(self, primitive: Any, tracers: Any, params: dict[str, Any], /) -> Any:
        with core.set_current_trace(self.parent):
            outputs = primitive.bind(*tracers, **params)
        return self._kept(primitive, tracers, params, outputs)

    def process_custom_jvp_call(
        self, primitive: Any, fun: Any, jvp: Any, tracers: Any, /, **options: Any
    ) -> Any:
        return self._with_rule(primitive, tracers, {"subfuns": (fun, jvp), **options})

    def process_custom_vjp_call(
        self, primitive: Any, fun: Any, fwd: Any, bwd: Any, tracers: Any, /, **options: Any
    ) -> Any:
        return self._with_rule(primitive, tracers, {"subfuns": (fun, fwd, bwd), **options})

    def _with_rule(self, primitive: Any, tracers: Any, params: dict[str, Any]) -> Any:
        kinds = tuple(core.typeof(one) for one in tracers)
        outputs = primitive.bind_with_trace(self.parent, tuple(tracers), kinds, params)
        return self._kept(primitive, tracers, params, outputs)

    def _kept(self, primitive: Any, inputs: Any, params: dict[str, Any], outputs: Any) -> Any:
        if (
            self.is_on
            and primitive.name != "stop_gradient"
            and (self.keeps_all or any(id(one) in self.watched for one in inputs))
        ):
            results = tuple(outputs) if primitive.multiple_results else (outputs,)
            given = {id(one) for one in inputs}
            if any(id(one) in given for one in results):  # a rule for gradients of the identity
                with core.set_current_trace(self.parent):
                    results = tuple(jnp.copy(one) if id(one) in given else one for one in results)
                outputs = list(results) if primitive.multiple_results else results[0]
            self.keep(Step(primitive, params, tuple(inputs), results))
        return outputs

    def keep(self, step: Step) -> None:
        """Add a step, and watch what it gives."""
        self.steps.append(step)
        for one in step.outputs:
            if jnp.issubdtype(getattr(one, "dtype", bool), jnp.inexact):
                self.watched[id(one)] = one


class Call:
    """A function of arrays as one step, in the place of a primitive of JAX.

    Args:
        run: a function of a tree of arrays, without side effects.
        tree: the structure of its argument.
        key: equal for functions that compute the same.
    """

    multiple_results, name = True, "call"

    def __init__(self, run: Any, tree: Any, key: Any) -> None:
        self._run, self._tree, self._key = run, tree, key

    def bind(self, *arrays: Any) -> list[Any]:
        """The results as a list."""
        with narrow():  # the function itself computes in 64 bits where it did before
            return jax.tree.leaves(self._run(jax.tree.unflatten(self._tree, arrays)))

    @property
    def identity(self) -> Any:
        """What tells calls apart."""
        return self._key, self._tree


def computed(run: Any, given: Any, key: Any) -> Any:
    """What a function gives for a tree of arrays; open tapes keep it as one step.

    Args:
        run: the function, without side effects.
        given: its argument.
        key: equal for functions that compute the same.
    """
    recordings = open_recordings()
    if not recordings:
        return run(given)
    with core.set_current_trace(recordings[-1].parent):
        results = run(given)
        inputs, tree = jax.tree.flatten(given)
        known = {id(one) for one in inputs}
        results = jax.tree.map(lambda one: jnp.copy(one) if id(one) in known else one, results)
    outputs = tuple(jax.tree.leaves(results))
    for recording in recordings:
        if recording.is_on and (recording.keeps_all or any(id(one) in recording.watched for one in inputs)):
            recording.keep(Step(Call(run, tree, key), {}, tuple(inputs), outputs))
    return results


def without_tapes(run: Any, given: Any) -> Any:
    """What a function gives for a tree of arrays, as arrays that no tape knows."""
    recordings = open_recordings()
    if not recordings:
        return run(given)
    with core.set_current_trace(recordings[-1].parent):
        return jax.tree.map(jnp.copy, run(given))


def current_trace() -> Any:
    """The trace in which JAX computes now."""
    return core.trace_ctx.trace


def set_trace(trace: Any) -> None:
    """Let JAX compute in this trace from now on."""
    core.trace_ctx.set_trace(trace)


def open_recordings() -> list[Recording]:
    """The open tapes, the innermost first."""
    found, trace = [], current_trace()
    while isinstance(trace, Recording):
        found.append(trace)
        trace = trace.parent
    return found


def is_tracing() -> bool:
    """Whether a function is being compiled, so that arrays made now have no numbers."""
    trace = current_trace()
    while isinstance(trace, Recording):
        trace = trace.parent
    return trace is not core.eval_trace


def reads(variable: Any, array: Any) -> Any:
    """What is read of a variable while tapes are open."""
    for recording in open_recordings():
        if recording.is_on:
            array = recording.read(variable, array)
    return array


def is_watched(array: Any) -> bool:
    """Whether an open tape watches an array."""
    return any(id(array) in recording.watched for recording in open_recordings())


def has_numbers(array: Any) -> bool:
    """Whether an array's numbers are known now."""
    return not isinstance(array, jax.core.Tracer)
