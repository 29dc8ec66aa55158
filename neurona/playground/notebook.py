"""`show`: the page in a notebook, or its address."""

import importlib
import json
import threading
from typing import Any

from neurona.playground.state import normalized

_running: dict[str, Any] = {}  # the server of every state


def show(state: dict[str, Any] | None = None, *, height: int = 800) -> str:
    """Show the playground below a notebook's cell; elsewhere, print its address.

    One server runs in this process for each state that was shown, until the process ends. It listens on this
    machine only: a notebook whose kernel runs on another machine shows an empty frame.

    The frame takes the notebook's own host name, localhost or 127.0.0.1, because browsers keep the page's
    cookie from frames of another site. Where a notebook is no page of this machine, as in an editor's
    window, open the link below the frame in a browser. The cell's output holds the address with its token,
    which opens nothing after the process has ended.

    Args:
        state: what the page begins with, as its address holds it; what is left out has its default.
        height: of the frame, in pixels.

    Returns:
        The address.

    Raises:
        MissingDependencyError: `neurona[playground]` is not installed.
    """
    server = importlib.import_module("neurona.playground.server")
    begin = normalized(state or {})[0]
    key = json.dumps(begin, sort_keys=True)
    if key not in _running:
        playground = server.Playground(0, begin, frames="'self' http://localhost:* http://127.0.0.1:*")
        threading.Thread(target=playground.run, daemon=True).start()
        _running[key] = playground
    address = _running[key].address
    try:
        display = importlib.import_module("IPython.display")
        shell = importlib.import_module("IPython").get_ipython()
    except ImportError:
        shell = display = None
    if shell is None or display is None:
        print(address)
    else:
        display.display(display.HTML(frame_of(address, height)))
    return address


def frame_of(address: str, height: int) -> str:
    """The frame for a notebook's cell, under the notebook's own host name, and a link to the same page."""
    bare = address.split("/?")[0]
    return f"""<iframe data-neurona="{bare}" width="100%" height="{int(height)}" style="border: 0"></iframe>
<a data-neurona="{bare}" href="{address}" target="_blank" rel="noopener">{bare}</a>
<script>
(() => {{
  const own = ["localhost", "127.0.0.1"].includes(location.hostname) ? location.hostname : "127.0.0.1";
  for (const one of document.querySelectorAll('[data-neurona="{bare}"]')) {{
    one[one.tagName === "A" ? "href" : "src"] = {json.dumps(address)}.replace("127.0.0.1", own);
  }}
}})();
</script>"""
