"""Keras 1: classes counted with NumPy, a bag of words and an MLP."""

import numpy as np
from keras.layers.core import Activation, Dense, Dropout
from keras.models import Sequential
from keras.preprocessing.text import Tokenizer
from keras.utils import np_utils

np.random.seed(1337)
max_words, batch_size, nb_epoch = 40, 16, 15
labels = np.random.randint(0, 4, 240)
texts = [[int(word) for word in np.random.randint(1 + 9 * label, 10 + 9 * label, 12)] for label in labels]
tokenizer = Tokenizer(nb_words=max_words)
X = tokenizer.sequences_to_matrix(texts, mode="binary")
nb_classes = np.max(labels) + 1
Y = np_utils.to_categorical(labels, nb_classes)

model = Sequential()
model.add(Dense(32, input_shape=(max_words,)))
model.add(Activation("relu"))
model.add(Dropout(0.5))
model.add(Dense(nb_classes))
model.add(Activation("softmax"))
model.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
history = model.fit(X[:200], Y[:200], nb_epoch=nb_epoch, batch_size=batch_size, verbose=0, validation_split=0.1)
score = model.evaluate(X[200:], Y[200:], batch_size=batch_size, verbose=0)
print("Test accuracy:", score[1])
assert score[1] > 0.9 and history.history["val_acc"][-1] > 0.9
