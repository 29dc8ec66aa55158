"""`keras.utils.get_file` of programs: files lie in `~/.keras`, where programs look for them by name too."""

import os
import shutil
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

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
    name = str(fname or str(origin or "").rstrip("/").rpartition("/")[2])
    is_packed = bool(untar or extract)
    if Ways.of_keras_2 and origin and is_packed:
        return _beside_itself(name, origin, untar, "tar" if untar else archive_format, options)
    is_apart = is_packed and (fname is None or "." not in name)
    _bring(origin, home / cache_subdir / (f"{name}_archive" if is_apart else name))
    return utils.get_file(
        fname, origin, untar=untar, extract=extract, archive_format=archive_format, **options
    )


def _beside_itself(name: str, origin: str, untar: bool, formats: Any, options: dict[str, Any]) -> str:
    """An archive unpacked as in Keras 2."""
    archive = f"{name}.tar.gz" if untar else name
    _bring(origin, options["cache_dir"] / options["cache_subdir"] / archive)
    unpacked = Path(utils.get_file(archive, origin, extract=True, archive_format=formats, **options))
    for member in unpacked.iterdir():
        _put(member, unpacked.parent / member.name)
    if not untar:
        _put(Path(utils.get_file(archive, origin, **options)), unpacked.parent / name)
    return str(unpacked.parent / name)


def _bring(origin: str | None, target: Path) -> None:
    """Copy a file of this machine, which an origin such as file:///home/me/a.zip is, to where it belongs."""
    source = Path(url2pathname(urlsplit(origin).path)) if origin and origin.startswith("file://") else None
    if source is not None and source.is_file():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, target)


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
