"""The rules of the house, read from the source of a package: `test_house.py` applies them to Neurona.

Each rule is a function that returns sentences about what breaks it.
"""

import ast
import functools
import io
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

FUNCTION_LINES, FUNCTION_COMPLEXITY, CLASS_LINES = 50, 15, 300
_SILENT = (
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENDMARKER,
)
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_BRANCHES = (ast.If, ast.IfExp, ast.For, ast.AsyncFor, ast.While, ast.ExceptHandler, ast.match_case)


@dataclass(frozen=True)
class Import:
    """An import of one of the package's modules.

    Attributes:
        line: of the statement.
        module: the whole name of the module, such as "neurona.core.scope".
        names: what is taken from it; empty where the module itself is imported.
        relative: whether it is written with leading dots.
        inside: whether it stands in a function.
    """

    line: int
    module: str
    names: tuple[str, ...]
    relative: bool
    inside: bool


@dataclass
class Package:
    """The files of a package.

    Attributes:
        root: its folder.
        floors: its rooms from the ground up. A room imports rooms on lower floors, and itself.
        public: rooms that others may use, such as "layers".
        guests: rooms that use public rooms, and each other, only.
    """

    root: Path
    floors: list[set[str]]
    public: set[str] = field(default_factory=set)
    guests: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.files = {self.module_of(path): path for path in sorted(self.root.rglob("*.py"))}
        self.trees = {name: ast.parse(path.read_text("utf-8")) for name, path in self.files.items()}
        self.imports = {name: list(self._imports(name)) for name in self.files}

    @property
    def name(self) -> str:
        return self.root.name

    def module_of(self, path: Path) -> str:
        parts = path.relative_to(self.root.parent).with_suffix("").parts
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    def room_of(self, module: str) -> str:
        """The room of a module; empty for the package itself, whose `__init__` reaches every room."""
        return module.split(".")[1] if "." in module else ""

    def _imports(self, module: str) -> Iterator[Import]:
        """The imports of the package's modules, those under `TYPE_CHECKING` included."""
        nodes = list(ast.walk(self.trees[module]))
        functions = [_lines(node) for node in nodes if isinstance(node, _FUNCTIONS)]
        for node in nodes:
            if isinstance(node, ast.Import):
                targets = [(alias.name, ()) for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                targets = self._targets(module, node)
            else:
                continue
            relative = isinstance(node, ast.ImportFrom) and node.level > 0
            inside = any(node.lineno in lines for lines in functions)
            for target, names in targets:
                if target.split(".")[0] == self.name:
                    yield Import(node.lineno, target, names, relative, inside)

    def _targets(self, module: str, node: ast.ImportFrom) -> list[tuple[str, tuple[str, ...]]]:
        """(module, names) of a `from` import; a name that is a module counts as that module."""
        base = node.module or ""
        if node.level:
            is_package = self.files[module].name == "__init__.py"
            above = module.split(".")[: None if is_package and node.level == 1 else is_package - node.level]
            base = ".".join([*above, *([base] if base else [])])
        modules = [alias.name for alias in node.names if f"{base}.{alias.name}" in self.files]
        names = tuple(alias.name for alias in node.names if alias.name not in modules)
        return [(f"{base}.{name}", ()) for name in modules] + ([(base, names)] if names else [])


def _lines(node: Any) -> range:
    """The numbers of a node's lines."""
    return range(node.lineno, node.end_lineno + 1)


def import_faults(package: Package) -> list[str]:
    """Imports that are relative, inside a function, of a room without a floor, or not downward."""
    floor = {room: number for number, rooms in enumerate(package.floors) for room in rooms}
    faults = []
    for module, imports in package.imports.items():
        room = package.room_of(module)
        if not room:
            continue
        if room not in floor:
            faults.append(f"{module}: the room {room} has no floor")
        for one in imports:
            target = package.room_of(one.module)
            where = f"{module} imports {one.module}"
            if one.relative:
                faults.append(f"{where} relatively")
            if one.inside:
                faults.append(f"{where} inside a function")
            if target and target not in floor:
                faults.append(f"{where}: the room {target} has no floor")
            elif not target and room not in package.guests:
                faults.append(f"{where}, which reaches every room")
            elif target and target != room and floor[target] >= floor.get(room, len(package.floors)):
                faults.append(f"{where}, which is not below it")
    return faults


def circles(package: Package) -> list[str]:
    """Files that import each other, directly or through others."""
    arrows = {
        module: {one.module for one in imports if one.module in package.files and package.room_of(one.module)}
        for module, imports in package.imports.items()
        if package.room_of(module)
    }
    found = set()
    for start in arrows:
        reached, waiting = set(), set(arrows[start])
        while waiting:
            module = waiting.pop()
            reached.add(module)
            waiting |= arrows[module] - reached
        if start in reached:
            found.add(start)
    return sorted(found)


def private_faults(package: Package) -> list[str]:
    """Uses of names that are not public in the rooms that are the package's guests."""
    faults = []
    for module, imports in package.imports.items():
        if package.room_of(module) not in package.guests:
            continue
        for one in imports:
            room = package.room_of(one.module)
            if room and room not in package.public | package.guests:
                faults.append(f"{module} imports {one.module}, which is not public")
            parts = [*one.module.split("."), *one.names]
            faults += [f"{module} imports {part} of {one.module}" for part in parts if _is_private(part)]
        faults += [f"{module} uses {name}" for name in _private_uses(package, module)]
    return faults


def _private_uses(package: Package, module: str) -> Iterator[str]:
    """Attributes in a file that are underscored and not the object's own, or rooms that are not public."""
    nodes = list(ast.walk(package.trees[module]))
    aliases = [alias for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    faces = {alias.asname or alias.name for alias in aliases if alias.name == package.name}
    closed = set().union(*package.floors) - package.public - package.guests
    for node in nodes:
        if isinstance(node, ast.Attribute):
            owner = ast.unparse(node.value)
            foreign = _is_private(node.attr) and owner not in ("self", "cls", "super()")
            if foreign or (owner in faces and node.attr in closed):
                yield ast.unparse(node)


def _is_private(name: str) -> bool:
    return name.startswith("_") and not name.endswith("__")


def code_lines(source: str) -> set[int]:
    """The numbers of the lines that hold code: no docstrings, comments or blank lines."""
    docstrings: set[int] = set()
    for node in ast.walk(ast.parse(source)):
        body = getattr(node, "body", None)
        first = body[0] if isinstance(body, list) and body else None
        if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
            docstrings.update(range(first.lineno, (first.end_lineno or first.lineno) + 1))
    return {
        line
        for token in tokenize.generate_tokens(io.StringIO(source).readline)
        if token.type not in _SILENT
        for line in range(token.start[0], token.end[0] + 1)
    } - docstrings


def complexity(function: ast.AST) -> int:
    """McCabe's complexity: 1, and 1 for every branch, loop, handler, `and`, `or`; inner functions count."""
    total = 1
    for node in ast.walk(function):
        if isinstance(node, _BRANCHES):
            total += 1
        elif isinstance(node, ast.BoolOp):
            total += len(node.values) - 1
        elif isinstance(node, ast.comprehension):
            total += 1 + len(node.ifs)
    return total


def oversized(package: Package) -> dict[str, str]:
    """Functions and classes that do not fit the eye, by their whole name, with their size."""
    found: dict[str, str] = {}
    for module, path in package.files.items():
        _measure(package.trees[module], module, path, found)
    return found


def _measure(parent: ast.AST, name: str, path: Path, found: dict[str, str]) -> None:
    for node in ast.iter_child_nodes(parent):
        if not isinstance(node, (*_FUNCTIONS, ast.ClassDef)):
            _measure(node, name, path, found)
            continue
        whole = f"{name}.{node.name}"
        lines = len(_lines(node))
        if lines > (
            CLASS_LINES if isinstance(node, ast.ClassDef) else FUNCTION_LINES
        ):  # it may be long by comments: to tell takes a while
            lines = len(_code_lines(path) & set(_lines(node)))
        if isinstance(node, ast.ClassDef):
            if lines > CLASS_LINES:
                found[whole] = f"a class of {lines} lines"
            _measure(node, whole, path, found)
        elif lines > FUNCTION_LINES or complexity(node) > FUNCTION_COMPLEXITY:
            found[whole] = f"{lines} lines, complexity {complexity(node)}"


@functools.cache
def _code_lines(path: Path) -> set[int]:
    return code_lines(path.read_text(encoding="utf-8"))
