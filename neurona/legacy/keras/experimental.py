"""`tf.keras.experimental` and `tf.keras.layers.experimental`: what tf.keras 2 had and Keras 3 has not."""

import importlib
from typing import Any

import jax
import jax.core
import jax.numpy as jnp
import numpy as np

from neurona import activations, initializers
from neurona.core.errors import ArgumentError
from neurona.core.layer import Layer
from neurona.layers import BatchNormalization, LSTMCell
from neurona.layers.rnn_cells import scan_cell
from neurona.legacy.imports import submodule
from neurona.legacy.spellings import tell
from neurona.models import Model
from neurona.optimizers.schedules import CosineDecay, CosineDecayRestarts

__all__ = [
    "AbstractRNNCell",
    "CosineDecay",
    "CosineDecayRestarts",
    "LinearModel",
    "PeepholeLSTMCell",
    "RandomFourierFeatures",
    "RandomHeight",
    "RandomWidth",
    "SyncBatchNormalization",
    "WideDeepModel",
]


class AbstractRNNCell(Layer):
    """The base of a program's own recurrent cells: it defines `call(inputs, states) -> (output, states)` and
    the properties `state_size` and `output_size`.
    """

    state_size: Any
    output_size: Any

    def get_initial_state(self, inputs: Any = None, batch_size: Any = None, dtype: Any = None) -> Any:
        """Zeros, a row for each row of the batch."""
        rows = inputs.shape[0] if batch_size is None else batch_size
        return jax.tree.map(
            lambda size: jnp.zeros((rows, size), dtype or self.compute_dtype),
            self.state_size,
            is_leaf=lambda one: isinstance(one, int),
        )


class PeepholeLSTMCell(LSTMCell):
    """An LSTM cell whose gates also see the state c, each number of it weighed (Gers and Schmidhuber, 2000):
    i and f that of before, o the new one.
    """

    def __init__(
        self, units: int, activation: Any = "tanh", recurrent_activation: Any = None, **options: Any
    ) -> None:
        gate = activations.steep_hard_sigmoid if recurrent_activation is None else recurrent_activation
        super().__init__(units, activation, gate, **options)

    def build(self, input_shape: Any) -> None:
        super().build(input_shape)
        (
            self.input_gate_peephole_weights,
            self.forget_gate_peephole_weights,
            self.output_gate_peephole_weights,
        ) = (
            self.add_weight((self.units,), self.kernel_initializer, name=f"{gate}_gate_peephole_weights")
            for gate in ("input", "forget", "output")
        )

    def _step(self, z: Any, states: Any, masks: Any) -> Any:
        h, c = states
        parts = [h] * 4 if masks is None else [h * mask for mask in (masks * 4 if len(masks) == 1 else masks)]
        kernels = jnp.split(self.recurrent_kernel.value, 4, axis=-1)
        i, f, g, o = (
            of_input + part @ kernel
            for of_input, part, kernel in zip(jnp.split(z, 4, axis=-1), parts, kernels, strict=True)
        )
        i = self.recurrent_activation(i + self.input_gate_peephole_weights.value * c)
        f = self.recurrent_activation(f + self.forget_gate_peephole_weights.value * c)
        c = f * c + i * self.activation(g)
        h = self.recurrent_activation(o + self.output_gate_peephole_weights.value * c) * self.activation(c)
        return h, [h, c]

    def _kernel_function(self, *args: Any, **how: bool) -> Any:
        inputs, _, _, _, states, mask = args
        return scan_cell(
            lambda z, states: self._step(z, states, None),
            self._project(inputs, None),
            list(states),
            mask,
            **how,
        )


class _RandomSize(Layer):
    """Stretches a batch of images along one axis by a random factor, while training."""

    _axis = -3

    def __init__(
        self, factor: Any, interpolation: str = "bilinear", seed: int | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.factor, self.interpolation, self.seed = factor, interpolation, seed
        low, high = factor if isinstance(factor, (tuple, list)) else (-factor, factor)
        if not -1 < low <= high:
            raise ArgumentError(
                f"{type(self).__name__}: factor is a number, or two of which the lower comes first, above "
                f"-1. Received: {factor}"
            )
        self._limits = low, high

    def call(self, inputs: Any, training: bool | None = True) -> Any:
        inputs = jnp.asarray(inputs, self.compute_dtype)
        if not training:
            return inputs
        if isinstance(inputs, jax.core.Tracer):
            tell(
                f"{type(self).__name__} leaves images as large as they are while it is compiled: XLA knows "
                "the sizes beforehand. Today: RandomZoom, which keeps them."
            )
            return inputs
        factor = jax.random.uniform(self._next_key(), (), minval=self._limits[0], maxval=self._limits[1])
        shape = list(inputs.shape)
        shape[self._axis] = int((1 + float(factor)) * shape[self._axis])
        return jax.image.resize(inputs, shape, self.interpolation, antialias=False)


class RandomHeight(_RandomSize):
    """Images of a random height, while training."""


class RandomWidth(_RandomSize):
    """Images of a random width, while training."""

    _axis = -2


class RandomFourierFeatures(Layer):
    """y = cos(x @ kernel / scale + bias), with random kernel and bias (Rahimi and Recht, 2007): the products
    of such features are near those of a kernel method.

    Args:
        output_dim: how many features.
        kernel_initializer: "gaussian", "laplacian", or an initializer.
        scale: the width of the kernel; sqrt(inputs / 2) for "gaussian" and 1 else by default.
    """

    def __init__(
        self,
        output_dim: int,
        kernel_initializer: Any = "gaussian",
        scale: float | None = None,
        trainable: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(trainable=trainable, **kwargs)
        if isinstance(kernel_initializer, str) and kernel_initializer.lower() not in _KERNELS:
            raise ArgumentError(
                f"RandomFourierFeatures: kernel_initializer is one of {', '.join(_KERNELS)}, or an "
                f"initializer. Received: {kernel_initializer!r}"
            )
        self.output_dim, self.kernel_initializer, self.scale = int(output_dim), kernel_initializer, scale

    def build(self, input_shape: Any) -> None:
        name = self.kernel_initializer.lower() if isinstance(self.kernel_initializer, str) else None
        first = _KERNELS[name] if name else initializers.get(self.kernel_initializer)
        size = input_shape[-1]
        scale = self.scale or (np.sqrt(size / 2) if name == "gaussian" else 1.0)
        self.unscaled_kernel = self.add_weight(
            (size, self.output_dim), first, trainable=False, name="unscaled_kernel"
        )
        phases = initializers.RandomUniform(0.0, 2 * np.pi)
        self.bias = self.add_weight((self.output_dim,), phases, trainable=False, name="bias")
        self.kernel_scale = self.add_weight(
            (1,), initializers.Constant(float(scale)), constraint="non_neg", name="kernel_scale"
        )

    def call(self, inputs: Any) -> Any:
        x = jnp.asarray(inputs, "float32")
        return jnp.cos(x @ (self.unscaled_kernel.value / self.kernel_scale.value) + self.bias.value)


def _cauchy(shape: Any, dtype: Any = None) -> Any:
    return np.random.standard_cauchy(shape)


_KERNELS: dict[str, Any] = {"gaussian": initializers.RandomNormal(stddev=1.0), "laplacian": _cauchy}


class SyncBatchNormalization(BatchNormalization):
    """`BatchNormalization(synchronized=True)`."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(synchronized=True, **kwargs)


class LinearModel(Model):
    """y = activation(x @ kernel + bias), with a kernel for each of several inputs.

    Args:
        units: the size of the output.
        activation: of the sum.
        use_bias: whether there is a bias.
        kernel_initializer, bias_initializer: of the weights.
        kernel_regularizer, bias_regularizer: of the weights.
    """

    def __init__(
        self,
        units: int = 1,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "zeros",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.units, self.activation, self.use_bias = units, activations.get(activation), use_bias
        self.of_kernel = {"initializer": kernel_initializer, "regularizer": kernel_regularizer}
        self.of_bias = {"initializer": bias_initializer, "regularizer": bias_regularizer}

    def build(self, input_shape: Any) -> None:
        shapes = _shapes(input_shape)
        self.kernels = [
            self.add_weight((shape[-1], self.units), name=f"kernel_{number}", **self.of_kernel)
            for number, shape in enumerate(shapes)
        ]
        self.bias = self.add_weight((self.units,), name="bias", **self.of_bias) if self.use_bias else None

    def call(self, inputs: Any) -> Any:
        inputs = list(inputs.values()) if isinstance(inputs, dict) else inputs
        inputs = inputs if isinstance(inputs, (list, tuple)) else [inputs]
        y = sum(
            jnp.asarray(x, "float32") @ kernel.value for x, kernel in zip(inputs, self.kernels, strict=True)
        )
        return self.activation(y if self.bias is None else y + self.bias.value)


def _shapes(input_shape: Any) -> list[Any]:
    if isinstance(input_shape, dict):
        return list(input_shape.values())
    several = isinstance(input_shape[0], (list, tuple))
    return list(input_shape) if several else [input_shape]


class WideDeepModel(Model):
    """y = activation(linear_model(x) + dnn_model(x)) (Cheng et al., 2016); each may have an input of its own.

    Args:
        linear_model: the wide part.
        dnn_model: the deep part.
        activation: of the sum.
    """

    def __init__(self, linear_model: Any, dnn_model: Any, activation: Any = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.linear_model, self.dnn_model = linear_model, dnn_model
        self.activation = activations.get(activation)

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        several = isinstance(inputs, (list, tuple)) and len(inputs) == 2
        wide, deep = inputs if several else (inputs, inputs)
        return self.activation(self.linear_model(wide) + self.dnn_model(deep, training=training))

    def compile(self, optimizer: Any = "rmsprop", *args: Any, **kwargs: Any) -> None:
        if isinstance(optimizer, (list, tuple)):
            raise ArgumentError(
                "WideDeepModel: one optimizer trains both parts. For one each give compile a MultiOptimizer, "
                f"or train the parts one after the other. Received: {optimizer!r}"
            )
        super().compile(optimizer, *args, **kwargs)


def __getattr__(name: str) -> Any:
    if name == "SequenceFeatures":  # of TensorFlow's columns
        return importlib.import_module("neurona.legacy.tensorflow.feature_column").SequenceFeatures
    return submodule(__name__, name)
