"""The two programs on a course's slides, an MLP and a network like LeNet-5; of MNIST, a part."""

from keras.datasets import mnist
from keras.layers import Activation, Conv2D, Dense, Flatten, MaxPool2D
from keras.models import Sequential
from keras.optimizers import SGD
from keras.utils import to_categorical

(X_train, y_train), (X_test, y_test) = mnist.load_data()
X_train, X_test = X_train[:4000, ..., None] / 255.0, X_test[:1000, ..., None] / 255.0
Y_train, Y_test = to_categorical(y_train[:4000]), to_categorical(y_test[:1000])

model = Sequential()
model.add(Flatten(input_shape=(28, 28, 1)))
model.add(Dense(128))
model.add(Activation("sigmoid"))
model.add(Dense(64))
model.add(Activation("sigmoid"))
model.add(Dense(10))
model.add(Activation("softmax"))
model.compile(optimizer="rmsprop", loss="categorical_crossentropy", metrics=["accuracy"])
model.fit(X_train, Y_train, epochs=10, validation_data=(X_test, Y_test), verbose=0)
assert model.evaluate(X_test, Y_test, verbose=0)[1] > 0.85

model = Sequential()
# CONV => RELU => POOL
model.add(Conv2D(6, (5, 5), border_mode="same", input_shape=(28, 28, 1)))
model.add(Activation("relu"))
model.add(MaxPool2D(pool_size=(2, 2), strides=(2, 2)))
# CONV => RELU => POOL
model.add(Conv2D(16, (5, 5), border_mode="same"))
model.add(Activation("relu"))
model.add(MaxPool2D(pool_size=(2, 2), strides=(2, 2)))
# Full Connected => RELU
model.add(Flatten())
model.add(Dense(120))
model.add(Activation("relu"))
model.add(Dense(84))
model.add(Activation("relu"))
# softmax
model.add(Dense(10))
model.add(Activation("softmax"))
model.compile(optimizer=SGD(lr=0.01), loss="categorical_crossentropy", metrics=["accuracy"])
history = model.fit(X_train, Y_train, epochs=1, validation_data=(X_test, Y_test), verbose=0)
assert model.count_params() == 156 + 2416 + 94_200 + 10_164 + 850
assert history.history["acc"] == history.history["accuracy"]
