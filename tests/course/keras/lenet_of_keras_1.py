"""Keras 1: a convolutional network with channels first, as on Theano."""

import numpy as np
from keras import backend as K
from keras.layers import Activation, Convolution2D, Dense, Dropout, Flatten, MaxPooling2D
from keras.models import Sequential
from keras.optimizers import SGD
from keras.regularizers import l2
from keras.utils import np_utils

K.set_image_dim_ordering("th")
np.random.seed(7)
y = np.random.randint(0, 2, 160)
X = np.random.rand(160, 1, 12, 12).astype("float32") * 0.3
X[y == 1, :, 3:9, 3:9] += 0.5
Y = np_utils.to_categorical(y, 2)

model = Sequential()
model.add(Convolution2D(4, 3, 3, border_mode="same", input_shape=(1, 12, 12), W_regularizer=l2(1e-4)))
model.add(Activation("relu"))
model.add(MaxPooling2D(pool_size=(2, 2)))
model.add(Convolution2D(8, 3, 3, activation="relu", subsample=(2, 2), init="he_normal"))
model.add(Flatten())
model.add(Dropout(0.25))
model.add(Dense(2, activation="softmax"))
assert model.layers[0].output_shape == (None, 4, 12, 12), model.layers[0].output_shape
print(model.summary())
model.compile(SGD(lr=0.05, decay=1e-6, momentum=0.9, nesterov=True), "categorical_crossentropy", ["accuracy"])
model.fit(X, Y, batch_size=16, nb_epoch=8, verbose=0)
assert model.evaluate(X, Y, verbose=0)[1] > 0.95
assert model.predict_classes(X, verbose=0).shape == (160,)
K.set_image_dim_ordering("tf")
