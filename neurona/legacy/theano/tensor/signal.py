"""`theano.tensor.signal`: pooling and plain convolution of images."""

import functools
from typing import Any

import jax
import jax.numpy as jnp

from neurona.errors import ArgumentError
from neurona.legacy.theano.tensor.nnet import _padding
from neurona.legacy.theano.variables import apply, as_tensor_variable


def pool_2d(
    input: Any,
    ws: Any = None,
    ignore_border: bool | None = None,
    stride: Any = None,
    pad: Any = (0, 0),
    mode: str = "max",
    ds: Any = None,
    st: Any = None,
    padding: Any = None,
) -> Any:
    """Images made smaller: of each window of the last two axes, the largest number or another figure.

    Args:
        ws, ds: rows and columns of a window.
        ignore_border: whether a window that would go beyond the edge is left out.
        stride, st: from window to window; by default the windows touch.
        pad, padding: rows and columns around the image.
        mode: "max", "sum", "average_inc_pad" or "average_exc_pad".
    """
    window = tuple(ws if ws is not None else ds)
    strides = tuple(stride or st or window)
    border = tuple(pad if padding is None else padding)
    if mode not in ("max", "sum", "average_inc_pad", "average_exc_pad"):
        raise ArgumentError(
            f"pool_2d has the modes max, sum, average_inc_pad, average_exc_pad. Received: {mode!r}"
        )
    pooled = functools.partial(
        _pooled, window=window, strides=strides, border=border, mode=mode, whole=bool(ignore_border)
    )
    return apply(pooled, as_tensor_variable(input), name="pool_2d")


def _pooled(x: Any, window: Any, strides: Any, border: Any, mode: str, whole: bool) -> Any:
    lead = (1,) * (x.ndim - 2)
    pads = [(0, 0)] * (x.ndim - 2)
    for size, width, step, edge in zip(x.shape[-2:], window, strides, border, strict=True):
        padded = size + 2 * edge
        beyond = 0 if whole else (-(padded - width) % step if padded > width else max(0, width - padded))
        pads.append((edge, edge + beyond))
    reduce = functools.partial(
        jax.lax.reduce_window, window_dimensions=lead + window, window_strides=lead + strides
    )
    if mode == "max":
        return reduce(x, -jnp.inf, jax.lax.max, padding=pads)
    total = reduce(x, 0.0, jax.lax.add, padding=pads)
    if mode == "sum":
        return total
    ones = jnp.ones_like(x)
    if mode == "average_inc_pad":
        edges = [(0, 0)] * (x.ndim - 2) + [(edge, edge) for edge in border]
        ones, pads = jnp.ones_like(jnp.pad(x, edges)), [(0, high - low) for low, high in pads]
    return total / reduce(ones, 0.0, jax.lax.add, padding=pads)


def max_pool_2d(
    input: Any,
    ds: Any,
    ignore_border: bool | None = None,
    st: Any = None,
    padding: Any = (0, 0),
    mode: str = "max",
) -> Any:
    """`pool_2d` under its older name."""
    return pool_2d(input, ds, ignore_border, st, padding, mode)


def conv2d(input: Any, filters: Any, border_mode: str = "valid", subsample: Any = (1, 1), **_: Any) -> Any:
    """Convolution of an image, or of each of several, with a filter, or with each of several."""

    def convolved(x: Any, w: Any) -> Any:
        images, kernels = jnp.reshape(x, (-1, 1, *x.shape[-2:])), jnp.reshape(w, (-1, 1, *w.shape[-2:]))
        padding = _padding(border_mode, w.shape[-2:], (1, 1))
        out = jax.lax.conv_general_dilated(images, jnp.flip(kernels, (2, 3)), tuple(subsample), padding)
        lead = (*x.shape[:-2], *w.shape[:-2])
        return jnp.reshape(out, (*lead, *out.shape[-2:]))

    return apply(convolved, as_tensor_variable(input), as_tensor_variable(filters), name="conv2d")


class _Pool:
    pool_2d = staticmethod(pool_2d)
    max_pool_2d = staticmethod(max_pool_2d)


class _Conv:
    conv2d = staticmethod(conv2d)


pool = downsample = _Pool
conv = _Conv
