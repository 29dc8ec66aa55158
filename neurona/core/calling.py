"""What a layer does with the arguments and results of its call: dtypes, masks and error notes."""

import functools
import inspect
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from neurona.core.annotations import MASK
from neurona.core.policy import is_float
from neurona.core.variable import Variable
from neurona.messages import translated


@functools.cache
def call_parameters(cls: Any) -> tuple[str, ...]:
    """The names of the arguments of a class's `call`; `"**"` stands for any others."""
    parameters = list(inspect.signature(cls.call).parameters.values())[1:]
    return tuple("**" if p.kind is p.VAR_KEYWORD else p.name for p in parameters)


def as_arrays(tree: Any, dtype: str | None) -> Any:
    """The arrays, variables and NumPy arrays of a tree as JAX arrays, everything else as it is.

    Args:
        tree: nested lists, tuples and dictionaries.
        dtype: for what is floating point; None leaves it.
    """

    def convert(leaf: Any) -> Any:
        if not hasattr(leaf, "__array__"):
            return leaf
        if isinstance(leaf, jax.Array):
            array = leaf
        else:
            array = leaf.value if isinstance(leaf, Variable) else jnp.asarray(np.asarray(leaf))
        if dtype is not None and array.dtype != dtype and is_float(array.dtype):
            array = array.astype(dtype)
        MASK.carry(leaf, array)
        return array

    return jax.tree.map(convert, tree)


def mask_of(value: Any) -> Any:
    """The mask of an array, the list of masks of several, or None where there is none."""
    if isinstance(value, (list, tuple)):
        masks = [mask_of(item) for item in value]
        return masks if any(mask is not None for mask in masks) else None
    return MASK.get(value)


def fill_masks(parameters: tuple[str, ...], args: tuple, kwargs: dict[str, Any]) -> Any:
    """Pass the masks of the arguments on as arguments: that of the first as `mask`, that of `query` as
    `query_mask`, where `call` has such a parameter and none was given.

    Returns:
        The mask that `compute_mask` starts from: the `mask` argument, or the first argument's mask.
    """
    first = mask_of(args[0]) if args else None
    called = dict(zip(parameters, args))
    for name in parameters:
        if name not in called and kwargs.get(name) is None:
            if name == "mask":
                found = first
            elif name.endswith("_mask"):
                source = called.get(name.removesuffix("_mask"), kwargs.get(name.removesuffix("_mask")))
                found = mask_of(source)
            else:
                continue
            if found is not None:
                kwargs[name] = found
    return called.get("mask", kwargs.get("mask")) if "mask" in parameters else first


def annotate_masks(outputs: Any, mask: Any) -> None:
    """Annotate outputs with their mask, or each of several outputs with its own."""
    if isinstance(outputs, (list, tuple)) and isinstance(mask, (list, tuple)):
        for output, one in zip(outputs, mask):
            if one is not None:
                annotate_masks(output, one)
    elif isinstance(outputs, jax.Array):
        MASK.set(outputs, mask)


def note_call(error: Exception, name: str, class_name: str, args: tuple) -> None:
    """Add to an error, once, in which layer it arose and what came in."""
    if not getattr(error, "_names_layer", False):
        error._names_layer = True  # pyright: ignore[reportAttributeAccessIssue]
        shapes = ", ".join(
            f"{leaf.dtype}{list(leaf.shape)}" for leaf in jax.tree.leaves(args) if hasattr(leaf, "shape")
        )
        error.add_note(translated(f"In layer {name!r} ({class_name}), called with {shapes or args}."))
