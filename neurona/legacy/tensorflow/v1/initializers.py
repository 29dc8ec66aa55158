"""Initializers of TensorFlow 1: called with a shape, they draw the step that makes a first value."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from neurona.core.random import as_key
from neurona.legacy.tensorflow.dtypes import as_dtype, float32
from neurona.legacy.tensorflow.v1.graph import get_default_graph
from neurona.legacy.tensorflow.v1.mode import computing
from neurona.legacy.tensorflow.v1.tensor import GraphShape, convert, draw
from neurona.legacy.tensorflow.v1.tensor import constant as constant_tensor


class Initializer:
    """The base: `initializer(shape, dtype)` draws a step."""

    dtype = float32

    def __call__(self, shape: Any, dtype: Any = None, partition_info: Any = None, **_: Any) -> Any:
        wanted = as_dtype(dtype or self.dtype)
        sizes = tuple(int(size) for size in GraphShape(shape))
        return self._drawn(self._make(), sizes, wanted)

    def _drawn(self, make: Callable[..., Any], sizes: tuple[int, ...], dtype: Any) -> Any:
        return draw(_made, (make, sizes, dtype.held), default=_name(type(self).__name__))

    def _make(self) -> Callable[..., Any]:
        raise NotImplementedError

    def _seeded(self, seed: Any) -> None:
        """Where one initializer has a seed, the graph has one."""
        graph = get_default_graph()
        if seed is not None and graph.seed is None:
            graph.seed = 87654321  # TensorFlow's own

    def get_config(self) -> dict[str, Any]:
        """The arguments."""
        return dict(vars(self))


def _name(cls: str) -> str:
    return "".join("_" + letter.lower() if letter.isupper() else letter for letter in cls).strip("_")


def _made(make: Callable[..., Any], shape: tuple[int, ...], dtype: str) -> Any:
    return jnp.asarray(make(shape), dtype)


class Zeros(Initializer):
    """Zeros."""

    def __init__(self, dtype: Any = float32) -> None:
        self.dtype = as_dtype(dtype)

    def _make(self) -> Callable[..., Any]:
        return jnp.zeros


class Ones(Initializer):
    """Ones."""

    def __init__(self, dtype: Any = float32) -> None:
        self.dtype = as_dtype(dtype)

    def _make(self) -> Callable[..., Any]:
        return jnp.ones


class Constant(Initializer):
    """A value, or the values of an array."""

    def __init__(self, value: Any = 0, dtype: Any = float32, verify_shape: bool = False) -> None:
        self.value, self.dtype = value, as_dtype(dtype)

    def __call__(self, shape: Any, dtype: Any = None, partition_info: Any = None, **_: Any) -> Any:
        return constant_tensor(self.value, dtype or self.dtype, shape=shape)


class _Random(Initializer):
    """Two numbers say which distribution."""

    draw_numbers: Callable[..., Any]

    def _make(self) -> Callable[..., Any]:
        return _bound(type(self).draw_numbers, *(one for one in self.numbers))

    numbers: tuple[float, ...] = ()


_bounds: dict[Any, Callable[..., Any]] = {}


def _bound(function: Callable[..., Any], *numbers: Any) -> Callable[..., Any]:
    """The function of a shape, the same object for the same numbers, so that shapes are found once."""
    key = (function, *numbers)
    if key not in _bounds:
        _bounds[key] = lambda shape: function(shape, *numbers)
    return _bounds[key]


def _normal(shape: Any, mean: float, stddev: float) -> Any:
    return mean + stddev * jax.random.normal(as_key(), shape)


def _truncated(shape: Any, mean: float, stddev: float) -> Any:
    return mean + stddev * jax.random.truncated_normal(as_key(), -2.0, 2.0, shape)


def _uniform(shape: Any, low: float, high: float) -> Any:
    return jax.random.uniform(as_key(), shape, minval=low, maxval=high)


class RandomNormal(_Random):
    """The normal distribution."""

    draw_numbers = staticmethod(_normal)

    def __init__(
        self, mean: float = 0.0, stddev: float = 1.0, seed: Any = None, dtype: Any = float32
    ) -> None:
        self.mean, self.stddev, self.seed, self.dtype = mean, stddev, seed, as_dtype(dtype)
        self.numbers = (float(mean), float(stddev))
        self._seeded(seed)


class TruncatedNormal(RandomNormal):
    """The normal distribution within two standard deviations."""

    draw_numbers = staticmethod(_truncated)


class RandomUniform(_Random):
    """Numbers between two others."""

    draw_numbers = staticmethod(_uniform)

    def __init__(self, minval: float = 0, maxval: Any = None, seed: Any = None, dtype: Any = float32) -> None:
        self.minval, self.maxval, self.seed, self.dtype = minval, maxval, seed, as_dtype(dtype)
        self.numbers = (float(minval), float(1 if maxval is None else maxval))
        self._seeded(seed)


class VarianceScaling(Initializer):
    """A variance of `scale / n`, with n the inputs, the outputs or their mean (Glorot and Bengio, 2010)."""

    def __init__(
        self,
        scale: float = 1.0,
        mode: str = "fan_in",
        distribution: str = "truncated_normal",
        seed: Any = None,
        dtype: Any = float32,
    ) -> None:
        self.scale, self.mode, self.distribution = scale, mode.lower(), distribution.lower()
        self.seed, self.dtype = seed, as_dtype(dtype)
        self._seeded(seed)

    def _make(self) -> Callable[..., Any]:
        return _bound(_scaled, self.scale, self.mode, self.distribution)


def _scaled(shape: Sequence[int], scale: float, mode: str, distribution: str) -> Any:
    inside = math.prod(shape[:-2])
    fans: dict[str, float] = {
        "fan_in": inside * (shape[-2] if len(shape) > 1 else shape[0] if shape else 1),
        "fan_out": inside * (shape[-1] if shape else 1),
    }
    fans["fan_avg"] = (fans["fan_in"] + fans["fan_out"]) / 2
    variance = scale / max(1.0, fans[mode])
    if distribution == "uniform":
        limit = math.sqrt(3 * variance)
        return _uniform(shape, -limit, limit)
    if distribution == "untruncated_normal":
        return _normal(shape, 0.0, math.sqrt(variance))
    return _truncated(shape, 0.0, math.sqrt(variance) / 0.87962566103423978)


class GlorotUniform(VarianceScaling):
    """Glorot's uniform distribution, TensorFlow 1's default."""

    def __init__(self, seed: Any = None, dtype: Any = float32) -> None:
        super().__init__(1.0, "fan_avg", "uniform", seed, dtype)


class GlorotNormal(VarianceScaling):
    """Glorot's normal distribution."""

    def __init__(self, seed: Any = None, dtype: Any = float32) -> None:
        super().__init__(1.0, "fan_avg", "truncated_normal", seed, dtype)


def he_normal(seed: Any = None, dtype: Any = float32) -> VarianceScaling:
    """He's normal distribution."""
    return VarianceScaling(2.0, "fan_in", "truncated_normal", seed, dtype)


def he_uniform(seed: Any = None, dtype: Any = float32) -> VarianceScaling:
    """He's uniform distribution."""
    return VarianceScaling(2.0, "fan_in", "uniform", seed, dtype)


def lecun_normal(seed: Any = None, dtype: Any = float32) -> VarianceScaling:
    """LeCun's normal distribution."""
    return VarianceScaling(1.0, "fan_in", "truncated_normal", seed, dtype)


def lecun_uniform(seed: Any = None, dtype: Any = float32) -> VarianceScaling:
    """LeCun's uniform distribution."""
    return VarianceScaling(1.0, "fan_in", "uniform", seed, dtype)


def uniform_unit_scaling_initializer(
    factor: float = 1.0, seed: Any = None, dtype: Any = float32
) -> Initializer:
    """A uniform distribution that keeps the scale of the inputs."""
    return VarianceScaling(factor**2, "fan_in", "uniform", seed, dtype)


class Orthogonal(Initializer):
    """Orthogonal columns or rows, times a gain."""

    def __init__(self, gain: float = 1.0, seed: Any = None, dtype: Any = float32) -> None:
        self.gain, self.seed, self.dtype = gain, seed, as_dtype(dtype)
        self._seeded(seed)

    def _make(self) -> Callable[..., Any]:
        return _bound(_orthogonal, self.gain)


def _orthogonal(shape: Sequence[int], gain: float) -> Any:
    return gain * jax.nn.initializers.orthogonal()(as_key(), tuple(shape))


class Identity(Initializer):
    """The identity matrix, times a gain."""

    def __init__(self, gain: float = 1.0, dtype: Any = float32) -> None:
        self.gain, self.dtype = gain, as_dtype(dtype)

    def _make(self) -> Callable[..., Any]:
        return _bound(lambda shape, gain: gain * jnp.eye(*shape), self.gain)


def xavier_initializer(uniform: bool = True, seed: Any = None, dtype: Any = float32) -> VarianceScaling:
    """Glorot's distribution."""
    return GlorotUniform(seed, dtype) if uniform else GlorotNormal(seed, dtype)


def variance_scaling_initializer(
    factor: float = 2.0, mode: str = "FAN_IN", uniform: bool = False, seed: Any = None, dtype: Any = float32
) -> VarianceScaling:
    """contrib's initializer, by default He's."""
    return VarianceScaling(factor, mode.lower(), "uniform" if uniform else "truncated_normal", seed, dtype)


_BY_NAME: dict[str, Callable[[], Any]] = {
    "zeros": Zeros,
    "ones": Ones,
    "glorot_uniform": GlorotUniform,
    "glorot_normal": GlorotNormal,
    "he_normal": he_normal,
    "he_uniform": he_uniform,
    "normal": RandomNormal,
    "random_normal": RandomNormal,
    "random_uniform": RandomUniform,
    "uniform": RandomUniform,
    "truncated_normal": TruncatedNormal,
    "orthogonal": Orthogonal,
    "identity": Identity,
}


def first_value(initializer: Any, shape: Any, dtype: Any) -> Any:
    """What an initializer gives: a function, an initializer of Neurona, a name, or the value itself."""
    if isinstance(initializer, str):
        initializer = _BY_NAME[initializer]()
    if isinstance(initializer, type):
        initializer = initializer()
    if isinstance(initializer, Initializer):
        return initializer(shape, dtype)
    if callable(initializer):
        if shape is None:
            return convert(initializer(), dtype)
        if type(initializer).__module__.startswith("neurona.initializers"):
            sizes = tuple(int(size) for size in GraphShape(shape))
            return draw(_of_neurona, (initializer, sizes, as_dtype(dtype).held), default="initial_value")
        try:
            return convert(initializer(shape, dtype=as_dtype(dtype)), dtype)
        except TypeError:
            return convert(initializer(shape), dtype)
    return convert(initializer, dtype)


def _of_neurona(initializer: Callable[..., Any], shape: Any, dtype: str) -> Any:
    with computing():
        return jnp.asarray(np.asarray(initializer(shape, dtype)))


# `tf.initializers`.
zeros, ones, constant = Zeros, Ones, Constant
random_normal, random_uniform, truncated_normal = RandomNormal, RandomUniform, TruncatedNormal
glorot_uniform, glorot_normal, variance_scaling = GlorotUniform, GlorotNormal, VarianceScaling
orthogonal, identity, uniform_unit_scaling = Orthogonal, Identity, uniform_unit_scaling_initializer
