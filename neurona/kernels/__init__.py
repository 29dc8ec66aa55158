"""The computations that decide how fast a network trains: each in pure XLA, and most also in C++ for CPUs.

    native.py                the libraries built from cpp/, and which of the two computes: the only place
    where that is decided dense.py                 a matrix product with bias and activation
    window.py                sizes and paddings that convolution and pooling share
    geometry.py              strides, padding, dilation and groups of a convolution, and XLA's own convolution
    convolution_cpu.py       the forms in which XLA's CPU compiler runs convolutions and their gradients well
    convolution_native.py    the calls of the native convolution
    convolution.py           convolution, depthwise and transposed convolution: arguments, differentiation,
    which form runs where convolution_pooling.py   a convolution of few channels with 2x2 maximum pooling
    behind it, in one pooling.py               maximum and average pooling
    recurrent.py             SimpleRNN, LSTM and GRU over a whole sequence, forward and backward
    attention.py             scaled dot-product attention in several heads
    embedding.py             rows of a table by their numbers, and the table's gradient
    normalization.py         batch normalization in training, with a ReLU and 2x2 maximum pooling behind it
    layer_normalization.py   layer normalization over the last axis
    dropout.py               dropout, with the random bits of JAX's keys
    cross_entropy.py         cross-entropy of a softmax, from its logits
    update.py                one step of an optimizer on all weights

Functions here take arrays of floating-point numbers and plain Python arguments, and know nothing of layers.
"""

from .convolution import convolution, convolution_transpose, depthwise_convolution
from .pooling import average_pool, max_pool
from .recurrent import gru, lstm, simple_rnn

__all__ = [
    "average_pool",
    "convolution",
    "convolution_transpose",
    "depthwise_convolution",
    "gru",
    "lstm",
    "max_pool",
    "simple_rnn",
]
