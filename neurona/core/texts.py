"""Texts in models: they stay on the host, and the numbers that layers make of them go into the program.

XLA has no texts. A model that takes some therefore computes in two parts. First its layers that work on the
host run on the texts of a batch, and `noting` keeps what they return. Then the model is compiled as it is,
with `Texts` without values in the place of the texts: each of these layers returns what was noted, in the
order of the calls. Both parts together are `Hosted`, a tree of arrays like any other batch.
"""

import contextlib
import contextvars
from collections.abc import Callable, Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer

from neurona.core.errors import DataError, TracingError
from neurona.core.scope import current_scope


class Texts:
    """Texts where a model has arrays.

    Args:
        shape: its first axis counts the rows.
        values: an array of NumPy on the host, None in a compiled program and where shapes are traced.

    Example:

        >>> Texts.of(np.array(["a", "b"])).shape
        (2,)
    """

    dtype = "string"

    def __init__(self, shape: tuple[int, ...], values: np.ndarray | None = None) -> None:
        self.shape, self.values = tuple(shape), values

    @classmethod
    def of(cls, values: np.ndarray) -> "Texts":
        """Texts with their values."""
        return cls(values.shape, values)

    @property
    def ndim(self) -> int:
        """The rank."""
        return len(self.shape)

    def reshape(self, shape: tuple[int, ...]) -> "Texts":
        """The same texts in another shape."""
        return Texts(shape, None if self.values is None else self.values.reshape(shape))

    def __repr__(self) -> str:
        return f"<Texts shape={self.shape}>"


def is_texts(value: Any) -> bool:
    """Whether a value is `Texts`, or an array or a symbolic tensor that holds texts.

    Example:

        >>> is_texts(np.array(["a"])), is_texts(np.array([None, "a"])), is_texts(np.array([1], object))
        (True, True, False)
    """
    dtype: Any = getattr(value, "dtype", None)
    if isinstance(dtype, str) or not isinstance(value, np.ndarray):
        return getattr(dtype, "name", dtype) == "string"
    if dtype.kind != "O":
        return dtype.kind in tuple("UST")
    return any(isinstance(one, (str, bytes)) for one in value.flat)


def values_of_texts(tree: Any) -> Any:
    """A tree with arrays of NumPy in the place of `Texts`."""
    return jax.tree.map(lambda leaf: leaf.values if isinstance(leaf, Texts) else leaf, tree)


@jax.tree_util.register_pytree_node_class
class Hosted:
    """A batch of a model's inputs, some of them texts, and what its layers on the host made of them.

    Args:
        inputs: the model's inputs: arrays and `Texts`.
        made: what each call of a layer on the host returned, in order.
    """

    def __init__(self, inputs: Any, made: list[Any]) -> None:
        leaves, tree = jax.tree.flatten((inputs, made))
        arrays = [leaf for leaf in leaves if not isinstance(leaf, Texts)]
        self._arrays = [np.asarray(one) if isinstance(one, jax.Array) else one for one in arrays]
        self._form = tree, tuple(leaf.shape[1:] if isinstance(leaf, Texts) else None for leaf in leaves)

    @property
    def parts(self) -> tuple[Any, list[Any]]:
        """The inputs and what was made of them; texts are without values."""
        tree, forms = self._form
        rows, arrays = self._arrays[0].shape[0], iter(self._arrays)
        leaves = [next(arrays) if form is None else Texts((rows, *form)) for form in forms]
        return jax.tree.unflatten(tree, leaves)

    def __getitem__(self, place: Any) -> Any:
        """One of the inputs, of numbers.

        Raises:
            DataError: it holds texts.
        """
        part = self.parts[0] if isinstance(self.parts[0], Texts) else self.parts[0][place]
        if any(isinstance(leaf, Texts) for leaf in jax.tree.leaves(part)):
            raise DataError(
                "A model's own step can't take texts apart: make numbers of them with ds.map(vectorize)."
            )
        return part

    def tree_flatten(self) -> tuple[list[Any], Any]:
        return self._arrays, self._form

    @classmethod
    def tree_unflatten(cls, form: Any, arrays: Any) -> "Hosted":
        self = object.__new__(cls)
        self._arrays, self._form = list(arrays), form
        return self


def inputs_of(x: Any) -> Any:
    """A batch as the model's inputs: of `Hosted` these, with texts that have no values."""
    return x.parts[0] if isinstance(x, Hosted) else x


_SHAPES = object()

# What layers on the host made: a list that grows while it is noted, an iterator while it is read; `_SHAPES`
# while only shapes are traced.
_work: contextvars.ContextVar[Any] = contextvars.ContextVar("work of layers on the host", default=None)


@contextlib.contextmanager
def _working(work: Any) -> Iterator[Any]:
    token = _work.set(work)
    try:
        yield work
    finally:
        _work.reset(token)


def noting() -> contextlib.AbstractContextManager[list[Any]]:
    """Within this block, what layers on the host return is kept in the list."""
    return _working([])


def reading(made: list[Any]) -> contextlib.AbstractContextManager[Any]:
    """Within this block, layers on the host return what was noted, in the same order."""
    return _working(iter(made))


def tracing_shapes() -> contextlib.AbstractContextManager[Any]:
    """Within this block, layers on the host return zeros: only shapes are asked for."""
    return _working(_SHAPES)


def is_tracing_shapes() -> bool:
    """Whether only shapes are asked for, and sizes may be made up."""
    return _work.get() is _SHAPES


def holds_texts(tree: Any) -> bool:
    """Whether there are `Texts` in a tree; found at once where there can't be any."""
    return _work.get() is not None and any(isinstance(leaf, Texts) for leaf in jax.tree.leaves(tree))


def of_empty_texts(compute: Callable[..., Any], inputs: Any) -> Any:
    """What a function returns for inputs of these shapes, found with empty texts and zeros."""

    def made_up(leaf: Any) -> Any:
        if isinstance(leaf, Texts):
            return np.full(leaf.shape, "", object)
        return np.zeros(leaf.shape, leaf.dtype) if isinstance(leaf, Tracer) else leaf

    with _working(None), jax.ensure_compile_time_eval():
        outputs = compute(jax.tree.map(made_up, inputs))
    return jax.tree.map(lambda leaf: Texts(leaf.shape) if is_texts(leaf) else leaf, outputs)


def on_host(compute: Callable[..., Any], spec: Callable[..., Any], who: str, inputs: Any) -> Any:
    """What a layer on the host returns: computed from values, or what was noted when there were values.

    Args:
        compute: a function of inputs with values.
        spec: a function of the inputs' shapes that gives the shapes and dtypes of the outputs.
        who: such as "Layer 'words' (StringLookup)".
        inputs: arrays or texts, or a list or dictionary of them.

    Raises:
        TracingError: the inputs are computed in the compiled program.
        DataError: the outputs do not have the rows of the inputs.
    """
    leaves, tree = jax.tree.flatten(inputs)
    work, is_data = _work.get(), any(map(_is_data, leaves))
    if isinstance(work, Iterator) and is_data:
        made = next(work, None)
        if made is not None:
            return made
    if any(map(_has_no_values, leaves)):
        if work is _SHAPES:
            return jax.tree.map(_zeros, spec(inputs))
        raise too_late(who)
    values = values_of_texts(leaves)
    with _working(None), jax.ensure_compile_time_eval():
        outputs = compute(jax.tree.unflatten(tree, values))
    if isinstance(work, list) and is_data:
        outputs = jax.tree.map(lambda leaf: Texts.of(np.asarray(leaf)) if is_texts(leaf) else leaf, outputs)
        _check_rows(who, values, outputs)
        work.append(outputs)
    return outputs


def _check_rows(who: str, inputs: Any, outputs: Any) -> None:
    arrays = [leaf for leaf in jax.tree.leaves((inputs, outputs)) if hasattr(leaf, "shape")]
    if len({tuple(array.shape[:1]) for array in arrays}) > 1:
        raise DataError(
            f"{who} returns other rows than it receives, which a model can't divide into batches."
        )


def too_late(who: str) -> TracingError:
    """The error to raise where a layer on the host would have to run within a compiled program."""
    return TracingError(
        f"{who} works on the host, before the compiled program, and its input is computed in that program. "
        "Call the layer on an input of the model, or on the data before: `x = layer(data)`."
    )


def _has_no_values(leaf: Any) -> bool:
    return leaf.values is None if isinstance(leaf, Texts) else isinstance(leaf, Tracer)


def _is_data(leaf: Any) -> bool:
    """Whether a leaf comes from a model's inputs: texts that stand in the code do not."""
    return isinstance(leaf, Texts) or (hasattr(leaf, "shape") and not is_texts(leaf))


def _zeros(spec: Any) -> Any:
    """An output of which only the shape counts; an unknown size becomes one that changes with the rows."""
    made_up, scope = 7 * spec.shape[0] + 5 if spec.shape and spec.shape[0] else 11, current_scope()
    if None in spec.shape and scope is not None:
        scope.unknown_sizes.add(made_up)
    shape = tuple(made_up if size is None else size for size in spec.shape)
    if spec.dtype == "string":
        return Texts(shape)
    return jnp.zeros(shape, jax.dtypes.canonicalize_dtype(spec.dtype))
