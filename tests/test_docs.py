"""The programs in docs/ run and agree with Neurona."""

import doctest
import runpy
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parents[1] / "docs"


def test_how_it_works(capsys):
    runpy.run_path(str(DOCS / "how_it_works.py"))
    assert capsys.readouterr().out == "All parts agree with Neurona.\n"


@pytest.mark.parametrize("name", ["differences.md", "diferencias.md"])
def test_the_differences_from_keras_are_those_that_are_listed(name):
    options = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    result = doctest.testfile(str(DOCS / name), module_relative=False, optionflags=options, encoding="utf-8")
    assert result.attempted == 20
    assert result.failed == 0
