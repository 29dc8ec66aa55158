"""Functions of `keras.backend` that run other functions: phases, branches, loops and recurrence."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import jax
import jax.numpy as jnp

from neurona.core.scope import current_scope
from neurona.core.symbolic import Operation, record
from neurona.core.variable import Variable
from neurona.legacy.keras.backend.expressions import Expression, Made, applied, backend_function
from neurona.legacy.keras.backend.program import value_of
from neurona.ops.registry import to_array
from neurona.tracebacks import warn

# The learning phase: 1 while a model trains, else 0.

_phase: dict[str, Any] = {"set": None, "tensor": None}


def current_phase() -> bool:
    """Whether the code that runs now trains: as set, else as the layer that is being called was told."""
    if _phase["set"] is not None:
        return bool(_phase["set"])
    scope = current_scope()
    return bool(scope.training) if scope is not None else False


def learning_phase() -> Any:
    """1 in training, else 0: a number where it is known, else a tensor that K.function can be fed."""
    if _phase["set"] is not None or current_scope() is not None:
        return int(current_phase())
    if _phase["tensor"] is None:
        operation = Operation(
            "LearningPhase", lambda: jnp.asarray(current_phase(), "int32"), "learning_phase"
        )
        _phase["tensor"] = record(operation, (), {}, Expression((), "int32"))
    return _phase["tensor"]


def set_learning_phase(value: int) -> None:
    """Fix what `K.learning_phase` gives. Layers go by `training=`: fit trains, and predict does not."""
    _phase["set"] = int(value)
    warn(
        f"K.set_learning_phase({int(value)}) sets what K.learning_phase() and K.in_train_phase give. Layers "
        "train in fit, and there alone: to call one as in training or not, write layer(x, training=True) or "
        "training=False; to keep one from learning, layer.trainable = False."
    )


@contextlib.contextmanager
def learning_phase_scope(value: int) -> Iterator[None]:
    """A block in which `learning_phase` gives this value."""
    before, _phase["set"] = _phase["set"], int(value)
    try:
        yield
    finally:
        _phase["set"] = before


def symbolic(func: Callable[..., Any]) -> Callable[..., Any]:
    """The function itself: there is no mode to change to."""
    return func


eager = symbolic


def reset_phase() -> None:
    """Forget what `set_learning_phase` set."""
    _phase["set"] = None


def is_phase(tensor: Any) -> bool:
    """Whether this is the tensor that `learning_phase` gives."""
    return tensor is not None and tensor is _phase["tensor"]


def _called(value: Any) -> Any:
    return value() if callable(value) else value


def in_train_phase(x: Any, alt: Any, training: Any = None) -> Any:
    """x in training, else alt; either may be a function without arguments."""
    if training is None and (current_scope() is not None or _phase["set"] is not None):
        training = current_phase()
    if training is None or is_phase(training):
        return applied(
            "InTrainPhase", lambda a, b: a if current_phase() else b, (_called(x), _called(alt)), {}
        )
    if isinstance(training, (bool, int)):
        return _called(x if training else alt)
    return switch(training, x, alt)


def in_test_phase(x: Any, alt: Any, training: Any = None) -> Any:
    """x outside of training, else alt."""
    return in_train_phase(alt, x, training)


def switch(condition: Any, then_expression: Any, else_expression: Any) -> Any:
    """The one where the condition holds, the other elsewhere; either may be a function without arguments."""
    if isinstance(condition, (bool, int)):
        return _called(then_expression if condition else else_expression)
    return _where(condition, _called(then_expression), _called(else_expression))


@backend_function
def _where(condition: Any, one: Any, other: Any) -> Any:
    condition, one, other = to_array(condition), to_array(one), to_array(other)
    rank = max(one.ndim, other.ndim)
    condition = condition.reshape(condition.shape + (1,) * (rank - condition.ndim))
    return jnp.where(condition.astype(bool), one, other)


# Loops.


@backend_function
def map_fn(fn: Callable[..., Any], elems: Any, name: str | None = None, dtype: Any = None) -> Any:
    """The function of each row."""
    return jax.lax.map(lambda row: _values(fn(row)), _values(elems))


def _values(tree: Any) -> Any:
    return jax.tree.map(lambda leaf: to_array(value_of(leaf)), tree)


def _fold(fn: Callable[..., Any], elems: Any, initializer: Any, reverse: bool) -> Any:
    elems = _values(elems)
    if initializer is None:
        first = -1 if reverse else 0
        initializer = jax.tree.map(lambda leaf: leaf[first], elems)
        elems = jax.tree.map(lambda leaf: leaf[:-1] if reverse else leaf[1:], elems)

    def step(state: Any, row: Any) -> Any:
        return _values(fn(state, row)), None

    return jax.lax.scan(step, _values(initializer), elems, reverse=reverse)[0]


@backend_function
def foldl(fn: Callable[..., Any], elems: Any, initializer: Any = None, name: str | None = None) -> Any:
    """fn(state, row) from the first row to the last: the last state."""
    return _fold(fn, elems, initializer, reverse=False)


@backend_function
def foldr(fn: Callable[..., Any], elems: Any, initializer: Any = None, name: str | None = None) -> Any:
    """fn(state, row) from the last row to the first: the last state."""
    return _fold(fn, elems, initializer, reverse=True)


def rnn(
    step_function: Callable[..., Any],
    inputs: Any,
    initial_states: Any,
    go_backwards: bool = False,
    mask: Any = None,
    constants: Any = None,
    unroll: bool = False,
    input_length: int | None = None,
    **options: Any,
) -> Any:
    """Run a step over time.

    Args:
        step_function: (input of one time, states and constants) -> (output, new states).
        inputs: (batch, time, ...), or a list or tuple of such arrays.
        initial_states: a list of states.
        go_backwards: begin with the last time.
        mask: (batch, time); where it is False, states stay and the output is that of the time before.
        constants: further values that each step gets after the states.
        unroll, input_length: no effect.
        options: `zero_output_for_mask`, `time_major`, `return_all_outputs`.

    Returns:
        The last output, all outputs (batch, time, ...) and the last states.
    """

    def run(inputs: Any, states: Any, mask: Any, constants: Any) -> Any:
        return _scan(step_function, inputs, states, mask, constants, go_backwards, options)

    return applied("Rnn", run, (inputs, list(initial_states), mask, list(constants or ())), {})


def _scan(
    step_function: Callable[..., Any],
    inputs: Any,
    states: Any,
    mask: Any,
    constants: list[Any],
    go_backwards: bool,
    options: dict[str, Any],
) -> Any:
    inputs, states, constants = _values(inputs), _values(states), _values(constants)
    first_axis = (lambda x: x) if options.get("time_major") else (lambda x: jnp.moveaxis(x, 1, 0))
    times = jax.tree.map(first_axis, inputs)
    masks = None if mask is None else first_axis(to_array(mask)).astype(bool)

    def step(row: Any, states: Any) -> Any:
        output, new = step_function(row, [*states, *constants])
        return _values(output), [one.astype(s.dtype) for one, s in zip(_values(list(new)), states)]

    shapes = jax.eval_shape(step, jax.tree.map(lambda x: x[0], times), states)[0]
    blank = jax.tree.map(lambda spec: jnp.zeros(spec.shape, spec.dtype), shapes)

    def kept(held: Any, new: Any, old: Any) -> Any:
        return jax.tree.map(
            lambda a, b: jnp.where(held.reshape(held.shape[:1] + (1,) * (a.ndim - 1)), a, b), new, old
        )

    def advance(carry: Any, row: Any) -> Any:
        (states, before), (x, held) = carry, row
        output, new = step(x, states)
        if held is not None:
            output = kept(held, output, blank if options.get("zero_output_for_mask") else before)
            new = kept(held, new, states)
        return (new, output), output

    (states, last), outputs = jax.lax.scan(advance, (states, blank), (times, masks), reverse=go_backwards)
    if go_backwards:
        outputs = jax.tree.map(lambda x: x[::-1], outputs)
    return last, jax.tree.map(first_axis, outputs), states


# Assignments.


class Step:
    """A step of an optimizer, which K.function takes when it runs.

    Args:
        optimizer: what moves the variables.
        gradients: symbolic tensors.
        variables: one for each.
    """

    def __init__(self, optimizer: Any, gradients: list[Any], variables: list[Any]) -> None:
        self.optimizer, self.gradients, self.variables = optimizer, gradients, variables


class Update(tuple):
    """An assignment (variable, new value) that K.function or a session makes when it runs."""


def update(x: Variable, new_x: Any) -> Any:
    """Give a variable a value; a symbolic one when K.function or a session runs the result."""
    if hasattr(new_x, "node") or Made.now is not None:
        return Update((x, new_x))
    x.assign(value_of(new_x))
    return x


def update_add(x: Any, increment: Any) -> Any:
    """Add to a variable."""
    return update(x, x + increment)


def update_sub(x: Any, decrement: Any) -> Any:
    """Subtract from a variable."""
    return update(x, x - decrement)


def moving_average_update(x: Any, value: Any, momentum: float) -> Any:
    """x * momentum + value * (1 - momentum)."""
    return update(x, x * momentum + value * (1.0 - momentum))


def print_tensor(x: Any, message: str = "", summarize: int = 3) -> Any:
    """x, printed whenever it is computed."""

    def show(value: Any) -> Any:
        jax.debug.print(f"{message.replace('{', '{{').replace('}', '}}')} {{}}", value)
        return value

    return applied("PrintTensor", show, (x,), {})


__all__ = [
    "eager",
    "foldl",
    "foldr",
    "in_test_phase",
    "in_train_phase",
    "learning_phase",
    "learning_phase_scope",
    "map_fn",
    "moving_average_update",
    "print_tensor",
    "rnn",
    "set_learning_phase",
    "switch",
    "symbolic",
    "update",
    "update_add",
    "update_sub",
]
