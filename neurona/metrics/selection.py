"""Which metric a name, a config, a function or a log entry means."""

import inspect
import re
from collections.abc import Mapping, Sequence
from typing import Any

from neurona.core import registry
from neurona.core.errors import ArgumentError
from neurona.core.registry import built_in, custom_object_scope, lookup, snake_case
from neurona.metrics.accuracies import BinaryAccuracy, CategoricalAccuracy, SparseCategoricalAccuracy
from neurona.metrics.metric import Metric
from neurona.metrics.probabilistic import (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    SparseCategoricalCrossentropy,
)
from neurona.metrics.reduction import MeanMetricWrapper

__all__ = [
    "deserialize",
    "direction_of",
    "get",
    "resolve_metric",
    "serialize",
]

_BY_SHAPE = {
    "accuracy": (BinaryAccuracy, SparseCategoricalAccuracy, CategoricalAccuracy),
    "crossentropy": (BinaryCrossentropy, SparseCategoricalCrossentropy, CategoricalCrossentropy),
}
_BY_SHAPE |= {"acc": _BY_SHAPE["accuracy"], "ce": _BY_SHAPE["crossentropy"]}
_BETTER: dict[str | None, str] = {"up": "max", "down": "min"}
_DIRECTIONS = {
    **dict.fromkeys(("acc", "f1", "r2", "score"), "max"),
    **dict.fromkeys(
        (
            "loss",
            "error",
            "mse",
            "rmse",
            "mae",
            "mape",
            "msle",
            "bce",
            "ce",
            "crossentropy",
            "kld",
            "logcosh",
        ),
        "min",
    ),
}


def get(identifier: Any) -> Any:
    """The metric that a name, a config, a class or an object means; None stays None.

    A name that both a function and a class have, such as `"categorical_accuracy"`, means the class.

    Raises:
        ArgumentError: there is no such metric; the message offers the nearest.

    Example:

        >>> get("mae")
        <MeanAbsoluteError name=mean_absolute_error>
        >>> get("sparse_categorical_acuracy")
        Traceback (most recent call last):
        neurona.core.errors.ArgumentError: neurona.metrics has no 'sparse_categorical_acuracy'.
            Did you mean 'sparse_categorical_accuracy' or ...
    """
    if isinstance(identifier, str):
        identifier = lookup("metrics", identifier)
        name = getattr(identifier, "__name__", "")
        if built_in("metrics").get(name) is identifier:
            identifier = _classes().get(name, identifier)
    return registry.resolve("metrics", identifier)


def _classes() -> dict[str, type[Metric]]:
    return {
        snake_case(name): cls
        for name, cls in built_in("metrics").items()
        if inspect.isclass(cls) and issubclass(cls, Metric)
    }


def serialize(metric: Any) -> Any:
    """A metric as a dictionary that JSON can hold; a function as its name.

    Example:

        >>> serialize(get("mae"))["config"]
        {'name': 'mean_absolute_error', 'dtype': 'float32'}
    """
    return registry.serialize(metric)


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """The metric or function that `serialize` described.

    Args:
        config: the description.
        custom_objects: custom classes and functions, by name.

    Example:

        >>> deserialize({"class_name": "MeanIoU", "config": {"num_classes": 3}}).num_classes
        3
    """
    with custom_object_scope(custom_objects or {}):
        return (
            lookup("metrics", config)
            if isinstance(config, str)
            else registry.deserialize(config, kind="metrics")
        )


def resolve_metric(
    identifier: Any, y_true_shape: Sequence[int | None], y_pred_shape: Sequence[int | None]
) -> Metric:
    """The metric that an entry of `compile(metrics=[...])` means for labels and predictions of these shapes.

    `"accuracy"` and `"acc"` (and `"crossentropy"` and `"ce"`) are binary where predictions have a last
    dimension of 1; sparse where labels have one dimension less, or a last one of 1; else categorical. A
    metric asked for by name is logged under that name. A function `fn(y_true, y_pred)` is averaged over all
    samples and logged under its own name.

    Args:
        identifier: a name, a config, a class, an object or a function.
        y_true_shape, y_pred_shape: with the batch dimension.

    Raises:
        ArgumentError: there is no such metric.

    Example:

        >>> resolve_metric("acc", (32,), (32, 10))
        <SparseCategoricalAccuracy name=acc>
        >>> resolve_metric("accuracy", (32, 1), (32, 1))
        <BinaryAccuracy name=accuracy>
    """
    if identifier is None:
        raise ArgumentError("A metric is a name, a function or a metric object. Received: None")
    choices = _BY_SHAPE.get(identifier.lower()) if isinstance(identifier, str) else None
    metric = (
        get(identifier) if choices is None else _choose(choices, tuple(y_true_shape), tuple(y_pred_shape))()
    )
    if not isinstance(metric, Metric):
        metric = MeanMetricWrapper(metric, name=_name(metric))
    if isinstance(identifier, str):
        metric.name = identifier
    return metric


def _choose(
    choices: tuple[type[Metric], ...], y_true: tuple[int | None, ...], y_pred: tuple[int | None, ...]
) -> type[Metric]:
    binary, sparse, categorical = choices
    if len(y_pred) < 2 or y_pred[-1] == 1:
        return binary
    if len(y_true) < len(y_pred) or y_true[-1] == 1:
        return sparse
    return categorical


def _name(function: Any) -> str:
    return getattr(function, "name", None) or snake_case(
        getattr(function, "__name__", type(function).__name__)
    )


def direction_of(name: str, metric: Metric | None = None) -> str | None:
    """Which values of a log entry are better: `"min"`, `"max"`, or None where that is not known.

    Args:
        name: as logged: `"val_loss"`, `"accuracy"`, `"out_1_auc"`.
        metric: the metric that is logged there; its `_direction` comes first.

    Example:

        >>> [direction_of(name) for name in ("val_loss", "val_accuracy", "out_mae", "auc_1", "lr")]
        ['min', 'max', 'min', 'max', None]
    """
    if metric is not None and metric._direction is not None:
        return _BETTER[metric._direction]
    known: dict[str, str | None] = dict(_DIRECTIONS)
    for name_of_class, cls in _classes().items():
        known[name_of_class] = known[cls.__name__.lower()] = _BETTER.get(cls._direction)
    words = re.sub(r"_\d+$", "", name.lower().removeprefix("val_")).split("_")
    return next(
        (known[end] for end in ("_".join(words[start:]) for start in range(len(words))) if known.get(end)),
        None,
    )
