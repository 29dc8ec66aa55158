"""Strides, padding, dilation and groups of a convolution, and XLA's convolution with them."""

from collections.abc import Sequence
from dataclasses import dataclass

import jax
import numpy as np
from jax import lax

from neurona.kernels.window import Pairs, output_size, three_axes


@dataclass(frozen=True)
class Geometry:
    """How a kernel moves: one entry of each per spatial axis.

    Args:
        strides: inputs between neighbouring positions of the kernel.
        padding: zeros before and after the input; negative numbers crop it.
        dilation: inputs between neighbouring taps of the kernel.
        groups: parts into which the channels are split, each with its own filters.
    """

    strides: tuple[int, ...]
    padding: Pairs
    dilation: tuple[int, ...]
    groups: int = 1

    def window(self, taps: Sequence[int]) -> list[int]:
        """How many inputs the kernel spans: (taps - 1) * dilation + 1."""
        return [(k - 1) * d + 1 for k, d in zip(taps, self.dilation)]

    def output_sizes(self, sizes: Sequence[int], taps: Sequence[int]) -> list[int]:
        """The number of positions along each spatial axis."""
        return [output_size(*each) for each in zip(sizes, self.window(taps), self.strides, self.padding)]

    def axes(self, sizes: Sequence[int], outputs: Sequence[int], taps: Sequence[int]) -> np.ndarray:
        """All sizes as the native kernels take them, for three spatial axes: a missing axis has size 1."""
        numbers = [three_axes(each) for each in (sizes, outputs, taps, self.strides, self.dilation)]
        return np.concatenate([*numbers, three_axes([low for low, _ in self.padding], fill=0)])


def convolve(
    x: jax.Array, kernel: jax.Array, geometry: Geometry, *, spread: tuple[int, ...] | None = None
) -> jax.Array:
    """XLA's convolution (N, *S, C) * (*K, C / groups, F) -> (N, *O, F); `spread` puts spread - 1 zeros
    between neighbouring inputs.
    """
    spatial = "DHW"[5 - x.ndim :]
    return lax.conv_general_dilated(
        x,
        kernel,
        window_strides=geometry.strides,
        padding=geometry.padding,
        lhs_dilation=spread,
        rhs_dilation=geometry.dilation,
        dimension_numbers=(f"N{spatial}C", f"{spatial}IO", f"N{spatial}C"),
        feature_group_count=geometry.groups,
    )
