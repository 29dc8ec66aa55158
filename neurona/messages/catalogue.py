"""The catalogue of messages: English templates with their Spanish, read when a message is first shown.

A message is written in English where it arises, as an f-string. Its template has `{}` for each field, and is
the key of its Spanish in `es.toml`. To show a message, the template that it was made from is found again, and
its fields fill the Spanish. A field may be of a template too.

Headings and the like are whole texts: they are not looked for in fields, which may hold the user's names.
"""

import functools
import re
import string
import tomllib
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from neurona.messages.language import user_language

# A message of more sentences than this holds someone's text, in which no sentence of ours is looked for.
_MOST_SENTENCES = 12
_LONGEST_RUN = 5  # as many sentences does a template have at most
_SENTENCE_END = re.compile(r"(?<=[.?!:])(?=\s)")


class Template:
    """A text with fields, as `str.format` writes it: `"Expected {} rows."`.

    Args:
        text: the template; `{{` and `}}` stand for braces.

    Example:

        >>> Template("{} has {} rows.").fields_of("The table has no rows.")
        ['The table', 'no']
        >>> Template("{} has {} rows.").fields_of("The table is empty.") is None
        True
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self._literals = [""]  # one more than there are fields
        for literal, field, _, _ in string.Formatter().parse(text):
            self._literals[-1] += literal
            if field is not None:
                self._literals.append("")

    @property
    def weight(self) -> int:
        """The letters that a message must have to be of this template."""
        return sum(map(len, self._literals))

    def fields_of(self, message: str) -> list[str] | None:
        """The texts that fill the template to make a message, or None where none do.

        Every field ends where the literal after it occurs first. This finds fields whenever there are any,
        in time proportional to the message.
        """
        first, *others = self._literals
        if not others:
            return [] if message == first else None
        *middle, last = others
        at, end = len(first), len(message) - len(last)
        if end < at or not (message.startswith(first) and message.endswith(last)):
            return None
        fields = []
        for literal in middle:
            found = message.find(literal, at, end)
            if found < 0:
                return None
            fields.append(message[at:found])
            at = found + len(literal)
        return [*fields, message[at:end]]


class Catalogue:
    """Translations of templates.

    Args:
        entries: the translation of each template. Its fields are numbered where their order changes.
        texts: the translation of each whole text.

    Example:

        >>> catalogue = Catalogue({
        ...     "Layer {} has {}.{}": "{1} en la capa {0}.{2}",
        ...     "no weights": "No hay pesos",
        ...     "Call fit.": "Llame a fit.",
        ... })
        >>> catalogue.translate("Layer 'a' has no weights. Call fit.")
        "No hay pesos en la capa 'a'. Llame a fit."
    """

    def __init__(self, entries: Mapping[str, str], texts: Mapping[str, str] = MappingProxyType({})) -> None:
        self.texts = texts
        pairs = [(Template(template.strip()), said.strip()) for template, said in entries.items()]
        # The most telling first: of all templates that a message could be of, it is of that one.
        self._pairs = sorted(pairs, key=lambda pair: -pair[0].weight)

    def translate(self, message: str) -> str:
        """A message in the catalogue's language; what the catalogue does not hold stays as it is."""
        return self.texts.get(message) or self._whole(message) or self._field(message)

    def _field(self, message: str) -> str:
        stripped = message.strip()
        if not any(map(str.isalpha, stripped)):
            return message
        said = self._whole(stripped) or self._by_sentences(stripped)
        return message.replace(stripped, said, 1)

    def _whole(self, message: str) -> str | None:
        for template, said in self._pairs:
            fields = template.fields_of(message)
            if fields is not None:
                return said.format(*map(self._field, fields))
        return None

    def _by_sentences(self, message: str) -> str:
        """A message that is of no template: each run of its sentences that is of one is translated."""
        parts = _SENTENCE_END.split(message)  # each with the space before it
        if not 1 < len(parts) <= _MOST_SENTENCES:
            return message
        said = ""
        while parts:
            for count in range(min(_LONGEST_RUN, len(parts)), 0, -1):
                run = "".join(parts[:count])
                translated_run = self._whole(run.strip())
                if translated_run is not None or count == 1:
                    break
            said += run if translated_run is None else run.replace(run.strip(), translated_run, 1)
            parts = parts[count:]
        return said


def read_catalogue(path: Path) -> Catalogue:
    """The catalogue in a TOML file: a table of whole `texts`, and one of templates for each room."""
    rooms = tomllib.loads(path.read_text(encoding="utf-8"))
    texts = rooms.pop("texts", {})
    return Catalogue({key: said for entries in rooms.values() for key, said in entries.items()}, texts)


@functools.cache
def _spanish() -> Catalogue:
    return read_catalogue(Path(__file__).with_name("es.toml"))


def translated(message: str) -> str:
    """A message in the user's language.

    Example:

        >>> translated("Nothing in the catalogue is like this.")
        'Nothing in the catalogue is like this.'
    """
    return message if user_language() == "en" else _spanish().translate(message)
