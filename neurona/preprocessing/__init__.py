"""Getting data ready for a network: arrays, sequences, texts and images, with NumPy only."""

from neurona.core.lazy import suggest_names
from neurona.preprocessing import image, sequence, text
from neurona.preprocessing.arrays import normalize, to_categorical
from neurona.preprocessing.image_folder import image_dataset_from_directory
from neurona.preprocessing.sequence import pad_sequences, timeseries_dataset_from_array

__all__ = [
    "image",
    "image_dataset_from_directory",
    "normalize",
    "pad_sequences",
    "sequence",
    "text",
    "timeseries_dataset_from_array",
    "to_categorical",
]

suggest_names(__name__)
