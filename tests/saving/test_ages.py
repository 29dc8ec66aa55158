"""Files that the real libraries of each age wrote: Keras 1.2.2 and 2.3.1 on Theano, tf-keras 2 and Keras 3 on
TensorFlow, with what they predicted: those of `golden.zip`, and those of the folder `model_files` beside
that of the data sets, where it is there.
"""

import json
import os
import shutil
import zipfile
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest

import neurona as nn
from neurona.core.errors import SavingError

ARCHIVE = zipfile.ZipFile(Path(__file__).with_name("golden.zip"))
DATA = Path(os.environ.get("NEURONA_DATA") or Path(__file__).parents[3] / "shared" / "data")
BESIDE = sorted(path for path in (DATA.parent / "model_files").glob("*") if path.suffix != ".md")
FILES = [*ARCHIVE.namelist(), *(path.name for path in BESIDE)]
NAMES = sorted(name.removesuffix(".npz") for name in FILES if name.endswith(".npz"))  # whole models
KERAS = [name for name in NAMES if f"{name}.keras" in FILES]
WEIGHTS = [name for name in NAMES if f"{name}.weights.h5" in FILES]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("golden")
    ARCHIVE.extractall(path)
    for file in BESIDE:
        shutil.copy(file, path)
    return path


def data(folder, name):
    arrays = np.load(folder / f"{name}.npz")
    xs = [arrays[key] for key in sorted(arrays) if key.startswith("x")]
    return (xs if len(xs) > 1 else xs[0]), [arrays[key] for key in sorted(arrays) if key.startswith("y")]


def assert_predicts(model, folder, name):
    x, ys = data(folder, name)
    found = model.predict(x, verbose=0)
    for one, y in zip(found if isinstance(found, list) else [found], ys, strict=True):
        np.testing.assert_allclose(one, y, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_models_of_every_age_predict_as_they_did(name, folder):
    model = nn.models.load_model(folder / f"{name}.h5")
    assert_predicts(model, folder, name)
    if name not in WEIGHTS:
        return
    before = model.get_weights()
    model.set_weights([np.zeros_like(weight) for weight in before])
    model.load_weights(folder / f"{name}.weights.h5")
    for one, other in zip(before, model.get_weights()):
        np.testing.assert_array_equal(one, other)
    text = (folder / f"{name}.json").read_text()
    assert [one.shape for one in nn.models.model_from_json(text).weights] == [one.shape for one in before]


@pytest.mark.parametrize("name", KERAS)
def test_archives_of_keras_and_tf_keras_hold_the_same(name, folder):
    model = nn.models.load_model(folder / f"{name}.keras")
    assert model.optimizer.built
    assert int(model.optimizer.iterations) == int(
        nn.models.load_model(folder / f"{name}.h5").optimizer.iterations
    )
    assert_predicts(model, folder, name)


@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith(("k1_", "k2_", "tfk_", "k3_"))])
def test_compilation_and_optimizer_travel(name, folder):
    model = nn.models.load_model(folder / f"{name}.h5")
    with h5py.File(folder / f"{name}.h5") as file:
        training, group = json.loads(file.attrs["training_config"]), file["optimizer_weights"]
        first = group[group.attrs["weight_names"][0]]
        steps = None if first.shape else int(first[()])  # RMSprop of Keras 1 did not count
    wanted = training["optimizer_config"]
    assert type(model.optimizer).__name__ == wanted["class_name"].removeprefix("Custom>")
    rate = wanted["config"].get("learning_rate", wanted["config"].get("lr"))
    decay = wanted["config"].get("decay", 0)
    count = int(model.optimizer.iterations)
    assert float(model.optimizer.learning_rate) == pytest.approx(rate / (1 + decay * count), rel=1e-5)
    assert steps is None or count == steps > 0


def test_training_goes_on_as_in_keras_3(tmp_path):
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4, "tanh"), keras.layers.Dense(1)])
    model.compile(keras.optimizers.Adam(0.01), "mean_squared_error")
    x, y = np.random.default_rng(0).normal(size=(2, 8, 3)).astype("float32")
    model.fit(x, y[:, :1], epochs=2, verbose=0)
    model.save(tmp_path / "a.h5")
    ours = nn.models.load_model(tmp_path / "a.h5")
    for one in (ours, model):
        one.fit(x, y[:, :1], epochs=3, shuffle=False, verbose=0)
    for one, other in zip(ours.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)


@pytest.mark.skipif("k1_mlp.weights.h5" not in FILES, reason="the folder model_files is not here")
def test_weights_by_name_and_those_that_do_not_fit(folder):
    layers = [nn.Input((5,)), nn.layers.Dense(16, name="dense_7"), nn.layers.Dense(3, name="new")]
    model = nn.Sequential(layers)
    with pytest.raises(SavingError, match="by_name=True"):
        model.load_weights(folder / "k1_mlp.weights.h5")
    model.load_weights(folder / "k1_mlp.weights.h5", by_name=True)
    with h5py.File(folder / "k1_mlp.weights.h5") as file:
        np.testing.assert_array_equal(model.layers[0].get_weights()[0], file["dense_7/dense_7_W"])
    narrow = nn.Sequential([nn.Input((5,)), nn.layers.Dense(4, name="dense_7")])
    with pytest.raises(SavingError, match=r"\(5, 4\).*\(5, 16\)"):
        narrow.load_weights(folder / "k1_mlp.weights.h5", by_name=True)
    with pytest.warns(UserWarning, match=r"keeps 2 of its 2 weights"):
        narrow.load_weights(folder / "k1_mlp.weights.h5", by_name=True, skip_mismatch=True)


@pytest.mark.parametrize(
    ("version", "is_told"), [("2.2.4", True), ("2.1.6-tf", True), ("2.2.4-tf", False), ("2.3.1", False)]
)
def test_weights_alone_of_hard_gates_are_told(version, is_told, tmp_path, recwarn):
    model = nn.Sequential([nn.Input((5, 3)), nn.layers.LSTM(2, name="lstm")])
    model.save_weights(tmp_path / "a.h5")
    with h5py.File(tmp_path / "a.h5", "r+") as file:
        file.attrs["keras_version"] = version
    model.load_weights(tmp_path / "a.h5")
    assert [f"Keras {version}, whose gates were a hard sigmoid" in str(one.message) for one in recwarn] == (
        [True] * is_told
    )
    steep = nn.Sequential(
        [nn.Input((5, 3)), nn.layers.LSTM(2, recurrent_activation="steep_hard_sigmoid", name="lstm")]
    )
    steep.load_weights(tmp_path / "a.h5")
    assert len(recwarn) == is_told


def test_weights_of_keras_0_are_numbered(folder, tmp_path):
    model = nn.Sequential(
        [nn.Input((3,)), nn.layers.Dense(2), nn.layers.Activation("tanh"), nn.layers.Dense(1)]
    )
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.attrs["nb_layers"] = 3
        for number, arrays in enumerate([[np.ones((3, 2)), np.zeros(2)], [], [np.ones((2, 1)), np.ones(1)]]):
            group = file.create_group(f"layer_{number}")
            group.attrs["nb_params"] = len(arrays)
            for place, array in enumerate(arrays):
                group[f"param_{place}"] = array.astype("float32")
    model.load_weights(tmp_path / "a.h5")
    assert [float(weight.sum()) for weight in model.get_weights()] == [6, 0, 2, 1]


def test_descriptions_of_keras_0():
    dense = {"name": "Dense", "output_dim": 2, "input_shape": [3], "activation": "linear", "init": "uniform"}
    chain = {"name": "Sequential", "layers": [dense, {"name": "Dropout", "p": 0.5}], "loss": "mse"}
    model = nn.models.model_from_json(json.dumps(chain))
    assert [type(layer).__name__ for layer in model.layers] == ["Dense", "Dropout"]
    assert model.layers[1].rate == 0.5
    graph = {
        "name": "Graph",
        "input_config": [
            {"name": "a", "input_shape": [3], "dtype": "float"},
            {"name": "b", "input_shape": [3]},
        ],
        "node_config": [
            {"name": "one", "input": "a", "inputs": []},
            {"name": "two", "input": None, "inputs": ["one", "b"], "merge_mode": "concat", "concat_axis": -1},
        ],
        "nodes": {"one": dense, "two": {"name": "Dense", "output_dim": 4}},
        "output_config": [{"name": "out", "input": "two", "inputs": []}],
    }
    model = nn.models.model_from_json(json.dumps(graph))
    assert [weight.shape for weight in model.weights] == [(3, 2), (2,), (5, 4), (4,)]


def test_full_borders_become_zeros_around():
    options = {"nb_filter": 1, "nb_row": 2, "nb_col": 3, "border_mode": "full", "bias": False, "init": "one"}
    config = {"name": "c", "dim_ordering": "tf", "batch_input_shape": [None, 3, 3, 1], **options}
    layer = {"class_name": "Convolution2D", "config": config}
    text = json.dumps({"class_name": "Sequential", "config": [layer], "keras_version": "1.2.2"})
    counts = nn.models.model_from_json(text).predict(np.ones((1, 3, 3, 1)), verbose=0)[0, :, :, 0]
    np.testing.assert_array_equal(counts, np.outer([1, 2, 2, 1], [1, 2, 3, 2, 1]))
    with pytest.raises(SavingError, match=r"'c', Conv2DTranspose, has border_mode='full'"):
        nn.models.model_from_json(text.replace("Convolution2D", "Deconvolution2D"))


def test_code_of_older_files_is_never_run():
    layer = {"class_name": "Lambda", "config": {"name": "f", "function": ["4wEAAAA=", None, None]}}
    first = {"class_name": "Dense", "config": {"units": 2, "batch_input_shape": [None, 2], "name": "d"}}
    text = json.dumps({"class_name": "Sequential", "config": [first, layer], "keras_version": "2.3.1"})
    with pytest.raises(SavingError, match=r"custom_objects=.'f'"):
        nn.models.model_from_json(text)
    model = nn.models.model_from_json(text, custom_objects={"f": lambda x: x + 1})
    model.set_weights([np.zeros((2, 2)), np.zeros(2)])
    np.testing.assert_array_equal(model.predict(np.ones((1, 2)), verbose=0), [[1, 1]])


def test_what_is_not_to_be_had_says_so():
    node = {"class_name": "TFOpLambda", "config": {"name": "t", "function": "signal.stft"}, "name": "t"}
    entry = {"class_name": "InputLayer", "config": {"batch_input_shape": [None, 2], "name": "i"}, "name": "i"}
    config = {
        "name": "m",
        "layers": [{**entry, "inbound_nodes": []}, {**node, "inbound_nodes": [["i", 0, 0, {}]]}],
        "input_layers": [["i", 0, 0]],
        "output_layers": [["t", 0, 0]],
    }
    text = json.dumps({"class_name": "Functional", "config": config, "keras_version": "2.9.0"})
    with pytest.raises(SavingError, match=r"tf\.signal\.stft"):
        nn.models.model_from_json(text)
    merge = {
        "class_name": "BatchNormalization",
        "config": {"mode": 1, "batch_input_shape": [None, 2], "name": "b"},
    }
    text = json.dumps({"class_name": "Sequential", "config": [merge], "keras_version": "1.2.2"})
    with pytest.raises(SavingError, match=r"mode=1"):
        nn.models.model_from_json(text)
