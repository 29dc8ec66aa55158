"""Constraints: Keras's projections, configs that travel both ways, names."""

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest

from neurona import constraints
from neurona.core.errors import ArgumentError, UnexpectedArgument
from neurona.core.registry import built_in

NAMES = sorted(set(built_in("constraints")) - {"Constraint"})
GRID = {
    "MaxNorm": [{"max_value": 0.5}, {"max_value": 1, "axis": [0, 1, 2]}],
    "MinMaxNorm": [
        {"min_value": 1.5, "max_value": 2.0},
        {"min_value": 0.1, "max_value": 0.2, "rate": 0.3, "axis": [0, 1, 2]},
    ],
    "UnitNorm": [{"axis": 1}, {"axis": [0, 1, 2]}],
    "NonNeg": [],
}
CASES = [(name, options) for name in NAMES for options in [{}, *GRID[name]]]


def test_every_keras_constraint_is_here():
    theirs = {value.__name__ for value in vars(keras.constraints).values() if isinstance(value, type)}
    assert theirs - {"Constraint"} == set(NAMES)
    for name in ("max_norm", "min_max_norm", "non_neg", "unit_norm"):
        assert getattr(constraints, name).__name__ == getattr(keras.constraints, name).__name__


@pytest.mark.parametrize(("name", "options"), CASES, ids=str)
def test_values_equal_keras(name, options):
    w = np.random.default_rng(1).normal(size=(3, 3, 2, 5)).astype("float32")
    w[..., 0] = 0
    ours, theirs = getattr(constraints, name)(**options), getattr(keras.constraints, name)(**options)
    for x64 in (False, True):
        with jax.enable_x64(x64):
            assert ours(w).dtype == "float32"
            np.testing.assert_allclose(ours(w), theirs(w), rtol=1e-5, atol=1e-7)
            np.testing.assert_allclose(jax.jit(ours)(w), theirs(w), rtol=1e-5, atol=1e-7)
    assert ours(jnp.asarray(w, "bfloat16")).dtype == "bfloat16"


@pytest.mark.parametrize(("name", "options"), CASES, ids=str)
def test_configs_travel_both_ways(name, options):
    ours, theirs = getattr(constraints, name)(**options), getattr(keras.constraints, name)(**options)
    assert ours.get_config() == theirs.get_config()
    assert constraints.deserialize(keras.constraints.serialize(theirs)).get_config() == ours.get_config()
    assert keras.constraints.deserialize(constraints.serialize(ours)).get_config() == ours.get_config()
    assert constraints.deserialize(constraints.serialize(ours)).get_config() == ours.get_config()


def test_names_functions_and_the_base_class():
    def double(w):
        return 2 * w

    assert constraints.get(double) is double
    assert constraints.get(None) is None
    assert isinstance(constraints.get("non_neg"), constraints.NonNeg)
    assert isinstance(constraints.get("MinMaxNorm"), constraints.MinMaxNorm)
    assert constraints.Constraint()(3) == 3


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: constraints.get("maxnrm"), ArgumentError, "Did you mean 'maxnorm'"),
        (lambda: constraints.MaxNorm(maxvalue=3), UnexpectedArgument, "Did you mean 'max_value'"),
        (lambda: constraints.get(3.0), ArgumentError, "Received: 3.0"),
    ],
)
def test_bad_arguments_teach(call, error, message):
    with pytest.raises(error, match=message):
        call()
