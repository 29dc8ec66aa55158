"""`neurona playground`: a page on this machine where a network learns and everything can be touched."""

import contextlib
import threading
import webbrowser

from neurona.cli.texts import texts
from neurona.playground.server import HOST, STATIC, Playground


def run(port: int, browser: bool, *, language: str) -> int:
    """Serve the page until Ctrl-C; returns the exit status.

    Args:
        port: where to listen; 0 takes a free one.
        browser: whether to open the page in the user's browser.
        language: of what is printed.
    """
    say = texts(language)
    try:
        playground = Playground(port)
    except OSError as error:
        print(say["playground_port"].format(host=HOST, port=port, error=error.strerror))
        return 1
    if not (STATIC / "index.html").is_file():
        print(say["playground_unbuilt"])
    print(say["playground_at"].format(address=playground.address), flush=True)
    if browser:
        threading.Thread(target=webbrowser.open, args=(playground.address,), daemon=True).start()
    with contextlib.suppress(KeyboardInterrupt):  # which uvicorn raises again after it has closed the pages
        playground.run()
    print(say["playground_ended"])
    return 0
