"""`theano.tensor.nnet`: what networks need: activations, cross-entropies, convolution, normalization."""

import functools
import math
import sys
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from neurona.errors import ArgumentError
from neurona.graph import Spec
from neurona.legacy.theano.refused import h_softmax  # noqa: F401 - importable, refused at a call
from neurona.legacy.theano.settings import wide
from neurona.legacy.theano.variables import Softmax as Softmax
from neurona.legacy.theano.variables import apply, as_tensor_variable

_COLUMNS = 2**25  # numbers of one convolution's matrix: 256 MiB


def _softmax(x: Any) -> Any:
    """Of each row; a vector is one row, and gives a matrix, as in Theano."""
    return jax.nn.softmax(x[None] if x.ndim == 1 else x, -1)


def softmax(c: Any) -> Any:
    """Numbers of a row as shares that add up to 1."""
    return apply(_softmax, as_tensor_variable(c), name="softmax")


softmax_graph = softmax


def logsoftmax(c: Any) -> Any:
    """The logarithm of softmax."""
    return apply(lambda x: jax.nn.log_softmax(x[None] if x.ndim == 1 else x, -1), as_tensor_variable(c))


def sigmoid(x: Any) -> Any:
    """1 / (1 + exp(-x))."""
    return apply(jax.nn.sigmoid, as_tensor_variable(x), name="sigmoid")


def hard_sigmoid(x: Any) -> Any:
    """clip(0.2 x + 0.5, 0, 1)."""
    return apply(lambda a: jnp.clip(0.2 * a + 0.5, 0, 1), as_tensor_variable(x))


ultra_fast_sigmoid = sigmoid


def softplus(x: Any) -> Any:
    """log(1 + exp(x))."""
    return apply(jax.nn.softplus, as_tensor_variable(x), name="softplus")


def softsign(x: Any) -> Any:
    """x / (1 + |x|)."""
    return apply(jax.nn.soft_sign, as_tensor_variable(x))


def relu(x: Any, alpha: Any = 0) -> Any:
    """x where positive, else alpha x."""
    return apply(lambda a, slope: jnp.where(a > 0, a, slope * a), as_tensor_variable(x), alpha, name="relu")


def elu(x: Any, alpha: Any = 1) -> Any:
    """x where positive, else alpha (exp(x) - 1)."""
    return apply(lambda a, scale: jnp.where(a > 0, a, scale * jnp.expm1(jnp.minimum(a, 0))), x, alpha)


def selu(x: Any) -> Any:
    """elu scaled so that activations normalize themselves."""
    return apply(jax.nn.selu, as_tensor_variable(x))


def binary_crossentropy(output: Any, target: Any) -> Any:
    """-(t log(p) + (1 - t) log(1 - p)), element by element."""

    def entropy(p: Any, t: Any) -> Any:
        return -(t * jnp.log(p) + (1.0 - t) * jnp.log(1.0 - p))

    return apply(entropy, as_tensor_variable(output), as_tensor_variable(target), name="binary_crossentropy")


def sigmoid_binary_crossentropy(output: Any, target: Any) -> Any:
    """`binary_crossentropy(sigmoid(output), target)`, without overflow."""
    return apply(lambda z, t: jax.nn.softplus(-jnp.abs(z)) + jnp.maximum(z, 0) - z * t, output, target)


def _categorical(p: Any, t: Any) -> Any:
    if t.ndim == p.ndim:
        return -jnp.sum(t * jnp.log(p), axis=p.ndim - 1)
    return -jnp.log(jnp.take_along_axis(p, t[:, None].astype("int32"), axis=1))[:, 0]


def categorical_crossentropy(coding_dist: Any, true_dist: Any) -> Any:
    """-log of the probability of the true class, for each row.

    Args:
        coding_dist: probabilities, a row for each example.
        true_dist: class numbers, or rows of probabilities.
    """
    return apply(
        _categorical, as_tensor_variable(coding_dist), as_tensor_variable(true_dist), name="crossentropy"
    )


crossentropy_categorical_1hot = categorical_crossentropy


def crossentropy_softmax_1hot(x: Any, y_idx: Any, **_: Any) -> Any:
    """The cross-entropy of class numbers with the softmax of `x`, and that softmax."""
    probabilities = softmax(x)
    return categorical_crossentropy(probabilities, y_idx), probabilities


def softmax_with_bias(x: Any, b: Any) -> Any:
    """The softmax of `x + b`."""
    return softmax(as_tensor_variable(x) + b)


def crossentropy_softmax_1hot_with_bias(x: Any, b: Any, y_idx: Any, **_: Any) -> Any:
    """The cross-entropy of class numbers with the softmax of `x + b`, and that softmax."""
    return crossentropy_softmax_1hot(as_tensor_variable(x) + b, y_idx)


def crossentropy_softmax_argmax_1hot_with_bias(x: Any, b: Any, y_idx: Any, **_: Any) -> Any:
    """The same, and the likeliest classes."""
    loss, probabilities = crossentropy_softmax_1hot_with_bias(x, b, y_idx)
    return loss, probabilities, probabilities.argmax(axis=1)


def prepend_scalar_to_each_row(val: Any, mat: Any) -> Any:
    """A matrix with a number before each row."""
    return apply(
        lambda number, rows: jnp.pad(rows, ((0, 0), (1, 0))).at[:, 0].set(number),
        as_tensor_variable(val),
        as_tensor_variable(mat),
    )


prepend_0_to_each_row = functools.partial(prepend_scalar_to_each_row, 0.0)
prepend_1_to_each_row = functools.partial(prepend_scalar_to_each_row, 1.0)


def conv2d(
    input: Any,
    filters: Any,
    input_shape: Any = None,
    filter_shape: Any = None,
    border_mode: Any = "valid",
    subsample: Any = (1, 1),
    filter_flip: bool = True,
    image_shape: Any = None,
    filter_dilation: Any = (1, 1),
    **_: Any,
) -> Any:
    """Convolution of images (rows, channels, height, width) with filters (outputs, channels, height, width).

    Args:
        border_mode: "valid", "full", "half", or rows and columns of zeros around.
        subsample: strides.
        filter_flip: whether filters are turned round, as convolution means it.
    """

    convolved = functools.partial(
        _convolved, border=border_mode, strides=subsample, flip=filter_flip, dilation=filter_dilation
    )
    x, w = as_tensor_variable(input), as_tensor_variable(filters)
    node = apply(convolved, x, w, name="conv2d")
    with wide():
        images, windows = _sizes(x, input_shape or image_shape), _sizes(w, filter_shape)
        space = [
            None if size is None or width is None else (size + sum(edge) - (width - 1) * by - 1) // step + 1
            for size, width, edge, by, step in zip(
                images[2:],
                windows[2:],
                _padding(border_mode, [width or 1 for width in windows[2:]], filter_dilation),
                filter_dilation,
                subsample,
                strict=True,
            )
        ]
        node.spec = Spec((images[0], windows[0], *space), np.result_type(x.dtype, w.dtype))
    return node


def _convolved(x: Any, w: Any, border: Any, strides: Any, flip: bool, dilation: Any) -> Any:
    x, w = (one.astype(jnp.result_type(x, w)) for one in (x, w))
    w = jnp.flip(w, range(2, w.ndim)) if flip else w
    edges = _padding(border, w.shape[2:], dilation)
    is_plain = x.ndim == 4 and set(dilation) == {1} and x.shape[1] == w.shape[1]
    if is_plain and x.dtype == jnp.float64 and x.size * math.prod(w.shape[2:]) < _COLUMNS:
        return _by_columns(x, w, edges, strides)
    return jax.lax.conv_general_dilated(x, w, tuple(strides), edges, rhs_dilation=tuple(dilation))


def _by_columns(x: Any, w: Any, edges: Any, strides: Any) -> Any:
    """Convolution as one product of matrices, which of 64 bits takes a third of XLA's time and less."""
    filters, channels, height, width = w.shape
    x = jnp.pad(x.transpose(0, 2, 3, 1), [(0, 0), *edges, (0, 0)])
    rows, columns = (size - part for size, part in zip(x.shape[1:3], (height, width)))
    parts = [
        x[:, i : i + rows + 1 : strides[0], j : j + columns + 1 : strides[1]]
        for i in range(height)
        for j in range(width)
    ]
    found = jnp.concatenate(parts, -1) @ w.transpose(2, 3, 1, 0).reshape(height * width * channels, filters)
    return found.transpose(0, 3, 1, 2)


def conv3d(
    input: Any,
    filters: Any,
    input_shape: Any = None,
    filter_shape: Any = None,
    border_mode: Any = "valid",
    subsample: Any = (1, 1, 1),
    filter_flip: bool = True,
    filter_dilation: Any = (1, 1, 1),
) -> Any:
    """Convolution of volumes (rows, channels, depth, height, width), as `conv2d`."""
    convolved = functools.partial(
        _convolved, border=border_mode, strides=subsample, flip=filter_flip, dilation=filter_dilation
    )
    return apply(convolved, as_tensor_variable(input), as_tensor_variable(filters), name="conv3d")


def conv2d_grad_wrt_inputs(
    output_grad: Any,
    filters: Any,
    input_shape: Any,
    filter_shape: Any = None,
    border_mode: Any = "valid",
    subsample: Any = (1, 1),
    filter_flip: bool = True,
    filter_dilation: Any = (1, 1),
) -> Any:
    """The derivative of `conv2d` with respect to its images, whose height and width are given."""

    def back(gradient: Any, w: Any) -> Any:
        images = jnp.zeros((gradient.shape[0], w.shape[1], *input_shape[2:]), gradient.dtype)
        given = (border_mode, subsample, filter_flip, filter_dilation)
        return jax.vjp(lambda x: _convolved(x, w, *given), images)[1](gradient)[0]

    return apply(
        back, as_tensor_variable(output_grad), as_tensor_variable(filters), name="conv2d_grad_wrt_inputs"
    )


def conv2d_transpose(
    input: Any,
    filters: Any,
    output_shape: Any,
    filter_shape: Any = None,
    border_mode: Any = "valid",
    input_dilation: Any = (1, 1),
    filter_flip: bool = True,
    filter_dilation: Any = (1, 1),
) -> Any:
    """Transposed convolution: `conv2d_grad_wrt_inputs` with strides of `input_dilation`."""
    return conv2d_grad_wrt_inputs(
        input,
        filters,
        output_shape,
        filter_shape,
        border_mode,
        input_dilation,
        filter_flip,
        filter_dilation,
    )


def _sizes(x: Any, given: Any) -> tuple[int | None, ...]:
    """The four sizes of images or filters, as far as they are given or known."""
    known = x.spec.shape or (None,) * 4
    sizes = given or (None,) * 4
    return tuple(one if isinstance(one, int) else other for one, other in zip(sizes, known, strict=True))


def _padding(mode: Any, size: Any, dilation: Any) -> Any:
    spans = [(one - 1) * by + 1 for one, by in zip(size, dilation, strict=True)]
    if mode == "valid":
        return [(0, 0) for _ in spans]
    if mode == "full":
        return [(span - 1, span - 1) for span in spans]
    if mode == "half":
        return [(span // 2, span // 2) for span in spans]
    if isinstance(mode, int):
        return [(mode, mode) for _ in spans]
    if isinstance(mode, (list, tuple)):
        return [(one, one) if isinstance(one, int) else tuple(one) for one in mode]
    raise ArgumentError(f"border_mode is 'valid', 'full', 'half' or numbers of zeros. Received: {mode!r}")


def batch_normalization(
    inputs: Any, gamma: Any, beta: Any, mean: Any, std: Any, mode: str = "low_mem"
) -> Any:
    """gamma (x - mean) / std + beta."""
    return (inputs - mean) * (gamma / std) + beta


def _axes(inputs: Any, axes: Any) -> tuple[int, ...]:
    if axes == "per-activation":
        return (0,)
    return (0, *range(2, inputs.ndim)) if axes == "spatial" else tuple(axes)


def batch_normalization_train(
    inputs: Any,
    gamma: Any,
    beta: Any,
    axes: Any = "per-activation",
    epsilon: float = 1e-4,
    running_average_factor: float = 0.1,
    running_mean: Any = None,
    running_var: Any = None,
) -> Any:
    """Inputs normalized by the mean and variance of the batch, with that mean and 1 / deviation."""
    over = _axes(inputs, axes)
    mean, variance = inputs.mean(over, keepdims=True), inputs.var(over, keepdims=True)
    inverse = 1.0 / (variance + epsilon) ** 0.5
    out = (inputs - mean) * (_spread(inputs, gamma, over) * inverse) + _spread(inputs, beta, over)
    if running_mean is None:
        return out, mean, inverse
    kept = 1 - running_average_factor
    count = inputs.size / mean.size
    seen = _like(running_mean, inputs, mean, over)
    new_mean = running_mean * kept + seen * running_average_factor
    if running_var is None:
        return out, mean, inverse, new_mean
    seen = _like(running_var, inputs, count / (count - 1.0) * variance, over)
    return out, mean, inverse, new_mean, running_var * kept + seen * running_average_factor


def _spread(inputs: Any, parameter: Any, over: Any) -> Any:
    """A parameter without the axes that are normalized, with an axis of size 1 for each of them."""
    parameter = as_tensor_variable(parameter)
    if parameter.ndim == inputs.ndim:
        return parameter
    kept = [axis for axis in range(inputs.ndim) if axis not in over]
    return parameter.dimshuffle(*(kept.index(axis) if axis in kept else "x" for axis in range(inputs.ndim)))


def _like(parameter: Any, inputs: Any, moment: Any, over: Any) -> Any:
    """A moment, without the axes that a parameter has not."""
    if parameter.ndim == inputs.ndim:
        return moment
    return moment.dimshuffle(*(axis for axis in range(inputs.ndim) if axis not in over))


def batch_normalization_test(
    inputs: Any,
    gamma: Any,
    beta: Any,
    mean: Any,
    var: Any,
    axes: Any = "per-activation",
    epsilon: float = 1e-4,
) -> Any:
    """Inputs normalized by a given mean and variance."""
    over = _axes(inputs, axes)
    gamma, beta, mean, var = (_spread(inputs, one, over) for one in (gamma, beta, mean, var))
    return (inputs - mean) * gamma / (var + epsilon) ** 0.5 + beta


class _Bn:
    batch_normalization = staticmethod(batch_normalization)
    batch_normalization_train = staticmethod(batch_normalization_train)
    batch_normalization_test = staticmethod(batch_normalization_test)


class _Conv:
    conv2d = staticmethod(conv2d)
    conv2d_grad_wrt_inputs = staticmethod(conv2d_grad_wrt_inputs)
    conv2d_transpose = staticmethod(conv2d_transpose)


bn, conv, abstract_conv = _Bn, _Conv, _Conv
nnet = sigm = sys.modules[__name__]
