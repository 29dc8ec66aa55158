"""Recurrences over a whole sequence: SimpleRNN, LSTM and GRU, forward and backward.

All arrays are time-major, (T, B, ...). The references of the native kernels form the product of the inputs,
x @ kernel + bias, before the loop; a step is then one product h @ recurrent_kernel for all gates, and
formulas element by element. The gradients are written out: the loop backward carries only the gradient of the
state, and the gradient of each weight is one product over all steps. JAX's own derivative of a loop adds the
gradient of a weight up step by step, which takes twice the time of the whole.
"""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from neurona import activations
from neurona.kernels.activation_codes import Activation, code_of, native_code
from neurona.kernels.library import like, native_call
from neurona.kernels.operation import Operation, differentiable
from neurona.kernels.recurrent_steps import (
    GRU,
    LSTM,
    Cell,
    GRUResetBefore,
    SimpleRNN,
    State,
    Weights,
    product_over_steps,
)

# Missing arrays, for the native kernels.
_ABSENT = np.zeros(0, "float32")
_NO_MASK = np.zeros(0, bool)

Forward = tuple[tuple[jax.Array, State], State | None, jax.Array | None]


def _reference(
    x: jax.Array, weights: Weights, state: State, mask: jax.Array | None, *, cell: Cell, keeps: bool
) -> Forward:
    """The outputs with the final states; then, if `keeps`, the states after each step and what the cell
    keeps.
    """
    recurrent = cell.recurrent(weights)

    def step(state: State, inputs: Any) -> tuple[State, Any]:
        z_t, valid = inputs
        new, kept = cell.forward(z_t, state, recurrent)
        if valid is not None:
            new = tuple(jnp.where(valid, one, old) for one, old in zip(new, state))
        return new, (new, kept)

    z = project(x, weights.kernel, cell.outer_bias(weights))
    final, (states, kept) = lax.scan(step, state, (z, mask), reverse=cell.reverse, unroll=cell.unroll or 1)
    return (states[0], final), states if keeps else None, kept if keeps else None


def _native(
    x: jax.Array, weights: Weights, state: State, mask: jax.Array | None, *, cell: Cell, keeps: bool
) -> Forward:
    steps, batch, units = *x.shape[:2], state[0].shape[-1]
    h, c = _h_and_c(state)
    results = (
        like(x, (steps, *h.shape)),
        like(x, (steps if keeps else 1, *c.shape)),
        like(x, (steps, batch, cell.kept_gates * units) if keeps else (0,)),
    )
    arrays = x, *_without_none(weights), h, c, _flags(mask)
    all_h, all_c, kept = native_call(cell.symbol, results, *arrays, **_attributes(cell))
    states = (all_h, all_c)[: len(state)]
    final = tuple(each[0 if cell.reverse else -1] for each in states)
    return (all_h, final), states if keeps else None, kept if keeps else None


def _reference_gradients(
    x: jax.Array,
    weights: Weights,
    first: State,
    mask: jax.Array | None,
    states: State,
    kept: jax.Array,
    g: tuple[jax.Array, State],
    *,
    cell: Cell,
    needs_dx: bool,
) -> tuple:
    d_outputs, d_final = g
    transposed = lax.optimization_barrier(jax.tree.map(jnp.transpose, cell.recurrent(weights)))
    before = tuple(
        jnp.concatenate([all_steps[1:], start[None]] if cell.reverse else [start[None], all_steps[:-1]])
        for start, all_steps in zip(first, states)
    )

    def step(d_state: State, inputs: Any) -> tuple[State, Any]:
        d_output, old, new, kept_t, valid = inputs
        d_new = (d_state[0] + d_output, *d_state[1:])
        if valid is None:
            d_z, d_old = cell.backward(kept_t, old, new, d_new, transposed)
            return d_old, d_z
        of_valid = tuple(jnp.where(valid, d, 0) for d in d_new)
        d_z, d_old = cell.backward(kept_t, old, new, of_valid, transposed)
        return tuple(d + jnp.where(valid, 0, passed) for d, passed in zip(d_old, d_new)), d_z

    inputs = d_outputs, before, states, kept, mask
    d_first, d_z = lax.scan(step, d_final, inputs, reverse=not cell.reverse, unroll=cell.unroll or 1)
    d_z, d_recurrent_kernel, d_bias = cell.gather(before[0], kept, d_z)
    d_kernel = product_over_steps(x, d_z)
    d_weights = Weights(d_kernel, d_recurrent_kernel, None if weights.bias is None else d_bias)
    return project(d_z, weights.kernel.T, None) if needs_dx else None, d_weights, d_first, None


def _native_gradients(
    x: jax.Array,
    weights: Weights,
    first: State,
    mask: jax.Array | None,
    states: State,
    kept: jax.Array,
    g: tuple[jax.Array, State],
    *,
    cell: Cell,
    needs_dx: bool,
) -> tuple:
    d_outputs, d_final = g
    shapes = x if needs_dx else _ABSENT, *_without_none(weights), *_h_and_c(first)
    given = (
        *(x, *weights[:2], *_h_and_c(first), _flags(mask)),
        *(*_h_and_c(states), kept, d_outputs, *_h_and_c(d_final)),
    )
    symbol, results = f"{cell.symbol}_gradients", [like(x, each.shape) for each in shapes]
    dx, d_kernel, d_recurrent_kernel, d_bias, *d_first = native_call(
        symbol, results, *given, **_attributes(cell)
    )
    d_weights = Weights(d_kernel, d_recurrent_kernel, None if weights.bias is None else d_bias)
    return dx if needs_dx else None, d_weights, tuple(d_first[: len(first)]), None


def _without_none(weights: Weights) -> tuple[Any, ...]:
    return tuple(_ABSENT if weight is None else weight for weight in weights)


def _h_and_c(state: State) -> tuple[Any, ...]:
    return *state, *[_ABSENT] * (2 - len(state))


def _flags(mask: jax.Array | None) -> Any:
    return _NO_MASK if mask is None else mask


def _attributes(cell: Cell) -> dict[str, Any]:
    codes = [native_code(function) for function in cell.functions]
    return {"activation": codes[0], "recurrent_activation": codes[-1], "reverse": np.bool_(cell.reverse)}


def _weights_in(_x: jax.Array, weights: Weights, *_: Any, **_options: Any) -> int:
    return weights.kernel.size + weights.recurrent_kernel.size


def _supports(x: jax.Array, *_: Any, cell: Cell, **_options: Any) -> bool:
    return x.size > 0 and all(code_of(function) is not None for function in cell.functions)


_operation = Operation(
    "recurrence",
    reference=_reference,
    native=_native,
    size=_weights_in,
    # XLA divides the weights among the cores, the kernel the samples: more weights than a core's cache holds
    # are faster in XLA.
    faster_from_to=(1, 1e6),
    supports=_supports,
)
_backward = _operation.backward(_native_gradients, _reference_gradients)


def _alone(*arrays: Any, cell: Cell) -> Any:
    return _operation(*arrays, cell=cell, keeps=False)[0]


def _forward(*arrays: Any, cell: Cell) -> Forward:
    return _operation(*arrays, cell=cell, keeps=True)


def _gradients(*arrays: Any, cell: Cell, needs_dx: bool) -> tuple:
    gradients = _backward(*arrays, cell=cell, needs_dx=needs_dx)
    like_arrays = (arrays[0] if needs_dx else None, *arrays[1:3], None)
    return jax.tree.map(lambda gradient, array: gradient.astype(array.dtype), gradients, like_arrays)


_recur = differentiable(_forward, _gradients, alone=_alone, skips_dx=True)


def project(x: jax.Array, kernel: jax.Array, bias: jax.Array | None) -> jax.Array:
    """x @ kernel + bias over all steps at once, as one product of two matrices.

    Shapes: x (..., d), kernel (d, n), bias (n,) -> (..., n).

    Example:

        >>> project(jnp.ones((5, 2, 3)), jnp.ones((3, 4)), None).shape
        (5, 2, 4)
    """
    z = x.reshape(-1, x.shape[-1]) @ kernel
    return (z if bias is None else z + bias).reshape(*x.shape[:-1], kernel.shape[-1])


def simple_rnn(
    x: jax.Array,
    kernel: jax.Array,
    recurrent_kernel: jax.Array,
    bias: jax.Array | None,
    state: State,
    mask: jax.Array | None = None,
    *,
    activation: Activation = activations.tanh,
    reverse: bool = False,
    unroll: bool = False,
) -> tuple[jax.Array, State]:
    """h_t = activation(x_t @ kernel + h_{t-1} @ recurrent_kernel + bias) for all t.

    Args:
        state: (h,), before the first step.
        mask: true where a step is valid; elsewhere the state stays as it is.
        activation: one that `activation_codes.is_known` accepts.
        reverse: whether to begin at the last step. The outputs keep their places in time.
        unroll: whether to compile the loop as straight code.

    Shapes: x (T, B, d), kernel (d, n), recurrent_kernel (n, n), bias (n,), mask (T, B, 1), h (B, n) ->
        outputs (T, B, n), final (h,).

    Source: Elman, Finding Structure in Time, 1990.

    Example:

        >>> one = jnp.ones((1, 1))
        >>> x, h, linear = jnp.ones((3, 1, 1)), jnp.zeros((1, 1)), activations.linear
        >>> outputs, _ = simple_rnn(x, one, one, None, (h,), activation=linear)
        >>> outputs.ravel().tolist()
        [1.0, 2.0, 3.0]
    """
    cell = SimpleRNN(activation, reverse, unroll)
    return _recur(x, Weights(kernel, recurrent_kernel, bias), state, mask, cell=cell)


def lstm(
    x: jax.Array,
    kernel: jax.Array,
    recurrent_kernel: jax.Array,
    bias: jax.Array | None,
    state: State,
    mask: jax.Array | None = None,
    *,
    activation: Activation = activations.tanh,
    recurrent_activation: Activation = activations.sigmoid,
    reverse: bool = False,
    unroll: bool = False,
) -> tuple[jax.Array, State]:
    """c_t = f * c_{t-1} + i * g and h_t = o * activation(c_t), with the gates i, f, g, o in one product.

    Args:
        state: (h, c), before the first step.
        mask, activation, reverse, unroll: as in `simple_rnn`; the recurrent activation is that of i, f and o.

    Shapes: x (T, B, d), kernel (d, 4n), recurrent_kernel (n, 4n), bias (4n,), mask (T, B, 1), h and c (B, n)
        -> outputs (T, B, n), final (h, c).

    Source: Hochreiter and Schmidhuber, Long Short-Term Memory, 1997; the forget gate: Gers, Schmidhuber and
        Cummins, 2000.

    Example:

        >>> h = jnp.zeros((2, 5))
        >>> outputs, (h, c) = lstm(jnp.ones((7, 2, 3)), jnp.ones((3, 20)), jnp.ones((5, 20)), None, (h, h))
        >>> outputs.shape, c.shape
        ((7, 2, 5), (2, 5))
    """
    cell = LSTM(activation, reverse, unroll, recurrent_activation)
    return _recur(x, Weights(kernel, recurrent_kernel, bias), state, mask, cell=cell)


def gru(
    x: jax.Array,
    kernel: jax.Array,
    recurrent_kernel: jax.Array,
    bias: jax.Array | None,
    state: State,
    mask: jax.Array | None = None,
    *,
    activation: Activation = activations.tanh,
    recurrent_activation: Activation = activations.sigmoid,
    reset_after: bool = True,
    reverse: bool = False,
    unroll: bool = False,
) -> tuple[jax.Array, State]:
    """h_t = z * h_{t-1} + (1 - z) * candidate, with an update gate z and a reset gate r inside the candidate.

    Args:
        state: (h,), before the first step.
        reset_after: whether r multiplies the recurrent product (True) or the state before the product (False,
            as first published).
        mask, activation, reverse, unroll: as in `simple_rnn`; the recurrent activation is that of z and r.

    Shapes: x (T, B, d), kernel (d, 3n), recurrent_kernel (n, 3n), bias (2, 3n) with reset_after, one row for
        each product, else (3n,), mask (T, B, 1), h (B, n) -> outputs (T, B, n), final (h,).

    Source: Cho et al., Learning Phrase Representations using RNN Encoder-Decoder, 2014.

    Example:

        >>> kernel, recurrent_kernel, h = jnp.ones((3, 15)), jnp.ones((5, 15)), jnp.zeros((2, 5))
        >>> outputs, (h,) = gru(jnp.ones((7, 2, 3)), kernel, recurrent_kernel, None, (h,))
        >>> bool((outputs[-1] == h).all())
        True
    """
    cell = (GRU if reset_after else GRUResetBefore)(activation, reverse, unroll, recurrent_activation)
    return _recur(x, Weights(kernel, recurrent_kernel, bias), state, mask, cell=cell)
