"""Standard output as callbacks write to it: whole lines, and where it can, one live line at the bottom that
is drawn again and again.
"""

import os
import shutil
import sys
from typing import Any

_UNKNOWN_WIDTH = 200


class Screen:
    """Where text goes. Nothing but carriage returns and spaces moves the live line, so that any terminal,
    notebook or console shows it.
    """

    def __init__(self) -> None:
        self._shown = 0  # the length of the live line
        self._stream: Any = None  # where it stands

    def is_live(self) -> bool:
        """Whether a line can be drawn again: in a terminal or a notebook, but not in a file or a pipe."""
        stream = sys.stdout
        if stream is None or os.environ.get("TERM") == "dumb":
            return False
        return (
            _is_notebook(stream)
            or "PYCHARM_HOSTED" in os.environ
            or (hasattr(stream, "isatty") and stream.isatty())
        )

    def width(self) -> int:
        """The columns that a live line may use; the last one stays free, where some terminals begin a new
        line.
        """
        return _UNKNOWN_WIDTH if _is_notebook(sys.stdout) else shutil.get_terminal_size().columns - 1

    def can_show(self, characters: str) -> bool:
        """Whether the output's encoding has these characters."""
        try:
            characters.encode(getattr(sys.stdout, "encoding", None) or "ascii")
        except (UnicodeEncodeError, LookupError):
            return False
        return True

    def draw(self, text: str) -> None:
        """Let the live line say this."""
        text = text[: self.width()]
        if self._stream is not sys.stdout:
            self._shown = 0
        self._write("\r" + text.ljust(self._shown))
        self._shown, self._stream = len(text), sys.stdout

    def print(self, text: str) -> None:
        """Write a line that stays; it takes the place of the live line, which may be drawn again below."""
        if self._shown and self._stream is sys.stdout:
            first, *others = text.split("\n")
            text = "\n".join(["\r" + first.ljust(self._shown), *others])
        self._shown = 0
        self._write(text + "\n")

    def end(self) -> None:
        """Let the live line, if there is one, stay as it is."""
        if self._shown and self._stream is sys.stdout:
            self._write("\n")
        self._shown = 0

    def _write(self, text: str) -> None:
        stream = sys.stdout
        if stream is None:  # a program without a console
            return
        encoding = getattr(stream, "encoding", None) or "utf-8"
        stream.write(text.encode(encoding, "replace").decode(encoding))
        stream.flush()


def _is_notebook(stream: Any) -> bool:
    return type(stream).__module__.startswith("ipykernel")


screen = Screen()
