"""The editor of weights: what it changes, what it counts, and what it refuses."""

import zipfile

import h5py
import keras
import numpy as np
import pytest

import neurona as nn
from neurona.core.errors import ArgumentError, SavingError
from neurona.saving import KerasFileEditor


def chain(k, *names):
    """A model of layers with three units each."""
    x = inputs = k.Input((3,))
    for name in names:
        x = k.layers.Dense(3, name=name)(x)
    return k.Model(inputs, x)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """The same weights in a file of Keras's, whole, and in one of ours, of weights."""
    folder = tmp_path_factory.mktemp("files")
    model = chain(keras, "first", "last")
    model.compile("adam", "mse")
    model.optimizer.build(model.trainable_variables)
    model.save(folder / "whole.keras")
    zipfile.ZipFile(folder / "whole.keras").extract("model.weights.h5", folder)
    ours = nn.models.load_model(folder / "whole.keras")
    ours.save_weights(folder / "ours.weights.h5")
    return folder


def test_a_file_is_changed_until_it_fits_another_model(files, tmp_path, capsys):
    editor = KerasFileEditor(files / "whole.keras")
    assert editor.config["class_name"] == "Functional"
    assert editor.metadata["keras_version"] == keras.__version__
    wanted = chain(nn, "first", "middle", "last")
    assert editor.compare(chain(nn, "a", "b")) == {"status": "success", "error_count": 0, "match_count": 4}
    editor.add_object("layers/dense_3", {"0": np.ones((3, 3))})
    assert editor.compare(wanted)["error_count"] == 2
    editor.rename_object("dense_3", "dense_4")
    editor.rename_object("layers/dense_4", "dense_2")
    editor.add_weights("dense_2", {"1": np.ones(4)})
    assert editor.compare(wanted)["error_count"] == 1
    editor.add_weights("dense_2", {"1": np.ones(3)})
    editor.delete_weight("dense_1", "1")
    editor.add_weights("dense_1", {"1": np.full(3, 2.0)})
    editor.delete_object("optimizer")
    editor.summary()
    assert "dense_1 ('last')" in capsys.readouterr().out
    editor.save(tmp_path / "edited.weights.h5")
    for model in (wanted, chain(keras, "first", "middle", "last")):
        model.load_weights(tmp_path / "edited.weights.h5")
        np.testing.assert_array_equal(model.layers[2].get_weights()[1], np.full(3, 2.0))
        np.testing.assert_array_equal(model.layers[3].get_weights()[0], np.ones((3, 3)))


def test_counts_the_state_of_an_optimizer_as_keras(files):
    # Keras's editor reads an .h5 file inside of an archive wrongly on Python 3.13, so it gets the file alone.
    for name, alone in (("whole.keras", "model.weights.h5"), ("ours.weights.h5", "ours.weights.h5")):
        ours, theirs = KerasFileEditor(files / name), keras.saving.KerasFileEditor(str(files / alone))
        assert len(nn.tree.flatten(ours.weights_dict)) == 14  # 4 weights, 2 moments of each, step and rate
        nn.tree.map_structure(np.testing.assert_array_equal, ours.weights_dict, dict(theirs.weights_dict))


def test_what_is_not_there_is_refused_by_name(files):
    editor = KerasFileEditor(files / "whole.keras")
    editor.add_object("head", {"0": np.ones(1)})
    editor.add_object("head/dense", {})
    refused = {
        "has 2 objects 'dense': layers/dense, head/dense": lambda: editor.delete_object("dense"),
        "no object 'dens_1'. Did you mean 'dense_1'": lambda: editor.rename_object("dens_1", "a"),
        "no object 'layers/none'": lambda: editor.delete_object("layers/none"),
        "no weight '7'. It has: 0, 1": lambda: editor.delete_weight("dense_1", "7"),
        "no object 'body' to put 'dense' into": lambda: editor.add_object("body/dense", {}),
        "beside 'dense_1' already": lambda: editor.rename_object("dense_1", "dense"),
        "a name without slashes": lambda: editor.rename_object("dense_1", "a/b"),
        "weights is a dictionary": lambda: editor.add_weights("dense_1", [1]),
    }
    for said, change in refused.items():
        with pytest.raises(ArgumentError) as raised:
            change()
        assert said in str(raised.value)


def test_strangers_files_go_through_the_gate(tmp_path):
    with pytest.raises(SavingError, match="KerasFileEditor reads"):
        KerasFileEditor("model.h5")
    with pytest.raises(SavingError, match="There is no file"):
        KerasFileEditor(tmp_path / "none.keras")
    for name, link in (("out", h5py.ExternalLink("other.h5", "/")), ("soft", h5py.SoftLink("/layers"))):
        with h5py.File(tmp_path / f"{name}.weights.h5", "w") as file:
            file["layers/dense/vars/0"], file["more"] = np.ones(2), link
        with pytest.raises(SavingError, match="Links are not followed"):
            KerasFileEditor(tmp_path / f"{name}.weights.h5")
