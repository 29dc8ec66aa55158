"""Keras 1 and 2: a variational autoencoder whose loss closes over tensors of its graph."""

import numpy as np
from keras import backend as K
from keras import metrics
from keras.layers import Dense, Input, Lambda
from keras.models import Model

np.random.seed(0)
latent = np.random.randn(128, 2)
data = 1 / (1 + np.exp(-latent @ np.random.randn(2, 10)))
batch_size = 32

x = Input(batch_shape=(batch_size, 10))
h = Dense(16, activation="relu")(x)
z_mean, z_log_var = Dense(2)(h), Dense(2)(h)


def sampling(args):
    z_mean, z_log_var = args
    epsilon = K.random_normal(shape=(batch_size, 2), mean=0.0, std=1.0)
    return z_mean + K.exp(z_log_var / 2) * epsilon


z = Lambda(sampling, output_shape=(2,))([z_mean, z_log_var])
decoded = Dense(10, activation="sigmoid")(Dense(16, activation="relu")(z))


def vae_loss(x, x_decoded_mean):
    xent_loss = 10 * metrics.binary_crossentropy(x, x_decoded_mean)
    kl_loss = -0.5 * K.sum(1 + z_log_var - K.square(z_mean) - K.exp(z_log_var), axis=-1)
    return xent_loss + 0.1 * kl_loss


vae = Model(x, decoded)
vae.compile(optimizer="adam", loss=vae_loss)
history = vae.fit(data, data, shuffle=True, nb_epoch=120, batch_size=batch_size, verbose=0)
losses = history.history["loss"]
assert losses[-1] < losses[0] - 0.3, losses[::30]
encoder = Model(x, z_mean)
assert encoder.predict(data, batch_size=batch_size, verbose=0).shape == (128, 2)

inputs = Input(shape=(10,))
outputs = Dense(10, activation="sigmoid")(Dense(4, activation="relu")(inputs))
model = Model(inputs, outputs)
model.add_loss(K.mean(metrics.binary_crossentropy(inputs, outputs)))
model.compile(optimizer="adam", loss=None)
history = model.fit(data, epochs=20, batch_size=16, verbose=0)
assert history.history["loss"][-1] < history.history["loss"][0]
