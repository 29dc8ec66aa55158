"""The settings and questions of keras.backend that Keras 3 kept."""

import keras
import numpy as np
import pytest

import neurona as nn

DTYPES = ("bool", "int8", "uint8", "int32", "float16", "bfloat16", "float32")


@pytest.mark.parametrize("dtype", DTYPES)
def test_kinds_of_dtypes_are_those_of_keras(dtype):
    assert nn.backend.is_float_dtype(dtype) == keras.backend.is_float_dtype(dtype)
    assert nn.backend.is_int_dtype(dtype) == keras.backend.is_int_dtype(dtype)


@pytest.mark.parametrize("pair", [(a, b) for a in DTYPES for b in DTYPES])
def test_two_dtypes_meet_as_in_keras(pair):
    assert nn.backend.result_type(*pair) == keras.backend.result_type(*pair)


def test_symbolic_tensors_are_told_from_arrays():
    x = nn.Input((2,))
    assert nn.backend.is_keras_tensor(x)
    assert nn.utils.is_keras_tensor(x)
    assert not nn.backend.is_keras_tensor(np.ones(2))
    assert not nn.utils.is_keras_tensor(np.ones(2))
