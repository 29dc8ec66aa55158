"""Training: from a pure step to an epoch in one XLA program to `fit` on the host."""

from neurona.training.dataset import PyDataset
from neurona.training.shards import NpzShards
from neurona.training.trainer import Trainer

__all__ = ["NpzShards", "PyDataset", "Trainer"]
