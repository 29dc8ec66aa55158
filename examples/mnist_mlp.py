"""Handwritten digits with a multilayer perceptron of sigmoid neurons, 128 and 64 hidden.

python examples/mnist_mlp.py
"""

import neurona as nn
from neurona.layers import Activation, Dense, Flatten
from neurona.models import Sequential


def main(epochs: int = 10, rows: int | None = None, seed: int = 0) -> float:
    """The test accuracy."""
    nn.utils.set_random_seed(seed)
    (x_train, y_train), (x_test, y_test) = nn.datasets.mnist.load_data()
    x_train, y_train = x_train[:rows, ..., None] / 255.0, nn.utils.to_categorical(y_train[:rows])
    x_test, y_test = x_test[..., None] / 255.0, nn.utils.to_categorical(y_test)
    model = Sequential()
    model.add(Flatten(input_shape=(28, 28, 1)))
    model.add(Dense(128))
    model.add(Activation("sigmoid"))
    model.add(Dense(64))
    model.add(Activation("sigmoid"))
    model.add(Dense(10))
    model.add(Activation("softmax"))
    model.compile(optimizer="rmsprop", loss="categorical_crossentropy", metrics=["accuracy"])
    model.fit(x_train, y_train, epochs=epochs, validation_data=(x_test, y_test), verbose=2)
    accuracy = model.evaluate(x_test, y_test, verbose=0)[1]
    print(f"MNIST, sigmoid MLP, {epochs} epochs: test accuracy {accuracy:.4f}")
    return accuracy


if __name__ == "__main__":
    main()
