"""Adversarial networks beside PyTorch and players whose best play is known in closed form, and games that go
wrong.
"""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import neurona as nn
from neurona import zoo
from neurona.zoo.adversarial import AdversarialRule, gaussian_grid, held_modes

rng = np.random.default_rng(0)
ROWS = np.stack([rng.normal(size=300), np.full(300, 0.3)], axis=1)
SMALL = {"n_latent": 2, "units": (8,), "batch_size": 50}


def against_standing_noise(mean, rule):
    """A linear discriminator, after it has seen rows of N(mean, 1) and a generator of N(0, 1)."""
    x = nn.Input((1,))
    generator, discriminator = (
        nn.Sequential([nn.Input((1,)), nn.layers.Dense(1)], name=name)
        for name in ("generator", "discriminator")
    )
    generator.set_weights([np.ones((1, 1)), np.zeros(1)])
    # below 0 there is a second best slope of a critic, -0.85, to which the penalty pulls
    discriminator.set_weights([np.full((1, 1), 0.5), np.zeros(1)])
    model = nn.Model(x, [discriminator(x), discriminator(generator(zoo.LatentNoise(1)(x)))])
    model.compile(rule=rule)
    rows = rng.normal(size=(4000, 1))
    rows = (rows - rows.mean()) / rows.std() + mean
    history = model.fit(rows.astype("float32"), epochs=60, batch_size=400, verbose=0).history
    assert generator.get_weights()[0] == 1
    return *(float(weight.ravel()[0]) for weight in discriminator.get_weights()), history


def test_the_best_discriminator_is_the_share_of_the_data_in_the_density():
    # p_data / (p_data + p_g) of N(1, 1) and N(0, 1) is sigmoid(x - 1/2)
    rule = AdversarialRule(rates=(0.0, 0.05), steps=600)
    slope, offset, history = against_standing_noise(1.0, rule)
    assert slope == pytest.approx(1, abs=0.12)
    assert offset == pytest.approx(-0.5, abs=0.12)
    assert history["real"][-1] + history["fake"][-1] == pytest.approx(1, abs=0.05)


def test_the_penalty_holds_the_slope_of_a_critic():
    # -3 w + lambda (w - 1)^2 is least at w = 1 + 3 / (2 lambda)
    rule = AdversarialRule("wasserstein", (0.0, 0.05), (0.0, 0.9), 600, penalty=10.0)
    slope, _, history = against_standing_noise(3.0, rule)
    assert slope == pytest.approx(1.15, abs=0.02)
    assert history["real"][-1] - history["fake"][-1] == pytest.approx(3 * slope, abs=0.15)
    assert history["discriminator_loss"][-1] == pytest.approx(-3 * slope, abs=0.15)


def torch_networks(model):
    """The generator and the discriminator of a model, with its weights, in PyTorch; and their Adams."""
    torch = pytest.importorskip("torch")
    players, optimizers = [], []
    for name, rate in (("generator", 0.003), ("discriminator", 0.002)):
        layers, weights = [], iter(model.get_layer(name).get_weights())
        for kernel, bias in zip(weights, weights, strict=True):
            layer = torch.nn.Linear(*kernel.shape)
            layer.weight.data, layer.bias.data = torch.tensor(kernel.T.copy()), torch.tensor(bias.copy())
            layers += [layer, torch.nn.ReLU()]
        players.append(torch.nn.Sequential(*layers[:-1]))
        optimizers.append(torch.optim.Adam(players[-1].parameters(), rate, (0.5, 0.9), eps=1e-7))
    return players, optimizers


def half_a_cosine(rate, step, steps):
    return rate * (0.01 + 0.99 * (1 + math.cos(math.pi * step / steps)) / 2)


class NumberedNoise(AdversarialRule):
    """Draws the noise of a step by its number."""

    def learn(self, model, batch, key, number):
        return super().learn(model, batch, jax.random.key(number), number)


def noise_of(step):
    """The noise that shows made rows, the places between real and made ones, and the generator's own."""
    drawing, mixing, again = jax.random.split(jax.random.key(step), 3)
    drawn = [jax.random.normal(drawing, (20, 3)), jax.random.uniform(mixing, (20, 1))]
    return [*drawn, jax.random.normal(again, (20, 3))]


@pytest.mark.parametrize(
    ("loss", "turns", "penalty"), [("wasserstein", 3, 10.0), ("minimax", 1, 0.0), ("non-saturating", 1, 0.0)]
)
def test_epochs_are_those_of_pytorch_with_the_same_weights_and_noise(loss, turns, penalty):
    torch = pytest.importorskip("torch")
    rows, x, rates, steps = rng.normal(size=(120, 2)).astype("float32"), nn.Input((2,)), (0.003, 0.002), 12
    with nn.random.Stream(0):
        generator, discriminator = (
            nn.Sequential(
                [nn.Input((wide,)), nn.layers.Dense(16, "relu"), nn.layers.Dense(outputs)], name=name
            )
            for name, wide, outputs in (("generator", 3, 2), ("discriminator", 2, 1))
        )
        model = nn.Model(x, [discriminator(x), discriminator(generator(zoo.LatentNoise(3)(x)))])
    model.compile(rule=NumberedNoise(loss, rates, (0.5, 0.9), steps, turns, penalty))
    (makes, tells), (of_generator, of_discriminator) = torch_networks(model)
    model.fit(rows, epochs=2, batch_size=20, shuffle=False, verbose=0)
    softplus = torch.nn.functional.softplus
    of_score = {"wasserstein": torch.neg, "minimax": lambda score: -softplus(score)}
    for step in range(steps):
        noise, share, again = (torch.tensor(np.asarray(one)) for one in noise_of(step))
        of_discriminator.param_groups[0]["lr"] = half_a_cosine(rates[1], step, steps)
        of_generator.param_groups[0]["lr"] = half_a_cosine(rates[0], step // turns, steps // turns)
        real, made = torch.tensor(rows[step % 6 * 20 :][:20]), makes(noise).detach()
        lost = (softplus(-tells(real)) + softplus(tells(made))).mean()
        if penalty:
            between = (share * real + (1 - share) * made).requires_grad_()
            (slopes,) = torch.autograd.grad(tells(between).sum(), between, create_graph=True)
            lost = (tells(made) - tells(real)).mean() + penalty * ((slopes.norm(dim=1) - 1) ** 2).mean()
        of_discriminator.zero_grad()
        lost.backward()
        of_discriminator.step()
        if step % turns == turns - 1:
            of_generator.zero_grad()
            of_score.get(loss, lambda score: softplus(-score))(tells(makes(again))).mean().backward()
            of_generator.step()
    for ours, theirs in ((generator, makes), (discriminator, tells)):
        for weight, parameter in zip(ours.get_weights(), theirs.parameters(), strict=True):
            # Adam steps as far for a gradient near 0, of which half is rounding, as for any other.
            np.testing.assert_allclose(weight, parameter.detach().numpy().T, atol=1e-3)


def test_losses_are_those_of_the_papers_and_the_original_saturates():
    even, certain = jnp.zeros(3), jnp.full(1, -20.0)
    rules = {loss: AdversarialRule(loss) for loss in ("non-saturating", "minimax", "wasserstein")}
    assert float(rules["minimax"]._discriminator_loss(even, even)) == pytest.approx(np.log(4))
    assert float(rules["minimax"]._generator_loss(even)) == pytest.approx(-np.log(2))
    assert float(rules["non-saturating"]._generator_loss(even)) == pytest.approx(np.log(2))
    assert float(rules["wasserstein"]._generator_loss(certain)) == 20
    # where the discriminator is certain, the slope of one loss is 0, and of the other 1
    slopes = [abs(float(jax.grad(rules[name]._generator_loss)(certain)[0])) for name in rules]
    assert slopes == pytest.approx([1, 0, 1], abs=1e-6)


def test_the_generator_waits_for_its_turn():
    network = zoo.WassersteinGAN(**{**SMALL, "batch_size": 150}, turns=3, epochs=1, random_state=0).fit(ROWS)
    model, rows = network.model_, network._scaled(ROWS).astype("float32")
    generator, critic = (model.get_layer(name) for name in ("generator", "discriminator"))
    # two steps have been; the third, and with it the generator's first, comes now
    first, second = generator.get_weights(), critic.get_weights()
    model.fit(rows, batch_size=300, verbose=0)
    assert not np.array_equal(generator.get_weights()[0], first[0])
    assert not np.array_equal(critic.get_weights()[0], second[0])
    first = generator.get_weights()
    model.fit(rows, batch_size=150, verbose=0)
    for after, before in zip(generator.get_weights(), first, strict=True):
        np.testing.assert_array_equal(after, before)


@pytest.mark.parametrize("loss", ["non-saturating", "minimax"])
def test_ten_seeds_stay_finite_and_the_same_seed_gives_the_same_bits(loss, tmp_path):
    networks = [
        zoo.GenerativeAdversarialNetwork(**SMALL, loss=loss, epochs=10, random_state=seed).fit(ROWS)
        for seed in (*range(10), 0)
    ]
    drawn = [network.sample(50) for network in networks]
    assert np.isfinite(drawn).all()
    np.testing.assert_array_equal(drawn[0], drawn[-1])
    assert not np.array_equal(drawn[0], drawn[1])
    np.testing.assert_array_equal(drawn[0][:, 1], np.float32(0.3))  # a constant column stays one
    real = networks[0].discriminate(ROWS)
    assert real.shape == (300,)
    assert 0 < real.min() < real.max() < 1
    networks[0].save(tmp_path / "network.keras")
    again = zoo.load(tmp_path / "network.keras")
    np.testing.assert_array_equal(again.sample(50), drawn[0])
    np.testing.assert_array_equal(again.discriminate(ROWS), real)


@pytest.mark.experiment
def test_ten_seeds_of_a_critic_stay_finite():
    for seed in range(10):
        network = zoo.WassersteinGAN(**SMALL, epochs=10, random_state=seed).fit(ROWS)
        assert np.isfinite(network.sample(50)).all()
        assert np.isfinite(network.critic(ROWS)).all()


def test_a_discriminator_that_has_won_is_warned_of(monkeypatch):
    standing = AdversarialRule(rates=(0.0, 0.02))
    monkeypatch.setattr(zoo.GenerativeAdversarialNetwork, "_rule_of", lambda self, steps: standing)
    rows = np.sign(rng.normal(size=(200, 8)))
    with pytest.warns(
        UserWarning, match="the discriminator has won entirely: in the last epoch it took rows"
    ):
        zoo.GenerativeAdversarialNetwork(2, (64,), epochs=200, random_state=0).fit(rows)


def test_a_game_that_diverges_stops_by_name():
    with pytest.raises(nn.errors.NonFiniteError, match="Training stopped at step"):
        zoo.GenerativeAdversarialNetwork(**SMALL, learning_rate=1e30, epochs=10, random_state=0).fit(ROWS)


def test_modes_are_counted():
    points, places = gaussian_grid(2500)
    assert held_modes(points, places)[0] == 25
    assert held_modes(points, places)[1] == pytest.approx(1 - np.exp(-4.5), abs=0.01)  # three sigma, two axes
    assert held_modes(points[points[:, 0] > 1], places)[0] == 10
    assert held_modes(points + 1, places) == (0, 0)


def test_what_does_not_fit_is_refused_by_name():
    with pytest.raises(
        ValueError, match=r"loss is 'non-saturating' or 'minimax'\. Received: loss='wasserstein'"
    ):
        zoo.GenerativeAdversarialNetwork(loss="wasserstein").fit(ROWS)
    with pytest.raises(ValueError, match=r"loss is one of 'non-saturating', .* Received: loss='hinge'"):
        AdversarialRule("hinge")
    with pytest.raises(ValueError, match=r"n_latent is a whole number above 0\. Received: n_latent=0"):
        zoo.GenerativeAdversarialNetwork(0).fit(ROWS)
    with pytest.raises(ValueError, match=r"penalty is a number above 0, .* Received: penalty=0"):
        zoo.WassersteinGAN(penalty=0).fit(ROWS)
    with pytest.raises(ValueError, match=r"turns is a whole number above 0\. Received: turns=0"):
        zoo.WassersteinGAN(turns=0).fit(ROWS)
    with pytest.raises(ValueError, match="has not learned yet"):
        zoo.WassersteinGAN().sample()
    with pytest.raises(ValueError, match="X holds NaN, first in row 1, column 0"):
        zoo.WassersteinGAN().fit([[0.0], [np.nan]])
