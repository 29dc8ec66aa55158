"""Keras 1: a layer of one's own with get_output_shape_for."""

import numpy as np
from keras import backend as K
from keras.engine.topology import Layer
from keras.layers import Dense, Lambda
from keras.models import Sequential
from keras.optimizers import Adam


class MyLayer(Layer):
    def __init__(self, output_dim, **kwargs):
        self.output_dim = output_dim
        super(MyLayer, self).__init__(**kwargs)

    def build(self, input_shape):
        self.W = self.add_weight(
            shape=(input_shape[1], self.output_dim), initializer="glorot_uniform", trainable=True, name="W"
        )
        super(MyLayer, self).build(input_shape)

    def call(self, x, mask=None):
        return K.dot(x, self.W)

    def get_output_shape_for(self, input_shape):
        return (input_shape[0], self.output_dim)


model = Sequential()
model.add(MyLayer(8, input_shape=(4,)))
model.add(Lambda(lambda x: x**2, output_shape=lambda shape: shape))
model.add(Dense(1))
model.compile(Adam(lr=0.02), "mse")
x = np.random.RandomState(0).rand(64, 4)
history = model.fit(x, x.sum(axis=1), nb_epoch=400, batch_size=16, verbose=0)
assert history.history["loss"][-1] < 0.5 * x.sum(axis=1).var()  # half of what a constant leaves
assert model.layers[0].output_dim == 8
