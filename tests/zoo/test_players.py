"""Networks that play: values and policies with a known best, a world of one's own, and refusals."""

import dataclasses
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from neurona import zoo
from neurona.errors import NonFiniteError
from neurona.zoo.proximal_policy import clipped_gain

CORRIDOR = zoo.GridWorld(("S..", "..G"), limit=20)
LEARNERS = [
    zoo.DeepQ((16,), epochs=2, updates=5, length=50, target=50, random_state=0),
    zoo.PolicyGradient((8,), epochs=4, updates=5, random_state=0),
    zoo.ProximalPolicy((8,), epochs=2, updates=5, length=20, random_state=0),
]
EACH = pytest.mark.parametrize("network", LEARNERS, ids=lambda one: type(one).__name__)


@dataclasses.dataclass(frozen=True)
class Lever(zoo.Environment):
    """A machine with three levers, one pull an episode; the last pays most."""

    limit: int = 1
    actions: ClassVar[Any] = zoo.Discrete(3)
    observation_size: ClassVar[int] = 1

    def reset(self, key):
        return jnp.zeros(())

    def observe(self, state):
        return jnp.ones(1)

    def step(self, state, action):
        return state, jnp.array([1.0, 0.0, 3.0])[action], jnp.array(True)


@EACH
def test_a_way_is_found_again_with_the_same_seed_and_from_a_file(network, tmp_path):
    network = type(network)(**network.get_params()).fit(CORRIDOR)
    assert network.score(CORRIDOR) == CORRIDOR.best
    assert len(network.returns_) == network.epochs
    again = type(network)(**network.get_params()).fit(CORRIDOR)
    for ours, theirs in zip(again.model_.get_weights(), network.model_.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    network.save(tmp_path / "network.keras")
    loaded = zoo.load(tmp_path / "network.keras")
    cells = np.eye(6)
    np.testing.assert_array_equal(loaded.predict(cells), network.predict(cells))
    loaded.set_params(epochs=6).fit(CORRIDOR, initial_epoch=4)
    assert not np.array_equal(loaded.model_.get_weights()[0], network.model_.get_weights()[0])
    with pytest.raises(ValueError, match=r"learned from .*limit=20.* Received: .*limit=30"):
        network.fit(dataclasses.replace(CORRIDOR, limit=30), initial_epoch=1)


def test_values_of_actions_obey_bellmans_equation():
    network = zoo.DeepQ((32,), discount=0.9, epochs=4, exploration=1.0, target=50, random_state=0)
    network.fit(CORRIDOR)
    following, rewards, ended = CORRIDOR.table()
    exact = np.zeros(following.shape)
    for _ in range(200):
        exact = rewards + 0.9 * np.where(ended, 0, exact.max(axis=1)[following])
    cells = [0, 1, 2, 3, 4]  # all but the goal, where nothing is done
    found = np.asarray(network.model_.predict(np.eye(6), verbose=0))
    np.testing.assert_allclose(found[cells], exact[cells], atol=0.15)


@pytest.mark.parametrize("network", LEARNERS[1:], ids=lambda one: type(one).__name__)
def test_an_environment_of_ones_own_is_played(network):
    network = type(network)(**{**network.get_params(), "entropy": 0.0}).fit(Lever())
    assert network.predict([[1.0]]).tolist() == [2]
    assert network.score(Lever()) == 3
    network.plot()  # the curve alone: there is no plane


def test_torques_are_learned_where_actions_are_numbers():
    world = zoo.Pendulum(limit=50)
    network = zoo.ProximalPolicy((32,), 0.9, epochs=2, updates=2, random_state=0).fit(world)
    torques = network.predict(np.array([[1, 0, 0], [-1, 0, 2]], "float32"))
    assert torques.dtype.kind == "f"
    assert np.abs(torques).max() <= 2
    assert np.isfinite(network.play(world, 3)).all()
    network.plot()


def test_the_clipped_objective_is_flat_where_the_policy_has_gone_far_enough():
    slope = jax.vmap(jax.grad(lambda ratio, gain: clipped_gain(ratio, gain, 0.2)))
    ratios, gains = jnp.array([1.1, 1.3, 1.3, 0.9, 0.7, 0.7]), jnp.array([2.0, 2.0, -2.0, -2.0, -2.0, 2.0])
    assert slope(ratios, gains).tolist() == [2, 0, -2, -2, 0, 2]


def test_a_network_that_diverges_stops():
    network = zoo.PolicyGradient((8,), learning_rate=1e38, epochs=3, random_state=0)
    with pytest.raises(NonFiniteError, match="Training stopped at step 1 of the epoch"):
        network.fit(CORRIDOR)


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (
            lambda: zoo.DeepQ().fit(zoo.Pendulum()),
            "DeepQ: it chooses among a few actions.*Pendulum are continuous",
        ),
        (lambda: zoo.DeepQ().fit([[1.0, 2.0]]), r"takes an environment.*Received: list"),
        (lambda: zoo.DeepQ().fit(CORRIDOR, validation_split=0.1), "validation_split is not taken"),
        (lambda: zoo.DeepQ(batch=0).fit(CORRIDOR), r"batch is a whole number above 0\. Received: batch=0"),
        (lambda: zoo.DeepQ(units=(0,)).fit(CORRIDOR), r"units\[0\] is a whole number above 0"),
        (lambda: zoo.DeepQ(exploration=0.0).fit(CORRIDOR), "exploration is above 0 and up to 1"),
        (lambda: zoo.PolicyGradient(discount=2).fit(CORRIDOR), "discount is from 0 to 1"),
        (lambda: zoo.ProximalPolicy(clip=0).fit(CORRIDOR), "clip above 0"),
        (lambda: zoo.ProximalPolicy(length=1, copies=2).fit(CORRIDOR), "can't be cut into 4 parts"),
        (lambda: zoo.DeepQ().play(CORRIDOR), "has not learned yet"),
    ],
)
def test_what_can_not_be_played_is_refused_by_name(act: Any, message):
    with pytest.raises(ValueError, match=message):
        act()


def test_another_world_can_not_be_played():
    network = type(LEARNERS[1])(**LEARNERS[1].get_params()).fit(Lever())
    with pytest.raises(ValueError, match=r"learned from 1 numbers to choose from Discrete\(count=3\)"):
        network.score(zoo.CartPole())
