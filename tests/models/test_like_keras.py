"""What models and layers take in Keras, they take here."""

import threading
from typing import Any

import jax.numpy as jnp
import keras
import numpy as np
import pytest

import neurona as nn
from neurona import layers
from neurona.core.errors import ArgumentError, ShapeError
from neurona.core.layer import Layer

X = np.ones((10, 2), "float32")


# Inputs.


def test_a_fixed_batch_size_takes_a_smaller_last_batch() -> None:
    x = nn.Input((2,), batch_size=4)
    model = nn.Model(x, layers.Dense(1)(x))
    model.compile("sgd", "mse")
    model.fit(X, X[:, :1], batch_size=4, verbose=0)
    assert model.predict(X[:3], verbose=0).shape == (3, 1)
    with pytest.raises(ShapeError, match=r"of shape \(4, 2\)"):
        model(np.ones((4, 3)))


def test_a_sequential_without_input_takes_other_lengths_later() -> None:
    model = nn.Sequential([layers.Embedding(10, 4), layers.LSTM(3, return_sequences=True), layers.Dense(1)])
    model.compile("sgd", "mse")
    for length in (12, 20, 5):
        x = np.ones((2, length))
        assert model.predict(x, verbose=0).shape == (2, length, 1)
        model.fit(x, np.ones((2, length, 1)), verbose=0)
    declared = nn.Sequential([nn.Input((12, 4)), layers.LSTM(3)])
    with pytest.raises(ShapeError, match=r"\(None, 12, 4\)"):
        declared.predict(np.ones((2, 20, 4)), verbose=0)
    features = nn.Sequential([layers.Dense(1)])
    features.predict(X, verbose=0)
    with pytest.raises(ShapeError, match="axis -1 of its input to have size 2"):
        features.predict(np.ones((2, 3)), verbose=0)


class Sum(Layer):
    """x, and y where there is one."""

    def call(self, x: Any, y: Any = None) -> Any:
        return x if y is None else x + y


@pytest.mark.parametrize("named", [False, True])
def test_an_optional_input_may_be_left_out(named: bool) -> None:
    a, b = nn.Input((2,), name="a"), nn.Input((2,), optional=True, name="b")
    model = nn.Model({"a": a, "b": b} if named else [a, b], Sum()(a, b))
    without: Any = {"a": X, "b": None} if named else [X, None]
    both: Any = {"a": X, "b": X} if named else [X, X]
    np.testing.assert_array_equal(model(without), X)
    np.testing.assert_array_equal(model(both), 2 * X)
    np.testing.assert_array_equal(model.predict(without, batch_size=4, verbose=0), X)
    assert model.predict(both, verbose=0).sum() == 40
    model.compile("sgd", "mse")
    assert model.evaluate(without, X, verbose=0) == 0
    if named:
        np.testing.assert_array_equal(model({"a": X}), X)
    with pytest.raises(ShapeError, match="'a'"):
        model({"a": None, "b": X} if named else [None, X])


@pytest.mark.parametrize("size", [np.int64(3), np.int32(3), np.uint8(3)])
def test_integers_of_numpy_are_sizes(size: Any) -> None:
    assert nn.Input((size,)).shape == nn.Input(size).shape == (None, 3)
    assert nn.Input(batch_shape=(size, size)).shape == (3, 3)
    layer = layers.Dense(size)
    assert layer(X).shape == (10, 3)
    assert type(layer.get_config()["units"]) is int
    assert layers.Reshape((size, -1))(np.ones((1, 6))).shape == (1, 3, 2)
    assert Layer().add_weight(size).shape == (3,)


# Layers.


def test_training_may_be_handed_to_any_layer() -> None:
    for layer in (layers.Dense(2), layers.ReLU(), layers.Flatten(), layers.Add()):
        x: Any = [X, X] if isinstance(layer, layers.Add) else X
        assert layer(x, training=True).shape[0] == 10
    assert layers.Dense(2)(nn.Input((2,)), training=True).shape == (None, 2)


def test_of_a_list_of_one_output_arrays_come_alone() -> None:
    for library in (keras, nn):
        inputs = library.Input((2,))
        inner = library.Model([inputs], [library.layers.Dense(3)(inputs)])
        outer = library.Model([inputs], [inner(inputs)])
        assert isinstance(inner(inputs), list)
        assert inner(X).shape == inner.predict(X, verbose=0).shape == (10, 3)
        assert [one.shape for one in outer(X)] == [(10, 3)]
        outer.compile("sgd", "mse")
        outer.fit(X, np.ones((10, 3)), verbose=0)


def test_training_may_be_told_by_place() -> None:
    model = nn.Sequential([layers.Dropout(0.5)])
    for part in (model, layers.Dropout(0.5)):
        np.testing.assert_array_equal(part(X, False), X)
        assert (np.asarray(part(X, True)) == 0).any()


def test_attributes_may_be_set_by_name_later() -> None:
    dense = layers.Dense(2)
    dense.dtype_policy = "mixed_float16"
    assert dense.compute_dtype == "float16"
    for layer in (layers.Dense(2, "tanh"), layers.Conv1D(2, 1, activation="tanh"), layers.LSTM(2)):
        linear = type(layer).from_config(layer.get_config())
        linear.activation = None
        x = np.ones((1, 3, 2), "float32")
        linear(x), layer(x)
        linear.set_weights(layer.get_weights())
        assert np.abs(linear(x) - layer(x)).max() > 0
        assert linear.get_config()["activation"] == "linear"
        linear.activation = "tanh"
        np.testing.assert_array_equal(linear(x), layer(x))


def test_recurrent_layers_take_integers() -> None:
    x = np.array([[[101, 202], [303, 404]]])
    for cls in (layers.SimpleRNN, layers.LSTM, layers.GRU):
        layer = cls(2)
        assert layer(x).dtype == "float32"
        np.testing.assert_allclose(layer(x), layer(x.astype("float32")), rtol=1e-6)


class Doubled(layers.LSTMCell):
    """A cell that computes something else than its base."""

    def call(self, inputs: Any, states: Any, training: Any = None) -> Any:
        output, states = super().call(inputs, states)
        return 2 * output, states


def test_a_cell_that_computes_something_else_is_called() -> None:
    x = np.ones((1, 3, 2), "float32")
    plain, doubled = layers.RNN(layers.LSTMCell(2)), layers.RNN(Doubled(2))
    plain(x), doubled(x)
    doubled.set_weights(plain.get_weights())
    np.testing.assert_allclose(doubled(x), 2 * plain(x), rtol=1e-5)


def test_masks_by_keyword_and_of_symbolic_tensors() -> None:
    x, mask = nn.Input((3,)), nn.Input((), dtype="bool")
    assert layers.Masking().compute_mask(np.ones((2, 3, 1)), mask=None).shape == (2, 3)
    assert layers.Add().compute_mask([X, X], mask=None) is None
    for layer in (layers.Add(), layers.Concatenate()):
        found = layer.compute_mask([x, x], [mask, mask])
        assert (found.shape, found.dtype) == ((None,), "bool")
    assert layers.Embedding(3, 2, mask_zero=True).compute_mask(x).shape == (None, 3)


def test_shapes_of_attention_without_a_key() -> None:
    shapes = {"query_shape": (None, 3, 4), "value_shape": (None, 5, 4), "key_shape": None}
    for layer in (layers.MultiHeadAttention(2, 3), layers.GroupQueryAttention(2, 4, 2)):
        assert layer.compute_output_shape(**shapes) == (None, 3, 4)
        assert layer.compute_output_shape(*shapes.values()) == (None, 3, 4)


def test_a_penalty_on_no_rows_is_zero() -> None:
    layer = layers.Dense(2, activity_regularizer="l2")
    layer(np.zeros((0, 3)))
    assert [float(loss) for loss in layer.losses] == [0]


def test_layers_without_weights_are_ready() -> None:
    assert layers.ReLU().built
    assert layers.Dropout(0.5).built
    assert layers.Flatten().built
    assert not layers.Dense(2).built


@pytest.mark.parametrize(
    ("layer", "shape"),
    [(layers.LSTM, (5, 3)), (layers.Conv1D, (5, 3))],
)
def test_a_recurrent_layer_before_is_told_to_return_sequences(layer: Any, shape: Any) -> None:
    options = (2,) if layer is layers.LSTM else (2, 1)
    with pytest.raises(ShapeError, match=r"layer before it, 'first', return_sequences=True"):
        nn.Sequential([nn.Input(shape), layers.LSTM(2, name="first"), layer(*options)])


def test_layers_not_in_a_list_are_told_so() -> None:
    with pytest.raises(ArgumentError, match=r"one list: Sequential\(\[first, second\]\)"):
        nn.Sequential(layers.Dense(1), layers.Dense(2))  # pyright: ignore[reportArgumentType]
    with pytest.raises(ArgumentError, match="one list"):
        nn.Sequential(layers.Dense(1))


def test_the_input_specification() -> None:
    spec = layers.InputSpec("float32", (None, 3), name="x")
    assert spec.ndim == 2
    assert layers.InputSpec.from_config(spec.get_config()).shape == (None, 3)

    class Picky(Layer):
        def __init__(self) -> None:
            super().__init__(name="picky")
            self.input_spec = spec

        def call(self, x: Any) -> Any:
            return x

    assert Picky()(np.ones((2, 3), "float32")).shape == (2, 3)
    with pytest.raises(ShapeError, match=r"'picky'.*shape \(None, 3\).*for 'x'.*\(2, 4\)"):
        Picky()(np.ones((2, 4), "float32"))
    with pytest.raises(ShapeError, match=r"dtype float32.*int32"):
        Picky()(np.ones((2, 3), "int32"))


def test_an_axis_that_is_not_there() -> None:
    with pytest.raises(ShapeError, match=r"LayerNormalization.*no such axis.*\(2, 3\)"):
        layers.LayerNormalization(axis=5)(np.ones((2, 3)))


# Weights, paths and metrics of layers.


class Kept(Layer):
    """A layer with a part, a weight and a metric."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.inner, self.mean = layers.Dense(2, name="inner"), nn.metrics.Mean()

    def build(self, input_shape: Any) -> None:
        self.scale = self.add_variable((input_shape[-1],), "ones", name="scale")

    def call(self, x: Any) -> Any:
        return self.inner(x * self.scale)


def test_paths_and_metrics() -> None:
    layer = Kept(name="kept")
    assert layer.path is None
    layer(X)
    assert (layer.path, layer.inner.path, layer.scale.path) == ("kept", "kept/inner", "kept/scale")
    assert layer.metrics == [layer.mean]
    assert layer.metrics_variables == layer.mean.variables
    assert layer.input_dtype == "float32"
    assert layer.symbolic_call(nn.Input((2,))).shape == (None, 2)


def test_own_variables_are_stored_and_read() -> None:
    layer, store = Kept(), {}
    layer(X)
    layer.scale.assign(np.array([2.0, 3.0]))
    layer.save_own_variables(store)
    assert {name: value.tolist() for name, value in store.items()} == {"0": [2, 3]}
    other = Kept()
    with pytest.raises(ShapeError, match="no weights yet"):
        other.load_own_variables(store)
    other(X)
    other.load_own_variables(store)
    assert other.scale.numpy().tolist() == [2, 3]
    with pytest.raises(ShapeError, match=r"\(3,\)"):
        other.load_own_variables({"0": np.ones(3)})


def test_variables_by_the_name_of_an_initializer() -> None:
    variable = nn.Variable("ones", (2,), "float32", False, True, "mean", "auto", "count")
    assert (variable.numpy().tolist(), variable.name, variable.aggregation) == ([1, 1], "count", "mean")
    assert not variable.overwrite_with_gradient


# Copies.


class Own(nn.Model):
    """A functional model of a class with an argument of its own."""

    def __init__(self, inputs: Any, outputs: Any, *args: Any, param: int = 1, **kwargs: Any) -> None:
        super().__init__(inputs, outputs, *args, **kwargs)
        self.param = param

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "param": self.param}


class Made(nn.Model):
    """A functional model that is drawn by its constructor."""

    def __init__(self, units: int = 1, **kwargs: Any) -> None:
        x = nn.Input((2,))
        super().__init__(x, layers.Dense(units)(x), **kwargs)


class Free(nn.Model):
    """A model that takes any argument."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.dense = layers.Dense(2)

    def call(self, x: Any) -> Any:
        return self.dense(x)


class Twice(layers.Dense):
    """A layer of the user."""


def test_configs_of_subclasses() -> None:
    x = nn.Input((2,))
    own = Own(x, layers.Dense(2)(x), param=3, name="own")
    copy = Own.from_config(own.get_config())
    assert (copy.param, copy.name, copy.output_shape) == (3, "own", (None, 2))
    assert Made.from_config(Made(units=4).get_config()).output_shape == (None, 4)
    free = Free(name="free")
    assert Free.from_config(free.get_config()).name == "free"


def test_custom_objects_of_a_config() -> None:
    x = nn.Input((2,))
    config = nn.Model(x, Twice(2)(x)).get_config()
    assert isinstance(nn.Model.from_config(config, custom_objects={"Twice": Twice}).layers[1], Twice)
    sequential = nn.Sequential([x, Twice(2)]).get_config()
    assert isinstance(nn.Sequential.from_config(sequential, {"Twice": Twice}).layers[0], Twice)


@pytest.mark.parametrize("kind", [tuple, list])
def test_outputs_keep_their_kind(kind: Any) -> None:
    x = nn.Input((2,))
    model = nn.Model(x, kind([layers.Dense(1)(x), layers.Dense(2)(x)]))
    for one in (model, nn.Model.from_config(model.get_config())):
        assert type(one(X)) is kind


def test_a_lambda_is_copied_and_not_saved(tmp_path: Any) -> None:
    model = nn.Sequential([nn.Input((2,)), layers.Lambda(lambda x: 3 * x)])
    np.testing.assert_array_equal(nn.models.clone_model(model)(X), 3 * X)
    assert model.get_config()["layers"][1]["class_name"] == "Lambda"
    for write in (model.to_json, lambda: model.save(tmp_path / "model.keras")):
        with pytest.raises(nn.errors.SavingError, match="lambda"):
            write()


def test_clones() -> None:
    x = nn.Input((2,))
    inner = nn.Sequential([nn.Input((2,)), layers.Dense(2, name="deep")], name="inner")
    model = nn.Model(x, layers.Dense(1)(inner(x)))
    model.compile("sgd", "mse")
    copied, called = [], []

    def copy(layer: Layer) -> Layer:
        copied.append(layer.name)
        return type(layer).from_config(layer.get_config())

    def call(layer: Layer, *args: Any, **kwargs: Any) -> Any:
        called.append(layer.name)
        return layer(*args, **kwargs)

    clone = nn.models.clone_model(model, clone_function=copy, call_function=call, recursive=True)
    assert clone.compiled
    assert clone.optimizer is not model.optimizer
    assert "deep" in copied
    assert "inner" in called
    clone.fit(X, X[:, :1], verbose=0)


class Parts(nn.Model):
    """A subclass, whose parts are built as its call reaches them."""

    def __init__(self) -> None:
        super().__init__()
        self.parts = [layers.Dense(2), layers.Dense(3)]

    def call(self, x: Any) -> Any:
        return self.parts[1](self.parts[0](x))


@pytest.mark.parametrize("make", [lambda: nn.Sequential([layers.Dense(2), layers.Dense(3)]), Parts])
def test_several_threads_may_predict_first(make: Any) -> None:
    model, barrier = make(), threading.Barrier(6)
    results: list[np.ndarray] = []

    def run() -> None:
        barrier.wait()
        results.append(model.predict(X, verbose=0))

    threads = [threading.Thread(target=run) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 6
    assert all(np.array_equal(result, results[0]) for result in results)
    assert len(model.weights) == 4


# Dtypes.


def test_64_bits_are_not_switched_on_by_the_way() -> None:
    with pytest.warns(UserWarning, match="64"):
        nn.ops.cast(1.0, "float64")
    with pytest.warns(UserWarning, match=r'set_floatx\("float64"\)'):
        layers.Dense(1, dtype="float64")(X)
    assert jnp.arange(3).dtype == "int32"


def test_classes_that_no_one_named_are_refused() -> None:
    x = nn.Input((2,))
    config = nn.Model(x, Twice(2)(x)).get_config()
    nn.Model.from_config(config, custom_objects={"Twice": Twice})  # for this one only
    with pytest.raises(nn.errors.SavingError, match="Twice"):
        nn.Model.from_config(config)


def test_a_clone_of_a_model_that_was_compiled_with_functions() -> None:
    def distance(y: Any, y_pred: Any) -> Any:
        return nn.ops.mean(nn.ops.abs(y - y_pred))

    model = nn.Sequential([nn.Input((2,)), nn.layers.Dense(1)])
    model.compile(
        nn.optimizers.SGD(0.25),
        lambda y, y_pred: nn.ops.mean((y - y_pred) ** 2),
        metrics=[distance, nn.metrics.MeanAbsoluteError()],
    )
    clone = nn.models.clone_model(model)
    history = clone.fit(X, X[:, :1], verbose=0).history
    assert history["distance"] == pytest.approx(history["mean_absolute_error"])
    assert float(clone.optimizer.learning_rate) == 0.25
    assert clone.optimizer is not model.optimizer
    assert model.get_metrics_result().keys() == {"loss"}


@pytest.mark.parametrize("metrics", [None, ["mae"], ["mae", "mse"]])
def test_metrics_before_and_after_the_first_batch(metrics: Any) -> None:
    def listed(library: Any) -> list[list[str]]:
        model = library.Sequential([library.Input((2,)), library.layers.Dense(1)])
        model.compile("sgd", "mse", metrics=metrics)
        before = [metric.name for metric in model.metrics]
        model.fit(X, X[:, :1], verbose=0)
        inner = [metric.name for metric in model.metrics[1].metrics] if metrics else []
        results = sorted(model.metrics[1].result()) if metrics else []
        return [before, [metric.name for metric in model.metrics], inner, results]

    assert listed(nn) == listed(keras)


def test_metrics_of_compile_can_be_reset_by_hand() -> None:
    model = nn.Sequential([nn.Input((2,)), nn.layers.Dense(1)])
    model.compile("sgd", "mse", metrics=["mae"])
    model.fit(X, X[:, :1], verbose=0)
    together = model.metrics[1]
    assert float(together.result()["mae"]) > 0
    together.reset_state()
    assert float(together.result()["mae"]) == 0
    together.update_state(np.ones((2, 1)), np.zeros((2, 1)))
    assert float(model.get_metrics_result()["mae"]) == 1
