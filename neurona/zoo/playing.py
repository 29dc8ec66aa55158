"""What networks that act share: copies of an environment that run side by side, and the loop around them."""

from typing import Any, NamedTuple, Self

import jax
import jax.numpy as jnp
import numpy as np

from neurona import Variable
from neurona.errors import ArgumentError, DataError
from neurona.layers import Dense, Input
from neurona.models import Model
from neurona.optimizers import Adam
from neurona.optimizers.schedules import CosineDecay
from neurona.plotting.figure import (
    BLUE,
    GRAY,
    ORANGE,
    SKY,
    VERMILLION,
    finish,
    matplotlib_module,
    new_figure,
    plain_axes,
)
from neurona.training import Rule
from neurona.zoo import validation
from neurona.zoo.card import Experiment, Words
from neurona.zoo.environments import (
    CLIFF,
    FOUR_ROOMS,
    Discrete,
    Environment,
    GridWorld,
    World,
    described_world,
)
from neurona.zoo.estimator import Estimator

__all__: list[str] = []

_POINTS = 60  # of a picture, along each side
_EPOCH, _RETURN = Words("epoch", "época"), Words("mean return", "retorno medio")
_ACTION = Words("best action", "mejor acción")
_PLACES = {
    FOUR_ROOMS: Words("four rooms", "cuatro habitaciones"),
    CLIFF: Words("the cliff", "el acantilado"),
}
_REST = 0.1  # of the learning rate is left in the end, so that a network can go on
_NOT_TAKEN = ("batch_size", "validation_data", "validation_split", "steps_per_epoch", "shuffle")


class Runner(NamedTuple):
    """Copies of an environment that are being played, (copies,) of each.

    Attributes:
        state: of the environment.
        time: steps of the episode so far.
        earned: its rewards so far.
        last: the return of the last episode that is over; of none yet, 0.
    """

    state: Any
    time: jax.Array
    earned: jax.Array
    last: jax.Array


class Moment(NamedTuple):
    """What happened in a step, (copies,) or (steps, copies) of each.

    Attributes:
        observation, action, reward: what was seen, done and earned.
        following: what was seen after it, also where the episode is over.
        ended: whether the world ended the episode: nothing comes after it.
        over: whether it has ended or was cut.
    """

    observation: jax.Array
    action: jax.Array
    reward: jax.Array
    following: jax.Array
    ended: jax.Array
    over: jax.Array


def begin(environment: Environment, key: jax.Array, copies: int) -> Runner:
    """Copies at the beginning of their first episode."""
    state = jax.vmap(environment.reset)(jax.random.split(key, copies))
    zeros = jnp.zeros(copies)
    return Runner(state, jnp.zeros(copies, "int32"), zeros, zeros)


def advance(
    environment: Environment, runner: Runner, action: jax.Array, key: jax.Array
) -> tuple[Runner, Moment]:
    """A step of each copy; where an episode is over, the next begins."""
    observation = jax.vmap(environment.observe)(runner.state)
    state, reward, ended = jax.vmap(environment.step)(runner.state, action)
    following = jax.vmap(environment.observe)(state)
    time, earned = runner.time + 1, runner.earned + reward
    over = ended | (time >= environment.limit)
    fresh = begin(environment, key, len(time))

    def renewed(new: jax.Array, old: jax.Array) -> jax.Array:
        return jnp.where(over.reshape(-1, *[1] * (new.ndim - 1)), new, old)

    after = Runner(
        jax.tree.map(renewed, fresh.state, state),
        renewed(fresh.time, time),
        renewed(fresh.earned, earned),
        renewed(earned, runner.last),
    )
    return after, Moment(observation, action, reward, following, ended, over)


def episodes_of(environment: Environment, act: Any, key: jax.Array, episodes: int) -> Moment:
    """An episode of each of so many copies, (limit, episodes): what follows an end is another episode's.

    Args:
        environment: what is played.
        act: called with observations and a key; gives actions.
        key: a random key.
        episodes: how many.
    """

    def step(runner: Runner, key: jax.Array) -> tuple[Runner, Moment]:
        first, second = jax.random.split(key)
        return advance(environment, runner, act(jax.vmap(environment.observe)(runner.state), first), second)

    first, second = jax.random.split(key)
    keys = jax.random.split(second, environment.limit)
    return jax.lax.scan(step, begin(environment, first, episodes), keys)[1]


def of_the_first_episode(over: jax.Array) -> jax.Array:
    """Which steps, (steps, copies), belong to the first episode of a copy: 1 there and 0 after it.

    Example:

        >>> of_the_first_episode(jnp.array([[False], [True], [False]])).ravel().tolist()
        [1.0, 1.0, 0.0]
    """
    before = jnp.cumsum(over, axis=0) - over
    return (before == 0).astype("float32")


class PlayRule(Rule):
    """Play, and learn from what happened, by gradients. A step of training is an update.

    A subclass defines `first_memory`, what is kept from update to update, and `update`.

    Args:
        environment: what is played, as its `described` tells.
        learning_rate: of Adam, at first; it falls to a tenth as half a cosine does.
        steps: how many gradients are followed in all.
        clipnorm: how long a gradient is at most.
        seed: of the first episodes.

    Figures: `mean_return`, of the last episode of each copy; `loss`.
    """

    figures = ("mean_return", "loss")

    def __init__(
        self, environment: Any, learning_rate: float, steps: int, clipnorm: float | None, seed: int
    ) -> None:
        self.environment, self.learning_rate, self.steps = environment, learning_rate, steps
        self.clipnorm, self.seed = clipnorm, seed
        self.world = described_world(environment)
        schedule = CosineDecay(learning_rate, steps, alpha=_REST)
        self._optimizer = Adam(schedule, global_clipnorm=clipnorm)

    # What a subclass defines.

    def first_memory(self, weights: list[jax.Array], key: jax.Array) -> dict[str, Any]:
        """What is kept besides the optimizer's state, in any tree of arrays."""
        raise NotImplementedError

    def update(
        self, answer: Any, weights: list[jax.Array], memory: dict[str, Any], key: jax.Array
    ) -> tuple[list[jax.Array], dict[str, Any], dict[str, jax.Array]]:
        """Play and learn.

        Args:
            answer: what the model gives, called with weights and observations.
            weights: of the model.
            memory: what was kept.
            key: a random key.

        Returns:
            The new weights, the new memory, and the figures.
        """
        raise NotImplementedError

    # What all share.

    def build(self, model: Any) -> None:
        weights = [variable.value for variable in model.trainable_variables]
        memory = jax.jit(self.first_memory)(weights, jax.random.key(self.seed))
        memory["optimizer"] = self._optimizer.init(weights)
        leaves, self._form = jax.tree.flatten(memory)
        self._kept = [Variable(leaf, dtype=leaf.dtype, trainable=False) for leaf in leaves]

    @property
    def variables(self) -> list[Variable]:
        return self._kept

    def learn(self, model: Any, batch: Any, key: jax.Array, number: jax.Array) -> dict[str, jax.Array]:
        memory = jax.tree.unflatten(self._form, [variable.value for variable in self._kept])
        weights = [variable.value for variable in model.trainable_variables]

        def answer(weights: list[jax.Array], observations: jax.Array) -> Any:
            return model.stateless_call(weights, [], observations)[0]

        weights, memory, figures = self.update(answer, weights, memory, key)
        for variable, value in zip(model.trainable_variables, weights, strict=True):
            variable.assign(value)
        for variable, value in zip(self._kept, jax.tree.leaves(memory), strict=True):
            variable.assign(value)
        return figures

    def descend(self, objective: Any, weights: list[jax.Array], state: Any) -> tuple[Any, Any, jax.Array]:
        """A step of Adam down an objective: the weights, the optimizer's state, and the objective before."""
        value, gradients = jax.value_and_grad(objective)(weights)
        weights, state = self._optimizer.update(gradients, state, weights)
        return weights, state, value


class Player(Estimator):
    """A network that learns by playing: `fit` takes an environment where others take rows.

    `predict` gives actions for observations, `score` the mean return of episodes that it plays.
    """

    units: tuple[int, ...]
    discount: float
    updates: int
    _counts: tuple[str, ...] = ("updates", "copies")  # parameters that are whole numbers above 0
    _kinds: tuple[type, ...] = (Discrete,)  # of actions
    _figure: str | None = "mean_return"  # whose course is kept

    def fit(self, environment: Any, y: Any = None, **options: Any) -> Self:
        """Play and learn, anew; or go on, with `initial_epoch`.

        Args:
            environment: what is played, an `Environment`.
            y: not used.
            options: further arguments of the model's `fit`, such as `callbacks` and `verbose`; those about
                rows are not taken, as there are none.

        Raises:
            DataError: it is no environment, its actions are of another kind, or, with `initial_epoch`, it is
                not the one that was learned from.
            ArgumentError: an option is about rows, or a size is no whole number above 0.
        """
        for name in _NOT_TAKEN:
            if options.get(name):
                raise ArgumentError(
                    f"{type(self).__name__}: it learns from what it plays, and there are no rows to choose "
                    f"from: {name} is not taken."
                )
        if options.get("initial_epoch") and hasattr(self, "environment_"):
            before, now = self._environment, environment
            if before != now:
                raise DataError(
                    f"{type(self).__name__}: with initial_epoch it goes on with what it has learned from "
                    f"{before!r:.200}. Received: {now!r:.200}. Leave initial_epoch out to learn anew."
                )
        super().fit(environment, y, **options)
        if self._figure is not None:
            self.returns_ = np.asarray(self.history_.history[self._figure])
        return self

    def _checked(self, X: Any, y: Any) -> tuple[np.ndarray, None]:
        self._check_world(X)
        self._check_sizes()
        self.environment_, self.n_features_in_, self._batch_size = X.described(), self._size(X), 1
        return np.zeros((self.updates, self.n_features_in_), "float32"), None

    def _size(self, world: Any) -> int:
        """How many numbers `predict` takes for each answer."""
        return world.observation_size

    @property
    def _environment(self) -> Any:
        """What it has learned from."""
        return described_world(self.environment_)

    def _check_sizes(self) -> None:
        """Refuse sizes that are no whole numbers above 0, and a discount that is none."""
        layers = {f"units[{place}]": size for place, size in enumerate(self.units)}
        for name, size in {**layers, **{name: getattr(self, name) for name in self._counts}}.items():
            if not (isinstance(size, int | np.integer) and size > 0):
                raise ArgumentError(
                    f"{type(self).__name__}: {name} is a whole number above 0. Received: {name}={size!r}"
                )
        if not 0 <= self.discount <= 1:
            raise ArgumentError(
                f"{type(self).__name__}: discount is from 0 to 1. Received: discount={self.discount!r}"
            )

    def _check_world(self, environment: Any) -> None:
        """Refuse what can't be played, or not by this network."""
        owner = type(self).__name__
        if isinstance(environment, World) and not isinstance(environment, Environment):
            raise DataError(
                f"{owner}: it plays alone, and {environment!r} is a game of two: take TreeSearch."
            )
        if not isinstance(environment, Environment):
            raise DataError(
                f"{owner}: it learns by playing, so it takes an environment, such as neurona.zoo.CartPole(), "
                f"in the place of rows. Received: {type(environment).__name__}"
            )
        if not isinstance(environment.actions, self._kinds):
            raise DataError(
                f"{owner}: it chooses among a few actions, and those of {type(environment).__name__} are "
                f"continuous, from {environment.actions.low:g} to {environment.actions.high:g}. Take "
                "ProximalPolicy, or an environment of discrete actions."
            )

    def predict(self, X: Any) -> np.ndarray:
        """The best action for each observation, (samples,)."""
        outputs = self.model_.predict(self._rows(X), batch_size=1024, verbose=0)
        return np.asarray(self._environment.actions.best(self._preferences(outputs)))

    def _preferences(self, outputs: Any) -> jax.Array:
        """The outputs of the model by which actions are chosen."""
        return jnp.asarray(outputs)

    def play(self, environment: Any, episodes: int = 100) -> np.ndarray:
        """The return of each of some episodes in which it takes the best actions, (episodes,).

        Raises:
            NotFittedError: the network has not learned.
            DataError: another environment's observations are of another size.
        """
        validation.check_is_fitted(self)
        self._check_world(environment)
        size = environment.observation_size
        if size != self.n_features_in_ or environment.actions != self._environment.actions:
            raise DataError(
                f"{type(self).__name__}: it has learned from {self.n_features_in_} numbers to choose from "
                f"{self._environment.actions}. Received an environment of {size} numbers and "
                f"{environment.actions}."
            )
        values = [variable.value for variable in self.model_.variables]

        def act(observations: jax.Array, key: jax.Array) -> jax.Array:
            outputs, _ = self.model_.apply(values, observations)
            return environment.actions.best(self._preferences(outputs))

        @jax.jit
        def returns(key: jax.Array) -> jax.Array:
            moments = episodes_of(environment, act, key, episodes)
            return jnp.sum(moments.reward * of_the_first_episode(moments.over), axis=0)

        return np.asarray(returns(jax.random.key(self._seed())))

    def score(self, environment: Any, y: Any = None, episodes: int = 100) -> float:
        """The mean of `play`."""
        return float(self.play(environment, episodes).mean())

    _title: Words

    def plot(self, language: str | None = None, to_file: Any = None) -> Any:
        """Draw the mean return of each epoch and, where the environment is a grid or has a plane of two
        quantities, the best action at each place.

        Args:
            language: `"en"`, `"es"`, or None for the user's.
            to_file: where to write the picture.

        Returns:
            A `matplotlib.figure.Figure`.
        """
        validation.check_is_fitted(self)
        world = self._environment
        has_places = world.plane is not None or isinstance(world, GridWorld)
        figure = new_figure("plot", 8 if has_places else 4.5, 3.6, 120)
        curve, *places = np.atleast_1d(figure.subplots(1, 1 + has_places))
        curve.plot(np.arange(1, len(self.returns_) + 1), self.returns_, color=BLUE)
        curve.set_xlabel(_EPOCH.of(language))
        curve.set_ylabel(_RETURN.of(language))
        curve.xaxis.get_major_locator().set_params(integer=True)
        plain_axes(curve)
        for panel in places:
            draw = self._draw_grid if isinstance(world, GridWorld) else self._draw_plane
            draw(panel, world, figure, language)
            panel.set_title(_ACTION.of(language), fontsize=9)
        figure.suptitle(self._title.of(language))
        return finish(figure, to_file)

    def _draw_grid(self, panel: Any, world: Any, figure: Any, language: str | None) -> None:
        """An arrow in each free cell, to where it goes from there."""
        width, patches = len(world.rows[0]), matplotlib_module("patches", "plot")
        best = self.predict(np.eye(world.observation_size))
        for cell, letter in enumerate("".join(world.rows)):
            row, column = divmod(cell, width)
            if letter in "#C":
                colour = GRAY if letter == "#" else VERMILLION
                panel.add_patch(patches.Rectangle((column - 0.5, row - 0.5), 1, 1, color=colour))
            elif letter == "G":
                panel.text(column, row, "G", ha="center", va="center")
            else:
                panel.text(column, row, "↑→↓←"[best[cell]], ha="center", va="center", color=BLUE)
        panel.set(xlim=(-0.5, width - 0.5), ylim=(len(world.rows) - 0.5, -0.5), aspect="equal")
        panel.set_xticks([])
        panel.set_yticks([])

    def _draw_plane(self, panel: Any, world: Any, figure: Any, language: str | None) -> None:
        """The best action over two quantities, as a colour."""
        first, second = world.plane
        across, along = np.meshgrid(
            *(np.linspace(one.low, one.high, _POINTS, dtype="float32") for one in (first, second))
        )
        states = jax.vmap(world.at)(jnp.asarray(across.ravel()), jnp.asarray(along.ravel()))
        actions = self.predict(np.asarray(jax.vmap(world.observe)(states))).reshape(across.shape)
        extent = (first.low, first.high, second.low, second.high)
        discrete = isinstance(world.actions, Discrete)
        colours = matplotlib_module("colors", "plot").ListedColormap([SKY, ORANGE]) if discrete else "PuOr"
        image = panel.imshow(actions, origin="lower", extent=extent, aspect="auto", cmap=colours)
        figure.colorbar(image, ax=panel, ticks=range(world.actions.count) if discrete else None)
        panel.set_xlabel(first.name.of(language))
        panel.set_ylabel(second.name.of(language))


class ActorCritic(Player):
    """A player with a policy, from which actions are drawn, and a guess of the return: two networks."""

    def _actor_critic(self) -> Model:
        """The model: observations -> (policy, value), which share no weights."""
        environment = self._environment
        x = Input((environment.observation_size,))
        heads = []
        for name, outputs in (("policy", environment.actions.outputs), ("value", 1)):
            h = x
            for number, units in enumerate(self.units):
                h = Dense(units, "tanh", kernel_initializer="orthogonal", name=f"{name}_{number}")(h)
            first = "zeros" if name == "policy" else "glorot_uniform"  # at first all actions are as likely
            heads.append(Dense(outputs, kernel_initializer=first, name=name)(h))
        return Model(x, heads)

    def _preferences(self, outputs: Any) -> jax.Array:
        return jnp.asarray(outputs[0])


def discounted(rewards: jax.Array, goes_on: jax.Array, last: jax.Array, factor: float) -> jax.Array:
    """x_t = reward_t + factor goes_on_t x_(t+1), backwards in time, (steps, copies).

    Example:

        >>> ones = jnp.ones((3, 1))
        >>> discounted(ones, ones, jnp.zeros(1), 0.5).ravel().tolist()
        [1.75, 1.5, 1.0]
    """

    def step(following: jax.Array, given: tuple[jax.Array, jax.Array]) -> tuple[jax.Array, jax.Array]:
        reward, factor = given
        now = reward + factor * following
        return now, now

    return jax.lax.scan(step, last, (rewards, factor * goes_on), reverse=True)[1]


def balancing(run: Any) -> Experiment:
    """The experiment of networks that act: a pole on a cart."""
    return Experiment(
        task=Words(
            "a pole on a cart, kept upright for up to 500 steps; 100 episodes",
            "un péndulo sobre un carro, en pie hasta 500 pasos; 100 episodios",
        ),
        measure=Words("mean return", "retorno medio"),
        target=475.0,
        source=Words(
            "the bound from which Gym's CartPole-v1 counts as solved",
            "la cota desde la cual CartPole-v1 de Gym cuenta como resuelto",
        ),
        run=run,
        quick_target=60.0,
    )


def return_in(world: GridWorld) -> Words:
    """What the return in a grid is called among the details of an experiment, with the best there is."""
    place = _PLACES[world.rows]
    return Words(
        f"return in {place.en} (the shortest way: {world.best:g})",
        f"retorno en {place.es} (el camino más corto: {world.best:g})",
    )
