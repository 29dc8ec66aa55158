"""tf.keras 2: layers and a model that log figures of their own, losses of tensors, a checkpoint of weights."""

import numpy as np
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers


class Watch(layers.Layer):
    def call(self, inputs):
        self.add_metric(tf.reduce_mean(inputs), name='level', aggregation='mean')
        return inputs


def build():
    x = keras.Input((4,), name='row')
    hidden = keras.activations.relu(layers.Dense(8, name='first')(x))
    hidden = Watch()(hidden)
    y = layers.Dense(1, name='last')(hidden)
    model = keras.Model(x, y)
    model.add_loss(0.1 * keras.losses.MeanSquaredError()(tf.zeros_like(hidden), hidden))
    model.add_metric(tf.reduce_max(hidden), name='peak', aggregation='mean')
    model.compile(optimizer=keras.optimizers.Adam(0.01), loss='mse')
    return model


r = np.random.RandomState(0)
x = r.rand(64, 4).astype('float32')
model = build()
history = model.fit(x, x.sum(axis=1), epochs=30, verbose=0).history
assert set(history) == {'loss', 'level', 'peak'}, history.keys()
assert history['loss'][-1] < history['loss'][0] and history['peak'][-1] > history['level'][-1] > 0
alone = model.predict(x)
assert np.mean((alone[:, 0] - x.sum(axis=1)) ** 2) < history['loss'][-1]

model.save_weights('weights/cp')
again = build()
again.load_weights('weights/cp').expect_partial()
assert np.allclose(again.predict(x), alone, atol=1e-6)
assert model.get_layer('first').kernel.get_shape() == (4, 8)
