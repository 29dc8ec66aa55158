"""Weights and numbers in few bits: the functions that round them, and what `quantize` is told.

model.quantize("int8")  # a quarter of the memory, nearly the same predictions
model.quantize(config=neurona.quantizers.Int4QuantizationConfig(block_size=64))
"""

from collections.abc import Mapping
from typing import Any

from neurona.core import registry
from neurona.core.errors import ArgumentError
from neurona.core.lazy import suggest_names
from neurona.quantizers.arrays import (
    abs_max_quantize,
    abs_max_quantize_grouped_with_zero_point,
    pack_int4,
    quantize_and_dequantize,
    unpack_int4,
)
from neurona.quantizers.configs import (
    AbsMaxQuantizer,
    Int4QuantizationConfig,
    Int8QuantizationConfig,
    QuantizationConfig,
    Quantizer,
)
from neurona.quantizers.simulation import fake_quant_with_min_max_vars

__all__ = [
    "AbsMaxQuantizer",
    "Int4QuantizationConfig",
    "Int8QuantizationConfig",
    "QuantizationConfig",
    "Quantizer",
    "abs_max_quantize",
    "abs_max_quantize_grouped_with_zero_point",
    "deserialize",
    "fake_quant_with_min_max_vars",
    "get",
    "pack_int4",
    "quantize_and_dequantize",
    "serialize",
    "unpack_int4",
]


def get(identifier: Any, **kwargs: Any) -> Any:
    """The quantizer or config that a name, a config, a class or an object means.

    Args:
        identifier: such as "abs_max_quantizer"; None gives None.
        kwargs: arguments for a name or a class.

    Raises:
        ArgumentError: there is none of that name, or arguments are given for an object.

    Example:

        >>> get("abs_max_quantizer", axis=0).axis
        (0,)
    """
    if kwargs and isinstance(identifier, str):
        identifier = registry.lookup("quantizers", identifier)
    if kwargs and not isinstance(identifier, type):
        raise ArgumentError(
            f"Arguments are for a name or a class. Received: {identifier!r} and {sorted(kwargs)}"
        )
    return identifier(**kwargs) if kwargs else registry.resolve("quantizers", identifier)


def serialize(initializer: Any) -> Any:
    """A quantizer or config as a plain dictionary.

    Example:

        >>> serialize(AbsMaxQuantizer(axis=0))["config"]["axis"]
        [0]
    """
    return registry.serialize(initializer)


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """What `serialize` described.

    Example:

        >>> deserialize(serialize(AbsMaxQuantizer(axis=0))).axis
        (0,)
    """
    return registry.deserialize(config, kind="quantizers", custom_objects=custom_objects)


suggest_names(__name__)
