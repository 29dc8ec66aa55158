"""The languages of messages, pictures and reports: English and Spanish."""

import string
from collections.abc import Mapping
from numbers import Number
from typing import Any

from neurona.core.errors import ArgumentError, suggestion
from neurona.core.lazy import suggest_names
from neurona.messages import LANGUAGES, choose_language, user_language

__all__ = ["LANGUAGES", "Figure", "in_language", "in_spanish", "set_language", "spelled", "user_language"]


def set_language(language: str | None) -> None:
    """Choose the language of errors, warnings, the lines of training, `summary()`, pictures and reports.

    Args:
        language: `"en"`, `"es"`, or None for that of the environment: of `NEURONA_LANG`, else of the locale.

    Raises:
        ArgumentError: Neurona does not speak the language.

    Example:

        >>> from neurona.layers import Dense
        >>> set_language("es")
        >>> Dense(0)
        Traceback (most recent call last):
            ...
        neurona.core.errors.ArgumentError: Dense: units debe ser un entero >= 1. Se
        recibió: units=0
        >>> set_language(None)
    """
    if language is not None:
        in_language(dict.fromkeys(LANGUAGES), language)
    choose_language(language)


def in_language(table: Mapping[str, Any], language: str | None) -> Any:
    """The entry of a table for a language; None is the user's.

    Raises:
        ArgumentError: the table has no such language.

    Example:

        >>> in_language({"en": "loss", "es": "pérdida"}, "es")
        'pérdida'
    """
    language = language or user_language()
    if language not in table:
        known = ", ".join(repr(name) for name in table)
        raise ArgumentError(
            f"Expected language to be one of {known}. Received: "
            f"{language!r}.{suggestion(str(language), table)}"
        )
    return table[language]


class Figure(str):
    """Numbers as text, spelled as in English. Spanish sentences and reports spell them with a decimal comma.

    Example:

        >>> spelled(Figure("83.1% (80.0% – 86.0%)"), "es"), spelled("version 1.0", "es")
        ('83,1% (80,0% – 86,0%)', 'version 1.0')
    """


_COMMA_FOR_POINT = str.maketrans(".,", ",.")


def spelled(text: Any, language: str | None) -> str:
    """The text of a value. The numbers of a `Figure` get the marks of the language.

    Args:
        text: a text or anything else that has one.
        language: `"en"` or `"es"`; None is the user's.
    """
    is_figure = isinstance(text, Figure) and (language or user_language()) == "es"
    return text.translate(_COMMA_FOR_POINT) if is_figure else str(text)


class _Spanish(string.Formatter):
    def format_field(self, value: Any, format_spec: str) -> Any:
        text = format(value, format_spec)
        is_figure = isinstance(value, Figure) or (isinstance(value, Number) and bool(format_spec))
        return text.translate(_COMMA_FOR_POINT) if is_figure else text


class _SpanishSentence(str):
    """A sentence whose `format` spells numbers as in Spanish."""

    def format(self, *values: Any, **fields: Any) -> str:
        return _Spanish().format(str(self), *values, **fields)


def in_spanish(sentences: Mapping[str, str]) -> dict[str, str]:
    """Sentences by name, whose `format` writes a decimal comma. It does so in numbers with a format, such as
    {loss:.2f}, and in each `Figure`.

    Example:

        >>> in_spanish({"rows": "{rows:,} filas, pérdida {loss:.2f}, {name}"})["rows"].format(
        ...     rows=1200, loss=0.5, name="v1.0"
        ... )
        '1.200 filas, pérdida 0,50, v1.0'
    """
    return {name: _SpanishSentence(sentence) for name, sentence in sentences.items()}


suggest_names(__name__)
