"""`tf.contrib`: what courses used of it. The rest says where it went."""

import importlib
from typing import Any

from neurona.core.errors import suggestion

_ROOMS = {
    **{
        name: f"{__name__}.{name}"
        for name in (
            "layers",
            "lookup",
            "rnn",
            "seq2seq",
            "framework",
            "slim",
            "distributions",
            "eager",
            "learn",
            "factorization",
            "tensorboard",
            "tensor_forest",
            "training",
            "losses",
            "metrics",
            "legacy_seq2seq",
            "crf",
            "cudnn_rnn",
            "data",
            "opt",
            "image",
        )
    },
    "autograph": "neurona.legacy.tensorflow.autograph",
    "distribute": "neurona.legacy.tensorflow.distribute",
    "keras": "neurona.legacy.keras",
    "linalg": "neurona.legacy.tensorflow.linalg",
    "saved_model": "neurona.legacy.tensorflow.v1.saved_model",
    "signal": "neurona.legacy.tensorflow.signal",
}
_GONE = {
    "tpu": "Neurona computes on what JAX finds; with a TPU machine's jax there is nothing to set.",
    "bayesflow": "tf.contrib.bayesflow is gone; draw from tf.distributions.",
    "boosted_trees": "Use scikit-learn's gradient boosting, against which neurona's reports compare.",
}


def __getattr__(name: str) -> Any:
    if name in _ROOMS:
        return importlib.import_module(_ROOMS[name])
    if name.startswith("__"):
        raise AttributeError(name)
    hint = _GONE.get(name) or suggestion(name, [*_ROOMS, *_GONE]).strip()
    raise AttributeError(f"tf.contrib.{name} is not in Neurona. {hint}", name=name)
