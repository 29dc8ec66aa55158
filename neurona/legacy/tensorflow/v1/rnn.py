"""`tf.nn.dynamic_rnn`, `static_rnn` and their kin: cells over sequences."""

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp

from neurona.legacy.tensorflow import arrays
from neurona.legacy.tensorflow.dtypes import float32
from neurona.legacy.tensorflow.v1.building import range_, shape
from neurona.legacy.tensorflow.v1.control import steps_of
from neurona.legacy.tensorflow.v1.scopes import variable_scope
from neurona.legacy.tensorflow.v1.tensor import convert, draw


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


def raw_rnn(*_: Any, **__: Any) -> Any:
    """Refuse: loops with TensorArrays."""
    raise NotImplementedError(
        "tf.nn.raw_rnn is not here: use tf.nn.dynamic_rnn, or tf.scan for a loop of your own."
    )


def static_state_saving_rnn(*_: Any, **__: Any) -> Any:
    """Refuse: states in queues."""
    raise NotImplementedError(
        "tf.nn.static_state_saving_rnn is not here: feed the state to tf.nn.dynamic_rnn."
    )
