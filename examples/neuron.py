"""Hello, world: one neuron finds y = 2x - 1. (Hola, mundo: una sola neurona descubre y = 2x - 1.)

python examples/neuron.py
"""

import numpy as np

import neurona as nn


def main(epochs: int = 500) -> float:
    """Train one neuron on six points; returns what it predicts for 10, which should be near 19."""
    model = nn.Sequential([nn.layers.Dense(units=1, input_shape=[1])])
    model.compile(optimizer="sgd", loss="mean_squared_error")
    xs = np.array([-1, 0, 1, 2, 3, 4], dtype=float)
    ys = np.array([-3, -1, 1, 3, 5, 7], dtype=float)
    model.fit(xs, ys, epochs=epochs, verbose=0)
    prediction = model.predict([10.0], verbose=0)
    print(f"Prediction for 10 after {epochs} epochs: {prediction[0, 0]:.3f} (2 * 10 - 1 = 19)")
    return float(prediction[0, 0])


if __name__ == "__main__":
    main()
