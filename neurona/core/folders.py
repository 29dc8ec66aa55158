"""The folders that Neurona reads and writes on a machine: downloaded data sets and compiled programs."""

import os
from pathlib import Path

import platformdirs


def data_folder() -> Path | None:
    """The folder of local data sets that the environment variable `NEURONA_DATA` names, or None."""
    named = os.environ.get("NEURONA_DATA")
    return Path(named).expanduser() if named else None


def cache_folders() -> dict[str, Path]:
    """The cache's folders by content: `"datasets"` for downloads, `"programs"` for compiled programs.

    Both lie in the folder that the environment variable `NEURONA_CACHE` names, else in the user's cache
    folder. Neither needs to exist.

    Example:

        >>> sorted(cache_folders())
        ['datasets', 'programs']
    """
    named = os.environ.get("NEURONA_CACHE")
    cache = Path(named).expanduser() if named else platformdirs.user_cache_path("neurona", appauthor=False)
    return {"datasets": cache / "datasets", "programs": cache / "xla"}
