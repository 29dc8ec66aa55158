"""Whole models in `.keras` files: a zip of a description, the weights and a few words about the file."""

import io
import json
import re
import tempfile
import zipfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import h5py

from neurona._version import __version__
from neurona.core.errors import SavingError
from neurona.core.layer import Layer
from neurona.core.registry import custom_object_scope, deserialize, lookup, serialize, serialize_object
from neurona.files.archives import Zip
from neurona.files.budget import MIB
from neurona.files.gate import Gate
from neurona.files.values import parse_dictionary
from neurona.saving.ages import OLDER_LAYOUT, age_of, legacy, todays_model
from neurona.saving.hdf5 import compile_as_trained
from neurona.saving.weights import (
    Stored,
    assign,
    parts_of_before,
    read_optimizer,
    read_weights,
    walk,
    write_weights,
)
from neurona.tracebacks import warn

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


def to_json(model: Any, save_format: str | None = None, **options: Any) -> str:
    """A model's architecture as JSON.

    Args:
        model: the model.
        save_format: "tf_keras" for a text that tf-keras 2 reads; Keras 3 and Neurona read it, too.
        **options: those of `json.dumps`.

    Raises:
        SavingError: there is no such format, or tf-keras 2 has no form for a part of the model.
    """
    if save_format not in (None, "keras", "tf_keras"):
        raise SavingError(f"save_format is 'keras' or 'tf_keras'. Received: {save_format!r}")
    description = describe_model(model)
    if save_format == "tf_keras":
        about = {"keras_version": OLDER_LAYOUT, "backend": "tensorflow"}
        description = {**legacy("older").older_model(description, for_hdf5=False), **about}
    return json.dumps(description, **{"default": serialize, **options})


def write_archive(model: Any, description: Mapping[str, Any], path: Path, for_tf_keras: bool = False) -> None:
    """Write a whole model, with its description, into a `.keras` file.

    Args:
        model, description: the model.
        path: the file.
        for_tf_keras: whether tf-keras 2 is to read it.

    Raises:
        SavingError: tf-keras 2 has no form for a part of the model.
    """
    with_optimizer = "compile_config" in description
    if for_tf_keras:
        description = _older(description)
    weights = io.BytesIO()
    with h5py.File(weights, "w") as file:
        write_weights(model, file, with_optimizer, for_tf_keras)
    metadata = {
        "keras_version": OLDER_LAYOUT if for_tf_keras else _FORMAT,
        "neurona_version": __version__,
        "date_saved": datetime.now(UTC).strftime("%Y-%m-%d@%H:%M:%S"),
    }
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(_METADATA, json.dumps(metadata))
        archive.writestr(_CONFIG, json.dumps(description, default=serialize))
        archive.writestr(_WEIGHTS, weights.getvalue())
        _write_assets(model, archive)


def _older(description: Mapping[str, Any]) -> dict[str, Any]:
    """A model's description as tf-keras 2 reads it."""
    compilation = description.get("compile_config")
    compiled = (
        {"compile_config": legacy("older_compilation").older_compile_config(compilation)}
        if compilation and compilation.get("optimizer")
        else {}
    )
    return {**legacy("older").older_archive(description), **compiled}


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
    former = {id(layer): place for place, layer in walk(model, parts_of_before)}
    for place, layer in walk(model):
        place = place if f"{_ASSETS}{place}" in of_folders else former.get(id(layer), place)
        files = of_folders.get(f"{_ASSETS}{place}")
        load = getattr(layer, "load_assets", None)
        if files and load is not None:
            with tempfile.TemporaryDirectory() as folder:
                for file in files:
                    Path(folder, file).write_bytes(archive.read(f"{_ASSETS}{place}/{file}"))
                load(folder)


def read_archive(path: Path, gate: Gate, custom_objects: Mapping[str, Any] | None, compile: bool) -> Any:
    """The model in a `.keras` file of Neurona's, Keras 3's or tf-keras's."""
    with Zip(path, gate) as archive:
        config = parse_dictionary(archive.read(_CONFIG), gate, _CONFIG)
        about = archive.read(_METADATA) if _METADATA in archive.names else b"{}"
        age = age_of(parse_dictionary(about, gate, _METADATA).get("keras_version"), config)
        with (
            Stored(io.BytesIO(archive.read(_WEIGHTS)), gate) as stored,
            gate.building(_SPARE + 2 * stored.size()),
            custom_object_scope(custom_objects),
        ):
            model = _build(todays_model(config, age), path)
            assign(model, stored, read_weights(model, stored))
            gate.left = gate.budget.memory_for(path.stat().st_size)
            _read_assets(model, archive)
            compilation = config.get("compile_config") if compile else None
            if compilation:
                has_options = "optimizer" in compilation
                named = {} if has_options else _named_optimizer(stored)
                compile_as_trained(model, {**named, **compilation}, age)
                read_optimizer(model, stored, age, has_options)
                if age < 3 and not stored.datasets("/optimizer"):
                    warn("The optimizer begins anew: the file does not hold its state.")
    return model


def _named_optimizer(stored: Stored) -> dict[str, Any]:
    """The optimizer by the name of its state: some files of Keras 3 do not say more. Its other options are
    lost; the learning rate is in the state.
    """
    name = re.sub(r"_\d+$", "", stored.name("/optimizer"))
    if not name:
        return {}
    warn(
        f"The file does not say how its optimizer was made, only that it is {name!r}: its learning rate and "
        "its state are read, and its other options are those by default."
    )
    momentum = {"momentum": 0.9} if name == "sgd" and len(stored.datasets("/optimizer")) > 2 else {}
    return {
        "optimizer": {
            "module": "keras.optimizers",
            "class_name": lookup("optimizers", name).__name__,
            "config": momentum,
        }
    }


def members_of_archive(archive: Zip) -> tuple[bytes, bytes, bytes]:
    """The description of the model, the words about the file, and the file of weights."""
    return archive.read(_CONFIG), archive.read(_METADATA), archive.read(_WEIGHTS)


def weights_in_archive(path: Path, gate: Gate) -> io.BytesIO:
    """The file of weights in a `.keras` file."""
    with Zip(path, gate) as archive:
        return io.BytesIO(archive.read(_WEIGHTS))


# Bytes of variables that a model may create beside those in its file: the states of recurrent layers.
_SPARE = 16 * MIB


def _build(config: Mapping[str, Any], path: Path) -> Any:
    model: Any = deserialize(config, kind="models")
    if not isinstance(model, Layer):  # such as a FeatureSpace, which is saved alone
        raise SavingError(f"{path.name} does not hold a model.")
    build_config = config.get("build_config")
    if build_config and not model.built:
        model.build_from_config(build_config)
    return model
