"""Getting data ready for a network: arrays, sequences, texts and images, with NumPy only."""

from neurona.core.lazy import suggest_names
from neurona.preprocessing import image, sequence, text
from neurona.preprocessing.arrays import normalize, to_categorical
from neurona.preprocessing.image_folder import image_dataset_from_directory
from neurona.preprocessing.sequence import pad_sequences, timeseries_dataset_from_array
from neurona.preprocessing.text_folder import audio_dataset_from_directory, text_dataset_from_directory

__all__ = [
    "audio_dataset_from_directory",
    "image",
    "image_dataset_from_directory",
    "normalize",
    "pad_sequences",
    "sequence",
    "text",
    "text_dataset_from_directory",
    "timeseries_dataset_from_array",
    "to_categorical",
]

suggest_names(__name__)
