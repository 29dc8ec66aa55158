"""Images changed at random: by a stream of random numbers, or by a seed (`stateless_...`)."""

from collections.abc import Callable
from typing import Any

import numpy as np

from neurona.core.errors import ArgumentError
from neurona.legacy.tensorflow import random
from neurona.legacy.tensorflow.dispatch import S, T, function, static
from neurona.legacy.tensorflow.hosts import host
from neurona.legacy.tensorflow.image import colors, geometry
from neurona.legacy.tensorflow.image.codecs import adjust_jpeg_quality
from neurona.legacy.tensorflow.image.resizing import namespace
from neurona.legacy.tensorflow.recording import has_numbers
from neurona.legacy.tensorflow.tensor import Tensor

_TRIES = 100  # boxes that are drawn before the whole image is taken


def _mirrored(name: str, axis: int) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """Two functions that mirror images, each where a random number is below 1/2."""

    @function
    def mirror(image: T, chance: T) -> Any:
        chance = np.asarray(chance) if has_numbers(chance) else chance
        chosen = (chance < 0.5)[..., None, None, None]
        xp = namespace(image, chosen)
        return xp.where(chosen, xp.flip(image, axis), image)

    def flip(image: Any, seed: Any = None) -> Any:
        geometry.check_rank(image, name)
        return mirror(image, random.uniform(list(image.shape[:-3]), seed=seed))

    def stateless_flip(image: Any, seed: Any) -> Any:
        geometry.check_rank(image, f"stateless_{name}")
        return mirror(image, random.stateless_uniform(list(image.shape[:-3]), seed=seed))

    return flip, stateless_flip


def _adjusted(
    adjust: Callable[..., Any], symmetric: bool, integers: bool = False
) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """Two functions that change images by a random number: from -a to a, or from a to b."""

    def bounds(values: tuple[Any, ...]) -> tuple[Any, Any]:
        low, high = (-values[0], values[0]) if symmetric else values
        if static(low) > static(high) or (symmetric and static(high) < 0):
            raise ArgumentError(
                f"tf.image.random_...: a random number lies between a lower and an upper bound. Received: "
                f"{static(low)} and {static(high)}"
            )
        return low, high

    def draw(source: Callable[..., Any], limits: tuple[Any, Any], seed: Any) -> Any:
        dtype = "int32" if integers else "float32"
        return source([], minval=limits[0], maxval=limits[1], dtype=dtype, seed=seed)

    if symmetric:

        def change(image: Any, max_delta: Any, seed: Any = None) -> Any:
            return adjust(image, draw(random.uniform, bounds((max_delta,)), seed))

        def stateless_change(image: Any, max_delta: Any, seed: Any = None) -> Any:
            return adjust(image, draw(random.stateless_uniform, bounds((max_delta,)), seed))

        return change, stateless_change

    def change_between(image: Any, lower: Any, upper: Any, seed: Any = None) -> Any:
        return adjust(image, draw(random.uniform, bounds((lower, upper)), seed))

    def stateless_change_between(image: Any, lower: Any, upper: Any, seed: Any = None) -> Any:
        return adjust(image, draw(random.stateless_uniform, bounds((lower, upper)), seed))

    return change_between, stateless_change_between


random_flip_left_right, stateless_random_flip_left_right = _mirrored("random_flip_left_right", -2)
random_flip_up_down, stateless_random_flip_up_down = _mirrored("random_flip_up_down", -3)
random_brightness, stateless_random_brightness = _adjusted(colors.adjust_brightness, True)
random_hue, stateless_random_hue = _adjusted(colors.adjust_hue, True)
random_contrast, stateless_random_contrast = _adjusted(colors.adjust_contrast, False)
random_saturation, stateless_random_saturation = _adjusted(colors.adjust_saturation, False)
random_jpeg_quality, stateless_random_jpeg_quality = _adjusted(adjust_jpeg_quality, False, integers=True)


@function
def _cut(value: T, offset: T, size: S) -> Any:
    starts = [int(start) for start in np.asarray(offset)]
    return value[tuple(slice(start, start + length) for start, length in zip(starts, size))]


def stateless_random_crop(value: Any, size: Any, seed: Any, name: Any = None) -> Any:
    """A block of a size, at a place that follows from a seed."""
    have, want = np.array(value.shape), np.array(static(size))
    if (want > have).any():
        raise ArgumentError(
            f"stateless_random_crop: size {tuple(want)} is larger than the shape {tuple(have)}."
        )
    most = np.iinfo(np.int32).max
    drawn = random.stateless_uniform([len(have)], seed=seed, minval=0, maxval=most, dtype="int32")
    return _cut(value, host(drawn) % (have - want + 1), static(size))


def sample_distorted_bounding_box(
    image_size: Any,
    bounding_boxes: Any,
    seed: Any = 0,
    min_object_covered: float = 0.1,
    aspect_ratio_range: Any = (0.75, 1.33),
    area_range: Any = (0.05, 1.0),
    max_attempts: int = _TRIES,
    use_image_if_no_bounding_boxes: bool = False,
    name: Any = None,
) -> tuple[Any, Any, Any]:
    """A random part of an image that holds a fraction of a box: (begin, size, box) for `tf.slice`."""
    height, width = (int(size) for size in host(image_size)[:2])
    boxes = host(bounding_boxes).reshape(-1, 4)
    if not len(boxes):
        if not use_image_if_no_bounding_boxes:
            raise ArgumentError(
                "sample_distorted_bounding_box: there are no boxes. Pass use_image_if_no_bounding_boxes=True."
            )
        boxes = np.array([[0, 0, 1, 1]], np.float32)
    draws = host(random.uniform([max_attempts, 4], seed=seed or None))
    found = 0, 0, height, width
    for area, ratio, down, across in draws:
        wanted = (area_range[0] + area * (area_range[1] - area_range[0])) * height * width
        aspect = aspect_ratio_range[0] + ratio * (aspect_ratio_range[1] - aspect_ratio_range[0])
        rows, columns = round(np.sqrt(wanted / aspect)), round(np.sqrt(wanted * aspect))
        if not (0 < rows <= height and 0 < columns <= width):
            continue
        top, left = int(down * (height - rows + 1)), int(across * (width - columns + 1))
        part = np.array([top / height, left / width, (top + rows) / height, (left + columns) / width])
        if (_covered(part, boxes) >= min_object_covered).any():
            found = top, left, rows, columns
            break
    top, left, rows, columns = found
    box = [[[top / height, left / width, (top + rows) / height, (left + columns) / width]]]
    begin, size = np.array([top, left, 0], np.int32), np.array([rows, columns, -1], np.int32)
    return Tensor(begin), Tensor(size), Tensor(np.array(box, np.float32))


def _covered(part: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """The fraction of each box that lies in a part of the image."""
    shared = np.minimum(part[2:], boxes[:, 2:]) - np.maximum(part[:2], boxes[:, :2])
    return np.clip(shared, 0, None).prod(1) / np.maximum((boxes[:, 2:] - boxes[:, :2]).prod(1), 1e-12)
