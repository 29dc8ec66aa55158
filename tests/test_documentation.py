"""Docstrings stand alone: whatever a constructor takes is explained where `help` shows it."""

import inspect
import re

import pytest

import neurona.zoo  # noqa: F401 (its layers are registered when it is imported)
from neurona.core.registry import built_in

KINDS = (
    "layers",
    "losses",
    "metrics",
    "optimizers",
    "schedules",
    "initializers",
    "regularizers",
    "constraints",
)
CLASSES = [value for kind in KINDS for _, value in sorted(built_in(kind).items()) if inspect.isclass(value)]


def explained(cls):
    """The names that the docstring's Args explains."""
    text = inspect.cleandoc(cls.__doc__ or "")  # Python 3.13 has taken the indentation away already
    block = re.search(r"\nArgs:\n((?:    .*\n|\n(?=    ))*)", text + "\n")
    entries = re.findall(r"^    (\w[\w, *\n]*?):", block[1], re.MULTILINE) if block else []
    return {name.strip(" *") for entry in entries for name in re.split(r",\s*", entry)}


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: f"{cls._kind}-{cls.__name__}")
def test_every_argument_is_explained(cls):
    taken = [
        name
        for name, parameter in inspect.signature(cls).parameters.items()
        if parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY)
    ]
    assert [name for name in taken if name not in explained(cls)] == []
