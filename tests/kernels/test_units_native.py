"""Units of 0 and 1 by native kernels: the draws have the very bits of jax.random, and products with units are
those of NumPy.
"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from neurona.kernels.operation import without_native_kernels
from neurona.ops.native import bernoulli, sparse_product
from tests.kernels.conftest import skip_without_library

pytestmark = [skip_without_library, pytest.mark.usefixtures("at_every_size")]
rng = np.random.default_rng(3)


def sparse(*shape, share=0.15):
    return np.where(rng.random(shape) < share, rng.normal(size=shape), 0).astype("float32")


@pytest.mark.parametrize("size", [1, 2, 15, 33, 1001])
def test_units_are_those_of_jax(size):
    z, key = jnp.asarray(rng.normal(size=(3, size)), jnp.float32), jax.random.key(size)
    words = np.asarray(jax.random.bits(key, ((z.size + 1) // 2,), jnp.uint32))
    levels = (words.view("uint16")[: z.size].reshape(z.shape) + 0.5) / 65536
    expected = levels < 1 / (1 + np.exp(-np.asarray(z, "float64")))
    np.testing.assert_array_equal(bernoulli(key, z), expected)
    assert "neurona_bernoulli" in jax.jit(bernoulli).lower(key, z).as_text()


def test_units_are_1_as_often_as_they_should_and_certain_at_infinity():
    z = np.repeat(np.linspace(-4, 4, 9, dtype="float32"), 40_000)
    shares = np.asarray(bernoulli(jax.random.key(1), z)).reshape(9, -1).mean(axis=1)
    np.testing.assert_allclose(shares, 1 / (1 + np.exp(-z[::40_000])), atol=0.01)
    ends = bernoulli(jax.random.key(2), jnp.array([-jnp.inf, jnp.inf] * 50 + [jnp.nan]))
    np.testing.assert_array_equal(ends, [0, 1] * 50 + [np.nan])


def test_units_of_other_keys_and_dtypes_are_drawn_by_jax():
    z = jnp.zeros((4, 5), jnp.bfloat16)
    assert set(np.unique(bernoulli(jax.random.key(1), z).astype("float32"))) == {0, 1}
    assert bernoulli(jax.random.key(1, impl="rbg"), z).shape == z.shape


@pytest.mark.parametrize("share", [0, 0.1, 0.9])
@pytest.mark.parametrize("transposes", [(False, False), (False, True), (True, False), (True, True)])
def test_a_product_is_that_of_numpy(transposes, share):
    x, w, added = sparse(37, 50, share=share), sparse(50, 70, share=1), sparse(37, 70)
    arguments = [array.T if turned else array for array, turned in zip((x, w), transposes, strict=True)]
    for more in (added, added[0], 0.5):
        product = jax.jit(sparse_product, static_argnames=("transpose_x", "transpose_w"))
        options = dict(zip(("transpose_x", "transpose_w"), transposes, strict=True))
        np.testing.assert_allclose(product(*arguments, more, **options), x @ w + more, rtol=1e-5, atol=1e-5)
        assert "neurona_sparse_product" in product.lower(*arguments, more, **options).as_text()


def test_what_is_added_may_be_learned_in_place_step_after_step():
    w, x, h = sparse(30, 40, share=1), sparse(20, 30), sparse(20, 40, share=1)

    @jax.jit
    def learn(w, x, h):
        def step(w, _):
            return sparse_product(x, h, w + 0 * jnp.sum(x @ w), transpose_x=True), jnp.sum(w)

        return jax.lax.scan(step, w, None, length=3)

    last, sums = learn(w, x, h)
    np.testing.assert_allclose(last, w + 3 * x.T @ h, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(sums, [np.sum(w + n * x.T @ h) for n in range(3)], rtol=1e-4, atol=1e-3)


def test_more_axes_gradients_and_many_at_once_are_those_of_xla():
    x, w = sparse(2, 3, 30), sparse(30, 8, share=1)
    np.testing.assert_allclose(sparse_product(x, w), x @ w, rtol=1e-5, atol=1e-5)
    together = jax.vmap(lambda x: sparse_product(x, w, 1.0))(x)
    np.testing.assert_allclose(together, x @ w + 1, rtol=1e-5, atol=1e-5)

    def loss(x, w):
        return jnp.sum(sparse_product(x, w, 1.0) ** 2)

    found = jax.grad(loss, (0, 1))(x[0], w)
    with without_native_kernels():
        expected = jax.grad(loss, (0, 1))(x[0], w)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-5)


def test_a_number_that_is_none_reaches_its_row_alone():
    x, w = sparse(5, 30), sparse(30, 8, share=1)
    x[2, 4] = np.nan
    y = np.asarray(sparse_product(x, w))
    assert np.isnan(y[2]).all()
    assert not np.isnan(np.delete(y, 2, axis=0)).any()
