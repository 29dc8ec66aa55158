"""Dtype policies by name and as configs: in which dtypes layers keep their weights and compute."""

import copy
import re
from collections.abc import Iterator, Mapping, MutableMapping
from typing import Any

from neurona.core import registry
from neurona.core.errors import ArgumentError
from neurona.core.lazy import suggest_names
from neurona.core.policy import DTypePolicy, dtype_policy_of, global_dtype_policy

FloatDTypePolicy = DTypePolicy  # Keras's name for policies without quantization

__all__ = [
    "DTypePolicy",
    "DTypePolicyMap",
    "FloatDTypePolicy",
    "Int4DTypePolicy",
    "QuantizedDTypePolicy",
    "deserialize",
    "get",
    "serialize",
]


class QuantizedDTypePolicy(DTypePolicy):
    """A policy of layers that keep their weights as integers: `"int8_from_float32"`.

    Args:
        mode: "int8" or "int4".
        source_name: the policy before; the global one by default.

    Raises:
        ArgumentError: the mode is another, or int8 is asked for with computation in float16.

    Example:

        >>> policy = QuantizedDTypePolicy("int8", "mixed_bfloat16")
        >>> policy.name, policy.quantization_mode, policy.compute_dtype
        ('int8_from_mixed_bfloat16', 'int8', 'bfloat16')
    """

    _keras_module = "keras.dtype_policies"

    def __init__(self, mode: str, source_name: str | None = None) -> None:
        source = source_name or global_dtype_policy().name
        super().__init__(source)
        self.mode, self.source_name, self.name = mode, source, f"{mode}_from_{source}"
        self.quantization_mode = mode.partition("/")[0]
        if self.quantization_mode not in ("int8", "int4"):
            raise ArgumentError(
                "Weights are quantized to 'int8' or 'int4'; float8, GPTQ and AWQ are not in Neurona. "
                f"Received: mode={mode!r}"
            )
        if self.quantization_mode == "int8" and self.compute_dtype == "float16":
            raise ArgumentError(
                "Products of int8 weights are too large for float16: use 'mixed_bfloat16'. Received: "
                f"source_name={source!r}"
            )

    @staticmethod
    def named(name: str) -> "QuantizedDTypePolicy":
        """The policy of a name such as `"int8_from_float32"` or `"int4/64_from_float32"`."""
        mode, _, source = name.partition("_from_")
        return (Int4DTypePolicy if "/" in mode else QuantizedDTypePolicy)(mode, source)

    def bound_to(self, layer: Any) -> DTypePolicy:
        if not hasattr(type(layer), "quantize"):
            raise ArgumentError(
                f"{type(layer).__name__} keeps its weights as floats; Dense, EinsumDense and Embedding can "
                f"be quantized. Received: dtype={self.name!r}"
            )
        return self


class Int4DTypePolicy(QuantizedDTypePolicy):
    """A policy of layers that keep their weights as integers of 4 bits: `"int4/128_from_float32"`.

    Args:
        mode: "int4/N", with N inputs that share a scale and a zero point; -1 for one scale for each output.
        source_name: the policy before; the global one by default.

    Raises:
        ArgumentError: the mode is another.

    Example:

        >>> get("int4/64_from_float32").block_size
        64
    """

    def __init__(self, mode: str, source_name: str | None = None) -> None:
        if not re.fullmatch(r"int4/(-1|0*[1-9]\d*)", mode):
            raise ArgumentError(
                f"The mode is 'int4/N' with a positive block size N, or 'int4/-1'. Received: mode={mode!r}"
            )
        super().__init__(mode, source_name)
        self.block_size = int(mode.partition("/")[2])


class DTypePolicyMap(DTypePolicy, MutableMapping):
    """Policies of layers by their paths: `Dense(2, dtype=policies)` follows the one of its path.

    A key is a path, or a regular expression that the whole path matches; other paths have the default.

    Args:
        default_policy: the policy of other layers; the global one by default.
        policy_map: a dictionary of policies by path.

    Raises:
        ArgumentError: the default policy or the dictionary is of another type; a key is there already; or a
            path matches several keys.

    Example:

        >>> policies = DTypePolicyMap("float32")
        >>> policies["encoder/.*"] = "mixed_bfloat16"
        >>> policies["encoder/query"].name, policies["decoder"].name
        ('mixed_bfloat16', 'float32')
    """

    _keras_module = "keras.dtype_policies"

    def __init__(self, default_policy: Any = None, policy_map: Mapping[str, Any] | None = None) -> None:
        if isinstance(default_policy, DTypePolicyMap) or not isinstance(policy_map, (dict, type(None))):
            raise ArgumentError(
                "DTypePolicyMap takes a policy, and a dictionary of policies by path. Received: "
                f"default_policy={default_policy!r}, policy_map={policy_map!r}"
            )
        self._given = default_policy
        self._layer: Any = None
        self._policies = {} if policy_map is None else policy_map

    @property
    def default_policy(self) -> DTypePolicy:
        """The policy of paths that match no key."""
        return get(self._given)

    @property
    def _followed(self) -> DTypePolicy:
        """The policy of the layer that follows this map, once it has a path; else the default."""
        path = getattr(self._layer, "path", None)
        return self[path] if path else self.default_policy

    name = property(lambda self: f"map_{self.default_policy.name}")  # pyright: ignore[reportAssignmentType]
    compute_dtype = property(lambda self: self._followed.compute_dtype)  # pyright: ignore[reportAssignmentType]
    variable_dtype = property(lambda self: self._followed.variable_dtype)  # pyright: ignore[reportAssignmentType]
    quantization_mode = property(lambda self: self._followed.quantization_mode)  # pyright: ignore[reportAssignmentType]

    block_size = property(lambda self: getattr(self._followed, "block_size", None))

    def bound_to(self, layer: Any) -> DTypePolicy:
        view = copy.copy(self)  # of the same dictionary
        view._layer = layer
        return view

    def __getitem__(self, path: str) -> DTypePolicy:
        matches = [path] if path in self._policies else [key for key in self if re.fullmatch(key, path)]
        if len(matches) > 1:
            raise ArgumentError(
                f"Path {path!r} matches several keys of a DTypePolicyMap: {', '.join(map(repr, matches))}."
            )
        return get(self._policies[matches[0]]) if matches else self.default_policy

    def __setitem__(self, path: str, policy: Any) -> None:
        if path in self._policies:
            raise ArgumentError(f"DTypePolicyMap has a policy for {path!r} already: delete it first.")
        self._policies[path] = get(policy)

    def __delitem__(self, path: str) -> None:
        del self._policies[path]

    def __contains__(self, path: object) -> bool:
        return path in self._policies

    def __len__(self) -> int:
        return len(self._policies)

    def __iter__(self) -> Iterator[str]:
        return iter(self._policies)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DTypePolicyMap) and self.get_config() == other.get_config()

    def __hash__(self) -> int:
        return hash(self.name)

    def get_config(self) -> dict[str, Any]:
        policies = {path: registry.serialize(self[path]) for path in self}
        return {"default_policy": registry.serialize(self._given), "policy_map": policies}


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


def quantized(policy: DTypePolicy, mode: str) -> DTypePolicy:
    """The policy of a layer after it was quantized; a map has it for the layer's path.

    Args:
        policy: that the layer followed before.
        mode: "int8", or "int4/N" with the size N of the blocks.

    Example:

        >>> quantized(DTypePolicy("float32"), "int4/64")
        <Int4DTypePolicy 'int4/64_from_float32'>
    """
    if not isinstance(policy, DTypePolicyMap):
        return QuantizedDTypePolicy.named(f"{mode}_from_{policy.name}")
    policy._policies[policy._layer.path] = quantized(policy._followed, mode)
    return policy


suggest_names(__name__)
