"""GloVe: counts of neighbours beside a plain loop, a step beside AdaGrad in NumPy, and bad input."""

import numpy as np
import pytest

from neurona import zoo
from neurona.zoo import glove


def test_counts_are_those_of_a_plain_loop(monkeypatch):
    rng = np.random.default_rng(0)
    text = rng.integers(-1, 6, 200, "int32")
    expected = np.zeros((6, 6))
    for i, one in enumerate(text):
        for distance in range(1, 4):
            part = text[i : i + distance + 1]
            if len(part) == distance + 1 and (part >= 0).all():
                expected[one, part[-1]] += 1 / distance
    expected += expected.T
    for block in (glove._BLOCK, 7):
        monkeypatch.setattr(glove, "_BLOCK", block)
        np.testing.assert_allclose(glove.cooccurrences(text, 6, 3).toarray(), expected, rtol=1e-6)


def test_a_step_is_adagrads():
    """One step on all pairs of a small text, from the same first vectors."""
    options = {"vector_size": 4, "window": 2, "min_count": 1, "x_max": 3.0, "random_state": 0}
    text = [["a", "b", "c"], ["b", "c"], ["c", "a"]]
    network = zoo.Glove(epochs=1, **options).fit(text)
    again = zoo.Glove(**options)
    pairs, counts = again._checked(text, None)
    parameters = [value.astype("float64") for value in again._model_for(pairs, counts).get_weights()]
    w, c, b, d = parameters
    i, j = pairs.T
    error = (w[i] * c[j]).sum(1) + b[i] + d[j] - np.log(counts)
    slope = np.minimum((counts / 3) ** 0.75, 1) * error
    gradients = [(i, slope[:, None] * c[j]), (j, slope[:, None] * w[i]), (i, slope), (j, slope)]
    found = network.model_.get_weights()
    for value, (rows, gradient), one in zip(parameters, gradients, found, strict=True):
        squares, total = np.ones_like(value), np.zeros_like(value)
        np.add.at(squares, rows, gradient**2)
        np.add.at(total, rows, gradient)
        np.testing.assert_allclose(one, value - 0.05 * total / np.sqrt(squares), atol=1e-6)
    np.testing.assert_allclose(network.vectors, found[0] + found[1], rtol=1e-6)
    assert network.history_.history["loss"][0] == pytest.approx((slope * error).mean(), rel=1e-5)


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match=r"Glove: .*x_max=0"):
        zoo.Glove(x_max=0).fit([["a", "b"]])
    with pytest.raises(ValueError, match=r"Glove: 0 words are left of 2"):
        zoo.Glove().fit([["a", "b"]])
