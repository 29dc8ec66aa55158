"""Capsules: routing as in plain loops, the paper's count of numbers, drawings, pictures that are refused."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from neurona import zoo
from neurona.zoo.capsules import route
from tests.zoo.test_image_classifiers import bars

GENERATOR = np.random.default_rng(0)


def squashed(s: np.ndarray) -> np.ndarray:
    squared = s @ s
    return squared / (1 + squared) * s / np.sqrt(squared)


@pytest.mark.parametrize("rounds", [1, 2, 3])
def test_routing_is_that_of_the_paper_in_plain_loops(rounds):
    foretold = GENERATOR.normal(size=(6, 3, 4))  # capsules below, above, numbers
    logits = np.zeros((6, 3))
    for _ in range(rounds):
        shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        v = np.array(
            [squashed(np.sum([shares[i, j] * foretold[i, j] for i in range(6)], axis=0)) for j in range(3)]
        )
        logits = logits + np.array([[foretold[i, j] @ v[j] for j in range(3)] for i in range(6)])
    with jax.enable_x64(True):
        np.testing.assert_allclose(route(jnp.asarray(foretold[None]), rounds)[0], v, atol=1e-12)


def test_the_network_holds_as_many_numbers_as_published():
    network: Any = zoo.CapsuleNetwork()
    network.image_shape_, network.classes_ = (28, 28, 1), np.arange(10)
    capsules = network._capsules().count_params()
    assert round(capsules / 1e6, 1) == 6.8
    assert round((capsules + network._decoder().count_params()) / 1e6, 1) == 8.2


def test_gradients_at_zero_are_finite():
    def length(x: Any) -> Any:
        return zoo.CapsuleLength()(zoo.squash(x)).sum()

    assert np.isfinite(jax.grad(length)(np.zeros((1, 2, 4), "float32"))).all()


def test_half_precision_stays():
    layer = zoo.RoutedCapsules(3, 4, dtype="bfloat16")
    assert str(layer(np.ones((2, 5, 8))).dtype) == "bfloat16"


def test_vectors_hold_what_the_decoder_draws():
    X, y = bars(12)
    network = zoo.CapsuleNetwork(16, 4, 3, decoder=(64,), augment=False, epochs=60, batch_size=5)
    network.set_params(learning_rate=0.01, random_state=0).fit(X, y)
    assert network.score(X, y) == 1
    poses = network.transform(X)
    lengths = np.linalg.norm(poses, axis=-1)
    assert lengths.max() < 1
    right = lengths.argmax(axis=1)
    poses[np.arange(10), 1 - right] = 0  # the decoder learned from the vector of the right class alone
    drawn = network.inverse_transform(poses)
    error = np.mean((drawn - X / 200) ** 2)
    assert error < 0.5 * np.mean((X / 200 - np.mean(X / 200, axis=0)) ** 2)


def test_pictures_too_small_and_sizes_of_nothing_are_refused():
    X, y = bars(8)
    with pytest.raises(ValueError, match=r"at least 17 x 17.*lower kernel_size"):
        zoo.CapsuleNetwork().fit(X, y)
    with pytest.raises(ValueError, match="types is a whole number above 0"):
        zoo.CapsuleNetwork(types=0).fit(X, y)
    with pytest.raises(ValueError, match="rounds is a whole number above 0"):
        zoo.RoutedCapsules(2, 2, rounds=0)
