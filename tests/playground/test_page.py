"""The page: its logic by Vitest, and every panel in a real browser, whose numbers are the engine's."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

import neurona.playground

WEB = Path(neurona.playground.__file__).parent / "web"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")

pytestmark = pytest.mark.skipif(
    not (shutil.which("npm") and (WEB / "node_modules").is_dir()),
    reason="needs npm and what it installs: npm ci in neurona/playground/web",
)


def ran(*command):
    environment = {**os.environ, "CHROMIUM": str(CHROMIUM)}
    done = subprocess.run(
        command, cwd=WEB, env=environment, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]


def test_its_logic():
    ran("npm", "test")


@pytest.mark.experiment  # a training, and a browser that looks at it
@pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium")
def test_the_page_of_runs_in_a_browser(board):
    ran("node", "tests/board.mjs", board.address, str(board.folder))


@pytest.mark.experiment  # many networks are compiled: about 100 s
@pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium")
def test_every_panel_in_a_browser(server):
    ran("node", "tests/page.mjs", server.address)
