"""`keras.preprocessing`: images, texts and sequences, as Keras 1, 2 and 3 have them."""

from neurona.legacy.keras.preprocessing import image, sequence, text
from neurona.legacy.keras.utils.loaders import (
    audio_dataset_from_directory,
    image_dataset_from_directory,
    text_dataset_from_directory,
    timeseries_dataset_from_array,
)

__all__ = [
    "audio_dataset_from_directory",
    "image",
    "image_dataset_from_directory",
    "sequence",
    "text",
    "text_dataset_from_directory",
    "timeseries_dataset_from_array",
]
