"""A variational autoencoder of tf.keras in graph mode, whose loss and metric look at tensors of the model."""

import numpy as np
import tensorflow as tf
from tensorflow.keras import backend as K
from tensorflow.keras.layers import Dense, Input, Lambda
from tensorflow.keras.models import Model
from tensorflow.keras.optimizers import Adam

tf.compat.v1.disable_eager_execution()

inputs = Input(shape=(6,))
mu, log_var = Dense(2, name="mu")(inputs), Dense(2, name="log_var")(inputs)


def sampling(args):
    mean, spread = args
    return mean + K.exp(spread / 2) * K.random_normal(shape=K.shape(mean), mean=0.0, stddev=1.0)


codes = Lambda(sampling, name="codes")([mu, log_var])
encoder, outputs = Model(inputs, [mu, log_var]), Dense(6)(codes)
model = Model(inputs, outputs)


def divergence(y_true, y_pred):
    return -0.5 * K.sum(1 + log_var - K.square(mu) - K.exp(log_var), axis=1)


def loss(y_true, y_pred):
    return K.mean(K.square(y_true - y_pred), axis=1) + divergence(y_true, y_pred)


model.compile(optimizer=Adam(learning_rate=0.02), loss=loss, metrics=[divergence])
x = np.random.default_rng(0).random((64, 6)).astype("float32")
history = model.fit(x, x, epochs=5, batch_size=64, verbose=0).history
assert history["loss"][-1] < history["loss"][0]
_, shown = model.evaluate(x, x, verbose=0)
m, v = encoder.predict(x)
np.testing.assert_allclose(shown, np.mean(-0.5 * (1 + v - m**2 - np.exp(v)).sum(1)), rtol=1e-3)
print("ok")
