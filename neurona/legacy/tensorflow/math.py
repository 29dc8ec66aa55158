"""`tf.math`: numbers."""

from collections import namedtuple
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import jax.scipy.special as special_functions
import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from neurona import activations, ops
from neurona.legacy.tensorflow.dispatch import (
    D,
    I,
    M,
    Ms,
    S,
    T,
    binary,
    function,
    reduction,
    tensor_of,
    to_float,
    unary,
)
from neurona.legacy.tensorflow.dtypes import float64, int64
from neurona.legacy.tensorflow.errors import InvalidArgumentError
from neurona.legacy.tensorflow.recording import has_numbers
from neurona.legacy.tensorflow.tensor import Tensor
from neurona.legacy.tensorflow.widths import on_device, wide

# One tensor.
abs = unary("abs", jnp.abs)
acos, acosh = unary("acos", jnp.arccos, floats=True), unary("acosh", jnp.arccosh, floats=True)
asin, asinh = unary("asin", jnp.arcsin, floats=True), unary("asinh", jnp.arcsinh, floats=True)
atan, atanh = unary("atan", jnp.arctan, floats=True), unary("atanh", jnp.arctanh, floats=True)
angle, conj = unary("angle", jnp.angle), unary("conj", jnp.conj)
real, imag = unary("real", jnp.real), unary("imag", jnp.imag)
ceil, floor = unary("ceil", jnp.ceil, floats=True), unary("floor", jnp.floor, floats=True)
cos, cosh = unary("cos", jnp.cos, floats=True), unary("cosh", jnp.cosh, floats=True)
sin, sinh = unary("sin", jnp.sin, floats=True), unary("sinh", jnp.sinh, floats=True)
tan, tanh = unary("tan", jnp.tan, floats=True), unary("tanh", jnp.tanh, floats=True)
digamma, lgamma = (
    unary("digamma", special_functions.digamma, floats=True),
    unary("lgamma", special_functions.gammaln, floats=True),
)


@function
def lbeta(x: T) -> Any:
    """The logarithm of the beta function along the last axis."""
    return special_functions.gammaln(x).sum(-1) - special_functions.gammaln(x.sum(-1))


erf, erfc = (
    unary("erf", special_functions.erf, floats=True),
    unary("erfc", special_functions.erfc, floats=True),
)
erfinv, ndtri = (
    unary("erfinv", jax.lax.erf_inv, floats=True),
    unary("ndtri", special_functions.ndtri, floats=True),
)
bessel_i0, bessel_i1 = unary("bessel_i0", special_functions.i0), unary("bessel_i1", special_functions.i1)
bessel_i0e, bessel_i1e = (
    unary("bessel_i0e", special_functions.i0e),
    unary("bessel_i1e", special_functions.i1e),
)
exp, expm1 = unary("exp", jnp.exp, floats=True), unary("expm1", jnp.expm1, floats=True)
log, log1p = unary("log", jnp.log, floats=True), unary("log1p", jnp.log1p, floats=True)
is_finite, is_inf, is_nan = (
    unary("is_finite", jnp.isfinite),
    unary("is_inf", jnp.isinf),
    unary("is_nan", jnp.isnan),
)
logical_not, negative, sign = (
    unary("logical_not", jnp.logical_not),
    unary("negative", jnp.negative),
    unary("sign", jnp.sign),
)
reciprocal = unary("reciprocal", lambda x: 1 / x)
reciprocal_no_nan = unary("reciprocal_no_nan", lambda x: jnp.where(x == 0, 0, 1 / jnp.where(x == 0, 1, x)))
rint, round = unary("rint", jnp.rint, floats=True), unary("round", jnp.round)
rsqrt, sqrt, square = (
    unary("rsqrt", jax.lax.rsqrt, floats=True),
    unary("sqrt", jnp.sqrt, floats=True),
    unary("square", jnp.square),
)
sigmoid, log_sigmoid = (
    unary("sigmoid", activations.sigmoid, floats=True),  # which losses see through, and softmax below
    unary("log_sigmoid", jax.nn.log_sigmoid, floats=True),
)
invert_permutation = unary("invert_permutation", jnp.argsort)
zero_fraction = unary("zero_fraction", lambda x: jnp.mean(x == 0, dtype="float32"))

# Two tensors.
add, subtract, multiply = (
    binary("add", jnp.add),
    binary("subtract", jnp.subtract),
    binary("multiply", jnp.multiply),
)
atan2 = binary("atan2", jnp.arctan2)
divide_no_nan = binary("divide_no_nan", lambda x, y: ops.divide_no_nan(x, y))
multiply_no_nan = binary("multiply_no_nan", lambda x, y: jnp.where(y == 0, jnp.zeros_like(x * y), x * y))
equal, not_equal = binary("equal", jnp.equal), binary("not_equal", jnp.not_equal)


def _by(compute: Callable[..., Any]) -> Callable[..., Any]:
    """A division, which refuses a zero among integers."""

    def divide(x: Any, y: Any) -> Any:
        if y.dtype.kind in "iu" and has_numbers(y) and not np.all(np.asarray(y)):
            raise InvalidArgumentError("Integer division by zero.")
        return compute(x, y)

    return divide


floordiv, floormod = binary("floordiv", _by(jnp.floor_divide)), binary("floormod", _by(jnp.mod))
mod = floormod
truncatemod = binary("truncatemod", _by(jnp.fmod))
truncatediv = binary("truncatediv", _by(lambda x, y: jax.lax.div(*jnp.broadcast_arrays(x, y))))
greater, greater_equal = binary("greater", jnp.greater), binary("greater_equal", jnp.greater_equal)
less, less_equal = binary("less", jnp.less), binary("less_equal", jnp.less_equal)
logical_and, logical_or, logical_xor = (
    binary("logical_and", jnp.logical_and),
    binary("logical_or", jnp.logical_or),
    binary("logical_xor", jnp.logical_xor),
)
maximum, minimum = binary("maximum", jnp.maximum), binary("minimum", jnp.minimum)
nextafter, pow = binary("nextafter", jnp.nextafter), binary("pow", jnp.power)
squared_difference = binary("squared_difference", lambda x, y: jnp.square(x - y))


@function
def igamma(a: M, x: M) -> Any:
    """The regularized lower incomplete gamma function."""
    return special_functions.gammainc(a, x)


@function
def igammac(a: M, x: M) -> Any:
    """The regularized upper incomplete gamma function."""
    return special_functions.gammaincc(a, x)


@function
def polygamma(a: M, x: M) -> Any:
    """The derivative number a of digamma."""
    return special_functions.polygamma(a.astype("int32"), x)


@function
def zeta(x: M, q: M) -> Any:
    """Hurwitz's zeta function."""
    return special_functions.zeta(x, q)


xlogy, xlog1py = binary("xlogy", special_functions.xlogy), binary("xlog1py", special_functions.xlog1py)
xdivy = binary("xdivy", lambda x, y: jnp.where(x == 0, 0, x / jnp.where(x == 0, 1, y)))


@function
def divide(x: M, y: M) -> Any:
    """x / y; integers give float64."""
    if jnp.issubdtype(x.dtype, jnp.integer) and x.dtype.itemsize >= 4:
        x, y = x.astype(float64.held), y.astype(float64.held)
        with wide():
            return Tensor(jnp.true_divide(x, y))
    return jnp.true_divide(x, y)


truediv = divide


@function
def scalar_mul(scalar: M, x: M) -> Any:
    """scalar * x."""
    return scalar * x


@function
def add_n(inputs: Ms) -> Any:
    """The sum of tensors of one shape."""
    total = inputs[0]
    for one in inputs[1:]:
        total = total + one
    return total


def accumulate_n(inputs: Any, shape: Any = None, tensor_dtype: Any = None, name: Any = None) -> Any:
    """The sum of tensors of one shape."""
    return add_n(inputs, name=name)


@function
def polyval(coeffs: Ms, x: T) -> Any:
    """A polynomial, the coefficient of the highest power first."""
    total = jnp.zeros_like(x)
    for one in coeffs:
        total = total * x + one
    return total


@function
def betainc(a: M, b: M, x: M) -> Any:
    """The regularized incomplete beta function."""
    return special_functions.betainc(a, b, x)


# Reductions.


def _mean(x: Any, axis: Any, keepdims: bool) -> Any:
    """The mean; of integers, rounded towards zero as in TensorFlow."""
    if jnp.issubdtype(x.dtype, jnp.integer):
        with wide():
            total = jnp.sum(x, axis=axis, keepdims=keepdims, dtype="int64")
            count = x.size // max(total.size, 1)
            return jax.lax.div(total, jnp.full_like(total, max(count, 1))).astype(x.dtype)
    return jnp.mean(x, axis=axis, keepdims=keepdims)


def _sum(x: Any, axis: Any, keepdims: bool) -> Any:
    return jnp.sum(x, axis=axis, keepdims=keepdims, dtype=x.dtype)


def _extreme(compute: Callable[..., Any], least: bool) -> Callable[..., Any]:
    """The largest or smallest number; of nothing, the dtype's limit."""

    def reduce(x: Any, axis: Any, keepdims: bool) -> Any:
        limits = jnp.iinfo if jnp.issubdtype(x.dtype, jnp.integer) else jnp.finfo
        empty = x.size == 0 and x.dtype != bool
        initial = (limits(x.dtype).min if least else limits(x.dtype).max) if empty else None
        return compute(x, axis=axis, keepdims=keepdims, initial=initial)

    return reduce


reduce_sum, reduce_mean = reduction("reduce_sum", _sum), reduction("reduce_mean", _mean)
reduce_prod = reduction(
    "reduce_prod", lambda x, axis, keepdims: jnp.prod(x, axis=axis, keepdims=keepdims, dtype=x.dtype)
)
reduce_max = reduction("reduce_max", _extreme(jnp.max, least=True))
reduce_min = reduction("reduce_min", _extreme(jnp.min, least=False))
reduce_all, reduce_any = reduction("reduce_all", jnp.all), reduction("reduce_any", jnp.any)
reduce_std, reduce_variance = reduction("reduce_std", jnp.std), reduction("reduce_variance", jnp.var)
reduce_logsumexp = reduction("reduce_logsumexp", jax.scipy.special.logsumexp)
reduce_euclidean_norm = reduction(
    "reduce_euclidean_norm",
    lambda x, axis, keepdims: jnp.sqrt(jnp.sum(jnp.square(x), axis=axis, keepdims=keepdims)),
)


@function
def count_nonzero(input: T, axis: S = None, keepdims: bool = False, dtype: D = int64) -> Any:
    """How many elements are not 0."""
    return jnp.count_nonzero(input, axis=axis, keepdims=keepdims).astype(dtype)


def _place(compute: Callable[..., Any], name: str) -> Callable[..., Any]:
    def raw(input: T, axis: S = None, output_type: D = int64) -> Any:
        axis = normalize_axis_index(0 if axis is None else axis, input.ndim)
        numbers = on_device(input if input.dtype != bool else input.astype("uint8"))
        return compute(numbers, axis, np.int32).astype(output_type)  # 32 bits, as programs of models have

    raw.__name__ = raw.__qualname__ = name
    raw.__doc__ = f"`tf.{name}`: the place of the extreme element along an axis, 0 by default."
    whole = function(raw)

    def call(input: Any = None, axis: Any = None, output_type: Any = int64, **kwargs: Any) -> Any:
        axis = kwargs.pop("dimension", axis)
        return whole(input, axis=axis, output_type=output_type, **kwargs)

    call.__name__, call.__doc__, call.raw = name, raw.__doc__, raw  # pyright: ignore[reportFunctionMemberAccess]
    return call


argmax, argmin = _place(jax.lax.argmax, "argmax"), _place(jax.lax.argmin, "argmin")


# Along an axis.


def _cumulative(x: Any, axis: Any, exclusive: bool, reverse: bool, compute: Any, first: float) -> Any:
    axis = 0 if axis is None else axis
    x = jnp.flip(x, axis) if reverse else x
    if exclusive:
        front = jnp.full_like(jax.lax.slice_in_dim(x, 0, 1, axis=axis), first)
        x = jnp.concatenate([front, jax.lax.slice_in_dim(x, 0, x.shape[axis] - 1, axis=axis)], axis)
    result = compute(x, axis)
    return jnp.flip(result, axis) if reverse else result


@function
def cumsum(x: T, axis: S = 0, exclusive: bool = False, reverse: bool = False) -> Any:
    """Running sums."""
    return _cumulative(x, axis, exclusive, reverse, lambda x, axis: jnp.cumsum(x, axis, x.dtype), 0)


@function
def cumprod(x: T, axis: S = 0, exclusive: bool = False, reverse: bool = False) -> Any:
    """Running products."""
    return _cumulative(x, axis, exclusive, reverse, lambda x, axis: jnp.cumprod(x, axis, x.dtype), 1)


@function
def cumulative_logsumexp(x: T, axis: S = 0, exclusive: bool = False, reverse: bool = False) -> Any:
    """Logarithms of running sums of exponentials."""
    return _cumulative(
        x, axis, exclusive, reverse, lambda x, axis: jax.lax.cumlogsumexp(x, axis % x.ndim), -jnp.inf
    )


@function
def softmax(logits: T, axis: S = None) -> Any:
    """exp(x) / sum(exp(x)) along an axis, the last by default."""
    return activations.softmax(to_float(logits), axis=-1 if axis is None else axis)


@function
def log_softmax(logits: T, axis: S = None) -> Any:
    """The logarithm of softmax."""
    return jax.nn.log_softmax(to_float(logits), axis=-1 if axis is None else axis)


softplus, softsign = (
    unary("softplus", jax.nn.softplus, floats=True),
    unary("softsign", jax.nn.soft_sign, floats=True),
)


@function
def l2_normalize(x: T, axis: S = None, epsilon: Any = 1e-12) -> Any:
    """x / |x| along an axis."""
    total = jnp.sum(jnp.square(x), axis=axis, keepdims=True)
    return x * jax.lax.rsqrt(jnp.maximum(total, epsilon))


_TopK = namedtuple("TopKV2", "values indices")


@function
def top_k(input: T, k: S = 1, sorted: bool = True) -> Any:
    """The k largest elements of the last axis, and their places."""
    return _TopK(*jax.lax.top_k(input, int(k)))


@function
def in_top_k(targets: I, predictions: T, k: S) -> Any:
    """Whether each target is among its k largest predictions."""
    return ops.in_top_k(targets, predictions, k)


@function
def approx_max_k(operand: T, k: S) -> Any:
    """The k largest elements of the last axis, and their places."""
    return jax.lax.top_k(operand, int(k))


# Counting.


@function
def bincount(
    arr: I,
    weights: T = None,
    minlength: S = None,
    maxlength: S = None,
    dtype: D = None,
    axis: S = None,
    binary_output: bool = False,
) -> Any:
    """How often each integer occurs."""
    length = int(jnp.max(arr)) + 1 if arr.size else 0
    length = max(length, minlength or 0)
    length = length if maxlength is None else min(length, maxlength)
    rows = arr.reshape(1, -1) if axis is None else arr.reshape(-1, arr.shape[-1])
    hits = jax.nn.one_hot(rows, length, dtype="float32" if weights is None else weights.dtype)
    hits = hits if weights is None else hits * weights.reshape(*rows.shape, 1)
    counts = jnp.max(hits, 1) if binary_output else jnp.sum(hits, 1)
    counts = counts if weights is not None else counts.astype(dtype or "int32")
    return counts[0] if axis is None or arr.ndim == 1 else counts


@function
def confusion_matrix(
    labels: T, predictions: T, num_classes: S = None, weights: T = None, dtype: D = "int32"
) -> Any:
    """How often each class (rows) was predicted as each (columns)."""
    labels, predictions = labels.reshape(-1).astype("int32"), predictions.reshape(-1).astype("int32")
    if num_classes is None:
        num_classes = int(jnp.maximum(jnp.max(labels), jnp.max(predictions))) + 1
    ones = jnp.ones(labels.shape, dtype) if weights is None else weights.reshape(-1).astype(dtype)
    return jnp.zeros((num_classes, num_classes), dtype).at[labels, predictions].add(ones)


# Segments.


def _is_rising(numbers: np.ndarray) -> bool:
    return bool((numbers[1:] >= numbers[:-1]).all())


def _segment(name: str, reduce: Callable[..., Any], counted: bool) -> Callable[..., Any]:
    def of_known_number(data: T, segment_ids: I, num_segments: S) -> Any:
        return reduce(data, segment_ids, int(num_segments))

    def of_sorted(data: T, segment_ids: I) -> Any:
        if has_numbers(segment_ids) and not _is_rising(np.asarray(segment_ids)):
            raise InvalidArgumentError(
                f"tf.math.{name}: segment ids are not increasing: sort the rows by them."
            )
        return reduce(data, segment_ids, int(jnp.max(segment_ids)) + 1)

    raw = of_known_number if counted else of_sorted
    raw.__name__ = raw.__qualname__ = name
    raw.__doc__ = f"`tf.math.{name}`."
    return function(raw)


def _segment_mean(data: Any, ids: Any, count: int) -> Any:
    sizes = jax.ops.segment_sum(jnp.ones(ids.shape, data.dtype), ids, count)
    sums = jax.ops.segment_sum(data, ids, count)
    return sums / jnp.maximum(sizes, 1).reshape(sizes.shape + (1,) * (sums.ndim - sizes.ndim))


def _segment_sqrt_n(data: Any, ids: Any, count: int) -> Any:
    sizes = jax.ops.segment_sum(jnp.ones(ids.shape, data.dtype), ids, count)
    sums = jax.ops.segment_sum(data, ids, count)
    return sums / jnp.sqrt(jnp.maximum(sizes, 1)).reshape(sizes.shape + (1,) * (sums.ndim - sizes.ndim))


def _zeros_where_empty(reduce: Callable[..., Any]) -> Callable[..., Any]:
    def run(data: Any, ids: Any, count: int) -> Any:
        sizes = jax.ops.segment_sum(jnp.ones(ids.shape, "int32"), ids, count)
        result = reduce(data, ids, count)
        return jnp.where((sizes > 0).reshape(sizes.shape + (1,) * (result.ndim - sizes.ndim)), result, 0)

    return run


segment_sum = _segment("segment_sum", jax.ops.segment_sum, False)
segment_mean = _segment("segment_mean", _segment_mean, False)
segment_max = _segment("segment_max", _zeros_where_empty(jax.ops.segment_max), False)
segment_min = _segment("segment_min", _zeros_where_empty(jax.ops.segment_min), False)
segment_prod = _segment("segment_prod", jax.ops.segment_prod, False)
unsorted_segment_sum = _segment("unsorted_segment_sum", jax.ops.segment_sum, True)
unsorted_segment_mean = _segment("unsorted_segment_mean", _segment_mean, True)
unsorted_segment_sqrt_n = _segment("unsorted_segment_sqrt_n", _segment_sqrt_n, True)
unsorted_segment_max = _segment("unsorted_segment_max", jax.ops.segment_max, True)
unsorted_segment_min = _segment("unsorted_segment_min", jax.ops.segment_min, True)
unsorted_segment_prod = _segment("unsorted_segment_prod", jax.ops.segment_prod, True)


def is_non_decreasing(x: Any, name: Any = None) -> Any:
    """Whether no element is smaller than the one before."""
    flat = tensor_of(x)._array.reshape(-1)
    return Tensor(jnp.all(flat[1:] >= flat[:-1]))


def is_strictly_increasing(x: Any, name: Any = None) -> Any:
    """Whether every element is larger than the one before."""
    flat = tensor_of(x)._array.reshape(-1)
    return Tensor(jnp.all(flat[1:] > flat[:-1]))
