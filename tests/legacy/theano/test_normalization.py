"""Batch normalization whose parameters lack the axes that are normalized, by NumPy."""

import numpy as np
import pytest

import neurona.legacy.theano as theano
import neurona.legacy.theano.tensor as T
from neurona.legacy.theano.tensor import nnet


@pytest.mark.parametrize(("axes", "over"), [("per-activation", (0,)), ("spatial", (0, 2, 3))])
def test_averages_have_the_axes_of_their_variables(axes, over):
    rng = np.random.RandomState(0)
    x = rng.randn(5, 3, 4, 2) if axes == "spatial" else rng.randn(5, 3)
    gamma, beta = rng.rand(3), rng.rand(3)
    shape = (1, 3, 1, 1) if axes == "spatial" else (3,)
    inputs = (T.tensor4 if axes == "spatial" else T.matrix)("x", dtype="float64")
    means, variances = theano.shared(np.zeros(3)), theano.shared(np.ones(3))
    out, _, _, mean, variance = nnet.bn.batch_normalization_train(
        inputs, gamma, beta, axes, running_mean=means, running_var=variances
    )
    train = theano.function([inputs], out, updates=[(means, mean), (variances, variance)])
    scaled = (x - x.mean(over, keepdims=True)) / np.sqrt(x.var(over, keepdims=True) + 1e-4)
    np.testing.assert_allclose(train(x), scaled * gamma.reshape(shape) + beta.reshape(shape), rtol=1e-6)
    np.testing.assert_allclose(means.get_value(), 0.1 * x.mean(over))
    np.testing.assert_allclose(variances.get_value(), 0.9 + 0.1 * x.var(over, ddof=1))
    use = theano.function(
        [inputs], nnet.bn.batch_normalization_test(inputs, gamma, beta, means, variances, axes)
    )
    kept = [one.reshape(shape) for one in (gamma, beta, means.get_value(), variances.get_value())]
    expected = (x - kept[2]) * kept[0] / np.sqrt(kept[3] + 1e-4) + kept[1]
    np.testing.assert_allclose(use(x), expected, rtol=1e-6)


def test_the_operation_of_a_softmax_is_found():
    x = T.matrix()
    owner = nnet.softmax(x).owner
    assert isinstance(owner.op, nnet.Softmax)
    assert owner.inputs[0] is x
    assert not isinstance(nnet.sigmoid(x).owner.op, nnet.Softmax)
