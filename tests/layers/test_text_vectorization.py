"""TextVectorization against the documented behaviour of Keras, whose own layer needs TensorFlow."""

import json
import math
from pathlib import Path

import jax
import numpy as np
import pytest

import neurona as nn
from neurona.core.errors import ArgumentError, DataError, NotBuiltError, SavingError, TracingError
from neurona.core.symbolic import SymbolicTensor
from neurona.layers import TextVectorization

TEXTS = ["foo bar", "bar baz", "baz bada boom"]


def test_the_example_of_the_documentation() -> None:
    layer = TextVectorization(max_tokens=5000, output_mode="int", output_sequence_length=4)
    layer.adapt(TEXTS)
    assert layer([["foo qux bar"], ["qux baz"]]).tolist() == [[4, 1, 3, 0], [1, 2, 0, 0]]


def test_a_given_vocabulary() -> None:
    layer = TextVectorization(vocabulary=["earth", "wind", "and", "fire"])
    assert layer.get_vocabulary() == ["", "[UNK]", "earth", "wind", "and", "fire"]
    assert layer.get_vocabulary(include_special_tokens=False) == ["earth", "wind", "and", "fire"]
    assert layer.vocabulary_size() == 6
    assert layer(np.array(["fire and water", "wind"])).tolist() == [[5, 4, 1], [3, 0, 0]]
    assert layer("Earth!").tolist() == [2]
    layer.set_vocabulary(["", "[UNK]", "x"])
    assert layer.get_vocabulary() == ["", "[UNK]", "x"]


def test_the_most_frequent_tokens_are_kept() -> None:
    layer = TextVectorization(max_tokens=4)
    layer.adapt(["a a a", "b b c", "c c d"])
    assert layer.get_vocabulary() == ["", "[UNK]", "c", "a"]  # of equals, the last of the alphabet


@pytest.mark.parametrize(
    ("standardize", "expected"),
    [
        ("lower_and_strip_punctuation", "el niño está aquí dont"),
        ("lower", "¡el niño está aquí! don't."),
        ("strip_punctuation", "¡El NIÑO está aquí Dont"),
        (None, "¡El NIÑO está aquí! Don't."),
        (lambda texts: np.char.replace(texts, "NIÑO", "NIÑA"), "¡El NIÑA está aquí! Don't."),
    ],
)
def test_standardization(standardize: object, expected: str) -> None:
    layer = TextVectorization(standardize=standardize, split=None)  # pyright: ignore[reportArgumentType]
    layer.adapt(["¡El NIÑO está aquí! Don't."])
    assert layer.get_vocabulary()[2:] == [expected if expected.startswith("¡") else "¡" + expected]


def test_splitting_and_ngrams() -> None:
    characters = TextVectorization(split="character")
    characters.adapt(["aab"])
    assert characters.get_vocabulary() == ["", "[UNK]", "a", "b"]
    own = TextVectorization(split=lambda texts: [text.split("-") for text in texts], standardize=None)
    own.adapt(["x-y", "x"])
    assert own.get_vocabulary() == ["", "[UNK]", "x", "y"]
    pairs = TextVectorization(ngrams=2)
    pairs.adapt(["the cat sat"])
    assert set(pairs.get_vocabulary()[2:]) == {"the", "cat", "sat", "the cat", "cat sat"}
    only = TextVectorization(ngrams=(3,))
    only.adapt(["the cat sat", "too short"])
    assert only.get_vocabulary()[2:] == ["the cat sat"]


def test_multi_hot_and_count() -> None:
    texts = ["b a a", "z"]
    for mode, rows in (("multi_hot", [[0, 1, 1], [1, 0, 0]]), ("count", [[0, 2, 1], [1, 0, 0]])):
        layer = TextVectorization(output_mode=mode, vocabulary=["a", "b"])
        assert layer.get_vocabulary() == ["[UNK]", "a", "b"]
        assert layer(texts).tolist() == rows
        padded = TextVectorization(
            max_tokens=5, output_mode=mode, pad_to_max_tokens=True, vocabulary=["a", "b"]
        )
        assert padded(texts).tolist() == [[*row, 0, 0] for row in rows]


def test_tf_idf() -> None:
    layer = TextVectorization(output_mode="tf_idf")
    layer.adapt(["a b", "a", "a a"])
    a, b = math.log(1 + 3 / 4), math.log(1 + 3 / 2)
    np.testing.assert_allclose(layer(["a a b c"]), [[(a + b) / 2, 2 * a, b]], rtol=1e-6)
    given = TextVectorization(output_mode="tf_idf", vocabulary=["a", "b"], idf_weights=[a, b])
    np.testing.assert_allclose(given(["a a b c"]), layer(["a a b c"]), rtol=1e-6)


def test_bytes_and_batches() -> None:
    layer = TextVectorization()
    layer.adapt(iter([np.array([b"uno dos"]), np.array([b"dos"])]))
    assert layer.get_vocabulary()[2:] == ["dos", "uno"]
    stopped = TextVectorization()
    stopped.adapt(iter([["uno"], ["dos"]]), steps=1)
    assert stopped.get_vocabulary()[2:] == ["uno"]


def test_config_and_assets(tmp_path: Path) -> None:
    layer = TextVectorization(output_sequence_length=3, ngrams=(1, 2), name="texts")
    layer.adapt(TEXTS)
    config = json.loads(json.dumps(layer.get_config()))
    again = TextVectorization.from_config(config)
    assert again.get_vocabulary() == layer.get_vocabulary()
    assert again(TEXTS).tolist() == layer(TEXTS).tolist()
    # Keras keeps what was learned in a file beside the config.
    layer.save_assets(tmp_path)
    bare = TextVectorization.from_config(
        {**config, "vocabulary": None, "vocabulary_size": 9, "has_input_vocabulary": False}
    )
    bare.load_assets(tmp_path)
    assert bare.get_vocabulary() == layer.get_vocabulary()
    from_file = TextVectorization(vocabulary=tmp_path / "vocabulary.txt")
    assert from_file.get_vocabulary() == layer.get_vocabulary()
    with pytest.raises(SavingError, match="names a file"):
        TextVectorization.from_config({**config, "vocabulary": "/etc/passwd"})


def test_what_is_refused() -> None:
    with pytest.raises(NotBuiltError, match="adapt"):
        TextVectorization()(["a"])
    with pytest.raises(DataError, match="no token in 1 texts"):
        TextVectorization().adapt(["..."])
    with pytest.raises(ArgumentError, match="come twice: \\['a'\\]"):
        TextVectorization(vocabulary=["a", "a"])
    with pytest.raises(ArgumentError, match="max_tokens=3"):
        TextVectorization(max_tokens=3, vocabulary=["a", "b"])
    with pytest.raises(ArgumentError, match="Did you mean 'multi_hot'"):
        TextVectorization(output_mode="multihot")
    with pytest.raises(ArgumentError, match="idf_weights"):
        TextVectorization(output_mode="tf_idf", vocabulary=["a"])
    with pytest.raises(ArgumentError, match="dense"):
        TextVectorization(ragged=True)
    layer = TextVectorization(vocabulary=["a"])
    with pytest.raises(ArgumentError, match=r"Input\(\(1,\), dtype=\"string\"\)"):
        layer(SymbolicTensor((None, 1), "int32"))
    with pytest.raises(TracingError, match="works on the host, before the compiled program"):
        jax.jit(layer)(np.ones(3))


def test_a_data_set_is_read_once_to_its_end():
    class Texts(nn.utils.PyDataset):
        def __len__(self):
            return 2

        def __getitem__(self, index):
            return np.array([["uno dos"], ["dos"]][index]), np.zeros(1)

    layer = TextVectorization()
    layer.adapt(Texts())
    assert layer.get_vocabulary() == ["", "[UNK]", "dos", "uno"]
