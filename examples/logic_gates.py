"""AND and OR with one neuron, XNOR with a hidden layer: what a perceptron can and can't do.

python examples/logic_gates.py
"""

import numpy as np

import neurona as nn

INPUTS = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], dtype="float32")
GATES = {"AND": [0, 0, 0, 1], "OR": [0, 1, 1, 1], "XNOR": [1, 0, 0, 1]}


def learn(targets: list[int], hidden: int, epochs: int) -> np.ndarray:
    """The outputs, rounded to 0 or 1, of a network trained on a truth table; hidden=0 is a single neuron."""
    layers = [nn.Input((2,))]
    if hidden:
        layers.append(nn.layers.Dense(hidden, activation="tanh"))
    model = nn.Sequential([*layers, nn.layers.Dense(1, activation="sigmoid")])
    model.compile(nn.optimizers.Adam(0.1), "binary_crossentropy")
    model.fit(INPUTS, np.array(targets, "float32"), epochs=epochs, verbose=0)
    return model.predict(INPUTS, verbose=0).ravel().round().astype(int)


def main(epochs: int = 300) -> dict[str, bool]:
    """Learn every gate; returns which were learned without error. One neuron fails at XNOR, four hidden ones
    do not.
    """
    nn.utils.set_random_seed(1)
    learned = {}
    for gate, targets in GATES.items():
        for hidden in (0, 4) if gate == "XNOR" else (0,):
            name = f"{gate} with {hidden} hidden neurons" if hidden else f"{gate} with one neuron"
            outputs = learn(targets, hidden, epochs)
            learned[name] = outputs.tolist() == targets
            print(f"{name}: {outputs} {'learned' if learned[name] else 'not learned'}")
    return learned


if __name__ == "__main__":
    main()
