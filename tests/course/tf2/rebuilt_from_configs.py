"""tf.keras 2: configs tell the shape of the input, by which programs change it and build a model again."""

import tensorflow as tf
from tensorflow.keras import layers

plain = tf.keras.Sequential([layers.Conv2D(3, 3, input_shape=(8, 8, 1)), layers.Flatten(), layers.Dense(2)])
assert plain.layers[0].get_config()["batch_input_shape"] == (None, 8, 8, 1)
config = plain.get_config()
for entry in config["layers"][:2]:
    assert entry["config"]["batch_input_shape"] == (None, 8, 8, 1)
    entry["config"]["batch_input_shape"] = (None, 10, 10, 1)
larger = tf.keras.Sequential.from_config(config)
assert larger.input_shape == (None, 10, 10, 1) and larger.count_params() == 30 + 386

image = tf.keras.Input((8, 8, 1))
config = tf.keras.Model(image, layers.Conv2D(2, 3)(image)).get_config()
config["layers"][0]["config"]["batch_input_shape"] = (None, None, None, 1)
convolutional = tf.keras.Model.from_config(config)
assert convolutional.predict(tf.zeros((1, 5, 6, 1))).shape == (1, 3, 4, 2)
for name in ("model.h5", "model.keras"):
    larger.save(name)
    assert tf.keras.models.load_model(name).input_shape == (None, 10, 10, 1)
given = tf.keras.Sequential([layers.InputLayer(batch_input_shape=(2, 3)), layers.Dense(1)])
assert given.input_shape == (2, 3) and given.output_shape == (2, 1)
