"""House prices of California's districts with a multilayer perceptron (Pace and Barry, Sparse Spatial
Autoregressions, 1997).

python examples/california_housing.py
"""

import numpy as np

import neurona as nn


def main(epochs: int = 60, rows: int | None = None, seed: int = 0) -> float:
    """The coefficient of determination R2 on the test districts."""
    nn.utils.set_random_seed(seed)
    (x_train, y_train), (x_test, y_test) = nn.datasets.california_housing.load_data()
    x_train, y_train = x_train[:rows], y_train[:rows] / 100_000
    y_test = y_test / 100_000  # in hundreds of thousands of dollars
    normalization = nn.layers.Normalization()
    normalization.adapt(x_train)
    model = nn.Sequential(
        [
            nn.Input((x_train.shape[1],)),
            normalization,
            nn.layers.Dense(128, activation="relu"),
            nn.layers.Dense(64, activation="relu"),
            nn.layers.Dense(32, activation="relu"),
            nn.layers.Dense(1),
        ]
    )
    schedule = nn.optimizers.schedules.CosineDecay(0.002, epochs * -(-len(x_train) // 64))
    model.compile(nn.optimizers.Adam(schedule), loss="mse", metrics=["mae"])
    model.fit(x_train, y_train, batch_size=64, epochs=epochs, verbose=2)
    predicted = model.predict(x_test, verbose=0)[:, 0]
    r2 = 1 - np.sum((y_test - predicted) ** 2) / np.sum((y_test - y_test.mean()) ** 2)
    error = np.abs(y_test - predicted).mean() * 100_000
    print(f"California housing, {epochs} epochs: R2 {r2:.4f}, mean absolute error {error:,.0f} dollars")
    return float(r2)


if __name__ == "__main__":
    main()
