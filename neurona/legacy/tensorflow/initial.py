"""Initializers of TensorFlow's own: functions of a shape."""

from typing import Any

from neurona.legacy.tensorflow.arrays import constant, ones, zeros
from neurona.legacy.tensorflow.dtypes import float32
from neurona.legacy.tensorflow.random import normal, uniform


class _Initializer:
    """A function (shape, dtype) -> tensor."""

    def __init__(self, *values: Any, seed: Any = None, **named: Any) -> None:
        self._values, self._named, self._seed = values, named, seed


class zeros_initializer(_Initializer):
    """Zeros."""

    def __call__(self, shape: Any, dtype: Any = float32, **_: Any) -> Any:
        return zeros(shape, dtype)


class ones_initializer(_Initializer):
    """Ones."""

    def __call__(self, shape: Any, dtype: Any = float32, **_: Any) -> Any:
        return ones(shape, dtype)


class constant_initializer(_Initializer):
    """One value, or given ones."""

    def __call__(self, shape: Any, dtype: Any = float32, **_: Any) -> Any:
        value = self._named.get("value", self._values[0] if self._values else 0)
        return constant(value, dtype=dtype, shape=shape)


class random_normal_initializer(_Initializer):
    """Numbers from the normal distribution: mean 0 and standard deviation 0.05 by default."""

    def __call__(self, shape: Any, dtype: Any = float32, **_: Any) -> Any:
        given = {"mean": 0.0, "stddev": 0.05, **dict(zip(("mean", "stddev"), self._values)), **self._named}
        return normal(shape, given["mean"], given["stddev"], dtype, seed=self._seed)


class random_uniform_initializer(_Initializer):
    """Numbers from -0.05 to 0.05 by default."""

    def __call__(self, shape: Any, dtype: Any = float32, **_: Any) -> Any:
        given = {
            "minval": -0.05,
            "maxval": 0.05,
            **dict(zip(("minval", "maxval"), self._values)),
            **self._named,
        }
        return uniform(shape, given["minval"], given["maxval"], dtype, seed=self._seed)
