"""Proximal policy optimization: a policy gradient that uses what was played more than once, and stays near.

Schulman, Wolski, Dhariwal, Radford and Klimov (Proximal policy optimization algorithms, 2017). After a step
of a policy gradient what was played before is of another policy, and may teach it no more. With the ratio

    r_t(w) = pi(a_t | s_t; w) / pi(a_t | s_t; w_old)

of the probabilities of what was done, now and when it was done, the mean of r_t A_t has the right gradient
at first; A_t is the advantage of the action, how much better than expected it went. So that the policy can't
run away with it, only what stays within 1 - e to 1 + e counts (the clipped objective):

    mean of min(r_t A_t, clip(r_t, 1 - e, 1 + e) A_t) - (v(s_t) - G_t)^2 c + entropy(pi(s_t)) d.

Its gradient is followed several times through what was played, in parts. The advantage is the sum of all
later errors of the guessed value v, discounted by g l (Schulman et al., High-dimensional continuous control
using generalized advantage estimation, 2016),

    A_t = delta_t + g l A_(t+1),   delta_t = r_t + g v(s_(t+1)) - v(s_t),   G_t = A_t + v(s_t):

l = 1 is REINFORCE with a baseline, l = 0 looks one step ahead. Where actions are numbers the policy is a
normal distribution.

Deviations. Where an episode is cut by its limit, the value of what would have come counts. The advantages of
a part are brought to mean 0 and variance 1. Policy and value share no weights.
"""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from neurona.errors import ArgumentError
from neurona.models import Model
from neurona.zoo.card import Card, Outcome, Words
from neurona.zoo.environments import FOUR_ROOMS, CartPole, Continuous, Discrete, GridWorld
from neurona.zoo.playing import ActorCritic, PlayRule, advance, balancing, begin, discounted, return_in

__all__ = ["ProximalPolicy"]

_VALUE = 0.25  # c
_LEAST = 1e-6  # where all advantages are alike


def clipped_gain(ratio: jax.Array, advantage: jax.Array, clip: float) -> jax.Array:
    """min(r A, clip(r, 1 - e, 1 + e) A).

    Example:

        >>> clipped_gain(jnp.array([1.5, 1.5, 0.5, 0.5]), jnp.array([1.0, -1.0, 1.0, -1.0]), 0.2).tolist()
        [1.2..., -1.5, 0.5, -0.8...]
    """
    return jnp.minimum(ratio * advantage, jnp.clip(ratio, 1 - clip, 1 + clip) * advantage)


class ProximalPolicyRule(PlayRule):
    """Proximal policy optimization with clipped ratios and generalized advantages.

    Args:
        environment, learning_rate, steps, seed: as in `PlayRule`.
        discount, trace, clip: g, l and e.
        entropy: d.
        length: steps of each copy in an update.
        passes: how often an update goes through what was played.
        parts: into how many parts it is cut.
        copies: of the environment.

    Figures: `mean_return`, of the last episode of each copy; `loss`.
    """

    def __init__(
        self,
        environment: Any,
        learning_rate: float,
        steps: int,
        discount: float,
        trace: float,
        clip: float,
        entropy: float,
        length: int,
        passes: int,
        parts: int,
        copies: int,
        seed: int,
    ) -> None:
        super().__init__(environment, learning_rate, steps, 0.5, seed)
        self.discount, self.trace, self.clip, self.entropy = discount, trace, clip, entropy
        self.length, self.passes, self.parts, self.copies = length, passes, parts, copies

    def first_memory(self, weights: list[jax.Array], key: jax.Array) -> dict[str, Any]:
        return {"runner": begin(self.world, key, self.copies)}

    def update(self, answer: Any, weights: Any, memory: dict[str, Any], key: jax.Array) -> Any:
        first, second = jax.random.split(key)
        runner, played = self._played(answer, weights, memory["runner"], first)

        def learn(held: Any, rows: jax.Array) -> Any:
            part = {name: values[rows] for name, values in played.items()}
            weights, optimizer, loss = self.descend(self._objective(answer, part), *held)
            return (weights, optimizer), loss

        count = self.length * self.copies
        shuffled = jax.vmap(jax.random.permutation, (0, None))(jax.random.split(second, self.passes), count)
        parts = shuffled[:, : count // self.parts * self.parts].reshape(self.passes * self.parts, -1)
        (weights, optimizer), losses = jax.lax.scan(learn, (weights, memory["optimizer"]), parts)
        figures = {"mean_return": runner.last.mean(), "loss": losses.mean()}
        return weights, {"runner": runner, "optimizer": optimizer}, figures

    def _played(self, answer: Any, weights: Any, runner: Any, key: jax.Array) -> tuple[Any, dict[str, Any]]:
        """The copies after `length` steps, and what happened in each, one after another."""
        kind = self.world.actions

        def step(runner: Any, key: jax.Array) -> Any:
            first, second = jax.random.split(key)
            policy, values = answer(weights, jax.vmap(self.world.observe)(runner.state))
            action = kind.draw(first, policy)
            runner, moment = advance(self.world, runner, action, second)
            return runner, (moment, kind.log_density(policy, action), values[:, 0])

        runner, found = jax.lax.scan(step, runner, jax.random.split(key, self.length))
        moments, logs, values = found
        seen_after = moments.following.reshape(-1, self.world.observation_size)
        after = answer(weights, seen_after)[1].reshape(values.shape)
        errors = moments.reward + self.discount * jnp.where(moments.ended, 0, after) - values
        factor = self.discount * self.trace
        advantage = discounted(errors, 1.0 - moments.over, jnp.zeros(self.copies), factor)
        happened = {
            "observation": moments.observation,
            "action": moments.action,
            "log_density": logs,
            "advantage": advantage,
            "value": advantage + values,
        }
        return runner, {name: one.reshape(-1, *one.shape[2:]) for name, one in happened.items()}

    def _objective(self, answer: Any, part: dict[str, jax.Array]) -> Any:
        """What is descended by the weights for a part of what was played."""
        kind, gain = self.world.actions, part["advantage"]
        gain = (gain - gain.mean()) / (gain.std() + _LEAST)

        def objective(weights: list[jax.Array]) -> jax.Array:
            policy, values = answer(weights, part["observation"])
            ratio = jnp.exp(kind.log_density(policy, part["action"]) - part["log_density"])
            won = clipped_gain(ratio, gain, self.clip) + self.entropy * kind.entropy(policy)
            return jnp.mean(_VALUE * (values[:, 0] - part["value"]) ** 2 - won)

        return objective


class ProximalPolicy(ActorCritic):
    """Proximal policy optimization: a policy that learns from steps of many copies, several times from each.

    Args:
        units: of the hidden layers of both networks, of hyperbolic tangents.
        discount: g, from 0 to 1: how much a reward counts a step later.
        trace: l, from 0 to 1: how far ahead an advantage looks.
        clip: e, how far the ratio counts.
        entropy: how much the policy's entropy counts.
        learning_rate: of Adam, at first; it falls to a tenth as half a cosine does over all steps.
        epochs: parts into which the training is cut; for each the mean return is told.
        updates: in an epoch.
        length: steps of each copy in an update.
        passes: how often an update goes through what was played.
        parts: into how many parts it is cut, with a step of gradient for each.
        copies: of the environment that are played side by side.
        random_state: an integer for the same numbers at every call.

    Attributes:
        environment_: what it has learned from, as plain values.
        returns_: the mean return of each epoch of the last fit.
        model_, history_, n_features_in_: as in `Estimator`. The model gives the policy and the value.

    Raises:
        DataError: it is given rows in the place of an environment.
        ArgumentError: a size is no whole number above 0, a share not from 0 to 1, or there are more parts
            than steps.

    Example:

        >>> world = GridWorld(("S..", "..G"), limit=20)
        >>> network = ProximalPolicy((8,), epochs=2, updates=5, length=20, random_state=0).fit(world)
        >>> network.score(world), world.best
        (-3.0, -3.0)
    """

    _kinds = (Discrete, Continuous)
    _counts = ("updates", "copies", "length", "passes", "parts")

    def __init__(
        self,
        units: tuple[int, ...] = (64, 64),
        discount: float = 0.99,
        trace: float = 0.95,
        clip: float = 0.2,
        entropy: float = 0.01,
        learning_rate: float = 0.001,
        epochs: int = 10,
        updates: int = 10,
        length: int = 128,
        passes: int = 4,
        parts: int = 4,
        copies: int = 16,
        random_state: int | None = None,
    ) -> None:
        self.units = units
        self.discount = discount
        self.trace = trace
        self.clip = clip
        self.entropy = entropy
        self.learning_rate = learning_rate
        self.epochs = epochs
        self.updates = updates
        self.length = length
        self.passes = passes
        self.parts = parts
        self.copies = copies
        self.random_state = random_state

    def _model_for(self, X: np.ndarray, y: np.ndarray | None) -> Model:
        if not (0 <= self.trace <= 1 and self.clip > 0):
            raise ArgumentError(
                "ProximalPolicy: trace is from 0 to 1, and clip above 0. Received: "
                f"trace={self.trace!r}, clip={self.clip!r}"
            )
        if self.parts > self.length * self.copies:
            raise ArgumentError(
                f"ProximalPolicy: {self.length} steps of {self.copies} copies can't be cut into "
                f"{self.parts} parts."
            )
        model = self._actor_critic()
        model.compile(
            rule=ProximalPolicyRule(
                self.environment_,
                self.learning_rate,
                self.epochs * self.updates * self.passes * self.parts,
                self.discount,
                self.trace,
                self.clip,
                self.entropy,
                self.length,
                self.passes,
                self.parts,
                self.copies,
                self._seed(),
            )
        )
        return model

    @property
    def _title(self) -> Words:
        return CARD.title


def _balancing(seed: int = 0, quick: bool = False) -> Outcome:
    """The pole upright for 500 steps; and the shortest way through four rooms."""
    if quick:
        world = CartPole(limit=100)
        network = ProximalPolicy((32,), epochs=2, updates=10, length=64, random_state=seed).fit(world)
        return Outcome(network.score(world), network)
    network = ProximalPolicy(random_state=seed).fit(CartPole())
    rooms = GridWorld(FOUR_ROOMS)
    found = ProximalPolicy(random_state=seed).fit(rooms).score(rooms)
    return Outcome(network.score(CartPole()), network, {return_in(rooms): found})


CARD = Card(
    title=Words("Proximal policy optimization", "Optimización proximal de la política"),
    year=2017,
    paper="Schulman et al., Proximal policy optimization algorithms, 2017",
    family="play",
    cells=("input", "hidden", "output"),
    summary=Words(
        "A policy gradient that uses what was played several times, and never moves the policy far at once.",
        "Un gradiente de la política que aprovecha varias veces lo jugado y nunca aleja mucho la política de "
        "una vez.",
    ),
    network=ProximalPolicy,
    experiment=balancing(_balancing),
)
