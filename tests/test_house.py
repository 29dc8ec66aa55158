"""The house itself: imports run downward, files stay short, importing is cheap, and the public surface is a
list.
"""

import ast
import io
import subprocess
import sys
import tokenize
from pathlib import Path

import pytest

import neurona

ROOT = Path(neurona.__file__).parent
FILES = sorted(ROOT.rglob("*.py"))
# From the ground up. A room imports only rooms on lower floors (and itself).
FLOORS = [
    {"_version"},
    {"core"},
    {"errors", "language"},
    {"activations", "initializers", "regularizers", "constraints"},
    {"kernels"},
    {"config"},
    {"ops"},
    {"random"},
    {"losses"},
    {"metrics", "optimizers"},
    {"layers"},
    {"saving"},
    {"callbacks"},
    {"training"},
    {"models"},
    {"preprocessing"},
    {"datasets"},
    {"plotting"},
    {"evaluation"},
    {"search"},
    {"utils"},
    {"tasks"},
    {"cli"},
]
FLOOR = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}


def room_of(path: Path) -> str:
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def imports_of(path: Path):
    """(line, module, inside a function?) of every import of the project."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    functions = [node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]
    inner = {id(child) for function in functions for child in ast.walk(function)}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "neurona":
            names = (
                [f"neurona.{alias.name}" for alias in node.names]
                if node.module == "neurona"
                else [node.module]
            )
            for name in names:
                yield node.lineno, name, id(node) in inner
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.split(".")[0] == "neurona":
                    yield node.lineno, alias.name, id(node) in inner


@pytest.mark.parametrize(
    "path",
    [path for path in FILES if path != ROOT / "__init__.py"],
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_imports_run_downward_and_stand_at_the_top(path):
    room = room_of(path)
    for line, module, inside in imports_of(path):
        target = module.split(".")[1] if "." in module else ""
        assert not inside, f"{path}:{line} imports {module} inside a function"
        if target and target != room and target in FLOOR:
            assert FLOOR[target] < FLOOR[room], (
                f"{path}:{line}: {room} imports {target}, which is not below it"
            )


def test_no_file_is_long():
    for folder in (ROOT, ROOT.parent / "tests", ROOT.parent / "benchmarks", ROOT.parent / "examples"):
        for path in folder.rglob("*.py"):
            assert len(path.read_text(encoding="utf-8").splitlines()) <= 600, path


def lines_of_code(path):
    """Lines that hold code: no docstrings, comments or blank lines."""
    source = path.read_text(encoding="utf-8")
    docstrings = set()
    for node in ast.walk(ast.parse(source)):
        body = getattr(node, "body", None)
        if (
            isinstance(body, list)
            and body
            and isinstance(body[0], ast.Expr)
            and isinstance(body[0].value, ast.Constant)
        ):
            docstrings.update(range(body[0].lineno, body[0].end_lineno + 1))
    silent = (
        tokenize.COMMENT,
        tokenize.NL,
        tokenize.NEWLINE,
        tokenize.INDENT,
        tokenize.DEDENT,
        tokenize.ENDMARKER,
    )
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return len(
        {
            line
            for token in tokens
            if token.type not in silent
            for line in range(token.start[0], token.end[0] + 1)
        }
        - docstrings
    )


def test_the_engine_room_stays_small():
    # 1200 at 140 columns; 110 columns wrap lines, and each theme of Layer has a file with its own imports.
    assert sum(map(lines_of_code, (ROOT / "core").glob("*.py"))) < 1600


def test_importing_neurona_and_asking_for_help_load_no_jax():
    code = "import sys, neurona, neurona.cli.main; sys.exit('jax' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_every_public_name_exists():
    for name in neurona.__all__:
        assert getattr(neurona, name) is not None
    with pytest.raises(AttributeError, match="has no attribute 'Sequntial'"):
        _ = neurona.Sequntial
