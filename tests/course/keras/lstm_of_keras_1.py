"""Keras 1: an LSTM on a series, with the arguments of then."""

import numpy as np
from keras.callbacks import EarlyStopping, ModelCheckpoint
from keras.layers import LSTM, Dense, TimeDistributed, TimeDistributedDense
from keras.models import Sequential

np.random.seed(0)
wave = np.sin(np.arange(220) * 0.3)
X = np.array([wave[i : i + 8] for i in range(200)])[:, :, None]
y = np.array([wave[i + 8] for i in range(200)])

model = Sequential()
model.add(
    LSTM(
        output_dim=12, input_length=8, input_dim=1, init="glorot_uniform", inner_init="orthogonal",
        inner_activation="hard_sigmoid", dropout_W=0.0, dropout_U=0.0, consume_less="cpu", forget_bias_init="one",
    )
)  # fmt: skip
model.add(Dense(output_dim=1))
model.compile(loss="mean_squared_error", optimizer="adam", metrics=["mean_absolute_error"])
history = model.fit(
    X, y, nb_epoch=30, batch_size=20, verbose=0, validation_split=0.2,
    callbacks=[EarlyStopping(monitor="val_mean_absolute_error", patience=30)],
)  # fmt: skip
assert history.history["val_mean_absolute_error"][-1] < 0.15, history.history["val_mean_absolute_error"][-1]

tagger = Sequential()
tagger.add(LSTM(4, input_dim=1, return_sequences=True))
tagger.add(TimeDistributedDense(3, activation="softmax"))
assert tagger.output_shape == (None, None, 3), tagger.output_shape
