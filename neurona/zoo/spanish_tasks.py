"""Small translations from and to Spanish: dates that are written in many ways, and numbers in words."""

import datetime
from collections.abc import Callable
from typing import Any

import numpy as np

from neurona.errors import ArgumentError
from neurona.zoo.card import Experiment, Outcome, Words

__all__ = ["date_task", "number_task", "spanish_number"]

_UNITS, _TENS, _HUNDREDS, _MONTHS, _DAYS = (
    words.split()
    for words in (
        "cero uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciséis "
        "diecisiete dieciocho diecinueve veinte veintiuno veintidós veintitrés veinticuatro veinticinco "
        "veintiséis veintisiete veintiocho veintinueve",
        "treinta cuarenta cincuenta sesenta setenta ochenta noventa",
        "ciento doscientos trescientos cuatrocientos quinientos seiscientos setecientos ochocientos "
        "novecientos",
        "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
        "lunes martes miércoles jueves viernes sábado domingo",
    )
)
_FIRST, _LAST = datetime.date(1900, 1, 1).toordinal(), datetime.date(2099, 12, 31).toordinal()
_LARGEST = 999_999
_NOTHING = Words("", "")
_NUMBERS = Words(
    "share of unseen numbers written in Spanish words without a fault",
    "parte de los números no vistos escritos con letra sin ningún fallo",
)


def spanish_number(number: int) -> str:
    """A number below a million in Spanish words.

    Raises:
        ArgumentError: it is none.

    Example:

        >>> spanish_number(21_131)
        'veintiún mil ciento treinta y uno'
    """
    if not 0 <= number <= _LARGEST:
        raise ArgumentError(f"spanish_number: number is from 0 to {_LARGEST}. Received: {number}")
    thousands, rest = divmod(number, 1000)
    words = []
    if thousands > 1:
        # Before a noun uno loses its o, and veintiún gets an accent.
        words.append(_below_1000(thousands).replace("veintiuno", "veintiún").replace("uno", "un"))
    if thousands:
        words.append("mil")
    if rest or not thousands:
        words.append(_below_1000(rest))
    return " ".join(words)


def _below_1000(number: int) -> str:
    hundreds, rest = divmod(number, 100)
    if number == 100:
        return "cien"
    words = [_HUNDREDS[hundreds - 1]] if hundreds else []
    if 0 < rest < 30 or not number:
        words.append(_UNITS[rest])
    elif rest:
        tens, units = divmod(rest, 10)
        words.append(_TENS[tens - 3] + (f" y {_UNITS[units]}" if units else ""))
    return " ".join(words)


def number_task(numbers: int, seed: int = 0, test: bool = False) -> tuple[list[str], list[str]]:
    """Numbers of one to six digits, and their Spanish words.

    Args:
        numbers: how many; of each number of digits about as many.
        seed: of the draws.
        test: whether to give numbers that are never given without it: one in ten.

    Example:

        >>> X, y = number_task(1, seed=1)
        >>> y == [spanish_number(int(X[0]))]
        True
    """
    rng = np.random.default_rng(seed)
    found: list[int] = []
    while len(found) < numbers:
        digits = int(rng.integers(1, 7))
        number = int(rng.integers(10 ** (digits - 1) if digits > 1 else 0, 10**digits))
        if _held_out(number) == test:
            found.append(number)
    return [str(number) for number in found], [spanish_number(number) for number in found]


def date_task(dates: int, seed: int = 0, test: bool = False) -> tuple[list[str], list[str]]:
    """Dates of 1900 to 2099 as they are written in Spanish, and as ISO 8601 writes them.

    Args:
        dates: how many.
        seed: of the draws.
        test: whether to give days that are never given without it: one in ten.

    Example:

        >>> X, y = date_task(3, seed=3)
        >>> len(X), len(y[0])
        (3, 10)
    """
    rng = np.random.default_rng(seed)
    found: list[datetime.date] = []
    while len(found) < dates:
        number = int(rng.integers(_FIRST, _LAST + 1))
        if _held_out(number) == test:
            found.append(datetime.date.fromordinal(number))
    written = [_written(date, int(rng.integers(_FORMS))) for date in found]
    return written, [date.isoformat() for date in found]


_FORMS = 6


def _written(date: datetime.date, form: int) -> str:
    """A date in one of the forms."""
    day, month, year = date.day, _MONTHS[date.month - 1], date.year
    first = "primero" if day == 1 else spanish_number(day)
    return [
        f"{day} de {month} de {year}",
        f"{_DAYS[date.weekday()]}, {day} de {month} de {year}",
        f"{day}/{date.month}/{year}",
        f"{first} de {month} de {spanish_number(year)}",
        f"{day}-{month[:3]}-{year}",
        f"el {first} de {month} de {year}",
    ][form]


def _held_out(number: int) -> bool:
    """Whether a number is for testing: one in ten, in no order."""
    return (number * 2_654_435_761 >> 7) % 10 == 0


def date_experiment(
    network: Callable[[int, bool], Any], quick_target: float, size: Words = _NOTHING
) -> Experiment:
    """The experiment of networks that translate: dates, and beside them numbers to words.

    Args:
        network: gives one that has not learned, for a seed and for whether the run is quick.
        quick_target: share of the dates.
        size: of the network, to be told after the task.
    """

    def share(task: Any, rows: int, seed: int, quick: bool) -> tuple[float, Any]:
        learned = network(seed, quick).fit(*task(1000 if quick else rows, seed))
        return learned.score(*task(64 if quick else 2000, seed + 1000, test=True)), learned

    def run(seed: int = 0, quick: bool = False) -> Outcome:
        dates, learned = share(date_task, 20_000, seed, quick)
        texts = sorted(date_task(9, seed + 1000, test=True)[0], key=len)
        details = {} if quick else {_NUMBERS: share(number_task, 30_000, seed, quick)[0]}
        return Outcome(dates, learned, details, shown={"text": texts[len(texts) // 2]})

    return Experiment(
        task=Words(
            "dates as they are written in Spanish, in six forms, to ISO 8601; 20,000 dates, tested on 2,000 "
            f"days that were not seen{size.en}",
            "fechas escritas en español, de seis formas, a ISO 8601; 20.000 fechas, probado en 2000 días no "
            f"vistos{size.es}",
        ),
        measure=Words("share translated without a fault", "parte traducida sin ningún fallo"),
        target=1.0,
        source=Words("the task is exact", "la tarea es exacta"),
        run=run,
        quick_target=quick_target,
    )
