"""Convolution, depthwise and transposed convolution against Keras 3 on JAX, and against finite
differences.
"""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.test_util import check_grads
from keras import ops as keras_ops

from neurona.core.errors import ArgumentError, ShapeError
from neurona.kernels import convolution, convolution_transpose, depthwise_convolution


def normal(*shape, seed=0, dtype="float32"):
    return jnp.asarray(np.random.default_rng(seed + len(shape)).normal(size=shape), dtype)


def assert_near(ours, theirs, tolerance=1e-5):
    assert ours.shape == theirs.shape
    assert ours.dtype == theirs.dtype
    assert (
        np.abs(np.asarray(ours - theirs, "float64")).max()
        <= tolerance * np.abs(np.asarray(theirs, "float64")).max()
    )


def assert_same_function(ours, theirs, x, kernel):
    """Equal outputs, and equal gradients with respect to both operands, each compiled whole."""

    @partial(jax.jit, static_argnums=0)
    def output_and_gradients(function, x, kernel):
        y, pull = jax.vjp(function, x, kernel)
        return y, *pull(jnp.cos(jnp.arange(y.size, dtype=y.dtype)).reshape(y.shape))

    for mine, other in zip(output_and_gradients(ours, x, kernel), output_and_gradients(theirs, x, kernel)):
        assert_near(mine, other)


# (channels, filters, groups): few channels, the general form, groups, depthwise; pointwise is the kernel of
# one tap below
CHANNELS = [(3, 2, 1), (6, 5, 1), (6, 4, 2), (5, 5, 5)]
# spatial sizes, taps, strides, padding, dilation
WINDOWS = [
    ((9,), (4,), 1, "same", 1),
    ((11,), (3,), 2, "valid", 1),
    ((10,), (3,), 3, "same", 2),
    ((7, 9), (3, 3), 1, "same", 1),
    ((8, 7), (5, 2), 1, "valid", 1),
    ((9, 8), (3, 2), 2, "same", 1),
    ((10, 11), (3, 3), (3, 2), "valid", 1),
    ((9, 10), (2, 3), 1, "same", (2, 3)),
    ((7, 6), (1, 1), 1, "valid", 1),
    ((7, 6), (1, 1), 2, "same", 1),
    ((6, 6), (2, 2), 3, "valid", 1),
    ((5, 6, 7), (3, 2, 3), 1, "same", 1),
    ((5, 6, 7), (2, 2, 2), 2, "valid", 1),
]


@pytest.mark.parametrize(("channels", "filters", "groups"), CHANNELS)
@pytest.mark.parametrize(("sizes", "taps", "strides", "padding", "dilation"), WINDOWS)
def test_convolution_equals_keras(sizes, taps, strides, padding, dilation, channels, filters, groups):
    assert_same_function(
        lambda x, k: convolution(x, k, strides=strides, padding=padding, dilation=dilation, groups=groups),
        lambda x, k: keras_ops.conv(x, k, strides, padding, "channels_last", dilation),
        normal(3, *sizes, channels),
        normal(*taps, channels // groups, filters),
    )


@pytest.mark.parametrize("channels", [2, 6])
def test_causal_sees_nothing_later(channels):
    x, kernel = normal(2, 9, channels), normal(3, channels, 4)

    def padded(x, kernel):
        return keras_ops.conv(jnp.pad(x, ((0, 0), (4, 0), (0, 0))), kernel, 1, "valid", "channels_last", 2)

    assert_same_function(lambda x, k: convolution(x, k, padding="causal", dilation=2), padded, x, kernel)
    changed = convolution(x.at[:, 5:].add(1.0), kernel, padding="causal", dilation=2)
    np.testing.assert_array_equal(changed[:, :5], convolution(x, kernel, padding="causal", dilation=2)[:, :5])


@pytest.mark.parametrize("channels", [2, 6])
def test_explicit_padding(channels):
    def padded(x, kernel):
        return keras_ops.conv(
            jnp.pad(x, ((0, 0), (1, 3), (0, 2), (0, 0))), kernel, 2, "valid", "channels_last"
        )

    x, kernel = normal(2, 6, 7, channels), normal(3, 3, channels, 4)
    assert_same_function(
        lambda x, k: convolution(x, k, strides=2, padding=((1, 3), (0, 2))), padded, x, kernel
    )


def test_channels_first_equals_channels_last():
    x, kernel = normal(2, 6, 7, 5), normal(3, 3, 5, 4)
    first = convolution(jnp.moveaxis(x, -1, 1), kernel, padding="same", data_format="channels_first")
    np.testing.assert_array_equal(jnp.moveaxis(first, 1, -1), convolution(x, kernel, padding="same"))


@pytest.mark.parametrize("strides", [1, 2])
@pytest.mark.parametrize("multiplier", [1, 3])
def test_depthwise_equals_keras(strides, multiplier):
    assert_same_function(
        lambda x, k: depthwise_convolution(x, k, strides=strides, padding="same"),
        lambda x, k: keras_ops.depthwise_conv(x, k, strides, "same", "channels_last"),
        normal(2, 7, 8, 6),
        normal(3, 3, 6, multiplier),
    )


@pytest.mark.parametrize(("padding", "channels"), [("valid", 1), ("same", 6)])
@pytest.mark.parametrize(
    ("taps", "strides", "output_padding", "dilation"),
    [
        ((3, 3), 1, None, 1),
        ((3, 3), 2, None, 1),
        ((2, 2), 2, None, 1),
        ((4, 3), (2, 3), None, 1),
        ((2, 5), 3, None, 1),
        ((1, 2), 3, None, 1),
        ((3, 4), 2, 1, 1),
        ((3, 3), 3, (1, 2), 1),
        ((3, 2), 1, None, 2),
        ((4,), 2, None, 1),
        ((2, 3, 2), 2, None, 1),
    ],
)
def test_transpose_equals_keras(taps, strides, output_padding, dilation, padding, channels):
    x, kernel = normal(2, *(5, 4, 3)[: len(taps)], channels), normal(*taps, 7 - channels, channels)
    assert_same_function(
        lambda x, k: convolution_transpose(
            x, k, strides=strides, padding=padding, output_padding=output_padding, dilation=dilation
        ),
        lambda x, k: keras_ops.conv_transpose(
            x, k, strides, padding, output_padding, "channels_last", dilation
        ),
        x,
        kernel,
    )


@pytest.mark.parametrize("channels", [2, 6])
@pytest.mark.parametrize("groups", [1, 2])
def test_gradients_equal_finite_differences(channels, groups):
    with jax.enable_x64(True):
        x, kernel = (
            normal(2, 5, 6, channels, dtype="float64"),
            normal(3, 2, channels // groups, 4, dtype="float64"),
        )
        check_grads(
            lambda x, k: convolution(x, k, strides=(2, 1), padding="same", groups=groups),
            (x, kernel),
            1,
            modes=["rev"],
        )
        check_grads(
            lambda x, k: convolution_transpose(x, k, strides=2),
            (x, jnp.swapaxes(kernel, -1, -2)),
            1,
            modes=["rev"],
        ) if groups == 1 else None


def test_gradient_of_a_gradient():
    """A penalty on the input's gradient (as in WGAN-GP) differentiates the gradients themselves."""

    def penalty(function):
        def slope(x, kernel):
            return jax.grad(lambda x: jnp.sum(jnp.sin(function(x, kernel))))(x)

        return jax.grad(lambda x, kernel: jnp.sum(slope(x, kernel) ** 2), argnums=(0, 1))

    x, kernel = normal(2, 6, 6, 3), normal(3, 3, 3, 5)
    ours = penalty(lambda x, k: convolution(x, k, padding="same"))(x, kernel)
    theirs = penalty(lambda x, k: keras_ops.conv(x, k, 1, "same", "channels_last"))(x, kernel)
    for mine, other in zip(ours, theirs):
        assert_near(mine, other)


@pytest.mark.parametrize("channels", [2, 6])
def test_vmap_over_models_equals_a_loop(channels):
    def gradients(x, kernel):
        return jax.grad(
            lambda x, k: jnp.sum(convolution(x, k, strides=2, padding="same") ** 2), argnums=(0, 1)
        )(x, kernel)

    x, kernel = normal(3, 2, 6, 7, channels), normal(3, 3, 3, channels, 4)
    together = jax.vmap(gradients)(x, kernel)
    for model in range(3):
        for mine, other in zip(together, gradients(x[model], kernel[model])):
            assert_near(mine[model], other)
    for mine, other in zip(
        jax.vmap(gradients, (None, 0))(x[0], kernel), jax.vmap(gradients)(jnp.stack([x[0]] * 3), kernel)
    ):
        assert_near(mine, other)


def test_inside_a_compiled_loop():
    x, kernel = normal(4, 8, 8, 3), normal(3, 3, 3, 6)

    def step(kernel, _):
        loss, slope = jax.value_and_grad(lambda k: jnp.mean(convolution(x, k, padding="same") ** 2))(kernel)
        return kernel - 0.1 * slope, loss

    compiled, losses = jax.jit(lambda k: jax.lax.scan(step, k, length=5))(kernel)
    for _ in range(5):
        kernel, _ = step(kernel, None)
    assert_near(compiled, kernel)
    assert losses[-1] < losses[0]


@pytest.mark.parametrize("channels", [1, 6])
def test_no_rows(channels):
    kernel = normal(3, 3, channels, 4)
    loss, slope = jax.value_and_grad(lambda k: convolution(jnp.zeros((0, 8, 8, channels)), k).sum())(kernel)
    assert loss == 0
    np.testing.assert_array_equal(slope, jnp.zeros_like(kernel))
    assert convolution(jnp.zeros((0, 8, 8, channels)), kernel, padding="same").shape == (0, 8, 8, 4)
    assert convolution_transpose(jnp.zeros((0, 8, 8, 4)), kernel, strides=2).shape == (0, 17, 17, channels)


def test_shapes_by_evaluation_at_large_sizes():
    x = jax.ShapeDtypeStruct((5040, 5040, 5040, 3), "float32")
    kernel = jax.ShapeDtypeStruct((5, 5, 3, 8), "float32")
    gradients = jax.grad(lambda x, k: convolution(x, k, strides=2, padding="same").sum(), argnums=(0, 1))
    assert [each.shape for each in jax.eval_shape(gradients, x, kernel)] == [x.shape, kernel.shape]


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
@pytest.mark.parametrize(("channels", "groups"), [(3, 1), (6, 1), (6, 6)])
def test_half_precision(dtype, channels, groups):
    x, kernel = normal(2, 6, 6, channels), normal(3, 3, channels // groups, 6)

    def gradients(x, kernel):
        return jax.grad(lambda x, k: convolution(x, k, padding="same", groups=groups).sum(), argnums=(0, 1))(
            x, kernel
        )

    for half, full in zip(gradients(x.astype(dtype), kernel.astype(dtype)), gradients(x, kernel)):
        assert half.dtype == dtype
        assert_near(half.astype("float32"), full, 2e-2)


def test_mixed_operands_are_promoted():
    assert convolution(normal(1, 4, 4, 2).astype("bfloat16"), normal(2, 2, 2, 3)).dtype == jnp.float32


@pytest.mark.parametrize(
    ("shape", "kernel", "options", "error", "message"),
    [
        ((1, 8, 8, 3), (3, 3, 4, 2), {}, ShapeError, r"x of 3 channels in 1 groups"),
        ((1, 8, 8, 4), (3, 3, 2, 3), {"groups": 2}, ShapeError, r"divide by 2"),
        ((1, 8, 8, 3), (3, 3, 2), {}, ShapeError, r"needs a kernel of 4 axes"),
        ((8, 8), (3, 3), {}, ShapeError, r"1 to 3 spatial axes"),
        ((1, 3, 3, 1), (5, 5, 1, 1), {}, ShapeError, r"spans \(5, 5\) inputs.*padding='same'"),
        ((1, 8, 8, 1), (3, 3, 1, 1), {"padding": "smae"}, ArgumentError, r"Did you mean 'same'"),
        ((1, 8, 8, 1), (3, 3, 1, 1), {"padding": "causal"}, ArgumentError, r"padding over 2 spatial axes"),
        ((1, 8, 8, 1), (3, 3, 1, 1), {"padding": (1, 1)}, ArgumentError, r"2 pairs \(before, after\)"),
        (
            (1, 8, 8, 1),
            (3, 3, 1, 1),
            {"strides": 0},
            ArgumentError,
            r"strides must be an integer >= 1, or 2 of them",
        ),
        ((1, 8, 8, 1), (3, 3, 1, 1), {"data_format": "NHWC"}, ArgumentError, r"data_format must be one of"),
    ],
)
def test_errors_teach(shape, kernel, options, error, message):
    with pytest.raises(error, match=message):
        convolution(jnp.zeros(shape), jnp.zeros(kernel), **options)


def test_transpose_errors_teach():
    x = jnp.zeros((1, 4, 4, 3))
    with pytest.raises(ShapeError, match=r"x has 3 channels.*\(3, 3, 3, 2\)"):
        convolution_transpose(x, jnp.zeros((3, 3, 3, 2)))
    with pytest.raises(ArgumentError, match="'valid' or 'same'"):
        convolution_transpose(x, jnp.zeros((3, 3, 2, 3)), padding="causal")
    with pytest.raises(ArgumentError, match="output_padding must be"):
        convolution_transpose(x, jnp.zeros((3, 3, 2, 3)), output_padding=(1, 1, 1))
