"""`tf.data`: streams of elements for training."""

from neurona.legacy.tensorflow.data import experimental
from neurona.legacy.tensorflow.data.dataset import Dataset
from neurona.legacy.tensorflow.data.files import FixedLengthRecordDataset, TextLineDataset, TFRecordDataset
from neurona.legacy.tensorflow.data.iterators import DatasetIterator as Iterator
from neurona.legacy.tensorflow.data.iterators import NumpyIterator
from neurona.legacy.tensorflow.data.options import Options, ThreadingOptions
from neurona.legacy.tensorflow.data.orders import INFINITE as INFINITE_CARDINALITY
from neurona.legacy.tensorflow.data.orders import UNKNOWN as UNKNOWN_CARDINALITY
from neurona.legacy.tensorflow.data.specs import DatasetSpec

AUTOTUNE = -1

__all__ = [
    "AUTOTUNE", "INFINITE_CARDINALITY", "UNKNOWN_CARDINALITY", "Dataset", "DatasetSpec",
    "FixedLengthRecordDataset", "Iterator", "NumpyIterator", "Options", "TFRecordDataset",
    "TextLineDataset", "ThreadingOptions", "experimental",
]  # fmt: skip
