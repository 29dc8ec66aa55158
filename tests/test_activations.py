"""Activations: Keras's numbers and gradients, finite differences, names."""

import inspect

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest

from neurona import activations
from neurona.core.errors import ArgumentError
from neurona.core.registry import built_in, register_keras_serializable

OLDER = {"steep_hard_sigmoid"}  # Keras 3 has it no more
NAMES = sorted(built_in("activations"))
# Beside the defaults, each function is tried with these arguments.
GRID = {
    "relu": [
        {"negative_slope": 0.1},
        {"max_value": 1.5},
        {"max_value": 6.0},
        {"threshold": 0.5},
        {"threshold": -0.5, "max_value": 2.0},
        {"negative_slope": 0.2, "max_value": 1.0, "threshold": 0.3},
    ],
    "leaky_relu": [{"negative_slope": 0.01}],
    "elu": [{"alpha": 0.3}],
    "celu": [{"alpha": 0.3}],
    "softmax": [{"axis": 0}, {"axis": (0, 1)}],
    "log_softmax": [{"axis": 1}, {"axis": (0, 2)}],
    "sparsemax": [{"axis": 1}],
    "glu": [{"axis": 1}],
    "gelu": [{"approximate": True}],
    "squareplus": [{"b": 1}],
    "soft_shrink": [{"threshold": 0.1}],
    "hard_shrink": [{"threshold": 0.1}],
    "threshold": [{"threshold": 0.3, "default_value": -2.0}],
}
CASES = [
    (name, options)
    for name in NAMES
    for options in ([] if name == "threshold" else [{}]) + GRID.get(name, [])
]


@pytest.fixture
def x64():
    before = jax.config.jax_enable_x64
    jax.config.update("jax_enable_x64", True)
    yield
    jax.config.update("jax_enable_x64", before)


def test_every_keras_activation_is_here_with_its_arguments():
    theirs = {name for name, value in vars(keras.activations).items() if inspect.isfunction(value)} - {
        "get",
        "serialize",
        "deserialize",
    }
    assert theirs - {"swish", "hard_swish"} == set(NAMES) - OLDER
    for name in theirs:
        ours = inspect.signature(getattr(activations, name))
        want = inspect.signature(getattr(keras.activations, name))
        assert [(p.name, p.default) for p in ours.parameters.values()] == [
            (p.name, p.default) for p in want.parameters.values()
        ], name


@pytest.mark.parametrize(
    ("name", "options"), [case for case in CASES if case[0] not in {"sparsemax", *OLDER}], ids=str
)
def test_values_and_gradients_equal_keras(name, options):
    rng = np.random.default_rng(1)
    x = np.concatenate(
        [
            3 * rng.normal(size=(24, 4, 6)),
            np.zeros((1, 4, 6)),
            np.full((1, 4, 6), 50.0),
            np.full((1, 4, 6), -50.0),
        ]
    ).astype("float32")
    weights = rng.normal(size=x.shape).astype("float32")
    ours, theirs = getattr(activations, name), getattr(keras.activations, name)
    y = ours(x, **options)
    assert isinstance(y, jax.Array) or name == "linear"
    assert y.dtype == "float32"
    np.testing.assert_allclose(y, theirs(x, **options), rtol=1e-5, atol=1e-5)

    def total(function, x):
        y = function(x, **options)
        return jnp.sum(y * weights[tuple(slice(n) for n in y.shape)])

    x = jnp.asarray(x)
    np.testing.assert_allclose(
        jax.grad(lambda x: total(ours, x))(x), jax.grad(lambda x: total(theirs, x))(x), rtol=1e-5, atol=1e-5
    )


def test_the_steep_hard_sigmoid_is_that_of_keras_2():
    # Truth: Keras 2.3.1 on Theano.
    y = activations.get("steep_hard_sigmoid")(jnp.array([-3.0, -1.0, 0.0, 0.5, 2.0, 3.0]))
    np.testing.assert_allclose(y, [0, 0.3, 0.5, 0.6, 0.9, 1], rtol=1e-6)


@pytest.mark.parametrize("axis", [-1, 0, 1])
def test_sparsemax_is_the_nearest_point_of_the_simplex(axis):
    # Its definition: argmin over p >= 0, sum p = 1 of ||p - x||. The optimality conditions: x - p is t where
    # p > 0, at most t elsewhere.
    x = 2 * np.random.default_rng(3).normal(size=(5, 4, 6)).astype("float32")
    p = np.asarray(activations.sparsemax(x, axis=axis))
    assert (p >= 0).all()
    np.testing.assert_allclose(p.sum(axis), 1, rtol=1e-5)
    t = np.where(p > 0, x - p, -np.inf).max(axis, keepdims=True)
    np.testing.assert_allclose(np.where(p > 0, x - p, t), np.broadcast_to(t, p.shape), atol=1e-6)
    assert (x - p <= t + 1e-6).all()
    assert ((p > 0).sum(axis) > 1).any()
    # Where one entry wins outright Keras's formula is the same.
    alone = np.array([[5.0, 1.0, 0.0]], "float32")
    np.testing.assert_allclose(activations.sparsemax(alone), keras.activations.sparsemax(alone))


@pytest.mark.parametrize(("name", "options"), CASES, ids=str)
def test_gradients_are_finite_differences(name, options, x64):
    rng = np.random.default_rng(2)
    # Multiples of 1/7 plus an offset lie at least 0.01 from every kink of the grid above.
    x = (rng.permutation(48).reshape(2, 4, 6) - 24) / 7 + 0.05
    function = getattr(activations, name)
    weights = rng.normal(size=np.shape(function(x, **options)))

    def total(x):
        return jnp.sum(function(x, **options) * weights)

    gradient, step = np.asarray(jax.grad(total)(jnp.asarray(x))), 1e-5
    for index in np.ndindex(x.shape):
        moved = np.zeros_like(x)
        moved[index] = step
        slope = (total(x + moved) - total(x - moved)) / (2 * step)
        assert slope == pytest.approx(gradient[index], rel=1e-6, abs=1e-6), index


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize("name", sorted(set(NAMES) - {"threshold"}))
def test_half_precision_is_kept(name, dtype):
    assert getattr(activations, name)(jnp.ones((2, 4), dtype)).dtype == dtype


@pytest.mark.parametrize("name", [name for name in NAMES if name not in OLDER])
def test_names_round_trip(name):
    function = getattr(activations, name)
    assert activations.get(name) is function
    assert activations.get(function) is function
    assert activations.serialize(function) == name
    assert activations.deserialize(name) is function
    assert activations.deserialize(keras.activations.serialize(getattr(keras.activations, name))) is function
    assert keras.activations.deserialize(activations.serialize(function)) is getattr(keras.activations, name)


def test_get_takes_none_aliases_and_your_own():
    def cube(x):
        return x**3

    assert activations.get(None) is activations.linear
    assert activations.get("hard_swish") is activations.hard_silu
    assert activations.get(cube) is cube
    register_keras_serializable(package="activations_test")(cube)
    assert activations.deserialize(activations.serialize(cube)) is cube
    assert activations.deserialize("twice", custom_objects={"twice": cube}) is cube


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: activations.get("relo"), ArgumentError, "Did you mean 'relu'"),
        (lambda: activations.get(3), ArgumentError, "Received: 3"),
    ],
)
def test_bad_names_teach(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_softmax_over_one_class_warns():
    with pytest.warns(UserWarning, match="use sigmoid"):
        activations.softmax(jnp.ones((3, 1)))
