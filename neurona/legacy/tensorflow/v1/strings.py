"""`tf.strings` of TensorFlow 1, where `split` gave sparse tensors."""

from typing import Any

from neurona.legacy.tensorflow import strings
from neurona.legacy.tensorflow.v1.settings import words_of


def split(
    input: Any = None,
    sep: Any = None,
    maxsplit: int = -1,
    result_type: str = "SparseTensor",
    source: Any = None,
    name: Any = None,
) -> Any:
    """The words of each text as the rows of a sparse tensor, or with "RaggedTensor" of a ragged one."""
    texts = source if input is None else input
    if result_type == "RaggedTensor":
        return strings.split(texts, sep, maxsplit)
    return words_of(texts, sep, maxsplit, name=name)


def __getattr__(name: str) -> Any:
    return getattr(strings, name)


def __dir__() -> list[str]:
    return dir(strings)
