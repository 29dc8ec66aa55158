"""Cross-entropy by the native kernels, against log_softmax in XLA and in double precision."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurona.kernels.cross_entropy import cross_entropy
from tests.kernels.conftest import skip_without_library, value_and_gradients

pytestmark = [skip_without_library, pytest.mark.usefixtures("at_every_size")]


def formula(logits, targets):
    logarithms = jax.nn.log_softmax(logits)
    if targets.ndim < logits.ndim:
        chosen = jnp.take_along_axis(logarithms, targets[..., None].clip(0, logits.shape[-1] - 1), -1)[..., 0]
        return jnp.where((targets >= 0) & (targets < logits.shape[-1]), -chosen, 0)
    return -(targets * logarithms).sum(-1)


def problem(rows, classes, seed, scale=3.0):
    generator = np.random.default_rng(seed)
    logits = jnp.asarray(generator.normal(size=(rows, classes)) * scale, jnp.float32)
    dense = jnp.asarray(generator.uniform(size=(rows, classes)), jnp.float32)
    sparse = jnp.asarray(
        generator.integers(-1, classes + 1, rows), jnp.int32
    )  # -1 and `classes` are no classes
    return logits, dense, sparse, jnp.asarray(generator.normal(size=rows), jnp.float32)


def check(logits, targets, g, *wrt):
    constant = () if wrt else (targets,)
    (found, gradients), (expected, expected_gradients) = (
        value_and_gradients(
            lambda *arrays, function=function: function(*arrays, *constant), (logits, *wrt), g
        )
        for function in (cross_entropy, formula)
    )
    for one, other in zip((found, *gradients), (expected, *expected_gradients), strict=True):
        np.testing.assert_allclose(one, other, rtol=2e-5, atol=2e-6 * float(jnp.abs(other).max() + 1))


@settings(max_examples=6, deadline=None)
@given(
    rows=st.integers(1, 40),
    classes=st.integers(1, 70),
    seed=st.integers(0, 99),
    scale=st.sampled_from([0.1, 3.0, 50.0]),
)
def test_equals_the_formula(rows, classes, seed, scale):
    logits, dense, sparse, g = problem(rows, classes, seed, scale)
    check(logits, sparse, g)
    check(logits, dense, g, dense)


def test_large_arrays_over_threads():
    logits, dense, sparse, g = problem(300, 333, 1)
    check(logits, sparse, g)
    check(logits, dense, g, dense)
    assert (cross_entropy(logits, sparse) == cross_entropy(logits, sparse)).all()


def test_the_kernels_run():
    logits, dense, sparse, _ = problem(3, 5, 1)
    for kind, targets in (("dense", dense), ("sparse", sparse)):
        text = (
            jax.jit(jax.grad(lambda logits, targets=targets: cross_entropy(logits, targets).sum()))
            .lower(logits)
            .as_text()
        )
        assert f"neurona_{kind}_cross_entropy" in text
        assert f"neurona_{kind}_cross_entropy_gradient" in text


def test_far_from_zero_and_not_finite():
    logits, _, _, _ = problem(4, 20, 1)
    classes = jnp.arange(4)
    exact = formula(logits, classes)
    np.testing.assert_allclose(cross_entropy(logits + 1e4, classes), exact, rtol=1e-3)
    np.testing.assert_allclose(cross_entropy(logits - 1e4, classes), exact, rtol=1e-3)
    spoiled = logits.at[0, 3].set(jnp.nan).at[1, 3].set(jnp.inf).at[2, 3].set(-jnp.inf)
    np.testing.assert_allclose(cross_entropy(spoiled, classes), formula(spoiled, classes), rtol=1e-5)
    gradient = jax.grad(lambda logits: cross_entropy(logits, classes).sum())(spoiled)
    np.testing.assert_array_equal(
        jnp.isnan(gradient), jnp.array([[True], [True], [False], [False]]) & jnp.ones((4, 20), bool)
    )


def test_several_models_at_once_and_time_steps():
    logits, _, _, _ = problem(12, 20, 1)
    classes = jnp.arange(12)
    stacked, numbers = logits.reshape(3, 4, 20), classes.reshape(3, 4)
    np.testing.assert_allclose(
        jax.vmap(cross_entropy)(stacked, numbers), formula(stacked, numbers), rtol=1e-5
    )
    np.testing.assert_allclose(cross_entropy(stacked, numbers), formula(stacked, numbers), rtol=1e-5)
    assert cross_entropy(logits.astype(jnp.bfloat16), classes).dtype == jnp.bfloat16
    assert cross_entropy(jnp.zeros((0, 5)), jnp.zeros(0, jnp.int32)).shape == (0,)
