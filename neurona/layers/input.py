"""Input: where data enters a model."""

from typing import Any

import numpy as np

from neurona.core.errors import ArgumentError
from neurona.core.layer import Layer
from neurona.core.policy import standardize_dtype
from neurona.core.symbolic import Node, SymbolicTensor

__all__ = [
    "Input",
    "InputLayer",
]


class InputLayer(Layer):
    """The layer that an `Input` stands for: it hands its data on.

    Args:
        shape: sizes without the batch; None where unknown.
        batch_size: the batch's size, if it is fixed.
        dtype: the dtype that data is cast to on its way in; "string" for texts.
        sparse: no effect: arrays are dense.
        ragged: no effect: arrays are dense.
        batch_shape: the whole shape, instead of shape and batch_size.
        input_tensor: a symbolic tensor whose shape and dtype to take, instead of the above.
        optional: whether data may be left out.
        name: the input's name, by which dictionaries of data refer to it.

    Raises:
        ArgumentError: no shape, or two shapes, were given, or a size is neither an integer nor None.

    Example:

        >>> InputLayer((28, 28, 1), name="image").output.shape
        (None, 28, 28, 1)
    """

    def __init__(
        self,
        shape: Any = None,
        batch_size: int | None = None,
        dtype: Any = None,
        sparse: bool = False,
        ragged: bool = False,
        batch_shape: Any = None,
        input_tensor: Any = None,
        optional: bool = False,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        if input_tensor is not None:
            shape, batch_shape, dtype = None, input_tensor.shape, dtype or input_tensor.dtype
        if shape is None and batch_shape is None:  # Keras 2 had these names
            shape, batch_shape = kwargs.get("input_shape"), kwargs.get("batch_input_shape")
        if (shape is None) == (batch_shape is None):
            raise ArgumentError(
                "Input needs a shape, without the batch size: Input((28, 28, 1)). (Or batch_shape, with it; "
                "not both.)"
            )
        shape = (shape,) if isinstance(shape, (int, np.integer)) else shape
        super().__init__(name=name)
        given = (batch_size, *shape) if shape is not None else tuple(batch_shape or ())
        self.batch_shape = _sizes(given)
        self._any_size = False  # whether the sizes are those of the first data, which others need not have
        self.sparse, self.ragged, self.optional = sparse, ragged, optional
        self._input_dtype = standardize_dtype(dtype)
        self.built = True
        node = Node(self, (), {})
        node.outputs = SymbolicTensor(self.batch_shape, self._input_dtype, name=self.name, node=node)
        self._nodes = [node]

    @property
    def input(self) -> Any:
        """The same as `output`, as in tf.keras; Keras 3 has an empty list."""
        return self.output

    @property
    def input_dtype(self) -> str:
        """The dtype that data is cast to."""
        return self._input_dtype

    def call(self, inputs: Any = None) -> Any:
        return inputs

    def get_config(self) -> dict[str, Any]:
        return {
            "batch_shape": list(self.batch_shape),
            "dtype": self._input_dtype,
            "sparse": self.sparse,
            "ragged": self.ragged,
            "name": self.name,
            "optional": self.optional,
        }


def _sizes(given: tuple[Any, ...]) -> tuple[int | None, ...]:
    """A shape of Python's integers; raises ArgumentError where there is anything else but None."""
    for size in given:
        if size is not None and (not isinstance(size, (int, np.integer)) or size < 0):
            raise ArgumentError(
                f"Input: a shape has integers, and None for what is unknown. Received: {given}"
            )
    return tuple(None if size is None else int(size) for size in given)


def Input(
    shape: Any = None,
    batch_size: int | None = None,
    dtype: Any = None,
    sparse: bool = False,
    ragged: bool = False,
    batch_shape: Any = None,
    name: str | None = None,
    tensor: Any = None,
    optional: bool = False,
) -> SymbolicTensor:
    """A symbolic tensor through which data enters a functional model.

    Args:
        shape: sizes without the batch; None where unknown.
        batch_size: the batch's size, if it is fixed.
        dtype: the dtype that data is cast to on its way in; `floatx()` by default. "string" for texts, which
            `TextVectorization`, `StringLookup`, `Hashing` and `FeatureSpace` take.
        sparse: no effect: arrays are dense.
        ragged: no effect: arrays are dense.
        batch_shape: the whole shape, instead of shape and batch_size.
        name: by which dictionaries of data refer to it.
        tensor: a symbolic tensor whose shape and dtype to take, instead of the above.
        optional: whether data may be left out.

    Raises:
        ArgumentError: no shape, or two shapes, were given, or a size is neither an integer nor None.

    Example:

        >>> Input((28, 28, 1), name="image").shape
        (None, 28, 28, 1)
    """
    return InputLayer(
        shape, batch_size, dtype, sparse, ragged, batch_shape, tensor, optional=optional, name=name
    ).output
