"""Loops and branches that compile, conversion, slices, gradients: Keras's names over `jax.lax`."""

import functools
import itertools
import re
from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from neurona.core.errors import ArgumentError
from neurona.core.policy import standardize_dtype
from neurona.core.symbolic import is_symbolic
from neurona.core.texts import is_texts
from neurona.core.variable import Variable
from neurona.ops.registry import Operand, Tensor, Tree, define, to_array

_define = functools.partial(define, module="core")

# Conversion.


@_define("Cast")
def cast(x: Tensor, dtype: Any) -> Any:
    """x in another dtype."""
    return x.astype(standardize_dtype(dtype))


@_define("SaturateCast")
def saturate_cast(x: Tensor, dtype: Any) -> Any:
    """x in another dtype, values beyond its range at the range's ends."""
    name = standardize_dtype(dtype)

    def limits(of: Any) -> tuple[Any, Any]:
        info = jnp.finfo(of) if jnp.issubdtype(of, jnp.inexact) else jnp.iinfo(of)
        return (0, 1) if of == jnp.bool_ else (info.min, info.max)

    (low, high), (least, greatest) = limits(jnp.dtype(name)), limits(x.dtype)
    return jnp.clip(
        x, np.maximum(low, least).astype(x.dtype), np.minimum(high, greatest).astype(x.dtype)
    ).astype(name)


@_define("ConvertToTensor")
def convert_to_tensor(
    x: Tensor, dtype: Any = None, sparse: bool | None = None, ragged: bool | None = None
) -> Any:
    """An array of anything that holds numbers; texts become an array of NumPy's."""
    if sparse or ragged:
        raise ArgumentError(
            "convert_to_tensor: sparse and ragged arrays are not supported. Pad rows of unequal length."
        )
    return x if dtype is None or is_texts(x) else x.astype(standardize_dtype(dtype))


def convert_to_numpy(x: Any) -> np.ndarray:
    """A NumPy array of the same numbers."""
    return np.array(to_array(x))


def is_tensor(x: Any) -> bool:
    """Whether x is an array of JAX."""
    return isinstance(x, jax.Array)


def dtype(x: Any) -> str:
    """The name of x's dtype."""
    return standardize_dtype(x.dtype)


def shape(x: Any) -> tuple[int | None, ...]:
    """x's sizes; None where a symbolic tensor's is unknown."""
    return x.shape if is_symbolic(x) else tuple(to_array(x).shape)


# Loops and branches. The functions are traced, not run, so each is compiled once.


@_define("Cond")
def cond(pred: Tensor, true_fn: Operand, false_fn: Operand) -> Any:
    """`true_fn()` if the condition holds, else `false_fn()`."""
    return jax.lax.cond(pred, true_fn, false_fn)


@_define("Switch")
def switch(index: Tensor, branches: Operand, *operands: Tensor) -> Any:
    """`branches[index](*operands)`."""
    return jax.lax.switch(index, branches, *operands)


@_define("ForiLoop")
def fori_loop(lower: Any, upper: Any, body_fun: Callable[[Any, Any], Any], init_val: Tree) -> Any:
    """`value = body_fun(i, value)` for i from lower to before upper."""
    return jax.lax.fori_loop(to_array(lower), to_array(upper), body_fun, init_val)


@_define("WhileLoop")
def while_loop(
    cond: Callable[..., Any], body: Callable[..., Any], loop_vars: Tree, maximum_iterations: int | None = None
) -> Any:
    """`loop_vars = body(*loop_vars)` while `cond(*loop_vars)` holds, at most so many times."""
    many = isinstance(loop_vars, (tuple, list))
    start = tuple(loop_vars) if many else (loop_vars,)

    def goes_on(state: tuple) -> Any:
        count, values = state
        again = cond(*values)
        return again if maximum_iterations is None else jnp.logical_and(again, count < maximum_iterations)

    def advance(state: tuple) -> tuple:
        count, values = state
        new = body(*values)
        return count + 1, tuple(new) if many else (new,)

    _, values = jax.lax.while_loop(goes_on, advance, (0, start))
    return values if many else values[0]


@_define("Scan")
def scan(
    f: Operand, init: Tree, xs: Tree = None, length: int | None = None, reverse: bool = False, unroll: Any = 1
) -> Any:
    """`carry, y = f(carry, x)` along the first axis of xs; returns the last carry and all y."""
    return jax.lax.scan(f, init, xs, length, reverse, unroll)


@_define("AssociativeScan")
def associative_scan(f: Operand, elems: Tree, reverse: bool = False, axis: int = 0) -> Any:
    """What an associative f(a, b) gives for all elements so far, computed in parallel."""
    return jax.lax.associative_scan(f, elems, reverse, axis)


@_define("Map")
def map(f: Operand, xs: Tree) -> Any:
    """f of each slice of the first axis, one after the other."""
    return jax.lax.map(f, xs)


@_define("VectorizedMap")
def vectorized_map(function: Callable[..., Any], elements: Tree) -> Any:
    """f of each slice of the first axis, all at once."""
    return jax.vmap(function)(elements)


# Slices.


@_define("Slice")
def slice(inputs: Tensor, start_indices: Operand, shape: Any) -> Any:
    """The block of a shape that begins at the indices; -1 is all that remains."""
    starts = tuple(start_indices)
    sizes = [inputs.shape[a] - int(starts[a]) if size == -1 else size for a, size in enumerate(shape)]
    return jax.lax.dynamic_slice(inputs, starts, sizes)


@_define("SliceUpdate")
def slice_update(inputs: Tensor, start_indices: Tensor, updates: Tensor) -> Any:
    """The inputs with the block that begins at the indices replaced."""
    return jax.lax.dynamic_update_slice(inputs, updates.astype(inputs.dtype), tuple(start_indices))


@_define("Scatter")
def scatter(indices: Tensor, values: Tensor, shape: Any) -> Any:
    """Zeros, with values added at indices (..., axes)."""
    return jnp.zeros(shape, values.dtype).at[tuple(jnp.moveaxis(indices, -1, 0))].add(values)


@_define("ScatterUpdate")
def scatter_update(inputs: Tensor, indices: Tensor, updates: Tensor, reduction: str | None = None) -> Any:
    """The inputs with the elements at indices (count, axes) replaced, or combined by `reduction`: add, max,
    min, mul.
    """
    place = inputs.at[tuple(jnp.transpose(indices))]
    table = {None: place.set, "add": place.add, "max": place.max, "min": place.min, "mul": place.multiply}
    if reduction not in table:
        raise ArgumentError(
            "scatter_update: reduction is None, 'add', 'max', 'min' or 'mul'. Received: "
            f"reduction={reduction!r}"
        )
    return table[reduction](updates)


@_define("Unstack")
def unstack(x: Tensor, num: int | None = None, axis: int = 0) -> Any:
    """The list of slices of an axis."""
    return [jax.lax.index_in_dim(x, i, axis, keepdims=False) for i in range(x.shape[axis])]


@define("Rearrange", module="einops")
def rearrange(tensor: Tensor, pattern: Operand, **axes_lengths: Operand) -> Any:
    """Axes split, reordered and merged by a pattern: `rearrange(x, "b (h w) c -> b c h w", h=4)`.

    Raises:
        ArgumentError: the two sides do not name the same axes, or a split is not given by its sizes.
    """
    left, right = (
        [token.strip("()").split() for token in re.findall(r"\([^)]*\)|\w+", side)]
        for side in pattern.split("->")
    )
    names, wanted = [*itertools.chain(*left)], [*itertools.chain(*right)]
    if sorted(names) != sorted(wanted) or len(left) != tensor.ndim:
        raise ArgumentError(
            f"rearrange: {pattern!r} names the axes of shape {tensor.shape} on the left and each of them on "
            "the right."
        )
    sizes = _axis_sizes(left, tensor.shape, axes_lengths)
    split = jnp.reshape(tensor, [sizes[name] for name in names])
    ordered = jnp.transpose(split, [names.index(name) for name in wanted])
    return jnp.reshape(ordered, [int(np.prod([sizes[name] for name in group])) for group in right])


def _axis_sizes(groups: list[list[str]], shape: tuple[int, ...], given: Mapping[str, int]) -> dict[str, int]:
    """The size of every named axis: as given, else what remains of its group's size.

    Raises:
        ArgumentError: two axes of a group have no size.
    """
    sizes = dict(given)
    for group, size in zip(groups, shape):
        unknown = [name for name in group if name not in sizes]
        if len(unknown) > 1:
            raise ArgumentError(f"rearrange: give the size of {', '.join(unknown)}, such as {unknown[0]}=2.")
        known = [sizes[name] for name in group if name in sizes]
        sizes.update({name: size // int(np.prod(known)) for name in unknown})
    return sizes


# Gradients.


@_define("StopGradient")
def stop_gradient(variable: Tensor) -> Any:
    """The same numbers, through which no gradient flows."""
    return jax.lax.stop_gradient(variable)


def custom_gradient(f: Callable[..., Any]) -> Callable[..., Any]:
    """Decorator of a function that returns its value and `grad(upstream)`, which gives the gradients of its
    arguments.

    Example:

        >>> @custom_gradient
        ... def straight_through(x):
        ...     return jnp.round(x), lambda upstream: upstream
        >>> jax.grad(straight_through)(0.7).item()
        1.0
    """
    function = jax.custom_gradient(f)

    def read(tree: Any) -> Any:
        return jax.tree.map(lambda leaf: leaf.value if isinstance(leaf, Variable) else leaf, tree)

    @functools.wraps(f)
    def call(*args: Any, **kwargs: Any) -> Any:
        return function(*read(args), **read(kwargs))

    return call


# fmt: off
__all__ = [
    "associative_scan", "cast", "cond", "convert_to_numpy", "convert_to_tensor", "custom_gradient", "dtype",
    "fori_loop", "is_tensor", "map", "rearrange", "saturate_cast", "scan", "scatter", "scatter_update",
    "shape", "slice", "slice_update", "stop_gradient", "switch", "unstack", "vectorized_map", "while_loop",
]
