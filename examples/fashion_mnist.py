"""Clothes in 28 x 28 pixels: one hidden layer of 128, on raw pixels as in the course and on scaled ones.

python examples/fashion_mnist.py
"""

import neurona as nn


def main(epochs: int = 5, rows: int | None = None, seed: int = 0) -> dict[str, float]:
    """Train twice; returns the test accuracy on raw (0..255) and on scaled (0..1) pixels."""
    (x_train, y_train), (x_test, y_test) = nn.datasets.fashion_mnist.load_data()
    scores = {}
    for name, scale in (("raw", 1.0), ("scaled", 255.0)):
        nn.utils.set_random_seed(seed)
        model = nn.models.Sequential(
            [
                nn.layers.Flatten(input_shape=(28, 28)),
                nn.layers.Dense(128, activation=nn.activations.relu),
                nn.layers.Dense(10, activation=nn.activations.softmax),
            ]
        )
        model.compile(
            optimizer=nn.optimizers.Adam(), loss="sparse_categorical_crossentropy", metrics=["accuracy"]
        )
        model.fit(x_train[:rows] / scale, y_train[:rows], epochs=epochs, verbose=2)
        scores[name] = model.evaluate(x_test / scale, y_test, verbose=0)[1]
        print(f"Fashion-MNIST, {name} pixels, {epochs} epochs: test accuracy {scores[name]:.4f}")
    return scores


if __name__ == "__main__":
    main()
