"""What a command says before it imports anything that takes long."""

import subprocess
import sys

import pytest


@pytest.mark.parametrize("command", ["train", "evaluate", "explain"])
def test_what_is_read_is_said_before_jax_is_imported(command):
    """JAX and pandas take longer to import than people wait."""
    watched = (
        "import io, sys\n"
        "class Watched(io.StringIO):\n"
        "    def write(self, text):\n"
        "        heavy = [name for name in ('jax', 'pandas', 'sklearn', 'scipy') if name in sys.modules]\n"
        "        sys.__stdout__.write(f'{text.strip()} {heavy}\\n' if text.strip() else '')\n"
        "sys.stdout = Watched()\n"
        "from neurona.cli.main import main; main()"
    )
    given = [command, *([] if command == "train" else ["model"]), "rows.csv"]
    run = subprocess.run(
        [sys.executable, "-c", watched, *given, "--language", "en"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.stdout.splitlines()[0] == "Loading rows.csv... []"
    assert "rows.csv" in run.stderr or "model" in run.stderr
