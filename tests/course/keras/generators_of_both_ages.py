"""fit_generator with the arguments of Keras 1 and of Keras 2."""

import numpy as np
from keras.layers import Dense
from keras.models import Sequential
from keras.optimizers import Adam

np.random.seed(0)
X = np.random.rand(128, 4)
Y = (X.sum(axis=1) > 2).astype("float32")


def batches(size=16):
    while True:
        for start in range(0, len(X), size):
            yield X[start : start + size], Y[start : start + size]


model = Sequential([Dense(8, activation="relu", input_shape=(4,)), Dense(1, activation="sigmoid")])
model.compile(Adam(lr=0.03), "binary_crossentropy", metrics=["acc"])
first = model.fit_generator(
    batches(), samples_per_epoch=128, nb_epoch=3, verbose=0, validation_data=batches(), nb_val_samples=64,
    max_q_size=10, nb_worker=1,
)  # fmt: skip
assert len(first.history["val_acc"]) == 3 and int(model.optimizer.iterations) == 24
second = model.fit_generator(batches(), steps_per_epoch=8, epochs=60, verbose=0, workers=2, use_multiprocessing=True)
assert int(model.optimizer.iterations) == 24 + 480
loss, accuracy = model.evaluate_generator(batches(), steps=8)
assert accuracy > 0.7, accuracy  # the first weights differ from run to run
assert model.evaluate_generator(batches(), val_samples=128)[1] == accuracy
assert model.predict_generator(batches(), steps=2).shape == (32, 1)
assert set(np.unique(model.predict_classes(X))) <= {0, 1}
assert model.predict_proba(X).shape == (128, 1)
