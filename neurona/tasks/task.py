"""A task: examples of a data set, ready for a network, with the meaning of their numbers."""

import dataclasses
from collections.abc import Callable

import numpy as np

import neurona as nn
from neurona.tasks.labels import Labels

VOCABULARY, REVIEW_LENGTH = 10_000, 200
_DOLLARS = 100_000
_VALIDATION = 0.1

Part = tuple[np.ndarray, np.ndarray]  # examples and targets
Words = dict[str, int]


@dataclasses.dataclass
class Task:
    """Examples to learn from, to watch while learning, and to be examined with.

    Attributes:
        name: of the data set.
        labels: what the numbers mean.
        train, validation, test: (examples, targets) each.
        words: for texts, each word's number.
        source: of one's own data, the folder or file.
        notes: sentences on how one's own data were understood.
    """

    name: str
    labels: Labels
    train: Part
    validation: Part
    test: Part
    words: Words | None = None
    source: str = ""
    notes: list[str] = dataclasses.field(default_factory=list)


def load_task(name: str, language: str, samples: int | None = None) -> Task:
    """The task of a data set. The last tenth of its training examples becomes the validation part.

    Args:
        name: of the data set, one of `catalog.DATASETS`.
        language: of the classes of images and texts, and of units, `"en"` or `"es"`. The columns of tables
            are named as in the data.
        samples: use at most this many training examples and this many test examples.

    Raises:
        DownloadError: the data set is not on this machine and can't be downloaded.

    Example:

        >>> task = load_task("iris", "es")
        >>> task.train[0].shape, task.labels.features[0]
        ((108, 4), 'sepal length (cm)')
    """
    train, test, labels, words = _LOADERS.get(name, _images)(name, language)
    if samples:
        train, test = ((x[:samples], y[:samples]) for x, y in (train, test))
    x, y = train
    cut = len(x) - max(1, round(_VALIDATION * len(x)))
    return Task(name, labels, (x[:cut], y[:cut]), (x[cut:], y[cut:]), test, words)


_Loaded = tuple[Part, Part, Labels, Words | None]


def _images(name: str, language: str) -> _Loaded:
    dataset = getattr(nn.datasets, name)
    train, test = (((x if x.ndim == 4 else x[..., None]), y.reshape(-1)) for x, y in dataset.load_data())
    labels = Labels(
        kind="image",
        classes=dataset.class_names(language),
        brightest=16 if name == "digits" else 255,
        dark_background=name != "cifar10",
    )
    return train, test, labels, None


def _iris(name: str, language: str) -> _Loaded:
    iris = nn.datasets.iris
    labels = Labels("table", iris.class_names(), iris.feature_names(), dark_background=False)
    return *iris.load_data(), labels, None


def _california_housing(name: str, language: str) -> _Loaded:
    housing = nn.datasets.california_housing
    train, test = ((x, y / np.float32(_DOLLARS)) for x, y in housing.load_data())
    unit = {"en": "hundred thousand dollars", "es": "cientos de miles de dólares"}[language]
    target = f"{housing.target_name()} ({unit})"
    labels = Labels("table", None, housing.feature_names(), target, dark_background=False)
    return train, test, labels, None


def _imdb(name: str, language: str) -> _Loaded:
    imdb = nn.datasets.imdb
    train, test = (
        (nn.preprocessing.pad_sequences(x, maxlen=REVIEW_LENGTH), y.astype("float32"))
        for x, y in imdb.load_data(num_words=VOCABULARY)
    )
    words = {word: number + 3 for word, number in imdb.get_word_index().items() if number + 3 < VOCABULARY}
    return train, test, Labels("text", imdb.class_names(language), dark_background=False), words


_LOADERS: dict[str, Callable[[str, str], _Loaded]] = {
    "iris": _iris,
    "california_housing": _california_housing,
    "imdb": _imdb,
}


def numbers_of(text: str, words: Words) -> list[int]:
    """The numbers of a text's words, as in the reviews: 1 begins the text, 2 is an unknown word.

    Example:

        >>> numbers_of("A fine film!", {"a": 6, "film": 22})
        [1, 6, 2, 22]
    """
    return [1, *(words.get(word, 2) for word in nn.preprocessing.text.text_to_word_sequence(text))]


def text_of(numbers: np.ndarray, words: dict[int, str]) -> str:
    """The text of a review's numbers; unknown words are dots.

    Args:
        numbers: of the words; padding (0) and the beginning (1) are left out.
        words: the word of each number.

    Example:

        >>> text_of(np.array([0, 0, 1, 6, 2, 22]), {6: "a", 22: "film"})
        'a … film'
    """
    return " ".join(words.get(int(number), "…") for number in numbers if number > 1)
