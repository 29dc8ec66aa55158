"""Where commands write what they made."""

from pathlib import Path


def own_folder(wanted: Path, made: str) -> Path:
    """A folder that holds no earlier run's file: the wanted one, or `wanted-2`, `wanted-3`... What is there
    may be the better one.

    Args:
        wanted: the folder.
        made: the name of the file that a run leaves there.
    """
    folder, number = wanted, 1
    while (folder / made).exists():
        number += 1
        folder = wanted.with_name(f"{wanted.name}-{number}")
    return folder
