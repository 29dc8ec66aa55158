"""Writing the HDF5 files of older libraries, as tf-keras 2 and Keras 3 read them."""

import json
from collections.abc import Sequence
from typing import Any

import h5py
import numpy as np

from neurona._version import __version__
from neurona.core.errors import SavingError
from neurona.core.layer import Layer
from neurona.core.registry import serialize
from neurona.core.variable import Variable
from neurona.saving.ages import OLDER_LAYOUT, legacy
from neurona.saving.hdf5 import layers_of, segments
from neurona.saving.weights import own_variables

_LIMIT = 64_000  # bytes of an attribute


def write_hdf5_model(model: Any, description: dict[str, Any], file: h5py.File) -> None:
    """A whole model: its description, its weights, how it was compiled and the optimizer's state.

    Raises:
        SavingError: it has parts that such files have no form for.
    """
    config = legacy("older").older_model(description)
    file.attrs["keras_version"], file.attrs["backend"] = OLDER_LAYOUT, "tensorflow"
    file.attrs["neurona_version"] = __version__
    file.attrs["model_config"] = json.dumps(config, default=serialize)
    write_hdf5_weights(model, file.create_group("model_weights"))
    compilation = description.get("compile_config")
    if compilation and compilation.get("optimizer"):
        compiled = legacy("older_compilation")
        first_form = compiled.is_first_form(model.optimizer)
        training = compiled.older_compilation(compilation, first_form)
        file.attrs["training_config"] = json.dumps(training, default=serialize)
        _write_optimizer(model.optimizer, file, first_form)


def write_hdf5_weights(model: Layer, group: Any) -> None:
    """The weights alone, a group for each layer."""
    layers = layers_of(model)
    names = [layer.name for layer in layers]
    if len(set(names)) < len(names):
        raise SavingError(
            "Two layers of the model have one name, which names a group in the file: rename one."
        )
    _write_texts(group, "layer_names", names)
    group.attrs["keras_version"], group.attrs["backend"] = OLDER_LAYOUT, "tensorflow"
    below = {id(variable) for layer in layers for variable in layer.variables}
    top = [variable for variable in own_variables(model) if id(variable) not in below and variable.persistent]
    for name, variables in [
        *((layer.name, [variable for _, own in segments(layer) for variable in own]) for layer in layers),
        ("top_level_model_weights", top),
    ]:
        _write_layer(group.create_group(name), variables)


def _write_layer(group: Any, variables: Sequence[Variable]) -> None:
    """A layer's arrays, under the paths of its variables."""
    names: list[str] = []
    for variable in variables:
        name = f"{variable.path}:0"
        number = sum(
            one.rpartition(":")[0].rpartition("~")[0] == variable.path or one == name for one in names
        )
        names.append(f"{variable.path}~{number}:0" if number else name)
        array = variable.numpy()
        group.create_dataset(
            names[-1], data=array.astype(np.float32) if array.dtype.name == "bfloat16" else array
        )
    _write_texts(group, "weight_names", names)


def _write_optimizer(optimizer: Any, file: h5py.File, first_form: bool) -> None:
    """The optimizer's state as tf-keras kept it."""
    if optimizer is None or not optimizer.built:
        return
    group = file.create_group("optimizer_weights")
    state = legacy("optimizer_state")
    arrays = state.first_state(optimizer) if first_form else state.older_state(optimizer)
    _write_texts(group, "weight_names", [f"{name}:0" for name in arrays])
    for name, array in arrays.items():
        group.create_dataset(f"{name}:0", data=array)


def _write_texts(group: Any, name: str, texts: list[str]) -> None:
    """A list of texts, in pieces where it is longer than an attribute may be."""
    array = np.asarray([text.encode() for text in texts]) if texts else np.zeros(0, "S1")
    pieces = np.array_split(array, max(1, -(-array.nbytes // _LIMIT)))
    for number, piece in enumerate(pieces):
        group.attrs[f"{name}{number}" if len(pieces) > 1 else name] = piece
