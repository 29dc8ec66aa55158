"""Examples from the files that people have: images, tables, arrays and texts."""

import dataclasses
import math
from pathlib import Path
from typing import Any

import numpy as np

import neurona as nn
from neurona.errors import DataError
from neurona.preprocessing.files import read_array, read_text
from neurona.preprocessing.image import EXTENSIONS
from neurona.preprocessing.tables import TextTable, read_table
from neurona.tasks.drawings import centred_digit
from neurona.tasks.labels import Labels
from neurona.tasks.task import numbers_of
from neurona.tasks.texts import Say, texts

_LUMA = np.array([[0.299], [0.587], [0.114]], np.float32)  # ITU-R BT.601
_TEXT_SHOWN = 60
_SMALLEST = 7  # pixels a side: rows of fewer numbers are more likely a table's than an image's


def on_white(picture: Any) -> np.ndarray:
    """The pixels of a PIL image with transparency, from 0 to 255; transparent parts become white.

    Shapes: -> (height, width, 3).
    """
    pixels = nn.utils.img_to_array(picture)
    opacity = pixels[..., 3:] / 255
    return pixels[..., :3] * opacity + 255 * (1 - opacity)


@dataclasses.dataclass
class Examples:
    """The examples of a file.

    Attributes:
        values: one row per example, in the shape that the model takes.
        names: a name for each example.
        complete: whether all numbers of an example are there; one with a hole can't be predicted.
        notes: sentences about how the file was understood, for the user.
    """

    values: np.ndarray
    names: list[str]
    complete: np.ndarray
    notes: list[str] = dataclasses.field(default_factory=list)


@dataclasses.dataclass(frozen=True)
class ExampleReader:
    """Reads files as examples of one model.

    Attributes:
        shape: of one example, as the model takes it.
        labels: what the model's numbers mean.
        words: each word's number, for a model of texts.
        invert: whether to swap dark and bright in images; None to decide by the image's border.
        language: of notes and error messages.
    """

    shape: tuple[int | None, ...]
    labels: Labels
    words: dict[str, int] | None = None
    invert: bool | None = None
    language: str = "en"

    @property
    def say(self) -> Say:
        """The texts in the reader's language."""
        return texts(self.language)

    def read(self, path: Path) -> Examples:
        """The examples in a file.

        Args:
            path: an image; a table (.csv, .tsv) or an array (.npy) of rows; or texts (.txt), one per line.

        Raises:
            FileNotFoundError: there is no such file.
            DataError: the file holds something else, or does not fit the model.
        """
        if not path.is_file():
            raise FileNotFoundError(2, "No such file", str(path))
        kind = path.suffix.lower()
        if kind in EXTENSIONS:
            return self._image(path)
        if kind == ".npy":
            return self._array(path)
        if kind in (".csv", ".tsv"):
            return self._table(path)
        if kind == ".txt":
            return self._texts(path)
        raise DataError(self.say["cannot_read"].format(file=path))

    def _image(self, path: Path) -> Examples:
        """One image in the size, channels and range that the model takes; transparent parts become white."""
        if self.labels.kind not in ("", "image"):
            raise DataError(self.say["no_images"].format(file=path))
        size, channels = self._image_size(path)
        drawn = self.labels.shows_digits and channels == 1  # then the whole picture is needed
        wanted = None if drawn else size
        picture = nn.utils.load_img(path, color_mode="rgba", target_size=wanted, interpolation="bilinear")
        pixels = on_white(picture)
        if channels == 1:
            pixels = pixels @ _LUMA
        border = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
        bright = self.invert is None and bool(self.labels.dark_background) and np.median(border) > 127
        if bright or self.invert:
            pixels = 255 - pixels
        notes = [self.say["images_inverted"].format(file=path.name)] if bright else []
        if drawn and size is not None and pixels.shape[:2] != size:  # images of this size are the data set's
            pixels = self._centred(pixels[..., 0], size[0], path, notes)
        example = pixels * (self.labels.brightest / 255)
        values = example.reshape([1, *(size or 1 for size in self.shape)]).astype(np.float32)
        return Examples(values, [path.name], np.ones(1, bool), notes)

    def _centred(self, pixels: np.ndarray, side: int, path: Path, notes: list[str]) -> np.ndarray:
        """A drawn digit as the data set holds it, black where nothing is drawn; and a note that says so."""
        digit = centred_digit(pixels, side)
        said = "nothing_drawn" if digit is None else "digit_centred"
        notes.append(self.say[said].format(file=path.name))
        return np.zeros((side, side)) if digit is None else digit

    def _image_size(self, path: Path) -> tuple[tuple[int, int] | None, int]:
        """(height, width) and channels of the images that the model takes.

        The model takes images as (height, width), as (height, width, channels), or as rows of the pixels of
        a square.
        """
        shape = self.shape
        if len(shape) in (2, 3) and shape[0] and shape[1]:
            return (shape[0], shape[1]), shape[2] or 1 if len(shape) == 3 else 1
        side = math.isqrt(shape[0] or 0) if len(shape) == 1 else 0
        if side * side == (shape[0] or -1) and (side >= _SMALLEST or self.labels.kind == "image"):
            return (side, side), 1
        raise DataError(self.say["rows_do_not_fit"].format(file=path, expected=shape, received=path.suffix))

    def _array(self, path: Path) -> Examples:
        """The rows of an array."""
        examples = self._rows(read_array(path), path)
        holes = np.array(examples.names)[~examples.complete]
        notes = [self.say["incomplete_example"].format(file=path.name, name=name) for name in holes]
        return dataclasses.replace(examples, notes=notes)

    def _table(self, path: Path) -> Examples:
        """The rows of a CSV file."""
        table = read_table(path, self.language)
        columns, notes = self._columns(table)
        examples = self._rows(table.numbers(columns, holes=True), path)
        for row in np.flatnonzero(~examples.complete):
            notes.append(self.say["incomplete_row"].format(file=path.name, line=table.lines[row]))
        return dataclasses.replace(examples, notes=notes)

    def _columns(self, table: TextTable) -> tuple[list[int] | None, list[str]]:
        """The columns of a table that the model takes, None for all in order; and notes.

        Raises:
            DataError: the table has names, and not those of the model, or one of them twice.
        """
        header, features = table.header, self.labels.features
        if header is None or not features:
            return None, []
        missing = [name for name in features if name not in header]
        twice = [name for name in features if header.count(name) > 1]
        if twice:
            raise DataError(self.say["columns_twice"].format(file=table.path, name=twice[0]))
        if not missing:
            unused = [name for name in header if name not in features]
            notes = [self.say["columns_by_name"].format(unused=", ".join(unused))] if unused else []
            return [header.index(name) for name in features], notes
        sentence = self.say["columns_missing"]
        raise DataError(
            sentence.format(file=table.path, features=", ".join(features), missing=", ".join(missing))
        )

    def _rows(self, rows: np.ndarray, path: Path) -> Examples:
        """Rows in the shape of the model's examples. Also takes a single example, and pixels in a row."""
        shape = tuple(size or 1 for size in self.shape)
        expected = math.prod(shape)
        is_example = rows.ndim == len(shape) or (rows.ndim == len(shape) - 1 and shape[-1] == 1)
        if is_example and rows.size == expected and (rows.ndim == 1 or len(rows) != expected):
            rows = rows[None]
        elif is_example and rows.ndim == 1:
            rows = rows[:, None]
        if not len(rows) or rows.size != len(rows) * expected:
            received = rows.size // len(rows) if len(rows) else 0
            raise DataError(
                self.say["rows_do_not_fit"].format(file=path, expected=expected, received=received)
            )
        with np.errstate(over="ignore"):  # a number beyond float32 becomes infinite, and is a hole
            values = rows.reshape(len(rows), *shape).astype(np.float32)
        complete = np.asarray(np.isfinite(values.reshape(len(rows), -1)).all(axis=1))
        names = [f"{self.say['row']} {number + 1}" for number in range(len(rows))]
        return Examples(values, names, complete)

    def _texts(self, path: Path) -> Examples:
        """The lines of a text file as the numbers of their words."""
        if self.words is None:
            raise DataError(self.say["no_words"].format(file=path))
        lines = [line for line in read_text(path).removeprefix("\ufeff").splitlines() if line.strip()]
        if not lines:
            raise DataError(self.say["no_texts"].format(file=path))
        numbers = [numbers_of(line, self.words) for line in lines]
        values = nn.preprocessing.pad_sequences(numbers, maxlen=self.shape[0])
        names = [line[:_TEXT_SHOWN] + ("..." if len(line) > _TEXT_SHOWN else "") for line in lines]
        return Examples(values, names, np.ones(len(lines), bool))
