"""The language of the process: chosen by the program, by NEURONA_LANG, or by the locale."""

import locale
import os

LANGUAGES = ("en", "es")
_chosen: str | None = None


def choose_language(language: str | None) -> None:
    """Set the language of the process, one of LANGUAGES; None leaves it to the environment."""
    global _chosen
    _chosen = language


def user_language() -> str:
    """The language of messages, pictures and reports: `"en"` or `"es"`.

    It is the one that `neurona.config.set_language` chose, else that of the first of the environment's
    `NEURONA_LANG`, `LC_ALL`, `LC_MESSAGES` and `LANG` that is set, else that of the system's locale. A
    language that Neurona does not speak counts as English.

    Example:

        >>> choose_language("es")
        >>> user_language()
        'es'
        >>> choose_language(None)
    """
    if _chosen is not None:
        return _chosen
    variables = ("NEURONA_LANG", "LC_ALL", "LC_MESSAGES", "LANG")
    named = next((value for value in map(os.environ.get, variables) if value), None)
    if named is None:
        try:
            named = locale.getlocale()[0]
        except ValueError:  # a locale whose name Python does not understand
            named = None
    return "es" if (named or "").lower().startswith(("es", "spanish")) else "en"
