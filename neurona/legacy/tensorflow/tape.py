"""GradientTape: gradients of what was computed while it was open."""

import contextlib
import enum
import functools
from collections.abc import Callable, Hashable, Iterator, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax._src import linear_util, util

from neurona.core.variable import Variable
from neurona.legacy.tensorflow.dispatch import Hooks, tensor_of
from neurona.legacy.tensorflow.recording import (
    Call,
    Recording,
    Step,
    current_trace,
    is_tracing,
    open_recordings,
    reads,
    set_trace,
)
from neurona.legacy.tensorflow.tensor import Tensor, unwrapped
from neurona.legacy.tensorflow.widths import narrow, on_device, scope_of
from neurona.messages import translated


class UnconnectedGradients(enum.Enum):
    """What stands for a gradient where nothing connects the two."""

    NONE = "none"
    ZERO = "zero"


class GradientTape:
    """Keeps what is computed from trainable variables and watched tensors inside its `with` block.

    Args:
        persistent: whether `gradient` may be called more than once.
        watch_accessed_variables: whether trainable variables are watched where they are read.
    """

    def __init__(self, persistent: bool = False, watch_accessed_variables: bool = True) -> None:
        self._persistent, self._watches_variables = persistent, watch_accessed_variables
        self._recording: Recording | None = None
        self._is_open = self._is_used = False

    def __enter__(self) -> "GradientTape":
        if self._is_open:
            raise ValueError("Tape is still open: it can't be entered twice.")
        Variable.on_read = reads
        before = self._recording
        self._recording = Recording(current_trace(), self._watches_variables)
        if before is not None and self._persistent:
            self._recording.steps, self._recording.watched = before.steps, before.watched
        self._is_open = True
        set_trace(self._recording)
        return self

    def __exit__(self, *_: object) -> None:
        if self._is_open:
            self._close()

    def _close(self) -> None:
        self._is_open = False
        recording = self._kept()
        if current_trace() is recording:
            set_trace(recording.parent)
        if not open_recordings():
            Variable.on_read = None

    def _kept(self) -> Recording:
        if self._recording is None:
            raise RuntimeError("The GradientTape was never entered: write `with tf.GradientTape() as tape:`.")
        return self._recording

    # Watching.

    def watch(self, tensor: Any) -> None:
        """Keep what is computed from tensors that are no variables.

        Raises:
            ValueError: it is no tensor.
        """
        recording = self._kept()
        for one in _leaves(tensor):
            if isinstance(one, Variable):
                recording.watch(recording.read(one, one.value))
                continue
            if not isinstance(one, (Tensor, jax.Array)):
                raise ValueError(
                    translated(f"Passed in object {one!r} of type {type(one).__name__}, not tf.Tensor.")
                )
            if isinstance(one, Tensor) and isinstance(one._array, np.ndarray):
                one._array = on_device(one._array)
            recording.watch(_array(one))

    def watched_variables(self) -> tuple[Any, ...]:
        """The variables that were read so far."""
        recording = self._kept()
        return tuple(v for v, (_, own) in recording.values.items() if id(own) in recording.watched)

    def keep_all(self) -> None:
        """Keep every step from now on, watched or not."""
        self._kept().keeps_all = True

    @contextlib.contextmanager
    def stop_recording(self) -> Iterator[None]:
        """Compute without being kept."""
        recording = self._kept()
        recording.is_on = False
        try:
            yield
        finally:
            recording.is_on = True

    def reset(self) -> None:
        """Forget everything."""
        recording = self._kept()
        recording.steps, recording.watched, recording.values = [], {}, {}
        recording.owners.clear()

    # Gradients.

    def gradient(
        self,
        target: Any,
        sources: Any,
        output_gradients: Any = None,
        unconnected_gradients: Any = UnconnectedGradients.NONE,
    ) -> Any:
        """The gradients of targets (of their sum, where there are several) with respect to sources.

        Args:
            target: a tensor, or several.
            sources: tensors or variables, nested at will.
            output_gradients: what the gradients are multiplied by; ones by default.
            unconnected_gradients: "none" or "zero", where nothing connects them.

        Returns:
            a tensor for each source, or None.
        """
        leaves, tree = jax.tree.flatten(sources, is_leaf=_is_leaf)
        self._use()
        recording = self._kept()
        targets = [_array(one) for one in _leaves(target)]
        upstream = _upstream(targets, output_gradients)
        arrays = [_source(recording, one) for one in leaves]
        pairs = [(one, up) for one, up in zip(targets, upstream) if jnp.issubdtype(one.dtype, jnp.inexact)]
        found = _gradients(recording.steps, arrays, pairs)
        zero = UnconnectedGradients(unconnected_gradients) is UnconnectedGradients.ZERO
        results = []
        for array, gradient in zip(arrays, found):
            if gradient is None and zero:
                gradient = jnp.zeros(array.shape, array.dtype)
            results.append(None if gradient is None else Tensor(gradient))
        return jax.tree.unflatten(tree, results)

    def _use(self) -> None:
        if self._is_used and not self._persistent:
            raise RuntimeError(
                "A non-persistent GradientTape can only be used to compute one set of gradients (or "
                "jacobians): write tf.GradientTape(persistent=True)."
            )
        self._is_used = True
        if self._is_open and not self._persistent:
            self._close()

    def jacobian(
        self,
        target: Any,
        sources: Any,
        unconnected_gradients: Any = UnconnectedGradients.NONE,
        parallel_iterations: Any = None,
        experimental_use_pfor: bool = True,
    ) -> Any:
        """The derivative of each element of a target with respect to each element of sources."""
        leaves, tree = jax.tree.flatten(sources, is_leaf=_is_leaf)
        self._use()
        recording = self._kept()
        arrays = [_source(recording, one) for one in leaves]
        whole = _array(target)
        plan = plan_of(recording.steps, arrays, [whole])
        zero = UnconnectedGradients(unconnected_gradients) is UnconnectedGradients.ZERO
        if plan is None:
            found: list[Any] = [None] * len(leaves)
        else:
            values = [arrays[place] for place in plan.places]
            run = jax.jacrev(lambda given: plan.run(given, plan.constants)[0])
            with scope_of((values, whole)):
                found = _spread(run(values), plan.places, len(leaves))
        results = [
            Tensor(jnp.zeros((*whole.shape, *array.shape), array.dtype)) if one is None and zero else
            None if one is None else Tensor(one)
            for one, array in zip(found, arrays)
        ]  # fmt: skip
        return jax.tree.unflatten(tree, results)

    def jvp(self, target: Any, sources: list[Any], tangents: list[Any]) -> Any:
        """The derivative of targets along tangents of the sources; None where nothing connects them."""
        recording = self._kept()
        arrays = [_source(recording, one) for one in sources]
        leaves, tree = jax.tree.flatten(target, is_leaf=_is_leaf)
        plan = plan_of(recording.steps, arrays, [_source(recording, one) for one in leaves])
        if plan is None:
            return jax.tree.unflatten(tree, [None] * len(leaves))
        values, along = ([some[place] for place in plan.places] for some in (arrays, tangents))
        with scope_of((values, along, plan.constants)):
            outputs, back = jax.vjp(lambda given: plan.run(given, plan.constants), values)
            # The transpose of the transpose: layers and kernels have rules of their own for gradients only.
            _, forth = jax.vjp(back, jax.tree.map(jnp.zeros_like, outputs))
            (found,) = forth((along,))
        rest = iter(found)
        return jax.tree.unflatten(tree, [Tensor(next(rest)) if one else None for one in plan.is_target])

    def batch_jacobian(
        self, target: Any, source: Any, unconnected_gradients: Any = UnconnectedGradients.NONE, **_: Any
    ) -> Any:
        """The derivative of each row's elements with respect to the same row's source."""
        whole = self.jacobian(target, source, unconnected_gradients)
        if whole is None:
            return None
        rank, rows = len(_array(target).shape), jnp.arange(_array(target).shape[0])
        moved = jnp.moveaxis(whole._array, rank, 1)
        return Tensor(moved[rows, rows])


def _is_leaf(value: Any) -> bool:
    return value is None or isinstance(value, (Tensor, Variable))


def _leaves(tree: Any) -> list[Any]:
    return jax.tree.leaves(tree, is_leaf=_is_leaf)


def _array(value: Any) -> Any:
    if isinstance(value, Variable):
        return value.value
    return tensor_of(value)._array


def _source(recording: Recording, value: Any) -> Any:
    """The array of a source as it was while the tape was open."""
    if isinstance(value, Variable):
        known = recording.values.get(value)
        return value.value if known is None else known[1]
    return _array(value)


def _upstream(targets: list[Any], given: Any) -> list[Any]:
    if given is None:
        return [jnp.ones(one.shape, one.dtype) for one in targets]
    chosen = _leaves(given)
    return [
        jnp.ones(one.shape, one.dtype)
        if up is None
        else jnp.broadcast_to(_array(up), one.shape).astype(one.dtype)
        for one, up in zip(targets, chosen)
    ]


# Plans: the steps between sources and targets, free of their arrays.


class PlannedStep(NamedTuple):
    """A step whose inputs and outputs are numbers of a table."""

    primitive: Any
    params: dict[str, Any]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]


class Plan(NamedTuple):
    """What leads from sources to targets.

    Attributes:
        steps: in order.
        places: which of the sources have a part in it; they come first in the table.
        constants: the arrays that follow.
        targets: their numbers in the table.
        is_target: which of the targets depend on a source.
    """

    steps: tuple[PlannedStep, ...]
    places: tuple[int, ...]
    constants: list[Any]
    targets: tuple[int, ...]
    is_target: tuple[bool, ...]

    def run(self, sources: Sequence[Any], constants: Sequence[Any]) -> list[Any]:
        """The targets for other sources."""
        table: dict[int, Any] = dict(enumerate((*sources, *constants)))
        for step in self.steps:
            given = [table[number] for number in step.inputs]
            outputs = Step(step.primitive, step.params, (), ()).run(given)
            for number, one in zip(step.outputs, outputs):
                table[number] = _and_itself(one, sources[number]) if number < len(sources) else one
        return [table[number] for number in self.targets]


def _and_itself(computed: Any, source: Any) -> Any:
    """A tensor that is a source, and computed from other sources: its gradient goes to both."""
    return computed + jnp.where(jnp.isfinite(source), source - jax.lax.stop_gradient(source), 0)


def plan_of(steps: list[Step], sources: list[Any], targets: list[Any]) -> Plan | None:
    """The steps between sources and targets; None where nothing connects them."""
    forward, reached = _onward(steps, sources)
    connected = tuple(id(one) in reached for one in targets)
    needed = {id(one) for one, is_so in zip(targets, connected) if is_so}
    if not needed:
        return None
    kept = []
    for step in reversed(forward):
        if any(id(one) in needed for one in step.outputs):
            kept.append(step)
            needed.update(id(one) for one in step.inputs if id(one) in reached)
    kept.reverse()
    found = [target for target, is_so in zip(targets, connected) if is_so]
    return _numbered(kept, sources, found, needed, connected)


def _onward(steps: list[Step], sources: list[Any]) -> tuple[list[Step], set[int]]:
    """The steps that depend on sources, and the arrays that do."""
    reached = {id(one) for one in sources}
    forward = []
    for step in steps:
        if any(id(one) in reached for one in step.inputs):
            forward.append(step)
            reached.update(id(one) for one in step.outputs if jnp.issubdtype(one.dtype, jnp.inexact))
    return forward, reached


def _numbered(
    kept: list[Step], sources: list[Any], targets: list[Any], needed: set[int], connected: tuple[bool, ...]
) -> Plan:
    """The plan of some steps: arrays get numbers, first the sources, then the constants."""
    first = {id(one): place for place, one in reversed(list(enumerate(sources))) if id(one) in needed}
    places = tuple(sorted(first.values()))
    numbers = {id(sources[place]): number for number, place in enumerate(places)}
    produced = [one for step in kept for one in step.outputs]
    known = {*numbers, *map(id, produced)}
    constants = list({id(one): one for step in kept for one in step.inputs if id(one) not in known}.values())
    for one in (*constants, *produced):
        numbers.setdefault(id(one), len(numbers))

    def numbered(arrays: Sequence[Any]) -> tuple[int, ...]:
        return tuple(numbers[id(one)] for one in arrays)

    planned = [
        PlannedStep(step.primitive, step.params, numbered(step.inputs), numbered(step.outputs))
        for step in kept
    ]
    return Plan(tuple(planned), places, constants, numbered(targets), connected)


def _spread(found: Sequence[Any], places: tuple[int, ...], count: int) -> list[Any]:
    results: list[Any] = [None] * count
    for place, one in zip(places, found):
        results[place] = one
    return results


def _gradients(steps: list[Step], sources: list[Any], pairs: list[tuple[Any, Any]]) -> list[Any]:
    """The gradient of each source, None where it has no part."""
    plan = plan_of(steps, sources, [target for target, _ in pairs])
    if plan is None:
        return [None] * len(sources)
    upstream = [up for (_, up), is_so in zip(pairs, plan.is_target) if is_so]
    values = [sources[place] for place in plan.places]
    run = _compiled(plan)
    with scope_of((values, plan.constants, upstream)):
        found = run(values, plan.constants, upstream)
    by_array = {id(sources[place]): one for place, one in zip(plan.places, found)}
    return [by_array.get(id(one)) for one in sources]


def _pullback(plan: Plan, values: Any, constants: Any, upstream: Any) -> Any:
    _, back = jax.vjp(lambda given: plan.run(given, constants), values)
    return back(upstream)[0]


# Programs of gradients. A plan that was met before is compiled; so is a new one, as long as plans come back.


class _Programs:
    known: dict[Hashable, Any] = {}
    once: dict[Hashable, int] = {}
    in_vain = 0


_PATIENCE = 12


def _compiled(plan: Plan) -> Callable[..., Any]:
    """What computes gradients of a plan."""
    plain = functools.partial(_pullback, plan)
    if is_tracing():
        return plain
    try:
        key = _key_of(plan)
        hash(key)
    except TypeError:
        return plain
    if key in _Programs.known:
        _Programs.in_vain = 0
        return _Programs.known[key]
    if _Programs.in_vain >= _PATIENCE and key not in _Programs.once:
        _Programs.once[key] = 1
        return plain
    _Programs.in_vain += 1
    without_arrays = plan._replace(constants=[])
    _Programs.known[key] = jax.jit(functools.partial(_pullback, without_arrays))
    return _Programs.known[key]


def _key_of(plan: Plan) -> Hashable:
    steps = tuple((_named(s.primitive), _frozen(s.params), s.inputs, s.outputs) for s in plan.steps)
    return steps, plan.places, plan.targets


def _named(primitive: Any) -> Hashable:
    return _frozen(primitive.identity) if isinstance(primitive, Call) else primitive


def _frozen(value: Any, around: tuple[int, ...] = ()) -> Hashable:
    """A part of a step's parameters as something that can be compared.

    Args:
        value: the part.
        around: the functions, by identity, whose closures it lies in.

    Raises:
        TypeError: it can't be.
    """
    if isinstance(value, slice):
        return slice, value.start, value.stop, value.step
    if isinstance(value, dict):
        return tuple((key, _frozen(one, around)) for key, one in value.items())
    if isinstance(value, (tuple, list)):
        return tuple(_frozen(one, around) for one in value)
    if isinstance(value, linear_util.WrappedFun):
        return value.f, _frozen(value.transforms, around), _frozen(value.params, around)
    if isinstance(value, (linear_util.Store, linear_util.EqualStore)):
        return None
    if isinstance(value, (util.Hashable, util.Unhashable)):
        return _frozen(value.val, around)
    if isinstance(value, functools.partial):
        return value.func, _frozen(value.args, around), _frozen(value.keywords, around)
    if callable(value) and getattr(value, "__closure__", None):
        return _frozen_closure(value, around)
    if isinstance(value, np.ndarray) and value.dtype != object:
        return value.shape, value.dtype.name, value.tobytes()
    if isinstance(value, (jax.Array, np.ndarray)):
        raise TypeError("an array")
    return value


def _frozen_closure(function: Any, around: tuple[int, ...]) -> Hashable:
    """A function by its code and by what it holds; one that calls itself by where that was met."""
    if id(function) in around:
        return around.index(id(function))
    inside = (*around, id(function))
    return function.__code__, tuple(_frozen(cell.cell_contents, inside) for cell in function.__closure__)


# Rules of gradients.


def custom_gradient(f: Callable[..., Any]) -> Callable[..., Any]:
    """Decorator of a function that returns its value and `grad(upstream)`."""

    @functools.wraps(f)
    def call(*args: Any, **kwargs: Any) -> Any:
        if Hooks.graph is not None:
            node = Hooks.graph(call, args, kwargs)
            if node is not NotImplemented:
                return node
        tensors = [tensor_of(one) for one in args]
        dtypes = [one._dtype for one in tensors]

        def of_arrays(*arrays: Any) -> Any:
            value, rule = f(*[Tensor(a, d) for a, d in zip(arrays, dtypes)], **kwargs)

            def of_upstream(*upstream: Any) -> Any:
                with narrow():
                    found = rule(*[Tensor(one) for one in jax.tree.leaves(upstream)])
                found = list(found) if isinstance(found, (tuple, list)) else [found]
                return tuple(
                    jnp.zeros(a.shape, a.dtype) if g is None else jnp.asarray(unwrapped(g), a.dtype)
                    for g, a in zip(found, arrays)
                )

            return unwrapped(value), of_upstream

        result = jax.custom_gradient(of_arrays)(*[one._array for one in tensors])
        return jax.tree.map(Tensor, result)

    return call


def recompute_grad(f: Callable[..., Any]) -> Callable[..., Any]:
    """The function itself: XLA decides what is kept and what is computed again."""
    return f


def no_gradient(op_type: str) -> None:
    """Told: operations of the face have the gradients of JAX."""
    del op_type
