"""The policy gradient: actions by chance, and those that led to more than was expected become likelier.

Williams (Simple statistical gradient-following algorithms for connectionist reinforcement learning, Machine
Learning 8, 1992): REINFORCE. A network, the policy, gives the probability pi(a | s) of each action a where s
is seen. It plays an episode, and for each step t the return that came after it is

    G_t = r_t + g r_(t+1) + g^2 r_(t+2) + ...,

with a discount g. The gradient of the mean return, by which the weights climb, is the mean of

    (G_t - b(s_t)) grad log pi(a_t | s_t),

for any baseline b that does not depend on the action: it changes the spread of this estimate and not its
mean. The best guess of the return, a value v(s), is a good one; a second network learns it here from the
squares of G_t - v(s_t), as in Sutton and Barto (Reinforcement learning, second edition, 2018), chapter 13.

Nothing is known of the world, and no action need be countable: where actions are numbers the policy is a
normal distribution, of which the network gives the mean and the spread.

Deviations. An update takes an episode of each of many copies, which run side by side, and the gradient's mean
over all their steps. Advantages G - v are divided by their spread, so that one learning rate serves for
rewards of any size. The policy's entropy is added, weighed, so that it stays curious (Williams and Peng,
Function optimization using connectionist reinforcement learning algorithms, 1991). Adam follows the gradient.
"""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from neurona.models import Model
from neurona.zoo.card import Card, Outcome, Words
from neurona.zoo.environments import FOUR_ROOMS, CartPole, Continuous, Discrete, GridWorld
from neurona.zoo.playing import (
    ActorCritic,
    PlayRule,
    balancing,
    discounted,
    episodes_of,
    of_the_first_episode,
    return_in,
)

__all__ = ["PolicyGradient"]


class ReinforceRule(PlayRule):
    """REINFORCE with a baseline, on an episode of each copy.

    Args:
        environment, learning_rate, steps, seed: as in `PlayRule`.
        discount: g.
        entropy: how much it counts.
        copies: episodes of an update.

    Figures: `mean_return`, of the episodes of an update; `loss`.
    """

    def __init__(
        self,
        environment: Any,
        learning_rate: float,
        steps: int,
        discount: float,
        entropy: float,
        copies: int,
        seed: int,
    ) -> None:
        super().__init__(environment, learning_rate, steps, 0.5, seed)
        self.discount, self.entropy, self.copies = discount, entropy, copies

    def first_memory(self, weights: list[jax.Array], key: jax.Array) -> dict[str, Any]:
        return {}

    def update(self, answer: Any, weights: Any, memory: dict[str, Any], key: jax.Array) -> Any:
        kind = self.world.actions

        def act(seen: jax.Array, key: jax.Array) -> jax.Array:
            return kind.draw(key, answer(weights, seen)[0])

        moments = episodes_of(self.world, act, key, self.copies)
        counts = of_the_first_episode(moments.over)
        counts /= counts.sum()
        returns = discounted(moments.reward, 1.0 - moments.over, jnp.zeros(self.copies), self.discount)
        scale = jnp.sqrt(jnp.sum(counts * returns**2)) + _LEAST

        def objective(weights: list[jax.Array]) -> jax.Array:
            policy, values = answer(weights, moments.observation.reshape(-1, self.world.observation_size))
            policy, values = policy.reshape(*counts.shape, -1), values.reshape(counts.shape)
            advantage = returns - jax.lax.stop_gradient(values)
            advantage /= jnp.sqrt(jnp.sum(counts * advantage**2)) + _LEAST
            gain = advantage * kind.log_density(policy, moments.action) + self.entropy * kind.entropy(policy)
            error = ((returns - values) / scale) ** 2
            return jnp.sum(counts * (error - gain))

        weights, optimizer, loss = self.descend(objective, weights, memory["optimizer"])
        earned = jnp.sum(moments.reward * (counts > 0)) / self.copies
        return weights, {"optimizer": optimizer}, {"mean_return": earned, "loss": loss}


_LEAST = 1e-6  # where all returns are alike


class PolicyGradient(ActorCritic):
    """REINFORCE with a baseline: a policy that learns from whole episodes.

    Args:
        units: of the hidden layers of both networks, of hyperbolic tangents.
        discount: g, from 0 to 1: how much a reward counts a step later.
        entropy: how much the policy's entropy counts.
        learning_rate: of Adam, at first; it falls to a tenth as half a cosine does over epochs x updates.
        epochs: parts into which the training is cut; for each the mean return is told.
        updates: steps of gradient in an epoch.
        copies: of the environment that are played side by side, an episode of each in an update.
        random_state: an integer for the same numbers at every call.

    Attributes:
        environment_: what it has learned from, as plain values.
        returns_: the mean return of each epoch of the last fit.
        model_, history_, n_features_in_: as in `Estimator`. The model gives the policy and the value.

    Raises:
        DataError: it is given rows in the place of an environment.
        ArgumentError: a size is no whole number above 0, or the discount is not from 0 to 1.

    Example:

        >>> from neurona.zoo import GridWorld
        >>> world = GridWorld(("S..", "..G"), limit=20)
        >>> network = PolicyGradient((8,), epochs=4, updates=5, random_state=0).fit(world)
        >>> network.score(world), world.best
        (-3.0, -3.0)
    """

    _kinds = (Discrete, Continuous)

    def __init__(
        self,
        units: tuple[int, ...] = (64, 64),
        discount: float = 0.99,
        entropy: float = 0.01,
        learning_rate: float = 0.01,
        epochs: int = 20,
        updates: int = 10,
        copies: int = 16,
        random_state: int | None = None,
    ) -> None:
        self.units = units
        self.discount = discount
        self.entropy = entropy
        self.learning_rate = learning_rate
        self.epochs = epochs
        self.updates = updates
        self.copies = copies
        self.random_state = random_state

    def _model_for(self, X: np.ndarray, y: np.ndarray | None) -> Model:
        model = self._actor_critic()
        model.compile(
            rule=ReinforceRule(
                self.environment_,
                self.learning_rate,
                self.epochs * self.updates,
                self.discount,
                self.entropy,
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
        network = PolicyGradient((32,), epochs=4, updates=10, copies=8, random_state=seed).fit(world)
        return Outcome(network.score(world), network)
    network = PolicyGradient(random_state=seed).fit(CartPole())
    rooms = GridWorld(FOUR_ROOMS)
    found = PolicyGradient(random_state=seed).fit(rooms).score(rooms)
    return Outcome(network.score(CartPole()), network, {return_in(rooms): found})


CARD = Card(
    title=Words("Policy gradient", "Gradiente de la política"),
    year=1992,
    paper="Williams, Simple statistical gradient-following algorithms for connectionist reinforcement "
    "learning, 1992",
    family="play",
    cells=("input", "hidden", "output"),
    summary=Words(
        "It acts by chance; actions that led to more than was expected become likelier.",
        "Actúa al azar; las acciones que llevaron a más de lo esperado se hacen más probables.",
    ),
    network=PolicyGradient,
    experiment=balancing(_balancing),
)
