"""A model of parts without outputs of its own, trained on pairs; a checkpoint of it; its own mask."""

import numpy as np
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers


class Pair(keras.Model):
    def __init__(self):
        super().__init__()
        self.first, self.second = layers.Dense(4), layers.Dense(1)
        self.tracker = keras.metrics.Mean(name="figure")

    @property
    def metrics(self):
        return [self.tracker]

    def compile(self, optimizer, loss_fn):
        super().compile()
        self.own_optimizer, self.loss_fn = optimizer, loss_fn

    def train_step(self, data):
        x, y = data
        with tf.GradientTape() as tape:
            loss = self.loss_fn(y, self.second(self.first(x)))
        weights = self.first.trainable_weights + self.second.trainable_weights
        self.own_optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights))
        self.tracker.update_state(loss)
        return {"figure": self.tracker.result()}


class Halves(layers.Layer):
    def call(self, inputs):
        return tf.split(inputs, 2, axis=1)

    def compute_mask(self, inputs, mask=None):
        return None if mask is None else tf.split(mask, 2, axis=1)


class Counted(keras.metrics.Metric):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.count = self.add_weight("count", initializer="zeros")

    def update_state(self, y_true, y_pred, sample_weight=None):
        self.count.assign_add(tf.cast(tf.size(y_true), tf.float32))

    def result(self):
        return self.count


x, y = np.ones((8, 3), "float32"), np.ones((8, 1), "float32")
model = Pair()
model.compile(keras.optimizers.SGD(0.05), keras.losses.MeanSquaredError())
history = model.fit(tf.data.Dataset.from_tensor_slices((x, y)).batch(4), epochs=3, verbose=0)
assert history.history["figure"][-1] < history.history["figure"][0]
model.save_weights("pair.weights.h5")
masked = layers.Embedding(5, 2, mask_zero=True)(np.array([[1, 2, 3, 0]]))
left, right = Halves()(masked)
assert right._keras_mask.numpy().tolist() == [[True, False]]
counted = Counted()
counted.update_state(y, y)
counted.reset_states()
counted(y, y)
assert float(counted.result()) == 8.0
inputs = {name: keras.Input((1,)) for name in ("a", "b")}
joined = keras.Model(inputs, layers.Concatenate()(inputs.values()))
assert joined({"a": tf.constant([[1.0]]), "b": tf.constant([[2.0]])}).numpy().tolist() == [[1, 2]]
