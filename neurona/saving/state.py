"""Trees of plain values and arrays in one file, written whole or not at all and read without running code."""

import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jax
import numpy as np

from neurona.core.errors import SavingError
from neurona.files.archives import Zip
from neurona.files.gate import Gate
from neurona.files.values import parse_array, parse_json
from neurona.saving.atomic import atomic_path

_TREE, _ARRAY = "tree.json", "__array__"


def write_state(path: Path, tree: Any) -> None:
    """Write dictionaries, lists, numbers, texts, None and arrays; what is read back has the same bits.

    Args:
        path: the file: a zip of the tree as JSON and its arrays in NumPy's format.
        tree: the values; keys of dictionaries are texts, tuples become lists.

    Raises:
        SavingError: a value is none of these.

    Example:

        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     write_state(Path(folder, "a.npz"), {"epoch": 3, "weights": [np.ones(2, np.float32)]})
        ...     read_state(Path(folder, "a.npz"))
        {'epoch': 3, 'weights': [array([1., 1.], dtype=float32)]}
    """
    arrays: list[np.ndarray] = []
    text = json.dumps(_without_arrays(tree, arrays))
    with atomic_path(path) as temporary, zipfile.ZipFile(temporary, "w") as archive:
        archive.writestr(_TREE, text)
        for index, array in enumerate(arrays):
            with archive.open(f"{index}.npy", "w", force_zip64=True) as file:
                # Types of other packages, such as bfloat16, are kept as bytes; the tree holds their name.
                known = array.dtype.kind in "biufc" and array.dtype.isbuiltin == 1
                plain = array if known else np.frombuffer(array.tobytes(), np.uint8)
                np.lib.format.write_array(file, plain, allow_pickle=False)


def _without_arrays(value: Any, arrays: list[np.ndarray]) -> Any:
    if isinstance(value, np.generic) and value.dtype.kind in "biuf" and value.dtype.isbuiltin == 1:
        return value.item()
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, (np.ndarray, np.generic, jax.Array)):
        array = np.asarray(value)
        if array.dtype.hasobject:
            raise SavingError(f"An array of Python objects can't be kept: {array!r}")
        arrays.append(array)
        return {_ARRAY: len(arrays) - 1, "dtype": array.dtype.name, "shape": list(array.shape)}
    if isinstance(value, Mapping) and _ARRAY not in value and all(isinstance(key, str) for key in value):
        return {key: _without_arrays(item, arrays) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_without_arrays(item, arrays) for item in value]
    raise SavingError(
        "Training state is made of numbers, texts, lists, dictionaries with texts as keys, and arrays. "
        f"Received: {value!r} "
        f"of type {type(value).__name__}."
    )


def read_state(path: Path) -> Any:
    """Read what `write_state` wrote.

    Raises:
        SavingError: the file is missing, damaged, of another kind, or asks for more than the budget.
    """
    try:
        gate = Gate.of_file(path, SavingError)
    except FileNotFoundError:
        raise SavingError(f"There is no file {str(path)!r}.") from None
    with Zip(path, gate) as archive, gate.watching():
        return _with_arrays(parse_json(archive.read(_TREE), gate, _TREE), archive, gate)


def _with_arrays(value: Any, archive: Zip, gate: Gate) -> Any:
    if isinstance(value, list):
        return [_with_arrays(item, archive, gate) for item in value]
    if not isinstance(value, dict):
        return value
    if _ARRAY not in value:
        return {key: _with_arrays(item, archive, gate) for key, item in value.items()}
    name = f"{int(value[_ARRAY])}.npy"
    array = parse_array(archive.read(name), gate, name)
    dtype = jax.numpy.dtype(value["dtype"])
    return array if array.dtype == dtype else array.view(dtype).reshape(value["shape"])
