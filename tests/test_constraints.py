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


SIZES = (0.0, 1e-36, 1e-30, 1e-20, 1e-8, 1.0, 1e20, 1e30, 1e37)
EXACT = [
    ("MaxNorm", {"max_value": 2.0}, lambda n: min(n, 2.0)),
    ("UnitNorm", {}, lambda n: 1.0),
    ("MinMaxNorm", {"min_value": 0.5, "max_value": 2.0}, lambda n: min(max(n, 0.5), 2.0)),
    (
        "MinMaxNorm",
        {"min_value": 0.5, "max_value": 2.0, "rate": 0.25},
        lambda n: 0.25 * min(max(n, 0.5), 2.0) + 0.75 * n,
    ),
]


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32"])
@pytest.mark.parametrize(
    ("name", "options", "wanted"), EXACT, ids=lambda value: "" if callable(value) else str(value)[:40]
)
def test_norms_are_those_asked_for_at_any_size(name, options, wanted, dtype):
    constraint = getattr(constraints, name)(**options)
    for size in SIZES:
        w = jnp.asarray(np.array([[3.0, 0.0], [4.0, 0.0]]) * size, dtype)
        before = np.asarray(w, "float64")
        length = np.sqrt(np.square(before).sum(axis=0))[0]
        if not np.isfinite(length):
            continue
        expected = before / length * wanted(length) if length else before
        np.testing.assert_allclose(
            np.asarray(constraint(w), "float64"),
            expected,
            rtol=4 * float(jnp.finfo(dtype).eps),
            atol=float(jnp.finfo(dtype).tiny),
            err_msg=f"weights of size {size}",
        )


@pytest.mark.parametrize("name", ["MaxNorm", "MinMaxNorm"])
def test_a_weight_within_the_bound_does_not_change(name):
    """Keras's division by |w| + epsilon shrinks it at every step: a bias of 1e-3 to a third in 10,000."""
    w = jnp.asarray(np.random.default_rng(0).normal(size=(4, 3)) * 1e-3, "float32")
    np.testing.assert_allclose(getattr(constraints, name)(max_value=1.0)(w), w, rtol=1e-6)


@pytest.mark.parametrize("bad", [np.inf, np.nan])
@pytest.mark.parametrize("name", ["MaxNorm", "UnitNorm", "MinMaxNorm"])
def test_a_weight_that_is_not_finite_still_shows(name, bad):
    assert not np.isfinite(getattr(constraints, name)()(jnp.array([[1.0], [bad]]))).all()
