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
from neurona.files.archives import Zip
from neurona.files.budget import MIB, Budget
from neurona.files.gate import Gate
from neurona.files.values import parse_dictionary
from neurona.saving.atomic import atomic_path
from neurona.saving.weights import Stored, assign, read_optimizer, read_weights, walk, write_weights
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
def save_model(
    model: Any,
    filepath: Any,
    overwrite: bool = True,
    zipped: bool | None = None,
    include_optimizer: bool = True,
) -> None:
    """Write a whole model into a `.keras` file, whole or not at all; Keras 3 reads it too.

    Args:
        model: the model, with its weights.
        filepath: ends in `.keras`.
        overwrite: whether an older file may be replaced.
        zipped: must not be False: the file is an archive, never a folder.
        include_optimizer: whether to keep how the model was compiled and the optimizer's state, so that
            training can go on.

    Raises:
        SavingError: the name has another ending, the file may not be replaced, or a part (such as a lambda)
            can't be written.
    """
    path = Path(filepath)
    if path.suffix != ".keras":
        raise SavingError(
            "A model is saved as something.keras (weights alone: something.weights.h5). Received: "
            f"{str(filepath)!r}"
        )
    if zipped is False:
        raise SavingError("A model is saved as one file, not as a folder: leave zipped=False out.")
    if not model.built:
        warn(
            f"Model {model.name!r} has no weights yet: the file holds its architecture alone. To keep "
            "weights, call it on data, or build(input_shape), before saving."
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


def _read_assets(model: Any, archive: Zip) -> None:
    """Give layers the files that were kept for them. Files of layers that do not exist are never unpacked."""
    of_folders: dict[str, list[str]] = {}
    for name in archive.names:
        folder, _, file = name.rpartition("/")
        of_folders.setdefault(folder, []).append(file)
    for place, layer in walk(model):
        files = of_folders.get(f"{_ASSETS}{place}")
        load = getattr(layer, "load_assets", None)
        if files and load is not None:
            with tempfile.TemporaryDirectory() as folder:
                for file in files:
                    Path(folder, file).write_bytes(archive.read(f"{_ASSETS}{place}/{file}"))
                load(folder)


@ends_at_users_line
def load_model(
    filepath: Any,
    custom_objects: Mapping[str, Any] | None = None,
    compile: bool = True,
    safe_mode: bool = True,
    budget: Budget | None = None,
) -> Any:
    """Read a model from a `.keras` file of Neurona's or Keras's.

    Code in a file is never run, and links in it are never followed. The file is checked before anything is
    built: what it describes may not be larger than what it holds.

    Args:
        filepath: the file.
        custom_objects: classes and functions of your own, by name.
        compile: whether to compile it as it was, with the optimizer's state.
        safe_mode: accepted; code in a file is never run.
        budget: what reading the file may cost, where the default does not fit a file that you trust.

    Raises:
        SavingError: the file is missing, damaged, of another kind, asks for more than the budget, or names
            classes that are not registered.
    """
    path = Path(filepath)
    if path.suffix in (".h5", ".hdf5"):
        raise SavingError(
            f"{path.name} is in the HDF5 format of Keras 1 and 2, which is not read yet. Save it as .keras "
            "from Keras 3."
        )
    gate = _gate(path, budget)
    with Zip(path, gate) as archive:
        config = parse_dictionary(archive.read(_CONFIG), gate, _CONFIG)
        with (
            Stored(io.BytesIO(archive.read(_WEIGHTS)), gate) as stored,
            gate.building(_SPARE + 2 * stored.size()),
            custom_object_scope(custom_objects),
        ):
            model = _build(config, path)
            assign(model, stored, read_weights(model, stored))
            gate.left = gate.budget.memory_for(path.stat().st_size)
            _read_assets(model, archive)
            if compile and config.get("compile_config"):
                model.compile_from_config(config["compile_config"])
                read_optimizer(model, stored)
    return model


# Bytes of variables that a model may create beside those in its file: the states of recurrent layers.
_SPARE = 16 * MIB


def _gate(path: Path, budget: Budget | None) -> Gate:
    try:
        return Gate.of_file(path, SavingError, budget)
    except FileNotFoundError:
        raise SavingError(f"There is no file {str(path)!r}.") from None


def _build(config: Mapping[str, Any], path: Path) -> Any:
    model: Any = deserialize(config, kind="models")
    if not hasattr(model, "compile_from_config"):
        raise SavingError(f"{path.name} does not hold a model.")
    build_config = config.get("build_config")
    if build_config and not model.built:
        model.build_from_config(build_config)
    return model


@ends_at_users_line
def load_weights(
    model: Layer, filepath: Any, skip_mismatch: bool = False, budget: Budget | None = None
) -> None:
    """Read a model's weights from a `.weights.h5` or `.keras` file; nothing changes unless all of them fit.

    Args:
        model: whose weights are set.
        filepath: the file.
        skip_mismatch: leave out what does not fit instead of refusing.
        budget: what reading the file may cost, where the default does not fit a file that you trust.

    Raises:
        SavingError: the file is missing or damaged, reaches into other files, or does not fit the model.
        NotBuiltError: the model has no weights yet.
    """
    if not model.built:
        raise NotBuiltError(
            f"Model {model.name!r} has no weights yet: call it on data, or build(input_shape), before "
            "loading."
        )
    path = Path(filepath)
    gate = _gate(path, budget)
    source: Any = path
    if path.suffix == ".keras":
        with Zip(path, gate) as archive:
            source = io.BytesIO(archive.read(_WEIGHTS))
    with Stored(source, gate) as stored:
        assign(model, stored, read_weights(model, stored, skip_mismatch))
