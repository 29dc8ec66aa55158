"""Layers that change the size of pictures: resized, cropped at the middle or at random."""

from typing import Any

import jax
import jax.numpy as jnp

from neurona.core.errors import ArgumentError
from neurona.layers.arguments import choice, positive
from neurona.layers.bounding_boxes import clip_to_image_size, convert_format
from neurona.layers.image_layer import ImageLayer, images_of
from neurona.ops import image as image_ops

__all__ = [
    "CenterCrop",
    "RandomCrop",
    "Resizing",
]

_RESIZE_METHODS = ("bilinear", "nearest", "bicubic", "lanczos3", "lanczos5")


def _window(height: int, width: int, new_height: int, new_width: int) -> tuple[int, int, int, int]:
    """Top, left, height and width of the largest middle window with the proportions of the new size."""
    h = max(min(height, int(width * new_height / new_width)), 1)
    w = max(min(width, int(height * new_width / new_height)), 1)
    return int((height - h) / 2), int((width - w) / 2), h, w


class _Sized(ImageLayer):
    """A layer that gives pictures a height and a width."""

    def __init__(self, height: int, width: int, data_format: str | None, **kwargs: Any) -> None:
        super().__init__(data_format=data_format, **kwargs)
        self.height = positive(height, "height", type(self).__name__)
        self.width = positive(width, "width", type(self).__name__)

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        return {"input_shape": tuple(images_of(data).shape)}

    def transform_segmentation_masks(
        self, segmentation_masks: Any, transformation: Any, training: bool = True
    ) -> Any:
        return self.transform_images(segmentation_masks, transformation, training)

    def transform_bounding_boxes(
        self, bounding_boxes: Any, transformation: Any, training: bool = True
    ) -> Any:
        size = self._height_and_width(transformation["input_shape"])
        boxes = convert_format(bounding_boxes, self.bounding_box_format or "", "xyxy", *size)
        boxes["boxes"] = self._moved(boxes["boxes"], transformation, training)
        boxes = clip_to_image_size(boxes, self.height, self.width)
        return convert_format(boxes, "xyxy", self.bounding_box_format or "", self.height, self.width)

    def _moved(self, boxes: Any, transformation: Any, training: bool) -> Any:
        """Boxes in pixels of the output."""
        raise NotImplementedError

    def _in_window(self, boxes: Any, top: Any, left: Any, height: Any, width: Any) -> Any:
        """Boxes in pixels of the output, which shows this window of the input."""
        limits = jnp.array([width, height, width, height])
        boxes = jnp.clip(boxes - jnp.stack([left, top, left, top]), 0, limits)
        return boxes * jnp.array([self.width, self.height, self.width, self.height]) / limits

    def _cut(self, images: Any, top: Any, left: Any, height: int, width: int) -> Any:
        """A window of the pictures; the place may be traced, the size is known."""
        axis = images.ndim - 3 if self.data_format == "channels_last" else images.ndim - 2
        for number, (start, size) in enumerate(((top, height), (left, width))):
            images = jax.lax.dynamic_slice_in_dim(images, start, size, axis + number)
        return images

    def _middle(self, images: Any) -> Any:
        """The largest middle window with the output's proportions, at its size."""
        return image_ops.resize(
            images, (self.height, self.width), crop_to_aspect_ratio=True, data_format=self.data_format
        )


class Resizing(_Sized):
    """Pictures at another size, in training and afterwards.

    Pictures of integers stay integers: they are rounded.

    Args:
        height, width: the new size.
        interpolation: "bilinear", "nearest", "bicubic", "lanczos3" or "lanczos5".
        crop_to_aspect_ratio: whether to keep the proportions by cutting off what is too much.
        pad_to_aspect_ratio: whether to keep them by a margin.
        fill_mode: must be "constant".
        fill_value: the number in the margin.
        antialias: whether to average over what shrinks.
        data_format: "channels_last" or "channels_first".
        bounding_box_format: the format of boxes that come with the pictures.

    Shapes: (batch, height, width, channels), or one picture without the batch -> the same with the new size.

    Raises:
        ArgumentError: a size is not a positive integer, or an option is unknown.

    Example:

        >>> Resizing(2, 2, "nearest")(jnp.arange(16).reshape(4, 4, 1))[..., 0].tolist()
        [[5, 7], [13, 15]]
    """

    def __init__(
        self,
        height: int,
        width: int,
        interpolation: str = "bilinear",
        crop_to_aspect_ratio: bool = False,
        pad_to_aspect_ratio: bool = False,
        fill_mode: str = "constant",
        fill_value: float = 0.0,
        antialias: bool = False,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(height, width, data_format, **kwargs)
        self.interpolation = choice(interpolation, _RESIZE_METHODS, "interpolation", "Resizing")
        self.fill_mode = choice(fill_mode, ("constant",), "fill_mode", "Resizing")
        if crop_to_aspect_ratio and pad_to_aspect_ratio:
            raise ArgumentError(
                "Resizing keeps the proportions by cutting (crop_to_aspect_ratio) or by a margin "
                "(pad_to_aspect_ratio), not by both."
            )
        self.crop_to_aspect_ratio, self.pad_to_aspect_ratio = crop_to_aspect_ratio, pad_to_aspect_ratio
        self.fill_value, self.antialias = fill_value, bool(antialias)

    def _resized(self, images: Any, interpolation: str) -> Any:
        return image_ops.resize(
            images,
            (self.height, self.width),
            interpolation,
            self.antialias,
            self.crop_to_aspect_ratio,
            self.pad_to_aspect_ratio,
            fill_value=self.fill_value,
            data_format=self.data_format,
        )

    def transform_images(self, images: Any, transformation: Any = None, training: bool = True) -> Any:
        return self._resized(jnp.asarray(images), self.interpolation)

    def transform_segmentation_masks(
        self, segmentation_masks: Any, transformation: Any = None, training: bool = True
    ) -> Any:
        return self._resized(jnp.asarray(segmentation_masks), "nearest")

    def _moved(self, boxes: Any, transformation: Any, training: bool) -> Any:
        height, width = self._height_and_width(transformation["input_shape"])
        down, right = self.height / height, self.width / width
        top = left = 0.0
        if self.pad_to_aspect_ratio or self.crop_to_aspect_ratio:
            down = right = (min if self.pad_to_aspect_ratio else max)(down, right)
            top, left = (self.height - height * down) // 2, (self.width - width * right) // 2
            if self.crop_to_aspect_ratio:
                top, left = -((height * down - self.height) // 2), -((width * right - self.width) // 2)
        new = boxes * jnp.array([right, down, right, down]) + jnp.array([left, top, left, top])
        empty = jnp.all(boxes == -1, -1) | jnp.all(boxes == 0, -1)
        return jnp.where(empty[..., None], 0.0, new)


class CenterCrop(_Sized):
    """The middle of pictures, in training and afterwards.

    A picture that is smaller than the window is resized instead, cut to the window's proportions.

    Args:
        height, width: of the window.
        data_format: "channels_last" or "channels_first".
        bounding_box_format: the format of boxes that come with the pictures.

    Shapes: (batch, height, width, channels), or one picture without the batch -> the same with the new size.

    Raises:
        ArgumentError: a size is not a positive integer.

    Example:

        >>> CenterCrop(1, 2)(jnp.arange(12.0).reshape(3, 4, 1)).ravel().tolist()
        [5.0, 6.0]
    """

    def __init__(self, height: int, width: int, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(height, width, data_format, **kwargs)

    def transform_images(self, images: Any, transformation: Any = None, training: bool = True) -> Any:
        images = self._cast(images)
        height, width = self._height_and_width(images.shape)
        if height < self.height or width < self.width:
            return self._middle(images)
        top, left = (height - self.height) // 2, (width - self.width) // 2
        return self._cut(images, top, left, self.height, self.width)

    def _moved(self, boxes: Any, transformation: Any, training: bool) -> Any:
        height, width = self._height_and_width(transformation["input_shape"])
        if height < self.height or width < self.width:
            return self._in_window(boxes, *_window(height, width, self.height, self.width))
        top, left = int((height - self.height) / 2), int((width - self.width) / 2)
        return self._in_window(boxes, top, left, self.height, self.width)


class RandomCrop(_Sized):
    """In training, a window of the pictures at a random place, the same for a batch; otherwise the middle.

    A picture that is not larger than the window along both axes is cut at the middle and resized. At
    inference the largest middle window with the output's proportions is resized.

    Args:
        height, width: of the window.
        seed: an integer that fixes the layer's random numbers.
        data_format: "channels_last" or "channels_first".
        name: made from the class's name if not given.
        bounding_box_format: the format of boxes that come with the pictures.

    Shapes: (batch, height, width, channels), or one picture without the batch -> the same with the new size.

    Raises:
        ArgumentError: a size is not a positive integer.

    Example:

        >>> crop = RandomCrop(1, 1, seed=1)
        >>> x = jnp.arange(4.0).reshape(2, 2, 1)
        >>> sorted({crop(x, training=True).item() for _ in range(20)})
        [0.0, 1.0, 2.0, 3.0]
    """

    def __init__(
        self,
        height: int,
        width: int,
        seed: int | None = None,
        data_format: str | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(height, width, data_format, name=name, **kwargs)
        self.seed = seed

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        transformation = super().get_random_transformation(data, training)
        height, width = self._height_and_width(transformation["input_shape"])
        top, left, *_ = _window(height, width, self.height, self.width)
        if training and height > self.height and width > self.width:
            top = self._uniform(seed, (), 0.0, float(height - self.height + 1)).astype("int32")
            left = self._uniform(seed, (), 0.0, float(width - self.width + 1)).astype("int32")
        return {**transformation, "top": top, "left": left}

    def _seen(self, transformation: Any) -> tuple[Any, Any, int, int]:
        """The window of the input in training; where the input ends, it is smaller."""
        height, width = self._height_and_width(transformation["input_shape"])
        top, left = transformation["top"], transformation["left"]
        if height > self.height and width > self.width:
            return top, left, self.height, self.width
        return top, left, min(self.height, height - top), min(self.width, width - left)

    def transform_images(self, images: Any, transformation: Any, training: bool = True) -> Any:
        images = self._cast(images)
        if not training:
            return self._middle(images)
        images = self._cut(images, *self._seen(transformation))
        if self._height_and_width(images.shape) == (self.height, self.width):
            return images
        return image_ops.resize(images, (self.height, self.width), data_format=self.data_format)

    def _moved(self, boxes: Any, transformation: Any, training: bool) -> Any:
        height, width = self._height_and_width(transformation["input_shape"])
        seen = self._seen(transformation) if training else _window(height, width, self.height, self.width)
        return self._in_window(boxes, *seen)
