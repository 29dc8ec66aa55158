"""The deconvolutional network: transposes beside inner products, switches beside loops, gradients."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from neurona import zoo
from neurona.layers import Conv2D
from tests.zoo.test_image_classifiers import bars

GENERATOR = np.random.default_rng(0)


@pytest.mark.parametrize("side", [2, 3, 5])
def test_the_transposed_convolution_is_the_adjoint(side):
    layer = Conv2D(4, side, padding="same", use_bias=False)
    x = GENERATOR.normal(size=(2, 7, 6, 3)).astype("float32")
    ahead = np.asarray(layer(x))
    y = GENERATOR.normal(size=ahead.shape).astype("float32")
    back = np.asarray(zoo.transposed_convolution(y, layer.kernel.value))
    assert np.vdot(ahead, y) == pytest.approx(np.vdot(x, back), rel=1e-4)
    _, gradient = jax.vjp(layer, jnp.asarray(x))
    np.testing.assert_allclose(back, gradient(jnp.asarray(y))[0], atol=1e-4)


def test_switches_say_where_the_largest_stood():
    x = GENERATOR.permutation(2 * 5 * 6 * 2).reshape(2, 5, 6, 2).astype("float32") + 1
    largest, switches = zoo.pool_with_switches(x)
    back = np.asarray(zoo.unpool(largest, switches, (5, 6)))
    expected = np.zeros_like(x)
    for row, i, j, channel in np.ndindex(2, 2, 3, 2):
        block = x[row, 2 * i : 2 * i + 2, 2 * j : 2 * j + 2, channel]
        assert largest[row, i, j, channel] == block.max()
        assert switches[row, i, j, channel] == block.argmax()
        expected[row, 2 * i : 2 * i + 2, 2 * j : 2 * j + 2, channel] = np.where(
            block == block.max(), block, 0
        )
    np.testing.assert_array_equal(back, expected)
    # With its switches held the pooling is linear, and unpooling its adjoint.
    y = GENERATOR.normal(size=largest.shape).astype("float32")
    assert np.vdot(largest, y) == pytest.approx(np.vdot(x, zoo.unpool(y, switches, (5, 6))), rel=1e-4)


def test_of_one_stage_a_projection_is_the_gradient_times_what_the_unit_says():
    X, y = bars(9)
    network = zoo.DeconvolutionalNetwork((3,), 3, epochs=2, random_state=0).fit(X, y)
    scale, convolution = network.model_.layers[1:3]
    noise = GENERATOR.uniform(0, 200, (1, 9, 9, 1)).astype("float32")  # no two places are alike
    picture = jnp.asarray(np.asarray(scale(noise)))

    def strongest(x):
        return zoo.pool_with_switches(convolution(x))[0][..., 1].max()

    wanted = strongest(picture) * jax.grad(strongest)(picture)
    np.testing.assert_allclose(network.project(noise, 1, 1), wanted, rtol=1e-4, atol=1e-4)


def test_a_projection_stays_where_its_unit_looks():
    X, y = bars(16)
    network = zoo.DeconvolutionalNetwork((4, 4), 3, epochs=2, random_state=0).fit(X, y)
    maps = network.maps(X)
    assert [each.shape for each in maps] == [(10, 8, 8, 4), (10, 4, 4, 4)]
    seen = network.project(X, 2, 0)
    for one in np.abs(seen).max(axis=-1):
        lines, columns = np.nonzero(one)
        if len(lines):  # a unit of the second stage sees (2 + 2) x 2 + 2 pixels on a side
            assert max(np.ptp(lines), np.ptp(columns)) < 10


def test_stages_and_maps_that_there_are_not_are_refused():
    X, y = bars()
    network = zoo.DeconvolutionalNetwork((2, 3), 3, epochs=1, random_state=0).fit(X, y)
    for stage, place in ((0, 0), (3, 0), (1, 2), (2, -1)):
        with pytest.raises(ValueError, match=rf"stages are 1 to 2.*stage={stage}, map={place}"):
            network.project(X, stage, place)
    with pytest.raises(ValueError, match="4 stages halve pictures as often"):
        zoo.DeconvolutionalNetwork((2, 2, 2, 2)).fit(X, y)
    with pytest.raises(ValueError, match="filters are whole numbers above 0, one for each stage"):
        zoo.DeconvolutionalNetwork((2, 0)).fit(X, y)
