"""Files that Neurona writes for older programs and other tools: `.h5`, `.npz`, `.safetensors`, folders, and
names of checkpoints.
"""

import keras
import numpy as np
import pytest

import neurona as nn
from neurona.core.errors import SavingError

X = np.random.default_rng(0).normal(size=(8, 6, 3)).astype("float32")
Y = np.random.default_rng(1).normal(size=(8, 2)).astype("float32")


def small():
    layers = [nn.Input((6, 3)), nn.layers.Conv1D(4, 3), nn.layers.BatchNormalization(), nn.layers.LSTM(3)]
    return nn.Sequential([*layers, nn.layers.Dropout(0.5), nn.layers.Dense(2, kernel_regularizer="l2")])


@pytest.fixture(scope="module")
def trained():
    model = small()
    model.compile(nn.optimizers.Adam(0.01), "mse", metrics=["mae"])
    model.fit(X, Y, epochs=2, verbose=0)
    return model, model.predict(X, verbose=0)


def test_a_model_comes_back_from_hdf5_with_its_optimizer(trained, tmp_path):
    model, y = trained
    model.save(tmp_path / "a.h5")
    loaded = nn.models.load_model(tmp_path / "a.h5")
    np.testing.assert_array_equal(loaded.predict(X, verbose=0), y)
    assert loaded.get_compile_config()["metrics"] == ["mean_absolute_error"]
    for one, other in zip(loaded.optimizer._state_list(), model.optimizer._state_list(), strict=True):
        np.testing.assert_array_equal(one, other)
    model.save(tmp_path / "b.hdf5", include_optimizer=False)
    assert nn.models.load_model(tmp_path / "b.hdf5").optimizer is None


@pytest.mark.parametrize("name", ["keras", "tf_keras"])
def test_keras_reads_models_and_weights_from_hdf5(name, trained, tmp_path):
    library = pytest.importorskip(name)
    model, y = trained
    model.save(tmp_path / "a.h5")
    model.save_weights(tmp_path / "a.hdf5")
    loaded = library.models.load_model(tmp_path / "a.h5")
    np.testing.assert_allclose(loaded.predict(X, verbose=0), y, atol=1e-6)
    if name == "tf_keras":
        loaded.load_weights(str(tmp_path / "a.hdf5"))
        assert int(loaded.optimizer.iterations) == 2


@pytest.mark.parametrize("name", ["Ftrl", "Nadam"])
def test_states_that_tf_keras_keeps_in_its_own_order_come_back(name, tmp_path):
    model = nn.Sequential([nn.Input((3,)), nn.layers.Dense(3), nn.layers.Dense(3)])
    model.compile(getattr(nn.optimizers, name)(0.01), "mse")
    model.fit(X[:, 0], X[:, 1], epochs=2, verbose=0)
    model.save(tmp_path / "a.h5")
    loaded = nn.models.load_model(tmp_path / "a.h5")
    for one, other in zip(loaded.optimizer._state_list(), model.optimizer._state_list(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-6)


def test_graphs_travel_in_hdf5(tmp_path):
    L = nn.layers
    a, b = nn.Input((4,), name="a"), nn.Input((4,), name="b")
    inner = nn.Sequential([nn.Input((4,)), L.Dense(3, "tanh"), L.BatchNormalization()], name="inner")
    x = L.Concatenate()([inner(a), inner(b), L.Dot(1)([a, b])])
    model = nn.Model([a, b], [L.Dense(2)(x), L.Subtract()([a, b])])
    model.save(tmp_path / "a.h5")
    loaded = nn.models.load_model(tmp_path / "a.h5")
    data = [X[:, 0], X[:, 1]]
    data = [np.concatenate([one, one[:, :1]], 1) for one in data]
    for one, other in zip(loaded.predict(data, verbose=0), model.predict(data, verbose=0)):
        np.testing.assert_array_equal(one, other)


def test_what_hdf5_has_no_form_for_is_refused(tmp_path):
    x = nn.Input((3,))
    for model, message in [
        (nn.Model(x, nn.ops.flip(x, axis=1)), "operation Flip"),
        (nn.Sequential([nn.Input((3,)), nn.layers.Dense(2, "hard_sigmoid")]), "steeper"),
    ]:
        with pytest.raises(SavingError, match=message):
            model.save(tmp_path / "a.h5")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "name", ["a.npz", "a.safetensors", "a.h5", "a.hdf5", "a.weights.h5", "cp-0001.ckpt", "a", "a.05"]
)
def test_weights_come_back(name, trained, tmp_path):
    model, _ = trained
    model.save_weights(tmp_path / name)
    other = small()
    other.load_weights(tmp_path / name)
    for one, two in zip(model.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(one, two)
    if "ckpt" in name:
        assert nn.saving.latest_checkpoint(tmp_path) == str(tmp_path / name)


def test_arrays_have_the_names_of_the_weights(trained, tmp_path):
    safetensors = pytest.importorskip("safetensors.numpy")
    trained[0].save_weights(tmp_path / "a.safetensors")
    arrays = safetensors.load_file(tmp_path / "a.safetensors")
    assert list(arrays) == [weight.path for weight in trained[0].weights]


def test_arrays_of_other_weights_are_refused(trained, tmp_path):
    trained[0].save_weights(tmp_path / "a.npz")
    other = nn.Sequential([nn.Input((3,)), nn.layers.Dense(2)])
    with pytest.raises(SavingError, match="Missing in the file"):
        other.load_weights(tmp_path / "a.npz")
    np.savez(tmp_path / "b.npz", kernel=np.ones((3, 2)), bias=np.ones(2))  # in their order
    other.load_weights(tmp_path / "b.npz")
    assert float(other.get_weights()[0].sum()) == 6


def test_a_name_without_an_ending_is_a_folder(trained, tmp_path):
    model, y = trained
    with pytest.warns(UserWarning, match="SavedModel"):
        model.save(tmp_path / "model")
    np.testing.assert_array_equal(nn.models.load_model(tmp_path / "model").predict(X, verbose=0), y)
    (tmp_path / "other").mkdir()
    with pytest.raises(SavingError, match="without a model"):
        nn.models.load_model(tmp_path / "other")
    (tmp_path / "other" / "saved_model.pb").write_bytes(b"")
    with pytest.raises(SavingError, match="only TensorFlow runs"):
        nn.models.load_model(tmp_path / "other")
    (tmp_path / "cp.ckpt.index").write_bytes(b"")
    with pytest.raises(SavingError, match="no table of a checkpoint"):
        model.load_weights(tmp_path / "cp.ckpt")


def test_checkpoints_of_older_programs(trained, tmp_path):
    model = small()
    model.compile("sgd", "mse")
    path = tmp_path / "weights.{epoch:02d}-{val_loss:.2f}.hdf5"
    model.fit(
        X, Y, validation_data=(X, Y), epochs=2, verbose=0, callbacks=[nn.callbacks.ModelCheckpoint(path)]
    )
    files = sorted(tmp_path.iterdir())
    assert [file.name[:11] for file in files] == ["weights.01-", "weights.02-"]
    other = small()
    other.load_weights(files[-1])  # of a whole model
    for one, two in zip(model.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(one, two)


def test_functional_models_in_others_travel_to_keras(tmp_path):
    def build(k):
        x, y = k.Input((3,)), k.Input((3,))
        inner = k.Model(x, k.layers.Dense(2)(x))
        return k.Model(y, k.layers.Dense(1)(inner(y)))

    for writer, reader in ((nn, keras), (keras, nn)):
        model = build(writer)
        model.save(tmp_path / "a.keras")
        loaded = reader.models.load_model(tmp_path / "a.keras")
        data = X[:, 0]
        np.testing.assert_allclose(loaded.predict(data, verbose=0), model.predict(data, verbose=0), atol=1e-6)
