"""Methods that models had in Keras 1 and 2."""

import functools
import importlib
import inspect
import itertools
import math
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import jax
import jax.core
import jax.numpy as jnp
import numpy as np
from jax._src.array import ArrayImpl

from neurona.callbacks import ModelCheckpoint
from neurona.core import symbolic
from neurona.core.annotations import MASK
from neurona.core.errors import ArgumentError, SavingError
from neurona.core.symbolic import is_symbolic
from neurona.core.variable import Variable
from neurona.layers import Layer
from neurona.legacy.first_values import taking_functions
from neurona.legacy.keras.backend.control import Step
from neurona.legacy.keras.backend.mathematics import int_shape
from neurona.legacy.keras.backend.program import gradients
from neurona.legacy.spellings import tell
from neurona.legacy.tensorflow.tensor_shape import TensorShape
from neurona.metrics import Mean, Metric
from neurona.models import Model
from neurona.saving.bundles import index_of

# The positional arguments of Keras 2 after the generator; those of Keras 1 had others in the same places.
_FIT = (
    ("steps_per_epoch", "samples_per_epoch"),
    ("epochs", "nb_epoch"),
    ("verbose",),
    ("callbacks",),
    ("validation_data",),
    ("validation_steps", "nb_val_samples"),
    ("class_weight",),
)
_OF_WORKERS = {"workers", "nb_worker", "use_multiprocessing", "pickle_safe", "max_queue_size", "max_q_size"}


def _batches(generator: Any, samples: int | None) -> tuple[Any, int | None]:
    """A source of batches, and how many of them hold so many samples, as Keras 1 counted."""
    if samples is None:
        return generator, None
    size = getattr(generator, "batch_size", None)
    if not size:
        first = next(generator)
        size = len(np.atleast_1d(first[0][0] if isinstance(first[0], (list, tuple)) else first[0]))
        generator = itertools.chain([first], generator)
    return generator, math.ceil(samples / int(size))


def _source(generator: Any, steps: Any = None) -> Any:
    """What is iterated once and for ever is an iterator; what knows its length needs no steps."""
    endless = steps is not None or not hasattr(generator, "__len__")
    return iter(generator) if endless and isinstance(generator, Iterator) else generator


def _without_workers(method: str, today: str, options: dict[str, Any]) -> dict[str, Any]:
    tell(f"{method}() is an older method. Today {today}() takes generators.")
    return {name: value for name, value in options.items() if name not in _OF_WORKERS}


def fit_generator(model: Any, generator: Any, *args: Any, **options: Any) -> Any:
    """Train on batches of a generator, with the arguments of Keras 1 or 2."""
    options = _without_workers("fit_generator", "fit", options)
    of_keras_1 = {"samples_per_epoch", "nb_epoch", "nb_val_samples"} & options.keys()
    options |= {names[-1 if of_keras_1 else 0]: value for names, value in zip(_FIT, args)}
    source, steps = _batches(generator, options.pop("samples_per_epoch", None))
    validation = options.pop("validation_data", None)
    if not isinstance(validation, (tuple, list, type(None))):
        validation, count = _batches(validation, options.pop("nb_val_samples", None))
        options |= {"validation_steps": count} if count else {}
    options.pop("nb_val_samples", None)
    if "nb_epoch" in options:
        options["epochs"] = options.pop("nb_epoch")
    if steps:
        options["steps_per_epoch"] = steps
    validation = _named_inputs(model, _source(validation, options.get("validation_steps")))
    source = _named_inputs(model, _source(source, options.get("steps_per_epoch")))
    return model.fit(source, validation_data=validation, **options)


def _named_inputs(model: Any, source: Any) -> Any:
    """Batches without what stands under other names than the model's inputs, which it does not read."""
    names = None if model.inputs is None else model._input_names
    if not isinstance(source, Iterator) or hasattr(source, "__len__") or not names:
        return source

    def kept(batch: Any) -> Any:
        if not isinstance(batch, (tuple, list)) or not isinstance(batch[0], dict):
            return batch
        inputs = {name: value for name, value in batch[0].items() if name in names}
        return (inputs or batch[0], *batch[1:])

    return map(kept, source)


def _run(model: Any, method: str, generator: Any, args: tuple, options: dict[str, Any]) -> Any:
    options = _without_workers(f"{method}_generator", method, options)
    samples = options.pop("val_samples", None)
    steps = options.pop("steps", args[0] if args and samples is None else None)
    source, count = _batches(generator, samples)
    options.setdefault("verbose", 0)
    return getattr(model, method)(_source(source, steps or count), steps=steps or count, **options)


def evaluate_generator(model: Any, generator: Any, *args: Any, **options: Any) -> Any:
    """The loss and the metrics on batches of a generator."""
    return _run(model, "evaluate", generator, args, options)


def predict_generator(model: Any, generator: Any, *args: Any, **options: Any) -> Any:
    """The outputs for batches of a generator."""
    return _run(model, "predict", generator, args, options)


def predict_proba(model: Any, x: Any, batch_size: int | None = 32, verbose: int = 0) -> Any:
    """The outputs, which are probabilities if the last activation makes them so."""
    tell("predict_proba() is an older method. Today: predict().")
    return model.predict(x, batch_size=batch_size, verbose=verbose)


def predict_classes(model: Any, x: Any, batch_size: int | None = 32, verbose: int = 0) -> Any:
    """The numbers of the likeliest classes; of one output, whether it is above 0.5."""
    tell("predict_classes() is an older method. Today: predict(x).argmax(axis=-1), or predict(x) > 0.5.")
    scores = np.asarray(model.predict(x, batch_size=batch_size, verbose=verbose))
    return scores.argmax(axis=-1) if scores.shape[-1] > 1 else (scores > 0.5).astype("int32")


def reset_states(model: Any) -> None:
    """Begin recurrent layers' states afresh."""
    for layer in model._flatten_layers():
        if layer is not model and callable(getattr(layer, "reset_state", None)):
            layer.reset_state()


def _shapes(tensors: Any) -> Any:
    if isinstance(tensors, (list, tuple)) and len(tensors) == 1:
        return tensors[0].shape
    return [one.shape for one in tensors] if isinstance(tensors, (list, tuple)) else tensors.shape


def input_shape(layer: Any) -> Any:
    """The shape of a layer's first input, None where unknown."""
    return _shapes(layer.input)


def output_shape(layer: Any) -> Any:
    """The shape of a layer's first output, None where unknown."""
    return _shapes(layer.output)


def get_input_at(layer: Any, node_index: int) -> Any:
    """The symbolic input of one of a layer's calls."""
    node = layer._nodes[node_index]
    return node.args[0] if len(node.args) == 1 else node.inputs


def get_output_at(layer: Any, node_index: int) -> Any:
    """The symbolic output of one of a layer's calls."""
    return layer._nodes[node_index].outputs


def get_input_shape_at(layer: Any, node_index: int) -> Any:
    """The shape of the input of one of a layer's calls."""
    return _shapes(get_input_at(layer, node_index))


def get_output_shape_at(layer: Any, node_index: int) -> Any:
    """The shape of the output of one of a layer's calls."""
    return _shapes(get_output_at(layer, node_index))


def updates(layer: Any) -> list[Any]:
    """The steps that moved a layer's averages in Keras 2: a call in training does it by itself."""
    return []


def input_names(model: Any) -> list[str]:
    """The names of a model's inputs."""
    return list(model._input_names)


def get_gradients(optimizer: Any, loss: Any, params: Any) -> list[Any]:
    """The derivatives of a symbolic loss with respect to variables."""
    return gradients(loss, params)


def get_updates(optimizer: Any, *args: Any, **kwargs: Any) -> list[Any]:
    """A step of the optimizer, for the `updates` of K.function: get_updates(loss, params), or with Keras 1's
    arguments get_updates(params, constraints, loss).
    """
    of_keras_1 = bool(args) and isinstance(args[0], (list, tuple))
    given = dict(zip(("params", "constraints", "loss") if of_keras_1 else ("loss", "params"), args)) | kwargs
    variables = list(given["params"])
    return [Step(optimizer, gradients(given["loss"], variables), variables)]


class LoggedValue(Layer):
    """Shows the mean of a tensor of a model in the logs, and adds nothing to the loss."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.mean = Mean(name=name)

    def call(self, inputs: Any) -> Any:
        self.mean.update_state(inputs)
        return jnp.zeros(())


def add_metric(layer: Any, value: Any, name: str | None = None, aggregation: str | None = None) -> None:
    """Show the mean of a value in the logs: in a layer's `call`, or of a tensor of a functional model."""
    tell("add_metric() is an older method. Today: keep a keras.metrics.Mean, and update it in call().")
    if name is None and any(isinstance(one, Metric) for one in vars(layer).values()):
        return  # the result of a metric that the layer keeps, which logs show anyway
    if name is None:
        raise ArgumentError("add_metric() needs a name for the logs: add_metric(value, name=...).")
    if is_symbolic(value):
        layer.add_loss(LoggedValue(name)(value))
        return
    if f"_mean_{name}" not in vars(layer):
        with jax.ensure_compile_time_eval():
            setattr(layer, f"_mean_{name}", Mean(name=name))
    getattr(layer, f"_mean_{name}").update_state(value)


class LoadStatus:
    """What `load_weights` of a checkpoint returned in tf.keras 2. Here all weights were read, or none."""

    def expect_partial(self) -> "LoadStatus":
        """Itself."""
        return self

    assert_consumed = assert_existing_objects_matched = assert_nontrivial_match = expect_partial


def _with_status(load_weights: Callable[..., None]) -> Callable[..., Any]:
    """`load_weights` that returns a status, and reads checkpoints of TensorFlow before a model is built."""

    @functools.wraps(load_weights)
    def wrapper(self: Any, filepath: Any, *args: Any, **kwargs: Any) -> Any:
        if not self.built and index_of(filepath).is_file():  # its weights are read when they are made
            checkpoints: Any = importlib.import_module("neurona.legacy.tensorflow.checkpoint")
            return checkpoints.Checkpoint(root=self).read(filepath)
        load_weights(self, filepath, *args, **kwargs)
        return LoadStatus()

    return wrapper


def _with_period(init: Callable[..., None]) -> Callable[..., None]:
    """`ModelCheckpoint.__init__` with Keras 2's `period`: how many epochs lie between two looks."""

    @functools.wraps(init)
    def wrapper(self: Any, *args: Any, period: int = 1, **kwargs: Any) -> None:
        init(self, *args, **kwargs)
        self._period, self._epochs_since = int(period), 0

    own = inspect.signature(init)
    added = inspect.Parameter("period", inspect.Parameter.KEYWORD_ONLY, default=1)
    wrapper.__signature__ = own.replace(parameters=[*own.parameters.values(), added])  # pyright: ignore
    return wrapper


def _each_period(on_epoch_end: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(on_epoch_end)
    def wrapper(self: Any, epoch: int, logs: Any = None) -> None:
        self._epochs_since = getattr(self, "_epochs_since", 0) + 1
        if self._epochs_since >= getattr(self, "_period", 1):  # one that was made before has none
            self._epochs_since = 0
            on_epoch_end(self, epoch, logs)

    return wrapper


_SHAPE = re.compile(r"\((\d+(?:, \d+)+)\)")


def _beside_other_sizes(trace_shapes: Callable[..., Any]) -> Callable[..., Any]:
    """Inference of shapes that gives an unknown batch the size of what it meets, as TensorFlow does: random
    numbers of the shape (32, 1, 1, 1), say.
    """

    @functools.wraps(trace_shapes)
    def wrapper(
        function: Any, tensors: Any, arrays: Sequence[Any] = (), constants: Iterable[int] = ()
    ) -> Any:
        constants = list(constants)
        try:
            return trace_shapes(function, tensors, arrays, constants)
        except (TypeError, ValueError) as error:
            met = [tuple(map(int, found.split(", "))) for found in _SHAPE.findall(str(error))]
            if not met:
                raise
            try:
                return trace_shapes(function, tensors, [*arrays, *met], constants)
            except (TypeError, ValueError):
                raise error from None

    return wrapper


_COUNTS = ("steps_per_epoch", "validation_steps", "steps")


def _with_whole_steps(method: Callable[..., Any]) -> Callable[..., Any]:
    """`fit` and its kin with a number of steps that a division gave: 2.5 steps were 3 in Keras 1 and 2."""

    @functools.wraps(method)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        for name in _COUNTS:
            if isinstance(kwargs.get(name), (float, np.floating)):
                kwargs[name] = math.ceil(kwargs[name])
        return method(*args, **kwargs)

    return wrapper


def _with_optimizers_of_graphs(compile: Callable[..., None]) -> Callable[..., None]:
    """`compile` that takes the optimizers of TensorFlow 1, `tf.train.AdamOptimizer()`, too."""

    @functools.wraps(compile)
    def wrapper(self: Any, optimizer: Any = "rmsprop", *args: Any, **kwargs: Any) -> None:
        todays = getattr(optimizer, "todays", None)
        compile(self, optimizer if todays is None else todays(), *args, **kwargs)

    return wrapper


def _or_as_called(compute_output_spec: Callable[..., Any]) -> Callable[..., Any]:
    """A layer's symbolic output: as its `call` makes it, where its own `compute_output_shape` fails because
    it reads what only `call` keeps. In Keras 2 the call came first.
    """

    @functools.wraps(compute_output_spec)
    def wrapper(self: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return compute_output_spec(self, *args, **kwargs)
        except Exception as error:
            own = type(self).compute_output_shape
            if own is Layer.compute_output_shape or own.__module__.startswith("neurona."):
                raise
            try:
                return self._traced_spec(args, kwargs)
            except Exception:
                raise error from None

    return wrapper


def _noticing_configs(hook: Callable[..., None]) -> Callable[..., None]:
    """`__init_subclass__` for layers of programs whose config is `dict(units=..., **super().get_config())`:
    the base tells what its own constructor takes, and no argument twice.
    """

    def init_subclass(cls: Any, **kwargs: Any) -> None:
        hook(cls, **kwargs)
        if "get_config" in vars(cls) and not cls.__module__.startswith("neurona."):
            type.__setattr__(cls, "get_config", _once_each(vars(cls)["get_config"], cls))

    return init_subclass


def _once_each(get_config: Callable[..., Any], cls: type) -> Callable[..., Any]:
    @functools.wraps(get_config)
    def wrapper(self: Any) -> Any:
        try:
            return get_config(self)
        except TypeError as error:
            if "multiple values for keyword argument" not in str(error):
                raise
        kept = self._arguments
        own = inspect.signature(cls.__init__).parameters
        self._arguments = {name: value for name, value in kept.items() if name not in own}
        try:
            return get_config(self)
        finally:
            self._arguments = kept

    return wrapper


@functools.cache
def install() -> None:
    """Give models what they had in Keras 2: what `load_weights` returns, and methods that compile."""
    array: Any = ArrayImpl  # what tensors of TensorFlow's backend have
    array.numpy = np.array
    array.eval = lambda self, feed_dict=None, session=None: np.array(self)
    array._keras_mask = property(MASK.get)
    for cls in (symbolic.SymbolicTensor, jax.core.Tracer, array):
        type.__setattr__(cls, "_keras_shape", property(int_shape))
    for cls in (symbolic.SymbolicTensor, jax.core.Tracer, array, Variable):
        if not hasattr(cls, "get_shape"):
            type.__setattr__(cls, "get_shape", lambda self: TensorShape(int_shape(self)))
    Layer.__init_subclass__ = classmethod(  # pyright: ignore[reportAttributeAccessIssue]
        _noticing_configs(Layer.__init_subclass__.__func__)  # pyright: ignore[reportFunctionMemberAccess]
    )
    type.__setattr__(Layer, "_slashes_in_names", True)
    type.__setattr__(Layer, "compute_output_spec", _or_as_called(Layer.compute_output_spec))
    Variable.draw = taking_functions(Variable.draw)
    symbolic.trace_shapes = _beside_other_sizes(symbolic.trace_shapes)
    Model.load_weights = _with_status(Model.load_weights)
    Model.compile = _with_optimizers_of_graphs(Model.compile)
    for name in ("fit", "evaluate", "predict"):
        setattr(Model, name, _with_whole_steps(getattr(Model, name)))
    type.__setattr__(ModelCheckpoint, "__init__", _with_period(ModelCheckpoint.__init__))
    ModelCheckpoint.on_epoch_end = _each_period(ModelCheckpoint.on_epoch_end)
    for name in ("_make_predict_function", "_make_test_function", "_make_train_function"):
        setattr(Model, name, lambda self: None)  # programs are compiled when they first run


def to_yaml(model: Any, **options: Any) -> str:
    """Refused: YAML may carry code."""
    raise SavingError("YAML may carry code, and is not written. Use to_json(), or save().")
