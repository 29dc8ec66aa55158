"""Layers that move the pixels of pictures at random: flips, turns, zooms, shifts, shears, perspectives."""

import functools
import math
from typing import Any

import jax
import jax.numpy as jnp

from neurona.core.errors import ArgumentError
from neurona.core.random import as_key
from neurona.layers.arguments import choice
from neurona.layers.bounding_boxes import clip_to_image_size, convert_format, moved
from neurona.layers.image_layer import (
    FILL_MODES,
    INTERPOLATIONS,
    ImageLayer,
    count_of,
    images_of,
    limits,
    per_image,
)
from neurona.ops import image as image_ops

__all__ = [
    "RandomElasticTransform",
    "RandomFlip",
    "RandomPerspective",
    "RandomRotation",
    "RandomShear",
    "RandomTranslation",
    "RandomZoom",
]


@functools.partial(jax.jit, static_argnames=("mode", "data_format"))
def _flipped(images: Any, flips: Any, mode: str, data_format: str) -> Any:
    horizontal, vertical = (-2, -3) if data_format == "channels_last" else (-1, -2)
    for name, axis in (("horizontal", horizontal), ("vertical", vertical)):
        if name in mode:
            images = jnp.where(flips, jnp.flip(images, axis), images)
    return images


@functools.partial(jax.jit, static_argnames=("fill_value", "interpolation", "fill_mode", "data_format"))
def _warped(
    images: Any, transform: Any, fill_value: float, interpolation: str, fill_mode: str, data_format: str
) -> Any:
    return image_ops.affine_transform(images, transform, interpolation, fill_mode, fill_value, data_format)


def _matrix(a0: Any, a1: Any, a2: Any, b0: Any, b1: Any, b2: Any) -> Any:
    """The eight numbers of `affine_transform`, for each picture."""
    zero = jnp.zeros_like(a0)
    return jnp.stack([a0, a1, a2, b0, b1, b2, zero, zero], -1)


class RandomFlip(ImageLayer):
    """In training, mirrors each picture with probability 1/2; otherwise y = x.

    Args:
        mode: "horizontal", "vertical" or "horizontal_and_vertical" (a picture is flipped along both, or not
            at all).
        seed: an integer that fixes the layer's random numbers.
        data_format: "channels_last" or "channels_first".
        bounding_box_format: the format of boxes that come with the pictures.

    Shapes: (batch, height, width, channels), or one picture without the batch -> the same.

    Raises:
        ArgumentError: the mode is unknown.

    Example:

        >>> x = jnp.array([[[1.0], [2.0]]])
        >>> flip = RandomFlip("horizontal", seed=1)
        >>> sorted({tuple(flip(x, training=True).ravel().tolist()) for _ in range(9)})
        [(1.0, 2.0), (2.0, 1.0)]
    """

    def __init__(
        self,
        mode: str = "horizontal_and_vertical",
        seed: int | None = None,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data_format=data_format, **kwargs)
        self.seed = seed
        self.mode = choice(mode, ("horizontal", "vertical", "horizontal_and_vertical"), "mode", "RandomFlip")

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        if not training:
            return None
        shape = images_of(data).shape
        flips = self._uniform(seed, (*shape[:-3], 1, 1, 1)) <= 0.5
        return {"flips": flips, "input_shape": shape}

    def _transform_images(self, images: Any, transformation: Any, interpolation: str) -> Any:
        return _flipped(images, jnp.asarray(transformation["flips"]), self.mode, self.data_format)

    def transform_bounding_boxes(
        self, bounding_boxes: Any, transformation: Any, training: bool = True
    ) -> Any:
        if not training:
            return bounding_boxes
        height, width = self._height_and_width(transformation["input_shape"])
        boxes = convert_format(bounding_boxes, self.bounding_box_format or "", "rel_xyxy", height, width)
        x1, y1, x2, y2 = jnp.moveaxis(boxes["boxes"], -1, 0)
        if "horizontal" in self.mode:
            x1, x2 = 1 - x2, 1 - x1
        if "vertical" in self.mode:
            y1, y2 = 1 - y2, 1 - y1
        flips = jnp.asarray(transformation["flips"])
        flips = flips.reshape(*flips.shape[:1], 1, 1) if flips.ndim == 4 else flips[..., 0]
        boxes["boxes"] = jnp.where(flips, jnp.stack([x1, y1, x2, y2], -1), boxes["boxes"])
        boxes = clip_to_image_size(boxes, bounding_box_format="rel_xyxy")
        return convert_format(boxes, "rel_xyxy", self.bounding_box_format or "", height, width)

    def transform_segmentation_masks(
        self, segmentation_masks: Any, transformation: Any, training: bool = True
    ) -> Any:
        return self.transform_images(segmentation_masks, transformation, training)


class _Affine(ImageLayer):
    """A random affine transformation: a subclass draws its numbers and says its matrix."""

    def __init__(
        self,
        fill_mode: str,
        interpolation: str,
        seed: int | None,
        fill_value: float,
        data_format: str | None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data_format=data_format, **kwargs)
        owner = type(self).__name__
        self.fill_mode = choice(fill_mode, FILL_MODES, "fill_mode", owner)
        self.interpolation = choice(interpolation, INTERPOLATIONS, "interpolation", owner)
        self.seed, self.fill_value = seed, fill_value

    def _transform_matrix(self, transformation: Any, height: Any, width: Any) -> Any:
        """Where in the input each point of the output is read, (n, 8)."""
        raise NotImplementedError

    def _transform_images(self, images: Any, transformation: Any, interpolation: str) -> Any:
        matrix = self._transform_matrix(transformation, *self._height_and_width(images.shape))
        return _warped(images, matrix, self.fill_value, interpolation, self.fill_mode, self.data_format)

    def transform_segmentation_masks(
        self, segmentation_masks: Any, transformation: Any, training: bool = True
    ) -> Any:
        if not training or transformation is None:
            return segmentation_masks
        return self._transform_images(segmentation_masks, transformation, "nearest")

    def transform_bounding_boxes(
        self, bounding_boxes: Any, transformation: Any, training: bool = True
    ) -> Any:
        if not training or transformation is None:
            return bounding_boxes
        height, width = self._height_and_width(transformation["input_shape"])
        boxes = convert_format(bounding_boxes, self.bounding_box_format or "", "xyxy", height, width)
        boxes["boxes"] = self._moved(boxes["boxes"], transformation, height, width)
        boxes = clip_to_image_size(boxes, height, width)
        return convert_format(boxes, "xyxy", self.bounding_box_format or "", height, width)

    def _moved(self, boxes: Any, transformation: Any, height: int, width: int) -> Any:
        """Boxes in pixels, after the transformation."""
        return moved(boxes, self._transform_matrix(transformation, height, width))


class RandomRotation(_Affine):
    """In training, turns each picture by a random angle; otherwise y = x.

    Args:
        factor: the greatest angle as a share of a full turn, or the two limits: 0.1 draws from -36 to 36
            degrees, positive ones counter-clockwise.
        fill_mode: what stands outside of the picture: "reflect", "wrap", "constant" or "nearest".
        interpolation: "bilinear" or "nearest".
        seed: an integer that fixes the layer's random numbers.
        fill_value: the number for fill_mode="constant".
        data_format: "channels_last" or "channels_first".
        bounding_box_format: the format of boxes that come with the pictures.

    Shapes: (batch, height, width, channels), or one picture without the batch -> the same.

    Raises:
        ArgumentError: the factor is not from -1 to 1, or an option is unknown.

    Example:

        >>> x = jnp.arange(4.0).reshape(2, 2, 1)
        >>> RandomRotation((0.25, 0.25))(x).round().astype(int)[..., 0].tolist()
        [[1, 3], [0, 2]]
    """

    def __init__(
        self,
        factor: Any,
        fill_mode: str = "reflect",
        interpolation: str = "bilinear",
        seed: int | None = None,
        fill_value: float = 0.0,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(fill_mode, interpolation, seed, fill_value, data_format, **kwargs)
        self.factor = limits(factor, "factor", "RandomRotation")

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        if not training:
            return None
        shape = images_of(data).shape
        height, width = self._height_and_width(shape)
        angle = self._uniform(seed, (count_of(data),), self.factor[0] * 360.0, self.factor[1] * 360.0)
        transformation = {"angle": angle, "input_shape": shape}
        return {**transformation, "rotation_matrix": self._transform_matrix(transformation, height, width)}

    def _transform_matrix(self, transformation: Any, height: Any, width: Any) -> Any:
        if "rotation_matrix" in transformation:
            return jnp.asarray(transformation["rotation_matrix"])
        angle = transformation["angle"] * (math.pi / 180)
        x, y, cos, sin = (width - 1) * 0.5, (height - 1) * 0.5, jnp.cos(angle), jnp.sin(angle)
        return _matrix(cos, -sin, x - x * cos + y * sin, sin, cos, y - x * sin - y * cos)


def _own_limits(value: Any, name: str, owner: str, low: float = -1) -> tuple[Any, Any]:
    """As `limits`, and each of two numbers is checked."""
    for one in value if isinstance(value, (tuple, list)) else ():
        limits(one, name, owner, low)
    return limits(value, name, owner, low)


class RandomZoom(_Affine):
    """In training, zooms each picture in or out; otherwise y = x.

    Args:
        height_factor: how much more of the height is seen, from -1 (exclusive) to 1, or two limits: (0.2,
            0.3) zooms out by 20 to 30 %, a negative number zooms in.
        width_factor: the same of the width; None keeps the proportions.
        fill_mode: what stands outside of the picture: "reflect", "wrap", "constant" or "nearest".
        interpolation: "bilinear" or "nearest".
        seed: an integer that fixes the layer's random numbers.
        fill_value: the number for fill_mode="constant".
        data_format: "channels_last" or "channels_first".
        bounding_box_format: the format of boxes that come with the pictures.

    Shapes: (batch, height, width, channels), or one picture without the batch -> the same.

    Raises:
        ArgumentError: a factor is not from -1 to 1, or an option is unknown.

    Example:

        >>> x = jnp.arange(25.0).reshape(5, 5, 1)
        >>> RandomZoom((-0.5, -0.5), interpolation="nearest")(x)[2, :, 0].tolist()
        [11.0, 12.0, 12.0, 13.0, 13.0]
    """

    def __init__(
        self,
        height_factor: Any,
        width_factor: Any = None,
        fill_mode: str = "reflect",
        interpolation: str = "bilinear",
        seed: int | None = None,
        fill_value: float = 0.0,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(fill_mode, interpolation, seed, fill_value, data_format, **kwargs)
        self.height_factor, self.width_factor = height_factor, width_factor
        self._height_limits = _own_limits(height_factor, "height_factor", "RandomZoom")
        self._width_limits = (
            None if width_factor is None else _own_limits(width_factor, "width_factor", "RandomZoom")
        )
        for pair in (self._height_limits, self._width_limits):
            if pair is not None and pair[0] == -1:
                raise ArgumentError(
                    "RandomZoom: a factor of -1 would show a single point. Give factors above -1, up to 1."
                )

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        if not training:
            return None
        size, (low, high) = (count_of(data), 1), self._height_limits
        height_zoom = width_zoom = self._uniform(seed, size, 1.0 + low, 1.0 + high)
        if self._width_limits is not None:
            low, high = self._width_limits
            width_zoom = self._uniform(seed, size, 1.0 + low, 1.0 + high)
        return {
            "height_zoom": height_zoom,
            "width_zoom": width_zoom,
            "input_shape": images_of(data).shape,
        }

    def _transform_matrix(self, transformation: Any, height: Any, width: Any) -> Any:
        x, y = (jnp.asarray(transformation[name])[:, 0] for name in ("width_zoom", "height_zoom"))
        zero = jnp.zeros_like(x)
        return _matrix(x, zero, (width - 1) / 2 * (1 - x), zero, y, (height - 1) / 2 * (1 - y))


class RandomTranslation(_Affine):
    """In training, shifts each picture; otherwise y = x.

    Args:
        height_factor: the greatest shift down as a share of the height, from -1 to 1, or two limits.
        width_factor: the greatest shift to the right as a share of the width, or two limits.
        fill_mode: what stands outside of the picture: "reflect", "wrap", "constant" or "nearest".
        interpolation: "bilinear" or "nearest".
        seed: an integer that fixes the layer's random numbers.
        fill_value: the number for fill_mode="constant".
        data_format: "channels_last" or "channels_first".
        bounding_box_format: the format of boxes that come with the pictures.

    Shapes: (batch, height, width, channels), or one picture without the batch -> the same.

    Raises:
        ArgumentError: a factor is not from -1 to 1, or an option is unknown.

    Example:

        >>> x = jnp.array([[[1.0], [2.0], [3.0], [4.0]]])
        >>> RandomTranslation(0, (0.25, 0.25), fill_mode="constant")(x).ravel().tolist()
        [0.0, 1.0, 2.0, 3.0]
    """

    def __init__(
        self,
        height_factor: Any,
        width_factor: Any,
        fill_mode: str = "reflect",
        interpolation: str = "bilinear",
        seed: int | None = None,
        fill_value: float = 0.0,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(fill_mode, interpolation, seed, fill_value, data_format, **kwargs)
        self.height_factor, self.width_factor = height_factor, width_factor
        self._height_limits = _own_limits(height_factor, "height_factor", "RandomTranslation")
        self._width_limits = _own_limits(width_factor, "width_factor", "RandomTranslation")

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        if not training:
            return None
        size, shape = (count_of(data), 1), images_of(data).shape
        height, width = self._height_and_width(shape)
        down = self._uniform(seed, size, *self._height_limits) * height
        right = self._uniform(seed, size, *self._width_limits) * width
        return {"translations": jnp.concatenate([right, down], 1), "input_shape": shape}

    def _transform_matrix(self, transformation: Any, height: Any, width: Any) -> Any:
        x, y = jnp.asarray(transformation["translations"], "float32").T
        one, zero = jnp.ones_like(x), jnp.zeros_like(x)
        return _matrix(one, zero, -x, zero, one, -y)


class RandomShear(_Affine):
    """In training, shears each picture: the input at (x + a y, y + b x) stands at (x, y); otherwise y = x.

    Args:
        x_factor: the greatest a, from 0 to 1, or two limits; its sign is drawn too.
        y_factor: the same for b.
        interpolation: "bilinear" or "nearest".
        fill_mode: what stands outside of the picture: "reflect", "wrap", "constant" or "nearest".
        fill_value: the number for fill_mode="constant".
        data_format: "channels_last" or "channels_first".
        seed: an integer that fixes the layer's random numbers.
        bounding_box_format: the format of boxes that come with the pictures.

    Shapes: (batch, height, width, channels), or one picture without the batch -> the same.

    Raises:
        ArgumentError: a factor is not from 0 to 1, or an option is unknown.

    Example:

        >>> x = jnp.eye(3)[..., None]
        >>> y = RandomShear((1, 1), interpolation="nearest", fill_mode="constant", seed=3)(x)
        >>> y[..., 0].tolist() in ([[1, 0, 0], [1, 0, 0], [1, 0, 0]], [[1, 0, 0], [0, 0, 1], [0, 0, 0]])
        True
    """

    def __init__(
        self,
        x_factor: Any = 0.0,
        y_factor: Any = 0.0,
        interpolation: str = "bilinear",
        fill_mode: str = "reflect",
        fill_value: float = 0.0,
        data_format: str | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(fill_mode, interpolation, seed, fill_value, data_format, **kwargs)
        # A config holds (-f, f) for the number f.
        self.x_factor, self.y_factor = (
            tuple(given)
            if isinstance(given, (tuple, list)) and len(given) == 2 and given[0] == -given[1]
            else _own_limits(given, name, "RandomShear", 0)
            if isinstance(given, (tuple, list))
            else (-limits(given, name, "RandomShear", 0)[1], abs(given))
            for given, name in ((x_factor, "x_factor"), (y_factor, "y_factor"))
        )

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        if not training:
            return None
        size = (count_of(data), 1)
        sign = jnp.where(self._uniform(seed, size) > 0.5, -1.0, 1.0)
        y = self._uniform(seed, size, *self.y_factor)
        x = self._uniform(seed, size, *self.x_factor)
        return {
            "shear_factor": jnp.concatenate([x, y], 1) * sign,
            "input_shape": images_of(data).shape,
        }

    def _transform_matrix(self, transformation: Any, height: Any, width: Any) -> Any:
        x, y = jnp.asarray(transformation["shear_factor"], "float32").T
        one, zero = jnp.ones_like(x), jnp.zeros_like(x)
        return _matrix(one, x, zero, y, one, zero)

    def _moved(self, boxes: Any, transformation: Any, height: int, width: int) -> Any:
        """Sheared along x, then along y, in shares of width and height as Keras does."""
        x1, y1, x2, y2 = jnp.moveaxis(boxes / jnp.array([width, height, width, height]), -1, 0)
        x, y = jnp.asarray(transformation["shear_factor"], boxes.dtype).T[..., None]
        x1, x2 = x1 - x * jnp.where(x < 0, y1, y2), x2 - x * jnp.where(x < 0, y2, y1)
        y1, y2 = y1 - y * jnp.where(y > 0, x2, x1), y2 - y * jnp.where(y > 0, x1, x2)
        return jnp.stack([x1 * width, y1 * height, x2 * width, y2 * height], -1)


@functools.partial(jax.jit, static_argnames=("fill_value", "interpolation", "data_format"))
def _in_perspective(
    images: Any, start: Any, end: Any, applied: Any, fill_value: float, interpolation: str, data_format: str
) -> Any:
    moved_images = image_ops.perspective_transform(images, start, end, interpolation, fill_value, data_format)
    return jnp.where(per_image(applied), moved_images, images)


class RandomPerspective(_Affine):
    """In training, sees each picture from another side: its corners move at random; otherwise y = x.

    Args:
        factor: the probability that a picture is changed, from 0 to 1, or two limits of it.
        scale: how far corners move, from 0 to 1: by up to half of it, as a share of their coordinates.
        interpolation: "bilinear" or "nearest".
        fill_value: the number that stands outside of the picture.
        seed: an integer that fixes the layer's random numbers.
        data_format: "channels_last" or "channels_first".
        bounding_box_format: the format of boxes that come with the pictures.

    Shapes: (batch, height, width, channels), or one picture without the batch -> the same.

    Raises:
        ArgumentError: factor or scale is not from 0 to 1, or an option is unknown.

    Example:

        >>> x = jnp.ones((4, 4, 1))
        >>> RandomPerspective(scale=0.0)(x).round(3).tolist() == x.tolist()
        True
    """

    def __init__(
        self,
        factor: Any = 1.0,
        scale: float = 1.0,
        interpolation: str = "bilinear",
        fill_value: float = 0.0,
        seed: int | None = None,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__("constant", interpolation, seed, fill_value, data_format, **kwargs)
        self.factor = limits(factor, "factor", "RandomPerspective", 0)
        self.scale = limits(scale, "scale", "RandomPerspective", 0)[1]

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        if not training:
            return None
        count, shape = count_of(data), images_of(data).shape
        height, width = self._height_and_width(shape)
        applied = self._happens(seed, count, self.factor)
        moves = self._uniform(seed, (count, 4, 2), -0.5 * self.scale, 0.5 * self.scale)
        corners = [[0.0, 0.0], [width - 1, 0.0], [0.0, height - 1], [width - 1, height - 1]]
        start = jnp.tile(jnp.array(corners, "float32"), (count, 1, 1))
        return {
            "apply_perspective": applied,
            "start_points": start,
            "end_points": start + start * moves,
            "input_shape": shape,
        }

    def _transform_images(self, images: Any, transformation: Any, interpolation: str) -> Any:
        start, end, applied = (
            jnp.asarray(transformation[name]) for name in ("start_points", "end_points", "apply_perspective")
        )
        return _in_perspective(images, start, end, applied, self.fill_value, interpolation, self.data_format)

    def _moved(self, boxes: Any, transformation: Any, height: int, width: int) -> Any:
        start, end = (jnp.asarray(transformation[name]) for name in ("start_points", "end_points"))
        applied = jnp.asarray(transformation["apply_perspective"])[:, None, None]
        return jnp.where(applied, moved(boxes, image_ops.homography(start, end)), boxes)


_displaced = jax.jit(
    image_ops.displaced, static_argnames=("size", "interpolation", "fill_mode", "fill_value")
)


class RandomElasticTransform(_Affine):
    """In training, pushes the pixels of pictures about by a smooth random field; otherwise y = x.

    Args:
        factor: the probability that a picture is changed, from 0 to 1, or two limits of it.
        scale: the strength, from 0 to 1, or two limits of it.
        interpolation: "bilinear" or "nearest".
        fill_mode: what stands outside of the picture: "reflect", "wrap", "constant", "nearest" or "mirror".
        fill_value: the number for fill_mode="constant".
        value_range: the least and the greatest value of the pictures; the result is cut to it.
        seed: an integer that fixes the layer's random numbers.
        data_format: "channels_last" or "channels_first".

    Shapes: (batch, height, width, channels), or one picture without the batch -> the same.

    Raises:
        ArgumentError: factor or scale is not from 0 to 1, or an option is unknown.

    Source: Simard et al., Best Practices for Convolutional Neural Networks, 2003.

    Example:

        >>> RandomElasticTransform(seed=1)(jnp.ones((8, 8, 1))).shape
        (8, 8, 1)
    """

    def __init__(
        self,
        factor: Any = 1.0,
        scale: Any = 1.0,
        interpolation: str = "bilinear",
        fill_mode: str = "reflect",
        fill_value: float = 0.0,
        value_range: Any = (0, 255),
        seed: int | None = None,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__("constant", interpolation, seed, fill_value, data_format, **kwargs)
        self.fill_mode = choice(fill_mode, (*FILL_MODES, "mirror"), "fill_mode", "RandomElasticTransform")
        self.factor = limits(factor, "factor", "RandomElasticTransform", 0)
        self.scale = limits(scale, "scale", "RandomElasticTransform", 0)
        self.value_range = value_range

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        if not training or not self.scale[1] or not self.factor[1]:
            return None
        applied = self._happens(seed, count_of(data), self.factor)
        strength = self._uniform(seed, (), *self.scale)
        return {"apply_transform": applied, "distortion_factor": strength, "seed": self._key(seed)}

    def _transform_images(self, images: Any, transformation: Any, interpolation: str) -> Any:
        applied = jnp.asarray(transformation["apply_transform"])
        height, width = self._height_and_width(images.shape)
        strength = jnp.asarray(transformation["distortion_factor"])
        longest, shortest = max(height, width) * 0.1, min(height, width) * 0.05
        size = int(6 * shortest * self.scale[1]) | 1
        channels_last = self.data_format == "channels_last"
        rows = images if channels_last else jnp.moveaxis(images, 1, -1)
        key, options = as_key(transformation["seed"]), (interpolation, self.fill_mode, self.fill_value)
        pushed = _displaced(rows, key, longest * strength, shortest * strength, size, *options)
        pushed = pushed if channels_last else jnp.moveaxis(pushed, -1, 1)
        return jnp.clip(jnp.where(per_image(applied), pushed, images), *self.value_range)

    def transform_bounding_boxes(
        self, bounding_boxes: Any, transformation: Any, training: bool = True
    ) -> Any:
        if training and transformation is not None:
            raise ArgumentError(
                "RandomElasticTransform has no boxes for what it moves: each pixel goes another way. Leave "
                "'bounding_boxes' out, or choose RandomRotation, RandomShear or RandomPerspective."
            )
        return bounding_boxes
