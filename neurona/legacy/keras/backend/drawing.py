"""Functions of `keras.backend` that draw random numbers, or make arrays and variables of a shape."""

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import numpy as np

from neurona import initializers, random
from neurona.core.policy import floatx
from neurona.core.scope import current_scope
from neurona.core.symbolic import is_symbolic
from neurona.legacy.keras.backend.expressions import BackendVariable, Made, applied, renamed
from neurona.legacy.keras.backend.mathematics import narrow, shaped, sizes
from neurona.legacy.keras.backend.program import value_of
from neurona.ops.registry import to_array


def random_normal(
    shape: Any, mean: Any = 0.0, stddev: Any = 1.0, dtype: Any = None, seed: Any = None, **old: Any
) -> Any:
    """Numbers from the normal distribution."""
    stddev = renamed(old).get("stddev", stddev)
    draw = _of_two_numbers(random.normal, dtype, seed)
    return shaped("RandomNormal", draw, shape, mean, stddev, draws=True)


def _of_two_numbers(function: Callable[..., Any], dtype: Any, seed: Any) -> Callable[..., Any]:
    """A function of a shape and two numbers that draws in a dtype."""
    kind = narrow(dtype or floatx())
    return lambda shape, first, second: function(
        shape, jnp.asarray(first, kind), jnp.asarray(second, kind), dtype=kind, seed=seed
    )


def truncated_normal(
    shape: Any, mean: Any = 0.0, stddev: Any = 1.0, dtype: Any = None, seed: Any = None
) -> Any:
    """Numbers from the normal distribution within two standard deviations."""
    draw = _of_two_numbers(random.truncated_normal, dtype, seed)
    return shaped("TruncatedNormal", draw, shape, mean, stddev, draws=True)


def random_uniform(
    shape: Any, minval: Any = 0.0, maxval: Any = 1.0, dtype: Any = None, seed: Any = None, **old: Any
) -> Any:
    """Numbers from minval to below maxval; integers for a dtype of integers."""
    minval, maxval = old.get("low", minval), old.get("high", maxval)
    is_integer = np.issubdtype(narrow(dtype or floatx()), np.integer)
    draw = _of_two_numbers(random.randint if is_integer else random.uniform, dtype, seed)
    return shaped("RandomUniform", draw, shape, minval, maxval, draws=True)


def random_bernoulli(shape: Any, p: float = 0.0, dtype: Any = None, seed: Any = None) -> Any:
    """1 with probability p, else 0."""
    kind = narrow(dtype or floatx())

    def draw(shape: tuple[int, ...]) -> Any:
        return (random.uniform(shape, seed=seed) <= p).astype(kind)

    return shaped("RandomBernoulli", draw, shape, draws=True)


random_binomial = random_bernoulli


def dropout(x: Any, level: float, noise_shape: Any = None, seed: Any = None) -> Any:
    """x with a share `level` of it set to 0 and the rest enlarged."""

    def drop(value: Any) -> Any:
        shape = None if noise_shape is None else sizes(noise_shape)
        return random.dropout(to_array(value), level, shape, seed)

    if not is_symbolic(x) and current_scope() is None:  # at once, outside of any program
        return drop(value_of(x))

    return applied("Dropout", drop, (x,), {}, draws=True)


def variable(value: Any, dtype: Any = None, name: str | None = None, constraint: Any = None) -> Any:
    """A variable with a first value."""
    array = value.toarray() if hasattr(value, "tocoo") else np.asarray(value_of(value))
    kind = narrow(dtype or floatx())

    def make() -> BackendVariable:
        return BackendVariable(array.astype(kind), dtype=kind, name=name or "Variable", constraint=constraint)

    return make() if Made.now is None else Made.now.next(make)


def zeros(shape: Any, dtype: Any = None, name: str | None = None) -> Any:
    """A variable of zeros; an array, where sizes are symbolic."""
    return _filled("Zeros", shape, 0, dtype, name)


def ones(shape: Any, dtype: Any = None, name: str | None = None) -> Any:
    """A variable of ones; an array, where sizes are symbolic."""
    return _filled("Ones", shape, 1, dtype, name)


def _filled(kind: str, shape: Any, value: int, dtype: Any, name: str | None) -> Any:
    number = narrow(dtype or floatx())
    shape = (shape,) if isinstance(shape, (int, np.integer)) else shape
    if is_symbolic(shape) or any(map(is_symbolic, shape)):
        return shaped(kind, lambda new: jnp.full(new, value, number), shape)
    return variable(np.full(sizes(shape), value, number), number, name)


def random_uniform_variable(
    shape: Any,
    low: float,
    high: float,
    dtype: Any = None,
    name: str | None = None,
    seed: Any = None,
    **_: Any,
) -> Any:
    """A variable of numbers from low to below high."""
    return _drawn(initializers.RandomUniform(low, high, seed), shape, dtype, name)


def random_normal_variable(
    shape: Any,
    mean: float,
    scale: float,
    dtype: Any = None,
    name: str | None = None,
    seed: Any = None,
    **_: Any,
) -> Any:
    """A variable of numbers from a normal distribution."""
    return _drawn(initializers.RandomNormal(mean, scale, seed), shape, dtype, name)


def _drawn(initializer: Any, shape: Any, dtype: Any, name: str | None) -> BackendVariable:
    return BackendVariable(initializer, sizes(shape), narrow(dtype or floatx()), name=name or "Variable")


def constant(value: Any, dtype: Any = None, shape: Any = None, name: str | None = None) -> Any:
    """An array."""
    array = to_array(value).astype(narrow(dtype or floatx()))
    if shape is None:
        return array
    return jnp.broadcast_to(array, sizes(shape)) if array.size == 1 else array.reshape(sizes(shape))


# fmt: off
__all__ = [
    "constant", "dropout", "ones", "random_bernoulli", "random_binomial", "random_normal",
    "random_normal_variable", "random_uniform", "random_uniform_variable", "truncated_normal", "variable",
    "zeros",
]
