"""The public names of Keras, and where Neurona has them: `python -m tests.keras_parity` writes
docs/keras-parity.md.

`python -m tests.keras_parity --names` first lists the names of the Keras that is installed, in
tests/keras_names.txt. The tests need no Keras: they read that list.
"""

import functools
import importlib
import io
import sys
import tokenize
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import neurona
from tests.keras_left_out import LEFT_OUT, NOT_YET

TESTS = Path(__file__).parent
NAMES, DOCUMENT = TESTS / "keras_names.txt", TESTS.parent / "docs" / "keras-parity.md"
# Where Neurona keeps what Keras keeps elsewhere.
ELSEWHERE = {
    "legacy.saving.": "utils.",
    "utils.legacy.": "utils.",
}
# A test that goes through every name of a room, for the names that no test spells out.
FAMILIES = {
    "activations": "test_activations.py",
    "applications": "applications/test_architectures.py",
    "constraints": "test_constraints.py",
    "initializers": "test_initializers.py",
    "layers": "layers/test_conformance.py",
    "losses": "losses/test_parity.py",
    "metrics": "metrics/test_parity.py",
    "ops": "ops/test_parity.py",
    "optimizers": "optimizers/test_optimizer_parity.py",
    "random": "test_random.py",
    "regularizers": "test_regularizers.py",
}
ABOUT = """\
# The public names of Keras, and Neurona

Written by `python -m tests.keras_parity`; `tests/test_keras_parity.py` fails on a name that is neither here
nor left out with a reason. The list is that of Keras {version}: {total} names, those of sub-namespaces
counted each time. {here} are here, under the same path below `neurona`; {left} are left out.

A proof is a test that names it, or goes through all names of its family; most compare with Keras itself.
"""


def names_of_keras() -> list[str]:
    """The public names of the installed Keras, by their path below `keras`."""
    keras = importlib.import_module("keras")

    def walk(module: ModuleType, path: str) -> Iterator[str]:
        for name, value in vars(module).items():
            if name.startswith("_"):
                continue
            if not isinstance(value, ModuleType):
                yield path + name
            elif value.__name__ == f"{module.__name__}.{name}" and name != "src":
                yield from walk(value, f"{path}{name}.")

    return [keras.__version__, *sorted(walk(keras, ""))]


def listed() -> tuple[str, list[str]]:
    """The version and the names of Keras that the list holds."""
    version, *names = NAMES.read_text("utf-8").split()
    return version, names


def found(name: str) -> Any:
    """What Neurona has under a name of Keras, or None."""
    for theirs, ours in ELSEWHERE.items():
        if name.startswith(theirs):
            name = ours + name.removeprefix(theirs)
    value: Any = neurona
    for part in name.split("."):
        try:
            value = getattr(value, part)
        except AttributeError:
            if not isinstance(value, ModuleType):
                return None
            try:
                value = importlib.import_module(f"{value.__name__}.{part}")
            except ImportError:
                return None
    return value


@functools.cache
def _mentions() -> dict[str, dict[str, str]]:
    """For each word in the tests, the places that mention it: files, and the test functions in them."""
    places: dict[str, dict[str, str]] = {}
    for path in sorted(TESTS.rglob("*.py")):
        file = path.relative_to(TESTS).as_posix()
        if path.name.startswith("keras_") or "messages" in path.name:
            continue
        test = last = ""
        for token in tokenize.generate_tokens(io.StringIO(path.read_text("utf-8")).readline):
            if token.type == tokenize.NAME:
                if last == "def" and token.start[1] == len("def "):
                    test = f"::{token.string}" if token.string.startswith("test_") else ""
                last = token.string
            elif token.type == tokenize.STRING:  # such as "mixed_precision.Policy"
                last = token.string.strip("\"'").rpartition(".")[2]
            else:
                continue
            if last.isidentifier():
                places.setdefault(last, {}).setdefault(file, test)
    return places


def proof(name: str) -> str | None:
    """The test of a name: one that spells it in its room's tests, its family's, or one elsewhere."""
    room, _, word = name.rpartition(".")
    room = room.split(".")[0]
    places = _mentions().get(word, {})
    own = [file for file in places if file.startswith((f"{room}/test_", f"test_{room}"))] if room else []
    if own:
        return own[0] + places[own[0]]
    if room in FAMILIES:
        return FAMILIES[room]
    tests = [file for file in places if Path(file).name.startswith("test_")]
    return tests[0] + places[tests[0]] if tests else None


def document() -> str:
    """The text of docs/keras-parity.md."""
    version, names = listed()
    here = [name for name in names if found(name) is not None]
    left = [name for name in names if name not in here]
    rooms: dict[str, list[str]] = {}
    for name in here:
        rooms.setdefault(name.rpartition(".")[0], []).append(name)
    text = ABOUT.format(version=version, total=len(names), here=len(here), left=len(left))
    text += "\n## Left out\n\n| why | names |\n|---|---|\n"
    for why in {**LEFT_OUT, **NOT_YET}:
        names = [name for name in left if reason(name) == why]
        text += f"| {why} | {', '.join(names)} |\n" if names else ""
    for room, inside in sorted(rooms.items()):
        text += f"\n## {f'keras.{room}' if room else 'keras'}\n\n| name | proof |\n|---|---|\n"
        text += "".join(f"| {name.rpartition('.')[2]} | {proof(name) or ''} |\n" for name in inside)
    return text


def reason(name: str) -> str | None:
    """Why a name is left out, or None."""
    for table in (LEFT_OUT, NOT_YET):
        for why, names in table.items():
            if name in names.split():
                return why
    return None


if __name__ == "__main__":
    if "--names" in sys.argv:
        NAMES.write_text("\n".join(names_of_keras()) + "\n", "utf-8")
    DOCUMENT.write_text(document(), "utf-8")
    print(f"{DOCUMENT} is written.")
