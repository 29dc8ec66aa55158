"""Constraints: projections applied to a weight after each update."""

from collections.abc import Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp

from neurona.core import registry
from neurona.core.lazy import suggest_names
from neurona.numerics import norm, with_norm

Axis = int | Sequence[int]


class Constraint(registry.Serializable):
    """A function of a weight that gives the weight allowed in its place. Subclass it, or give any function `w
    -> w`.

    Example:

        >>> class Whole(Constraint):
        ...     def __call__(self, w):
        ...         return jnp.round(w)
        >>> Whole()(jnp.array([0.2, 1.8])).tolist()
        [0.0, 2.0]
    """

    _kind = "constraints"

    def __call__(self, w: Any) -> Any:
        """The allowed weight, of the shape of `w`."""
        return w


class MaxNorm(Constraint):
    """w * min(|w|, max_value) / |w|, |w| being the L2 norm along `axis`; weights within the bound do not
    change.

    Args:
        max_value: the greatest norm.
        axis: 0 for the weights into each unit of a Dense kernel (inputs, units); [0, 1, 2] for the filters of
            a Conv2D kernel (rows, columns, inputs, filters).

    Source: Srivastava et al., Dropout, 2014.

    Example:

        >>> print(MaxNorm(1.0)(jnp.array([[3.0, 0.3], [4.0, 0.4]])).round(3))
        [[0.6 0.3]
         [0.8 0.4]]
    """

    def __init__(self, max_value: float = 2, axis: Axis = 0) -> None:
        self.max_value, self.axis = max_value, axis

    def __call__(self, w: Any) -> jax.Array:
        w = jnp.asarray(w)
        too_long = norm(w, self.axis, keepdims=True) > self.max_value
        return jnp.where(too_long, with_norm(w, self.max_value, self.axis), w)


class NonNeg(Constraint):
    """max(w, 0).

    Example:

        >>> NonNeg()(jnp.array([-1.0, 2.0])).tolist()
        [0.0, 2.0]
    """

    def __call__(self, w: Any) -> jax.Array:
        return jnp.maximum(jnp.asarray(w), 0)


class UnitNorm(Constraint):
    """w / |w|, |w| being the L2 norm along `axis`; zeros stay zeros.

    Args:
        axis: 0 for the weights into each unit of a Dense kernel (inputs, units); [0, 1, 2] for the filters of
            a Conv2D kernel (rows, columns, inputs, filters).

    Example:

        >>> print(UnitNorm()(jnp.array([[3.0], [4.0]])).round(3))
        [[0.6]
         [0.8]]
    """

    def __init__(self, axis: Axis = 0) -> None:
        self.axis = axis

    def __call__(self, w: Any) -> jax.Array:
        return with_norm(jnp.asarray(w), 1.0, self.axis)


class MinMaxNorm(Constraint):
    """w * (rate * clip(|w|, min_value, max_value) + (1 - rate) * |w|) / |w|, |w| being the L2 norm along
    `axis`.

    Args:
        min_value: the least norm.
        max_value: the greatest norm.
        rate: how far each update moves towards the bounds: 1 goes all the way.
        axis: 0 for the weights into each unit of a Dense kernel (inputs, units); [0, 1, 2] for the filters of
            a Conv2D kernel (rows, columns, inputs, filters).

    Example:

        >>> MinMaxNorm(2.0, 5.0)(jnp.array([[0.5], [0.0]])).round(3).tolist()
        [[2.0], [0.0]]
    """

    def __init__(
        self, min_value: float = 0.0, max_value: float = 1.0, rate: float = 1.0, axis: Axis = 0
    ) -> None:
        self.min_value, self.max_value, self.rate, self.axis = min_value, max_value, rate, axis

    def __call__(self, w: Any) -> jax.Array:
        w = jnp.asarray(w)
        within = jnp.clip(norm(w, self.axis, keepdims=True), self.min_value, self.max_value)
        return self.rate * with_norm(w, within, self.axis) + (1 - self.rate) * w


max_norm, non_neg, unit_norm, min_max_norm = MaxNorm, NonNeg, UnitNorm, MinMaxNorm


def get(identifier: Any) -> Any:
    """The constraint that a name, a config, a class or a function means; None stays None.

    Raises:
        ArgumentError: there is no such constraint; the message offers the nearest name.

    Example:

        >>> get("max_norm").max_value
        2
    """
    return registry.resolve("constraints", identifier)


def serialize(constraint: Any) -> Any:
    """The constraint as a plain dictionary.

    Example:

        >>> serialize(UnitNorm(1))["config"]
        {'axis': 1}
    """
    return registry.serialize(constraint)


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """The constraint that `serialize` described.

    Example:

        >>> deserialize(serialize(UnitNorm(1))).axis
        1
    """
    with registry.custom_object_scope(custom_objects or {}):
        return get(config)


suggest_names(__name__)
