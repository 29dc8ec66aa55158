"""Random streams: one global seed for what happens outside a model, one key per scope for what happens
inside.
"""

import functools
import os
import random as python_random
from typing import Any

import jax
import jax.core
import jax.numpy as jnp
import numpy as np

from neurona.core.arrays import device_array, zeros
from neurona.core.errors import ArgumentError, TracingError
from neurona.core.registry import Serializable
from neurona.core.scope import current_scope
from neurona.core.variable import Variable

_ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))
_GENERATORS = 2**32 - 1  # the branch of a scope's key for generators, apart from those of its layers


class _Global:
    seed: int | None = None
    draws = 0


def key_of(seed: int) -> jax.Array:
    """The random key of an integer seed, with the bits that Keras on JAX uses: the pair (seed, 0) of a
    Threefry key.
    """
    return jax.random.wrap_key_data(device_array(np.array([seed & 0xFFFFFFFF, 0], np.uint32)))


def threefry(key: np.ndarray, high: np.ndarray, low: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The hash behind JAX's random numbers, in NumPy, which needs no compilation.

    Salmon et al., Parallel Random Numbers: As Easy as 1, 2, 3, 2011 (Threefry-2x32, 20 rounds).

    Args:
        key: two words, uint32.
        high, low: the halves of the counters, uint32; they are overwritten.

    Returns:
        Two words for each counter.

    Example:

        >>> high, low = threefry(np.zeros(2, np.uint32), np.zeros(1, np.uint32), np.zeros(1, np.uint32))
        >>> hex(high[0]), hex(low[0])
        ('0x6b200159', '0x99ba4efe')
    """
    words = np.array([key[0], key[1], key[0] ^ key[1] ^ np.uint32(0x1BD11BDA)])
    high += words[0]
    low += words[1]
    shifted = np.empty_like(low)
    for block in range(5):
        for distance in _ROTATIONS[block % 2]:
            high += low
            np.left_shift(low, np.uint32(distance), out=shifted)
            np.right_shift(low, np.uint32(32 - distance), out=low)
            low |= shifted
            low ^= high
        high += words[(block + 1) % 3]
        low += np.array(words[(block + 2) % 3]) + np.uint32(block + 1)
    return high, low


def set_random_seed(seed: int) -> None:
    """Seed Python's, NumPy's and Neurona's random numbers, so that a program repeats bit for bit.

    Args:
        seed: an integer from 0 to 2**32 - 1.

    Raises:
        ArgumentError: the seed is not such an integer.

    Example:

        >>> set_random_seed(7); a = new_key()
        >>> set_random_seed(7); b = new_key()
        >>> bool((a == b).all())
        True
    """
    if not isinstance(seed, (int, np.integer)) or isinstance(seed, bool) or not 0 <= seed < 2**32:
        raise ArgumentError(f"A seed is an integer from 0 to 2**32 - 1. Received: {seed!r}")
    python_random.seed(int(seed))
    np.random.seed(int(seed))
    _Global.seed, _Global.draws = int(seed), 0


@functools.lru_cache(maxsize=64)
def _keys(seed: int, block: int) -> tuple[np.ndarray, np.ndarray]:
    """The keys of 16 draws of a stream, which take NumPy no longer than one."""
    return threefry(
        np.array([seed, 0], np.uint32),
        np.zeros(16, np.uint32),
        np.arange(16 * block, 16 * block + 16, dtype=np.uint32),
    )


def new_words() -> np.ndarray:
    """The two words of the next key of the global stream."""
    _Global.seed = int.from_bytes(os.urandom(4), "little") if _Global.seed is None else _Global.seed
    number, _Global.draws = _Global.draws, _Global.draws + 1
    return np.array([words[number % 16] for words in _keys(_Global.seed, number // 16)])


def new_key() -> jax.Array:
    """The next key of the global stream.

    Raises:
        TracingError: inside somebody's own `jit`, where the key would be frozen into the compiled program.
    """
    with jax.ensure_compile_time_eval():
        return jax.random.wrap_key_data(
            device_array(new_words())
        )  # as jax.random.fold_in, without its compilation


class Stream:
    """A stream of keys of its own: inside `with`, all that the global seed serves is drawn from this one,
    which goes on where it stopped.

    Args:
        seed: as of `set_random_seed`.

    Example:

        >>> set_random_seed(7); a = new_key()
        >>> with Stream(7):
        ...     b = new_key()
        >>> bool((a == b).all())
        True
    """

    def __init__(self, seed: int) -> None:
        self.seed, self.draws = seed, 0

    def __enter__(self) -> None:
        self._outer = _Global.seed, _Global.draws
        _Global.seed, _Global.draws = self.seed, self.draws

    def __exit__(self, *_: object) -> None:
        self.draws = _Global.draws
        _Global.seed, _Global.draws = self._outer


def check_not_traced(purpose: str) -> None:
    """Refuse to draw a key where JAX is tracing a function: it would be the same key for ever.

    Raises:
        TracingError: a trace is going on.
    """
    if isinstance(zeros((), np.float32), jax.core.Tracer):
        raise TracingError(
            f"{purpose} draws random numbers inside a jax.jit of yours, where the draw would be frozen into "
            "the program. "
            "Call `layer.apply(values, x, key=key)` there: it takes the key as an argument."
        )


class SeedGenerator(Serializable):
    """A stream of seeds of its own: each `next()` gives the next pair of 32-bit integers.

    Args:
        seed: an integer; None takes one from the global stream.
        name: its name.

    Attributes:
        state: a variable, (2,) uint32: the seed and the number of seeds drawn. Where a model runs as a pure
            function, seeds follow from its random key, and the state stays.

    Raises:
        ArgumentError: the seed is no integer from 0 on.

    Example:

        >>> generator = SeedGenerator(5)
        >>> [int(word) for word in generator.next()], generator.state.numpy().tolist()
        ([5, 0], [5, 1])
    """

    _kind = "random"

    def __init__(self, seed: int | None = None, name: str | None = None) -> None:
        self.name = name or "seed_generator"
        if seed is not None and (not isinstance(seed, (int, np.integer)) or seed < 0):
            raise ArgumentError(f"A seed is an integer >= 0 or None. Received: {seed!r}")
        self.seed = int(seed) if seed is not None else int(new_words()[0])
        first = np.array([self.seed & 0xFFFFFFFF, 0], np.uint32)
        self.state = Variable(first, trainable=False, name=f"{self.name}_state")

    def next(self, ordered: bool = True) -> Any:
        """The next seed: two uint32. `ordered` is Keras's and changes nothing."""
        scope = current_scope()
        if scope is not None and scope.key is not None:
            return jax.random.key_data(as_key(self))
        now = self.state.numpy()
        self.state.assign(now + np.array([0, 1], np.uint32))
        return now


def as_key(seed: Any = None) -> jax.Array:
    """A JAX key from an integer, a `SeedGenerator`, a key, or None for the global stream.

    Where a model runs as a pure function, None and generators draw from the key that it was given: new
    numbers at every step.

    Raises:
        ArgumentError: the seed is none of these.
        TracingError: None or a generator in a trace that no key was given to.
    """
    if seed is None or isinstance(seed, SeedGenerator):
        scope = current_scope()
        if scope is not None and scope.key is not None:
            number = None if seed is None else seed.seed & 0xFFFFFFFF
            stream = jax.random.fold_in(jax.random.fold_in(scope.key, _GENERATORS), number or 0)
            return jax.random.fold_in(stream, scope.next_draw(("generator", number)))
        if scope is not None and scope.pure:
            raise TracingError(
                "A function of neurona.random draws random numbers: give `apply` a key=jax.random.key(...)."
            )
        check_not_traced("A function of neurona.random")
        return new_key() if seed is None else jax.random.wrap_key_data(jnp.asarray(seed.next()))
    if isinstance(seed, (int, np.integer)):
        return key_of(int(seed))
    if isinstance(seed, jax.Array):
        return seed if jnp.issubdtype(seed.dtype, jax.dtypes.prng_key) else jax.random.wrap_key_data(seed)
    raise ArgumentError(f"A seed is an integer, a SeedGenerator or None. Received: {seed!r}")
