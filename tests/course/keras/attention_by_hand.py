"""Keras 2: attention made of RepeatVector, Permute, multiply and a Lambda layer."""

import numpy as np
from keras import backend as K
from keras.layers import Activation, Dense, Flatten, Input, Lambda, Permute, RepeatVector, multiply
from keras.models import Model

np.random.seed(0)
x = np.random.rand(256, 6, 3)
place = np.random.randint(0, 6, 256)
x[np.arange(256), place, 0] = 3.0
y = x[np.arange(256), place, 1]

inputs = Input(shape=(6, 3))
scores = Dense(1, activation="tanh", kernel_initializer="ones")(inputs)
weights = Activation("softmax")(Flatten()(Lambda(lambda s: 8 * s)(scores)))
spread = Permute([2, 1])(RepeatVector(3)(weights))
context = Lambda(lambda t: K.sum(t, axis=-2), output_shape=(3,))(multiply([inputs, spread]))
model = Model(inputs=inputs, outputs=Dense(1)(context))
model.compile(optimizer="adam", loss="mse", metrics=["mae"])
history = model.fit(x, y, epochs=300, batch_size=16, verbose=0)
assert history.history["mean_absolute_error"][-1] < 0.3, history.history["mae"][-1]
attention = Model(inputs, weights).predict(x, verbose=0)
assert (attention.argmax(axis=-1) == place).mean() > 0.7
