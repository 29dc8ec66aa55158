"""Files that people have, as examples that a model takes."""

import csv
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import neurona as nn
from neurona.cli.data import numbers_of
from neurona.cli.labels import Labels
from neurona.core.errors import DataError
from neurona.preprocessing.image import EXTENSIONS

Say = Any


def examples_from(
    path: Path,
    shape: tuple[int | None, ...],
    labels: Labels,
    words: dict[str, int] | None,
    invert: bool | None,
    say: Say,
) -> tuple[np.ndarray, list[str]]:
    """The examples in a file, and a name for each.

    Args:
        path: an image; a table (.csv, .npy) of rows; or texts (.txt), one per line.
        shape: of one example, as the model takes it.
        labels, words: what is known of the model.
        invert: whether to swap dark and bright in images; None to look at the image.
        say: the texts of the user's language.

    Raises: DataError when the file holds something else, or does not fit the model; FileNotFoundError when it
        is not there.
    """
    if not path.is_file():
        raise FileNotFoundError(2, "No such file", str(path))
    kind = path.suffix.lower()
    if kind in EXTENSIONS:
        return _image(path, shape, labels, invert, say)[None], [path.name]
    if kind == ".npy":
        return _fit(_array(path), shape, path, say)
    if kind in (".csv", ".tsv"):
        return _fit(_table(path, labels, say), shape, path, say)
    if kind == ".txt":
        return _texts(path, shape, words, say)
    raise DataError(say["cannot_read"].format(file=path))


def _image(
    path: Path, shape: tuple[int | None, ...], labels: Labels, invert: bool | None, say: Say
) -> np.ndarray:
    """An image in the size, channels and range that the model takes; transparent parts become white."""
    size, channels = _image_size(shape, path, say)
    picture = nn.utils.load_img(path, color_mode="rgba", target_size=size, interpolation="bilinear")
    pixels = nn.utils.img_to_array(picture)
    opacity = pixels[..., 3:] / 255
    pixels = pixels[..., :3] * opacity + 255 * (1 - opacity)
    if channels == 1:
        pixels = pixels @ np.array([[0.299], [0.587], [0.114]], np.float32)  # luma, ITU-R BT.601
    border = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    if invert is None and labels.dark_background and np.median(border) > 127:
        print(say["images_inverted"].format(file=path.name))
        invert = True
    if invert:
        pixels = 255 - pixels
    return (pixels * (labels.brightest / 255)).reshape([size or 1 for size in shape]).astype(np.float32)


def _image_size(shape: tuple[int | None, ...], path: Path, say: Say) -> tuple[tuple[int, int] | None, int]:
    """(height, width) and channels of what a model takes as an image: (h, w[, c]), or rows of the pixels of a
    square.
    """
    if len(shape) in (2, 3) and shape[0] and shape[1]:
        return (shape[0], shape[1]), shape[2] or 1 if len(shape) == 3 else 1
    side = math.isqrt(shape[0] or 0) if len(shape) == 1 else 0
    if side and side * side == shape[0]:
        return (side, side), 1
    raise DataError(say["rows_do_not_fit"].format(file=path, expected=shape, received=path.suffix))


def _array(path: Path) -> np.ndarray:
    try:
        return np.load(path, allow_pickle=False)
    except ValueError as error:
        raise DataError(f"{path}: {error}") from None


def _table(path: Path, labels: Labels, say: Say) -> np.ndarray:
    """The rows of a CSV file; columns by name where the file has a header and the model's are known."""
    text = path.read_text(encoding="utf-8-sig")
    first = text.split("\n", 1)[0]
    separator = next((mark for mark in ";\t" if mark in first), ",")
    number = _number if separator == "," else _number_with_comma
    rows = list(csv.reader(text.splitlines(), delimiter=separator))
    header = rows[0] if rows and not all(_is_number(cell, number) for cell in rows[0]) else None
    columns: list[int] | None = None
    if header is not None and labels.features:
        columns = _columns([name.strip() for name in header], labels.features, path, say)
    values = []
    for line, row in enumerate(rows[1:] if header else rows, 2 if header else 1):
        if not any(cell.strip() for cell in row):
            continue
        cells = [row[column] if column < len(row) else "" for column in columns] if columns else row
        for cell in cells:
            if not _is_number(cell, number):
                raise DataError(say["table_not_numbers"].format(file=path, line=line, cell=cell))
        if values and len(cells) != len(values[0]):
            raise DataError(
                say["rows_do_not_fit"].format(
                    file=f"{path}:{line}", expected=len(values[0]), received=len(cells)
                )
            )
        values.append([number(cell) for cell in cells])
    return np.array(values, np.float32)


def _columns(header: list[str], features: list[str], path: Path, say: Say) -> list[int] | None:
    """Which columns of a table the model's features are; None to take all in order."""
    missing = [name for name in features if name not in header]
    if not missing:
        unused = [name for name in header if name not in features]
        if unused:
            print(say["columns_by_name"].format(unused=", ".join(unused)))
        return [header.index(name) for name in features]
    if len(header) == len(features):
        print(
            say["columns_by_place"].format(file=path.name, count=len(features), features=", ".join(features))
        )
        return None
    raise DataError(
        say["columns_missing"].format(file=path, features=", ".join(features), missing=", ".join(missing))
    )


def _number(cell: str) -> float:
    return float(cell)


def _number_with_comma(cell: str) -> float:
    return float(cell.replace(",", "."))


def _is_number(cell: str, number: Callable[[str], float]) -> bool:
    try:
        number(cell)
    except ValueError:
        return False
    return True


def _fit(
    rows: np.ndarray, shape: tuple[int | None, ...], path: Path, say: Say
) -> tuple[np.ndarray, list[str]]:
    """Rows in the shape of the model's examples; a single example, and pixels in a row, are understood."""
    expected = math.prod(size or 1 for size in shape)
    if rows.ndim == len(shape) or (rows.ndim == len(shape) - 1 and shape[-1] == 1):
        if rows.size == expected and rows.shape[0] != expected:
            rows = rows[None]
        elif rows.ndim == 1:
            rows = rows[None] if len(rows) == expected else rows[:, None]
    if not len(rows) or rows.size != len(rows) * expected:
        received = rows.size // len(rows) if len(rows) else 0
        raise DataError(say["rows_do_not_fit"].format(file=path, expected=expected, received=received))
    rows = rows.reshape(len(rows), *[size or 1 for size in shape])
    return rows.astype(np.float32), [f"{say['row']} {number + 1}" for number in range(len(rows))]


def _texts(
    path: Path, shape: tuple[int | None, ...], words: dict[str, int] | None, say: Say
) -> tuple[np.ndarray, list[str]]:
    """The lines of a text file as the numbers of their words."""
    if words is None:
        raise DataError(say["no_words"].format(file=path))
    lines = [line for line in path.read_text(encoding="utf-8-sig").splitlines() if line.strip()]
    numbers = nn.preprocessing.pad_sequences([numbers_of(line, words) for line in lines], maxlen=shape[0])
    return numbers, [line[:60] + ("..." if len(line) > 60 else "") for line in lines]
