"""The programs in docs/ run and agree with Neurona."""

import runpy
from pathlib import Path

DOCS = Path(__file__).resolve().parents[1] / "docs"


def test_how_it_works(capsys):
    runpy.run_path(str(DOCS / "how_it_works.py"))
    assert capsys.readouterr().out == "All parts agree with Neurona.\n"
