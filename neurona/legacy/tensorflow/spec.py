"""Specifications of tensors: a shape and a dtype."""

from typing import Any

from neurona.legacy.tensorflow.dispatch import tensor_of
from neurona.legacy.tensorflow.dtypes import as_dtype, float32
from neurona.legacy.tensorflow.tensor_shape import TensorShape


class TypeSpec:
    """The base of specifications."""


class TensorSpec(TypeSpec):
    """The shape and dtype of a tensor.

    Args:
        shape: None where unknown.
        dtype: float32 by default.
        name: of an argument.
    """

    def __init__(self, shape: Any = None, dtype: Any = float32, name: str | None = None) -> None:
        self.shape, self.dtype, self.name = TensorShape(shape), as_dtype(dtype), name

    @classmethod
    def from_tensor(cls, tensor: Any, name: str | None = None) -> "TensorSpec":
        """The specification of a tensor."""
        return cls(tensor.shape, tensor.dtype, name)

    from_spec = from_tensor

    def is_compatible_with(self, other: Any) -> bool:
        """Whether a tensor or specification fits."""
        return self.shape.is_compatible_with(other.shape) and self.dtype == other.dtype

    def most_specific_compatible_type(self, other: Any) -> "TensorSpec":
        """What both have in common."""
        same = [a if a == b else None for a, b in zip(self.shape, other.shape)]
        return TensorSpec(same, self.dtype, self.name)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TensorSpec) and (self.shape, self.dtype) == (other.shape, other.dtype)

    def __hash__(self) -> int:
        return hash((self.shape, self.dtype))

    def __repr__(self) -> str:
        return f"TensorSpec(shape={self.shape}, dtype={self.dtype!r}, name={self.name!r})"


class SparseTensorSpec(TensorSpec):
    """The shape and dtype of a sparse tensor."""


class TensorArraySpec(TensorSpec):
    """The shape and dtype of the elements of a TensorArray."""


class OptionalSpec(TypeSpec):
    """What an optional element holds."""

    def __init__(self, element_spec: Any) -> None:
        self.element_spec = element_spec


def type_spec_from_value(value: Any) -> Any:
    """The specification of a value."""
    if hasattr(value, "element_spec"):
        return value.element_spec
    return TensorSpec.from_tensor(tensor_of(value))
