"""Layers that normalize activations over the batch, the features or groups of features."""

import math
from collections.abc import Mapping
from typing import Annotated, Any, TypedDict, Unpack

import jax
import jax.numpy as jnp

from neurona import initializers
from neurona.core import policy
from neurona.core.errors import ArgumentError, ShapeError, suggestion
from neurona.core.layer import Layer
from neurona.core.options import Option
from neurona.core.shapes import InputSpec
from neurona.kernels.layer_normalization import layer_normalization
from neurona.kernels.normalization import batch_normalization, moments, standardize
from neurona.layers.options import LayerOptions, constraint, for_layer, initializer, regularizer

__all__ = [
    "BatchNormalization",
    "GroupNormalization",
    "LayerNormalization",
    "RMSNormalization",
    "UnitNormalization",
]


class BetaAndGammaStart(TypedDict, total=False):
    """First values of an offset and a scale."""

    beta_initializer: Annotated[Any, initializer("offset beta", "zeros")]
    gamma_initializer: Annotated[Any, initializer("scale gamma", "ones")]


class MovingStatisticsStart(TypedDict, total=False):
    """First values of the moving averages."""

    moving_mean_initializer: Annotated[Any, initializer("moving mean", "zeros")]
    moving_variance_initializer: Annotated[Any, initializer("moving variance", "ones")]


class BetaAndGammaRules(TypedDict, total=False):
    """Regularizers and constraints of an offset and a scale."""

    beta_regularizer: Annotated[Any, regularizer("offset beta")]
    gamma_regularizer: Annotated[Any, regularizer("scale gamma")]
    beta_constraint: Annotated[Any, constraint("offset beta")]
    gamma_constraint: Annotated[Any, constraint("scale gamma")]


class BetaAndGamma(BetaAndGammaStart, BetaAndGammaRules, LayerOptions, total=False):
    """Options of a layer with an offset and a scale."""

    activity_regularizer: Any


class LayerNormalizationOptions(BetaAndGamma, total=False):
    """Options of LayerNormalization."""

    rms_scaling: Annotated[
        bool,
        Option(
            False,
            "an old option of Keras: y = gamma * x / sqrt(variance + epsilon). The literature's method is "
            "`RMSNormalization`.",
        ),
    ]


class Renormalization(TypedDict, total=False):
    """Batch renormalization (Ioffe, 2017), and what else BatchNormalization takes last."""

    renorm: Annotated[
        bool, Option(False, "whether to correct the batch's statistics towards moving ones (Ioffe, 2017).")
    ]
    renorm_clipping: Annotated[
        Mapping[str, float] | None, Option(None, "limits `rmin`, `rmax` and `dmax` of that correction.")
    ]
    renorm_momentum: Annotated[
        float, Option(0.99, "how slowly the statistics of the correction follow the batches'.")
    ]
    synchronized: Annotated[
        bool, Option(False, "no effect: a batch split over devices is always normalized as a whole.")
    ]


class BatchNormalizationOptions(
    BetaAndGammaStart, MovingStatisticsStart, BetaAndGammaRules, Renormalization, LayerOptions, total=False
):
    """Options of BatchNormalization."""

    activity_regularizer: Any


def _precise(array: Any) -> Any:
    """The array in float32 at least: statistics need the precision."""
    return array.astype(jnp.promote_types(array.dtype, jnp.float32))


def _axes(axis: Any, owner: str) -> int | list[int]:
    if isinstance(axis, int):
        return axis
    if isinstance(axis, (list, tuple)) and all(isinstance(one, int) for one in axis):
        return list(axis)
    raise ArgumentError(f"{owner}: axis is an integer or a list of integers. Received: axis={axis!r}")


class _AffineNormalization(Layer):
    """What layers with a learned scale gamma and offset beta share. They compute in float32 at least,
    whatever the policy.
    """

    gamma: Any = None
    beta: Any = None

    def _add_gamma_and_beta(self, shape: tuple[int, ...], scale: bool, center: bool) -> None:
        """Create the two weights, or either of them."""
        self.gamma = self.add_weight(shape, name="gamma", autocast=False) if scale else None
        self.beta = self.add_weight(shape, name="beta", autocast=False) if center else None

    def _gamma_and_beta(self, shape: list[int], dtype: Any) -> list[Any]:
        """Their values in a shape that broadcasts, None for what the layer does not have."""
        return [
            None if weight is None else weight.value.astype(dtype).reshape(shape)
            for weight in (self.gamma, self.beta)
        ]

    def _scale_and_offset(self, size: int, dtype: Any) -> tuple[Any, Any]:
        """Their values for the last axis, ones and zeros for what the layer does not have: what kernels
        take.
        """
        gamma, beta = self._gamma_and_beta([size], dtype)
        return jnp.ones(size, dtype) if gamma is None else gamma, jnp.zeros(
            size, dtype
        ) if beta is None else beta


class BatchNormalization(_AffineNormalization):
    """y = gamma * (x - mean) / sqrt(variance + epsilon) + beta, with the statistics of each channel over the
    batch.

    In training the statistics are those of the batch, and moving averages follow them:
    moving = moving * momentum + batch * (1 - momentum).
    Otherwise, and always while the layer is frozen (trainable=False), the moving averages are used.

    Args:
        axis: the channels' axis.
        momentum: how slowly the moving averages follow.
        epsilon: keeps the root from zero.
        center: whether there is an offset beta.
        scale: whether there is a scale gamma.
        **options: those of `BatchNormalizationOptions`.

    Call arguments: `mask` (batch, ...), of x without its channels: False where x does not count.

    Shapes: x (any, with channels on the axis) -> y the same; gamma, beta, moving_mean, moving_variance
        (channels,).

    Raises:
        ArgumentError: renorm_clipping has an unknown or an impossible limit.
        ShapeError: the number of channels is unknown or changed, or the mask does not fit.

    Source: Ioffe and Szegedy, Batch Normalization, 2015.

    Example:

        >>> layer = BatchNormalization(momentum=0.5, epsilon=0.0)
        >>> layer(jnp.array([[1.0], [3.0]]), training=True).tolist(), layer.moving_mean.numpy().tolist()
        ([[-1.0], [1.0]], [1.0])
    """

    supports_masking = True

    def __init__(
        self,
        axis: int = -1,
        momentum: float = 0.99,
        epsilon: float = 0.001,
        center: bool = True,
        scale: bool = True,
        **options: Unpack[BatchNormalizationOptions],
    ) -> None:
        own = (*MovingStatisticsStart.__annotations__, *Renormalization.__annotations__)
        super().__init__(**for_layer(options, "beta", "gamma", own=own))
        self.axis, self.momentum, self.epsilon = int(axis), float(momentum), float(epsilon)
        self.center, self.scale = center, scale
        self._set_weight_options(options, "beta", "gamma")
        self.moving_mean_initializer = initializers.get(options.get("moving_mean_initializer"))
        self.moving_variance_initializer = initializers.get(options.get("moving_variance_initializer"))
        self._set_renormalization(**{name: options[name] for name in Renormalization.__annotations__})

    def _set_renormalization(
        self, renorm: bool, renorm_clipping: Any, renorm_momentum: float, synchronized: bool
    ) -> None:
        limits = dict(renorm_clipping or {})
        self.renorm, self.renorm_clipping = renorm, limits if renorm else renorm_clipping
        self.renorm_momentum, self.synchronized = renorm_momentum, synchronized
        for limit in limits:
            if limit not in ("rmin", "rmax", "dmax"):
                raise ArgumentError(
                    f"BatchNormalization: renorm_clipping has rmin, rmax and dmax. "
                    f"Received: {limit!r}.{suggestion(limit, ['rmin', 'rmax', 'dmax'])}"
                )
        if limits.get("rmin", 0) > limits.get("rmax", math.inf) or limits.get("dmax", 0) < 0:
            raise ArgumentError(
                f"BatchNormalization: renorm_clipping needs rmin <= rmax and dmax >= 0. Received: {limits}"
            )

    def build(self, input_shape: Any) -> None:
        channels = input_shape[self.axis]
        shape = (channels,)
        self._add_gamma_and_beta(shape, self.scale, self.center)
        self.moving_mean = self.add_weight(shape, trainable=False, autocast=False, name="moving_mean")
        self.moving_variance = self.add_weight(shape, trainable=False, autocast=False, name="moving_variance")
        if self.renorm:
            mean, variance = self.moving_mean_initializer, self.moving_variance_initializer

            def deviation(shape: Any, dtype: Any) -> Any:
                return jnp.sqrt(variance(shape, dtype))

            self.moving_stddev = self.add_weight(
                shape, deviation, trainable=False, autocast=False, name="moving_stddev"
            )
            self.renorm_mean = self.add_weight(
                shape, mean, trainable=False, autocast=False, name="renorm_mean"
            )
            self.renorm_stddev = self.add_weight(
                shape, deviation, trainable=False, autocast=False, name="renorm_stddev"
            )
        self.input_spec = InputSpec(ndim=len(input_shape), axes={self.axis: channels})

    def call(self, inputs: Any, training: bool = False, mask: Any = None) -> Any:
        x = _precise(inputs)
        shape = [1] * x.ndim
        shape[self.axis] = x.shape[self.axis]
        gamma, beta = self._gamma_and_beta(shape, x.dtype)
        if mask is None and self._uses_kernel(x, training):
            return self._normalized_by_batch(x)
        if training and self.trainable:
            mean, variance = self._moments(x, mask)
            if self.renorm:
                gamma, beta = self._renormalized(mean, variance, gamma, beta, shape)
            else:
                self._follow(self.moving_mean, mean, self.momentum)
                self._follow(self.moving_variance, variance, self.momentum)
        else:
            mean, variance = (
                self.moving_mean.value.astype(x.dtype),
                self.moving_variance.value.astype(x.dtype),
            )
        y = standardize(x, mean.reshape(shape), variance.reshape(shape), gamma, beta, self.epsilon)
        return y.astype(self.compute_dtype)

    def _uses_kernel(self, x: Any, training: bool) -> bool:
        """Whether the kernel computes this, unless there is a mask."""
        return training and self.trainable and not self.renorm and self.axis % x.ndim == x.ndim - 1

    def _kernel_arguments(self, x: Any) -> tuple[Any, ...]:
        """What `kernels.normalization.batch_normalization` takes."""
        mean, variance = moments(jax.lax.stop_gradient(x))
        return x, *self._scale_and_offset(x.shape[-1], x.dtype), mean, variance, self.epsilon

    def _normalized_by_batch(self, x: Any) -> Any:
        arguments = self._kernel_arguments(x)
        _, _, _, mean, variance, _ = arguments
        self._follow(self.moving_mean, mean, self.momentum)
        self._follow(self.moving_variance, variance, self.momentum)
        return batch_normalization(*arguments).astype(self.compute_dtype)

    def _moments(self, x: Any, mask: Any) -> tuple[Any, Any]:
        axes = tuple(axis for axis in range(x.ndim) if axis != self.axis % x.ndim)
        if mask is None:
            return jnp.mean(x, axes), jnp.var(x, axes)
        mask = jnp.asarray(mask)
        if mask.ndim != x.ndim - 1:
            raise ShapeError(
                f"BatchNormalization: the mask has one axis less than the input {x.shape}. Received shape "
                f"{mask.shape}."
            )
        mask = jnp.broadcast_to(mask[..., None].astype(bool), x.shape)
        count = jnp.sum(mask, axes, dtype=x.dtype, keepdims=True) + policy.epsilon()
        mean = jnp.sum(jnp.where(mask, x, 0), axes, keepdims=True) / count
        variance = jnp.sum(jnp.where(mask, jnp.square(x - mean), 0), axes, keepdims=True) / count
        return mean.reshape(-1), variance.reshape(-1)

    def _follow(self, moving: Any, value: Any, momentum: float) -> Any:
        moved = moving.value.astype(value.dtype) * momentum + value * (1 - momentum)
        moving.assign(moved)
        return moved

    def _renormalized(
        self, mean: Any, variance: Any, gamma: Any, beta: Any, shape: list[int]
    ) -> tuple[Any, Any]:
        """Gamma and beta with the correction r = deviation / renorm_stddev, d = (mean - renorm_mean) /
        renorm_stddev in them.
        """
        deviation = jnp.sqrt(variance + self.epsilon)
        reference = jnp.maximum(self.renorm_stddev.value.astype(mean.dtype), math.sqrt(self.epsilon))
        limits = self.renorm_clipping or {}
        r = jnp.clip(deviation / reference, limits.get("rmin"), limits.get("rmax"))
        d = (mean - self.renorm_mean.value.astype(mean.dtype)) / reference
        d = d if limits.get("dmax") is None else jnp.clip(d, -limits["dmax"], limits["dmax"])
        r, d = (jax.lax.stop_gradient(one).reshape(shape) for one in (r, d))
        self._follow(self.renorm_mean, mean, self.renorm_momentum)
        self._follow(self.renorm_stddev, deviation, self.renorm_momentum)
        self._follow(self.moving_mean, mean, self.momentum)
        moving = self._follow(self.moving_stddev, deviation, self.momentum)
        self.moving_variance.assign(jnp.maximum(jnp.square(moving) - self.epsilon, 0))
        scale, offset = (r, d) if gamma is None else (r * gamma, d * gamma)
        return scale, offset if beta is None else offset + beta


class LayerNormalization(_AffineNormalization):
    """y = gamma * (x - mean) / sqrt(variance + epsilon) + beta, with the statistics of each sample over its
    features.

    Args:
        axis: the axis or axes of the features.
        epsilon: keeps the root from zero.
        center: whether there is an offset beta.
        scale: whether there is a scale gamma.
        **options: those of `LayerNormalizationOptions`.

    Shapes: x (any) -> y the same; gamma, beta: the sizes of the axes.

    Raises:
        ArgumentError: axis is neither an integer nor a list of them.

    Source: Ba, Kiros and Hinton, Layer Normalization, 2016.

    Example:

        >>> LayerNormalization(epsilon=0.0)(jnp.array([[1.0, 3.0]])).tolist()
        [[-1.0, 1.0]]
    """

    supports_masking = True

    def __init__(
        self,
        axis: int | list[int] | tuple[int, ...] = -1,
        epsilon: float = 0.001,
        center: bool = True,
        scale: bool = True,
        **options: Unpack[LayerNormalizationOptions],
    ) -> None:
        super().__init__(**for_layer(options, "beta", "gamma", own=["rms_scaling"]))
        self.axis, self.epsilon = _axes(axis, "LayerNormalization"), float(epsilon)
        self.center, self.scale = center, scale
        self.rms_scaling = options.get("rms_scaling", False)
        self._set_weight_options(options, "beta", "gamma")
        self.autocast = False

    def build(self, input_shape: Any) -> None:
        axes = [self.axis] if isinstance(self.axis, int) else sorted(self.axis)
        shape = tuple(input_shape[axis] for axis in axes)
        self._add_gamma_and_beta(shape, self.scale or self.rms_scaling, self.center and not self.rms_scaling)

    def call(self, inputs: Any) -> Any:
        x = _precise(inputs)
        axes = tuple(axis % x.ndim for axis in ([self.axis] if isinstance(self.axis, int) else self.axis))
        if axes == (x.ndim - 1,) and not self.rms_scaling:
            return layer_normalization(x, *self._scale_and_offset(x.shape[-1], x.dtype), self.epsilon).astype(
                self.compute_dtype
            )
        gamma, beta = self._gamma_and_beta(
            [size if axis in axes else 1 for axis, size in enumerate(x.shape)], x.dtype
        )
        mean, variance = jnp.mean(x, axes, keepdims=True), jnp.var(x, axes, keepdims=True)
        y = standardize(x, 0 if self.rms_scaling else mean, variance, gamma, beta, self.epsilon)
        return y.astype(self.compute_dtype)


class GroupNormalization(_AffineNormalization):
    """y = gamma * (x - mean) / sqrt(variance + epsilon) + beta, with the statistics of each sample over each
    group of its channels.

    Args:
        groups: number of groups; -1 for as many as channels (instance normalization), 1 for all together.
        axis: the channels' axis.
        epsilon: keeps the root from zero.
        center: whether there is an offset beta.
        scale: whether there is a scale gamma.
        **options: those of `BetaAndGamma`.

    Shapes: x (batch, ..., with channels on the axis) -> y the same; gamma, beta (channels,).

    Raises:
        ArgumentError: groups is neither positive nor -1.
        ShapeError: the channels can't be split into so many equal groups.

    Source: Wu and He, Group Normalization, 2018.

    Example:

        >>> GroupNormalization(groups=2, epsilon=0.0)(jnp.array([[1.0, 3.0, 10.0, 30.0]])).tolist()
        [[-1.0, 1.0, -1.0, 1.0]]
    """

    supports_masking = True

    def __init__(
        self,
        groups: int = 32,
        axis: int = -1,
        epsilon: float = 0.001,
        center: bool = True,
        scale: bool = True,
        **options: Unpack[BetaAndGamma],
    ) -> None:
        super().__init__(**for_layer(options, "beta", "gamma"))
        if not isinstance(groups, int) or (groups < 1 and groups != -1):
            raise ArgumentError(
                "GroupNormalization: groups is a positive integer, or -1 for one per channel. Received: "
                f"groups={groups!r}"
            )
        self.groups, self.axis, self.epsilon, self.center, self.scale = groups, axis, epsilon, center, scale
        self._set_weight_options(options, "beta", "gamma")
        self.autocast = False

    def build(self, input_shape: Any) -> None:
        channels = input_shape[self.axis]
        if (channels or 0) % self.groups:
            raise ShapeError(
                f"Layer {self.name!r}: {channels} channels can't be split into groups={self.groups} equal "
                "groups."
            )
        shape = (channels,)
        self._add_gamma_and_beta(shape, self.scale, self.center)
        self.input_spec = InputSpec(ndim=len(input_shape), axes={self.axis: channels})

    def call(self, inputs: Any) -> Any:
        x, axis = _precise(inputs), self.axis % inputs.ndim
        channels = x.shape[axis]
        groups = channels if self.groups == -1 else self.groups
        split = (groups, channels // groups)
        shape = [1] * x.ndim
        shape[axis : axis + 1] = split
        gamma, beta = self._gamma_and_beta(shape, x.dtype)
        x = x.reshape(*x.shape[:axis], *split, *x.shape[axis + 1 :])
        axes = tuple(one for one in range(1, x.ndim) if one != axis)
        y = standardize(
            x, jnp.mean(x, axes, keepdims=True), jnp.var(x, axes, keepdims=True), gamma, beta, self.epsilon
        )
        return y.reshape(inputs.shape).astype(self.compute_dtype)


class RMSNormalization(Layer):
    """y = scale * x / sqrt(mean(x^2) + epsilon), over the features.

    Args:
        axis: the axis or axes of the features.
        epsilon: keeps the root from zero.

    Shapes: x (any) -> y the same; scale: the sizes of the axes.

    Raises:
        ArgumentError: axis is neither an integer nor a list of them.

    Source: Zhang and Sennrich, Root Mean Square Layer Normalization, 2019.

    Example:

        >>> RMSNormalization(epsilon=0.0)(jnp.array([[0.0, 8.0, 0.0, 0.0]])).tolist()
        [[0.0, 2.0, 0.0, 0.0]]
    """

    def __init__(
        self, axis: int | list[int] | tuple[int, ...] = -1, epsilon: float = 1e-6, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.axis, self.epsilon = _axes(axis, "RMSNormalization"), epsilon

    def build(self, input_shape: Any) -> None:
        axes = [self.axis] if isinstance(self.axis, int) else sorted(self.axis)
        shape = tuple(input_shape[axis] for axis in axes)
        self.scale = self.add_weight(shape, "ones", name="scale")

    def call(self, inputs: Any) -> Any:
        x = _precise(inputs)
        axes = tuple(axis % x.ndim for axis in ([self.axis] if isinstance(self.axis, int) else self.axis))
        scale = self.scale.value.astype(x.dtype).reshape(
            [size if axis in axes else 1 for axis, size in enumerate(x.shape)]
        )
        y = x * jax.lax.rsqrt(jnp.mean(jnp.square(x), axes, keepdims=True) + self.epsilon) * scale
        return y.astype(inputs.dtype)


class UnitNormalization(Layer):
    """y = x / |x|, the Euclidean length taken along the axis.

    Args:
        axis: the axis or axes whose vectors become of length 1.

    Shapes: x (any) -> y the same.

    Raises:
        ArgumentError: axis is neither an integer nor a list of them.

    Example:

        >>> UnitNormalization()(jnp.array([[0.0, 4.0]])).tolist()
        [[0.0, 1.0]]
    """

    supports_masking = True

    def __init__(self, axis: int | list[int] | tuple[int, ...] = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axis = _axes(axis, "UnitNormalization")

    def call(self, inputs: Any) -> Any:
        axes = self.axis if isinstance(self.axis, int) else tuple(self.axis)
        squares = jnp.sum(jnp.square(inputs), axes, keepdims=True)
        return inputs * jax.lax.rsqrt(jnp.maximum(squares, max(1e-24, jnp.finfo(squares.dtype).tiny)))
