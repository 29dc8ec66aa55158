"""Regularizers: Keras's penalties and gradients, configs that travel both ways, bad arguments."""

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest

from neurona import regularizers
from neurona.core.errors import ArgumentError, ShapeError, UnexpectedArgument
from neurona.core.registry import built_in

NAMES = sorted(set(built_in("regularizers")) - {"Regularizer"})
GRID = {
    "L1": [{"l1": 0.3}],
    "L2": [{"l2": 0.3}],
    "L1L2": [{"l1": 0.3}, {"l2": 0.2}, {"l1": 0.1, "l2": 0.7}],
    "OrthogonalRegularizer": [{"factor": 0.4}, {"mode": "columns"}],
}
CASES = [(name, options) for name in NAMES for options in [{}, *GRID[name]]]


def build(module, name, options):
    return getattr(module, name)(**options)


def test_every_keras_regularizer_is_here():
    theirs = {value.__name__ for value in vars(keras.regularizers).values() if isinstance(value, type)}
    assert theirs - {"Regularizer"} == set(NAMES)
    for name in ("l1", "l2", "l1_l2", "orthogonal_regularizer"):
        assert getattr(regularizers, name).__name__ == getattr(keras.regularizers, name).__name__


@pytest.mark.parametrize(("name", "options"), CASES, ids=str)
def test_values_and_gradients_equal_keras(name, options):
    x = jnp.asarray(np.random.default_rng(1).normal(size=(6, 4)).astype("float32"))
    ours, theirs = build(regularizers, name, options), build(keras.regularizers, name, options)
    for x64 in (False, True):
        with jax.enable_x64(x64):
            assert ours(x).dtype == "float32"
            assert ours(x).shape == ()
            np.testing.assert_allclose(ours(x), theirs(x), rtol=1e-5)
            np.testing.assert_allclose(
                jax.grad(ours)(x), jax.grad(lambda x: theirs(x))(x), rtol=1e-5, atol=1e-6
            )
    assert ours(x.astype("bfloat16")).dtype == "bfloat16"


@pytest.mark.parametrize(("name", "options"), CASES, ids=str)
def test_gradients_are_finite_differences(name, options):
    with jax.enable_x64(True):
        x, penalty, step = (
            np.random.default_rng(2).normal(size=(3, 4)),
            build(regularizers, name, options),
            1e-6,
        )
        gradient = np.asarray(jax.grad(penalty)(jnp.asarray(x)))
        for index in np.ndindex(x.shape):
            moved = np.zeros_like(x)
            moved[index] = step
            assert (penalty(x + moved) - penalty(x - moved)) / (2 * step) == pytest.approx(
                gradient[index], rel=1e-6, abs=1e-8
            )


def test_a_zero_row_has_a_finite_gradient():
    x = jnp.asarray(np.array([[0.0, 0.0], [1.0, 2.0], [3.0, -1.0]], "float32"))
    assert np.isfinite(jax.grad(regularizers.OrthogonalRegularizer())(x)).all()


@pytest.mark.parametrize(("name", "options"), CASES, ids=str)
def test_configs_travel_both_ways(name, options):
    ours, theirs = build(regularizers, name, options), build(keras.regularizers, name, options)
    config = theirs.get_config()
    assert ours.get_config() == {
        key: value if isinstance(value, str) else pytest.approx(value) for key, value in config.items()
    }
    assert regularizers.deserialize(keras.regularizers.serialize(theirs)).get_config() == pytest.approx(
        config
    )
    assert keras.regularizers.deserialize(regularizers.serialize(ours)).get_config() == pytest.approx(config)
    assert regularizers.deserialize(regularizers.serialize(ours)).get_config() == ours.get_config()


def test_names_functions_and_subclasses():
    def penalty(w):
        return jnp.sum(w)

    assert regularizers.get(penalty) is penalty
    assert regularizers.get(None) is None
    for name in (
        "L1",
        "l1",
        "L2",
        "l2",
        "l1l2",
        "L1L2",
        "l1_l2",
        "OrthogonalRegularizer",
        "orthogonal_regularizer",
    ):
        assert float(regularizers.get(name)(jnp.ones((2, 2)))) > 0, name
    assert regularizers.Regularizer()(jnp.ones(2)) == 0
    assert regularizers.L2(None).l2 == 0.01


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: regularizers.L1(-0.1), ArgumentError, "L1: l1 is a finite number >= 0. Received: -0.1"),
        (lambda: regularizers.L2(float("nan")), ArgumentError, "Received: nan"),
        (lambda: regularizers.L1L2(l2="big"), ArgumentError, "L1L2: l2 .*Received: 'big'"),
        (lambda: regularizers.L2(lr=0.1), UnexpectedArgument, "no argument 'lr'"),
        (lambda: regularizers.OrthogonalRegularizer(mode="diagonal"), ArgumentError, "'rows' or 'columns'"),
        (
            lambda: regularizers.OrthogonalRegularizer()(jnp.ones(3)),
            ShapeError,
            r"a matrix. Received shape: \(3,\)",
        ),
        (lambda: regularizers.get("l3"), ArgumentError, "neurona.regularizers has no 'l3'"),
    ],
)
def test_bad_arguments_teach(call, error, message):
    with pytest.raises(error, match=message):
        call()
