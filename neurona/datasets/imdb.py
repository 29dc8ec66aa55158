"""IMDB: 50,000 film reviews, half of them positive, as lists of word numbers.

Maas et al. (2011), "Learning word vectors for sentiment analysis"; the authors ask to cite the paper. Keras
publishes the reviews already numbered, but as a pickle; here the numbers are made from the authors' archive
of texts by the same rules: reviews in the order of their files' names, the positive first; Keras's
`Tokenizer` rules for words; words numbered by how often they occur in the 25,000 training reviews; words that
only test reviews have are left out. The same seed gives the same reviews in the same order as in Keras. What
differs: words that occur equally often are numbered in order of appearance here and in another order there,
    so that rare words' numbers differ by some places (those of the 36 most frequent are equal), and 88,582
    words are found where Keras's index
lists 88,584.
"""

from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from neurona.core.errors import DataError
from neurona.core.spellings import spelled
from neurona.datasets._common import Split, in_language, pandas
from neurona.datasets._words import (
    Texts,
    check_word_options,
    choose_words,
    encode,
    index_from_bytes,
    index_to_bytes,
    word_index,
)
from neurona.datasets.download import PublicFile, fetch
from neurona.datasets.local import data_gate, locate, prepared
from neurona.files.archives import tar_files
from neurona.preprocessing.arguments import check_choice
from neurona.preprocessing.text import text_to_word_sequence

_FILE = PublicFile(
    "aclImdb_v1.tar.gz",
    "https://ai.stanford.edu/~amaas/data/sentiment/aclImdb_v1.tar.gz",
    "sha256:c40f74a18d3b61f90feba1e17730e0d38e8b97c05fde7008942e91923d1658fe",
)
_LABELLED_ONLY = "imdb_reviews.tar.xz"
_ARRAYS = (
    "train_words",
    "train_offsets",
    "train_labels",
    "test_words",
    "test_offsets",
    "test_labels",
    "word_index",
)
_CLASSES = {"en": ("negative", "positive"), "es": ("negativa", "positiva")}


@spelled
def load_data(
    path: str = "imdb.npz",
    num_words: int | None = None,
    skip_top: int = 0,
    maxlen: int | None = None,
    seed: int | None = 113,
    start_char: int | None = 1,
    oov_char: int | None = 2,
    index_from: int = 3,
) -> Split:
    """`(x_train, y_train), (x_test, y_test)`: reviews as lists of word numbers, shuffled by `seed`.

    The first call numbers the texts and keeps the result in the cache; later calls read it.

    Args:
        path: Keras's name for its numbered file, which is a pickle and not read; or the path of a review
            archive (`.tar.*`).
        num_words: words with this number or a greater one become `oov_char`; None keeps all.
        skip_top: numbers below this one become `oov_char`.
        maxlen: only reviews shorter than this, start mark included, are kept.
        seed: of the shuffle.
        start_char: begins every review; None for no mark.
        oov_char: stands for words left out; None drops them.
        index_from: added to the numbers of `get_word_index()`; 0 is kept for padding.

    Shapes: x (25000,) objects, each a list of int; y (25000,) int64, 1 for positive.

    Raises:
        ArgumentError: an option is out of its range.
        UnexpectedArgument: there is no such option.
        DownloadError: no archive is on this machine, and it can't be downloaded.
    """
    check_word_options("imdb.load_data", num_words, skip_top, maxlen)
    stored = _numbered(path)
    train, test = choose_words(
        "imdb.load_data",
        [Texts(*stored[:3]), Texts(*stored[3:6])],
        num_words=num_words,
        skip_top=skip_top,
        maxlen=maxlen,
        seed=seed,
        start_char=start_char,
        oov_char=oov_char,
        index_from=index_from,
    )
    return (train.lists(), train.labels), (test.lists(), test.labels)


def get_word_index(path: str = "imdb_word_index.json") -> dict[str, int]:
    """Each word's number, 1 for the most frequent; `load_data` adds `index_from` to it.

    Args:
        path: Keras's name for its file, whose numbers would not fit and which is not read; or the path of a
            review archive.
    """
    return index_from_bytes(_numbered(path)[6])


def as_frame(subset: str = "train", *, language: str = "en") -> Any:
    """The `"train"`, `"test"` or `"all"` reviews as a pandas frame: the text, its stars (1 to 10) and its
    class by name.
    """
    check_choice("as_frame", "subset", subset, ("train", "test", "all"))
    text, stars, label = in_language(
        {"en": ("text", "stars", "label"), "es": ("texto", "estrellas", "etiqueta")}, language
    )
    reviews = [review for review in _read_reviews(_archive("")) if subset in ("all", review[0])]
    frame = pandas().DataFrame(
        {text: [review[3] for review in reviews], stars: [_stars(review[2]) for review in reviews]}
    )
    frame[label] = pandas().Categorical.from_codes(
        [int(review[1] == "pos") for review in reviews], class_names(language)
    )
    return frame


def class_names(language: str = "en") -> list[str]:
    """The classes, in the order of the labels.

    Example:

        >>> class_names(), class_names("es")
        (['negative', 'positive'], ['negativa', 'positiva'])
    """
    return list(in_language(_CLASSES, language))


def _archive(path: str) -> Path:
    named = locate(path) if ".tar" in path else None
    return named or locate(_FILE.name) or locate(_LABELLED_ONLY) or fetch(_FILE)


def _numbered(path: str) -> list[np.ndarray]:
    return prepared("imdb-1", _archive(path), _ARRAYS, _number_words)


def _number_words(archive: Path) -> list[np.ndarray]:
    tokens: dict[str, list[list[str]]] = {"train": [], "test": []}
    labels: dict[str, list[int]] = {"train": [], "test": []}
    for subset, label, _, text in _read_reviews(archive):
        tokens[subset].append(text_to_word_sequence(text))
        labels[subset].append(int(label == "pos"))
    if not tokens["train"] or not tokens["test"]:
        raise DataError(
            f"{archive}: expected reviews in aclImdb/train/{{pos,neg}} and aclImdb/test/{{pos,neg}}. "
            "Received: none in one"
        )
    index = word_index(tokens["train"])
    train, test = (encode(tokens[subset], index, labels[subset]) for subset in ("train", "test"))
    return [
        train.words,
        train.offsets,
        train.labels,
        test.words,
        test.offsets,
        test.labels,
        index_to_bytes(index),
    ]


def _read_reviews(archive: Path) -> list[tuple[str, str, str, str]]:
    """(subset, "pos" or "neg", file name, text) of every review: train before test, positive before negative,
    then by name.
    """
    return sorted(
        _stream_reviews(archive), key=lambda review: (review[0] == "test", review[1] == "neg", review[2])
    )


def _stream_reviews(archive: Path) -> Iterator[tuple[str, str, str, str]]:
    gate = data_gate(archive)
    for member, read in tar_files(archive, gate):
        parts = PurePosixPath(member).parts
        if len(parts) >= 3 and parts[-3] in ("train", "test") and parts[-2] in ("pos", "neg"):
            with gate.watching(member):
                yield parts[-3], parts[-2], parts[-1], read().decode("utf-8")


def _stars(name: str) -> int:
    """`"200_8.txt"` is review 200 with 8 stars."""
    return int(name.removesuffix(".txt").rpartition("_")[2])
