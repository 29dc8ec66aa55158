"""What a layer does with the arguments and results of its call: dtypes, masks and error notes."""

import contextlib
import functools
import inspect
import re
from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from neurona.core.annotations import MASK
from neurona.core.errors import DataError, NeuronaError, ShapeError, TracingError
from neurona.core.policy import is_float
from neurona.core.scope import current_scope
from neurona.core.texts import Texts, is_texts
from neurona.core.variable import Variable
from neurona.messages import translated


@functools.cache
def call_parameters(cls: Any) -> tuple[str, ...]:
    """The names of the arguments of a class's `call`; `"**"` stands for any others."""
    parameters = list(inspect.signature(cls.call).parameters.values())[1:]
    return tuple("**" if p.kind is p.VAR_KEYWORD else p.name for p in parameters)


def as_arrays(tree: Any, dtype: str | None, layer: Any = None) -> Any:
    """The arrays, variables and NumPy arrays of a tree as JAX arrays, everything else as it is.

    Args:
        tree: nested lists, tuples and dictionaries.
        dtype: for what is floating point; None leaves it.
        layer: that they are given to.

    Raises:
        DataError: there are texts, and the layer takes numbers.
    """

    def convert(leaf: Any) -> Any:
        if not hasattr(leaf, "__array__"):
            return _taken(leaf, layer) if isinstance(leaf, Texts) else leaf
        if isinstance(leaf, jax.Array):
            array = leaf
        elif is_texts(leaf):
            return _taken(leaf, layer)
        else:
            array = leaf.value if isinstance(leaf, Variable) else jnp.asarray(np.asarray(leaf))
        if dtype is not None and array.dtype != dtype and is_float(array.dtype):
            array = array.astype(dtype)
        MASK.carry(leaf, array)
        return array

    return jax.tree.map(convert, tree)


def _taken(texts: Any, layer: Any) -> Any:
    """Texts that a layer takes."""
    if layer is None or layer._takes_texts:
        return texts
    raise DataError(
        f"Layer {layer.name!r} ({type(layer).__name__}) computes with numbers. Received texts of shape "
        f"{tuple(texts.shape)}: put TextVectorization, StringLookup or Hashing before it."
    )


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
    """Annotate outputs with their mask, or each of several outputs with its own. Of the masks of several
    inputs, a single output gets the first.
    """
    if isinstance(outputs, (list, tuple)) and isinstance(mask, (list, tuple)):
        for output, one in zip(outputs, mask):
            if one is not None:
                annotate_masks(output, one)
    elif isinstance(outputs, jax.Array):
        while isinstance(mask, (list, tuple)):
            mask = mask[0] if mask else None
        MASK.set(outputs, mask)


def note_call(error: Exception, name: str, class_name: str, args: tuple) -> None:
    """Add to an error, once, in which layer it arose and what came in."""
    if not getattr(error, "_names_layer", False):
        error._names_layer = True  # pyright: ignore[reportAttributeAccessIssue]
        shapes = ", ".join(
            f"{leaf.dtype}{list(leaf.shape)}" for leaf in jax.tree.leaves(args) if hasattr(leaf, "shape")
        )
        error.add_note(translated(f"In layer {name!r} ({class_name}), called with {shapes or args}."))


_ABOUT_SHAPES = re.compile(r"shape|rank|dimension|ndim|\baxis\b|broadcast|out of range", re.IGNORECASE)


def raise_shape_error(error: Exception, name: str, arguments: Any) -> None:
    """Raise JAX's error about shapes, of whatever type, as a `ShapeError` that names the operation and the
    shapes; return for an error about anything else.
    """
    text = str(error).split("\n")[0]
    if isinstance(error, (NeuronaError, *READS)) or not _ABOUT_SHAPES.search(text):
        return
    shapes = [tuple(leaf.shape) for leaf in jax.tree.leaves(arguments) if hasattr(leaf, "shape")]
    raise ShapeError(f"{name}: {text} Received arrays of shapes {', '.join(map(str, shapes))}.") from None


# What JAX raises where Python reads the numbers of an array that is being traced.
READS = (
    jax.errors.ConcretizationTypeError,
    jax.errors.TracerArrayConversionError,
    jax.errors.TracerIntegerConversionError,
    jax.errors.NonConcreteBooleanIndexError,
)


def reading_error(error: Exception, who: str, arrays: Any) -> TracingError:
    """The error to raise instead of JAX's: who read numbers while a model was compiled, how, and what to
    write instead. It points to the same line.

    Args:
        error: JAX's, one of `READS`.
        who: such as "Layer 'gate' (Gate)".
        arrays: what it was given.
    """
    if isinstance(error, jax.errors.TracerBoolConversionError):
        how = "in an `if`, a `while` or a bool()"
        mend = "Write neurona.ops.where(condition, a, b), or neurona.ops.cond, for what depends on them."
    elif isinstance(error, jax.errors.TracerArrayConversionError):
        how = "with NumPy"
        mend = "Write neurona.ops for numpy: its functions have the same names."
    elif isinstance(error, jax.errors.NonConcreteBooleanIndexError):
        how = "to choose elements, as in x[x > 0]"
        mend = "Write neurona.ops.where(x > 0, x, 0): the shape of a result can't depend on numbers."
    elif isinstance(error, jax.errors.TracerIntegerConversionError):
        how = "as an integer, such as for range() or an index of a list"
        mend = "Write neurona.ops.fori_loop or neurona.ops.take, or take the integer from x.shape."
    else:
        how = "with float() or int()"
        mend = "Leave out the conversion: an array of one number is calculated with like a number."
    scope = current_scope()
    unknown = set() if scope is None else scope.unknown_sizes
    shapes = [
        tuple(None if axis == 0 or size in unknown else size for axis, size in enumerate(leaf.shape))
        for leaf in jax.tree.leaves(arrays)
        if hasattr(leaf, "shape")
    ]
    received = f"an input of shape {shapes[0]}" if len(shapes) == 1 else f"inputs of shapes {shapes}"
    return TracingError(
        f"{who} reads the numbers of an array {how}, but its code is compiled before there are any. {mend} "
        f"It received {received}, the batch first."
    ).with_traceback(error.__traceback__)


@contextlib.contextmanager
def reads_explained(who: str, *arrays: Any) -> Iterator[None]:
    """Within this block, an error of `READS` is raised as `reading_error`."""
    try:
        yield
    except READS as error:
        raise reading_error(error, who, arrays) from None
