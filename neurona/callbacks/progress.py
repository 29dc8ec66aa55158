"""ProgbarLogger: the bar that people watch."""

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from neurona.callbacks.callback import Callback, Logs
from neurona.callbacks.screen import screen
from neurona.core.errors import ArgumentError
from neurona.messages import translated

REDRAW_SECONDS = 0.1
BAR_WIDTH = 20
NARROW = 79  # columns; in fewer, the line that stays is broken between its figures


class ProgbarLogger(Callback):
    """Shows how far training, an evaluation or a prediction is, and its figures.

    In a terminal or a notebook a line moves, several times a second at most; in a file or a pipe there is one
    line per epoch.

        Epoch 3/10
        1234/1875 ━━━━━━━━━━━━━─────── 3s 2ms/step - accuracy: 0.9012 - loss: 0.3456

    Args:
        verbose: 0 for nothing, 1 for the moving line, 2 for one line per epoch, "auto" for what `fit` was
            told.

    Raises:
        ArgumentError: verbose is none of these.
    """

    def __init__(self, verbose: int | str = "auto") -> None:
        if verbose not in ("auto", 0, 1, 2):
            raise ArgumentError(
                "verbose is 0 (silent), 1 (a progress bar), 2 (a line per epoch) or 'auto'. Received: "
                f"{verbose!r}"
            )
        self.verbose = verbose
        self._in_fit = self._validating = False
        self._steps: int | None = None
        self._title = ""
        self._drawn = 0.0
        self._first: tuple[float, int] | None = None  # when the first chunk ended, which may have compiled

    def _mode(self) -> int:
        verbose = self.params.get("verbose", 1) if self.verbose == "auto" else self.verbose
        return 1 if verbose == "auto" else int(verbose)

    # fit

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self._in_fit, self._validating = True, False
        self._steps = self.params.get("steps")

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        epochs = self.params.get("epochs", 1)
        self._title = f"{translated('Epoch')} {epoch + 1}/{epochs}" if epochs > 1 else ""
        self._begin()
        if self._title and self._moves:
            screen.print(self._title)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        self._finish(logs)

    def on_train_end(self, logs: Logs | None = None) -> None:
        self._in_fit = False
        screen.end()

    # evaluate and predict

    def on_test_begin(self, logs: Logs | None = None) -> None:
        self._validating = self._in_fit
        if not self._in_fit:
            self._begin_alone()

    def on_test_end(self, logs: Logs | None = None) -> None:
        if not self._in_fit:
            self._finish(logs)
        self._validating = False

    def on_predict_begin(self, logs: Logs | None = None) -> None:
        self._begin_alone()

    def on_predict_end(self, logs: Logs | None = None) -> None:
        self._finish(None)

    def _begin_alone(self) -> None:
        self._steps, self._title = self.params.get("steps"), ""
        self._begin()

    # the line

    def _on_chunk_end(self, step: int, logs: Callable[[], Logs]) -> None:
        if self._validating:
            return
        now = time.perf_counter()
        self._stepped, self._seen = now, step
        self._first = self._first or (now, step)
        if self._moves and now - self._drawn >= REDRAW_SECONDS:
            self._drawn = now
            screen.draw(self._line(logs(), now))

    def _begin(self) -> None:
        self._moves = self._mode() == 1 and screen.is_live()
        self._began = self._stepped = time.perf_counter()
        self._seen, self._first = 0, None

    def _finish(self, logs: Logs | None) -> None:
        mode = self._mode()
        if mode == 0:
            return
        if self._steps is None:
            self._steps = self._seen  # a source of unknown length: the next epoch knows
        line = self._line(logs or {}, time.perf_counter(), finished=True)
        screen.print(line if self._moves or not self._title else f"{self._title} - {line}")

    def _line(self, logs: Logs, now: float, finished: bool = False) -> str:
        per_step = self._seconds_per_step()
        if finished or self._steps is None:
            seconds = now - self._began
        else:
            seconds = per_step * max(self._steps - self._seen, 0)
        total = translated("Unknown") if self._steps is None else str(self._steps)
        count = f"{self._seen:>{len(total)}}/{total}"
        timing = f"{duration(seconds)} {pace(per_step)}"
        # Training's own figures first, then the validation's.
        names = sorted(logs, key=lambda name: (name.startswith("val_"), name))
        figures = [f"{name}: {figure(logs[name])}" for name in names]
        if not self._moves:
            return " - ".join([count, timing, *figures])
        begin = f"{count} {timing}"
        if self._steps is not None:
            with_bar = f"{count} {bar(self._seen / max(self._steps, 1))} {timing}"
            room = screen.width() - sum(len(text) + 3 for text in figures)
            begin = (
                with_bar if len(with_bar) <= room or (finished and len(with_bar) <= screen.width()) else begin
            )
        if finished and screen.width() >= NARROW:
            return " - ".join([begin, *figures])
        return folded([begin, *figures], screen.width(), 0 if finished else 1)

    def _seconds_per_step(self) -> float:
        began, before = self._first or (self._began, 0)
        if before * 2 > self._seen:
            began, before = self._began, 0
        return (self._stepped - began) / max(self._seen - before, 1)


def bar(fraction: float) -> str:
    """A bar, in ASCII where the output knows no better.

    Example:

        >>> len(bar(0.5))
        20
    """
    done = round(BAR_WIDTH * min(max(fraction, 0.0), 1.0))
    if screen.can_show("━─"):
        return "━" * done + "─" * (BAR_WIDTH - done)
    return ("=" * (done - 1) + (">" if done < BAR_WIDTH else "=") if done else "") + "." * (BAR_WIDTH - done)


def folded(parts: list[str], width: int, most: int = 0) -> str:
    """Parts joined by " - ", broken between them into lines of a width.

    Args:
        parts: what is joined; one wider than a line stays whole.
        width: of a line, in characters.
        most: lines; what does not fit into them is left out. 0 for as many as there are.

    Example:

        >>> folded(["10/10 2ms/step", "accuracy: 0.9012", "loss: 0.3456"], 40)
        '10/10 2ms/step - accuracy: 0.9012\\n  loss: 0.3456'
        >>> folded(["10/10 2ms/step", "accuracy: 0.9012", "loss: 0.3456"], 40, 1)
        '10/10 2ms/step - accuracy: 0.9012'
    """
    lines = [parts[0]]
    for part in parts[1:]:
        if len(lines[-1]) + len(part) + 3 <= width:
            lines[-1] += f" - {part}"
        else:
            lines.append(f"  {part}")
    return "\n".join(lines[:most] if most else lines)


def duration(seconds: float) -> str:
    """Seconds as people read them.

    Example:

        >>> duration(3.4), duration(75), duration(3725)
        ('3s', '1:15', '1:02:05')
    """
    whole = round(seconds)
    if whole < 60:
        return f"{whole}s"
    minutes, rest = divmod(whole, 60)
    return f"{minutes}:{rest:02d}" if minutes < 60 else f"{minutes // 60}:{minutes % 60:02d}:{rest:02d}"


def pace(seconds: float) -> str:
    """The time of a step.

    Example:

        >>> pace(2.3), pace(0.0021), pace(0.00004)
        ('2s/step', '2ms/step', '40us/step')
    """
    step = translated("step")
    if seconds >= 1:
        return f"{seconds:.0f}s/{step}"
    return f"{seconds * 1e3:.0f}ms/{step}" if seconds >= 1e-3 else f"{seconds * 1e6:.0f}us/{step}"


def figure(value: Any) -> str:
    """A figure of the logs, the mean where it has several.

    Example:

        >>> figure(0.91234), figure(2.5e-5), figure(0.0)
        ('0.9123', '2.5000e-05', '0.0000e+00')
    """
    values = np.asarray(value, np.float64)
    known = values[~np.isnan(values)]  # of an ensemble, a member that failed is NaN
    number = float(known.mean()) if known.size else np.nan
    return f"{number:.4f}" if abs(number) > 1e-3 else f"{number:.4e}"
