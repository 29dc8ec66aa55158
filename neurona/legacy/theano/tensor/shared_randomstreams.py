"""Random streams: each call of a function draws new numbers.

They are JAX's: the distributions are Theano's, the numbers are not.
"""

import operator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from neurona import random
from neurona.legacy.theano.loops import Updates
from neurona.legacy.theano.settings import config
from neurona.legacy.theano.variables import apply, as_tensor_variable, cast


def _sizes(size: Any) -> tuple[int, ...]:
    if size is None:
        return ()
    return tuple(
        operator.index(one) for one in (size if isinstance(size, (list, tuple)) else np.asarray(size).ravel())
    )


def _size(size: Any) -> Any:
    return list(size) if isinstance(size, (list, tuple)) else size


class _State:
    """The state of a random variable, which is that of its stream: programs read it, seed it and set it."""

    def __init__(self, stream: "RandomStreams") -> None:
        self._stream = stream

    def get_value(self, borrow: bool = False, **_: Any) -> "_State":
        """The state: an object with `seed`, as NumPy's."""
        return self

    def set_value(self, state: "_State", borrow: bool = False) -> None:
        """Go on as another stream does."""
        self._stream.__dict__.update(state.get_state())

    def get_state(self) -> dict[str, Any]:
        """The seed, and how many calls there were."""
        return {name: getattr(self._stream, name) for name in ("_seed", "_calls")}

    def set_state(self, state: dict[str, Any]) -> None:
        """Go on as `get_state` told."""
        self._stream.__dict__.update(state)

    def seed(self, seed: Any) -> None:
        """Begin anew."""
        self._stream.seed(seed)


class RandomStreams:
    """Random variables.

    Args:
        seed: for the numbers; without one they differ from process to process.
    """

    def __init__(self, seed: Any = None, **_: Any) -> None:
        self.state_updates: list[Any] = []
        self.seed(seed)

    @property
    def rstate(self) -> dict[str, Any]:
        """The state of the whole stream, which another may be given."""
        return _State(self).get_state()

    @rstate.setter
    def rstate(self, state: dict[str, Any]) -> None:
        _State(self).set_state(state)

    def seed(self, seed: Any = None) -> None:
        """Begin the stream anew."""
        self._seed = None if seed is None else int(np.asarray(seed).ravel()[0]) % 2**32
        self._calls = self._variables = 0

    def next_words(self) -> np.ndarray | None:
        """The random key of the next call of a function; None where the stream has no seed."""
        if self._seed is None:
            return None
        self._calls += 1
        return np.array([self._seed, self._calls], np.uint32)

    def updates(self) -> Updates:
        """Nothing: the stream goes on by itself."""
        return Updates()

    def _draw(self, function: Any, *args: Any, size: Any, name: str, dtype: Any = None) -> Any:
        node = apply(function, _size(size), *args, name=name)
        node.differentiable, node.stream_of, node.rng = False, self, _State(self)
        if self._seed is not None:  # the same numbers in each process, whatever other nodes there are
            node.stream = self._variables
            self._variables += 1
        return node if dtype is None else cast(node, dtype)

    def uniform(
        self, size: Any = None, low: Any = 0.0, high: Any = 1.0, ndim: Any = None, dtype: Any = None, **_: Any
    ) -> Any:
        """Numbers from `low` to `high`, all as likely."""
        dtype = dtype or config.floatX

        def draw(size: Any, a: Any, b: Any) -> Any:
            return (a + (b - a) * random.uniform(_sizes(size), dtype=dtype)).astype(dtype)

        return self._draw(draw, low, high, size=size, name="uniform")

    def normal(
        self, size: Any = None, avg: Any = 0.0, std: Any = 1.0, ndim: Any = None, dtype: Any = None, **_: Any
    ) -> Any:
        """Numbers from the normal distribution."""
        dtype = dtype or config.floatX

        def draw(size: Any, mean: Any, deviation: Any) -> Any:
            return (mean + deviation * random.normal(_sizes(size), dtype=dtype)).astype(dtype)

        return self._draw(draw, avg, std, size=size, name="normal")

    def binomial(
        self,
        size: Any = None,
        n: int = 1,
        p: Any = 0.5,
        ndim: Any = None,
        dtype: Any = "int64",
        prob: Any = None,
        **_: Any,
    ) -> Any:
        """How often of `n` times something of probability p happens."""
        p = as_tensor_variable(p if prob is None else prob)

        def draw(size: Any, chance: Any) -> Any:
            shape = jnp.shape(chance) if size is None else _sizes(size)
            tries = random.uniform((n, *shape), dtype="float32") < jnp.broadcast_to(chance, shape)
            return jnp.sum(tries, axis=0)

        return self._draw(draw, p, size=size, name="binomial", dtype=dtype)

    def multinomial(
        self,
        size: Any = None,
        n: int = 1,
        pvals: Any = None,
        ndim: Any = None,
        dtype: Any = "int64",
        **_: Any,
    ) -> Any:
        """For each row of probabilities, how often each class is drawn in `n` times."""

        def draw(size: Any, chances: Any) -> Any:
            drawn = random.categorical(jnp.log(jnp.atleast_2d(chances)), n)
            counts = jnp.sum(jax.nn.one_hot(drawn, jnp.shape(chances)[-1]), axis=1)
            return counts.reshape(jnp.shape(chances))

        return self._draw(draw, as_tensor_variable(pvals), size=size, name="multinomial", dtype=dtype)

    def random_integers(
        self, size: Any = None, low: Any = 0, high: Any = 1, ndim: Any = None, dtype: Any = "int64"
    ) -> Any:
        """Integers from `low` to `high`, that one too."""

        def draw(size: Any, a: Any, b: Any) -> Any:
            return random.randint(_sizes(size), a, jnp.asarray(b) + 1)

        return self._draw(draw, low, high, size=size, name="random_integers", dtype=dtype)

    def choice(
        self,
        size: Any = None,
        a: Any = 2,
        replace: bool = True,
        p: Any = None,
        ndim: Any = None,
        dtype: Any = "int64",
    ) -> Any:
        """Elements of a vector, or integers below a number, with or without repetition."""

        def draw(size: Any, given: Any, chances: Any) -> Any:
            pool = jnp.arange(operator.index(given)) if jnp.ndim(given) == 0 else jnp.asarray(given)
            shape = _sizes(size)
            count = int(np.prod(shape))
            if replace:
                weights = jnp.zeros(len(pool)) if chances is None else jnp.log(chances)
                return pool[random.categorical(weights[None], count)[0]].reshape(shape)
            scores = random.uniform((len(pool),), dtype="float32")
            if chances is not None:
                scores = jnp.log(scores) / chances
            return pool[jnp.argsort(-scores)[:count]].reshape(shape)

        return self._draw(draw, a, p, size=size, name="choice")

    def permutation(self, size: Any = None, n: Any = 1, ndim: Any = None, dtype: Any = "int64") -> Any:
        """The integers below n in a random order."""
        return self._draw(
            lambda _, count: random.shuffle(jnp.arange(operator.index(count))),
            n,
            size=size,
            name="permutation",
            dtype=dtype,
        )

    def shuffle_row_elements(self, input: Any) -> Any:
        """Each row in a random order."""

        def draw(_: Any, rows: Any) -> Any:
            order = jnp.argsort(random.uniform(jnp.shape(rows), dtype="float32"), axis=-1)
            return jnp.take_along_axis(rows, order, axis=-1)

        return self._draw(draw, input, size=None, name="shuffle_row_elements")


MRG_RandomStreams = RandomStreams
