"""The data sets that `neurona train` knows, ready for a network: examples as the data set has them, targets,
names.
"""

import dataclasses
from typing import Any

import numpy as np

import neurona as nn

WORDS, REVIEW_LENGTH = 10_000, 200
_DOLLARS = 100_000
_VALIDATION = 0.1


@dataclasses.dataclass
class Data:
    """Examples to learn from, to watch while learning, and to be examined with.

    Attributes:
        name: of the data set.
        kind: "image", "table" or "text".
        train, validation, test: (examples, targets) each.
        classes: names of the classes, or None where the target is a number.
        target: what is predicted, with its unit.
        features: names of a table's columns.
        brightest: the largest value of a pixel.
        dark_background: whether images are bright on dark.
        words: for texts, each word's number.
    """

    name: str
    kind: str
    train: tuple[np.ndarray, np.ndarray]
    validation: tuple[np.ndarray, np.ndarray]
    test: tuple[np.ndarray, np.ndarray]
    classes: list[str] | None = None
    target: str = ""
    features: list[str] | None = None
    brightest: int = 255
    dark_background: bool = False
    words: dict[str, int] | None = None


def load(name: str, language: str, samples: int | None) -> Data:
    """A data set, the last tenth of its training examples kept for validation.

    Args:
        name: of the data set.
        language: of classes and columns.
        samples: use only so many training examples, and no more test examples than that.
    """
    train, test, details = {"iris": _table, "california_housing": _table, "imdb": _reviews}.get(
        name, _images
    )(name, language)
    if samples:
        train, test = ((x[:samples], y[:samples]) for x, y in (train, test))
    cut = len(train[0]) - max(1, round(_VALIDATION * len(train[0])))
    parts = {
        "train": (train[0][:cut], train[1][:cut]),
        "validation": (train[0][cut:], train[1][cut:]),
        "test": test,
    }
    return Data(name=name, **parts, **details)


def _images(name: str, language: str) -> Any:
    dataset = getattr(nn.datasets, name)
    train, test = (((x if x.ndim == 4 else x[..., None]), y.reshape(-1)) for x, y in dataset.load_data())
    details = {"kind": "image", "classes": dataset.class_names(language)}
    return (
        train,
        test,
        details | {"brightest": 16 if name == "digits" else 255, "dark_background": name != "cifar10"},
    )


def _table(name: str, language: str) -> Any:
    dataset = getattr(nn.datasets, name)
    train, test = dataset.load_data()
    details: dict[str, Any] = {"kind": "table", "features": dataset.feature_names(language)}
    if name == "iris":
        return train, test, details | {"classes": dataset.class_names(language)}
    train, test = ((x, y / np.float32(_DOLLARS)) for x, y in (train, test))
    unit = {"en": "hundred thousand dollars", "es": "cientos de miles de dólares"}[language]
    return train, test, details | {"target": f"{dataset.target_name(language)} ({unit})"}


def _reviews(name: str, language: str) -> Any:
    dataset = nn.datasets.imdb
    train, test = (
        (nn.preprocessing.pad_sequences(x, maxlen=REVIEW_LENGTH), y.astype("float32"))
        for x, y in dataset.load_data(num_words=WORDS)
    )
    words = {word: number + 3 for word, number in dataset.get_word_index().items() if number + 3 < WORDS}
    return train, test, {"kind": "text", "classes": dataset.class_names(language), "words": words}


def numbers_of(text: str, words: dict[str, int]) -> list[int]:
    """A text as a review's numbers: 1 begins it, 2 is a word that is not known.

    Example:

        >>> numbers_of("A fine film!", {"a": 6, "film": 22})
        [1, 6, 2, 22]
    """
    return [1, *(words.get(word, 2) for word in nn.preprocessing.text.text_to_word_sequence(text))]


def text_of(numbers: np.ndarray, words: dict[int, str]) -> str:
    """A review's numbers as a text; unknown words are dots.

    Example:

        >>> text_of(np.array([0, 0, 1, 6, 2, 22]), {6: "a", 22: "film"})
        'a … film'
    """
    return " ".join(words.get(int(number), "…") for number in numbers if number > 1)
