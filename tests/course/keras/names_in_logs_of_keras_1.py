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
