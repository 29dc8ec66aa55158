"""Keras 1: callbacks of one's own, EarlyStopping and ModelCheckpoint with figures of then."""

import os

import numpy as np
from keras.callbacks import Callback, CSVLogger, EarlyStopping, History, ModelCheckpoint
from keras.layers import Dense
from keras.models import Sequential

np.random.seed(0)
X = np.random.rand(120, 4)
y = (X[:, 0] > X[:, 1]).astype(int)


class LossHistory(Callback):
    def on_train_begin(self, logs={}):
        self.losses, self.accuracies = [], []

    def on_batch_end(self, batch, logs={}):
        self.losses.append(logs.get("loss"))

    def on_epoch_end(self, epoch, logs={}):
        self.accuracies.append(logs.get("val_acc"))
        if logs.get("acc") > 0.97:
            self.model.stop_training = True


model = Sequential()
model.add(Dense(16, input_dim=4, activation="tanh"))
model.add(Dense(2, activation="softmax"))
model.compile(loss="sparse_categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
watcher, history = LossHistory(), History()
model.fit(
    X, y, nb_epoch=60, batch_size=10, verbose=0, validation_split=0.25,
    callbacks=[
        watcher,
        history,
        EarlyStopping(monitor="val_acc", patience=40, mode="auto"),
        ModelCheckpoint("best-{epoch:02d}-{val_acc:.2f}.hdf5", monitor="val_acc", save_best_only=True, mode="max"),
        ModelCheckpoint("every-{epoch:02d}.hdf5", save_weights_only=True, period=4),
        CSVLogger("log.csv", separator=",", append=False),
    ],
)  # fmt: skip
assert len(watcher.losses) == 9 * len(history.epoch)
assert max(watcher.accuracies) > 0.8, watcher.accuracies
best = sorted(name for name in os.listdir(".") if name.startswith("best-"))
assert best[-1].endswith("%.2f.hdf5" % max(watcher.accuracies)), best
model.load_weights(best[-1])
assert abs(model.evaluate(X[90:], y[90:], verbose=0)[1] - max(watcher.accuracies)) < 1e-6
every = sorted(name for name in os.listdir(".") if name.startswith("every-"))
assert every == ["every-%02d.hdf5" % epoch for epoch in range(4, len(history.epoch) + 1, 4)], every
