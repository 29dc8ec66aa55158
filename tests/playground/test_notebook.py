"""`show` without IPython: one server for each state, and the frame that a notebook gets."""

import importlib.util
import subprocess
import sys

import pytest

from neurona.playground.notebook import frame_of

PROGRAM = """
import urllib.request
from neurona.playground import show
address = show()
assert show({"batch": 10}) == address  # the default, spelled out
assert show({"batch": 5}) != address
with urllib.request.build_opener(urllib.request.HTTPCookieProcessor()).open(address, timeout=20) as page:
    assert "frame-ancestors 'self' http://localhost:*" in page.headers["content-security-policy"]
"""


@pytest.mark.skipif(importlib.util.find_spec("IPython") is not None, reason="a notebook shows the frame")
def test_show_prints_an_address_that_opens_and_is_the_same_for_the_same_state():
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    first, again, other = done.stdout.split()
    assert first == again != other
    assert first.startswith("http://127.0.0.1:")


def test_the_frame_takes_the_notebook_s_host_name():
    frame = frame_of("http://127.0.0.1:5/?token=T", 300)
    assert 'height="300"' in frame
    assert "location.hostname" in frame
    assert '"http://127.0.0.1:5/?token=T"' in frame
