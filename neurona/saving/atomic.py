"""Writing files so that they are whole or not there at all."""

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from neurona.core.errors import SavingError


@contextlib.contextmanager
def atomic_path(target: Path, overwrite: bool = True) -> Iterator[Path]:
    """A temporary path beside the target, which takes its place when the block ends well and is removed when
    it does not.

    Args:
        target: where the file shall be; its folder is created.
        overwrite: whether an older file may be replaced.

    Raises:
        SavingError: the file exists and may not be replaced.

    Example:

        >>> folder = tempfile.TemporaryDirectory()
        >>> with atomic_path(Path(folder.name) / "a.txt") as path:
        ...     _ = path.write_text("whole")
        >>> os.listdir(folder.name)
        ['a.txt']
    """
    if target.exists() and not overwrite:
        raise SavingError(f"{target} exists already: pass overwrite=True to replace it.")
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=".part")
    os.close(handle)
    path = Path(name)
    try:
        yield path
        with path.open("rb") as file:
            os.fsync(file.fileno())
        path.chmod(0o666 & ~_umask())
        path.replace(target)
    finally:
        path.unlink(missing_ok=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
