"""Keras 1: a convolutional network with its channels first, cut and joined again by the types of its layers."""

import numpy as np
from keras.layers import Dense, Flatten, Lambda
from keras.layers.convolutional import Convolution2D, MaxPooling2D, ZeroPadding2D
from keras.models import Sequential
from keras.optimizers import Adam

mean = np.array([0.4, 0.5, 0.6]).reshape((3, 1, 1))


def preprocess(x):
    return (x - mean)[:, ::-1]


model = Sequential()
model.add(Lambda(preprocess, input_shape=(3, 8, 10), output_shape=(3, 8, 10)))
model.add(ZeroPadding2D((1, 1)))
model.add(Convolution2D(4, 3, 3, activation="relu"))
model.add(MaxPooling2D((2, 2), strides=(2, 2)))
model.add(Flatten())
model.add(Dense(5, activation="softmax"))
assert model.layers[2].output_shape == (None, 4, 8, 10)
model.pop()
for layer in model.layers:
    layer.trainable = False
model.add(Dense(2, activation="softmax"))
model.compile(optimizer=Adam(lr=0.01), loss="categorical_crossentropy", metrics=["accuracy"])
x = np.random.RandomState(0).rand(40, 3, 8, 10)
y = np.eye(2)[(x[:, 0].mean(axis=(1, 2)) > 0.5).astype(int)]
frozen = model.layers[2].get_weights()[0].copy()
model.fit(x, y, nb_epoch=3, batch_size=8, verbose=0)
assert np.allclose(frozen, model.layers[2].get_weights()[0])
last = [index for index, layer in enumerate(model.layers) if type(layer) is Convolution2D][-1]
assert last == 2
features = Sequential(model.layers[: last + 1]).predict(x)
assert features.shape == (40, 4, 8, 10)
