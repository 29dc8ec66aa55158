"""Files for tf-keras 2: `.keras`, `.weights.h5` and JSON in its own layout, against files that it wrote and,
where it is installed, against itself.
"""

import io
import json
import zipfile

import h5py
import numpy as np
import pytest

import neurona as nn
from neurona.core.errors import SavingError
from tests.saving.test_ages import KERAS, folder  # noqa: F401  # the folder is a fixture

X = np.random.default_rng(0).normal(size=(8, 6, 4)).astype("float32")
Y = np.random.default_rng(1).normal(size=(8, 2)).astype("float32")
L = nn.layers


def arrays_of(path):
    """The arrays of weights in a `.keras` file, by their paths."""
    found = {}
    with zipfile.ZipFile(path) as archive, h5py.File(io.BytesIO(archive.read("model.weights.h5"))) as file:
        file.visititems(
            lambda name, one: found.update({name: one[()]}) if isinstance(one, h5py.Dataset) else None
        )
    return found


@pytest.mark.parametrize("name", [name for name in KERAS if name.startswith("tfk_")])
def test_arrays_lie_where_tf_keras_puts_them(name, folder, tmp_path):  # noqa: F811
    model = nn.models.load_model(folder / f"{name}.keras")
    model.save(tmp_path / "a.keras", save_format="tf_keras")
    ours, theirs = arrays_of(tmp_path / "a.keras"), arrays_of(folder / f"{name}.keras")
    assert set(ours) == {path for path in theirs if not path.startswith("metrics/")}
    for path, array in ours.items():
        np.testing.assert_array_equal(array, theirs[path])
        assert array.dtype == theirs[path].dtype


def attentive(k):
    layers = k.layers
    inputs = k.Input((6, 4))
    attended = layers.MultiHeadAttention(2, 3)(query=inputs, value=inputs)
    inner = k.Sequential([k.Input((4,)), layers.Dense(3, "tanh"), layers.BatchNormalization()], name="inner")
    x = layers.Bidirectional(layers.GRU(3))(layers.LayerNormalization()(attended))
    x = layers.Concatenate()([inner(layers.GlobalAveragePooling1D()(inputs)), x])
    return k.Model(inputs, layers.Dense(2)(x))


@pytest.fixture(scope="module")
def trained():
    model = attentive(nn)
    model.compile(nn.optimizers.AdamW(0.01, use_ema=True), nn.losses.Huber(), metrics=["mae"])
    model.fit(X, Y, epochs=2, verbose=0)
    return model


@pytest.mark.parametrize("name", ["a.keras", "a.h5"])
def test_what_is_written_for_tf_keras_is_read_here(name, trained, tmp_path):
    trained.save(tmp_path / name, save_format="tf_keras")
    loaded = nn.models.load_model(tmp_path / name)
    np.testing.assert_array_equal(loaded.predict(X, verbose=0), trained.predict(X, verbose=0))
    for one, other in zip(loaded.optimizer._state_list(), trained.optimizer._state_list(), strict=True):
        np.testing.assert_array_equal(one, other)
    if name == "a.keras":
        with zipfile.ZipFile(tmp_path / name) as archive:
            assert json.loads(archive.read("metadata.json"))["keras_version"].startswith("2.")
    text = trained.to_json(save_format="tf_keras")
    again = nn.models.model_from_json(text)
    assert [one.shape for one in again.weights] == [one.shape for one in trained.weights]


@pytest.mark.parametrize("name", ["a.keras", "a.h5"])
def test_training_goes_on_in_tf_keras(name, trained, tmp_path):
    tf_keras = pytest.importorskip("tf_keras")
    trained.save(tmp_path / name, save_format="tf_keras")
    trained.save_weights(tmp_path / "a.weights.h5", save_format="tf_keras")
    ours, theirs = nn.models.load_model(tmp_path / name), tf_keras.models.load_model(tmp_path / name)
    for model in (ours, theirs):
        model.fit(X, Y, epochs=2, shuffle=False, verbose=0)
    np.testing.assert_allclose(ours.predict(X, verbose=0), theirs.predict(X, verbose=0), atol=1e-5)
    theirs.load_weights(tmp_path / "a.weights.h5")
    np.testing.assert_allclose(trained.predict(X, verbose=0), theirs.predict(X, verbose=0), atol=1e-5)
    assert len(tf_keras.models.model_from_json(trained.to_json(save_format="tf_keras")).weights) == len(
        trained.weights
    )


@pytest.mark.parametrize(
    ("optimizer", "message"),
    [
        (nn.optimizers.Lamb(), "no optimizer Lamb"),
        (nn.optimizers.SGD(gradient_accumulation_steps=2), "no gradient_accumulation_steps"),
    ],
)
def test_what_tf_keras_can_not_train_with_is_refused(optimizer, message, tmp_path):
    model = nn.Sequential([nn.Input((3,)), L.Dense(2)])
    model.compile(optimizer, "mse")
    for name in ("a.h5", "a.keras"):
        with pytest.raises(SavingError, match=message):
            model.save(tmp_path / name, save_format="tf_keras")
        model.save(tmp_path / name, save_format="tf_keras", include_optimizer=False)


def test_other_forms_are_refused():
    with pytest.raises(SavingError, match="'keras' or 'tf_keras'"):
        nn.Sequential([nn.Input((3,)), L.Dense(2)]).to_json(save_format="yaml")


@pytest.mark.parametrize(
    ("name", "option"), [("LSTM", "time_major"), ("BatchNormalization", "virtual_batch_size")]
)
def test_options_that_change_what_a_layer_computes_are_refused(name, option):
    config = {"name": "one", "batch_input_shape": [4, 4, 4], "units": 2, option: 4}
    layer = {"class_name": name, "config": config}
    text = json.dumps({"class_name": "Sequential", "config": [layer], "keras_version": "2.15.0"})
    with pytest.raises(SavingError, match=f"'one' is a {name} with {option}=4"):
        nn.models.model_from_json(text)


def test_slashes_in_names_are_read(tmp_path):
    inputs = {"class_name": "InputLayer", "config": {"batch_input_shape": [None, 3], "name": "in/put"}}
    dense = {"class_name": "Dense", "config": {"units": 2, "name": "block/out"}}
    config = {
        "name": "m",
        "layers": [
            {**inputs, "name": "in/put", "inbound_nodes": []},
            {**dense, "name": "block/out", "inbound_nodes": [[["in/put", 0, 0, {}]]]},
        ],
        "input_layers": [["in/put", 0, 0]],
        "output_layers": [["block/out", 0, 0]],
    }
    text = {"class_name": "Functional", "config": config, "keras_version": "2.15.0"}
    kernel = np.arange(6.0, dtype="float32").reshape(3, 2)
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.attrs["model_config"], file.attrs["keras_version"] = json.dumps(text), "2.15.0"
        compiled = {"loss": {"block/out": "mse"}, "optimizer_config": {"class_name": "SGD", "config": {}}}
        file.attrs["training_config"] = json.dumps(compiled)
        weights = file.create_group("model_weights")
        weights.attrs["layer_names"] = [b"in/put", b"block/out"]
        for name, arrays in (("in/put", {}), ("block/out", {"k:0": kernel, "b:0": np.ones(2, "float32")})):
            group = weights.create_group(name)
            group.attrs["weight_names"] = np.asarray([one.encode() for one in arrays], "S3")
            for key, array in arrays.items():
                group[key] = array
    model = nn.models.load_model(tmp_path / "a.h5")
    assert [layer.name for layer in model.layers] == ["in_put", "block_out"]
    np.testing.assert_array_equal(model.predict(np.eye(3), verbose=0), kernel + 1)
    model.fit(np.eye(3), np.ones((3, 2)), verbose=0)


def test_adapted_bins_come_from_the_quantiles_that_tf_keras_keeps():
    layer, other = L.Discretization(num_bins=2), L.Discretization(num_bins=2)
    inputs = nn.Input((3,))
    nn.Model(inputs, layer(inputs))  # their number is known before their boundaries
    layer.load_own_variables({"0": np.array([[1, 2, 3, 4], [1, 1, 1, 1]], "float32")})
    other.adapt(np.array([1.0, 2, 3, 4]))
    np.testing.assert_array_equal(layer.bin_boundaries, other.bin_boundaries)
    with pytest.raises(nn.errors.ShapeError, match=r"\(2, n\).*\(4,\)"):
        layer.load_own_variables({"0": np.ones(4)})


@pytest.mark.parametrize("save_format", [None, "tf_keras"])
@pytest.mark.parametrize("kind", ["StringLookup", "TextVectorization"])
def test_weights_of_tf_idf_travel(kind, save_format, tmp_path):
    layer = getattr(L, kind)(output_mode="tf_idf")
    layer.adapt(np.array([["a"], ["b"], ["a"], ["c"]]))
    model = nn.Sequential([nn.Input((1,), dtype="string"), layer, L.Dense(2)])
    data = np.array([["a"], ["c"], ["z"]])
    before = model.predict(data, verbose=0)
    model.save(tmp_path / "a.keras", save_format=save_format)
    loaded = nn.models.load_model(tmp_path / "a.keras")
    np.testing.assert_allclose(loaded.predict(data, verbose=0), before, atol=1e-6)


def triple(y, p):
    return 3 * (y - p) ** 2


@pytest.mark.parametrize("name", ["a.keras", "a.h5"])
@pytest.mark.parametrize(
    "make",
    [
        lambda: nn.optimizers.SGD(0.1, use_ema=True),
        lambda: nn.optimizers.Adafactor(0.1),
        lambda: nn.optimizers.LossScaleOptimizer(nn.optimizers.Adam(0.01)),
    ],
    ids=["SGD", "Adafactor", "LossScaleOptimizer"],
)
def test_states_that_tf_keras_keeps_otherwise_come_back(make, name, tmp_path):
    model = nn.Sequential([nn.Input((4,)), L.Dense(3), L.Dense(2)])
    model.compile(make(), triple)
    model.fit(X[:, 0], Y, epochs=2, verbose=0)
    model.save(tmp_path / name, save_format="tf_keras")
    loaded = nn.models.load_model(tmp_path / name, custom_objects={"triple": triple})
    for one in (model, loaded):
        one.fit(X[:, 0], Y, epochs=1, shuffle=False, verbose=0)
    for one, other in zip(loaded.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)


def test_what_tf_keras_orders_or_names_otherwise_is_refused():
    a, b = nn.Input((6, 4)), nn.Input((6, 4))
    one, two = L.Dense(4)(a), L.Dense(4)(b)
    model = nn.Model([a, b], L.MultiHeadAttention(1, 2)(query=one, value=two))
    spaced = nn.Sequential([nn.Input((3,)), L.Dense(2, name="a b")])
    resized = nn.Sequential([nn.Input((8, 8, 3)), L.Resizing(4, 4, antialias=True)])
    for wrong, message in ((model, "by position"), (spaced, "'a b'"), (resized, "antialias=True")):
        with pytest.raises(SavingError, match=message):
            wrong.to_json(save_format="tf_keras")


class Enc(nn.Model):  # files name the layers in a list after their classes
    def __init__(self, units):
        super().__init__(name="enc")
        self.dense1, self.dense2 = L.Dense(units, activation="relu"), L.Dense(2)
        self.lstm = L.Bidirectional(L.LSTM(3))

    def call(self, x):
        return self.dense2(self.dense1(self.lstm(x)))


class Autoencoder(nn.Model):
    def __init__(self):
        super().__init__()
        self.encoder = Enc(5)
        self.decoder = nn.Sequential([L.Dense(4, input_shape=(2,)), L.Reshape((2, 2))])
        self.k = nn.Variable(2.0)

    def call(self, x):
        return self.decoder(self.encoder(x)) * self.k


@pytest.mark.parametrize("ending", ["h5", "weights.h5"])
def test_weights_of_subclassed_models_of_tf_keras(ending, folder):  # noqa: F811
    x = np.random.RandomState(0)
    x.randint(0, 7, (2, 5))
    x = x.rand(2, 4, 3).astype("float32")
    model = Autoencoder()
    model(x)
    model.load_weights(folder / f"subclassed.{ending}")
    np.testing.assert_allclose(model(x), np.load(folder / "subclassed.npy"), atol=1e-6)
