"""Trials of a search: what was tried, how good it was, and the file that keeps them."""

import dataclasses
import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from neurona.core.errors import SavingError

_FORMAT = 1


@dataclasses.dataclass
class SearchTrial:
    """A candidate.

    Attributes:
        number: of the trial, from 0.
        values: of its hyperparameters.
        state: `"complete"`; `"stopped"` where halving ended it early; `"failed"` where a figure was not
            finite or its model can't be made.
        value: what was searched for, the mean over folds and seeds, after its last epoch; NaN where it
            failed.
        figures: all figures then.
        epochs: that it trained.
        rungs: the value after each number of epochs at which trials were compared.
        seconds: of its share of the training.
        why: it failed.
    """

    number: int
    values: dict[str, Any]
    state: str = "running"
    value: float = math.nan
    figures: dict[str, float] = dataclasses.field(default_factory=dict)
    epochs: int = 0
    rungs: dict[int, float] = dataclasses.field(default_factory=dict)
    seconds: float = 0.0
    why: str = ""


class Journal:
    """A file of trials, a line each, which a search goes on from.

    A line that a kill left unfinished at the end does not count.

    Args:
        path: of the file; None to keep nothing.
        purpose: what is searched, and on what: a file of another search is refused.

    Raises:
        SavingError: the file is of another search, or no such file.
    """

    def __init__(self, path: Any, purpose: Mapping[str, Any]) -> None:
        self.path = None if path is None else Path(path)
        self.trials: list[SearchTrial] = []
        head = {"format": _FORMAT, "search": json.loads(json.dumps(purpose))}
        if self.path is None:
            return
        if self.path.exists() and (lines := self._lines()):
            self._check(lines[0], head)
            self.trials = [_trial(line) for line in lines[1:]]
            self._write([lines[0], *map(dataclasses.asdict, self.trials)])
        else:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._write([head])

    def _lines(self) -> list[dict[str, Any]]:
        assert self.path is not None
        found = []
        texts = self.path.read_text(encoding="utf-8").splitlines()
        for number, text in enumerate(texts):
            try:
                found.append(json.loads(text))
            except ValueError as error:
                if number == len(texts) - 1:
                    break
                raise SavingError(f"{self.path}: line {number + 1} is no trial of a search.") from error
        return found

    def _check(self, found: Any, head: Mapping[str, Any]) -> None:
        if not isinstance(found, dict) or "search" not in found:
            raise SavingError(f"{self.path}: this is no file of a search.")
        before, now = found["search"], head["search"]
        other = [name for name in now if before.get(name) != now[name]]
        if other:
            raise SavingError(
                f"{self.path} holds the trials of another search: {other[0]} was "
                f"{before.get(other[0])!r} and "
                f"is {now[other[0]]!r}. Give another file, or the same arguments and data."
            )

    def add(self, trial: SearchTrial) -> None:
        """Write a trial that is over."""
        self.trials.append(trial)
        if self.path is not None:
            with self.path.open("a", encoding="utf-8") as stream:
                stream.write(json.dumps(dataclasses.asdict(trial)) + "\n")

    def _write(self, lines: Sequence[Any]) -> None:
        assert self.path is not None
        self.path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")


def _trial(line: Mapping[str, Any]) -> SearchTrial:
    rungs = {int(epochs): value for epochs, value in line["rungs"].items()}
    return SearchTrial(**{**line, "rungs": rungs})


class Halving:
    """Successive halving: at some epochs a trial goes on only if it is among the best so far.

    Asynchronous: a trial is judged by those that came before it or with it, and nobody waits (Li et al., A
    System for Massively Parallel Hyperparameter Tuning, MLSys 2020).

    Args:
        epochs: of a whole training.
        factor: one of so many goes on; None to let all go on.
        rungs: at how many epochs before the last trials are compared.
        less: whether less is better.

    Example:

        >>> halving = Halving(90, 3, less=True)
        >>> halving.epochs, halving.judge(10, [0.3, 0.1, 0.2])
        ([10, 30, 90], [False, True, False])
    """

    def __init__(self, epochs: int, factor: int | None, rungs: int = 2, less: bool = True) -> None:
        self.factor, self.less = factor, less
        early = [-(-epochs // factor**power) for power in range(rungs, 0, -1)] if factor else []
        self.epochs = sorted({*early, epochs})
        self._seen: dict[int, list[float]] = {}

    @classmethod
    def of(cls, trials: Sequence[SearchTrial], *arguments: Any) -> Self:
        """The state after trials."""
        found = cls(*arguments)
        for trial in trials:
            for epochs, value in trial.rungs.items():
                found._seen.setdefault(epochs, []).append(value)
        return found

    def next(self, epochs: int) -> int:
        """The next number of epochs at which trials are compared, or which is the last."""
        return next(one for one in self.epochs if one > epochs)

    def judge(self, epochs: int, values: Sequence[float]) -> list[bool]:
        """Whether each of some trials goes on after so many epochs."""
        seen = self._seen.setdefault(epochs, [])
        seen += values
        if epochs == self.epochs[-1] or not self.factor:
            return [epochs != self.epochs[-1]] * len(values)
        good = sorted((v if self.less else -v) for v in seen if math.isfinite(v))
        if not good:
            return [False] * len(values)
        limit = good[max(1, math.ceil(len(seen) / self.factor)) - 1] if seen else math.inf
        return [math.isfinite(v) and (v if self.less else -v) <= limit for v in values]
