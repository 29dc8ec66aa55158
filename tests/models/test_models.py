"""Sequential, functional, subclassed and nested models: what they own, what they print, and how they are
copied.
"""

import io
from contextlib import redirect_stdout

import keras
import numpy as np
import pytest

import neurona as nn

L = nn.layers
X = np.random.default_rng(0).normal(size=(5, 4)).astype("float32")


def printed(function):
    stream = io.StringIO()
    with redirect_stdout(stream):
        function()
    return stream.getvalue()


class TestSequential:
    def test_deferred_build(self):
        model = nn.Sequential([L.Dense(3), L.Dense(2)])
        assert not model.built
        assert model(X).shape == (5, 2)
        assert model.output_shape == (None, 2)
        assert [v.path.split("/", 1)[1] for v in model.weights] == [
            f"{layer.name}/{part}" for layer in model.layers for part in ("kernel", "bias")
        ]

    def test_add_and_pop(self):
        model = nn.Sequential()
        model.add(nn.Input((4,)))
        model.add(L.Dense(3))
        model.add(L.Dense(2))
        assert model.count_params() == 4 * 3 + 3 + 3 * 2 + 2
        assert isinstance(model.pop(), L.Dense)
        assert model.output_shape == (None, 3)
        assert model.predict(X, verbose=0).shape == (5, 3)

    def test_a_model_as_first_layer(self):
        inner = nn.Sequential([nn.Input((4,)), L.Dense(3)])
        model = nn.Sequential([inner, L.Dense(2)])
        assert model.built
        np.testing.assert_allclose(model(X), model.layers[1](inner(X)), rtol=1e-6)

    def test_freezing_reaches_the_parts_and_keeps_the_order(self):
        model = nn.Sequential([nn.Input((4,)), L.Dense(3), L.BatchNormalization(), L.Dense(2)])
        names = [v.path for v in model.weights]
        model.layers[0].trainable = False
        assert len(model.trainable_variables) == 4
        assert [v.path for v in model.weights] == names
        model.compile("sgd", "mse")
        before = model.get_weights()
        model.fit(X, np.ones((5, 2)), verbose=0)
        after = model.get_weights()
        np.testing.assert_array_equal(before[0], after[0])
        assert not np.array_equal(before[-2], after[-2])
        model.trainable = True
        assert len(model.trainable_variables) == 6


class TestFunctional:
    def test_shared_layers_own_their_weights_once(self):
        a, b = nn.Input((4,)), nn.Input((4,))
        shared = L.Dense(3)
        model = nn.Model([a, b], L.Concatenate()([shared(a), shared(b)]))
        assert model.count_params() == 15
        np.testing.assert_allclose(
            model([X, 2 * X]), np.concatenate([shared(X), shared(2 * X)], -1), rtol=1e-6
        )

    def test_dictionaries_in_and_out(self):
        inputs = {"b": nn.Input((2,), name="b"), "a": nn.Input((4,), name="a")}
        outputs = {"sum": L.Dense(2)(inputs["a"]) + inputs["b"], "a": inputs["a"]}
        model = nn.Model(inputs, outputs)
        result = model.predict({"a": X, "b": X[:, :2]}, verbose=0)
        assert set(result) == {"sum", "a"}
        np.testing.assert_array_equal(result["a"], X)

    def test_a_part_of_a_model_is_a_model(self):
        x = nn.Input((4,))
        hidden = L.Dense(3, activation="relu", name="hidden")(x)
        whole = nn.Model(x, L.Dense(2)(hidden))
        part = nn.Model(whole.input, whole.get_layer("hidden").output)
        np.testing.assert_allclose(part(X), whole.layers[1](X), rtol=1e-6)
        top = nn.Model(hidden, whole.output)
        np.testing.assert_allclose(top(part(X)), whole(X), rtol=1e-5)

    def test_layers_and_weights_come_in_kerass_order(self):
        def build(k):
            a, b = k.Input((4,), name="a"), k.Input((3,), name="b")
            one = k.layers.Dense(5, name="one")(a)
            two = k.layers.Dense(5, name="two")(b)
            three = k.layers.Dense(5, name="three")(two)
            joined = k.layers.Add(name="join")([one, three])
            return k.Model(
                [a, b], [k.layers.Dense(1, name="out")(joined), k.layers.Dense(2, name="side")(two)]
            )

        ours, theirs = build(nn), build(keras)
        assert [layer.name for layer in ours.layers] == [layer.name for layer in theirs.layers]
        assert [v.path for v in ours.weights] == [v.path for v in theirs.weights]

    def test_operators_and_ops_on_symbolic_tensors(self):
        x = nn.Input((4,))
        y = nn.ops.relu(2 * x - 1) / 3 + x[:, :1] ** 2
        np.testing.assert_allclose(nn.Model(x, y)(X), np.maximum(2 * X - 1, 0) / 3 + X[:, :1] ** 2, rtol=1e-5)

    def test_symbolic_tensors_have_no_numbers(self):
        x = nn.Input((4,))
        with pytest.raises(RuntimeError, match="no truth value"):
            bool(x > 0)
        with pytest.raises(RuntimeError, match="no numbers"):
            np.asarray(x)


class TestSubclassed:
    def test_weights_exist_after_the_first_call(self):
        class Net(nn.Model):
            def __init__(self):
                super().__init__()
                self.parts = [L.Dense(3), L.Dense(2)]
                self.named = {"last": L.Dense(1)}

            def call(self, x):
                for part in self.parts:
                    x = part(x)
                return self.named["last"](x)

        net = Net()
        assert net.weights == []
        net(X)
        assert [v.shape for v in net.weights] == [(4, 3), (3,), (3, 2), (2,), (2, 1), (1,)]
        text = printed(net.summary)
        assert "Total params: 26" in text
        assert "(None, 3)" in text

    def test_built_from_a_shape(self):
        class Net(nn.Model):
            def __init__(self):
                super().__init__()
                self.dense = L.Dense(3)

            def call(self, x):
                return self.dense(x)

        net = Net()
        net.build((None, 4))
        assert net.count_params() == 15


class TestSummary:
    def test_of_the_course(self):
        model = nn.Sequential(
            [
                nn.Input((28, 28)),
                L.Flatten(),
                L.Dense(300, activation="relu"),
                L.Dense(100, activation="relu"),
                L.Dense(10),
            ],
            name="clothes",
        )
        text = printed(model.summary)
        for piece in (
            'Model: "clothes"',
            "(None, 784)",
            "235,500",
            "30,100",
            "1,010",
            "Total params: 266,610",
            "Trainable params: 266,610",
        ):
            assert piece in text

    def test_connections_nesting_and_training(self):
        x = nn.Input((4,), name="x")
        inner = nn.Sequential([nn.Input((4,)), L.Dense(4, name="deep")], name="inner")
        inner.trainable = False
        model = nn.Model(x, L.Add(name="residual")([x, inner(x)]))
        lines: list[str] = []
        model.summary(print_fn=lines.append, expand_nested=True, show_trainable=True)
        text = "\n".join(lines)
        assert "Connected to" in text
        assert "x, inner" in text
        assert "deep" in text
        assert "Non-trainable params: 20" in text
        text.encode("ascii")

    @pytest.mark.parametrize("encoding", ["ascii", "cp1252", "utf-8"])
    def test_it_fits_into_forty_columns_of_any_encoding(self, encoding, monkeypatch):
        stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding, newline="")
        model = nn.Sequential([nn.Input((32, 32, 3)), L.Conv2D(8, 3, name="señal_de_entrada"), L.Flatten()])
        monkeypatch.setattr("sys.stdout", stream)
        monkeypatch.setenv("COLUMNS", "40")
        model.summary()
        stream.flush()
        lines = stream.buffer.getvalue().decode(encoding).splitlines()
        assert max(map(len, lines)) <= 40
        assert "Total params: 224 (896.00 B)" in lines
        assert ("┃" in "".join(lines)) == (encoding == "utf-8")

    def test_a_notebook_shows_it(self):
        model = nn.Sequential([nn.Input((4,)), L.Dense(2)], name="a<b")
        assert "Total params: 10" in model._repr_html_()
        assert "a&lt;b" in model._repr_html_()
        assert "Sequential" in nn.Sequential([])._repr_html_()


def test_clones_keep_functions_of_the_program(tmp_path):
    def doubled(x):
        return 2 * x

    model = nn.Sequential([nn.Input((2,)), L.Lambda(doubled), L.Lambda(lambda x: x + 1)])
    clone = nn.models.clone_model(nn.Model(model.input, L.Activation(doubled)(model.output)))
    np.testing.assert_array_equal(clone(np.array([[1.0, 2.0]])), [[6, 10]])
    with pytest.raises(nn.errors.SavingError, match="lambda"):  # files hold none
        model.save(tmp_path / "model.keras")


def test_clones_have_the_structure_and_new_weights():
    x = nn.Input((4,))
    shared = L.Dense(4, name="shared")
    model = nn.Model(x, shared(shared(x)) + 1)
    clone = nn.models.clone_model(model)
    assert [layer.name for layer in clone.layers] == [layer.name for layer in model.layers]
    assert not np.array_equal(clone.get_weights()[0], model.get_weights()[0])
    clone.set_weights(model.get_weights())
    np.testing.assert_allclose(clone(X), model(X), rtol=1e-6)

    def wider(layer):
        return (
            L.Dense(7, name=layer.name)
            if layer.name == "out"
            else type(layer).from_config(layer.get_config())
        )

    changed = nn.models.clone_model(
        nn.Sequential([nn.Input((4,)), L.Dense(2, name="out")]), clone_function=wider
    )
    assert changed.output_shape == (None, 7)


def test_an_input_layer_gives_the_tensor_that_a_part_of_a_model_begins_with():
    image = nn.Input((4,), name="image")
    model = nn.Model(image, nn.layers.Dense(1)(nn.layers.Dense(2, name="codes")(image)))
    part = nn.Model(model.get_layer("image").input, model.get_layer("codes").output)
    x = np.ones((3, 4), "float32")
    np.testing.assert_array_equal(part.predict(x, verbose=0), model.get_layer("codes")(x))
    assert model.layers[0].input is model.layers[0].output
