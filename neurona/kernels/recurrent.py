"""Recurrences over a whole sequence: SimpleRNN, LSTM and GRU, forward and backward.

All arrays are time-major, (T, B, ...). The inputs' product x @ kernel + bias is one matrix product before the loop; a step is one product
h @ recurrent_kernel for all gates and what follows from it element by element. The gradients are written out: the loop that runs backward
carries only the state's gradient, and the weights' gradients are one product each over all steps at once. Derivatives of a loop as JAX
makes them add a weight gradient up step by step, which takes twice the time of the whole.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from neurona import activations

State = tuple[jax.Array, ...]

# The slope of an activation as a function of its value: all that the backward loop needs to keep.
_SLOPES: dict[Callable[..., Any], Callable[[jax.Array], jax.Array]] = {
    activations.linear: jnp.ones_like,
    activations.tanh: lambda value: 1 - value * value,
    activations.sigmoid: lambda value: value * (1 - value),
    activations.relu: lambda value: (value > 0).astype(value.dtype),
    activations.hard_sigmoid: lambda value: jnp.where((value > 0) & (value < 1), 1 / 6, 0).astype(value.dtype),
}


def has_kernel(*functions: Any) -> bool:
    """Whether the recurrences here know all of these activations.

    Example:

        >>> has_kernel(activations.tanh, activations.sigmoid), has_kernel(activations.softmax)
        (True, False)
    """
    return all(any(function is known for known in _SLOPES) for function in functions)


@dataclass(frozen=True)
class _Cell:
    """One step forward and one step back.

    `forward(z, state, weights)` gives the new state and what the way back needs; `backward(kept, old, new, d_new, turned)`, with the
    weights transposed, the gradients of z and of the old state; `gather(h, kept, d_z)`, over all steps, those of z and of the weights.
    """

    activation: Callable[..., Any]
    reverse: bool
    unroll: bool

    def forward(self, z: Any, state: State, weights: Any) -> tuple[State, Any]:
        raise NotImplementedError

    def backward(self, kept: Any, old: State, new: State, d_new: State, turned: Any) -> tuple[Any, State]:
        raise NotImplementedError

    def gather(self, h: jax.Array, kept: Any, d_z: jax.Array) -> tuple[jax.Array, Any]:
        return d_z, (_product(h, d_z),)


class _SimpleRNN(_Cell):
    def forward(self, z: Any, state: State, weights: Any) -> tuple[State, Any]:
        return (self.activation(z + state[0] @ weights[0]),), ()

    def backward(self, kept: Any, old: State, new: State, d_new: State, turned: Any) -> tuple[Any, State]:
        d_z = d_new[0] * _SLOPES[self.activation](new[0])
        return d_z, (d_z @ turned[0],)


@dataclass(frozen=True)
class _Gated(_Cell):
    recurrent_activation: Callable[..., Any]


class _LSTM(_Gated):
    def forward(self, z: Any, state: State, weights: Any) -> tuple[State, Any]:
        h, c = state
        i, f, g, o = jnp.split(z + h @ weights[0], 4, axis=-1)
        gate = self.recurrent_activation
        gates = _one_array(gate(i), gate(f), self.activation(g), gate(o))
        i, f, g, o = jnp.split(gates, 4, axis=-1)
        c = f * c + i * g
        return (o * self.activation(c), c), gates

    def backward(self, kept: Any, old: State, new: State, d_new: State, turned: Any) -> tuple[Any, State]:
        slope, gate_slope = _SLOPES[self.activation], _SLOPES[self.recurrent_activation]
        i, f, g, o = jnp.split(kept, 4, axis=-1)
        d_h, d_c = d_new
        value = self.activation(new[1])
        d_c = d_c + d_h * o * slope(value)
        d_z = _one_array(d_c * g * gate_slope(i), d_c * old[1] * gate_slope(f), d_c * i * slope(g), d_h * value * gate_slope(o))
        return d_z, (d_z @ turned[0], d_c * f)


class _GRU(_Gated):
    """The reset gate acts on what the recurrent product gives."""

    def forward(self, z: Any, state: State, weights: Any) -> tuple[State, Any]:
        (h,), (kernel, bias) = state, weights
        inner = h @ kernel if bias is None else h @ kernel + bias
        (z_z, z_r, z_h), (h_z, h_r, h_h) = jnp.split(z, 3, axis=-1), jnp.split(inner, 3, axis=-1)
        update, reset = self.recurrent_activation(z_z + h_z), self.recurrent_activation(z_r + h_r)
        kept = _one_array(update, reset, self.activation(z_h + reset * h_h), h_h)
        update, _, candidate, _ = jnp.split(kept, 4, axis=-1)
        return (update * h + (1 - update) * candidate,), kept

    def backward(self, kept: Any, old: State, new: State, d_new: State, turned: Any) -> tuple[Any, State]:
        gate_slope = _SLOPES[self.recurrent_activation]
        update, reset, candidate, h_h = jnp.split(kept, 4, axis=-1)
        d_h = d_new[0]
        d_candidate = d_h * (1 - update) * _SLOPES[self.activation](candidate)
        d_update = d_h * (old[0] - candidate) * gate_slope(update)
        d_z = _one_array(d_update, d_candidate * h_h * gate_slope(reset), d_candidate, d_candidate * reset)
        return d_z, (d_h * update + self._inner(d_z) @ turned[0],)

    @staticmethod
    def _inner(d_z: jax.Array) -> jax.Array:
        d_update, d_reset, _, d_h_h = jnp.split(d_z, 4, axis=-1)
        return jnp.concatenate([d_update, d_reset, d_h_h], axis=-1)

    def gather(self, h: jax.Array, kept: Any, d_z: jax.Array) -> tuple[jax.Array, Any]:
        inner = self._inner(d_z)
        return d_z[..., : 3 * h.shape[-1]], (_product(h, inner), inner.sum((0, 1)))


class _GRUResetBefore(_Gated):
    """The reset gate acts on the state before the recurrent product, which is then two products."""

    def forward(self, z: Any, state: State, weights: Any) -> tuple[State, Any]:
        (h,), (gate_kernel, kernel) = state, weights
        (z_z, z_r, z_h), (h_z, h_r) = jnp.split(z, 3, axis=-1), jnp.split(h @ gate_kernel, 2, axis=-1)
        update, reset = self.recurrent_activation(z_z + h_z), self.recurrent_activation(z_r + h_r)
        kept = _one_array(update, reset, self.activation(z_h + (reset * h) @ kernel))
        update, _, candidate = jnp.split(kept, 3, axis=-1)
        return (update * h + (1 - update) * candidate,), kept

    def backward(self, kept: Any, old: State, new: State, d_new: State, turned: Any) -> tuple[Any, State]:
        gate_slope = _SLOPES[self.recurrent_activation]
        update, reset, candidate = jnp.split(kept, 3, axis=-1)
        (d_h,), (h,), (gate_kernel, kernel) = d_new, old, turned
        d_candidate = d_h * (1 - update) * _SLOPES[self.activation](candidate)
        d_product = d_candidate @ kernel
        d_update, d_reset = d_h * (h - candidate) * gate_slope(update), d_product * h * gate_slope(reset)
        d_old = d_h * update + d_product * reset + jnp.concatenate([d_update, d_reset], axis=-1) @ gate_kernel
        return _one_array(d_update, d_reset, d_candidate), (d_old,)

    def gather(self, h: jax.Array, kept: Any, d_z: jax.Array) -> tuple[jax.Array, Any]:
        units = h.shape[-1]
        reset = kept[..., units : 2 * units]
        return d_z, (_product(h, d_z[..., : 2 * units]), _product(reset * h, d_z[..., 2 * units :]))


def _one_array(*parts: jax.Array) -> jax.Array:
    # Behind the barrier XLA computes the gates once; without it, once for each of the values that are made of them.
    return lax.optimization_barrier(jnp.concatenate(parts, axis=-1))


def _product(left: jax.Array, right: jax.Array) -> jax.Array:
    # (T, B, n), (T, B, m) -> (n, m). As a product of two matrices; over two axes XLA takes twice the time.
    return left.reshape(-1, left.shape[-1]).T @ right.reshape(-1, right.shape[-1])


@partial(jax.custom_vjp, nondiff_argnums=(0,))
def _recur(cell: _Cell, z: jax.Array, weights: Any, state: State, mask: jax.Array | None) -> tuple[jax.Array, State]:
    return _forward(cell, z, weights, state, mask)[0]


def _forward(cell: _Cell, z: jax.Array, weights: Any, state: State, mask: jax.Array | None) -> tuple[tuple[jax.Array, State], Any]:
    def step(state: State, inputs: Any) -> tuple[State, Any]:
        z_t, live = inputs
        new, kept = cell.forward(z_t, state, weights)
        if live is not None:
            new = tuple(jnp.where(live, one, old) for one, old in zip(new, state))
        return new, (new, kept)

    final, (states, kept) = lax.scan(step, state, (z, mask), reverse=cell.reverse, unroll=cell.unroll or 1)
    return (states[0], final), (weights, state, mask, states, kept)


def _backward(cell: _Cell, residuals: Any, gradients: Any) -> tuple:
    weights, first, mask, states, kept = residuals
    d_outputs, d_final = gradients
    turned = lax.optimization_barrier(jax.tree.map(jnp.transpose, weights))
    before = tuple(
        jnp.concatenate([all_steps[1:], start[None]] if cell.reverse else [start[None], all_steps[:-1]])
        for start, all_steps in zip(first, states)
    )

    def step(d_state: State, inputs: Any) -> tuple[State, Any]:
        d_output, old, new, kept_t, live = inputs
        d_new = (d_state[0] + d_output, *d_state[1:])
        if live is None:
            d_z, d_old = cell.backward(kept_t, old, new, d_new, turned)
            return d_old, d_z
        d_z, d_old = cell.backward(kept_t, old, new, tuple(jnp.where(live, d, 0) for d in d_new), turned)
        return tuple(d + jnp.where(live, 0, passed) for d, passed in zip(d_old, d_new)), d_z

    d_first, d_z = lax.scan(step, d_final, (d_outputs, before, states, kept, mask), reverse=not cell.reverse, unroll=cell.unroll or 1)
    d_z, d_weights = cell.gather(before[0], kept, d_z)
    d_weights = tuple(None if weight is None else d for weight, d in zip(weights, d_weights))
    return d_z, d_weights, d_first, None


_recur.defvjp(_forward, _backward)


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
    activation: Callable[..., Any] = activations.tanh,
    reverse: bool = False,
    unroll: bool = False,
) -> tuple[jax.Array, State]:
    """h_t = activation(x_t @ kernel + h_{t-1} @ recurrent_kernel + bias) for all t.

    Args:
        state: (h,), before the first step.
        mask: true where a step counts; elsewhere the state stays as it is.
        activation: one that `has_kernel` knows.
        reverse: whether to begin at the last step. The outputs keep their places in time.
        unroll: whether to compile the loop as one straight program.

    Shapes: x (T, B, d), kernel (d, n), recurrent_kernel (n, n), bias (n,), mask (T, B, 1), h (B, n) -> outputs (T, B, n), final (h,).

    Source: Elman, Finding Structure in Time, 1990.

    Example:

        >>> one = jnp.ones((1, 1))
        >>> simple_rnn(jnp.ones((3, 1, 1)), one, one, None, (one * 0,), activation=activations.linear)[0].ravel().tolist()
        [1.0, 2.0, 3.0]
    """
    return _recur(_SimpleRNN(activation, reverse, unroll), project(x, kernel, bias), (recurrent_kernel,), state, mask)


def lstm(
    x: jax.Array,
    kernel: jax.Array,
    recurrent_kernel: jax.Array,
    bias: jax.Array | None,
    state: State,
    mask: jax.Array | None = None,
    *,
    activation: Callable[..., Any] = activations.tanh,
    recurrent_activation: Callable[..., Any] = activations.sigmoid,
    reverse: bool = False,
    unroll: bool = False,
) -> tuple[jax.Array, State]:
    """c_t = f * c_{t-1} + i * g and h_t = o * activation(c_t), with the gates i, f, g, o in one product.

    Args:
        state: (h, c), before the first step.
        mask, activation, reverse, unroll: as in `simple_rnn`; the recurrent activation is that of i, f and o.

    Shapes: x (T, B, d), kernel (d, 4n), recurrent_kernel (n, 4n), bias (4n,), mask (T, B, 1), h and c (B, n) -> outputs (T, B, n),
        final (h, c).

    Source: Hochreiter and Schmidhuber, Long Short-Term Memory, 1997; the forget gate: Gers, Schmidhuber and Cummins, 2000.

    Example:

        >>> h = jnp.zeros((2, 5))
        >>> outputs, (h, c) = lstm(jnp.ones((7, 2, 3)), jnp.ones((3, 20)), jnp.ones((5, 20)), None, (h, h))
        >>> outputs.shape, c.shape
        ((7, 2, 5), (2, 5))
    """
    cell = _LSTM(activation, reverse, unroll, recurrent_activation)
    return _recur(cell, project(x, kernel, bias), (recurrent_kernel,), state, mask)


def gru(
    x: jax.Array,
    kernel: jax.Array,
    recurrent_kernel: jax.Array,
    bias: jax.Array | None,
    state: State,
    mask: jax.Array | None = None,
    *,
    activation: Callable[..., Any] = activations.tanh,
    recurrent_activation: Callable[..., Any] = activations.sigmoid,
    reset_after: bool = True,
    reverse: bool = False,
    unroll: bool = False,
) -> tuple[jax.Array, State]:
    """h_t = z * h_{t-1} + (1 - z) * candidate, with an update gate z and a reset gate r inside the candidate.

    Args:
        state: (h,), before the first step.
        reset_after: whether r multiplies the recurrent product, as on a GPU, or the state before the product, as first published.
        mask, activation, reverse, unroll: as in `simple_rnn`; the recurrent activation is that of z and r.

    Shapes: x (T, B, d), kernel (d, 3n), recurrent_kernel (n, 3n), bias (2, 3n) with reset_after, one row for each product, else (3n,),
        mask (T, B, 1), h (B, n) -> outputs (T, B, n), final (h,).

    Source: Cho et al., Learning Phrase Representations using RNN Encoder-Decoder, 2014.

    Example:

        >>> outputs, (h,) = gru(jnp.ones((7, 2, 3)), jnp.ones((3, 15)), jnp.ones((5, 15)), None, (jnp.zeros((2, 5)),))
        >>> bool((outputs[-1] == h).all())
        True
    """
    if reset_after:
        inner, outer = (None, None) if bias is None else (bias[1], bias[0])
        cell = _GRU(activation, reverse, unroll, recurrent_activation)
        return _recur(cell, project(x, kernel, outer), (recurrent_kernel, inner), state, mask)
    units = recurrent_kernel.shape[0]
    weights = recurrent_kernel[:, : 2 * units], recurrent_kernel[:, 2 * units :]
    return _recur(_GRUResetBefore(activation, reverse, unroll, recurrent_activation), project(x, kernel, bias), weights, state, mask)
