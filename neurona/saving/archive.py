"""Whole models in `.keras` files: a zip of a description, the weights and a few words about the file."""

import io
import json
import tempfile
import zipfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import h5py

from neurona._version import __version__
from neurona.core.errors import NotBuiltError, SavingError
from neurona.core.layer import Layer
from neurona.core.registry import custom_object_scope, deserialize, raise_unsavable, serialize_object
from neurona.saving.atomic import atomic_path
from neurona.saving.weights import assign, open_h5, read_optimizer, read_weights, walk, write_weights
from neurona.tracebacks import ends_at_users_line, warn

_CONFIG, _METADATA, _WEIGHTS = "config.json", "metadata.json", "model.weights.h5"
_ASSETS = "assets"
_FORMAT = "3.0.0"  # the version of Keras whose layout of the archive this is


def describe_model(model: Any) -> dict[str, Any]:
    """A model as a plain dictionary, with the shapes its weights were made for and how it was compiled."""
    description = serialize_object(model)
    build_config = model.get_build_config()
    if build_config is not None:
        description["build_config"] = build_config
    try:
        compile_config = model.get_compile_config() if hasattr(model, "get_compile_config") else None
    except SavingError as error:
        warn(f"The file will not say how the model was compiled: compile it again after loading. {error}")
        compile_config = None
    if compile_config is not None:
        description["compile_config"] = compile_config
    return description


def to_json(model: Any, **options: Any) -> str:
    """A model's architecture as JSON; options go to `json.dumps`."""
    return json.dumps(describe_model(model), **{"default": raise_unsavable, **options})


@ends_at_users_line
def save_model(model: Any, filepath: Any, overwrite: bool = True, include_optimizer: bool = True) -> None:
    """Write a whole model into a `.keras` file, whole or not at all; Keras 3 reads it too.

    Args:
        model: the model, with its weights.
        filepath: ends in `.keras`.
        overwrite: whether an older file may be replaced.
        include_optimizer: whether to keep how the model was compiled and the optimizer's state, so that
            training can go on.

    Raises:
        SavingError: the name has another ending, the file may not be replaced, or a part (such as a lambda)
            can't be written.
        NotBuiltError: the model has no weights yet.
    """
    path = Path(filepath)
    if path.suffix != ".keras":
        raise SavingError(
            "A model is saved as something.keras (weights alone: something.weights.h5). Received: "
            f"{str(filepath)!r}"
        )
    if not model.built:
        raise NotBuiltError(
            f"Model {model.name!r} has no weights yet: call it on data, or build(input_shape), before saving."
        )
    description = describe_model(model)
    if not include_optimizer:
        description.pop("compile_config", None)
    weights = io.BytesIO()
    with h5py.File(weights, "w") as file:
        write_weights(model, file, with_optimizer="compile_config" in description)
    metadata = {
        "keras_version": _FORMAT,
        "neurona_version": __version__,
        "date_saved": datetime.now(UTC).strftime("%Y-%m-%d@%H:%M:%S"),
    }
    with atomic_path(path, overwrite) as temporary, zipfile.ZipFile(temporary, "w") as archive:
        archive.writestr(_METADATA, json.dumps(metadata))
        archive.writestr(_CONFIG, json.dumps(description, default=raise_unsavable))
        archive.writestr(_WEIGHTS, weights.getvalue())
        _write_assets(model, archive)


def _write_assets(model: Any, archive: zipfile.ZipFile) -> None:
    """Files that layers keep beside their weights, such as a vocabulary."""
    for place, layer in walk(model):
        save = getattr(layer, "save_assets", None)
        if save is not None:
            with tempfile.TemporaryDirectory() as folder:
                save(folder)
                for file in sorted(Path(folder).iterdir()):
                    archive.write(file, f"{_ASSETS}{place}/{file.name}")


def _read_assets(model: Any, assets: Mapping[str, bytes]) -> None:
    for place, layer in walk(model):
        prefix = f"{_ASSETS}{place}/"
        files = {
            name.removeprefix(prefix): content for name, content in assets.items() if name.startswith(prefix)
        }
        files = {
            name: content for name, content in files.items() if name == Path(name).name
        }  # nothing outside the folder
        load = getattr(layer, "load_assets", None)
        if files and load is not None:
            with tempfile.TemporaryDirectory() as folder:
                for name, content in files.items():
                    Path(folder, name).write_bytes(content)
                load(folder)


@ends_at_users_line
def load_model(
    filepath: Any,
    custom_objects: Mapping[str, Any] | None = None,
    compile: bool = True,
    safe_mode: bool = True,
) -> Any:
    """Read a model from a `.keras` file of Neurona's or Keras's.

    Args:
        filepath: the file.
        custom_objects: classes and functions of your own, by name.
        compile: whether to compile it as it was, with the optimizer's state.
        safe_mode: accepted; code in a file is never run.

    Raises:
        SavingError: the file is missing, damaged, of another kind, or names classes that are not registered.
    """
    path = Path(filepath)
    if path.suffix in (".h5", ".hdf5"):
        raise SavingError(
            f"{path.name} is in the HDF5 format of Keras 1 and 2, which is not read yet. Save it as .keras "
            "from Keras 3."
        )
    config, weights, assets = _read_archive(path)
    with custom_object_scope(custom_objects or {}):
        model: Any = deserialize(config, kind="models")
        if not hasattr(model, "compile_from_config"):
            raise SavingError(f"{path.name} does not hold a model.")
        build_config = config.get("build_config")
        if build_config and not model.built:
            model.build_from_config(build_config)
        with open_h5(weights) as file:
            assign(read_weights(model, file))
            _read_assets(model, assets)
            if compile and config.get("compile_config"):
                model.compile_from_config(config["compile_config"])
                read_optimizer(model, file)
    return model


def _read_archive(path: Path) -> tuple[dict[str, Any], io.BytesIO, dict[str, bytes]]:
    try:
        with zipfile.ZipFile(path) as archive:
            assets = {
                name: archive.read(name)
                for name in archive.namelist()
                if name.startswith(_ASSETS) and not name.endswith("/")
            }
            return json.loads(archive.read(_CONFIG)), io.BytesIO(archive.read(_WEIGHTS)), assets
    except FileNotFoundError:
        raise SavingError(f"There is no file {str(path)!r}.") from None
    except (zipfile.BadZipFile, KeyError, ValueError, EOFError) as error:
        raise SavingError(f"{str(path)!r} is not a .keras file, or is damaged: {error}") from None


@ends_at_users_line
def load_weights(model: Layer, filepath: Any, skip_mismatch: bool = False) -> None:
    """Read a model's weights from a `.weights.h5` or `.keras` file; nothing changes unless all of them fit.

    Args:
        model: whose weights are set.
        filepath: the file.
        skip_mismatch: leave out what does not fit instead of refusing.

    Raises:
        SavingError: the file is missing or damaged, or does not fit the model.
        NotBuiltError: the model has no weights yet.
    """
    if not model.built:
        raise NotBuiltError(
            f"Model {model.name!r} has no weights yet: call it on data, or build(input_shape), before "
            "loading."
        )
    path = Path(filepath)
    with open_h5(_read_archive(path)[1] if path.suffix == ".keras" else path) as file:
        assignments = read_weights(model, file, skip_mismatch)
    assign(assignments)
