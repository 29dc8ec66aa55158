"""The native dense kernels against their references."""

import os
import re
import subprocess
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurona import activations
from neurona.kernels import library
from neurona.kernels.activation_codes import AFTER_PRODUCTS
from neurona.kernels.dense import dense
from tests.kernels.conftest import close, skip_without_library, value_and_gradients

pytestmark = [skip_without_library, pytest.mark.usefixtures("at_every_size")]
SIZES = st.sampled_from([1, 2, 15, 16, 17, 31, 33, 64, 100, 130])


def plain(x, kernel, bias, activation):
    return activation(jnp.matmul(x, kernel) + bias)


def arrays(*shapes):
    generator = np.random.default_rng(sum(map(sum, shapes)))
    return [jnp.asarray(generator.normal(size=shape) / np.sqrt(shape[0]), jnp.float32) for shape in shapes]


@settings(max_examples=6, deadline=None)
@given(
    rows=st.sampled_from([1, 15, 16, 17, 33, 65, 200, 1000]),
    inputs=SIZES,
    units=SIZES,
    activation=st.sampled_from(AFTER_PRODUCTS),
)
def test_values_and_gradients(rows, inputs, units, activation):
    x, kernel, bias = arrays((rows, inputs), (inputs, units), (units,))
    (gradient,) = arrays((rows, units))
    found, expected = (
        value_and_gradients(
            lambda *a, function=function: function(*a, activation), (x, kernel, bias), gradient
        )
        for function in (dense, plain)
    )
    close(found, expected)


def test_the_kernel_really_runs():
    x, kernel, bias = arrays((32, 100), (100, 50), (50,))
    step = jax.jit(jax.value_and_grad(lambda k: dense(x, k, bias, activations.relu).sum()))
    text = step.lower(kernel).compile().as_text()
    assert "neurona_dense" in text
    assert "neurona_dense_weight_gradients" in text
    assert "neurona_dense_gradients" not in text  # x is data: its gradient is not computed


def test_no_rows():
    x, kernel, bias = arrays((3, 5), (5, 7), (7,))
    assert dense(x[:0], kernel, bias).shape == (0, 7)
    np.testing.assert_array_equal(jax.grad(lambda k: dense(x[:0], k, bias).sum())(kernel), np.zeros((5, 7)))


@pytest.mark.parametrize("activation", AFTER_PRODUCTS)
def test_nan_and_infinity_pass(activation):
    x, kernel, bias = arrays((17, 20), (20, 33), (33,))
    x = x.at[3, 4].set(jnp.nan).at[5, 6].set(jnp.inf)
    np.testing.assert_allclose(
        dense(x, kernel, bias, activation), plain(x, kernel, bias, activation), rtol=1e-4, atol=1e-5
    )


def test_many_at_once_and_second_derivatives():
    x, kernel, bias = arrays((20, 30), (30, 40), (40,))
    kernels = jnp.stack([kernel, 2 * kernel, -kernel])
    close(
        jax.vmap(lambda k: dense(x, k, bias))(kernels),
        jax.vmap(lambda k: plain(x, k, bias, activations.linear))(kernels),
    )

    def penalty(function):
        return jax.grad(
            lambda x: (jax.grad(lambda x: function(x, kernel, bias, activations.tanh).sum())(x) ** 2).sum()
        )(x)

    close(penalty(dense), penalty(plain))


@pytest.mark.parametrize("needs_dx", [True, False])
def test_the_layers_of_an_ensemble_take_the_kernel_together(needs_dx):
    stacked = arrays((5, 33, 20), (5, 20, 17), (5, 17))
    wanted = (0, 1, 2) if needs_dx else (1, 2)

    def gradients(function):
        return jax.grad(lambda *a: (function(*a, activations.tanh) ** 2).sum(), wanted)

    together = jax.jit(jax.vmap(gradients(dense)))
    kernels = {"neurona_dense", "neurona_dense_gradients" if needs_dx else "neurona_dense_weight_gradients"}
    assert set(re.findall(r"neurona_\w+", together.lower(*stacked).compile().as_text() or "")) == kernels
    for number in range(5):
        expected = gradients(plain)(*(array[number] for array in stacked))
        for one, other in zip(together(*stacked), expected):
            close(one[number], other)
    twice = [jnp.stack([array, -array]) for array in stacked]
    for one, other in zip(jax.vmap(together)(*twice), together(*stacked)):
        close(one[0], other)


def test_other_dtypes_take_the_reference():
    x, kernel, bias = (array.astype(jnp.bfloat16) for array in arrays((20, 30), (30, 40), (40,)))
    assert dense(x, kernel, bias).dtype == jnp.bfloat16
    assert "neurona_dense" not in jax.jit(dense).lower(x, kernel, bias).as_text()


PROGRAM = """
import numpy as np, neurona
x = np.random.default_rng(0).normal(size=(640, 100)).astype("float32")
for _ in range(2):
    neurona.utils.set_random_seed(0)
    layers = [neurona.Input((100,)), neurona.layers.Dense(64, "relu"), neurona.layers.Dense(1)]
    model = neurona.Sequential(layers)
    model.compile("sgd", "mse")
    model.fit(x, x[:, :1], epochs=3, verbose=0)
    print(neurona.kernels.library.status(), *(repr(float(w.sum())) for w in model.get_weights()))
"""


def train(kernels):
    environment = {**os.environ, "NEURONA_KERNELS": kernels}
    done = subprocess.run([sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    once, again = done.stdout.splitlines()
    assert once == again
    used, *sums = once.split()
    return used, [float(number) for number in sums]


def test_the_environment_chooses():
    """Off, the plainest library and the widest one train the same network; each twice, with the same bits."""
    expected = train("off")
    assert expected[0] == "off"
    for name in ("baseline", library.status()):
        used, sums = train(name)
        assert used == name
        np.testing.assert_allclose(sums, expected[1], rtol=1e-3, atol=1e-4)
    with pytest.raises(AssertionError, match="NEURONA_KERNELS must be 'off' or one of"):
        train("of")
