"""L-BFGS beside SciPy's, and beside the solution of least squares."""

import numpy as np
from scipy.optimize import minimize

import neurona as nn
from neurona.training import QuasiNewton

rng = np.random.default_rng(4)
X = (rng.normal(size=(200, 6)) * 10.0 ** np.arange(-0.5, 1, 0.25)).astype("float32")  # of unlike sizes
Y = (X[:, 0] * 3 + X[:, 3] + rng.normal(size=200) > 0).astype("float32")


def logistic(epochs, **options):
    model = nn.Sequential([nn.Input((6,)), nn.layers.Dense(1, "sigmoid", kernel_initializer="zeros")])
    model.compile(loss="binary_crossentropy", rule=QuasiNewton(), **options)
    history = model.fit(X, Y[:, None], batch_size=200, epochs=epochs, verbose=0).history
    return model, history


def objective(weights):
    scores = X.astype(float) @ weights[:6] + weights[6]
    return np.mean(np.logaddexp(0, scores) - Y * scores)


def test_the_minimum_is_scipys_and_the_loss_never_rises():
    model, history = logistic(60, metrics=["accuracy"])
    best = minimize(objective, np.zeros(7), method="L-BFGS-B", options={"ftol": 1e-14, "gtol": 1e-9})
    found = np.concatenate([np.ravel(one) for one in model.get_weights()])
    assert objective(found) - best.fun < 1e-5
    assert np.diff(history["loss"]).max() < 1e-6
    assert abs(history["loss"][-1] - objective(found)) < 1e-5
    right = (model.predict(X, verbose=0)[:, 0] > 0.5) == Y
    assert abs(history["accuracy"][-1] - right.mean()) < 1e-6


def test_it_goes_on_with_other_rows():
    model, _ = logistic(20)
    before = model.evaluate(X[:50], 1 - Y[:50, None], verbose=0)
    history = model.fit(X[:50], 1 - Y[:50, None], batch_size=50, epochs=40, verbose=0).history
    assert history["loss"][-1] < 0.5 * before
