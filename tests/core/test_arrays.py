"""Arrays made on the host."""

import jax
import numpy as np

from neurona.core.arrays import device_array, zeros


def test_values_keep_their_dtype():
    array = device_array(np.array([1, 2], np.int8))
    assert isinstance(array, jax.Array)
    assert array.dtype == np.int8
    assert zeros((2, 3), "bfloat16").dtype.name == "bfloat16"
    assert zeros((), bool).tolist() is False
