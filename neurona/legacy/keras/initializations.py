"""First values as functions of a shape: `keras.initializations` of Keras 1."""

from typing import Any

import jax.numpy as jnp

from neurona import initializers
from neurona.core.variable import Variable


def _made(initializer: Any, shape: Any, name: str | None) -> Variable:
    return Variable(initializer(tuple(shape), "float32"), name=name or "variable")


def uniform(shape: Any, scale: float = 0.05, name: str | None = None, **_: Any) -> Variable:
    """Numbers from -scale to scale."""
    return _made(initializers.RandomUniform(-scale, scale), shape, name)


def normal(shape: Any, scale: float = 0.05, name: str | None = None, **_: Any) -> Variable:
    """Normal numbers."""
    return _made(initializers.RandomNormal(0.0, scale), shape, name)


def identity(shape: Any, scale: float = 1.0, name: str | None = None, **_: Any) -> Variable:
    """The identity matrix times a scale."""
    return Variable(scale * jnp.eye(*shape), name=name or "variable")


def orthogonal(shape: Any, scale: float = 1.1, name: str | None = None, **_: Any) -> Variable:
    """An orthogonal matrix times a scale."""
    return _made(initializers.Orthogonal(scale), shape, name)


def _by_name(function: str) -> Any:
    def initialization(shape: Any, name: str | None = None, **_: Any) -> Variable:
        return _made(initializers.get(function), shape, name)

    return initialization


glorot_normal, glorot_uniform = _by_name("glorot_normal"), _by_name("glorot_uniform")
he_normal, he_uniform = _by_name("he_normal"), _by_name("he_uniform")
lecun_uniform, zero, one = _by_name("lecun_uniform"), _by_name("zeros"), _by_name("ones")


def get(identifier: Any, **options: Any) -> Any:
    """The function of a name."""
    return globals()[identifier] if isinstance(identifier, str) else identifier
