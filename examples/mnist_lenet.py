"""LeNet-5 on MNIST (LeCun et al., Gradient-Based Learning Applied to Document Recognition, 1998), with ReLU,
as in the course.

python examples/mnist_lenet.py
"""

import neurona as nn
from neurona.layers import Activation, Conv2D, Dense, Flatten, MaxPool2D
from neurona.models import Sequential
from neurona.optimizers import SGD


def main(epochs: int = 10, rows: int | None = None, seed: int = 0) -> float:
    """The test accuracy."""
    nn.utils.set_random_seed(seed)
    (x_train, y_train), (x_test, y_test) = nn.datasets.mnist.load_data()
    x_train, y_train = x_train[:rows, ..., None] / 255.0, nn.utils.to_categorical(y_train[:rows])
    x_test, y_test = x_test[..., None] / 255.0, nn.utils.to_categorical(y_test)
    model = Sequential()
    model.add(Conv2D(6, (5, 5), padding="same", input_shape=(28, 28, 1)))
    model.add(Activation("relu"))
    model.add(MaxPool2D(pool_size=(2, 2), strides=(2, 2)))
    model.add(Conv2D(16, (5, 5), padding="same"))
    model.add(Activation("relu"))
    model.add(MaxPool2D(pool_size=(2, 2), strides=(2, 2)))
    model.add(Flatten())
    model.add(Dense(120))
    model.add(Activation("relu"))
    model.add(Dense(84))
    model.add(Activation("relu"))
    model.add(Dense(10))
    model.add(Activation("softmax"))
    model.compile(optimizer=SGD(learning_rate=0.01), loss="categorical_crossentropy", metrics=["accuracy"])
    model.fit(x_train, y_train, epochs=epochs, validation_data=(x_test, y_test), verbose=2)
    accuracy = model.evaluate(x_test, y_test, verbose=0)[1]
    print(f"MNIST, LeNet-5, SGD 0.01, {epochs} epochs: test accuracy {accuracy:.4f}")
    return accuracy


if __name__ == "__main__":
    main()
