"""Dtype policies by name and as configs: in which dtypes layers keep their weights and compute."""

from collections.abc import Mapping
from typing import Any

from neurona.core import registry
from neurona.core.lazy import suggest_names
from neurona.core.policy import DTypePolicy, dtype_policy_of

FloatDTypePolicy = DTypePolicy  # Keras's name for policies without quantization

__all__ = ["DTypePolicy", "FloatDTypePolicy", "deserialize", "get", "serialize"]


def get(identifier: Any) -> DTypePolicy:
    """The policy that a layer's `dtype=` argument means: a name, a dtype, a config, a policy, or None for the
    global one.

    Raises:
        ArgumentError: there is no such dtype.

    Example:

        >>> get("mixed_bfloat16").compute_dtype
        'bfloat16'
    """
    return dtype_policy_of(identifier)


def serialize(dtype_policy: DTypePolicy) -> dict[str, Any]:
    """The policy as a plain dictionary.

    Example:

        >>> serialize(DTypePolicy("mixed_float16"))["config"]
        {'name': 'mixed_float16'}
    """
    return registry.serialize_object(dtype_policy)


def deserialize(config: Mapping[str, Any], custom_objects: Mapping[str, Any] | None = None) -> DTypePolicy:
    """The policy that `serialize` described.

    Example:

        >>> deserialize(serialize(DTypePolicy("mixed_float16")))
        <DTypePolicy 'mixed_float16'>
    """
    with registry.custom_object_scope(custom_objects or {}):
        return get(config)


suggest_names(__name__)
