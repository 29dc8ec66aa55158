"""Every entry point for files from outside, as a function of a path, and the one error it may raise."""

import os
import shutil
import warnings
from pathlib import Path

import numpy as np

import neurona as nn
from neurona.datasets.fashion_mnist import read_idx
from neurona.errors import DataError, SavingError
from neurona.tasks.inputs import ExampleReader
from neurona.tasks.labels import Labels, read_labels, read_words
from tests.hostile import ages, data, disguises, models
from tests.hostile.crafting import small_model


def _load_weights(path):
    model = small_model()
    before = model.get_weights()
    try:
        model.load_weights(path)
    except Exception:
        for old, new in zip(before, model.get_weights()):  # what is refused changes nothing
            np.testing.assert_array_equal(old, new)
        raise


def _load_unsafely(path):
    nn.models.load_model(path, safe_mode=False)


def _from_json(path):
    nn.models.model_from_json(path.read_bytes().decode("utf-8", "surrogateescape"))


def _resume(path):
    folder = path.parent / "backup"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    model = small_model()
    model.compile("sgd", "mse")
    backup = nn.callbacks.BackupAndRestore(folder)
    shutil.copy(path, backup._latest)
    model.fit(np.ones((4, 3)), np.ones((4, 2)), verbose=0, callbacks=[backup])


def _in_data_folder(name, load):
    def read(path):
        target = path.parent / name
        os.replace(path, target)
        os.environ["NEURONA_DATA"] = str(path.parent)
        try:
            load()
        finally:
            target.unlink()

    return read


def _unpack(path):
    os.environ["NEURONA_DATA"] = str(path.parent)
    nn.utils.get_file(path.name, "http://files.invalid/x", extract=True, cache_dir=path.parent / "cache")


def _reader(path):
    return ExampleReader((2,), Labels("table", features=["a", "b"])).read(path)


def _beside_model(name, read):
    def reader(path):
        target = path.parent / name
        os.replace(path, target)
        try:
            read(path.parent / "model.keras")
        finally:
            target.unlink()

    return reader


# For each entry point: its name, the files, the ending of their names, the function, the error.
ENTRIES = [
    ("load_model of code", disguises.archives, ".keras", _load_unsafely, SavingError),
    ("load_model of older code", disguises.older, ".h5", _load_unsafely, SavingError),
    ("model_from_json of code", disguises.texts, ".json", _from_json, SavingError),
    ("load_model", models.archives, ".keras", nn.models.load_model, SavingError),
    ("load_model", models.descriptions, ".keras", nn.models.load_model, SavingError),
    ("load_model", models.keras_files_of_weights, ".keras", nn.models.load_model, SavingError),
    ("load_weights of a model", models.archives_of_weights, ".keras", _load_weights, SavingError),
    ("load_weights", models.weights, ".weights.h5", _load_weights, SavingError),
    ("model_from_json", models.texts, ".json", _from_json, SavingError),
    ("load_model of older files", ages.models, ".h5", nn.models.load_model, SavingError),
    ("load_weights of older files", ages.weights, ".h5", _load_weights, SavingError),
    ("model_from_json of older texts", ages.texts, ".json", _from_json, SavingError),
    ("load_weights of safetensors", ages.safetensors, ".safetensors", _load_weights, SavingError),
    ("load_weights of npz", ages.npzs, ".npz", _load_weights, SavingError),
    ("read_state", models.backups, ".npz", nn.saving.read_state, SavingError),
    ("BackupAndRestore", models.backups, ".npz", _resume, SavingError),
    (
        "cifar10",
        data.tars,
        "",
        _in_data_folder("cifar-10-binary.tar.gz", nn.datasets.cifar10.load_data),
        DataError,
    ),
    ("mnist", data.npzs, "", _in_data_folder("mnist.npz", nn.datasets.mnist.load_data), DataError),
    ("fashion_mnist", data.idxs, ".gz", read_idx, DataError),
    ("get_file", data.unpacked, ".bin", _unpack, DataError),
    ("load_img", data.images, None, nn.utils.load_img, DataError),
    ("predict a table", data.tables, None, _reader, DataError),
    ("predict an array", data.arrays, None, _reader, DataError),
    (
        "TextVectorization",
        data.vocabularies,
        ".txt",
        lambda path: nn.layers.TextVectorization(vocabulary=path),
        (DataError, nn.errors.ArgumentError),
    ),
    ("labels.json", data.labels, "", _beside_model("labels.json", read_labels), DataError),
    ("words.json", data.words, "", _beside_model("words.json", read_words), DataError),
]


def cases(folder: Path, entries=slice(None)):
    """Every case of some entry points: its name, the path and content of its file, its reader, the error."""
    warnings.simplefilter("ignore")
    for entry, files, ending, read, error in ENTRIES[entries]:
        for name, content in files(str(folder)):
            path = folder / (name.replace("/", "_").replace(" ", "_") if ending is None else f"file{ending}")
            yield f"{entry}: {name}", path, content, read, error
