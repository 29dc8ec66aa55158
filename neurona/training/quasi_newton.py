"""Quasi-Newton's method with limited memory: L-BFGS, for smooth objectives of all rows together.

Liu and Nocedal (On the limited memory BFGS method for large scale optimization, Mathematical Programming 45,
1989). From the last steps s = x_k+1 - x_k and the changes y = g_k+1 - g_k of the slope g, an estimate H of
the inverse matrix of second derivatives is applied to the slope by two loops over the pairs (algorithm 7.4 of
Nocedal and Wright, Numerical Optimization, 2006). They begin with D^-1 s'y / y'D^-1 y of the last pair, D
being a positive diagonal: 1, or a guess of the second derivatives. The direction is -H g, and the step 1 at
first. It is halved until the objective f falls enough:

    f(x + t d) <= f(x) + 0.0001 t g'd.                                            (Armijo's condition)

Of a convex objective s'y > 0, so that H stays positive definite without a second condition on the step.
"""

import math
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree

from neurona.core.variable import Variable
from neurona.training.conversion import Batch
from neurona.training.rules import Rule
from neurona.training.step import StateScope, StepResult, TrainingState, forward, with_metrics

_PAIRS = 8  # steps and changes of slope that are remembered
_FALL = 1e-4  # of what the slope promises, what a step has to bring
_ROUNDING = 3e-7  # share of the objective below which 32 bits see no fall
_TRIES = 20  # halvings


class _Search(NamedTuple):
    """A search along a direction: from where, and what was found last."""

    point: Any
    height: Any
    slope: Any
    direction: Any
    rate: Any
    tries: Any
    found: tuple[Any, Any, Any]  # point, height, slope
    settled: Any


class QuasiNewton(Rule):
    """The trainable weights take a step of L-BFGS on the model's loss, for `compile(loss=..., rule=...)`.

    A batch is all rows, so `fit` is given a `batch_size` of as many: slopes of different rows can't be
    compared. The first step measures the slope twice, and any that has to be halved once more for each.

    Source: Liu and Nocedal, On the limited memory BFGS method for large scale optimization, 1989.

    Example:

        >>> import numpy as np
        >>> from neurona.layers import Dense, Input
        >>> from neurona.models import Sequential
        >>> x = np.array([[0.0], [1.0], [2.0]])
        >>> model = Sequential([Input((1,)), Dense(1)])
        >>> model.compile(loss="mean_squared_error", rule=QuasiNewton())
        >>> history = model.fit(x, 3 * x + 1, batch_size=3, epochs=15, verbose=0)
        >>> np.round(model.predict(np.array([[3.0]]), verbose=0), 3).tolist()
        [[10.0]]
    """

    def build(self, model: Any) -> None:
        """Make the pairs, and the loss and its slope where the weights are."""
        size = sum(math.prod(variable.shape) for variable in model.trainable_variables)
        pairs = jnp.zeros((_PAIRS, size))
        self.steps = Variable(pairs, trainable=False, name="steps")
        self.changes = Variable(pairs, trainable=False, name="changes")
        self.slope = Variable(jnp.zeros(size), trainable=False, name="slope")
        self.curvature = Variable(jnp.ones(size), trainable=False, name="curvature")
        self.height = Variable(jnp.inf, trainable=False, name="height")

    def guess(self, model: Any, batch: Batch) -> list[jax.Array]:
        """The second derivatives of the loss by each trainable weight, roughly and up to a factor. A subclass
        knows better than 1.
        """
        return [jnp.ones(variable.shape) for variable in model.trainable_variables]

    def step(
        self, model: Any, state: TrainingState, batch: Batch, key: jax.Array, number: jax.Array
    ) -> StepResult:
        """One step."""
        start, arrays_of = ravel_pytree(state.trainable)

        @jax.value_and_grad
        def objective(point: jax.Array) -> jax.Array:
            trainable = arrays_of(point)
            return forward(model, state._replace(trainable=trainable), batch, key, number, training=True).loss

        with StateScope(model, state) as scope:
            curvature = jax.lax.cond(
                jnp.isinf(self.height.value),
                lambda: ravel_pytree(self.guess(model, batch))[0],
                lambda: self.curvature.value,
            )
            self.curvature.assign(curvature)
            direction = _direction(self.slope.value, self.steps.value, self.changes.value, curvature)
            known = start, self.height.value, self.slope.value
            search = jax.lax.while_loop(
                lambda search: ~search.settled,
                lambda search: _tried(objective, curvature, search),
                _Search(*known, direction, jnp.ones(()), jnp.zeros((), "int32"), known, jnp.zeros((), bool)),
            )
            (point, height, slope), moved = search.found, search.tries < _TRIES
            self._remember(point - search.point, slope - search.slope, moved)
            self.slope.assign(slope)
            # Where no step was found, the next one measures anew: the rows may be others.
            self.height.assign(jnp.where(moved, height, jnp.inf))
        after = scope.state._replace(trainable=arrays_of(point))
        result = forward(model, after, batch, key, number, training=True)._replace(loss=height)
        return StepResult(with_metrics(model, result.state, batch, result), jnp.isfinite(height))

    def _remember(self, step: jax.Array, change: jax.Array, moved: jax.Array) -> None:
        """Keep a pair of positive curvature; forget all where no step was found."""
        curved = step @ change > 1e-10 * jnp.linalg.norm(step) * jnp.linalg.norm(change)
        for variable, latest in ((self.steps, step), (self.changes, change)):
            more = jnp.concatenate([variable.value[1:], latest[None]])
            kept = jnp.where(curved, more, variable.value)
            variable.assign(jnp.where(moved, kept, 0.0))


def _tried(objective: Any, curvature: jax.Array, search: _Search) -> _Search:
    """A point along the direction is measured. Where nothing is known, this is the point it stands on."""
    new = jnp.isinf(search.height)
    trial = search.point + jnp.where(new, 0.0, search.rate) * search.direction
    height, slope = objective(trial)
    promised = search.rate * (search.slope @ search.direction)
    low = height <= search.height + _FALL * promised + _ROUNDING * jnp.abs(search.height)
    last = search.tries + 1 == _TRIES
    stay = search.point, search.height, search.slope
    found = jax.tree.map(lambda there, here: jnp.where(low | new, there, here), (trial, height, slope), stay)
    return _Search(
        search.point,
        jnp.where(new, height, search.height),
        jnp.where(new, slope, search.slope),
        jnp.where(new, -slope / curvature, search.direction),
        jnp.where(new, 1.0, search.rate / 2),
        jnp.where(new | low, search.tries, search.tries + 1),
        found,
        ~new & (low | last),
    )


def _direction(slope: jax.Array, steps: jax.Array, changes: jax.Array, curvature: jax.Array) -> jax.Array:
    """-H g."""
    products = jnp.sum(steps * changes, axis=1)
    inverse = jnp.where(products > 0, 1 / jnp.where(products > 0, products, 1.0), 0.0)
    shares = []
    for step, change, rho in reversed(list(zip(steps, changes, inverse, strict=True))):
        shares.append(rho * (step @ slope))
        slope = slope - shares[-1] * change
    squares = changes[-1] @ (changes[-1] / curvature)
    found = (
        slope / curvature * jnp.where(squares > 0, products[-1] / jnp.where(squares > 0, squares, 1.0), 1.0)
    )
    for step, change, rho, share in zip(steps, changes, inverse, reversed(shares), strict=True):
        found = found + (share - rho * (change @ found)) * step
    return -found
