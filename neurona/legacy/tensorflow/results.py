"""What layers, losses and metrics take and return in programs that imported TensorFlow: tensors.

`install` is called once, when such a program imports the face. Code of the program gets tensors, Neurona's
own code gets arrays.
"""

import functools
import inspect
from collections.abc import Callable, ValuesView
from types import FunctionType
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.export import is_symbolic_dim

from neurona import layers, losses, metrics, models, ops
from neurona.core.layer import Layer
from neurona.core.registry import is_built_in
from neurona.core.scope import current_scope
from neurona.core.symbolic import SymbolicTensor
from neurona.core.variable import Variable
from neurona.legacy.tensorflow import nodes, own_optimizers, ragged_models, step_by_step
from neurona.legacy.tensorflow.compiled import CompiledLoss, CompiledMetrics
from neurona.legacy.tensorflow.dtypes import int64
from neurona.legacy.tensorflow.functions import adopt, know
from neurona.legacy.tensorflow.hosts import tensor
from neurona.legacy.tensorflow.ragged_tensor import RaggedTensor
from neurona.legacy.tensorflow.recording import is_tracing, open_recordings
from neurona.legacy.tensorflow.sparse import SparseTensor, to_dense
from neurona.legacy.tensorflow.tensor import Tensor, for_models, holds_tensor, unwrapped, wrapped
from neurona.legacy.tensorflow.tensor_shape import TensorShape
from neurona.legacy.tensorflow.widths import on_device
from neurona.losses import Loss, LossFunctionWrapper, probability
from neurona.metrics import Metric
from neurona.optimizers import Optimizer

_OF_CATEGORIES = (
    layers.Hashing, layers.HashedCrossing, layers.IntegerLookup, layers.StringLookup,
    layers.TextVectorization,
)  # fmt: skip
_OF_VALUES = (layers.Embedding, layers.Hashing, layers.IntegerLookup, layers.StringLookup)  # each value alone
_OF_ROWS = ("multi_hot", "count", "tf_idf")
_OF_USERS = (
    "call", "compute_mask", "train_step", "test_step", "predict_step", "compute_loss", "convolution_op",
)  # fmt: skip
_OF_ADD_WEIGHT = ("name", "shape", "dtype", "initializer", "regularizer", "trainable", "constraint")
_TAKING_DATA = ("fit", "evaluate", "predict", "train_on_batch", "test_on_batch", "predict_on_batch")


class _State:
    is_installed = False


def install() -> None:
    """Let layers, losses and metrics return tensors from now on, in this process."""
    if _State.is_installed:
        return
    _State.is_installed = True
    for cls in _calling_themselves():
        cls.__call__ = _calling_layer(cls.__call__)
    layers.TextVectorization.__init__ = _with_ragged(layers.TextVectorization.__init__)
    Layer.add_weight = _with_name_first(_with_functions_of_arrays(Layer.add_weight))
    _give_older_methods()
    Metric.add_weight = _with_name_first(Metric.add_weight)
    probability._class_numbers = _in_any_shape(probability._class_numbers)
    tracks: Any = lambda self, trackable, name, overwrite=False: trackable
    type.__setattr__(Layer, "_track_trackable", tracks)
    Layer._call_in_scope = _giving_arrays(Layer._call_in_scope)
    Loss.__call__ = _taking_arrays(Loss.__call__)
    LossFunctionWrapper.__call__ = _taking_arrays(LossFunctionWrapper.__call__)
    LossFunctionWrapper.call = _of_function(LossFunctionWrapper.call, "fn")
    metrics.MeanMetricWrapper.update_state = _of_function(metrics.MeanMetricWrapper.update_state, "_fn")
    layers.Lambda.call = _of_function(layers.Lambda.call, "function")
    Metric.__call__ = _taking_arrays(Metric.__call__)
    for family, methods in ((metrics, ("update_state", "result")), (losses, ("call",))):
        for cls in {one for one in vars(family).values() if isinstance(one, type)}:
            for name in methods:
                if name in vars(cls) and cls not in (LossFunctionWrapper, metrics.MeanMetricWrapper):
                    setattr(cls, name, _taking_arrays(vars(cls)[name]))
    for name in _TAKING_DATA:
        setattr(models.Model, name, _with_arrays(getattr(models.Model, name)))
    for cls, names in ((Layer, _OF_USERS), (Loss, ("call",)), (Metric, ("update_state",))):
        cls.__init_subclass__ = classmethod(
            _noticing(inspect.getattr_static(cls, "__init_subclass__"), names)
        )  # pyright: ignore[reportAttributeAccessIssue]
    ops.cast = _keeping_sizes(ops.cast)
    models.Model._draws_lists_of_one = False
    models.Model.compiled_loss = property(CompiledLoss)  # pyright: ignore[reportAttributeAccessIssue]
    models.Model.compiled_metrics = property(CompiledMetrics)  # pyright: ignore[reportAttributeAccessIssue]
    Optimizer.apply = _taking_gradients(Optimizer.apply)
    Optimizer.apply_gradients = _applying(Optimizer.apply_gradients)
    own_optimizers.install()
    ragged_models.install()
    step_by_step.install()
    SymbolicTensor.shape = property(_shape, _set_shape)  # pyright: ignore[reportAttributeAccessIssue]
    Variable.shape = property(lambda self: TensorShape(self._value.shape))  # pyright: ignore
    for cls in (SymbolicTensor, Variable):
        cls.get_shape = lambda self: TensorShape(self.shape)  # pyright: ignore[reportAttributeAccessIssue]
    SymbolicTensor.set_shape = lambda self, shape: None  # pyright: ignore[reportAttributeAccessIssue]
    array = type(jnp.zeros(()))
    array.numpy = lambda self: np.asarray(self)  # pyright: ignore[reportAttributeAccessIssue]
    for name in ("add", "sub", "mul", "truediv"):
        for method in (f"__{name}__", f"__r{name}__"):
            setattr(array, method, _with_lists(getattr(array, method)))


def _shape(symbolic: SymbolicTensor) -> TensorShape:
    return vars(symbolic)["shape"]


def _set_shape(symbolic: SymbolicTensor, shape: Any) -> None:
    vars(symbolic)["shape"] = TensorShape(shape)


def _give_older_methods() -> None:
    """Give layers what they had in the tf.keras of TensorFlow 2.0 to 2.15."""
    cells: Any = layers.SimpleRNNCell.__base__
    for cls in (layers.RNN, cells, layers.StackedRNNCells):
        cls.get_initial_state = _of_inputs(cls.get_initial_state)
    type.__setattr__(Layer, "add_variable", Layer.add_weight)  # whose initializer may be left out
    type.__setattr__(Layer, "submodules", property(_below))
    type.__setattr__(Layer, "name_scope", lambda self: self.name)


def _below(layer: Any) -> tuple[Any, ...]:
    """All layers below one, as `tf.Module.submodules` tells them."""
    found: dict[int, Any] = {}
    waiting = list(layer._tracked_parts()[1])
    while waiting:
        part = waiting.pop(0)
        if isinstance(part, Layer) and id(part) not in found:
            found[id(part)] = part
            waiting += part._tracked_parts()[1]
    return tuple(found.values())


def _with_lists(method: Callable[..., Any]) -> Callable[..., Any]:
    """Arithmetic of an array that takes lists of numbers too, as that of a tensor does."""

    @functools.wraps(method)
    def run(self: Any, other: Any) -> Any:
        return method(self, np.asarray(other, self.dtype) if isinstance(other, list) else other)

    return run


def _of_inputs(get_initial_state: Callable[..., Any]) -> Callable[..., Any]:
    """The first states for a batch size, or, as in Keras 2, for a batch."""

    @functools.wraps(get_initial_state)
    def call(self: Any, batch_size: Any = None, **options: Any) -> Any:
        given = options.get("inputs", batch_size)
        shape: Any = getattr(given, "shape", ())
        return get_initial_state(self, given if given is None else int(shape[0] if len(shape) else given))

    return call


def _calling_themselves() -> set[Any]:
    """`Layer`, and the layers that are called in a way of their own."""
    classes = {one for one in vars(layers).values() if isinstance(one, type) and issubclass(one, Layer)}
    return {one for cls in (Layer, *classes) for one in cls.__mro__[:-1] if "__call__" in vars(one)}


def _calling_layer(call: Callable[..., Any]) -> Callable[..., Any]:
    """`Layer.__call__` that returns tensors to the program, and is one step of an open tape."""

    @functools.wraps(call)
    def run(self: Any, *args: Any, **kwargs: Any) -> Any:
        if args and isinstance(args[0], RaggedTensor) and isinstance(self, _OF_VALUES):
            if getattr(self, "output_mode", "int") in _OF_ROWS:  # one row of numbers for a row of any length
                return ops.concatenate([run(self, row[None], *args[1:], **kwargs) for row in args[0]])
            return args[0].with_flat_values(run(self, args[0].flat_values, *args[1:], **kwargs))
        if args:
            args = (_taken(self, args[0]), *args[1:])
        has_tensors = holds_tensor((args, kwargs))
        gives_tensors = has_tensors or _is_the_programs_own_time()
        if has_tensors:
            args, kwargs = unwrapped((args, kwargs))
        node = None
        if gives_tensors and open_recordings():
            args, kwargs = jax.tree.map(_numbers, (args, kwargs))
            node = nodes.node_of(self, args, kwargs)
        outputs = call(self, *args, **kwargs) if node is None else node(args, kwargs)
        return _given(self, outputs) if gives_tensors else outputs

    return run


def _taken(layer: Any, inputs: Any) -> Any:
    """Inputs as a layer takes them: a list for the values of a dictionary, whole tensors for sparse ones."""
    inputs = list(inputs) if isinstance(inputs, ValuesView) else inputs
    return _dense(inputs) if is_built_in(layer) else inputs


def _dense(inputs: Any) -> Any:
    """Inputs of a layer of Neurona with whole tensors in the place of sparse ones."""
    several = (
        inputs.values() if isinstance(inputs, dict) else inputs if isinstance(inputs, list) else [inputs]
    )
    if not any(isinstance(one, SparseTensor) for one in several):
        return inputs
    return jax.tree.map(
        lambda leaf: to_dense(leaf) if isinstance(leaf, SparseTensor) else leaf,
        inputs,
        is_leaf=lambda leaf: isinstance(leaf, (SparseTensor, Tensor)),
    )


def _given(layer: Any, outputs: Any) -> Any:
    """What a layer gives to the program; texts and numbers of categories are of TensorFlow's dtypes."""
    if getattr(layer, "_gives_ragged", False):
        return RaggedTensor.from_tensor(np.asarray(outputs, np.int64), padding=0)
    if isinstance(outputs, np.ndarray) and outputs.dtype.kind in "OSU":
        return tensor(outputs)
    if isinstance(layer, _OF_CATEGORIES) and getattr(outputs, "dtype", None) == np.int32:
        return Tensor(outputs, int64)
    return wrapped(outputs)


def _with_ragged(init: Callable[..., Any]) -> Callable[..., Any]:
    """`TextVectorization.__init__` with `ragged=True`: outputs for the program are ragged tensors."""

    @functools.wraps(init)
    def run(self: Any, *args: Any, ragged: bool = False, **kwargs: Any) -> None:
        init(self, *args, **kwargs)
        self._gives_ragged = bool(ragged)

    return run


def _is_the_programs_own_time() -> bool:
    """Whether the program itself calls: no model is computed, and no function of JAX is transformed."""
    return current_scope() is None and not is_tracing()


def _numbers(leaf: Any) -> Any:
    """NumPy's arrays and variables as arrays of JAX, so that a tape knows them."""
    if isinstance(leaf, np.ndarray) and leaf.dtype.kind in "fiub":
        return on_device(leaf)
    return leaf


def _giving_arrays(call: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(call)
    def run(*args: Any, **kwargs: Any) -> Any:
        outputs = call(*args, **kwargs)
        return unwrapped(outputs) if holds_tensor(outputs) else outputs

    return run


def _with_functions_of_arrays(add_weight: Callable[..., Any]) -> Callable[..., Any]:
    """`add_weight` whose regularizer and constraint may be functions of the program."""

    @functools.wraps(add_weight)
    def run(*args: Any, **kwargs: Any) -> Any:
        variable = add_weight(*args, **kwargs)
        for name in ("regularizer", "constraint"):
            given = getattr(variable, name)
            if given is not None and not type(given).__module__.startswith("neurona."):
                setattr(variable, name, _giving_arrays(given))
        return variable

    return run


def _with_name_first(add_weight: Callable[..., Any]) -> Callable[..., Any]:
    """`add_weight` whose first arguments may be those of tf.keras, the name first."""

    @functools.wraps(add_weight)
    def run(self: Any, *args: Any, **kwargs: Any) -> Any:
        if args and isinstance(args[0], str):
            args, kwargs = (), {**dict(zip(_OF_ADD_WEIGHT, args)), **kwargs}
        return add_weight(self, *args, **kwargs)

    return run


def _keeping_sizes(cast: Callable[..., Any]) -> Callable[..., Any]:
    """`ops.cast` that leaves the size of an axis as it is, since shapes are made of it, and sparse tensors
    sparse.
    """

    @functools.wraps(cast)
    def run(x: Any, dtype: Any) -> Any:
        if hasattr(x, "dense_shape"):
            return x.of_parts(x.indices, wrapped(run(x.values, dtype)), x.dense_shape)
        is_size = is_symbolic_dim(x) or (type(x) is int and is_tracing())
        return x if is_size and "int" in str(dtype) else cast(x, dtype)

    return run


def _in_any_shape(class_numbers: Callable[..., Any]) -> Callable[..., Any]:
    """Class numbers that may have other axes than the predictions, if they are as many."""

    @functools.wraps(class_numbers)
    def run(function: str, y_true: Any, y_pred: Any, axis: int) -> Any:
        y_true, y_pred = jnp.asarray(y_true), jnp.asarray(y_pred)
        last = axis in (-1, y_pred.ndim - 1) and y_pred.ndim > 1
        if (
            last
            and y_true.size
            and y_true.shape != y_pred.shape
            and y_true.size * y_pred.shape[-1] == y_pred.size
        ):
            y_true = y_true.reshape(y_pred.shape[:-1])
        return class_numbers(function, y_true, y_pred, axis)

    return run


def _taking_arrays(function: Callable[..., Any]) -> Callable[..., Any]:
    """Code of Neurona: it gets arrays, and gives tensors to whoever gave some, and to the program."""

    @functools.wraps(function)
    def run(self: Any, *args: Any, **kwargs: Any) -> Any:
        has_tensors = holds_tensor((args, kwargs))
        if has_tensors:
            args, kwargs = for_models((args, kwargs))
        result = function(self, *args, **kwargs)
        return wrapped(result) if has_tensors or _is_the_programs_own_time() else result

    return run


def _with_arrays(method: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(method)
    def run(self: Any, *args: Any, **kwargs: Any) -> Any:
        args = tuple(map(_dense, args))
        kwargs = {name: _dense(one) for name, one in kwargs.items()}
        if holds_tensor((args, {**kwargs, "callbacks": None})):
            args = unwrapped(args)
            kwargs = {name: unwrapped(one) if holds_tensor(one) else one for name, one in kwargs.items()}
        return method(self, *args, **kwargs)

    return run


def _of_users(function: Callable[..., Any]) -> Callable[..., Any]:
    """Code of the program: it gets tensors, and gives them back to whoever gave them."""

    @functools.wraps(function)
    def run(self: Any, *args: Any, **kwargs: Any) -> Any:
        has_tensors = holds_tensor((args, kwargs))
        result = function(self, *wrapped(args), **wrapped(kwargs))
        return wrapped(result) if has_tensors else unwrapped(result)

    run._of_users = True  # pyright: ignore[reportAttributeAccessIssue]
    return run


def _of_function(method: Callable[..., Any], name: str) -> Callable[..., Any]:
    """A method that calls a function kept as an attribute: one of the program's gets tensors."""

    @functools.wraps(method)
    def run(self: Any, *args: Any, **kwargs: Any) -> Any:
        function = getattr(self, name)
        if not (getattr(function, "__module__", None) or "").startswith(("neurona.", "jax.")):
            args, kwargs = wrapped(args), wrapped(kwargs)
        elif holds_tensor((args, kwargs)):
            args, kwargs = for_models((args, kwargs))
        return unwrapped(method(self, *args, **kwargs))

    return run


def _noticing(hook: Any, names: tuple[str, ...]) -> Callable[..., Any]:
    """`__init_subclass__` that lets the methods of the program's classes take tensors.

    Args:
        hook: the class method that it stands for, of Python or, since Python 3.12 that of `Generic`, of C.
        names: the methods.
    """

    def init_subclass(cls: Any, **kwargs: Any) -> None:
        hook.__get__(None, cls)(**kwargs)
        if cls.__module__.startswith("neurona."):
            return
        if issubclass(cls, Layer) and isinstance(vars(cls).get("call"), FunctionType):
            _let_phase_be_left_out(vars(cls)["call"])
        for name in names:
            if name in vars(cls) and not _is_step_of_jax(name, vars(cls)[name]):
                setattr(cls, name, _of_users(vars(cls)[name]))
        if issubclass(cls, Layer):
            if "build" in vars(cls):
                cls.build = _of_shapes(vars(cls)["build"])
            if "compute_output_shape" in vars(cls):
                cls.compute_output_shape = _giving_shapes(_of_shapes(vars(cls)["compute_output_shape"]))
            for base in cls.__mro__[1:]:
                for name in ("call", "convolution_op"):
                    own = vars(base).get(name)
                    is_ours = base.__module__.startswith("neurona.")
                    if own is not None and is_ours and not hasattr(own, "_of_neurona"):
                        setattr(base, name, _for_subclasses(own))

    return init_subclass


def _let_phase_be_left_out(call: FunctionType) -> None:
    """Let callers leave out the last argument of `call(self, inputs, training)`, as in tf.keras 2, which
    filled it in. Where nothing says whether this is training, it is None.
    """
    code, given = call.__code__, call.__defaults__ or ()
    required = code.co_varnames[: code.co_argcount - len(given)]
    if len(required) > 2 and required[-1] == "training":
        call.__defaults__ = (None, *given)


def _is_step_of_jax(name: str, method: Any) -> bool:
    """Whether a model's own step is `step(self, state, data)`, which computes with JAX's arrays."""
    return name.endswith("_step") and isinstance(method, FunctionType) and method.__code__.co_argcount > 2


def _for_subclasses(call: Callable[..., Any]) -> Callable[..., Any]:
    """A layer's `call` that a subclass of the program may call with tensors."""

    @functools.wraps(call)
    def run(self: Any, *args: Any, **kwargs: Any) -> Any:
        if not holds_tensor((args, kwargs)):
            return call(self, *args, **kwargs)
        args, kwargs = unwrapped((args, kwargs))
        return wrapped(call(self, *args, **kwargs))

    run._of_neurona = True  # pyright: ignore[reportAttributeAccessIssue]
    return run


def _of_shapes(build: Callable[..., Any]) -> Callable[..., Any]:
    """A `build` of the program: it gets TensorFlow's shapes."""

    @functools.wraps(build)
    def run(self: Any, *args: Any, **kwargs: Any) -> Any:
        return build(self, *map(_shaped, args), **{name: _shaped(one) for name, one in kwargs.items()})

    return run


def _giving_shapes(method: Callable[..., Any]) -> Callable[..., Any]:
    """A method of the program whose result has TensorFlow's shapes: they become tuples."""

    @functools.wraps(method)
    def run(*args: Any, **kwargs: Any) -> Any:
        found = method(*args, **kwargs)
        return jax.tree.map(
            lambda one: tuple(one) if isinstance(one, TensorShape) else one,
            found,
            is_leaf=lambda one: isinstance(one, TensorShape),
        )

    return run


def _shaped(value: Any) -> Any:
    if isinstance(value, tuple) and all(size is None or isinstance(size, int) for size in value):
        return TensorShape(value)
    if isinstance(value, dict):
        return {name: _shaped(one) for name, one in value.items()}
    return [_shaped(one) for one in value] if isinstance(value, (list, tuple)) else value


# Optimizers.


def _taking_gradients(apply: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(apply)
    def run(self: Any, gradients: Any = None, trainable_variables: Any = None, **old: Any) -> Any:
        gradients = unwrapped(list(old.pop("grads", gradients)))
        trainable_variables = None if trainable_variables is None else list(trainable_variables)
        if is_tracing():
            adopt(self, trainable_variables)
        if trainable_variables is not None:
            know(self, trainable_variables)
        gradients = [g._as_tensor()._array if hasattr(g, "_as_tensor") else g for g in gradients]
        return apply(self, gradients, trainable_variables)

    return run


def _applying(apply: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(apply)
    def run(self: Any, grads_and_vars: Any, name: Any = None, **_: Any) -> Any:
        return Tensor(apply(self, grads_and_vars))

    return run
