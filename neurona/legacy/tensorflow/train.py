"""`tf.train`: checkpoints of TensorFlow 2, and what TensorFlow 1 trains with."""

import importlib
import importlib.util
from typing import Any

from neurona.legacy.tensorflow.checkpoint import Checkpoint, CheckpointManager, latest_checkpoint
from neurona.legacy.tensorflow.io.examples import (
    BytesList,
    Example,
    Feature,
    FeatureList,
    FeatureLists,
    Features,
    FloatList,
    Int64List,
    SequenceExample,
)

__all__ = [
    "BytesList", "Checkpoint", "CheckpointManager", "Example", "Feature", "FeatureList", "FeatureLists",
    "Features", "FloatList", "Int64List", "SequenceExample", "latest_checkpoint",
]  # fmt: skip

_GRAPHS = "neurona.legacy.tensorflow.v1"
_OF_GRAPHS = tuple(f"{_GRAPHS}.{name}" for name in ("train", "hooks", "optimizers", "rates"))


def __getattr__(name: str) -> Any:
    if not name.startswith("__"):
        for module in _OF_GRAPHS:
            if importlib.util.find_spec(module) is not None:
                found = vars(importlib.import_module(module)).get(name)
                if found is not None:
                    return found
    raise AttributeError(f"module 'tensorflow.train' has no attribute {name!r} in Neurona.", name=name)
