"""What Keras 1 and 2 did otherwise than Keras 3, for programs that show by their text that they are older."""

import functools
import inspect
import re
from collections.abc import Callable
from typing import Any

from neurona import activations, ops
from neurona.callbacks import LearningRateScheduler, ReduceLROnPlateau
from neurona.config import set_image_data_format
from neurona.core.errors import ShapeError
from neurona.core.layer import Layer
from neurona.core.registry import register_built_in
from neurona.core.symbolic import SymbolicTensor, symbolic_leaves
from neurona.core.variable import Variable
from neurona.layers import (
    GRU,
    LSTM,
    Conv1D,
    Conv2D,
    Conv3D,
    ConvLSTM1D,
    ConvLSTM2D,
    ConvLSTM3D,
    Lambda,
)
from neurona.legacy.keras import (
    backend,
    first_shapes,
    held_data,
    lambdas,
    methods,
    older_names,
    recurrent,
    sizes,
    weight_names,
)
from neurona.legacy.keras import layers as older_layers
from neurona.legacy.keras.layers import spelled_by_sizes, with_full_borders
from neurona.legacy.keras.older_metrics import OF_KERAS_1
from neurona.legacy.keras.utils.files import Ways
from neurona.legacy.spellings import tell
from neurona.models import Model
from neurona.models import model as model_room
from neurona.optimizers import Adadelta, Adagrad, Adamax, Nadam

# Learning rates where a program names none. `tf.keras` has had those of today since its beginning.
_RATES = {Adadelta: 1.0, Adagrad: 0.01, Adamax: 0.002, Nadam: 0.002}
_SIGNS = re.compile(
    r"""np_utils|nb_epoch|samples_per_epoch|image_dim_ordering|image_data_format|Convolution[123]D|fit_generator
    |keras\.(?:objectives|layers\.(?:core|convolutional|recurrent|normalization|embeddings|merge|noise|wrappers
        |advanced_activations)|utils\.(?:vis_utils|generic_utils|training_utils)|wrappers\.scikit_learn)
    |border_mode\s*=|nb_filter|nb_row|inner_activation|consume_less|[WUb]_(?:regularizer|constraint)|dropout_[WU]\b
    |(?:Dense|LSTM|GRU|SimpleRNN)\(\s*output_dim\s*=
    |from\s+__future__\s+import\s+(?!annotations)|predict_classes|[(,]\s*lr\s*=|\bhistory\[['"](?:val_)?acc['"]\]""",
    re.VERBOSE,
)
# What Keras 3 brought. A variable `lr` of such a program is its own.
_OF_3 = re.compile(
    r"""keras\.(?:ops|saving|random|tree|distribution|RematScope)\b|from\s+keras\s+import\s[^\n]*\bops\b
    |\w\.keras['"]|keras_hub|stateless_(?:call|apply)|import\s+keras_core""",
    re.VERBOSE,
)
# What Keras 2.3 brought: a program with these has the defaults and the names in logs of today.
_OF_23 = re.compile(r"""val_accuracy|history\[['"]accuracy|[(,]\s*learning_rate\s*=""")
_OF_0 = re.compile(r"show_accuracy|class_mode|theano_mode|accuracy=True")
_ORDERING = re.compile(r"ordering|data_format|channels_last|['\"]t[fh]['\"]")
_IMAGES = re.compile(r"Convolution2D|Conv2D|MaxPooling2D")
# A shape such as (3, 32, 32) or (1, img_rows, img_cols), which is none of rows and columns.
_CHANNELS_FIRST = re.compile(
    r"\b(?:input_)?shape\s*=\s*\(\s*(?:1|3|\w*channels)\s*,\s*"
    r"(?:(?![13]\b)\w+\s*,\s*(?![13]\b|\w*channels)\w+\s*\)|\)\s*\+)"
)
_NAMES_IN_LOGS = {
    "accuracy": "acc",
    "mse": "mean_squared_error",
    "mae": "mean_absolute_error",
    "mape": "mean_absolute_percentage_error",
    "msle": "mean_squared_logarithmic_error",
}
# The arguments of `compile` after optimizer and loss, in the order of then.
_AFTER_LOSS = ("metrics", "loss_weights", "sample_weight_mode", "weighted_metrics", "target_tensors")
# The arguments of `add_weight` after shape and initializer, in the order of Keras 1.
_AFTER_INITIALIZER = ("name", "trainable", "regularizer", "constraint")
_OF_TENSORFLOW = re.compile(
    r"tensorflow\.(?:python\.)?keras|from\s+tensorflow\s+import\s.*\bkeras\b|\btf\.keras\b"
)
_IMPORTS = re.compile(r"^\s*(?:import\s+keras\b|from\s+keras[\s.])", re.MULTILINE)


def is_older(source: str) -> bool:
    """Whether a program's text is one of Keras 1 or 2.

    Example:

        >>> is_older("from keras.utils import np_utils"), is_older("import keras")
        (True, False)
        >>> is_older("import keras; SGD(lr=0.1)"), is_older("import keras; lr = 0.1")  # the user's variable
        (True, False)
        >>> is_older("from tensorflow.keras.optimizers import Adadelta  # lr=1")
        False
        >>> is_older("import keras; Dense(output_dim)"), is_older("from keras import ops; f(lr=1)")
        (False, False)
    """
    return bool(_IMPORTS.search(source) and _SIGNS.search(source) and not _OF_3.search(source))


def is_before_2_3(source: str) -> bool:
    """Whether the text of an older program is one of before Keras 2.3.

    Example:

        >>> is_before_2_3("model.fit(x, y, nb_epoch=2)"), is_before_2_3("history['val_accuracy']")
        (True, False)
    """
    return not _OF_23.search(source)


def has_channels_first(source: str) -> bool:
    """Whether the shapes of an older program have their channels first, and nothing else is said.

    Example:

        >>> has_channels_first("Convolution2D(8, 3, 3, input_shape=(1, img_rows, img_cols))")
        True
        >>> has_channels_first("Lambda(scale, input_shape=(3,) + size); Convolution2D(8, 3, 3)")
        True
        >>> has_channels_first("Conv2D(8, 3, input_shape=(28, 28, 1))")
        False
    """
    asked = _IMAGES.search(source) and (_CHANNELS_FIRST.search(source) or sizes.has_four_sizes(source))
    return bool(asked) and not _ORDERING.search(source)


class _State:
    has_begun = is_older = False


def begin(source: str) -> None:
    """Give optimizers the learning rates of Keras 1 and 2, where the program is one of those."""
    for part in (methods, held_data, lambdas):
        part.install()
    if not _State.has_begun:
        _State.has_begun = True
        Model.compile = _with_symbols(Model.compile)
        sizes.cut_to_integers()
    if _State.is_older or not is_older(source):
        if _OF_TENSORFLOW.search(source) and not _IMPORTS.search(source):
            _begin_of_tensorflow(source)
        return
    _State.is_older = Ways.of_keras_2 = True
    for cls, rate in _RATES.items():
        type.__setattr__(cls, "__init__", _with_rate(cls.__init__, cls.__name__, rate))
    for rank, cls in enumerate((Conv1D, Conv2D, Conv3D), 1):
        type.__setattr__(cls, "__init__", _with_sizes(cls, rank))
        setattr(older_layers, f"Convolution{rank}D", cls)  # so that `type(layer) is Convolution2D` holds
    sizes.install()
    first_shapes.install()
    recurrent.install()
    older_names.count_from_one(older_names.is_keras_1(source))
    older_names.name_layers_of_resnet()
    older_names.bring_along(source)
    if not older_names.is_keras_1(source):
        weight_names.install(source, cells_are_named=False)
    Layer.add_weight = _with_name_third(Layer.add_weight)
    Layer.__init_subclass__ = classmethod(_noticing_keras_1(Layer.__init_subclass__.__func__))  # pyright: ignore
    Model.predict = _silent(Model.predict)
    for of_rates in (LearningRateScheduler, ReduceLROnPlateau):
        of_rates.on_epoch_end = _with_rate_as_lr(of_rates.on_epoch_end)
    Model.save_weights = _in_hdf5(Model.save_weights)
    for name in ("eval", "get_value", "set_value"):  # as shared variables of Theano had
        setattr(Variable, name, getattr(backend.expressions.BackendVariable, name))
    Lambda.call = _without_list_of_one(Lambda.call)
    Lambda.compute_output_spec = _or_as_told(Lambda.compute_output_spec)
    Model._draws_lists_of_one = False
    model_room._adapt = _taking_other_shapes(model_room._adapt)
    Model.compile = _noting_frozen(_with_metrics_of_all(Model.compile))
    Model._trained_variables = _trained_since_compile
    Model.metrics_names = property(_metrics_names)  # pyright: ignore[reportAttributeAccessIssue]
    if is_before_2_3(source):
        _begin_before_2_3()
    if _OF_0.search(source):
        Model.train_on_batch = _in_a_list(Model.train_on_batch)
        Model.test_on_batch = _in_a_list(Model.test_on_batch)
    if has_channels_first(source):
        tell("Images have their channels first, as the program's shapes say.")
        set_image_data_format("channels_first")


def _begin_of_tensorflow(source: str) -> None:
    """Give programs of tf.keras 2 its names, first values and files."""
    older_names.count_inputs_from_one()
    first_shapes.install()
    weight_names.install(source, cells_are_named=True)
    Ways.of_keras_2 = True


def _begin_before_2_3() -> None:
    """Give recurrent layers and logs what they had before Keras 2.3."""
    register_built_in(activations.steep_hard_sigmoid, kind="activations", name="hard_sigmoid")
    for cls in (GRU, LSTM, ConvLSTM1D, ConvLSTM2D, ConvLSTM3D):
        type.__setattr__(cls, "__init__", _with_older_gates(cls))
    backend.batch_dot = _with_axes_of_the_batch(backend.batch_dot)
    Model.compile = _with_older_names(Model.compile)
    Model.fit = _without_auto(Model.fit)


def _with_name_third(add_weight: Callable[..., Any]) -> Callable[..., Any]:
    """`add_weight(shape, initializer, name)`, with the arguments by place in the order of Keras 1."""

    @functools.wraps(add_weight)
    def wrapper(self: Any, *args: Any, **kwargs: Any) -> Any:
        if len(args) > 2 and not isinstance(args[0], str):
            args, kwargs = args[:2], {**dict(zip(_AFTER_INITIALIZER, args[2:])), **kwargs}
        return add_weight(self, *args, **kwargs)

    return wrapper


def _noticing_keras_1(hook: Callable[..., Any]) -> Callable[..., Any]:
    """`__init_subclass__` that gives layers of Keras 1, which have `get_output_shape_for`, a mask for each of
    several inputs, None where there is none.
    """

    def init_subclass(cls: Any, **kwargs: Any) -> None:
        if "get_output_shape_for" in vars(cls):
            for name in vars(cls).keys() & {"call", "compute_mask"}:
                type.__setattr__(cls, name, _with_masks_of_all(vars(cls)[name]))
        if "call" in vars(cls):
            for base in cls.__mro__[1:]:
                own = vars(base).get("call") if base.__module__.startswith("neurona.") else None
                if own is not None and list(inspect.signature(own).parameters)[1:] == ["inputs"]:
                    type.__setattr__(base, "call", _with_mask_after(own))
        hook(cls, **kwargs)

    return init_subclass


def _with_mask_after(call: Callable[..., Any]) -> Callable[..., Any]:
    """A layer's `call` that takes a mask after the inputs, as all layers of Keras 1 did."""

    @functools.wraps(call)
    def wrapper(self: Any, inputs: Any, mask: Any = None, **kwargs: Any) -> Any:
        return call(self, inputs, **kwargs)

    return wrapper


def _with_masks_of_all(method: Callable[..., Any]) -> Callable[..., Any]:
    parameters = list(inspect.signature(method).parameters)
    takes_masks = "mask" in parameters

    @functools.wraps(method)
    def wrapper(self: Any, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        has_masks = kwargs.get("mask") is not None or any(one is not None for one in args)
        if not takes_masks or has_masks or not isinstance(inputs, (list, tuple)):
            return method(self, inputs, *args, **kwargs)
        return method(self, inputs, mask=[None] * len(inputs))

    return wrapper


def _with_rate_as_lr(on_epoch_end: Callable[..., None]) -> Callable[..., None]:
    """A callback's hook that writes the learning rate into the logs as `lr`."""

    @functools.wraps(on_epoch_end)
    def wrapper(self: Any, epoch: int, logs: Any = None) -> None:
        logs = {} if logs is None else logs
        on_epoch_end(self, epoch, logs)
        if "learning_rate" in dict.keys(logs):
            logs["lr"] = logs.pop("learning_rate")

    return wrapper


def _in_hdf5(save_weights: Callable[..., None]) -> Callable[..., None]:
    """`save_weights` that writes HDF5 under any name, such as that of a temporary file."""

    @functools.wraps(save_weights)
    def wrapper(self: Any, filepath: Any, overwrite: bool = True, **kwargs: Any) -> None:
        save_weights(self, filepath, overwrite, **{"save_format": "h5", **kwargs})

    return wrapper


def _silent(predict: Callable[..., Any]) -> Callable[..., Any]:
    """`predict`, which showed no progress unless asked to, and took inputs of several lengths."""

    @functools.wraps(predict)
    def wrapper(
        self: Any, x: Any, batch_size: Any = None, verbose: Any = 0, *args: Any, **kwargs: Any
    ) -> Any:
        return predict(self, _as_long_as_the_first(x), batch_size, verbose, *args, **kwargs)

    return wrapper


def _as_long_as_the_first(x: Any) -> Any:
    """Inputs with as many rows as the first: `predict` did not look at the rest of the others."""
    lengths = [len(one) if getattr(one, "ndim", 0) else -1 for one in x] if isinstance(x, list) else []
    return [one[: lengths[0]] for one in x] if -1 not in lengths and len(set(lengths)) > 1 else x


class _Figure(float):
    """A loss that may be read as the only entry of a list, which Keras 0 returned."""

    def __getitem__(self, index: int) -> float:
        return [float(self)][index]


def _in_a_list(method: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(method)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        result = method(*args, **kwargs)
        return result if isinstance(result, (list, tuple, dict)) else _Figure(result)

    return wrapper


def _with_axes_of_the_batch(batch_dot: Callable[..., Any]) -> Callable[..., Any]:
    """`K.batch_dot` of before Keras 2.3: of arrays of 3 and 4 axes the first two were those of the batch."""

    @functools.wraps(batch_dot)
    def wrapper(x: Any, y: Any, axes: Any = None) -> Any:
        shapes = tuple(x.shape), tuple(y.shape)
        shorter, longer = sorted(shapes, key=len)
        if (len(shorter), len(longer)) != (3, 4) or shorter[1] != longer[1] or axes is None:
            return batch_dot(x, y, axes)
        first, second = (axes, axes) if isinstance(axes, int) else axes
        of_x, of_y = ("abcd"[: len(shape)].replace("d", mark) for shape, mark in zip(shapes, "uv"))
        of_x, of_y = of_x.replace("c", "p"), of_y.replace("c", "q")
        of_y = of_y.replace(of_y[second], of_x[first])
        rest = "ab" + "".join(one for one in of_x[2:] + of_y[2:] if one != of_x[first])
        return ops.einsum(f"{of_x},{of_y}->{rest}", x, y)

    return wrapper


def _without_auto(fit: Callable[..., Any]) -> Callable[..., Any]:
    """`fit` that takes class_weight="auto", with which classes weighed the same."""

    @functools.wraps(fit)
    def wrapper(self: Any, *args: Any, **kwargs: Any) -> Any:
        if isinstance(kwargs.get("class_weight"), str) and kwargs["class_weight"] == "auto":
            tell("class_weight='auto' never had an effect. To weigh rare classes more: 'balanced'.")
            del kwargs["class_weight"]
        return fit(self, *args, **kwargs)

    return wrapper


def _with_sizes(cls: type, rank: int) -> Callable[..., None]:
    """The constructor of a convolution that takes the sizes of its window one by one."""
    init, spelling = cls.__init__, spelled_by_sizes(rank)

    @functools.wraps(init)
    def wrapper(self: Any, *args: Any, **kwargs: Any) -> None:
        if rank == 1:
            kwargs.setdefault("data_format", "channels_last")
        if type(self) is cls:
            args, kwargs = spelling(*args, **kwargs)
            kwargs = with_full_borders(self, kwargs)
        init(self, *args, **kwargs)

    return wrapper


def _without_list_of_one(call: Callable[..., Any]) -> Callable[..., Any]:
    """`Lambda.call` of a function that returns a list of one array, such as what K.gradients returns."""

    @functools.wraps(call)
    def wrapper(self: Any, *args: Any, **kwargs: Any) -> Any:
        result = call(self, *args, **kwargs)
        return result[0] if isinstance(result, list) and len(result) == 1 else result

    return wrapper


def _or_as_told(compute_output_spec: Callable[..., Any]) -> Callable[..., Any]:
    """A Lambda's symbolic output: as its `output_shape` says, where its function needs sizes that are not
    known yet.
    """

    @functools.wraps(compute_output_spec)
    def wrapper(self: Any, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return compute_output_spec(self, inputs, *args, **kwargs)
        except (TypeError, ValueError):
            if not isinstance(self.output_shape, (tuple, list)):
                raise
            rows = symbolic_leaves(inputs)[0].shape[:1]
            return SymbolicTensor((*rows, *self.output_shape), self.compute_dtype)

    return wrapper


def _taking_other_shapes(adapt: Callable[..., Any]) -> Callable[..., Any]:
    """A model's look at its inputs: of other shapes than those it was made for its layers are the judges."""

    @functools.wraps(adapt)
    def wrapper(value: Any, *args: Any) -> Any:
        try:
            return adapt(value, *args)
        except ShapeError as error:
            tell(f"{error} Its layers get it as it is, as in Keras 1 and 2.")
            return value

    return wrapper


def _with_older_gates(cls: type) -> Callable[..., None]:
    """The constructor of a recurrent layer whose gates are the steep hard sigmoid, and the GRU's as in its
    first paper, where a program names nothing else.
    """
    init = cls.__init__

    @functools.wraps(init)
    def wrapper(self: Any, *args: Any, **kwargs: Any) -> None:
        if not {"recurrent_activation", "inner_activation"} & kwargs.keys() and len(args) < 3:
            kwargs["recurrent_activation"] = "steep_hard_sigmoid"
        if cls is GRU:
            kwargs.setdefault("reset_after", False)
        init(self, *args, **kwargs)

    return wrapper


def _with_older_names(compile: Callable[..., None]) -> Callable[..., None]:
    """`compile` whose metrics have the names of then in logs: "acc" for "accuracy"."""

    def of_then(given: Any) -> Any:
        if isinstance(given, (list, tuple)):
            return [of_then(one) for one in given]
        if isinstance(given, dict):
            return {name: of_then(one) for name, one in given.items()}
        return {**_NAMES_IN_LOGS, **OF_KERAS_1}.get(given, given) if isinstance(given, str) else given

    @functools.wraps(compile)
    def wrapper(self: Any, *args: Any, **kwargs: Any) -> None:
        for name in kwargs.keys() & {"metrics", "weighted_metrics"}:
            kwargs[name] = of_then(kwargs[name])
        compile(self, *args[:2], *map(of_then, args[2:]), **kwargs)

    return wrapper


def _with_metrics_of_all(compile: Callable[..., None]) -> Callable[..., None]:
    """`compile` that gives each output all metrics of a flat list; Keras 3 takes one of them for each."""

    def of_all(model: Any, given: Any) -> Any:
        outputs = len(model.outputs or ())
        flat = isinstance(given, (list, tuple)) and not any(isinstance(one, (list, dict)) for one in given)
        return [list(given) for _ in range(outputs)] if flat and given and outputs > 1 else given

    @functools.wraps(compile)
    def wrapper(self: Any, optimizer: Any = "rmsprop", loss: Any = None, *args: Any, **kwargs: Any) -> None:
        if len(args) > len(_AFTER_LOSS):
            raise TypeError(
                f"compile() takes {2 + len(_AFTER_LOSS)} arguments by place, not {2 + len(args)}."
            )
        kwargs.update(zip(_AFTER_LOSS, args))
        if "metrics" in kwargs:
            kwargs["metrics"] = of_all(self, kwargs["metrics"])
        compile(self, optimizer, loss, **kwargs)

    return wrapper


def _with_symbols(compile: Callable[..., None]) -> Callable[..., None]:
    """`compile` whose losses may call `K.gradients`: they get the symbolic output, through which it looks."""

    def prepared(model: Any, loss: Any, place: int = 0) -> Any:
        if isinstance(loss, (list, tuple)):
            return [prepared(model, one, index) for index, one in enumerate(loss)]
        if model.outputs is None or not backend.history.mentions_gradients(loss):
            return loss

        def of_symbols(y_true: Any, y_pred: Any) -> Any:
            return loss(y_true, model.outputs[place])

        of_symbols.__name__ = getattr(loss, "__name__", "loss")
        return of_symbols

    @functools.wraps(compile)
    def wrapper(self: Any, optimizer: Any = "rmsprop", loss: Any = None, *args: Any, **kwargs: Any) -> None:
        compile(self, optimizer, prepared(self, loss), *args, **kwargs)

    return wrapper


def _noting_frozen(compile: Callable[..., None]) -> Callable[..., None]:
    """`compile` that notes what is frozen: in Keras 1 and 2 that holds until the next `compile`, so that the
    discriminator of a GAN, frozen for the compilation of both, still learns when it is trained alone.
    """

    @functools.wraps(compile)
    def wrapper(self: Any, *args: Any, **kwargs: Any) -> None:
        compile(self, *args, **kwargs)
        layers = [layer for layer in self._flatten_layers() if not layer.trainable]
        self.__dict__["_frozen_by_compile"] = layers, {one for one in self.variables if not one.trainable}

    return wrapper


def _metrics_names(self: Any) -> list[str]:
    """The names in the logs: those that `compile` will give them, where no batch was seen yet."""
    known = list(self.get_metrics_result())
    metrics = (self._compile_arguments or {}).get("metrics") or []
    outputs = list(self.output_names) if self.outputs is not None else []
    if known != ["loss"] or not (metrics or len(outputs) > 1):
        return known
    several = len(outputs) > 1
    losses = [f"{output}_loss" for output in outputs] if several else []
    named = [
        f"{output}_{word}" if several else word
        for place, output in enumerate(outputs)
        for word in map(_word_of, _metrics_of(metrics, place, output))
    ]
    return ["loss", *losses, *named]


def _metrics_of(metrics: Any, place: int, output: str) -> list[Any]:
    """Those of one output, among what `compile` was given."""
    if isinstance(metrics, dict):
        metrics = metrics.get(output, [])
    elif isinstance(metrics, (list, tuple)) and isinstance(metrics[0], (list, tuple)):
        metrics = metrics[place]
    return list(metrics) if isinstance(metrics, (list, tuple)) else [metrics]


def _word_of(metric: Any) -> str:
    return metric if isinstance(metric, str) else getattr(metric, "name", None) or metric.__name__


def _trained_since_compile(self: Any) -> list[Variable]:
    """The variables that training moves: those that were not frozen when the model was compiled."""
    noted = self.__dict__.get("_frozen_by_compile")
    if noted is None:
        return self.trainable_variables
    layers, frozen = noted
    still = frozen.union(*(layer.variables for layer in layers))
    return [one for one in self.variables if one.parameter and one not in still]


def _with_rate(init: Callable[..., None], name: str, rate: float) -> Callable[..., None]:
    @functools.wraps(init)
    def wrapper(self: Any, *args: Any, **kwargs: Any) -> None:
        if not args and not {"learning_rate", "lr"} & kwargs.keys():
            tell(f"{name} has the learning rate {rate}, as in Keras 1 and 2. Keras 3 has another: name it.")
            kwargs["learning_rate"] = rate
        init(self, *args, **kwargs)

    return wrapper
