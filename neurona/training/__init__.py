"""Training: from a pure step to an epoch in one XLA program to `fit` on the host."""

from neurona.training.dataset import PyDataset
from neurona.training.trainer import Trainer

__all__ = ["PyDataset", "Trainer"]
