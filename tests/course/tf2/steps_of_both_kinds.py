"""Two train_steps of one's own: on batches of unequal sizes, and in the way of Keras 3 on JAX."""

import jax
import numpy as np
import tensorflow as tf
from tensorflow import keras

rng = np.random.default_rng(0)
many = tf.data.Dataset.from_tensor_slices(rng.random((40, 4)).astype("float32")).batch(10)
few = tf.data.Dataset.from_tensor_slices((rng.random((12, 4)).astype("float32"), np.arange(12) % 3)).batch(3)


class Contrastive(keras.Model):
    def __init__(self):
        super().__init__()
        self.encoder = keras.Sequential([keras.Input((4,)), keras.layers.Dense(5)])
        self.rows = keras.metrics.Mean(name="rows")

    @property
    def metrics(self):
        return [self.rows]

    def train_step(self, data):
        unlabeled, (labeled, labels) = data
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(self.encoder(tf.concat((unlabeled, labeled), axis=0)) ** 2)
        gradients = tape.gradient(loss, self.encoder.trainable_weights)
        self.optimizer.apply_gradients(zip(gradients, self.encoder.trainable_weights))
        self.rows.update_state(tf.cast(100 * tf.shape(unlabeled)[0] + tf.shape(labels)[0], tf.float32))
        return {"rows": self.rows.result(), "size": loss}


model = Contrastive()
model.compile(keras.optimizers.Adam(0.01))
figures = model.fit(tf.data.Dataset.zip((many, few)), epochs=3, verbose=0).history
assert figures["rows"] == [1003.0] * 3 and figures["size"][-1] < figures["size"][0]


class Stateless(keras.Model):
    def train_step(self, state, data):
        trainable, others, optimizer, metrics = state
        x, y = data
        assert isinstance(x, jax.Array)

        def objective(trainable):
            predictions, new = self.stateless_call(trainable, others, x, training=True)
            return self.compute_loss(x, y, predictions), new

        (loss, others), gradients = jax.value_and_grad(objective, has_aux=True)(trainable)
        trainable, optimizer = self.optimizer.stateless_apply(optimizer, gradients, trainable)
        return {"loss": loss}, (trainable, others, optimizer, metrics)


inputs = keras.Input((4,))
model = Stateless(inputs, keras.layers.Dense(1)(inputs))
model.compile("adam", "mse")
x = rng.random((32, 4)).astype("float32")
losses = model.fit(x, x.sum(1, keepdims=True), epochs=3, verbose=0).history["loss"]
assert losses[-1] < losses[0]
print("ok")
