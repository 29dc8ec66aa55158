"""Sums and means over batches, and how sample weights and masks enter them."""

from collections.abc import Callable, Mapping
from typing import Any, Self

import jax
import jax.numpy as jnp

from neurona.core.annotations import MASK
from neurona.core.errors import ArgumentError, ShapeError
from neurona.core.registry import built_in, described_function, deserialize
from neurona.losses.loss import apply_mask, divide_no_nan, numbers_of, squeeze_or_expand_to_same_rank
from neurona.metrics.metric import Metric

__all__ = [
    "Mean",
    "MeanMetricWrapper",
    "Sum",
]


def aligned(name: str, y_true: Any, y_pred: Any, dtype: Any = None) -> tuple[jax.Array, jax.Array]:
    """Labels and predictions as arrays of one rank.

    Args:
        name: whose arguments they are, for the message.
        dtype: what both are cast to, unless None.

    Raises:
        ShapeError: the shapes do not fit each other.
    """
    y_true, y_pred = squeeze_or_expand_to_same_rank(jnp.asarray(y_true, dtype), jnp.asarray(y_pred, dtype))
    if y_true.ndim == 0:  # one label for all
        y_true = jnp.broadcast_to(y_true, y_pred.shape)
    if y_true.shape != y_pred.shape:
        raise ShapeError(
            f"{name}: y_true and y_pred need the same shape. Received: y_true {y_true.shape}, y_pred "
            f"{y_pred.shape}."
        )
    return y_true, y_pred


def reduce_to_samplewise_values(
    values: Any, sample_weight: Any, reduce_fn: Callable[..., jax.Array], dtype: Any
) -> tuple[jax.Array, jax.Array | None]:
    """One weighted value per sample, and the weight that each has.

    Values of a higher rank than their weights are first reduced over the dimensions that the weights do not
    have; what remains beyond the batch is reduced after weighting.

    Shapes: values (n, ...); sample_weight (n, ...) or broadcastable to values -> (n,), (n,).

    Raises:
        ShapeError: the weights do not fit the values.
    """
    mask = MASK.get(values)
    values = jnp.asarray(values).astype(dtype)
    if sample_weight is not None:
        sample_weight = apply_mask(jnp.asarray(sample_weight, dtype), mask, dtype, "sum")
        values, sample_weight = squeeze_or_expand_to_same_rank(values, sample_weight)
        rank = sample_weight.ndim
        if values.ndim > rank:
            values = reduce_fn(values, axis=tuple(range(rank, values.ndim)))
        try:
            sample_weight = jnp.broadcast_to(sample_weight, values.shape)
        except ValueError:
            raise ShapeError(
                f"sample_weight of shape {sample_weight.shape} does not fit values of shape {values.shape}: "
                "give one weight per sample "
                "(and per time step where the values have them)."
            ) from None
        values = values * sample_weight
        if rank > 1:
            sample_weight = reduce_fn(sample_weight, axis=tuple(range(1, rank)))
    if values.ndim > 1:
        values = reduce_fn(values, axis=tuple(range(1, values.ndim)))
    return values, sample_weight


class Sum(Metric):
    """The sum of all values, each times its weight: Σ wᵢ vᵢ.

    Args:
        name: the name in logs; made from the class's name if None.
        dtype: the dtype of the result; `floatx()` if None.

    Example:

        >>> metric = Sum()
        >>> metric.update_state([1, 3, 5, 7], sample_weight=[1, 1, 0, 0])
        >>> float(metric.result())
        4.0
    """

    def __init__(self, name: str | None = "sum", dtype: Any = None) -> None:
        super().__init__(dtype=dtype, name=name)
        self.total = self.add_variable((), dtype=self.dtype, name="total")

    def update_state(self, values: Any, sample_weight: Any = None) -> None:
        """Add a batch of values."""
        values, _ = reduce_to_samplewise_values(values, sample_weight, jnp.sum, self.dtype)
        self.total.assign_add(jnp.sum(values))

    def result(self) -> jax.Array:
        """The sum so far."""
        return self.total.value


class Mean(Metric):
    """The weighted mean of all values: Σ wᵢ vᵢ / Σ wᵢ.

    Args:
        name: the name in logs; made from the class's name if None.
        dtype: the dtype of the result; `floatx()` if None.

    Example:

        >>> metric = Mean()
        >>> metric.update_state([1, 3, 5, 7], sample_weight=[1, 1, 0, 0])
        >>> float(metric.result())
        2.0
    """

    def __init__(self, name: str | None = "mean", dtype: Any = None) -> None:
        super().__init__(dtype=dtype, name=name)
        self.total = self.add_variable((), dtype=self.dtype, name="total")
        self.count = self.add_variable((), dtype=self.dtype, name="count")

    def update_state(self, values: Any, sample_weight: Any = None) -> None:
        """Count a batch of values in."""
        values, sample_weight = reduce_to_samplewise_values(values, sample_weight, jnp.mean, self.dtype)
        self.total.assign_add(jnp.sum(values))
        if sample_weight is not None:
            self.count.assign_add(jnp.sum(sample_weight))
        else:
            self.count.assign_add(values.shape[0] if values.ndim else 1)

    def result(self) -> jax.Array:
        """The mean so far; 0 before anything was counted."""
        return divide_no_nan(self.total.value, self.count.value)


class MeanMetricWrapper(Mean):
    """The mean of a function of labels and predictions; the mask of the predictions weighs it.

    Args:
        fn: `(y_true, y_pred, **kwargs) -> values`, one per sample at least; or the name of a metric function.
        kwargs: passed on to `fn`.
        name: the name in logs; made from the class's name if None.
        dtype: the dtype of the result; `floatx()` if None.

    Raises:
        ArgumentError: `fn` can't be called.

    Example:

        >>> def squared_error(y_true, y_pred):
        ...     return (y_true - y_pred) ** 2
        >>> metric = MeanMetricWrapper(squared_error, name="squared_error")
        >>> metric.update_state(jnp.array([1.0, 2.0]), jnp.array([1.0, 4.0]))
        >>> float(metric.result())
        2.0
    """

    def __init__(
        self, fn: Callable[..., Any], name: str | None = None, dtype: Any = None, **kwargs: Any
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        if not callable(fn):
            raise ArgumentError(f"MeanMetricWrapper needs a function fn(y_true, y_pred). Received: {fn!r}")
        self._fn, self._fn_kwargs = fn, kwargs
        if type(self)._direction is None and _is_loss(fn):
            self._direction = "down"

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Count a batch in.

        Shapes: y_true, y_pred as `fn` takes them; sample_weight broadcastable to what it returns.
        """
        mask = MASK.get(y_pred)
        if getattr(y_true, "ndim", 0) == 1 and getattr(y_pred, "shape", ())[1:] == (1,):
            y_true = y_true[:, None]  # (rows,) and (rows, 1) would meet as (rows, rows)
        values = numbers_of(self._fn(y_true, y_pred, **self._fn_kwargs))
        super().update_state(values, apply_mask(sample_weight, mask, self.dtype, "sum"))

    def get_config(self) -> dict[str, Any]:
        """The arguments that rebuild this metric; a function is written as its name."""
        config = super().get_config()
        if isinstance(config.get("fn"), str):
            config["fn"] = described_function(config["fn"])
        return config

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        """Build a metric from what `get_config` returned."""
        if "fn" in config:
            config = {**config, "fn": deserialize(config["fn"], kind="metrics")}
        return super().from_config(config)


def _is_loss(fn: Any) -> bool:
    return any(fn is known or type(fn) is known for known in built_in("losses").values())
