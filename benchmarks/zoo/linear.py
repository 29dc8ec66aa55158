"""Networks of one or two layers that tell digits apart, beside scikit-learn's and hpelm's."""

from functools import partial
from typing import Any

import numpy as np

from benchmarks import data
from benchmarks.zoo.race import Race, accuracy, standardized


def _classes(make: Any, rows: data.Arrays, seed: int) -> np.ndarray:
    """The classes of the test rows that an estimator tells."""
    x, y, x_test, _ = rows
    return make(seed).fit(x, y).predict(x_test)


def neurona_perceptron(seed: int) -> Any:
    from neurona.zoo import Perceptron

    return Perceptron(epochs=10, random_state=seed)


def sklearn_perceptron(seed: int) -> Any:
    from sklearn.linear_model import Perceptron

    return Perceptron(max_iter=10, tol=None, random_state=seed)


def neurona_layers(rows: data.Arrays, seed: int) -> np.ndarray:
    import neurona

    neurona.utils.set_random_seed(seed)
    model = neurona.Sequential(
        [
            neurona.Input((784,)),
            neurona.layers.Dense(500, "relu"),
            neurona.layers.Dense(10, "softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy")
    model.fit(rows[0], rows[1], batch_size=100, epochs=3, verbose=0)
    return model.predict(rows[2], batch_size=1000, verbose=0).argmax(axis=1)


def sklearn_layers(seed: int) -> Any:
    from sklearn.neural_network import MLPClassifier

    return MLPClassifier((500,), batch_size=100, max_iter=3, random_state=seed)


def neurona_network(seed: int) -> Any:
    from neurona.zoo import Network

    return Network((8,), learning_rate=0.1, epochs=500, random_state=seed)


def sklearn_network(seed: int) -> Any:
    from sklearn.neural_network import MLPClassifier

    rates = {"solver": "sgd", "learning_rate_init": 0.1, "momentum": 0.0, "alpha": 0.0, "batch_size": 1}
    whole = {"max_iter": 500, "tol": 0.0, "n_iter_no_change": 500}
    return MLPClassifier((8,), "logistic", **rates, **whole, random_state=seed)


def neurona_extreme(seed: int) -> Any:
    from neurona.zoo import ExtremeClassifier

    spread = 3 / 28  # that of hpelm's weights, 3 / sqrt(inputs)
    return ExtremeClassifier(2000, weight_scale=spread, ridge=1.0, distribution="normal", random_state=seed)


def hpelm_extreme(rows: data.Arrays, seed: int) -> np.ndarray:
    for name, kind in (("int", int), ("float", float), ("bool", bool)):
        if not hasattr(np, name):  # hpelm is of 2018, and NumPy took these names away
            setattr(np, name, kind)
    from hpelm import ELM

    x, y, x_test, _ = rows
    np.random.seed(seed)
    machine = ELM(784, 10)
    machine.add_neurons(2000, "sigm")
    machine.train(x.astype("float64"), np.eye(10)[y], "c")
    return machine.predict(x_test.astype("float64")).argmax(axis=1)


def _race(**fits: Any) -> Race:
    return Race(data.load, {name.replace("_", "-"): fit for name, fit in fits.items()}, accuracy)


RACES = {
    "perceptron": _race(
        neurona=partial(_classes, neurona_perceptron), scikit_learn=partial(_classes, sklearn_perceptron)
    ),
    "network": Race(
        standardized,
        {
            "neurona": partial(_classes, neurona_network),
            "scikit-learn": partial(_classes, sklearn_network),
        },
        accuracy,
    ),
    "layers": _race(neurona=neurona_layers, scikit_learn=partial(_classes, sklearn_layers)),
    "extreme": _race(neurona=partial(_classes, neurona_extreme), hpelm=hpelm_extreme),
}
