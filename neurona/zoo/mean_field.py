"""The cells and rules of the deep Boltzmann machine: see `neurona/zoo/deep_boltzmann.py` for the formulas."""

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from neurona import Variable
from neurona.initializers import RandomNormal
from neurona.layers import Layer
from neurona.ops.native import bernoulli, sparse_product
from neurona.training import Rule
from neurona.zoo.restricted_boltzmann import RestrictedBoltzmannLayer


class DeepBoltzmannLayer(Layer):
    """The mean field of a deep Boltzmann machine: the probabilities of its hidden units given v.

    Args:
        units: how many hidden units each layer has, the lowest first.
        sweeps: how often the mean field goes through the layers.
        augmented: whether the output is v beside the probabilities of the second hidden layer, which a
            feed-forward network of the same weights takes; else it is those of the highest layer.

    Shapes: v (rows, features) -> (rows, units[-1]), or, augmented, (rows, features + units[1]);
        kernels (features, units[0]), (units[0], units[1]), ...; biases (features,), (units[0],), ...

    Source: Salakhutdinov and Hinton, Deep Boltzmann machines, 2009.

    Example:

        >>> layer = DeepBoltzmannLayer((1, 1))
        >>> layer.build((None, 2))
        >>> layer.set_weights([[[2.0], [-2.0]], [[8.0]], [0, 0], [0], [-4]])
        >>> layer(np.array([[1.0, 0.0], [0.0, 1.0]])) > 0.5
        Array([[ True],
               [False]], dtype=bool)
    """

    def __init__(
        self, units: Sequence[int], sweeps: int = 10, augmented: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.units, self.sweeps, self.augmented = tuple(units), sweeps, augmented

    def build(self, input_shape: Any) -> None:
        self.sizes = (input_shape[-1], *self.units)
        drawn = RandomNormal(stddev=0.01)
        self.kernels = [
            self.add_weight(shape, drawn, name=f"kernel_{number + 1}")
            for number, shape in enumerate(zip(self.sizes, self.units))
        ]
        self.biases = [
            self.add_weight((size,), "zeros", name=f"bias_{number}") for number, size in enumerate(self.sizes)
        ]

    def call(self, v: jax.Array) -> jax.Array:
        means = self.mean_field(v)
        return jnp.concatenate([v, *means[1:2]], axis=-1) if self.augmented else means[-1]

    def received(self, states: Sequence[Any], place: int) -> jax.Array:
        """What the units of a layer receive from the layers beside it, (rows, units); v is layer 0."""
        total = self.biases[place].value
        if place:
            total = sparse_product(states[place - 1], self.kernels[place - 1].value, total)
        if place < len(self.units):
            total = sparse_product(states[place + 1], self.kernels[place].value, total, transpose_w=True)
        return total

    def mean_field(self, v: jax.Array) -> list[jax.Array]:
        """mu of each hidden layer. It begins with an upward pass in which middle layers count twice."""
        states = [v]
        for number, (kernel, bias) in enumerate(zip(self.kernels, self.biases[1:], strict=True)):
            twice = 1 if number + 1 == len(self.units) else 2
            states.append(jax.nn.sigmoid(twice * (states[-1] @ kernel.value) + bias.value))
        from_below = sparse_product(v, self.kernels[0].value)  # the same in each sweep

        def sweep(_: Any, means: list[jax.Array]) -> list[jax.Array]:
            states = [v, *means]
            for place in range(1, len(states)):
                if place == 1:
                    above = states[2] @ self.kernels[1].value.T if len(self.units) > 1 else 0
                    received = from_below + self.biases[1].value + above
                else:
                    received = self.received(states, place)
                states[place] = jax.nn.sigmoid(received)
            return states[1:]

        return jax.lax.fori_loop(0, self.sweeps if len(self.units) > 1 else 0, sweep, states[1:])

    def gibbs(self, states: list[jax.Array], key: jax.Array, rounds: Any) -> list[jax.Array]:
        """The states of all layers after some rounds: odd layers given even ones, and even given odd."""

        def again(number: Any, states: list[jax.Array]) -> list[jax.Array]:
            keys = jax.random.split(jax.random.fold_in(key, number), len(states))
            states = list(states)
            for place in (*range(1, len(states), 2), *range(0, len(states), 2)):
                states[place] = bernoulli(keys[place], self.received(states, place))
            return states

        return jax.lax.fori_loop(0, rounds, again, states)

    def energy(self, states: Sequence[Any]) -> jax.Array:
        """E of the states of all layers, (rows,)."""
        total = jnp.zeros(())
        for one, bias in zip(states, self.biases, strict=True):
            total = total + one @ bias.value
        for number, kernel in enumerate(self.kernels):
            total = total + jnp.sum(states[number] @ kernel.value * states[number + 1], axis=-1)
        return -total

    def free_bound(self, v: jax.Array) -> jax.Array:
        """- E(v, mu) + the entropy of mu: a lower bound of log P(v) + log Z, (rows,)."""
        means = self.mean_field(v)
        entropy = sum(jnp.sum(jax.scipy.special.entr(m) + jax.scipy.special.entr(1 - m), -1) for m in means)
        return entropy - self.energy([v, *means])

    def log_mass(self, odd: Sequence[Any], start: jax.Array, beta: Any) -> tuple[jax.Array, list[Any]]:
        """At an inverse temperature: the log of the mass of odd layers, (rows,), with the even ones summed
        out, and what each layer receives; `start` is v's bias at beta = 0.
        """
        states: list[Any] = [None] * len(self.sizes)
        states[1::2] = odd
        mass, received = jnp.zeros(()), list(states)
        for place in range(0, len(states), 2):
            excited = beta * self.received(states, place)
            received[place] = excited + (1 - beta) * start if place == 0 else excited
            mass = mass + jnp.sum(jax.nn.softplus(received[place]), -1)
        for place in range(1, len(states), 2):
            mass = mass + beta * (states[place] @ self.biases[place].value)
        return mass, received

    def annealed_log_partition(self, start: jax.Array, key: jax.Array, chains: int, steps: int) -> jax.Array:
        """log Z by annealed importance sampling: the log of the mean of the weights of the chains."""

        def walk(carried: tuple[Any, jax.Array], number: Any) -> tuple[Any, None]:
            odd, weight = carried
            before, _ = self.log_mass(odd, start, number / steps)
            beta = (number + 1) / steps
            after, received = self.log_mass(odd, start, beta)
            keys = jax.random.split(jax.random.fold_in(key, number), len(self.sizes))
            states = [None if k % 2 else bernoulli(keys[k], received[k]) for k in range(len(self.sizes))]
            odd = [bernoulli(keys[k], beta * self.received(states, k)) for k in range(1, len(self.sizes), 2)]
            return (odd, weight + after - before), None

        keys = jax.random.split(jax.random.fold_in(key, steps), len(self.sizes))
        odd = [bernoulli(keys[k], jnp.zeros((chains, self.sizes[k]))) for k in range(1, len(self.sizes), 2)]
        (_, weights), _ = jax.lax.scan(walk, (odd, jnp.zeros(chains)), jnp.arange(steps))
        known = jnp.sum(jax.nn.softplus(start)) + sum(self.units) * jnp.log(2.0)
        return known + jax.nn.logsumexp(weights) - jnp.log(chains)


class DoubledLayer(RestrictedBoltzmannLayer):
    """The machine that learns one layer of a deep Boltzmann machine before they are joined.

    Args:
        units: how many hidden units.
        up, down: how often the hidden units count the visible ones, and the visible ones the hidden.
    """

    def __init__(self, units: int, up: int = 1, down: int = 1, **kwargs: Any) -> None:
        super().__init__(units, **kwargs)
        self.up, self.down = up, down

    @property
    def figure(self) -> str:
        """It has no energy of its own, and so no likelihood."""
        return "reconstruction_error"

    def excitement(self, v: jax.Array) -> jax.Array:
        return self.up * sparse_product(v, self.kernel.value) + self.bias.value

    def received(self, h: jax.Array) -> jax.Array:
        return self.down * sparse_product(h, self.kernel.value, transpose_w=True) + self.visible_bias.value


class MeanFieldRule(Rule):
    """Wk += rate * (<s(k-1) sk'> of the rows - <s(k-1) sk'> of the machine), and the biases alike.

    Args:
        rate: eta at first; after `steps` steps it is a tenth.
        steps: of the whole training.
        rounds: of drawing all layers of the chains at each step.
        chains: how many are carried on.

    Figures: `reconstruction_error`, the mean squared difference of v from its mean given mu.
    """

    figures = ("reconstruction_error",)

    def __init__(self, rate: float, steps: int, rounds: int, chains: int) -> None:
        self.rate, self.steps, self.rounds, self.chains = rate, steps, rounds, chains

    def build(self, model: Any) -> None:
        size = sum(model.layers[-1].sizes)
        self.carried = Variable(jnp.zeros((self.chains, size)), trainable=False, name="chains")

    def learn(self, model: Any, batch: Any, key: jax.Array, number: jax.Array) -> dict[str, jax.Array]:
        layer, v = model.layers[-1], batch.x
        places = np.cumsum(layer.sizes)[:-1]
        shown = [v, *layer.mean_field(v)]
        error = jnp.mean((v - jax.nn.sigmoid(layer.received(shown, 0))) ** 2)
        drawn = layer.gibbs(jnp.split(self.carried.value, places, axis=1), key, self.rounds)
        self.carried.assign(jnp.concatenate(drawn, axis=1))
        rate = self.rate / (1 + 9 * number / self.steps)
        for place, kernel in enumerate(layer.kernels):
            outer = jnp.concatenate([shown[place], drawn[place]])
            inner = jnp.concatenate([shown[place + 1] / len(v), -drawn[place + 1] / self.chains])
            kernel.assign(sparse_product(outer, rate * inner, kernel.value, transpose_x=True))
        for bias, one, other in zip(layer.biases, shown, drawn, strict=True):
            bias.assign(bias + rate * (one.mean(axis=0) - other.mean(axis=0)))
        return {"reconstruction_error": error}
