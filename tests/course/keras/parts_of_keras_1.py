"""Keras 1 and 2: parts that programs imported from inside of it."""

import numpy as np
from keras import backend as K
from keras.layers.recurrent import _time_distributed_dense
from keras.utils.generic_utils import get_from_module

x, w = np.arange(12.0).reshape(2, 3, 2), np.ones((2, 4))
steps = K.eval(_time_distributed_dense(K.variable(x), K.variable(w), K.variable(np.ones(4)), None, 2, 4, 3))
assert np.allclose(steps, x @ w + 1)
double = get_from_module("twice", {"twice": lambda v: 2 * v}, "function")
assert double(3) == 6
