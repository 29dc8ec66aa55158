"""Cells with a memory beside the formulas of their papers, step by step in NumPy, in double precision."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import neurona as nn
from neurona.layers import RNN, Dense, DNCCell, Input, LSTMCell, NTMCell, SimpleRNNCell

UNITS, PLACES, WIDTH, FEATURES = 3, 5, 4, 2
CELLS: dict[str, Any] = {
    "ntm": lambda **options: NTMCell(SimpleRNNCell(UNITS, **options), PLACES, WIDTH, 2, 2, **options),
    "dnc": lambda **options: DNCCell(SimpleRNNCell(UNITS, **options), PLACES, WIDTH, 2, **options),
}


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def softmax(z):
    return np.exp(z) / np.exp(z).sum(axis=-1, keepdims=True)


def oneplus(z):
    return 1 + np.log1p(np.exp(z))


def content(memory, key, strength):
    """Equations 5 and 6 of the neural Turing machine; the lengths as the cell takes them."""
    lengths = np.sqrt((memory**2).sum(axis=1) + 1e-6) * np.sqrt((key**2).sum() + 1e-6)
    return softmax(strength * (memory @ key) / lengths)


def pieces(emitted, *counts):
    return np.split(emitted, np.cumsum(counts)[:-1])


class Machine:
    """The neural Turing machine of equations 1 to 9, two write heads and two read heads."""

    def __init__(self):
        self.M, self.w, self.heads = np.full((PLACES, WIDTH), 1e-6), np.eye(PLACES)[[0] * 4], 4

    def weighting(self, head, k, b, g, s, c):
        found = content(self.M, np.tanh(k), np.log1p(np.exp(b)))
        found = sigmoid(g) * found + (1 - sigmoid(g)) * self.w[head]
        moved = np.zeros(PLACES)
        for i in range(PLACES):
            for j in range(PLACES):
                for step, share in zip((-1, 0, 1), softmax(s)):
                    moved[i] += found[j] * share * ((i - j - step) % PLACES == 0)
        moved = (moved + 1e-6) ** oneplus(c)
        return moved / moved.sum()

    def step(self, emitted):
        k, b, g, s, c, e, a = pieces(emitted, 4 * WIDTH, 4, 4, 12, 4, 2 * WIDTH, 2 * WIDTH)
        k, s, e, a = k.reshape(4, -1), s.reshape(4, -1), sigmoid(e).reshape(2, -1), np.tanh(a).reshape(2, -1)
        new = [self.weighting(head, k[head], b[head], g[head], s[head], c[head]) for head in (0, 1)]
        for head in (0, 1):
            for i in range(PLACES):
                self.M[i] = self.M[i] * (1 - new[head][i] * e[head]) + new[head][i] * a[head]
        new += [self.weighting(head, k[head], b[head], g[head], s[head], c[head]) for head in (2, 3)]
        self.w = np.array(new)
        return np.concatenate([w @ self.M for w in new[2:]])


class Computer:
    """The differentiable neural computer, formula by formula, with a sorted free list and two read heads."""

    def __init__(self):
        self.M, self.u, self.p, self.w = np.full((PLACES, WIDTH), 1e-6), *np.zeros((3, PLACES))
        self.L, self.r, self.heads = np.zeros((PLACES, PLACES)), np.zeros((2, PLACES)), 2

    def allocation(self):
        a, product = np.zeros(PLACES), 1.0
        for place in np.argsort(self.u, kind="stable"):
            a[place] = (1 - self.u[place]) * product
            product *= self.u[place] + 1e-6
        return a

    def step(self, emitted):
        sizes = (2 * WIDTH, 2, WIDTH, 1, WIDTH, WIDTH, 2, 1, 1, 6)
        k, b, kw, bw, e, v, f, ga, gw, m = pieces(emitted, *sizes)
        psi = np.prod([1 - sigmoid(f[head]) * self.r[head] for head in (0, 1)], axis=0)
        self.u = (self.u + self.w - self.u * self.w) * psi
        found = content(self.M, kw, oneplus(bw))
        self.w = sigmoid(gw) * (sigmoid(ga) * self.allocation() + (1 - sigmoid(ga)) * found)
        self.M = self.M * (1 - np.outer(self.w, sigmoid(e))) + np.outer(self.w, v)
        for i in range(PLACES):
            for j in range(PLACES):
                kept = (1 - self.w[i] - self.w[j]) * self.L[i, j] + self.w[i] * self.p[j]
                self.L[i, j] = kept if i != j else 0
        self.p = (1 - self.w.sum()) * self.p + self.w
        modes, keys = softmax(m.reshape(2, 3)), k.reshape(2, -1)
        self.r = np.array(
            [
                pi[0] * self.L.T @ r + pi[1] * content(self.M, key, oneplus(one)) + pi[2] * self.L @ r
                for pi, r, key, one in zip(modes, self.r, keys, b)
            ]
        )
        return (self.r @ self.M).ravel()


TRUTHS = {"ntm": Machine, "dnc": Computer}


def run(name, weights, x):
    """The outputs of a sequence (time, features), with a simple recurrent controller."""
    kernel, recurrent, bias, heads_kernel, heads_bias = weights
    memory, h, reads, found = TRUTHS[name](), np.zeros(UNITS), np.zeros(2 * WIDTH), []
    for row in x:
        h = np.tanh(np.concatenate([row, reads]) @ kernel + h @ recurrent + bias)
        reads = memory.step(h @ heads_kernel + heads_bias)
        found.append(np.concatenate([h, reads]))
    return np.array(found)


def layer_and_weights(name, seed=3, **options):
    layer = RNN(CELLS[name](**options), return_sequences=True, **options)
    layer.build((None, None, FEATURES))
    rng = np.random.default_rng(seed)
    order = ["kernel", "recurrent_kernel", "bias", "heads_kernel", "heads_bias"]
    weights = {weight.name: rng.normal(size=weight.shape) for weight in layer.weights}
    layer.set_weights([weights[weight.name] for weight in layer.weights])
    return layer, [weights[one] for one in order], order


X = np.random.default_rng(8).normal(size=(6, FEATURES))


_HALVES: Any = 1.5


@pytest.mark.parametrize("name", CELLS)
def test_outputs_and_slopes_are_those_of_the_papers_formulas(name):
    with jax.enable_x64(True):
        layer, weights, order = layer_and_weights(name, dtype="float64")
        np.testing.assert_allclose(layer(X[None])[0], run(name, weights, X), atol=1e-9)

        def loss(values):
            outputs, _ = layer.apply(values, jnp.asarray(X[None]))
            return jnp.sum(outputs**2)

        slopes = jax.grad(loss)([weight.value for weight in layer.weights])
        slopes = dict(zip([weight.name for weight in layer.weights], jax.tree.leaves(slopes), strict=True))
    rng = np.random.default_rng(0)
    for place, one in enumerate(order):
        direction = rng.normal(size=weights[place].shape)
        sides = []
        for step in (1e-6, -1e-6):
            moved = [*weights]
            moved[place] = weights[place] + step * direction
            sides.append(np.sum(run(name, moved, X) ** 2))
        wanted = (sides[0] - sides[1]) / 2e-6
        assert np.sum(np.asarray(slopes[one]) * direction) == pytest.approx(wanted, rel=1e-5, abs=1e-6), one


@pytest.mark.parametrize("name", CELLS)
def test_a_step_that_a_mask_leaves_out_changes_nothing(name):
    layer, _, _ = layer_and_weights(name)
    kept = np.array([0, 2, 3, 5])
    mask = np.isin(np.arange(6), kept)[None]
    outputs = layer(X[None], mask=mask)
    np.testing.assert_allclose(outputs[:, kept], layer(X[None, kept]), atol=1e-6)
    np.testing.assert_array_equal(outputs[:, [1, 4]], outputs[:, [0, 3]])


@pytest.mark.parametrize("name", CELLS)
def test_half_precision_gives_nearly_the_same(name):
    layer, weights, _ = layer_and_weights(name, dtype="mixed_bfloat16")
    outputs = layer(X[None])
    assert outputs.dtype == "bfloat16"
    apart = np.abs(np.asarray(outputs[0], float) - run(name, weights, X))
    assert apart.mean() < 0.05


@pytest.mark.parametrize("name", CELLS)
def test_cells_learn_in_any_model_and_travel_in_its_file(name, tmp_path):
    cell = CELLS[name]()
    model = nn.Sequential([Input((None, 2)), RNN([LSTMCell(3), cell]), Dense(1)])
    model.compile("adam", "mse")
    x = np.random.default_rng(0).normal(size=(4, 5, 2))
    losses = model.fit(x, x[:, 0, 0], epochs=3, verbose=0).history["loss"]
    assert losses[-1] < losses[0]
    model.save(tmp_path / "model.keras")
    again = nn.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(again.predict(x, verbose=0), model.predict(x, verbose=0))


def test_weightings_are_shares_and_links_have_no_loops():
    layer: Any = RNN(CELLS["dnc"](), return_state=True)
    _, _, memory, usage, order, writing, links, reading, _ = layer(np.ones((2, 9, 3), "float32"))
    assert memory.shape == (2, PLACES, WIDTH)
    for shares in (usage, order, writing, reading, links):
        assert float(shares.min()) >= 0
    assert float(usage.max()) <= 1
    for sums in (order.sum(-1), writing.sum(-1), reading.sum(-1), links.sum(-1), links.sum(-2)):
        assert float(sums.max()) <= 1 + 1e-5
    assert not np.asarray(links)[:, np.arange(PLACES), np.arange(PLACES)].any()


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: NTMCell(Dense(3)), "NTMCell: the controller needs a method"),
        (lambda: NTMCell(LSTMCell(3), locations=0), "NTMCell: locations"),
        (lambda: NTMCell(LSTMCell(3), write_heads=0), "NTMCell: write_heads"),
        (lambda: NTMCell(LSTMCell(3), shifts=0), "NTMCell: shifts"),
        (lambda: DNCCell(LSTMCell(3), width=-1), "DNCCell: width"),
        (lambda: DNCCell(LSTMCell(3), read_heads=_HALVES), "DNCCell: read_heads"),
    ],
)
def test_what_is_no_cell_or_number_is_refused(make, words):
    with pytest.raises(ValueError, match=words):
        make()
