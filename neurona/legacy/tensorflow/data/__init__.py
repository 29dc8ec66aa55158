"""`tf.data`: streams of elements for training."""

from neurona.legacy.tensorflow.data.dataset import Dataset

__all__ = ["Dataset"]
