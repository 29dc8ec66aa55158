"""Three kinds of iris from four measurements. (Tres especies de lirio a partir de cuatro medidas.)

python examples/iris.py
"""

import numpy as np

import neurona as nn


def accuracy(seed: int, epochs: int) -> float:
    """Test accuracy of a small network, with its own split of the data."""
    nn.utils.set_random_seed(seed)
    (x_train, y_train), (x_test, y_test) = nn.datasets.iris.load_data(test_split=0.2, seed=seed)
    normalization = nn.layers.Normalization()
    normalization.adapt(x_train)
    model = nn.Sequential(
        [
            nn.Input((4,)),
            normalization,
            nn.layers.Dense(16, activation="relu"),
            nn.layers.Dense(3, activation="softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(x_train, y_train, epochs=epochs, batch_size=16, verbose=0)
    return model.evaluate(x_test, y_test, verbose=0)[1]


def main(epochs: int = 100, seeds: int = 5) -> float:
    """The mean test accuracy over several seeds."""
    scores = [accuracy(seed, epochs) for seed in range(seeds)]
    print(
        f"Iris test accuracy over {seeds} seeds: {np.mean(scores):.3f} ({min(scores):.3f} to "
        f"{max(scores):.3f})"
    )
    return float(np.mean(scores))


if __name__ == "__main__":
    main()
