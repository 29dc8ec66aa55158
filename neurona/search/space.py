"""Spaces of hyperparameters: a function asks for values by name, and each trial gives it others."""

import math
import zlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from neurona.core.errors import ArgumentError, suggestion

_SHARED = 8  # trials in a row that share what may change the structure, so that they train as one program


class Dimension(NamedTuple):
    """One hyperparameter.

    Attributes:
        kind: `"int"`, `"float"` or `"choice"`.
        low, high: its bounds, both among its values; 0 for a choice.
        step: between two values; None for any.
        log: whether factors count, and not differences.
        values: of a choice.
    """

    kind: str
    low: float = 0
    high: float = 0
    step: float | None = None
    log: bool = False
    values: tuple[Any, ...] = ()

    def at(self, share: float) -> Any:
        """The value at a share from 0 to 1 of the range.

        Example:

            >>> Dimension("float", 0.01, 1, log=True).at(0.5), Dimension("int", 1, 4).at(0.99)
            (0.1, 4)
        """
        if self.kind == "choice":
            return self.values[min(int(share * len(self.values)), len(self.values) - 1)]
        step = self.step or (1 if self.kind == "int" else None)
        if self.log:
            value = self.low * (self.high / self.low) ** share
        elif step is not None:
            places = int((self.high - self.low) / step + 1e-9) + 1
            value = self.low + step * min(int(share * places), places - 1)
        else:
            value = self.low + share * (self.high - self.low)
        return round(value) if self.kind == "int" else float(min(max(value, self.low), self.high))

    def share_of(self, value: Any) -> float:
        """Where a value lies, from 0 to 1; of a choice, its place among the others.

        Example:

            >>> Dimension("float", 0.01, 1, log=True).share_of(0.1)
            0.5
        """
        if self.kind == "choice":
            return self.values.index(value) / max(len(self.values) - 1, 1)
        low, high, place = (math.log(v) if self.log else v for v in (self.low, self.high, value))
        return (place - low) / (high - low) if high > low else 0.0


class HyperParameters:
    """What a `build(hp)` asks for values: in the manner of KerasTuner, `hp.Int`, `hp.Float`, `hp.Choice`,
    `hp.Boolean` and `hp.Fixed`, or of Optuna, `suggest_int`, `suggest_float` and `suggest_categorical`.

    Args:
        draw: a function of a name and its `Dimension` that gives a value; None for the defaults.
        values: those that are known already.

    Attributes:
        values: what was asked for, by name.
        space: the `Dimension` of each name.

    Example:

        >>> hp = HyperParameters()
        >>> hp.Int("units", 8, 64, step=8), hp.Float("rate", 1e-4, 1e-1, sampling="log"), hp.Boolean("bias")
        (8, 0.0001, False)
    """

    def __init__(
        self,
        draw: Callable[[str, Dimension], Any] | None = None,
        values: Mapping[str, Any] | None = None,
    ) -> None:
        self._draw = draw
        self.values: dict[str, Any] = dict(values or {})
        self.space: dict[str, Dimension] = {}

    # As in KerasTuner.

    def Int(
        self,
        name: str,
        min_value: int,
        max_value: int,
        step: int | None = None,
        sampling: str | None = None,
        default: int | None = None,
    ) -> int:
        """A whole number from `min_value` to `max_value`, both included.

        Args:
            name: of the hyperparameter.
            min_value, max_value: the bounds.
            step: between two values.
            sampling: `"log"` where factors count; None or `"linear"`.
            default: the value where nothing is searched.

        Raises:
            ArgumentError: the bounds are none, or `name` means two ranges.
        """
        return self._value(name, _range("int", name, min_value, max_value, step, sampling), default)

    def Float(
        self,
        name: str,
        min_value: float,
        max_value: float,
        step: float | None = None,
        sampling: str | None = None,
        default: float | None = None,
    ) -> float:
        """A number from `min_value` to `max_value`; arguments and errors as of `Int`."""
        return self._value(name, _range("float", name, min_value, max_value, step, sampling), default)

    def Choice(
        self, name: str, values: Sequence[Any], ordered: bool | None = None, default: Any = None
    ) -> Any:
        """One of some values: numbers, texts, truth values or None.

        Raises:
            ArgumentError: there are none.
        """
        if isinstance(values, str) or not isinstance(values, Sequence) or not len(values):
            raise ArgumentError(f"hp.Choice({name!r}): values is a list of values. Received: {values!r}")
        return self._value(name, Dimension("choice", values=tuple(values)), default)

    def Boolean(self, name: str, default: bool = False) -> bool:
        """True or False."""
        return self._value(name, Dimension("choice", values=(False, True)), default)

    def Fixed(self, name: str, value: Any) -> Any:
        """A value that stands in the table of trials and is not searched."""
        return self._value(name, Dimension("choice", values=(value,)), value)

    def get(self, name: str) -> Any:
        """A value that was asked for before.

        Raises:
            ArgumentError: it was not.
        """
        if name not in self.values:
            raise ArgumentError(f"There is no hyperparameter {name!r}.{suggestion(name, list(self.values))}")
        return self.values[name]

    # As in Optuna.

    def suggest_int(self, name: str, low: int, high: int, *, step: int = 1, log: bool = False) -> int:
        """`Int` in Optuna's spelling."""
        return self.Int(name, low, high, None if log else step, "log" if log else None)

    def suggest_float(
        self, name: str, low: float, high: float, *, step: float | None = None, log: bool = False
    ) -> float:
        """`Float` in Optuna's spelling."""
        return self.Float(name, low, high, step, "log" if log else None)

    def suggest_categorical(self, name: str, choices: Sequence[Any]) -> Any:
        """`Choice` in Optuna's spelling."""
        return self.Choice(name, choices)

    def _value(self, name: str, dimension: Dimension, default: Any) -> Any:
        known = self.space.setdefault(name, dimension)
        if known != dimension:
            raise ArgumentError(f"hp: {name!r} is asked for with two ranges: {known} and {dimension}")
        if name not in self.values:
            first = dimension.at(0.0) if default is None else default
            self.values[name] = first if self._draw is None else self._draw(name, dimension)
        return self.values[name]


def _range(kind: str, name: str, low: Any, high: Any, step: Any, sampling: str | None) -> Dimension:
    call = f"hp.{kind.title()}({name!r})"
    if sampling not in (None, "linear", "log"):
        raise ArgumentError(f"{call}: sampling is 'linear' or 'log'. Received: {sampling!r}")
    log = sampling == "log"
    for value in (low, high):
        if (
            isinstance(value, bool)
            or not isinstance(value, (int, float, np.number))
            or not np.isfinite(value)
        ):
            raise ArgumentError(f"{call}: bounds are finite numbers. Received: {low!r} and {high!r}")
    if low > high or (log and low <= 0):
        least = " above 0, as logarithms need" if log else ""
        raise ArgumentError(f"{call}: bounds go from low to high{least}. Received: {low!r} and {high!r}")
    if step is not None and not step > 0:
        raise ArgumentError(f"{call}: step is above 0. Received: {step!r}")
    return Dimension(kind, low, high, step, log)


def random_draw(seed: int, trial: int) -> Callable[[str, Dimension], Any]:
    """A function that draws the values of a trial, the same for the same seed and number.

    Some trials in a row share whole numbers and choices, which mostly change the structure of a network, and
    differ in numbers: so they train as one program.

    Example:

        >>> first, second = (random_draw(0, trial)("units", Dimension("int", 1, 99)) for trial in (0, 1))
        >>> first == second
        True
    """

    def draw(name: str, dimension: Dimension) -> Any:
        of = trial if dimension.kind == "float" else trial // _SHARED
        kind = int(dimension.kind == "float")
        random = np.random.default_rng([seed, kind, of, zlib.crc32(name.encode())])
        return dimension.at(float(random.random()))

    return draw
