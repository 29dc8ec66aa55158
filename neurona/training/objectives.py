"""What `compile` was given, matched to the model's outputs: one loss, weight and list of metrics per
output.
"""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any

import jax
import jax.numpy as jnp

from neurona import losses as losses_module
from neurona import metrics as metrics_module
from neurona.core.calling import reads_explained
from neurona.core.errors import ArgumentError, DataError, suggestion
from neurona.core.registry import is_built_in
from neurona.core.scope import current_scope
from neurona.metrics import Mean, Metric


class Outputs:
    """The names and shapes of a model's outputs, in order.

    Args:
        predictions: what the model returns for a batch: an array, a list or a dictionary of them (or of their
            shapes).
        names: the model's own names for its outputs, where it has any.
    """

    def __init__(self, predictions: Any, names: list[str] | None = None) -> None:
        self.single = not isinstance(predictions, (list, tuple, Mapping))
        if isinstance(predictions, Mapping):
            self.names = list(predictions)
        else:
            count = 1 if self.single else len(predictions)
            self.names = (
                _unique(names)  # a layer may give several
                if names and len(names) == count
                else [f"output_{index}" for index in range(count)]
            )

    def __len__(self) -> int:
        return len(self.names)

    def spread(self, value: Any, what: str, *, share: bool = False) -> list[Any]:
        """One entry per output from an array, a list in order, or a dictionary by name.

        Args:
            value: what was given.
            what: how to call it in an error.
            share: whether a single value stands for all outputs; otherwise it is the first's.

        Raises:
            DataError: the number or the names differ from the outputs'.
        """
        if value is None:
            return [None] * len(self)
        if isinstance(value, Mapping):
            for name in value:
                if name not in self.names:
                    raise DataError(
                        f"{what} names an output {name!r} that the model does not "
                        f"have.{suggestion(name, self.names)} "
                        f"Its outputs: {', '.join(self.names)}."
                    )
            return [value.get(name) for name in self.names]
        if isinstance(value, (list, tuple)):
            if len(value) == len(self):
                return list(value)
            if len(value) == 1 and share:
                return list(value) * len(self)
            raise DataError(
                f"The model has {len(self)} outputs ({', '.join(self.names)}). {what} has {len(value)} "
                "entries."
            )
        if len(self) == 1 or share:
            return [value] * len(self)
        raise DataError(
            f"The model has {len(self)} outputs ({', '.join(self.names)}): {what} needs an entry for each, "
            "as a list or a dict."
        )

    def leaves(self, predictions: Any) -> list[Any]:
        """The predictions as a list, in the order of the names."""
        if isinstance(predictions, Mapping):
            return [predictions[name] for name in self.names]
        return [predictions] if self.single else list(predictions)


class OutputLosses:
    """The weighted sum of each output's loss.

    Args:
        loss: a name, function or object for all outputs, or a list or dictionary of them; None entries have
            no loss.
        weights: a number per output, as a list or dictionary.
        outputs: the model's outputs.
    """

    def __init__(self, loss: Any, weights: Any, outputs: Outputs) -> None:
        self.outputs = outputs
        specified = [_only(one) for one in outputs.spread(_without_nesting(loss), "loss", share=True)]
        self.losses = [None if one is None else _as_loss(one) for one in specified]
        self.weights = outputs.spread(weights, "loss_weights", share=True)
        if all(one is None for one in self.losses):
            raise ArgumentError(
                "compile() was given no loss, so there is nothing to minimize: pass loss=..., such as "
                "loss='mse'."
            )
        count = sum(one is not None for one in self.losses)
        self.trackers = [
            Mean(name=f"{name}_loss")
            for name, one in zip(outputs.names, self.losses)
            if one is not None and count > 1 and not outputs.single
        ]

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any) -> Any:
        """The total loss. In a step, where the metrics are part of the state, the means of each output's loss
        see the batch.
        """
        predictions = self.outputs.leaves(y_pred)
        sample_weights = self.outputs.spread(sample_weight, "sample_weight", share=True)
        total, trackers = jnp.zeros((), jnp.float32), iter(self.trackers)
        for loss, weight, target, prediction, rows in zip(
            self.losses, self.weights, self.targets(y_true), predictions, sample_weights
        ):
            if loss is None:
                continue
            with reads_explained(f"Loss {loss.name!r} ({type(loss).__name__})", target, prediction):
                value = loss(target, prediction, rows)
            tracker = next(trackers, None)
            if tracker is not None and _is_in_scope(tracker):
                tracker.update_state(value, sample_weight=prediction.shape[0])
            total = total + (value if weight is None else value * weight)
        return total

    @staticmethod
    def check_names(loss: Any) -> None:
        """Raise `ArgumentError` for a misspelt name before any data is seen."""
        for one in jax.tree.leaves(loss, is_leaf=lambda leaf: not isinstance(leaf, (list, tuple, dict))):
            if isinstance(one, str):
                losses_module.get(one)

    def targets(self, y_true: Any) -> list[Any]:
        """The target of each output, in order; outputs without a loss may be left out."""
        wanted = [index for index, one in enumerate(self.losses) if one is not None]
        if isinstance(y_true, (list, tuple)) and len(y_true) == len(wanted) != len(self.outputs):
            placed: list[Any] = [None] * len(self.outputs)
            for index, target in zip(wanted, y_true):
                placed[index] = target
            return placed
        if not isinstance(y_true, (list, tuple, Mapping)) and len(wanted) == 1:
            return [y_true] * len(self.outputs)
        return self.outputs.spread(y_true, "y")

    def check(self, y_true: Any, predictions: Any) -> None:
        """Look at the labels, on the host, before anything is trained on them.

        Raises:
            DataError: they do not fit the loss or the output.
        """
        for name, loss, target, prediction in zip(
            self.outputs.names, self.losses, self.targets(y_true), self.outputs.leaves(predictions)
        ):
            if loss is None:
                continue
            if target is None:
                raise DataError(f"Output {name!r} has a loss but no targets: fit(x, y) needs y for it.")
            _refuse_axes_left_over(loss, target, tuple(prediction.shape))
            losses_module.check_targets(loss, target, tuple(prediction.shape))


_RANKS_LEFT_OUT = {  # axes that the targets of a loss of classes have less than the predictions
    losses_module.sparse_categorical_crossentropy: 1,
    losses_module.categorical_crossentropy: 0,
}


def _refuse_axes_left_over(loss: Any, target: Any, shape: tuple[int, ...]) -> None:
    """Raise DataError where each row has one class, and a prediction for each of many places."""
    left_out = _RANKS_LEFT_OUT.get(getattr(loss, "fn", None))
    target_shape = tuple(target.shape)
    if left_out is None or len(shape) < 3:
        return
    if left_out and target_shape[-1:] == (1,) and len(target_shape) > 1:
        target_shape = target_shape[:-1]
    if len(target_shape) < len(shape) - left_out:
        wanted = ("n", *shape[1:])
        raise DataError(
            f"The model gives predictions of shape {wanted}, and the targets have shape "
            f"{tuple(target.shape)}: one class for each row. Put a Flatten() layer (or "
            "GlobalAveragePooling, or return_sequences=False) before the last layer."
        )


def _is_in_scope(metric: Metric) -> bool:
    """Whether the open scope holds the metric's variables."""
    scope = current_scope()
    return scope is not None and scope.values is not None and metric.variables[0] in scope.values


def _without_nesting(loss: Any) -> Any:
    """Losses for the outputs in order, or by name: a list of dictionaries counts as one dictionary."""
    if isinstance(loss, (list, tuple)) and loss and all(isinstance(one, Mapping) for one in loss):
        return {name: one for part in loss for name, one in part.items()}
    return list(loss) if isinstance(loss, tuple) else loss


def _only(loss: Any) -> Any:
    """The loss of one output, which may stand in a list of its own."""
    while isinstance(loss, (list, tuple)) and len(loss) == 1:
        loss = loss[0]
    return loss


def _as_loss(loss: Any) -> Any:
    resolved = losses_module.get(loss)
    if isinstance(resolved, losses_module.Loss):
        return resolved
    return losses_module.LossFunctionWrapper(resolved, name=getattr(resolved, "__name__", "loss"))


class OutputMetrics:
    """The metrics of each output, named as Keras names them in logs.

    Args:
        metrics, weighted_metrics: a list for a single output; a list per output, in order or by name, for
            several.
        outputs: the model's outputs.
        targets, predictions: arrays or shapes of one batch, which decide what `"accuracy"` means.
    """

    def __init__(
        self,
        metrics: Any,
        weighted_metrics: Any,
        outputs: Outputs,
        targets: list[Any],
        predictions: list[Any],
    ) -> None:
        self.outputs = outputs
        self.entries: list[tuple[int, Metric, bool]] = []
        for given, weighted in ((metrics, False), (weighted_metrics, True)):
            for index, identifiers in enumerate(_per_output(given, outputs)):
                for identifier in identifiers:
                    shape, target = tuple(predictions[index].shape), targets[index]
                    target_shape = shape if target is None else tuple(target.shape)
                    metric = metrics_module.resolve_metric(identifier, target_shape, shape)
                    if target is not None:
                        _create_late_variables(metric, target, predictions[index])
                    self.entries.append((index, metric, weighted))
        self.names = self._log_names()

    @staticmethod
    def check_names(metrics: Any) -> None:
        """Raise `ArgumentError` for a misspelt name before any data is seen."""
        for one in jax.tree.leaves(metrics, is_leaf=lambda leaf: not isinstance(leaf, (list, tuple, dict))):
            if isinstance(one, str) and one not in ("accuracy", "acc", "crossentropy", "ce"):
                metrics_module.get(one)

    def _log_names(self) -> list[str]:
        """The names in logs. A weighted metric that is also asked for without weights is called
        `weighted_...`.
        """
        names: list[str] = []
        for index, metric, weighted in self.entries:
            alone = self.outputs.single or len(self.outputs) == 1
            prefix = "" if alone else f"{self.outputs.names[index]}_"
            name = f"{prefix}{metric.name}"
            names.append(f"{prefix}weighted_{metric.name}" if weighted and name in names else name)
        return _unique(names)

    @property
    def metrics(self) -> list[Metric]:
        """The metric objects, in order."""
        return [metric for _, metric, _ in self.entries]

    def update(self, targets: list[Any], predictions: list[Any], sample_weights: list[Any]) -> None:
        """Let each metric see a batch; only the weighted ones see the sample weights."""
        for index, metric, weighted in self.entries:
            if targets[index] is not None:
                with _reads_of(metric, targets[index], predictions[index]):
                    metric.update_state(
                        targets[index],
                        predictions[index],
                        sample_weight=sample_weights[index] if weighted else None,
                    )


def _reads_of(metric: Metric, target: Any, prediction: Any) -> AbstractContextManager[None]:
    return reads_explained(f"Metric {metric.name!r} ({type(metric).__name__})", target, prediction)


def _create_late_variables(metric: Metric, target: Any, prediction: Any) -> None:
    """Create the variables that a metric makes when it sees data: a step leaves as many as it meets."""
    if is_built_in(metric) and getattr(metric, "_built", True):
        return
    dtype = jax.dtypes.canonicalize_dtype(target.dtype)
    with _reads_of(metric, target, prediction):
        metric._create_variables(jax.ShapeDtypeStruct(tuple(target.shape), dtype), prediction)


def _per_output(given: Any, outputs: Outputs) -> list[list[Any]]:
    def as_list(value: Any) -> list[Any]:
        return [] if value is None else list(value) if isinstance(value, (list, tuple)) else [value]

    if isinstance(given, Mapping):
        return [as_list(value) for value in outputs.spread(given, "metrics")]
    given = as_list(given)
    if not given:
        return [[] for _ in outputs.names]
    if len(outputs) == 1:
        nested = len(given) == 1 and isinstance(given[0], (list, tuple))
        return [as_list(given[0]) if nested else given]
    if len(given) == 1 and not isinstance(given[0], (list, tuple)):
        return [list(given) for _ in outputs.names]  # as in Keras 1 and 2
    if len(given) != len(outputs):
        raise ArgumentError(
            f"The model has {len(outputs)} outputs ({', '.join(outputs.names)}): metrics needs a list for "
            "each, or a dict by output name. "
            f"Received {len(given)} entries."
        )
    return [as_list(value) for value in given]


def _unique(names: list[str]) -> list[str]:
    seen: dict[str, int] = {}
    unique = []
    for name in names:
        count = seen.get(name, 0)
        seen[name] = count + 1
        unique.append(f"{name}_{count}" if count else name)
    return unique
