"""Checks of arguments."""

import numpy as np
import pytest

from neurona.core.checks import integers
from neurona.core.errors import ArgumentError


@pytest.mark.parametrize(
    ("value", "expected"), [(3, (3, 3)), ([1, 2], (1, 2)), (np.array([4, 5]), (4, 5)), (np.int64(6), (6, 6))]
)
def test_one_integer_for_all_dimensions_or_one_for_each(value, expected):
    assert integers(value, 2, "size", "Layer") == expected


@pytest.mark.parametrize("value", [0, 1.5, True, "3", [1], [1, 2, 3], [1, 0], None])
def test_what_is_no_size_is_refused_by_name(value):
    with pytest.raises(
        ArgumentError, match=r"Layer: size must be an integer >= 1, or 2 of them. Received: size="
    ):
        integers(value, 2, "size", "Layer")
