"""The computations that decide how fast a network trains: each in pure XLA, and most also in C++ for CPUs.

How a computation is declared, and which of the two forms runs:

    library.py                 finds the library built from cpp/, and calls its functions
    operation.py               `Operation` (reference, native kernel, sizes) and `differentiable`
    activation_codes.py        the activations that kernels compute

The computations:

    dense.py                   a matrix product with bias and activation
    convolution.py             convolution, depthwise and transposed convolution: arguments and checks
    convolution_operations.py  the three operations that these are made of
    convolution_cpu.py         their references in forms that XLA's CPU compiler runs well
    convolution_pooling.py     a convolution of few channels together with 2x2 maximum pooling
    geometry.py, window.py     strides, paddings and sizes of windows
    pooling.py                 maximum and average pooling
    recurrent.py               SimpleRNN, LSTM and GRU over a whole sequence, forward and backward
    recurrent_steps.py         one step of each, for cells and sequences
    sparse_product.py          the product of two matrices of which the first has many zeros
    attention.py               scaled dot-product attention in several heads
    embedding.py               rows of a table by their numbers
    normalization.py           batch normalization in training, also with a ReLU and 2x2 maximum pooling
    layer_normalization.py     layer normalization over the last axis
    dropout.py                 dropout, with the random bits of JAX's keys
    bernoulli.py               units of 0 and 1, with the same
    cross_entropy.py           cross-entropy of a softmax, from its logits
    update.py                  one step of an optimizer on all weights
    word_vectors.py            a pass over a text that learns word vectors

Functions here take arrays of floating-point numbers and plain Python arguments, and know nothing of layers.
"""

from neurona.kernels.convolution import convolution, convolution_transpose, depthwise_convolution
from neurona.kernels.pooling import average_pool, max_pool
from neurona.kernels.recurrent import gru, lstm, simple_rnn

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
