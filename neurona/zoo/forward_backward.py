"""The forward, backward and Viterbi recursions over chains of hidden states, compiled.

The equations are those of Rabiner (A tutorial on hidden Markov models and selected applications in speech
recognition, Proceedings of the IEEE 77, 1989), as neurona/zoo/hidden_markov.py writes them.

In arrays the time comes first, then the states, and the rows last: they are many and lie side by side, so
that a processor takes several at once.
"""

from typing import Any

import jax
import jax.numpy as jnp

__all__ = ["likeliest_paths", "posteriors"]

_FEW = 16  # states up to which sums over them are written out, instead of a product of small matrices


@jax.jit
def posteriors(
    start: jax.Array, transition: jax.Array, log_b: jax.Array, seen: jax.Array
) -> tuple[jax.Array, jax.Array, jax.Array]:
    """What the signs say of the hidden states.

    Args:
        start: pi, (states,).
        transition: a, (states, states), from one to the next.
        log_b: log b_j(O_t), (time, states, rows).
        seen: (time, rows), false where a sequence has ended.

    Returns:
        gamma, (time, states, rows), 0 after the end; the sum of xi over rows and times, (states, states); and
        log P(O), (rows,).
    """
    highest = log_b.max(axis=1, keepdims=True)
    b, held = jnp.exp(log_b - highest), seen[:, None]  # the best state has 1
    first = start[:, None] * b[0]
    total = first.sum(axis=0)

    def forward(alpha: jax.Array, now: Any) -> tuple[jax.Array, tuple[jax.Array, jax.Array]]:
        b, held = now
        joint = _mixed(transition, alpha) * b
        total = joint.sum(axis=0)
        alpha = jnp.where(held, joint / total, alpha)
        return alpha, (alpha, jnp.where(held[0], total, 1.0))

    def backward(carried: tuple[jax.Array, jax.Array], now: Any) -> tuple[Any, jax.Array]:
        (beta, xi), (alpha, b, total, held) = carried, now
        ahead = b * beta / total
        xi = xi + _outer(alpha, jnp.where(held, ahead, 0.0))
        return (jnp.where(held, _mixed(transition.T, ahead), beta), xi), beta

    _, (alphas, totals) = jax.lax.scan(forward, first / total, (b[1:], held[1:]))
    alphas = jnp.concatenate([(first / total)[None], alphas])
    after = (alphas[:-1], b[1:], totals, held[1:])
    carry = jnp.ones_like(first), jnp.zeros_like(_outer(first, first))
    (beta, xi), betas = jax.lax.scan(backward, carry, after, reverse=True)
    gamma = jnp.where(held, alphas * jnp.concatenate([beta[None], betas]), 0.0)
    gamma = gamma / jnp.where(held, gamma.sum(axis=1, keepdims=True), 1.0)
    likelihood = jnp.log(total) + jnp.log(totals).sum(axis=0) + jnp.where(held, highest, 0.0).sum(axis=(0, 1))
    return gamma, transition * xi.sum(axis=-1), likelihood


@jax.jit
def likeliest_paths(start: jax.Array, transition: jax.Array, log_b: jax.Array, seen: jax.Array) -> jax.Array:
    """Viterbi's paths, (rows, time), each a number of a state. The arguments are those of `posteriors`."""
    log_a, held = jnp.log(transition)[..., None], seen[:, None]
    states = jnp.arange(len(start))[:, None]

    def forward(delta: jax.Array, now: Any) -> tuple[jax.Array, jax.Array]:
        b, held = now
        reached = delta[:, None] + log_a  # (from, to, rows)
        back = jnp.where(held, reached.argmax(axis=0), states)
        return jnp.where(held, reached.max(axis=0) + b, delta), back

    def backward(state: jax.Array, back: jax.Array) -> tuple[jax.Array, jax.Array]:
        state = jnp.take_along_axis(back, state[None], axis=0)[0]
        return state, state

    delta, backs = jax.lax.scan(forward, jnp.log(start)[:, None] + log_b[0], (log_b[1:], held[1:]))
    last = delta.argmax(axis=0)
    _, path = jax.lax.scan(backward, last, backs, reverse=True)
    return jnp.concatenate([path, last[None]]).T


def _mixed(weights: jax.Array, values: jax.Array) -> jax.Array:
    """weights' values, (states, rows): sums over the first axis of both."""
    if len(weights) > _FEW:
        return weights.T @ values
    return sum((row[:, None] * value for row, value in zip(weights, values)), jnp.zeros_like(values))


def _outer(left: jax.Array, right: jax.Array) -> jax.Array:
    """left_i right_j, (states, states, rows); with many states their sum over rows, (states, states, 1)."""
    if len(left) > _FEW:
        return (left @ right.T)[..., None]
    return left[:, None] * right
