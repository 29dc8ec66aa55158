"""Files travel between Neurona and Keras 3, in both directions, with equal predictions; and training goes on
after loading.
"""

import h5py
import keras
import numpy as np
import pytest

import neurona as nn
from neurona.core.errors import SavingError
from neurona.saving.weights import own_variables, parts_of_before, walk, write_group

rng = np.random.default_rng(0)
SEQUENCE = rng.normal(size=(12, 7, 4)).astype("float32")
IMAGES = rng.normal(size=(12, 10, 10, 3)).astype("float32")
X = SEQUENCE[:, 0]
TOKENS = rng.integers(0, 20, (12, 7)).astype("int32")


def dense(k):
    L = k.layers
    return k.Sequential(
        [
            k.Input((7, 4)),
            L.Flatten(),
            L.Dense(5, "relu", kernel_regularizer="l2"),
            L.Dropout(0.3),
            L.Dense(2),
        ]
    )


def image(k):
    L = k.layers
    return k.Sequential(
        [
            k.Input((10, 10, 3)),
            L.Rescaling(0.5),
            L.ZeroPadding2D(1),
            L.Conv2D(4, 3, strides=2, padding="same", activation="relu"),
            L.BatchNormalization(),
            L.SeparableConv2D(6, 3, padding="same"),
            L.LeakyReLU(0.1),
            L.MaxPooling2D(2),
            L.Conv2DTranspose(3, 3, strides=2),
            L.GlobalAveragePooling2D(),
            L.LayerNormalization(),
            L.Dense(2, "softmax"),
        ]
    )


def recurrent(k):
    L = k.layers
    x = inputs = k.Input((7,))
    x = L.Embedding(20, 6, mask_zero=True)(x)
    x = L.Bidirectional(L.LSTM(3, return_sequences=True))(x)
    x = L.TimeDistributed(L.Dense(4))(x)
    x = L.RNN(L.StackedRNNCells([L.GRUCell(3), L.SimpleRNNCell(2)]))(x)
    return k.Model(inputs, x)


def branched(k):
    L = k.layers
    a, b = k.Input((7, 4), name="a"), k.Input((4,), name="b")
    shared = L.Dense(5, activation="tanh", name="shared")
    attended = L.MultiHeadAttention(2, 3)(shared(a), shared(a))
    pooled = L.GlobalAveragePooling1D()(attended)
    joined = L.Concatenate()([pooled, shared(b) * 2.0 + 1.0])
    inner = k.Sequential([k.Input((10,)), L.Dense(6, "relu"), L.Dense(3)], name="inner")
    one = inner(joined)
    two = L.Add()([one, k.ops.sum(joined, axis=1, keepdims=True)])
    return k.Model([a, b], [one, two], name="branched")


CASES = {
    "dense": (dense, SEQUENCE, rng.normal(size=(12, 2))),
    "image": (image, IMAGES, rng.uniform(size=(12, 2))),
    "recurrent": (recurrent, TOKENS, rng.normal(size=(12, 2))),
    "branched": (branched, [SEQUENCE, SEQUENCE[:, 0]], [rng.normal(size=(12, 3)), rng.normal(size=(12, 3))]),
}


def trained(k, case, optimizer="adam"):
    build, x, y = CASES[case]
    model = build(k)
    model.compile(optimizer, "mse")
    model.fit(x, y, epochs=2, verbose=0)
    return model, x, y


def assert_same(a, b):
    for one, two in zip(a if isinstance(a, list) else [a], b if isinstance(b, list) else [b], strict=True):
        np.testing.assert_allclose(one, two, atol=2e-5)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize(
    ("writer", "reader"), [(nn, nn), (nn, keras), (keras, nn)], ids=["own", "to-keras", "from-keras"]
)
def test_a_whole_model_travels(case, writer, reader, tmp_path):
    model, x, y = trained(writer, case)
    path = tmp_path / "model.keras"
    model.save(path)
    loaded = reader.models.load_model(path)
    assert_same(loaded.predict(x, verbose=0), model.predict(x, verbose=0))
    # The optimizer's state came along: one more step leads to the same weights. Dropout draws differently, so
    # it is left out.
    if case != "dense":
        for one in (model, loaded):
            one.fit(x, y, epochs=1, shuffle=False, verbose=0)
        for a, b in zip(model.get_weights(), loaded.get_weights(), strict=True):
            np.testing.assert_allclose(a, b, atol=1e-4)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize(
    ("writer", "reader"), [(nn, nn), (nn, keras), (keras, nn)], ids=["own", "to-keras", "from-keras"]
)
def test_weights_travel(case, writer, reader, tmp_path):
    model, x, _ = trained(writer, case)
    path = tmp_path / "model.weights.h5"
    model.save_weights(path)
    other = CASES[case][0](reader)
    other.load_weights(path)
    assert_same(other.predict(x, verbose=0), model.predict(x, verbose=0))


@pytest.mark.parametrize("optimizer", ["sgd", "rmsprop", "adamw", "nadam", "adagrad", "lion", "ftrl"])
def test_every_optimizers_state_travels(optimizer, tmp_path):
    model, x, y = trained(keras, "recurrent", optimizer)
    model.save(tmp_path / "model.keras")
    loaded = nn.models.load_model(tmp_path / "model.keras")
    for one in (model, loaded):
        one.fit(x, y, epochs=2, shuffle=False, verbose=0)
    for a, b in zip(model.get_weights(), loaded.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, atol=2e-4)


def test_architecture_as_json(tmp_path):
    model = branched(nn)
    copy = nn.models.model_from_json(model.to_json())
    assert [layer.name for layer in copy.layers] == [layer.name for layer in model.layers]
    assert [w.shape for w in copy.weights] == [w.shape for w in model.weights]
    peer = keras.models.model_from_json(model.to_json())
    assert [w.shape for w in peer.weights] == [w.shape for w in model.weights]


def subclass(k):
    """A model whose parts Keras's files name in every way: by attribute, by property, and as its layers."""

    class Parts(k.Model):
        def __init__(self):
            super().__init__()
            self.zone, self._hidden, self._own = k.layers.Dense(2), k.layers.Dense(2), k.layers.Dense(2)
            self.block = k.Sequential([k.layers.Dense(3)])
            self.many, self.by_name = [k.layers.Dense(4)], {"b": k.layers.Dense(2), "a": k.layers.Dense(4)}

        @property
        def head(self):
            return self._own

        def call(self, x):
            for layer in (self.zone, self._hidden, *self.many, *self.by_name.values(), self.block, self.head):
                x = layer(x)
            return x

    model = Parts()
    model(X)
    return model


@pytest.mark.parametrize(("writer", "reader"), [(nn, keras), (keras, nn)], ids=["to-keras", "from-keras"])
def test_weights_of_a_subclassed_model_travel(writer, reader, tmp_path):
    model, other = subclass(writer), subclass(reader)
    model.save_weights(tmp_path / "model.weights.h5")
    other.load_weights(tmp_path / "model.weights.h5")
    assert_same(other(X), model(X))


def test_weights_that_lie_under_their_attributes_are_read(tmp_path):
    model, other = subclass(nn), subclass(nn)
    with h5py.File(tmp_path / "first.weights.h5", "w") as file:  # as Neurona's first versions wrote
        for path, layer in walk(model, parts_of_before):
            arrays = {str(index): one.numpy() for index, one in enumerate(own_variables(layer))}
            write_group(file, path, layer.name, arrays)
        assert "_own" in file
    other.load_weights(tmp_path / "first.weights.h5")
    assert_same(other(X), model(X))


def nested(k):
    """A model whose outputs are those of one inside, called twice; and parts that lie oddly in files."""
    L = k.layers
    a = k.Input((4,))
    inner = k.Model(a, L.SpectralNormalization(L.Dense(3))(a), name="inner")
    one, two = k.Input((4,), name="one"), k.Input((7, 4), name="two")
    attended = L.GroupQueryAttention(3, 4, 2)(two, two)
    gated = L.MultiHeadAttention(2, 3, use_gate=True)(attended, attended)
    second = inner(L.GlobalAveragePooling1D()(gated))
    return k.Model([one, two], [second, inner(one)], name="nested")


@pytest.mark.parametrize(("writer", "reader"), [(nn, keras), (keras, nn)], ids=["to-keras", "from-keras"])
def test_outputs_of_a_model_inside_travel(writer, reader, tmp_path):
    model = nested(writer)
    model.save(tmp_path / "nested.keras")
    loaded = reader.models.load_model(tmp_path / "nested.keras")
    assert_same(loaded([X, SEQUENCE]), model([X, SEQUENCE]))


def test_outputs_counted_from_0_as_by_first_versions_are_read():
    config = nested(nn).get_config()
    assert config["output_layers"] == [["inner", 1, 0], ["inner", 2, 0]]
    config["output_layers"] = [["inner", 0, 0], ["inner", 1, 0]]
    assert nn.Model.from_config(config).get_config()["output_layers"] == [["inner", 1, 0], ["inner", 2, 0]]


@pytest.mark.parametrize(
    ("name", "options"),
    [("a.h5", {"by_name": True}), ("a.h5", {}), ("a.weights.h5", {})],
    ids=["by name", "in places", "in groups"],
)
def test_weights_that_do_not_fit_are_left_out_as_in_keras(name, options, tmp_path):
    def build(k, inputs, last):
        inner = k.Sequential([k.Input((5,)), k.layers.Dense(3, name="inner")], name="block")
        return k.Sequential([k.Input((inputs,)), k.layers.Dense(5, name="first"), inner, *last])

    stored = build(keras, 4, [keras.layers.Dense(2, name="second"), keras.layers.Dense(2, name="third")])
    if name == "a.h5":
        stored.save(tmp_path / name)
    else:
        stored.save_weights(tmp_path / name)
    loaded = []
    for k in (keras, nn):
        # One kernel fits and one does not; the names of two layers are exchanged.
        last = [k.layers.Dense(2, name="third"), k.layers.Dense(2, name="second")]
        model = build(k, 3, last)
        model.set_weights([np.full(weight.shape, 7.0) for weight in model.get_weights()])
        with pytest.warns(UserWarning, match="shape|could not be loaded"):
            model.load_weights(tmp_path / name, skip_mismatch=True, **options)
        loaded.append(model.get_weights())
    for one, other in zip(*loaded, strict=True):
        np.testing.assert_array_equal(one, other)
    assert loaded[0][0][0, 0] == 7
    assert (loaded[0][1][0] == 0) == (name == "a.h5")


def test_a_file_of_other_layers_is_refused_even_if_weights_may_be_left_out(tmp_path):
    nn.Sequential([nn.Input((4,)), nn.layers.Dense(4), nn.layers.Dense(4)]).save_weights(tmp_path / "a.h5")
    model = nn.Sequential([nn.Input((4,)), nn.layers.Dense(4)])
    with pytest.raises(SavingError, match="has 1 layers with weights"):
        model.load_weights(tmp_path / "a.h5", skip_mismatch=True)
