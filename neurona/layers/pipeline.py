"""Pipeline: layers one after the other, for data before a model."""

from collections.abc import Sequence
from typing import Any

from neurona.core.errors import ArgumentError
from neurona.core.layer import Layer

__all__ = ["Pipeline"]


class Pipeline(Layer):
    """Applies layers one after the other, such as random changes of pictures.

    Args:
        layers: the layers.
        name: unique in a model; made from the class's name if None.

    Shapes: those of the layers.

    Raises:
        ArgumentError: one of them is not a layer.

    Example:

        >>> import jax.numpy as jnp
        >>> from neurona.layers.preprocessing import Rescaling
        >>> Pipeline([Rescaling(2.0), Rescaling(1.0, offset=1.0)])(jnp.ones((1, 2))).tolist()
        [[3.0, 3.0]]
    """

    def __init__(self, layers: Sequence[Any], name: str | None = None) -> None:
        super().__init__(name=name)
        self.layers = list(layers)
        for layer in self.layers:
            if not isinstance(layer, Layer):
                raise ArgumentError(f"Pipeline: layers is a list of layers. Received: {layer!r}")
        self.built = True

    def call(self, inputs: Any, training: bool = True) -> Any:
        for layer in self.layers:
            inputs = layer(inputs, training=training)
        return inputs

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        return {"layers": config["layers"], "name": config["name"]}
