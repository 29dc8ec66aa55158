"""Distributions of `tf.distributions` that are known by their densities, their draws and their moments."""

from collections.abc import Callable
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import jax.scipy.stats as stats

from neurona.core.random import as_key
from neurona.legacy.tensorflow import math as numbers
from neurona.legacy.tensorflow.dtypes import float32
from neurona.legacy.tensorflow.v1.tensor import convert, draw


class _Distribution:
    """Numbers of a density with some parameters, which are broadcast together."""

    parameters: ClassVar[tuple[str, ...]]
    defaults: ClassVar[dict[str, float]] = {}
    log: Callable[..., Any]
    drawn: Callable[..., Any]
    moments: Callable[..., tuple[Any, Any]]

    def __init__(self, *args: Any, validate_args: Any = None, **options: Any) -> None:
        options.pop("allow_nan_stats", None)
        options.pop("name", None)
        given = {**self.defaults, **dict(zip(self.parameters, args)), **options}
        if set(given) != set(self.parameters):
            raise TypeError(f"{type(self).__name__} takes {', '.join(self.parameters)}.")
        self._values = tuple(
            convert(given[name], None if hasattr(given[name], "dtype") else float32)
            for name in self.parameters
        )
        vars(self).update(zip(self.parameters, self._values, strict=True))

    def _step(self, function: Callable[..., Any], *given: Any, name: str) -> Any:
        title = f"{type(self).__name__}/{name}"
        return draw(function, (*given, *self._values), default=title, kind=title)

    def log_prob(self, value: Any, name: Any = None) -> Any:
        """The logarithm of the density."""
        return self._step(type(self).log, convert(value, float32), name="log_prob")

    def prob(self, value: Any, name: Any = None) -> Any:
        """The density."""
        return numbers.exp(self.log_prob(value))

    def sample(self, sample_shape: Any = (), seed: Any = None, name: Any = None) -> Any:
        """Draws; `sample_shape` of them for each set of parameters."""
        first = tuple(sample_shape) if isinstance(sample_shape, (list, tuple)) else (int(sample_shape),)
        drawn = type(self).drawn

        def sampled(*values: Any) -> Any:
            return drawn(as_key(), first, *values)

        return self._step(sampled, name="sample")

    def mean(self, name: Any = None) -> Any:
        """The mean."""
        moments = type(self).moments
        return self._step(lambda *values: moments(*values)[0], name="mean")

    def variance(self, name: Any = None) -> Any:
        """The variance."""
        moments = type(self).moments
        return self._step(lambda *values: moments(*values)[1], name="variance")

    def stddev(self, name: Any = None) -> Any:
        """The standard deviation."""
        return numbers.sqrt(self.variance())


def _of(first: tuple[int, ...], *values: Any) -> tuple[int, ...]:
    return first + jnp.broadcast_shapes(*map(jnp.shape, values))


class Uniform(_Distribution):
    """Equal densities between two numbers."""

    parameters, defaults = ("low", "high"), {"low": 0.0, "high": 1.0}
    log = staticmethod(lambda x, low, high: stats.uniform.logpdf(x, low, high - low))
    drawn = staticmethod(
        lambda key, first, low, high: jax.random.uniform(key, _of(first, low, high)) * (high - low) + low
    )
    moments = staticmethod(lambda low, high: ((low + high) / 2, (high - low) ** 2 / 12))


class Gamma(_Distribution):
    """The gamma distribution, x^(a - 1) exp(-b x)."""

    parameters = ("concentration", "rate")
    log = staticmethod(lambda x, a, b: stats.gamma.logpdf(x, a, scale=1 / b))
    drawn = staticmethod(lambda key, first, a, b: jax.random.gamma(key, a, _of(first, a, b)) / b)
    moments = staticmethod(lambda a, b: (a / b, a / b**2))


class Beta(_Distribution):
    """The beta distribution, x^(a - 1) (1 - x)^(b - 1)."""

    parameters = ("concentration1", "concentration0")
    log = staticmethod(stats.beta.logpdf)
    drawn = staticmethod(lambda key, first, a, b: jax.random.beta(key, a, b, _of(first, a, b)))
    moments = staticmethod(lambda a, b: (a / (a + b), a * b / ((a + b) ** 2 * (a + b + 1))))


class Laplace(_Distribution):
    """The double exponential distribution."""

    parameters = ("loc", "scale")
    log = staticmethod(stats.laplace.logpdf)
    drawn = staticmethod(lambda key, first, m, s: jax.random.laplace(key, _of(first, m, s)) * s + m)
    moments = staticmethod(lambda m, s: (m + 0 * s, 2 * s**2 + 0 * m))


class Exponential(_Distribution):
    """The exponential distribution."""

    parameters = ("rate",)
    log = staticmethod(lambda x, rate: stats.expon.logpdf(x, scale=1 / rate))
    drawn = staticmethod(lambda key, first, rate: jax.random.exponential(key, _of(first, rate)) / rate)
    moments = staticmethod(lambda rate: (1 / rate, 1 / rate**2))


class StudentT(_Distribution):
    """Student's t distribution."""

    parameters = ("df", "loc", "scale")
    log = staticmethod(stats.t.logpdf)
    drawn = staticmethod(lambda key, first, n, m, s: jax.random.t(key, n, _of(first, n, m, s)) * s + m)
    moments = staticmethod(
        lambda n, m, s: (jnp.where(n > 1, m + 0 * s, jnp.nan), jnp.where(n > 2, s**2 * n / (n - 2), jnp.inf))
    )


class Dirichlet(_Distribution):
    """Shares that add up to 1, along the last axis."""

    parameters = ("concentration",)
    log = staticmethod(lambda x, a: stats.dirichlet.logpdf(jnp.moveaxis(x, -1, 0), a))
    drawn = staticmethod(lambda key, first, a: jax.random.dirichlet(key, a, first + jnp.shape(a)[:-1]))
    moments = staticmethod(
        lambda a: (
            a / a.sum(-1, keepdims=True),
            a
            * (a.sum(-1, keepdims=True) - a)
            / (a.sum(-1, keepdims=True) ** 2 * (a.sum(-1, keepdims=True) + 1)),
        )
    )
