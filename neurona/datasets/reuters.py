"""Reuters: newswires of 1987 in 46 topics, as lists of word numbers.

Lewis (1997), "Reuters-21578, Distribution 1.0": Reuters Ltd. and Carnegie Group, Inc. let it be used for
research. Keras publishes 11,228 of the wires already numbered, but as a pickle; here the numbers are made
from the archive of SGML files by the rules of the script that made Keras's file (`make_reuters_dataset`,
Keras 0.1): wires with exactly one topic; topics with at least 15 such wires, which are the 46 of
`get_label_names()`, numbered as they appear; words by Keras's `Tokenizer`, numbered by frequency over all
wires; and the body of a wire without one is the next body in the file. Words that occur equally often can be
numbered otherwise than in Keras's file, and the wires can be in another order, so that the same seed may give
another split.
"""

import re
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from neurona.core.errors import DataError
from neurona.core.spellings import spelled
from neurona.datasets._common import Split, check_test_split, in_language, pandas
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
from neurona.preprocessing.text import text_to_word_sequence

# The checksum is the one that scikit-learn publishes for this address.
_FILE = PublicFile(
    "reuters21578.tar.gz",
    "https://archive.ics.uci.edu/ml/machine-learning-databases/reuters21578-mld/reuters21578.tar.gz",
    "sha256:3bae43c9b14e387f76a61b6d82bf98a4fb5d3ef99ef7e7075ff2ccbcf59f9d30",
)
_ARRAYS = ("words", "offsets", "labels", "word_index")
# English = Spanish, in the order of the labels.
_TOPICS = """
cocoa=cacao, grain=grano, veg-oil=aceite vegetal, earn=ganancias, acq=adquisiciones, wheat=trigo,
copper=cobre, housing=vivienda, money-supply=masa monetaria, coffee=café, sugar=azúcar, trade=comercio,
reserves=reservas, ship=navegación, cotton=algodón, carcass=carne en canal, crude=petróleo crudo,
nat-gas=gas natural, cpi=precios al consumo, money-fx=divisas, interest=tipos de interés,
gnp=producto nacional bruto, meal-feed=piensos, alum=aluminio, oilseed=oleaginosas, gold=oro, tin=estaño,
strategic-metal=metales estratégicos, livestock=ganado, retail=venta minorista, ipi=producción industrial,
iron-steel=hierro y acero, rubber=caucho, heat=combustible de calefacción, jobs=empleo,
lei=indicadores adelantados, bop=balanza de pagos, zinc=zinc, orange=naranja, pet-chem=petroquímica,
dlr=dólar, gas=gasolina, silver=plata, wpi=precios al por mayor, hog=cerdos, lead=plomo
"""
_PAIRS = [pair.strip().split("=") for pair in _TOPICS.split(",")]
_LABELS = {english: label for label, (english, _) in enumerate(_PAIRS)}


@spelled
def load_data(
    path: str = "reuters.npz",
    num_words: int | None = None,
    skip_top: int = 0,
    maxlen: int | None = None,
    test_split: float = 0.2,
    seed: int | None = 113,
    start_char: int | None = 1,
    oov_char: int | None = 2,
    index_from: int = 3,
) -> Split:
    """`(x_train, y_train), (x_test, y_test)`: wires as lists of word numbers, shuffled by `seed`.

    The first call numbers the texts and keeps the result in the cache; later calls read it.

    Args:
        path: Keras's name for its numbered file, which is a pickle and not read; or the path of an archive of
            SGML files (`.tar.*`).
        num_words: words with this number or a greater one become `oov_char`; None keeps all.
        skip_top: numbers below this one become `oov_char`.
        maxlen: only wires shorter than this, start mark included, are kept.
        test_split: share of the wires kept for testing.
        seed: of the shuffle.
        start_char: begins every wire; None for no mark.
        oov_char: stands for words left out; None drops them.
        index_from: added to the numbers of `get_word_index()`; 0 is kept for padding.

    Shapes: x (n,) objects, each a list of int; y (n,) int64 in 0..45.

    Raises:
        ArgumentError: an option is out of its range.
        DownloadError: the archive is not on this machine and can't be downloaded.
    """
    check_test_split(test_split)
    check_word_options("reuters.load_data", num_words, skip_top, maxlen)
    (wires,) = choose_words(
        "reuters.load_data",
        [Texts(*_numbered(path)[:3])],
        num_words=num_words,
        skip_top=skip_top,
        maxlen=maxlen,
        seed=seed,
        start_char=start_char,
        oov_char=oov_char,
        index_from=index_from,
    )
    x, y = wires.lists(), wires.labels
    cut = int(len(x) * (1 - test_split))
    return (x[:cut], y[:cut]), (x[cut:], y[cut:])


def get_word_index(path: str = "reuters_word_index.json") -> dict[str, int]:
    """Each word's number, 1 for the most frequent; `load_data` adds `index_from` to it.

    Args:
        path: Keras's name for its file, whose numbers would not fit and which is not read; or the path of an
            archive of SGML files.
    """
    return index_from_bytes(_numbered(path)[3])


def get_label_names() -> tuple[str, ...]:
    """The 46 topics by their Reuters codes, in the order of the labels.

    Example:

        >>> get_label_names()[3:5]
        ('earn', 'acq')
    """
    return tuple(class_names())


def class_names(language: str = "en") -> list[str]:
    """The 46 topics, in the order of the labels: Reuters codes, or what they mean in Spanish."""
    side = in_language({"en": 0, "es": 1}, language)
    return [pair[side] for pair in _PAIRS]


def as_frame(*, language: str = "en") -> Any:
    """All wires as a pandas frame: the text and its topic by name."""
    text, topic = in_language({"en": ("text", "topic"), "es": ("texto", "tema")}, language)
    wires = _read_wires(_archive(""))
    frame = pandas().DataFrame({text: [body for _, body in wires]})
    frame[topic] = pandas().Categorical.from_codes([label for label, _ in wires], class_names(language))
    return frame


def _archive(path: str) -> Path:
    named = locate(path) if ".tar" in path else None
    return named or fetch(_FILE)


def _numbered(path: str) -> list[np.ndarray]:
    return prepared("reuters-1", _archive(path), _ARRAYS, _number_words)


def _number_words(archive: Path) -> list[np.ndarray]:
    wires = _read_wires(archive)
    tokens = [text_to_word_sequence(body) for _, body in wires]
    index = word_index(tokens)
    numbered = encode(tokens, index, [label for label, _ in wires])
    return [numbered.words, numbered.offsets, numbered.labels, index_to_bytes(index)]


def _read_wires(archive: Path) -> list[tuple[int, str]]:
    """(label, body) of every wire with exactly one topic, that among the 46."""
    files: dict[str, str] = {}
    for member, read in tar_files(archive, data_gate(archive)):
        name = PurePosixPath(member).name
        if name.endswith(".sgm"):
            files[name] = read().decode("latin-1")  # reut2-017.sgm is not UTF-8
    wires: list[tuple[int, str]] = []
    for _, content in sorted(files.items()):
        for match in re.finditer(r"<TOPICS>((?:<D>[^<]*</D>)*)</TOPICS>", content):
            topics = re.findall(r"<D>([^<]*)</D>", match.group(1))
            begin = content.find("<BODY>", match.end())
            if len(topics) == 1 and topics[0] in _LABELS and begin >= 0:
                end = content.find("</", begin)
                wires.append((_LABELS[topics[0]], content[begin + len("<BODY>") : end]))
    if not wires:
        raise DataError(
            f"{archive}: expected the files reut2-NNN.sgm of Reuters-21578. Found no wire with one of the 46 "
            "topics"
        )
    return wires
