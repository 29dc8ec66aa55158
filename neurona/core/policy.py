"""Dtype policies: in which precision variables are kept and in which a layer computes."""

import warnings
from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from neurona.core.errors import ArgumentError, suggestion
from neurona.core.registry import Serializable, deserialize, lookup

FLOATS = ("float16", "bfloat16", "float32", "float64")
_INTEGERS = [f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)]
DTYPES = (*FLOATS, "bool", *_INTEGERS, "complex64", "complex128", "string")


class _Settings:
    """What a person sets once for the process."""

    floatx = "float32"
    epsilon = 1e-7
    policy: "DTypePolicy | None" = None
    image_data_format = "channels_last"


_EXPLICIT = "jax_explicit_x64_dtypes"  # JAX's option: what becomes of a dtype of 64 bits that is asked for


def _has_64_bits() -> bool:
    """Whether JAX makes arrays of float64, by default or where they are asked for."""
    return jax.config.read("jax_enable_x64") or "ALLOW" in repr(getattr(jax.config, _EXPLICIT))


def standardize_dtype(dtype: Any) -> str:
    """The name of a dtype, whatever it was given as; None means `floatx()`. Whether there are 64 bits is
    JAX's setting, which `set_floatx("float64")` changes.

    Raises:
        ArgumentError: there is no such dtype.

    Example:

        >>> standardize_dtype(np.float32), standardize_dtype("bfloat16")
        ('float32', 'bfloat16')
    """
    if dtype is None:
        return _Settings.floatx
    if isinstance(dtype, DTypePolicy):
        return dtype.compute_dtype
    dtype = "string" if dtype is str else dtype
    name = dtype if isinstance(dtype, str) else getattr(dtype, "name", None) or str(np.dtype(dtype))
    name = {"float": _Settings.floatx, "int": "int32"}.get(name, name)
    if name not in DTYPES:
        raise ArgumentError(
            f"There is no dtype {name!r}.{suggestion(name, DTYPES)} Known: {', '.join(DTYPES)}."
        )
    return name


def is_float(dtype: Any) -> bool:
    """Whether a dtype is one of the floating-point ones, bfloat16 included."""
    return jnp.issubdtype(dtype, jnp.floating)


class DTypePolicy(Serializable):
    """The pair of dtypes that a layer works with.

    Args:
        name: a dtype such as `"float32"`, for both; or `"mixed_float16"` / `"mixed_bfloat16"`: variables in
            float32, computation in 16 bits (Micikevicius et al., Mixed Precision Training, 2018).

    Example:

        >>> policy = DTypePolicy("mixed_bfloat16")
        >>> policy.compute_dtype, policy.variable_dtype
        ('bfloat16', 'float32')
    """

    _kind = "policies"
    quantization_mode: str | None = None  # how layers keep their weights in few bits: "int8", "int4"

    def __init__(self, name: str | None = None) -> None:
        self.name = name or _Settings.floatx
        if self.name.startswith("mixed_"):
            self.compute_dtype, self.variable_dtype = self.name.removeprefix("mixed_"), "float32"
            if self.compute_dtype not in ("float16", "bfloat16"):
                raise ArgumentError(
                    f"A mixed policy is 'mixed_float16' or 'mixed_bfloat16'. Received: {name!r}"
                )
        else:
            self.compute_dtype = self.variable_dtype = standardize_dtype(self.name)
        if self.compute_dtype == "float64" and not _has_64_bits():
            warnings.warn(
                "A dtype float64 is asked for, but JAX computes in 32 bits: float32 is used. "
                'neurona.config.set_floatx("float64") switches the whole process to 64 bits; '
                "`with jax.enable_x64(True):` a block.",
                stacklevel=2,
            )

    def bound_to(self, layer: Any) -> "DTypePolicy":
        """The policy as this layer follows it."""
        return self

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name!r}>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DTypePolicy) and other.name == self.name

    def __hash__(self) -> int:
        return hash(self.name)


def dtype_policy_of(dtype: Any) -> DTypePolicy:
    """The policy that a layer's `dtype=` argument means: a name, a policy, a config, or None for the global
    one.
    """
    if dtype is None:
        return global_dtype_policy()
    if isinstance(dtype, DTypePolicy):
        return dtype
    if isinstance(dtype, Mapping):
        return deserialize(dtype, kind="policies")
    if isinstance(dtype, str) and "_from_" in dtype:
        return lookup("policies", "QuantizedDTypePolicy").named(dtype)
    return DTypePolicy(dtype if isinstance(dtype, str) else standardize_dtype(dtype))


def global_dtype_policy() -> DTypePolicy:
    """The policy of layers that are given none: `floatx()` unless set."""
    return _Settings.policy or DTypePolicy(_Settings.floatx)


def set_global_dtype_policy(policy: str | DTypePolicy) -> None:
    """Set the policy of the layers created from now on.

    Example:

        >>> set_global_dtype_policy("mixed_bfloat16")
        >>> global_dtype_policy()
        <DTypePolicy 'mixed_bfloat16'>
        >>> set_global_dtype_policy("float32")
    """
    _Settings.policy = dtype_policy_of(policy)


def floatx() -> str:
    """The default floating-point dtype, `"float32"` unless set."""
    return _Settings.floatx


def set_floatx(value: str) -> None:
    """Set the default floating-point dtype: one of float16, bfloat16, float32, float64. The last one switches
    JAX's 64-bit mode on, for the whole process.
    """
    if value not in FLOATS:
        raise ArgumentError(f"floatx is one of {', '.join(FLOATS)}. Received: {value!r}")
    if value == "float64":
        jax.config.update("jax_enable_x64", True)
    _Settings.floatx, _Settings.policy = value, None


def epsilon() -> float:
    """The small number that keeps logarithms and divisions finite, 1e-7 unless set."""
    return _Settings.epsilon


def set_epsilon(value: float) -> None:
    """Set the small number that keeps logarithms and divisions finite."""
    _Settings.epsilon = float(value)


def image_data_format() -> str:
    """The default place of an image's channels: `"channels_last"` unless set."""
    return _Settings.image_data_format


def set_image_data_format(data_format: str) -> None:
    """Set the default place of an image's channels."""
    _Settings.image_data_format = standardize_data_format(data_format)


def standardize_data_format(data_format: str | None) -> str:
    """`"channels_last"` or `"channels_first"`; None means the global default.

    Raises:
        ArgumentError: it is neither.
    """
    value = _Settings.image_data_format if data_format is None else str(data_format).lower()
    if value not in ("channels_last", "channels_first"):
        raise ArgumentError(f"data_format is 'channels_last' or 'channels_first'. Received: {data_format!r}")
    return value
