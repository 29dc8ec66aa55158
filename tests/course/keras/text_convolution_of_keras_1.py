"""Keras 1: words, a convolution over time and the arguments of then."""

import numpy as np
from keras.layers import Activation, Convolution1D, Dense, Dropout, Embedding, GlobalMaxPooling1D
from keras.models import Sequential
from keras.preprocessing import sequence

np.random.seed(1337)
max_features, maxlen = 30, 12
y = np.random.randint(0, 2, 240)
texts = [list(np.random.randint(1, 15, np.random.randint(5, 12))) for _ in y]
for text, label in zip(texts, y):
    if label:
        text[2:4] = [20, 21]
X = sequence.pad_sequences(texts, maxlen=maxlen)

model = Sequential()
model.add(Embedding(max_features, 8, input_length=maxlen, dropout=0.1))
model.add(
    Convolution1D(nb_filter=8, filter_length=3, border_mode="valid", activation="relu", subsample_length=1)
)
model.add(GlobalMaxPooling1D())
model.add(Dense(8))
model.add(Dropout(0.2))
model.add(Activation("relu"))
model.add(Dense(1))
model.add(Activation("sigmoid"))
model.compile(loss="binary_crossentropy", optimizer="adam", metrics=["accuracy"])
model.fit(X[:200], y[:200], batch_size=16, nb_epoch=12, validation_data=(X[200:], y[200:]), verbose=0)
score, acc = model.evaluate(X[200:], y[200:], batch_size=16, verbose=0)
print("Test score:", score, "Test accuracy:", acc)
assert acc > 0.9, acc
