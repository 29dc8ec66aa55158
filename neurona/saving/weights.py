"""Weights in HDF5, in the layout of Keras 3's `.weights.h5`: groups follow the tree of attributes, each with
its `vars`.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py
import jax.numpy as jnp
import numpy as np

from neurona.core.errors import NotBuiltError, SavingError
from neurona.core.layer import Layer
from neurona.core.owner import members
from neurona.core.registry import snake_case
from neurona.core.variable import Variable
from neurona.saving.atomic import atomic_path
from neurona.tracebacks import ends_at_users_line

Assignment = tuple[Variable, np.ndarray]


def own_variables(layer: Layer) -> list[Variable]:
    """The variables of a layer that are not its parts', in the order of the file."""
    below = {id(variable) for part in layer._sublayers for variable in part.variables}
    return [variable for variable in layer.variables if id(variable) not in below]


def walk(layer: Layer, path: str = "", seen: set[int] | None = None) -> Iterator[tuple[str, Layer]]:
    """A layer and every layer below it, each once, with the path of its group in a file. `seen` holds the
    identities of the layers and containers met so far.
    """
    seen = set() if seen is None else seen
    if id(layer) in seen:
        return
    seen.add(id(layer))
    yield path, layer
    for name, value in layer._saved_parts():
        yield from _walk_value(value, f"{path}/{name}", seen)


def _walk_value(value: Any, path: str, seen: set[int]) -> Iterator[tuple[str, Layer]]:
    if isinstance(value, Layer):
        yield from walk(value, path, seen)
    elif (inside := members(value)) is not None and id(value) not in seen:
        seen.add(id(value))
        used: dict[str, int] = {}
        for item in inside:
            if isinstance(item, Layer) or members(item) is not None:
                name = snake_case(type(item).__name__) if isinstance(item, Layer) else "container"
                count = used.get(name, 0)
                used[name] = count + 1
                yield from _walk_value(item, f"{path}/{name}_{count}" if count else f"{path}/{name}", seen)


def write_weights(model: Layer, file: h5py.File, with_optimizer: bool) -> None:
    """Write a model's weights, and the state of its optimizer, into an open file."""
    for path, layer in walk(model):
        _write_group(file, path, layer.name, [variable.numpy() for variable in own_variables(layer)])
    optimizer = getattr(model, "optimizer", None)
    if with_optimizer and optimizer is not None and optimizer.built:
        _write_group(file, "/optimizer", optimizer.name, optimizer._state_list())


def _write_group(file: h5py.File, path: str, name: str, arrays: list[np.ndarray]) -> None:
    group = file.require_group(f"{path}/vars")
    group.attrs["name"] = name
    for index, array in enumerate(arrays):
        if array.dtype.name == "bfloat16":
            dataset = group.create_dataset(str(index), data=array.astype(np.float32))
            dataset.attrs["dtype"] = "bfloat16"
        else:
            group.create_dataset(str(index), data=array)


def _read_group(file: h5py.File, path: str) -> list[np.ndarray]:
    """The arrays of a group, without following links to other files."""
    group: Any = file
    for part in [*path.strip("/").split("/"), "vars"]:
        if not part:
            continue
        if not isinstance(group, h5py.Group) or part not in group:
            return []
        if not isinstance(group.get(part, getlink=True), h5py.HardLink):
            raise SavingError(
                f"The file's group {path!r} is a link to somewhere else; Neurona does not follow it."
            )
        group = group[part]
    names = sorted(group, key=lambda name: (not name.isdigit(), int(name) if name.isdigit() else 0))
    return [_array(group, name) for name in names]


def _array(group: h5py.Group, name: str) -> np.ndarray:
    if not isinstance(group.get(name, getlink=True), h5py.HardLink) or not isinstance(
        group[name], h5py.Dataset
    ):
        raise SavingError(f"Entry {name!r} of {group.name!r} is not an array; Neurona does not follow links.")
    dataset: Any = group[name]
    if dataset.external:
        raise SavingError(
            f"Entry {name!r} of {group.name!r} keeps its data in another file; Neurona does not follow it."
        )
    array = np.asarray(dataset)
    return array.astype(jnp.bfloat16) if dataset.attrs.get("dtype") == "bfloat16" else array


def read_weights(model: Layer, file: h5py.File, skip_mismatch: bool = False) -> list[Assignment]:
    """Which array of an open file goes into which variable; nothing is assigned yet.

    Raises:
        SavingError: a number of arrays or a shape differs from the model's.
    """
    assignments: list[Assignment] = []
    for path, layer in walk(model):
        variables, arrays = own_variables(layer), _read_group(file, path)
        if len(variables) != len(arrays):
            if skip_mismatch:
                continue
            hint = "" if layer.built else " The layer has no weights yet: call the model on data first."
            raise SavingError(
                f"Layer {layer.name!r} has {len(variables)} weights, the file holds {len(arrays)} (at "
                f"{path!r}).{hint}"
            )
        for variable, array in zip(variables, arrays):
            if variable.shape == array.shape:
                assignments.append((variable, array))
            elif not skip_mismatch:
                raise SavingError(
                    f"Weight {variable.path!r} has shape {variable.shape}, the file's has {array.shape}."
                )
    return assignments


def assign(assignments: list[Assignment]) -> None:
    """Put the arrays into the variables."""
    for variable, array in assignments:
        variable.assign(array)


def read_optimizer(model: Any, file: h5py.File) -> None:
    """Restore the optimizer's state, if the file holds one that fits; training goes on from there."""
    arrays = _read_group(file, "/optimizer")
    if arrays and getattr(model, "optimizer", None) is not None:
        model.optimizer.build(model.trainable_variables)
        model.optimizer.set_weights(arrays)


def _checked_weights_path(filepath: Any) -> Path:
    path = Path(filepath)
    if not path.name.endswith(".weights.h5"):
        raise SavingError(f"A file of weights is called something.weights.h5. Received: {str(filepath)!r}")
    return path


@ends_at_users_line
def save_weights(model: Layer, filepath: Any, overwrite: bool = True) -> None:
    """Write a model's weights into a `.weights.h5` file, whole or not at all.

    Raises:
        SavingError: the name has another ending, or the file may not be replaced.
        NotBuiltError: the model has no weights yet.
    """
    path = _checked_weights_path(filepath)
    if not model.built:
        raise NotBuiltError(
            f"Model {model.name!r} has no weights yet: call it on data, or build(input_shape), before saving."
        )
    with atomic_path(path, overwrite) as temporary, h5py.File(temporary, "w") as file:
        write_weights(model, file, with_optimizer=True)


def open_h5(path: Any) -> h5py.File:
    """Open a file for reading, or say what is wrong with it."""
    try:
        return h5py.File(path, "r")
    except FileNotFoundError:
        raise SavingError(f"There is no file {str(path)!r}.") from None
    except OSError as error:
        raise SavingError(f"{str(path)!r} is not a file of weights, or is damaged: {error}") from None
