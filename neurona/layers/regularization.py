"""Layers that make a network robust: noise and dropout in training only, and a penalty on activity."""

import math
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from neurona.core.errors import ArgumentError
from neurona.core.layer import Layer
from neurona.core.policy import standardize_data_format
from neurona.core.shapes import InputSpec
from neurona.kernels.dropout import dropout
from neurona.layers.arguments import fraction, spatial_axes
from neurona.numerics import is_known, is_nothing
from neurona.regularizers import L1L2

__all__ = [
    "ActivityRegularization",
    "AlphaDropout",
    "Dropout",
    "GaussianDropout",
    "GaussianNoise",
    "SpatialDropout1D",
    "SpatialDropout2D",
    "SpatialDropout3D",
]


def _noise_shape(noise_shape: Any, owner: str) -> tuple[int | None, ...] | None:
    if noise_shape is None:
        return None
    sizes = tuple(noise_shape) if isinstance(noise_shape, (tuple, list)) else (0,)
    if any(size is not None and (not isinstance(size, int) or size < 1) for size in sizes):
        raise ArgumentError(
            f"{owner}: noise_shape is a tuple of positive integers, or None for a size of the input. "
            f"Received: {noise_shape!r}"
        )
    return sizes


def _filled(noise_shape: Any, shape: tuple[int, ...]) -> tuple[int, ...]:
    """A noise shape with the input's sizes where it says None."""
    return (
        shape
        if noise_shape is None
        else tuple(size if given is None else given for given, size in zip(noise_shape, shape, strict=True))
    )


class Dropout(Layer):
    """In training, sets a random share of the inputs to zero and divides the others by 1 - rate; otherwise y
    = x.

    Args:
        rate: the share that is dropped, from 0 to 1.
        noise_shape: the shape of the random mask, with 1 where one draw serves a whole axis, None where the
            input's size is meant.
        seed: an integer that fixes the layer's random numbers.

    Shapes: x (any) -> y the same.

    Raises:
        ArgumentError: the rate is not from 0 to 1, or the noise shape is no shape.

    Source: Srivastava et al., Dropout: A Simple Way to Prevent Neural Networks from Overfitting, 2014.

    Example:

        >>> layer = Dropout(0.5, seed=1)
        >>> layer(jnp.ones(3)).tolist(), sorted(set(layer(jnp.ones(99), training=True).tolist()))
        ([1.0, 1.0, 1.0], [0.0, 2.0])
    """

    supports_masking = True

    def __init__(self, rate: float, noise_shape: Any = None, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.rate, self.seed = fraction(rate, "rate", type(self).__name__), seed
        self.noise_shape = _noise_shape(noise_shape, type(self).__name__)

    def _mask_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """The shape of the random mask for an input of this shape."""
        return _filled(self.noise_shape, shape)

    def call(self, inputs: Any, training: bool = False) -> Any:
        if not training or is_nothing(self.rate):
            return inputs
        if is_known(self.rate) and self.rate == 1:
            return jnp.zeros_like(inputs)
        return dropout(inputs, self._next_key(), self.rate, self._mask_shape(inputs.shape))


class _SpatialDropout(Dropout):
    """Dropout of whole channels: neighbours in space are alike, so dropping single values would hide
    little.
    """

    _rank = 1

    def __init__(
        self,
        rate: float,
        data_format: str | None = None,
        seed: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(rate, seed=seed, name=name, dtype=dtype)
        self.data_format = standardize_data_format(data_format)
        self.input_spec = InputSpec(ndim=self._rank + 2)

    def _mask_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        space = spatial_axes(self.data_format, self._rank)
        return tuple(1 if axis in space else size for axis, size in enumerate(shape))

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        del config["trainable"]  # Keras's layer does not take it
        return config


class SpatialDropout1D(_SpatialDropout):
    """Dropout of whole channels of a sequence, in training.

    Args:
        rate: the share of the channels that is dropped, from 0 to 1.
        seed: an integer that fixes the layer's random numbers.
        name: unique in a model; made from the class's name if None.
        dtype: a dtype or a `DTypePolicy`; the global policy if None.

    Shapes: x (batch, time, channels) -> y the same.

    Source: Tompson et al., Efficient Object Localization Using Convolutional Networks, 2015.

    Example:

        >>> y = SpatialDropout1D(0.5, seed=1)(jnp.ones((1, 5, 8)), training=True)
        >>> bool((y == y[:, :1]).all())
        True
    """

    def __init__(
        self, rate: float, seed: int | None = None, name: str | None = None, dtype: Any = None
    ) -> None:
        super().__init__(rate, "channels_last", seed, name, dtype)


class SpatialDropout2D(_SpatialDropout):
    """Dropout of whole channels of an image, in training.

    Args:
        rate: the share of the channels that is dropped, from 0 to 1.
        data_format: "channels_last" or "channels_first".
        seed: an integer that fixes the layer's random numbers.
        name: unique in a model; made from the class's name if None.
        dtype: a dtype or a `DTypePolicy`; the global policy if None.

    Shapes: x (batch, height, width, channels), or channels first -> y the same.

    Source: Tompson et al., Efficient Object Localization Using Convolutional Networks, 2015.

    Example:

        >>> y = SpatialDropout2D(0.5, seed=1)(jnp.ones((1, 2, 2, 8)), training=True)
        >>> bool((y == y[:, :1, :1]).all())
        True
    """

    _rank = 2


class SpatialDropout3D(_SpatialDropout):
    """Dropout of whole channels of a volume, in training.

    Args:
        rate: the share of the channels that is dropped, from 0 to 1.
        data_format: "channels_last" or "channels_first".
        seed: an integer that fixes the layer's random numbers.
        name: unique in a model; made from the class's name if None.
        dtype: a dtype or a `DTypePolicy`; the global policy if None.

    Shapes: x (batch, depth, height, width, channels), or channels first -> y the same.

    Source: Tompson et al., Efficient Object Localization Using Convolutional Networks, 2015.

    Example:

        >>> y = SpatialDropout3D(0.5, seed=1)(jnp.ones((1, 2, 2, 2, 8)), training=True)
        >>> bool((y == y[:, :1, :1, :1]).all())
        True
    """

    _rank = 3


class AlphaDropout(Layer):
    """Dropout for SELU networks, in training: dropped inputs become SELU's negative limit, and mean and
    variance are kept.

    With a' = -1.7581, SELU's limit: y = a * (x * kept + a' * (1 - kept)) + b, where a = ((1 - rate) (1 + rate
    a'^2))^-1/2, b = -a a' rate.

    Args:
        rate: the share that is dropped, from 0 to 1.
        noise_shape: the shape of the random mask, None where it is the input's; 1 to drop whole axes.
        seed: an integer that fixes the layer's random numbers.

    Raises:
        ArgumentError: the rate is not from 0 to 1.

    Source: Klambauer et al., Self-Normalizing Neural Networks, 2017.

    Example:

        >>> len(set(AlphaDropout(0.5, seed=1)(jnp.ones(99), training=True).tolist()))
        2
    """

    supports_masking = True

    def __init__(self, rate: float, noise_shape: Any = None, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.rate, self.seed = fraction(rate, "rate", "AlphaDropout"), seed
        self.noise_shape = _noise_shape(noise_shape, "AlphaDropout")

    def call(self, inputs: Any, training: bool = False) -> Any:
        if not training or self.rate == 0:
            return inputs
        limit = -1.6732632423543772 * 1.0507009873554805
        scale = ((1 - self.rate) * (1 + self.rate * limit**2)) ** -0.5 if self.rate < 1 else 0.0
        kept = jax.random.uniform(self._next_key(), _filled(self.noise_shape, inputs.shape)) >= self.rate
        return scale * jnp.where(kept, inputs, limit) - scale * limit * self.rate


class GaussianDropout(Layer):
    """In training, y = x * n with n ~ N(1, rate / (1 - rate)); otherwise y = x.

    Args:
        rate: the share that ordinary dropout of equal strength would drop, from 0 to 1 (exclusive).
        seed: an integer that fixes the layer's random numbers.

    Raises:
        ArgumentError: the rate is not from 0 to 1.

    Source: Srivastava et al., Dropout: A Simple Way to Prevent Neural Networks from Overfitting, 2014,
        section 10.

    Example:

        >>> GaussianDropout(0.5)(jnp.ones(3)).tolist()
        [1.0, 1.0, 1.0]
    """

    supports_masking = True

    def __init__(self, rate: float, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.rate, self.seed = fraction(rate, "rate", "GaussianDropout"), seed
        if rate == 1:
            raise ArgumentError(
                "GaussianDropout: at rate=1 the noise would be infinite. Give a rate below 1."
            )

    def call(self, inputs: Any, training: bool = False) -> Any:
        if not training or self.rate == 0:
            return inputs
        deviation = math.sqrt(self.rate / (1 - self.rate))
        return inputs * (
            1 + deviation * jax.random.normal(self._next_key(), inputs.shape, self.compute_dtype)
        )


class GaussianNoise(Layer):
    """In training, y = x + n with n ~ N(0, stddev^2); otherwise y = x.

    Args:
        stddev: the noise's standard deviation, 0 or more; Keras 3 takes up to 1, Keras 1 and 2 took any.
        seed: an integer that fixes the layer's random numbers.

    Raises:
        ArgumentError: the deviation is no number, or below 0.

    Source: Bishop, Training with Noise is Equivalent to Tikhonov Regularization, 1995.

    Example:

        >>> GaussianNoise(0.5)(jnp.ones(3)).tolist()
        [1.0, 1.0, 1.0]
    """

    supports_masking = True

    def __init__(self, stddev: float, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not isinstance(stddev, (int, float, np.number)) or not stddev >= 0:
            raise ArgumentError(f"GaussianNoise: stddev is a number >= 0. Received: stddev={stddev!r}")
        self.stddev, self.seed = stddev, seed

    def call(self, inputs: Any, training: bool = False) -> Any:
        if not training or self.stddev == 0:
            return inputs
        return inputs + self.stddev * jax.random.normal(self._next_key(), inputs.shape, self.compute_dtype)


class ActivityRegularization(Layer):
    """y = x, and adds l1 * sum(|x|) + l2 * sum(x^2), divided by the batch size, to the loss.

    Args:
        l1, l2: the weights of the two penalties.

    Example:

        >>> layer = ActivityRegularization(l1=0.5)
        >>> _ = layer(jnp.array([[1.0, -3.0]]))
        >>> float(layer.losses[0])
        2.0
    """

    supports_masking = True

    def __init__(self, l1: float = 0.0, l2: float = 0.0, **kwargs: Any) -> None:
        super().__init__(activity_regularizer=L1L2(l1=l1, l2=l2), **kwargs)
        self.l1, self.l2 = l1, l2

    def call(self, inputs: Any) -> Any:
        return inputs
