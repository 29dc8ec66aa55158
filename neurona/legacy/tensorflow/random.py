"""`tf.random`: random numbers."""

import enum
import importlib
import random as python_random
import threading
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from neurona.core.random import as_key, new_words, set_random_seed
from neurona.core.scope import current_scope
from neurona.legacy.tensorflow.dispatch import D, Hooks, S, T, function, static, tensor_of
from neurona.legacy.tensorflow.dtypes import float32, int32, int64, uint64
from neurona.legacy.tensorflow.tensor import Tensor
from neurona.legacy.tensorflow.variable import Variable
from neurona.legacy.tensorflow.widths import narrow


class _Draws(threading.local):
    """How often each seed of an operation has drawn since the global seed was set."""

    counts: dict[Any, int]

    def __init__(self) -> None:
        self.counts = {}


_draws = _Draws()


def set_seed(seed: Any) -> None:
    """Seed TensorFlow's random numbers; Python's and NumPy's stay as they are."""
    kept = python_random.getstate(), np.random.get_state()
    set_random_seed(int(static(seed)) & 0xFFFFFFFF)
    python_random.setstate(kept[0])
    np.random.set_state(kept[1])
    _draws.counts.clear()


def _key(seed: Any) -> jax.Array:
    """The next key, of the global seed, or of an operation's own."""
    if seed is None:
        return as_key(None)
    scope = current_scope()
    seed = int(static(seed)) & 0xFFFFFFFF
    if scope is not None and scope.key is not None:
        return jax.random.fold_in(as_key(None), seed)
    count = _draws.counts.get(seed, 0)
    _draws.counts[seed] = count + 1
    return jax.random.fold_in(as_key(seed), count)


def _drawing(raw: Callable[..., Any]) -> Callable[..., Any]:
    """A function of a key and arguments as one of TensorFlow's, whose `seed` makes the key."""
    drawn = function(raw)

    def call(*args: Any, seed: Any = None, **kwargs: Any) -> Any:
        if Hooks.graph is not None:
            node = Hooks.graph(call, args, {**kwargs, "seed": seed})
            if node is not NotImplemented:
                return node
        return drawn(_key(seed), *args, **kwargs)

    call.__name__, call.__doc__, call.raw = raw.__name__, raw.__doc__, raw  # pyright: ignore[reportFunctionMemberAccess]
    return call


def _shape(shape: Any) -> tuple[int, ...]:
    shape = static(shape)
    return tuple(int(size) for size in shape) if isinstance(shape, (tuple, list)) else (int(shape),)


def _normal(key: Any, shape: S, mean: T = 0.0, stddev: T = 1.0, dtype: D = float32) -> Any:
    """Numbers from the normal distribution."""
    return jax.random.normal(key, _shape(shape), dtype) * jnp.asarray(stddev, dtype) + jnp.asarray(
        mean, dtype
    )


def _truncated(key: Any, shape: S, mean: T = 0.0, stddev: T = 1.0, dtype: D = float32) -> Any:
    """Normal numbers within two standard deviations."""
    draw = jax.random.truncated_normal(key, -2.0, 2.0, _shape(shape), dtype)
    return draw * jnp.asarray(stddev, dtype) + jnp.asarray(mean, dtype)


def _uniform(key: Any, shape: S, minval: T = 0, maxval: T = None, dtype: D = float32) -> Any:
    """Numbers from minval to below maxval; integers where the dtype is one of them."""
    if jnp.issubdtype(dtype, jnp.integer):
        high = jnp.iinfo(dtype).max if maxval is None else maxval
        return jax.random.randint(key, _shape(shape), jnp.asarray(minval), jnp.asarray(high), dtype)
    low, high = jnp.asarray(minval, dtype), jnp.asarray(1 if maxval is None else maxval, dtype)
    return jax.random.uniform(key, _shape(shape), dtype) * (high - low) + low


def _gamma(key: Any, shape: S, alpha: T, beta: T = None, dtype: D = float32) -> Any:
    """Numbers from the gamma distribution."""
    draw = jax.random.gamma(key, alpha, (*_shape(shape), *jnp.shape(alpha)), dtype)
    return draw if beta is None else draw / beta


def _poisson(key: Any, shape: S, lam: T, dtype: D = float32) -> Any:
    """Counts from the Poisson distribution."""
    raw = jax.random.wrap_key_data(jax.random.bits(key, (2,)), impl="threefry2x32")
    return jax.random.poisson(raw, lam, (*_shape(shape), *jnp.shape(lam))).astype(dtype)


def _full(key: Any, shape: S, dtype: D = uint64) -> Any:
    """Integers from the whole range of a dtype."""
    kind = np.dtype(dtype)
    bits = jax.random.bits(key, _shape(shape), f"uint{8 * kind.itemsize}")
    return bits.view(dtype) if kind.kind == "i" else bits


def _binomial(key: Any, shape: S, counts: T, probs: T, dtype: D = int32) -> Any:
    """Numbers of successes in `counts` trials."""
    drawn = jax.random.binomial(key, counts.astype("float32"), probs.astype("float32"), _shape(shape))
    return drawn.astype(dtype)


def _categorical(key: Any, logits: T, num_samples: S, dtype: D = int64) -> Any:
    """Class numbers drawn with probabilities softmax(logits)."""
    with narrow():  # in a compiled model, JAX can't tell places in 64 bits
        scores = logits.astype("float32")[:, None, :]
        draw = jax.random.categorical(key, scores, -1, shape=(logits.shape[0], num_samples))
    return draw.astype(dtype)


def _shuffle(key: Any, value: T) -> Any:
    """The rows in random order."""
    if value.dtype == object:
        return value[np.asarray(jax.random.permutation(key, value.shape[0]))]
    return jax.random.permutation(key, value)


def _dropout(key: Any, x: T, rate: T, noise_shape: S = None) -> Any:
    """x / (1 - rate), with a fraction set to 0."""
    shape = (
        x.shape
        if noise_shape is None
        else tuple(size if one is None else one for one, size in zip(noise_shape, x.shape))
    )
    kept = jax.random.uniform(key, shape) >= rate
    return jnp.where(kept, x / (1 - rate), 0).astype(x.dtype)


def _crop(key: Any, value: T, size: S) -> Any:
    """A block of a size at a random place."""
    starts = [
        jax.random.randint(one, (), 0, have - want + 1)
        for one, have, want in zip(jax.random.split(key, value.ndim), value.shape, size)
    ]
    return jax.lax.dynamic_slice(value, starts, size)


for _raw, _name in (
    (_normal, "normal"), (_truncated, "truncated_normal"), (_uniform, "uniform"), (_gamma, "gamma"),
    (_poisson, "poisson"), (_categorical, "categorical"), (_shuffle, "shuffle"), (_dropout, "dropout"),
    (_crop, "random_crop"),
):  # fmt: skip
    _raw.__name__ = _raw.__qualname__ = _name
_of_normal, _of_uniform = _drawing(_normal), _drawing(_uniform)


def normal(
    shape: Any, mean: Any = 0.0, stddev: Any = 1.0, dtype: Any = float32, seed: Any = None, name: Any = None
) -> Any:
    """Numbers from the normal distribution."""
    return _of_normal(shape, mean, stddev, dtype, seed=seed, name=name)


def uniform(
    shape: Any, minval: Any = 0, maxval: Any = None, dtype: Any = float32, seed: Any = None, name: Any = None
) -> Any:
    """Numbers from minval to below maxval."""
    return _of_uniform(shape, minval, maxval, dtype, seed=seed, name=name)


_truncated_call, _categorical_call, _shuffle_call = (
    _drawing(_truncated),
    _drawing(_categorical),
    _drawing(_shuffle),
)
_dropout_call, _gamma_call, _poisson_call = _drawing(_dropout), _drawing(_gamma), _drawing(_poisson)
_crop_call = _drawing(_crop)


def truncated_normal(
    shape: Any, mean: Any = 0.0, stddev: Any = 1.0, dtype: Any = float32, seed: Any = None, name: Any = None
) -> Any:
    """Normal numbers within two standard deviations."""
    return _truncated_call(shape, mean, stddev, dtype, seed=seed, name=name)


def gamma(
    shape: Any, alpha: Any, beta: Any = None, dtype: Any = float32, seed: Any = None, name: Any = None
) -> Any:
    """Numbers from the gamma distribution."""
    return _gamma_call(shape, alpha, beta, dtype, seed=seed, name=name)


def poisson(shape: Any, lam: Any, dtype: Any = float32, seed: Any = None, name: Any = None) -> Any:
    """Counts from the Poisson distribution."""
    return _poisson_call(shape, lam, dtype, seed=seed, name=name)


def categorical(logits: Any, num_samples: Any, dtype: Any = int64, seed: Any = None, name: Any = None) -> Any:
    """Class numbers drawn with probabilities softmax(logits)."""
    return _categorical_call(logits, num_samples, dtype, seed=seed, name=name)


def multinomial(
    logits: Any, num_samples: Any, seed: Any = None, name: Any = None, output_dtype: Any = None
) -> Any:
    """`categorical` under TensorFlow 1's name."""
    return categorical(logits, num_samples, output_dtype or int64, seed, name)


def shuffle(value: Any, seed: Any = None, name: Any = None) -> Any:
    """The rows in random order."""
    return _shuffle_call(value, seed=seed, name=name)


def random_crop(value: Any, size: Any, seed: Any = None, name: Any = None) -> Any:
    """A block of a size at a random place."""
    return _crop_call(value, size, seed=seed, name=name)


def dropout_of(x: Any, rate: Any, noise_shape: Any = None, seed: Any = None) -> Any:
    """What `tf.nn.dropout` computes."""
    return _dropout_call(x, rate, noise_shape, seed=seed)


# Stateless: the same numbers for the same two seeds.


def _stateless(raw: Callable[..., Any]) -> Callable[..., Any]:
    drawn = function(raw)

    def call(*args: Any, seed: Any = None, **kwargs: Any) -> Any:
        if seed is None and len(args) > 1:
            args, seed = (args[0], *args[2:]), args[1]
        kwargs.pop("alg", None)
        words = jnp.asarray(tensor_of(seed)._array).astype("uint32")
        return drawn(jax.random.wrap_key_data(words), *args, **kwargs)

    call.__name__, call.__doc__ = f"stateless_{raw.__name__}", raw.__doc__
    return call


stateless_normal, stateless_uniform = _stateless(_normal), _stateless(_uniform)
stateless_truncated_normal, stateless_shuffle = _stateless(_truncated), _stateless(_shuffle)


def stateless_categorical(
    logits: Any, num_samples: Any, seed: Any, dtype: Any = int64, name: Any = None
) -> Any:
    """Class numbers drawn with probabilities softmax(logits)."""
    words = jnp.asarray(tensor_of(seed)._array).astype("uint32")
    return function(_categorical)(jax.random.wrap_key_data(words), logits, num_samples, dtype)


stateless_gamma, stateless_poisson = _stateless(_gamma), _stateless(_poisson)


def split(seed: Any, num: int = 2, alg: Any = None) -> Any:
    """Pairs of seeds made of one, a row for each."""
    return Tensor(jax.random.bits(_of_pair(seed), (num, 2)).view("int32"))


def fold_in(seed: Any, data: Any, alg: Any = None) -> Any:
    """A pair of seeds made of one and a number."""
    key = jax.random.fold_in(_of_pair(seed), jnp.asarray(tensor_of(data)._array).astype("uint32"))
    return Tensor(jax.random.key_data(key).view("int32"))


def _of_pair(seed: Any) -> jax.Array:
    return jax.random.wrap_key_data(jnp.asarray(tensor_of(seed)._array).astype("uint32"))


class Algorithm(enum.Enum):
    """TensorFlow's generators; JAX's own computes the numbers."""

    PHILOX, THREEFRY, AUTO_SELECT = 1, 2, 3


class Generator:
    """A stream of random numbers.

    Args:
        seed: the same numbers for the same seed.
    """

    def __init__(self, seed: int | None = None, **_: Any) -> None:
        words = new_words() if seed is None else np.array([int(static(seed)) & 0xFFFFFFFF, 0], np.uint32)
        with jax.ensure_compile_time_eval():  # also where a function that is traced makes it
            state = Tensor(jnp.asarray(words))
        self.state = Variable(state, trainable=False, name="RNGState")

    @classmethod
    def from_state(cls, state: Any, alg: Any = None) -> "Generator":
        """The stream that goes on from the state of another generator, or from a counter and a key."""
        words = np.asarray(static(state), np.int64) & 0xFFFFFFFF
        made = cls(int(words[0] if len(words) == 2 else words[-1]))
        made.skip(int(words[1] if len(words) == 2 else words[0]))
        return made

    @classmethod
    def from_key_counter(cls, key: Any, counter: Any, alg: Any = None) -> "Generator":
        """The stream of a key, from a counter on."""
        return cls.from_state([*np.atleast_1d(static(counter)), np.atleast_1d(static(key))[0]])

    @property
    def key(self) -> Tensor:
        """The number that tells streams apart."""
        return Tensor(self.state.value[0])

    @property
    def algorithm(self) -> int:
        """The number of TensorFlow's algorithm, whose streams JAX's own stand for."""
        return Algorithm.PHILOX.value

    def skip(self, delta: int) -> None:
        """Leave out some of the next draws."""
        self.state.assign(Tensor(self.state.value + jnp.array([0, int(static(delta))], "uint32")))

    def reset(self, state: Any) -> None:
        """Go on from the state of another generator."""
        self.state.assign(Generator.from_state(state).state)

    def reset_from_key_counter(self, key: Any, counter: Any) -> None:
        """Go on with the stream of a key, from a counter on."""
        self.state.assign(Generator.from_key_counter(key, counter).state)

    @classmethod
    def from_seed(cls, seed: int, alg: Any = None) -> "Generator":
        """The stream of a seed."""
        return cls(seed)

    @classmethod
    def from_non_deterministic_state(cls, alg: Any = None) -> "Generator":
        """Another stream each time."""
        return cls()

    def _next(self) -> jax.Array:
        words = self.state.value
        self.state.assign(Tensor(words + jnp.array([0, 1], "uint32")))
        return jax.random.wrap_key_data(words)

    def reset_from_seed(self, seed: int) -> None:
        """Begin the stream of a seed."""
        self.state.assign(Tensor(jnp.array([seed & 0xFFFFFFFF, 0], "uint32")))

    def make_seeds(self, count: int = 1) -> Any:
        """Pairs of seeds for the stateless functions, one in each column."""
        return Tensor(jax.random.bits(self._next(), (2, count)).view("int32"), int64)

    def split(self, count: int = 1) -> "list[Generator]":
        """Several streams."""
        words = np.asarray(jax.random.bits(self._next(), (count,)))
        return [Generator(int(word)) for word in words]

    def normal(
        self, shape: Any, mean: Any = 0.0, stddev: Any = 1.0, dtype: Any = float32, name: Any = None
    ) -> Any:
        """Numbers from the normal distribution."""
        return function(_normal)(self._next(), shape, mean, stddev, dtype)

    def truncated_normal(self, shape: Any, mean: Any = 0.0, stddev: Any = 1.0, dtype: Any = float32) -> Any:
        """Normal numbers within two standard deviations."""
        return function(_truncated)(self._next(), shape, mean, stddev, dtype)

    def uniform(
        self, shape: Any, minval: Any = 0, maxval: Any = None, dtype: Any = float32, name: Any = None
    ) -> Any:
        """Numbers from minval to below maxval."""
        return function(_uniform)(self._next(), shape, minval, maxval, dtype)

    def uniform_full_int(self, shape: Any, dtype: Any = uint64, name: Any = None) -> Any:
        """Integers from the whole range of a dtype."""
        return function(_full)(self._next(), shape, dtype)

    def binomial(self, shape: Any, counts: Any, probs: Any, dtype: Any = int32, name: Any = None) -> Any:
        """Numbers of successes in `counts` trials."""
        return function(_binomial)(self._next(), shape, counts, probs, dtype)


_SAMPLERS = ("learned_unigram", "log_uniform", "uniform")


def __getattr__(name: str) -> Any:
    if name.endswith("_candidate_sampler") and name.removesuffix("_candidate_sampler") in _SAMPLERS:
        return getattr(importlib.import_module("neurona.legacy.tensorflow.v1.nn"), name)
    raise AttributeError(f"module 'tensorflow.random' has no attribute {name!r} in Neurona.", name=name)


class _Global:
    generator: Generator | None = None


def get_global_generator() -> Generator:
    """The generator of the process."""
    _Global.generator = _Global.generator or Generator()
    return _Global.generator


def set_global_generator(generator: Generator) -> None:
    """Replace the generator of the process."""
    _Global.generator = generator


experimental = SimpleNamespace(
    Algorithm=Algorithm,
    Generator=Generator,
    get_global_generator=get_global_generator,
    set_global_generator=set_global_generator,
    stateless_fold_in=fold_in,
    stateless_shuffle=stateless_shuffle,
    stateless_split=split,
)
