"""Keras 3 on JAX: a train_step of one's own, as a pure function of a state and the data."""

import jax
import keras
import numpy as np

rng = np.random.default_rng(0)


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
