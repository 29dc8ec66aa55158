"""Regularizers: penalties on weights or activities that are added to the loss."""

import math
from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp

from neurona.core import registry
from neurona.core.errors import ArgumentError, ShapeError
from neurona.core.lazy import suggest_names
from neurona.core.policy import epsilon
from neurona.numerics import is_nothing


class Regularizer(registry.Serializable):
    """A function of a weight that gives a scalar penalty. Subclass it, or give any function `w -> penalty`.

    Example:

        >>> class Sum(Regularizer):
        ...     def __call__(self, x):
        ...         return jnp.sum(x)
        >>> float(Sum()(jnp.ones(3)))
        3.0
    """

    _kind = "regularizers"

    def __call__(self, x: Any) -> Any:
        """The penalty of `x`, a scalar."""
        return 0.0


def _factor(cls: Regularizer, name: str, value: float | None, default: float) -> float:
    if value is None:
        return default
    if (
        isinstance(value, bool)
        or not isinstance(value, (int, float))
        or not math.isfinite(value)
        or value < 0
    ):
        raise ArgumentError(f"{type(cls).__name__}: {name} is a finite number >= 0. Received: {value!r}")
    return float(value)


class L1L2(Regularizer, aliases=("l1_l2",)):
    """l1 * sum |x| + l2 * sum x**2.

    Args:
        l1: the factor of the sum of magnitudes, which drives weights to zero.
        l2: the factor of the sum of squares, which keeps weights small.

    Raises:
        ArgumentError: a factor is negative or not finite.

    Source: Zou and Hastie, Regularization and Variable Selection via the Elastic Net, 2005.

    Example:

        >>> float(L1L2(l1=0.5, l2=0.25)(jnp.array([-2.0, 2.0])))
        4.0
    """

    def __init__(self, l1: float | None = 0.0, l2: float | None = 0.0) -> None:
        self.l1, self.l2 = _factor(self, "l1", l1, 0.0), _factor(self, "l2", l2, 0.0)

    @classmethod
    def _from_name(cls) -> "L1L2":
        return cls(0.01, 0.01)

    def __call__(self, x: Any) -> jax.Array:
        x = jnp.asarray(x)
        penalty = jnp.zeros((), x.dtype)
        if not is_nothing(self.l1):
            penalty += self.l1 * jnp.sum(jnp.abs(x))
        if not is_nothing(self.l2):
            penalty += self.l2 * jnp.sum(jnp.square(x))
        return penalty


class L1(Regularizer):
    """l1 * sum |x|.

    Args:
        l1: the factor.

    Raises:
        ArgumentError: the factor is negative or not finite.

    Source: Tibshirani, Regression Shrinkage and Selection via the Lasso, 1996.

    Example:

        >>> float(L1(0.5)(jnp.array([-2.0, 2.0])))
        2.0
    """

    def __init__(self, l1: float | None = 0.01) -> None:
        self.l1 = _factor(self, "l1", l1, 0.01)

    def __call__(self, x: Any) -> jax.Array:
        return self.l1 * jnp.sum(jnp.abs(jnp.asarray(x)))


class L2(Regularizer):
    """l2 * sum x**2.

    Args:
        l2: the factor.

    Raises:
        ArgumentError: the factor is negative or not finite.

    Source: Hoerl and Kennard, Ridge Regression, 1970.

    Example:

        >>> float(L2(0.5)(jnp.array([-2.0, 2.0])))
        4.0
    """

    def __init__(self, l2: float | None = 0.01) -> None:
        self.l2 = _factor(self, "l2", l2, 0.01)

    def __call__(self, x: Any) -> jax.Array:
        return self.l2 * jnp.sum(jnp.square(jnp.asarray(x)))


class OrthogonalRegularizer(Regularizer):
    """factor times the mean over all pairs i < j of |cos(x_i, x_j)|, x_i being the rows or the columns of a
    matrix.

    Args:
        factor: at least 0.
        mode: `"rows"` or `"columns"`.

    Raises:
        ArgumentError: an argument is neither.
        ShapeError: the weight is not a matrix.

    Example:

        >>> float(OrthogonalRegularizer(0.5)(jnp.array([[1.0, 0.0], [2.0, 0.0]])))
        0.5
    """

    def __init__(self, factor: float = 0.01, mode: str = "rows") -> None:
        self.factor, self.mode = _factor(self, "factor", factor, 0.01), mode
        if mode not in ("rows", "columns"):
            raise ArgumentError(f"OrthogonalRegularizer: mode is 'rows' or 'columns'. Received: {mode!r}")

    def __call__(self, x: Any) -> jax.Array:
        x = jnp.asarray(x)
        if x.ndim != 2:
            raise ShapeError(f"OrthogonalRegularizer needs a matrix. Received shape: {x.shape}")
        x = x if self.mode == "rows" else x.T
        units = x * jax.lax.rsqrt(jnp.maximum(jnp.sum(jnp.square(x), axis=1, keepdims=True), epsilon() ** 2))
        count = len(x)
        others = 1 - jnp.eye(count, dtype=x.dtype)
        # Each pair stands twice in the product.
        return self.factor * jnp.sum(jnp.abs(units @ units.T * others)) / (count * (count - 1.0))


l1, l2, l1_l2, orthogonal_regularizer = L1, L2, L1L2, OrthogonalRegularizer


def get(identifier: Any) -> Any:
    """The regularizer that a name, a config, a class or a function means; None stays None.

    The name `"l1_l2"` means both factors 0.01, whereas `L1L2()` without factors adds nothing.

    Raises:
        ArgumentError: there is no such regularizer; the message offers the nearest name.

    Example:

        >>> get("l2").get_config(), get("l1_l2").get_config()
        ({'l2': 0.01}, {'l1': 0.01, 'l2': 0.01})
    """
    return registry.resolve("regularizers", identifier)


def serialize(regularizer: Any) -> Any:
    """The regularizer as a plain dictionary.

    Example:

        >>> serialize(L2(0.5))["config"]
        {'l2': 0.5}
    """
    return registry.serialize(regularizer)


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """The regularizer that `serialize` described.

    Example:

        >>> deserialize(serialize(L2(0.5))).l2
        0.5
    """
    with registry.custom_object_scope(custom_objects or {}):
        return get(config)


suggest_names(__name__)
