"""Layers that can keep their weights as integers of 8 or 4 bits."""

import functools
import string
from typing import Any

import jax
import jax.numpy as jnp

from neurona.core.errors import ArgumentError, NotBuiltError
from neurona.core.layer import Layer
from neurona.core.registry import is_built_in, resolve, serialize
from neurona.core.variable import Variable
from neurona.dtype_policies import quantized
from neurona.layers.adaptation import Derived, _Adaptable
from neurona.layers.quantized_weights import Int4Blocks, Int4Weight, Int8Weight, Layout, QuantizedWeight
from neurona.quantizers.configs import AbsMaxQuantizer, Int4QuantizationConfig, resolved
from neurona.rematerialization import compute_by
from neurona.tracebacks import ends_at_users_line


class _Quantizable(_Adaptable):
    """A layer that can keep weights as integers. It computes then by `_quantized_call` instead of `call`, so
    that a layer with floats has nothing to ask.
    """

    quantization_config: Any = None
    inputs_quantizer: Any  # rounds inputs, once the weights are integers
    _quantizable: tuple[str, ...] = ("kernel",)  # the names of the weights
    _rounding_modes: tuple[str, ...] = ("int8",)  # in which inputs are rounded if no config says otherwise
    _quantized: dict[str, QuantizedWeight] = {}

    def _keep_options(
        self, lora_rank: int | None, lora_alpha: float | None, quantization_config: Any, **_: Any
    ) -> None:
        """Keep the options of the constructor that say how the weight is adapted and kept."""
        self._keep_rank(lora_rank, lora_alpha)
        self.quantization_config = resolve("quantizers", quantization_config)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "quantization_config": serialize(self.quantization_config)}

    def _layout(self, name: str, shape: tuple[int, ...]) -> Layout:
        """How integers of a weight lie in memory and in files."""
        return Layout(shape)

    def _quantized_call(self, inputs: Any) -> Any:
        """What `call` computes, with integers for the weights."""
        raise NotImplementedError

    @property
    def dtype_policy(self) -> Any:
        """In which dtypes variables are kept, and the layer computes; `"int8_from_float32"` quantizes."""
        return Layer.dtype_policy.fget(self)  # pyright: ignore[reportOptionalCall]

    @dtype_policy.setter
    def dtype_policy(self, value: Any) -> None:
        Layer.dtype_policy.fset(self, value)  # pyright: ignore[reportOptionalCall]
        mode = self.quantization_mode
        if mode is not None and getattr(self, "built", False) and not self._quantized:
            block = getattr(self.dtype_policy, "block_size", None)
            self.quantize(mode, None if block is None else Int4QuantizationConfig(block_size=block))

    @property
    def _block_size(self) -> int | None:
        """How many numbers share a scale with 4 bits; None for all of an output."""
        config = self.quantization_config
        says = config if isinstance(config, Int4QuantizationConfig) else self.dtype_policy
        block_size = getattr(says, "block_size", None)
        return None if block_size == -1 else block_size

    @ends_at_users_line
    def quantize(self, mode: str | None = None, config: Any = None, type_check: bool = True) -> None:
        """Keep the weights as integers from now on: a quarter or an eighth of the memory.

        Int8 rounds the inputs to 8 bits too. The products are computed from the numbers that the integers
        stand for; gradients pass the rounding as if it were not there. The integers are not trained:
        `enable_lora` adapts them.

        Args:
            mode: "int8" or "int4".
            config: an `Int8QuantizationConfig` or `Int4QuantizationConfig`; by default that of the mode.
            type_check: whether to refuse subclasses, whose `call` may compute something else.

        Raises:
            NotBuiltError: the layer has no weights yet.
            ArgumentError: the mode is unknown, contradicts the config, or is not for this layer's dtype; or
                the layer is quantized already.
            NotImplementedError: it is a layer of a subclass.

        Source: Dettmers et al., LLM.int8(): 8-bit Matrix Multiplication for Transformers at Scale, 2022.

        Example:

            >>> import numpy as np
            >>> from neurona.layers import Dense
            >>> layer, x = Dense(4), np.ones((2, 3))
            >>> before = layer(x)
            >>> layer.quantize("int8")
            >>> layer.kernel.dtype, layer.dtype_policy.name, bool(abs(layer(x) - before).max() < 0.02)
            ('int8', 'int8_from_float32', True)
        """
        config = resolved(mode, config)
        self._check_quantizable(config.mode, type_check)
        self.quantization_config = config
        if self.quantization_mode is None:
            block = self._block_size
            suffix = f"/{-1 if block is None else block}" if config.mode == "int4" else ""
            self._dtype_policy = quantized(self.dtype_policy, f"{config.mode}{suffix}")
        for name in self._quantizable:
            floats = vars(self).get(f"_{name}", vars(self)[name])
            self._weights = [variable for variable in self._weights if variable is not floats]
            weight = self._add_quantized(name, floats.shape)
            weight.assign(floats.value, config.weight_quantizer)
            for variable in self._weights:
                variable.path = f"{self.path}/{variable.name}"

    def _check_quantizable(self, mode: str, type_check: bool) -> None:
        who = f"Layer {self.name!r} ({type(self).__name__})"
        if not self.built:
            raise NotBuiltError(f"{who} has no weights yet: call it on data, or build(input_shape), first.")
        if self._quantized:
            raise ArgumentError(f"{who} is quantized already: {self.dtype_policy.name!r}.")
        if mode == "int8" and self.compute_dtype == "float16":
            raise ArgumentError(f"{who}: products of int8 weights are too large for float16. Use bfloat16.")
        if type_check and not is_built_in(self):
            raise NotImplementedError(
                f"{who} is of a subclass, whose `call` may compute something else: quantize(..., "
                "type_check=False) takes no account of it."
            )

    def _add_adaptable(self, name: str, shape: Any, initializer: Any = None) -> Any:
        """Create a weight: as floats, or as integers where the dtype says so."""
        if self.quantization_mode is None or None in shape:
            return self.add_weight(shape, initializer, name=name)
        self._add_quantized(name, shape)
        return getattr(self, name)

    def _add_quantized(self, name: str, shape: tuple[int, ...]) -> QuantizedWeight:
        """Create the integers that stand for a weight, and compute with them from now on."""
        layout, mode, block_size = self._layout(name, shape), self.quantization_mode, self._block_size
        if mode == "int8":
            weight = Int8Weight(self, name, layout)
        elif block_size is None:
            weight = Int4Weight(self, name, layout)
        else:
            weight = Int4Blocks(self, name, layout, block_size, vars(self).get("g_idx"))
            self.g_idx = weight.groups
        self._quantized = {**self._quantized, name: weight}
        for variable in weight.variables[1:]:
            setattr(self, variable.name, variable)
        setattr(self, f"_{name}", weight.values)
        integers = weight.values if mode == "int8" else Derived(weight.values, weight.integers, [])
        self._untracked = (*self._untracked, name)
        setattr(self, name, integers)
        config, rounds = self.quantization_config, mode in self._rounding_modes
        by_default = AbsMaxQuantizer() if rounds else None
        self.inputs_quantizer = by_default if config is None else config.activation_quantizer
        compute_by(self, self._quantized_call)
        return weight

    def _rounded(self, inputs: Any, axes: Any = -1) -> jax.Array:
        """Inputs in steps of the quantizer; for gradients as they are.

        Args:
            inputs: floats.
            axes: that share a scale.
        """
        if self.inputs_quantizer is None:
            return inputs
        values, scale = self.inputs_quantizer(inputs, axis=axes)
        return inputs + jax.lax.stop_gradient(values / scale - inputs)

    # The low-rank adaptation of integers.

    def _adapted_shape(self) -> tuple[int, ...]:
        weight = self._quantized.get(self._adapted)
        return super()._adapted_shape() if weight is None else weight.layout.shape

    def _read_adapted(self) -> None:
        if not self._quantized:
            super()._read_adapted()

    def _merged(self) -> dict[Variable, Variable]:
        weight = self._quantized.get(self._adapted)
        if weight is None or not self.lora_enabled:
            return super()._merged()
        return {
            variable: Derived(variable, functools.partial(self._encoded_sum, number), self._low_rank)
            for number, variable in enumerate(weight.variables)
        }

    def _encoded_sum(self, number: int) -> Any:
        """One of the arrays that stand for the weight with its change."""
        weight = self._quantized[self._adapted]
        return jnp.asarray(weight.encoded(weight.numbers() + self._change())[number])


class _QuantizableProduct(_Quantizable):
    """A layer that computes activation(einsum(equation, x, kernel) + bias)."""

    bias: Variable | None
    activation: Any

    def _sum(self) -> tuple[str, Any]:
        """The Einstein sum of inputs and kernel, and the axes of the inputs that are summed."""
        raise NotImplementedError

    def _quantized_call(self, inputs: Any) -> Any:
        equation, axes = self._sum()
        y = jnp.einsum(equation, self._rounded(inputs, axes), self._quantized["kernel"].numbers())
        if self.lora_enabled:
            low_rank = (matrix.value for matrix in self._low_rank)
            change = jnp.einsum(_of_low_rank(equation), inputs, *low_rank)
            y = (y + self._strength * change).astype(y.dtype)
        return self.activation(y if self.bias is None else y + self.bias.value)


def _of_low_rank(equation: str) -> str:
    """An Einstein sum with a kernel of low rank, A @ B.

    Example:

        >>> _of_low_rank("...x,xy->...y")
        '...x,xa,ay->...y'
    """
    rank = next(letter for letter in string.ascii_letters if letter not in equation)
    inputs, kernel, outputs = equation.replace("->", ",").split(",")
    return f"{inputs},{kernel[:-1]}{rank},{rank}{kernel[-1]}->{outputs}"
