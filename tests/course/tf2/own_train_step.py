"""fit with a train_step and a test_step of one's own, compiled losses and metrics, sample weights, callbacks."""

import numpy as np
import tensorflow as tf
from tensorflow import keras

rng = np.random.default_rng(0)
x = rng.random((256, 8)).astype("float32")
y = x.sum(axis=1, keepdims=True).astype("float32")


class CustomModel(keras.Model):
    def train_step(self, data):
        if len(data) == 3:
            x, y, sample_weight = data
        else:
            sample_weight = None
            x, y = data
        with tf.GradientTape() as tape:
            y_pred = self(x, training=True)
            loss = self.compiled_loss(
                y, y_pred, sample_weight=sample_weight, regularization_losses=self.losses
            )
        trainable_vars = self.trainable_variables
        gradients = tape.gradient(loss, trainable_vars)
        self.optimizer.apply_gradients(zip(gradients, trainable_vars))
        self.compiled_metrics.update_state(y, y_pred, sample_weight=sample_weight)
        return {m.name: m.result() for m in self.metrics}

    def test_step(self, data):
        x, y = data
        y_pred = self(x, training=False)
        self.compiled_loss(y, y_pred, regularization_losses=self.losses)
        self.compiled_metrics.update_state(y, y_pred)
        return {m.name: m.result() for m in self.metrics}


inputs = keras.Input(shape=(8,))
model = CustomModel(inputs, keras.layers.Dense(1)(inputs))
model.compile(optimizer=keras.optimizers.Adam(0.05), loss="mse", metrics=["mae"])


class Watch(keras.callbacks.Callback):
    seen = []

    def on_epoch_end(self, epoch, logs=None):
        self.seen.append((epoch, float(logs["loss"]), float(logs["mae"])))
        if logs["loss"] < 1e-6:
            self.model.stop_training = True


history = model.fit(x, y, epochs=6, verbose=0, callbacks=[Watch()], validation_data=(x, y))
print(history.history)
assert {"loss", "mae", "val_loss", "val_mae"} <= set(history.history)
assert history.history["loss"][-1] < history.history["loss"][0] and len(Watch.seen) == 6
result = model.evaluate(x, y, verbose=0, return_dict=True)
error = np.abs(model.predict(x, verbose=0) - y).mean()
np.testing.assert_allclose(result["mae"], error, rtol=1e-4)
model.fit(x, y, sample_weight=np.ones(256), epochs=1, verbose=0)



class OfAGraph(keras.Model):
    """Its data are places of nodes, and its call takes the nodes themselves and what joins them."""

    def __init__(self, nodes, joined):
        super().__init__()
        self.nodes, self.joined = nodes, joined
        self.layer = keras.layers.Dense(1)

    def call(self, inputs):
        nodes, joined = inputs
        return self.layer(nodes + tf.matmul(joined, nodes))

    def train_step(self, data):
        places, targets = data
        with tf.GradientTape() as tape:
            outputs = tf.gather(self([self.nodes, self.joined]), places)
            loss = self.compiled_loss(targets, outputs)
        gradients = tape.gradient(loss, self.trainable_weights)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_weights))
        self.compiled_metrics.update_state(targets, outputs)
        return {m.name: m.result() for m in self.metrics}

    def test_step(self, data):
        places, targets = data
        outputs = tf.gather(self([self.nodes, self.joined]), places)
        self.compiled_loss(targets, outputs)
        self.compiled_metrics.update_state(targets, outputs)
        return {m.name: m.result() for m in self.metrics}

    def predict_step(self, places):
        return tf.gather(self([self.nodes, self.joined]), places)


graph = OfAGraph(tf.constant(x), tf.constant(np.roll(np.eye(256, dtype="float32"), 1, 0)))
graph.compile(optimizer=keras.optimizers.Adam(0.05), loss="mse", metrics=["mae"])
history = graph.fit(np.arange(256), y, epochs=4, batch_size=64, verbose=0, validation_split=0.25).history
assert {"loss", "mae", "val_loss", "val_mae"} <= set(history) and history["loss"][-1] < history["loss"][0]
assert graph.predict(np.arange(5), verbose=0).shape == (5, 1)

loss_tracker = keras.metrics.Mean(name="loss")
mae_metric = keras.metrics.MeanAbsoluteError(name="mae")


class LowLevel(keras.Model):
    def train_step(self, data):
        x, y = data
        with tf.GradientTape() as tape:
            y_pred = self(x, training=True)
            loss = keras.losses.mean_squared_error(y, y_pred)
        gradients = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_variables))
        loss_tracker.update_state(loss)
        mae_metric.update_state(y, y_pred)
        return {"loss": loss_tracker.result(), "mae": mae_metric.result()}

    @property
    def metrics(self):
        return [loss_tracker, mae_metric]


inputs = keras.Input(shape=(8,))
model = LowLevel(inputs, keras.layers.Dense(1)(inputs))
model.compile(optimizer=keras.optimizers.SGD(0.0005))
history = model.fit(x, y, epochs=3, verbose=0).history
assert history["loss"][-1] < history["loss"][0] and set(history) == {"loss", "mae"}
print("ok")
