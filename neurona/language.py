"""The languages of messages, pictures and reports: English and Spanish."""

from collections.abc import Mapping
from typing import Any

from neurona.core.errors import ArgumentError, suggestion
from neurona.core.lazy import suggest_names
from neurona.messages import LANGUAGES, choose_language, user_language

__all__ = ["LANGUAGES", "in_language", "set_language", "user_language"]


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


suggest_names(__name__)
