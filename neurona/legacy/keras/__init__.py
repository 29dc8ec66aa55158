"""Keras of all ages: today's names, and where older programs import them from."""

import importlib
from typing import Any

from neurona.legacy.imports import submodule

__version__ = "3.12.0"  # of the interface

_HERE = "neurona.legacy.keras"
_TOP = {
    "DTypePolicy": "neurona.core.policy",
    "FloatDTypePolicy": "neurona.dtype_policies",
    "Function": "neurona.models.function",
    "Initializer": "neurona.initializers",
    "Input": "neurona.layers",
    "InputSpec": "neurona.core.shapes",
    "KerasTensor": "neurona.core.symbolic",
    "Layer": "neurona.layers",
    "Loss": "neurona.losses",
    "Metric": "neurona.metrics",
    "Model": "neurona.models",
    "Operation": "neurona.ops.operation",
    "Optimizer": "neurona.optimizers",
    "Quantizer": "neurona.quantizers",
    "Regularizer": "neurona.regularizers",
    "RematScope": "neurona.rematerialization",
    "Sequential": "neurona.models",
    "StatelessScope": "neurona.contexts",
    "SymbolicScope": "neurona.contexts",
    "Variable": "neurona.core.variable",
    "device": "neurona.contexts",
    "name_scope": "neurona.contexts",
    "remat": "neurona.rematerialization",
    "version": "neurona._version",
}
_LAYERS_OF = (
    "advanced_activations",
    "convolutional",
    "convolutional_recurrent",
    "core",
    "cudnn_recurrent",
    "dense_attention",
    "embeddings",
    "experimental.preprocessing",
    "extra",
    "legacy",
    "local",
    "merge",
    "noise",
    "normalization",
    "pooling",
    "recurrent",
    "wrappers",
)
_ROOMS = ("backend", "layers", "losses", "metrics", "models", "preprocessing", "utils", "wrappers")
_MODELS = f"{_HERE}.models"
_LAYERS = f"{_HERE}.layers"
PATHS: dict[str, Any] = {
    **{
        room: f"neurona.{room}"
        for room in (
            "activations",
            "applications",
            "callbacks",
            "config",
            "constraints",
            "datasets",
            "distillation",
            "distribution",
            "dtype_policies",
            "export",
            "initializers",
            "mixed_precision",
            "ops",
            "quantizers",
            "random",
            "regularizers",
            "saving",
            "tree",
            "visualization",
        )
    },
    "applications.imagenet_utils": {
        **{
            name: f"neurona.applications.imagenet_utils:{name}"
            for name in ("decode_predictions", "preprocess_input")
        },
        **dict.fromkeys(("_obtain_input_shape", "obtain_input_shape"), f"{_HERE}.parts:obtain_input_shape"),
    },
    **{f"layers.{place}": _LAYERS for place in _LAYERS_OF},
    "callbacks.experimental": {"BackupAndRestore": "neurona.callbacks:BackupAndRestore"},
    "layers.experimental": {
        "EinsumDense": "neurona.layers:EinsumDense",
        "SyncBatchNormalization": f"{_HERE}.experimental:SyncBatchNormalization",
        "RandomFourierFeatures": f"{_HERE}.experimental:RandomFourierFeatures",
        "preprocessing": f"{_LAYERS}:",
    },
    "engine": {
        **{name: f"{_LAYERS}:{name}" for name in ("Input", "InputLayer", "InputSpec", "Layer", "merge")},
        **{name: f"{_MODELS}:{name}" for name in ("Model", "Sequential")},
        **dict.fromkeys(("Container", "Network"), f"{_MODELS}:Model"),
        "get_source_inputs": "neurona.utils:get_source_inputs",
    },
    "engine.base_layer": _LAYERS,
    "engine.input_layer": _LAYERS,
    "engine.input_spec": _LAYERS,
    "engine.sequential": _MODELS,
    "engine.training": _MODELS,
    "engine.training_utils": f"{_HERE}.utils",
    "engine.functional": _MODELS,
    "engine.saving": _MODELS,
    "datasets.data_utils": f"{_HERE}.utils",
    "legacy.interfaces": {
        f"legacy_{what}_support": f"{_HERE}.parts:as_written" for what in ("add_weight", "get_updates")
    },
    "layers.containers": _MODELS,
    "estimator": {"model_to_estimator": "neurona.legacy.tensorflow.v1.of_keras:model_to_estimator"},
    "legacy.layers": _LAYERS,
    "legacy.models": _MODELS,
    "mixed_precision.experimental": "neurona.mixed_precision",
    "objectives": f"{_HERE}.losses",
    "optimizers.legacy": "neurona.optimizers",
    "optimizers.experimental": "neurona.optimizers",
    "optimizers.adam": "neurona.optimizers",
    "optimizers.optimizer_v2": "neurona.optimizers",
    "optimizers.schedules": "neurona.optimizers.schedules",
    "optimizers.legacy.learning_rate_schedule": "neurona.optimizers.schedules",
    "saving.hdf5_format": _MODELS,
    "api": _HERE,
    "src": _HERE,
    "_tf_keras": {},
    "_tf_keras.keras": _HERE,
}
PATHS["engine.topology"] = PATHS["engine.network"] = PATHS["engine"]


def __getattr__(name: str) -> Any:
    if name in _TOP:
        return getattr(importlib.import_module(_TOP[name]), name)
    return submodule(__name__, name)


def __dir__() -> list[str]:
    modules = [path for path in PATHS if "." not in path and not path.startswith("_")]
    return sorted([*_TOP, *_ROOMS, *modules])


def version() -> str:
    """The version of Keras's interface."""
    return __version__
