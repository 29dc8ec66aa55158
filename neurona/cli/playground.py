"""`neurona playground`: a page on this machine where a network learns and everything can be touched."""

from neurona.cli.pages import serve
from neurona.playground.server import Playground


def run(port: int, browser: bool, *, language: str) -> int:
    """Serve the page until Ctrl-C; returns the exit status.

    Args:
        port: where to listen; 0 takes a free one.
        browser: whether to open the page in the user's browser.
        language: of what is printed.
    """
    return serve(lambda: Playground(port), port, browser, name="playground", language=language)
