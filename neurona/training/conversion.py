"""The arguments of `fit` as arrays: converted, counted, weighted and split."""

import datetime
import numbers
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from neurona.core.errors import DataError
from neurona.core.texts import Hosted, Texts, is_texts
from neurona.training.frames import frame_to_numpy, is_frame
from neurona.training.numbers import as_numbers, narrowed, refuse_holes, refuse_kind
from neurona.training.sparse import SparseRows, is_sparse

SHAPES_SHOWN = 6


class Batch(NamedTuple):
    """Rows of data: arrays, lists or dictionaries of arrays, or None, with as many rows in each."""

    x: Any
    y: Any = None
    sample_weight: Any = None


def to_numpy(value: Any, what: str, keeps_texts: bool = False) -> Any:
    """Convert arrays, frames, torch tensors and lists of numbers to NumPy arrays in the dtypes of JAX.

    Lists and dictionaries of arrays stay lists and dictionaries. Memory-mapped arrays stay in their files,
    and so in their dtypes. Sparse matrices stay sparse.

    Args:
        value: what was given.
        what: how to call it in an error.
        keeps_texts: whether arrays of texts become `Texts`; otherwise they are refused.

    Raises:
        DataError: values that are no real numbers, or ragged lists.
    """
    if value is None:
        return None
    if isinstance(value, jax.Array):
        if jnp.issubdtype(value.dtype, jnp.complexfloating):
            refuse_kind(np.asarray(value), what)
        return value
    if isinstance(value, np.ndarray):
        return _array(value, what, keeps_texts)
    if isinstance(value, Mapping):
        return {name: to_numpy(item, f"{what}[{name!r}]", keeps_texts) for name, item in value.items()}
    if isinstance(value, (list, tuple)) and not _is_numbers(value):
        return [to_numpy(item, f"{what}[{index}]", keeps_texts) for index, item in enumerate(value)]
    if is_sparse(value):
        return SparseRows(value, what)
    if isinstance(value, (set, frozenset)):
        raise DataError(f"{what} is a set, which has no order: make a list of it.")
    if is_frame(value):
        return frame_to_numpy(value, what)
    return _array(_as_array(value, what, keeps_texts), what, keeps_texts)


def _array(array: np.ndarray, what: str, keeps_texts: bool) -> Any:
    if keeps_texts and is_texts(array):
        return Texts.of(array)
    if not is_mapped(array):
        return as_numbers(array, what)
    refuse_kind(array, what)
    return array


def inputs_to_numpy(x: Any) -> Any:
    """`to_numpy` of a model's inputs."""
    return to_numpy(x, "x")


def _as_array(value: Any, what: str, keeps_texts: bool) -> np.ndarray:
    """Lists of numbers, series and tensors of other packages as arrays of NumPy, in whatever dtype."""
    if keeps_texts and _is_numbers(value):
        return np.asarray(value, object)  # NumPy would write a missing text as the text "None"
    if hasattr(value, "detach"):  # torch's
        value = value.detach().cpu()
        value = value if str(value.layout) == "torch.strided" else value.to_dense()
        value = value.float() if str(value.dtype) == "torch.bfloat16" else value  # NumPy does not know it
    if hasattr(value, "isna"):  # a series of pandas
        refuse_holes(np.asarray(value.isna()), what)
    try:
        return value.to_numpy() if hasattr(value, "to_numpy") else np.asarray(value)
    except ValueError as error:
        raise DataError(
            f"{what} is ragged: its rows have different lengths. Use neurona.preprocessing.pad_sequences. "
            f"({error})"
        ) from None


def is_mapped(array: Any) -> bool:
    """Whether an array, or the one that it is a view of, lies in a file (`np.memmap`)."""
    while (
        array is not None and getattr(array, "_mmap", None) is None
    ):  # a copy of a memmap is one without a file
        array = getattr(array, "base", None)
    return array is not None


def _is_numbers(value: Any) -> bool:
    """Whether a list is one array: of numbers, texts or empty cells, or of such lists. A list of arrays is
    several arrays.
    """
    while isinstance(value, (list, tuple)):
        if not value:
            return True
        value = next((item for item in value if item is not None), None)
    return isinstance(value, (numbers.Number, np.generic, str, bytes, datetime.date))


def unpack(batch: Any) -> Batch:
    """`x`, `(x, y)` or `(x, y, sample_weight)` as a `Batch`.

    Raises:
        DataError: a tuple of another length.
    """
    if isinstance(batch, list):
        batch = tuple(batch)
    if not isinstance(batch, tuple):
        return Batch(batch)
    if not 1 <= len(batch) <= 3:
        raise DataError(f"A batch is x, (x, y) or (x, y, sample_weight). Received a tuple of {len(batch)}.")
    return Batch(*batch)


def leaves(tree: Any) -> list[Any]:
    """The arrays of a tree. One that is alone is found at once: JAX's own way takes a few microseconds, which
    count where a single row is predicted.

    Example:

        >>> [array.shape for array in leaves({"a": np.ones(2), "b": [np.ones(3)]})]
        [(2,), (3,)]
    """
    return [tree] if isinstance(tree, (np.ndarray, jax.Array)) else jax.tree.leaves(tree)


def map_leaves(function: Callable[[Any], Any], tree: Any) -> Any:
    """A tree with the results for its arrays, found as `leaves` does.

    Example:

        >>> map_leaves(len, [np.ones(2), np.ones(3)])
        [2, 3]
    """
    return function(tree) if isinstance(tree, (np.ndarray, jax.Array)) else jax.tree.map(function, tree)


def count_rows(tree: Any, what: str = "The data") -> int:
    """The common length of all arrays in a tree.

    Raises:
        DataError: there are no arrays, no rows, or different lengths.
    """
    if isinstance(tree, np.ndarray) and tree.ndim and len(tree):  # most often, so at once
        return len(tree)
    lengths = [leaf.shape[0] if leaf.ndim else None for leaf in leaves(tree)]
    if not lengths:
        raise DataError(f"{what} is empty: no arrays were given.")
    if None in lengths:
        raise DataError(f"{what} holds a single number; expected arrays whose first axis counts the rows.")
    if len(set(lengths)) > 1:
        shapes = [str(tuple(leaf.shape)) for leaf in leaves(tree)]
        many = len(shapes) > SHAPES_SHOWN
        rest = f" and {len(shapes) - SHAPES_SHOWN:,} more" if many else ""
        hint = " A list of arrays is an array for each input: np.array(x) makes one of them." if many else ""
        raise DataError(
            "x, y and sample_weight need equally many rows. Received arrays of shapes "
            f"{', '.join(shapes[:SHAPES_SHOWN])}{rest}.{hint}"
        )
    if lengths[0] == 0:
        raise DataError(f"{what} has no rows.")
    return int(lengths[0] or 0)


@jax.tree_util.register_pytree_node_class
class Whole:
    """A batch whose arrays have unequal numbers of rows, for a model's own step: the one row of a chunk.

    Args:
        batch: each of its arrays with an axis of one before its own.

    Example:

        >>> Whole.of(Batch(np.ones((2, 3)), np.ones(5))).opened.x.shape
        (2, 3)
    """

    def __init__(self, batch: Batch) -> None:
        self.batch = batch

    @classmethod
    def of(cls, batch: Batch) -> "Whole":
        """A batch as it came, as one row."""
        return cls(jax.tree.map(lambda leaf: leaf[None], batch))

    @property
    def opened(self) -> Batch:
        """The batch as it came."""
        return jax.tree.map(lambda leaf: leaf[0], self.batch)

    def tree_flatten(self) -> tuple[tuple[Batch], None]:
        return (self.batch,), None

    @classmethod
    def tree_unflatten(cls, _: None, children: tuple[Any]) -> "Whole":
        return cls(*children)


def rows_of(tree: Any, start: int, stop: int | None) -> Any:
    """Some rows of all arrays in a tree."""
    return map_leaves(lambda leaf: leaf[start:stop], tree)


def split_validation(tree: Any, fraction: float) -> tuple[Any, Any]:
    """The arrays cut in two: the last `fraction` of the rows, as they come, is for validation.

    Raises:
        DataError: a part would be empty.
    """
    rows = count_rows(tree)
    if not 0 < fraction < 1:
        raise DataError(f"validation_split is a fraction between 0 and 1. Received: {fraction}")
    cut = int(rows * (1 - fraction))
    if cut in (0, rows):
        raise DataError(f"validation_split={fraction} of {rows} rows leaves one part empty.")
    return rows_of(tree, 0, cut), rows_of(tree, cut, None)


def is_stream(x: Any) -> bool:
    """Whether data comes batch by batch rather than as arrays."""
    arrays = (np.ndarray, jax.Array, list, tuple, range, set, frozenset, Mapping, Hosted)
    if x is None or isinstance(x, arrays) or is_sparse(x):
        return False
    if any(hasattr(x, name) for name in ("to_numpy", "detach", "__array__")):
        return False
    return hasattr(x, "__next__") or hasattr(x, "__iter__") or hasattr(x, "__getitem__")


def stays_on_host(array: Any) -> bool:
    """Whether an array is read batch by batch: it lies in a file, or is sparse."""
    return isinstance(array, SparseRows) or is_mapped(array)


def in_memory(tree: Any) -> Any:
    """Arrays that lie in files or are sparse, read and dense, in the dtypes of JAX; others as they are."""

    def read(leaf: Any) -> Any:
        if isinstance(leaf, SparseRows):
            return leaf[:]
        return narrowed(np.array(leaf), canonical_dtype(leaf)) if is_mapped(leaf) else leaf

    return map_leaves(read, tree)


def canonical_dtype(array: Any) -> Any:
    """The dtype in which JAX holds an array's values."""
    return jax.dtypes.canonicalize_dtype(array.dtype.newbyteorder("="))
