"""Run a notebook's cells without Jupyter: magics, shell lines and `display` survive."""

import ast
import base64
import contextlib
import io
import json
import linecache
import os
import re
import sys
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from neurona.core.errors import ArgumentError
from neurona.legacy import shell
from neurona.messages import translated


def run_notebook(path: Path, content: bytes, main: ModuleType, outputs: bool) -> int:
    """Run a notebook's cells in their order, in its folder, and return an exit status.

    Args:
        path: the notebook.
        content: its bytes.
        main: the module that the cells share.
        outputs: whether a copy with the outputs is written beside it.

    Raises:
        ArgumentError: the file is no notebook.
    """
    try:
        notebook = json.loads(content)
        cells = notebook["cells"] if "cells" in notebook else notebook["worksheets"][0]["cells"]
    except (ValueError, KeyError, TypeError, IndexError):
        raise ArgumentError(f"{path} is not a Jupyter notebook.") from None
    target = path.resolve().with_suffix(".outputs.ipynb")
    os.environ["MPLBACKEND"] = "Agg"
    os.chdir(path.resolve().parent)
    session = Session(main)
    status = 0
    for number, cell in enumerate(cells, 1):
        if cell.get("cell_type") != "code":
            continue
        status = session.run(number, cell)
        if status:
            break
    if outputs:
        target.write_text(json.dumps(notebook, indent=1, ensure_ascii=False), encoding="utf-8")
        print(translated(f"The outputs are in {target}."), file=sys.stderr)
    return status


class Session:
    """The cells' namespace, and what they print."""

    def __init__(self, main: ModuleType) -> None:
        self.names = vars(main)
        self.outputs: list[dict[str, Any]] = []
        self.shell = shell.Shell(self.names, self.show)
        self.names.update(In=[""], Out={}, get_ipython=lambda: self.shell, display=self.show)
        shell.provide_ipython(self.shell)

    def run(self, number: int, cell: dict[str, Any]) -> int:
        """Run a cell, keep its outputs in it, and return 0, or the status that ends the notebook."""
        source = cell.get("source", cell.get("input", ""))
        source = source if isinstance(source, str) else "".join(source)
        expected = _may_fail(cell)
        self.outputs = []
        status = 0
        with self._captured():
            try:
                with shell.timing(source):
                    self._execute(number, source)
                self._show_figures()
            except SystemExit as ending:
                status = ending.code if isinstance(ending.code, int) else 1
            except KeyboardInterrupt:
                raise
            except BaseException as error:
                self._report(number, error, expected)
                status = 0 if expected else 1
        cell["outputs"], cell["execution_count"] = self.outputs, number
        return status

    def _execute(self, number: int, source: str) -> None:
        name = f"<cell {number}>"
        source = self.shell.python_of(source)
        linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
        tree = ast.parse(source, name)
        last = None
        if tree.body and isinstance(tree.body[-1], ast.Expr) and not source.rstrip().endswith(";"):
            last = ast.Expression(tree.body.pop().value)  # pyright: ignore[reportAttributeAccessIssue]
        exec(compile(tree, name, "exec"), self.names)
        if last is not None:
            value = eval(compile(last, name, "eval"), self.names)
            if value is not None:
                self.names["_"] = self.names["Out"][number] = value
                self.show(value)

    def show(self, *values: Any, **options: Any) -> None:
        """Print values, as a notebook displays them."""
        for value in values:
            text = shell.text_of(value)
            print(text)
            data = {"text/plain": text, **shell.rich_forms(value)}
            if self.outputs and self.outputs[-1]["output_type"] == "stream":
                stream = self.outputs[-1]
                stream["text"] = stream["text"].removesuffix(f"{text}\n")
            self.outputs.append({"output_type": "display_data", "data": data, "metadata": {}})

    def _show_figures(self) -> None:
        """Keep the open figures as outputs, and close them, as notebooks do at a cell's end."""
        pyplot: Any = sys.modules.get("matplotlib.pyplot")
        if pyplot is None:
            return
        for number in pyplot.get_fignums():
            image = io.BytesIO()
            pyplot.figure(number).savefig(image, format="png")
            data = {"image/png": base64.b64encode(image.getvalue()).decode(), "text/plain": "<Figure>"}
            self.outputs.append({"output_type": "display_data", "data": data, "metadata": {}})
        pyplot.close("all")

    def _report(self, number: int, error: BaseException, expected: bool) -> None:
        lines = traceback.format_exception(type(error), error, _from_cell(error.__traceback__))
        print("".join(lines), end="", file=sys.stderr)
        if not expected:
            print(translated(f"Cell {number} failed."), file=sys.stderr)
        self.outputs.append(
            {
                "output_type": "error",
                "ename": type(error).__name__,
                "evalue": str(error),
                "traceback": [line.rstrip("\n") for line in lines],
            }
        )

    @contextlib.contextmanager
    def _captured(self) -> Iterator[None]:
        """A block whose prints are kept as outputs too."""
        streams = sys.stdout, sys.stderr
        sys.stdout = _Tee(sys.stdout, lambda text: self._printed("stdout", text))
        sys.stderr = _Tee(sys.stderr, lambda text: self._printed("stderr", text))
        try:
            yield
        finally:
            sys.stdout, sys.stderr = streams

    def _printed(self, name: str, text: str) -> None:
        last = self.outputs[-1] if self.outputs else {}
        if last.get("name") == name:
            last["text"] += text
        else:
            self.outputs.append({"output_type": "stream", "name": name, "text": text})


class _Tee:
    """A stream that hands what is written to a function as well."""

    def __init__(self, stream: Any, seen: Callable[[str], None]) -> None:
        self._stream, self._seen = stream, seen

    def write(self, text: str) -> int:
        self._seen(text)
        return self._stream.write(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def _may_fail(cell: dict[str, Any]) -> bool:
    """Whether a cell fails on purpose: it is tagged so, or its saved outputs hold an error."""
    tags = cell.get("metadata", {}).get("tags", [])
    kinds = [output.get("output_type") for output in cell.get("outputs", [])]
    return "raises-exception" in tags or "error" in kinds or "pyerr" in kinds


def _from_cell(place: Any) -> Any:
    """A traceback from the line of the cell on."""
    while place is not None and not re.match(r"<cell \d+>", place.tb_frame.f_code.co_filename):
        place = place.tb_next
    return place
