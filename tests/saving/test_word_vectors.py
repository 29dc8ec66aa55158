"""Files of word vectors: what gensim and GloVe's programs write, and files that are damaged or hostile."""

import gzip
import itertools
import struct

import numpy as np
import pytest

from neurona.errors import ArgumentError, SavingError, ShapeError
from neurona.saving import Budget
from neurona.saving.word_vectors import read_word_vectors, write_word_vectors

WORDS = ["año", "camión", "the", "niño", "año_nuevo"]
ROWS = np.random.default_rng(0).normal(size=(5, 3)).astype("float32")


def binary(word, numbers, end=b""):
    return word.encode() + b" " + struct.pack(f"<{len(numbers)}f", *numbers) + end


# Made by hand in the layouts of the programs: word2vec ends each binary row with a newline, gensim does not.
FILES = {
    "word2vec": b"2 3\nsol 1 -2.5 3e-3 \nluna 0.5 1e3 .25 \n",
    "gensim": b"2 3\nsol 1.0 -2.5 0.003\nluna 0.5 1000.0 0.25\n",
    "windows": b"2 3\r\nsol 1.0 -2.5 0.003\r\nluna 0.5 1000.0 0.25\r\n",
    "glove": b"sol 1.0 -2.5 0.003\nluna 0.5 1000.0 0.25\n",
    "tabs": b"sol\t1.0\t-2.5\t0.003\nluna\t0.5\t1000.0\t0.25",
    "binary": b"2 3\n" + binary("sol", [1, -2.5, 0.003], b"\n") + binary("luna", [0.5, 1000, 0.25], b"\n"),
    "gensim's binary": b"2 3\n" + binary("sol", [1, -2.5, 0.003]) + binary("luna", [0.5, 1000, 0.25]),
}


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("packed", [False, True])
def test_the_layouts_of_other_programs_are_read(name, packed, tmp_path):
    path = tmp_path / "vectors"
    path.write_bytes(gzip.compress(FILES[name]) if packed else FILES[name])
    words, vectors = read_word_vectors(path)
    assert words == ["sol", "luna"]
    np.testing.assert_array_equal(vectors, np.array([[1, -2.5, 0.003], [0.5, 1000, 0.25]], "float32"))


@pytest.mark.parametrize("format", ["word2vec", "binary", "glove"])
@pytest.mark.parametrize("name", ["v", "v.gz"])
def test_what_is_written_is_read(format, name, tmp_path):
    write_word_vectors(tmp_path / name, WORDS, ROWS, format)
    words, vectors = read_word_vectors(tmp_path / name)
    assert words == WORDS
    np.testing.assert_array_equal(vectors, ROWS)


def test_a_word_with_a_blank_is_read_where_the_numbers_can_be_counted(tmp_path):
    (tmp_path / "v").write_bytes(b"sol 1 2\n. . . 3 4\n")
    assert read_word_vectors(tmp_path / "v")[0] == ["sol", ". . ."]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"sol\n", "line 1 holds no numbers"),
        (b"sol 1 2\nluna 1\n", "line 2 holds 1 numbers, and others hold 2"),
        (b"sol 1 2\nluna 1 x\n", "line 2 holds 'x' where a finite number"),
        (b"sol 1 2\nluna nan 2\n", "line 2 holds 'nan' where a finite number"),
        (b"3 2\nsol 1 2\nluna 1 2\n", "says in its first line that it holds 3 words, and holds 2"),
        (b"1 2\nsol 1 2\nluna 1 2\n", "holds 1 words, and holds 2"),
        (b"1 3\nsol 1 2\n", "line 2 holds 2 numbers, and others hold 3"),
        (b"0 3\n", "holds 0 words of 3 numbers"),
        (b"999999999999 300\nsol 1 2\n", "asks for .* bytes of memory"),
        (b"2 999999999999\nsol 1 2\n", "asks for .* bytes of memory"),
        (FILES["gensim's binary"][:-3], "ends, or is damaged, in word 2 of 2"),
        (FILES["binary"] + b"more of it", "goes on after the 2 words of 3 numbers"),
        (FILES["binary"][:20], "holds 2 words, and holds 1"),
        (b"2 3\n" + binary("sol", [1, float("nan"), 2]), "the vector of 'sol', word 1, holds NaN"),
        (b"1 2\n" + b"\x80" * 5000, "ends, or is damaged, in word 1 of 1"),
        (gzip.compress(FILES["glove"])[:-12], "is damaged"),
    ],
    ids=itertools.count(),  # a packed file holds the hour, and processes have to name their tests alike
)
def test_damaged_and_hostile_files_are_refused(content, message, tmp_path):
    (tmp_path / "v").write_bytes(content)
    with pytest.raises(SavingError, match=message):
        read_word_vectors(tmp_path / "v")


def test_a_packed_file_that_unpacks_without_end_is_refused(tmp_path):
    (tmp_path / "v.gz").write_bytes(gzip.compress(b"sol 1 2\n" * 100_000))
    with Budget(memory=100_000), pytest.raises(SavingError, match="asks for"):
        read_word_vectors(tmp_path / "v.gz")


def test_broken_letters_and_words_that_occur_again_are_told(tmp_path):
    (tmp_path / "v").write_bytes(b"a\xc3 1 2\nsol 3 4\nsol 5 6\nluna 7 8\n")
    with pytest.warns(UserWarning, match=r"\d words") as told:
        words, vectors = read_word_vectors(tmp_path / "v")
    assert words == ["a\ufffd", "sol", "luna"]
    assert vectors.tolist() == [[1, 2], [3, 4], [7, 8]]
    assert "1 words are no valid UTF-8" in str(told[0].message)
    assert "1 words occur again, such as 'sol'" in str(told[1].message)


def test_what_no_reader_would_understand_is_not_written(tmp_path):
    with pytest.raises(SavingError, match="'nueva york' is empty or holds a blank"):
        write_word_vectors(tmp_path / "v", ["nueva york"], ROWS[:1])
    with pytest.raises(ShapeError, match=r"5 words need vectors of shape \(5, width\)"):
        write_word_vectors(tmp_path / "v", WORDS, ROWS[:2])
    with pytest.raises(ArgumentError, match="format is one of"):
        write_word_vectors(tmp_path / "v", WORDS, ROWS, "pickle")
    assert not list(tmp_path.iterdir())
