"""Pipeline: layers one after the other, each told whether this is training."""

import keras
import numpy as np
import pytest

from neurona import layers
from neurona.errors import ArgumentError


def test_layers_run_one_after_the_other():
    x = np.arange(12.0, dtype="float32").reshape(1, 2, 2, 3)
    pipeline = layers.Pipeline([layers.RandomFlip("horizontal", seed=2), layers.Rescaling(2.0)])
    np.testing.assert_array_equal(pipeline(x, training=False), 2 * x)
    seen = {tuple(np.asarray(pipeline(x, training=True)).ravel()) for _ in range(8)}
    assert seen == {tuple((2 * x).ravel()), tuple((2 * x[:, :, ::-1]).ravel())}


def test_the_config_travels():
    pipeline = layers.Pipeline([layers.Rescaling(2.0)], name="before")
    theirs = keras.layers.Pipeline.from_config(pipeline.get_config())
    again = layers.Pipeline.from_config(theirs.get_config())
    assert again.get_config() == pipeline.get_config()
    with pytest.raises(ArgumentError, match="list of layers"):
        layers.Pipeline([3])
