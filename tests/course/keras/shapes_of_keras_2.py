"""Keras 2: fixed batches beside unknown ones, lists of one tensor, products of 3 and 4 axes, other shapes."""

from __future__ import print_function

import numpy as np
from keras import backend as K
from keras import layers
from keras.layers import Dense, Embedding, Input, Lambda, Reshape
from keras.layers.merge import _Merge
from keras.models import Model, Sequential
from keras.preprocessing.image import ImageDataGenerator


class RandomWeightedAverage(_Merge):
    def _merge_function(self, inputs):
        alpha = K.random_uniform((8, 1, 1, 1))
        return (alpha * inputs[0]) + ((1 - alpha) * inputs[1])


a, b = Input((4, 4, 1)), Input((4, 4, 1))
between = Model([a, b], RandomWeightedAverage()([a, b])).predict([np.zeros((8, 4, 4, 1)), np.ones((8, 4, 4, 1))])
assert between.shape == (8, 4, 4, 1) and between.min() >= 0 and between.max() <= 1


def where(args):  # where the maxima were, as a what-where autoencoder asks
    before, after = args
    return K.gradients(K.sum(after), before)


image = Input((4, 4, 1))
hidden = layers.Conv2D(1, 1, kernel_initializer="ones", use_bias=False)(image)
pooled = layers.MaxPooling2D(2)(hidden)
marks = Lambda(where, output_shape=lambda shapes: shapes[0])([hidden, pooled])
found = Model(image, marks).predict(np.arange(16.0).reshape(1, 4, 4, 1))
assert (found[0, :, :, 0] == [[0, 0, 0, 0], [0, 1, 0, 1], [0, 0, 0, 0], [0, 1, 0, 1]]).all()

c, hat = np.random.rand(2, 3, 5), np.random.rand(2, 3, 5, 4)
o = K.eval(K.batch_dot(K.variable(c), K.variable(hat), [2, 2]))
assert np.allclose(o, np.einsum("bcn,bcnd->bcd", c, hat), atol=1e-5)
back = K.eval(K.batch_dot(K.variable(o), K.variable(hat), [2, 3]))
assert np.allclose(back, np.einsum("bcd,bcnd->bcn", o, hat), atol=1e-5)

# A model that was made for vectors gets rows of one: its layers take them.
generator = Sequential([Dense(12, input_dim=6), Reshape((2, 6))])
noise, label = Input((6,)), Input((1,), dtype="int32")
mixed = layers.multiply([noise, Embedding(10, 6)(label)])
assert Model([noise, label], generator(mixed)).predict([np.ones((3, 6)), np.ones((3, 1))]).shape == (3, 2, 6)

# Generators that know their length need no steps_per_epoch; no metrics at all may be an empty list.
x, y = np.random.rand(12, 8, 8, 1), np.random.rand(12, 1)
small = Sequential([layers.Flatten(input_shape=(8, 8, 1)), Dense(1)])
small.compile("sgd", "mse", metrics=[])
flow = ImageDataGenerator().flow(x, y, batch_size=5)
history = small.fit_generator(flow, epochs=2, validation_data=flow, verbose=0, workers=4)
assert len(history.history["val_loss"]) == 2
