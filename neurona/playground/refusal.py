"""Refusal: an answer to the page in both languages."""


class Refusal(Exception):
    """What the page asked for can't be done, and why.

    Args:
        code: a short name of the reason, which the page's code may read.
        en: the sentence in English.
        es: the sentence in Spanish.
    """

    def __init__(self, code: str, en: str, es: str) -> None:
        super().__init__(en)
        self.code, self.message = code, {"en": en, "es": es}
