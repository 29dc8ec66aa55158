"""The server refuses whoever is not the page of this start, and answers what it can't understand."""

import contextlib
import http.client
import time

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from neurona.cli.playground import run
from neurona.playground.formulas import formula
from neurona.playground.refusal import Refusal


def status(server, path="/", method="GET", **headers):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    connection.request(method, path, headers={"Host": server.host, **headers})
    answer = connection.getresponse()
    answer.read()
    return answer


def test_the_token_opens_the_page_and_moves_into_a_cookie(server):
    answer = status(server, f"/?token={server.token}")
    assert (answer.status, answer.headers["location"]) == (303, "/")
    assert {"HttpOnly", "SameSite=strict"} <= set(answer.headers["set-cookie"].split("; "))
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert status(server, "/", **server.cookie).status in (200, 503)


@pytest.mark.parametrize(
    "headers",
    [
        {"Cookie": ""},
        {"Cookie": "neurona=wrong"},
        {"Host": "evil.example"},
        {"Host": "127.0.0.1"},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
    ],
)
def test_others_are_refused(server, headers):
    assert status(server, **{**server.cookie, **headers}).status == 403


@pytest.mark.parametrize("origin", [None, "http://evil.example", "http://127.0.0.1"])
def test_other_origins_are_refused_before_the_upgrade(server, origin):
    with pytest.raises(InvalidStatus) as refused:
        connect(f"ws://{server.host}/ws", origin=origin, additional_headers=server.cookie)
    assert refused.value.response.status_code == 403


def test_no_token_no_upgrade(server):
    with pytest.raises(InvalidStatus) as refused:
        connect(f"ws://{server.host}/ws", origin=f"http://{server.host}")
    assert refused.value.response.status_code == 403


def test_no_path_leaves_the_page_s_folder(server):
    for path in ("/assets/../server.py", "/assets/%2e%2e/server.py", "/assets//etc/passwd"):
        assert status(server, path, **server.cookie).status in (404, 400)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "1",
        "[" * 5000,
        '{"type": []}',
        '{"type": "nothing"}',
        '{"type": NaN}',
        '{"type": "probe"}',
    ],
)
def test_what_is_not_understood_is_answered(page, text):
    page.socket.send(text)
    answer = page.receive()
    while answer["type"] == "frame":
        answer = page.receive()
    assert answer["type"] == "error"
    assert answer["message"]["en"]
    assert answer["message"]["es"]
    assert page.configure(layers=[])["type"] == "configured"


def test_values_out_of_range_are_named_and_replaced(page):
    answer = page.configure(
        layers=[{"units": 10**9}], batch="x", data={"name": "formula", "formula": "__import__('os')"}
    )
    assert answer["state"]["layers"][0]["units"] == 4
    assert answer["state"]["data"]["formula"] == "x*y > 0"
    assert [note["en"].split()[0] for note in answer["notes"]] == ["A", "layers[0].units", "batch"]


@pytest.mark.parametrize("text", ["x.real", "().__class__", "[x]", "lambda: 1", "'a'*9", "f(x)", "x" * 201])
def test_a_formula_is_arithmetic_and_nothing_else(text):
    with pytest.raises(Refusal):
        formula(text)([0.0], [0.0])


def test_only_so_many_pages_are_open_and_closed_ones_leave_their_place(server, page):
    pages = []
    try:
        while len(pages) < 7:  # and the one of all tests
            pages.append(server.page())
        with pytest.raises(InvalidStatus):
            server.page()
    finally:
        for one in pages:
            one.open.close()
    again = time.monotonic() + 20
    while time.monotonic() < again:
        with contextlib.suppress(InvalidStatus):
            server.page().open.close()
            break
    else:
        pytest.fail("no place was given back")


def test_a_port_in_use_is_told(server, capsys):
    assert run(server.port, False, language="en") == 1
    assert str(server.port) in capsys.readouterr().out
