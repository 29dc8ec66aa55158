"""How weights and inputs become integers: quantizers, and what a layer's `quantize` is told."""

from typing import Any

import jax

from neurona.core.errors import ArgumentError
from neurona.core.policy import epsilon as default_epsilon
from neurona.core.registry import Serializable
from neurona.quantizers.arrays import INT4, abs_max_quantize

MODES = ("int8", "int4")


class Quantizer(Serializable):
    """The base of all quantizers: `__call__(x)` gives integers and their scale.

    Args:
        output_dtype: of the integers.
    """

    _kind = "quantizers"

    def __init__(self, output_dtype: str = "int8") -> None:
        self.output_dtype = output_dtype

    def __call__(self, x: Any) -> Any:
        """x itself; a subclass gives integers and their scale."""
        return x


class AbsMaxQuantizer(Quantizer):
    """`abs_max_quantize` with its options: x = q / s, with the largest |x| along the axes as the largest q.

    Args:
        axis: the axis or axes that share a scale; by default what the call says, else the last.
        value_range: the least and the largest integer.
        epsilon: keeps the division finite; `config.epsilon()` by default.
        output_dtype: of the integers.

    Raises:
        ArgumentError: the range is too wide for int8.

    Example:

        >>> import numpy as np
        >>> values, scale = AbsMaxQuantizer()(np.array([1.0, -2.0], "float32"))
        >>> values.tolist(), scale.tolist()
        ([64, -127], [63.5])
    """

    def __init__(
        self,
        axis: Any = None,
        value_range: tuple[int, int] = (-127, 127),
        epsilon: float | None = None,
        output_dtype: str = "int8",
    ) -> None:
        super().__init__(output_dtype)
        self.axis = (axis,) if isinstance(axis, int) else axis if axis is None else tuple(axis)
        self.value_range = value_range[0], value_range[1]
        self.epsilon = default_epsilon() if epsilon is None else epsilon
        if output_dtype == "int8" and not -128 <= self.value_range[0] <= self.value_range[1] <= 127:
            raise ArgumentError(
                f"int8 holds integers from -128 to 127. Received: value_range={value_range!r}"
            )

    def __call__(self, x: Any, axis: Any = None, to_numpy: bool = False) -> tuple[jax.Array, jax.Array]:
        """The integers, and the scale with size 1 along the axes.

        Args:
            x: the numbers.
            axis: instead of the quantizer's.
            to_numpy: whether to compute on the host.
        """
        axes = next(one for one in (axis, self.axis, -1) if one is not None)
        return abs_max_quantize(x, axes, self.value_range, self.output_dtype, self.epsilon, to_numpy)

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        return {name: value for name, value in config.items() if (name, value) != ("axis", None)}


class QuantizationConfig(Serializable):
    """What a layer's `quantize` is told: how its weights, and its inputs, become integers.

    Args:
        weight_quantizer: for weights; None for the layer's own.
        activation_quantizer: for inputs; None leaves them as floats.
    """

    _kind = "quantizers"

    def __init__(self, weight_quantizer: Any = None, activation_quantizer: Any = None) -> None:
        self.weight_quantizer, self.activation_quantizer = weight_quantizer, activation_quantizer

    @property
    def mode(self) -> str:
        """`"int8"` or `"int4"`."""
        raise NotImplementedError("Choose Int8QuantizationConfig or Int4QuantizationConfig.")


def _check_weight_quantizer(owner: str, quantizer: Any, name: str, value: Any) -> None:
    if quantizer is not None and (found := getattr(quantizer, name, None)) != value:
        raise ArgumentError(
            f"{owner} takes a weight_quantizer with {name}={value!r}. Received one with {found!r}"
        )


class Int8QuantizationConfig(QuantizationConfig):
    """Weights as integers of 8 bits, and inputs rounded to as many.

    Args:
        weight_quantizer: for weights; None for the largest number of each output.
        activation_quantizer: for inputs; None leaves them as they are.

    Raises:
        ArgumentError: the weight quantizer gives other numbers than int8.

    Example:

        >>> config = Int8QuantizationConfig(activation_quantizer=None)
        >>> config.mode, Int8QuantizationConfig().activation_quantizer.value_range
        ('int8', (-127, 127))
    """

    def __init__(self, weight_quantizer: Any = None, activation_quantizer: Any = "default") -> None:
        given = AbsMaxQuantizer() if isinstance(activation_quantizer, str) else activation_quantizer
        super().__init__(weight_quantizer, given)
        _check_weight_quantizer("Int8QuantizationConfig", weight_quantizer, "output_dtype", "int8")

    @property
    def mode(self) -> str:
        return "int8"


class Int4QuantizationConfig(QuantizationConfig):
    """Weights as integers of 4 bits, two in each byte.

    Args:
        weight_quantizer: for weights, without blocks.
        activation_quantizer: for inputs, without blocks; by default they are left as they are.
        block_size: how many inputs share a scale and a zero point; None or -1 for one scale for each output.

    Raises:
        ArgumentError: the block size is not positive; quantizers are given with blocks; or the weight
            quantizer gives other numbers than integers from -8 to 7.

    Example:

        >>> Int4QuantizationConfig(block_size=64).get_config()["block_size"]
        64
    """

    def __init__(
        self,
        weight_quantizer: Any = None,
        activation_quantizer: Any = "default",
        block_size: int | None = 128,
    ) -> None:
        given = None if isinstance(activation_quantizer, str) else activation_quantizer
        super().__init__(weight_quantizer, given)
        if block_size is not None and (block_size < -1 or block_size == 0):
            raise ArgumentError(
                f"block_size is a positive integer, or None. Received: block_size={block_size}"
            )
        self.block_size = block_size
        if block_size not in (None, -1) and (weight_quantizer is not None or given is not None):
            raise ArgumentError(
                f"Quantizers of your own are for block_size=None. Received: block_size={block_size}"
            )
        for name, value in (("value_range", INT4), ("output_dtype", "int8")):
            _check_weight_quantizer("Int4QuantizationConfig", weight_quantizer, name, value)

    @property
    def mode(self) -> str:
        return "int4"

    @classmethod
    def from_config(cls, config: Any) -> "Int4QuantizationConfig":
        return super().from_config({"block_size": None, **config})  # files from before there were blocks


def resolved(mode: Any, config: Any) -> QuantizationConfig:
    """The config that `quantize(mode, config)` means.

    Raises:
        ArgumentError: there is no such mode, neither is given, or they contradict each other.
    """
    if isinstance(config, str):
        mode, config = config, None
    if config is None:
        configs = {"int8": Int8QuantizationConfig, "int4": Int4QuantizationConfig}
        if mode not in configs:
            raise ArgumentError(
                "quantize takes mode='int8' or 'int4', or a config of neurona.quantizers; float8, GPTQ and "
                f"AWQ are not in Neurona. Received: mode={mode!r}"
            )
        return configs[mode]()
    if not isinstance(config, QuantizationConfig):
        raise ArgumentError(
            f"config is an Int8QuantizationConfig or an Int4QuantizationConfig. Received: {config!r}"
        )
    if mode is not None and mode != config.mode:
        raise ArgumentError(f"mode={mode!r} contradicts a config with mode {config.mode!r}.")
    return config
