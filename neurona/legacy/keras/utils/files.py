"""`keras.utils.get_file` of programs: files lie in `~/.keras`, where programs look for them by name too."""

import os
import shutil
from pathlib import Path
from typing import Any

from neurona import utils


class Ways:
    """Whether archives are unpacked as in Keras 2: beside themselves, not into a folder of their own."""

    of_keras_2 = False


def get_file(
    fname: Any = None,
    origin: str | None = None,
    untar: bool = False,
    md5_hash: str | None = None,
    file_hash: str | None = None,
    cache_subdir: str = "datasets",
    hash_algorithm: str = "auto",
    extract: bool = False,
    archive_format: Any = "auto",
    cache_dir: Any = None,
    force_download: bool = False,
) -> str:
    """The path of a file, downloaded where it is not here, as `neurona.utils.get_file`.

    What differs: `cache_dir` is `KERAS_HOME`, else `~/.keras`; and in programs of Keras 2 what an archive
    holds lies beside it, and the path is that of the archive (of the folder with `untar`).
    """
    home = Path(cache_dir or os.environ.get("KERAS_HOME") or "~/.keras").expanduser()
    options: dict[str, Any] = {
        "md5_hash": md5_hash, "file_hash": file_hash, "cache_subdir": cache_subdir, "cache_dir": home,
        "hash_algorithm": hash_algorithm, "force_download": force_download,
    }  # fmt: skip
    if not Ways.of_keras_2 or not origin or not (untar or extract):
        return utils.get_file(
            fname, origin, untar=untar, extract=extract, archive_format=archive_format, **options
        )
    name = str(fname or origin.rstrip("/").rpartition("/")[2])
    archive = f"{name}.tar.gz" if untar else name
    formats = "tar" if untar else archive_format
    unpacked = utils.get_file(archive, origin, extract=True, archive_format=formats, **options)
    folder = Path(unpacked).parent
    for member in Path(unpacked).iterdir():
        _put(member, folder / member.name)
    if not untar:
        _put(Path(utils.get_file(archive, origin, **options)), folder / name)
    return str(folder / name)


def _put(source: Path, target: Path) -> None:
    """A file or folder at a second place, without a copy of its bytes where the disk allows that."""
    if target.exists():
        return
    if source.is_dir():
        shutil.copytree(source, target, copy_function=_link)
    else:
        _link(source, target)


def _link(source: Any, target: Any) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


__all__ = ["get_file"]
