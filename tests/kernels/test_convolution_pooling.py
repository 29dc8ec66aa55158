"""Convolution and 2x2 maximum pooling in one: against XLA's own operations, and in models whose graph allows
it or forbids it.
"""

import json
import os
import subprocess
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from jax import lax

from neurona import Input, Model, Sequential, activations, layers
from neurona.kernels.activation_codes import AFTER_PRODUCTS
from neurona.kernels.convolution_pooling import convolution_max_pool
from tests.kernels.conftest import close, skip_without_library

pytestmark = skip_without_library


def normal(*shape):
    return jnp.asarray(np.random.default_rng(sum(shape)).normal(size=shape), jnp.float32)


def plain(x, kernel, bias, activation, padding):
    y = lax.conv_general_dilated(
        x, kernel, (1, 1), padding, dimension_numbers=("NHWC", "HWIO", "NHWC"), precision="highest"
    )
    return lax.reduce_window(activation(y + bias), -jnp.inf, lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")


def values_and_gradients(function, *arrays):
    y, pull = jax.vjp(function, *arrays)
    return y, *pull(1.5 + jnp.cos(jnp.arange(y.size, dtype=y.dtype)).reshape(y.shape))


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    data=st.data(),
    batch=st.sampled_from([1, 5, 15, 16, 17, 33, 200]),
    channels=st.sampled_from([1, 2, 3, 6, 17]),
    filters=st.sampled_from([1, 5, 6, 16, 17]),
    activation=st.sampled_from(AFTER_PRODUCTS),
)
def test_values_and_gradients(at_every_size, data, batch, channels, filters, activation):
    sizes, taps = (
        tuple(data.draw(st.sampled_from(values)) for _ in range(2)) for values in ((2, 5, 8, 9), (1, 2, 3, 5))
    )
    padding = tuple(tuple(data.draw(st.integers(0, k - 1)) for _ in range(2)) for k in taps)
    assume(all(n + sum(p) - k + 1 >= 2 for n, p, k in zip(sizes, padding, taps)))
    arrays = (
        normal(batch, *sizes, channels),
        normal(*taps, channels, filters) / np.sqrt(np.prod(taps) * channels),
        normal(filters),
    )
    close(
        jax.jit(
            lambda *a: values_and_gradients(
                lambda *a: convolution_max_pool(*a, activation, padding=padding), *a
            )
        )(*arrays),
        jax.jit(lambda *a: values_and_gradients(lambda *a: plain(*a, activation, padding), *a))(*arrays),
    )


def test_the_first_of_equal_maxima_takes_the_gradient():
    x, kernel = jnp.zeros((16, 4, 4, 2)), jnp.ones((1, 1, 2, 16))
    gradient = jax.grad(lambda x: convolution_max_pool(x, kernel).sum())(x)
    expected = np.zeros((4, 4))
    expected[::2, ::2] = 16
    np.testing.assert_array_equal(gradient[3, :, :, 1], expected)


def test_nan_reaches_what_sees_it():
    y = convolution_max_pool(
        normal(16, 12, 12, 2).at[3, 3, 4, 1].set(jnp.nan), normal(3, 3, 2, 6), activation=activations.relu
    )
    expected = np.zeros((16, 5, 5, 6), bool)
    expected[3, 0:2, 1:3] = True
    np.testing.assert_array_equal(np.isnan(y), expected)


def test_several_at_once_and_second_derivatives(at_every_size):
    x, kernel, bias = normal(18, 6, 7, 3), normal(3, 3, 3, 5), normal(5)
    kernels = jnp.stack([kernel, -kernel])
    found = jax.vmap(
        lambda k: values_and_gradients(lambda x, k: convolution_max_pool(x, k, bias, activations.tanh), x, k)
    )(kernels)
    for number, one in enumerate(kernels):
        expected = values_and_gradients(lambda x, k: plain(x, k, bias, activations.tanh, "VALID"), x, one)
        close([part[number] for part in found], expected)
    jacobian = jax.jacrev(lambda k: convolution_max_pool(x, k, bias, activations.tanh)[3, 1, 0])(kernel)
    close([jacobian], [jax.jacrev(lambda k: plain(x, k, bias, activations.tanh, "VALID")[3, 1, 0])(kernel)])

    def penalty(function):
        return jax.grad(lambda x: (jax.grad(lambda x: function(x).sum())(x) ** 2).sum())(x)

    ours = penalty(lambda x: convolution_max_pool(x, kernel, bias, activations.tanh))
    close([ours], [penalty(lambda x: plain(x, kernel, bias, activations.tanh, "VALID"))])


@pytest.mark.parametrize(
    "options",
    [
        {"strides": 2},
        {"dilation": (1, 2)},
        {"padding": ((3, 0), (0, 0))},
        {"groups": 2},
        {"data_format": "channels_first"},
        {"activation": activations.sigmoid},
    ],
)
def test_what_the_kernel_does_not_know(options):
    assert (
        convolution_max_pool(
            jnp.ones((16, 12, 12, 2)), jnp.ones((3, 3, 2 // options.get("groups", 1), 4)), **options
        )
        is None
    )


def test_small_batches_and_many_channels_are_left_to_two_operations():
    assert convolution_max_pool(jnp.ones((1, 12, 12, 2)), jnp.ones((3, 3, 2, 4))) is None
    assert convolution_max_pool(jnp.ones((16, 12, 12, 2)), jnp.ones((3, 3, 2, 64))) is None


def program_of(model, *inputs):
    return (
        jax.jit(lambda values, *x: model.apply(values, *x)[0])
        .lower([v.value for v in model.variables], *inputs)
        .compile()
        .as_text()
    )


def test_a_model_computes_both_in_one():
    block = [layers.Conv2D(6, 5, padding="same", activation="relu"), layers.MaxPooling2D()]
    text = program_of(Sequential([Input((12, 12, 1)), *block]), normal(32, 12, 12, 1))
    assert '"neurona_convolution_max_pool"' in text
    assert '"neurona_convolution"' not in text
    assert '"neurona_max_pool"' not in text


def test_a_convolution_that_others_read_is_computed_once():
    x = Input((12, 12, 1))
    convolved = layers.Conv2D(4, 3, padding="same", activation="relu")(x)
    pooled = layers.MaxPooling2D()(convolved)
    joined = layers.Concatenate()([layers.UpSampling2D()(pooled), convolved])  # as in a U-Net
    data = normal(32, 12, 12, 1)
    for model in (
        Model(x, joined),
        Model(x, [convolved, pooled]),
        Model(x, layers.MaxPooling2D()(Model(x, joined)(x))),
    ):
        text = program_of(model, data)
        assert '"neurona_convolution_max_pool"' not in text
        assert text.count('"neurona_convolution"') == 1
    both, whole = Model(x, [convolved, pooled])(data), Model(x, pooled)
    np.testing.assert_allclose(whole.predict(data, batch_size=32, verbose=0), both[1], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(
        Model(x, convolved).predict(data, batch_size=32, verbose=0), both[0], rtol=1e-5, atol=1e-6
    )


def test_activity_regularizers_see_the_whole_output():
    block = [
        layers.Conv2D(4, 3, activation="relu", activity_regularizer="l2", name="convolution"),
        layers.MaxPooling2D(),
    ]
    model, data = Sequential([Input((12, 12, 1)), *block]), normal(32, 12, 12, 1)
    (_, _), losses = jax.jit(lambda values: model._apply_with_losses(values, data))(
        [v.value for v in model.variables]
    )
    np.testing.assert_allclose(losses[0], 0.01 * jnp.sum(block[0](data) ** 2) / 32, rtol=1e-5)


TRAINING = """
import json, sys
import numpy as np, neurona
from neurona import layers
generator = np.random.default_rng(0)
x, y = generator.normal(size=(90, 13, 12, 2)).astype("float32"), generator.integers(0, 3, 90)
model = neurona.Sequential([
    neurona.Input((13, 12, 2)),
    layers.Conv2D(6, 5, padding="same", activation="relu"), layers.MaxPooling2D(),
    layers.Conv2D(16, 3, activation="tanh"), layers.MaxPooling2D(),
    layers.Flatten(), layers.Dense(3, "softmax"),
])
for weight in model.trainable_variables:
    weight.assign(0.2 * generator.normal(size=weight.shape).astype("float32"))
model.compile(neurona.optimizers.SGD(0.1), "sparse_categorical_crossentropy")
losses = model.fit(x, y, epochs=3, batch_size=32, shuffle=False, verbose=0).history["loss"]
weights = [weight.ravel().tolist() for weight in model.get_weights()]
print(json.dumps([losses, weights, model.predict(x, verbose=0).tolist()]))
"""


def test_training_is_as_without_kernels():
    def outcome(**environment):
        run = subprocess.run(
            [sys.executable, "-c", TRAINING],
            env=os.environ | environment,
            capture_output=True,
            text=True,
            check=True,
        )
        return [np.concatenate([np.ravel(part) for part in each]) for each in json.loads(run.stdout)]

    for mine, other in zip(outcome(), outcome(NEURONA_KERNELS="off")):
        np.testing.assert_allclose(mine, other, rtol=1e-3, atol=1e-5)
