"""Recurrences over a whole sequence: SimpleRNN, LSTM and GRU, forward and backward.

All arrays are time-major, (T, B, ...). In the twins of the native kernels the product of the inputs, x @
kernel + bias, is formed before the loop; a step is one product h @ recurrent_kernel for all gates and what
follows from it element by element. The gradients are written
out: the loop that runs backward carries only the state's gradient, and the weights' gradients are one product
    each over all steps at once.
Derivatives of a loop as JAX makes them add a weight gradient up step by step, which takes twice the time of
the whole.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from neurona import activations

from . import native

State = tuple[jax.Array, ...]

# The slope of an activation as a function of its value: all that the backward loop needs to keep.
_SLOPES: dict[Callable[..., Any], Callable[[jax.Array], jax.Array]] = {
    activations.linear: jnp.ones_like,
    activations.tanh: lambda value: 1 - value * value,
    activations.sigmoid: lambda value: value * (1 - value),
    activations.relu: lambda value: (value > 0).astype(value.dtype),
    activations.hard_sigmoid: lambda value: jnp.where((value > 0) & (value < 1), 1 / 6, 0).astype(
        value.dtype
    ),
}

# Activations that the native kernels compute, and their codes there.
_NATIVE: dict[Callable[..., Any], int] = {
    activations.linear: 0,
    activations.relu: 1,
    activations.tanh: 2,
    activations.sigmoid: 3,
}

# What the native kernels take for an array that is not there.
_ABSENT = np.zeros(0, "float32")
_NO_MASK = np.zeros(0, bool)


def has_kernel(*functions: Any) -> bool:
    """Whether the recurrences here know all of these activations.

    Example:

        >>> has_kernel(activations.tanh, activations.sigmoid), has_kernel(activations.softmax)
        (True, False)
    """
    return all(any(function is known for known in _SLOPES) for function in functions)


class Weights(NamedTuple):
    """The bias is None where there is none."""

    kernel: jax.Array
    recurrent_kernel: jax.Array
    bias: jax.Array | None


@dataclass(frozen=True)
class _Cell:
    """One step forward and one step back.

    `recurrent(weights)` are the weights that a step needs; `forward(z, state, recurrent)` gives the new state
    and what the way back needs; `backward(kept, old, new, d_new, turned)`, with the recurrent weights
    transposed, the gradients of z and of the old state; `gather(h, kept, d_z)`, over all steps, those of the
    inputs' product, of the recurrent kernel and of the bias.
    """

    activation: Callable[..., Any]
    reverse: bool
    unroll: bool

    symbol = ""  # of the native kernel
    kept_gates = 0

    @property
    def functions(self) -> tuple[Callable[..., Any], ...]:
        return (self.activation,)

    def recurrent(self, weights: Weights) -> tuple[jax.Array | None, ...]:
        return (weights.recurrent_kernel,)

    def outer_bias(self, weights: Weights) -> jax.Array | None:
        return weights.bias

    def forward(self, z: Any, state: State, recurrent: Any) -> tuple[State, Any]:
        raise NotImplementedError

    def backward(self, kept: Any, old: State, new: State, d_new: State, turned: Any) -> tuple[Any, State]:
        raise NotImplementedError

    def gather(self, h: jax.Array, kept: Any, d_z: jax.Array) -> tuple[jax.Array, jax.Array, jax.Array]:
        return d_z, _product(h, d_z), d_z.sum((0, 1))


class _SimpleRNN(_Cell):
    symbol = "neurona_simple_rnn"

    def forward(self, z: Any, state: State, recurrent: Any) -> tuple[State, Any]:
        return (self.activation(z + state[0] @ recurrent[0]),), jnp.zeros((*z.shape[:-1], 0), z.dtype)

    def backward(self, kept: Any, old: State, new: State, d_new: State, turned: Any) -> tuple[Any, State]:
        d_z = d_new[0] * _SLOPES[self.activation](new[0])
        return d_z, (d_z @ turned[0],)


@dataclass(frozen=True)
class _Gated(_Cell):
    recurrent_activation: Callable[..., Any]

    @property
    def functions(self) -> tuple[Callable[..., Any], ...]:
        return self.activation, self.recurrent_activation


class _LSTM(_Gated):
    symbol = "neurona_lstm"
    kept_gates = 4

    def forward(self, z: Any, state: State, recurrent: Any) -> tuple[State, Any]:
        h, c = state
        i, f, g, o = jnp.split(z + h @ recurrent[0], 4, axis=-1)
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
        d_z = _one_array(
            d_c * g * gate_slope(i),
            d_c * old[1] * gate_slope(f),
            d_c * i * slope(g),
            d_h * value * gate_slope(o),
        )
        return d_z, (d_z @ turned[0], d_c * f)


class _GRU(_Gated):
    """The reset gate acts on what the recurrent product gives."""

    symbol = "neurona_gru"
    kept_gates = 4

    def recurrent(self, weights: Weights) -> tuple[jax.Array | None, ...]:
        return weights.recurrent_kernel, None if weights.bias is None else weights.bias[1]

    def outer_bias(self, weights: Weights) -> jax.Array | None:
        return None if weights.bias is None else weights.bias[0]

    def forward(self, z: Any, state: State, recurrent: Any) -> tuple[State, Any]:
        (h,), (kernel, bias) = state, recurrent
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

    def gather(self, h: jax.Array, kept: Any, d_z: jax.Array) -> tuple[jax.Array, jax.Array, jax.Array]:
        inner, outer = self._inner(d_z), d_z[..., : 3 * h.shape[-1]]
        return outer, _product(h, inner), jnp.stack([outer.sum((0, 1)), inner.sum((0, 1))])


class _GRUResetBefore(_Gated):
    """The reset gate acts on the state before the recurrent product, which is then two products."""

    symbol = "neurona_gru_reset_before"
    kept_gates = 3

    def recurrent(self, weights: Weights) -> tuple[jax.Array | None, ...]:
        units = weights.recurrent_kernel.shape[0]
        return weights.recurrent_kernel[:, : 2 * units], weights.recurrent_kernel[:, 2 * units :]

    def forward(self, z: Any, state: State, recurrent: Any) -> tuple[State, Any]:
        (h,), (gate_kernel, kernel) = state, recurrent
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

    def gather(self, h: jax.Array, kept: Any, d_z: jax.Array) -> tuple[jax.Array, jax.Array, jax.Array]:
        units = h.shape[-1]
        reset = kept[..., units : 2 * units]
        products = _product(h, d_z[..., : 2 * units]), _product(reset * h, d_z[..., 2 * units :])
        return d_z, jnp.concatenate(products, axis=-1), d_z.sum((0, 1))


def _one_array(*parts: jax.Array) -> jax.Array:
    # Behind the barrier XLA computes the gates once; without it, once for each of the values that are made of
    # them.
    return lax.optimization_barrier(jnp.concatenate(parts, axis=-1))


def _product(left: jax.Array, right: jax.Array) -> jax.Array:
    # (T, B, n), (T, B, m) -> (n, m). As a product of two matrices; over two axes XLA takes twice the time.
    return left.reshape(-1, left.shape[-1]).T @ right.reshape(-1, right.shape[-1])


@partial(jax.custom_vjp, nondiff_argnums=(0,))
def _recur(
    cell: _Cell, x: jax.Array, weights: Weights, state: State, mask: jax.Array | None
) -> tuple[jax.Array, State]:
    outputs, final, _ = _forward(cell, False, x, weights, state, mask)
    return outputs, final


def _with_residuals(cell: _Cell, *perturbable: Any) -> tuple[tuple[jax.Array, State], Any]:
    of_x = perturbable[0].perturbed
    x, weights, state, mask = jax.tree.map(lambda each: each.value, perturbable)
    outputs, final, kept = _forward(cell, True, x, weights, state, mask)
    return (outputs, final), (x, weights, state, mask, *kept, () if of_x else None)


def _gradients(cell: _Cell, residuals: Any, gradients: Any) -> tuple:
    *residuals, of_x = residuals

    def array(gradient: Any) -> jax.Array:
        return jnp.zeros(gradient.shape, gradient.dtype) if is_zero(gradient) else gradient

    def is_zero(gradient: Any) -> bool:
        return isinstance(gradient, jax.custom_derivatives.SymbolicZero)

    d_outputs, d_final = jax.tree.map(array, gradients, is_leaf=is_zero)
    return *_backward(cell, of_x is not None, *residuals, d_outputs, d_final), None


_recur.defvjp(_with_residuals, _gradients, symbolic_zeros=True)


@partial(jax.jit, static_argnums=(0, 1))
def _forward(cell: _Cell, keeps: bool, *arrays: Any) -> tuple[jax.Array, State, tuple]:
    """The outputs, the final states, and what the way back needs: the states after each step and what the
    cell keeps, or nothing.
    """

    def twin(
        x: jax.Array, weights: Weights, state: State, mask: jax.Array | None
    ) -> tuple[jax.Array, State, tuple]:
        recurrent = cell.recurrent(weights)

        def step(state: State, inputs: Any) -> tuple[State, Any]:
            z_t, live = inputs
            new, kept = cell.forward(z_t, state, recurrent)
            if live is not None:
                new = tuple(jnp.where(live, one, old) for one, old in zip(new, state))
            return new, (new, kept)

        z = project(x, weights.kernel, cell.outer_bias(weights))
        final, (states, kept) = lax.scan(
            step, state, (z, mask), reverse=cell.reverse, unroll=cell.unroll or 1
        )
        return states[0], final, (states, kept) if keeps else ()

    def kernel_call(
        x: jax.Array, weights: Weights, state: State, mask: jax.Array | None
    ) -> tuple[jax.Array, State, tuple]:
        steps, batch, units = *x.shape[:2], state[0].shape[-1]
        h, c = _h_and_c(state)
        shapes = (
            (steps, *h.shape),
            (steps if keeps else 1, *c.shape),
            (steps, batch, cell.kept_gates * units) if keeps else (0,),
        )
        results = tuple(jax.ShapeDtypeStruct(shape, x.dtype) for shape in shapes)
        all_h, all_c, kept = native.call(
            cell.symbol, results, x, *_without_none(weights), h, c, _flags(mask), **_options(cell)
        )
        states = (all_h, all_c)[: len(state)]
        final = tuple(each[0 if cell.reverse else -1] for each in states)
        return all_h, final, (states, kept) if keeps else ()

    return _run(cell, kernel_call, twin, *arrays)


@partial(jax.jit, static_argnums=(0, 1))
def _backward(cell: _Cell, of_x: bool, *arrays: Any) -> tuple[jax.Array | None, Weights, State]:
    """The gradients of x (None unless asked for), of the weights and of the state before the first step."""

    def twin(
        x: Any,
        weights: Weights,
        first: State,
        mask: Any,
        states: State,
        kept: Any,
        d_outputs: Any,
        d_final: State,
    ) -> Any:
        turned = lax.optimization_barrier(jax.tree.map(jnp.transpose, cell.recurrent(weights)))
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

        inputs = d_outputs, before, states, kept, mask
        d_first, d_z = lax.scan(step, d_final, inputs, reverse=not cell.reverse, unroll=cell.unroll or 1)
        d_z, d_recurrent_kernel, d_bias = cell.gather(before[0], kept, d_z)
        d_weights = Weights(_product(x, d_z), d_recurrent_kernel, None if weights.bias is None else d_bias)
        return project(d_z, weights.kernel.T, None) if of_x else None, d_weights, d_first

    def kernel_call(
        x: Any,
        weights: Weights,
        first: State,
        mask: Any,
        states: State,
        kept: Any,
        d_outputs: Any,
        d_final: State,
    ) -> Any:
        like = x if of_x else _ABSENT, *_without_none(weights), *_h_and_c(first)
        results = tuple(jax.ShapeDtypeStruct(each.shape, x.dtype) for each in like)
        given = (
            x,
            *weights[:2],
            *_h_and_c(first),
            _flags(mask),
            *_h_and_c(states),
            kept,
            d_outputs,
            *_h_and_c(d_final),
        )
        dx, d_kernel, d_recurrent_kernel, d_bias, *d_first = native.call(
            f"{cell.symbol}_gradients", results, *given, **_options(cell)
        )
        d_weights = Weights(d_kernel, d_recurrent_kernel, None if weights.bias is None else d_bias)
        return dx if of_x else None, d_weights, tuple(d_first[: len(first)])

    results = _run(cell, kernel_call, twin, *arrays)
    return jax.tree.map(
        lambda gradient, array: gradient.astype(array.dtype),
        results,
        (arrays[0] if of_x else None, *arrays[1:3]),
    )


def _run(
    cell: _Cell,
    kernel_call: Callable[..., Any],
    twin: Callable[..., Any],
    x: jax.Array,
    weights: Weights,
    *arrays: Any,
) -> Any:
    if not cell.symbol or not all(any(function is known for known in _NATIVE) for function in cell.functions):
        return twin(x, weights, *arrays)
    # Weights that do not fit a core's cache are better divided among the cores, as XLA does, than the
    # samples.
    size = weights.kernel.size + weights.recurrent_kernel.size if x.size else 0
    return native.run("recurrent weights", size, kernel_call, twin, x, weights, *arrays)


def _without_none(weights: Weights) -> tuple[Any, ...]:
    return tuple(_ABSENT if weight is None else weight for weight in weights)


def _h_and_c(state: State) -> tuple[Any, ...]:
    return *state, *[_ABSENT] * (2 - len(state))


def _flags(mask: jax.Array | None) -> Any:
    return _NO_MASK if mask is None else mask


def _options(cell: _Cell) -> dict[str, Any]:
    codes = [np.int32(_NATIVE[function]) for function in cell.functions]
    return {"activation": codes[0], "recurrent_activation": codes[-1], "reverse": np.bool_(cell.reverse)}


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

    Shapes: x (T, B, d), kernel (d, n), recurrent_kernel (n, n), bias (n,), mask (T, B, 1), h (B, n) ->
        outputs (T, B, n), final (h,).

    Source: Elman, Finding Structure in Time, 1990.

    Example:

        >>> one = jnp.ones((1, 1))
        >>> simple_rnn(jnp.ones((3, 1, 1)), one, one, None, (one * 0,), activation=activations.linear)[0].ravel().tolist()
        [1.0, 2.0, 3.0]
    """
    return _recur(
        _SimpleRNN(activation, reverse, unroll), x, Weights(kernel, recurrent_kernel, bias), state, mask
    )


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
    cell = _LSTM(activation, reverse, unroll, recurrent_activation)
    return _recur(cell, x, Weights(kernel, recurrent_kernel, bias), state, mask)


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
        reset_after: whether r multiplies the recurrent product, as on a GPU, or the state before the product,
            as first published.
        mask, activation, reverse, unroll: as in `simple_rnn`; the recurrent activation is that of z and r.

    Shapes: x (T, B, d), kernel (d, 3n), recurrent_kernel (n, 3n), bias (2, 3n) with reset_after, one row for
        each product, else (3n,), mask (T, B, 1), h (B, n) -> outputs (T, B, n), final (h,).

    Source: Cho et al., Learning Phrase Representations using RNN Encoder-Decoder, 2014.

    Example:

        >>> outputs, (h,) = gru(jnp.ones((7, 2, 3)), jnp.ones((3, 15)), jnp.ones((5, 15)), None, (jnp.zeros((2, 5)),))
        >>> bool((outputs[-1] == h).all())
        True
    """
    cell = (_GRU if reset_after else _GRUResetBefore)(activation, reverse, unroll, recurrent_activation)
    return _recur(cell, x, Weights(kernel, recurrent_kernel, bias), state, mask)
