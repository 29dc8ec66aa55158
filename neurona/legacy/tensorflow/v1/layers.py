"""`tf.layers`: layers of TensorFlow 1, which make their variables in the current scope."""

from collections.abc import Callable, Sequence
from typing import Any

import jax.numpy as jnp

from neurona.legacy.tensorflow import arrays, nn
from neurona.legacy.tensorflow.dtypes import float32
from neurona.legacy.tensorflow.v1.building import shape as shape_of
from neurona.legacy.tensorflow.v1.graph import GraphKeys, get_default_graph
from neurona.legacy.tensorflow.v1.initializers import Ones, Zeros
from neurona.legacy.tensorflow.v1.scopes import get_variable, penalty, variable_scope
from neurona.legacy.tensorflow.v1.tensor import GraphTensor, convert, draw


class Layer:
    """The base of the layers.

    Args:
        name: its scope; made from the class's otherwise.
        trainable: whether optimizers change its variables.
        reuse: as of `tf.variable_scope`.
    """

    _default_name = "layer"

    def __init__(
        self, name: str | None = None, trainable: bool = True, reuse: Any = None, **options: Any
    ) -> None:
        self._given_name: Any = name
        self.trainable, self._reuse = trainable, reuse
        self._variables: dict[str, Any] = {}
        self.built, self._scope_name = False, ""
        self._activity = options.pop("activity_regularizer", None)
        for unused in ("dtype", "_scope", "_reuse", "data_format_", "input_shape", "dynamic"):
            options.pop(unused, None)
        if options:
            raise TypeError(f"{type(self).__name__} got unexpected arguments: {', '.join(options)}")

    def __call__(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        inputs = convert(inputs)
        if self.built:
            with get_default_graph().name_scope(f"{self._scope_name}/"):
                return self._called(inputs, args, kwargs)
        with variable_scope(self._given_name, self._default_name, reuse=self._reuse) as scope:
            self._scope_name = scope.name
            self.build(inputs.shape)
            self.built = True
            return self._called(inputs, args, kwargs)

    def _called(self, inputs: Any, args: Any, kwargs: Any) -> Any:
        outputs = self.call(inputs, *args, **kwargs)
        if self._activity is not None:
            loss = penalty(self._activity, outputs)
            get_default_graph().add_to_collection(GraphKeys.REGULARIZATION_LOSSES, loss)
        return outputs

    apply = __call__

    def build(self, input_shape: Any) -> None:
        """Make the variables."""

    def call(self, inputs: Any) -> Any:
        """The outputs."""
        raise NotImplementedError

    def add_weight(
        self,
        name: str,
        shape: Sequence[int],
        initializer: Any = None,
        regularizer: Any = None,
        trainable: bool = True,
        constraint: Any = None,
        **_: Any,
    ) -> Any:
        """A variable of the layer."""
        self._variables[name] = get_variable(
            name,
            shape,
            float32,
            initializer,
            regularizer,
            trainable=self.trainable and trainable,
            constraint=constraint,
        )
        return self._variables[name]

    add_variable = add_weight

    @property
    def name(self) -> str:
        """The name of its scope."""
        return self._scope_name or self._given_name or self._default_name

    @property
    def variables(self) -> list[Any]:
        """Its variables."""
        return list(self._variables.values())

    weights = variables

    @property
    def trainable_variables(self) -> list[Any]:
        """Those that optimizers change."""
        return [one for one in self.variables if one.trainable]

    trainable_weights = trainable_variables

    def __getattr__(self, name: str) -> Any:
        variables = vars(self).get("_variables", {})
        if name in variables:
            return variables[name]
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")


def activated(activation: Any, x: Any) -> Any:
    """An activation of a tensor: a function, a name, or none."""
    if activation is None:
        return x
    if isinstance(activation, str):
        activation = getattr(nn, activation)
    return activation(x)


class Dense(Layer):
    """activation(x W + b)."""

    _default_name = "dense"

    def __init__(
        self,
        units: int,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = None,
        bias_initializer: Any = None,
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        trainable: bool = True,
        name: str | None = None,
        **options: Any,
    ) -> None:
        super().__init__(name, trainable, activity_regularizer=activity_regularizer, **options)
        self.units, self.activation, self.use_bias = int(units), activation, use_bias
        self._kernel = kernel_initializer, kernel_regularizer, True, kernel_constraint
        self._bias = bias_initializer or Zeros(), bias_regularizer, True, bias_constraint

    def build(self, input_shape: Any) -> None:
        size = input_shape.as_list()[-1] if input_shape.rank else None
        if size is None:
            raise ValueError(
                "The last dimension of the inputs to `Dense` should be defined. Found `None`: give "
                f"tf.placeholder its shape. Received shape {input_shape}."
            )
        self.add_weight("kernel", [size, self.units], *self._kernel)
        if self.use_bias:
            self.add_weight("bias", [self.units], *self._bias)

    def call(self, inputs: Any) -> Any:
        outputs = draw(jnp.matmul, (inputs, self.kernel), default="MatMul")
        outputs = draw(jnp.add, (outputs, self.bias), default="BiasAdd") if self.use_bias else outputs
        return activated(self.activation, outputs)


class _Conv(Layer):
    """Convolution in some dimensions."""

    rank = 2

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        data_format: str = "channels_last",
        dilation_rate: Any = 1,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = None,
        bias_initializer: Any = None,
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        trainable: bool = True,
        name: str | None = None,
        **options: Any,
    ) -> None:
        super().__init__(name, trainable, activity_regularizer=activity_regularizer, **options)
        self.filters, self.activation, self.use_bias = int(filters), activation, use_bias
        self.kernel_size, self.strides = sizes(kernel_size, self.rank), sizes(strides, self.rank)
        self.dilation_rate, self.padding = sizes(dilation_rate, self.rank), padding.upper()
        self.is_last = data_format == "channels_last"
        self._kernel = kernel_initializer, kernel_regularizer, True, kernel_constraint
        self._bias = bias_initializer or Zeros(), bias_regularizer, True, bias_constraint

    def kernel_shape(self, channels: int) -> list[int]:
        """The shape of the kernel for so many channels."""
        return [*self.kernel_size, channels, self.filters]

    def build(self, input_shape: Any) -> None:
        channels = input_shape.as_list()[-1 if self.is_last else 1]
        if channels is None:
            raise ValueError("The channel dimension of the inputs should be defined. Found `None`.")
        self.add_weight("kernel", self.kernel_shape(channels), *self._kernel)
        if self.use_bias:
            self.add_weight("bias", [self.filters], *self._bias)

    def call(self, inputs: Any) -> Any:
        spaces = "DHW"[3 - self.rank :] if self.rank > 1 else "W"
        layout = f"N{spaces}C" if self.is_last else f"NC{spaces}"
        function = getattr(nn, f"conv{self.rank}d")
        outputs = function(
            inputs,
            self.kernel,
            strides=list(self.strides),
            padding=self.padding,
            data_format=layout,
            dilations=list(self.dilation_rate),
        )
        return self._finished(outputs)

    def _finished(self, outputs: Any) -> Any:
        if self.use_bias:
            outputs = nn.bias_add(outputs, self.bias, data_format=None if self.is_last else "NCHW")
        return activated(self.activation, outputs)


def sizes(value: Any, count: int) -> tuple[int, ...]:
    """A number for each axis."""
    return (int(value),) * count if isinstance(value, int) else tuple(int(one) for one in value)


class Conv1D(_Conv):
    """Convolution along one axis."""

    _default_name, rank = "conv1d", 1


class Conv2D(_Conv):
    """Convolution of pictures."""

    _default_name = "conv2d"


class Conv3D(_Conv):
    """Convolution of volumes."""

    _default_name, rank = "conv3d", 3


class Conv2DTranspose(_Conv):
    """The transpose of a convolution of pictures."""

    _default_name, function = "conv2d_transpose", "conv2d_transpose"

    def kernel_shape(self, channels: int) -> list[int]:
        return [*self.kernel_size, self.filters, channels]

    def call(self, inputs: Any) -> Any:
        dynamic = shape_of(inputs)
        known = inputs.shape.as_list()
        spaces = [
            None if size is None else _longer(size, step, kernel, self.padding)
            for size, step, kernel in zip(known[1:-1], self.strides, self.kernel_size, strict=True)
        ]
        batch = dynamic[0] if known[0] is None else known[0]
        if None in spaces:
            raise ValueError(f"{self.function} needs the sizes of its inputs. Found `None`.")
        outputs = getattr(nn, self.function)(
            inputs, self.kernel, [batch, *spaces, self.filters], list(self.strides), self.padding
        )
        return self._finished(outputs)


class Conv3DTranspose(Conv2DTranspose):
    """The transpose of a convolution of volumes."""

    _default_name, function, rank = "conv3d_transpose", "conv3d_transpose", 3


def _longer(size: int, step: int, kernel: int, padding: str) -> int:
    return size * step + (max(kernel - step, 0) if padding == "VALID" else 0)


class SeparableConv2D(_Conv):
    """A convolution of each channel, and one across them."""

    _default_name = "separable_conv2d"

    def __init__(
        self, filters: int, kernel_size: Any, *args: Any, depth_multiplier: int = 1, **options: Any
    ) -> None:
        super().__init__(filters, kernel_size, *args, **options)
        self.depth_multiplier = depth_multiplier

    def build(self, input_shape: Any) -> None:
        channels, many = input_shape.as_list()[-1], self.depth_multiplier
        self.add_weight("depthwise_kernel", [*self.kernel_size, channels, many], *self._kernel)
        self.add_weight("pointwise_kernel", [1, 1, channels * many, self.filters], *self._kernel)
        if self.use_bias:
            self.add_weight("bias", [self.filters], *self._bias)

    def call(self, inputs: Any) -> Any:
        strides = [1, *self.strides, 1]
        return self._finished(
            nn.separable_conv2d(inputs, self.depthwise_kernel, self.pointwise_kernel, strides, self.padding)
        )


class SeparableConv1D(SeparableConv2D):
    """`SeparableConv2D` along one axis."""

    _default_name, rank = "separable_conv1d", 1

    def build(self, input_shape: Any) -> None:
        channels, many = input_shape.as_list()[-1], self.depth_multiplier
        self.add_weight("depthwise_kernel", [*self.kernel_size, channels, many], *self._kernel)
        self.add_weight("pointwise_kernel", [1, channels * many, self.filters], *self._kernel)
        if self.use_bias:
            self.add_weight("bias", [self.filters], *self._bias)

    def call(self, inputs: Any) -> Any:
        wide = (arrays.expand_dims(one, 0) for one in (self.depthwise_kernel, self.pointwise_kernel))
        strides = [1, *self.strides * 2, 1]
        found = nn.separable_conv2d(arrays.expand_dims(inputs, 1), *wide, strides, self.padding)
        return self._finished(arrays.squeeze(found, [1]))


class Dropout(Layer):
    """x / (1 - rate) with a fraction `rate` set to 0 in training, else x."""

    _default_name = "dropout"

    def __init__(
        self, rate: Any = 0.5, noise_shape: Any = None, seed: Any = None, name: Any = None, **options: Any
    ) -> None:
        super().__init__(name, **options)
        self.rate, self.noise_shape, self.seed = rate, noise_shape, seed

    def call(self, inputs: Any, training: Any = False) -> Any:
        if training is False or training is None or (training == 0 and isinstance(training, int)):
            return arrays.identity(inputs)
        dropped = nn.dropout(inputs, self.rate, noise_shape=self.noise_shape, seed=self.seed)
        return (
            dropped
            if isinstance(training, (bool, int))
            else draw(_chosen, (training, dropped, inputs), default="cond/Merge")
        )


def _chosen(condition: Any, one: Any, other: Any) -> Any:
    return jnp.where(jnp.reshape(condition, ()), one, other)


class Flatten(Layer):
    """All but the batch in one axis."""

    _default_name = "flatten"

    def call(self, inputs: Any) -> Any:
        return draw(_flattened, (inputs,), default="Reshape")


def _flattened(x: Any) -> Any:
    return x.reshape(x.shape[0], -1)


class BatchNormalization(Layer):
    """gamma (x - mean) / sqrt(variance + epsilon) + beta (Ioffe and Szegedy, 2015).

    In training the moments are the batch's, and the steps in the collection `UPDATE_OPS` change the moving
    ones.
    """

    _default_name = "batch_normalization"

    def __init__(
        self,
        axis: int = -1,
        momentum: float = 0.99,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = None,
        gamma_initializer: Any = None,
        moving_mean_initializer: Any = None,
        moving_variance_initializer: Any = None,
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        trainable: bool = True,
        name: str | None = None,
        fused: Any = None,
        **options: Any,
    ) -> None:
        for refused in ("renorm", "virtual_batch_size", "adjustment"):
            if options.pop(refused, None):
                raise NotImplementedError(f"batch_normalization({refused}=) is not here: leave it out.")
        for unused in ("renorm_clipping", "renorm_momentum"):
            options.pop(unused, None)
        super().__init__(name, trainable, **options)
        self.axis, self.momentum, self.epsilon = axis, momentum, epsilon
        self._gamma = (
            (gamma_initializer or Ones(), gamma_regularizer, True, gamma_constraint) if scale else None
        )
        self._beta = (
            (beta_initializer or Zeros(), beta_regularizer, True, beta_constraint) if center else None
        )
        self._moving = moving_mean_initializer or Zeros(), moving_variance_initializer or Ones()
        self._fused = fused
        self.updates: list[Any] = []

    def build(self, input_shape: Any) -> None:
        axis = self.axis if isinstance(self.axis, int) else self.axis[0]
        self.axis = axis % input_shape.rank
        size = [input_shape.as_list()[self.axis]]
        if self._gamma:
            self.add_weight("gamma", size, *self._gamma)
        if self._beta:
            self.add_weight("beta", size, *self._beta)
        self.add_weight("moving_mean", size, self._moving[0], trainable=False)
        self.add_weight("moving_variance", size, self._moving[1], trainable=False)

    def call(self, inputs: Any, training: Any = False) -> Any:
        is_fused = inputs.shape.rank == 4 and self._fused is not False
        numbers = (self.axis, float(self.epsilon), is_fused)
        is_off = (isinstance(training, (bool, int)) and not training) or training is None
        output, mean, variance = draw(
            _normalized,
            (
                inputs,
                self._variables.get("gamma"),
                self._variables.get("beta"),
                self.moving_mean,
                self.moving_variance,
                False if is_off else training,
                *numbers,
            ),
            default="batchnorm",
        )
        if not is_off:
            for moving, moment in ((self.moving_mean, mean), (self.moving_variance, variance)):
                update = moving._written(_moved, moment, "AssignMovingAvg", self.momentum, training)
                self.updates.append(update)
                get_default_graph().add_to_collection(GraphKeys.UPDATE_OPS, update)
        return output


def _normalized(
    x: Any,
    gamma: Any,
    beta: Any,
    moving_mean: Any,
    moving_variance: Any,
    training: Any,
    axis: int,
    epsilon: float,
    is_fused: bool,
) -> Any:
    axes = tuple(one for one in range(x.ndim) if one != axis)
    shape = [x.shape[one] if one == axis else 1 for one in range(x.ndim)]
    mean, variance = moving_mean, moving_variance
    batch_mean, batch_variance = mean, variance
    if training is not False:
        training = jnp.reshape(training, ())
        batch_mean, batch_variance = x.mean(axes), x.var(axes)
        mean = jnp.where(training, batch_mean, moving_mean)
        variance = jnp.where(training, batch_variance, moving_variance)
    count = x.size // x.shape[axis]
    if is_fused and count > 1:
        batch_variance = batch_variance * (count / (count - 1))  # the unbiased one, as of TensorFlow's kernel
    scale = jnp.reshape(1 / jnp.sqrt(variance + epsilon) * (1 if gamma is None else gamma), shape)
    shifted = (x - jnp.reshape(mean, shape)) * scale
    return [shifted if beta is None else shifted + jnp.reshape(beta, shape), batch_mean, batch_variance]


def _moved(before: Any, dtype: str, moment: Any, momentum: Any, training: Any) -> Any:
    new = before * momentum + moment * (1 - momentum)
    return jnp.where(jnp.reshape(training, ()), new, before)


class _Pooling(Layer):
    """The largest, or the mean, element of each window."""

    rank, function = 2, "max_pool"

    def __init__(
        self,
        pool_size: Any,
        strides: Any,
        padding: str = "valid",
        data_format: str = "channels_last",
        name: str | None = None,
        **options: Any,
    ) -> None:
        super().__init__(name, **options)
        self.pool_size, self.strides = sizes(pool_size, self.rank), sizes(strides, self.rank)
        self.padding, self.is_last = padding.upper(), data_format == "channels_last"

    def call(self, inputs: Any) -> Any:
        spaces = "DHW"[3 - self.rank :] if self.rank > 1 else "W"
        layout = f"N{spaces}C" if self.is_last else f"NC{spaces}"
        pool: Callable[..., Any] = getattr(nn, self.function)
        return pool(inputs, list(self.pool_size), list(self.strides), self.padding, layout)


def _pooling(kind: str, rank: int) -> type[_Pooling]:
    short = "max_pool" if kind == "Max" else "avg_pool"
    name = f"{'Max' if kind == 'Max' else 'Average'}Pooling{rank}D"
    fields = {
        "rank": rank,
        "function": f"{short}{rank}d",
        "_default_name": f"{'max' if kind == 'Max' else 'average'}_pooling{rank}d",
        "__doc__": f"The {'largest' if kind == 'Max' else 'mean'} element of each window of {rank} axes.",
    }
    return type(name, (_Pooling,), fields)


MaxPooling1D, MaxPooling2D, MaxPooling3D = (_pooling("Max", rank) for rank in (1, 2, 3))
AveragePooling1D, AveragePooling2D, AveragePooling3D = (_pooling("Average", rank) for rank in (1, 2, 3))


def _functional(cls: type[Layer], name: str, called: tuple[str, ...] = ()) -> Callable[..., Any]:
    """A layer as a function of its inputs."""

    def function(inputs: Any, *args: Any, **kwargs: Any) -> GraphTensor:
        given = {key: kwargs.pop(key) for key in called if key in kwargs}
        return cls(*args, **kwargs)(inputs, **given)

    function.__name__, function.__doc__ = name, f"`{cls.__name__}` of some inputs: {cls.__doc__}"
    return function


dense, flatten = _functional(Dense, "dense"), _functional(Flatten, "flatten")
conv1d, conv2d = _functional(Conv1D, "conv1d"), _functional(Conv2D, "conv2d")
conv3d, separable_conv2d = _functional(Conv3D, "conv3d"), _functional(SeparableConv2D, "separable_conv2d")
conv2d_transpose = _functional(Conv2DTranspose, "conv2d_transpose")
conv3d_transpose = _functional(Conv3DTranspose, "conv3d_transpose")
separable_conv1d = _functional(SeparableConv1D, "separable_conv1d")
dropout = _functional(Dropout, "dropout", ("training",))
batch_normalization = _functional(BatchNormalization, "batch_normalization", ("training",))
max_pooling1d, max_pooling2d, max_pooling3d = (
    _functional(cls, name)
    for cls, name in (
        (MaxPooling1D, "max_pooling1d"),
        (MaxPooling2D, "max_pooling2d"),
        (MaxPooling3D, "max_pooling3d"),
    )
)
average_pooling1d, average_pooling2d, average_pooling3d = (
    _functional(cls, name)
    for cls, name in (
        (AveragePooling1D, "average_pooling1d"),
        (AveragePooling2D, "average_pooling2d"),
        (AveragePooling3D, "average_pooling3d"),
    )
)
