"""ConvLSTM: dropout, states kept between batches, and errors; numbers are compared in test_conformance.py."""

import jax.numpy as jnp
import numpy as np
import pytest

from neurona import layers
from neurona.errors import ArgumentError, ShapeError
from neurona.layers.conv_lstm import ConvLSTMCell

X = np.random.default_rng(0).normal(size=(2, 3, 4, 4, 1)).astype("float32")


def test_a_stateful_layer_goes_on_where_it_stopped():
    whole = layers.ConvLSTM2D(2, 3, padding="same")
    parts = layers.ConvLSTM2D(2, 3, padding="same", stateful=True)
    expected = whole(X)
    parts.build(X.shape)
    parts.set_weights(whole.get_weights())
    parts(X[:, :1])
    np.testing.assert_allclose(parts(X[:, 1:]), expected, atol=1e-6)


def test_dropout_works_in_training_only():
    layer = layers.ConvLSTM2D(2, 2, dropout=0.5, recurrent_dropout=0.5, seed=1)
    calm = layer(X)
    np.testing.assert_array_equal(layer(X), calm)
    assert np.abs(layer(X, training=True) - calm).max() > 0


def test_what_is_wrong_is_told():
    with pytest.raises(ArgumentError, match="not both above 1"):
        layers.ConvLSTM1D(2, 3, strides=2, dilation_rate=2)
    with pytest.raises(ShapeError, match="needs the sizes of its pictures"):
        ConvLSTMCell(2, 2, 3).build((None, None, 4, 1))
    assert layers.ConvLSTM2D(2, 3)(jnp.asarray(X)).shape == (2, 2, 2, 2)


def test_volumes_are_pictures_with_another_axis():
    flat, deep = layers.ConvLSTM2D(2, (1, 3)), layers.ConvLSTM3D(2, (1, 1, 3))
    expected = flat(X)
    deep.build((2, 3, 1, 4, 4, 1))
    deep.set_weights([weight[None] if weight.ndim == 4 else weight for weight in flat.get_weights()])
    np.testing.assert_allclose(deep(X[:, :, None])[:, 0], expected, atol=1e-5)
