"""Arrays as a whole: reductions, shapes, indexing, products, creation. One table from Keras's names to
`jax.numpy`.
"""

import builtins
import functools
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from neurona.core.errors import ArgumentError, ShapeError
from neurona.ops.registry import (
    Operand,
    Tensor,
    Tensors,
    binary,
    define,
    known_sizes,
    reduction,
    to_array,
    to_float,
    unary,
)

Axis = int | tuple[int, ...] | None
_float_reduction = functools.partial(reduction, floats=True)

# Reductions: (x, axis=None, keepdims=False).
all = reduction("All", jnp.all)
amax = reduction("Amax", jnp.amax)
amin = reduction("Amin", jnp.amin)
any = reduction("Any", jnp.any)


def _signed_zeros(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function of numbers among which -0.0 is less than 0.0, as Keras orders them."""

    def ordered(x: Any, **options: Any) -> Any:
        if jnp.issubdtype(x.dtype, jnp.floating):
            x = jnp.where((x == 0) & jnp.signbit(x), -jnp.finfo(x.dtype).tiny, x)
        return function(x, **options)

    ordered.__name__, ordered.__module__ = function.__name__, "jax.numpy"
    return ordered


argmax = reduction("Argmax", _signed_zeros(jnp.argmax))
argmin = reduction("Argmin", _signed_zeros(jnp.argmin))
mean = _float_reduction("Mean", jnp.mean)
median = _float_reduction("Median", jnp.median)
nanargmax = reduction("Nanargmax", jnp.nanargmax)
nanargmin = reduction("Nanargmin", jnp.nanargmin)
nanmax = reduction("Nanmax", jnp.nanmax)
nanmean = _float_reduction("Nanmean", jnp.nanmean)
nanmedian = _float_reduction("Nanmedian", jnp.nanmedian)
nanmin = reduction("Nanmin", jnp.nanmin)
nanprod = reduction("Nanprod", jnp.nanprod)
nanstd = _float_reduction("Nanstd", jnp.nanstd)
nansum = reduction("Nansum", jnp.nansum)
nanvar = _float_reduction("Nanvar", jnp.nanvar)
ptp = reduction("Ptp", jnp.ptp)
std = _float_reduction("Std", jnp.std)
sum = reduction("Sum", jnp.sum)
var = _float_reduction("Var", jnp.var)

# One array, no options.
fliplr = unary("Fliplr", jnp.fliplr)
flipud = unary("Flipud", jnp.flipud)
corrcoef = unary("Corrcoef", jnp.corrcoef)
nonzero = unary("Nonzero", jnp.nonzero)
ravel = unary("Ravel", jnp.ravel)

# Products of two arrays.
dot = binary("Dot", jnp.dot)
inner = binary("Inner", jnp.inner)
kron = binary("Kron", jnp.kron)
outer = binary("Outer", jnp.outer)
vdot = binary("Vdot", jnp.vdot)


@define("Max")
def max(x: Tensor, axis: Axis = None, keepdims: bool = False, initial: Any = None) -> Any:
    """The greatest element, at least `initial`."""
    return jnp.max(x, axis, keepdims=keepdims, initial=initial)


@define("Min")
def min(x: Tensor, axis: Axis = None, keepdims: bool = False, initial: Any = None) -> Any:
    """The least element, at most `initial`."""
    return jnp.min(x, axis, keepdims=keepdims, initial=initial)


@define("Prod")
def prod(x: Tensor, axis: Axis = None, keepdims: bool = False, dtype: Any = None) -> Any:
    """The product of the elements."""
    return jnp.prod(x, axis, dtype, keepdims=keepdims)


@define("Average")
def average(x: Tensor, axis: Axis = None, weights: Tensor = None) -> Any:
    """sum(weights * x) / sum(weights)."""
    return jnp.average(to_float(x), axis, weights)


@define("CountNonzero")
def count_nonzero(x: Tensor, axis: Axis = None) -> Any:
    """How many elements are not zero."""
    return jnp.count_nonzero(x, axis).astype("int32")


@define("Cumprod")
def cumprod(x: Tensor, axis: int | None = None, dtype: Any = None) -> Any:
    """The products of the elements so far along an axis, or of all in a row."""
    return jnp.cumprod(x, axis, dtype)


@define("Cumsum")
def cumsum(x: Tensor, axis: int | None = None, dtype: Any = None) -> Any:
    """The sums of the elements so far along an axis, or of all in a row."""
    return jnp.cumsum(x, axis, dtype)


@define("Nancumprod")
def nancumprod(x: Tensor, axis: int | None = None, dtype: Any = None) -> Any:
    """`cumprod`, with NaN taken as 1."""
    return jnp.nancumprod(x, axis, dtype)


@define("Nancumsum")
def nancumsum(x: Tensor, axis: int | None = None, dtype: Any = None) -> Any:
    """`cumsum`, with NaN taken as 0."""
    return jnp.nancumsum(x, axis, dtype)


@define("Quantile")
def quantile(x: Tensor, q: Tensor, axis: Axis = None, method: str = "linear", keepdims: bool = False) -> Any:
    """The values below which the fractions q (0 to 1) of the elements lie."""
    return jnp.quantile(to_float(x), to_float(q), axis, method=method, keepdims=keepdims)


@define("Percentile")
def percentile(
    x: Tensor, q: Tensor, axis: Axis = None, method: str = "linear", keepdims: bool = False
) -> Any:
    """The values below which q percent of the elements lie."""
    return jnp.percentile(to_float(x), to_float(q), axis, method=method, keepdims=keepdims)


@define("Nanquantile")
def nanquantile(
    x: Tensor, q: Tensor, axis: Axis = None, method: str = "linear", keepdims: bool = False
) -> Any:
    """`quantile` of the elements that are not NaN."""
    return jnp.nanquantile(to_float(x), to_float(q), axis, method=method, keepdims=keepdims)


@define("Nanpercentile")
def nanpercentile(
    x: Tensor, q: Tensor, axis: Axis = None, method: str = "linear", keepdims: bool = False
) -> Any:
    """`percentile` of the elements that are not NaN."""
    return jnp.nanpercentile(to_float(x), to_float(q), axis, method=method, keepdims=keepdims)


@define("Trapezoid")
def trapezoid(y: Tensor, x: Any = None, dx: float = 1.0, axis: int = -1) -> Any:
    """The integral of y over x by the trapezoidal rule."""
    return jnp.trapezoid(y, to_array(x), dx, axis)


@define("Bincount")
def bincount(x: Tensor, weights: Any = None, minlength: int = 0, sparse: bool = False) -> Any:
    """How often each of 0, 1, 2... occurs, in each row where there are rows; with weights, the sum of its
    weights.
    """
    if sparse:
        raise ArgumentError("bincount: sparse arrays are not supported. Use sparse=False.")
    weights = to_array(weights)
    if x.ndim == 1:
        return jnp.bincount(x, weights, minlength=minlength)
    length = builtins.max(int(jnp.max(x)) + 1, minlength)
    rows = (x,) if weights is None else (x, weights)
    return jax.vmap(lambda *row: jnp.bincount(*row, length=length))(*rows)


@define("Histogram")
def histogram(x: Tensor, bins: int = 10, range: tuple[float, float] | None = None) -> Any:
    """How many elements of a vector lie in each of `bins` equal intervals, and the intervals' edges."""
    if x.ndim > 1:
        raise ShapeError(f"histogram: x has one dimension. Received shape {x.shape}. Use ops.ravel(x).")
    return jnp.histogram(x, bins, range)


# Shapes.


@define("Reshape")
def reshape(x: Tensor, newshape: Any) -> Any:
    """x in another shape with as many elements. -1 is worked out; None keeps the axis at that place, such as
    an unknown batch.
    """
    newshape = known_sizes(newshape)
    shape = (newshape,) if isinstance(newshape, int) else newshape
    return jnp.reshape(x, [x.shape[axis] if size is None else size for axis, size in enumerate(shape)])


@define("ExpandDims")
def expand_dims(x: Tensor, axis: Any) -> Any:
    """x with new axes of size 1."""
    return jnp.expand_dims(x, axis)


@define("Squeeze")
def squeeze(x: Tensor, axis: Axis = None) -> Any:
    """x without these axes of size 1, or without all such."""
    return jnp.squeeze(x, axis)


@define("Transpose")
def transpose(x: Tensor, axes: Sequence[int] | None = None) -> Any:
    """x with its axes in another order, or reversed."""
    return jnp.transpose(x, axes)


@define("Swapaxes")
def swapaxes(x: Tensor, axis1: int, axis2: int) -> Any:
    """x with two axes exchanged."""
    return jnp.swapaxes(x, axis1, axis2)


@define("Moveaxis")
def moveaxis(x: Tensor, source: Any, destination: Any) -> Any:
    """x with axes moved to other places."""
    return jnp.moveaxis(x, source, destination)


@define("BroadcastTo")
def broadcast_to(x: Tensor, shape: Any) -> Any:
    """x repeated to fill a shape."""
    return jnp.broadcast_to(x, known_sizes(shape))


@define("Flip")
def flip(x: Tensor, axis: Axis = None) -> Any:
    """x in reverse order along axes."""
    return jnp.flip(x, axis)


@define("Rot90")
def rot90(array: Tensor, k: int = 1, axes: tuple[int, int] = (0, 1)) -> Any:
    """The array turned k times by 90 degrees."""
    return jnp.rot90(array, k, axes)


@define("Roll")
def roll(x: Tensor, shift: Any, axis: Axis = None) -> Any:
    """x shifted along axes; what leaves at the end comes back at the front."""
    return jnp.roll(x, shift, axis)


@define("Repeat")
def repeat(x: Tensor, repeats: Any, axis: int | None = None) -> Any:
    """x with each element repeated."""
    return jnp.repeat(x, np.asarray(repeats) if isinstance(repeats, tuple) else repeats, axis)


@define("Tile")
def tile(x: Tensor, repeats: Any) -> Any:
    """x laid side by side so many times along each axis."""
    return jnp.tile(x, known_sizes(repeats))


@define("Pad")
def pad(x: Tensor, pad_width: Any, mode: str = "constant", constant_values: Operand = None) -> Any:
    """x with `(before, after)` elements more along each axis."""
    return jnp.pad(
        x, pad_width, mode, **({} if constant_values is None else {"constant_values": constant_values})
    )


@define("View")
def view(x: Tensor, dtype: Any = None) -> Any:
    """The same bits read as another dtype."""
    return x.view(dtype)


# Joining and parting.


@define("Append")
def append(x1: Tensor, x2: Tensor, axis: int | None = None) -> Any:
    """x2 after x1, along an axis or in a row."""
    return jnp.append(x1, x2, axis)


@define("Concatenate")
def concatenate(xs: Tensors, axis: int = 0) -> Any:
    """Arrays one after the other along an axis that they have."""
    return jnp.concatenate(xs, axis)


@define("Stack")
def stack(x: Tensors, axis: int = 0) -> Any:
    """Arrays of one shape along a new axis."""
    return jnp.stack(x, axis)


@define("Hstack")
def hstack(xs: Tensors) -> Any:
    """Arrays side by side."""
    return jnp.hstack(xs)


@define("Vstack")
def vstack(xs: Tensors) -> Any:
    """Arrays as rows, one below the other."""
    return jnp.vstack(xs)


@define("Dstack")
def dstack(xs: Tensors) -> Any:
    """Arrays along a third axis."""
    return jnp.dstack(xs)


@define("Split")
def split(x: Tensor, indices_or_sections: Any, axis: int = 0) -> Any:
    """A list of equal parts of x, or of the parts between indices."""
    return jnp.split(x, indices_or_sections, axis)


@define("ArraySplit")
def array_split(x: Tensor, indices_or_sections: Any, axis: int = 0) -> Any:
    """`split`, where the parts need not be equal."""
    return jnp.array_split(x, indices_or_sections, axis)


@define("Hsplit")
def hsplit(x: Tensor, indices_or_sections: Any) -> Any:
    """`split` from left to right."""
    return jnp.hsplit(x, indices_or_sections)


@define("Vsplit")
def vsplit(x: Tensor, indices_or_sections: Any) -> Any:
    """`split` from top to bottom."""
    return jnp.vsplit(x, indices_or_sections)


@define("Dsplit")
def dsplit(x: Tensor, indices_or_sections: Any) -> Any:
    """`split` along the third axis."""
    return jnp.dsplit(x, indices_or_sections)


@define("Meshgrid")
def meshgrid(*x: Tensor, indexing: str = "xy") -> Any:
    """The coordinates of all points of the grid that vectors span."""
    return jnp.meshgrid(*x, indexing=indexing)


@define("Select")
def select(condlist: Tensors, choicelist: Tensors, default: Operand = 0) -> Any:
    """From the choice whose condition is the first to hold."""
    return jnp.select(condlist, choicelist, default)


# Indexing, sorting, searching.


@define("GetItem")
def get_item(x: Tensor, key: Operand) -> Any:
    """x[key]."""
    return x[tuple(key) if isinstance(key, list) else key]


@define("Take")
def take(x: Tensor, indices: Tensor, axis: int | None = None) -> Any:
    """The elements or slices at indices."""
    return jnp.take(x, indices, axis)


@define("TakeAlongAxis")
def take_along_axis(x: Tensor, indices: Tensor, axis: int | None = None) -> Any:
    """The elements at indices that differ from row to row."""
    return jnp.take_along_axis(x, indices, axis)


@define("Sort")
def sort(x: Tensor, axis: int | None = -1) -> Any:
    """x in ascending order along an axis."""
    return jnp.sort(x, axis)


@define("Argsort")
def argsort(x: Tensor, axis: int | None = -1) -> Any:
    """The indices that sort x."""
    return jnp.argsort(x, axis if x.ndim else None)


@define("Argpartition")
def argpartition(x: Tensor, kth: int, axis: int | None = -1) -> Any:
    """Indices that put the k-th element in its place, the lesser before it."""
    return jnp.argpartition(jnp.ravel(x) if axis is None else x, kth, -1 if axis is None else axis)


@define("SearchSorted")
def searchsorted(sorted_sequence: Tensor, values: Tensor, side: str = "left") -> Any:
    """Where values would be inserted into a sorted vector."""
    if sorted_sequence.ndim != 1:
        raise ShapeError(
            f"searchsorted: the sorted sequence has one dimension. Received shape {sorted_sequence.shape}."
        )
    return jnp.searchsorted(sorted_sequence, values, side)


@define("Digitize")
def digitize(x: Tensor, bins: Tensor) -> Any:
    """The number of the bin that each element falls into."""
    return jnp.digitize(x, bins)


@define("UnravelIndex")
def unravel_index(indices: Tensor, shape: Any) -> Any:
    """The coordinates, in an array of that shape, of indices into its elements in a row."""
    return jnp.unravel_index(indices, shape)


@define("Unique")
def unique(
    x: Tensor,
    sorted: bool = True,
    return_index: bool = False,
    return_inverse: bool = False,
    return_counts: bool = False,
    axis: int | None = None,
    size: int | None = None,
    fill_value: Any = None,
) -> Any:
    """The different elements; under jit give `size`, to which the result is filled up."""
    return jnp.unique(
        x,
        return_index,
        return_inverse,
        return_counts,
        axis,
        equal_nan=False,
        size=size,
        fill_value=fill_value,
        sorted=sorted,
    )


# Matrices.


@define("Matmul")
def matmul(x1: Tensor, x2: Tensor) -> Any:
    """Matrix product over the last two axes; int8 matrices give int32."""
    narrow = x1.dtype == x2.dtype == jnp.int8
    return jnp.matmul(x1, x2, preferred_element_type=jnp.int32 if narrow else None)


@define("Einsum")
def einsum(subscripts: str, *operands: Tensor) -> Any:
    """Sum of products by Einstein's convention: `einsum("ij,jk->ik", a, b)` is a matrix product."""
    narrow = builtins.all(operand.dtype == jnp.int8 for operand in operands)
    return jnp.einsum(subscripts, *operands, preferred_element_type=jnp.int32 if narrow else None)


@define("Tensordot")
def tensordot(x1: Tensor, x2: Tensor, axes: Any = 2) -> Any:
    """Sum of products over pairs of axes."""
    return jnp.tensordot(x1, x2, axes)


@define("Cross")
def cross(
    x1: Tensor, x2: Tensor, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: int | None = None
) -> Any:
    """Cross product of vectors of length 3."""
    return jnp.cross(x1, x2, axisa, axisb, axisc, axis)


@define("Correlate")
def correlate(x1: Tensor, x2: Tensor, mode: str = "valid") -> Any:
    """Cross-correlation of two vectors."""
    return jnp.correlate(x1, x2, mode)


@define("Diag")
def diag(x: Tensor, k: int = 0) -> Any:
    """A matrix with x on its k-th diagonal; of a matrix, that diagonal."""
    return jnp.diag(x, k)


@define("Diagflat")
def diagflat(x: Tensor, k: int = 0) -> Any:
    """A matrix with all elements of x on its k-th diagonal."""
    return jnp.diagflat(x, k)


@define("Diagonal")
def diagonal(x: Tensor, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """The diagonal of the matrices in two axes."""
    return jnp.diagonal(x, offset, axis1, axis2)


@define("Trace")
def trace(x: Tensor, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """The sum of the diagonal of the matrices in two axes."""
    return jnp.trace(x, offset, axis1, axis2)


@define("Tril")
def tril(x: Tensor, k: int = 0) -> Any:
    """The lower triangle, zeros above it."""
    return jnp.tril(x, k)


@define("Triu")
def triu(x: Tensor, k: int = 0) -> Any:
    """The upper triangle, zeros below it."""
    return jnp.triu(x, k)


@define("Vander")
def vander(x: Tensor, N: int | None = None, increasing: bool = False) -> Any:
    """The matrix whose columns are the powers of x."""
    return jnp.vander(x, N, increasing)


@define("Diff")
def diff(a: Tensor, n: int = 1, axis: int = -1) -> Any:
    """The differences of neighbours, n times over."""
    return jnp.diff(a, n, axis)


# fmt: off
__all__ = [
    "all", "amax", "amin", "any", "append", "argmax", "argmin", "argpartition", "argsort", "array_split",
    "average", "bincount", "broadcast_to", "concatenate", "corrcoef", "correlate", "count_nonzero", "cross",
    "cumprod", "cumsum", "diag", "diagflat", "diagonal", "diff", "digitize", "dot", "dsplit", "dstack",
    "einsum", "expand_dims", "flip", "fliplr", "flipud", "get_item", "histogram", "hsplit", "hstack", "inner",
    "kron", "matmul", "max", "mean", "median", "meshgrid", "min", "moveaxis", "nanargmax", "nanargmin",
    "nancumprod", "nancumsum", "nanmax", "nanmean", "nanmedian", "nanmin", "nanpercentile", "nanprod",
    "nanquantile", "nanstd", "nansum", "nanvar", "nonzero", "outer", "pad", "percentile", "prod", "ptp",
    "quantile", "ravel", "repeat", "reshape", "roll", "rot90", "searchsorted", "select", "sort", "split",
    "squeeze", "stack", "std", "sum", "swapaxes", "take", "take_along_axis", "tensordot", "tile", "trace",
    "transpose", "trapezoid", "tril", "triu", "unique", "unravel_index", "vander", "var", "vdot", "view",
    "vsplit", "vstack",
]
