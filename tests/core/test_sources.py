"""Batches that are asked for by number have an end; others are iterated over."""

import neurona as nn
from neurona.core.sources import each_batch, is_numbered


class Numbered:
    """Has a length, and by iteration no end."""

    def __len__(self):
        return 3

    def __getitem__(self, number):
        return 10 * number


class DataSet(nn.utils.PyDataset):
    __len__, __getitem__ = Numbered.__len__, Numbered.__getitem__


def test_a_numbered_source_is_read_to_its_end():
    for source in (Numbered(), DataSet()):
        assert is_numbered(source)
        assert list(each_batch(source)) == [0, 10, 20]


def test_what_can_be_iterated_over_is_iterated_over():
    for source in ([1, 2], range(1, 3), iter([1, 2])):
        assert not is_numbered(source)
        assert list(each_batch(source)) == [1, 2]
