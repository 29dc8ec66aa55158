"""Warnings before training: what is allowed, and hardly ever meant."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from neurona import losses, metrics
from neurona.core.layer import Layer
from neurona.core.registry import is_built_in
from neurona.tracebacks import warn
from neurona.training.conversion import Batch

_ACCURACIES = (metrics.Accuracy, metrics.BinaryAccuracy, metrics.CategoricalAccuracy)
_ERRORS = (  # losses of quantities, not of classes
    losses.mean_squared_error,
    losses.mean_absolute_error,
    losses.mean_absolute_percentage_error,
    losses.mean_squared_logarithmic_error,
    losses.huber,
    losses.log_cosh,
)
_OF_CLASSES = (  # losses of probabilities that sum to 1
    losses.categorical_crossentropy,
    losses.sparse_categorical_crossentropy,
    losses.categorical_focal_crossentropy,
    losses.categorical_generalized_cross_entropy,
)
_OF_YES_OR_NO = (losses.binary_crossentropy, losses.binary_focal_crossentropy)
_PROBABILITIES = ("softmax", "sigmoid", "hard_sigmoid")
_KEEPS_VALUES = ("Reshape", "Flatten", "Dropout", "Identity", "Permute", "Cropping1D", "ZeroPadding1D")


def advise(model: Any, batch: Batch) -> None:
    """Warn, once after `compile`, of each mistake that would be trained in silence.

    Args:
        model: compiled, and built for the batch.
        batch: what it will be trained on: all rows, or the first batch.
    """
    learner = model._compiled_learner("fit")
    if learner.has_advised:
        return
    learner.has_advised = True
    for sentence in (*_of_weights(model), *_of_losses(model), *_of_accuracies(model, batch)):
        warn(sentence)


def _of_weights(model: Any) -> Iterator[str]:
    if model._learns_by_gradients and model.weights and not model.trainable_variables:
        yield (
            f"Model {model.name!r} has no trainable weights, so that fit changes nothing that it predicts: "
            "set layer.trainable = True where it shall learn."
        )


def _of_losses(model: Any) -> Iterator[str]:
    """Losses of probabilities on logits, and the other way round."""
    tensors = getattr(model, "outputs", None)
    if not tensors or model._compiled_loss is None:
        return
    for tensor, loss in zip(tensors, model._compiled_loss.losses):
        function, activation = getattr(loss, "fn", None), _activation_of(tensor)
        if activation is None or function is None or function not in (*_OF_CLASSES, *_OF_YES_OR_NO):
            continue
        name, wanted = function.__name__, "sigmoid" if function in _OF_YES_OR_NO else "softmax"
        if loss.options.get("from_logits"):
            if activation in _PROBABILITIES:
                yield (
                    f"{name} with from_logits=True takes logits, and the last layer gives probabilities "
                    f"({activation}): use from_logits=False, or no activation in the last layer."
                )
        elif activation not in _PROBABILITIES:
            yield (
                f"{name} takes probabilities, and the last layer gives values of any size "
                f"(activation={activation!r}): use activation={wanted!r} in the last layer, or "
                "from_logits=True in the loss."
            )


def _activation_of(tensor: Any) -> str | None:
    """The name of the function that a symbolic output went through last, None where it is not known."""
    operation = tensor.node.operation
    inner = getattr(operation, "outputs", None)
    if inner:  # a model within the model
        return _activation_of(inner[tensor.index])
    if not (isinstance(operation, Layer) and is_built_in(operation)):
        return None
    if type(operation).__name__ == "Softmax":
        return "softmax"
    if type(operation).__name__ in _KEEPS_VALUES:
        return _activation_of(tensor.node.inputs[0])
    if not hasattr(operation, "activation"):
        return None
    activation = getattr(operation, "activation", None)
    return "linear" if activation is None else getattr(activation, "__name__", None)


def _of_accuracies(model: Any, batch: Batch) -> Iterator[str]:
    """Accuracies of quantities."""
    if model._compiled_metrics is None or model._compiled_loss is None:
        return
    given = model._compiled_loss.losses
    targets = model._compiled_loss.targets(batch.y)
    for index, metric, _ in model._compiled_metrics.entries:
        is_error = getattr(given[index], "fn", None) in _ERRORS
        if not isinstance(metric, _ACCURACIES) or not is_error or targets[index] is None:
            continue
        values = np.asarray(targets[index])
        if not ((values == 0) | (values == 1)).all():
            yield (
                f"The metric {metric.name!r} counts hits among classes, and the targets of "
                f"{given[index].name} are quantities: use metrics=['mae'] instead."
            )
