"""Word vectors: the tables that word2vec draws by, what vectors are asked, and texts of every kind."""

import gzip
import io

import numpy as np
import pytest

import neurona as nn
from neurona import zoo
from neurona.zoo import word2vec

TEXT = ["El rey manda.", "La reina manda.", "El perro ladra.", "La perra ladra."] * 30
OPTIONS = {"vector_size": 12, "window": 2, "min_count": 1, "sample": 0, "epochs": 2, "random_state": 0}


@pytest.fixture(scope="module")
def network():
    return zoo.Word2Vec(**OPTIONS).fit(TEXT)


def test_each_word_is_drawn_in_proportion_to_its_weight():
    weights = np.array([5.0, 1.0, 0.5, 7.0, 2.5])
    bounds, others = word2vec.alias_table(weights)
    share = bounds / 2**32 + np.bincount(others, 1 - bounds / 2**32, 5)
    np.testing.assert_allclose(share / 5, weights / weights.sum(), rtol=1e-6)


def test_frequent_words_are_kept_with_mikolovs_probability():
    counts = np.array([1000, 10, 1])
    f = counts / counts.sum()
    expected = np.minimum(np.sqrt(0.01 / f) + 0.01 / f, 1)
    np.testing.assert_allclose(word2vec.keep_bounds(counts, 0.01) / 2**32, expected, rtol=1e-6)
    assert (word2vec.keep_bounds(counts, 0) == 2**32 - 1).all()


def test_the_tree_of_words_is_huffmans():
    counts = np.array([40, 20, 15, 10, 10, 5])
    paths = word2vec.huffman_paths(counts, 100)
    lengths = (paths >= 0).sum(axis=1)
    assert (lengths * counts).sum() == 15 + 25 + 35 + 60 + 100  # the least: 5 + 10, 10 + 15, 15 + 20, ...
    assert sum(2.0**-lengths) == 1
    assert set((paths[paths >= 0] >> 1) - 100) == set(range(5))
    codes = {tuple(row[row >= 0]) for row in paths}
    assert len(codes) == 6  # each way is another
    assert len({row[0] >> 1 for row in paths}) == 1  # and all begin at the root


def test_vectors_begin_as_those_of_gensim():
    """gensim 4's prep_vectors: uniform between -1 and 1, divided by the size."""
    words = [f"word{number}" for number in range(300)]
    network = zoo.Word2Vec(**OPTIONS | {"vector_size": 20, "alpha": 0, "min_alpha": 0}).fit([words])
    scaled = network.vectors * 20
    assert 0.99 < scaled.max() <= 1
    assert -1 <= scaled.min() < -0.99
    assert scaled.std() == pytest.approx(1 / np.sqrt(3), rel=0.02)


def test_the_words_and_the_tables_are_those_of_the_text(network):
    assert sorted(network.words_) == ["el", "la", "ladra", "manda", "perra", "perro", "reina", "rey"]
    assert network.vectors.shape == (8, 12)
    inputs, outputs, counts = network.model_.get_weights()
    assert inputs.shape == outputs.shape == (8, 16)
    assert not inputs[:, 12:].any()
    assert not outputs[:, 12:].any()
    np.testing.assert_array_equal(counts, [60] * 4 + [30] * 4)
    np.testing.assert_array_equal(
        network.model_.predict(np.array([[3, 1]]), verbose=0)[0], network.vectors[[3, 1]]
    )


@pytest.mark.parametrize(
    "sentences",
    [
        [text.lower().rstrip(".").split() for text in TEXT],
        (text for text in TEXT),
        io.StringIO("\n".join(TEXT)),
        [np.array(text.lower().rstrip(".").split()) for text in TEXT],
    ],
)
def test_a_text_is_read_from_lists_lines_and_files(network, sentences):
    again = zoo.Word2Vec(**OPTIONS).fit(sentences)
    assert again.words_ == network.words_
    np.testing.assert_array_equal(again.vectors, network.vectors)  # and the same seed gives the same bits


def test_a_text_is_read_from_a_path(network, tmp_path):
    path = tmp_path / "text.txt"
    path.write_text("\n".join(TEXT), "utf-8")
    np.testing.assert_array_equal(zoo.Word2Vec(**OPTIONS).fit(path).vectors, network.vectors)


@pytest.mark.parametrize(
    ("sentences", "options", "message"),
    [
        ("el rey manda", {}, r"a single text was received, 'el rey manda'"),
        ([["rey"], 3], {}, r"Sentence 1 is 3"),
        ([["rey", 3]], {}, r"Sentence 0 is \['rey', 3\]"),
        (
            TEXT,
            {"min_count": 1000},
            r"0 words are left of 8 that occur in a text of 360 words: min_count=1000",
        ),
        ([], {}, r"0 words are left of 0"),
        (["rey", "reina", "rey", "reina"], {}, r"no sentence has two words"),
        (TEXT, {"negative": 0}, r"negative=0 and hs=0 leave nothing"),
        (TEXT, {"window": 0}, r"window=0"),
    ],
)
def test_what_can_not_be_learned_from_is_refused(sentences, options, message):
    with pytest.raises(ValueError, match=message):
        zoo.Word2Vec(**OPTIONS | options).fit(sentences)


# What vectors are asked. The plane of king and queen: royal or not, male or not.
ROYAL = zoo.WordVectors(
    ["rey", "reina", "hombre", "mujer", "árbol"], [[3, 1], [3, -1], [1, 1], [1, -1], [-2, 0.1]]
)


def test_analogies_neighbours_and_odd_ones():
    assert ROYAL.most_similar(positive=["rey", "mujer"], negative=["hombre"])[0][0] == "reina"
    nearest = ROYAL.most_similar("rey", topn=2)
    assert [word for word, _ in nearest] == ["hombre", "reina"]
    assert nearest[0][1] == pytest.approx(4 / np.sqrt(20))
    assert ROYAL.most_similar(np.array([3.0, 1.0]), topn=1)[0] == ("rey", pytest.approx(1))
    assert ROYAL.most_similar(negative="árbol", topn=1)[0][0] in ("rey", "reina")
    assert len(ROYAL.most_similar("rey", topn=99)) == 4
    assert ROYAL.most_similar("rey", topn=0) == []
    assert ROYAL.doesnt_match(["rey", "reina", "árbol", "hombre"]) == "árbol"
    assert ROYAL.similarity("rey", "reina") == pytest.approx(0.8)
    assert "rey" in ROYAL
    assert "perro" not in ROYAL
    np.testing.assert_array_equal(ROYAL["mujer"], [1, -1])
    assert ROYAL[["rey", "mujer"]].shape == (2, 2)
    pairs = [("rey", "reina", 3), ("rey", "hombre", 4), ("rey", "árbol", 0)]
    assert ROYAL.evaluate_word_pairs(pairs) == pytest.approx(1)


def test_what_is_not_in_the_vocabulary_is_refused_with_near_spellings():
    with pytest.raises(
        zoo.UnknownWord, match=r"'reyna' is not in the vocabulary of 5 words. Did you mean 'reina'"
    ):
        ROYAL["reyna"]
    for error in (KeyError, nn.errors.DataError):
        with pytest.raises(error):
            ROYAL.similarity("rey", "zzz")
    assert str(zoo.UnknownWord("x")) == "x"  # no quotes
    with pytest.raises(ValueError, match=r"a vector of shape \(2,\). Received shape \(3,\)"):
        ROYAL.most_similar(np.ones(3))
    with pytest.raises(ValueError, match="give a word at least"):
        ROYAL.most_similar()
    with pytest.raises(ValueError, match="three words or more"):
        ROYAL.doesnt_match("rey")
    with pytest.raises(ValueError, match=r"vectors of shape \(2, size\)"):
        zoo.WordVectors(["a", "b"], np.ones((3, 2)))


def test_vectors_go_into_files_and_into_a_layer(network, tmp_path):
    for name, options in (
        ("a.txt", {}),
        ("a.bin", {"binary": True}),
        ("glove.txt", {"write_header": False}),
        ("a.txt.gz", {}),
    ):
        network.save_word2vec_format(tmp_path / name, **options)
        again = zoo.WordVectors.load_word2vec_format(tmp_path / name)
        assert again.words_ == network.words_
        np.testing.assert_array_equal(again.vectors, network.vectors)
    with gzip.open(tmp_path / "a.txt.gz", "rt", encoding="utf-8") as file:
        assert file.readline() == "8 12\n"
    with pytest.raises(ValueError, match="has a first line"):
        network.save_word2vec_format(tmp_path / "a", binary=True, write_header=False)
    layer = nn.layers.Embedding(*again.vectors.shape, weights=[again.vectors])
    np.testing.assert_array_equal(layer(np.array([again.number("rey")]))[0], network["rey"])


@pytest.mark.parametrize("options", [{"sg": 1}, {"hs": 1, "negative": 0}, {"sg": 1, "hs": 1}])
def test_all_ways_to_learn_find_the_topics(options):
    text, pairs = zoo.word_vectors.topics(1, 600)
    network = zoo.Word2Vec(16, min_count=1, sample=0, epochs=8, alpha=0.05, random_state=1, **options).fit(
        text
    )
    assert network.evaluate_word_pairs(pairs) > 0.7
