"""`show` without IPython: one server for each state, and the frame that a notebook gets."""

import importlib.util
import urllib.request

import pytest

from neurona.playground import show
from neurona.playground.local import STATIC
from neurona.playground.notebook import frame_of


@pytest.mark.skipif(not (STATIC / "index.html").is_file(), reason="the page is not built: npm is missing")
@pytest.mark.skipif(importlib.util.find_spec("IPython") is not None, reason="a notebook shows the frame")
def test_show_prints_an_address_that_opens_and_is_the_same_for_the_same_state(capsys):
    address = show()
    assert capsys.readouterr().out.strip() == address
    assert show({"batch": 10}) == address  # the default, spelled out
    assert show({"batch": 5}) != address
    with urllib.request.build_opener(urllib.request.HTTPCookieProcessor()).open(address, timeout=20) as page:
        assert "frame-ancestors 'self' http://localhost:*" in page.headers["content-security-policy"]


def test_the_frame_takes_the_notebook_s_host_name():
    frame = frame_of("http://127.0.0.1:5/?token=T", 300)
    assert 'height="300"' in frame
    assert "location.hostname" in frame
    assert '"http://127.0.0.1:5/?token=T"' in frame
