"""Dense: multiplication by a matrix."""

from typing import Any, Unpack

from neurona.core.shapes import InputSpec
from neurona.kernels.dense import dense
from neurona.layers.arguments import ActivationAttribute, positive
from neurona.layers.options import QUANTIZABLE, DenseOptions, for_layer
from neurona.layers.quantization import _QuantizableProduct

__all__ = [
    "Dense",
]


class Dense(_QuantizableProduct):
    """Fully connected layer: y = activation(x @ kernel + bias).

    Args:
        units: number of outputs, at least 1.
        activation: a name or function; None leaves the sum as it is.
        use_bias: whether to add a bias.
        **options: those of `DenseOptions`.

    Shapes: x (..., d) -> y (..., units); kernel (d, units); bias (units,).

    Raises:
        ArgumentError: units is not a positive integer.
        ShapeError: x has fewer than 2 dimensions, or another last size than at first.

    Example:

        >>> import numpy as np
        >>> Dense(4, activation="relu")(np.ones((2, 3))).shape
        (2, 4)
    """

    supports_masking = True

    activation = ActivationAttribute()

    def __init__(
        self, units: int, activation: Any = None, use_bias: bool = True, **options: Unpack[DenseOptions]
    ) -> None:
        super().__init__(**for_layer(options, "kernel", "bias", own=QUANTIZABLE))
        self._keep_options(**options)
        self.units, self.use_bias = positive(units, "units", "Dense"), use_bias
        self.activation = activation
        self._set_weight_options(options, "kernel", "bias")
        self.input_spec = InputSpec(min_ndim=2)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        features = input_shape[-1]
        self.kernel = self._add_adaptable("kernel", (features, self.units))
        self.bias = self.add_weight((self.units,), name="bias") if self.use_bias else None
        self.input_spec = InputSpec(min_ndim=2, axes={-1: features})
        self._adapt_if_asked()

    def call(self, inputs: Any) -> Any:
        return dense(
            inputs, self.kernel.value, None if self.bias is None else self.bias.value, self.activation
        )

    def _sum(self) -> tuple[str, Any]:
        return "...a,ab->...b", -1
