"""Theano: a program that names its processor, and a convolution with its transpose."""

import numpy as np
import theano
import theano.tensor as T
import theano.gpuarray
from theano.sandbox.cuda.basic_ops import gpu_contiguous
from theano.sandbox.cuda.dnn import dnn_conv, dnn_pool
from theano.tensor.nnet.abstract_conv import conv2d_transpose

theano.gpuarray.use('cuda0')
theano.config.warn.subtensor_merge_bug = False
assert theano.config.warn.reduce_join_bug is False
r = np.random.RandomState(0)
kernel = theano.shared(r.randn(2, 1, 3, 3))
x, y = T.tensor4('x'), T.tensor4('y')
maps = dnn_conv(gpu_contiguous(x), kernel, border_mode='full')
pooled = dnn_pool(maps, (2, 2), stride=(2, 2))
first, second = theano.function([x], [maps, pooled])(np.ones((1, 1, 6, 6)))
assert first.shape == (1, 2, 8, 8) and second.shape == (1, 2, 4, 4)
assert np.isclose(first[0, 0, 4, 4], kernel.get_value()[0].sum())

back = conv2d_transpose(y, kernel, output_shape=(1, 1, 6, 6))
plain = T.grad(T.sum(T.nnet.conv2d(x, kernel) * y), x)
image, given = r.randn(1, 1, 6, 6), r.randn(1, 2, 4, 4)
one = theano.function([y], back)(given)
two = theano.function([x, y], plain, on_unused_input='ignore')(image, given)
assert np.allclose(one, two)

from theano.gof.graph import inputs
from theano.tensor.nnet import h_softmax
from theano.tensor.nnet.neighbours import images2neibs
from theano.tensor.opt import register_canonicalize

for refused in (inputs, h_softmax, images2neibs, register_canonicalize, T.choose):
    try:
        refused(x)
    except ValueError as error:
        assert "is not here" in str(error)
    else:
        raise AssertionError(refused)
