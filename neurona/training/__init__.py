"""Training: from a pure step to an epoch in one XLA program to `fit` on the host."""

from neurona.core.lazy import suggest_names
from neurona.training.dataset import PyDataset
from neurona.training.placement import Placement
from neurona.training.quasi_newton import QuasiNewton
from neurona.training.rules import GradientRule, Rule
from neurona.training.shards import NpzShards
from neurona.training.trainer import Trainer

__all__ = ["GradientRule", "NpzShards", "Placement", "PyDataset", "QuasiNewton", "Rule", "Trainer"]

suggest_names(__name__)
