"""Weights as named arrays: `.npz` files of NumPy, and `.safetensors` files."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np

from neurona.core.errors import SavingError
from neurona.core.layer import Layer
from neurona.core.variable import Variable
from neurona.files.archives import Zip
from neurona.files.gate import Gate
from neurona.files.values import parse_array, parse_dictionary
from neurona.saving.weights import Assignment
from neurona.tracebacks import warn

_DTYPES = {
    "F64": "float64",
    "F32": "float32",
    "F16": "float16",
    "BF16": "bfloat16",
    "I64": "int64",
    "I32": "int32",
    "I16": "int16",
    "I8": "int8",
    "U8": "uint8",
    "U16": "uint16",
    "U32": "uint32",
    "U64": "uint64",
    "BOOL": "bool",
}
_NAMES = {name: code for code, name in _DTYPES.items()}
_HEADER = 100 * 2**20  # bytes, as the format says


def named_variables(model: Layer) -> dict[str, Variable]:
    """The weights of a model by their paths; one that is taken gets a number."""
    found: dict[str, Variable] = {}
    for variable in model.weights:
        name, number = variable.path, 1
        while name in found:
            name, number = f"{variable.path}_{number}", number + 1
        found[name] = variable
    return found


def write_npz(model: Layer, path: Path) -> None:
    """Write the weights into an `.npz` file."""
    arrays: dict[str, Any] = {name: variable.numpy() for name, variable in named_variables(model).items()}
    plain = {
        name: array.astype(np.float32) if array.dtype.name == "bfloat16" else array
        for name, array in arrays.items()
    }
    with path.open("wb") as file:
        np.savez(file, **plain)


def read_npz(path: Path, gate: Gate) -> dict[str, np.ndarray]:
    """The arrays of an `.npz` file.

    Raises:
        gate.error: it is damaged, or holds something else than numbers.
    """
    with Zip(path, gate) as archive:
        return {
            name.removesuffix(".npy"): parse_array(archive.read(name), gate, name) for name in archive.names
        }


def write_safetensors(model: Layer, path: Path) -> None:
    """Write the weights into a `.safetensors` file: the length of a JSON text, the text, and the arrays."""
    header: dict[str, Any] = {"__metadata__": {"format": "np"}}
    blocks: list[bytes] = []
    place = 0
    for name, variable in named_variables(model).items():
        array = variable.numpy()
        block = np.ascontiguousarray(array).tobytes()
        header[name] = {
            "dtype": _NAMES[array.dtype.name],
            "shape": list(array.shape),
            "data_offsets": [place, place + len(block)],
        }
        blocks.append(block)
        place += len(block)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(len(text).to_bytes(8, "little") + text + b"".join(blocks))


def read_safetensors(path: Path, gate: Gate) -> dict[str, np.ndarray]:
    """The arrays of a `.safetensors` file. Each lies where the header says, one behind the other.

    Raises:
        gate.error: the header is damaged, or says something else than what is there.
    """
    with path.open("rb") as file, gate.watching():
        length = int.from_bytes(file.read(8), "little")
        size = path.stat().st_size - 8 - length
        if not 2 <= length <= _HEADER or size < 0:
            raise gate.refusal(f"has a header of {length} bytes.")
        gate.spend(length, "header")
        header = parse_dictionary(file.read(length), gate, "header")
        header.pop("__metadata__", None)
        gate.count(len(header), "members", "arrays")
        begun = 0
        arrays: dict[str, np.ndarray] = {}
        for name, entry in sorted(header.items(), key=lambda item: item[1]["data_offsets"]):
            arrays[name] = _tensor(file, entry, begun, size, gate, name)
            begun = entry["data_offsets"][1]
        if begun != size:
            raise gate.refusal(f"has {size} bytes of arrays. The header names {begun}.")
        return arrays


def _tensor(file: Any, entry: Mapping[str, Any], begun: int, size: int, gate: Gate, name: str) -> np.ndarray:
    """One array, which begins where the one before ended."""
    first, last = entry["data_offsets"]
    shape = entry["shape"]
    if entry["dtype"] not in _DTYPES:
        raise gate.refusal(f"holds values of type {entry['dtype']!r:.50}, which is not read.", name)
    dtype = jnp.dtype(_DTYPES[entry["dtype"]])
    whole = all(type(number) is int and number >= 0 for number in (first, last, *shape))
    count = 1
    for number in shape if whole else ():
        count *= number
    if not whole or first != begun or not first <= last <= size or count * dtype.itemsize != last - first:
        raise gate.refusal(f"says shape {shape} at {first} to {last}, which does not fit.", name)
    gate.spend(last - first, name)
    return np.frombuffer(file.read(last - first), dtype).reshape(shape)


def assignments(model: Layer, arrays: Mapping[str, np.ndarray], skip_mismatch: bool) -> list[Assignment]:
    """Which array goes into which variable: by name, or in their order where no name is known.

    Raises:
        SavingError: the arrays are not the model's weights.
    """
    own = named_variables(model)
    if not set(own) & set(arrays) and len(own) == len(arrays):
        arrays = dict(zip(own, arrays.values()))
    if not skip_mismatch and set(own) != set(arrays):
        missing, other = (_listed(set(one) - set(two)) for one, two in ((own, arrays), (arrays, own)))
        raise SavingError(
            f"The file and the model have other weights. Missing in the file: {missing}. Unknown to the "
            f"model: {other}."
        )
    both = [name for name in own if name in arrays]
    fitting = [name for name in both if arrays[name].shape == tuple(own[name].shape)]
    for name in both if not skip_mismatch else ():
        if name not in fitting:
            raise SavingError(
                f"Weight {name!r} has shape {own[name].shape}, the file's has {arrays[name].shape}."
            )
    if kept := set(own) - set(fitting):
        warn(f"Weights that do not fit are left out. The model keeps: {_listed(kept)}.")
    return [(own[name], arrays[name]) for name in fitting]


def _listed(names: set[str]) -> str:
    return ", ".join(sorted(names)[:5]) or "-"
