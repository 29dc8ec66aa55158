"""Pooling against Keras 3 on JAX, ties and ragged edges included, and against finite differences."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.test_util import check_grads
from keras import ops as keras_ops

from neurona.core.errors import ArgumentError, ShapeError
from neurona.kernels import average_pool, max_pool


def normal(*shape, dtype="float32"):
    return jnp.asarray(np.random.default_rng(len(shape)).normal(size=shape), dtype)


@partial(jax.jit, static_argnums=0)
def output_and_gradient(function, x):
    y, pull = jax.vjp(function, x)
    return y, *pull(jnp.cos(jnp.arange(y.size, dtype=y.dtype)).reshape(y.shape))


WINDOWS = [
    ((9,), 2, None),
    ((9,), 3, 2),
    ((8, 6), 2, None),
    ((9, 7), (2, 3), None),
    ((9, 7), 3, 2),
    ((7, 8), 2, 3),
    ((20, 18), (9, 8), None),
    ((5, 6, 7), 2, None),
    ((5, 6, 7), (2, 3, 2), 1),
]


@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize(("sizes", "pool_size", "strides"), WINDOWS)
@pytest.mark.parametrize(
    ("ours", "theirs"), [(max_pool, keras_ops.max_pool), (average_pool, keras_ops.average_pool)]
)
def test_pooling_equals_keras(ours, theirs, sizes, pool_size, strides, padding):
    x = jax.nn.relu(normal(3, *sizes, 4))  # half of the inputs are equal: zero
    mine = output_and_gradient(lambda x: ours(x, pool_size, strides=strides, padding=padding), x)
    other = output_and_gradient(
        lambda x: theirs(x, pool_size, strides or pool_size, padding, "channels_last"), x
    )
    for a, b in zip(mine, other):
        assert a.shape == b.shape
        assert np.abs(a - b).max() <= 1e-5 * np.abs(b).max()


@pytest.mark.parametrize("strides", [2, 1])
def test_the_first_of_equal_maxima_takes_the_gradient(strides):
    gradient = jax.grad(lambda x: max_pool(x, 2, strides=strides).sum())(jnp.zeros((1, 2, 2, 1)))
    np.testing.assert_array_equal(gradient[0, :, :, 0], [[1.0, 0.0], [0.0, 0.0]])


@pytest.mark.parametrize("strides", [2, 1])
@pytest.mark.parametrize("pool", [max_pool, average_pool])
def test_gradient_equals_finite_differences(pool, strides):
    with jax.enable_x64(True):
        check_grads(
            lambda x: pool(x, 2, strides=strides, padding="same"),
            (normal(2, 6, 5, 3, dtype="float64"),),
            1,
            modes=["rev"],
        )


@pytest.mark.parametrize("pool", [max_pool, average_pool])
def test_layouts_vmap_no_rows_and_dtypes(pool):
    x = normal(3, 2, 6, 7, 4)
    loop = jnp.stack([pool(each, 2) for each in x])
    np.testing.assert_allclose(jax.vmap(lambda x: pool(x, 2))(x), loop, rtol=1e-6)
    gradient = jax.grad(lambda x: jnp.sum(jax.vmap(lambda x: pool(x, 2))(x) ** 2))(x)
    np.testing.assert_allclose(gradient[1], jax.grad(lambda x: jnp.sum(pool(x, 2) ** 2))(x[1]), rtol=1e-6)
    first = pool(jnp.moveaxis(x[0], -1, 1), 2, data_format="channels_first")
    np.testing.assert_allclose(jnp.moveaxis(first, 1, -1), loop[0], rtol=1e-6)
    for strides in (2, 1):
        assert pool(x[0, :0], 2, strides=strides).shape == (0, *pool(x[0], 2, strides=strides).shape[1:])
        assert (
            jax.grad(lambda x, s=strides: pool(x, 2, strides=s).sum())(x[0].astype("bfloat16")).dtype
            == jnp.bfloat16
        )


def test_max_pool_of_integers():
    x = jnp.array([-7, -3, -9, -5]).reshape(1, 4, 1)
    assert max_pool(x, 2).ravel().tolist() == [-3, -5]
    assert max_pool(x, 3, strides=1, padding="same").ravel().tolist() == [-3, -3, -3, -5]


def test_not_a_number_is_seen():
    x = jnp.zeros((1, 4, 4, 1)).at[0, 1, 1, 0].set(jnp.nan)
    assert np.isnan(max_pool(x, 2)[0, 0, 0, 0])


@pytest.mark.parametrize(
    ("shape", "pool_size", "options", "error", "message"),
    [
        ((1, 3, 3, 1), 4, {}, ShapeError, r"window of \(4, 4\) does not fit.*padding='same'"),
        ((1, 3, 3, 1), (2, 2, 2), {}, ArgumentError, r"pool_size must be an integer >= 1, or 2 of them"),
        ((1, 3, 3, 1), 2, {"padding": "causal"}, ArgumentError, r"'valid' or 'same'"),
        ((3, 3), 2, {}, ShapeError, r"1 to 3 spatial axes"),
    ],
)
def test_errors_teach(shape, pool_size, options, error, message):
    with pytest.raises(error, match=message):
        max_pool(jnp.zeros(shape), pool_size, **options)
