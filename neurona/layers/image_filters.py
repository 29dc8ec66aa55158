"""Layers that work on the values of pictures as a whole: sharpness, blur, erasing, posters, histograms."""

import functools
from typing import Any

import jax
import jax.numpy as jnp

from neurona.core.checks import integers
from neurona.core.errors import ArgumentError
from neurona.layers.arguments import positive
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
from neurona.ops.windows import depthwise_conv

__all__ = [
    "AutoContrast",
    "ContrastLimitedAdaptiveHistogramEqualization",
    "Equalization",
    "RandomErasing",
    "RandomGaussianBlur",
    "RandomPosterization",
    "RandomSharpness",
    "Solarization",
]

_BYTES = (0, 255)


@jax.jit
def _sharpened(images: Any, factor: Any, low: Any, high: Any) -> Any:
    """Pictures, channels last, between smooth (factor 0), as they are (1) and sharp (2)."""
    kernel = jnp.full((3, 3), 1 / 13, images.dtype).at[1, 1].set(5 / 13)
    kernel = jnp.tile(kernel[..., None, None], (1, 1, images.shape[-1], 1))
    smooth = depthwise_conv(images, kernel, padding="same", data_format="channels_last")
    return jnp.clip(images + (1 - factor) * (smooth - images), low, high)


class RandomSharpness(ImageLayer):
    """In training, y = x + (1 - 2 f) (smooth x - x) with a random f: 0 smooths, 0.5 leaves, 1 sharpens;
    otherwise y = x.

    Args:
        factor: the greatest f, from 0 to 1, or two limits.
        value_range: the least and the greatest value of the pictures; the result is cut to it.
        data_format: "channels_last" or "channels_first".
        seed: an integer that fixes the layer's random numbers.

    Shapes: (batch, height, width, channels), or one picture without the batch -> the same.

    Raises:
        ArgumentError: the factor is not from 0 to 1, or the range is not two numbers.

    Example:

        >>> x = jnp.arange(9.0).reshape(3, 3, 1)
        >>> bool((RandomSharpness((0.5, 0.5))(x) == x).all())
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
        self.factor = limits(factor, "factor", "RandomSharpness", 0)
        self.value_range, self.seed = value_limits(value_range, "RandomSharpness"), seed

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        return {"factor": self._uniform(seed, (count_of(data),), *self.factor)} if training else None

    def _transform_images(self, images: Any, transformation: Any, interpolation: str) -> Any:
        first = self.data_format == "channels_first"
        images = jnp.moveaxis(images, 1, -1) if first else images
        factor = per_image(self._cast(transformation["factor"]) * 2)
        images = _sharpened(images, factor, *self.value_range)
        return jnp.moveaxis(images, -1, 1) if first else images


@functools.partial(jax.jit, static_argnames=("kernel_size", "data_format"))
def _blurred(
    images: Any, applied: Any, sigma: Any, low: Any, high: Any, kernel_size: Any, data_format: str
) -> Any:
    blurred = image_ops.gaussian_blur(images, kernel_size, sigma, data_format)
    return jnp.clip(jnp.where(applied, blurred, images), low, high)


class RandomGaussianBlur(ImageLayer):
    """In training, blurs some pictures with the weights of a normal distribution; otherwise y = x.

    Args:
        factor: the probability for each picture, from 0 to 1, or two limits of it.
        kernel_size: the size of the window, odd, or (x, y).
        sigma: the greatest deviation in pixels, from 0 to 1, or two limits; drawn for x and for y.
        value_range: the least and the greatest value of the pictures; the result is cut to it.
        data_format: "channels_last" or "channels_first".
        seed: an integer that fixes the layer's random numbers.

    Shapes: (batch, height, width, channels), or one picture without the batch -> the same.

    Raises:
        ArgumentError: factor or sigma is not from 0 to 1, or a size of the window is even.

    Example:

        >>> RandomGaussianBlur(factor=0.0)(jnp.ones((3, 3, 1))).sum().item()
        9.0
    """

    def __init__(
        self,
        factor: Any = 1.0,
        kernel_size: Any = 3,
        sigma: Any = 1.0,
        value_range: Any = (0, 255),
        data_format: str | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data_format=data_format, **kwargs)
        self.factor = limits(factor, "factor", "RandomGaussianBlur", 0)
        self.kernel_size = integers(kernel_size, 2, "kernel_size", "RandomGaussianBlur")
        if any(size % 2 == 0 for size in self.kernel_size):
            raise ArgumentError(
                f"RandomGaussianBlur: kernel_size is odd, so that the window has a middle. Received: "
                f"kernel_size={kernel_size}"
            )
        self.sigma = limits(sigma, "sigma", "RandomGaussianBlur", 0)
        self.value_range, self.seed = tuple(value_limits(value_range, "RandomGaussianBlur")), seed

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        if not training:
            return None
        applied = self._happens(seed, count_of(data), self.factor)
        return {"should_apply_blur": applied, "blur_factor": self._uniform(seed, (2,), *self.sigma) + 1e-6}

    def _transform_images(self, images: Any, transformation: Any, interpolation: str) -> Any:
        applied = per_image(transformation["should_apply_blur"])
        sigma, (low, high) = self._cast(transformation["blur_factor"]), self.value_range
        return _blurred(images, applied, sigma, low, high, self.kernel_size, self.data_format)


def boxes_mask(starts: Any, sizes: Any, height: int, width: int, data_format: str) -> Any:
    """True inside a box of each picture, in a shape that broadcasts against pictures.

    Shapes: starts and sizes (2, n), of x and y.
    """
    (x, y), (w, h) = starts, sizes
    columns, rows = jnp.arange(width), jnp.arange(height)[:, None]
    x, y, w, h = (one[:, None, None] for one in (x, y, w, h))
    inside = (columns >= x) & (columns < x + w) & (rows >= y) & (rows < y + h)
    return inside[..., None] if data_format == "channels_last" else inside[:, None]


class RandomErasing(ImageLayer):
    """In training, fills a random box of some pictures; otherwise y = x.

    Args:
        factor: the probability for each picture, from 0 to 1, or two limits of it.
        scale: the share of the area, as two limits (or a number: from 0 to it); the square root of a draw is
            the share of the height, of another that of the width.
        fill_value: a number, or one for each of three channels; None for normal noise.
        value_range: the least and the greatest value of the pictures.
        seed: an integer that fixes the layer's random numbers.
        data_format: "channels_last" or "channels_first".

    Shapes: (batch, height, width, channels), or one picture without the batch -> the same.

    Raises:
        ArgumentError: factor or scale is not from 0 to 1, or fill_value is something else.

    Source: Zhong et al., Random Erasing Data Augmentation, 2020.

    Example:

        >>> y = RandomErasing((1, 1), scale=(0.25, 0.25), fill_value=0, seed=1)(jnp.ones((8, 8, 1)))
        >>> int((y == 0).sum())
        16
    """

    def __init__(
        self,
        factor: Any = 1.0,
        scale: Any = (0.02, 0.33),
        fill_value: Any = None,
        value_range: Any = (0, 255),
        seed: int | None = None,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data_format=data_format, **kwargs)
        self.factor = limits(factor, "factor", "RandomErasing", 0)
        self.scale = limits(scale, "scale", "RandomErasing", 0)
        several = isinstance(fill_value, (tuple, list))
        if (several and len(fill_value) != 3) or (
            not several and not isinstance(fill_value, (int, float, type(None)))
        ):
            raise ArgumentError(
                "RandomErasing: fill_value is a number, three numbers (one for each channel), or None for "
                f"noise. Received: fill_value={fill_value!r}"
            )
        self.fill_value, self.value_range, self.seed = fill_value, value_range, seed

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        if not training:
            return None
        count, shape = count_of(data), images_of(data).shape
        height, width = self._height_and_width(shape)
        shares = jnp.sqrt(self._uniform(seed, (count, 2), *self.scale))
        w, h = shares[:, 0] * width, shares[:, 1] * height
        x = self._uniform(seed, (count,)) * (width - w)
        y = self._uniform(seed, (count,)) * (height - h)
        applied = self._happens(seed, count, self.factor)
        return {
            "apply_erasing": applied,
            "batch_masks": boxes_mask((x, y), (w, h), height, width, self.data_format),
            "fill_value": self._filling(shape, seed),
        }

    def _filling(self, shape: Any, seed: Any) -> Any:
        if self.fill_value is None:
            filling = jax.random.normal(self._key(seed), tuple(shape)) * self.value_range[1]
        else:
            filling = jnp.asarray(self.fill_value, "float32")
            first = filling.ndim and self.data_format == "channels_first"
            filling = filling[:, None, None] if first else filling
        return jnp.clip(filling, *self.value_range)

    def _transform_images(self, images: Any, transformation: Any, interpolation: str) -> Any:
        erased = jnp.where(
            jnp.asarray(transformation["batch_masks"]), self._cast(transformation["fill_value"]), images
        )
        return jnp.where(per_image(transformation["apply_erasing"]), erased, images)


class RandomPosterization(ImageLayer):
    """In training, keeps only the first bits of each value, of eight; otherwise y = x.

    Args:
        factor: how many bits at most (exclusive), from 1 to 8, or two limits; two equal ones mean that many.
        value_range: the least and the greatest value of the pictures.
        data_format: "channels_last" or "channels_first".
        seed: an integer that fixes the layer's random numbers.

    Shapes: (batch, height, width, channels), or one picture without the batch -> the same.

    Raises:
        ArgumentError: the factor is not from 1 to 8, or the range is not two numbers.

    Example:

        >>> RandomPosterization((1, 1))(jnp.array([[[100.0], [200.0]]])).ravel().tolist()
        [0.0, 128.0]
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
        self.factor = limits(factor, "factor", "RandomPosterization", 1, 8)
        self.value_range, self.seed = value_limits(value_range, "RandomPosterization"), seed

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        if not training:
            return None
        size, (low, high) = (count_of(data),), self.factor
        if low == high:
            bits = jnp.full(size, low, "uint8")
        else:
            bits = jax.random.randint(self._key(seed), size, low, high, "uint8")
        return {"shift_factor": 8 - bits}

    def _transform_images(self, images: Any, transformation: Any, interpolation: str) -> Any:
        shift = per_image(jnp.asarray(transformation["shift_factor"], "uint8"))
        values = scaled(images, self.value_range, _BYTES).astype("uint8")
        return scaled(self._cast((values >> shift) << shift), _BYTES, self.value_range)


class Solarization(ImageLayer):
    """In training, adds a random number and inverts what reaches a random threshold; otherwise y = x.

    With a and t from 0 to 255: z = x + a; y = z where z < t, else 255 - z.

    Args:
        addition_factor: the greatest addition as a share of the range, from 0 to 1, or two limits.
        threshold_factor: the greatest threshold as a share of the range, or two limits; 0 inverts all.
        value_range: the least and the greatest value of the pictures.
        seed: an integer that fixes the layer's random numbers.
        data_format: "channels_last" or "channels_first".

    Shapes: (batch, height, width, channels), or one picture without the batch -> the same.

    Raises:
        ArgumentError: a factor is not from 0 to 1, or the range is not two numbers.

    Example:

        >>> Solarization()(jnp.array([[[0.0], [200.0]]])).ravel().tolist()
        [255.0, 55.0]
    """

    def __init__(
        self,
        addition_factor: Any = 0.0,
        threshold_factor: Any = 0.0,
        value_range: Any = (0, 255),
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.addition_factor = limits(addition_factor, "addition_factor", "Solarization", 0, least=0)
        self.threshold_factor = limits(threshold_factor, "threshold_factor", "Solarization", 0, least=0)
        self.value_range, self.seed = value_limits(value_range, "Solarization"), seed

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        if not training:
            return None
        shape = (*images_of(data).shape[:-3], 1, 1, 1)
        factors = {"additions": self.addition_factor, "thresholds": self.threshold_factor}
        return {name: self._uniform(seed, shape, low, high * 255) for name, (low, high) in factors.items()}

    def _transform_images(self, images: Any, transformation: Any, interpolation: str) -> Any:
        added = scaled(images, self.value_range, _BYTES) + self._cast(transformation["additions"])
        added = jnp.clip(added, *_BYTES)
        result = jnp.where(added < self._cast(transformation["thresholds"]), added, 255 - added)
        return scaled(result, _BYTES, self.value_range)


class AutoContrast(ImageLayer):
    """Each channel of each picture stretched to the whole range, in training and afterwards; a channel with
    one value stays.

    Args:
        value_range: the least and the greatest value of the pictures.
        data_format: "channels_last" or "channels_first".

    Shapes: (batch, height, width, channels), or one picture without the batch -> the same.

    Raises:
        ArgumentError: the range is not two numbers.

    Example:

        >>> AutoContrast()(jnp.array([[[100.0], [150.0], [200.0]]])).ravel().tolist()
        [0.0, 127.5, 255.0]
    """

    def __init__(self, value_range: Any = (0, 255), **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.value_range = value_limits(value_range, "AutoContrast")

    def transform_images(self, images: Any, transformation: Any = None, training: bool = True) -> Any:
        images = self._cast(images)
        values = scaled(images, self.value_range, _BYTES)
        space = (1, 2) if self.data_format == "channels_last" else (2, 3)
        low, high = values.min(space, keepdims=True), values.max(space, keepdims=True)
        scale = 255.0 / jnp.where(high > low, high - low, 1)
        stretched = jnp.clip(values * scale - low * scale, *_BYTES)
        return jnp.where(high > low, scaled(stretched, _BYTES, self.value_range), images)


@functools.partial(jax.jit, static_argnames="bins")
def _equalized(values: Any, bins: int) -> Any:
    """Values (0 to 255) of a channel, moved so that all are about as frequent."""
    places = jnp.clip((values * (bins - 1) / 255).astype("int32"), 0, bins - 1)
    frequencies = jnp.bincount(places.ravel(), length=bins)
    sums = jnp.cumsum(frequencies)
    least = sums[jnp.argmax(sums > 0)]
    table = jnp.round((sums - least) * 255 / jnp.maximum(sums[-1] - least, 1))
    found = jnp.clip(values / 255.0 * (bins - 1), 0, bins - 1).astype("int32")
    one_value = jnp.count_nonzero(frequencies) <= 1
    return jnp.where(one_value, values, jnp.clip(table, *_BYTES)[found].astype(values.dtype))


class Equalization(ImageLayer):
    """In training, moves the values of each channel so that all are about as frequent; otherwise y = x.

    The frequencies are those of the whole batch, as Keras counts them.

    Args:
        value_range: the least and the greatest value of the pictures.
        bins: the number of values that are told apart.
        data_format: "channels_last" or "channels_first".

    Shapes: (batch, height, width, channels), or one picture without the batch -> the same.

    Raises:
        ArgumentError: bins is not a positive integer, or the range is not two numbers.

    Example:

        >>> Equalization()(jnp.array([[[10.0], [11.0], [12.0]]])).ravel().tolist()
        [0.0, 128.0, 255.0]
    """

    def __init__(
        self, value_range: Any = (0, 255), bins: int = 256, data_format: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(data_format=data_format, **kwargs)
        self.bins = positive(bins, "bins", "Equalization")
        self.value_range = value_limits(value_range, "Equalization")

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        return {} if training else None

    def transform_images(self, images: Any, transformation: Any = None, training: bool = True) -> Any:
        images = self._cast(images)
        if not training:
            return images
        axis = -1 if self.data_format == "channels_last" else -3
        values = scaled(images, self.value_range, _BYTES)
        values = jax.vmap(lambda channel: _equalized(channel, self.bins), axis, axis)(values)
        return scaled(values, _BYTES, self.value_range)


class ContrastLimitedAdaptiveHistogramEqualization(ImageLayer):
    """Pictures whose values are equalized tile by tile, in training and afterwards.

    In each tile of a grid the frequencies of the values are counted, cut at a limit, and what was cut is
    shared by all values; a pixel's result is interpolated between the four nearest tiles.

    Args:
        value_range: the least and the greatest value of the pictures.
        clip_limit: the limit, in average frequencies; 0 for none.
        tile_grid_size: the number of tiles (down, across).
        data_format: "channels_last" or "channels_first".

    Shapes: (batch, height, width, channels), or one picture without the batch -> the same.

    Source: Zuiderveld, Contrast Limited Adaptive Histogram Equalization, 1994.

    Example:

        >>> x = jnp.tile(jnp.arange(64.0), (64, 1))[..., None]
        >>> y = ContrastLimitedAdaptiveHistogramEqualization(tile_grid_size=(2, 2))(x)
        >>> bool(y.max() > x.max())
        True
    """

    def __init__(
        self,
        value_range: Any = (0, 255),
        clip_limit: float = 4.0,
        tile_grid_size: Any = (8, 8),
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data_format=data_format, **kwargs)
        self.value_range, self.clip_limit = value_range, clip_limit
        self.tile_grid_size = integers(tile_grid_size, 2, "tile_grid_size", type(self).__name__)

    def transform_images(self, images: Any, transformation: Any = None, training: bool = True) -> Any:
        dtype, first = images.dtype, self.data_format == "channels_first"
        values = scaled(jnp.asarray(images, "float32"), self.value_range, _BYTES)
        values = jnp.moveaxis(values, 1, -1) if first else values
        values = _equalized_by_tiles(values, self.clip_limit, self.tile_grid_size)
        values = jnp.moveaxis(values, -1, 1) if first else values
        return scaled(values, _BYTES, self.value_range).astype(dtype)


@functools.partial(jax.jit, static_argnames="grid")
def _equalized_by_tiles(images: Any, clip_limit: Any, grid: tuple[int, ...]) -> Any:
    """Pictures (n, h, w, c) of values from 0 to 255."""
    n, height, width, channels = images.shape
    h, w = -(-height // grid[0]), -(-width // grid[1])  # of a tile
    margins = ((0, 0), (0, h * grid[0] - height), (0, w * grid[1] - width), (0, 0))
    images = jnp.pad(images, margins, "symmetric")
    pixels = jnp.clip(images, *_BYTES).astype("int32")
    tiles = pixels.reshape(n, grid[0], h, grid[1], w, channels).transpose(0, 1, 3, 5, 2, 4)
    count = jax.vmap(lambda tile: jnp.bincount(tile, length=256))
    counts = count(tiles.reshape(-1, h * w)).reshape(n, *grid, channels, 256).astype("float32")
    limit = jnp.where(clip_limit > 0, clip_limit * (h * w) / 256, jnp.inf)
    kept = jnp.minimum(counts, limit)
    sums = jnp.cumsum(kept + (counts - kept).sum(-1, keepdims=True) / 256, -1)
    least = sums[..., :1]
    spread = h * w - least
    tables = jnp.clip((sums - least) * 255 / jnp.where(spread == 0, 1, spread), *_BYTES)

    def neighbours(size: int, tiles: int) -> tuple[Any, Any, Any]:
        """The tiles before and after each pixel along an axis, and how near it is to the second."""
        place = (jnp.arange(size * tiles) - size / 2) / size
        before = jnp.floor(place).astype("int32")
        return jnp.clip(before, 0, tiles - 1), jnp.clip(before + 1, 0, tiles - 1), place - before

    top, bottom, down = neighbours(h, grid[0])
    left, right, across = neighbours(w, grid[1])
    image, channel = jnp.arange(n)[:, None, None, None], jnp.arange(channels)

    def read(row: Any, column: Any) -> Any:
        return tables[image, row[None, :, None, None], column[None, None, :, None], channel, pixels]

    down, across = down[:, None, None], across[:, None]
    upper = read(top, left) * (1 - across) + read(top, right) * across
    lower = read(bottom, left) * (1 - across) + read(bottom, right) * across
    return (upper * (1 - down) + lower * down)[:, :height, :width]
