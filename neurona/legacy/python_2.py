"""Programs for Python 2, converted as they run: by lib2to3, where Python has it (up to 3.12).

What it converts is syntax and names. Beside that, `/` of whole numbers cuts as it did, and `cPickle` reads
the texts and arrays that Python 2 pickled.
"""

import ast
import builtins
import copy
import functools
import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import operator
import pickle
import re
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

_SYNTAX = re.compile(
    "in call to 'print'|in call to 'exec'|multiple exception types must be|leading zeros in decimal"
    "|inconsistent use of tabs|invalid decimal literal"
)
_DIVISION = re.compile(r"^from\s+__future__\s+import\s+.*\bdivision\b", re.MULTILINE)
_NAMES = {"basestring", "long", "raw_input", "reduce", "unichr", "unicode", "xrange"}
_MODULES = {"ConfigParser", "Queue", "StringIO", "Tkinter", "cPickle", "cStringIO", "urllib2"}
_INDENT = re.compile(r"^[ \t]*\t[ \t]*", re.MULTILINE)


class _Program:
    is_of_python_2 = False  # then what lies beside it is, too


def compiled(content: bytes, path: str) -> Any:
    """The code of a program, or of a module beside it, converted first where it is one for Python 2.

    Raises:
        SyntaxError: of Python 3, where it can't be converted.
    """
    try:
        tree: Any = compile(content, path, "exec", ast.PyCF_ONLY_AST)
    except SyntaxError as error:
        if not is_syntax(error) or (tree := _converted(content, path)) is None:
            raise
        return compile(tree, path, "exec")
    if (_Program.is_of_python_2 or has_names(tree)) and (found := _converted(content, path)) is not None:
        tree = found
    return compile(tree, path, "exec")


def is_syntax(error: BaseException) -> bool:
    """Whether an error tells of what only Python 2 understands.

    Example:

        >>> is_syntax(SyntaxError("Missing parentheses in call to 'print'. Did you mean print(...)?"))
        True
    """
    if isinstance(error, SyntaxError):
        return bool(_SYNTAX.search(str(error)))
    missing = error.name if isinstance(error, (NameError, ModuleNotFoundError)) else None
    return missing in _NAMES | _MODULES


def has_names(tree: ast.AST) -> bool:
    """Whether a program uses names that Python 2 alone has, without a word for Python 3.

    Example:

        >>> has_names(ast.parse("for i in xrange(3): pass"))
        True
        >>> has_names(ast.parse("from six.moves import xrange; xrange(3)"))
        False
    """
    tries = [part for part in ast.walk(tree) if isinstance(part, ast.Try) or _asks_for_version(part)]
    tried = {id(part) for one in tries for part in ast.walk(one)}
    parts = [part for part in ast.walk(tree) if id(part) not in tried]
    used = {part.id for part in parts if isinstance(part, ast.Name)}
    imported = {name.partition(".")[0] for part in parts for name in _imported(part)}
    return bool((used & _NAMES) - _given(tree) or imported & _MODULES)


def _imported(part: ast.AST) -> list[str]:
    """The modules that a statement imports from."""
    if isinstance(part, ast.Import):
        return [one.name for one in part.names]
    return [part.module or ""] if isinstance(part, ast.ImportFrom) else []


def _given(tree: ast.AST) -> set[str]:
    """The names that a program gives to anything."""
    given = set()
    for part in ast.walk(tree):
        if isinstance(part, (ast.Import, ast.ImportFrom)):
            given |= {(one.asname or one.name).partition(".")[0] for one in part.names}
        elif isinstance(part, (ast.FunctionDef, ast.ClassDef)):
            given.add(part.name)
        elif isinstance(part, ast.arg):
            given.add(part.arg)
        elif isinstance(part, ast.Name) and not isinstance(part.ctx, ast.Load):
            given.add(part.id)
    return given


def _asks_for_version(part: ast.AST) -> bool:
    return isinstance(part, ast.If) and bool(re.search(r"version|PY[23]", ast.unparse(part.test)))


def _converted(content: bytes, path: str) -> ast.Module | None:
    """The program as one of Python 3; None where nothing converts it."""
    tool = _tool()
    if tool is None:
        return None
    text = content.decode("utf-8", "replace").replace("\r\n", "\n").lstrip("\ufeff")
    text = _INDENT.sub(lambda found: found[0].expandtabs(8), text)
    try:
        tree = ast.parse(str(tool.refactor_string(text.rstrip() + "\n", path)), path)
    except Exception:  # lib2to3's own, of a text that is no program
        return None
    names: Any = builtins
    names._divided_of_python_2, names._divided_in_place_of_python_2 = _divided, _divided_in_place
    sys.modules.setdefault("cPickle", _pickle())
    _Program.is_of_python_2 = True
    return tree if _DIVISION.search(text) else ast.fix_missing_locations(_Division().visit(tree))


@functools.cache
def _tool() -> Any:
    """lib2to3's converter, with print as a statement or a function as each program has it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if importlib.util.find_spec("lib2to3") is None:
            return None
        refactor: Any = importlib.import_module("lib2to3.refactor")
        imports: Any = importlib.import_module("lib2to3.fixes.fix_imports")
    imports.MAPPING.pop("cPickle", None)
    return refactor.RefactoringTool(refactor.get_fixers_from_package("lib2to3.fixes"))


def _pickle() -> ModuleType:
    """`cPickle`, which reads the pickles of Python 2."""
    module: Any = ModuleType("cPickle")
    vars(module).update({name: value for name, value in vars(pickle).items() if name[0] != "_"})
    module.load = functools.partial(pickle.load, encoding="latin1")
    module.loads = functools.partial(pickle.loads, encoding="latin1")
    return module


class _Division(ast.NodeTransformer):
    """`a / b` as a call that cuts where both are whole."""

    def visit_BinOp(self, node: ast.BinOp) -> Any:
        self.generic_visit(node)
        if not isinstance(node.op, ast.Div):
            return node
        return ast.copy_location(_call("_divided_of_python_2", node.left, node.right), node)

    def visit_AugAssign(self, node: ast.AugAssign) -> Any:
        self.generic_visit(node)
        if not isinstance(node.op, ast.Div):
            return node
        read = copy.deepcopy(node.target)
        read.ctx = ast.Load()
        value = _call("_divided_in_place_of_python_2", read, node.value)
        return ast.copy_location(ast.Assign([node.target], value), node)


def _call(name: str, left: ast.expr, right: ast.expr) -> ast.Call:
    return ast.Call(ast.Name(name, ast.Load()), [left, right], [])


def _is_whole(value: Any) -> bool:
    if isinstance(value, (int, np.integer)):
        return True
    dtype = getattr(value, "dtype", "")
    return str(getattr(dtype, "name", dtype)).startswith(("int", "uint"))


def _divided(left: Any, right: Any) -> Any:
    return left // right if _is_whole(left) and _is_whole(right) else left / right


def _divided_in_place(left: Any, right: Any) -> Any:
    divide: Callable[..., Any] = (
        operator.ifloordiv if _is_whole(left) and _is_whole(right) else operator.itruediv
    )
    return divide(left, right)


class _Loader(importlib.machinery.SourceFileLoader):
    """Loads a module beside the program, converted where it is one for Python 2."""

    def get_code(self, fullname: str) -> Any:
        path = self.get_filename(fullname)
        return compiled(self.get_data(path), path)


class Finder(importlib.abc.MetaPathFinder):
    """Finds the modules for Python 2 in a folder."""

    def __init__(self, folder: str) -> None:
        self._folder = folder

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> Any:
        spec = importlib.machinery.PathFinder.find_spec(fullname, path or [self._folder])
        origin = spec.origin if spec is not None and spec.has_location else None
        if spec is None or origin is None or not origin.endswith(".py"):
            return None
        if not Path(origin).is_relative_to(self._folder) or not _is_of_python_2(origin):
            return None
        places = spec.submodule_search_locations
        loader = _Loader(fullname, origin)
        return importlib.util.spec_from_file_location(
            fullname, origin, loader=loader, submodule_search_locations=places
        )


def _is_of_python_2(path: str) -> bool:
    try:
        return _Program.is_of_python_2 or has_names(ast.parse(Path(path).read_bytes(), path))
    except SyntaxError as error:
        return is_syntax(error)
