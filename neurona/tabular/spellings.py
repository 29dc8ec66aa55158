"""How people write numbers, dates, yes and no, and what is missing, in English and in Spanish.

A form is what a whole column agrees on. `number_forms` and `date_orders` give all that fit, since `1.234` may
be a thousand or a little more than one, and 3/4 a day in March or in April: what else is in the file decides.
"""

import functools
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

# Cells that hold nothing, whatever the others of their column hold.
EMPTY = frozenset(
    ("", "nan", "n/a", "#n/a", "<na>", "null", "s/d", "n/d", "sin dato", "sin datos", "#value!", "#div/0!")
)
# Cells that hold nothing where the others are numbers, dates, or yes and no.
MARKS = frozenset(
    ("na", "none", "nil", "ninguno", "-", "--", "---", ".", "..", "...", "?", "n.d.", "s.d.", "missing")
)

_YES_NO = (
    ("yes", "no"),
    ("si", "no"),
    ("true", "false"),
    ("verdadero", "falso"),
    ("y", "n"),
    ("s", "n"),
    ("t", "f"),
    ("v", "f"),
    ("on", "off"),
)
_CURRENCY = r"(?:us\$|[$€£¥]|usd|eur|gbp|mxn|ars|clp|cop)"
_SPACES = str.maketrans({"\u00a0": " ", "\u202f": " ", "\u2009": " ", "−": "-", "’": "'"})
_MONTHS = {
    name: number
    for names in (
        "january february march april may june july august september october november december",
        "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    )
    for number, name in enumerate(names.split(), 1)
} | {"setiembre": 9, "sept": 9}
_SHORT_MONTHS = {name[:3]: number for name, number in _MONTHS.items()}
_CENTURY = 69  # two digits of a year from here on are of the last century, as in POSIX


def folded(text: str) -> str:
    """A text without capitals, accents, and space around it.

    Example:

        >>> folded(" Sí ")
        'si'
    """
    parts = unicodedata.normalize("NFD", text.strip().casefold())
    return "".join(letter for letter in parts if not unicodedata.combining(letter))


def yes_and_no(texts: Iterable[str]) -> dict[str, bool] | None:
    """What each text means, where there are two that say yes and no; else None.

    Example:

        >>> yes_and_no(["Sí", "no", "sí"]), yes_and_no(["red", "no"])
        ({'Sí': True, 'no': False, 'sí': True}, None)
    """
    found = {text: folded(text) for text in texts}
    values = set(found.values())
    pair = next((pair for pair in _YES_NO if values == set(pair)), None)
    return None if pair is None else {text: value == pair[0] for text, value in found.items()}


@dataclass(frozen=True)
class NumberForm:
    """How a column writes its numbers.

    Attributes:
        decimal: the decimal mark, "." or ",".
        thousands: what stands between groups of three digits; "" for nothing.
        unit: what every number has before or behind it: "%", or a currency; "" for nothing.
    """

    decimal: str = "."
    thousands: str = ""
    unit: str = ""


def number_forms(texts: Iterable[str]) -> list[NumberForm]:
    """All forms in which every text is a number; none where there is a text that is none, or a code such as
    007, whose zeros would be lost.

    Example:

        >>> number_forms(["1.234", "5.678"])
        [NumberForm(decimal='.', thousands='', unit=''), NumberForm(decimal=',', thousands='.', unit='')]
        >>> number_forms(["12,5 %", "7 %"])
        [NumberForm(decimal=',', thousands='', unit='%')]
        >>> number_forms(["007", "12"])
        []
    """
    cells, units = [], set()
    for text in texts:
        number, unit = _without_unit(text)
        if re.match(r"[-+]?0\d", number):
            return []
        cells.append(number)
        units.add(unit)
    if not cells or len(units) > 1:
        return []
    unit, marks = units.pop(), {*"".join(cells)}
    # A form with a mark that no cell has says no more than one without it.
    plain = "," if "," in marks else "."
    styles = [("", plain), (" ", plain), ("'", plain), (",", "."), (".", ",")]
    forms = [
        NumberForm(decimal, thousands, unit) for thousands, decimal in styles if thousands in {"", *marks}
    ]
    return [form for form in forms if all(map(_pattern(form).fullmatch, cells))]


_PLAIN = re.compile(r"[-+]?[\d.,]+(?:[eE][-+]?\d+)?")


def _without_unit(text: str) -> tuple[str, str]:
    """The number of a cell, and what stands around it."""
    if _PLAIN.fullmatch(text):  # nearly all are, and this takes a tenth of the time
        return text, ""
    cell = text.translate(_SPACES).strip()
    found = re.fullmatch(
        rf"(?P<open>\()?(?P<before>{_CURRENCY})?\s*(?P<number>[^()%]*?)\s*(?P<behind>%|{_CURRENCY})?(?P<close>\))?",
        cell,
        re.IGNORECASE,
    )
    if found is None or bool(found["open"]) != bool(found["close"]):
        return cell, ""
    number = found["number"].strip()
    sign = re.match(r"([-+])\s*(" + _CURRENCY + r")\s*(.*)", number, re.IGNORECASE)  # -$5
    before = found["before"]
    if sign:
        number, before = sign[1] + sign[3], sign[2]
    unit = folded(before or found["behind"] or "")
    return (f"-{number}" if found["open"] else number), unit


@functools.cache
def _pattern(form: NumberForm) -> re.Pattern[str]:
    decimal = re.escape(form.decimal)
    whole = r"\d+"
    if form.thousands:
        whole = rf"(?:[1-9]\d{{0,2}}(?:{re.escape(form.thousands)}\d{{3}})+|\d{{1,3}})"
    return re.compile(rf"[-+]?(?:{whole}(?:{decimal}\d*)?|{decimal}\d+)(?:[eE][-+]?\d+)?")


def to_number(text: str, form: NumberForm) -> float:
    """A cell as a number; NaN where it is none in this form.

    Example:

        >>> to_number("1.234,5", NumberForm(",", ".")), to_number("(3)", NumberForm())
        (1234.5, -3.0)
    """
    number, unit = _without_unit(text)
    if unit != form.unit or not _pattern(form).fullmatch(number):
        return float("nan")
    if form.thousands:
        number = number.replace(form.thousands, "")
    return float(number.replace(form.decimal, "."))


_CLOCK = r"(?:[T\s]+(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d+)?)?\s*([ap]\.?\s?m\.?)?\s*(z|[+-]\d{2}:?\d{2})?)?"
_DATES = {
    "ymd": re.compile(rf"(\d{{4}})[-/.](\d{{1,2}})[-/.](\d{{1,2}}){_CLOCK}", re.IGNORECASE),
    "dmy": re.compile(rf"(\d{{1,2}})[-/.](\d{{1,2}})[-/.](\d{{4}}|\d{{2}}){_CLOCK}", re.IGNORECASE),
    "d month y": re.compile(
        rf"(\d{{1,2}})[\s-]*(?:de\s+)?([a-z]{{3,}})\.?,?[\s-]*(?:del?\s+)?(\d{{4}}){_CLOCK}", re.IGNORECASE
    ),
    "month d y": re.compile(
        rf"([a-z]{{3,}})\.?\s+(\d{{1,2}})(?:st|nd|rd|th)?,?\s+(\d{{4}}){_CLOCK}", re.IGNORECASE
    ),
}
_DATES["mdy"] = _DATES["dmy"]
_PLACES = {
    "ymd": (0, 1, 2),
    "dmy": (2, 1, 0),
    "mdy": (2, 0, 1),
    "d month y": (2, 1, 0),
    "month d y": (2, 0, 1),
}


def date_orders(texts: Iterable[str]) -> list[str]:
    """All orders in which every text is a date that exists: "ymd", "dmy", "mdy", "d month y", "month d y".

    Example:

        >>> date_orders(["3/4/2024"]), date_orders(["3/4/2024", "25/4/2024"])
        (['dmy', 'mdy'], ['dmy'])
        >>> date_orders(["3 de abril de 2024"]), date_orders(["2023-02-29"])
        (['d month y'], [])
    """
    cells = list(texts)
    if not cells:
        return []
    return [order for order in _PLACES if not any(np.isnat(to_date(cell, order)) for cell in cells)]


def to_date(text: str, order: str) -> Any:
    """A cell as a `numpy.datetime64` of seconds, in universal time where it tells its zone; NaT where it is
    no date in this order.

    Example:

        >>> print(to_date("3/4/24 15:30", "dmy"), to_date("2024-04-03T15:30:00-02:30", "ymd"))
        2024-04-03T15:30:00 2024-04-03T18:00:00
    """
    found = _DATES[order].fullmatch(folded(text))
    if found is None:
        return np.datetime64("NaT", "s")
    year, month, day = (found[place + 1] for place in _PLACES[order])
    number = int(month) if month.isdigit() else _MONTHS.get(month) or _SHORT_MONTHS.get(month, 0)
    if len(year) == 2:
        year = f"{19 if int(year) >= _CENTURY else 20}{year}"
    hour, minute, second = (int(part or 0) for part in found.groups()[3:6])
    if (half := found[7]) and 1 <= hour <= 12:
        hour = hour % 12 + 12 * (half[0] == "p")
    try:
        moment = np.datetime64(f"{year}-{number:02}-{int(day):02}T{hour:02}:{minute:02}:{second:02}", "s")
    except ValueError:  # the 30th of February, the 13th month, the 25th hour
        return np.datetime64("NaT", "s")
    zone = (found[8] or "z").replace(":", "")
    if zone == "z":
        return moment
    return moment - np.timedelta64(int(zone[0] + "60") * int(zone[1:3]) + int(zone[0] + zone[3:5]), "m")
