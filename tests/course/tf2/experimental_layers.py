"""tf.keras 2: what was experimental then, cells of one's own, and a convolution of one's own."""

import numpy as np
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers
from tensorflow.keras.layers.experimental import RandomFourierFeatures, SyncBatchNormalization, preprocessing

x = np.random.RandomState(0).rand(4, 5).astype("float32")
features = RandomFourierFeatures(2000, scale=3.0)
kernel = features(x).numpy() @ features(x).numpy().T / 1000
expected = np.exp(-((x[:, None] - x[None]) ** 2).sum(-1) / (2 * 3.0**2))
assert np.abs(kernel - expected).max() < 0.1
assert [weight.name.split("/")[-1].split(":")[0] for weight in features.trainable_weights] == []
assert preprocessing.RandomFlip is layers.RandomFlip and SyncBatchNormalization().synchronized
images = np.random.rand(2, 10, 10, 3)
assert layers.RandomHeight((0.5, 0.6))(images, training=True).shape == (2, 15, 10, 3)
assert layers.RandomWidth(0.2)(images, training=False).shape == (2, 10, 10, 3)


class Cell(layers.AbstractRNNCell):
    def __init__(self, units, **kwargs):
        self.units = units
        super().__init__(**kwargs)

    @property
    def state_size(self):
        return self.units

    def build(self, input_shape):
        self.kernel = self.add_weight(shape=(input_shape[-1], self.units), initializer="ones", name="kernel")
        self.built = True

    def call(self, inputs, states):
        output = tf.matmul(inputs, self.kernel) + states[0]
        return output, [output]


sequence = np.ones((1, 4, 3), "float32")
np.testing.assert_allclose(layers.RNN(Cell(2), return_sequences=True)(sequence)[0, :, 0], [3, 6, 9, 12])


class Halved(layers.Conv2D):
    def convolution_op(self, inputs, kernel):
        return tf.nn.conv2d(inputs, kernel / 2.0, strides=list(self.strides), padding="VALID")


class Doubled(layers.Conv2D):
    def call(self, inputs):
        return self.convolution_op(inputs, self.kernel * 2.0) + self.bias


ones = np.ones((1, 3, 3, 1), "float32")
for cls, expected in ((Halved, 4.5), (Doubled, 18.0)):
    assert cls(1, 3, kernel_initializer="ones")(ones).numpy().item() == expected

linear = keras.experimental.LinearModel()
deep = keras.Sequential([layers.Dense(1)])
both = keras.experimental.WideDeepModel(linear, deep)
both.compile("sgd", "mse")
both.fit([x, x[:, :2]], np.ones(4), epochs=2, verbose=0)
np.testing.assert_allclose(both([x, x[:, :2]]), linear(x) + deep(x[:, :2]), rtol=1e-5)
labels, logits = tf.constant([1, 0]), tf.zeros((2, 1, 3))
loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
assert np.isclose(loss(labels, logits), np.log(3))
assert tf.get_logger().name == "tensorflow"
