"""`tf.contrib.lookup`: tables of words and their numbers."""

from typing import Any

import numpy as np

from neurona.legacy.tensorflow.dtypes import int64, string
from neurona.legacy.tensorflow.lookup import (
    HashTable,
    KeyValueTensorInitializer,
    MutableHashTable,
    StaticHashTable,
    StaticVocabularyTable,
    TextFileIndex,
    TextFileInitializer,
    entries,
)

__all__ = [
    "HashTable",
    "KeyValueTensorInitializer",
    "MutableHashTable",
    "StaticHashTable",
    "StaticVocabularyTable",
    "TextFileIndex",
    "TextFileInitializer",
]


def _of_words(words: Any, num_oov_buckets: int, default_value: int) -> Any:
    words = entries(words)
    pairs = KeyValueTensorInitializer(words, np.arange(len(words)), value_dtype=int64)
    return (
        StaticVocabularyTable(pairs, num_oov_buckets) if num_oov_buckets else HashTable(pairs, default_value)
    )


def index_table_from_tensor(
    vocabulary_list: Any = None,
    num_oov_buckets: int = 0,
    default_value: int = -1,
    hasher_spec: Any = None,
    dtype: Any = string,
    name: Any = None,
    mapping: Any = None,
) -> Any:
    """A table from words to their places in a list; others have the default, or buckets by their hash."""
    return _of_words(vocabulary_list if mapping is None else mapping, num_oov_buckets, default_value)


def index_table_from_file(
    vocabulary_file: Any = None,
    num_oov_buckets: int = 0,
    vocab_size: int | None = None,
    default_value: int = -1,
    hasher_spec: Any = None,
    key_dtype: Any = string,
    name: Any = None,
    key_column_index: int = TextFileIndex.WHOLE_LINE,
    value_column_index: int = TextFileIndex.LINE_NUMBER,
    delimiter: str = "\t",
) -> Any:
    """A table from the lines of a file to their numbers."""
    columns = (key_dtype, key_column_index, int64, value_column_index)
    pairs = TextFileInitializer(vocabulary_file, *columns, vocab_size, delimiter)
    return (
        StaticVocabularyTable(pairs, num_oov_buckets) if num_oov_buckets else HashTable(pairs, default_value)
    )


def index_to_string_table_from_tensor(
    vocabulary_list: Any = None, default_value: Any = "UNK", name: Any = None, mapping: Any = None
) -> Any:
    """A table from places in a list to its words."""
    words = entries(vocabulary_list if mapping is None else mapping)
    return HashTable(KeyValueTensorInitializer(np.arange(len(words)), words), default_value)


def index_to_string_table_from_file(
    vocabulary_file: Any,
    vocab_size: int | None = None,
    default_value: Any = "UNK",
    name: Any = None,
    key_column_index: int = TextFileIndex.LINE_NUMBER,
    value_column_index: int = TextFileIndex.WHOLE_LINE,
    delimiter: str = "\t",
) -> Any:
    """A table from the numbers of a file's lines to the lines."""
    columns = (int64, key_column_index, string, value_column_index)
    return HashTable(TextFileInitializer(vocabulary_file, *columns, vocab_size, delimiter), default_value)
