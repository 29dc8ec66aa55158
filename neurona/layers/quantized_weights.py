"""Integers of 8 or 4 bits that stand for a weight of a layer, as variables of it."""

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from neurona.core.arrays import device_array
from neurona.core.layer import Layer
from neurona.core.variable import Variable
from neurona.quantizers.arrays import (
    INT4,
    abs_max_quantize_grouped_with_zero_point,
    dequantize,
    pack_int4,
    unpack_int4,
)
from neurona.quantizers.configs import AbsMaxQuantizer

Take = Callable[[Any], Any]


def _all_rows(array: Any) -> Any:
    return array


@dataclass(frozen=True)
class Layout:
    """How integers and scales of a weight lie in memory and in files.

    Args:
        shape: of the weight.
        axis: that the numbers of one scale lie along; negative.
        packed: the axis along which two integers of 4 bits make a byte; negative.
    """

    shape: tuple[int, ...]
    axis: int = -2
    packed: int = -1

    @property
    def summed(self) -> tuple[int, ...]:
        """The axes of the weight that share a scale with 8 bits."""
        return (self.axis,)

    @property
    def matrix(self) -> tuple[int, ...]:
        """The shape in which integers of 4 bits are packed."""
        return self.shape

    @property
    def scale_shape(self) -> tuple[int, ...]:
        """The shape of the scale of 8 bits."""
        return without(self.shape, self.axis)

    def stored(self, scale: np.ndarray) -> np.ndarray:
        """The scale as it is kept, from one with size 1 along the summed axes."""
        return np.squeeze(scale, self.axis)

    def spread(self, scale: Any) -> Any:
        """The scale as it divides the integers, from the one that is kept."""
        return jnp.expand_dims(scale, self.axis)


def without(shape: tuple[int, ...], axis: int, *instead: int) -> tuple[int, ...]:
    """A shape without an axis, or with another size there.

    Example:

        >>> without((3, 4), -2), without((3, 4), -1, 7)
        ((4,), (3, 7))
    """
    sizes = list(shape)
    axis %= len(sizes)
    return (*sizes[:axis], *instead, *sizes[axis + 1 :])


class QuantizedWeight:
    """The variables that stand for a weight W.

    Args:
        layer: that owns them.
        name: of W.
        layout: of the numbers.
        values: the shape of the integers.
        scale: the shape of the scale.
    """

    def __init__(
        self, layer: Layer, name: str, layout: Layout, values: tuple[int, ...], scale: tuple[int, ...]
    ) -> None:
        self.layout = layout
        self._add = functools.partial(layer.add_weight, trainable=False)
        self.values = self._add(values, "zeros", "int8", name=name)
        self.scale = self._add(scale, "ones", name=f"{name}_scale")

    @property
    def variables(self) -> list[Variable]:
        """The integers, the scale, and the zero points if there are any."""
        return [self.values, self.scale]

    def integers(self, take: Take = _all_rows) -> jax.Array:
        """The integers, one in each byte.

        Args:
            take: gives the rows of an array that are wanted.
        """
        return take(self.values.value)

    def numbers(self, take: Take = _all_rows) -> jax.Array:
        """W, or rows of it."""
        raise NotImplementedError

    def encoded(self, weight: Any, quantizer: Any = None) -> list[Any]:
        """What stands for W, in the order of `variables`.

        Args:
            weight: W.
            quantizer: gives integers and their scale; None for that of the layout.
        """
        raise NotImplementedError

    def assign(self, weight: Any, quantizer: Any = None) -> None:
        """Let the variables stand for W."""
        for variable, value in zip(self.variables, self.encoded(weight, quantizer)):
            variable.assign(device_array(np.asarray(value)))


class Int8Weight(QuantizedWeight):
    """W = q / s, with q in 8 bits."""

    def __init__(self, layer: Layer, name: str, layout: Layout) -> None:
        super().__init__(layer, name, layout, layout.shape, layout.scale_shape)

    def numbers(self, take: Take = _all_rows) -> jax.Array:
        return self.integers(take) / self.layout.spread(take(self.scale.value))

    def encoded(self, weight: Any, quantizer: Any = None) -> list[Any]:
        quantizer = quantizer or AbsMaxQuantizer(self.layout.summed)
        values, scale = quantizer(weight, to_numpy=True)
        return [values, self.layout.stored(np.asarray(scale))]


class Int4Weight(QuantizedWeight):
    """W = q / s, with q in 4 bits, two in each byte."""

    def __init__(self, layer: Layer, name: str, layout: Layout, *groups: int) -> None:
        matrix = layout.matrix
        packed = without(matrix, layout.packed, math.ceil(matrix[layout.packed] / 2))
        super().__init__(layer, name, layout, packed, without(matrix, layout.axis, *groups))

    def integers(self, take: Take = _all_rows) -> jax.Array:
        packed = self.layout.packed
        return unpack_int4(super().integers(take), self.layout.matrix[packed], packed)

    def numbers(self, take: Take = _all_rows) -> jax.Array:
        return self._shaped(dequantize(self.integers(take), take(self.scale.value), self.layout.axis))

    def _shaped(self, numbers: Any) -> jax.Array:
        layout = self.layout
        return numbers if layout.matrix == layout.shape else numbers.reshape(layout.shape)

    def encoded(self, weight: Any, quantizer: Any = None) -> list[Any]:
        axis = self.layout.axis
        values, scale = (quantizer or AbsMaxQuantizer(axis, INT4))(self._matrix_of(weight), to_numpy=True)
        return [pack_int4(values, self.layout.packed)[0], np.squeeze(np.asarray(scale), axis)]

    def _matrix_of(self, weight: Any) -> np.ndarray:
        return np.asarray(weight).reshape(self.layout.matrix)


def _block_of_each_place(block_size: int, shape: tuple[int, ...], dtype: str) -> jax.Array:
    return device_array((np.arange(shape[0]) // block_size).astype(dtype))


class Int4Blocks(Int4Weight):
    """W = (q - z) s, with q in 4 bits, and s and z for each block of numbers.

    Args:
        layer: that owns the variables.
        name: of W.
        layout: of the numbers.
        block_size: how many numbers share s and z.
        groups: the block of each place along the axis, if another weight keeps it.
    """

    def __init__(
        self, layer: Layer, name: str, layout: Layout, block_size: int, groups: Variable | None = None
    ) -> None:
        length = layout.matrix[layout.axis]
        super().__init__(layer, name, layout, math.ceil(length / block_size))
        self.block_size = block_size
        self.zero = self._add(self.scale.shape, "zeros", "int8", name=f"{name}_zero")
        number = functools.partial(_block_of_each_place, block_size)
        self.groups = (
            self._add((length,), number, "float32", autocast=False, name="g_idx")
            if groups is None
            else groups
        )

    @property
    def variables(self) -> list[Variable]:
        return [self.values, self.scale, self.zero]

    def numbers(self, take: Take = _all_rows) -> jax.Array:
        scale, zero = take(self.scale.value), take(self.zero.value)
        numbers = dequantize(self.integers(take), scale, self.layout.axis, zero, self.groups.value)
        return self._shaped(numbers)

    def encoded(self, weight: Any, quantizer: Any = None) -> list[Any]:
        matrix, turned = self._matrix_of(weight), self.layout.axis == -1
        found = abs_max_quantize_grouped_with_zero_point(
            matrix.T if turned else matrix, self.block_size, to_numpy=True
        )
        values, scale, zero = (np.asarray(one).T if turned else np.asarray(one) for one in found)
        return [pack_int4(values, self.layout.packed)[0], scale, zero]
