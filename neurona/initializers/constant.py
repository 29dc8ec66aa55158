"""Initializers without chance. NumPy makes the values, so that nothing is compiled."""

from typing import Any

import jax
import numpy as np

from neurona.core.arrays import device_array
from neurona.core.errors import ArgumentError, ShapeError, optional_import
from neurona.core.policy import standardize_dtype
from neurona.initializers.initializer import Initializer

__all__ = [
    "STFT",
    "Constant",
    "Identity",
    "IdentityInitializer",
    "Ones",
    "STFTInitializer",
    "Zeros",
    "constant",
    "identity",
    "ones",
    "stft",
    "zeros",
]


class Zeros(Initializer, aliases=("zero",)):
    """All zeros: the usual start of biases.

    Example:

        >>> Zeros()((2,)).tolist()
        [0.0, 0.0]
    """

    def __call__(self, shape: tuple[int, ...], dtype: Any = None) -> jax.Array:
        return device_array(np.zeros(shape, standardize_dtype(dtype)))


class Ones(Initializer, aliases=("one",)):
    """All ones: the usual start of scales.

    Example:

        >>> Ones()((2,)).tolist()
        [1.0, 1.0]
    """

    def __call__(self, shape: tuple[int, ...], dtype: Any = None) -> jax.Array:
        return device_array(np.ones(shape, standardize_dtype(dtype)))


class Constant(Initializer):
    """One value everywhere.

    Args:
        value: a number, or an array that broadcasts to the weight's shape.

    Example:

        >>> Constant(0.5)((2,)).tolist()
        [0.5, 0.5]
    """

    def __init__(self, value: Any = 0.0) -> None:
        self.value = value

    def __call__(self, shape: tuple[int, ...], dtype: Any = None) -> jax.Array:
        return device_array(np.broadcast_to(np.asarray(self.value).astype(standardize_dtype(dtype)), shape))


class Identity(Initializer, aliases=("IdentityInitializer",)):
    """gain times the identity matrix.

    Args:
        gain: the value on the diagonal.

    Raises:
        ShapeError: the weight is not a matrix.

    Source: Le, Jaitly and Hinton, A Simple Way to Initialize Recurrent Networks of Rectified Linear Units,
        2015.

    Example:

        >>> Identity(2.0)((2, 3)).tolist()
        [[2.0, 0.0, 0.0], [0.0, 2.0, 0.0]]
    """

    def __init__(self, gain: float = 1.0) -> None:
        self.gain = gain

    def __call__(self, shape: tuple[int, ...], dtype: Any = None) -> jax.Array:
        if len(shape) != 2:
            raise ShapeError(
                f"Identity makes matrices: the shape must be (rows, columns). Received: {tuple(shape)}"
            )
        return device_array((self.gain * np.eye(*shape)).astype(standardize_dtype(dtype)))


class STFT(Initializer, aliases=("STFTInitializer",)):
    """The kernel that makes a convolution a short-time Fourier transform: w(t) cos or sin(-2 pi t f / F) /
    norm(w).

    Args:
        side: `"real"` for the cosine, `"imag"` for the sine.
        window: the name of a window of scipy.signal, its values, or None.
        scaling: `"density"` divides by the window's L2 norm, `"spectrum"` by its sum, None by 1.
        periodic: whether the window is periodic rather than symmetric.

    Shapes: (window length, 1, F // 2 + 1).

    Raises:
        ArgumentError: side or scaling is none of these, or the window is unknown or of another length.

    Source: Allen, Short Term Spectral Analysis, Synthesis, and Modification by Discrete Fourier Transform,
        1977.

    Example:

        >>> STFT("real", window=None)((2, 1, 2)).tolist()
        [[[1.0, 1.0]], [[1.0, -1.0]]]
    """

    def __init__(
        self,
        side: str = "real",
        window: Any = "hann",
        scaling: str | None = "density",
        periodic: bool = False,
    ) -> None:
        if side not in ("real", "imag"):
            raise ArgumentError(f"STFT: side is 'real' or 'imag'. Received: {side!r}")
        if scaling not in ("density", "spectrum", None):
            raise ArgumentError(f"STFT: scaling is 'density', 'spectrum' or None. Received: {scaling!r}")
        self.side, self.window, self.scaling, self.periodic = side, window, scaling, periodic
        self._window_values(1)

    def _window_values(self, length: int) -> np.ndarray | None:
        if not isinstance(self.window, str):
            return None if self.window is None else np.asarray(self.window)
        signal = optional_import("scipy.signal", extra="all", purpose="STFT")
        try:
            return signal.get_window(self.window, length, self.periodic)
        except ValueError as error:
            raise ArgumentError(
                f"STFT: window {self.window!r} is not one of scipy.signal's: {error}"
            ) from None

    def __call__(self, shape: tuple[int, ...], dtype: Any = None) -> jax.Array:
        name = standardize_dtype(dtype)
        length, _, bins = shape
        precision = np.float64 if name == "float64" else np.float32
        times, frequencies = (
            np.arange(length, dtype=precision)[:, None, None],
            np.arange(bins, dtype=precision) / precision(2 * (bins - 1)),
        )
        angles = precision(-2) * times * frequencies * precision(np.pi)
        kernel = np.cos(angles) if self.side == "real" else np.sin(angles)
        window = self._window_values(length)
        if window is not None:
            if window.shape != (length,):
                raise ArgumentError(
                    f"STFT: the window must have the kernel's length ({length},). Received: {window.shape}"
                )
            norms = {"density": np.sqrt(np.sum(window**2)), "spectrum": np.sum(np.abs(window)), None: 1.0}
            kernel = kernel * (window[:, None, None] / norms[self.scaling])
        return device_array(kernel.astype(name))


# Other names of the same classes.
constant, zeros, ones, identity, stft = Constant, Zeros, Ones, Identity, STFT
IdentityInitializer, STFTInitializer = Identity, STFT
