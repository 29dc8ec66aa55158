"""Ctrl-C while training: the first stops after the chunk in progress, the second at once.

The model is usable after both.
"""

import os
import signal
import sys
from typing import Any, Self

import neurona as nn


class StopOnInterrupt(nn.callbacks.Callback):
    """A callback that stops training at Ctrl-C, and the `with` block in which it listens.

    Args:
        message: printed at the first Ctrl-C.

    Attributes:
        interrupted: whether Ctrl-C was pressed.
        trained: whether the model has learned anything.
        epoch: the epoch in progress, from 1.
    """

    def __init__(self, message: str) -> None:
        self.message = message
        self.interrupted = self.trained = False
        self.epoch = 0
        self._before: Any = None

    def __enter__(self) -> Self:
        self._before = signal.signal(signal.SIGINT, self._handle)
        return self

    def __exit__(self, *exception: Any) -> None:
        signal.signal(signal.SIGINT, self._before)

    def _handle(self, number: int, frame: Any) -> None:
        if self.interrupted:
            raise KeyboardInterrupt
        self.interrupted = True
        # Not print: the handler may run in the middle of one.
        os.write(sys.__stderr__.fileno() if sys.__stderr__ else 2, f"\n{self.message}\n".encode())

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self.epoch = epoch + 1

    def _on_chunk_end(self, step: int, logs: Any) -> None:
        self.trained = True
        self._stop()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self._stop()

    def _stop(self) -> None:
        if self.interrupted:
            self.model.stop_training = True
