"""Run a program or a notebook of any age: its imports of Keras, TensorFlow and Theano find Neurona."""

import builtins
import os
import re
import sys
import traceback
import warnings
from pathlib import Path
from types import ModuleType
from typing import Any

from neurona.core.folders import cache_folders
from neurona.legacy import python_2, shell
from neurona.legacy.imports import install
from neurona.legacy.notebook import run_notebook
from neurona.messages import translated

INTERRUPTED = 130
_IMPORTS = re.compile(r"^[ \t]*(?:from[ \t]+([\w.]+)[ \t]+import\b|import[ \t]+([\w., \t]+))", re.MULTILINE)


def run(path: str, arguments: list[str], outputs: bool = False) -> int:
    """Run a program, or a notebook, and return its exit status.

    Args:
        path: a Python file, or a notebook (`.ipynb`).
        arguments: those after the program's name.
        outputs: whether a notebook's outputs are written beside it.

    Raises:
        OSError: the file can't be read.
    """
    content = Path(path).read_bytes()
    _prepare(path, arguments, content.decode("utf-8", "replace"))
    main = ModuleType("__main__")
    main.__dict__.update(__builtins__=builtins, __file__=path, __cached__=None, __spec__=None)
    sys.modules["__main__"] = main
    try:
        if path.endswith(".ipynb"):
            return run_notebook(Path(path), content, main, outputs)
        return run_program(path, content, main)
    finally:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()


def _prepare(path: str, arguments: list[str], source: str) -> None:
    """The process as Python prepares it for a program; figures need no screen where there is none."""
    # Programs that compute step by step compile many small ones. JAX, told before it is imported, keeps them.
    os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(cache_folders()["programs"]))
    os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")
    install("\n".join([source, *_texts_beside(Path(path).parent, source)]))
    sys.argv = [path, *arguments]
    folder = os.path.dirname(os.path.abspath(path))
    sys.path.insert(0, folder)
    sys.meta_path.insert(0, python_2.Finder(folder))
    if sys.platform.startswith("linux") and not {"DISPLAY", "WAYLAND_DISPLAY"} & os.environ.keys():
        os.environ.setdefault("MPLBACKEND", "Agg")
        warnings.filterwarnings("ignore", ".*non-interactive, and thus cannot be shown")


def _texts_beside(folder: Path, source: str) -> list[str]:
    """The texts of the modules beside a program that it imports, and of those that they import."""
    texts: dict[Path, str] = {}
    waiting = [source]
    while waiting:
        for one, several in _IMPORTS.findall(waiting.pop()):
            for name in [one] if one else [part.split()[0] for part in several.split(",") if part.strip()]:
                *above, last = name.strip(".").split(".")
                if not last:  # `from . import part`
                    continue
                place = folder.joinpath(*above, last)
                for file in (place.with_name(f"{last}.py"), place / "__init__.py", *place.glob("*.py")):
                    if file not in texts and file.is_file():
                        texts[file] = file.read_text("utf-8", "replace")
                        waiting.append(texts[file])
    return list(texts.values())


def run_program(path: str, content: bytes, main: ModuleType) -> int:
    """Run a program's source as `__main__`, and return its exit status."""
    if b"ipython" in content.lower():  # it was a notebook, or displays as one
        session = shell.Shell(vars(main), shell.print_values)
        vars(main)["get_ipython"] = lambda: session
        shell.provide_ipython(session)
    try:
        exec(python_2.compiled(content, path), vars(main))
    except SystemExit as ending:
        return exit_status(ending)
    except BaseException as error:
        if python_2.is_syntax(error):
            error.add_note(
                translated(
                    f"{path} is a program for Python 2. Convert it once, `2to3 -w {path}` (a tool of Python "
                    "up to 3.12), and run it again."
                )
            )
        report(error)
        return INTERRUPTED if isinstance(error, KeyboardInterrupt) else 1
    return 0


def exit_status(ending: SystemExit) -> int:
    """The exit status that a program asked for; a text is printed, as Python does."""
    if ending.code is None or isinstance(ending.code, int):
        return ending.code or 0
    print(ending.code, file=sys.stderr)
    return 1


def report(error: BaseException) -> None:
    """Show an error as Python shows one that ends a program, without the lines that ran the program."""
    own = traceback.walk_tb(error.__traceback__)
    count = sum(1 for frame, _ in own if frame.f_code.co_filename == __file__)
    place: Any = error.__traceback__
    for _ in range(count if count < _depth(place) else 0):
        place = place.tb_next
    sys.excepthook(type(error), error.with_traceback(place), place)


def _depth(place: Any) -> int:
    return sum(1 for _ in traceback.walk_tb(place))
