"""DCGAN: layers as the paper has them, batches normalized each by itself, measures of known value."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from neurona import zoo
from neurona.layers import Dense, Flatten, Input
from neurona.models import Sequential
from neurona.zoo.deep_convolutional_gan import parzen_log_likelihood, recognized_share

rng = np.random.default_rng(0)
PICTURES = rng.integers(0, 200, (40, 8, 8)).astype("uint8")
SMALL: Any = {"n_latent": 3, "width": 4, "batch_size": 20}


def kinds(model: Any) -> list[str]:
    return [type(layer).__name__ for layer in model.layers]


def test_layers_are_those_of_the_paper():
    network = zoo.DCGAN(100, 64, epochs=1, batch_size=8, random_state=0)
    model: Any = network.fit(np.pad(PICTURES[:8], ((0, 0), (10, 10), (10, 10)))).model_
    generator, discriminator = (model.get_layer(name) for name in ("generator", "discriminator"))
    for part, there, gone in (
        (generator, "Conv2DTranspose", {"MaxPooling2D", "LeakyReLU"}),
        (discriminator, "Conv2D", {"MaxPooling2D", "ReLU"}),
    ):
        layers = [layer for layer in part.layers if type(layer).__name__ == there]
        assert [layer.strides for layer in layers] == [(2, 2), (2, 2)]
        assert not gone & set(kinds(part))
        kernels = [weight for weight in part.get_weights() if weight.ndim == 4]
        assert all(kernel.std() == pytest.approx(0.02, rel=0.15) for kernel in kernels)
    assert kinds(generator)[-1] == "Conv2DTranspose"  # no normalization of the pictures
    assert generator.layers[-1].activation.__name__ == "tanh"
    assert kinds(discriminator)[:2] == ["Conv2D", "LeakyReLU"]
    # z to 7 x 7 x 128, to 14 x 14 x 64, to 28 x 28
    assert [layer.output.shape[1:] for layer in generator.layers][-3:] == [(14, 14, 64)] * 2 + [(28, 28, 1)]


def test_real_and_made_pictures_are_normalized_each_by_itself():
    network = zoo.DCGAN(**{**SMALL, "batch_size": 40}, learning_rate=1e-20, epochs=1, random_state=0)
    model: Any = network.fit(PICTURES).model_
    generator, discriminator = (model.get_layer(name) for name in ("generator", "discriminator"))
    generator.set_weights([np.zeros_like(weight) for weight in generator.get_weights()])  # it makes grey
    first, leaky, second, normal = discriminator.layers[:4]
    rows, before = network._scaled(PICTURES[..., None]), normal.moving_mean.numpy()
    model.fit(rows, batch_size=40, verbose=0)
    real, made = (
        np.asarray(second(leaky(first(part)))).mean(axis=(0, 1, 2)) for part in (rows, np.zeros_like(rows))
    )
    np.testing.assert_allclose(
        normal.moving_mean.numpy(), 0.81 * before + 0.09 * real + 0.1 * made, atol=1e-6
    )


def test_pictures_come_back_in_their_range_and_travel_in_files(tmp_path):
    network = zoo.DCGAN(**SMALL, epochs=2, random_state=0).fit(PICTURES)
    made = network.sample(30)
    assert made.shape == (30, 8, 8, 1)
    assert PICTURES.min() <= made.min() < made.max() <= PICTURES.max()
    real = network.discriminate(PICTURES)
    assert real.shape == (40,)
    assert 0 < real.min() < real.max() < 1
    network.save(tmp_path / "network.keras")
    again: Any = zoo.load(tmp_path / "network.keras")
    np.testing.assert_array_equal(again.sample(30), made)
    np.testing.assert_allclose(again.discriminate(PICTURES), real, atol=1e-6)


@pytest.mark.experiment
def test_ten_seeds_stay_finite():
    for seed in range(10):
        network = zoo.DCGAN(**SMALL, epochs=3, random_state=seed).fit(PICTURES[:20])
        assert np.isfinite(network.sample(5)).all()
        assert np.isfinite(network.history_.history["generator_loss"]).all()


def test_windows_around_samples_are_a_mixture_of_normal_densities():
    samples, rows = rng.normal(size=(30, 2)), rng.normal(size=(20, 2))
    found = parzen_log_likelihood(*(part.astype("float32") for part in (samples, rows, rows)))
    squared = ((rows[:, None] - samples) ** 2).sum(axis=2)
    each = [
        np.log(np.mean(np.exp(-squared / (2 * s**2)) / (2 * np.pi * s**2), axis=1)).mean()
        for s in np.logspace(-1, 0, 10)
    ]
    assert found == pytest.approx(max(each), rel=1e-4)


def test_a_generator_of_one_class_has_a_tenth_at_most():
    referee = Sequential([Input((10, 1, 1)), Flatten(), Dense(10, "softmax", use_bias=False)])
    referee.set_weights([np.eye(10) * 20])  # sure of the largest number
    codes = np.eye(10, dtype="float32").reshape(10, 10, 1, 1)
    assert recognized_share(np.repeat(codes[:1], 50, axis=0), referee) == pytest.approx((0.1, 0))
    assert recognized_share(np.repeat(codes, 5, axis=0), referee) == pytest.approx((1, 0.1))
    assert recognized_share(np.ones((50, 10, 1, 1), "float32"), referee) == (0, 0)  # it is sure of none


def test_what_does_not_fit_is_refused_by_name():
    with pytest.raises(ValueError, match=r"multiples of 4\. Received pictures of 8 x 6"):
        zoo.DCGAN().fit(np.ones((5, 8, 6)))
    with pytest.raises(ValueError, match="all numbers of these pictures are 1"):
        zoo.DCGAN().fit(np.ones((5, 8, 8)))
    with pytest.raises(ValueError, match=r"pictures have shape \(samples, height, width, channels\)"):
        zoo.DCGAN().fit(np.ones((5, 8)))
    with pytest.raises(ValueError, match=r"width is a whole number above 0\. Received: width=0"):
        zoo.DCGAN(width=0).fit(PICTURES)
    with pytest.raises(ValueError, match="has not learned yet"):
        zoo.DCGAN().sample()
    network = zoo.DCGAN(**SMALL, epochs=1, random_state=0).fit(PICTURES)
    with pytest.raises(ValueError, match=r"z has shape \(samples, 3\)\. Received shape \(1, 2\)"):
        network.generate(np.ones((1, 2)))
    with pytest.raises(ValueError, match="z holds NaN, first in row 0, column 1"):
        network.generate([[0, np.nan, 1]])
    with pytest.raises(ValueError, match=r"it learned from pictures of shape \(8, 8, 1\)"):
        network.discriminate(np.ones((1, 4, 4)))


def test_a_discriminator_tells_noise_from_strokes():
    strokes = np.zeros((60, 8, 8))
    strokes[np.arange(60), :, 1 + np.arange(60) % 6] = 1
    network = zoo.DCGAN(3, 8, 0.002, epochs=15, batch_size=20, random_state=0).fit(strokes)
    noise = np.asarray(jax.random.uniform(jax.random.key(0), (60, 8, 8)))
    assert float(jnp.mean(network.discriminate(strokes))) > float(jnp.mean(network.discriminate(noise))) + 0.1
