"""Random initializers: the same seed gives Keras's numbers on JAX."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import jax
import numpy as np

from neurona.core.arrays import device_array
from neurona.core.errors import ArgumentError, ShapeError
from neurona.core.policy import standardize_dtype
from neurona.core.random import SeedGenerator
from neurona.core.registry import deserialize
from neurona.initializers import sampling
from neurona.initializers.initializer import Initializer

__all__ = [
    "GlorotNormal",
    "GlorotUniform",
    "HeNormal",
    "HeUniform",
    "LecunNormal",
    "LecunUniform",
    "Orthogonal",
    "OrthogonalInitializer",
    "RandomInitializer",
    "RandomNormal",
    "RandomUniform",
    "TruncatedNormal",
    "VarianceScaling",
    "compute_fans",
    "glorot_normal",
    "glorot_uniform",
    "he_normal",
    "he_uniform",
    "lecun_normal",
    "lecun_uniform",
    "orthogonal",
    "random_normal",
    "random_uniform",
    "truncated_normal",
    "variance_scaling",
]

# The standard deviation of a standard normal variable that is cut at +-2.
_TRUNCATED_STDDEV = 0.87962566103423978
_MODES = ("fan_in", "fan_out", "fan_avg")
_DISTRIBUTIONS = ("truncated_normal", "untruncated_normal", "uniform")


class RandomInitializer(Initializer):
    """Base of those that draw: an integer seed draws the same numbers at each call, None draws new ones from
    the global stream.

    Args:
        seed: an integer, a `SeedGenerator`, or None for new numbers at each call.

    Raises:
        ArgumentError: the seed is neither an integer, a `SeedGenerator`, a key nor None.
    """

    def __init__(self, seed: Any = None) -> None:
        self.seed = deserialize(seed, kind="random") if isinstance(seed, Mapping) else seed
        if not isinstance(self.seed, (int, np.integer, SeedGenerator, jax.Array, type(None))) or isinstance(
            self.seed, bool
        ):
            raise ArgumentError(
                f"{type(self).__name__}: seed is an integer, a SeedGenerator or None. Received: {seed!r}"
            )


class RandomNormal(RandomInitializer, aliases=("normal",)):
    """Normally distributed weights.

    Args:
        mean: their mean.
        stddev: their standard deviation.
        seed: an integer, a `SeedGenerator`, or None.

    Example:

        >>> weights = RandomNormal(stddev=0.1, seed=1)((1000,))
        >>> bool(0.09 < weights.std() < 0.11)
        True
    """

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: Any = None) -> None:
        super().__init__(seed)
        self.mean, self.stddev = mean, stddev

    def __call__(self, shape: tuple[int, ...], dtype: Any = None) -> jax.Array:
        return sampling.normal(self.seed, tuple(shape), standardize_dtype(dtype), self.mean, self.stddev)


class TruncatedNormal(RandomInitializer):
    """Normally distributed weights without those that are 2 standard deviations or more from the mean.

    Args:
        mean: their mean.
        stddev: their standard deviation before they are cut.
        seed: an integer, a `SeedGenerator`, or None.

    Example:

        >>> bool(abs(TruncatedNormal(stddev=1.0, seed=1)((1000,))).max() < 2)
        True
    """

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: Any = None) -> None:
        super().__init__(seed)
        self.mean, self.stddev = mean, stddev

    def __call__(self, shape: tuple[int, ...], dtype: Any = None) -> jax.Array:
        return sampling.truncated_normal(
            self.seed, tuple(shape), standardize_dtype(dtype), self.mean, self.stddev
        )


class RandomUniform(RandomInitializer, aliases=("uniform",)):
    """Weights spread evenly over [minval, maxval).

    Args:
        minval: the least value.
        maxval: the bound that is not reached.
        seed: an integer, a `SeedGenerator`, or None.

    Example:

        >>> bool(abs(RandomUniform(-0.5, 0.5, seed=1)((1000,))).max() <= 0.5)
        True
    """

    def __init__(self, minval: float = -0.05, maxval: float = 0.05, seed: Any = None) -> None:
        super().__init__(seed)
        self.minval, self.maxval = minval, maxval

    def __call__(self, shape: tuple[int, ...], dtype: Any = None) -> jax.Array:
        return sampling.uniform(self.seed, tuple(shape), standardize_dtype(dtype), self.minval, self.maxval)


def compute_fans(
    shape: Sequence[int], input_axes: Sequence[int] | None = None, output_axes: Sequence[int] | None = None
) -> tuple[int, int]:
    """The numbers of inputs and outputs of one unit of a weight: (fan_in, fan_out).

    Args:
        shape: (inputs, outputs) of a dense kernel, or (*window, inputs, outputs) of a convolution's.
        input_axes: the axes that count as inputs, where the shape is neither; needs `output_axes`.
        output_axes: the axes that count as outputs.

    Example:

        >>> compute_fans((784, 300)), compute_fans((3, 3, 16, 32)), compute_fans((8, 4, 2), [0], [1, 2])
        ((784, 300), (144, 288), (8, 8))
    """
    if input_axes is not None and output_axes is not None:
        return math.prod(shape[axis] for axis in input_axes), math.prod(shape[axis] for axis in output_axes)
    if len(shape) < 2:
        return math.prod(shape), math.prod(shape)
    window = math.prod(shape[:-2])
    return window * shape[-2], window * shape[-1]


class VarianceScaling(RandomInitializer):
    """Weights of variance scale / n, where n counts inputs, outputs or their mean: signals keep their size
    from layer to layer.

    Args:
        scale: above 0.
        mode: n is `"fan_in"`, `"fan_out"` or `"fan_avg"`.
        distribution: `"truncated_normal"` (also `"normal"`), `"untruncated_normal"`, or `"uniform"` on
            +-sqrt(3 scale / n).
        seed: an integer, a `SeedGenerator`, or None.
        input_axes, output_axes: see `compute_fans`.

    Raises:
        ArgumentError: an argument is none of these.

    Source: LeCun et al., Efficient BackProp, 1998; Glorot and Bengio, 2010; He et al., 2015.

    Example:

        >>> weights = VarianceScaling(2.0, "fan_out", "uniform", seed=1)((100, 50))
        >>> bool(0.038 < weights.var() < 0.042)
        True
    """

    def __init__(
        self,
        scale: float = 1.0,
        mode: str = "fan_in",
        distribution: str = "truncated_normal",
        seed: Any = None,
        input_axes: Sequence[int] | None = None,
        output_axes: Sequence[int] | None = None,
    ) -> None:
        super().__init__(seed)
        distribution = {"normal": "truncated_normal"}.get(distribution.lower(), distribution.lower())
        name = type(self).__name__
        if scale <= 0:
            raise ArgumentError(f"{name}: scale is above 0. Received: {scale!r}")
        if mode not in _MODES:
            raise ArgumentError(f"{name}: mode is one of {', '.join(_MODES)}. Received: {mode!r}")
        if distribution not in _DISTRIBUTIONS:
            raise ArgumentError(
                f"{name}: distribution is one of {', '.join(_DISTRIBUTIONS)}. Received: {distribution!r}"
            )
        self.scale, self.mode, self.distribution = scale, mode, distribution
        self.input_axes, self.output_axes = input_axes, output_axes

    def __call__(self, shape: tuple[int, ...], dtype: Any = None) -> jax.Array:
        shape, dtype = tuple(shape), standardize_dtype(dtype)
        fan_in, fan_out = compute_fans(shape, self.input_axes, self.output_axes)
        count = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[self.mode]
        variance = self.scale / max(1.0, count)
        if self.distribution == "uniform":
            limit = math.sqrt(3 * variance)
            return sampling.uniform(self.seed, shape, dtype, -limit, limit)
        if self.distribution == "untruncated_normal":
            return sampling.normal(self.seed, shape, dtype, 0.0, math.sqrt(variance))
        return sampling.truncated_normal(
            self.seed, shape, dtype, 0.0, math.sqrt(variance) / _TRUNCATED_STDDEV
        )


class GlorotUniform(VarianceScaling, aliases=("xavier_uniform",)):
    """Uniform on +-sqrt(6 / (fan_in + fan_out)): the default of most layers.

    Args:
        seed: an integer, a `SeedGenerator`, or None for new numbers at each call.
        input_axes: the axes that count as inputs; by default as in `compute_fans`.
        output_axes: the axes that count as outputs.

    Source: Glorot and Bengio, Understanding the Difficulty of Training Deep Feedforward Neural Networks,
        2010.

    Example:

        >>> bool(abs(GlorotUniform(seed=1)((300, 300))).max() <= 0.1)
        True
    """

    def __init__(
        self,
        seed: Any = None,
        input_axes: Sequence[int] | None = None,
        output_axes: Sequence[int] | None = None,
    ) -> None:
        super().__init__(1.0, "fan_avg", "uniform", seed, input_axes, output_axes)


class GlorotNormal(VarianceScaling, aliases=("xavier_normal",)):
    """Truncated normal of variance 2 / (fan_in + fan_out).

    Args:
        seed: an integer, a `SeedGenerator`, or None for new numbers at each call.
        input_axes: the axes that count as inputs; by default as in `compute_fans`.
        output_axes: the axes that count as outputs.

    Source: Glorot and Bengio, Understanding the Difficulty of Training Deep Feedforward Neural Networks,
        2010.

    Example:

        >>> bool(0.09 < GlorotNormal(seed=1)((100, 100)).std() < 0.11)
        True
    """

    def __init__(
        self,
        seed: Any = None,
        input_axes: Sequence[int] | None = None,
        output_axes: Sequence[int] | None = None,
    ) -> None:
        super().__init__(1.0, "fan_avg", "truncated_normal", seed, input_axes, output_axes)


class LecunNormal(VarianceScaling):
    """Truncated normal of variance 1 / fan_in.

    Args:
        seed: an integer, a `SeedGenerator`, or None for new numbers at each call.
        input_axes: the axes that count as inputs; by default as in `compute_fans`.
        output_axes: the axes that count as outputs.

    Source: LeCun et al., Efficient BackProp, 1998.

    Example:

        >>> bool(0.09 < LecunNormal(seed=1)((100, 100)).std() < 0.11)
        True
    """

    def __init__(
        self,
        seed: Any = None,
        input_axes: Sequence[int] | None = None,
        output_axes: Sequence[int] | None = None,
    ) -> None:
        super().__init__(1.0, "fan_in", "truncated_normal", seed, input_axes, output_axes)


class LecunUniform(VarianceScaling):
    """Uniform on +-sqrt(3 / fan_in).

    Args:
        seed: an integer, a `SeedGenerator`, or None for new numbers at each call.
        input_axes: the axes that count as inputs; by default as in `compute_fans`.
        output_axes: the axes that count as outputs.

    Source: LeCun et al., Efficient BackProp, 1998.

    Example:

        >>> bool(abs(LecunUniform(seed=1)((300, 10))).max() <= 0.1)
        True
    """

    def __init__(
        self,
        seed: Any = None,
        input_axes: Sequence[int] | None = None,
        output_axes: Sequence[int] | None = None,
    ) -> None:
        super().__init__(1.0, "fan_in", "uniform", seed, input_axes, output_axes)


class HeNormal(VarianceScaling):
    """Truncated normal of variance 2 / fan_in, for layers that end in relu.

    Args:
        seed: an integer, a `SeedGenerator`, or None for new numbers at each call.
        input_axes: the axes that count as inputs; by default as in `compute_fans`.
        output_axes: the axes that count as outputs.

    Source: He et al., Delving Deep into Rectifiers, 2015.

    Example:

        >>> bool(0.09 < HeNormal(seed=1)((200, 100)).std() < 0.11)
        True
    """

    def __init__(
        self,
        seed: Any = None,
        input_axes: Sequence[int] | None = None,
        output_axes: Sequence[int] | None = None,
    ) -> None:
        super().__init__(2.0, "fan_in", "truncated_normal", seed, input_axes, output_axes)


class HeUniform(VarianceScaling):
    """Uniform on +-sqrt(6 / fan_in), for layers that end in relu.

    Args:
        seed: an integer, a `SeedGenerator`, or None for new numbers at each call.
        input_axes: the axes that count as inputs; by default as in `compute_fans`.
        output_axes: the axes that count as outputs.

    Source: He et al., Delving Deep into Rectifiers, 2015.

    Example:

        >>> bool(abs(HeUniform(seed=1)((600, 10))).max() <= 0.1)
        True
    """

    def __init__(
        self,
        seed: Any = None,
        input_axes: Sequence[int] | None = None,
        output_axes: Sequence[int] | None = None,
    ) -> None:
        super().__init__(2.0, "fan_in", "uniform", seed, input_axes, output_axes)


class Orthogonal(RandomInitializer, aliases=("OrthogonalInitializer",)):
    """gain times an orthogonal matrix: Q of the QR decomposition of a random normal one, with the signs of
    R's diagonal.

    Args:
        gain: the length of each row or column.
        seed: an integer, a `SeedGenerator`, or None.

    Shapes: rank 2 or more; all axes but the last are taken as rows.

    Raises:
        ShapeError: the rank is below 2.

    Source: Saxe, McClelland and Ganguli, Exact Solutions to the Nonlinear Dynamics of Learning in Deep Linear
        Networks, 2014.

    Example:

        >>> q = Orthogonal(seed=1)((4, 4))
        >>> bool(np.allclose(q @ q.T, np.eye(4), atol=1e-5))
        True
    """

    def __init__(self, gain: float = 1.0, seed: Any = None) -> None:
        super().__init__(seed)
        self.gain = gain

    def __call__(self, shape: tuple[int, ...], dtype: Any = None) -> jax.Array:
        if len(shape) < 2:
            raise ShapeError(f"Orthogonal needs a shape of at least two axes. Received: {tuple(shape)}")
        name = standardize_dtype(dtype)
        rows, columns = math.prod(shape[:-1]), shape[-1]
        precision = "float64" if name == "float64" else "float32"  # LAPACK knows no 16-bit floats
        matrix = sampling.normal(self.seed, (max(rows, columns), min(rows, columns)), precision, 0.0, 1.0)
        q, r = np.linalg.qr(np.asarray(matrix))
        q = q * np.sign(np.diag(r))
        return device_array((self.gain * (q.T if rows < columns else q)).reshape(shape).astype(name))


# Other names of the same classes.
glorot_normal, glorot_uniform, he_normal, he_uniform = GlorotNormal, GlorotUniform, HeNormal, HeUniform
lecun_normal, lecun_uniform, orthogonal = LecunNormal, LecunUniform, Orthogonal
random_normal, random_uniform, truncated_normal, variance_scaling = (
    RandomNormal,
    RandomUniform,
    TruncatedNormal,
    VarianceScaling,
)
OrthogonalInitializer = Orthogonal
