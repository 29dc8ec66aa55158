"""Files of word vectors: the text and binary formats of word2vec, and the text format of GloVe.

    word2vec, text      "count width", then a line for each word: the word and its numbers
    word2vec, binary    the same first line, then of each word: the word, a blank, its float32 numbers
    GloVe               the lines of the text format without the first

Any of them may be packed by gzip, bzip2 or xz. Reading finds out which it is. The programs that wrote these
files cut words in the middle of a letter and repeat words: both is told, and the file is read.
"""

import gzip
import io
import os
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from neurona.core.errors import ArgumentError, SavingError, ShapeError
from neurona.files.archives import Inflated
from neurona.files.budget import MIB
from neurona.files.gate import Gate
from neurona.saving.atomic import atomic_path
from neurona.tracebacks import warn

FORMATS = ("word2vec", "binary", "glove")
_LONGEST_WORD = 4096  # bytes
_WORD = 100  # bytes that a word takes in memory
_BLOCK = 4096  # words of a text that are converted together


def read_word_vectors(path: str | os.PathLike[str]) -> tuple[list[str], np.ndarray]:
    """The words of a file, and a row of numbers for each.

    Args:
        path: of the file.

    Shapes: -> a list of words, and (words, width) float32.

    Raises:
        FileNotFoundError: there is no such file.
        SavingError: the file is damaged or of another kind, does not hold what its first line says, or asks
            for more memory than the budget.

    Warns:
        UserWarning: a word is no valid UTF-8, or occurs again, in which case its first row counts.

    Example:

        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     write_word_vectors(folder + "/v.txt", ["sol", "año"], np.eye(2))
        ...     words, vectors = read_word_vectors(folder + "/v.txt")
        >>> words, vectors.tolist()
        (['sol', 'año'], [[1.0, 0.0], [0.0, 1.0]])
    """
    gate = Gate.of_file(path, SavingError)
    with Inflated(Path(path), gate) as raw, gate.watching():
        stream = io.BufferedReader(raw, 4 * MIB)
        start = stream.peek(2 * MIB)
        header = _header(start)
        if header is None:
            return _told(gate, *_read_lines(stream, gate, None))
        count, width = header
        if not count or not width:
            raise gate.refusal(f"says in its first line that it holds {count} words of {width} numbers.")
        gate.spend(count * (4 * width + _WORD), "the first line")
        read = _read_lines if _is_text(start, width) else _read_binary
        stream.readline()
        words, vectors = read(stream, gate, header)
        if len(words) != count:
            raise gate.refusal(
                f"says in its first line that it holds {count} words, and holds {len(words)}: it was cut, or "
                "is damaged."
            )
        return _told(gate, words, vectors)


def _header(start: bytes) -> tuple[int, int] | None:
    """The numbers of words and of columns that the first line says, or None where it says none."""
    fields = start[:_LONGEST_WORD].split(b"\n", 1)[0].split()
    if len(fields) == 2 and all(field.isdigit() and len(field) < 16 for field in fields):
        return int(fields[0]), int(fields[1])
    return None


def _is_text(start: bytes, width: int) -> bool:
    """Whether the line after the first holds a word and as many numbers as it should, as text."""
    lines = start.split(b"\n", 2)
    fields = lines[1].split() if len(lines) > 1 else []
    shown = min(width, 8, len(fields) - 1)
    return shown > 0 and all(map(_is_number, fields[-shown:]))


def _read_lines(stream: Any, gate: Gate, header: tuple[int, int] | None) -> tuple[list[bytes], np.ndarray]:
    words: list[bytes] = []
    blocks: list[np.ndarray] = []
    width = header[1] if header else 0
    for first, lines in _blocks_of_lines(stream, gate, 2 if header else 1):
        width = width or len(lines[0].split()) - 1
        if width < 1:
            raise gate.refusal(f"line {first} holds no numbers after the word.")
        if header is None:
            gate.spend(len(lines) * (4 * width + _WORD))
        rows = [line.rsplit(None, width) for line in lines]
        for number, row in enumerate(rows):
            if len(row) != width + 1:
                raise gate.refusal(
                    f"line {first + number} holds {max(len(row) - 1, 0)} numbers, and others hold {width}."
                )
        words += [row[0] for row in rows]
        blocks.append(_numbers(lines, rows, width, first, gate))
    if not words:
        raise gate.refusal("is empty.")
    return words, np.concatenate(blocks)


def _blocks_of_lines(stream: Any, gate: Gate, first: int) -> Iterator[tuple[int, list[bytes]]]:
    """Lines that are not empty, some at a time, with the number of the first among them."""
    longest = 16 * MIB
    lines: list[bytes] = []
    while line := stream.readline(longest):
        if len(line) == longest:
            raise gate.refusal(f"has a line of more than {longest} bytes.")
        if line.strip():
            lines.append(line.strip())
        if len(lines) == _BLOCK:
            yield first, lines
            first, lines = first + len(lines), []
    if lines:
        yield first, lines


def _numbers(lines: list[bytes], rows: list[list[bytes]], width: int, first: int, gate: Gate) -> np.ndarray:
    """The numbers of some lines, (lines, width).

    Raises:
        gate.error: one of them is no finite number.
    """
    text = b" ".join(line[len(row[0]) :] for line, row in zip(lines, rows))
    with warnings.catch_warnings():
        warnings.simplefilter("error", DeprecationWarning)  # NumPy's word for a text that is no number
        try:
            found = np.fromstring(text, np.float32, sep=" ")
        except (DeprecationWarning, ValueError):
            found = np.zeros(0, np.float32)
    if found.size == width * len(rows) and np.isfinite(found).all():
        return found.reshape(-1, width)
    for number, row in enumerate(rows):
        for field in row[1:]:
            if not _is_number(field) or not np.isfinite(float(field)):
                raise gate.refusal(
                    f"line {first + number} holds {field.decode('utf-8', 'replace')!r:.50} where a finite "
                    "number is expected."
                )
    raise gate.refusal(f"holds what is no number in the lines from {first}.")


def _is_number(field: bytes) -> bool:
    try:
        float(field)
    except ValueError:
        return False
    return True


def _read_binary(stream: Any, gate: Gate, header: tuple[int, int]) -> tuple[list[bytes], np.ndarray]:
    count, width = header
    vectors, words = np.empty((count, width), np.float32), []
    size, buffer, place = 4 * width, b"", 0
    for number in range(count):
        if len(buffer) - place < size + _LONGEST_WORD:
            buffer, place = buffer[place:] + (stream.read(4 * MIB + size) or b""), 0
        if place == len(buffer):
            break
        blank = buffer.find(b" ", place, place + _LONGEST_WORD)
        if blank < 0 or blank + 1 + size > len(buffer):
            raise gate.refusal(f"ends, or is damaged, in word {number + 1} of {count}.")
        words.append(buffer[place:blank].lstrip(b"\n"))
        vectors[number] = np.frombuffer(buffer, "<f4", width, blank + 1)
        if not np.isfinite(vectors[number]).all():
            word = words[-1].decode("utf-8", "replace")
            raise gate.refusal(f"the vector of {word!r:.50}, word {number + 1}, holds NaN or infinity.")
        place = blank + 1 + size
    rest = len(buffer[place:].strip()) + len(stream.read(MIB) or b"")
    if len(words) == count and rest:
        raise gate.refusal(f"goes on after the {count} words of {width} numbers that its first line says.")
    return words, vectors[: len(words)]


def _told(gate: Gate, found: list[bytes], vectors: np.ndarray) -> tuple[list[str], np.ndarray]:
    """Words as texts, each once; what had to be mended is told."""
    words = [word.decode("utf-8", "replace") for word in found]
    broken = [text for text, word in zip(words, found) if "\ufffd" in text and b"\xef\xbf\xbd" not in word]
    if broken:
        warn(
            f"{gate.name}: {len(broken)} words are no valid UTF-8, such as {broken[0]!r:.50}. The bytes "
            "that could not be read are replaced."
        )
    places = {word: number for number, word in reversed(list(enumerate(words)))}
    if len(places) < len(words):
        again = next(word for number, word in enumerate(words) if places[word] != number)
        warn(
            f"{gate.name}: {len(words) - len(places)} words occur again, such as {again!r:.50}. The first "
            "row of each counts."
        )
        kept = sorted(places.values())
        words, vectors = [words[number] for number in kept], vectors[kept]
    return words, vectors


def write_word_vectors(
    path: str | os.PathLike[str], words: Sequence[str], vectors: Any, format: str = "word2vec"
) -> None:
    """Write words and their vectors.

    Args:
        path: of the file; it is packed by gzip where its name ends in `.gz`.
        words: without blanks.
        vectors: a row for each word; the text formats keep all digits of float32.
        format: `"word2vec"`, `"binary"` or `"glove"`.

    Shapes: vectors (words, width).

    Raises:
        ArgumentError: there is no such format.
        ShapeError: there is not one row for each word.
        SavingError: a word holds a blank, which no reader would understand.
    """
    if format not in FORMATS:
        raise ArgumentError(f"write_word_vectors: format is one of {FORMATS}. Received: format={format!r}")
    rows = np.asarray(vectors, np.float32)
    if rows.ndim != 2 or len(rows) != len(words):
        raise ShapeError(
            f"write_word_vectors: {len(words)} words need vectors of shape ({len(words)}, width). Received "
            f"shape {rows.shape}."
        )
    for word in words:
        if len(word.split()) != 1 or word != word.strip():
            raise SavingError(
                f"write_word_vectors: the word {word!r} is empty or holds a blank, which ends a word in "
                "these files. Replace it, with an underscore."
            )
    target = Path(path)
    with atomic_path(target) as part, _opened(part, target.suffix == ".gz") as file:
        if format != "glove":
            file.write(f"{len(words)} {rows.shape[1]}\n".encode())
        numbers = " ".join(["%.9g"] * rows.shape[1])
        for word, row in zip(words, rows):
            text = row.astype("<f4").tobytes() if format == "binary" else (numbers % tuple(row)).encode()
            file.write(word.encode() + b" " + text + b"\n")


def _opened(path: Path, packed: bool) -> Any:
    return gzip.open(path, "wb", compresslevel=4) if packed else path.open("wb")
