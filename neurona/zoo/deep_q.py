"""The deep Q-network: it learns what each action is worth in the long run, from memories drawn at random.

Mnih et al. (Playing Atari with deep reinforcement learning, 2013; Human-level control through deep
reinforcement learning, Nature 518, 2015). The value Q(s, a) is the return that comes after the action a where
s is seen, with later rewards discounted by g, if the best is done from then on. It obeys Bellman's equation:

    Q(s, a) = mean of r + g max over a' of Q(s', a').

A network gives Q for all actions at once, and learns it by the squares of the difference between both sides.
That alone diverges easily, as what follows from itself is learned from rows that resemble each other. Two
things make it last. Experience replay (Lin, 1992): what happened is kept, (s, a, r, s'), and each step learns
from a batch that is drawn from the last of these memories at random. And the target network (2015): the right
side is computed with weights w- that are those of some steps before,

    loss = mean of (r + g max over a' of Q(s', a'; w-) - Q(s, a; w))^2.

Where s' is the end, its value is 0. It plays the best action, but with a probability e any: e falls linearly
from 1 to 0.05 while it explores.

Deviations. Many copies of the environment are played side by side, with a step of gradient after a step of
all. The error counts as its square, where the paper of 2015 clips it to 1: then the rare steps that end an
episode can't hold the values down against the many that raise them, and on the pole these grew without bound.
Adam with a rate that falls takes the place of RMSprop. The observations are numbers, and the network dense
layers, where the paper has pictures and convolutions.
"""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from neurona.errors import ArgumentError
from neurona.layers import Dense, Input
from neurona.models import Model, Sequential
from neurona.zoo.card import Card, Outcome, Words
from neurona.zoo.environments import CLIFF, FOUR_ROOMS, CartPole, GridWorld
from neurona.zoo.playing import Player, PlayRule, advance, balancing, begin, return_in

__all__ = ["DeepQ"]

_LEAST = 0.05  # e in the end
_LONGEST = 10.0  # of a gradient
_KEPT = ("observation", "action", "reward", "following", "ended")


class DeepQRule(PlayRule):
    """Deep Q-learning with experience replay and a target network.

    Args:
        environment, learning_rate, steps, seed: as in `PlayRule`.
        discount: g.
        memory: how many steps of all copies are kept.
        batch: how many a step of gradient learns from.
        target: after so many gradients the target network becomes the network.
        exploration: the share of all steps in which e falls.
        length: steps of each copy, and of gradient, in an update.
        copies: of the environment.

    Figures: `mean_return`, of the last episode of each copy; `loss`.
    """

    def __init__(
        self,
        environment: Any,
        learning_rate: float,
        steps: int,
        discount: float,
        memory: int,
        batch: int,
        target: int,
        exploration: float,
        length: int,
        copies: int,
        seed: int,
    ) -> None:
        super().__init__(environment, learning_rate, steps, _LONGEST, seed)
        self.discount, self.memory, self.batch, self.target = discount, memory, batch, target
        self.exploration, self.length, self.copies = exploration, length, copies

    @property
    def _cells(self) -> int:
        """How many steps of each copy are kept."""
        return max(1, self.memory // self.copies)

    def first_memory(self, weights: list[jax.Array], key: jax.Array) -> dict[str, Any]:
        runner = begin(self.world, key, self.copies)
        _, moment = advance(self.world, runner, jnp.zeros(self.copies, "int32"), key)
        seen = {name: getattr(moment, name) for name in _KEPT}
        replay = {name: jnp.zeros((self._cells, *one.shape), one.dtype) for name, one in seen.items()}
        return {"runner": runner, "replay": replay, "target": weights, "number": jnp.zeros((), "int32")}

    def update(self, answer: Any, weights: Any, memory: dict[str, Any], key: jax.Array) -> Any:
        def step(held: Any, key: jax.Array) -> Any:
            weights, memory = held
            first, second = jax.random.split(key)
            memory = self._played(answer, weights, memory, first)
            weights, memory, loss = self._learned(answer, weights, memory, second)
            return (weights, memory), loss

        keys = jax.random.split(key, self.length)
        (weights, memory), losses = jax.lax.scan(step, (weights, memory), keys)
        return weights, memory, {"mean_return": memory["runner"].last.mean(), "loss": losses.mean()}

    def _played(self, answer: Any, weights: Any, memory: dict[str, Any], key: jax.Array) -> dict[str, Any]:
        """The memory after a step of all copies."""
        keys, number, runner = jax.random.split(key, 3), memory["number"], memory["runner"]
        values = answer(weights, jax.vmap(self.world.observe)(runner.state))
        progress = number / (self.exploration * self.steps)
        explores = jax.random.uniform(keys[0], (self.copies,)) < jnp.maximum(1 - progress, _LEAST)
        anything = jax.random.randint(keys[1], (self.copies,), 0, self.world.actions.count)
        action = jnp.where(explores, anything, values.argmax(axis=-1))
        runner, moment = advance(self.world, runner, action, keys[2])
        place = memory["number"] % self._cells
        replay = {
            name: cells.at[place].set(getattr(moment, name)) for name, cells in memory["replay"].items()
        }
        return {**memory, "runner": runner, "replay": replay, "number": number + 1}

    def _learned(self, answer: Any, weights: Any, memory: dict[str, Any], key: jax.Array) -> Any:
        """The weights and the memory after a step of gradient, and the loss."""
        first, second = jax.random.split(key)
        rows = jax.random.randint(first, (self.batch,), 0, jnp.minimum(memory["number"], self._cells))
        columns = jax.random.randint(second, (self.batch,), 0, self.copies)
        drawn = {name: cells[rows, columns] for name, cells in memory["replay"].items()}
        best = answer(memory["target"], drawn["following"]).max(axis=-1)
        wanted = drawn["reward"] + self.discount * jnp.where(drawn["ended"], 0, best)

        def objective(weights: list[jax.Array]) -> jax.Array:
            values = answer(weights, drawn["observation"])
            taken = jnp.take_along_axis(values, drawn["action"][:, None], axis=1)[:, 0]
            return jnp.mean((taken - wanted) ** 2)

        weights, optimizer, loss = self.descend(objective, weights, memory["optimizer"])
        is_time = memory["number"] % self.target == 0
        target = [jnp.where(is_time, new, old) for new, old in zip(weights, memory["target"], strict=True)]
        return weights, {**memory, "target": target, "optimizer": optimizer}, loss


class DeepQ(Player):
    """A deep Q-network: values of actions, learned from memories of play.

    Args:
        units: of the hidden layers, of rectified units.
        discount: g, from 0 to 1: how much a reward counts a step later.
        memory: how many steps of all copies are kept to learn from.
        batch: how many of them a step of gradient learns from.
        target: after so many gradients the target network becomes the network.
        exploration: from 0 to 1, the share of all steps in which the chance of an action at random falls.
        learning_rate: of Adam, at first; it falls to a tenth as half a cosine does over all steps.
        epochs: parts into which the training is cut; for each the mean return is told.
        updates: in an epoch.
        length: steps of each copy in an update; after each a gradient is followed.
        copies: of the environment that are played side by side.
        random_state: an integer for the same numbers at every call.

    Attributes:
        environment_: what it has learned from, as plain values.
        returns_: the mean return of each epoch of the last fit.
        model_, history_, n_features_in_: as in `Estimator`. The model gives Q(s, a) of each action.

    Raises:
        DataError: it is given rows in the place of an environment, or actions that can't be counted.
        ArgumentError: a size is no whole number above 0, or a share is not from 0 to 1.

    Example:

        >>> world = GridWorld(("S..", "..G"), limit=20)
        >>> network = DeepQ((16,), epochs=2, updates=5, length=50, target=50, random_state=0).fit(world)
        >>> network.score(world), world.best
        (-3.0, -3.0)
    """

    _counts = ("updates", "copies", "memory", "batch", "target", "length")

    def __init__(
        self,
        units: tuple[int, ...] = (64, 64),
        discount: float = 0.99,
        memory: int = 100_000,
        batch: int = 128,
        target: int = 100,
        exploration: float = 0.3,
        learning_rate: float = 0.001,
        epochs: int = 20,
        updates: int = 10,
        length: int = 150,
        copies: int = 16,
        random_state: int | None = None,
    ) -> None:
        self.units = units
        self.discount = discount
        self.memory = memory
        self.batch = batch
        self.target = target
        self.exploration = exploration
        self.learning_rate = learning_rate
        self.epochs = epochs
        self.updates = updates
        self.length = length
        self.copies = copies
        self.random_state = random_state

    def _model_for(self, X: np.ndarray, y: np.ndarray | None) -> Model:
        if not 0 < self.exploration <= 1:
            raise ArgumentError(
                f"DeepQ: exploration is above 0 and up to 1. Received: exploration={self.exploration!r}"
            )
        world = self._environment
        hidden = [Dense(units, "relu", kernel_initializer="he_uniform") for units in self.units]
        model = Sequential([Input((world.observation_size,)), *hidden, Dense(world.actions.count)])
        model.compile(
            rule=DeepQRule(
                self.environment_,
                self.learning_rate,
                self.epochs * self.updates * self.length,
                self.discount,
                self.memory,
                self.batch,
                self.target,
                self.exploration,
                self.length,
                self.copies,
                self._seed(),
            )
        )
        return model

    @property
    def _title(self) -> Words:
        return CARD.title


def _balancing(seed: int = 0, quick: bool = False) -> Outcome:
    """The pole upright for 500 steps; and the shortest ways of two grids."""
    if quick:
        world = CartPole(limit=100)
        size = {"epochs": 4, "updates": 3, "copies": 8, "target": 25, "exploration": 0.2, "memory": 20_000}
        network = DeepQ((64,), 0.95, learning_rate=0.003, random_state=seed, **size).fit(world)
        return Outcome(network.score(world), network)
    network = DeepQ(random_state=seed).fit(CartPole())
    details = {
        return_in(world): DeepQ(epochs=5, random_state=seed).fit(world).score(world)
        for world in (GridWorld(FOUR_ROOMS), GridWorld(CLIFF))
    }
    return Outcome(network.score(CartPole()), network, details)


CARD = Card(
    title=Words("Deep Q-network", "Red Q profunda"),
    year=2013,
    paper="Mnih et al., Playing Atari with deep reinforcement learning, 2013",
    family="play",
    cells=("input", "hidden", "output"),
    summary=Words(
        "It learns what each action is worth in the long run, from memories of play drawn at random.",
        "Aprende cuánto vale cada acción a la larga, de recuerdos del juego sacados al azar.",
    ),
    network=DeepQ,
    experiment=balancing(_balancing),
)
