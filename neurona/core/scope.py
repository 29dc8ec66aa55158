"""The scope: where variables are read from and written to while a layer runs as a pure function.

Without an open scope a variable reads and writes its own array. `Layer.apply` opens a scope that holds all
values, so that a whole model becomes `(values, x, key) -> (y, new values)`, which JAX may jit, differentiate,
vmap and shard.

The scope is the one thing that a call carries along without passing it on. It is keyed by whatever can be
hashed, so this file knows neither layers nor variables.
"""

import contextlib
import contextvars
from collections.abc import Callable, Hashable, Iterator
from typing import Any, Self

import jax


class Scope:
    """What one call of a layer tree carries along.

    A scope opened inside another takes over `path`, `dtype`, `unknown_sizes` and `built`, and nothing else:
    values, key, training and losses are those given here. When it closes, the outer scope is as it was.

    Args:
        values: the arrays of the variables, or None where each variable keeps its own (the call has side
            effects). Assignments replace entries in place.
        key: the random key that layers draw from; None where they draw from the global seed.
        step: the training step, folded into the random stream of layers that have a seed.
        training: whether layers behave as in training; None leaves it to each call.
        positions: the number of each layer in the tree, which makes its random stream.

    Attributes:
        path: the names of the layers that are being called or built, outermost first.
        dtype: the dtype in which the innermost of these computes, and variables are read; None for their own.
        losses: what layers added to the loss so far.
        unknown_sizes: sizes made up for a trace of shapes; layers built in it see None instead.
        built: the layers that were built in such traces, each with the attributes that it had before and with
            the `unknown_sizes` of its trace; None outside of them.
        observer: called with (layer, inputs, outputs) after every call of a layer, if set.

    Example:

        >>> with Scope(training=True) as scope, scope.inside("block", "bfloat16"):
        ...     scope.path, current_scope().dtype
        (('block',), 'bfloat16')
    """

    draws = 0  # of all scopes so far: whoever traces a function learns from it whether the function draws

    def __init__(
        self,
        values: dict[Any, Any] | None = None,
        key: jax.Array | None = None,
        step: Any = 0,
        training: bool | None = None,
        positions: dict[Any, int] | None = None,
    ) -> None:
        self.values = values
        self.key = key
        self.step = step
        self.training = training
        self.positions: dict[Any, int] = positions or {}
        self.path: tuple[str, ...] = ()
        self.dtype: str | None = None
        self.unknown_sizes: set[int] = set()
        self.built: list[tuple[Any, dict[str, Any], set[int]]] | None = None
        self.losses: list[jax.Array] = []
        self.observer: Callable[[Any, Any, Any], None] | None = None
        self._draws: dict[Hashable, int] = {}

    @property
    def pure(self) -> bool:
        """Whether state is carried here rather than changed in place."""
        return self.values is not None

    @contextlib.contextmanager
    def inside(self, name: str, dtype: str | None) -> Iterator[None]:
        """The time of one layer's call or build.

        Args:
            name: the layer's; a layer that is inside already is not entered twice.
            dtype: in which it reads variables; None for their own.
        """
        outer = self.path, self.dtype, self.training
        if self.path[-1:] != (name,):
            self.path = (*self.path, name)
        self.dtype = dtype
        try:
            yield
        finally:
            self.path, self.dtype, self.training = outer

    def next_draw(self, stream: Hashable) -> int:
        """How often this stream (a layer's position, or a generator's name) has drawn before, counting on."""
        Scope.draws += 1
        count = self._draws.get(stream, 0)
        self._draws[stream] = count + 1
        return count

    def __enter__(self) -> Self:
        outer = _current.get()
        if outer is not None:
            self.path, self.dtype = outer.path, outer.dtype
            self.unknown_sizes, self.built = outer.unknown_sizes, outer.built
        self._token = _current.set(self)
        return self

    def __exit__(self, *_: object) -> None:
        _current.reset(self._token)


_current: contextvars.ContextVar[Scope | None] = contextvars.ContextVar("scope", default=None)


def current_scope() -> Scope | None:
    """The innermost open scope, or None."""
    return _current.get()
