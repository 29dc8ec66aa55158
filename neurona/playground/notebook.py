"""`show`: the page in a notebook, or its address."""

import importlib
import threading
from typing import Any

from neurona.playground.state import normalized

_running: list[Any] = []


def show(state: dict[str, Any] | None = None, *, height: int = 800) -> str:
    """Show the playground below a notebook's cell; elsewhere, print its address.

    One server runs in this process for each state that was shown, until the process ends.

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
    playground = server.Playground(0, begin, frames="'self' http://localhost:* http://127.0.0.1:*")
    threading.Thread(target=playground.run, daemon=True).start()
    _running.append(playground)
    try:
        display = importlib.import_module("IPython.display")
        shell = importlib.import_module("IPython").get_ipython()
    except ImportError:
        shell = display = None
    if shell is None or display is None:
        print(playground.address)
    else:
        display.display(display.IFrame(playground.address, "100%", height))
    return playground.address
