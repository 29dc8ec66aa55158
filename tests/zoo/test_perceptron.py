"""The perceptron: Novikoff's bound, XOR, and the callbacks that fit takes."""

import numpy as np
import pytest
from sklearn.svm import SVC

import neurona as nn
from neurona import zoo
from neurona.datasets import iris

(X, y), _ = iris.load_data(test_split=0.0)
SEPARABLE = X[y < 2], y[y < 2]


def test_the_mistakes_stay_within_novikoffs_bound():
    rows, classes = SEPARABLE
    long = np.c_[rows, np.ones(len(rows))]
    turned = long * np.where(classes, 1, -1)[:, None]  # all on one side of the plane with the widest margin
    machine = SVC(kernel="linear", C=1e6).fit(np.r_[turned, -turned], np.repeat([1, 0], len(rows)))
    margins = turned @ machine.coef_[0] / np.linalg.norm(machine.coef_[0])
    bound = (np.linalg.norm(long, axis=1).max() / margins.min()) ** 2
    assert 0 < bound < 1000
    for seed in range(3):
        network = zoo.Perceptron(random_state=seed).fit(rows, classes)
        assert network.converged_
        assert network.score(rows, classes) == 1
        assert 0 < network.n_mistakes_ <= bound
        # That of the learned plane, whose margin is smaller.
        assert network.novikoff_bound(rows, classes) >= 0.999 * bound


def test_a_row_by_row_loop_gives_the_same_weights():
    rows, targets = X.astype("float32"), (y == 1).astype("float32")
    w, b, mistakes = np.zeros(4, "float32"), np.float32(0), 0
    for _ in range(2):
        for x, t in zip(rows, targets, strict=True):
            error = t - (x @ w + b > 0)
            w, b, mistakes = w + error * x, b + error, mistakes + abs(error)
    network = zoo.Perceptron(epochs=2, shuffle=False)
    with pytest.warns(UserWarning, match="no plane separates"):
        network.fit(rows, targets)
    kernel, bias = network.model_.get_weights()
    np.testing.assert_allclose(kernel[:, 0], w, rtol=1e-5, atol=1e-5)
    assert bias[0] == b
    assert network.n_mistakes_ == mistakes


def test_xor_never_comes_to_rest():
    rows = [[0, 0], [0, 1], [1, 0], [1, 1]]
    with pytest.warns(UserWarning, match="no plane separates the classes"):
        network = zoo.Perceptron(random_state=0).fit(rows, [0, 1, 1, 0])
    assert not network.converged_
    assert network.score(rows, [0, 1, 1, 0]) <= 0.75
    assert network.novikoff_bound(rows, [0, 1, 1, 0]) == np.inf


def test_fit_takes_the_callbacks_of_models():
    seen = []
    watch = nn.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: seen.append(logs["mistakes"]))
    network = zoo.Perceptron(random_state=0).fit(*SEPARABLE, callbacks=[watch])
    assert seen[-1] == 0
    assert seen == network.history_.history["mistakes"]


def test_the_averaged_perceptron_predicts_with_the_mean_of_all_weights():
    rows, targets = X[:6].astype("float32") - X[:6].mean(axis=0), np.array([0, 1, 0, 1, 1, 0])
    w, b, sums = np.zeros(4), 0.0, np.zeros(5)
    for _ in range(3):
        for x, t in zip(rows, targets, strict=True):
            error = t - (x @ w + b > 0)
            w, b = w + error * x, b + error
            sums += [*w, b]
    with pytest.warns(UserWarning, match="mistakes in epoch 3"):
        network = zoo.Perceptron(epochs=3, averaged=True, shuffle=False).fit(rows, targets)
    kernel, bias = network.model_.get_weights()
    np.testing.assert_allclose([*kernel[:, 0], bias[0]], sums / 18, rtol=1e-4, atol=1e-5)
