"""Models that take texts: they compute as the same model does on numbers made beforehand. The numbers in
`OF_TENSORFLOW` are those of Keras on TensorFlow.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import neurona as nn
from neurona import layers, ops
from neurona.core.texts import Hosted, Texts
from neurona.errors import ArgumentError, DataError, TracingError

TEXTS = np.array(["the cat sat", "a dog ran far", "the dog sat", "cat cat"] * 2)
COLOURS = np.array(["red", "blue", "red", "green"] * 2)
PLACES = np.array([3, 1, 4, 1, 5, 9, 2, 6])
TABLE = {"text": TEXTS, "colour": COLOURS, "place": PLACES}
Y = np.array([0.0, 1.0, 0.0, 1.0, 1.0, 0.0, 1.0, 0.0])


def vectorization(**options: Any) -> layers.TextVectorization:
    layer = layers.TextVectorization(output_sequence_length=4, **options)
    layer.adapt(TEXTS)
    return layer


def head() -> nn.Sequential:
    nn.utils.set_random_seed(1)
    return nn.Sequential([nn.Input((4,)), layers.Embedding(12, 3), layers.Flatten(), layers.Dense(1)])


def trained(model: Any, x: Any, **options: Any) -> list[float]:
    model.compile("sgd", "mse")
    nn.utils.set_random_seed(2)
    return model.fit(x, Y, epochs=2, batch_size=4, verbose=0, **options).history["loss"]


class Encoder(layers.Layer):
    """A layer of a program that holds one on the host."""

    def __init__(self, vectorization: Any, head: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.vectorization, self.head = vectorization, head

    def call(self, texts: Any) -> Any:
        return self.head(self.vectorization(texts))


class Whole(nn.Model):
    """A subclassed model, whose code nobody has drawn."""

    def __init__(self, vectorization: Any, head: Any) -> None:
        super().__init__()
        self.vectorization, self.head = vectorization, head

    def call(self, table: Any, training: bool = False) -> Any:
        return self.head(self.vectorization(table["text"]))


def nested(vector: Any, body: Any) -> nn.Model:
    inside, outside = (nn.Input((1,), dtype="string") for _ in range(2))
    return nn.Model(outside, nn.Model(inside, body(vector(inside)))(outside))


MODELS: dict[str, Callable[[Any, Any], Any]] = {
    "sequential": lambda vector, body: nn.Sequential([nn.Input((1,), dtype="string"), vector, body]),
    "built by the first texts": lambda vector, body: nn.Sequential([vector, body]),
    "nested": nested,
    "own layer": lambda vector, body: nn.Sequential([nn.Input((1,), dtype="string"), Encoder(vector, body)]),
    "subclassed": Whole,
}


@pytest.mark.parametrize("kind", MODELS)
def test_texts_give_what_their_numbers_give(kind: str) -> None:
    vector, apart = vectorization(), head()
    numbers = np.asarray(vector(TEXTS))
    model = MODELS[kind](vector, head())
    x: Any = {"text": TEXTS} if kind == "subclassed" else TEXTS
    assert trained(model, x) == trained(apart, numbers)
    expected = apart.predict(numbers, verbose=0)
    np.testing.assert_array_equal(model.predict(x, verbose=0), expected)
    np.testing.assert_allclose(model(x), expected, rtol=1e-5, atol=1e-6)


def test_the_data_are_transformed_once_for_all_epochs() -> None:
    calls = []

    def standardize(texts: np.ndarray) -> np.ndarray:
        calls.append(len(texts))
        return texts

    vector = vectorization(standardize=standardize)
    calls.clear()
    trained(nn.Sequential([vector, head()]), TEXTS, validation_data=(TEXTS[:3], Y[:3]))
    assert calls == [8, 3]


def table_model() -> nn.Model:
    text, colour = nn.Input((1,), dtype="string", name="text"), nn.Input((1,), dtype="string", name="colour")
    place = nn.Input((1,), dtype="int32", name="place")
    lookup = layers.StringLookup(output_mode="one_hot", vocabulary=["red", "blue"])
    parts = [
        layers.Flatten()(layers.Embedding(12, 3)(vectorization()(text))),
        ops.cast(lookup(colour), "float32"),
        layers.CategoryEncoding(7)(layers.Hashing(7)(place)),
        layers.CategoryEncoding(5)(layers.HashedCrossing(5)([colour, place])),
    ]
    return nn.Model([text, colour, place], layers.Dense(1)(layers.Concatenate()(parts)))


@pytest.fixture(scope="module")
def fitted() -> nn.Model:
    model = table_model()
    trained(model, TABLE)
    return model


def test_several_inputs_of_which_some_are_texts(fitted: nn.Model, tmp_path: Path) -> None:
    expected = fitted.predict(TABLE, verbose=0)
    np.testing.assert_allclose(fitted(TABLE), expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(fitted.predict(list(TABLE.values()), verbose=0), expected)
    np.testing.assert_array_equal(fitted.predict_on_batch(TABLE), expected)
    one = {name: values[:1] for name, values in TABLE.items()}
    np.testing.assert_allclose(fitted.predict(one, verbose=0), expected[:1], rtol=1e-6)
    before = fitted.test_on_batch(TABLE, Y)
    fitted.save(tmp_path / "m.keras")
    loaded = nn.saving.load_model(tmp_path / "m.keras")
    np.testing.assert_array_equal(loaded.predict(TABLE, verbose=0), expected)
    assert loaded.train_on_batch(TABLE, Y) == before > loaded.test_on_batch(TABLE, Y)


def test_batches_of_texts(fitted: nn.Model) -> None:
    class Rows(nn.utils.PyDataset):
        def __len__(self) -> int:
            return 3

        def __getitem__(self, index: int) -> Any:
            rows = slice(3 * index, 3 * index + 3)
            return {name: values[rows] for name, values in TABLE.items()}, Y[rows]

    expected = fitted.predict(TABLE, verbose=0)
    np.testing.assert_allclose(fitted.predict(Rows(), verbose=0), expected, rtol=1e-6)
    np.testing.assert_allclose(
        fitted.evaluate(Rows(workers=2), verbose=0), fitted.evaluate(TABLE, Y, verbose=0), rtol=1e-6
    )


def test_texts_without_a_length_are_padded_to_the_longest() -> None:
    vector = layers.TextVectorization(vocabulary=["the", "cat"])
    model = nn.Sequential(
        [nn.Input((1,), dtype="string"), vector, layers.Embedding(4, 2, mask_zero=True), layers.LSTM(2)]
    )
    assert [layer.output.shape for layer in model.layers] == [(None, None), (None, None, 2), (None, 2)]
    assert model(nn.Input((1,), dtype="string")).shape == (None, 2)
    short, long = model.predict(["the cat"], verbose=0), model.predict(["the cat", "the the the"], verbose=0)
    np.testing.assert_allclose(short[0], long[0], rtol=1e-6)


OF_TENSORFLOW: list[tuple[Any, tuple, Any, Any]] = [
    (layers.TextVectorization(vocabulary=["the", "cat"]), (1,), ["the cat sat", "x"], [[2, 3, 1], [1, 0, 0]]),
    (
        layers.StringLookup(vocabulary=["a", "b"], output_mode="one_hot"),
        (1,),
        ["a", "z"],
        [[0, 1, 0], [1, 0, 0]],
    ),
    (
        layers.StringLookup(vocabulary=["a", "b"], output_mode="multi_hot"),
        (3,),
        [["a", "b", "a"]],
        [[0, 1, 1]],
    ),
    (
        layers.StringLookup(vocabulary=["a", "b"], num_oov_indices=3, salt=[1, 2]),
        (2,),
        [["q", "e"]],
        [[0, 1]],
    ),
    (layers.Hashing(7, mask_value=""), (1,), ["a", "", "b"], [[4], [0], [5]]),
    (layers.Hashing(7, salt=133), (1,), ["a", "b"], [[4], [5]]),
]


@pytest.mark.parametrize(("layer", "shape", "texts", "expected"), OF_TENSORFLOW)
def test_numbers_of_texts_are_those_of_tensorflow(
    layer: Any, shape: tuple, texts: Any, expected: Any
) -> None:
    model = nn.Sequential([nn.Input(shape, dtype="string"), layer])
    assert model.predict(np.array(texts), verbose=0).tolist() == expected


def test_functions_and_own_layers_work_on_texts() -> None:
    class Lower(layers.Layer):
        def call(self, texts: Any) -> Any:
            return np.char.lower(np.asarray(texts, str))

    given = nn.Input((1,), dtype="string")
    lower = layers.Lambda(lambda texts: np.char.replace(np.asarray(texts, str), "!", ""))(Lower()(given))
    assert (lower.dtype, lower.shape) == ("string", (None, 1))
    lengths = layers.Lambda(lambda texts: np.char.str_len(np.asarray(texts, str)))(given)
    model = nn.Model(given, [layers.StringLookup(vocabulary=["a", "b"])(lower), ops.cast(lengths, "float32")])
    numbers, sizes = model.predict(np.array(["A!", "B", "cc"]), verbose=0)
    assert (numbers.tolist(), sizes.tolist()) == ([[1], [2], [0]], [[2.0], [1.0], [2.0]])


def test_models_give_texts() -> None:
    names = layers.StringLookup(vocabulary=["red", "blue"], invert=True)
    model = nn.Sequential([nn.Input((3,)), layers.Lambda(lambda x: ops.argmax(x, -1)), names])
    x = np.eye(3)[[1, 0, 2]]
    assert model.predict(x, batch_size=2, verbose=0).tolist() == ["red", "[UNK]", "blue"]
    assert model(x).tolist() == ["red", "[UNK]", "blue"]


def test_a_feature_space_in_a_model(tmp_path: Path) -> None:
    features = {"text": "string_hashed", "colour": "string_categorical", "place": "integer_categorical"}
    space = nn.utils.FeatureSpace(features, crosses=[("colour", "place")], crossing_dim=4)
    space.adapt(TABLE)
    encoded = space.get_encoded_features()
    assert encoded.shape[1:] == space(TABLE).shape[1:]
    outputs = layers.Dense(1)(encoded)
    prepared, raw = nn.Model(encoded, outputs), nn.Model(space.get_inputs(), outputs)
    trained(prepared, np.asarray(space(TABLE)))
    expected = prepared.predict(np.asarray(space(TABLE)), verbose=0)
    np.testing.assert_allclose(raw.predict(TABLE, verbose=0), expected, rtol=1e-6)
    raw.save(tmp_path / "m.keras")
    loaded = nn.saving.load_model(tmp_path / "m.keras")
    np.testing.assert_allclose(loaded.predict(TABLE, verbose=0), expected, rtol=1e-6)


@pytest.mark.parametrize(
    ("act", "error", "message"),
    [
        (
            lambda _: layers.Dense(1)(nn.Input((1,), dtype="string")),
            DataError,
            r"\(Dense\) computes with num",
        ),
        (lambda _: layers.Dense(1, name="d")(TEXTS), DataError, "Layer 'd' .* Received texts of shape"),
        (lambda _: vectorization()(nn.Input((1,))), ArgumentError, r'Input\(\(1,\), dtype="string"\)'),
        (lambda _: head().predict(TEXTS), DataError, "x holds text, such as 'the cat sat'"),
        (
            lambda m: m.predict({**TABLE, "place": TEXTS}),
            DataError,
            "input 'place' has dtype int32. Received texts",
        ),
        (
            lambda m: m({**TABLE, "text": PLACES}),
            DataError,
            "input 'text' has dtype string. Received int32",
        ),
        (
            lambda m: m.predict({**TABLE, "text": [None, *TEXTS[1:]]}),
            DataError,
            "row 0 holds no text but None",
        ),
        (
            lambda _: nn.Sequential(
                [nn.Input((2,)), layers.Dense(1), layers.Hashing(3), layers.Embedding(3, 1)]
            ).predict(np.ones((1, 2))),
            TracingError,
            "Hashing 'hashing.*' works on the host",
        ),
    ],
)
def test_what_is_refused(fitted: nn.Model, act: Any, error: type, message: str) -> None:
    with pytest.raises(error, match=message):
        act(fitted)


def test_what_takes_no_texts_says_so() -> None:
    batch = Hosted({"text": Texts((2,)), "size": np.ones((2, 3))}, [np.zeros((2, 3), int)])
    assert batch["size"].shape == (2, 3)
    with pytest.raises(DataError, match=r"with ds\.map"):
        batch["text"]
    model = nn.Sequential([nn.Input((1,), dtype="string"), vectorization(), layers.Dense(1)])
    model.compile("sgd", "mse")
    with pytest.raises(ArgumentError, match="which has no texts"):
        nn.search.Ensemble(model, range(2))
