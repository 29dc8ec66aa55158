"""`neurona board`: a page on this machine that shows the runs of a folder while they train."""

from pathlib import Path

from neurona.cli.pages import serve
from neurona.cli.texts import texts
from neurona.playground.board import BoardPage


def run(folder: Path, port: int, browser: bool, *, language: str) -> int:
    """Serve the page until Ctrl-C; returns the exit status.

    Args:
        folder: what `Board`, `TensorBoard` or `CSVLogger` write into, now or later.
        port: where to listen; 0 takes a free one.
        browser: whether to open the page in the user's browser.
        language: of what is printed.
    """
    if not folder.exists():
        print(texts(language)["board_waits"].format(folder=folder))
    return serve(lambda: BoardPage(folder, port, language), port, browser, name="board", language=language)
