"""`tf.image` of TensorFlow 1, where `resize` placed the pixels by their corners."""

from typing import Any

from neurona.legacy.tensorflow import image
from neurona.legacy.tensorflow.image.resizing import resize_images

resize = resize_images


def __getattr__(name: str) -> Any:
    return getattr(image, name)


def __dir__() -> list[str]:
    return dir(image)
