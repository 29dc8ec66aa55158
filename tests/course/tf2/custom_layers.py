"""Layers and models of one's own that compute with tf: weights, nested layers, losses, regularizers, masks."""

import numpy as np
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers


class Linear(keras.layers.Layer):
    def __init__(self, units=32, **kwargs):
        super().__init__(**kwargs)
        self.units = units

    def build(self, input_shape):
        self.w = self.add_weight(
            shape=(input_shape[-1], self.units), initializer="random_normal", trainable=True
        )
        self.b = self.add_weight(shape=(self.units,), initializer="zeros", trainable=True)

    def call(self, inputs):
        return tf.matmul(inputs, self.w) + self.b

    def get_config(self):
        return {**super().get_config(), "units": self.units}


class ComputeSum(keras.layers.Layer):
    def __init__(self, input_dim):
        super().__init__()
        self.total = tf.Variable(initial_value=tf.zeros((input_dim,)), trainable=False)

    def call(self, inputs):
        self.total.assign_add(tf.reduce_sum(inputs, axis=0))
        return self.total


x = tf.ones((2, 2))
my_sum = ComputeSum(2)
assert my_sum(x).numpy().tolist() == [2.0, 2.0] and my_sum(x).numpy().tolist() == [4.0, 4.0]
assert len(my_sum.non_trainable_weights) == 1 and my_sum.trainable_weights == []


class MLPBlock(keras.layers.Layer):
    def __init__(self):
        super().__init__()
        self.linear_1 = Linear(32)
        self.linear_2 = Linear(32)
        self.linear_3 = Linear(1)

    def call(self, inputs):
        x = self.linear_1(inputs)
        x = tf.nn.relu(x)
        x = self.linear_2(x)
        x = tf.nn.relu(x)
        return self.linear_3(x)


mlp = MLPBlock()
y = mlp(tf.ones(shape=(3, 64)))
assert y.shape == (3, 1) and len(mlp.weights) == 6 and len(mlp.trainable_weights) == 6


class ActivityRegularizationLayer(layers.Layer):
    def __init__(self, rate=1e-2):
        super().__init__()
        self.rate = rate

    def call(self, inputs):
        self.add_loss(self.rate * tf.reduce_mean(inputs))
        return inputs


class OuterLayer(keras.layers.Layer):
    def __init__(self):
        super().__init__()
        self.activity_reg = ActivityRegularizationLayer(1e-2)
        self.dense = layers.Dense(4, kernel_regularizer=keras.regularizers.l2(1e-3))

    def call(self, inputs):
        return self.dense(self.activity_reg(inputs))


layer = OuterLayer()
layer(tf.ones((1, 1)))
assert len(layer.losses) == 2
layer(tf.ones((1, 1)))
assert len(layer.losses) == 2
np.testing.assert_allclose(float(layer.losses[0]), 0.01, rtol=1e-5)


class CustomDropout(keras.layers.Layer):
    def __init__(self, rate, **kwargs):
        super().__init__(**kwargs)
        self.rate = rate

    def call(self, inputs, training=None):
        if training:
            return tf.nn.dropout(inputs, rate=self.rate)
        return inputs


drop = CustomDropout(0.5)
assert (drop(tf.ones((4, 50))).numpy() == 1).all()
assert set(np.unique(drop(tf.ones((4, 50)), training=True).numpy())) == {0.0, 2.0}


class TemporalSoftmax(keras.layers.Layer):
    def call(self, inputs, mask=None):
        assert mask is not None
        broadcast_float_mask = tf.expand_dims(tf.cast(mask, "float32"), -1)
        inputs_exp = tf.exp(inputs) * broadcast_float_mask
        return inputs_exp / tf.reduce_sum(inputs_exp, axis=1, keepdims=True)


inputs = keras.Input(shape=(None,), dtype="int32")
x = layers.Embedding(input_dim=10, output_dim=8, mask_zero=True)(inputs)
x = layers.Dense(1)(x)
outputs = TemporalSoftmax()(x)
model = keras.Model(inputs, outputs)
y = model(np.array([[1, 2, 3, 0, 0], [4, 0, 0, 0, 0]]))
np.testing.assert_allclose(y.numpy()[1, :, 0], [1, 0, 0, 0, 0], atol=1e-6)
embedding = layers.Embedding(10, 3, mask_zero=True)
assert embedding(np.array([[1, 2, 0]]))._keras_mask.numpy().tolist() == [[True, True, False]]


def huber_fn(y_true, y_pred):
    error = y_true - y_pred
    is_small_error = tf.abs(error) < 1
    squared_loss = tf.square(error) / 2
    linear_loss = tf.abs(error) - 0.5
    return tf.where(is_small_error, squared_loss, linear_loss)


class HuberMetric(keras.metrics.Metric):
    def __init__(self, threshold=1.0, **kwargs):
        super().__init__(**kwargs)
        self.threshold = threshold
        self.total = self.add_weight(name="total", initializer="zeros")
        self.count = self.add_weight(name="count", initializer="zeros")

    def update_state(self, y_true, y_pred, sample_weight=None):
        metric = huber_fn(y_true, y_pred)
        self.total.assign_add(tf.reduce_sum(metric))
        self.count.assign_add(tf.cast(tf.size(y_true), tf.float32))

    def result(self):
        return self.total / self.count


def my_softplus(z):
    return tf.math.log(tf.exp(z) + 1.0)


def my_initializer(shape, dtype=tf.float32):
    stddev = tf.sqrt(2.0 / (shape[0] + shape[1]))
    return tf.random.normal(shape, stddev=stddev, dtype=dtype)


def my_l1(weights):
    return tf.reduce_sum(tf.abs(0.01 * weights))


def my_positive(weights):
    return tf.where(weights < 0.0, tf.zeros_like(weights), weights)


rng = np.random.default_rng(0)
x_train = rng.normal(size=(128, 4)).astype("float32")
y_train = x_train.sum(axis=1, keepdims=True)
net = keras.models.Sequential(
    [
        keras.Input((4,)),
        layers.Dense(
            16,
            activation=my_softplus,
            kernel_initializer=my_initializer,
            kernel_regularizer=my_l1,
            kernel_constraint=my_positive,
        ),
        Linear(1),
        layers.Lambda(lambda t: tf.identity(t) * 1.0),
    ]
)
net.compile(loss=huber_fn, optimizer=keras.optimizers.Adam(0.02), metrics=[HuberMetric(name="huber"), "mae"])
history = net.fit(x_train, y_train, epochs=8, verbose=0, validation_data=(x_train, y_train))
assert history.history["loss"][-1] < history.history["loss"][0] and "val_huber" in history.history
assert (net.layers[0].kernel.numpy() >= 0).all()

words = 29  # a number of units that is no integer is cut, as by tf-keras 2.21
assert layers.Dense(words / 2).units == 14
assert layers.Conv2D(filters=32.0, kernel_size=3).filters == 32
print("ok")
