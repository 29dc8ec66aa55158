"""Keras 3 on TensorFlow: a step that takes three inputs apart itself; sizes computed with inside layers."""

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops

embedding = keras.Sequential([keras.Input((6,)), layers.Dense(4)])
names = ("anchor", "positive", "negative")
anchor, positive, negative = (layers.Input((6,), name=name) for name in names)


class Distances(layers.Layer):
    def call(self, anchor, positive, negative):
        near = ops.sum(tf.square(anchor - positive), -1)
        return near, ops.sum(tf.square(anchor - negative), -1)


distances = Distances()(embedding(anchor), embedding(positive), embedding(negative))
network = keras.Model(inputs=[anchor, positive, negative], outputs=distances)


class Siamese(keras.Model):
    def __init__(self, network):
        super().__init__()
        self.network = network
        self.loss_tracker = keras.metrics.Mean(name="loss")

    def call(self, inputs):
        return self.network(inputs)

    def train_step(self, data):
        with tf.GradientTape() as tape:
            near, far = self.network(data)
            loss = tf.maximum(near - far + 0.5, 0.0)
        gradients = tape.gradient(loss, self.network.trainable_weights)
        self.optimizer.apply_gradients(zip(gradients, self.network.trainable_weights))
        self.loss_tracker.update_state(loss)
        return {"loss": self.loss_tracker.result()}

    @property
    def metrics(self):
        return [self.loss_tracker]


centre = np.random.RandomState(0).rand(32, 6).astype("float32")
triplets = tf.data.Dataset.from_tensor_slices((centre, centre + 0.1, centre[::-1])).batch(8)
model = Siamese(network)
model.compile(optimizer=keras.optimizers.Adam(0.01))
losses = model.fit(triplets, epochs=6, verbose=0).history["loss"]
assert losses[-1] < losses[0], losses


class Causal(layers.Layer):
    def call(self, x):
        sizes = ops.shape(x)
        batch, length = sizes[0], sizes[1]
        mask = ops.cast(ops.arange(length)[:, None] >= ops.arange(length), "int32")
        times = ops.concatenate([ops.expand_dims(batch, -1), ops.convert_to_tensor([1, 1])], axis=0)
        rows = ops.ones((ops.cast(batch, dtype="int64"), 1), dtype="int32")
        return ops.tile(ops.reshape(mask, (1, length, length)), times) * rows[:, :, None]


x = keras.Input((None, 3))
masks = keras.Model(x, Causal()(x))(np.zeros((2, 4, 3), "float32"))
assert (np.asarray(masks) == np.tril(np.ones((4, 4)))).all()
assert np.allclose([1.0, 2.0] + 0.5 * ops.amax(np.ones((2, 3)), axis=1), [1.5, 2.5])
