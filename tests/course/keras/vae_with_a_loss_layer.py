"""Keras 2: a variational autoencoder whose loss is added by a layer that looks at tensors around it."""

import numpy as np
from keras import backend as K
from keras import metrics
from keras.layers import Dense, Input, Lambda, Layer
from keras.models import Model
from keras.utils import np_utils

x = Input(shape=(12,))
hidden = Dense(8, activation="relu")(x)
z_mean, z_log_var = Dense(2)(hidden), Dense(2)(hidden)


def sampling(args):
    mean, log_var = args
    return mean + K.exp(log_var / 2) * K.random_normal(shape=(K.shape(mean)[0], 2), mean=0.0, stddev=1.0)


decoded = Dense(12, activation="sigmoid")(Dense(8, activation="relu")(Lambda(sampling)([z_mean, z_log_var])))


class Loss(Layer):
    def call(self, inputs):
        x, decoded = inputs
        entropy = 12 * metrics.binary_crossentropy(K.flatten(x), K.flatten(decoded))
        divergence = -0.5 * K.mean(1 + z_log_var - K.square(z_mean) - K.exp(z_log_var), axis=-1)
        self.add_loss(K.mean(entropy + divergence), inputs=inputs)
        return x


vae = Model(x, Loss()([x, decoded]))
vae.compile(optimizer="rmsprop", loss=None)
data = np_utils.to_categorical(np.arange(200) % 2).repeat(6, axis=1)
history = vae.fit(data, epochs=40, batch_size=20, verbose=0, validation_data=(data[:20], None))
assert history.history["loss"][-1] < 0.8 * history.history["loss"][0]
