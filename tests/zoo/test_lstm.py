"""Gated networks: gates and outputs beside loops in NumPy, the tasks beside their definition."""

import re

import numpy as np
import pytest

from neurona import zoo
from neurona.zoo.lstm import SYMBOLS, legal_strings

rng = np.random.default_rng(2)
X = rng.normal(size=(6, 9, 2)).astype("float32")


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def looped(network, x):
    """The gates, the state and the outputs of a sequence, from the equations of the docstring."""
    kernel, recurrent, bias, last, last_bias = network.model_.get_weights()
    units, h, c, gates, found = network.units, np.zeros(network.units), np.zeros(network.units), [], []
    for row in x:
        if network.cell == "lstm":
            i, f, g, o = np.split(row @ kernel + h @ recurrent + bias, 4)
            c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
            h = sigmoid(o) * np.tanh(c)
            gates.append([sigmoid(i), sigmoid(f), sigmoid(o), c])
        else:
            seen, past = row @ kernel + bias[0], h @ recurrent + bias[1]
            z, r = sigmoid(seen[:units] + past[:units]), sigmoid((seen + past)[units : 2 * units])
            h = z * h + (1 - z) * np.tanh(seen[2 * units :] + r * past[2 * units :])
            gates.append([z, r, h])
        found.append(h @ last + last_bias)
    return np.swapaxes(gates, 0, 1), np.array(found)


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_gates_and_outputs_are_those_of_a_loop(cell):
    network = zoo.GatedNetwork(4, cell, lag=20, epochs=1, random_state=0).fit(X, X[..., :1])
    gates, outputs = looped(network, X[0])
    np.testing.assert_allclose(network.predict(X)[0], outputs, atol=1e-5)
    for found, wanted in zip(network.gates(X[0]).values(), gates, strict=True):
        np.testing.assert_allclose(found, wanted, atol=1e-5)
    assert len(network.plot(X[0]).axes) == 2 * (2 + len(gates))  # each with a bar of colours


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_units_begin_with_gates_that_keep_for_a_lag(cell):
    network = zoo.GatedNetwork(4, cell, lag=100, learning_rate=1e-12, epochs=1)
    network.fit(X, X[..., :1])
    kept = network.gates(np.zeros((1, 2)))
    gate = next(values for name, values in kept.items() if "kept" in name.en)[0]
    np.testing.assert_allclose(1 / (1 - gate), 1 + np.linspace(1, 100, 4), rtol=1e-3)


def test_sequences_of_several_lengths_are_told_apart_from_their_padding():
    shorter = [row[: 3 + place] for place, row in enumerate(X)]
    last = [row[-1, :1] for row in shorter]
    network = zoo.GatedNetwork(3, epochs=2, random_state=0).fit(shorter, last)
    each = zoo.GatedNetwork(3, epochs=2, random_state=0)
    each.fit(
        shorter,
        [np.where(np.arange(len(row))[:, None] == len(row) - 1, row[:, :1], np.nan) for row in shorter],
    )
    found = network.predict(shorter)
    np.testing.assert_array_equal(found, [row[-1] for row in each.predict(shorter)])
    alone = [network.predict([row])[0] for row in shorter]
    np.testing.assert_allclose(found, alone, atol=1e-6)
    wanted = 1 - np.mean((found - last) ** 2) / np.var(last)
    assert network.score(shorter, last) == pytest.approx(wanted, abs=1e-5)


def test_the_adding_problem_asks_for_what_it_marks():
    X, y = zoo.adding_problem(500, seed=1)
    lengths = np.isfinite(y[..., 0]).argmax(axis=1) + 1
    assert lengths.min() == 100
    assert lengths.max() == 110
    for rows, targets, length in zip(X, y, lengths):
        numbers, markers = rows[:length].T
        assert markers[0] == markers[-1] == -1
        marked = np.flatnonzero(markers == 1)
        assert len(marked) in (1, 2)  # where the first pair is marked its number is 0, and counts nothing
        assert (len(marked) == 2) or numbers[0] == 0
        assert marked.min() < 10 or numbers[0] == 0
        assert marked.max() < 50
        assert targets[length - 1, 0] == pytest.approx(0.5 + numbers[marked].sum() / 4, abs=1e-6)
        assert not rows[length:].any()


# The arcs of the grammar, in the form of a regular expression.
REBER = "B(?:TS*X(?:S|X(?:(?:T)*VPX)*(?:T)*V(?:V|PS))E|P(?:T*VPX)*T*V(?:V|PS)E)"


def test_strings_are_of_the_embedded_grammar():
    X, y, legal = zoo.embedded_reber(300, seed=3)
    for symbols, following, allowed in zip(X, y, legal):
        places = [*symbols.argmax(axis=1), following[-1].argmax()]
        text = "".join(SYMBOLS[place] for place in places)
        np.testing.assert_array_equal(symbols[1:], following[:-1])
        assert text[0] == "B"
        assert text[1] == text[-2]
        assert text[-1] == "E"
        assert re.fullmatch(REBER, text[2:-2]), text
        assert (allowed >= following).all()
        assert allowed.sum(axis=1)[-2:].tolist() == [1, 1]
        assert set(allowed[2:-3].sum(axis=1)) <= {1, 2}


def test_a_string_is_right_where_all_that_may_come_is_likeliest():
    class Oracle:
        def __init__(self, predictions):
            self.predict = lambda X: predictions

    X, _, legal = zoo.embedded_reber(2, seed=0)
    assert legal_strings(Oracle(legal), X, legal) == 1
    spoiled = [legal[0], legal[1].copy()]
    spoiled[1][-2] = spoiled[1][-2][::-1]
    assert legal_strings(Oracle(spoiled), X, legal) == 0.5


WRONG = [
    (lambda: zoo.GatedNetwork(cell="rnn").fit(X, X), "cell is 'lstm' or 'gru'. Received: cell='rnn'"),
    (
        lambda: zoo.GatedNetwork(output_activation="tanh").fit(X, X),
        "output_activation is 'linear' or 'softmax'",
    ),
    (lambda: zoo.GatedNetwork(lag=0).fit(X, X), "lag is a number of steps, 1 or more. Received: lag=0"),
    (lambda: zoo.GatedNetwork().fit(X), r"fit\(X, y\) needs y"),
    (lambda: zoo.GatedNetwork().fit(X, X[:5]), "6 sequences in X and 5 in y, which differ at sequence 5"),
    (lambda: zoo.GatedNetwork().fit(X, X[:, :8]), "which differ at sequence 0"),
    (lambda: zoo.GatedNetwork().fit([X[0], X[1, :, :1]], X[:2]), "sequences of X have 1 features and 2"),
    (lambda: zoo.GatedNetwork().fit(np.full_like(X, np.nan), X), "X holds NaN"),
    (lambda: zoo.GatedNetwork().fit(X, np.full_like(X, np.nan)), "sequence 0 asks for nothing"),
    (lambda: zoo.GatedNetwork().fit(X, np.where(np.arange(2), X, np.nan)), "step 0 is NaN in some"),
    (lambda: zoo.GatedNetwork().fit([1.0, 2.0], X), r"one of shape \(\)"),
    (lambda: zoo.GatedNetwork(output_activation="softmax").fit(X, X), "of which the sum is 1"),
    (lambda: zoo.GatedNetwork().predict(X), "has not learned yet"),
    (
        lambda: zoo.GatedNetwork(2, epochs=1).fit(X, X).predict(X[..., :1]),
        "X has 1 features, but GatedNetwork is",
    ),
    (lambda: zoo.adding_problem(1, 10), "steps is 22 or more"),
]


@pytest.mark.parametrize(("call", "words"), WRONG)
def test_what_does_not_fit_is_refused(call, words):
    with pytest.raises(ValueError, match=words):
        call()
