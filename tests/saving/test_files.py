"""Writing is whole or not at all; reading builds registered classes, runs no code, and says what is wrong
with a file.
"""

import json
import os
import zipfile
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest

import neurona as nn
from neurona import ops
from neurona.core.errors import NotBuiltError, SavingError

X = np.ones((4, 3), "float32")


def small():
    return nn.Sequential([nn.Input((3,)), nn.layers.Dense(2, name="out")])


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "model.keras"
    model = small()
    model.save(path)
    before = path.read_bytes()
    broken = nn.Sequential([nn.Input((3,)), nn.layers.Lambda(lambda x: x + 1)])
    with pytest.raises(SavingError, match="lambda"):
        broken.save(path)
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["model.keras"]


def test_an_older_file_is_kept_if_asked(tmp_path):
    small().save(tmp_path / "model.keras")
    with pytest.raises(SavingError, match="exists already"):
        small().save(tmp_path / "model.keras", overwrite=False)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("model.json", "to_json"),
        ("model.yaml", "could run code"),
        ("model.pkl", "pickle"),
        ("a.weights.h5", "save_weights"),
        ("model.npz", "save_weights"),
    ],
)
def test_other_endings_are_refused(name, message, tmp_path):
    with pytest.raises(SavingError, match=message):
        small().save(tmp_path / name)


def test_weights_files_have_their_ending(tmp_path):
    for name in ("model.pkl", "model.keras", "model.pth"):
        with pytest.raises(SavingError, match=r"something\.weights\.h5"):
            small().save_weights(tmp_path / name)


def test_a_model_without_weights_is_saved_as_an_architecture_and_told(tmp_path):
    with pytest.warns(UserWarning, match="architecture alone"):
        nn.Sequential([nn.layers.Dense(2)]).save(tmp_path / "model.keras")
    loaded = nn.models.load_model(tmp_path / "model.keras")
    assert loaded.predict(X, verbose=0).shape == (4, 2)
    with pytest.raises(NotBuiltError, match="no weights yet"):
        nn.Sequential([nn.layers.Dense(2)]).save_weights(tmp_path / "a.weights.h5")
    with pytest.raises(SavingError, match="one file, not as a folder"):
        small().save(tmp_path / "b.keras", zipped=False)


def test_missing_and_damaged_files(tmp_path):
    with pytest.raises(SavingError, match="no file"):
        nn.models.load_model(tmp_path / "absent.keras")
    (tmp_path / "text.keras").write_text("hello")
    with pytest.raises(SavingError, match="damaged"):
        nn.models.load_model(tmp_path / "text.keras")
    small().save(tmp_path / "model.keras")
    whole = (tmp_path / "model.keras").read_bytes()
    (tmp_path / "half.keras").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(SavingError, match="damaged"):
        nn.models.load_model(tmp_path / "half.keras")


def rewritten(path, change):
    """A copy of a saved model whose description was changed."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    config = json.loads(parts["config.json"])
    change(config)
    parts["config.json"] = json.dumps(config).encode()
    target = path.with_name("changed.keras")
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return target


def test_classes_that_are_not_registered_are_refused(tmp_path):
    small().save(tmp_path / "model.keras")

    def change(config):
        config["config"]["layers"][1].update(
            module="os", class_name="system", registered_name="system", config={"command": "true"}
        )

    with pytest.raises(SavingError, match="not a registered class"):
        nn.models.load_model(rewritten(tmp_path / "model.keras", change))


def test_code_in_a_file_is_not_run(tmp_path):
    model = keras.Sequential([keras.Input((3,)), keras.layers.Lambda(lambda x: x + 1, output_shape=(3,))])
    model.save(tmp_path / "lambda.keras")
    with pytest.raises(SavingError, match="never runs code"):
        nn.models.load_model(tmp_path / "lambda.keras")


def test_links_to_other_files_are_not_followed(tmp_path):
    model = small()
    model.save_weights(tmp_path / "a.weights.h5")
    with h5py.File(tmp_path / "a.weights.h5", "a") as file:
        del file["layers/dense/vars/0"]
        file["layers/dense/vars/0"] = h5py.ExternalLink("other.h5", "/secret")
    with pytest.raises(SavingError, match="link"):
        model.load_weights(tmp_path / "a.weights.h5")


def test_weights_that_do_not_fit_change_nothing(tmp_path):
    wide = nn.Sequential([nn.Input((3,)), nn.layers.Dense(2), nn.layers.Dense(5)])
    wide.save_weights(tmp_path / "wide.weights.h5")
    model = nn.Sequential([nn.Input((3,)), nn.layers.Dense(2), nn.layers.Dense(4)])
    before = model.get_weights()
    with pytest.raises(SavingError, match=r"\(2, 4\).*\(2, 5\)"):
        model.load_weights(tmp_path / "wide.weights.h5")
    for a, b in zip(before, model.get_weights()):
        np.testing.assert_array_equal(a, b)
    model.load_weights(tmp_path / "wide.weights.h5", skip_mismatch=True)
    np.testing.assert_array_equal(model.get_weights()[0], wide.get_weights()[0])


@nn.saving.register_keras_serializable(package="tests")
class Scale(nn.layers.Layer):
    def __init__(self, factor=2.0, **kwargs):
        super().__init__(**kwargs)
        self.factor = factor

    def build(self, input_shape):
        self.offset = self.add_weight((input_shape[-1],), "ones", name="offset")

    def call(self, x):
        return x * self.factor + self.offset.value


@nn.saving.register_keras_serializable(package="tests")
class Net(nn.Model):
    def __init__(self, width=4, **kwargs):
        super().__init__(**kwargs)
        self.width = width
        self.hidden = nn.layers.Dense(width, activation="relu")
        self.blocks = [Scale(3.0), nn.layers.Dense(2)]

    def call(self, x):
        x = self.hidden(x)
        for block in self.blocks:
            x = block(x)
        return x


def test_classes_of_ones_own_are_saved_when_registered(tmp_path):
    model = Net(5)
    model.compile("adam", "mse")
    model.fit(X, np.ones((4, 2)), verbose=0)
    model.save(tmp_path / "net.keras")
    loaded = nn.models.load_model(tmp_path / "net.keras")
    assert (type(loaded), loaded.width, loaded.blocks[0].factor) == (Net, 5, 3.0)
    np.testing.assert_allclose(loaded.predict(X, verbose=0), model.predict(X, verbose=0), atol=1e-6)


@pytest.mark.parametrize("name", ["model.keras", "model.h5"])
def test_losses_and_metrics_of_ones_own_last_beyond_loading(tmp_path, name):
    def tripled(y_true, y_pred):
        return 3 * ops.mean(ops.abs(y_true - y_pred), axis=-1)

    model = nn.Sequential([nn.Input((2,)), nn.layers.Dense(1)])
    model.compile("sgd", tripled, metrics=[tripled])
    x, y = np.ones((4, 2)), np.zeros((4, 1))
    expected = model.evaluate(x, y, verbose=0)
    model.save(tmp_path / name)
    loaded = nn.models.load_model(tmp_path / name, custom_objects={"tripled": tripled})
    np.testing.assert_allclose(loaded.evaluate(x, y, verbose=0), expected, rtol=1e-6)


def test_custom_objects_by_name(tmp_path):
    class Unregistered(nn.layers.Layer):
        def call(self, x):
            return -x

    model = nn.Sequential([nn.Input((3,)), Unregistered()])
    model.save(tmp_path / "model.keras")
    with pytest.raises(SavingError, match="custom_objects"):
        nn.models.load_model(tmp_path / "model.keras")
    loaded = nn.models.load_model(tmp_path / "model.keras", custom_objects={"Unregistered": Unregistered})
    np.testing.assert_array_equal(loaded.predict(X, verbose=0), -X)


def test_constructors_need_not_take_what_every_layer_has(tmp_path):
    class Doubled(nn.layers.Layer):
        def __init__(self):
            super().__init__(name="twice")

        def call(self, x):
            return 2 * x

    class Plain(nn.Model):
        def __init__(self, units):
            super().__init__(name="plain")
            self.parts = [nn.layers.Dense(units), Doubled()]

        def call(self, x):
            return self.parts[1](self.parts[0](x))

    for model in (Plain(2), nn.Sequential([nn.Input((3,)), Doubled()])):
        expected = model.predict(X, verbose=0)
        model.layers[-1].trainable = False
        model.save(tmp_path / "model.keras")
        loaded = nn.models.load_model(tmp_path / "model.keras", {"Plain": Plain, "Doubled": Doubled})
        assert (loaded.name, loaded.layers[-1].name) == (model.name, "twice")
        np.testing.assert_array_equal(loaded.predict(X, verbose=0), expected)
    assert not loaded.layers[-1].trainable


def test_precisions_survive(tmp_path):
    model = nn.Sequential(
        [nn.Input((3,)), nn.layers.Dense(2, dtype="mixed_bfloat16"), nn.layers.Dense(2, dtype="bfloat16")]
    )
    model.save(tmp_path / "model.keras")
    loaded = nn.models.load_model(tmp_path / "model.keras")
    assert [weight.dtype for weight in loaded.weights] == ["float32", "float32", "bfloat16", "bfloat16"]
    for a, b in zip(loaded.get_weights(), model.get_weights()):
        np.testing.assert_array_equal(a.astype("float32"), b.astype("float32"))


def test_vocabularies_travel_in_the_file(tmp_path):
    class Reader(nn.layers.Layer):  # a layer with a file of its own, as Keras's vocabularies are kept
        words = ()

        def call(self, x):
            return x

        def save_assets(self, folder):
            (Path(folder) / "words.txt").write_text("\n".join(self.words))

        def load_assets(self, folder):
            self.words = tuple((Path(folder) / "words.txt").read_text().split("\n"))

    reader = Reader(name="reader")
    reader.words = ("perro", "gato")
    nn.Sequential([nn.Input((3,)), reader]).save(tmp_path / "model.keras")
    with zipfile.ZipFile(tmp_path / "model.keras") as archive:
        assert "assets/layers/reader/words.txt" in archive.namelist()
    loaded = nn.models.load_model(tmp_path / "model.keras", custom_objects={"Reader": Reader})
    assert loaded.layers[0].words == ("perro", "gato")


@nn.saving.register_keras_serializable(package="tests")
class Counter(nn.layers.Layer):
    """A layer that says itself what is written of it."""

    def build(self, input_shape):
        self.count = self.add_weight((), "zeros", trainable=False, name="count")

    def call(self, x):
        return x + self.count.value

    def save_own_variables(self, store):
        store["doubled"] = 2 * self.count.numpy()

    def load_own_variables(self, store):
        if "doubled" not in store:
            raise KeyError("doubled")
        self.count.assign(store["doubled"] / 2)


def test_a_layer_says_itself_what_is_written_of_its_variables(tmp_path):
    model = nn.Sequential([nn.Input((3,)), nn.layers.Dense(3), Counter()])
    model.layers[1].count.assign(7.0)
    model.save(tmp_path / "a.keras")
    loaded = nn.models.load_model(tmp_path / "a.keras")
    np.testing.assert_array_equal(loaded.get_weights()[-1], 7)
    model.save_weights(tmp_path / "a.weights.h5")
    with h5py.File(tmp_path / "a.weights.h5", "r+") as file:
        assert file["layers/counter/vars/doubled"][()] == 14
        file.move("layers/counter/vars/doubled", "layers/counter/vars/other")
    before = loaded.layers[0].get_weights()
    model.layers[0].set_weights([np.ones((3, 3)), np.ones(3)])
    with pytest.raises(SavingError, match="doubled"):
        loaded.load_weights(tmp_path / "a.weights.h5")
    for a, b in zip(before, loaded.layers[0].get_weights()):  # what is refused changes nothing
        np.testing.assert_array_equal(a, b)


@nn.saving.register_keras_serializable(package="tests")
def tripled(x):
    return 3 * x


def plain(x):
    return -x


@pytest.mark.parametrize(("function", "name"), [(tripled, "tests>tripled"), (plain, "plain")])
def test_functions_are_written_by_the_key_under_which_they_are_registered(function, name):
    # Keras 3.15.1 writes the same.
    described = {
        "module": "builtins",
        "class_name": "function",
        "config": name,
        "registered_name": "function",
    }
    assert nn.saving.serialize_keras_object(function) == described
    assert nn.saving.get_registered_name(function) == name
    again = nn.utils.deserialize_keras_object(
        config=described, custom_objects={function.__name__: function}, safe_mode=True
    )
    assert again is function
    assert nn.utils.get_custom_objects()["tests>tripled"] is tripled
    with nn.utils.CustomObjectScope(None):
        assert nn.layers.Dense(2, activation=function).get_config()["activation"] == described


def test_custom_objects_reach_every_layer_of_a_description():
    class Negative(nn.layers.Layer):
        def call(self, x):
            return -x

    x = nn.Input((3,))
    for model in (nn.Model(x, Negative()(x)), nn.Sequential([nn.Input((3,)), Negative()])):
        with pytest.raises(SavingError, match="custom_objects"):
            type(model).from_config(model.get_config())
        again = type(model).from_config(model.get_config(), custom_objects={"Negative": Negative})
        np.testing.assert_array_equal(again(X), -X)


def test_a_description_draws_the_first_values_that_the_program_draws():
    def drawn(make):
        nn.utils.set_random_seed(3)
        return make().get_weights()

    text = small().to_json()
    for a, b in zip(drawn(small), drawn(lambda: nn.models.model_from_json(text))):
        np.testing.assert_array_equal(a, b)


def test_more_than_the_budget_allows_is_read_when_it_is_raised(tmp_path):
    text = nn.Sequential([nn.Input((100,)), nn.layers.Dense(200)]).to_json()
    with nn.saving.Budget(memory=1000), pytest.raises(SavingError, match="Budget"):
        nn.models.model_from_json(text)
    model = nn.models.model_from_json(text)
    model.save(tmp_path / "a.keras")
    with pytest.raises(SavingError, match=r"a\.keras.*Budget"):
        nn.models.load_model(tmp_path / "a.keras", budget=nn.saving.Budget(members=3))
    with nn.saving.Budget(members=3):
        nn.models.load_model(tmp_path / "a.keras", budget=nn.saving.Budget())
