"""The cost of an epoch with a progress bar and callbacks, with data from a disk, and with a busy process."""

import contextlib
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.workloads import Workload


def measures(
    make: Callable[..., Any], workload: Workload, x: np.ndarray, y: np.ndarray
) -> Callable[[], dict[str, float]]:
    """A round: seconds per epoch of one warm network, in each of the circumstances that `MEASURES["costs"]`
    names.
    """
    from neurona import callbacks  # a framework is loaded by its contender alone

    folder = tempfile.TemporaryDirectory()
    np.save(Path(folder.name, "x.npy"), x)
    mapped = np.load(Path(folder.name, "x.npy"), mmap_mode="r")
    model = make(workload, x, y).model

    def seconds(inputs: np.ndarray, **arguments: Any) -> float:
        start = time.perf_counter()
        model.fit(inputs, y, batch_size=workload.batch, epochs=workload.epochs, **arguments)
        return (time.perf_counter() - start) / workload.epochs

    def work() -> dict[str, float]:
        log = Path(folder.name, "epochs.csv")
        watching = [
            callbacks.CSVLogger(log),
            callbacks.EarlyStopping("loss", patience=100),
            callbacks.TerminateOnNaN(),
        ]
        figures = {"epoch": seconds(x, verbose=0)}
        with terminal():
            figures["with progress bar and callbacks"] = seconds(x, verbose=1, callbacks=watching)
        figures["from a file"] = seconds(mapped, verbose=0)
        with busy_process():
            figures["beside a busy process"] = seconds(x, verbose=0)
        return figures

    return work


@contextlib.contextmanager
def terminal() -> Iterator[None]:
    """Sends standard output to a pseudo-terminal that discards it; to a null device where there is none."""
    if not hasattr(os, "openpty"):
        with open(os.devnull, "w", encoding="utf-8") as nowhere, contextlib.redirect_stdout(nowhere):
            yield
        return
    ours, theirs = os.openpty()

    def read() -> None:
        with contextlib.suppress(OSError):  # that is how the end of a terminal arrives
            while os.read(ours, 65536):
                pass
        os.close(ours)

    threading.Thread(target=read, daemon=True).start()
    with os.fdopen(theirs, "w", encoding="utf-8") as stream, contextlib.redirect_stdout(stream):
        yield


@contextlib.contextmanager
def busy_process() -> Iterator[None]:
    """Another process counts as fast as it can, on the cores of this one."""
    other = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        time.sleep(0.2)  # until it has started
        yield
    finally:
        other.kill()
        other.wait()
