"""Keras 2: a critic whose third loss is a penalty on the gradients of its output, by K.gradients."""

from functools import partial

import keras.backend as K
import numpy as np
from keras.layers import Dense, Input
from keras.layers.advanced_activations import LeakyReLU
from keras.layers.merge import _Merge
from keras.models import Model, Sequential
from keras.optimizers import RMSprop


class Between(_Merge):
    def _merge_function(self, inputs):
        share = K.random_uniform((K.shape(inputs[0])[0], 1))
        return share * inputs[0] + (1 - share) * inputs[1]


def penalty(y_true, y_pred, samples):
    gradients = K.gradients(y_pred, samples)[0]
    norm = K.sqrt(K.sum(K.square(gradients), axis=np.arange(1, len(gradients.shape))))
    return K.mean(K.square(1 - norm))


def wasserstein(y_true, y_pred):
    return K.mean(y_true * y_pred)


critic = Sequential([Dense(16, input_dim=3, kernel_initializer="he_normal"), LeakyReLU(0.2), Dense(1)])
real, made = Input(shape=(3,)), Input(shape=(3,))
between = Between()([real, made])
of_samples = partial(penalty, samples=between)
of_samples.__name__ = "gradient_penalty"
model = Model(inputs=[real, made], outputs=[critic(real), critic(made), critic(between)])
losses, weights = [wasserstein, wasserstein, of_samples], [0.1, 0.1, 10]
model.compile(loss=losses, loss_weights=weights, optimizer=RMSprop(lr=0.01))
r = np.random.RandomState(0)
ones, zeros = np.ones((16, 1)), np.zeros((16, 1))
seen = [model.train_on_batch([r.randn(16, 3) + 2, r.randn(16, 3)], [-ones, ones, zeros]) for _ in range(80)]
assert len(seen[0]) == 4
assert np.mean([step[3] for step in seen[-5:]]) < 0.2
