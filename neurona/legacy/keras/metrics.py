"""`keras.metrics` with what tf.keras 2 had besides."""

import importlib
from typing import Any

import jax.numpy as jnp

from neurona.core.errors import NotBuiltError, ShapeError
from neurona.losses.loss import divide_no_nan
from neurona.metrics import Mean, Metric

_today: Any = importlib.import_module("neurona.metrics")


class MeanTensor(Metric):
    """The weighted mean of each element of tensors of one shape: Σ wᵢ vᵢ / Σ wᵢ.

    Args:
        name: the name in logs.
        dtype: of the result.
        shape: of the tensors; that of the first by default.
    """

    def __init__(self, name: str | None = "mean_tensor", dtype: Any = None, shape: Any = None) -> None:
        super().__init__(dtype=dtype, name=name)
        self.total: Any = None
        self.count: Any = None
        if shape is not None:
            self._begin(tuple(shape))

    def _begin(self, shape: tuple[int, ...]) -> None:
        self.total = self.add_variable(shape, dtype=self.dtype, name="total")
        self.count = self.add_variable(shape, dtype=self.dtype, name="count")

    def update_state(self, values: Any, sample_weight: Any = None) -> None:
        """Add a tensor.

        Raises:
            ShapeError: its shape is another one than that of those before.
        """
        values = jnp.asarray(values, self.dtype)
        weight = jnp.asarray(1.0 if sample_weight is None else sample_weight, self.dtype)
        if weight.ndim and values.ndim > weight.ndim:
            weight = weight.reshape((*weight.shape, *[1] * (values.ndim - weight.ndim)))
        if not self.variables:
            self._begin(values.shape)
        elif values.shape != tuple(self.total.shape):
            raise ShapeError(
                "MeanTensor input values must always have the same shape. Expected shape (set during the "
                f"first call): {tuple(self.total.shape)}. Got: {values.shape}."
            )
        for variable, batch in ((self.total, values * weight), (self.count, jnp.ones_like(values) * weight)):
            variable.assign_add(batch)

    def result(self) -> Any:
        """The mean of each element.

        Raises:
            NotBuiltError: no tensor came yet.
        """
        if self.total is None:
            raise NotBuiltError(
                "MeanTensor does not have any value yet. Call it, or update_state(values), before result()."
            )
        return divide_no_nan(self.total.value, self.count.value)


class MeanRelativeError(Mean):
    """The mean of |y_true - y_pred| / normalizer.

    Args:
        normalizer: of the shape of the predictions.
        name: the name in logs.
        dtype: of the result.
    """

    def __init__(self, normalizer: Any, name: str | None = None, dtype: Any = None) -> None:
        super().__init__(name=name or "mean_relative_error", dtype=dtype)
        self.normalizer = jnp.asarray(normalizer, self.dtype)

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Add a batch."""
        errors = jnp.abs(jnp.asarray(y_true, self.dtype) - jnp.asarray(y_pred, self.dtype))
        return super().update_state(divide_no_nan(errors, self.normalizer), sample_weight)


def __getattr__(name: str) -> Any:
    return getattr(_today, name)


def __dir__() -> list[str]:
    return sorted({*dir(_today), "MeanRelativeError", "MeanTensor"})
