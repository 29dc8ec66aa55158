"""NumPy's removed names, as programs of their time used them."""

import numpy as np

from neurona.legacy.numpy_names import _TODAY


def test_removed_functions_do_what_they_did():
    assert _TODAY["asfarray"]([1, 2]).dtype == np.float64
    assert _TODAY["asfarray"](["0.5", "2"]).tolist() == [0.5, 2]
    assert _TODAY["asfarray"]([1, 2], np.float32).dtype == np.float32
    assert _TODAY["asfarray"]([1, 2], int).dtype == np.float64
    assert _TODAY["cast"]["float32"]([1, 2]).dtype == np.float32
    assert _TODAY["msort"]([[3, 1], [2, 4]]).tolist() == [[2, 1], [3, 4]]
    assert _TODAY["row_stack"]([[1, 2], [3, 4]]).tolist() == [[1, 2], [3, 4]]
    assert _TODAY["unicode"] is str
