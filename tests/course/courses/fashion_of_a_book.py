"""A course's program after a book, on Fashion-MNIST; of the data, a tenth, and fewer epochs."""

import numpy as np
import tensorflow as tf
from tensorflow import keras

fashion_mnist = keras.datasets.fashion_mnist
(X_train_full, y_train_full), (X_test, y_test) = fashion_mnist.load_data()
X_train_full, y_train_full = X_train_full[::5], y_train_full[::5]  # for the test's time

X_valid, X_train = X_train_full[:5000] / 255., X_train_full[5000:] / 255.
y_valid, y_train = y_train_full[:5000], y_train_full[5000:]
X_test = X_test / 255.

model = keras.models.Sequential([
    keras.layers.Flatten(input_shape=[28, 28]),
    keras.layers.Dense(300, activation="relu"),
    keras.layers.Dense(100, activation="relu"),
    keras.layers.Dense(10, activation="softmax")
])

model.summary()

hidden1 = model.layers[1]
weights, biases = hidden1.get_weights()
assert weights.shape == (784, 300) and biases.shape == (300,)

model.compile(loss="sparse_categorical_crossentropy",
              optimizer="sgd",
              metrics=["accuracy"])

history = model.fit(X_train, y_train, epochs=3,
                    validation_data=(X_valid, y_valid))

loss, accuracy = model.evaluate(X_test, y_test)
assert model.count_params() == 266_610 and accuracy > 0.7, accuracy
X_new = X_test[:3]
y_pred = np.argmax(model.predict(X_new), axis=-1)
assert len(np.array(y_pred)) == 3 and set(history.history) == {"loss", "accuracy", "val_loss", "val_accuracy"}
model.save("my_keras_model.h5")
model = keras.models.load_model("my_keras_model.h5")
model.predict(X_new)
assert (np.argmax(model.predict(X_new), axis=-1) == y_pred).all()
