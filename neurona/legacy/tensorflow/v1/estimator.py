"""`tf.estimator`: models as functions that draw a graph for training, evaluation or prediction."""

import copy
import functools
import importlib
import os
import re
import tempfile
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np

from neurona.legacy.tensorflow.dtypes import float32
from neurona.legacy.tensorflow.errors import OutOfRangeError
from neurona.legacy.tensorflow.v1 import inputs as inputs
from neurona.legacy.tensorflow.v1 import train
from neurona.legacy.tensorflow.v1.data import make_initializable_iterator
from neurona.legacy.tensorflow.v1.graph import Graph
from neurona.legacy.tensorflow.v1.saver import (
    Saver,
    latest_checkpoint,
    list_variables,
    load_values,
    load_variable,
)
from neurona.legacy.tensorflow.v1.variables import global_variables, trainable_variables
from neurona.messages import translated
from neurona.tracebacks import warn

__all__ = ["inputs"]


class ModeKeys:
    """What a model is drawn for."""

    TRAIN, EVAL, PREDICT = "train", "eval", "infer"


class EstimatorSpec:
    """What a `model_fn` returns: tensors and operations of its graph.

    Args:
        mode: of `ModeKeys`.
        predictions: a tensor, or a dictionary of them.
        loss: the figure that `train_op` makes smaller.
        train_op: one step of training.
        eval_metric_ops: pairs of `tf.metrics`, by name.
        training_hooks, evaluation_hooks, prediction_hooks: called around the runs.
        export_outputs: what is told of the model when it is saved for others, by names.
        scaffold, training_chief_hooks: TensorFlow's; variables have their first values.
    """

    def __init__(
        self,
        mode: str,
        predictions: Any = None,
        loss: Any = None,
        train_op: Any = None,
        eval_metric_ops: Any = None,
        export_outputs: Any = None,
        training_chief_hooks: Any = None,
        training_hooks: Any = None,
        scaffold: Any = None,
        evaluation_hooks: Any = None,
        prediction_hooks: Any = None,
    ) -> None:
        needed = {ModeKeys.TRAIN: ("loss", "train_op"), ModeKeys.EVAL: ("loss",)}
        given = {"loss": loss, "train_op": train_op, "predictions": predictions}
        for name in needed.get(mode, ("predictions",)):
            if given[name] is None:
                raise ValueError(translated(f"EstimatorSpec: mode={mode!r} needs {name}=."))
        self.mode, self.predictions, self.loss, self.train_op = mode, predictions, loss, train_op
        self.eval_metric_ops, self.export_outputs = dict(eval_metric_ops or {}), export_outputs
        self.hooks = {
            ModeKeys.TRAIN: [*(training_hooks or ()), *(training_chief_hooks or ())],
            ModeKeys.EVAL: list(evaluation_hooks or ()),
            ModeKeys.PREDICT: list(prediction_hooks or ()),
        }[mode]


class RunConfig:
    """Settings of an estimator; those of several machines are not here."""

    def __init__(self, model_dir: Any = None, tf_random_seed: int | None = None, **options: Any) -> None:
        self.model_dir, self.tf_random_seed = model_dir, tf_random_seed
        self.save_checkpoints_steps = self.save_summary_steps = self.keep_checkpoint_max = None
        self.__dict__.update(options)

    def replace(self, **options: Any) -> "RunConfig":
        """The same settings with some others."""
        return RunConfig(**{**vars(self), **options})


class TrainSpec(SimpleNamespace):
    """What `train_and_evaluate` trains on."""

    def __init__(
        self, input_fn: Any, max_steps: int | None = None, hooks: Any = None, saving_listeners: Any = None
    ) -> None:
        super().__init__(input_fn=input_fn, max_steps=max_steps, hooks=hooks)


class EvalSpec(SimpleNamespace):
    """What `train_and_evaluate` measures."""

    def __init__(
        self,
        input_fn: Any,
        steps: int | None = 100,
        name: Any = None,
        hooks: Any = None,
        exporters: Any = None,
        start_delay_secs: float = 120,
        throttle_secs: float = 600,
    ) -> None:
        super().__init__(input_fn=input_fn, steps=steps, name=name, hooks=hooks, exporters=exporters)


class WarmStartSettings(NamedTuple):
    """Which values of another estimator come first.

    Attributes:
        ckpt_to_initialize_from: its folder, or a checkpoint.
        vars_to_warm_start: a regular expression of the names of trained variables, or a list of expressions
            of any, or of variables; None for none.
        var_name_to_vocab_info: refused: vocabularies are those of the columns.
        var_name_to_prev_var_name: names that were others there.
    """

    ckpt_to_initialize_from: str
    vars_to_warm_start: Any = ".*"
    var_name_to_vocab_info: Any = None
    var_name_to_prev_var_name: Any = None

    def apply(self, session: Any) -> None:
        """Give a session's variables their values.

        Raises:
            ValueError: the checkpoint has not a variable, or another shape of it.
        """
        path = latest_checkpoint(self.ckpt_to_initialize_from) or self.ckpt_to_initialize_from
        values = load_values(path)
        before = self.var_name_to_prev_var_name or {}
        for variable in self._chosen():
            name = variable.op.name
            value = values.get(before.get(name, name))
            if value is None or tuple(value.shape) != tuple(variable.shape):
                found = "none" if value is None else f"shape {value.shape}"
                raise ValueError(
                    translated(
                        f"WarmStartSettings: variable {name!r} has shape {tuple(variable.shape)}, and {path} "
                        f"has {found} of it. Choose others with vars_to_warm_start=."
                    )
                )
            variable.load(value, session)

    def _chosen(self) -> list[Any]:
        given = self.vars_to_warm_start
        if given is None:
            return []
        if isinstance(given, str):
            return [one for one in trainable_variables() if re.search(given, one.op.name)]
        texts = [one for one in given if isinstance(one, str)]
        named = [one for one in global_variables() if any(re.search(text, one.op.name) for text in texts)]
        return [*named, *(one for one in given if not isinstance(one, str))]


def _warm_start(given: Any) -> WarmStartSettings | None:
    """What is given as `warm_start_from`, as settings.

    Raises:
        ValueError: it asks for vocabularies to be matched.
    """
    if given is None:
        return None
    settings = given if isinstance(given, WarmStartSettings) else WarmStartSettings(os.fspath(given))
    if settings.var_name_to_vocab_info:
        raise ValueError(
            translated(
                "WarmStartSettings: var_name_to_vocab_info= is not here. Leave the variable out with "
                "vars_to_warm_start=, or keep its vocabulary."
            )
        )
    return settings


class Estimator:
    """A model whose values lie in a folder: each call draws a graph, reads them, and writes them.

    Args:
        model_fn: draws the model, of features, and of labels, mode, params and config where it takes them.
        model_dir: the folder; a new one by default.
        config: a `RunConfig`.
        params: given to `model_fn`.
        warm_start_from: the folder of another estimator, whose trained values come first, or
            `WarmStartSettings`.
    """

    def __init__(
        self,
        model_fn: Callable[..., Any],
        model_dir: Any = None,
        config: Any = None,
        params: Any = None,
        warm_start_from: Any = None,
    ) -> None:
        self.config = config or RunConfig()
        folder = model_dir or self.config.model_dir
        if folder is None:
            folder = tempfile.mkdtemp()
            warn(f"Using temporary folder as model directory: {folder}")
        self.model_dir, self.params = os.fspath(folder), copy.copy(params or {})
        self._model_fn, self._warm = model_fn, _warm_start(warm_start_from)
        os.makedirs(self.model_dir, exist_ok=True)

    @property
    def model_fn(self) -> Callable[..., Any]:
        """The function that draws the model."""
        return self._model_fn

    def _spec(self, features: Any, labels: Any, mode: str) -> EstimatorSpec:
        code = self._model_fn.__code__ if hasattr(self._model_fn, "__code__") else None
        known = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount] if code else ()
        given = {"labels": labels, "mode": mode, "params": self.params, "config": self.config}
        return self._model_fn(features, **{name: one for name, one in given.items() if name in known})

    def _session(self, spec: EstimatorSpec, hooks: Any, checkpoint: Any = None) -> Any:
        session = train.MonitoredSession(hooks=[*(hooks or ()), *spec.hooks])
        path = checkpoint or latest_checkpoint(self.model_dir)
        if path:
            Saver().restore(session._session, path)
        elif self._warm is not None:
            self._warm.apply(session._session)
        return session

    def train(
        self,
        input_fn: Callable[..., Any],
        hooks: Any = None,
        steps: int | None = None,
        max_steps: int | None = None,
        saving_listeners: Any = None,
    ) -> "Estimator":
        """Train for so many steps more, up to a step, or until the data end."""
        with Graph().as_default() as graph:
            graph.seed = self.config.tf_random_seed
            count = train.get_or_create_global_step()
            features, labels = _tensors(input_fn)
            spec = self._spec(features, labels, ModeKeys.TRAIN)
            with self._session(spec, hooks) as session:
                begin = int(session._session.run(count))
                last = begin + steps if steps else max_steps
                done = begin
                try:
                    while (last is None or done < last) and not session.should_stop():
                        session.run([spec.train_op, spec.loss])
                        done += 1
                except OutOfRangeError:
                    pass
                prefix = os.path.join(self.model_dir, "model.ckpt")
                Saver().save(session._session, prefix, int(session._session.run(count)))
        return self

    def evaluate(
        self,
        input_fn: Callable[..., Any],
        steps: int | None = None,
        hooks: Any = None,
        checkpoint_path: Any = None,
        name: str | None = None,
    ) -> dict[str, Any]:
        """The mean loss and the metrics on so many batches, or on all."""
        with Graph().as_default():
            count = train.get_or_create_global_step()
            features, labels = _tensors(input_fn)
            spec = self._spec(features, labels, ModeKeys.EVAL)
            updates = [pair[1] for pair in spec.eval_metric_ops.values()]
            values = {key: pair[0] for key, pair in spec.eval_metric_ops.items()}
            losses: list[Any] = []
            with self._session(spec, hooks, checkpoint_path) as session:
                try:
                    while steps is None or len(losses) < steps:
                        losses.append(session.run([spec.loss, updates])[0])
                except OutOfRangeError:
                    pass
                found = session._session.run({**values, "global_step": count})
        return {**found, "loss": np.float32(np.mean(losses))}

    def predict(
        self,
        input_fn: Callable[..., Any],
        predict_keys: Any = None,
        hooks: Any = None,
        checkpoint_path: Any = None,
        yield_single_examples: bool = True,
    ) -> Iterator[Any]:
        """The predictions, a row each."""
        with Graph().as_default():
            train.get_or_create_global_step()
            features, _ = _tensors(input_fn)
            spec = self._spec(features, None, ModeKeys.PREDICT)
            wanted = spec.predictions
            if predict_keys is not None:
                wanted = {key: one for key, one in wanted.items() if key in predict_keys}
            batches: list[Any] = []
            with self._session(spec, hooks, checkpoint_path) as session:
                try:
                    while True:
                        batches.append(session.run(wanted))
                        if not _has_end(features):
                            break
                except OutOfRangeError:
                    pass
        for batch in batches:
            if not yield_single_examples:
                yield batch
            elif isinstance(batch, dict):
                rows = min(len(one) for one in batch.values())
                yield from ({key: one[row] for key, one in batch.items()} for row in range(rows))
            else:
                yield from batch

    def get_variable_names(self) -> list[str]:
        """The names of the variables in the folder."""
        return [name for name, _ in list_variables(self.model_dir)]

    def get_variable_value(self, name: str) -> Any:
        """The value of a variable in the folder."""
        return load_variable(self.model_dir, name)

    def latest_checkpoint(self) -> str | None:
        """The values that were written last."""
        return latest_checkpoint(self.model_dir)

    def export_saved_model(
        self,
        export_dir_base: Any,
        serving_input_receiver_fn: Any,
        assets_extra: Any = None,
        as_text: bool = False,
        checkpoint_path: Any = None,
        **_: Any,
    ) -> bytes:
        """Write the values into a new folder; returns its path. This process can load it whole."""
        exporters: Any = importlib.import_module("neurona.legacy.tensorflow.v1.exporters")
        with Graph().as_default():
            train.get_or_create_global_step()
            receiver = serving_input_receiver_fn()
            spec = self._spec(receiver.features, None, ModeKeys.PREDICT)
            with self._session(spec, (), checkpoint_path) as session:
                return exporters.save(export_dir_base, session._session, receiver, spec)

    export_savedmodel = experimental_export_all_saved_models = export_saved_model


def _tensors(input_fn: Callable[..., Any]) -> tuple[Any, Any]:
    """The features and labels that an `input_fn` gives: tensors, or a data set of them."""
    given = input_fn()
    if hasattr(given, "_elements"):
        iterator: Any = make_initializable_iterator(given)
        iterator._is_ready = True
        given = iterator.get_next()
    return (given[0], given[1]) if isinstance(given, (tuple, list)) and len(given) == 2 else (given, None)


def _has_end(features: Any) -> bool:
    """Whether features come from data that end, rather than from constants."""
    parts = list(features.values()) if isinstance(features, dict) else [features]
    return any(one.op.type not in ("Const", "Cast", "Reshape") for one in parts)


def train_and_evaluate(estimator: Estimator, train_spec: Any, eval_spec: Any) -> tuple[dict[str, Any], Any]:
    """Train, then measure."""
    estimator.train(train_spec.input_fn, train_spec.hooks, max_steps=train_spec.max_steps)
    figures = estimator.evaluate(eval_spec.input_fn, eval_spec.steps, eval_spec.hooks)
    exporters = eval_spec.exporters or ()
    many = exporters if isinstance(exporters, (list, tuple)) else [exporters]
    paths = [one.export(estimator, os.path.join(estimator.model_dir, "export", one.name)) for one in many]
    return figures, paths or None


def __getattr__(name: str) -> Any:
    if name.endswith(("Classifier", "Regressor")) and name.startswith(("Baseline", "DNN", "Linear")):
        return getattr(importlib.import_module("neurona.legacy.tensorflow.v1.canned"), name)
    if name in ("BoostedTreesClassifier", "BoostedTreesRegressor"):
        return getattr(importlib.import_module("neurona.legacy.tensorflow.v1.boosted_trees"), name)
    if name == "export":
        return importlib.import_module("neurona.legacy.tensorflow.v1.exporters")
    if name in ("BestExporter", "FinalExporter", "LatestExporter"):
        return getattr(__getattr__("export"), name)
    if name in ("classifier_parse_example_spec", "regressor_parse_example_spec"):
        columns: Any = importlib.import_module("neurona.legacy.tensorflow.feature_column")
        numbers = functools.partial(columns.with_label, label_dtype=float32)
        return numbers if name.startswith("regressor") else columns.with_label
    if name == "model_to_estimator":
        return importlib.import_module("neurona.legacy.tensorflow.v1.of_keras").model_to_estimator
    if name.startswith("__"):
        raise AttributeError(name)
    raise AttributeError(
        translated(
            f"tf.estimator.{name} is not in Neurona. Build the model with tf.keras and call fit, or draw it "
            "in the model_fn of tf.estimator.Estimator."
        ),
        name=name,
    )
