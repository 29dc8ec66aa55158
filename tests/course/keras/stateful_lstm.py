"""Keras 1 and 2: a stateful LSTM whose states are forgotten by hand."""

import numpy as np
from keras.layers import LSTM, Dense
from keras.models import Sequential

np.random.seed(0)
model = Sequential()
model.add(LSTM(6, batch_input_shape=(2, 3, 1), return_sequences=True, stateful=True))
model.add(LSTM(6, stateful=True))
model.add(Dense(1))
model.compile(loss="mse", optimizer="rmsprop")
x, y = np.random.rand(8, 3, 1), np.random.rand(8, 1)
for _ in range(3):
    model.fit(x, y, batch_size=2, nb_epoch=1, verbose=0, shuffle=False)
    model.reset_states()
first = model.predict(x[:2], batch_size=2, verbose=0)
second = model.predict(x[:2], batch_size=2, verbose=0)
model.reset_states()
third = model.predict(x[:2], batch_size=2, verbose=0)
assert np.allclose(first, third, atol=1e-6)
assert not np.allclose(first, second, atol=1e-6)
