"""Layers that change the colours of pictures at random: brightness, contrast, hue, saturation, and others."""

import functools
from typing import Any

import jax
import jax.numpy as jnp

from neurona.core.policy import epsilon
from neurona.layers.arguments import fraction
from neurona.layers.image_layer import (
    ImageLayer,
    count_of,
    images_of,
    limits,
    per_image,
    scaled,
    value_limits,
)
from neurona.ops import image as image_ops

__all__ = [
    "RandomBrightness",
    "RandomColorDegeneration",
    "RandomColorJitter",
    "RandomContrast",
    "RandomGrayscale",
    "RandomHue",
    "RandomInvert",
    "RandomSaturation",
]


@functools.partial(jax.jit, static_argnames="data_format")
def _with_contrast(images: Any, factor: Any, low: Any, high: Any, data_format: str) -> Any:
    mean = jnp.mean(images, (-3, -2) if data_format == "channels_last" else (-2, -1), keepdims=True)
    return jnp.clip((images - mean) * factor + mean, low, high)


@functools.partial(jax.jit, static_argnames="data_format")
def _in_hsv(images: Any, hue: Any, saturation: Any, low: Any, high: Any, data_format: str) -> Any:
    """Pictures whose hue is moved, and whose saturation is multiplied, by a number for each; the saturation
    is cut to a range.
    """
    channel = -1 if data_format == "channels_last" else -3
    hsv = jnp.moveaxis(image_ops.rgb_to_hsv(images, data_format), channel, 0)
    h = hsv[0] + hue
    h = jnp.where(h > 1, h - 1, jnp.where(h < 0, h + 1, h))
    hsv = jnp.stack([h, jnp.clip(hsv[1] * saturation, low, high), hsv[2]], channel)
    return image_ops.hsv_to_rgb(hsv, data_format)


class RandomBrightness(ImageLayer):
    """In training, adds a random number to each picture and cuts it to the range; otherwise y = x.

    Args:
        factor: the greatest change as a share of the range, from -1 to 1, or two limits.
        value_range: the least and the greatest value of the pictures.
        seed: an integer that fixes the layer's random numbers.
        data_format: "channels_last" or "channels_first".

    Shapes: (batch, height, width, channels), or one picture without the batch -> the same.

    Raises:
        ArgumentError: the factor is not from -1 to 1, or the range is not two numbers.

    Example:

        >>> RandomBrightness((0.5, 0.5), value_range=(0, 1))(jnp.array([[[0.0, 0.25, 1.0]]])).tolist()
        [[[0.5, 0.75, 1.0]]]
    """

    def __init__(
        self, factor: Any, value_range: Any = (0, 255), seed: int | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.factor = limits(factor, "factor", "RandomBrightness")
        self.value_range, self.seed = value_limits(value_range, "RandomBrightness"), seed

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        if not training:
            return None
        shape = (*images_of(data).shape[:-3], 1, 1, 1)
        low, high = self.value_range
        return {"rgb_delta": self._uniform(seed, shape, *self.factor) * (high - low)}

    def _transform_images(self, images: Any, transformation: Any, interpolation: str) -> Any:
        return jnp.clip(images + self._cast(transformation["rgb_delta"]), *self.value_range)


class RandomContrast(ImageLayer):
    """In training, y = (x - mean) * f + mean for each channel of each picture, with a random f; otherwise y =
    x.

    Args:
        factor: a number b from 0 to 1 draws f from [1, 1 + b]; two numbers (a, b) from [1 - a, 1 + b].
        value_range: the least and the greatest value of the pictures; the result is cut to it.
        seed: an integer that fixes the layer's random numbers.
        data_format: "channels_last" or "channels_first".

    Shapes: (batch, height, width, channels), or one picture without the batch -> the same.

    Raises:
        ArgumentError: the factor is not from 0 to 1.

    Example:

        >>> RandomContrast((1.0, 1.0), seed=1)(jnp.full((2, 2, 1), 3.0)).ravel().tolist()
        [3.0, 3.0, 3.0, 3.0]
    """

    def __init__(
        self, factor: Any, value_range: Any = (0, 255), seed: int | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.factor = limits(factor, "factor", "RandomContrast", 0)
        self.value_range, self.seed = tuple(value_limits(value_range, "RandomContrast")), seed

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        if not training:
            return None
        shape = (*images_of(data).shape[:-3], 1, 1, 1)
        return {"contrast_factor": self._uniform(seed, shape, 1.0 - self.factor[0], 1.0 + self.factor[1])}

    def _transform_images(self, images: Any, transformation: Any, interpolation: str) -> Any:
        factor = self._cast(transformation["contrast_factor"])
        return _with_contrast(images, factor, *self.value_range, data_format=self.data_format)


class RandomColorDegeneration(ImageLayer):
    """In training, mixes each picture with its shades of grey, y = x + f (grey - x); otherwise y = x.

    Args:
        factor: the greatest share of grey, from -1 to 1, or two limits.
        value_range: the least and the greatest value of the pictures; the result is cut to it.
        data_format: "channels_last" or "channels_first".
        seed: an integer that fixes the layer's random numbers.

    Shapes: (batch, height, width, 3), or one picture without the batch -> the same.

    Raises:
        ArgumentError: the factor is not from -1 to 1, or the range is not two numbers.

    Example:

        >>> RandomColorDegeneration((1, 1))(jnp.array([[[100.0, 0, 0]]])).astype(int).tolist()
        [[[29, 29, 29]]]
    """

    def __init__(
        self,
        factor: Any,
        value_range: Any = (0, 255),
        data_format: str | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data_format=data_format, **kwargs)
        self.factor = limits(factor, "factor", "RandomColorDegeneration")
        self.value_range, self.seed = value_limits(value_range, "RandomColorDegeneration"), seed

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        return {"factor": self._uniform(seed, (count_of(data), 1, 1, 1), *self.factor)} if training else None

    def _transform_images(self, images: Any, transformation: Any, interpolation: str) -> Any:
        gray = image_ops.rgb_to_grayscale(images, self.data_format)
        return jnp.clip(images + self._cast(transformation["factor"]) * (gray - images), *self.value_range)


class RandomGrayscale(ImageLayer):
    """In training, makes some pictures grey, with three equal channels; otherwise y = x.

    Args:
        factor: the probability for each picture.
        data_format: "channels_last" or "channels_first".
        seed: an integer that fixes the layer's random numbers.

    Shapes: (batch, height, width, 3), or one picture without the batch -> the same.

    Raises:
        ArgumentError: the factor is not from 0 to 1.

    Example:

        >>> y = RandomGrayscale(1.0)(jnp.array([[[10.0, 20.0, 30.0]]]))
        >>> len(set(y.ravel().tolist()))
        1
    """

    def __init__(
        self, factor: float = 0.5, data_format: str | None = None, seed: int | None = None, **kwargs: Any
    ) -> None:
        super().__init__(data_format=data_format, **kwargs)
        self.factor, self.seed = fraction(factor, "factor", "RandomGrayscale"), seed

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        return per_image(self._uniform(seed, (count_of(data),)) < self.factor) if training else None

    def _transform_images(self, images: Any, transformation: Any, interpolation: str) -> Any:
        gray = image_ops.rgb_to_grayscale(images, self.data_format)
        return jnp.where(per_image(transformation), gray, images)


class RandomInvert(ImageLayer):
    """In training, y = greatest value - x for some pictures; otherwise y = x.

    Args:
        factor: the probability for each picture, from 0 to 1, or two limits of it.
        value_range: the least and the greatest value of the pictures.
        seed: an integer that fixes the layer's random numbers.
        data_format: "channels_last" or "channels_first".

    Shapes: (batch, height, width, channels), or one picture without the batch -> the same.

    Raises:
        ArgumentError: the factor is not from 0 to 1.

    Example:

        >>> RandomInvert((1, 1))(jnp.array([[[5.0]]])).tolist()
        [[[250.0]]]
    """

    def __init__(
        self,
        factor: Any = 1.0,
        value_range: Any = (0, 255),
        seed: int | None = None,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data_format=data_format, **kwargs)
        self.factor = limits(factor, "factor", "RandomInvert", 0)
        self.value_range, self.seed = tuple(value_limits(value_range, "RandomInvert")), seed

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        return {"apply_inversion": self._happens(seed, count_of(data), self.factor)} if training else None

    def _transform_images(self, images: Any, transformation: Any, interpolation: str) -> Any:
        return jnp.where(per_image(transformation["apply_inversion"]), self.value_range[1] - images, images)


class RandomHue(ImageLayer):
    """In training, turns the hue of each picture; otherwise y = x.

    Args:
        factor: the greatest turn, from 0 to 1 (half a circle), or two limits; its direction is drawn too.
        value_range: the least and the greatest value of the pictures.
        data_format: "channels_last" or "channels_first".
        seed: an integer that fixes the layer's random numbers.

    Shapes: (batch, height, width, 3), or one picture without the batch -> the same.

    Raises:
        ArgumentError: the factor is not from 0 to 1.

    Example:

        >>> y = RandomHue((2 / 3, 2 / 3), value_range=(0, 1), seed=1)(jnp.array([[[1.0, 0, 0]]]))
        >>> y.round(3).ravel().tolist() in ([0, 1, 0], [0, 0, 1])
        True
    """

    def __init__(
        self,
        factor: Any,
        value_range: Any = (0, 255),
        data_format: str | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data_format=data_format, **kwargs)
        self.factor = limits(factor, "factor", "RandomHue", 0)
        self.value_range, self.seed = tuple(value_limits(value_range, "RandomHue")), seed

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        if not training:
            return None
        size = (count_of(data),)
        sign = jnp.where(self._uniform(seed, size) > 0.5, -1.0, 1.0)
        return {"factor": sign * self._uniform(seed, size, *self.factor) * 0.5}

    def _transform_images(self, images: Any, transformation: Any, interpolation: str) -> Any:
        turn = self._cast(transformation["factor"])[:, None, None]
        images = scaled(images, self.value_range, (0, 1))
        images = jnp.clip(_in_hsv(images, turn, 1.0, 0, 1, data_format=self.data_format), 0, 1)
        return scaled(images, (0, 1), self.value_range)


class RandomSaturation(ImageLayer):
    """In training, multiplies the saturation of each picture by f / (1 - f), with a random f; otherwise y =
    x.

    Args:
        factor: f, from 0 (grey) over 0.5 (unchanged) to 1, or two limits.
        value_range: the least and the greatest value of the pictures.
        data_format: "channels_last" or "channels_first".
        seed: an integer that fixes the layer's random numbers.

    Shapes: (batch, height, width, 3), or one picture without the batch -> the same.

    Raises:
        ArgumentError: the factor is not from -1 to 1, or the range is not two numbers.

    Example:

        >>> RandomSaturation((0.5, 0.5))(jnp.array([[[200.0, 100.0, 50.0]]])).round().ravel().tolist()
        [200.0, 100.0, 50.0]
    """

    def __init__(
        self,
        factor: Any,
        value_range: Any = (0, 255),
        data_format: str | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data_format=data_format, **kwargs)
        self.factor = limits(factor, "factor", "RandomSaturation")
        self.value_range, self.seed = value_limits(value_range, "RandomSaturation"), seed

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        if not training:
            return None
        factor = self._uniform(seed, (count_of(data),), *self.factor)
        return {"factor": factor / (1 - factor + epsilon())}

    def _transform_images(self, images: Any, transformation: Any, interpolation: str) -> Any:
        factor = self._cast(transformation["factor"])[:, None, None]
        return _in_hsv(images, 0.0, factor, *self.value_range, data_format=self.data_format)


class RandomColorJitter(ImageLayer):
    """In training, changes brightness, contrast, saturation and hue, in this order; otherwise y = x.

    Args:
        value_range: the least and the greatest value of the pictures.
        brightness_factor: as of `RandomBrightness`; None leaves the brightness.
        contrast_factor: as of `RandomContrast`; None leaves the contrast.
        saturation_factor: as of `RandomSaturation`; None leaves the saturation.
        hue_factor: as of `RandomHue`; None leaves the hue.
        seed: an integer that fixes the layer's random numbers.
        data_format: "channels_last" or "channels_first".

    Shapes: (batch, height, width, 3), or one picture without the batch -> the same.

    Raises:
        ArgumentError: a factor is out of its range.

    Example:

        >>> jitter = RandomColorJitter((0, 1), brightness_factor=(0.5, 0.5), contrast_factor=(0, 0))
        >>> jitter(jnp.array([[[0.0, 0.25, 1.0]]])).tolist()
        [[[0.5, 0.75, 1.0]]]
    """

    def __init__(
        self,
        value_range: Any = (0, 255),
        brightness_factor: Any = None,
        contrast_factor: Any = None,
        saturation_factor: Any = None,
        hue_factor: Any = None,
        seed: int | None = None,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data_format=data_format, **kwargs)
        self.value_range, self.seed = value_range, seed
        self.brightness_factor, self.contrast_factor = brightness_factor, contrast_factor
        self.saturation_factor, self.hue_factor = saturation_factor, hue_factor
        kinds = {
            RandomBrightness: brightness_factor,
            RandomContrast: contrast_factor,
            RandomSaturation: saturation_factor,
            RandomHue: hue_factor,
        }
        self._steps = [
            kind(factor, value_range=value_range, data_format=data_format, dtype=self.dtype_policy)
            for kind, factor in kinds.items()
            if factor is not None
        ]

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        if not training:
            return None
        source = self._next_key if seed is None else seed
        return [step.get_random_transformation(data, seed=source) for step in self._steps]

    def _transform_images(self, images: Any, transformation: Any, interpolation: str) -> Any:
        for step, drawn in zip(self._steps, transformation, strict=True):
            images = step.transform_images(images, drawn)
        return images
