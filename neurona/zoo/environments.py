"""Environments: small worlds in which a network acts, observes and is rewarded, as pure functions.

An environment is three functions of its state, and holds none itself:

    state = environment.reset(key)
    state, reward, ended = environment.step(state, action)
    observation = environment.observe(state)

`jax.vmap` runs many copies at once, and `jax.jit` compiles them together with the network that plays. An
episode ends where the world says so (`ended`), or after `limit` steps. That limit is the watch's and not the
world's: what would have come after it still counts for a network that looks ahead (Pardo et al., Time limits
in reinforcement learning, 2018).

An environment of your own is a frozen dataclass that inherits from `Environment`; a file of a network that
learned from it is read where its class is defined.
"""

import dataclasses
import json
import math
from collections.abc import Mapping
from typing import Any, ClassVar, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from neurona.errors import ArgumentError, DataError, SavingError
from neurona.zoo.card import Words

__all__ = [
    "CLIFF",
    "FOUR_ROOMS",
    "CartPole",
    "Continuous",
    "Discrete",
    "Environment",
    "GridWorld",
    "Pendulum",
]

_SPEED = Words("angular velocity (rad/s)", "velocidad angular (rad/s)")


class Discrete(NamedTuple):
    """Actions that are one of a few: the whole numbers from 0 to below `count`. A policy gives the logarithm
    of how likely each is, up to a constant.

    Example:

        >>> kind = Discrete(2)
        >>> kind.best(jnp.array([0.0, 3.0])).item(), kind.entropy(jnp.zeros(2)).round(3).item()
        (1, 0.693...)
    """

    count: int

    @property
    def outputs(self) -> int:
        """How many numbers a policy gives."""
        return self.count

    def check(self, owner: str, action: Any) -> None:
        """Refuse an action that is no whole number.

        Raises:
            DataError: it is another kind of number.
        """
        if not jnp.issubdtype(jnp.result_type(action), jnp.integer):
            raise DataError(
                f"{owner}: its actions are discrete, the whole numbers from 0 to {self.count - 1}. "
                f"Received an action of dtype {jnp.result_type(action)}."
            )

    def draw(self, key: jax.Array, policy: jax.Array) -> jax.Array:
        """An action by chance."""
        return jax.random.categorical(key, policy)

    def best(self, policy: jax.Array) -> jax.Array:
        """The likeliest action."""
        return policy.argmax(axis=-1)

    def log_density(self, policy: jax.Array, action: jax.Array) -> jax.Array:
        """log p(action)."""
        return jnp.take_along_axis(jax.nn.log_softmax(policy), action[..., None], axis=-1)[..., 0]

    def entropy(self, policy: jax.Array) -> jax.Array:
        """The mean of -log p."""
        logs = jax.nn.log_softmax(policy)
        return -jnp.sum(jnp.exp(logs) * logs, axis=-1)


class Continuous(NamedTuple):
    """Actions that are a number from `low` to `high`. A policy gives the mean of a normal distribution and
    the logarithm of its standard deviation; an action beyond the bounds is taken for the nearest one.

    Example:

        >>> kind = Continuous(-2.0, 2.0)
        >>> kind.best(jnp.array([5.0, 0.0])).item(), kind.entropy(jnp.zeros(2)).round(3).item()
        (2.0, 1.41...)
    """

    low: float
    high: float

    @property
    def outputs(self) -> int:
        """How many numbers a policy gives."""
        return 2

    def check(self, owner: str, action: Any) -> None:
        """Refuse an action that numbers something instead of measuring it.

        Raises:
            DataError: it is no float.
        """
        if not jnp.issubdtype(jnp.result_type(action), jnp.floating):
            raise DataError(
                f"{owner}: its actions are continuous, numbers from {self.low:g} to {self.high:g}. Received "
                f"an action of dtype {jnp.result_type(action)}."
            )

    def draw(self, key: jax.Array, policy: jax.Array) -> jax.Array:
        """An action by chance."""
        mean, spread = policy[..., 0], jnp.exp(policy[..., 1])
        return mean + spread * jax.random.normal(key, mean.shape, mean.dtype)

    def best(self, policy: jax.Array) -> jax.Array:
        """The likeliest action."""
        return jnp.clip(policy[..., 0], self.low, self.high)

    def log_density(self, policy: jax.Array, action: jax.Array) -> jax.Array:
        """log p(action)."""
        away = (action - policy[..., 0]) * jnp.exp(-policy[..., 1])
        return -(away**2 + math.log(2 * math.pi)) / 2 - policy[..., 1]

    def entropy(self, policy: jax.Array) -> jax.Array:
        """The mean of -log p."""
        return policy[..., 1] + (1 + math.log(2 * math.pi)) / 2


class Quantity(NamedTuple):
    """A quantity of a state: its name, and from where to where it is drawn."""

    name: Words
    low: float
    high: float


class World:
    """What can be played: an environment, or a game of two. It is a frozen dataclass."""

    def described(self) -> dict[str, Any]:
        """The world as plain values, from which `described_world` makes it again."""
        fields: Any = self
        return {"world": type(self).__name__, **json.loads(json.dumps(dataclasses.asdict(fields)))}


class Environment(World):
    """What all environments are: a state, what is seen of it, and what actions make of it.

    Attributes:
        actions: `Discrete(count)` or `Continuous(low, high)`.
        observation_size: how many numbers are seen.
        limit: after so many steps an episode is cut.
        plane: two quantities over which a picture shows what a network does; None has no such picture.
    """

    actions: ClassVar[Any]
    limit: int
    observation_size: int
    plane: ClassVar[tuple[Quantity, Quantity] | None] = None

    def reset(self, key: jax.Array) -> Any:
        """The state at the beginning of an episode: arrays in any tree."""
        raise NotImplementedError

    def observe(self, state: Any) -> jax.Array:
        """What is seen of a state, (observation_size,)."""
        raise NotImplementedError

    def step(self, state: Any, action: Any) -> tuple[Any, jax.Array, jax.Array]:
        """The state after an action, the reward, and whether the episode has ended.

        Raises:
            DataError: the action is discrete where it is continuous, or the other way round.
        """
        raise NotImplementedError

    def at(self, first: jax.Array, second: jax.Array) -> Any:
        """The state at a place of the plane."""
        raise NotImplementedError


def described_world(description: Mapping[str, Any]) -> Any:
    """The world that `described` described.

    Raises:
        SavingError: there is no class of that name.

    Example:

        >>> described_world({"world": "CartPole", "limit": 200})
        CartPole(limit=200)
    """
    known, waiting = {}, [World]
    while waiting:
        cls: Any = waiting.pop()
        waiting += cls.__subclasses__()
        known[cls.__name__] = cls
    name, fields = description.get("world"), {**description}
    fields.pop("world", None)
    if name not in known or not dataclasses.is_dataclass(known[name]):
        raise SavingError(
            f"There is no world {name!r:.100}: a network that learned from one of your own is read "
            "where its class is defined."
        )
    return known[name](**fields)


def check_limit(owner: str, limit: Any) -> None:
    """Refuse a limit that is no whole number above 0.

    Raises:
        ArgumentError: it is none.
    """
    if not (isinstance(limit, int | np.integer) and limit > 0):
        raise ArgumentError(f"{owner}: limit is a whole number above 0. Received: limit={limit!r}")


@dataclasses.dataclass(frozen=True)
class CartPole(Environment):
    """A pole on a cart, which is pushed left (0) or right (1) so that the pole stays upright.

    With the pole's angle t from upright, the cart's place x and the force F of 10 N to either side:

        t'' = (g sin t - cos t (F + m l t'^2 sin t) / M) / (l (4/3 - m cos^2 t / M))
        x'' = (F + m l (t'^2 sin t - t'' cos t)) / M

    with the pole's mass m = 0.1 kg and half length l = 0.5 m, the mass of both M = 1.1 kg and g = 9.8 m/s^2,
    in steps of 0.02 s by Euler's method. Each step earns 1, the last one too; the episode ends where x is
    more than 2.4 m away or t more than 12 degrees, and is cut after `limit` steps.

    Args:
        limit: steps after which an episode is cut; Gym's CartPole-v1 has 500.

    Shapes: state and observation (4,): x, x', t, t'.

    Source: Barto, Sutton and Anderson, Neuronlike adaptive elements that can solve difficult learning control
        problems, IEEE Transactions on Systems, Man, and Cybernetics 13, 1983, without friction; the numbers
        and the bounds are those of Gym's CartPole-v1 (Brockman et al., OpenAI Gym, 2016).

    Example:

        >>> world = CartPole()
        >>> state, reward, ended = world.step(jnp.zeros(4), 1)
        >>> state.round(3).tolist(), float(reward), bool(ended)  # a push to the right moves nothing yet
        ([0.0, 0.195..., 0.0, -0.29...], 1.0, False)
    """

    limit: int = 500
    actions: ClassVar[Discrete] = Discrete(2)
    observation_size: ClassVar[int] = 4
    plane: ClassVar[tuple[Quantity, Quantity] | None] = (
        Quantity(Words("angle (rad)", "ángulo (rad)"), -0.2, 0.2),
        Quantity(_SPEED, -2.0, 2.0),
    )

    def __post_init__(self) -> None:
        check_limit("CartPole", self.limit)

    def reset(self, key: jax.Array) -> jax.Array:
        return jax.random.uniform(key, (4,), minval=-0.05, maxval=0.05)

    def at(self, first: jax.Array, second: jax.Array) -> jax.Array:
        still = jnp.zeros_like(first)
        return jnp.stack([still, still, first, second])

    def observe(self, state: jax.Array) -> jax.Array:
        return state

    def step(self, state: jax.Array, action: Any) -> tuple[jax.Array, jax.Array, jax.Array]:
        self.actions.check("CartPole", action)
        gravity, pole, half, both, force, step = 9.8, 0.1, 0.5, 1.1, 10.0, 0.02
        _, speed, angle, turn = state
        sine, cosine = jnp.sin(angle), jnp.cos(angle)
        pushed = (jnp.where(action == 1, force, -force) + pole * half * turn**2 * sine) / both
        turning = (gravity * sine - cosine * pushed) / (half * (4 / 3 - pole * cosine**2 / both))
        speeding = pushed - pole * half * turning * cosine / both
        after = state + step * jnp.stack([speed, speeding, turn, turning])
        ended = (jnp.abs(after[0]) > 2.4) | (jnp.abs(after[2]) > math.radians(12))
        return after, jnp.ones((), state.dtype), ended


CLIFF = (
    "............",
    "............",
    "............",
    "SCCCCCCCCCCG",
)
FOUR_ROOMS = (
    ".....#.....",
    ".....#.....",
    "...........",
    ".....#.....",
    ".....#.....",
    "#.####.....",
    ".....###.##",
    ".....#.....",
    ".....#.....",
    "...........",
    "S....#....G",
)
_MOVES = ((-1, 0), (0, 1), (1, 0), (0, -1))  # up, right, down, left
_CELLS = ".#SGC"


@dataclasses.dataclass(frozen=True)
class GridWorld(Environment):
    """Cells to walk through: up (0), right (1), down (2) or left (3), from the start to the goal.

    Each step earns -1, so that the shortest way is the best; who walks into a wall stays. A step into the
    cliff earns -100 and leads back to the start.

    Args:
        rows: a text for each row of cells: `.` free, `#` a wall, `S` the start, `G` the goal, `C` the cliff.
            `CLIFF` and `FOUR_ROOMS` are known ones.
        limit: steps after which an episode is cut.

    Shapes: state (), the number of a cell, row by row; observation (cells,): 1 at that cell and 0 else.

    Raises:
        ArgumentError: the rows are not of one length, hold another letter, or not one start and a goal.

    Source: Sutton and Barto, Reinforcement learning, second edition, 2018: the cliff is that of chapter 6.
        The four rooms are after Sutton, Precup and Singh, Between MDPs and semi-MDPs, 1999.

    Example:

        >>> world = GridWorld(("S.G",))
        >>> state, reward, ended = world.step(world.reset(jax.random.key(0)), 1)
        >>> int(state), float(reward), bool(ended)
        (1, -1.0, False)
    """

    rows: tuple[str, ...] = CLIFF
    limit: int = 100
    actions: ClassVar[Discrete] = Discrete(4)

    def __post_init__(self) -> None:
        check_limit("GridWorld", self.limit)
        rows = tuple(self.rows)
        object.__setattr__(self, "rows", rows)
        cells = "".join(rows)
        if not cells or {len(row) for row in rows} != {len(rows[0])}:
            raise ArgumentError(f"GridWorld: its rows are texts of one length. Received: rows={rows}")
        if unknown := sorted(set(cells) - set(_CELLS)):
            raise ArgumentError(
                f"GridWorld: a cell is free (.), a wall (#), the start (S), a goal (G) or the cliff (C). "
                f"Received: {unknown[0]!r}"
            )
        if cells.count("S") != 1 or "G" not in cells:
            raise ArgumentError(
                f"GridWorld: it has one start (S) and a goal (G). Received {cells.count('S')} of S and "
                f"{cells.count('G')} of G."
            )

    @property
    def observation_size(self) -> int:
        return len(self.rows) * len(self.rows[0])

    @property
    def best(self) -> float:
        """The return of the shortest way."""
        return float(self.values()[self._start])

    @property
    def _start(self) -> int:
        return "".join(self.rows).index("S")

    def table(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """What each action does in each cell.

        Returns:
            The cell after it, the reward, and whether that is the goal, (cells, 4) each.
        """
        cells, width = "".join(self.rows), len(self.rows[0])
        following = np.empty((len(cells), len(_MOVES)), "int32")
        rewards = np.full(following.shape, -1.0, "float32")
        for cell in range(len(cells)):
            for action, (down, right) in enumerate(_MOVES):
                row, column = cell // width + down, cell % width + right
                inside = 0 <= row < len(self.rows) and 0 <= column < width
                after = row * width + column if inside else cell
                after = cell if cells[after] == "#" else after
                if cells[after] == "C":
                    after, rewards[cell, action] = self._start, -100.0
                following[cell, action] = after
        return (
            following,
            rewards,
            np.array([cells[after] == "G" for after in following.ravel()]).reshape(following.shape),
        )

    def values(self) -> np.ndarray:
        """The best return from each cell, (cells,), by value iteration; of walls and of cells without a way
        to the goal it is about -`limit`.
        """
        following, rewards, ended = self.table()
        values = np.zeros(len(following))
        for _ in range(self.limit):
            values = (rewards + np.where(ended, 0, values[following])).max(axis=1)
        return values

    def reset(self, key: jax.Array) -> jax.Array:
        return jnp.asarray(self._start, "int32")

    def observe(self, state: jax.Array) -> jax.Array:
        return jax.nn.one_hot(state, self.observation_size)

    def step(self, state: jax.Array, action: Any) -> tuple[jax.Array, jax.Array, jax.Array]:
        self.actions.check("GridWorld", action)
        following, rewards, ended = map(jnp.asarray, self.table())
        return following[state, action], rewards[state, action], ended[state, action]


@dataclasses.dataclass(frozen=True)
class Pendulum(Environment):
    """A pendulum that hangs anyhow and is to be swung up and held, by a torque u from -2 to 2.

    With the angle t from upright, its mass m and length l of 1 and g = 10:

        t'' = 3 g / (2 l) sin t + 3 / (m l^2) u,

    in steps of 0.05 s; the speed stays within 8, and t' moves t after it was changed. A step earns
    -(t^2 + 0.1 t'^2 + 0.001 u^2), with t from -pi to pi and both from before the step.

    Args:
        limit: steps after which an episode is cut; Gym's Pendulum-v1 has 200.

    Shapes: state (2,): t, t'; observation (3,): cos t, sin t, t'.

    Source: Gym's Pendulum-v1 (Brockman et al., OpenAI Gym, 2016).

    Example:

        >>> world = Pendulum()
        >>> state, reward, ended = world.step(jnp.zeros(2), 0.0)  # upright and at rest it stays
        >>> state.tolist(), float(reward)
        ([0.0, 0.0], -0.0)
    """

    limit: int = 200
    actions: ClassVar[Continuous] = Continuous(-2.0, 2.0)
    observation_size: ClassVar[int] = 3
    plane: ClassVar[tuple[Quantity, Quantity] | None] = (
        Quantity(Words("angle (rad)", "ángulo (rad)"), -math.pi, math.pi),
        Quantity(_SPEED, -8.0, 8.0),
    )

    def __post_init__(self) -> None:
        check_limit("Pendulum", self.limit)

    def reset(self, key: jax.Array) -> jax.Array:
        bound = jnp.array([math.pi, 1.0])
        return jax.random.uniform(key, (2,), minval=-bound, maxval=bound)

    def at(self, first: jax.Array, second: jax.Array) -> jax.Array:
        return jnp.stack([first, second])

    def observe(self, state: jax.Array) -> jax.Array:
        return jnp.stack([jnp.cos(state[0]), jnp.sin(state[0]), state[1]])

    def step(self, state: jax.Array, action: Any) -> tuple[jax.Array, jax.Array, jax.Array]:
        self.actions.check("Pendulum", action)
        angle, speed = state
        torque = jnp.clip(action, self.actions.low, self.actions.high)
        away = jnp.mod(angle + math.pi, 2 * math.pi) - math.pi
        cost = away**2 + 0.1 * speed**2 + 0.001 * torque**2
        speed = jnp.clip(speed + 0.05 * (15 * jnp.sin(angle) + 3 * torque), -8, 8)
        return jnp.stack([angle + 0.05 * speed, speed]), -cost, jnp.zeros((), bool)
