"""`tf.contrib.learn`'s metrics, monitors and experiments: training with measuring in between."""

import inspect
from collections import namedtuple
from collections.abc import Callable
from typing import Any

from neurona.legacy.spellings import tell
from neurona.legacy.tensorflow import arrays
from neurona.legacy.tensorflow.v1 import logs

ModelFnOps = namedtuple(
    "ModelFnOps",
    ("mode", "predictions", "loss", "train_op", "eval_metric_ops", "output_alternatives"),
    defaults=(None,) * 5,
)


class PredictionKey:
    """The names of what classifiers predict."""

    CLASSES, PROBABILITIES, LOGITS = "classes", "probabilities", "logits"
    LOGISTIC, SCORES, GENERIC = "logistic", "scores", "output"


class MetricSpec:
    """A metric of an evaluation.

    Args:
        metric_fn: of `tf.metrics` or `tf.contrib.metrics`.
        prediction_key, label_key, weight_key: which of several predictions, labels and features it takes.
    """

    def __init__(
        self, metric_fn: Any, prediction_key: Any = None, label_key: Any = None, weight_key: Any = None
    ) -> None:
        self.metric_fn, self.prediction_key = metric_fn, prediction_key
        self.label_key, self.weight_key = label_key, weight_key

    def create_metric_ops(self, inputs: Any, labels: Any, predictions: Any) -> Any:
        """The metric of tensors."""
        given = {"labels": _chosen(labels, self.label_key)}
        given["predictions"] = _chosen(predictions, self.prediction_key)
        if self.weight_key is not None:
            given["weights"] = inputs[self.weight_key]
        names = inspect.signature(self.metric_fn).parameters
        if {"labels", "predictions"} <= set(names) or any(
            one.kind is one.VAR_KEYWORD for one in names.values()
        ):
            return self.metric_fn(**given)
        return self.metric_fn(given.pop("predictions"), *given.values())


def _chosen(values: Any, key: Any) -> Any:
    if not isinstance(values, dict):
        return values
    if key is None and len(values) == 1:
        return next(iter(values.values()))
    if "class_ids" in values and key in (None, PredictionKey.CLASSES):
        return arrays.squeeze(values["class_ids"], [-1])
    return values[key]


def metric_ops(metrics: dict[Any, Any], inputs: Any, labels: Any, predictions: Any) -> dict[str, Any]:
    """The metrics of an evaluation, by their names; a name may come with the key of a prediction."""
    found = {}
    for key, given in metrics.items():
        name, prediction = key if isinstance(key, tuple) else (key, None)
        spec = given if hasattr(given, "create_metric_ops") else MetricSpec(given, prediction)
        found[name] = spec.create_metric_ops(inputs, labels, predictions)
    return found


class ValidationMonitor:
    """Measures a model while it is trained, and may stop the training.

    Args:
        x, y, input_fn, batch_size, eval_steps, metrics: as of `evaluate`.
        every_n_steps: how often.
        early_stopping_rounds: after how many steps without a better figure training ends.
        early_stopping_metric, early_stopping_metric_minimize: which figure, and whether smaller is better.
    """

    def __init__(
        self,
        x: Any = None,
        y: Any = None,
        input_fn: Any = None,
        batch_size: int | None = None,
        eval_steps: int | None = None,
        every_n_steps: int = 100,
        metrics: Any = None,
        hooks: Any = None,
        early_stopping_rounds: int | None = None,
        early_stopping_metric: str = "loss",
        early_stopping_metric_minimize: bool = True,
        name: str | None = None,
        **_: Any,
    ) -> None:
        self._given = {"x": x, "y": y, "input_fn": input_fn, "batch_size": batch_size, "steps": eval_steps}
        self._metrics, self.every_n_steps = metrics, int(every_n_steps)
        self._rounds, self._figure = early_stopping_rounds, early_stopping_metric
        self._sign = 1 if early_stopping_metric_minimize else -1
        self.best_step: int | None = None
        self.best_value: Any = None
        self.early_stopped = False

    def measure(self, estimator: Any) -> bool:
        """Measure; whether training should end."""
        figures = estimator.evaluate(**self._given, metrics=self._metrics)
        step, value = int(figures["global_step"]), figures[self._figure]
        logs.info("Validation (step %d): %s", step, ", ".join(f"{k} = {v}" for k, v in figures.items()))
        if self.best_value is None or self._sign * value < self._sign * self.best_value:
            self.best_value, self.best_step = value, step
        waited = step - (self.best_step or 0)
        self.early_stopped = self._rounds is not None and waited >= self._rounds
        return self.early_stopped


def train(estimator: Any, input_fn: Any, monitors: Any, steps: int | None, max_steps: int | None) -> None:
    """Train, with the measures of monitors in between."""
    measuring = [one for one in monitors or () if isinstance(one, ValidationMonitor)]
    hooks = [one for one in monitors or () if one not in measuring]
    whole = steps or max_steps
    if not measuring or whole is None:
        if measuring:
            tell("ValidationMonitor measures only where fit is given steps=.")
        estimator.train(input_fn, hooks, steps, max_steps)
        return
    every, done = min(one.every_n_steps for one in measuring), 0
    while done < whole:
        count = min(every, whole - done)
        estimator.train(input_fn, hooks, count)
        done += count
        found = [one.measure(estimator) for one in measuring]  # all of them, whichever says stop
        if True in found:
            return


class Experiment:
    """A model with its data.

    Args:
        estimator: of `tf.estimator` or of `tf.contrib.learn`.
        train_input_fn, eval_input_fn, train_steps, eval_steps: what it is trained and measured on.
        eval_metrics: more metrics, of an estimator of `tf.contrib.learn`.
    """

    def __init__(
        self,
        estimator: Any,
        train_input_fn: Any,
        eval_input_fn: Any,
        eval_metrics: Any = None,
        train_steps: int | None = None,
        eval_steps: int | None = 100,
        train_monitors: Any = None,
        **_: Any,
    ) -> None:
        self.estimator, self._metrics = estimator, eval_metrics
        self._inputs = train_input_fn, eval_input_fn
        self._steps, self._hooks = (train_steps, eval_steps), train_monitors

    def train(self, delay_secs: Any = None) -> Any:
        """Train."""
        return self.estimator.train(self._inputs[0], self._hooks, max_steps=self._steps[0])

    def evaluate(self, delay_secs: Any = None) -> dict[str, Any]:
        """Measure."""
        more = {"metrics": self._metrics} if self._metrics else {}
        return self.estimator.evaluate(input_fn=self._inputs[1], steps=self._steps[1], **more)

    def train_and_evaluate(self) -> tuple[dict[str, Any], Any]:
        """Train, then measure."""
        self.train()
        return self.evaluate(), None

    local_run = train_and_evaluate


def run(
    experiment_fn: Callable[..., Any],
    output_dir: Any = None,
    schedule: str | None = None,
    run_config: Any = None,
    hparams: Any = None,
) -> Any:
    """Make an experiment and run it: `learn_runner.run`."""
    given = (output_dir,) if run_config is None else (run_config, hparams)
    return getattr(experiment_fn(*given), schedule or "train_and_evaluate")()
