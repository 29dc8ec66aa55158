"""Ragged tensors in models: `Input(ragged=True)`.

Models compute with arrays. Ragged rows enter one as an array that is filled up with a number that no data
have; its `Input` makes a mask of it, which layers that take ragged tensors keep or end. Others refuse them.
"""

import functools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from neurona import layers
from neurona.core import symbolic
from neurona.core.annotations import MASK
from neurona.core.errors import ArgumentError, DataError
from neurona.core.layer import Layer
from neurona.core.symbolic import SymbolicTensor, is_symbolic
from neurona.layers import InputLayer
from neurona.legacy.tensorflow.data.specs import RaggedTensorSpec
from neurona.legacy.tensorflow.ragged_tensor import RaggedTensor
from neurona.legacy.tensorflow.tensor import Tensor
from neurona.models import Model
from neurona.models import model as model_room

_GAP = -(2**31)  # exact in every dtype that enters
_DATA = ("fit", "evaluate", "predict", "train_on_batch", "test_on_batch", "predict_on_batch")
_OF_EACH = (
    layers.Activation, layers.Add, layers.Average, layers.BatchNormalization, layers.Dense, layers.Dropout,
    layers.ELU, layers.Embedding, layers.GaussianDropout, layers.GaussianNoise, layers.LayerNormalization,
    layers.LeakyReLU, layers.Maximum, layers.Minimum, layers.Multiply, layers.ReLU, layers.Softmax,
    layers.SpatialDropout1D, layers.Subtract, layers.TimeDistributed,
)  # fmt: skip
_OF_ROWS = (layers.Bidirectional, layers.GlobalAveragePooling1D, layers.GlobalMaxPooling1D, layers.RNN)


class ToTensor(Layer):
    """`to_tensor()` of a symbolic ragged tensor: rows filled up with a value to one length."""

    supports_masking = True

    def __init__(self, default_value: Any = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.default_value = default_value or 0

    def call(self, inputs: Any, mask: Any = None) -> Any:
        if mask is None:
            return inputs
        return jnp.where(_beside(mask, inputs), inputs, jnp.asarray(self.default_value, inputs.dtype))

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        return None


def _beside(mask: Any, values: Any) -> Any:
    return mask.reshape(*mask.shape, *(1,) * (values.ndim - mask.ndim))


# What is ragged in a graph.


def is_ragged(tensor: Any) -> bool:
    """Whether a symbolic tensor stands for rows of different lengths."""
    node = tensor.node if is_symbolic(tensor) else None
    if node is None:
        return False
    return node.operation.ragged if isinstance(node.operation, InputLayer) else node._is_ragged


def _checking(init: Callable[..., None]) -> Callable[..., None]:
    """`Node.__init__` that tells whether the call's outputs are ragged.

    Raises:
        ArgumentError: what is called takes no ragged tensors.
    """

    @functools.wraps(init)
    def wrapper(self: Any, operation: Any, args: tuple, kwargs: dict[str, Any]) -> None:
        init(self, operation, args, kwargs)
        ragged = [one for one in self.inputs if is_ragged(one)]
        self._is_ragged = bool(ragged) and _keeps_rows(operation)
        if isinstance(operation, layers.Embedding) and ragged:
            operation.supports_masking = True
        if ragged and isinstance(operation, layers.GlobalMaxPooling1D):
            operation.__dict__["_over_rows"] = True

    return wrapper


def _keeps_rows(operation: Any) -> bool:
    """Whether what is called on ragged rows returns a value for each of their values, and not one for a row.

    Raises:
        ArgumentError: it takes no ragged tensors.
    """
    if isinstance(operation, _OF_ROWS):
        return getattr(getattr(operation, "forward_layer", operation), "return_sequences", False)
    joins = isinstance(operation, layers.Concatenate) and operation.axis == -1
    if isinstance(operation, _OF_EACH) or joins:
        return True
    if isinstance(operation, ToTensor):
        return False
    raise ArgumentError(
        f"{operation.name!r} ({type(operation).__name__}) takes no ragged tensors here. Fill the rows up "
        "before it: x.to_tensor(), or pool them: GlobalAveragePooling1D()(x)."
    )


def _with_rows(adapt: Callable[..., Any]) -> Callable[..., Any]:
    """The entrance of data into a model, which makes a mask of what was filled up."""

    @functools.wraps(adapt)
    def wrapper(value: Any, layer: Any, model: str) -> Any:
        array = adapt(value, layer, model)
        if not layer.ragged or not isinstance(array, jax.Array) or array.ndim < 2:
            return array
        mask = array.reshape(*array.shape[:2], -1)[..., 0] != jnp.asarray(_GAP, array.dtype)
        array = jnp.where(_beside(mask, array), array, jnp.zeros((), array.dtype))
        MASK.set(array, mask)
        return array

    return wrapper


def _passing(compute_mask: Callable[..., Any]) -> Callable[..., Any]:
    """`Embedding.compute_mask` that keeps the mask of ragged rows."""

    @functools.wraps(compute_mask)
    def wrapper(self: Any, inputs: Any, mask: Any = None) -> Any:
        own = compute_mask(self, inputs, mask)
        return own if mask is None else (mask if own is None else own & mask)

    return wrapper


def _largest_in_rows(call: Callable[..., Any]) -> Callable[..., Any]:
    """`GlobalMaxPooling1D.call` over ragged rows, of which only the values count."""

    @functools.wraps(call)
    def wrapper(self: Any, inputs: Any) -> Any:
        mask = MASK.get(inputs) if getattr(self, "_over_rows", False) else None
        if mask is not None:
            inputs = jnp.where(mask[..., None], inputs, jnp.finfo(inputs.dtype).min)
        return call(self, inputs)

    return wrapper


# Data.


def _padded(value: Any, is_batch: bool) -> Any:
    """A leaf of data; ragged rows as an array."""
    if not isinstance(value, RaggedTensor):
        return value
    if value.ragged_rank > 1 or value.flat.dtype.kind not in "biuf":
        raise DataError(
            f"Models take ragged tensors of numbers with one ragged axis. Received: {value.ragged_rank} "
            f"ragged axes of {value.dtype.name}. Look up texts before, as a step of the data set; fill up "
            "inner rows with to_tensor()."
        )
    flat = value.flat.astype(np.float32 if value.flat.dtype.kind == "f" else np.int64)
    if (flat == _GAP).any():
        raise DataError(f"Ragged data for models can't hold {_GAP}, which fills rows up. Received it.")
    filled = np.asarray(value.with_flat_values(flat).to_tensor(_GAP))
    if is_batch:  # few lengths, so that few programs are compiled
        width = 1 << max(filled.shape[1] - 1, 0).bit_length()
        around = [(0, 0)] * filled.ndim
        around[1] = (0, width - filled.shape[1])
        filled = np.pad(filled, around, constant_values=_GAP)
    return filled


def _is_ragged_leaf(one: Any) -> bool:
    return isinstance(one, (RaggedTensor, RaggedTensorSpec, Tensor))


def _holds_ragged(data: Any) -> bool:
    leaves = jax.tree.leaves(data, is_leaf=_is_ragged_leaf)
    return any(isinstance(one, (RaggedTensor, RaggedTensorSpec)) for one in leaves)


def _as_arrays(data: Any, is_batch: bool = False) -> Any:
    """Data with arrays in the place of ragged tensors, in a data set too."""
    if hasattr(data, "_changed"):
        if not _holds_ragged(data.element_spec):
            return data
        each = functools.partial(_as_arrays, is_batch=True)
        return data._changed("_RowsDataset", lambda stream: map(each, stream), data._length)
    return jax.tree.map(lambda one: _padded(one, is_batch), data, is_leaf=_is_ragged_leaf)


def _is_asked(data: Any) -> bool:
    return _holds_ragged(data.element_spec if hasattr(data, "_changed") else data)


def _check(model: Any, who: str) -> None:
    """Refuse ragged data for a model without ragged inputs."""
    if not any(map(is_ragged, model.inputs or ())):
        raise DataError(
            f"{who}: ragged tensors enter a model through an Input that says so. Begin it with "
            "Input(shape, ragged=True)."
        )


def _taking_rows(method: Callable[..., Any], name: str) -> Callable[..., Any]:
    """A method of a model that takes ragged tensors."""

    @functools.wraps(method)
    def wrapper(self: Any, x: Any = None, *args: Any, **kwargs: Any) -> Any:
        others = [args[:1], kwargs.get("y")]
        if _holds_ragged(others):
            raise DataError(
                f"{name}(): targets are arrays here. Received: a ragged tensor. Fill it up with to_tensor(), "
                "and leave what was filled up out with sample_weight."
            )
        validation = kwargs.get("validation_data")
        if not _is_asked(x) and not (validation is not None and _is_asked(validation)):
            return method(self, x, *args, **kwargs)
        _check(self, f"{name}()")
        if validation is not None:
            kwargs["validation_data"] = _as_arrays(validation)
        result = method(self, _as_arrays(x), *args, **kwargs)
        return _cut(self, x, result) if name.startswith("predict") else result

    return wrapper


def _cut(model: Any, x: Any, outputs: Any) -> Any:
    """Outputs for the program; those of ragged outputs have the rows of the inputs."""
    if not any(map(is_ragged, model.outputs)):
        return outputs
    lengths = next(
        (
            np.diff(one._splits)
            for one in jax.tree.leaves(x, is_leaf=_is_ragged_leaf)
            if isinstance(one, RaggedTensor)
        ),
        None,
    )
    if lengths is None:
        raise DataError(
            "predict(): rows of a data set are read once, so that the lengths of ragged outputs are not "
            "known. Give predict() the ragged tensor itself."
        )
    several = isinstance(outputs, (list, tuple))
    found = [
        RaggedTensor.from_tensor(np.asarray(one), lengths) if is_ragged(symbol) else one
        for one, symbol in zip(outputs if several else [outputs], model.outputs, strict=True)
    ]
    return found if several else found[0]


def _called(call: Callable[..., Any]) -> Callable[..., Any]:
    """A model called by the program on ragged tensors."""

    @functools.wraps(call)
    def wrapper(self: Any, *args: Any, **kwargs: Any) -> Any:
        if not args or not isinstance(self, Model) or self.inputs is None or not _holds_ragged(args[0]):
            return call(self, *args, **kwargs)
        _check(self, f"Model {self.name!r}")
        given = jax.tree.map(Tensor, _as_arrays(args[0]), is_leaf=lambda one: isinstance(one, np.ndarray))
        return _cut(self, args[0], call(self, given, *args[1:], **kwargs))

    return wrapper


def install() -> None:
    """Let models take ragged tensors, in this process."""
    symbolic.Node.__init__ = _checking(symbolic.Node.__init__)
    model_room._adapt = _with_rows(model_room._adapt)
    layers.Embedding.compute_mask = _passing(layers.Embedding.compute_mask)
    layers.GlobalMaxPooling1D.call = _largest_in_rows(layers.GlobalMaxPooling1D.call)
    for name in _DATA:
        setattr(Model, name, _taking_rows(getattr(Model, name), name))
    Layer.__call__ = _called(Layer.__call__)  # pyright: ignore[reportAttributeAccessIssue]
    to_tensor: Any = lambda self, default_value=None, name=None, shape=None: ToTensor(default_value)(self)
    SymbolicTensor.to_tensor = to_tensor  # pyright: ignore[reportAttributeAccessIssue]
