"""LeNet-5 and ResNet: numbers of the papers, Keras's convolutions, pictures that are refused."""

from typing import Any

import jax
import keras
import numpy as np
import pytest
from scipy.special import logsumexp

from neurona import zoo
from neurona.layers import Input
from neurona.models import Model
from neurona.zoo.lenet import C3_TABLE, digit_codes

GENERATOR = np.random.default_rng(0)


def bars(size: int = 8, channels: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Pictures of upright and lying bars, moved."""
    upright = np.zeros((size, size, channels), "uint8")
    upright[:, size // 2] = 200
    strokes = np.stack([upright, upright.swapaxes(0, 1)])
    moved = [np.roll(strokes, step, axis=(1, 2)) for step in range(-2, 3)]
    return np.concatenate(moved), np.array(["|", "-"] * 5)


def counted(network: Any, shape: tuple[int, int, int], classes: int) -> dict[str, int]:
    """The numbers that each layer learns."""
    network.image_shape_, network.classes_ = shape, np.arange(classes)
    x = Input(shape)
    layers = Model(x, network._scores(x)).layers
    return {
        layer.name: sum(int(np.prod(weight.shape)) for weight in layer.trainable_variables)
        for layer in layers
    }


def test_layers_of_lenet_hold_as_many_numbers_as_published():
    counts = [count for count in counted(zoo.LeNet5(), (28, 28, 1), 10).values() if count]
    assert counts == [156, 12, 1516, 32, 48120, 10164]


@pytest.mark.parametrize(("blocks", "millions"), [(3, 0.27), (5, 0.46)])
def test_residual_networks_hold_as_many_numbers_as_published(blocks, millions):
    counts = counted(zoo.ResNet(blocks), (32, 32, 3), 10)
    assert sum(counts.values()) / 1e6 == pytest.approx(millions, abs=0.006)
    assert sum(name.startswith(("conv2d", "dense")) for name in counts) == 6 * blocks + 2


def test_only_projections_have_numbers_to_learn():
    plain, padding, projection = (
        sum(counted(zoo.ResNet(1, shortcut=kind), (8, 8, 3), 10).values())
        for kind in (None, "padding", "projection")
    )
    assert plain == padding
    assert projection - padding == 16 * 32 + 2 * 32 + 32 * 64 + 2 * 64


def test_a_map_sees_only_the_maps_of_its_row():
    x = GENERATOR.normal(size=(2, 14, 14, 6)).astype("float32")
    layer = zoo.TableConv2D(C3_TABLE, 5)
    ours = np.asarray(layer(x))
    kernel, bias = layer.get_weights()
    places = [(below, above) for above, row in enumerate(C3_TABLE) for below in row]
    whole = np.zeros((5, 5, 6, 16), "float32")
    for number, (below, above) in enumerate(places):
        whole[:, :, below, above] = kernel[:, :, number]
    theirs = np.asarray(keras.ops.conv(x, whole, padding="valid")) + bias
    np.testing.assert_allclose(ours, theirs, atol=1e-5)
    again = zoo.TableConv2D.from_config(layer.get_config())
    assert again(x).shape == (2, 10, 10, 16)
    with pytest.raises(ValueError, match=r"Row 1 is \(6,\)"):
        zoo.TableConv2D([(0,), (6,)], 5)(x)


def test_the_loss_of_competing_codes_is_equation_9():
    distances = GENERATOR.uniform(0, 20, (6, 10))
    right = GENERATOR.integers(0, 10, 6)
    expected = distances[np.arange(6), right] + np.logaddexp(-2, logsumexp(-distances, axis=1))
    with jax.enable_x64(True):
        loss = zoo.CompetingCodes(rubbish=2.0, reduction="none", dtype="float64")
        np.testing.assert_allclose(loss(right, -distances), expected, atol=1e-12)


def test_codes_are_the_drawings_of_digits_and_differ():
    codes = digit_codes()
    assert codes.shape == (10, 84)
    assert set(np.unique(codes)) == {-1, 1}
    apart = (codes[:, None] != codes).sum(axis=-1)
    assert apart[~np.eye(10, dtype=bool)].min() >= 8


def test_a_residual_block_that_adds_nothing_passes_its_input_on():
    network = zoo.ResNet(2, 4, augment=False)
    network.image_shape_, network.classes_ = (8, 8, 3), np.arange(2)
    x = Input((8, 8, 4))
    model = Model(x, network._block(x, 4, halves=False))
    model.set_weights([np.zeros_like(weight) for weight in model.get_weights()])
    picture = GENERATOR.uniform(size=(1, 8, 8, 4)).astype("float32")
    np.testing.assert_array_equal(model.predict(picture, verbose=0), picture)
    halving = Model(x, network._block(x, 8, halves=True))
    halving.set_weights([np.zeros_like(weight) for weight in halving.get_weights()])
    halved = halving.predict(picture, verbose=0)
    np.testing.assert_array_equal(halved[..., :4], picture[:, ::2, ::2])
    np.testing.assert_array_equal(halved[..., 4:], 0)


@pytest.mark.parametrize(
    "network", [zoo.LeNet5(epochs=1, random_state=0), zoo.ResNet(1, 2, epochs=1, random_state=0)], ids=str
)
def test_pictures_of_another_size_are_refused(network):
    X, y = bars()
    network.fit(X, y)
    assert network.predict_proba(X).sum(axis=1) == pytest.approx(np.ones(10))
    with pytest.raises(ValueError, match=r"learned from pictures of shape \(8, 8, 1\).*shape \(9, 9, 1\)"):
        network.predict(bars(9)[0])
    with pytest.raises(ValueError, match=r"or without channels.*Received shape \(10, 64\)"):
        network.fit(X.reshape(10, 64), y)
    with pytest.raises(ValueError, match="NaN"):
        network.fit(np.where(X > 0, np.nan, 0.0), y)
    with pytest.raises(ValueError, match="1 class"):
        network.fit(X, ["|"] * 10)
    with pytest.raises(ValueError, match="batch_size is a whole number above 0"):
        type(network)(batch_size=0).fit(X, y)


def test_lenet_sees_grey_pictures_of_32_pixels_at_most():
    for X in (bars(33)[0], bars(8, 3)[0]):
        with pytest.raises(ValueError, match="grey pictures of at most 32 x 32"):
            zoo.LeNet5().fit(X, bars()[1])


def test_shortcuts_that_there_are_not_are_refused():
    with pytest.raises(ValueError, match=r"'padding', 'projection', or None.*shortcut='none'"):
        zoo.ResNet(shortcut="none").fit(*bars())


def test_pictures_in_colour_are_told_apart_by_their_colour():
    X = GENERATOR.integers(0, 80, (40, 8, 8, 3)).astype("uint8")
    X[::2, ..., 0] += 120
    y = np.array(["red", "dark"] * 20)
    network = zoo.ResNet(1, 4, epochs=4, batch_size=8, learning_rate=0.02, random_state=0).fit(X[:30], y[:30])
    assert network.score(X[30:], y[30:]) == 1
