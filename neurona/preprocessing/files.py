"""Files that people have: texts, arrays and JSON, read within a budget and refused with a `DataError`."""

import os
from pathlib import Path
from typing import Any

import numpy as np

from neurona.core.errors import DataError
from neurona.files import values
from neurona.files.archives import Zip, inflate
from neurona.files.gate import Gate, read_bytes


def read_text(path: str | os.PathLike[str]) -> str:
    """A text in UTF-8, UTF-16 or Windows-1252, which may be packed as .gz, .bz2 or .xz, or alone in a .zip.

    Raises:
        FileNotFoundError: there is no such file.
        DataError: it is no text, larger than the budget, or not the only file of its archive.

    Example:

        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     _ = (path := Path(folder, "a.txt")).write_bytes("señal".encode("cp1252"))
        ...     read_text(path)
        'señal'
    """
    path, gate = Path(path), Gate.of_file(path, DataError)
    content = _only_member(path, gate) if path.suffix.lower() == ".zip" else inflate(path, gate)
    return values.parse_text(content, gate)


def _only_member(path: Path, gate: Gate) -> bytes:
    """The file in an archive that holds one; what macOS adds does not count."""
    with Zip(path, gate) as archive:
        names = [name for name in archive.names if not name.startswith("__MACOSX/")]
        if len(names) != 1:
            raise gate.refusal(
                f"holds {len(names)} files, and one is read: {', '.join(names[:5])}. Unpack it, and name one."
            )
        return archive.read(names[0])


def read_array(path: str | os.PathLike[str]) -> np.ndarray:
    """The array of numbers in an `.npy` file.

    Raises:
        FileNotFoundError: there is no such file.
        DataError: it is damaged, holds something else than numbers, or is larger than the budget.
    """
    return values.read_array(Path(path), Gate.of_file(path, DataError))


def read_json(path: str | os.PathLike[str]) -> Any:
    """What a JSON file holds.

    Raises:
        FileNotFoundError: there is no such file.
        DataError: it is no JSON, or larger than the budget.
    """
    gate = Gate.of_file(path, DataError)
    return values.parse_json(read_bytes(Path(path), gate), gate)
