"""`keras.preprocessing.text`: the Tokenizer and its helpers."""

from neurona.legacy.keras.utils.loaders import text_dataset_from_directory
from neurona.preprocessing.text import (
    FILTERS,
    Tokenizer,
    hashing_trick,
    one_hot,
    text_to_word_sequence,
    tokenizer_from_json,
)


def base_filter() -> str:
    """Keras 1: the characters that separate words."""
    return FILTERS


__all__ = [
    "Tokenizer",
    "base_filter",
    "hashing_trick",
    "one_hot",
    "text_dataset_from_directory",
    "text_to_word_sequence",
    "tokenizer_from_json",
]
