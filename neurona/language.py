"""The languages of messages, pictures and reports: English and Spanish."""

import locale
import os
from collections.abc import Mapping
from typing import Any

from neurona.core.errors import ArgumentError, suggestion
from neurona.core.lazy import suggest_names

LANGUAGES = ("en", "es")


def user_language() -> str:
    """The user's language as the environment says (`LC_ALL`, `LC_MESSAGES`, `LANG`, else the system's
    locale): `"es"` or `"en"`.
    """
    named = next((value for value in map(os.environ.get, ("LC_ALL", "LC_MESSAGES", "LANG")) if value), None)
    if named is None:
        try:
            named = locale.getlocale()[0]
        except ValueError:  # a locale whose name Python does not understand
            named = None
    return "es" if (named or "").lower().startswith(("es", "spanish")) else "en"


def in_language(table: Mapping[str, Any], language: str) -> Any:
    """The entry of a table for a language.

    Raises:
        ArgumentError: the table has no such language.

    Example:

        >>> in_language({"en": "loss", "es": "pérdida"}, "es")
        'pérdida'
    """
    if language not in table:
        known = ", ".join(repr(name) for name in table)
        raise ArgumentError(
            f"Expected language to be one of {known}. Received: "
            f"{language!r}.{suggestion(str(language), table)}"
        )
    return table[language]


suggest_names(__name__)
