"""The layers that Keras keeps beside its architectures go to its files and come back."""

import keras
import numpy as np
import pytest
from keras.src.applications.convnext import LayerScale
from keras.src.applications.inception_resnet_v2 import CustomScaleLayer

import neurona as nn

X = np.linspace(-1, 1, 6).reshape(2, 3).astype("float32")


@pytest.mark.parametrize("ending", ["keras", "h5"])
def test_models_with_them_are_read_from_keras_and_by_keras(ending, tmp_path):
    inputs = keras.Input((3,))
    hidden = LayerScale(0.3, 3)(keras.layers.Dense(3)(inputs))
    theirs = keras.Model(inputs, CustomScaleLayer(0.5)([hidden, inputs]))
    expected = theirs.predict(X, verbose=0)
    theirs.save(tmp_path / f"theirs.{ending}")
    ours = nn.models.load_model(tmp_path / f"theirs.{ending}")
    np.testing.assert_allclose(ours.predict(X, verbose=0), expected, rtol=1e-5)
    ours.save(tmp_path / "ours.keras")
    again = keras.models.load_model(tmp_path / "ours.keras")
    np.testing.assert_allclose(again.predict(X, verbose=0), expected, rtol=1e-5)
    layer = nn.models.load_model(tmp_path / "ours.keras").layers[-1]
    assert type(layer) is nn.layers.CustomScaleLayer
    assert layer.get_config()["scale"] == 0.5
