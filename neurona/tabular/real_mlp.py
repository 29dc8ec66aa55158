"""RealMLP: a network for tables with defaults that were tuned once, over many tables.

Holzmüller, Grinsztajn and Steinwart (Better by default: strong pre-tuned MLPs and boosted trees on tabular
data, NeurIPS 2024). A column x is moved and scaled by what is robust to outliers, and clipped smoothly,

    x <- (x - median) / (q75 - q25),    x <- x / sqrt(1 + (x / 3)^2).

A small network for each number shows it as a curve, which it learns: PBLD,

    [x, W2 cos(2 pi w1 x + b1) + b2].

Each input has a factor of its own. Three layers h W / sqrt(inputs) + b follow, so that all weights begin with
variance 1, with the activation h + a (act(h) - h), of which each neuron learns its a; act is SELU for
classes, Mish for numbers. They begin by what the rows are: weights are divided so that sums have spread 1
over the rows, and biases are minus the sums of mixtures of five rows. Adam learns with a rate that rises and
falls four times, each time over twice as many steps, u from 0 to 1 being the progress,

    rate(u) = (1 - cos(2 pi log2(1 + 15 u))) / 2;

dropout and weight decay stay to the half of the training, and then fall to 0 as half a cosine does.

The training is one compiled program. How many rows and epochs there are is among its inputs, so folds and
tables of like size share it. All weights lie in one vector, which makes the update one operation.

Deviations. The weights are those of the last step, at which the rate is 0; the paper keeps those of the best
epoch, which takes rows away for validation. The rows that are left when an epoch is cut into batches are left
out of that epoch. Categories are the encoder's columns of 0 and 1. Smoothed labels make probabilities too
modest: who needs them right divides their logarithms by a temperature afterwards, as `learn_table` does.
"""

import functools
import math
from collections.abc import Sequence
from typing import Any, Self

import jax
import jax.numpy as jnp
import numpy as np

from neurona.core.errors import ArgumentError
from neurona.tabular.encoding import Encoded
from neurona.training.programs import keep_compiled_programs

__all__ = ["RealMLP", "coslog4", "flat_cos"]

_WAVES, _CURVE = 16, 3  # of PBLD: cosines of a number, and what comes of them
_FREQUENCY = 0.1  # spread of the first frequencies
_RATE_FACTORS = {"scale": 6.0, "bias": 0.1, "slope": 0.1, "w1": 0.1, "b1": 0.1, "w2": 0.1, "b2": 0.1}
_NO_DECAY = ("bias", "b1", "b2")
_BETA_1, _BETA_2, _EPSILON, _DECAY = 0.9, 0.95, 1e-8, 0.02
_DROPOUT = 0.15
_SMOOTHING = 0.1  # of labels
_SELU_SCALE, _SELU_ALPHA = 1.0507009873554805, 1.6732632423543772
_MIXED = 5  # rows of a first bias
_ROOM = 8  # a table's place holds 1 / 8 more rows at most than there are
_BATCHES = ((1024, 64), (8192, 128), (30_000, 256), (100_000, 512))  # rows up to which a batch has this size
_STEPS = 256  # at least, of a training
_BLOCK = 8192  # rows that are predicted at once

Weights = dict[str, Any]


def coslog4(progress: Any) -> Any:
    """Four waves, each twice as long as the one before: 0, 1, 0, 1, 0, ...

    Example:

        >>> [round(float(coslog4(u)), 3) for u in (0, (2**0.5 - 1) / 15, 1 / 15, 1)]
        [0.0, 1.0, 0.0, 0.0]
    """
    return (1 - jnp.cos(2 * math.pi * jnp.log2(1 + 15 * progress))) / 2


def flat_cos(progress: Any) -> Any:
    """1 to the half, then half a cosine to 0.

    Example:

        >>> [round(float(flat_cos(u)), 3) for u in (0.2, 0.5, 0.75, 1)]
        [1.0, 1.0, 0.5, 0.0]
    """
    return (1 + jnp.cos(math.pi * jnp.maximum(0, 2 * progress - 1))) / 2


class RealMLP:
    """A network for tables.

    Args:
        hidden: units of each layer.
        epochs: how often the rows are gone through; the paper's 256 take eight times as long. Of few rows
            they are more, so that there are 256 steps.
        learning_rate: the highest; None for 0.04 of classes and 0.2 of numbers.
        seed: of the first weights, the order of rows, and dropout.

    Raises:
        ArgumentError: a size is no whole number above 0.

    Source: Holzmüller, Grinsztajn and Steinwart, Better by default, NeurIPS 2024.

    Example:

        >>> values = np.random.default_rng(0).uniform(-1, 1, (200, 2))
        >>> X = Encoded(values, ["a", "b"], ["a", "b"], [True, True])
        >>> network = RealMLP((32,)).fit(X, values[:, 0] * values[:, 1], 1)
        >>> bool(np.abs(network.predict(X)[:, 0] - values[:, 0] * values[:, 1]).mean() < 0.05)
        True
    """

    def __init__(
        self,
        hidden: tuple[int, ...] = (256, 256, 256),
        epochs: int = 32,
        learning_rate: float | None = None,
        seed: int = 0,
    ) -> None:
        for size in (*hidden, epochs):
            if not (isinstance(size, int | np.integer) and size > 0):
                raise ArgumentError(
                    f"RealMLP: sizes are whole numbers above 0. Received: {hidden=}, {epochs=}"
                )
        self.hidden, self.epochs, self.learning_rate, self.seed = hidden, epochs, learning_rate, seed

    def fit(self, X: Encoded, y: np.ndarray, outputs: int, weights: np.ndarray | None = None) -> Self:
        """Learn from rows and their numbers or classes, (rows,); weights, (rows,), multiply their losses."""
        random = np.random.default_rng(self.seed)
        numeric = np.array(X.continuous, bool)
        self.order = np.concatenate([np.flatnonzero(numeric), np.flatnonzero(~numeric)])
        rows = X.values[:, self.order]
        self.middle, self.factor = _robust(rows)
        inputs = self._clipped(rows)
        self.mean, self.spread = (float(y.mean()), float(y.std()) or 1.0) if outputs == 1 else (0.0, 1.0)
        targets = ((y - self.mean) / self.spread)[:, None] if outputs == 1 else _smoothed(y, outputs)
        self.activation = "mish" if outputs == 1 else "selu"
        first = _first_weights(inputs, int(numeric.sum()), (*self.hidden, outputs), self.activation, random)
        self.width = len(first["scale"])
        more = _room(inputs.shape[1]) - inputs.shape[1]
        first["scale"] = np.pad(first["scale"], (0, more))
        first["layers"][0]["kernel"] = np.pad(first["layers"][0]["kernel"], ((0, more), (0, 0)))
        rate = self.learning_rate or (0.2 if outputs == 1 else 0.04)
        counted = np.ones(len(y)) if weights is None else weights
        parts = [_placed(inputs), _placed(targets, columns=False), _placed(counted[:, None], columns=False)]
        self.weights = _train(first, parts, len(y), self.width, self.epochs, rate, self.activation, random)
        return self

    def predict(self, X: Encoded) -> np.ndarray:
        """Numbers, or the probability of each class, (rows, outputs)."""
        inputs = self._clipped(X.values[:, self.order])
        blocks = []
        for begin in range(0, len(inputs), _BLOCK):
            block = inputs[begin : begin + _BLOCK]
            told = _forward(self.weights, _placed(block), self.activation, self.width)
            blocks.append(np.asarray(told)[: len(block)])
        found = np.concatenate(blocks).astype("float64")
        if found.shape[1] == 1:
            return found * self.spread + self.mean
        likely = np.exp(found - found.max(axis=1, keepdims=True))
        return likely / likely.sum(axis=1, keepdims=True)

    def _clipped(self, rows: np.ndarray) -> np.ndarray:
        x = (rows - self.middle) * self.factor
        return (x / np.sqrt(1 + (x / 3) ** 2)).astype("float32")


def _smoothed(y: np.ndarray, outputs: int) -> np.ndarray:
    """The probabilities of classes that are to be learned, (rows, outputs)."""
    return (1 - _SMOOTHING) * np.eye(outputs)[y] + _SMOOTHING / outputs


def _robust(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Medians, and the factors that make the distance of the quartiles 1; where it is 0, the range 2; and 0
    for a constant.
    """
    low, middle, high = np.quantile(rows, (0.25, 0.5, 0.75), axis=0)
    width = np.where(high > low, high - low, np.ptp(rows, axis=0) / 2)
    return middle, np.where(width > 0, 1 / np.where(width > 0, width, 1), 0)


def _first_weights(
    inputs: np.ndarray, numeric: int, units: tuple[int, ...], activation: str, random: np.random.Generator
) -> Weights:
    """Weights by what the rows are, layer by layer."""
    quarter = 1 / math.sqrt(_WAVES)
    weights: Weights = {
        "w1": random.normal(0, _FREQUENCY, (numeric, _WAVES)),
        "b1": random.uniform(-math.pi, math.pi, (numeric, _WAVES)),
        "w2": random.uniform(-quarter, quarter, (numeric, _WAVES, _CURVE)),
        "b2": random.uniform(-quarter, quarter, (numeric, _CURVE)),
        "scale": np.ones(inputs.shape[1] + _CURVE * numeric),
        "layers": [],
    }
    weights = jax.tree.map(lambda one: one.astype("float32"), weights)
    h = _embedded(weights, inputs, np)
    for number, count in enumerate(units):
        kernel = random.normal(size=(h.shape[1], count))
        sums = h @ kernel / math.sqrt(h.shape[1])
        spread = np.where(sums.std(axis=0) > 1e-30, sums.std(axis=0), 1)
        chosen = (sums / spread)[random.integers(0, len(sums), (_MIXED, count)), np.arange(count)]
        shares = random.exponential(size=chosen.shape)
        layer = {"kernel": kernel / spread, "bias": -(chosen * shares / shares.sum(axis=0)).sum(axis=0)}
        h = sums / spread + layer["bias"]
        if number < len(units) - 1:
            layer["slope"] = np.ones(count)
            h = _activated(h, 1.0, activation, np)
        weights["layers"].append({name: one.astype("float32") for name, one in layer.items()})
    return weights


def _embedded(weights: Weights, inputs: Any, xp: Any = jnp) -> Any:
    """The inputs of the first layer: curves of the numbers, all columns, times their factors. `xp` computes:
    JAX in a program, NumPy where compiling would take longer.
    """
    numeric = weights["w1"].shape[0]
    waves = xp.cos(2 * math.pi * inputs[:, :numeric, None] * weights["w1"] + weights["b1"])
    # One product with a matrix of blocks is quicker than a small product for each number.
    blocks = xp.eye(numeric)[:, None, :, None] * weights["w2"][:, :, None, :]
    curves = waves.reshape(len(inputs), -1) @ blocks.reshape(_WAVES * numeric, -1) + weights["b2"].reshape(-1)
    return xp.concatenate([curves, inputs], axis=1) * weights["scale"]


def _activated(h: Any, slope: Any, activation: str, xp: Any = jnp) -> Any:
    if activation == "selu":
        active = _SELU_SCALE * xp.where(h > 0, h, _SELU_ALPHA * xp.expm1(xp.minimum(h, 0)))
    else:  # mish
        active = h * xp.tanh(xp.logaddexp(h, 0))
    return h + slope * (active - h)


def _outputs(
    weights: Weights, inputs: jax.Array, activation: str, width: Any, dropped: Any = None
) -> jax.Array:
    """The numbers of the last layer, (rows, outputs).

    Args:
        weights, inputs, activation: of the network.
        width: how many inputs of the first layer are no filling.
        dropped: the share that is dropped, and a salt of `_drawn`; None for none.
    """
    h = _embedded(weights, inputs)
    for number, layer in enumerate(weights["layers"]):
        h = h @ layer["kernel"] / jnp.sqrt(h.shape[1] if number else width) + layer["bias"]
        if "slope" in layer:
            h = _activated(h, layer["slope"], activation)
            if dropped is not None:
                share, salt = dropped
                h = jnp.where(_drawn(h.shape, salt + number) >= share, h / (1 - share), 0)
    return h


def _drawn(shape: tuple[int, ...], salt: jax.Array) -> jax.Array:
    """Numbers from 0 to 1 that look random: mixed counters (the finalizer of Appleby's MurmurHash3). On
    processors they cost a tenth of JAX's own, which is what a step of small batches would wait for.
    """
    x = jax.lax.iota("uint32", math.prod(shape)) + salt * jnp.uint32(0x9E3779B9)
    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35)):
        x = (x ^ (x >> shift)) * jnp.uint32(factor)
    return ((x ^ (x >> 16)) >> 8).astype("float32").reshape(shape) / 2**24


_forward = functools.partial(jax.jit, static_argnames="activation")(_outputs)


def _room(count: int) -> int:
    """The size of a place for rows or columns: few sizes serve all tables, and all folds of one."""
    step = max(16, 2 ** math.floor(math.log2(max(count, 1))) // _ROOM)
    return -(-count // step) * step


def _placed(part: np.ndarray, columns: bool = True) -> np.ndarray:
    """Numbers in a place with room, which is filled with zeros."""
    rows, width = part.shape
    place = np.zeros((_room(rows), _room(width) if columns else width), "float32")
    place[:rows, :width] = part
    return place


def _batch(rows: int) -> int:
    return min(rows, next((size for most, size in _BATCHES if rows <= most), 1024))


def _train(
    first: Weights,
    places: Sequence[np.ndarray],
    rows: int,
    width: int,
    epochs: int,
    rate: float,
    activation: str,
    random: np.random.Generator,
) -> Weights:
    """The weights after all epochs; the places hold inputs, targets and how much each row counts."""
    factors = _joined(_by_kind(first, lambda kind: _RATE_FACTORS.get(kind, 1.0)))
    decays = _joined(_by_kind(first, lambda kind: 0.0 if kind in _NO_DECAY else _DECAY))
    batch = _batch(rows)
    epochs = max(epochs, -(-_STEPS // (rows // batch)))
    seed = np.uint32(random.integers(2**31))
    leaves, structure = jax.tree.flatten(first)
    program = _program(tuple(one.shape for one in leaves), structure, batch, activation)
    rates = (rate * factors).astype("float32")
    flat = program(_joined(first), rates, decays, *places, rows, width, epochs, seed)
    return jax.tree.unflatten(structure, _cut(np.asarray(flat), [one.shape for one in leaves]))


def _joined(weights: Weights) -> np.ndarray:
    """All numbers in one row."""
    return np.concatenate([one.ravel() for one in jax.tree.leaves(weights)])


def _cut(flat: Any, shapes: Sequence[tuple[int, ...]]) -> list[Any]:
    """The arrays of some shapes that stand in one row."""
    ends = np.cumsum([math.prod(shape) for shape in shapes]).tolist()
    return [flat[end - math.prod(shape) : end].reshape(shape) for end, shape in zip(ends, shapes)]


def _by_kind(weights: Weights, value: Any) -> Weights:
    """A number in the place of each weight, by the name of the array."""

    def filled(path: Any, one: Any) -> np.ndarray:
        return np.full(one.shape, value(path[-1].key), "float32")

    return jax.tree_util.tree_map_with_path(filled, weights)


@functools.cache
def _program(shapes: tuple[tuple[int, ...], ...], structure: Any, batch: int, activation: str) -> Any:
    """The training of networks of some shapes, as one compiled function, which is kept on disk."""
    keep_compiled_programs()
    layers = len(jax.tree.unflatten(structure, shapes)["layers"])

    def loss(
        weights: Weights, x: jax.Array, y: jax.Array, counted: jax.Array, width: jax.Array, dropped: Any
    ) -> jax.Array:
        found = _outputs(weights, x, activation, width, dropped)
        if y.shape[1] == 1:
            return jnp.mean(counted * (found - y) ** 2)
        return -jnp.mean(counted * jnp.sum(y * jax.nn.log_softmax(found), axis=1, keepdims=True))

    @jax.jit
    def train(
        flat: jax.Array,
        rates: jax.Array,
        decays: jax.Array,
        X: jax.Array,
        Y: jax.Array,
        counted: jax.Array,
        rows: jax.Array,
        width: jax.Array,
        epochs: jax.Array,
        seed: jax.Array,
    ) -> jax.Array:
        steps, key = rows // batch, jax.random.key(seed)
        salt = jax.random.bits(key)

        def step(number: jax.Array, state: Any) -> Any:
            flat, mean, square, order, done = state
            chosen = jax.lax.dynamic_slice_in_dim(order, number * batch, batch)
            progress = done / (steps * epochs)
            dropped = _DROPOUT * flat_cos(progress), salt + (done * layers).astype("uint32")
            given = X[chosen], Y[chosen], counted[chosen], width, dropped
            slopes = jax.grad(loss)(jax.tree.unflatten(structure, _cut(flat, shapes)), *given)
            slope = jnp.concatenate([one.ravel() for one in jax.tree.leaves(slopes)])
            mean = _BETA_1 * mean + (1 - _BETA_1) * slope
            square = _BETA_2 * square + (1 - _BETA_2) * slope**2
            done = done + 1
            spread = jnp.sqrt(square / (1 - _BETA_2**done)) + _EPSILON
            now = coslog4(progress) * rates
            moved = flat - now * (mean / (1 - _BETA_1**done) / spread + flat_cos(progress) * decays * flat)
            return moved, mean, square, order, done

        def epoch(number: jax.Array, state: Any) -> Any:
            flat, mean, square, done = state
            drawn = jax.random.uniform(jax.random.fold_in(key, number), (len(X),))
            order = jnp.argsort(drawn + (jnp.arange(len(X)) >= rows))  # what is no row comes last
            flat, mean, square, _, done = jax.lax.fori_loop(0, steps, step, (flat, mean, square, order, done))
            return flat, mean, square, done

        begin = (flat, jnp.zeros_like(flat), jnp.zeros_like(flat), jnp.zeros((), "int32"))
        return jax.lax.fori_loop(0, epochs, epoch, begin)[0]

    return train
