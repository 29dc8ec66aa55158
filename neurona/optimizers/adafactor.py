"""Adafactor: Adam's second moment kept as one row and one column."""

from typing import Any, Unpack

import jax
import jax.numpy as jnp

from neurona.numerics import norm, squarable
from neurona.optimizers.arguments import Options
from neurona.optimizers.base import Optimizer
from neurona.optimizers.state import Entry
from neurona.optimizers.variables import path_of

__all__ = [
    "Adafactor",
]


class Adafactor(Optimizer):
    """Divide by a mean square stored as the product of row and column means, r and c, so that a matrix (n, m)
    costs n + m numbers.

    With b = 1 - t^beta_2_decay and q = g^2 + epsilon_1: r = b * r + (1 - b) * (means of q's rows); c likewise
    of its columns; v = r * c / mean(r), for vectors a running mean of q; u = g / sqrt(v);
    w = w - max(epsilon_2, rms(w)) * min(learning_rate, 1 / sqrt(t)) * u / max(1, rms(u) / clip_threshold).
    Shazeer and Stern,
    Adafactor: Adaptive Learning Rates with Sublinear Memory Cost, 2018.

    Args:
        learning_rate: a number, a schedule, or a function `step -> rate`.
        beta_2_decay: <= 0; how fast the mean square forgets less and less.
        epsilon_1: keeps the mean square above 0.
        epsilon_2: the least size of weights that movements are scaled to.
        clip_threshold: the greatest root mean square of an update, > 0.
        relative_step: kept for files of other libraries; the rate never exceeds 1 / sqrt(t) either way.
        **options: those of `Options`.

    Raises:
        ArgumentError: an argument is out of range.

    Example:

        >>> optimizer = Adafactor(0.5)
        >>> parameters = [jnp.ones((3, 2))]
        >>> state = optimizer.init(parameters)
        >>> state["slots"]["row"][0].shape, state["slots"]["column"][0].shape
        ((3,), (2,))
        >>> parameters, state = optimizer.update([jnp.ones((3, 2))], state, parameters)
        >>> float(parameters[0][0, 0].round(3))
        0.5
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_2_decay: float = -0.8,
        epsilon_1: float = 1e-30,
        epsilon_2: float = 1e-3,
        clip_threshold: float = 1.0,
        relative_step: bool = True,
        **options: Unpack[Options],
    ) -> None:
        super().__init__(learning_rate, **options)
        if beta_2_decay > 0:
            raise self._argument_error("takes beta_2_decay <= 0", "beta_2_decay", beta_2_decay)
        if not clip_threshold > 0:
            raise self._argument_error("takes clip_threshold > 0", "clip_threshold", clip_threshold)
        self.beta_2_decay, self.clip_threshold, self.relative_step = (
            beta_2_decay,
            clip_threshold,
            relative_step,
        )
        self.epsilon_1, self.epsilon_2 = (
            self._checked_minimum("epsilon_1", epsilon_1),
            self._checked_minimum("epsilon_2", epsilon_2),
        )

    def _slot_groups(self) -> tuple[tuple[str, ...], ...]:
        return (("row", "column", "velocity"),)

    def _initial_slot(self, name: str, index: int, parameter: jax.Array) -> jax.Array | None:
        if name == "velocity":
            return jnp.zeros_like(parameter)
        if parameter.ndim < 2:
            return None
        shape = parameter.shape[:-1] if name == "row" else (*parameter.shape[:-2], parameter.shape[-1])
        return jnp.zeros(shape, parameter.dtype)

    def _shared(self, rate: jax.Array, count: jax.Array, scalars: dict[str, jax.Array]) -> Any:
        return jnp.minimum(rate, 1.0 / jnp.sqrt(count)), 1.0 - jnp.power(count, self.beta_2_decay)

    def _step(
        self, gradient: jax.Array, parameter: jax.Array, slots: dict[str, jax.Array], shared: Any
    ) -> tuple[jax.Array, dict[str, jax.Array]]:
        rate, memory = shared
        gradient = squarable(gradient)
        square = jnp.square(gradient) + self.epsilon_1
        if parameter.ndim < 2:
            slots = {"velocity": memory * slots["velocity"] + (1.0 - memory) * square}
        else:
            row = memory * slots["row"] + (1.0 - memory) * _mean(square, axis=-1)
            column = memory * slots["column"] + (1.0 - memory) * _mean(square, axis=-2)
            velocity = (row / _mean(row, axis=-1)[..., None])[..., None] * column[..., None, :]
            slots = {"row": row, "column": column, "velocity": velocity}
        update = gradient / jnp.sqrt(slots["velocity"])
        update = update / jnp.maximum(1.0, _root_mean_square(update) / self.clip_threshold)
        return parameter - jnp.maximum(self.epsilon_2, _root_mean_square(parameter)) * rate * update, slots

    def _entries(self) -> list[Entry]:
        # Keras's files name rows and columns after the weight alone, and hold two integers for each weight
        # that has none.
        entries = []
        for entry in super()._entries():
            key = entry.keys[1] if entry.keys[0] == "slots" else None
            index = entry.keys[-1]
            if key in ("row", "column"):
                entry = Entry(f"{self.name}/{path_of(self._variables[index]).split('/')[-1]}", entry.keys)
            elif key == "velocity" and self.state["slots"]["row"][index] is None:
                entries += [Entry(path_of(self._variables[index]).split("/")[-1], ())] * 2
            entries.append(entry)
        return entries


def _mean(x: jax.Array, axis: int) -> jax.Array:
    """The mean, each number being divided first: a sum of squares may be more than a float holds."""
    return jnp.sum(x / max(x.shape[axis], 1), axis=axis)


def _root_mean_square(x: jax.Array) -> jax.Array:
    return norm(x) / max(x.size, 1) ** 0.5
