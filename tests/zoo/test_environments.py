"""Environments beside Gymnasium's steps and closed forms, the best ways through grids, and refusals."""

import dataclasses
import json
import math
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from neurona import zoo
from neurona.zoo.environments import described_world
from neurona.zoo.playing import advance, begin, discounted, episodes_of, of_the_first_episode

# State, action, next state and end of Gymnasium 1.4's CartPole-v1, in float64.
GYM_POLE = [
    (
        [0.5478467492858172, -0.9208531449445188, -0.18361059042552214, -1.9338894578858836],
        0,
        [0.5294296863869269, -1.1135966811000668, -0.22228837958323983, -1.7033126405051608],
        True,
    ),
    (
        [1.740289695151073, 1.2634142164861286, -0.19890459993194076, 1.4296171063502774],
        1,
        [1.7655579794807954, 1.4603574654593479, -0.17031225780493522, 1.0819336269304516],
        False,
    ),
    (
        [-1.4596139799103551, 0.8859533607763268, 0.010141728990290366, -0.7590324977641774],
        0,
        [-1.4418949126948286, 0.6906931421119359, -0.005038920964993181, -0.4631756149967263],
        False,
    ),
]
# State, torque, next state and reward of its Pendulum-v1; the second torque is beyond the bounds.
GYM_PENDULUM = [
    (
        [1.1316003623963615, -2.593420391885868],
        -0.6502859968310326,
        [1.0309932168718925, -2.0121429104893815],
        -1.953525184958196,
    ),
    (
        [-3.127566684084574, 6.023747692971261],
        -2.648591791168834,
        [-2.8419052560470113, 5.713228560751255],
        -13.414226990253438,
    ),
]


@pytest.mark.parametrize(("state", "action", "after", "ended"), GYM_POLE)
def test_the_pole_moves_as_gymnasiums(state, action, after, ended):
    with jax.enable_x64(True):
        moved, reward, fell = zoo.CartPole().step(jnp.array(state), action)
        np.testing.assert_allclose(moved, after, rtol=1e-12)
        assert (float(reward), bool(fell)) == (1.0, ended)


@pytest.mark.parametrize(("state", "torque", "after", "reward"), GYM_PENDULUM)
def test_the_pendulum_swings_as_gymnasiums(state, torque, after, reward):
    with jax.enable_x64(True):
        moved, earned, ended = zoo.Pendulum().step(jnp.array(state), torque)
        np.testing.assert_allclose(moved, after, rtol=1e-12)
        np.testing.assert_allclose(earned, reward, rtol=1e-12)
        assert not ended


def test_the_pole_obeys_the_laws_of_motion():
    # Lagrange's equations of a cart and a rod of length 2 l, written without solving for either side.
    with jax.enable_x64(True):
        state = jnp.array([0.3, -0.4, 0.1, 0.7])
        after, _, _ = zoo.CartPole().step(state, 1)
        speeding, turning = (after[1] - state[1]) / 0.02, (after[3] - state[3]) / 0.02
        sine, cosine = math.sin(0.1), math.cos(0.1)
        np.testing.assert_allclose(1.1 * speeding + 0.05 * (turning * cosine - 0.49 * sine), 10.0, rtol=1e-9)
        np.testing.assert_allclose(4 / 3 * 0.5 * turning + speeding * cosine, 9.8 * sine, rtol=1e-9)


def test_an_untouched_world_ends_where_its_bounds_are():
    world = zoo.CartPole()
    assert bool(world.step(jnp.array([2.39, 1.0, 0.0, 0.0]), 0)[2])
    assert not bool(world.step(jnp.array([2.37, 1.0, 0.0, 0.0]), 0)[2])
    assert bool(world.step(jnp.array([0.0, 0.0, math.radians(11.9), 1.0]), 0)[2])


@pytest.mark.parametrize(
    ("world", "best"),
    [
        (zoo.GridWorld(), -13.0),  # Sutton and Barto, example 6.6: the way along the edge of the cliff
        (zoo.GridWorld(zoo.FOUR_ROOMS), -12.0),
        (zoo.GridWorld(("S.G",)), -2.0),
    ],
)
def test_the_best_return_is_that_of_the_shortest_way(world, best):
    assert world.best == best == -float(_shortest_way(world.rows))


def _shortest_way(rows):
    """Steps from S to G, breadth first, around walls and the cliff."""
    cells = {(r, c): letter for r, row in enumerate(rows) for c, letter in enumerate(row)}
    reached = edge = {place for place, letter in cells.items() if letter == "S"}
    for steps in range(len(cells)):
        if any(cells[place] == "G" for place in edge):
            return steps
        around = {(r + d, c + e) for r, c in edge for d, e in ((0, 1), (1, 0), (0, -1), (-1, 0))}
        edge = {place for place in around if cells.get(place, "#") in ".SG"} - reached
        reached = reached | edge
    return None


def test_a_step_into_walls_and_cliffs():
    world = zoo.GridWorld(("S#", "CG"))
    for action, (cell, reward) in enumerate([(0, -1), (0, -1), (0, -100), (0, -1)]):
        after, earned, ended = world.step(jnp.array(0), action)
        assert (int(after), float(earned), bool(ended)) == (cell, reward, False)
    assert np.asarray(world.observe(jnp.array(2))).tolist() == [0, 0, 1, 0]


def test_an_episode_that_is_cut_has_not_ended_and_the_next_begins():
    world = zoo.CartPole(limit=5)
    moments = jax.jit(
        lambda key: episodes_of(world, lambda seen, key: (seen[:, 2] > 0).astype("int32"), key, 3)
    )(jax.random.key(0))
    assert np.asarray(moments.over).all(axis=1).tolist() == [False] * 4 + [True]
    assert not np.asarray(moments.ended).any()
    runner = begin(world, jax.random.key(0), 2)._replace(time=jnp.array([4, 0]))
    before = runner.state
    runner, moment = advance(world, runner, jnp.array([1, 1]), jax.random.key(1))
    after = jax.vmap(world.step)(before, jnp.array([1, 1]))[0]
    np.testing.assert_allclose(moment.following, after, rtol=1e-6)  # what was seen of the old episode
    assert runner.time.tolist() == [0, 1]
    assert runner.last.tolist() == [1, 0]
    assert float(jnp.abs(runner.state[0]).max()) <= 0.05
    assert of_the_first_episode(jnp.array([[False], [True], [True]])).ravel().tolist() == [1, 1, 0]


def test_returns_are_discounted_sums():
    rewards = np.random.default_rng(0).normal(size=(6, 2)).astype("float32")
    goes_on = np.array([[1, 1], [1, 1], [0, 1], [1, 1], [1, 1], [1, 1]], "float32")
    found = np.asarray(discounted(rewards, goes_on, jnp.array([0.0, 2.0]), 0.9))
    np.testing.assert_allclose(found[0, 0], rewards[:3, 0] @ 0.9 ** np.arange(3), rtol=1e-5)
    np.testing.assert_allclose(found[0, 1], rewards[:, 1] @ 0.9 ** np.arange(6) + 2 * 0.9**6, rtol=1e-5)


def test_policies_over_numbers_are_normal_distributions():
    from scipy.stats import norm

    kind, policy = zoo.Continuous(-1, 1), jnp.array([0.3, -0.5])
    theirs = norm(0.3, math.exp(-0.5))
    np.testing.assert_allclose(kind.log_density(policy, jnp.array(0.9)), theirs.logpdf(0.9), rtol=1e-5)
    np.testing.assert_allclose(kind.entropy(policy), theirs.entropy(), rtol=1e-5)
    drawn = jax.vmap(kind.draw, (0, None))(jax.random.split(jax.random.key(0), 4000), policy)
    np.testing.assert_allclose([drawn.mean(), drawn.std()], [0.3, math.exp(-0.5)], atol=0.03)


@pytest.mark.parametrize("world", [zoo.CartPole(9), zoo.GridWorld(("SG",), 3), zoo.Pendulum(7)])
def test_an_environment_is_a_part_of_files(world):
    assert described_world(json.loads(json.dumps(world.described()))) == world
    assert dataclasses.replace(world, limit=8).described() != world.described()
    with pytest.raises(ValueError, match="There is no world 'Popen'"):
        described_world({"world": "Popen"})


def test_actions_of_the_other_kind_are_refused_by_name():
    with pytest.raises(ValueError, match=r"CartPole: its actions are discrete.*0 to 1.*float32"):
        zoo.CartPole().step(jnp.zeros(4), jnp.array(0.5))
    with pytest.raises(ValueError, match=r"GridWorld: its actions are discrete.*0 to 3"):
        zoo.GridWorld().step(jnp.array(0), 1.0)
    with pytest.raises(ValueError, match=r"Pendulum: its actions are continuous.*-2 to 2.*int32"):
        zoo.Pendulum().step(jnp.zeros(2), jnp.array(1))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: zoo.CartPole(0), r"CartPole: limit is a whole number above 0\. Received: limit=0"),
        (lambda: zoo.GridWorld(("S.", "G")), "texts of one length"),
        (lambda: zoo.GridWorld(("SxG",)), "Received: 'x'"),
        (lambda: zoo.GridWorld(("SS",)), "Received 2 of S and 0 of G"),
    ],
)
def test_what_is_no_world_is_refused(make: Any, message):
    with pytest.raises(ValueError, match=message):
        make()
