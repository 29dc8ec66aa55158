"""Lookup, hashing and category layers: the numbers of TensorFlow 2.21 and Keras 3.15, written down."""

from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

import neurona as nn
from neurona import layers
from neurona.errors import ArgumentError, DataError, NotBuiltError
from neurona.layers.hashes import fingerprint, keyed_hash

ROWS = [["a", "b", "c", "b"], ["a", "a", "z", "[UNK]"], ["d", "", "z", "q"]]
ONCE, TWICE, MEAN = 0.6931472, 1.8325815, 0.8525
HASHES = [  # text, modulo 2**62: to_hash_bucket_fast, to_hash_bucket_strong with the key (133, 137)
    ("", 1936946117179621455, 316627932347062996),
    ("a", 3694432073954588131, 2466253977694453450),
    ("abc", 2640714258260161385, 2288159068006480041),
    ("abcd", 1897425971756105985, 3196519216900852167),
    ("abcdefgh", 4533385575889643785, 210173030064361732),
    ("0123456789abcdef", 1493332391325024359, 4045071960732599654),
    ("x" * 20, 3621402210320469444, 2379809133036138167),
    ("y" * 32, 2351315479247125839, 1739609714814096713),
    ("z" * 33, 1983000239170337647, 3212790999491273603),
    ("q" * 64, 3227602484106814583, 558020427446289090),
    ("w" * 65, 3272011567211491968, 2877200667339158543),
    ("abc" * 60, 189514064083686217, 4033450819354774774),
    ("é", 693143013273849025, 2424455697274809134),
]


@pytest.mark.parametrize(("text", "fast", "strong"), HASHES)
def test_hashes_are_those_of_tensorflow(text: str, fast: int, strong: int) -> None:
    assert fingerprint(text.encode()) % 2**62 == fast
    assert keyed_hash(text.encode(), (133, 137)) % 2**62 == strong


@pytest.mark.parametrize(
    ("options", "vocabulary", "numbers"),
    [
        ({}, ["[UNK]", *"azbqdc", ""], [[1, 3, 6, 3], [1, 1, 2, 0], [5, 7, 2, 4]]),
        ({"mask_token": ""}, ["", "[UNK]", *"azbqdc"], [[2, 4, 7, 4], [2, 2, 3, 1], [6, 0, 3, 5]]),
        (
            {"num_oov_indices": 3},
            ["[UNK]", "[UNK]", "[UNK]", *"azbqdc", ""],
            [[3, 5, 8, 5], [3, 3, 4, 0], [7, 9, 4, 6]],
        ),
        ({"max_tokens": 4}, ["[UNK]", *"azb"], [[1, 3, 0, 3], [1, 1, 2, 0], [0, 0, 2, 0]]),
        ({"oov_token": None}, [None, *"azbqdc", "[UNK]", ""], [[1, 3, 6, 3], [1, 1, 2, 7], [5, 8, 2, 4]]),
    ],
)
def test_texts_are_numbered_as_keras_does(options: Any, vocabulary: Any, numbers: Any) -> None:
    layer = layers.StringLookup(**options)
    layer.adapt(np.array(ROWS))
    assert layer.get_vocabulary() == vocabulary
    assert layer(ROWS).tolist() == numbers
    assert layer.vocabulary_size() == len(vocabulary)
    by_batches = layers.StringLookup(**options)
    by_batches.adapt(iter([ROWS[:1], ROWS[1:]]))
    assert by_batches.get_vocabulary() == vocabulary


@pytest.mark.parametrize(
    ("mode", "options", "expected"),
    [
        ("one_hot", {}, [[0, 1, 0, 0, 0, 0, 0, 0], [0, 0, 0, 0, 1, 0, 0, 0], [0, 0, 0, 0, 0, 0, 0, 1]]),
        ("one_hot", {"mask_token": "a"}, [[0] * 7, [0, 0, 0, 1, 0, 0, 0], [0, 0, 0, 0, 0, 0, 1]]),
        (
            "multi_hot",
            {"num_oov_indices": 2},
            [[0, 0, 1, 0, 1, 0, 0, 1, 0], [1, 0, 1, 1, 0, 0, 0, 0, 0], [0, 0, 0, 1, 0, 1, 1, 0, 1]],
        ),
        (
            "count",
            {"pad_to_max_tokens": True, "max_tokens": 9},
            [[0, 1, 0, 2, 0, 0, 1, 0, 0], [1, 2, 1, 0, 0, 0, 0, 0, 0], [0, 0, 1, 0, 1, 1, 0, 1, 0]],
        ),
        (
            "tf_idf",
            {},
            [
                [0, ONCE, 0, TWICE, 0, 0, 0.9163, 0],
                [MEAN, 2 * ONCE, ONCE, 0, 0, 0, 0, 0],
                [0, 0, ONCE, 0, 0.9163, 0.9163, 0, 0.9163],
            ],
        ),
    ],
)
def test_rows_are_encoded_as_keras_does(mode: str, options: Any, expected: Any) -> None:
    layer = layers.StringLookup(output_mode=mode, **options)
    layer.adapt(ROWS)
    result = layer(["a", "q", ""] if mode == "one_hot" else ROWS)
    np.testing.assert_allclose(result, expected, atol=1e-4)


def test_integers_are_numbered_as_keras_does() -> None:
    layer = layers.IntegerLookup(vocabulary=[12, 36, 1138, 42])
    assert layer([[12, 1138, 42], [42, 1000, 36]]).tolist() == [[1, 3, 4], [4, 0, 2]]
    assert layer.get_vocabulary() == [-1, 12, 36, 1138, 42]
    learned = layers.IntegerLookup(num_oov_indices=3, mask_token=0)
    learned.adapt(np.array([[7, 7, 7, 2, 2, 9], [0, -1, 9, 9, 9, 9]]))
    assert learned.get_vocabulary() == [0, -1, -1, -1, 9, 7, 2]
    values = [0, 7, 2, 9, 100, 101, 102, -5]
    assert learned(values).tolist() == [0, 5, 6, 4, 2, 3, 1, 2]
    back = layers.IntegerLookup(vocabulary=[12, 36], invert=True)
    assert back([0, 1, 2, 3]).tolist() == [-1, 12, 36, -1]
    salted = layers.IntegerLookup(vocabulary=[1, 2], num_oov_indices=2, oov_method="farmhash", salt=[1, 2])
    assert salted([5, 6, 7, 8, 1]).tolist() == [1, 1, 0, 1, 2]


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"num_oov_indices": 3, "mask_token": 0},
        {"invert": True},
        {"output_mode": "one_hot", "mask_token": 9},
        {"output_mode": "tf_idf"},
    ],
)
def test_integers_are_looked_up_in_compiled_models_too(options: Any) -> None:
    layer = layers.IntegerLookup(**options)
    layer.adapt(np.array([[7, 7, 7, 2, 2, 9], [0, -1, 9, 9, 9, 9]]))
    inputs = nn.Input((3,), dtype="int32")
    model = nn.Model(inputs, layer(inputs))
    x = np.array([[7, 2, 9], [0, 5, -1], [9, 9, 3]])
    np.testing.assert_allclose(model.predict(x, verbose=0), layer(x), rtol=1e-6)


def test_numbers_become_texts_again() -> None:
    layer = layers.StringLookup(vocabulary=["a", "b"], invert=True, mask_token="")
    assert layer([[0, 1, 2, 3, 9]]).tolist() == [["", "[UNK]", "a", "b", "[UNK]"]]


@pytest.mark.parametrize(
    ("vocabulary", "weights", "expected"),
    [
        (["a", "b"], [0.5, 0.75], [[1.25, 0.5, 0.75]]),
        (["[UNK]", "a", "b"], [0.1, 0.5, 0.75], [[0.2, 0.5, 0.75]]),
    ],
)
def test_given_weights_count(vocabulary: Any, weights: Any, expected: Any) -> None:
    layer = layers.StringLookup(vocabulary=vocabulary, output_mode="tf_idf", idf_weights=weights)
    np.testing.assert_allclose(layer([["a", "b", "q", "q"]]), expected, rtol=1e-6)


def test_shapes_of_one_value_and_of_columns() -> None:
    options = {"vocabulary": ["a", "b"]}
    assert int(layers.StringLookup(**options)("a")) == 1
    one_hot = layers.StringLookup(**options, output_mode="one_hot")
    assert [one_hot(x).shape for x in ("a", [["a"], ["b"]], [["a", "q"], ["b", "a"]])] == [
        (1, 3),
        (2, 3),
        (2, 2, 3),
    ]
    assert layers.StringLookup(**options, output_mode="multi_hot")(["a", "b"]).tolist() == [0, 1, 1]


CONFIG = {
    "invert": False,
    "max_tokens": None,
    "num_oov_indices": 1,
    "oov_token": "[UNK]",
    "mask_token": None,
    "output_mode": "int",
    "sparse": False,
    "pad_to_max_tokens": False,
    "idf_weights": None,
    "vocabulary": ["a", "b"],
    "vocabulary_size": 3,
    "oov_method": "floormod",
    "salt": None,
    "encoding": "utf-8",
}


def test_configs_are_those_of_keras() -> None:
    layer = layers.StringLookup(vocabulary=["a", "b"])
    config = layer.get_config()
    assert {name: config[name] for name in config if name not in ("name", "dtype", "trainable")} == CONFIG
    assert layers.StringLookup.from_config(config)(["b"]).tolist() == [2]
    integers = layers.IntegerLookup(max_tokens=5).get_config()
    expected = {**CONFIG, "max_tokens": 5, "oov_token": -1, "vocabulary": None, "vocabulary_size": None}
    expected["vocabulary_dtype"] = "int64"
    assert {name: integers[name] for name in integers if name not in ("name", "dtype", "trainable")} == {
        name: value for name, value in expected.items() if name != "encoding"
    }
    crossing = layers.HashedCrossing(3).get_config()
    assert crossing == {
        "num_bins": 3,
        "output_mode": "int",
        "sparse": False,
        "name": crossing["name"],
        "dtype": "int64",
    }
    bins = layers.Discretization(num_bins=4)
    bins.adapt(np.arange(100.0) ** 1.5)
    again = layers.Discretization.from_config(bins.get_config())
    assert again.get_config() == bins.get_config()


def test_the_vocabulary_is_saved_with_a_model(tmp_path: Path) -> None:
    lookup = layers.IntegerLookup()
    lookup.adapt(np.array([5, 5, 9, 7, 9, 5]))
    model = nn.Sequential([nn.Input((2,), dtype="int32"), lookup])
    model.save(tmp_path / "m.keras")
    loaded = nn.saving.load_model(tmp_path / "m.keras")
    x = np.array([[5, 9], [7, 4]])
    np.testing.assert_array_equal(loaded.predict(x, verbose=0), lookup(x))
    assert loaded.layers[-1].get_vocabulary() == [-1, 5, 9, 7]


def test_a_vocabulary_comes_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "words.txt").write_text("red\ngreen\n", encoding="utf-8")
    layer = layers.StringLookup(vocabulary=str(tmp_path / "words.txt"))
    assert layer.get_vocabulary() == ["[UNK]", "red", "green"]
    assert layers.StringLookup.from_config(layer.get_config()).get_config()["vocabulary"] is None


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: layers.StringLookup()(["a"]), NotBuiltError, "has no vocabulary yet"),
        (lambda: layers.StringLookup(vocabulary=["a", "a"]), ArgumentError, "list of different tokens"),
        (lambda: layers.StringLookup(vocabulary=[]), ArgumentError, "It is empty"),
        (lambda: layers.StringLookup(vocabulary=["a", "b"], max_tokens=2), ArgumentError, "more than"),
        (lambda: layers.StringLookup(vocabulary=["a"]).adapt(["b"]), ArgumentError, "nothing to adapt"),
        (lambda: layers.StringLookup().adapt([]), DataError, "no token"),
        (lambda: layers.StringLookup(vocabulary=["a"])([None]), DataError, "holds no text"),
        (lambda: layers.StringLookup(vocabulary=["a"])(nn.Input((1,))), ArgumentError, "takes texts"),
        (lambda: layers.StringLookup(vocabulary=["a"], num_oov_indices=0)(["b"]), DataError, "no number for"),
        (lambda: layers.StringLookup(pad_to_max_tokens=True), ArgumentError, "needs max_tokens"),
        (lambda: layers.StringLookup(max_tokens=1), ArgumentError, "above 1"),
        (lambda: layers.StringLookup(num_oov_indices=-1), ArgumentError, "0 or more"),
        (lambda: layers.StringLookup(invert=True, output_mode="count"), ArgumentError, "goes with"),
        (lambda: layers.StringLookup(output_mode="count", sparse=True), ArgumentError, "dense arrays"),
        (lambda: layers.StringLookup(vocabulary=["a"], idf_weights=[1.0]), ArgumentError, "belong to"),
        (lambda: layers.IntegerLookup(salt=3), ArgumentError, "farmhash"),
        (lambda: layers.IntegerLookup(vocabulary=[1])([0.5]), DataError, "takes integers"),
        (lambda: layers.CategoryEncoding(), ArgumentError, "needs num_tokens"),
        (lambda: layers.CategoryEncoding(2)([1], count_weights=[1.0]), ArgumentError, "belong to"),
        (lambda: layers.Discretization(), ArgumentError, "one of them"),
        (lambda: layers.Discretization([0.0]).adapt([1.0]), ArgumentError, "nothing to adapt"),
        (lambda: layers.Discretization(num_bins=2).adapt([]), DataError, "received no data"),
        (lambda: layers.Discretization(num_bins=2)(jnp.ones(2)), NotBuiltError, "no boundaries"),
        (lambda: layers.Hashing(3, salt="x"), ArgumentError, "one integer or two"),
        (lambda: layers.HashedCrossing(3)(["a"]), ArgumentError, "at least two features"),
        (lambda: layers.HashedCrossing(3)([["a"], ["b", "c"]]), nn.errors.ShapeError, "one shape"),
        (lambda: layers.HashedCrossing(3)([["a"], [0.5]]), ArgumentError, "into bins first"),
    ],
)
def test_what_is_wrong_is_told(make: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        make()


def test_hashing_and_crossing_are_those_of_keras() -> None:
    column = [["A"], ["B"], ["C"], ["D"]]
    assert layers.Hashing(5)(column).tolist() == [[4], [3], [2], [0]]
    assert layers.Hashing(5, mask_value="")([["A"], ["B"], [""], ["C"]]).tolist() == [[1], [1], [0], [4]]
    assert layers.Hashing(5, salt=133)(column[:3]).tolist() == [[4], [3], [2]]
    assert layers.Hashing(4, output_mode="multi_hot")([["A", "B"], ["C", "C"]]).tolist() == [
        [1, 0, 0, 0],
        [0, 0, 0, 1],
    ]
    assert layers.Hashing(4, output_mode="one_hot")([["A"], ["C"]]).tolist() == [[1, 0, 0, 0], [0, 0, 0, 1]]
    assert layers.Hashing(7)([1, 2, -3]).tolist() == [5, 5, 4]
    features = (np.array([["A"], ["B"], ["A"]]), np.array([[101], [102], [-7]]))
    assert layers.HashedCrossing(1000)(features).tolist() == [[891], [576], [586]]
    crossed = layers.HashedCrossing(5, output_mode="one_hot")([["A", "B"], [101, 102]])
    assert crossed.tolist() == [[0, 1, 0, 0, 0], [0, 1, 0, 0, 0]]


@pytest.mark.parametrize(
    ("mode", "inputs", "expected"),
    [
        ("multi_hot", 3, [0, 0, 0, 1]),
        ("multi_hot", [1, 2], [0, 1, 1, 0]),
        ("multi_hot", [[0, 1], [2, 2]], [[1, 1, 0, 0], [0, 0, 1, 0]]),
        ("one_hot", 3, [[0, 0, 0, 1]]),
        ("one_hot", [[1], [2]], [[0, 1, 0, 0], [0, 0, 1, 0]]),
        ("one_hot", [[0, 1], [2, 2]], [[[1, 0, 0, 0], [0, 1, 0, 0]], [[0, 0, 1, 0], [0, 0, 1, 0]]]),
        ("count", [1, 2], [0, 1, 1, 0]),
        ("count", [[0, 1], [2, 2]], [[1, 1, 0, 0], [0, 0, 2, 0]]),
    ],
)
def test_categories_are_encoded_as_keras_does(mode: str, inputs: Any, expected: Any) -> None:
    assert layers.CategoryEncoding(4, output_mode=mode)(np.array(inputs)).tolist() == expected


def test_counts_are_weighted() -> None:
    layer = layers.CategoryEncoding(4, output_mode="count")
    weights = np.array([[0.1, 0.2], [0.3, 0.4]])
    result = layer(np.array([[0, 1], [2, 2]]), count_weights=weights)
    np.testing.assert_allclose(result, [[0.1, 0.2, 0, 0], [0, 0, 0.7, 0]], rtol=1e-6)


def test_bins_are_those_of_keras() -> None:
    layer = layers.Discretization(num_bins=4)
    layer.adapt(np.arange(100.0) ** 1.5)
    np.testing.assert_allclose(layer.bin_boundaries, [117.57538, 342.99982, 636.57190], rtol=1e-6)
    assert layer(np.array([[1.0, 50.0], [300.0, 999.0]])).tolist() == [[0, 0], [1, 3]]
    few = layers.Discretization(num_bins=3, epsilon=0.1)
    few.adapt(np.random.default_rng(0).normal(size=(7, 3)))
    np.testing.assert_allclose(few.bin_boundaries, [-0.59407264, 0.02708862], rtol=1e-5)
    given = layers.Discretization([0.0, 1.0, 2.0])
    assert given(np.array([[-1.5, 1.0, 3.4, 0.5], [0.0, 3.0, 1.3, 0.0]])).tolist() == [
        [0, 2, 3, 1],
        [1, 3, 2, 1],
    ]
    one_hot = layers.Discretization([0.0, 1.0], output_mode="one_hot")
    assert one_hot(np.array([[0.5], [3.0]])).tolist() == [[0, 1, 0], [0, 0, 1]]
