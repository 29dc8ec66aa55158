"""The Tokenizer and its helpers against Keras's own."""

import json

import numpy as np
import pytest
from keras.src.legacy.preprocessing import text as theirs

from neurona.core.errors import ArgumentError, DataError, UnexpectedArgument
from neurona.preprocessing import text as ours

TEXTS = [
    "The cat sat on the mat.",
    "The dog, it's said, sat on THE cat!",
    "",
    "Un pingüino\tcomió   peces;\nla   rana croó: ¡croac!",
    "dogs and cats\nliving together -- mass hysteria <br /> the END",
]
WORDS = [["The", "quick", "fox"], ["the", "FOX"], []]

OPTIONS = [
    {},
    {"num_words": 5},
    {"oov_token": "<oov>"},
    {"oov_token": "<oov>", "num_words": 6},
    {"char_level": True},
    {"char_level": True, "lower": False, "num_words": 12},
    {"lower": False},
    {"filters": "t", "split": "a"},
    {"analyzer": lambda text: text.split("o")},
]


@pytest.mark.parametrize("sample", [*TEXTS, "one|two|three"])
@pytest.mark.parametrize(
    "options",
    [{}, {"lower": False}, {"filters": "", "split": "|"}, {"filters": "aeiou", "split": "_"}],
    ids=str,
)
def test_text_to_word_sequence(sample, options):
    assert ours.text_to_word_sequence(sample, **options) == theirs.text_to_word_sequence(sample, **options)


def test_hashing():
    for sample in TEXTS:
        assert ours.hashing_trick(sample, 50, "md5") == theirs.hashing_trick(sample, 50, "md5")
        assert ours.one_hot(sample, 50) == theirs.one_hot(sample, 50)
        assert ours.hashing_trick(sample, 7, len, analyzer=str.split) == theirs.hashing_trick(
            sample, 7, len, analyzer=str.split
        )
    with pytest.raises(ArgumentError, match="n >= 2"):
        ours.hashing_trick("a", 1)
    with pytest.raises(ArgumentError, match="'sha1'"):
        ours.hashing_trick("a", 9, "sha1")


@pytest.mark.parametrize("options", OPTIONS, ids=lambda options: "-".join(options) or "plain")
@pytest.mark.parametrize("fitted", [TEXTS, WORDS], ids=["texts", "words"])
def test_tokenizer_is_keras(options, fitted):
    if fitted is WORDS and "analyzer" in options:
        options = {}
    mine, keras_one = ours.Tokenizer(**options), theirs.Tokenizer(**options)
    for tokenizer in (mine, keras_one):
        tokenizer.fit_on_texts(fitted)
        tokenizer.fit_on_texts(fitted[:1])
    for name in ("word_index", "index_word", "word_counts", "word_docs", "index_docs", "document_count"):
        assert getattr(mine, name) == getattr(keras_one, name), name
    assert list(mine.word_index) == list(keras_one.word_index)
    new = [*fitted, fitted[1] if fitted is WORDS else "the unknown cat of the dog"]
    sequences = mine.texts_to_sequences(new)
    assert sequences == keras_one.texts_to_sequences(new)
    assert mine.sequences_to_texts([*sequences, [1, 999]]) == keras_one.sequences_to_texts(
        [*sequences, [1, 999]]
    )
    for mode in ("binary", "count", "freq", "tfidf"):
        np.testing.assert_allclose(
            mine.texts_to_matrix(new, mode), keras_one.texts_to_matrix(new, mode), rtol=1e-12
        )


def test_fit_on_sequences():
    mine, keras_one = ours.Tokenizer(num_words=6), theirs.Tokenizer(num_words=6)
    sequences = [[1, 2, 2, 5], [3, 9], [1]]
    mine.fit_on_sequences(sequences)
    keras_one.fit_on_sequences(sequences)
    np.testing.assert_allclose(
        mine.sequences_to_matrix(sequences, "tfidf"),
        keras_one.sequences_to_matrix(sequences, "tfidf"),
        rtol=1e-12,
    )


def test_json_is_exchanged_with_keras():
    mine, keras_one = ours.Tokenizer(num_words=9, oov_token="?"), theirs.Tokenizer(num_words=9, oov_token="?")
    mine.fit_on_texts(TEXTS)
    keras_one.fit_on_texts(TEXTS)
    assert set(json.loads(mine.to_json())["config"]) == set(json.loads(keras_one.to_json())["config"])
    expected = keras_one.texts_to_matrix(TEXTS, "tfidf")
    np.testing.assert_allclose(
        ours.tokenizer_from_json(keras_one.to_json()).texts_to_matrix(TEXTS, "tfidf"), expected
    )
    np.testing.assert_allclose(
        theirs.tokenizer_from_json(mine.to_json()).texts_to_matrix(TEXTS, "tfidf"), expected
    )
    np.testing.assert_allclose(
        ours.tokenizer_from_json(mine.to_json(indent=2)).texts_to_matrix(TEXTS, "tfidf"), expected
    )


def test_old_and_wrong_arguments():
    assert ours.Tokenizer(nb_words=7).num_words == 7
    with pytest.raises(UnexpectedArgument, match=r"'num_word'.*Did you mean 'num_words'"):
        ours.Tokenizer(num_word=7)
    with pytest.raises(ArgumentError, match="num_words >= 1"):
        ours.Tokenizer(num_words=0)


def test_misuse():
    tokenizer = ours.Tokenizer()
    with pytest.raises(DataError, match="put it in a list"):
        tokenizer.fit_on_texts("one text")
    with pytest.raises(DataError, match="put it in a list"):
        tokenizer.texts_to_sequences("one text")
    with pytest.raises(DataError, match="fit_on_texts first"):
        tokenizer.sequences_to_matrix([[1]])
    with pytest.raises(DataError, match="document counts"):
        ours.Tokenizer(num_words=3).sequences_to_matrix([[1]], mode="tfidf")
    with pytest.raises(ArgumentError, match="Did you mean 'tfidf'"):
        ours.Tokenizer(num_words=3).sequences_to_matrix([[1]], mode="tf-idf")
