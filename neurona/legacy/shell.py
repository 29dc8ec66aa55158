"""What notebooks expect of IPython: magics, shell lines, `display`, and modules where it is not installed."""

import contextlib
import importlib.util
import io
import os
import re
import runpy
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

from neurona.messages import translated

_INSTALLS = re.compile(r"\s*(sudo\s+)?(python3? -m )?(pip3?|conda|mamba|apt|apt-get)\b")
_NO_EFFECT = {
    "matplotlib",
    "autoreload",
    "config",
    "tensorflow_version",
    "reload_ext",
    "load_ext",
    "tensorboard",
    "pip",
    "conda",
    "precision",
    "xmode",
    "autosave",
    "watermark",
}
_TIMED = ("time", "timeit")
_OF_THE_SHELL = {"cat", "cp", "ls", "mkdir", "mv", "rm", "rmdir"}


class Shell:
    """The object that `get_ipython()` returns.

    Args:
        names: the cells' namespace.
        show: displays a value.
    """

    def __init__(self, names: dict[str, Any], show: Callable[..., None]) -> None:
        self.user_ns, self.display = names, show
        self.events = SimpleNamespace(register=_nothing, unregister=_nothing)  # matplotlib asks for it

    def python_of(self, source: str) -> str:
        """A cell's source in Python: its magics and shell lines are calls of this object."""
        if source.lstrip().startswith("%%"):
            return self._cell_magic(source.lstrip())
        try:
            compile(source, "<cell>", "exec")
        except SyntaxError:
            whole = re.sub(r"(?m)^(\s*[!%].*)\\\n\s*", r"\1", source)  # a line that goes on in the next
            return "\n".join(map(_python_of_line, whole.split("\n")))
        return source

    def _cell_magic(self, source: str) -> str:
        head, _, body = source.partition("\n")
        magic, _, rest = head[2:].partition(" ")
        if magic in (*_TIMED, "prun", "memit", "python", "python3"):
            return self.python_of(body)
        if magic == "capture":
            return f"get_ipython().capture({rest!r}, {self.python_of(body)!r});"
        if magic in ("writefile", "file"):
            return f"get_ipython().write({rest!r}, {body!r})"
        if magic in ("bash", "sh", "script", "!"):
            return f"get_ipython().system({body!r});"
        return f"get_ipython().tell({head!r})"

    def capture(self, options: str, source: str) -> None:
        """Run a cell whose output is kept under a name, or not at all."""
        name = next((word for word in options.split() if not word.startswith("-")), None)
        printed, told = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(told):
            exec(source, self.user_ns)
        kept = SimpleNamespace(stdout=printed.getvalue(), stderr=told.getvalue(), outputs=[])
        kept.show = lambda: print(kept.stdout, end="")
        if name:
            self.user_ns[name] = kept

    def write(self, options: str, text: str) -> None:
        """Write a cell's text into a file, or add it."""
        *flags, name = shlex.split(options)
        with open(name, "a" if "-a" in flags else "w", encoding="utf-8") as file:
            file.write(text)

    def tell(self, line: str) -> None:
        """Say that a line is left out."""
        print(translated(f"Left out: {line}"), file=sys.stderr)

    def system(self, command: str) -> list[str]:
        """Run a line of the shell and print what it prints; nothing is installed."""
        if _INSTALLS.match(command):
            self.tell(f"!{command}")
            return []
        lines = self.getoutput(command)
        print("".join(f"{line}\n" for line in lines), end="")
        return lines

    def getoutput(self, command: str) -> list[str]:
        """Run a line of the shell and return what it prints."""
        command = re.sub(r"\{(\w+)\}|\$(\w+)", self._filled, command)
        done = subprocess.run(command, shell=True, capture_output=True, text=True, check=False)
        print(done.stderr, end="", file=sys.stderr)
        return done.stdout.splitlines()

    def _filled(self, found: re.Match[str]) -> str:
        name = found[1] or found[2]
        return str(self.user_ns[name]) if name in self.user_ns else found[0]

    def magic(self, line: str) -> Any:
        """Run a magic that stands in one line."""
        name, _, rest = line.strip().lstrip("%").partition(" ")
        if name == "time":
            return self._timed(rest)
        if name == "timeit":
            self._timed(re.sub(r"^(-[nr]\s*\d+\s*)+", "", rest))
            return None
        if name in _OF_THE_SHELL:
            return self.system(f"{name} {rest}")
        if name == "pwd":
            return os.getcwd()
        if name == "cd":
            self._go_to(rest.split(" #")[0].strip("'\" "))
        elif name == "run":
            script, *sys.argv[1:] = rest.split()
            self.user_ns.update(runpy.run_path(script, run_name="__main__"))
        elif name in ("env", "set_env"):
            key, given, value = re.sub(r"\s*[ =]\s*", "=", rest.strip(), count=1).partition("=")
            if not given:
                return os.environ[key] if key else dict(os.environ)
            os.environ[key.strip()] = value.strip()
        elif name == "pylab":
            exec("from matplotlib.pyplot import *\nfrom numpy import *\nimport numpy as np", self.user_ns)
            exec("import matplotlib.pyplot as plt", self.user_ns)
        elif name not in _NO_EFFECT:
            self.tell(line)
        return None

    def _go_to(self, folder: str) -> None:
        """Change the folder; as in IPython one that is not there is told, and the cell goes on."""
        try:
            os.chdir(Path(re.sub(r"\{(\w+)\}|\$(\w+)", self._filled, folder) or "~").expanduser())
        except OSError as error:
            print(error, file=sys.stderr)

    def _timed(self, statement: str) -> Any:
        """Run a statement, say how long it took, and give its value."""
        with timing():
            try:
                code = compile(statement, "<magic>", "eval")
            except SyntaxError:
                exec(statement, self.user_ns)
                return None
            return eval(code, self.user_ns)

    def run_line_magic(self, name: str, line: str = "", *_: Any) -> Any:
        """Run a magic by its name."""
        return self.magic(f"{name} {line}")

    def run_cell_magic(self, name: str, line: str, body: str) -> Any:
        """Run a magic of a whole cell by its name."""
        source = f"%%{name} {line}\n{body}"
        with timing(source):
            exec(self._cell_magic(source), self.user_ns)


@contextlib.contextmanager
def timing(cell: str = "%%time") -> Iterator[None]:
    """A block that tells in the end how long it took, where the cell asks for that."""
    begin = time.perf_counter()
    try:
        yield
    finally:
        if re.match(rf"\s*%%({'|'.join(_TIMED)})\b", cell):
            print(f"Wall time: {time.perf_counter() - begin:.3g} s")


def _nothing(*args: Any, **options: Any) -> None:
    """What notebooks may call without effect."""


def _python_of_line(line: str) -> str:
    """A line of a cell in Python."""
    indent, rest = re.fullmatch(r"(\s*)(.*)", line, re.DOTALL).groups()  # pyright: ignore[reportOptionalMemberAccess]
    assigned = re.match(r"([\w., ]+=\s*)([!%])(.*)", rest)
    if assigned:
        call = "getoutput" if assigned[2] == "!" else "magic"
        return f"{indent}{assigned[1]}get_ipython().{call}({assigned[3]!r})"
    if rest.startswith("!"):
        return f"{indent}get_ipython().system({rest.lstrip('!')!r});"
    if rest.startswith("%"):
        return f"{indent}get_ipython().magic({rest!r})"
    if rest.startswith("?") or re.fullmatch(r"[\w.]+\?{1,2}", rest):
        return f"{indent}pass"
    return line


def text_of(value: Any) -> str:
    """A value as a notebook shows it in text."""
    return str(value.data) if isinstance(value, Shown) else repr(value)


def print_values(*values: Any, **options: Any) -> None:
    """Print values, as a terminal displays them."""
    for value in values:
        print(text_of(value))


def rich_forms(value: Any) -> dict[str, str]:
    """What a value's own methods for notebooks give."""
    found = {}
    for kind, method in (("text/html", "_repr_html_"), ("text/markdown", "_repr_markdown_")):
        made = getattr(value, method, None)
        text = made() if callable(made) and not isinstance(value, type) else None
        if isinstance(text, str):
            found[kind] = text
    return found


class Shown:
    """`Image`, `HTML`, `Markdown` of IPython: data to display."""

    def __init__(self, data: Any = None, filename: Any = None, url: Any = None, **options: Any) -> None:
        self.data = filename or url or data


_SHOWN = ("Audio", "FileLink", "FileLinks", "HTML", "IFrame", "Image", "Latex", "Markdown", "SVG", "Video")
_SHOWN += ("YouTubeVideo",)


def provide_ipython(shell: Shell) -> None:
    """Let imports of IPython work where it is not installed."""
    if importlib.util.find_spec("IPython") is not None:
        return
    names: dict[str, Any] = {
        "display": shell.display,
        "clear_output": _nothing,
        **{name: type(name, (Shown,), {}) for name in _SHOWN},
        "set_matplotlib_formats": _nothing,
    }
    ipython, display = ModuleType("IPython"), ModuleType("IPython.display")
    vars(display).update(names)
    vars(ipython).update(display=display, get_ipython=lambda: shell, __version__="8.24.0", __path__=[])
    ipython.version_info = (8, 24, 0)  # pyright: ignore[reportAttributeAccessIssue]
    core, lib = ModuleType("IPython.core"), ModuleType("IPython.lib")
    for module in (core, lib):
        vars(module).update(display=display, __path__=[])
    for module in (ipython, display, core, lib):
        sys.modules[module.__name__] = module
    for place in ("core", "lib"):
        sys.modules[f"IPython.{place}.display"] = display
