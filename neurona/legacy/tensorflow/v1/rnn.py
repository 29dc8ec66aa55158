"""`tf.nn.dynamic_rnn`, `static_rnn` and their kin: cells over sequences."""

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp

from neurona.legacy.tensorflow import arrays
from neurona.legacy.tensorflow.dtypes import float32
from neurona.legacy.tensorflow.v1.building import range_, shape
from neurona.legacy.tensorflow.v1.control import steps_of, while_loop
from neurona.legacy.tensorflow.v1.scopes import variable_scope
from neurona.legacy.tensorflow.v1.tensor import constant, convert, draw
from neurona.legacy.tensorflow.v1.tensor_array import TensorArray


def _leaves(tree: Any) -> tuple[list[Any], Any]:
    return jax.tree.flatten(tree, is_leaf=lambda leaf: hasattr(leaf, "graph_nodes"))


def _first_state(cell: Any, state: Any, batch: Any, dtype: Any) -> Any:
    if state is not None:
        return state
    if dtype is None:
        raise ValueError("If there is no initial_state, you must give a dtype.")
    return cell.zero_state(batch, dtype)


def dynamic_rnn(
    cell: Any,
    inputs: Any,
    sequence_length: Any = None,
    initial_state: Any = None,
    dtype: Any = None,
    parallel_iterations: Any = None,
    swap_memory: bool = False,
    time_major: bool = False,
    scope: Any = None,
) -> tuple[Any, Any]:
    """A cell over sequences: the outputs of all steps, and the last state.

    Shapes: inputs (batch, steps, features), or (steps, batch, features) where `time_major`.
    """
    inputs = convert(inputs)
    with variable_scope(scope or "rnn"):
        batch = inputs.shape.as_list()[1 if time_major else 0]
        batch = shape(inputs)[1 if time_major else 0] if batch is None else batch
        state = _first_state(cell, initial_state, batch, dtype or inputs.dtype)
        steps = inputs if time_major else draw(_swapped, (inputs,), default="transpose")
        outputs, last = _over_steps(cell, steps, state, sequence_length)
        if not time_major:
            outputs = draw(_swapped, (outputs,), default="transpose")
        return outputs, last


def _over_steps(cell: Any, steps: Any, state: Any, lengths: Any) -> tuple[Any, Any]:
    """The outputs of a cell over (steps, batch, features), and its last state."""
    begun, form = _leaves(state)
    times = [] if lengths is None else [range_(shape(steps)[0])]
    lengths = None if lengths is None else convert(lengths)

    def step(elements: list[Any], before: list[Any]) -> tuple[list[Any], list[Any]]:
        output, new = cell(elements[0], jax.tree.unflatten(form, before))
        after, _ = _leaves(new)
        if lengths is not None:
            after = [
                draw(_kept, (elements[1], lengths, one, old)) for one, old in zip(after, before, strict=True)
            ]
            output = draw(_kept, (elements[1], lengths, output, None))
        return after, [output]

    last, (outputs,) = steps_of(step, [steps, *times], begun)
    return outputs, jax.tree.unflatten(form, last)


def _swapped(x: Any) -> Any:
    return jnp.swapaxes(x, 0, 1)


def _kept(time: Any, lengths: Any, new: Any, old: Any) -> Any:
    lengths = jnp.asarray(lengths)
    inside = (time < lengths).reshape((-1,) + (1,) * (new.ndim - 1))
    return jnp.where(inside, new, jnp.zeros_like(new) if old is None else old)


def static_rnn(
    cell: Any,
    inputs: Sequence[Any],
    initial_state: Any = None,
    dtype: Any = None,
    sequence_length: Any = None,
    scope: Any = None,
) -> tuple[list[Any], Any]:
    """A cell over a list of steps: the list of outputs, and the last state."""
    if not isinstance(inputs, (list, tuple)) or not inputs:
        raise TypeError("inputs must be a list of tensors, one for each step: tf.unstack(x, steps, 1).")
    with variable_scope(scope or "rnn"):
        inputs = [convert(one) for one in inputs]
        batch = inputs[0].shape.as_list()[0]
        batch = shape(inputs[0])[0] if batch is None else batch
        state = _first_state(cell, initial_state, batch, dtype or float32)
        outputs, last = _over_steps(cell, arrays.stack(inputs), state, sequence_length)
        return arrays.unstack(outputs, len(inputs)), last


def bidirectional_dynamic_rnn(
    cell_fw: Any,
    cell_bw: Any,
    inputs: Any,
    sequence_length: Any = None,
    initial_state_fw: Any = None,
    initial_state_bw: Any = None,
    dtype: Any = None,
    parallel_iterations: Any = None,
    swap_memory: bool = False,
    time_major: bool = False,
    scope: Any = None,
) -> tuple[Any, Any]:
    """One cell from the first step on, another from the last: the pairs of outputs and of states."""
    axis = 0 if time_major else 1

    def turned(x: Any) -> Any:
        if sequence_length is None:
            return arrays.reverse(x, [axis])
        return arrays.reverse_sequence(x, sequence_length, seq_axis=axis, batch_axis=1 - axis)

    with variable_scope(scope or "bidirectional_rnn"):
        forth, state_fw = dynamic_rnn(
            cell_fw, inputs, sequence_length, initial_state_fw, dtype, time_major=time_major, scope="fw"
        )
        back, state_bw = dynamic_rnn(
            cell_bw,
            turned(inputs),
            sequence_length,
            initial_state_bw,
            dtype,
            time_major=time_major,
            scope="bw",
        )
    return (forth, turned(back)), (state_fw, state_bw)


def static_bidirectional_rnn(
    cell_fw: Any,
    cell_bw: Any,
    inputs: Sequence[Any],
    initial_state_fw: Any = None,
    initial_state_bw: Any = None,
    dtype: Any = None,
    sequence_length: Any = None,
    scope: Any = None,
) -> tuple[list[Any], Any, Any]:
    """One cell over a list of steps, another over it from its end: the joined outputs, and both states."""
    with variable_scope(scope or "bidirectional_rnn"):
        forth, state_fw = static_rnn(cell_fw, inputs, initial_state_fw, dtype, sequence_length, "fw")
        back, state_bw = static_rnn(
            cell_bw, list(inputs)[::-1], initial_state_bw, dtype, sequence_length, "bw"
        )
    joined = [arrays.concat([one, other], 1) for one, other in zip(forth, back[::-1], strict=True)]
    return joined, state_fw, state_bw


def stack_bidirectional_dynamic_rnn(
    cells_fw: Sequence[Any],
    cells_bw: Sequence[Any],
    inputs: Any,
    initial_states_fw: Sequence[Any] | None = None,
    initial_states_bw: Sequence[Any] | None = None,
    dtype: Any = None,
    sequence_length: Any = None,
    parallel_iterations: Any = None,
    time_major: bool = False,
    scope: Any = None,
) -> tuple[Any, tuple[Any, ...], tuple[Any, ...]]:
    """Pairs of cells, each over the joined outputs of the pair before: the last outputs, and all states."""
    states, outputs = [], inputs
    with variable_scope(scope or "stack_bidirectional_rnn"):
        pairs = _pairs(cells_fw, cells_bw, initial_states_fw, initial_states_bw)
        for number, (cell_fw, cell_bw, forth, back) in enumerate(pairs):
            with variable_scope(f"cell_{number}"):
                both, state = bidirectional_dynamic_rnn(
                    cell_fw, cell_bw, outputs, sequence_length, forth, back, dtype, time_major=time_major
                )
            outputs = arrays.concat(list(both), 2)
            states.append(state)
    forth, back = map(tuple, zip(*states, strict=True))
    return outputs, forth, back


def stack_bidirectional_rnn(
    cells_fw: Sequence[Any],
    cells_bw: Sequence[Any],
    inputs: Sequence[Any],
    initial_states_fw: Sequence[Any] | None = None,
    initial_states_bw: Sequence[Any] | None = None,
    dtype: Any = None,
    sequence_length: Any = None,
    scope: Any = None,
) -> tuple[list[Any], tuple[Any, ...], tuple[Any, ...]]:
    """The same over a list of steps."""
    states, outputs = [], list(inputs)
    with variable_scope(scope or "stack_bidirectional_rnn"):
        pairs = _pairs(cells_fw, cells_bw, initial_states_fw, initial_states_bw)
        for number, (cell_fw, cell_bw, forth, back) in enumerate(pairs):
            with variable_scope(f"cell_{number}"):
                outputs, *state = static_bidirectional_rnn(
                    cell_fw, cell_bw, outputs, forth, back, dtype, sequence_length
                )
            states.append(state)
    forth, back = map(tuple, zip(*states, strict=True))
    return outputs, forth, back


def _pairs(forth: Sequence[Any], back: Sequence[Any], states_fw: Any, states_bw: Any) -> Any:
    none = [None] * len(forth)
    return zip(forth, back, states_fw or none, states_bw or none, strict=True)


def raw_rnn(
    cell: Any,
    loop_fn: Callable[..., Any],
    parallel_iterations: Any = None,
    swap_memory: bool = False,
    scope: Any = None,
) -> tuple[Any, Any, Any]:
    """A cell in a loop whose inputs and end a function tells.

    Args:
        cell: the cell.
        loop_fn: from (time, the cell's output, its state, the loop's state) to (which rows are finished, the
            next input, the next state, what is kept of the output, the next state of the loop). At time 0 the
            others are None, and it tells the first ones.

    Returns:
        An array of what was kept of each step, 0 for rows that were finished; the last state; the last state
        of the loop.
    """
    with variable_scope(scope or "rnn"):
        finished, inputs, state, kept, extra = loop_fn(constant(0), None, None, None)
        has_extra = extra is not None
        like, forms = _leaves(cell.output_size if kept is None else kept)
        first = convert(_leaves(inputs)[0][0]).dtype  # that of outputs, where only their sizes are known
        dtypes = [first if kept is None else convert(one).dtype for one in like]
        held = [TensorArray(one, 0, dynamic_size=True) for one in dtypes]

        def step(time: Any, done: Any, given: Any, before: Any, more: Any, rows: list[Any]) -> Any:
            output, after = cell(given, before)
            ends, following, new, said, more = loop_fn(time + 1, output, after, more if has_extra else None)
            said = _leaves(output if said is None else said)[0]
            said = [draw(_unless, (done, one, None)) for one in said]
            old, form = _leaves(before)
            new = [draw(_unless, (done, *pair)) for pair in zip(_leaves(new)[0], old, strict=True)]
            rows = [one.write(time, value) for one, value in zip(rows, said, strict=True)]
            more = more if has_extra else 0
            return time + 1, draw(jnp.logical_or, (done, ends)), following, form.unflatten(new), more, rows

        begun = (constant(0), finished, inputs, state, extra if has_extra else 0, held)
        last = while_loop(lambda _, done, *__: draw(_any_left, (done,)), step, begun)
        return jax.tree.unflatten(forms, last[5]), last[3], last[4] if has_extra else None


def _unless(done: Any, new: Any, old: Any) -> Any:
    """The new value; in rows that are finished the old one, or 0."""
    rows = jnp.reshape(done, (-1,) + (1,) * (jnp.ndim(new) - 1)) if jnp.ndim(new) else jnp.all(done)
    return jnp.where(rows, jnp.zeros_like(new) if old is None else old, new)


def _any_left(done: Any) -> Any:
    return jnp.logical_not(jnp.all(done))


def static_state_saving_rnn(*_: Any, **__: Any) -> Any:
    """Refuse: states in queues."""
    raise NotImplementedError(
        "tf.nn.static_state_saving_rnn is not here: feed the state to tf.nn.dynamic_rnn."
    )
