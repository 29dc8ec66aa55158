"""From whatever people pass to `fit` to arrays, and from arrays that lie on the device to batches."""

import itertools
import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from neurona.core.errors import DataError, SavingError
from neurona.core.random import new_words

Batch = tuple[Any, Any, Any]


def new_numpy_generator() -> np.random.Generator:
    """A NumPy generator seeded from the global stream of random numbers, for what is shuffled on the host."""
    return np.random.default_rng(new_words())


def to_numpy(value: Any, what: str) -> Any:
    """Arrays, frames, torch tensors and lists of numbers as NumPy arrays in the dtypes that JAX computes in,
    keeping lists and dicts.

    Memory-mapped arrays stay in their files, and so in their dtypes.

    Raises:
        DataError: text or ragged lists, which no network can compute with.
    """
    if value is None or isinstance(value, jax.Array):
        return value
    if isinstance(value, Mapping):
        return {name: to_numpy(item, f"{what}[{name!r}]") for name, item in value.items()}
    if isinstance(value, (list, tuple)) and not _is_numbers(value):
        return [to_numpy(item, f"{what}[{index}]") for index, item in enumerate(value)]
    tensor: Any = value
    if hasattr(tensor, "detach"):  # torch's
        tensor = tensor.detach().cpu()
    try:
        array = tensor.to_numpy() if hasattr(tensor, "to_numpy") else np.asarray(tensor)
    except ValueError as error:
        raise DataError(
            f"{what} is ragged: its rows have different lengths. Use neurona.preprocessing.pad_sequences. "
            f"({error})"
        ) from None
    if array.dtype == object:
        try:
            array = array.astype(np.float64)
        except (TypeError, ValueError):
            raise DataError(
                f"{what} holds values that are no numbers, such as {array.flat[0]!r}. Encode text with "
                "TextVectorization and categories "
                "with pandas.get_dummies or integer codes first."
            ) from None
    if array.dtype.kind in "USM":
        raise DataError(
            f"{what} holds text or dates, such as {array.flat[0]!r}: turn them into numbers first "
            "(TextVectorization)."
        )
    return array if is_mapped(array) else array.astype(jax.dtypes.canonicalize_dtype(array.dtype), copy=False)


def is_mapped(array: Any) -> bool:
    """Whether an array, or the one that it is a view of, lies in a file: `np.load(path, mmap_mode="r")`,
    `np.memmap`.
    """
    while (
        array is not None and getattr(array, "_mmap", None) is None
    ):  # a copy of a memmap is one without a file
        array = getattr(array, "base", None)
    return array is not None


def _is_numbers(value: Any) -> bool:
    """A list of plain numbers, or of such lists, is one array; a list of arrays is several."""
    while isinstance(value, (list, tuple)):
        if not value:
            return True
        value = value[0]
    return isinstance(value, (bool, int, float, np.generic))


def on_device(array: Any) -> jax.Array:
    """An array on the device, independent of the one given.

    On a CPU a NumPy array is copied to where XLA can use it in place (64-byte alignment), which takes a third
    of XLA's own copy.
    """
    if not isinstance(array, np.ndarray) or jax.default_backend() != "cpu" or not array.nbytes:
        return jnp.asarray(array)
    copy = aligned(array.shape, array.dtype)
    np.copyto(copy, array)
    return jax.device_put(copy)


def aligned(shape: tuple[int, ...], dtype: Any) -> np.ndarray:
    """An array whose values are not set, where XLA on a CPU can use it in place."""
    size = math.prod(shape) * np.dtype(dtype).itemsize
    buffer = np.empty(size + 64, np.uint8)
    start = -buffer.ctypes.data % 64
    return buffer[start : start + size].view(dtype).reshape(shape)


def unpack(batch: Any) -> Batch:
    """`x`, `(x, y)` or `(x, y, sample_weight)` as a triple."""
    if isinstance(batch, list):
        batch = tuple(batch)
    if not isinstance(batch, tuple):
        return batch, None, None
    if len(batch) > 3:
        raise DataError(f"A batch is x, (x, y) or (x, y, sample_weight). Received a tuple of {len(batch)}.")
    return (*batch, *([None] * (3 - len(batch))))  # pyright: ignore[reportReturnType]


def count_rows(tree: Any, what: str = "The data") -> int:
    """The common length of all arrays in a tree.

    Raises:
        DataError: there are no arrays, no rows, or different lengths.
    """
    lengths = [leaf.shape[0] if leaf.ndim else None for leaf in jax.tree.leaves(tree)]
    if not lengths:
        raise DataError(f"{what} is empty: no arrays were given.")
    if None in lengths:
        raise DataError(f"{what} holds a single number; expected arrays whose first axis counts the rows.")
    if len(set(lengths)) > 1:
        shapes = ", ".join(str(tuple(leaf.shape)) for leaf in jax.tree.leaves(tree))
        raise DataError(f"x, y and sample_weight need equally many rows. Received arrays of shapes {shapes}.")
    if lengths[0] == 0:
        raise DataError(f"{what} has no rows.")
    return int(lengths[0] or 0)


def rows_of(tree: Any, start: int, stop: int | None) -> Any:
    """Some rows of all arrays in a tree."""
    return jax.tree.map(lambda leaf: leaf[start:stop], tree)


class ArrayBatches:
    """Arrays that fit into memory: they lie on the device, and batches are gathered there by index.

    Args:
        x, y, sample_weight: arrays, or lists or dictionaries of them.
        batch_size: rows in a batch; the last batch of an epoch has what remains.
        shuffle: True for a new order of rows every epoch, `"batch"` for a new order of batches, False for
            none.
        steps: batches in an epoch, if not all; the next epoch goes on where one ended.
        generator: NumPy's, for the order.
    """

    def __init__(
        self,
        x: Any,
        y: Any,
        sample_weight: Any,
        batch_size: int | None,
        shuffle: bool | str = False,
        steps: int | None = None,
        generator: Callable[[], np.random.Generator] | None = None,
    ) -> None:
        self.host: Batch = (x, y, sample_weight)
        self.rows = count_rows(self.host)
        self.batch_size = 32 if batch_size is None else int(batch_size)
        if self.batch_size < 1:
            raise DataError(f"batch_size is at least 1. Received: {batch_size}")
        if shuffle not in (True, False, "batch"):
            raise DataError(f"shuffle is True, False or 'batch'. Received: {shuffle!r}")
        self.shuffle = shuffle
        self.steps = -(-self.rows // self.batch_size) if steps is None else int(steps)
        self._partial = steps is not None
        self._rest: Iterator[np.ndarray] = iter(())
        self._generator = generator() if shuffle and generator else np.random.default_rng(0)
        self._pass_began, self._used = (
            self._generator.bit_generator.state,
            0,
        )  # of the pass that an epoch of some steps left unfinished
        self._device: Batch | None = None

    def example(self) -> Batch:
        """A batch on the host, to find shapes with."""
        return rows_of(self.host, 0, self.batch_size)

    @property
    def device(self) -> Batch:
        """The arrays on the device."""
        device = self._device or jax.tree.map(on_device, self.host)
        self._device = device
        return device

    def blocks(self) -> list[np.ndarray]:
        """The rows of one epoch: index arrays of shape (steps, batch size), each of equal batches."""
        if not self._partial:
            return self._pass()
        rows: list[np.ndarray] = []
        while len(rows) < self.steps:
            row = next(self._rest, None)
            if row is None:
                self._pass_began, self._used = self._generator.bit_generator.state, 0
                self._rest = itertools.chain.from_iterable(self._pass())
                continue
            self._used += 1
            rows.append(row)
        return [np.stack(list(group)) for _, group in itertools.groupby(rows, key=len)]

    def position(self) -> dict[str, Any]:
        """Where the next epoch begins, as plain values for `restore`."""
        began = self._pass_began if self._partial and self._used else self._generator.bit_generator.state
        return {"rows": self.rows, "batch_size": self.batch_size, "generator": began, "used": self._used}

    def restore(self, position: dict[str, Any]) -> None:
        """Let the next epoch begin where another's did.

        Raises:
            SavingError: the data or the batch size are others.
        """
        rows, batch_size = position.get("rows"), position.get("batch_size")
        if (rows, batch_size) != (self.rows, self.batch_size):
            raise SavingError(
                f"The checkpoint was made with {rows} rows in batches of {batch_size}, not {self.rows} in "
                f"batches of {self.batch_size}."
            )
        self._generator.bit_generator.state = self._pass_began = position["generator"]
        self._used = position["used"]
        if self._used:
            self._rest = itertools.islice(itertools.chain.from_iterable(self._pass()), self._used, None)

    def close(self) -> None:
        """Nothing to close."""

    def _pass(self) -> list[np.ndarray]:
        order = np.arange(self.rows, dtype=np.int32)
        full = self.rows // self.batch_size * self.batch_size
        if self.shuffle is True:
            self._generator.shuffle(order)
        blocks = []
        if full:
            batches = order[:full].reshape(-1, self.batch_size)
            if self.shuffle == "batch":
                self._generator.shuffle(batches)
            blocks.append(batches)
        if full < self.rows:
            blocks.append(order[None, full:])
        return blocks


def class_weights_to_sample_weights(y: Any, class_weight: Any, sample_weight: Any = None) -> np.ndarray:
    """A weight for each row from a weight for each class.

    Args:
        y: integer labels (n,) or (n, 1), or one-hot (n, classes).
        class_weight: a dictionary from class number to weight (classes not named weigh 1), or `"balanced"`:
            n / (classes * rows of the class), as in King and Zeng, Logistic Regression in Rare Events Data,
            2001.
        sample_weight: multiplied in, where given.

    Raises:
        DataError: the labels are neither, or there are several targets.

    Example:

        >>> class_weights_to_sample_weights(np.array([0, 0, 1, 0, 1, 0]), "balanced").tolist()
        [0.75, 0.75, 1.5, 0.75, 1.5, 0.75]
    """
    if isinstance(y, (list, tuple, Mapping)) or y is None:
        raise DataError("class_weight needs a model with a single target; use sample_weight with several.")
    y = np.asarray(y)
    labels = y.argmax(-1) if y.ndim > 1 and y.shape[-1] > 1 else y.reshape(-1)
    labels = np.round(labels).astype(np.int64)
    if isinstance(class_weight, str):
        if class_weight != "balanced":
            raise DataError(
                f"class_weight is a dictionary {{class: weight}} or 'balanced'. Received: {class_weight!r}"
            )
        classes, inverse, counts = np.unique(labels, return_inverse=True, return_counts=True)
        weights = (len(labels) / (len(classes) * counts))[inverse]
    else:
        if not isinstance(class_weight, Mapping):
            raise DataError(
                f"class_weight is a dictionary {{class: weight}} or 'balanced'. Received: {class_weight!r}"
            )
        weights = np.ones(len(labels))
        for label, weight in class_weight.items():
            weights[labels == label] = weight
    return (weights if sample_weight is None else weights * np.asarray(sample_weight)).astype(np.float32)


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
    if (
        x is None
        or isinstance(x, (np.ndarray, jax.Array, list, tuple, Mapping))
        or hasattr(x, "to_numpy")
        or hasattr(x, "detach")
    ):
        return False
    return hasattr(x, "__next__") or hasattr(x, "__iter__") or hasattr(x, "__getitem__")
