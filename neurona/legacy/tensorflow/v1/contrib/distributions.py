"""`tf.distributions`: the distributions that courses draw from."""

import math
from typing import Any

import jax
import jax.numpy as jnp

from neurona.core.random import as_key
from neurona.legacy.tensorflow import arrays, random
from neurona.legacy.tensorflow import math as numbers
from neurona.legacy.tensorflow.dtypes import float32, int32
from neurona.legacy.tensorflow.v1.building import shape as shape_of
from neurona.legacy.tensorflow.v1.contrib.densities import (
    Beta,
    Dirichlet,
    Exponential,
    Gamma,
    Laplace,
    StudentT,
    Uniform,
)
from neurona.legacy.tensorflow.v1.tensor import convert, draw

__all__ = [
    "Bernoulli",
    "Beta",
    "Categorical",
    "Dirichlet",
    "Exponential",
    "Gamma",
    "Laplace",
    "MultivariateNormalDiag",
    "Normal",
    "StudentT",
    "Uniform",
    "kl_divergence",
]


def _size(sample_shape: Any) -> list[Any]:
    return list(sample_shape) if isinstance(sample_shape, (list, tuple)) else [int(sample_shape)]


class Normal:
    """The normal distribution."""

    def __init__(self, loc: Any, scale: Any, *_: Any, **__: Any) -> None:
        self.loc, self.scale = (
            convert(loc, None if hasattr(loc, "dtype") else float32),
            convert(scale, None if hasattr(scale, "dtype") else float32),
        )

    def sample(self, sample_shape: Any = (), seed: Any = None, name: Any = None) -> Any:
        """Numbers; `sample_shape` of them for each mean."""
        whole = (
            arrays.concat([_size(sample_shape), shape_of(self.loc + self.scale)], 0)
            if _size(sample_shape)
            else (shape_of(self.loc + self.scale))
        )
        return self.loc + self.scale * random.normal(whole, seed=seed)

    def log_prob(self, value: Any, name: Any = None) -> Any:
        """The logarithm of the density."""
        return draw(_normal_log, (convert(value), self.loc, self.scale), default="Normal/log_prob")

    def prob(self, value: Any, name: Any = None) -> Any:
        """The density."""
        return numbers.exp(self.log_prob(value))

    def cdf(self, value: Any, name: Any = None) -> Any:
        """The probability of smaller numbers."""
        return draw(jax.scipy.stats.norm.cdf, (convert(value), self.loc, self.scale), default="Normal/cdf")

    def entropy(self, name: Any = None) -> Any:
        """The entropy in nats."""
        return 0.5 + 0.5 * math.log(2 * math.pi) + numbers.log(self.scale + 0 * self.loc)

    def mean(self, name: Any = None) -> Any:
        """The mean."""
        return arrays.identity(self.loc)

    mode = mean

    def stddev(self, name: Any = None) -> Any:
        """The standard deviation."""
        return arrays.identity(self.scale)

    def variance(self, name: Any = None) -> Any:
        """The variance."""
        return numbers.square(self.scale)


def _normal_log(value: Any, loc: Any, scale: Any) -> Any:
    return -0.5 * ((value - loc) / scale) ** 2 - jnp.log(scale) - 0.5 * math.log(2 * math.pi)


class MultivariateNormalDiag(Normal):
    """Independent normal numbers along the last axis, as one point."""

    def __init__(self, loc: Any = None, scale_diag: Any = None, *_: Any, **__: Any) -> None:
        scale = convert(scale_diag, None if hasattr(scale_diag, "dtype") else float32)
        super().__init__(arrays.zeros_like(scale) if loc is None else loc, scale)

    def log_prob(self, value: Any, name: Any = None) -> Any:
        return numbers.reduce_sum(super().log_prob(value), -1)

    def entropy(self, name: Any = None) -> Any:
        return numbers.reduce_sum(super().entropy(), -1)


class Bernoulli:
    """0 or 1."""

    def __init__(self, logits: Any = None, probs: Any = None, dtype: Any = int32, *_: Any, **__: Any) -> None:
        given = convert(probs if logits is None else logits, float32)
        self.probs = numbers.sigmoid(given) if probs is None else given
        self.logits = given if probs is None else numbers.log(given) - numbers.log(1.0 - given)
        self._dtype = dtype

    def sample(self, sample_shape: Any = (), seed: Any = None, name: Any = None) -> Any:
        """Draws."""
        size = _size(sample_shape)
        whole = arrays.concat([size, shape_of(self.probs)], 0) if size else shape_of(self.probs)
        return arrays.cast(numbers.less(random.uniform(whole, seed=seed), self.probs), self._dtype)

    def log_prob(self, value: Any, name: Any = None) -> Any:
        """The logarithm of the probability."""
        value = arrays.cast(convert(value), float32)
        return draw(_bernoulli_log, (value, self.logits), default="Bernoulli/log_prob")

    def entropy(self, name: Any = None) -> Any:
        """The entropy in nats."""
        return -(self.probs * self.log_prob(1.0) + (1 - self.probs) * self.log_prob(0.0))

    def mean(self, name: Any = None) -> Any:
        """The probability of 1."""
        return arrays.identity(self.probs)


def _bernoulli_log(value: Any, logits: Any) -> Any:
    return -(jnp.maximum(logits, 0) - logits * value + jnp.log1p(jnp.exp(-jnp.abs(logits))))


class Categorical:
    """One of several classes."""

    def __init__(self, logits: Any = None, probs: Any = None, dtype: Any = int32, *_: Any, **__: Any) -> None:
        self.logits = numbers.log(convert(probs)) if logits is None else convert(logits)
        self._dtype = dtype

    def sample(self, sample_shape: Any = (), seed: Any = None, name: Any = None) -> Any:
        """Numbers of classes."""
        return arrays.cast(
            draw(_categorical, (self.logits, _size(sample_shape)), default="Categorical/sample"), self._dtype
        )

    def log_prob(self, value: Any, name: Any = None) -> Any:
        """The logarithm of the probability."""
        return draw(_categorical_log, (convert(value), self.logits), default="Categorical/log_prob")

    def prob(self, value: Any, name: Any = None) -> Any:
        """The probability."""
        return numbers.exp(self.log_prob(value))

    def entropy(self, name: Any = None) -> Any:
        """The entropy in nats."""
        return draw(_categorical_entropy, (self.logits,), default="Categorical/entropy")


def _categorical(logits: Any, size: Any) -> Any:
    return jax.random.categorical(as_key(), logits, shape=(*size, *logits.shape[:-1]))


def _categorical_log(value: Any, logits: Any) -> Any:
    logs = jax.nn.log_softmax(logits, -1)
    return jnp.take_along_axis(logs, jnp.asarray(value)[..., None], -1)[..., 0]


def _categorical_entropy(logits: Any) -> Any:
    logs = jax.nn.log_softmax(logits, -1)
    return -(jnp.exp(logs) * logs).sum(-1)


def kl_divergence(distribution_a: Any, distribution_b: Any, *_: Any, **__: Any) -> Any:
    """The Kullback-Leibler divergence of two normal distributions.

    Raises:
        NotImplementedError: they are of another kind.
    """
    if not (isinstance(distribution_a, Normal) and isinstance(distribution_b, Normal)):
        raise NotImplementedError("kl_divergence is here for normal distributions: write the formula.")
    a, b = distribution_a, distribution_b
    made = draw(_normal_divergence, (a.loc, a.scale, b.loc, b.scale), default="kl_divergence")
    return numbers.reduce_sum(made, -1) if isinstance(a, MultivariateNormalDiag) else made


def _normal_divergence(mean: Any, deviation: Any, other_mean: Any, other: Any) -> Any:
    ratio = (deviation / other) ** 2
    return 0.5 * (((mean - other_mean) / other) ** 2 + ratio - 1 - jnp.log(ratio))
