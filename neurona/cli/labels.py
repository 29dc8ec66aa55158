"""labels.json: what a model's numbers mean, written beside it by `neurona train` and read by `neurona
predict`.
"""

import dataclasses
import json
from pathlib import Path
from typing import Any

from neurona.cli.data import Data
from neurona.core.errors import DataError
from neurona.saving.atomic import atomic_path

LABELS, WORDS = "labels.json", "words.json"


@dataclasses.dataclass
class Labels:
    """What `neurona predict` needs to know of a model beyond its file.

    Attributes:
        kind: "image", "table" or "text", or empty where it is not known.
        classes: the classes' names, or None.
        features: names of a table's columns, or None.
        target: what a number means, with its unit.
        brightest: what a white pixel is.
        dark_background: whether images are bright on dark; None where it is not known.
    """

    kind: str = ""
    classes: list[str] | None = None
    features: list[str] | None = None
    target: str = ""
    brightest: int = 255
    dark_background: bool | None = None


def write_labels(data: Data, folder: Path) -> None:
    """Write what is known of a data set beside the model that was trained on it."""
    labels = Labels(data.kind, data.classes, data.features, data.target, data.brightest, data.dark_background)
    _write(folder / LABELS, dataclasses.asdict(labels))
    (folder / WORDS).unlink(missing_ok=True)
    if data.words is not None:
        _write(folder / WORDS, data.words)


def read_labels(model: Path) -> Labels:
    """The labels beside a model's file; unknown where there are none. A plain JSON list counts as the
    classes' names.

    Raises: DataError when the file is damaged.
    """
    path = model.parent / LABELS
    if not path.is_file():
        return Labels()
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(stored, list):
            return Labels(classes=[str(name) for name in stored])
        known = {field.name for field in dataclasses.fields(Labels)}
        return Labels(**{name: value for name, value in stored.items() if name in known})
    except (ValueError, AttributeError, TypeError) as error:
        raise DataError(
            f"{path}: expected a list of class names, or what `neurona train` writes. Received: {error}"
        ) from None


def read_words(model: Path) -> dict[str, int] | None:
    """The words' numbers beside a model's file, or None."""
    path = model.parent / WORDS
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None


def _write(path: Path, value: Any) -> None:
    with atomic_path(path) as temporary:
        temporary.write_text(json.dumps(value, ensure_ascii=False, indent=1), encoding="utf-8")
