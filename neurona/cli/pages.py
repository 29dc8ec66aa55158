"""What the commands share that serve a page of this machine."""

import contextlib
import threading
import webbrowser
from collections.abc import Callable

from neurona.cli.texts import texts
from neurona.playground.local import HOST, LocalPage


def serve(make: Callable[[], LocalPage], port: int, browser: bool, *, name: str, language: str) -> int:
    """Serve a page until Ctrl-C; returns the exit status.

    Args:
        make: makes the page.
        port: where it listens, for the message that it can't.
        browser: whether to open the page in the user's browser.
        name: of the command, which begins the keys of its texts.
        language: of what is printed.
    """
    say = texts(language)
    try:
        page = make()
    except OSError as error:
        print(say["page_port"].format(host=HOST, port=port, error=error.strerror))
        return 1
    if not page.is_built:
        print(say["page_unbuilt"])
    print(say[f"{name}_at"].format(address=page.address), flush=True)
    if browser:
        threading.Thread(target=webbrowser.open, args=(page.address,), daemon=True).start()
    with contextlib.suppress(KeyboardInterrupt):  # which uvicorn raises again after it has closed the pages
        page.run()
    print(say[f"{name}_ended"])
    return 0
