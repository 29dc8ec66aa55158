"""FeatureSpace: the numbers of Keras 3.15 with TensorFlow, written down; and models on what it makes."""

import json

import numpy as np
import pytest

import neurona as nn
from neurona.errors import ArgumentError, DataError, NotBuiltError
from neurona.layers.feature_space import FeatureSpace

TABLE = {
    "a": np.array([1.0, 2.0, 3.0, 5.0]),
    "b": np.array(["x", "y", "x", "z"]),
    "c": np.array([3, 1, 3, 3]),
    "d": np.array([0.1, 0.5, 0.7, 0.9]),
    "e": np.array(["p", "q", "p", "p"]),
}
EXPECTED = [
    [-1.1832, 0, 1, 0, 0, 0, 1, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0],
    [-0.5071, 0, 0, 0, 1, 0, 0, 1, 0, 1, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0],
    [0.1690, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 1, 0, 0, 0, 1, 0, 0, 0],
    [1.5213, 0, 0, 1, 0, 0, 1, 0, 0, 0, 1, 0, 1, 0, 0, 0, 1, 0, 0, 0],
]


def space() -> FeatureSpace:
    features = {
        "a": "float_normalized",
        "b": "string_categorical",
        "c": "integer_categorical",
        "d": FeatureSpace.float_discretized(3),
        "e": FeatureSpace.string_hashed(4),
    }
    return FeatureSpace(features, crosses=[("b", "c")], crossing_dim=5)


def test_columns_become_the_numbers_of_keras() -> None:
    made = space()
    made.adapt(TABLE)
    np.testing.assert_allclose(made(TABLE), EXPECTED, atol=1e-4)
    row = made({name: column[1] for name, column in TABLE.items()})
    np.testing.assert_allclose(row, EXPECTED[1], atol=1e-4)


def test_batches_teach_the_same() -> None:
    made = space()
    made.adapt([{name: column[part] for name, column in TABLE.items()} for part in (slice(2), slice(2, 4))])
    np.testing.assert_allclose(np.asarray(made(TABLE))[:, :8], np.array(EXPECTED)[:, :8], atol=1e-4)


def test_a_dictionary_keeps_columns_apart() -> None:
    made = FeatureSpace(
        {"a": "float", "b": FeatureSpace.string_categorical(output_mode="int")}, output_mode="dict"
    )
    made.adapt(TABLE)
    result = made(TABLE)
    assert {name: np.asarray(one).ravel().tolist() for name, one in result.items()} == {
        "a": [1, 2, 3, 5],
        "b": [1, 3, 1, 2],
    }


def test_a_model_trains_on_what_it_makes() -> None:
    made = space()
    made.adapt(TABLE)
    encoded = made.get_encoded_features()
    assert encoded.shape == (None, 20)
    model = nn.Sequential([nn.Input((20,)), nn.layers.Dense(1)])
    model.compile("sgd", "mse")
    model.fit(made(TABLE), np.ones((4, 1)), epochs=1, verbose=0)
    numbers = FeatureSpace({"a": "float_normalized", "c": "integer_categorical"})
    numbers.adapt(TABLE)
    inputs = numbers.get_inputs()
    whole = nn.Model(inputs, nn.layers.Dense(2)(numbers.get_encoded_features()))
    columns = {name: TABLE[name].reshape(-1, 1) for name in ("a", "c")}
    expected = whole.layers[-1](numbers(columns))
    np.testing.assert_allclose(whole.predict(columns, verbose=0), expected, atol=1e-6)


def test_the_config_travels() -> None:
    made = space()
    config = json.loads(json.dumps(made.get_config()))
    assert FeatureSpace.from_config(config).get_config() == made.get_config()


def test_what_is_wrong_is_told() -> None:
    with pytest.raises(ArgumentError, match="needs features"):
        FeatureSpace({})
    with pytest.raises(ArgumentError, match="crosses name features"):
        FeatureSpace({"a": "float"}, crosses=[("a", "z")])
    with pytest.raises(NotBuiltError, match="learns from data first"):
        space()(TABLE)
    with pytest.raises(DataError, match="takes a dictionary"):
        FeatureSpace({"a": "float"})([1.0])
    with pytest.raises(DataError, match="adapts to a dictionary"):
        space().adapt([])
    with pytest.raises(DataError, match="are missing"):
        FeatureSpace({"a": "float"})({"b": [1.0]})
    with pytest.raises(ArgumentError, match="stand beside numbers"):
        FeatureSpace({"b": FeatureSpace.string_hashed(3, output_mode="int")})(TABLE)
    with pytest.raises(ArgumentError, match="no known number of integers"):
        FeatureSpace({"a": FeatureSpace.feature("float32", nn.layers.Rescaling(1.0), "one_hot")})(TABLE)
