"""Layers that multiply by a factor, given or learned: parts of published architectures.

Keras keeps each beside its architecture, and exports neither; files name that module.
"""

from typing import Any

from neurona import initializers
from neurona.core.layer import Layer

__all__ = ["CustomScaleLayer", "LayerScale"]


class CustomScaleLayer(Layer):
    """y = a + scale * b, of a list of two: the sums of InceptionResNetV2.

    Args:
        scale: a number.

    Shapes: a and b, and y: the same.

    Example:

        >>> import numpy as np
        >>> float(CustomScaleLayer(0.5)([np.ones(()), np.ones(())]))
        1.5
    """

    _keras_module = "keras.src.applications.inception_resnet_v2"

    def __init__(self, scale: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.scale = scale

    def call(self, inputs: Any) -> Any:
        return inputs[0] + inputs[1] * self.scale


class LayerScale(Layer):
    """y = gamma * x, with one learned factor a channel: the branches of ConvNeXt.

    Args:
        init_values: what gamma begins with.
        projection_dim: the number of channels.

    Shapes: x (..., projection_dim) -> y (..., projection_dim); gamma (projection_dim,).

    Source: Touvron et al., Going Deeper with Image Transformers, 2021.

    Example:

        >>> import jax.numpy as jnp
        >>> LayerScale(0.5, 2)(jnp.ones((1, 2))).tolist()
        [[0.5, 0.5]]
    """

    _keras_module = "keras.src.applications.convnext"

    def __init__(self, init_values: float, projection_dim: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.init_values, self.projection_dim = init_values, projection_dim

    def build(self, input_shape: Any) -> None:
        start = initializers.Constant(self.init_values)
        self.gamma = self.add_weight((self.projection_dim,), start, name="gamma")

    def call(self, inputs: Any) -> Any:
        return inputs * self.gamma.value
