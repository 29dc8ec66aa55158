"""What layers that change pictures share: pictures alone or in a dictionary, draws, factors and ranges."""

from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from neurona.core.errors import ArgumentError, ShapeError
from neurona.core.layer import Layer
from neurona.core.policy import standardize_data_format
from neurona.core.random import as_key

FILL_MODES = ("reflect", "wrap", "constant", "nearest")
INTERPOLATIONS = ("nearest", "bilinear")


class ImageLayer(Layer):
    """The base of layers that change pictures.

    A subclass defines `get_random_transformation`, which draws what happens to a batch, and the methods
    `transform_...`, which do it to pictures, labels, boxes and masks. Called without `training`, it acts as
    in training; `fit` trains, `predict` and `evaluate` do not.

    Args:
        bounding_box_format: the format of "bounding_boxes" in a dictionary, such as "xyxy".
        data_format: "channels_last" or "channels_first".

    Call arguments:
        data: pictures, or a dictionary with "images" and perhaps "labels", "bounding_boxes" (a dictionary of
            "boxes" and "labels") and "segmentation_masks".
        training: whether to change them at random.

    Shapes: images (batch, height, width, channels) or (height, width, channels).

    Raises:
        ShapeError: the pictures have another rank.
        ArgumentError: boxes come, and the layer does not know their format.

    Example:

        >>> class Darker(ImageLayer):
        ...     def transform_images(self, images, transformation, training=True):
        ...         return images / 2
        >>> Darker()(jnp.ones((2, 2, 1))).sum().item()
        2.0
    """

    def __init__(
        self, bounding_box_format: str | None = None, data_format: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.bounding_box_format = bounding_box_format
        self.data_format = standardize_data_format(data_format)

    # What a subclass defines.

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        """What happens to these data: numbers for each picture, or None."""
        return None

    def _transform_images(self, images: Any, transformation: Any, interpolation: str) -> Any:
        """The pictures, or with "nearest" their segmentation masks, in training."""
        raise NotImplementedError

    def transform_images(self, images: Any, transformation: Any, training: bool = True) -> Any:
        """The pictures of a batch."""
        images = self._cast(images)
        if not training or transformation is None:
            return images
        interpolation = getattr(self, "interpolation", "bilinear")
        return self._cast(self._transform_images(images, transformation, interpolation))

    def transform_labels(self, labels: Any, transformation: Any, training: bool = True) -> Any:
        """The labels of a batch."""
        return labels

    def transform_bounding_boxes(
        self, bounding_boxes: Any, transformation: Any, training: bool = True
    ) -> Any:
        """The boxes of a batch, a dictionary with "boxes" and "labels"."""
        return bounding_boxes

    def transform_segmentation_masks(
        self, segmentation_masks: Any, transformation: Any, training: bool = True
    ) -> Any:
        """The masks of a batch, a class for each pixel."""
        return segmentation_masks

    # Calling.

    def call(self, data: Any, training: bool = True) -> Any:
        transformation = self.get_random_transformation(data, training=training)
        images = images_of(data)
        single = images.ndim == 3
        if images.ndim not in (3, 4):
            raise ShapeError(
                f"Layer {self.name!r} ({type(self).__name__}) takes images (batch, height, width, channels) "
                f"or (height, width, channels). Received shape {tuple(images.shape)}."
            )

        def done(transform: Any, part: Any) -> Any:
            batch = jax.tree.map(lambda leaf: leaf[None], part) if single else part
            result = transform(batch, transformation=transformation, training=training)
            return jax.tree.map(lambda leaf: leaf[0], result) if single else result

        if not isinstance(data, Mapping):
            return done(self.transform_images, data)
        result = {**data, "images": done(self.transform_images, jnp.asarray(images))}
        if "bounding_boxes" in data:
            result["bounding_boxes"] = done(self.transform_bounding_boxes, self._boxes(data, single))
        if "labels" in data:
            result["labels"] = done(self.transform_labels, jnp.asarray(data["labels"]))
        if "segmentation_masks" in data:
            masks = jnp.asarray(data["segmentation_masks"])
            result["segmentation_masks"] = done(self.transform_segmentation_masks, masks)
        return result

    def _boxes(self, data: Mapping[str, Any], single: bool) -> dict[str, Any]:
        """Boxes as arrays; rows of lists that differ in length are filled with empty boxes, labelled -1."""
        given = data["bounding_boxes"]
        if not self.bounding_box_format:
            raise ArgumentError(
                f"Layer {self.name!r} ({type(self).__name__}) received 'bounding_boxes': say in which format "
                f"they are, such as {type(self).__name__}(bounding_box_format='xyxy')."
            )
        if not isinstance(given, Mapping) or not {"boxes", "labels"} <= set(given):
            raise ArgumentError(
                f"Layer {self.name!r} ({type(self).__name__}): 'bounding_boxes' is a dictionary with 'boxes' "
                f"and 'labels'. Received: {given!r:.200}"
            )
        boxes, labels = given["boxes"], given["labels"]
        if isinstance(boxes, (list, tuple)) and not single:
            most = max(map(len, boxes), default=0)
            boxes = [[*row, *[[0.0] * 4] * (most - len(row))] for row in boxes]
            labels = [[*row, *[-1] * (most - len(row))] for row in labels]
        boxes = jnp.asarray(np.asarray(boxes, "float32") if isinstance(boxes, (list, tuple)) else boxes)
        return {**given, "boxes": boxes.astype("float32"), "labels": jnp.asarray(labels)}

    def get_config(self) -> dict[str, Any]:
        config = {**super().get_config(), "data_format": self.data_format}
        config.pop("bounding_box_format", None)
        if self.bounding_box_format is not None:
            config["bounding_box_format"] = self.bounding_box_format
        return config

    # Helpers of subclasses.

    def _cast(self, images: Any) -> Any:
        return jnp.asarray(images).astype(self.compute_dtype)

    def _uniform(self, seed: Any, shape: Any, low: Any = 0.0, high: Any = 1.0) -> Any:
        """Draw from [low, high), by the layer's seed, or by the one given."""
        return jax.random.uniform(self._key(seed), tuple(shape), minval=low, maxval=high)

    def _key(self, seed: Any) -> Any:
        """The next key: of the layer's seed, of a function that gives keys, or of another seed."""
        if seed is None:
            return self._next_key()
        return seed() if callable(seed) else as_key(seed)

    def _happens(self, seed: Any, count: int, factor: tuple[float, float]) -> Any:
        """For each picture whether something happens, with a probability drawn from the factor's range."""
        probability = self._uniform(seed, (count,), *factor)
        return self._uniform(seed, (count,)) < probability

    def _height_and_width(self, shape: Any) -> tuple[int, int]:
        """Of pictures of this shape."""
        return tuple(shape[-3:-1] if self.data_format == "channels_last" else shape[-2:])


def images_of(data: Any) -> Any:
    """The pictures in what a layer was called with."""
    return jnp.asarray(data["images"]) if isinstance(data, Mapping) else data


def count_of(data: Any) -> int:
    """How many pictures there are in what a layer was called with."""
    shape = images_of(data).shape
    return shape[0] if len(shape) == 4 else 1


def per_image(values: Any) -> Any:
    """Numbers for each picture, in a shape that broadcasts against the pictures."""
    values = jnp.asarray(values)
    return values.reshape(values.shape[0], 1, 1, 1) if values.ndim == 1 else values


def limits(
    value: Any, name: str, owner: str, low: float = -1, high: float = 1, *, least: float | None = None
) -> tuple[Any, Any]:
    """The range that a factor means: a number f is (-f, f), cut at `low`; two numbers are sorted.

    Args:
        value: a number or two.
        name, owner: of the argument and its class, for the message.
        low, high: what is allowed.
        least: where the range of a single number begins, if not at -f.

    Raises:
        ArgumentError: it is no such value, or out of the range allowed.

    Example:

        >>> limits(0.2, "factor", "RandomRotation"), limits([0.5, 0.1], "factor", "RandomHue", 0)
        ((-0.2, 0.2), (0.1, 0.5))
    """
    if isinstance(value, (tuple, list)) and len(value) == 2 and value[0] <= high and value[1] >= low:
        return tuple(sorted(value))
    if isinstance(value, (int, float, np.number)) and low <= value <= high:
        value = abs(value)
        return (max(-value, low) if least is None else least), value
    raise ArgumentError(
        f"{owner}: {name} is a number from {low} to {high}, or two of them. Received: {name}={value!r}"
    )


def value_limits(value_range: Any, owner: str) -> list[Any]:
    """The least and greatest value of pictures, sorted.

    Raises:
        ArgumentError: they are not two numbers.
    """
    if not isinstance(value_range, (tuple, list)) or len(value_range) != 2:
        raise ArgumentError(
            f"{owner}: value_range is the least and the greatest value of the images, such as (0, 255). "
            f"Received: value_range={value_range!r}"
        )
    return sorted(value_range)


def scaled(images: Any, source: Any, target: Any) -> Any:
    """Values of one range moved to another.

    Example:

        >>> scaled(jnp.array([0.0, 0.5, 1.0]), (0, 1), (0, 255)).tolist()
        [0.0, 127.5, 255.0]
    """
    if tuple(source) == tuple(target):
        return images
    return (images - source[0]) / (source[1] - source[0]) * (target[1] - target[0]) + target[0]
