"""Saving and loading by the file's name and content: which format it is, and who reads and writes it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import h5py

from neurona.core.errors import NotBuiltError, SavingError
from neurona.core.layer import Layer
from neurona.files.budget import Budget
from neurona.files.gate import Gate
from neurona.saving import arrays
from neurona.saving.archive import describe_model, read_archive, weights_in_archive, write_archive
from neurona.saving.atomic import atomic_path
from neurona.saving.bundles import index_of, read_bundle
from neurona.saving.hdf5 import (
    Hdf5,
    assignments,
    layers_by_name,
    load_hdf5_model,
    put,
    tell_of_gates,
)
from neurona.saving.hdf5_writing import write_hdf5_model, write_hdf5_weights
from neurona.saving.object_graphs import assignments_of_objects
from neurona.saving.places import (
    HDF5_ENDINGS,
    checkpoint_file,
    find_model,
    find_weights,
    in_folder,
    is_hdf5,
    name_latest,
    refuse_other_kind,
)
from neurona.saving.weights import Stored, assign, read_weights, write_weights
from neurona.tracebacks import ends_at_users_line, warn


@ends_at_users_line
def save_model(
    model: Any,
    filepath: Any,
    overwrite: bool = True,
    zipped: bool | None = None,
    include_optimizer: bool = True,
    save_format: str | None = None,
) -> None:
    """Write a whole model into one file, whole or not at all.

    Args:
        model: the model, with its weights.
        filepath: ends in `.keras`, which Keras 3 reads too; or in `.h5` or `.hdf5`, which tf-keras 2 and
            Keras 3 read. A name without an ending is a folder, which gets the file `model.keras`.
        overwrite: whether an older file may be replaced.
        zipped: must not be False: the file is an archive, never a folder.
        include_optimizer: whether to keep how the model was compiled and the optimizer's state, so that
            training can go on.
        save_format: "keras", "h5" or "tf", where the name does not say it; "tf_keras" for a `.keras` file
            that tf-keras 2 reads, too.

    Raises:
        SavingError: the name has another ending, the file may not be replaced, or a part (such as a lambda)
            can't be written.
    """
    if zipped is False:
        raise SavingError("A model is saved as one file, not as a folder: leave zipped=False out.")
    path, as_hdf5 = _model_path(Path(filepath), save_format)
    for_tf_keras = save_format == "tf_keras"
    if not model.built:
        warn(
            f"Model {model.name!r} has no weights yet: the file holds its architecture alone. To keep "
            "weights, call it on data, or build(input_shape), before saving."
        )
    description = describe_model(model)
    if not include_optimizer:
        description.pop("compile_config", None)
    with atomic_path(path, overwrite) as temporary:
        if not as_hdf5:
            write_archive(model, description, temporary, for_tf_keras)
            return
        with h5py.File(temporary, "w") as file:
            write_hdf5_model(model, description, file)


def _model_path(path: Path, save_format: str | None) -> tuple[Path, bool]:
    """The file to write a model into, and whether it is of HDF5."""
    check_model_name(path)
    kinds = {None: None, "keras": False, "tf_keras": False, "h5": True, "hdf5": True, "tf": False}
    if save_format not in kinds:
        raise SavingError(f"save_format is 'keras', 'tf_keras', 'h5' or 'tf'. Received: {save_format!r}")
    if path.suffix == ".keras" or path.suffix in HDF5_ENDINGS:
        return path, path.suffix != ".keras"
    if kinds[save_format]:
        return path, True
    warn(
        f"{path} gets the file {in_folder(path).name}, which load_model({str(path)!r}) reads. A SavedModel, "
        "which TensorFlow wrote here, is a graph of its operations that Neurona does not have."
    )
    return in_folder(path), False


def check_model_name(path: Path) -> None:
    """Refuse a name that no model is saved under.

    Raises:
        SavingError: it has the ending of another kind of file, or of weights.
    """
    refuse_other_kind(path)
    if path.name.endswith((".weights.h5", ".npz", ".safetensors")):
        raise SavingError(
            f"{path.name} is the name of a file of weights: use save_weights. A whole model is saved as "
            "something.keras, or something.h5 for older programs."
        )


@ends_at_users_line
def load_model(
    filepath: Any,
    custom_objects: Mapping[str, Any] | None = None,
    compile: bool = True,
    safe_mode: bool = True,
    budget: Budget | None = None,
) -> Any:
    """Read a model from a `.keras` file of Neurona's, Keras's or tf-keras's, or an `.h5` file of any Keras.

    Code in a file is never run, and links in it are never followed. The file is checked before anything is
    built: what it describes may not be larger than what it holds.

    Args:
        filepath: the file; what it holds says its format, not its name.
        custom_objects: classes and functions of your own, by name; the function of a Lambda layer by the
            layer's name.
        compile: whether to compile it as it was, with the optimizer's state.
        safe_mode: accepted; code in a file is never run.
        budget: what reading the file may cost, where the default does not fit a file that you trust.

    Raises:
        SavingError: the file is missing, damaged, of another kind, asks for more than the budget, or names
            classes that are not registered.
    """
    path = find_model(Path(filepath))
    gate = _gate(path, budget)
    read = load_hdf5_model if is_hdf5(path) else read_archive
    return read(path, gate, custom_objects, compile)


def _gate(path: Path, budget: Budget | None) -> Gate:
    try:
        return Gate.of_file(path, SavingError, budget)
    except FileNotFoundError:
        raise SavingError(f"There is no file {str(path)!r}.") from None


@ends_at_users_line
def save_weights(model: Layer, filepath: Any, overwrite: bool = True, save_format: str | None = None) -> None:
    """Write a model's weights into a file, whole or not at all.

    Args:
        model: whose weights they are.
        filepath: ends in `.weights.h5`, as Keras 3 has it; in `.h5` or `.hdf5`, as Keras 2 had it; in `.npz`
            or in `.safetensors`. Other names, such as `"cp.ckpt"`, are those of TensorFlow's checkpoints:
            `.weights.h5` is appended, and `load_weights` finds the file by the name without it.
        overwrite: whether an older file may be replaced.
        save_format: "h5" or "tf", where the name does not say it; "tf_keras" for a `.weights.h5` file that
            tf-keras 2 reads.

    Raises:
        SavingError: the name has another ending, or the file may not be replaced.
        NotBuiltError: the model has no weights yet.
    """
    path = Path(filepath)
    check_weights_name(path)
    if not model.built:
        raise NotBuiltError(
            f"Model {model.name!r} has no weights yet: call it on data, or build(input_shape), before saving."
        )
    if path.suffix in (".npz", ".safetensors"):
        write = arrays.write_npz if path.suffix == ".npz" else arrays.write_safetensors
        with atomic_path(path, overwrite) as temporary:
            write(model, temporary)
        return
    is_checkpoint = path.suffix not in HDF5_ENDINGS and save_format not in ("h5", "hdf5")
    file_path = checkpoint_file(path) if is_checkpoint else path
    with atomic_path(file_path, overwrite) as temporary, h5py.File(temporary, "w") as file:
        if file_path.name.endswith(".weights.h5"):
            write_weights(model, file, with_optimizer=True, for_tf_keras=save_format == "tf_keras")
        else:
            write_hdf5_weights(model, file)
    if is_checkpoint:
        name_latest(path)


def check_weights_name(path: Path) -> None:
    """Refuse a name that no weights are saved under.

    Raises:
        SavingError: it has the ending of another kind of file.
    """
    refuse_other_kind(path)
    if path.suffix == ".keras":
        raise SavingError(
            f"{path.name} is the name of a whole model: use save. Weights are saved as something.weights.h5, "
            "something.npz or something.safetensors."
        )


@ends_at_users_line
def load_weights(
    model: Layer,
    filepath: Any,
    skip_mismatch: bool = False,
    by_name: bool = False,
    budget: Budget | None = None,
) -> None:
    """Read a model's weights from a file of weights or of a whole model. Nothing changes unless all fit.

    Args:
        model: whose weights are set.
        filepath: the file, or the name of a checkpoint; what it holds says its format.
        skip_mismatch: leave out what does not fit, and say so, instead of refusing.
        by_name: in `.h5` files of older Keras: give layers the weights under their names, not those in their
            places. Layers without such a name keep theirs, and so do those of models inside the model.
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
    if index_of(path).is_file() and not path.is_file() and not checkpoint_file(path).is_file():
        if by_name:
            raise SavingError(
                f"{path} is a checkpoint of TensorFlow, which has weights by attributes, not by the names of "
                "layers: leave by_name=True out."
            )
        put(model, assignments_of_objects(model, read_bundle(path, budget), skip_mismatch))
        return
    path = find_weights(path)
    gate = _gate(path, budget)
    if path.suffix in (".npz", ".safetensors"):
        read = arrays.read_npz if path.suffix == ".npz" else arrays.read_safetensors
        put(model, arrays.assignments(model, read(path, gate), skip_mismatch))
        return
    if is_hdf5(path):
        with Hdf5(path, gate) as file:
            if file.holds_layers:
                names = layers_by_name(model) if by_name else None
                put(model, assignments(model, file, names, skip_mismatch))
                tell_of_gates(model, file, names)
                return
        gate = _gate(path, budget)
    if by_name:
        raise SavingError(
            f"{path.name} has its weights in the places of the layers, without their names: leave "
            "by_name=True out."
        )
    with Stored(path if is_hdf5(path) else weights_in_archive(path, gate), gate) as stored:
        assign(model, stored, read_weights(model, stored, skip_mismatch))
