"""One step of SimpleRNN, LSTM and GRU, and the gradient of a step.

A step function serves cells and whole sequences alike. It takes z, what the inputs add to all gates, and a
`product`, the function that gives what a state adds to them: h @ recurrent_kernel, or that with dropout.

Shapes: z (B, gates * n), states (B, n).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import lax

from neurona.kernels.activation_codes import Activation, slope_of

State = tuple[jax.Array, ...]
Product = Callable[[jax.Array], jax.Array]


def simple_rnn_step(z: jax.Array, h: jax.Array, product: Product, activation: Activation) -> jax.Array:
    """The new h = activation(z + product(h))."""
    return activation(z + product(h))


def lstm_step(
    z: jax.Array, h: jax.Array, c: jax.Array, product: Product, activation: Activation, gate: Activation
) -> tuple[jax.Array, jax.Array, jax.Array]:
    """The new h and c, and the gates i, f, g, o in one array: c = f * c + i * g and h = o * activation(c)."""
    i, f, g, o = jnp.split(z + product(h), 4, axis=-1)
    gates = _one_array(gate(i), gate(f), activation(g), gate(o))
    i, f, g, o = jnp.split(gates, 4, axis=-1)
    c = f * c + i * g
    return o * activation(c), c, gates


def gru_step(
    z: jax.Array, h: jax.Array, product: Product, activation: Activation, gate: Activation
) -> tuple[jax.Array, jax.Array]:
    """The new h = update * h + (1 - update) * candidate, where the reset gate multiplies the product; and the
    update gate, the reset gate, the candidate and the product's last third in one array.
    """
    (z_z, z_r, z_h), (h_z, h_r, h_h) = jnp.split(z, 3, axis=-1), jnp.split(product(h), 3, axis=-1)
    update, reset = gate(z_z + h_z), gate(z_r + h_r)
    kept = _one_array(update, reset, activation(z_h + reset * h_h), h_h)
    update, _, candidate, _ = jnp.split(kept, 4, axis=-1)
    return update * h + (1 - update) * candidate, kept


def gru_step_reset_before(
    z: jax.Array,
    h: jax.Array,
    gate_product: Product,
    candidate_product: Product,
    activation: Activation,
    gate: Activation,
) -> tuple[jax.Array, jax.Array]:
    """The new h as of `gru_step`, where the reset gate multiplies the state before the product, which is then
    two products; and the update gate, the reset gate and the candidate in one array.
    """
    (z_z, z_r, z_h), (h_z, h_r) = jnp.split(z, 3, axis=-1), jnp.split(gate_product(h), 2, axis=-1)
    update, reset = gate(z_z + h_z), gate(z_r + h_r)
    kept = _one_array(update, reset, activation(z_h + candidate_product(reset * h)))
    update, _, candidate = jnp.split(kept, 3, axis=-1)
    return update * h + (1 - update) * candidate, kept


def _one_array(*parts: jax.Array) -> jax.Array:
    # With the barrier XLA computes the gates once, without it once for each value that is made of them.
    return lax.optimization_barrier(jnp.concatenate(parts, axis=-1))


def product_over_steps(left: jax.Array, right: jax.Array) -> jax.Array:
    """left.T @ right over all steps and samples: (T, B, n), (T, B, m) -> (n, m)."""
    # As a product of two matrices; over two axes XLA takes twice the time.
    return left.reshape(-1, left.shape[-1]).T @ right.reshape(-1, right.shape[-1])


class Weights(NamedTuple):
    """The bias is None where there is none."""

    kernel: jax.Array
    recurrent_kernel: jax.Array
    bias: jax.Array | None


@dataclass(frozen=True)
class Cell:
    """A step forward and a step back, for the loop over a sequence.

    `recurrent(weights)`: the weights that a step needs. `forward(z, state, recurrent)`: the new state and
    what is kept for the gradient. `backward(kept, old, new, d_new, transposed)`: the gradients of z and of
    the old state, with the recurrent weights transposed. `gather(h, kept, d_z)`: the gradients of the inputs'
    product, of the recurrent kernel and of the bias, from all steps.
    """

    activation: Activation
    reverse: bool
    unroll: bool

    symbol = ""  # of the native kernel
    kept_gates = 0

    @property
    def functions(self) -> tuple[Activation, ...]:
        return (self.activation,)

    def recurrent(self, weights: Weights) -> tuple[jax.Array | None, ...]:
        return (weights.recurrent_kernel,)

    def outer_bias(self, weights: Weights) -> jax.Array | None:
        return weights.bias

    def forward(self, z: Any, state: State, recurrent: Any) -> tuple[State, Any]:
        raise NotImplementedError

    def backward(self, kept: Any, old: State, new: State, d_new: State, transposed: Any) -> tuple[Any, State]:
        raise NotImplementedError

    def gather(self, h: jax.Array, kept: Any, d_z: jax.Array) -> tuple[jax.Array, jax.Array, jax.Array]:
        return d_z, product_over_steps(h, d_z), d_z.sum((0, 1))


class SimpleRNN(Cell):
    symbol = "neurona_simple_rnn"

    def forward(self, z: Any, state: State, recurrent: Any) -> tuple[State, Any]:
        h = simple_rnn_step(z, state[0], lambda h: h @ recurrent[0], self.activation)
        return (h,), jnp.zeros((*z.shape[:-1], 0), z.dtype)

    def backward(self, kept: Any, old: State, new: State, d_new: State, transposed: Any) -> tuple[Any, State]:
        d_z = d_new[0] * slope_of(self.activation)(new[0])
        return d_z, (d_z @ transposed[0],)


@dataclass(frozen=True)
class Gated(Cell):
    recurrent_activation: Activation

    @property
    def functions(self) -> tuple[Activation, ...]:
        return self.activation, self.recurrent_activation


class LSTM(Gated):
    symbol = "neurona_lstm"
    kept_gates = 4

    def forward(self, z: Any, state: State, recurrent: Any) -> tuple[State, Any]:
        (h, c), activation, gate = state, self.activation, self.recurrent_activation
        h, c, gates = lstm_step(z, h, c, lambda h: h @ recurrent[0], activation, gate)
        return (h, c), gates

    def backward(self, kept: Any, old: State, new: State, d_new: State, transposed: Any) -> tuple[Any, State]:
        slope, gate_slope = slope_of(self.activation), slope_of(self.recurrent_activation)
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
        return d_z, (d_z @ transposed[0], d_c * f)


class GRU(Gated):
    """The reset gate multiplies the recurrent product."""

    symbol = "neurona_gru"
    kept_gates = 4

    def recurrent(self, weights: Weights) -> tuple[jax.Array | None, ...]:
        return weights.recurrent_kernel, None if weights.bias is None else weights.bias[1]

    def outer_bias(self, weights: Weights) -> jax.Array | None:
        return None if weights.bias is None else weights.bias[0]

    def forward(self, z: Any, state: State, recurrent: Any) -> tuple[State, Any]:
        kernel, bias = recurrent

        def product(h: jax.Array) -> jax.Array:
            return h @ kernel if bias is None else h @ kernel + bias

        h, kept = gru_step(z, state[0], product, self.activation, self.recurrent_activation)
        return (h,), kept

    def backward(self, kept: Any, old: State, new: State, d_new: State, transposed: Any) -> tuple[Any, State]:
        gate_slope = slope_of(self.recurrent_activation)
        update, reset, candidate, h_h = jnp.split(kept, 4, axis=-1)
        d_h = d_new[0]
        d_candidate = d_h * (1 - update) * slope_of(self.activation)(candidate)
        d_update = d_h * (old[0] - candidate) * gate_slope(update)
        d_z = _one_array(d_update, d_candidate * h_h * gate_slope(reset), d_candidate, d_candidate * reset)
        return d_z, (d_h * update + self._inner(d_z) @ transposed[0],)

    @staticmethod
    def _inner(d_z: jax.Array) -> jax.Array:
        d_update, d_reset, _, d_h_h = jnp.split(d_z, 4, axis=-1)
        return jnp.concatenate([d_update, d_reset, d_h_h], axis=-1)

    def gather(self, h: jax.Array, kept: Any, d_z: jax.Array) -> tuple[jax.Array, jax.Array, jax.Array]:
        inner, outer = self._inner(d_z), d_z[..., : 3 * h.shape[-1]]
        return outer, product_over_steps(h, inner), jnp.stack([outer.sum((0, 1)), inner.sum((0, 1))])


class GRUResetBefore(Gated):
    """The reset gate multiplies the state before the recurrent product."""

    symbol = "neurona_gru_reset_before"
    kept_gates = 3

    def recurrent(self, weights: Weights) -> tuple[jax.Array | None, ...]:
        units = weights.recurrent_kernel.shape[0]
        return weights.recurrent_kernel[:, : 2 * units], weights.recurrent_kernel[:, 2 * units :]

    def forward(self, z: Any, state: State, recurrent: Any) -> tuple[State, Any]:
        gate_product, candidate_product = (lambda h, kernel=kernel: h @ kernel for kernel in recurrent)
        activation, gate = self.activation, self.recurrent_activation
        h, kept = gru_step_reset_before(z, state[0], gate_product, candidate_product, activation, gate)
        return (h,), kept

    def backward(self, kept: Any, old: State, new: State, d_new: State, transposed: Any) -> tuple[Any, State]:
        gate_slope = slope_of(self.recurrent_activation)
        update, reset, candidate = jnp.split(kept, 3, axis=-1)
        (d_h,), (h,), (gate_kernel, kernel) = d_new, old, transposed
        d_candidate = d_h * (1 - update) * slope_of(self.activation)(candidate)
        d_product = d_candidate @ kernel
        d_update, d_reset = d_h * (h - candidate) * gate_slope(update), d_product * h * gate_slope(reset)
        d_old = d_h * update + d_product * reset + jnp.concatenate([d_update, d_reset], axis=-1) @ gate_kernel
        return _one_array(d_update, d_reset, d_candidate), (d_old,)

    def gather(self, h: jax.Array, kept: Any, d_z: jax.Array) -> tuple[jax.Array, jax.Array, jax.Array]:
        units = h.shape[-1]
        reset = kept[..., units : 2 * units]
        products = (
            product_over_steps(h, d_z[..., : 2 * units]),
            product_over_steps(reset * h, d_z[..., 2 * units :]),
        )
        return d_z, jnp.concatenate(products, axis=-1), d_z.sum((0, 1))
