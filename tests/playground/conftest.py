"""A real server in a process of its own, and a page's connection to it."""

import contextlib
import http.client
import json
import re
import signal
import subprocess
import sys
import urllib.parse

import numpy as np
import pytest
from websockets.sync.client import connect


class Server:
    """`neurona playground` or `neurona board DIR`, as a user starts it."""

    def __init__(self, command, *arguments):
        command = [sys.executable, "-m", "neurona", command, "--no-browser", "--language", "en"]
        self.process = subprocess.Popen(
            [*command, *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self.said = ""
        while "http" not in self.said:
            line = self.process.stdout.readline()
            assert line, self.said
            self.said += line
        self.address = re.search(r"http://\S+", self.said)[0]
        parts = urllib.parse.urlsplit(self.address)
        self.port, self.host = parts.port, parts.netloc
        self.token = parts.query.removeprefix("token=")
        self.cookie = {"Cookie": f"neurona_{self.port}={self.token}"}

    def ask(self, path, **headers):
        """The status, the headers and the body of an answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        connection.request("GET", path, headers={"Host": self.host, **self.cookie, **headers})
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()

    def end(self):
        """Ctrl-C, which must end it in peace."""
        self.process.send_signal(signal.SIGINT)
        rest, _ = self.process.communicate(timeout=60)
        assert self.process.returncode == 0, rest
        assert "Traceback" not in rest
        assert self.token not in rest

    def page(self):
        return Page(self)


class Page:
    """What a browser's page does: it says that it is ready after each frame."""

    def __init__(self, server):
        self.open = contextlib.ExitStack()
        self.socket = self.open.enter_context(
            connect(
                f"ws://{server.host}/ws",
                origin=f"http://{server.host}",
                additional_headers=server.cookie,
                max_size=None,
            )
        )
        self.hello = self.receive()

    def receive(self):
        got = self.socket.recv(timeout=60)
        if isinstance(got, str):
            return json.loads(got)
        size = int.from_bytes(got[:4], "little")
        head, body = json.loads(got[4 : 4 + size]), got[4 + size :]
        for entry in head["buffers"]:
            kind = {"f32": "<f4", "u8": "u1"}[entry["dtype"]]
            count = int(np.prod(entry["shape"]))
            head[entry["name"]] = np.frombuffer(body, kind, count, entry["offset"]).reshape(entry["shape"])
        self.send("ready")
        return head

    def send(self, message, **content):
        self.socket.send(json.dumps({"type": message, **content}))

    def ask(self, message, **content):
        """The answer to a message, past all frames."""
        self.send(message, id=7, **content)
        while True:
            got = self.receive()
            if got.get("id") == 7:
                return got

    def frame(self, update=None):
        """The next frame, or the one after so many updates."""
        while True:
            got = self.receive()
            if got["type"] == "frame" and update in (None, got["update"]):
                return got

    def configure(self, **state):
        return self.ask("configure", network="a", state=state)

    def begin(self, **state):
        """Configure, and start at the seed's weights."""
        self.send("pause")
        self.ask("configure", network="b", state=None)
        answer = self.configure(**state)
        self.send("reset")
        self.frame(0)
        return answer


@pytest.fixture(scope="session")
def server():
    """One server for all tests. At the end, Ctrl-C must end it in peace, with a page open."""
    one = Server("playground")
    yield one
    last = one.page()
    one.end()
    last.open.close()


@pytest.fixture(scope="session")
def page(server):
    """One page for all tests: networks of equal structure share their compiled programs."""
    one = server.page()
    yield one
    one.open.close()


@pytest.fixture(scope="module")
def board(tmp_path_factory):
    """The page of runs of an empty folder. At the end, Ctrl-C must end it in peace."""
    folder = tmp_path_factory.mktemp("runs")
    one = Server("board", str(folder))
    one.folder = folder
    yield one
    one.end()
