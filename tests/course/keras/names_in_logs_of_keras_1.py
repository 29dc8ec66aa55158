"""Keras 1: names in logs, a callback with its arguments of then, K.function with the phase, lower-case names."""

import keras
import numpy as np
from keras import backend as K
from keras.layers.core import Activation, Dense, Dropout
from keras.models import Sequential


class Losses(keras.callbacks.Callback):
    def on_train_begin(self, logs={}):
        self.losses = []

    def on_batch_end(self, batch, logs={}):
        self.losses.append(logs.get("loss"))


r = np.random.RandomState(0)
x = r.rand(60, 4)
y = (x[:, 0] > 0.5).astype(int)
model = Sequential([Dense(8, input_dim=4, init="uniform"), Dropout(0.5), Dense(1), Activation("sigmoid")])
optimizer = keras.optimizers.rmsprop(lr=0.01, decay=1e-6)
model.compile(optimizer, "binary_crossentropy", metrics=["accuracy", "mae"])
losses = Losses()
history = model.fit(
    x, y, nb_epoch=2, batch_size=20, verbose=0, callbacks=[losses], class_weight="auto", validation_split=0.2
)
assert len(losses.losses) == 6
assert {"acc", "val_acc", "mean_absolute_error"} <= set(history.history)
assert model.metrics_names == ["loss", "acc", "mean_absolute_error"]
dropped = K.function([model.layers[0].input, K.learning_phase()], [model.layers[1].output])
assert np.allclose(dropped([x, 0])[0], dropped([x, 0])[0])
assert (dropped([x, 1])[0] == 0).mean() > 0.3

# A flat list of metrics holds for every output; metrics may be the third argument.
from keras.layers import Input
from keras.models import Model

both = Input(shape=(4,))
model = Model(input=both, output=[Dense(1, name="first")(both), Dense(1, name="second")(both)])
model.compile("sgd", "mse", ["mae", "mse"])
rows = np.random.rand(8, 4)
logs = model.fit(rows, [rows[:, :1], rows[:, 1:2]], nb_epoch=1, verbose=0).history
assert {"first_mean_absolute_error", "first_mean_squared_error", "second_mean_absolute_error",
        "second_mean_squared_error"} <= set(logs), sorted(logs)  # fmt: skip
