"""Neurona: neural networks written as in Keras, compiled whole by XLA, and watched while they learn.

    import neurona as nn

    model = nn.Sequential(
        [nn.Input((28, 28)), nn.layers.Flatten(), nn.layers.Dense(10, activation="softmax")]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(x, y, epochs=5)

Names are loaded when first touched, so that importing costs nothing.
"""

from typing import TYPE_CHECKING

from neurona._version import __version__
from neurona.core.lazy import lazy_names
from neurona.switch import tell_of_the_switch

if TYPE_CHECKING:
    from neurona import (
        activations,
        applications,
        backend,
        callbacks,
        config,
        constraints,
        datasets,
        distillation,
        distribution,
        dtype_policies,
        errors,
        evaluation,
        graph,
        initializers,
        language,
        layers,
        losses,
        metrics,
        mixed_precision,
        models,
        ops,
        optimizers,
        playground,
        plotting,
        preprocessing,
        random,
        regularizers,
        saving,
        search,
        tabular,
        training,
        tree,
        utils,
        visualization,
        wrappers,
        zoo,
    )
    from neurona._version import version
    from neurona.contexts import StatelessScope, SymbolicScope, device, name_scope
    from neurona.core.layer import Layer
    from neurona.core.policy import DTypePolicy
    from neurona.core.shapes import InputSpec
    from neurona.core.symbolic import KerasTensor, SymbolicTensor
    from neurona.core.variable import Variable
    from neurona.dtype_policies import FloatDTypePolicy
    from neurona.initializers import Initializer
    from neurona.layers.input import Input
    from neurona.losses import Loss
    from neurona.metrics import Metric
    from neurona.models import Model, Sequential
    from neurona.models.function import Function
    from neurona.ops.operation import Operation
    from neurona.optimizers import Optimizer
    from neurona.quantizers import Quantizer
    from neurona.regularizers import Regularizer
    from neurona.rematerialization import RematScope, remat

_ROOMS = (
    "activations",
    "applications",
    "backend",
    "board",
    "callbacks",
    "config",
    "constraints",
    "datasets",
    "distillation",
    "distribution",
    "dtype_policies",
    "errors",
    "evaluation",
    "graph",
    "initializers",
    "language",
    "layers",
    "losses",
    "metrics",
    "mixed_precision",
    "models",
    "ops",
    "optimizers",
    "playground",
    "plotting",
    "preprocessing",
    "quantizers",
    "random",
    "regularizers",
    "saving",
    "search",
    "tabular",
    "training",
    "tree",
    "utils",
    "visualization",
    "wrappers",
    "zoo",
)
_NAMES = {
    "DTypePolicy": "neurona.core.policy",
    "Function": "neurona.models.function",
    "InputSpec": "neurona.core.shapes",
    "KerasTensor": "neurona.core.symbolic",
    "Operation": "neurona.ops.operation",
    "StatelessScope": "neurona.contexts",
    "SymbolicScope": "neurona.contexts",
    "device": "neurona.contexts",
    "name_scope": "neurona.contexts",
    "remat": "neurona.rematerialization",
    "version": "neurona._version",
    "FloatDTypePolicy": "neurona.dtype_policies",
    "Initializer": "neurona.initializers",
    "Input": "neurona.layers",
    "Layer": "neurona.layers",
    "Loss": "neurona.losses",
    "Metric": "neurona.metrics",
    "Model": "neurona.models",
    "Optimizer": "neurona.optimizers",
    "Quantizer": "neurona.quantizers",
    "Regularizer": "neurona.regularizers",
    "RematScope": "neurona.rematerialization",
    "Sequential": "neurona.models",
    "SymbolicTensor": "neurona.core.symbolic",
    "Variable": "neurona.core.variable",
}

__all__ = ["__version__", *_ROOMS, *_NAMES]

__getattr__, __dir__ = lazy_names(
    __name__, {"__version__": "neurona._version", **dict.fromkeys(_ROOMS), **_NAMES}
)

tell_of_the_switch()
