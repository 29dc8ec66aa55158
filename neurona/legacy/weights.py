"""Weights as Keras 0, 1 and 2 kept them, converted into today's: gates, kernels' axes, Theano's flipped
kernels, cuDNN's layout.
"""

import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from neurona import activations
from neurona.core.errors import SavingError
from neurona.tracebacks import warn

Arrays = list[np.ndarray]


def modern_weights(
    segments: Sequence[tuple[Any, Sequence[Any]]], arrays: Sequence[np.ndarray], version: int, backend: str
) -> Arrays:
    """The weights of a layer, and of the layers inside it, as its variables hold them.

    Args:
        segments: layers with some of their variables, in the order of the file.
        arrays: of the file.
        version: of Keras: 0, 1 or 2.
        backend: that wrote them: "theano", "tensorflow", "cntk".
    """
    modern: Arrays = []
    place = 0
    for layer, variables in segments:
        count = _count(layer, variables, arrays[place:], version)
        own = list(arrays[place : place + count])
        convert = _CONVERTERS.get(type(layer).__name__)
        if convert is not None and len(own) == count:
            own = convert(own, layer, variables, version, backend)
        modern += own
        place += count
    return modern + list(arrays[place:])


def _count(layer: Any, variables: Sequence[Any], arrays: Sequence[np.ndarray], version: int) -> int:
    """How many arrays of the file are a layer's."""
    gates = _GATES.get(type(layer).__name__)
    split = bool(gates) and version < 2 and len(arrays) >= 3 * (gates or 0)
    if gates and split and arrays[0].ndim == len(variables[0].shape) and arrays[1].ndim == arrays[0].ndim:
        wide = max(variables[0].shape[-1], 1)
        own = arrays[0].shape[-1] if arrays[0].ndim == 2 else 0
        if (
            arrays[2].ndim == 1
            and 3 * gates <= len(arrays)
            and arrays[2].shape[0] * gates == wide
            and own != wide
        ):
            return 3 * gates
    return len(variables)


_GATES = {"LSTMCell": 4, "GRUCell": 3, "ConvLSTM2D": 4, "ConvLSTM1D": 4, "ConvLSTM3D": 4, "ConvLSTMCell": 4}
_OLD_ORDER = {4: (0, 2, 1, 3), 3: (0, 1, 2)}  # where today's gates lay: Keras 1 kept an LSTM's as i, c, f, o


def _recurrent(arrays: Arrays, layer: Any, variables: Sequence[Any], version: int, backend: str) -> Arrays:
    gates = _GATES[type(layer).__name__]
    if len(arrays) == 3 * gates:
        arrays = [
            np.concatenate([arrays[3 * gate + part] for gate in _OLD_ORDER[gates]], axis=-1)
            for part in range(3)
        ]
    if len(arrays) == 3 and _is_from_cudnn(*arrays):
        arrays = _from_cudnn(arrays, gates)
    return arrays


def tell_of_gates(layer: Any, arrays: Sequence[np.ndarray], version: int, written_by: str | None) -> None:
    """Warn where weights that come without their model were probably trained with other gates: a steep hard
    sigmoid, the default before Keras 2.3, and that of ConvLSTM before Keras 3.

    Args:
        layer: that got the weights.
        arrays: the weights in the file.
        version: of Keras: 0, 1 or 2.
        written_by: the version as the file says it, if it does.
    """
    is_early = version < 2 or bool(written_by and _BEFORE_2_3.match(written_by))
    hard = _GATES if is_early else [name for name in _GATES if name.startswith("Conv")]
    cells = [one for one, _ in layer._walk() if type(one).__name__ in hard]
    if any(map(_is_from_cudnn, arrays, arrays[1:], arrays[2:])):  # which had sigmoids at all times
        return
    if any(one.recurrent_activation is activations.sigmoid for one in cells):
        warn(
            f"The weights of layer {layer.name!r} were written by Keras {written_by or version}, whose gates "
            "were a hard sigmoid unless the program said otherwise, and the layer's are a sigmoid: its "
            "predictions differ from those of then. Weights alone don't say it. Build the layer with "
            "recurrent_activation='steep_hard_sigmoid'."
        )


# The versions of Keras whose gates were hard by default. What wrote "2.2.4-tf" is TensorFlow 1 or 2: unknown.
_BEFORE_2_3 = re.compile(r"2\.[01]\.|2\.2\.\d+$")


def _is_from_cudnn(kernel: np.ndarray, recurrent: np.ndarray, bias: np.ndarray) -> bool:
    """Whether three arrays are a recurrent layer's of cuDNN, which has two biases in a row."""
    return kernel.ndim == recurrent.ndim == 2 and bias.shape == (2 * kernel.shape[-1],)


def _from_cudnn(arrays: Arrays, gates: int) -> Arrays:
    """cuDNN keeps each gate's kernels transposed, and two biases."""
    kernel, recurrent, bias = arrays
    parts = [part.T.reshape(part.shape, order="F") for part in np.split(kernel, gates, axis=1)]
    turned = [part.T for part in np.split(recurrent, gates, axis=1)]
    biases = bias.reshape(2, -1)
    return [np.hstack(parts), np.hstack(turned), biases.sum(axis=0) if gates == 4 else biases]


def _kernels(
    count: int, old_axes: Sequence[int], old_axes_last: Sequence[int] | None = None
) -> Callable[..., Arrays]:
    """A converter of the first arrays of a layer: kernels.

    Args:
        count: how many they are.
        old_axes: where today's axes lay in Keras 1, channels first.
        old_axes_last: the same, channels last; None where nothing changed.
    """

    def convert(arrays: Arrays, layer: Any, variables: Sequence[Any], version: int, backend: str) -> Arrays:
        kernels = []
        for kernel, variable in zip(arrays[:count], variables):
            if version < 2:
                kernel = _reordered(kernel, layer, variable, old_axes, old_axes_last)
            kernels.append(_flipped(kernel) if backend == "theano" else kernel)
        return kernels + arrays[count:]

    return convert


def _reordered(
    kernel: np.ndarray,
    layer: Any,
    variable: Any,
    old_axes: Sequence[int],
    old_axes_last: Sequence[int] | None,
) -> np.ndarray:
    """A kernel of Keras 1 with today's axes.

    Raises:
        SavingError: its axes are those of the other order of images. A dense layer after them would read
            their numbers in another order, so that turning the kernel alone gave wrong predictions.
    """
    if kernel.ndim != len(old_axes):
        return kernel
    of_first, of_last = tuple(old_axes), tuple(old_axes_last or range(kernel.ndim))
    first = layer.data_format == "channels_first"
    own, other = (of_first, of_last) if first else (of_last, of_first)
    wanted = tuple(variable.shape)
    if kernel.transpose(own).shape == wanted:
        return kernel.transpose(own)
    if kernel.transpose(other).shape == wanted:
        there = "channels_last" if first else "channels_first"
        raise SavingError(
            f"The weights of layer {layer.name!r} were written for {there} images, and the layer takes "
            f"{layer.data_format}. Build the model with data_format={there!r}, or call "
            f"neurona.config.set_image_data_format({there!r}) before."
        )
    return kernel


def _flipped(kernel: np.ndarray) -> np.ndarray:
    """Theano convolves: its kernels are those of a correlation, turned around in space."""
    space = kernel.ndim - 2
    return kernel[(slice(None, None, -1),) * space]


def _conv1d(arrays: Arrays, layer: Any, variables: Sequence[Any], version: int, backend: str) -> Arrays:
    kernel = arrays[0]
    if version < 2 and kernel.ndim == 4:
        size, channels, filters = variables[0].shape
        if kernel.shape != (size, 1, channels, filters):
            kernel = kernel.transpose(2, 3, 1, 0)  # Keras 1.0: (filters, channels, size, 1)
        kernel = kernel[:, 0]
    return [_flipped(kernel) if backend == "theano" else kernel, *arrays[1:]]


def _convolved_recurrent(
    arrays: Arrays, layer: Any, variables: Sequence[Any], version: int, backend: str
) -> Arrays:
    first = getattr(layer, "data_format", "") == "channels_first"
    arrays = _recurrent(arrays, layer, variables, version, backend)
    kernels = arrays[:2]
    if version < 2 and first:
        kernels = [kernel.transpose(2, 3, 1, 0) for kernel in kernels]
    return [_flipped(kernel) if backend == "theano" else kernel for kernel in kernels] + arrays[2:]


def _normalization(
    arrays: Arrays, layer: Any, variables: Sequence[Any], version: int, backend: str
) -> Arrays:
    # Keras 0 divided by (deviation + epsilon), today by the square root of (variance + epsilon).
    if version == 0 and len(variables) == 2 and not variables[0].trainable and len(arrays) == 2:
        return [arrays[0], (arrays[1] + layer.epsilon) ** 2 - layer.epsilon]
    return arrays


_CONVERTERS: dict[str, Callable[..., Arrays]] = {
    "LSTMCell": _recurrent,
    "GRUCell": _recurrent,
    "ConvLSTM2D": _convolved_recurrent,
    "ConvLSTMCell": _convolved_recurrent,
    "Conv1D": _conv1d,
    "Conv2D": _kernels(1, (2, 3, 1, 0)),
    "Conv3D": _kernels(1, (2, 3, 4, 1, 0)),
    "Conv2DTranspose": _kernels(1, (2, 3, 0, 1), (0, 1, 3, 2)),
    "SeparableConv2D": _kernels(2, (2, 3, 1, 0)),
    "BatchNormalization": _normalization,
}
