"""Mixtures of experts beside a dense computation, numbers computed by hand, and data in known pieces."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.stats import norm

import neurona as nn
from neurona import zoo
from neurona.zoo.mixture_of_experts import quarters

rng = np.random.default_rng(0)
X = rng.normal(size=(70, 5)).astype("float32")


def layer_of(seed: int = 0, **options: Any) -> Any:
    """A layer whose gate and biases are no longer 0."""
    layer = zoo.MixtureOfExperts(3, experts=6, seed=seed, **{"activation": "tanh", **options})
    layer.build((None, 5))
    generator = np.random.default_rng(seed)
    layer.set_weights([generator.normal(size=weight.shape) for weight in layer.get_weights()])
    return layer


def by_hand(layer: Any, x: np.ndarray) -> np.ndarray:
    """Every expert for every row, weighed by the gates."""
    gates = np.asarray(layer.gates(x), "float64")
    h = np.tanh(np.einsum("rf,efu->reu", x, layer.kernel.numpy()) + layer.bias.numpy())
    if layer.hidden:
        h = np.einsum("reh,ehu->reu", h, layer.kernel_out.numpy()) + layer.bias_out.numpy()
    return np.einsum("re,reu->ru", gates, h)


@pytest.mark.parametrize("hidden", [None, 7])
@pytest.mark.parametrize("top", [1, 2, None])
def test_chosen_experts_alone_give_what_all_weighed_by_their_gates_do(top, hidden):
    layer = layer_of(top=top, hidden=hidden)
    gates = np.asarray(layer.gates(X))
    np.testing.assert_allclose(gates.sum(axis=1), 1, atol=1e-6)
    assert (np.count_nonzero(gates, axis=1) == (top or 6)).all()
    logits = X @ layer.gate.numpy()
    kept = np.where(logits >= np.sort(logits, axis=1)[:, [-(top or 6)]], np.exp(logits), 0)
    np.testing.assert_allclose(gates, kept / kept.sum(axis=1, keepdims=True), atol=1e-5)
    np.testing.assert_allclose(layer(X), by_hand(layer, X), atol=1e-5)
    np.testing.assert_allclose(layer(X.reshape(2, 35, 5)), by_hand(layer, X).reshape(2, 35, 3), atol=1e-5)
    few = [layer(X[:rows]) for rows in (1, 17)]
    np.testing.assert_allclose(few[1][:1], few[0], atol=1e-6)


def test_gradients_are_those_of_all_experts_weighed_by_their_gates():
    layer = layer_of(top=2)
    values = [variable.value for variable in layer.trainable_variables]

    def sparse(values: Any) -> Any:
        return jnp.sum(layer.stateless_call(values, [], X)[0] ** 2)

    def dense(values: Any) -> Any:
        gate, _, kernel, bias = values
        best, chosen = jax.lax.top_k(X @ gate, 2)
        weights = jnp.einsum("rk,rke->re", jax.nn.softmax(best), jax.nn.one_hot(chosen, 6))
        h = jnp.tanh(jnp.einsum("rf,efu->reu", X, kernel) + bias)
        return jnp.sum(jnp.einsum("re,reu->ru", weights, h) ** 2)

    for ours, theirs in zip(jax.grad(sparse)(values), jax.grad(dense)(values), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=2e-4)


def test_no_row_is_left_out_where_all_go_to_one_expert():
    layer = layer_of(top=1)
    layer.gate.assign(np.zeros((5, 6)))  # of equals the first is taken
    x = np.concatenate([X] * 3)
    assert np.count_nonzero(layer.gates(x), axis=0).tolist() == [len(x), 0, 0, 0, 0, 0]
    np.testing.assert_allclose(layer(x), by_hand(layer, x), atol=1e-5)


def test_losses_are_the_variation_of_importance_and_of_load():
    layer = layer_of(top=2, balance=0.5)
    layer(X, training=True)
    load, importance = (float(loss) for loss in layer.losses)
    # the load is the chance, over new noise of its own, that an expert is among the two
    clean = X @ layer.gate.numpy()
    width = np.log1p(np.exp(X @ layer.gate_noise.numpy()))
    noisy = clean + width * np.asarray(jax.random.normal(jax.random.key(5), clean.shape))
    found = layer._load(jnp.asarray(clean), jnp.asarray(noisy), jnp.asarray(width))
    wanted = [
        np.mean(
            [norm.cdf((clean[r, e] - np.sort(np.delete(noisy[r], e))[-2]) / width[r, e]) for r in range(70)]
        )
        for e in range(6)
    ]
    np.testing.assert_allclose(found / 70, wanted, atol=1e-5)
    assert 0 < load < 0.5 * 5
    assert 0 < importance < 0.5 * 5  # (6 - 1) where one expert has everything
    alone = layer_of(top=1, balance=0.5)
    alone.gate.assign(np.tile([50.0, 0, 0, 0, 0, 0], (5, 1)))
    alone.gate_noise.assign(np.zeros((5, 6)))
    alone(np.abs(X), training=True)
    assert [float(loss) for loss in alone.losses] == pytest.approx([2.5, 2.5], rel=0.05)
    without = layer_of(top=None)
    without(X, training=True)
    assert len(without.losses) == 1  # no noise, so no load


def test_balance_evens_out_what_experts_get():
    spread, rows = [], np.abs(rng.normal(size=(400, 5)))
    for balance in (0.0, 0.1):
        with nn.random.Stream(0):
            layer = zoo.MixtureOfExperts(1, 8, 2, balance=balance)
            model = nn.Sequential([nn.Input((5,)), layer])
            layer.gate.assign(np.tile([0.4, 0.4, 0, 0, 0, 0, 0, 0], (5, 1)))  # two for nearly all rows
            model.compile(nn.optimizers.Adam(0.02), "mse")
            model.fit(rows, np.sin(rows.sum(axis=1)), epochs=40, batch_size=50, verbose=0)
        load = np.count_nonzero(layer.gates(rows), axis=0)
        spread.append(load.std() / load.mean())
    assert spread[1] < 0.8 < 1.2 < spread[0]


@pytest.mark.parametrize("policy", ["bfloat16", "mixed_bfloat16"])
def test_the_layer_stands_in_models_of_half_precision_and_travels_in_files(policy, tmp_path):
    layer = zoo.MixtureOfExperts(4, 6, 2, hidden=8, activation="relu", dtype=policy, seed=1)
    x = nn.Input((5,))
    model = nn.Model(x, nn.layers.Dense(1)(layer(x)))
    model.compile(nn.optimizers.Adam(0.01), "mse")
    losses = model.fit(X, X[:, :1], epochs=15, verbose=0).history["loss"]
    assert losses[-1] < losses[0]
    assert str(layer(X).dtype) == "bfloat16"
    model.save(tmp_path / "model.keras")
    again = nn.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(again.predict(X, verbose=0), model.predict(X, verbose=0))


def test_the_loss_is_less_the_log_of_a_mixture_of_normal_densities():
    said, likely, width = rng.normal(size=(9, 4, 2)), rng.dirichlet(np.ones(4), 9), 0.7
    target = rng.normal(size=(9, 2))
    given = np.concatenate([said, np.log(likely)[..., None], np.full((9, 4, 1), np.log(width))], axis=-1)
    each = norm.pdf(target[:, None], said, width).prod(axis=2)
    wanted = -np.log((likely * each).sum(axis=1)).mean()
    assert float(zoo.CompetingExperts()(target, given)) == pytest.approx(wanted, rel=1e-5)


def test_a_gate_finds_the_pieces_of_a_function():
    X, y, quarter = quarters(1200, 0)
    network = zoo.MixtureOfExpertsRegressor(8, epochs=60, random_state=1).fit(X, y)
    asked = network.gates(X).argmax(axis=1)
    table = np.zeros((8, 4))
    np.add.at(table, (asked, quarter), 1)
    assert table.max(axis=1).sum() / len(X) > 0.95
    # inside of a piece the error is that of the noise, and the width that was learned too
    inside = np.abs(X).min(axis=1) > 0.1
    error = np.sqrt(np.mean((network.predict(X) - y)[inside] ** 2))
    assert error == pytest.approx(0.1, rel=0.15)
    width = float(network._outputs(X)[0, 0, -1])
    assert np.exp(width) * network.target_scale_[0] == pytest.approx(0.1, rel=0.15)
    both = zoo.MixtureOfExpertsRegressor(2, epochs=3, random_state=1).fit(X, np.stack([y, -y], axis=1))
    assert both.predict(X).shape == (1200, 2)


def test_what_does_not_fit_is_refused_by_name():
    with pytest.raises(ValueError, match=r"top is at most experts\. Received: top=3, experts=2"):
        zoo.MixtureOfExperts(1, 2, 3)
    with pytest.raises(ValueError, match=r"experts is a whole number above 0\. Received: experts=0"):
        zoo.MixtureOfExperts(1, 0)
    with pytest.raises(ValueError, match=r"balance is a number of at least 0\. Received: balance=-1"):
        zoo.MixtureOfExperts(1, balance=-1)
    with pytest.raises(ValueError, match=r"units is a whole number above 0\. Received: units=0"):
        zoo.LocalExperts(0, 2)
    with pytest.raises(ValueError, match=r"MixtureOfExpertsRegressor: experts is a whole number above 0"):
        zoo.MixtureOfExpertsRegressor(0).fit(X, X[:, 0])
    with pytest.raises(ValueError, match="X holds NaN, first in row 1, column 0"):
        zoo.MixtureOfExpertsRegressor().fit([[0.0], [np.nan]], [0, 1])
