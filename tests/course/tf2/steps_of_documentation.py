"""TensorFlow 2: what examples of the documentation do around `fit`: layers that train themselves in a step,
data of any form, gradients in a Lambda, and models in folders."""

import numpy as np
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers
from tqdm.keras import TqdmCallback

tf.random.set_seed(3)


class Local(layers.Layer):
    """A layer that moves its own weights, with the optimizer of all."""

    def __init__(self, units, optimizer, **kwargs):
        super().__init__(**kwargs)
        self.dense, self.optimizer = layers.Dense(units, kernel_initializer="ones"), optimizer

    def call(self, x):
        return tf.nn.relu(self.dense(x))

    def learn(self, x):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(self.call(x) ** 2)
        weights = self.dense.trainable_weights
        self.optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights))
        return loss, tf.stop_gradient(self.call(x))


class Chain(keras.Model):
    def __init__(self):
        super().__init__()
        optimizer = keras.optimizers.SGD(0.1)
        self.rate = optimizer
        self.parts = [Local(3, optimizer), Local(2, optimizer)]

    @tf.function(jit_compile=True)
    def train_step(self, data):
        x, losses = data["seen"], {}
        for number, part in enumerate(self.parts):
            losses[f"loss_{number}"], x = part.learn(x)
        return losses


data = tf.data.Dataset.from_tensors({"seen": tf.ones((4, 2))}).repeat(2)
chain = Chain()
chain.compile("sgd")
history = chain.fit(data, epochs=1, verbose=0, callbacks=[TqdmCallback(verbose=0)]).history
# By hand: 2 is the first output; its gradient is 4/3 for kernels and bias, and so on.
first = np.full(3, 2.0)
step = 0.1 * 2 * first / 3
second = 3 * (2 - 3 * step[0])
assert abs(history["loss_0"][0] - (2 - 3 * step[0]) ** 2) < 1e-5, history  # of the second batch
assert len(chain.trainable_variables) == 4


class Scored(keras.Model):
    """A model called with a list, whose step makes its targets of a dictionary."""

    def __init__(self):
        super().__init__()
        self.scores = layers.Dense(3)

    def call(self, inputs):
        return self.scores(inputs[0]) + inputs[1]

    def train_step(self, data):
        with tf.GradientTape() as tape:
            scores = self([data["x"], tf.zeros(())])
            targets = tf.one_hot(data["label"], depth=3)
            loss = self.compute_loss(None, targets, scores, sample_weight=data["label"] != 0)
        weights = self.trainable_variables
        self.optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights))
        return {"loss": loss}


scored = Scored()
scored.compile("sgd", keras.losses.CategoricalCrossentropy(from_logits=True))
batch = {"x": np.ones((4, 2), np.float32), "label": np.array([0, 1, 2, 1])}
losses = scored.fit(tf.data.Dataset.from_tensors(batch).repeat(20), epochs=2, verbose=0).history["loss"]
assert losses[1] < losses[0] < 1.2, losses


class Spread(tf.losses.Loss):
    def __init__(self):
        super().__init__(reduction="auto", name="spread")

    def call(self, y_true, y_pred):
        return tf.reduce_sum((y_true - y_pred) ** 2, axis=-1)


places = [layers.Input((1,), name=f"place_{axis}") for axis in "xy"]
squares = layers.Lambda(lambda x: x[0] ** 2 * x[1])(places)
slopes = layers.Lambda(lambda x: tf.gradients(x[0], x[1], unconnected_gradients="zero"))([squares, places])
slope = keras.Model(places, layers.Concatenate()(slopes))
slope.compile("sgd", Spread())
x, y = np.array([[3.0], [1.0]]), np.array([[2.0], [5.0]])
np.testing.assert_allclose(slope.predict([x, y]), [[12.0, 9.0], [10.0, 1.0]])
assert abs(slope.evaluate([x, y], np.zeros((2, 2)), verbose=0) - (144 + 81 + 100 + 1) / 2) < 1e-3


class Scaled(layers.Layer):
    def __init__(self, factor=1.0, bias=True, **kwargs):
        super().__init__(**kwargs)
        self.factor, self.has_bias = factor, bias

    def build(self, input_shape):
        self.bias = self.add_weight(shape=(input_shape[-1],), initializer="ones")

    def call(self, x):
        return x * self.factor + self.bias

    def get_config(self):
        return dict(factor=self.factor, bias=self.has_bias, **super().get_config())


model = keras.Sequential([layers.Input((2,)), Scaled(3.0), layers.Dense(1)])
model.save("scaled", save_format="tf")
again = keras.models.load_model("scaled")  # no custom_objects
np.testing.assert_allclose(again.predict(np.ones((1, 2))), model.predict(np.ones((1, 2))))


class Plain(layers.Layer):  # tells no config, and has a weight by the name of an argument
    def __init__(self, bias=True, weights=None, **kwargs):
        super().__init__(**kwargs)

    def build(self, input_shape):
        self.bias = self.add_weight(shape=(1,), initializer="ones")


plain = Plain()
plain.build((None, 2))
assert [plain.get_config()[name] for name in ("bias", "weights")] == [True, None]

cell = tf.keras.experimental.PeepholeLSTMCell(2)
sequence = np.random.RandomState(1).randn(3, 4, 5).astype(np.float32)
outputs = layers.RNN(cell)(sequence).numpy()
kernel, recurrent, bias, *peepholes = (one.numpy() for one in cell.weights)
h, c = np.zeros((3, 2)), np.zeros((3, 2))
gate = lambda z: np.clip(0.2 * z + 0.5, 0, 1)  # the recurrent activation of then
for x in sequence.transpose(1, 0, 2):
    i, f, g, o = np.split(x @ kernel + h @ recurrent + bias, 4, axis=-1)
    i, f = gate(i + peepholes[0] * c), gate(f + peepholes[1] * c)
    c = f * c + i * np.tanh(g)
    h = gate(o + peepholes[2] * c) * np.tanh(c)
np.testing.assert_allclose(outputs, h, atol=1e-5)

terms = tf.ragged.constant([["a"], ["b", "a"], []])
lookup = layers.StringLookup(vocabulary=["a", "b"], output_mode="multi_hot")
np.testing.assert_array_equal(lookup(terms).numpy(), [[0, 1, 0], [0, 1, 1], [0, 0, 0]])

counted = tf.function(lambda x: tf.compat.v1.scan(lambda a, b: a + b, x, initializer=tf.constant(0.0)))
np.testing.assert_allclose(counted(tf.ones(50))[-1], 50.0)
half = tf.math.ceil(tf.constant(3) / 2)
assert tf.tile(tf.ones((1, 2)), [half, 1]).shape == (2, 2)
