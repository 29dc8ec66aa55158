"""Keras 1: the gates of a recurrent layer are the hard sigmoid of then."""

import numpy as np
from keras.layers import GRU, LSTM
from keras.models import Sequential

x = np.random.RandomState(0).randn(3, 4, 2)


def hard_sigmoid(z):
    return np.clip(0.2 * z + 0.5, 0, 1)


model = Sequential([LSTM(output_dim=3, input_shape=(4, 2))])
kernel, recurrent, bias = model.get_weights()
h = c = np.zeros((3, 3))
for t in range(4):
    i, f, g, o = np.split(x[:, t] @ kernel + h @ recurrent + bias, 4, axis=1)
    c = hard_sigmoid(f) * c + hard_sigmoid(i) * np.tanh(g)
    h = hard_sigmoid(o) * np.tanh(c)
assert np.allclose(model.predict(x), h, atol=1e-5)

model = Sequential([GRU(output_dim=3, input_shape=(4, 2))])
kernel, recurrent, bias = model.get_weights()
h = np.zeros((3, 3))
for t in range(4):
    z, r, g = np.split(x[:, t] @ kernel + bias, 3, axis=1)
    of_z, of_r, of_g = np.split(recurrent, 3, axis=1)
    z, r = hard_sigmoid(z + h @ of_z), hard_sigmoid(r + h @ of_r)
    h = z * h + (1 - z) * np.tanh(g + (r * h) @ of_g)
assert np.allclose(model.predict(x), h, atol=1e-5)
