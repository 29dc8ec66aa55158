"""Theano: pages of its tutorial: types, copies of a function, clone, pickles of expressions, `if not input`."""

import numpy
import six.moves.cPickle as pickle
import theano
import theano.tensor as T

x, y = T.dscalars("x", "y")
assert x.type is T.dscalar
assert theano.function([x, theano.In(y, value=1)], x + y)(33) == 34

state, inc = theano.shared(0), T.iscalar("inc")
accumulator = theano.function([inc], state, updates=[(state, state + inc)])
other = theano.shared(0)
accumulator.copy(swap={state: other})(100)
accumulator.copy(delete_updates=True)(9000)
assert (state.get_value(), other.get_value()) == (0, 100)

v = T.vector("v")
w = theano.shared(numpy.array([3.0, 5.0]), "w")
cost = theano.clone(T.sum((v - numpy.array([1.0, 2.0])) ** 4) + (v[0] * v[1]) ** 2, replace={v: w})
gradient = T.grad(cost, w)
step = theano.dot(T.nlinalg.matrix_inverse(theano.gradient.hessian(cost, w)), gradient)
newton = theano.function([], cost, updates=[(w, w - step)])
assert [newton() for _ in range(20)][-1] < 1


class Regression:
    def __init__(self, input=None):
        self.x = T.matrix("x") if not input else input
        self.w = theano.shared(numpy.eye(3), "w")
        self.p = T.nnet.softmax(T.dot(self.x, self.w))
        self.y = T.argmax(self.p, axis=1)


model = pickle.loads(pickle.dumps(Regression(T.matrix("given"))))
result = theano.function([model.x], model.y)(numpy.eye(3))
result += 1
assert list(result) == [1, 2, 3]
images = T.tensor4("images")
features = T.nnet.conv2d(images, theano.shared(numpy.ones((2, 1, 3, 3)))).flatten(2)
assert T.dot(features, theano.shared(numpy.ones((8, 5)))).ndim == 2
