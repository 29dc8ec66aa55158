"""What every initializer is: a function of a shape and a dtype that can be named and rebuilt."""

from typing import Any, Self

import jax

from neurona.core.registry import Serializable
from neurona.messages import translated

__all__ = [
    "Initializer",
]


class Initializer(Serializable):
    """Makes the first value of a weight. Subclass it, or give any function `(shape, dtype) -> array`.

    Example:

        >>> import jax.numpy as jnp
        >>> class Ramp(Initializer):
        ...     def __init__(self, slope=1.0):
        ...         self.slope = slope
        ...     def __call__(self, shape, dtype=None):
        ...         return self.slope * jnp.arange(shape[0], dtype=dtype)
        >>> Ramp(2.0)((3,)).tolist(), Ramp(2.0).get_config()
        ([0.0, 2.0, 4.0], {'slope': 2.0})
    """

    _kind = "initializers"

    def __call__(self, shape: tuple[int, ...], dtype: Any = None) -> jax.Array:
        """The value.

        Args:
            shape: of the weight.
            dtype: of the weight; None means `floatx()`.
        """
        raise NotImplementedError(
            translated(
                f"{type(self).__name__} needs a method __call__(self, shape, dtype=None) that returns an "
                "array."
            )
        )

    def clone(self) -> Self:
        """Another initializer with the same config."""
        return self.from_config(self.get_config())
