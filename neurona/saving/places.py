"""Where models and weights lie: kinds of files by their endings and first bytes, and folders."""

from pathlib import Path

from neurona.core.errors import SavingError
from neurona.files.gate import Gate
from neurona.files.values import read_text
from neurona.saving.atomic import atomic_path

HDF5_ENDINGS = (".h5", ".hdf5", ".hdf", ".he5")
_HDF5 = b"\x89HDF\r\n\x1a\n"
_IN_FOLDER = "model.keras"  # the file in a folder that a model was saved to
_SAVED_MODEL = ("saved_model.pb", "saved_model.pbtxt", "keras_metadata.pb")
_INDEX = "checkpoint"  # the file of a folder that names the last checkpoint, as TensorFlow writes it
_PICKLES = (".pkl", ".pickle", ".joblib")
_OF_OTHERS = (".pb", ".tflite", ".onnx", ".pt", ".pth", ".txt", ".zip")


def refuse_other_kind(path: Path) -> None:
    """Refuse a name under which neither models nor weights are saved.

    Raises:
        SavingError: it has the ending of another kind of file.
    """
    if path.suffix == ".json":
        raise SavingError(
            f"{path.name}: the architecture alone is the text that model.to_json() returns. Write it "
            "into the file."
        )
    if path.suffix in (".yaml", ".yml"):
        raise SavingError(
            f"{path.name}: YAML is not written, as reading it could run code. Write the text that "
            "model.to_json() returns into a .json file."
        )
    if path.suffix in _PICKLES:
        raise SavingError(
            f"{path.name}: a pickle runs code when it is read, so none is written. Save the model as "
            "something.keras, weights as something.weights.h5."
        )
    if path.suffix in _OF_OTHERS:
        raise SavingError(
            f"{path.name} is the name of another library's file. Save the model as something.keras, weights "
            "as something.weights.h5."
        )


def is_hdf5(path: Path) -> bool:
    """Whether a file begins as HDF5 files do."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(len(_HDF5)) == _HDF5


def in_folder(path: Path) -> Path:
    """The file of a model that was saved to a folder."""
    return path / _IN_FOLDER


def find_model(path: Path) -> Path:
    """The file that a path means: itself, or the one in a folder.

    Raises:
        SavingError: it is a folder without a model of ours.
    """
    if not path.is_dir():
        return path
    if in_folder(path).is_file():
        return in_folder(path)
    if any((path / name).exists() for name in _SAVED_MODEL):
        raise SavingError(
            f"{path} is a SavedModel: a graph of TensorFlow's operations, which only TensorFlow runs. Where "
            "it was made, load it and write model.save('model.h5') or model.save_weights('a.weights.h5'): "
            "both are read here."
        )
    raise SavingError(f"{path} is a folder without a model in it. Name the file: model.keras or model.h5.")


def checkpoint_file(path: Path) -> Path:
    """The file of weights for a name in the manner of TensorFlow's checkpoints, such as `"cp-0001.ckpt"`."""
    return path.with_name(f"{path.name}.weights.h5")


def find_weights(path: Path) -> Path:
    """The file that a name of weights means."""
    if path.is_file():
        return path
    if checkpoint_file(path).is_file():
        return checkpoint_file(path)
    return find_model(path)


def name_latest(path: Path) -> None:
    """Note a checkpoint as the last one of its folder, where `latest_checkpoint` finds it."""
    with atomic_path(path.parent / _INDEX) as temporary:
        temporary.write_text(
            f'model_checkpoint_path: "{path.name}"\nall_model_checkpoint_paths: "{path.name}"\n'
        )


def latest_checkpoint(folder: str | Path) -> str | None:
    """The name of the checkpoint that was last saved into a folder by a name such as `"cp-0001.ckpt"`.

    Returns:
        What `load_weights` takes, or None where there is none.

    Raises:
        SavingError: the folder's file `checkpoint` is damaged.

    Example:

        >>> latest_checkpoint("no such folder") is None
        True
    """
    index = Path(folder) / _INDEX
    if not index.is_file():
        return None
    gate = Gate.of_file(index, SavingError)
    for line in read_text(index, gate).splitlines():
        key, _, value = line.partition(":")
        if key.strip() == "model_checkpoint_path":
            return str(Path(folder) / value.strip().strip('"'))
    raise gate.refusal("names no checkpoint.")
