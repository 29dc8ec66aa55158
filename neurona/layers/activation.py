"""Activation functions as layers, for those that have a setting, a weight or a mask; and the layer that does
nothing.
"""

from typing import Any

import jax.numpy as jnp
from jax.scipy.special import logsumexp

from neurona import activations, constraints, initializers, regularizers
from neurona.core.errors import ArgumentError, ShapeError
from neurona.core.layer import Layer
from neurona.core.shapes import InputSpec

__all__ = [
    "ELU",
    "Activation",
    "Identity",
    "LeakyReLU",
    "PReLU",
    "ReLU",
    "Softmax",
]


def _not_negative(value: Any, name: str, owner: str) -> None:
    if value is None or value < 0:
        raise ArgumentError(f"{owner}: {name} is a number >= 0. Received: {name}={value!r}")


class Identity(Layer):
    """y = x.

    Example:

        >>> Identity()(jnp.arange(3)).tolist()
        [0, 1, 2]
    """

    supports_masking = True

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)

    def call(self, inputs: Any) -> Any:
        return inputs


class Activation(Layer):
    """y = activation(x).

    Args:
        activation: a name such as "relu", or a function.

    Example:

        >>> Activation("relu")(jnp.array([-1.0, 2.0])).tolist()
        [0.0, 2.0]
    """

    supports_masking = True

    def __init__(self, activation: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.activation = activations.get(activation)

    def call(self, inputs: Any) -> Any:
        return self.activation(inputs)


class ReLU(Layer):
    """y = min(x, max_value) for x > threshold, else negative_slope * (x - threshold).

    Args:
        max_value: the ceiling, None for none.
        negative_slope: the slope left of the threshold.
        threshold: where the neuron starts to fire.

    Raises:
        ArgumentError: one of them is negative.

    Example:

        >>> ReLU(max_value=1.0)(jnp.array([-1.0, 0.5, 2.0])).tolist()
        [0.0, 0.5, 1.0]
    """

    supports_masking = True

    def __init__(
        self,
        max_value: float | None = None,
        negative_slope: float = 0.0,
        threshold: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        _not_negative(0 if max_value is None else max_value, "max_value", "ReLU")
        _not_negative(negative_slope, "negative_slope", "ReLU")
        _not_negative(threshold, "threshold", "ReLU")
        self.max_value, self.negative_slope, self.threshold = max_value, negative_slope, threshold

    def call(self, inputs: Any) -> Any:
        return activations.relu(inputs, self.negative_slope, self.max_value, self.threshold)


class LeakyReLU(Layer):
    """y = x for x >= 0, else negative_slope * x.

    Args:
        negative_slope: the slope left of zero, at least 0.

    Raises:
        ArgumentError: the slope is negative.

    Example:

        >>> LeakyReLU(0.5)(jnp.array([-2.0, 3.0])).tolist()
        [-1.0, 3.0]
    """

    supports_masking = True

    def __init__(self, negative_slope: float = 0.3, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        _not_negative(negative_slope, "negative_slope", "LeakyReLU")
        self.negative_slope = negative_slope

    def call(self, inputs: Any) -> Any:
        return activations.leaky_relu(inputs, self.negative_slope)


class PReLU(Layer):
    """y = x for x >= 0, else alpha * x, with a slope alpha that is learned.

    Args:
        alpha_initializer, alpha_regularizer, alpha_constraint: names or objects.
        shared_axes: the axes along which one slope serves, such as (1, 2) for one slope per channel of an
            image.

    Shapes: x (batch, ...) -> y the same; alpha as x without its batch, with 1 on the shared axes.

    Source: He, Zhang, Ren and Sun, Delving Deep into Rectifiers, 2015.

    Example:

        >>> PReLU("ones")(jnp.array([[-2.0, 3.0]])).tolist()
        [[-2.0, 3.0]]
    """

    supports_masking = True

    def __init__(
        self,
        alpha_initializer: Any = "Zeros",
        alpha_regularizer: Any = None,
        alpha_constraint: Any = None,
        shared_axes: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.alpha_initializer = initializers.get(alpha_initializer)
        self.alpha_regularizer = regularizers.get(alpha_regularizer)
        self.alpha_constraint = constraints.get(alpha_constraint)
        self.shared_axes = (
            [shared_axes] if isinstance(shared_axes, int) else shared_axes and list(shared_axes)
        )

    def build(self, input_shape: Any) -> None:
        rank, shared = len(input_shape), [axis % len(input_shape) for axis in self.shared_axes or ()]
        self.alpha = self.add_weight(
            tuple(1 if axis in shared else input_shape[axis] for axis in range(1, rank)), name="alpha"
        )
        self.input_spec = InputSpec(
            ndim=rank, axes={axis: input_shape[axis] for axis in range(1, rank) if axis not in shared}
        )

    def call(self, inputs: Any) -> Any:
        return activations.relu(inputs) - self.alpha.value * activations.relu(-inputs)


class ELU(Layer):
    """y = x for x > 0, else alpha * (exp(x) - 1).

    Args:
        alpha: the limit far left, negated.

    Source: Clevert, Unterthiner and Hochreiter, Fast and Accurate Deep Network Learning by ELUs, 2016.

    Example:

        >>> ELU()(jnp.array([0.0, 3.0])).tolist()
        [0.0, 3.0]
    """

    supports_masking = True

    def __init__(self, alpha: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.alpha = alpha

    def call(self, inputs: Any) -> Any:
        return activations.elu(inputs, self.alpha)


class Softmax(Layer):
    """y = exp(x) / sum(exp(x)) along an axis; positions that are masked get 0 and do not count.

    Args:
        axis: the axis or axes that sum to 1.

    Call arguments: `mask`, of a shape that broadcasts to x: True (or more than 0.5) where x counts.

    Raises:
        ShapeError: the mask does not broadcast to x.

    Example:

        >>> Softmax()(jnp.zeros((1, 4)), mask=jnp.array([True, True, False, False])).tolist()
        [[0.5, 0.5, 0.0, 0.0]]
    """

    supports_masking = True

    def __init__(self, axis: int | tuple[int, ...] | list[int] = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axis = axis

    def call(self, inputs: Any, mask: Any = None) -> Any:
        if mask is not None:
            mask = jnp.asarray(mask)
            if mask.ndim > inputs.ndim or any(
                m not in (1, n) for m, n in zip(mask.shape[::-1], inputs.shape[::-1])
            ):
                raise ShapeError(
                    f"Softmax: the mask must broadcast to the input of shape {inputs.shape}. Received a mask "
                    f"of shape {mask.shape}. "
                    "A mask (batch, time) needs an axis more: mask[..., None]."
                )
            mask = mask if mask.dtype == bool else mask > 0.5
            inputs = jnp.where(mask, inputs, -3e4 if inputs.dtype == jnp.float16 else -1e9)
        if isinstance(self.axis, int):
            outputs = activations.softmax(inputs, self.axis)
        else:
            outputs = jnp.exp(inputs - logsumexp(inputs, axis=tuple(self.axis), keepdims=True))
        return outputs if mask is None else jnp.where(mask, outputs, 0)
