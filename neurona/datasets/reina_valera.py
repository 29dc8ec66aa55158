"""A text in Spanish: Genesis, Exodus, Ruth and the first book of Samuel, as Reina and Valera translated them,
in the revision of 1909.

The translation is in the public domain; the copy is that of Debian's package sword-text-sparv, without its
markup. Each line is a chapter. The spelling is that of its time: á, fué, crió.
"""

import lzma

from neurona.datasets._common import check_test_split
from neurona.datasets.local import SHIPPED


def load_data(test_split: float = 0.1) -> tuple[str, str]:
    """The text's beginning, and its end for testing, cut between chapters.

    Args:
        test_split: share of the characters that the end has at most.

    Raises:
        ArgumentError: test_split is not in [0, 1).

    Example:

        >>> train, test = load_data()
        >>> train[:44], len(train), len(test)
        ('EN el principio crió Dios los cielos y la ti', 420762, 44041)
    """
    check_test_split(test_split)
    text = lzma.decompress((SHIPPED / "reina_valera.txt.xz").read_bytes()).decode("utf-8")
    begin = int(len(text) * (1 - test_split))
    cut = text.find("\n", begin) + 1 if begin < len(text) else len(text)
    return text[:cut], text[cut:]
