"""The native convolution and pooling kernels against XLA's own operations."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from jax import lax

from neurona import activations
from neurona.kernels import (
    average_pool,
    convolution,
    convolution_transpose,
    depthwise_convolution,
    max_pool,
)
from neurona.kernels.activation_codes import AFTER_PRODUCTS
from tests.kernels.conftest import close, skip_without_library

pytestmark = [skip_without_library, pytest.mark.usefixtures("at_every_size")]
CHANNELS = st.sampled_from([1, 2, 3, 5, 8, 15, 16, 17, 33])


def normal(*shape):
    return jnp.asarray(np.random.default_rng(sum(shape)).normal(size=shape), jnp.float32)


def plain(x, kernel, bias, activation, strides, padding, dilation, groups):
    spatial = "DHW"[5 - x.ndim :]
    names = (f"N{spatial}C", f"{spatial}IO", f"N{spatial}C")
    y = lax.conv_general_dilated(
        x, kernel, strides, padding, None, dilation, names, feature_group_count=groups, precision="highest"
    )
    return activation(y + bias)


def assert_equal(ours, theirs, *arrays):
    """Equal values and gradients."""

    def both(function):
        y, pull = jax.vjp(function, *arrays)
        return y, *pull(1.5 + jnp.cos(jnp.arange(y.size, dtype=y.dtype)).reshape(y.shape))

    for found, expected in zip(jax.jit(lambda: both(ours))(), jax.jit(lambda: both(theirs))()):
        close(found, expected)


@settings(max_examples=5, deadline=None)
@given(
    data=st.data(),
    rank=st.integers(1, 3),
    batch=st.sampled_from([1, 2, 5, 33]),
    channels=CHANNELS,
    filters=CHANNELS,
)
def test_values_and_gradients(data, rank, batch, channels, filters):
    def each(*values):
        return tuple(data.draw(st.sampled_from(values)) for _ in range(rank))

    sizes, taps, strides, dilation, groups = (
        each(1, 4, 7, 9),
        each(1, 2, 3, 5),
        each(1, 1, 2, 3),
        each(1, 1, 2),
        *each(1, 1, 2)[:1],
    )
    padding = tuple(zip(each(0, 1, 2), each(0, 1, 3)))
    assume(all(n + sum(p) > (k - 1) * d for n, p, k, d in zip(sizes, padding, taps, dilation)))
    activation = data.draw(st.sampled_from(AFTER_PRODUCTS))
    options = {"strides": strides, "padding": padding, "dilation": dilation, "groups": groups}
    assert_equal(
        lambda *a: convolution(*a, activation, **options),
        lambda *a: plain(*a, activation, **options),
        normal(batch, *sizes, channels * groups),
        normal(*taps, channels, filters * groups) / np.sqrt(np.prod(taps) * channels),
        normal(filters * groups),
    )


@settings(max_examples=5, deadline=None)
@given(
    data=st.data(),
    rank=st.integers(1, 3),
    batch=st.sampled_from([1, 2, 5, 33]),
    channels=CHANNELS,
    multiplier=st.integers(1, 3),
)
def test_depthwise_values_and_gradients(data, rank, batch, channels, multiplier):
    def each(*values):
        return tuple(data.draw(st.sampled_from(values)) for _ in range(rank))

    sizes, taps, strides, dilation = each(1, 4, 7, 9), each(1, 2, 3, 5), each(1, 1, 2, 3), each(1, 1, 2)
    padding = tuple(zip(each(0, 1, 2), each(0, 1, 3)))
    assume(all(n + sum(p) > (k - 1) * d for n, p, k, d in zip(sizes, padding, taps, dilation)))
    activation = data.draw(st.sampled_from(AFTER_PRODUCTS))
    options = {"strides": strides, "padding": padding, "dilation": dilation}
    assert_equal(
        lambda x, kernel, bias: depthwise_convolution(
            x, kernel.reshape(*taps, channels, multiplier), bias, activation, **options
        ),
        lambda *a: plain(*a, activation, **options, groups=channels),
        normal(batch, *sizes, channels),
        normal(*taps, 1, channels * multiplier) / np.sqrt(np.prod(taps)),
        normal(channels * multiplier),
    )


@pytest.mark.parametrize("batch", [1, 1000])
def test_batches(batch):
    options = {"strides": (1, 1), "padding": ((1, 1), (1, 1)), "dilation": (1, 1), "groups": 1}
    assert_equal(
        lambda *a: convolution(*a, activations.relu, **options),
        lambda *a: plain(*a, activations.relu, **options),
        normal(batch, 6, 5, 3),
        normal(3, 3, 3, 6),
        normal(6),
    )


def test_the_kernels_really_run():
    x, kernel, bias = normal(32, 9, 9, 3), normal(3, 3, 3, 8), normal(8)
    step = jax.jit(jax.grad(lambda k: max_pool(convolution(x, k, bias, activations.relu), 2).sum()))
    text = step.lower(kernel).compile().as_text()
    for name in (
        "neurona_convolution",
        "neurona_convolution_kernel_gradient",
        "neurona_max_pool",
        "neurona_max_pool_gradient",
    ):
        assert f'"{name}"' in text
    assert "neurona_convolution_input_gradient" not in text  # x is data: its gradient is not computed


def test_one_filter_for_each_channel_is_native_too():
    step = jax.jit(jax.grad(lambda x, k: convolution(x, k, groups=6).sum(), (0, 1)))
    text = step.lower(normal(2, 9, 9, 6), normal(3, 3, 1, 6)).as_text()
    assert "neurona_convolution_input_gradient" in text
    assert "neurona_convolution_kernel_gradient" in text


def test_transposed_uses_the_input_gradient():
    x, kernel = normal(2, 5, 6, 8), normal(3, 3, 4, 8)
    assert (
        "neurona_convolution_input_gradient"
        in jax.jit(lambda x: convolution_transpose(x, kernel, strides=2)).lower(x).as_text()
    )
    assert_equal(
        lambda x, k: convolution_transpose(x, k, strides=2),
        lambda x, k: lax.conv_general_dilated(
            x,
            jnp.flip(jnp.swapaxes(k, -1, -2), (0, 1)),
            (1, 1),
            ((2, 2), (2, 2)),
            (2, 2),
            dimension_numbers=("NHWC", "HWIO", "NHWC"),
        ),
        x,
        kernel,
    )


def test_many_at_once_and_second_derivatives():
    x, kernel, bias = normal(4, 6, 6, 3), normal(3, 3, 3, 5), normal(5)
    kernels = jnp.stack([kernel, 2 * kernel, -kernel])
    found = jax.vmap(lambda k: convolution(x, k, bias))(kernels)
    for one, k in zip(found, kernels):
        close(one, convolution(x, k, bias))

    def penalty(function):
        return jax.grad(
            lambda x: (jax.grad(lambda x: function(x, kernel, bias, activations.tanh).sum())(x) ** 2).sum()
        )(x)

    close(penalty(convolution), penalty(lambda *a: plain(*a, (1, 1), "VALID", (1, 1), 1)))


def test_nan_reaches_what_sees_it():
    x = normal(2, 12, 12, 16).at[0, 3, 4, 5].set(jnp.nan)
    y = convolution(x, normal(3, 3, 16, 16), activation=activations.relu)
    expected = np.zeros((2, 10, 10, 16), bool)
    expected[0, 1:4, 2:5] = True
    np.testing.assert_array_equal(np.isnan(y), expected)
    assert np.isnan(max_pool(x, 2)[0, 1, 2, 5])
    y = depthwise_convolution(x, normal(3, 3, 16, 1), activation=activations.relu)
    np.testing.assert_array_equal(np.isnan(y), expected & (np.arange(16) == 5))


def test_other_dtypes_take_the_reference():
    x, kernel = normal(4, 6, 6, 3).astype(jnp.bfloat16), normal(3, 3, 3, 5).astype(jnp.bfloat16)
    assert convolution(x, kernel).dtype == jnp.bfloat16
    assert "neurona_" not in jax.jit(convolution).lower(x, kernel).as_text()


@settings(max_examples=5, deadline=None)
@given(data=st.data(), rank=st.integers(1, 3), batch=st.sampled_from([1, 3, 33]), channels=CHANNELS)
def test_pooling(data, rank, batch, channels):
    sizes = tuple(data.draw(st.integers(4, 11 if rank < 3 else 6)) for _ in range(rank))
    window = tuple(data.draw(st.integers(1, 4)) for _ in range(rank))
    whole = tuple(n // p * p for n, p in zip(sizes, window))
    assert_equal(
        lambda x: max_pool(x, window),
        lambda x: lax.reduce_window(x, -jnp.inf, lax.max, (1, *window, 1), (1, *window, 1), "VALID"),
        normal(batch, *whole, channels),
    )


@settings(max_examples=5, deadline=None)
@given(
    data=st.data(),
    rank=st.integers(1, 3),
    batch=st.sampled_from([1, 3, 33]),
    channels=CHANNELS,
    padding=st.sampled_from(["VALID", "SAME"]),
)
def test_pooling_by_any_windows(data, rank, batch, channels, padding):
    sizes = tuple(data.draw(st.integers(4, 11 if rank < 3 else 6)) for _ in range(rank))
    window, strides = (tuple(data.draw(st.integers(1, 4)) for _ in range(rank)) for _ in range(2))

    def reduced(x, start, operation):
        return lax.reduce_window(x, start, operation, (1, *window, 1), (1, *strides, 1), padding)

    x = jnp.round(2 * normal(batch, *sizes, channels))  # with equal maxima in a window
    options = {"strides": strides, "padding": padding.lower()}
    assert_equal(lambda x: max_pool(x, window, **options), lambda x: reduced(x, -jnp.inf, lax.max), x)
    counts = reduced(jnp.ones_like(x), 0.0, lax.add)
    assert_equal(lambda x: average_pool(x, window, **options), lambda x: reduced(x, 0.0, lax.add) / counts, x)


@pytest.mark.parametrize("pool", [max_pool, average_pool])
def test_overlapping_windows_are_native(pool):
    x = normal(2, 9, 9, 3)
    text = jax.jit(jax.grad(lambda x: (pool(x, 3, strides=2) ** 2).sum())).lower(x).as_text()
    assert f"neurona_{pool.__name__[:3]}" in text
    assert "windows_gradient" in text
    y = pool(x.at[1, 4, 4, 2].set(jnp.nan), 3, strides=2)
    expected = np.zeros((2, 4, 4, 3), bool)
    expected[1, 1:3, 1:3, 2] = True
    np.testing.assert_array_equal(np.isnan(y), expected)


def test_integers_take_the_reference():
    x = jnp.arange(200).reshape(2, 10, 10, 1)
    assert max_pool(x, 2)[1, -1, -1, 0] == max_pool(x, 3, strides=1)[1, -1, -1, 0] == 199
