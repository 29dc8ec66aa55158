"""Progbar: a progress bar for loops of one's own."""

import time
from collections.abc import Iterable
from typing import Any

from neurona.callbacks.progress import bar, duration, figure, pace
from neurona.callbacks.screen import screen
from neurona.config import is_interactive_logging_enabled


class Progbar:
    """Shows how far a loop is, and the running means of its figures.

    In a terminal or a notebook a line moves; in a file or a pipe there is one line at the end.

    Args:
        target: the number of steps, or None where it is not known.
        width: accepted for compatibility; bars have one width.
        verbose: 0 for nothing, 1 for a moving line, 2 for the line at the end.
        interval: seconds between two drawings at least.
        stateful_metrics: names of figures that are shown as they are, not as means.
        unit_name: accepted for compatibility.

    Example:

        >>> progress = Progbar(3, verbose=0)
        >>> for step in range(3):
        ...     progress.update(step + 1, [("loss", 3.0 - step)])
        >>> progress.means()
        {'loss': 2.0}
    """

    def __init__(
        self,
        target: int | None,
        width: int = 20,
        verbose: int = 1,
        interval: float = 0.05,
        stateful_metrics: Iterable[str] | None = None,
        unit_name: str = "step",
    ) -> None:
        self.target, self.verbose, self.interval = target, verbose, interval
        self.stateful_metrics = set(stateful_metrics or ())
        self.seen_so_far = 0
        self._sums: dict[str, tuple[Any, float]] = {}
        self._began, self._drawn, self._is_open = time.perf_counter(), 0.0, True

    def update(self, current: int, values: Any = None, finalize: bool | None = None) -> None:
        """Be at a step.

        Args:
            current: how many steps are done.
            values: pairs (name, figure), or a dictionary. A mean counts each with the steps since the last.
            finalize: whether this is the end; by default whether the target is reached.
        """
        steps = current - self.seen_so_far
        for name, value in values.items() if isinstance(values, dict) else values or ():
            if name in self.stateful_metrics:
                self._sums[name] = (value, 1.0)
            else:
                total, count = self._sums.get(name, (0.0, 0.0))
                weight = max(steps, 1)
                self._sums[name] = (total + value * weight, count + weight)
        self.seen_so_far = current
        is_end = finalize if finalize is not None else self.target is not None and current >= self.target
        self._show(is_end)

    def add(self, n: int, values: Any = None) -> None:
        """Be `n` steps further."""
        self.update(self.seen_so_far + n, values)

    def _moves(self) -> bool:
        """Whether the line is drawn again and again."""
        return self.verbose == 1 and is_interactive_logging_enabled() and screen.is_live()

    def means(self) -> dict[str, Any]:
        """The figures as they are shown."""
        return {name: total / count for name, (total, count) in self._sums.items()}

    def _show(self, is_end: bool) -> None:
        if not self.verbose or not self._is_open:
            return
        now = time.perf_counter()
        if is_end:
            self._is_open = False
            screen.print(self._line(now))
        elif self._moves() and now - self._drawn >= self.interval:
            self._drawn = now
            screen.draw(self._line(now))

    def _line(self, now: float) -> str:
        per_step = (now - self._began) / max(self.seen_so_far, 1)
        if self.target is None:
            begin = f"{self.seen_so_far}/Unknown"
        else:
            begin = f"{self.seen_so_far:>{len(str(self.target))}}/{self.target} "
            begin += bar(self.seen_so_far / max(self.target, 1))
        figures = [f"{name}: {figure(value)}" for name, value in self.means().items()]
        return " - ".join([f"{begin} {duration(now - self._began)} {pace(per_step)}", *figures])
