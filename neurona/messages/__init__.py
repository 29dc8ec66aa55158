"""Messages in the user's language. The code writes them in English; `es.toml` holds their Spanish."""

from neurona.messages.catalogue import Catalogue, Template, translated
from neurona.messages.language import LANGUAGES, choose_language, user_language

__all__ = ["LANGUAGES", "Catalogue", "Template", "choose_language", "translated", "user_language"]
