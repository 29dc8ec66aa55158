"""Fashion-MNIST with hidden layers of 300 and 100, SGD, 30 epochs, 5,000 images kept for validation.

python examples/fashion_mnist_deep.py
"""

import numpy as np

import neurona as nn


def main(epochs: int = 30, rows: int | None = None, seed: int = 0) -> float:
    """The test accuracy."""
    nn.utils.set_random_seed(seed)
    (x_full, y_full), (x_test, y_test) = nn.datasets.fashion_mnist.load_data()
    x_valid, x_train = x_full[:5000] / 255.0, x_full[5000:][:rows] / 255.0
    y_valid, y_train = y_full[:5000], y_full[5000:][:rows]
    x_test = x_test / 255.0
    model = nn.models.Sequential(
        [
            nn.layers.Flatten(input_shape=[28, 28]),
            nn.layers.Dense(300, activation="relu"),
            nn.layers.Dense(100, activation="relu"),
            nn.layers.Dense(10, activation="softmax"),
        ]
    )
    model.summary()
    model.compile(loss="sparse_categorical_crossentropy", optimizer="sgd", metrics=["accuracy"])
    model.fit(x_train, y_train, epochs=epochs, validation_data=(x_valid, y_valid), verbose=2)
    accuracy = model.evaluate(x_test, y_test, verbose=0)[1]
    names = nn.datasets.fashion_mnist.class_names("es")
    shown = np.argmax(model.predict(x_test[:3], verbose=0), axis=-1)
    print("The first three test images:", ", ".join(names[label] for label in shown))
    print(f"Fashion-MNIST 300-100, SGD, {epochs} epochs: test accuracy {accuracy:.4f}")
    return accuracy


if __name__ == "__main__":
    main()
