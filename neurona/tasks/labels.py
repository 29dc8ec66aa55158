"""The meaning of a model's numbers, kept as labels.json and words.json in the folder of its file."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import neurona as nn
from neurona.errors import DataError
from neurona.preprocessing.files import read_json

LABELS, WORDS = "labels.json", "words.json"


@dataclasses.dataclass
class Labels:
    """What the numbers of a task's examples and targets mean.

    Attributes:
        kind: "image", "table" or "text"; empty where it is not known.
        classes: names of the classes; None where the target is a number.
        features: names of a table's columns, or None.
        target: what is predicted, with its unit.
        brightest: the largest value of a pixel.
        dark_background: whether images are bright on dark; None where it is not known.
    """

    kind: str = ""
    classes: list[str] | None = None
    features: list[str] | None = None
    target: str = ""
    brightest: int = 255
    dark_background: bool | None = None

    @property
    def shows_digits(self) -> bool:
        """Whether the images are of single digits, bright on dark."""
        digits = [str(digit) for digit in range(10)]
        return self.kind == "image" and self.classes == digits and bool(self.dark_background)


def write_labels(labels: Labels, words: dict[str, int] | None, folder: Path) -> None:
    """Write the labels, and the words' numbers where there are any, into the folder of a model.

    Args:
        labels: what the model's numbers mean.
        words: each word's number; None removes an older words.json.
        folder: the model's folder.
    """
    _write(folder / LABELS, dataclasses.asdict(labels))
    if words is None:
        (folder / WORDS).unlink(missing_ok=True)
    else:
        _write(folder / WORDS, words)


def read_labels(model: Path) -> Labels:
    """The labels in the folder of a model's file; empty ones where there is no labels.json.

    A plain JSON list counts as the classes' names.

    Raises:
        DataError: labels.json is damaged.
    """
    path = model.parent / LABELS
    if not path.is_file():
        return Labels()
    try:
        stored = read_json(path)
        if isinstance(stored, list):
            return Labels(classes=[str(name) for name in stored])
        known = {field.name for field in dataclasses.fields(Labels)}
        labels = Labels(**{name: value for name, value in stored.items() if name in known})
        _check(labels)
        return labels
    except (ValueError, AttributeError, TypeError) as error:
        raise DataError(
            f"{path}: expected a list of class names, or what `neurona train` writes. Received: {error}"
        ) from error


def _check(labels: Labels) -> None:
    """Compare the kinds of what a file says with those that `write_labels` writes.

    Raises:
        ValueError: one is another.
    """
    for names in (labels.classes, labels.features):
        if names is not None and not (isinstance(names, list) and all(isinstance(n, str) for n in names)):
            raise ValueError(f"names that are not a list of texts: {names!s:.60}")
    numbers = isinstance(labels.brightest, (int, float)) and labels.brightest > 0
    texts = isinstance(labels.kind, str) and isinstance(labels.target, str)
    if not (numbers and texts and isinstance(labels.dark_background, (bool, type(None)))):
        raise ValueError("a value of another kind")


def read_words(model: Path) -> dict[str, int] | None:
    """Each word's number, from words.json in the folder of a model's file; None without that file.

    Raises:
        DataError: words.json is damaged.
    """
    path = model.parent / WORDS
    if not path.is_file():
        return None
    words = read_json(path)
    if not isinstance(words, dict) or not all(isinstance(number, int) for number in words.values()):
        raise DataError(f"{path}: expected each word's number, as `neurona train` writes them.")
    return words


def _write(path: Path, value: Any) -> None:
    with nn.utils.atomic_path(path) as temporary:
        temporary.write_text(json.dumps(value, ensure_ascii=False, indent=1), encoding="utf-8")
