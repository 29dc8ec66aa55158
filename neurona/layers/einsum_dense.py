"""EinsumDense: a fully connected layer over any axes, said as an Einstein sum."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Unpack

import jax.numpy as jnp
import numpy as np

from neurona.core.errors import ArgumentError, ShapeError
from neurona.core.shapes import InputSpec
from neurona.initializers import VarianceScaling
from neurona.kernels.dense import dense
from neurona.layers.arguments import ActivationAttribute
from neurona.layers.options import QUANTIZABLE, EinsumDenseOptions, for_layer
from neurona.layers.quantization import _QuantizableProduct
from neurona.layers.quantized_weights import Layout

__all__ = [
    "EinsumDense",
]

_EQUATION = re.compile(r"(\.\.\.)?([a-zA-Z]+)(\.\.\.)?,([a-zA-Z]+)->(\.\.\.)?([a-zA-Z]+)(\.\.\.)?")


@dataclass(frozen=True)
class _EinsumLayout(Layout):
    """Integers of a kernel whose axes may be anywhere.

    Args:
        shape: of the kernel.
        kernel: its letters.
        outputs: the letters of the output; "." for an axis that `...` stands for.
    """

    kernel: str = ""
    outputs: str = ""

    @property
    def summed(self) -> tuple[int, ...]:
        return tuple(axis for axis, letter in enumerate(self.kernel) if letter not in self.outputs)

    @property
    def matrix(self) -> tuple[int, ...]:
        rows = math.prod(self.shape[axis] for axis in self.summed)
        return rows, math.prod(self.shape) // rows

    @property
    def _kept(self) -> list[str]:
        """The kernel's letters that are not summed."""
        return [letter for letter in self.kernel if letter in self.outputs]

    @property
    def scale_shape(self) -> tuple[int, ...]:
        sizes = dict(zip(self.kernel, self.shape))
        return tuple(sizes.get(letter, 1) for letter in self.outputs)

    def stored(self, scale: np.ndarray) -> np.ndarray:
        order = [self._kept.index(letter) for letter in self.outputs if letter in self._kept]
        return np.squeeze(scale, self.summed).transpose(order).reshape(self.scale_shape)

    def spread(self, scale: Any) -> Any:
        sizes = dict(zip(self.kernel, self.shape))
        letters = [letter for letter in self.outputs if letter in self._kept]
        kept = scale.reshape([sizes[letter] for letter in letters])
        return jnp.expand_dims(kept.transpose([letters.index(one) for one in self._kept]), self.summed)


class EinsumDense(_QuantizableProduct):
    """y = activation(einsum(equation, x, kernel) + bias).

    Args:
        equation: such as `"abc,cd->abd"`, or `"...x,xy->...y"` for any number of axes before.
        output_shape: the sizes of the output after the batch, None where the input has them; one integer for
            one axis. Axes that `...` stands for are left out.
        activation: a name or function; None leaves the sum as it is.
        bias_axes: the letters of the output that the bias has, such as `"d"`; None for no bias.
        **options: those of `EinsumDenseOptions`.

    Shapes: those of the equation; the kernel has the axes of its second term.

    Raises:
        ArgumentError: the equation or the bias axes make no sense.
        ShapeError: the input does not fit the equation and the output shape.

    Example:

        >>> EinsumDense("abc,cde->abde", output_shape=(None, 2, 5), bias_axes="de")(jnp.ones((4, 3, 6))).shape
        (4, 3, 2, 5)
    """

    kernel_initializer: Any

    activation = ActivationAttribute()

    def __init__(
        self,
        equation: str,
        output_shape: int | Sequence[int | None],
        activation: Any = None,
        bias_axes: str | None = None,
        **options: Unpack[EinsumDenseOptions],
    ) -> None:
        super().__init__(**for_layer(options, "kernel", "bias", own=QUANTIZABLE))
        self._keep_options(**options)
        match = _EQUATION.fullmatch(equation.replace(" ", "")) if isinstance(equation, str) else None
        if match is None or (match[1], match[3]) != (match[5], match[7]) or (match[1] and match[3]):
            raise ArgumentError(
                "EinsumDense: an equation is 'X,W->Y', '...X,W->...Y' or 'X...,W->Y...' with letters for "
                "axes, such as 'abc,cd->abd'. "
                f"Received: equation={equation!r}"
            )
        self.equation, self.bias_axes = equation, bias_axes
        self._input_axes, self._kernel_axes, self._output_axes = match[2], match[4], match[6]
        self._elided_on_the_left = match[1] is not None
        for letter in self._output_axes + self._kernel_axes:
            terms = (self._input_axes, self._kernel_axes, self._output_axes)
            if sum(letter in term for term in terms) < 2:
                raise ArgumentError(
                    f"EinsumDense: axis {letter!r} stands in one term only. Received: equation={equation!r}"
                )
        if bias_axes is not None and (not bias_axes or not set(bias_axes) <= set(self._output_axes)):
            raise ArgumentError(
                f"EinsumDense: bias_axes are letters of the output {self._output_axes!r}, or None. Received: "
                f"bias_axes={bias_axes!r}"
            )
        self.partial_output_shape = (output_shape,) if isinstance(output_shape, int) else tuple(output_shape)
        self.activation = activation
        self._set_weight_options(options, "kernel", "bias")

    def build(self, input_shape: Any) -> None:
        sizes = self._sizes(input_shape)
        self.input_spec = InputSpec(ndim=len(input_shape))
        inward = tuple(i for i, letter in enumerate(self._kernel_axes) if letter not in self._output_axes)
        outward = tuple(i for i, letter in enumerate(self._kernel_axes) if letter in self._output_axes)
        initializer = self.kernel_initializer
        if isinstance(initializer, VarianceScaling) and (
            initializer.input_axes is None or initializer.output_axes is None
        ):
            config = {
                **initializer.get_config(),
                "seed": initializer.seed,
                "input_axes": inward,
                "output_axes": outward,
            }
            initializer = type(initializer).from_config(config)
        shape = tuple(sizes[letter] for letter in self._kernel_axes)
        self.kernel = self._add_adaptable("kernel", shape, initializer)
        self.bias = None
        if self.bias_axes is not None:
            first = min(map(self._output_axes.index, self.bias_axes))
            shape = [sizes[letter] if letter in self.bias_axes else 1 for letter in self._output_axes[first:]]
            elided = 0 if self._elided_on_the_left else len(input_shape) - len(self._input_axes)
            self.bias = self.add_weight((*shape, *[1] * elided), name="bias")
        self._adapt_if_asked()

    def _sizes(self, input_shape: Any) -> dict[str, Any]:
        """The size of each letter."""
        elided, open_ended = len(input_shape) - len(self._input_axes), "..." in self.equation
        # The output's first axis is the batch where nothing is elided on the left, and is not given.
        given = [None, *self.partial_output_shape]
        if self._elided_on_the_left and elided > 0:
            given = given[1:]
        if elided < 0 or (elided > 0 and not open_ended) or len(given) != len(self._output_axes):
            raise ShapeError(
                f"Layer {self.name!r} (EinsumDense) with equation {self.equation!r} and output_shape "
                f"{self.partial_output_shape} can't "
                f"take an input of shape {tuple(input_shape)}: the letters of each term and the sizes must "
                "be as many."
            )
        own = input_shape[elided:] if self._elided_on_the_left else input_shape[: len(self._input_axes)]
        sizes = dict(zip(self._input_axes, own))
        for letter, size in zip(self._output_axes, given):
            if size is not None and sizes.get(letter, size) != size:
                raise ShapeError(
                    f"Layer {self.name!r} (EinsumDense): axis {letter!r} of {self.equation!r} has size "
                    f"{sizes[letter]} in the input and "
                    f"{size} in output_shape."
                )
            if letter not in sizes:
                sizes[letter] = size
        return sizes

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "output_shape": self.partial_output_shape}

    def _is_product_of_matrices(self) -> bool:
        """Whether the sum runs over the input's last axes and the kernel's first, and all others stay in
        their order.
        """
        summed = "".join(letter for letter in self._input_axes if letter not in self._output_axes)
        kept, added = self._input_axes.removesuffix(summed), self._kernel_axes.removeprefix(summed)
        ends_match = (kept + summed, summed + added, kept + added) == (
            self._input_axes,
            self._kernel_axes,
            self._output_axes,
        )
        return ends_match and self.bias_axes == added and not self.equation.split(",")[0].endswith("...")

    def call(self, inputs: Any) -> Any:
        if self.bias is not None and self._is_product_of_matrices():
            kernel, bias = self.kernel.value, self.bias.value
            columns = math.prod(bias.shape)
            rows = kernel.size // columns
            x = inputs.reshape(*inputs.shape[: inputs.ndim - kernel.ndim + bias.ndim], rows)
            y = dense(x, kernel.reshape(rows, columns), bias.reshape(columns))
            return self.activation(y.reshape(*x.shape[:-1], *bias.shape))
        y = jnp.einsum(self.equation, inputs, self.kernel.value)
        return self.activation(y if self.bias is None else y + self.bias.value)

    def _axes_for_all(self) -> tuple[str, str]:
        """The letters of inputs and outputs, and "." for each axis that `...` stands for."""
        elided = "." * (self.input_spec.ndim - len(self._input_axes))
        terms = self._input_axes, self._output_axes
        left, right = (elided, "") if self._elided_on_the_left else ("", elided)
        return tuple(f"{left}{term}{right}" for term in terms)  # pyright: ignore[reportReturnType]

    def _layout(self, name: str, shape: tuple[int, ...]) -> Layout:
        return _EinsumLayout(shape, kernel=self._kernel_axes, outputs=self._axes_for_all()[1])

    def _sum(self) -> tuple[str, Any]:
        inputs, outputs = self._axes_for_all()
        summed = tuple(axis for axis, letter in enumerate(inputs) if letter not in outputs)
        return self.equation.replace(" ", ""), summed
