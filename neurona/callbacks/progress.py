"""ProgbarLogger: the bar that people watch."""

from typing import Any

from neurona.callbacks.callback import Callback


class ProgbarLogger(Callback):
    def __init__(self, verbose: Any = "auto") -> None:
        self.verbose = verbose
