"""Functions that TensorFlow 1 had with other names or arguments than today, and its settings."""

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import numpy as np

from neurona.legacy.tensorflow import arrays, choosing, linalg, random
from neurona.legacy.tensorflow import math as numbers
from neurona.legacy.tensorflow.dtypes import as_dtype, float32, int32, int64
from neurona.legacy.tensorflow.image import geometry
from neurona.legacy.tensorflow.v1 import settings
from neurona.legacy.tensorflow.v1.mode import Mode
from neurona.legacy.tensorflow.v1.tensor import convert, draw, is_drawing

# Settings.


class _Settings:
    """Settings of TensorFlow's runtime, of which there is none: anything may be said, and read again."""

    def __init__(self, *_: Any, **fields: Any) -> None:
        self.__dict__.update(fields)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        made = self.__dict__[name] = _Settings()
        return made

    def CopyFrom(self, other: Any) -> None:
        """Take over the settings of another."""
        self.__dict__.update(vars(other))

    def SerializeToString(self) -> bytes:
        """Nothing."""
        return b""


class ConfigProto(_Settings):
    """`tf.ConfigProto`: XLA and JAX decide about devices and memory."""


class GPUOptions(_Settings):
    """`tf.GPUOptions`: JAX decides; see its XLA_PYTHON_CLIENT_MEM_FRACTION."""


class RunOptions(_Settings):
    """`tf.RunOptions`: a run is one program."""

    NO_TRACE, SOFTWARE_TRACE, HARDWARE_TRACE, FULL_TRACE = 0, 1, 2, 3


class RunMetadata(_Settings):
    """`tf.RunMetadata`: its `step_stats` tell how long the program of a run took."""


class OptimizerOptions(_Settings):
    """`tf.OptimizerOptions`: XLA optimizes."""

    L0, L1, ON_1, ON_2, OFF = -1, 0, 1, 2, -1


class GraphOptions(_Settings):
    """`tf.GraphOptions`: XLA optimizes."""


def executing_eagerly() -> bool:
    """Whether functions compute at once rather than draw."""
    return not is_drawing()


def disable_eager_execution() -> None:
    """Let functions draw a graph from now on."""
    Mode.draws = True


def enable_eager_execution(*_: Any, **__: Any) -> None:
    """Let functions compute at once from now on."""
    Mode.draws = False


def disable_v2_behavior() -> None:
    """TensorFlow 1's behaviour: functions draw a graph."""
    disable_eager_execution()


def enable_v2_behavior() -> None:
    """TensorFlow 2's behaviour: functions compute at once."""
    enable_eager_execution()


def _nothing() -> None:
    """Nothing: there is one kind of variables, shapes and loops."""


enable_resource_variables = disable_resource_variables = disable_v2_tensorshape = _nothing
disable_control_flow_v2 = _nothing

# Functions.


def extract_image_patches(
    images: Any,
    ksizes: Any = None,
    strides: Any = None,
    rates: Any = None,
    padding: Any = None,
    name: str | None = None,
    sizes: Any = None,
) -> Any:
    """The pixels of each window in a row."""
    return geometry.extract_patches(
        images, ksizes if sizes is None else sizes, strides, rates, padding, name=name
    )


def space_to_batch(
    input: Any,
    paddings: Any,
    block_size: Any = None,
    name: str | None = None,
    block_shape: Any = None,
) -> Any:
    """Blocks of the rows and columns as rows of the batch."""
    paddings, block = _margins_first(paddings, block_size if block_shape is None else block_shape)
    return settings.space_to_batch_nd(input, block, paddings, name=name)


def batch_to_space(
    input: Any, crops: Any, block_size: Any = None, name: str | None = None, block_shape: Any = None
) -> Any:
    """What `space_to_batch` took apart."""
    crops, block = _margins_first(crops, block_size if block_shape is None else block_shape)
    return settings.batch_to_space_nd(input, block, crops, name=name)


def _margins_first(one: Any, other: Any) -> tuple[Any, Any]:
    """Margins (axes, 2) and the block (axes,), which comes first in TensorFlow 2; a number is of two axes."""
    margins, block = (other, one) if np.ndim(one) < np.ndim(other) else (one, other)
    return margins, [block, block] if isinstance(block, int) else block


def assert_integer(x: Any, message: str | None = None, name: str | None = None) -> None:
    """Whether a tensor holds integers.

    Raises:
        TypeError: it does not.
    """
    if not convert(x).dtype.is_integer:
        raise TypeError(f'{message or ""} Expected "x" to be integer type. Found: {convert(x).dtype.name}')


def clip_by_average_norm(t: Any, clip_norm: Any, name: str | None = None) -> Any:
    """A tensor shortened so that its norm / its size is no more than a number."""
    return draw(_shortened, (convert(t), clip_norm), name=name, default="clip_by_average_norm")


def _shortened(values: Any, most: Any) -> Any:
    mean = jnp.sqrt(jnp.sum(values * values)) / values.size
    return values * most * jnp.minimum(1 / mean, 1 / most)


def convert_to_tensor(
    value: Any,
    dtype: Any = None,
    name: str | None = None,
    preferred_dtype: Any = None,
    dtype_hint: Any = None,
) -> Any:
    """Anything as a tensor."""
    if not is_drawing(value):
        return arrays.convert_to_tensor(value, dtype, preferred_dtype or dtype_hint)
    return convert(value, dtype, name)


def concat(values: Any, axis: Any, name: str | None = None) -> Any:
    """Tensors one after the other along an axis; the axis came first before TensorFlow 1.0."""
    if isinstance(values, int) and isinstance(axis, (list, tuple)):
        values, axis = axis, values
    return arrays.concat(values, axis, name=name)


def split(
    value: Any = None,
    num_or_size_splits: Any = None,
    axis: Any = 0,
    num: Any = None,
    name: str | None = None,
    **old: Any,
) -> Any:
    """A tensor in parts along an axis; the axis came first before TensorFlow 1.0."""
    if isinstance(value, int) and isinstance(num_or_size_splits, int):
        value, axis = axis, value
    axis, parts = old.get("split_dim", axis), old.get("num_split", num_or_size_splits)
    return arrays.split(value, parts, axis, num, name=name)


def _places(name: str) -> Callable[..., Any]:
    function: Callable[..., Any] = getattr(numbers, name)

    def call(
        input: Any,
        axis: Any = None,
        name: str | None = None,
        dimension: Any = None,
        output_type: Any = int64,
    ) -> Any:
        place = dimension if axis is None else axis
        return function(input, axis=0 if place is None else place, output_type=output_type, name=name)

    call.__name__, call.__doc__ = name, f"The place of the {name[3:]}imum along an axis."
    return call


argmax, argmin = _places("argmax"), _places("argmin")


def expand_dims(input: Any, axis: Any = None, name: str | None = None, dim: Any = None) -> Any:
    """A new axis of size 1."""
    return arrays.expand_dims(input, dim if axis is None else axis, name=name)


def transpose(a: Any, perm: Any = None, name: str | None = "transpose", conjugate: bool = False) -> Any:
    """The axes in another order."""
    return arrays.transpose(a, perm, conjugate, name=name)


def random_normal(
    shape: Any, mean: Any = 0.0, stddev: Any = 1.0, dtype: Any = float32, seed: Any = None, name: Any = None
) -> Any:
    """Numbers from the normal distribution."""
    return random.normal(shape, mean, stddev, as_dtype(dtype), seed, name or "random_normal")


def random_uniform(
    shape: Any, minval: Any = 0, maxval: Any = None, dtype: Any = float32, seed: Any = None, name: Any = None
) -> Any:
    """Numbers from minval to below maxval."""
    return random.uniform(shape, minval, maxval, as_dtype(dtype), seed, name or "random_uniform")


def truncated_normal(
    shape: Any, mean: Any = 0.0, stddev: Any = 1.0, dtype: Any = float32, seed: Any = None, name: Any = None
) -> Any:
    """Normal numbers within two standard deviations."""
    return random.truncated_normal(shape, mean, stddev, as_dtype(dtype), seed, name or "truncated_normal")


def random_shuffle(value: Any, seed: Any = None, name: Any = None) -> Any:
    """The rows in random order."""
    return random.shuffle(value, seed, name)


def multinomial(
    logits: Any, num_samples: Any, seed: Any = None, name: Any = None, output_dtype: Any = None
) -> Any:
    """Class numbers drawn with probabilities softmax(logits)."""
    return random.categorical(logits, num_samples, output_dtype or int64, seed, name or "multinomial")


def random_gamma(
    shape: Any, alpha: Any, beta: Any = None, dtype: Any = float32, seed: Any = None, name: Any = None
) -> Any:
    """Numbers from the gamma distribution."""
    return random.gamma(shape, alpha, beta, as_dtype(dtype), seed, name)


def random_poisson(lam: Any, shape: Any, dtype: Any = float32, seed: Any = None, name: Any = None) -> Any:
    """Counts from the Poisson distribution."""
    return random.poisson(shape, lam, as_dtype(dtype), seed, name)


def sparse_to_dense(
    sparse_indices: Any,
    output_shape: Any,
    sparse_values: Any,
    default_value: Any = 0,
    validate_indices: bool = True,
    name: Any = None,
) -> Any:
    """A tensor of one value, with others at some places."""
    return draw(
        _scattered,
        (sparse_indices, output_shape, sparse_values, default_value),
        name,
        default="SparseToDense",
    )


def _scattered(places: Any, shape: Any, values: Any, default: Any) -> Any:
    sizes = tuple(np.asarray(shape).tolist())
    if getattr(getattr(values, "dtype", None), "kind", "") == "O":
        return _texts_at(np.asarray(places), sizes, values, default)
    places, values = jnp.asarray(places), jnp.asarray(values)
    whole = jnp.full(sizes, default, values.dtype)
    places = places[:, None] if places.ndim == 1 and len(sizes) == 1 else places
    places = jnp.atleast_2d(places)
    if places.shape[-1] != len(sizes):  # their number may be made up, and is then too large to go through
        raise ValueError(f"Places of {places.shape[-1]} numbers are not those of a shape of {len(sizes)}.")
    return whole.at[tuple(places[..., axis] for axis in range(len(sizes)))].set(values)


def _texts_at(places: np.ndarray, sizes: tuple[int, ...], texts: Any, default: Any) -> np.ndarray:
    whole = np.full(sizes, default.encode() if isinstance(default, str) else default or b"", object)
    whole[tuple(places.reshape(len(texts), -1).T)] = texts
    return whole


def matrix_inverse(input: Any, adjoint: bool = False, name: Any = None) -> Any:
    """The inverse of a matrix."""
    return linalg.inv(input, adjoint, name=name)


def batch_matmul(x: Any, y: Any, adj_x: bool = False, adj_y: bool = False, name: Any = None) -> Any:
    """Products of matrices."""
    return linalg.matmul(x, y, adjoint_a=adj_x, adjoint_b=adj_y, name=name)


def div(x: Any, y: Any, name: str | None = None) -> Any:
    """x / y, without the rest where both are integers."""
    x = convert(x) if is_drawing(x, y) else arrays.convert_to_tensor(x)
    return (numbers.floordiv if x.dtype.is_integer else numbers.divide)(x, y, name=name or "div")


def pack(values: Any, axis: int = 0, name: str | None = None) -> Any:
    """Tensors as one, with a new axis."""
    return arrays.stack(values, axis, name=name)


def unpack(value: Any, num: Any = None, axis: int = 0, name: str | None = None) -> Any:
    """The tensors along an axis."""
    return arrays.unstack(value, num, axis, name=name)


def select(condition: Any, t: Any, e: Any, name: str | None = None) -> Any:
    """Elements of t where a condition is true, else of e."""
    return choosing.where(condition, t, e, name=name)


def complex_abs(x: Any, name: str | None = None) -> Any:
    """The length of complex numbers."""
    return numbers.abs(x, name=name)


def inv(x: Any, name: str | None = None) -> Any:
    """1 / x."""
    return numbers.reciprocal(x, name=name)


def to_bfloat16(x: Any, name: str | None = None) -> Any:
    """The numbers as bfloat16."""
    return arrays.cast(x, "bfloat16", name=name)


def where(condition: Any, x: Any = None, y: Any = None, name: str | None = None) -> Any:
    """Elements of x where a condition is true, else of y; or the places where it is true.

    A condition of one axis chooses rows.
    """
    if x is None:
        found = choosing.where(condition, name=name)
        if hasattr(found, "node"):  # whose numbers are known when the graph runs
            found.node.spec = type(found.node.spec)((None, convert(condition).ndim), int64.held)
        return found
    if not is_drawing(condition, x, y):
        return choosing.where(condition, x, y)
    return draw(_rows_where, (convert(condition), convert(x), convert(y)), name=name, default="Select")


def _rows_where(condition: Any, x: Any, y: Any) -> Any:
    condition = jnp.asarray(condition)
    if condition.ndim == 1 and jnp.ndim(x) > 1:
        condition = condition.reshape((-1,) + (1,) * (jnp.ndim(x) - 1))
    return jnp.where(condition, x, y)


def gather(
    params: Any,
    indices: Any,
    validate_indices: Any = None,
    name: Any = None,
    axis: Any = None,
    batch_dims: int = 0,
) -> Any:
    """Rows of a tensor by their numbers."""
    return choosing.gather(params, indices, axis=axis, batch_dims=batch_dims, name=name)


def one_hot(
    indices: Any,
    depth: Any,
    on_value: Any = None,
    off_value: Any = None,
    axis: Any = None,
    dtype: Any = None,
    name: Any = None,
) -> Any:
    """Numbers of classes as rows with a one."""
    given = {"on_value": on_value, "off_value": off_value, "axis": axis, "dtype": dtype}
    return arrays.one_hot(
        indices, depth, name=name, **{key: one for key, one in given.items() if one is not None}
    )


def count_nonzero(
    input_tensor: Any = None,
    axis: Any = None,
    keepdims: Any = None,
    dtype: Any = int64,
    name: Any = None,
    reduction_indices: Any = None,
    keep_dims: Any = None,
    input: Any = None,
) -> Any:
    """How many elements are not zero."""
    given = input if input_tensor is None else input_tensor
    place = reduction_indices if axis is None else axis
    return numbers.count_nonzero(
        given, axis=place, keepdims=bool(keepdims or keep_dims), dtype=as_dtype(dtype), name=name
    )


def confusion_matrix(
    labels: Any,
    predictions: Any,
    num_classes: Any = None,
    dtype: Any = int32,
    name: Any = None,
    weights: Any = None,
) -> Any:
    """How often each class was taken for each."""
    return numbers.confusion_matrix(
        labels, predictions, num_classes=num_classes, weights=weights, dtype=dtype, name=name
    )
