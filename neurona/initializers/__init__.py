"""Initializers: the first values of weights."""

from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from neurona.core import registry
from neurona.core.errors import ShapeError
from neurona.core.policy import standardize_dtype
from neurona.initializers.constant import STFT, Constant, Identity, Ones, Zeros
from neurona.initializers.initializer import Initializer
from neurona.initializers.random import (
    GlorotNormal,
    GlorotUniform,
    HeNormal,
    HeUniform,
    LecunNormal,
    LecunUniform,
    Orthogonal,
    RandomInitializer,
    RandomNormal,
    RandomUniform,
    TruncatedNormal,
    VarianceScaling,
    compute_fans,
)

constant, zeros, ones, identity, stft = Constant, Zeros, Ones, Identity, STFT
glorot_normal, glorot_uniform, he_normal, he_uniform = GlorotNormal, GlorotUniform, HeNormal, HeUniform
lecun_normal, lecun_uniform, orthogonal = LecunNormal, LecunUniform, Orthogonal
random_normal, random_uniform, truncated_normal, variance_scaling = (
    RandomNormal,
    RandomUniform,
    TruncatedNormal,
    VarianceScaling,
)
IdentityInitializer, OrthogonalInitializer, STFTInitializer = Identity, Orthogonal, STFT


def get(identifier: Any) -> Any:
    """The initializer that a name, a config, a class, a function or an array means; None stays None.

    Raises:
        ArgumentError: there is no such initializer; the message offers the nearest name.

    Example:

        >>> get("he_normal").get_config()["seed"], get(np.ones(2))((2,)).tolist()
        (None, [1.0, 1.0])
    """
    if not isinstance(identifier, (np.ndarray, np.generic, jax.Array)):
        return registry.resolve("initializers", identifier)

    def initialize(shape: tuple[int, ...], dtype: Any = None) -> jax.Array:
        if tuple(shape) != identifier.shape:
            raise ShapeError(
                f"An array given as initializer must have the weight's shape {tuple(shape)}. Received: "
                f"{identifier.shape}"
            )
        return jnp.asarray(identifier, standardize_dtype(dtype))

    return initialize


def serialize(initializer: Any) -> Any:
    """The initializer as a plain dictionary.

    Example:

        >>> serialize(Constant(3.0))["config"]
        {'value': 3.0}
    """
    return registry.serialize(initializer)


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """The initializer that `serialize` described.

    Example:

        >>> deserialize(serialize(Constant(3.0)))((1,)).tolist()
        [3.0]
    """
    with registry.custom_object_scope(custom_objects or {}):
        return get(config)


__all__ = [
    "STFT",
    "Constant",
    "GlorotNormal",
    "GlorotUniform",
    "HeNormal",
    "HeUniform",
    "Identity",
    "IdentityInitializer",
    "Initializer",
    "LecunNormal",
    "LecunUniform",
    "Ones",
    "Orthogonal",
    "OrthogonalInitializer",
    "RandomInitializer",
    "RandomNormal",
    "RandomUniform",
    "STFTInitializer",
    "TruncatedNormal",
    "VarianceScaling",
    "Zeros",
    "compute_fans",
    "constant",
    "deserialize",
    "get",
    "glorot_normal",
    "glorot_uniform",
    "he_normal",
    "he_uniform",
    "identity",
    "lecun_normal",
    "lecun_uniform",
    "ones",
    "orthogonal",
    "random_normal",
    "random_uniform",
    "serialize",
    "stft",
    "truncated_normal",
    "variance_scaling",
    "zeros",
]
