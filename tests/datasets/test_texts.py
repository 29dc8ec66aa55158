"""IMDB and Reuters: numbered as Keras numbers them, with the options and peculiarities of its loaders."""

import importlib
import os
from pathlib import Path

import numpy as np
import pytest

from neurona.core.errors import ArgumentError, DataError, UnexpectedArgument
from neurona.datasets import imdb, reuters

# What Keras's `imdb.load_data()[0][0][0]` and `get_word_index()` are known to hold.
KERAS_FIRST_REVIEW = """
1 14 22 16 43 530 973 1622 1385 65 458 4468 66 3941 4 173 36 256 5 25 100 43 838 112 50 670 22665 9 35 480 284
5 150 4 172 112 167 21631 336 385 39 4 172 4536 1111 17 546 38 13 447 4 192 50 16 6 147 2025 19 14 22 4 1920
4613 469 4 22 71 87 12 16 43 530 38 76 15 13 1247 4 22 17 515 17 12 16 626 18 19193 5 62 386 12 8 316 8 106 5
4 2223 5244 16 480 66 3785 33 4 130 12 16 38 619 5 25 124 51 36 135 48 25 1415 33 6 22 12 215 28 77 52 5 14
407 16 82 10311 8 4 107 117 5952 15 256 4 31050 7 3766 5 723 36 71 43 530 476 26 400 317 46 7 4 12118 1029 13
104 88 4 381 15 297 98 32 2071 56 26 141 6 194 7486 18 4 226 22 21 134 476 26 480 5 144 30 5535 18 51 36 28
224 92 25 104 4 226 65 16 38 1334 88 12 16 283 5 16 4472 113 103 32 15 16 5345 19 178 32
"""
KERAS_COMMONEST = (
    "the and a of to is br in it i this that was as for with movie but film on not you are his have he be "
    "one all at by an they who so from"
)


@pytest.fixture(scope="module")
def reviews(tmp_path_factory):
    """The real archive, numbered in a separate cache."""
    if not (Path(os.environ.get("NEURONA_DATA", "")) / "imdb_reviews.tar.xz").is_file():
        pytest.skip("NEURONA_DATA has no imdb_reviews.tar.xz")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NEURONA_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield imdb.load_data()


def test_imdb_is_keras_up_to_ties(reviews):
    (x_train, y_train), (x_test, y_test) = reviews
    assert x_train.shape == y_train.shape == x_test.shape == y_test.shape == (25000,)
    assert x_train.dtype == object
    assert y_train.dtype == np.int64
    assert isinstance(x_train[0], list)
    assert y_train[:10].tolist() == [1, 0, 0, 1, 0, 0, 1, 0, 1, 0]
    assert y_test[:5].tolist() == [0, 1, 1, 0, 1]
    assert [len(x_train[0]), len(x_train[1]), len(x_test[0])] == [218, 189, 68]
    keras_first = [int(number) for number in KERAS_FIRST_REVIEW.split()]
    # Only words that occur equally often are numbered otherwise: close by for common words, further for rare
    # ones.
    for ours, theirs in zip(x_train[0], keras_first, strict=True):
        assert ours == theirs or (theirs > 40 and abs(ours - theirs) <= 0.06 * theirs)
    # Equal words have equal numbers and different words different ones in both.
    assert [x_train[0].index(number) for number in x_train[0]] == [
        keras_first.index(number) for number in keras_first
    ]
    assert y_train.sum() == y_test.sum() == 12500


def test_imdb_word_index(reviews):
    index = imdb.get_word_index()
    assert list(index)[:36] == KERAS_COMMONEST.split()
    assert len(index) == 88582
    assert list(index.values()) == list(range(1, 88583))
    words = {number + 3: word for word, number in index.items()}
    begin = "this film was just brilliant casting location scenery story direction everyone's really suited"
    assert " ".join(words[number] for number in reviews[0][0][0][1:14]) == begin


@pytest.fixture
def few_reviews(empty_machine, make_tar):
    """A small archive in the official form: unlabelled reviews and other files among the labelled."""
    random = np.random.default_rng(0)
    words = [f"word{number}" for number in range(40)] + ["ñandú", "it's"]
    members = {
        "aclImdb/README": b"Large Movie Review Dataset",
        "aclImdb/train/unsup/0_0.txt": b"unlabelled",
        "aclImdb/imdb.vocab": b"the",
    }
    for subset in ("train", "test"):
        for label in ("neg", "pos"):
            for number in range(12):
                text = " ".join(random.choice(words, random.integers(3, 30)))
                members[f"aclImdb/{subset}/{label}/{number}_{random.integers(1, 11)}.txt"] = (
                    f"{text}.<br />{subset}only!".encode()
                )
    make_tar(empty_machine[0] / "aclImdb_v1.tar.gz", members)
    return empty_machine


def keras_arrays(index_from_zero: tuple) -> dict[str, np.ndarray]:
    """Our unshifted, unshuffled numbers in the form of Keras's own file."""
    arrays = {}
    for subset, words, offsets, labels in index_from_zero:
        rows = np.empty(len(labels), object)
        rows[:] = [words[offsets[row] : offsets[row + 1]].tolist() for row in range(len(labels))]
        arrays |= {f"x_{subset}": rows, f"y_{subset}": labels}
    return arrays


OPTIONS = [
    {},
    {"num_words": 20},
    {"num_words": 20, "skip_top": 5},
    {"maxlen": 20, "seed": 3},
    {"start_char": None},
    {"start_char": None, "index_from": 0, "num_words": 9},
    {"oov_char": None, "num_words": 15, "skip_top": 6},
    {"index_from": 10, "oov_char": 4, "start_char": 7, "maxlen": 25},
]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_imdb_options_as_in_keras(few_reviews, monkeypatch, options):
    stored = imdb._numbered("")
    theirs = importlib.import_module("keras.src.datasets.imdb")
    arrays = keras_arrays((("train", *stored[:3]), ("test", *stored[3:6])))
    monkeypatch.setattr(theirs, "get_file", lambda *args, **kwargs: "")
    monkeypatch.setattr(theirs.npz_utils, "load_npz", lambda path: arrays)
    for (x, y), (expected_x, expected_y) in zip(
        imdb.load_data(**options), theirs.load_data(**options), strict=True
    ):
        assert x.tolist() == expected_x.tolist()
        assert y.tolist() == list(expected_y)
        assert y.dtype == np.int64


def test_imdb_words_of_small_archive(few_reviews):
    index = imdb.get_word_index()
    assert "testonly" not in index  # as in Keras, words that only test reviews have are left out
    assert {"ñandú", "it's"} <= set(index)
    (x_train, y_train), (x_test, _) = imdb.load_data()
    assert (len(x_train), len(x_test), y_train.sum()) == (24, 24, 12)
    frame = imdb.as_frame("all", language="es")
    assert list(frame.columns) == ["texto", "estrellas", "etiqueta"]
    assert frame["etiqueta"].value_counts().to_dict() == {"negativa": 24, "positiva": 24}
    assert frame["estrellas"].between(1, 10).all()
    assert len(list((few_reviews[1] / "datasets" / "prepared").glob("imdb-*.npz"))) == 1


def test_imdb_reads_the_labelled_archive_too(few_reviews):
    data, _ = few_reviews
    expected = imdb.load_data()[0][0].tolist()
    path = data / "aclImdb_v1.tar.gz"
    other = path.rename(data / "elsewhere.tar.gz")
    assert imdb.load_data(path=str(other))[0][0].tolist() == expected
    assert imdb.get_word_index(path=str(other))["br"] > 0
    other.rename(data / "imdb_reviews.tar.xz")  # the kind of compression is told by the content
    assert imdb.load_data()[0][0].tolist() == expected


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"num_words": 0}, "num_words.*at least 1.*Received: 0"),
        ({"num_words": -5}, "Received: -5"),
        ({"num_words": 99.5}, "Received: 99.5"),
        ({"skip_top": -1}, "skip_top"),
        ({"maxlen": 0}, "maxlen"),
    ],
)
@pytest.mark.parametrize("module", [imdb, reuters])
def test_impossible_word_options(module, options, message):
    with pytest.raises(ArgumentError, match=message):
        module.load_data(**options)


def test_imdb_unknown_argument():
    with pytest.raises(UnexpectedArgument, match=r"'numwords'.*Did you mean 'num_words'"):
        imdb.load_data(numwords=10)


def test_maxlen_that_keeps_nothing(few_reviews):
    with pytest.raises(DataError, match="maxlen=2"):
        imdb.load_data(maxlen=2)


def test_imdb_archive_without_reviews(empty_machine, make_tar):
    make_tar(empty_machine[0] / "aclImdb_v1.tar.gz", {"aclImdb/train/pos/0_9.txt": b"alone"})
    with pytest.raises(DataError, match="expected reviews"):
        imdb.load_data()
    (empty_machine[0] / "aclImdb_v1.tar.gz").write_bytes(b"no archive")
    with pytest.raises(DataError, match="damaged"):
        imdb.load_data()


# Reuters

WIRE = """<REUTERS TOPICS="YES" LEWISSPLIT="TRAIN" CGISPLIT="TRAINING-SET" OLDID="1" NEWID="{number}">
<DATE>26-FEB-1987 15:01:01.79</DATE>
<TOPICS>{topics}</TOPICS>
<PLACES><D>usa</D></PLACES>
<PEOPLE></PEOPLE>
<ORGS></ORGS>
<EXCHANGES></EXCHANGES>
<COMPANIES></COMPANIES>
<UNKNOWN>
&#5;&#5;&#5;F Y
&#22;&#22;&#1;f0708&#31;reute</UNKNOWN>
<TEXT>&#2;
<TITLE>TITLE {number}</TITLE>
<DATELINE>    NEW YORK, Feb 26 - </DATELINE>{body}</TEXT>
</REUTERS>
"""


@pytest.fixture
def wires(empty_machine, make_tar):
    """Two SGML files in the form of Reuters-21578, in the wrong order, with every kind of wire."""
    body = "<BODY>{}\n Reuter\n&#3;</BODY>"
    first = [
        (["cocoa"], body.format("Cocoa prices rose, Comissaria Smith said. 1.5 mln bags")),
        (["grain", "wheat"], body.format("two topics, left out")),
        ([], body.format("no topic, left out")),
        (["earn"], ""),
        (["earn"], body.format("Shr 34 cts vs 1.19 dlrs")),
        (["cocoa"], body.format("cocoa &lt;XYZ> again £ caf\xe9")),
    ]
    second = [
        (["potato"], body.format("a rare topic, left out")),
        (["acq"], body.format("Smith bought the cocoa shares")),
    ]
    files = {}
    for name, rows in (("reut2-001.sgm", second), ("reut2-000.sgm", first)):
        text = '<!DOCTYPE lewis SYSTEM "lewis.dtd">\n' + "".join(
            WIRE.format(number=number, topics="".join(f"<D>{topic}</D>" for topic in topics), body=text)
            for number, (topics, text) in enumerate(rows)
        )
        files[name] = text.encode("latin-1")
    make_tar(empty_machine[0] / "reuters21578.tar.gz", {"README.txt": b"", "lewis.dtd": b"", **files})
    return empty_machine


def test_reuters_chooses_and_numbers_wires(wires):
    frame = reuters.as_frame()
    assert frame["topic"].tolist() == ["cocoa", "earn", "earn", "cocoa", "acq"]
    # A wire without a body got the next one's in the file, as in the script that made Keras's set.
    assert frame["text"][1] == frame["text"][2] == "Shr 34 cts vs 1.19 dlrs\n Reuter\n&#3;"
    index = reuters.get_word_index()
    assert list(index)[:2] == ["reuter", "3"]
    assert {"lt", "xyz", "café", "£"} <= set(index)
    assert index["cocoa"] == 3
    assert "topic" not in index
    (x_train, y_train), (x_test, y_test) = reuters.load_data(test_split=0.4, seed=1)
    assert (len(x_train), len(x_test)) == (3, 2)
    assert sorted([*y_train, *y_test]) == [0, 0, 3, 3, 4]
    words = {number + 3: word for word, number in index.items()}
    texts = {" ".join(words.get(number, "?") for number in row[1:]) for row in [*x_train, *x_test]}
    assert "shr 34 cts vs 1 19 dlrs reuter 3" in texts
    assert all(row[0] == 1 for row in x_train)


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_reuters_options_as_in_keras(wires, monkeypatch, options):
    words, offsets, labels, _ = reuters._numbered("")
    arrays = keras_arrays((("all", words, offsets, labels),))
    theirs = importlib.import_module("keras.src.datasets.reuters")
    monkeypatch.setattr(theirs, "get_file", lambda *args, **kwargs: "")
    monkeypatch.setattr(
        theirs.npz_utils, "load_npz", lambda path: {"x": arrays["x_all"], "y": arrays["y_all"]}
    )
    for (x, y), (expected_x, expected_y) in zip(
        reuters.load_data(**options), theirs.load_data(**options), strict=True
    ):
        assert x.tolist() == expected_x.tolist()
        assert y.tolist() == expected_y.tolist()


def test_reuters_names_are_keras():
    theirs = importlib.import_module("keras.src.datasets.reuters")
    assert reuters.get_label_names() == theirs.get_label_names()
    assert len(reuters.class_names("es")) == 46


def test_reuters_archive_without_wires(empty_machine, make_tar):
    make_tar(empty_machine[0] / "reuters21578.tar.gz", {"reut2-000.sgm": b"<!DOCTYPE lewis>"})
    with pytest.raises(DataError, match="no wire"):
        reuters.load_data()
