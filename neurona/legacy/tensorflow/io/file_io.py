"""`tensorflow.python.lib.io.file_io`: files, under the names inside TensorFlow."""

from typing import Any

from neurona.legacy.tensorflow.io.gfile import (
    GFile,
    copy,
    exists,
    glob,
    isdir,
    listdir,
    makedirs,
    mkdir,
    remove,
    rename,
    rmtree,
    stat,
    walk,
)

__all__ = ["copy", "rename", "stat", "walk"]

FileIO = GFile
file_exists = file_exists_v2 = exists
is_directory = is_directory_v2 = isdir
list_directory = list_directory_v2 = listdir
get_matching_files = get_matching_files_v2 = glob
create_dir = create_dir_v2 = mkdir
recursive_create_dir = recursive_create_dir_v2 = makedirs
delete_file = delete_file_v2 = remove
delete_recursively = delete_recursively_v2 = rmtree


def read_file_to_string(filename: Any, binary_mode: bool = False) -> Any:
    """All that is in a file."""
    with GFile(filename, "rb" if binary_mode else "r") as file:
        return file.read()


def write_string_to_file(filename: Any, file_content: Any) -> None:
    """Make a file of a text, or of bytes."""
    with GFile(filename, "wb" if isinstance(file_content, bytes) else "w") as file:
        file.write(file_content)
