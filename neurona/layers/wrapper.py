"""Layers around a layer."""

from typing import Any

import jax
import jax.numpy as jnp

from neurona.core.errors import ArgumentError
from neurona.core.layer import Layer
from neurona.initializers import TruncatedNormal
from neurona.layers.arguments import positive

__all__ = [
    "SpectralNormalization",
    "Wrapper",
]


class Wrapper(Layer):
    """The base of layers around one other layer.

    Args:
        layer: the layer inside.

    Raises:
        ArgumentError: it is not a layer.
    """

    def __init__(self, layer: Layer, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not isinstance(layer, Layer):
            raise ArgumentError(f"{type(self).__name__} wraps a layer, such as Dense(3). Received: {layer!r}")
        self.layer = layer

    def build(self, input_shape: Any) -> None:
        if not self.layer.built:
            self.layer.build(input_shape)


class SpectralNormalization(Wrapper):
    """Divides the kernel of a layer by its largest singular value, in training, so that the layer is
    1-Lipschitz.

    The singular value is found by power iteration: v = W u / |W u|, u = W^T v / |W^T v|, sigma = v^T W u; u
    is kept between the steps.

    Args:
        layer: a layer with a kernel or embeddings.
        power_iterations: how many steps of the power iteration each call makes.

    Shapes: those of the layer.

    Raises:
        ArgumentError: power_iterations is not positive, or the layer has neither kernel nor embeddings.

    Source: Miyato, Kataoka, Koyama and Yoshida, Spectral Normalization for Generative Adversarial Networks,
        2018.

    Example:

        >>> from neurona.layers.dense import Dense
        >>> dense = Dense(2, use_bias=False, kernel_initializer="ones")
        >>> layer = SpectralNormalization(dense, power_iterations=5)
        >>> layer(jnp.ones((1, 3)), training=True).astype(int).tolist()
        [[1, 1]]
    """

    def __init__(self, layer: Layer, power_iterations: int = 1, **kwargs: Any) -> None:
        super().__init__(layer, **kwargs)
        self.power_iterations = positive(power_iterations, "power_iterations", "SpectralNormalization")

    def build(self, input_shape: Any) -> None:
        super().build(input_shape)
        kernel = getattr(self.layer, "kernel", None)
        kernel = getattr(self.layer, "embeddings", None) if kernel is None else kernel
        if kernel is None:
            raise ArgumentError(
                f"SpectralNormalization needs a layer with a kernel or embeddings. {self.layer!r} has "
                "neither."
            )
        self.kernel, initializer = kernel, TruncatedNormal(stddev=0.02)
        self.vector_u = self.add_weight(
            (1, self.kernel.shape[-1]), initializer, self.kernel.dtype, trainable=False, name="vector_u"
        )

    def call(self, inputs: Any, training: bool = False) -> Any:
        if training:
            kernel, u = self.kernel.value, self.vector_u.value
            matrix = kernel.reshape(-1, kernel.shape[-1])
            for _ in range(self.power_iterations):
                v = _unit(u @ matrix.T)
                u = _unit(v @ matrix)
            u, v = jax.lax.stop_gradient((u, v))
            sigma = (v @ matrix @ u.T)[0, 0]
            zero = jnp.all(kernel == 0)
            self.vector_u.assign(jnp.where(zero, self.vector_u.value, u))
            self.kernel.assign(kernel / jnp.where(zero, 1, sigma))
        return self.layer(inputs).astype(
            inputs.dtype if jnp.issubdtype(inputs.dtype, jnp.floating) else self.compute_dtype
        )


def _unit(vector: Any) -> Any:
    return vector * jax.lax.rsqrt(jnp.maximum(jnp.sum(jnp.square(vector)), 1e-14))
