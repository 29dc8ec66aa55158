"""The variational autoencoder beside normal densities of SciPy, and linear ones whose likelihood is known."""

from typing import Any

import numpy as np
import pytest
from scipy.stats import bernoulli, multivariate_normal, norm
from sklearn.decomposition import PCA

import neurona as nn
from neurona import zoo

rng = np.random.default_rng(0)
STRIPES = np.array([[1, 1, 0, 0, 1], [0, 0, 1, 1, 1], [1, 1, 0, 0, 0]])[rng.integers(0, 3, 60)]
OPTIONS = {"learning_rate": 0.02, "epochs": 100, "batch_size": 10, "random_state": 0}
PLANE = (rng.normal(size=(400, 2)) @ rng.normal(size=(2, 5)) + 0.5 * rng.normal(size=(400, 5)) + 3).astype(
    "float32"
)


@pytest.fixture(scope="module")
def linear():
    options = {"likelihood": "gaussian", "learning_rate": 0.02, "epochs": 200, "batch_size": 50}
    return zoo.VariationalAutoencoder(2, (), random_state=0, **options).fit(PLANE)


@pytest.fixture(scope="module")
def network():
    return zoo.VariationalAutoencoder(2, (8,), **OPTIONS).fit(STRIPES)


def test_of_linear_networks_the_likelihood_is_that_of_a_normal_distribution(linear):
    kernel, bias = linear.model_.get_layer("decoder").get_weights()
    noise = np.exp(linear.model_.get_layer("likelihood").get_weights()[0])
    scale = linear.scale_
    covariance = (kernel.T @ kernel + noise * np.eye(5)) * np.outer(scale, scale)
    exact = multivariate_normal(bias * scale + linear.mean_, covariance).logpdf(PLANE)
    np.testing.assert_allclose(linear.log_likelihood(PLANE, draws=2000), exact, atol=0.1)
    assert np.mean(exact - linear.lower_bound(PLANE, draws=200)) > -0.02  # a bound, but for the draws
    drawn = linear.sample(20_000)
    np.testing.assert_allclose(np.cov(drawn.T), covariance, atol=0.15 * covariance.max())


def test_linear_networks_find_probabilistic_principal_components(linear):
    # scikit-learn's score is the highest likelihood of a linear code of two numbers (Tipping and Bishop)
    best = PCA(2).fit((PLANE - linear.mean_) / linear.scale_).score((PLANE - linear.mean_) / linear.scale_)
    best -= np.log(linear.scale_).sum()
    found = linear.log_likelihood(PLANE, draws=1000).mean()
    assert best - 0.1 < found < best + 0.02
    assert linear.score(PLANE) > best - 0.2
    back = linear.inverse_transform(linear.transform(PLANE))
    assert np.mean((back - PLANE) ** 2) < 0.3 * PLANE.var()


def test_the_divergence_and_both_bounds_are_those_of_sampled_densities(network):
    (first, bias), (code, offset) = (
        layer.get_weights() for layer in network.model_.get_layer("encoder").layers
    )
    (up, inner), (last, outer) = (layer.get_weights() for layer in network.model_.get_layer("decoder").layers)
    mean, spread = np.split(np.tanh(STRIPES[0] @ first + bias) @ code + offset, 2)
    q: Any = norm(mean, np.exp(spread / 2))
    z = q.rvs((40_000, 2), random_state=1)
    log_ratio = (norm.logpdf(z) - q.logpdf(z)).sum(axis=1)
    share = 1 / (1 + np.exp(-(np.tanh(z @ up + inner) @ last + outer)))
    log_row = bernoulli.logpmf(STRIPES[0], share).sum(axis=1)
    exact = np.log(np.mean(np.exp(log_row + log_ratio)))
    assert network.lower_bound(STRIPES[:1], draws=40_000)[0] == pytest.approx(
        np.mean(log_row + log_ratio), abs=0.05
    )
    assert network.log_likelihood(STRIPES[:1], draws=40_000)[0] == pytest.approx(exact, abs=0.05)
    assert np.mean(log_row + log_ratio) < exact
    np.testing.assert_allclose(network.transform(STRIPES[:1])[0], mean, rtol=1e-3)


def test_all_rows_of_few_units_have_probabilities_that_add_up_to_one(network):
    states = np.array(list(np.ndindex(*[2] * 5)), "float32")
    likely = np.exp(network.log_likelihood(states, draws=4000))
    assert likely.sum() == pytest.approx(1, abs=0.05)
    assert likely[[7, 24, 25]].sum() > 0.5  # the three rows that it learned; by chance 0.09
    share = (network.sample(4000)[:, None] == states).all(axis=2).mean(axis=0)
    np.testing.assert_allclose(share, likely, atol=0.04)


def test_a_heavier_divergence_leaves_less_in_the_codes():
    told = [
        zoo.VariationalAutoencoder(2, (8,), beta=beta, **OPTIONS)
        .fit(STRIPES)
        .transform(STRIPES)
        .std(axis=0)
        .max()
        for beta in (0.1, 1.0, 20.0)
    ]
    assert told[0] > told[1] > 0.5 > 0.05 > told[2]


def test_a_class_is_taken_from_the_code_and_asked_for_instead(tmp_path):
    sides = np.where(STRIPES[:, 0] == 1, "left", "right")
    network = zoo.ConditionalVariationalAutoencoder(1, (8,), **OPTIONS)
    network.fit(STRIPES, sides)
    right = network.log_likelihood(STRIPES, sides, draws=500)
    wrong = network.log_likelihood(STRIPES, np.where(sides == "left", "right", "left"), draws=500)
    assert (right > wrong + 1).all()
    drawn = network.sample(["left"] * 500 + ["right"] * 500)
    assert drawn[:500, 0].mean() > 0.95 > 0.05 > drawn[500:, 0].mean()
    codes = network.transform(STRIPES, sides)
    back = network.inverse_transform(codes, ["right"] * 60)
    assert (back[:, 2] > 0.9).all()
    assert network.score(STRIPES, sides) > -2
    network.save(tmp_path / "network.keras")
    again = zoo.load(tmp_path / "network.keras")
    np.testing.assert_array_equal(again.transform(STRIPES, sides), codes)
    assert network.plot(language="es").get_suptitle() == "Autocodificador variacional condicional"
    with pytest.raises(ValueError, match="the class above is new; it knows left, right"):
        network.sample(["above"])
    with pytest.raises(ValueError, match="60 rows in X and 59 classes in y"):
        network.fit(STRIPES, sides[:59])


@pytest.mark.experiment
def test_ten_seeds_stay_finite():
    for seed in range(10):
        network = zoo.VariationalAutoencoder(2, (8,), **{**OPTIONS, "epochs": 20, "random_state": seed})
        assert np.isfinite(network.fit(STRIPES).history_.history["loss"]).all()


@pytest.mark.parametrize("likelihood", [zoo.BernoulliLikelihood, zoo.GaussianLikelihood])
def test_its_cells_are_layers_of_any_model_also_in_16_bits(likelihood, tmp_path):
    inputs = nn.Input((5,))
    drawn = zoo.BinaryDraw(dtype="mixed_bfloat16")(inputs)
    code = nn.layers.GaussianUnits(2, dtype="mixed_bfloat16")(drawn)
    received = nn.layers.Dense(5, dtype="mixed_bfloat16")(code)
    model = nn.Model(inputs, likelihood(dtype="mixed_bfloat16")([received, drawn]))
    model.compile(nn.optimizers.Adam(0.05))
    losses = model.fit(STRIPES.astype("float32"), epochs=20, verbose=0).history["loss"]
    assert losses[-1] < losses[0]
    model.save(tmp_path / "model.keras")
    again = nn.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(again.predict(STRIPES, verbose=0), model.predict(STRIPES, verbose=0))


def test_greys_are_drawn_with_their_probability():
    layer, grey = zoo.BinaryDraw(seed=0), np.tile([0.0, 0.2, 0.7, 1.0], (20_000, 1)).astype("float32")
    np.testing.assert_allclose(np.mean(layer(grey, training=True), axis=0), grey[0], atol=0.02)
    np.testing.assert_array_equal(layer(grey), grey)


def test_what_does_not_fit_is_refused_by_name(network):
    with pytest.raises(ValueError, match=r"Row 0, column 1 is 7\..* take likelihood='gaussian'"):
        zoo.VariationalAutoencoder().fit([[0, 7], [1, 0]])
    with pytest.raises(ValueError, match=r"likelihood is 'bernoulli', .* Received: likelihood='poisson'"):
        zoo.VariationalAutoencoder(likelihood="poisson").fit(STRIPES)
    with pytest.raises(ValueError, match=r"beta is at least 0\. Received: beta=-1"):
        zoo.VariationalAutoencoder(beta=-1).fit(STRIPES)
    with pytest.raises(ValueError, match=r"units\[1\] is a whole number above 0"):
        zoo.VariationalAutoencoder(2, (8, 0)).fit(STRIPES)
    with pytest.raises(ValueError, match=r"codes have shape \(samples, 2\). Received shape \(1, 3\)"):
        network.inverse_transform([[0, 0, 0]])
    with pytest.raises(ValueError, match="has not learned yet"):
        zoo.VariationalAutoencoder().sample()
