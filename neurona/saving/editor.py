"""KerasFileEditor: look into a file of weights, change what it holds, and write it again."""

import io
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from rich.console import Console

from neurona.core.errors import ArgumentError, SavingError, suggestion
from neurona.core.layer import Layer
from neurona.files.archives import Zip
from neurona.files.gate import Gate
from neurona.files.hdf5 import text_attribute
from neurona.files.values import parse_dictionary
from neurona.messages import translated
from neurona.saving.archive import members_of_archive
from neurona.saving.atomic import atomic_path
from neurona.saving.weights import Stored, in_order, stored_arrays, write_group

Weights = dict[str, Any]  # arrays by their names, and dictionaries of them by those of objects


class KerasFileEditor:
    """The weights in a `.keras` or `.weights.h5` file, to look at, compare with a model, change and write.

    Objects, such as layers, are called by their path in the file, `"layers/dense_2"`, or by its last part
    where no other object has it.

    Args:
        filepath: the file.

    Attributes:
        weights_dict: the arrays: nested dictionaries that follow the paths.
        object_metadata: for each path, what the file says of the object: its `name`.
        config: the model's description, of a `.keras` file.
        metadata: the version and the date, of a `.keras` file.

    Raises:
        SavingError: the file is missing, damaged, has another ending, or asks for more than the budget.

    Example:

        >>> import tempfile
        >>> from neurona import Sequential, layers
        >>> model, folder = Sequential([layers.Dense(2, name="own")]), tempfile.TemporaryDirectory()
        >>> model.build((None, 3))
        >>> model.save_weights(f"{folder.name}/a.weights.h5")
        >>> editor = KerasFileEditor(f"{folder.name}/a.weights.h5")
        Keras model file '...a.weights.h5'
        >>> editor.add_object("layers/dense_1", {"0": np.zeros((2, 4)), "1": np.zeros(4)})
        >>> editor.summary()
        Weights structure
          layers
            dense ('own')
              0: shape=(3, 2), dtype=float32
              1: shape=(2,), dtype=float32
            dense_1
              0: shape=(2, 4), dtype=float64
              1: shape=(4,), dtype=float64
    """

    def __init__(self, filepath: Any) -> None:
        self.filepath = str(filepath)
        self.console = Console(highlight=False, markup=False, soft_wrap=True)
        self.metadata: dict[str, Any] | None = None
        self.config: dict[str, Any] | None = None
        self.object_metadata: dict[str, dict[str, str]] = {}
        if not self.filepath.endswith((".keras", ".weights.h5")):
            raise SavingError(
                f"KerasFileEditor reads .keras and .weights.h5 files. Received: {self.filepath!r}"
            )
        try:
            gate = Gate.of_file(self.filepath, SavingError)
        except FileNotFoundError:
            raise SavingError(f"There is no file {self.filepath!r}.") from None
        source: Any = self.filepath
        if self.filepath.endswith(".keras"):
            with Zip(Path(self.filepath), gate) as archive:
                config, metadata, weights = members_of_archive(archive)
                self.config = parse_dictionary(config, gate)
                self.metadata = parse_dictionary(metadata, gate)
            source = io.BytesIO(weights)
        with Stored(source, gate) as stored:
            self.weights_dict: Weights = self._read(stored, stored.file, "")
        self.console.print(translated(f"Keras model file {self.filepath!r}"))
        if self.metadata is not None:
            version, date = (str(self.metadata.get(key)) for key in ("keras_version", "date_saved"))
            self.console.print(translated(f"Saved with Keras {version} - date: {date}"))

    def _read(self, stored: Stored, group: Any, path: str) -> Weights:
        """The arrays in a group, those of its `vars` first, and the groups that are not empty."""
        found: Weights = {}
        for name in in_order(group):
            member = group[name]
            if isinstance(member, h5py.Dataset):
                found[name] = stored.array(member)
            elif name == "vars":
                found = {**self._read(stored, member, path), **found}
            elif inside := self._read(stored, member, f"{path}/{name}"):
                found[name] = inside
        if name := text_attribute(group, "name"):
            self.object_metadata[path] = {"name": name}
        return found

    def summary(self) -> None:
        """Print the objects, and the shapes and dtypes of their weights."""
        self.console.print(translated("Weights structure"))
        for path, value in _walk(self.weights_dict):
            name = path.rpartition("/")[2]
            about = self.object_metadata.get(path, {}).get("name")
            label = f"{name} ({about!r})" if about else name
            if not isinstance(value, dict):
                label = f"{name}: shape={np.shape(value)}, dtype={np.asarray(value).dtype}"
            self.console.print("  " * path.count("/") + label)

    def compare(self, reference_model: Layer) -> dict[str, Any]:
        """Compare the weights with those of a model, and print what differs. The state of an optimizer that
        has not begun is left out.

        Returns:
            `{"status": "success" or "error", "error_count": ..., "match_count": ...}`: an object that one of
            both lacks is one error, and so is a weight of another shape.
        """
        expected: Weights = {}
        for path, _, arrays in stored_arrays(reference_model, with_optimizer=True):
            inside = expected
            for part in path.split("/")[1:] if arrays else ():
                inside = inside.setdefault(part, {})
            inside.update(arrays)
        own = dict(self.weights_dict)
        if "optimizer" not in expected:
            own.pop("optimizer", None)
        self.console.print(translated("Running comparison"))
        faults = list(_differences(own, expected))
        for fault in faults:
            self.console.print(f"... {fault}")
        matches = sum(
            np.shape(value) == np.shape(_at(expected, path))
            for path, value in _walk(own)
            if not isinstance(value, dict)
        )
        if faults:
            said = f"Found {len(faults)} errors: the saved file is not compatible with the reference model."
        else:
            said = f"The saved file is compatible with the reference model: {matches} weights match."
        self.console.print(translated(said))
        status = "error" if faults else "success"
        return {"status": status, "error_count": len(faults), "match_count": matches}

    # Changes.

    def rename_object(self, object_name: str, new_name: str) -> None:
        """Give an object another name, which is no path: it stays where it is.

        Raises:
            ArgumentError: there is no such object, or several have that name; the new name is a path, or
                taken.
        """
        if "/" in new_name:
            raise ArgumentError(f"new_name is a name without slashes, not a path. Received: {new_name!r}")
        inside, name = self._find(object_name)
        if new_name in inside:
            raise ArgumentError(f"There is an object {new_name!r} beside {object_name!r} already.")
        inside[new_name] = inside.pop(name)

    def delete_object(self, object_name: str) -> None:
        """Remove an object and all in it.

        Raises:
            ArgumentError: there is no such object, or several have that name.
        """
        inside, name = self._find(object_name)
        del inside[name]

    def add_object(self, object_path: str, weights: Mapping[str, Any]) -> None:
        """Add an object under its whole path.

        Args:
            object_path: such as `"layers/dense_2"`.
            weights: the arrays by their names, which are `"0"`, `"1"`, ... in most objects.

        Raises:
            ArgumentError: there is no object to put it into; weights is no dictionary.
        """
        before, _, name = object_path.rpartition("/")
        inside = _at(self.weights_dict, f"/{before}") if before else self.weights_dict
        if not isinstance(inside, dict):
            raise ArgumentError(f"The file has no object {before!r} to put {name!r} into.")
        inside[name] = _checked(weights)

    def delete_weight(self, object_name: str, weight_name: str) -> None:
        """Remove one weight of an object.

        Raises:
            ArgumentError: there is no such object or weight.
        """
        inside, name = self._find(object_name)
        if weight_name not in inside[name]:
            raise ArgumentError(
                f"Object {object_name!r} has no weight {weight_name!r}. It has: {', '.join(inside[name])}."
            )
        del inside[name][weight_name]

    def add_weights(self, object_name: str, weights: Mapping[str, Any]) -> None:
        """Add weights to an object, or replace those that it has.

        Raises:
            ArgumentError: there is no such object; weights is no dictionary.
        """
        inside, name = self._find(object_name)
        inside[name].update(_checked(weights))

    def _find(self, name: str) -> tuple[Weights, str]:
        """The dictionary that holds an object, and the object's name in it."""
        objects = [path for path, value in _walk(self.weights_dict) if isinstance(value, dict)]
        found = [path for path in objects if path == f"/{name}"]
        if "/" not in name:
            found = [path for path in objects if path.rpartition("/")[2] == name]
        if not found:
            names = objects if "/" in name else [path.rpartition("/")[2] for path in objects]
            raise ArgumentError(
                f"The file has no object {name!r}.{suggestion(name, [one.strip('/') for one in names])} "
                "summary() shows what it has."
            )
        if len(found) > 1:
            raise ArgumentError(
                f"The file has {len(found)} objects {name!r}: {', '.join(path[1:] for path in found)}. Name "
                "the one that you mean by its path."
            )
        before, _, last = found[0].rpartition("/")
        return _at(self.weights_dict, before), last

    def save(self, filepath: Any) -> None:
        """Write the weights into a `.weights.h5` file, whole or not at all.

        Raises:
            SavingError: the name has another ending.
        """
        if not str(filepath).endswith(".weights.h5"):
            raise SavingError(f"KerasFileEditor writes .weights.h5 files. Received: {str(filepath)!r}")
        with atomic_path(Path(filepath)) as temporary, h5py.File(temporary, "w") as file:
            for path, value in [("", self.weights_dict), *_walk(self.weights_dict)]:
                if isinstance(value, dict):
                    arrays = {name: one for name, one in value.items() if not isinstance(one, dict)}
                    about = self.object_metadata.get(path, {})
                    write_group(file, path, about.get("name") or path.rpartition("/")[2], arrays)

    resave_weights = save


def _walk(weights: Weights, path: str = "") -> Iterator[tuple[str, Any]]:
    """The objects and arrays with their paths, each object before what it holds."""
    for name, value in weights.items():
        yield f"{path}/{name}", value
        if isinstance(value, dict):
            yield from _walk(value, f"{path}/{name}")


def _at(weights: Any, path: str) -> Any:
    """What lies at a path, or None."""
    for part in path.split("/")[1:]:
        weights = weights.get(part) if isinstance(weights, dict) else None
    return weights


def _checked(weights: Any) -> Weights:
    if not isinstance(weights, Mapping):
        raise ArgumentError(
            "weights is a dictionary from the names of weights, usually '0', '1', ..., to arrays. Received: "
            f"{type(weights).__name__}"
        )
    return dict(weights)


def _differences(saved: Weights, expected: Weights, path: str = "") -> Iterator[str]:
    """Sentences about what only one side has, and about weights of different shapes."""
    for name in {**expected, **saved}:
        place = f"{path}/{name}"
        if name not in saved:
            yield translated(f"{place} is in the reference model, and missing from the saved file.")
        elif name not in expected:
            yield translated(f"{place} is in the saved file, and missing from the reference model.")
        elif isinstance(saved[name], dict) and isinstance(expected[name], dict):
            yield from _differences(saved[name], expected[name], place)
        elif np.shape(saved[name]) != np.shape(expected[name]):
            yield translated(
                f"{place} has shape {np.shape(saved[name])} in the saved file, and "
                f"{np.shape(expected[name])} in the reference model."
            )
