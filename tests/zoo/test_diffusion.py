"""Diffusion beside normal densities, whose noise is known in closed form, and classes that are asked for."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import neurona as nn
from neurona import zoo
from neurona.zoo.generation import energy_distance, rings

MEAN, COVARIANCE = np.array([1.0, -0.5]), np.array([[1.0, 0.6], [0.6, 0.8]])
rng = np.random.default_rng(0)
SIDES = np.array(["left", "right"] * 100)
ROWS = np.stack([np.where(SIDES == "left", -2, 2) + rng.normal(size=200), np.full(200, 0.3)], axis=1)
SMALL = {"units": (16,), "steps": 50, "learning_rate": 0.01, "random_state": 0}


def best_noise(x, kept, mean, covariance):
    """The mean of the noise, given x_t: rows are normal, and so is what is added."""
    total = kept * covariance + (1 - kept) * np.eye(len(mean))
    return (x - np.sqrt(kept) * mean) @ np.linalg.inv(total) * np.sqrt(1 - kept)


@pytest.fixture(scope="module")
def network():
    return zoo.GuidedDiffusion(1.0, epochs=60, **SMALL).fit(ROWS, SIDES)


def test_all_steps_up_to_t_are_one():
    betas = zoo.linear_betas(60)
    layer, x = zoo.ForwardProcess(60, seed=0), np.tile([3.0, -1.0], (6000, 1)).astype("float32")
    noisy, t, noise = (np.asarray(part) for part in layer(x))
    factor, variance, kept = 1.0, 0.0, [1.0]
    for beta in betas:  # step by step: the mean shrinks, and the variance shrinks and grows
        factor, variance = np.sqrt(1 - beta) * factor, (1 - beta) * variance + beta
        kept.append(factor**2)
        assert variance == pytest.approx(1 - factor**2)
    kept = np.array(kept)[t]
    np.testing.assert_allclose(noisy, np.sqrt(kept) * x + np.sqrt(1 - kept) * noise, atol=1e-5)
    assert np.bincount(t.ravel(), minlength=61)[1:].min() > 60  # of 100 each
    assert t.max() == 60
    assert abs(noise.mean()) < 0.03
    assert noise.std() == pytest.approx(1, abs=0.03)
    np.testing.assert_allclose(zoo.linear_betas(1000), np.linspace(1e-4, 0.02, 1000))


def test_with_the_best_denoiser_samples_have_the_mean_and_the_covariance_of_the_data():
    betas = zoo.linear_betas(400)
    kept = np.cumprod(1 - betas)
    # The way back of a normal density is linear: its mean and covariance follow step by step.
    mean, covariance = np.zeros(2), np.eye(2)
    for t in range(400, 0, -1):
        beta, here = betas[t - 1], kept[t - 1]
        slope = np.sqrt(1 - here) * np.linalg.inv(here * COVARIANCE + (1 - here) * np.eye(2))
        back = (np.eye(2) - beta / np.sqrt(1 - here) * slope) / np.sqrt(1 - beta)
        mean = back @ mean + beta / np.sqrt(1 - here) * slope @ MEAN * np.sqrt(here) / np.sqrt(1 - beta)
        covariance = back @ covariance @ back.T + (beta * np.eye(2) if t > 1 else 0)
    np.testing.assert_allclose(mean, MEAN, atol=0.02)
    np.testing.assert_allclose(covariance, COVARIANCE, atol=0.03)

    slopes = [np.linalg.inv(one * COVARIANCE + (1 - one) * np.eye(2)) * np.sqrt(1 - one) for one in kept]
    slopes, signal = jnp.asarray(np.array(slopes), "float32"), jnp.asarray(np.sqrt(kept), "float32")

    def noise_of(x, t):
        return (x - signal[t - 1] * MEAN.astype("float32")) @ slopes[t - 1]

    start, key = jax.random.normal(jax.random.key(0), (4000, 2)), jax.random.key(1)
    drawn = np.asarray(zoo.reverse_process(noise_of, start, key, betas))
    np.testing.assert_allclose(drawn.mean(axis=0), mean, atol=0.06)  # four standard errors
    np.testing.assert_allclose(np.cov(drawn.T), covariance, atol=0.1)
    halfway = zoo.reverse_process(noise_of, start, key, betas, last=100)
    np.testing.assert_allclose(
        zoo.reverse_process(noise_of, halfway, key, betas, first=100), drawn, atol=1e-5
    )


def test_a_network_learns_the_best_denoiser_of_normal_rows():
    rows = rng.multivariate_normal(MEAN, COVARIANCE, 1000)
    network = zoo.Diffusion((32,), 50, 0.01, epochs=60, random_state=0).fit(rows)
    kept = np.cumprod(1 - zoo.linear_betas(50))
    scaled = np.corrcoef(rows.T)
    shares = [
        1 - np.trace((1 - one) * np.linalg.inv(one * scaled + (1 - one) * np.eye(2))) / 2 for one in kept
    ]
    lowest = np.mean(shares)  # what no network can tell of the noise
    assert lowest - 0.03 < network.history_.history["loss"][-1] < lowest + 0.06
    inner = network.model_.get_layer("network")
    for t in (3, 15, 40):
        x = rng.multivariate_normal([0, 0], kept[t - 1] * scaled + (1 - kept[t - 1]) * np.eye(2), 500)
        found = inner([jnp.asarray(x, "float32"), jnp.full((500, 1), t, "int32")])
        best = best_noise(x, kept[t - 1], np.zeros(2), scaled)
        assert np.mean((found - best) ** 2) < 0.05 * np.mean(best**2) + 0.01
    drawn = network.sample(2000)
    np.testing.assert_allclose(drawn.mean(axis=0), MEAN, atol=0.2)
    np.testing.assert_allclose(np.cov(drawn.T), COVARIANCE, atol=0.2)
    assert network.plot(language="en").get_suptitle() == "Denoising diffusion"


def test_classes_are_asked_for_and_guidance_goes_beyond_them(network, tmp_path):
    asked = ["left"] * 300 + ["right"] * 300
    drawn = network.sample(asked)
    np.testing.assert_array_equal(drawn[:, 1], np.float32(0.3))  # a constant column stays one
    np.testing.assert_array_equal(network.sample(asked), drawn)
    network.save(tmp_path / "network.keras")
    np.testing.assert_array_equal(zoo.load(tmp_path / "network.keras").sample(asked), drawn)
    plain = zoo.load(tmp_path / "network.keras").set_params(guidance=0.0).sample(asked)
    assert drawn[300:, 0].mean() > plain[300:, 0].mean() > 1 > -1 > plain[:300, 0].mean()
    x, marks = jnp.zeros((2, 2)), jnp.eye(2)
    with_class, without = network._noise_of(x, 9, marks), network._noise_of(x, 9, 0 * marks)
    np.testing.assert_allclose(network._noises(x, 9, [marks]), 2 * with_class - without, atol=1e-5)


def test_the_same_seed_gives_the_same_bits(network):
    again = zoo.GuidedDiffusion(1.0, epochs=60, **SMALL).fit(ROWS, SIDES)
    for ours, theirs in zip(again.model_.get_weights(), network.model_.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_its_cells_are_layers_of_any_model_also_in_16_bits(tmp_path):
    x = nn.Input((2,))
    noisy, t, noise = zoo.ForwardProcess(50, dtype="mixed_bfloat16")(x)
    told = zoo.TimeEmbedding(4, dtype="mixed_bfloat16")(t)
    dropped = zoo.ConditionDropout(0.5, dtype="mixed_bfloat16")(told)
    predicted = nn.layers.Dense(2, dtype="mixed_bfloat16")(nn.layers.Concatenate()([noisy, dropped]))
    model = nn.Model(x, zoo.NoiseError(dtype="mixed_bfloat16")([predicted, noise]))
    model.compile(nn.optimizers.Adam(0.05))
    losses = model.fit(np.ones((50, 2), "float32"), epochs=20, verbose=0).history["loss"]
    assert losses[-1] < losses[0]
    model.save(tmp_path / "model.keras")
    again = nn.models.load_model(tmp_path / "model.keras")
    for ours, theirs in zip(again.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    t = np.array([[7], [900]])
    angles = t * 10_000 ** -np.linspace(0, 1, 4)
    expected = np.concatenate([np.sin(angles), np.cos(angles)], axis=1)
    np.testing.assert_allclose(zoo.TimeEmbedding(8)(t), expected, atol=1e-4)


def test_the_distance_of_two_samples_is_small_where_they_are_of_one_law():
    near, far = (
        energy_distance(rings(600, 0)[0], other) for other in (rings(600, 1)[0], rng.normal(size=(600, 2)))
    )
    assert abs(near) < 0.02 < 0.1 < far


def test_what_does_not_fit_is_refused_by_name(network):
    with pytest.raises(ValueError, match=r"steps is a whole number of at least 25; .* Received: steps=10"):
        zoo.Diffusion(steps=10).fit(ROWS)
    with pytest.raises(ValueError, match=r"units\[1\] is a whole number above 0"):
        zoo.Diffusion((8, 0)).fit(ROWS)
    with pytest.raises(ValueError, match=r"n_samples is a whole number above 0\. Received: n_samples=0"):
        zoo.Diffusion((4,), epochs=1).fit(ROWS).sample(0)
    with pytest.raises(ValueError, match="has not learned yet"):
        zoo.Diffusion().sample()
    with pytest.raises(ValueError, match="the class above is new; it knows left, right"):
        network.sample(["above"])
    with pytest.raises(ValueError, match="200 rows in X and 199 classes in y"):
        zoo.GuidedDiffusion().fit(ROWS, SIDES[:199])
    with pytest.raises(ValueError, match=r"guidance is a number of at least 0\. Received: guidance=-1"):
        zoo.GuidedDiffusion(-1).fit(ROWS, SIDES)
    with pytest.raises(ValueError, match=r"class_dropout is above 0 and below 1\. Received: class_dropout=0"):
        zoo.GuidedDiffusion(class_dropout=0).fit(ROWS, SIDES)
    with pytest.raises(ValueError, match="X holds NaN, first in row 1, column 0"):
        zoo.Diffusion().fit([[0.0], [np.nan]])
    with pytest.raises(ValueError, match=r"rate is from 0 to 1\. Received: rate=2"):
        zoo.ConditionDropout(2)
    with pytest.raises(ValueError, match=r"units is an even number above 0\. Received: units=3"):
        zoo.TimeEmbedding(3)
