"""A multilayer perceptron, with classes for its layers and minibatches through givens."""

import os
import sys
import time

import numpy

import theano
import theano.tensor as T


class LogisticRegression(object):
    def __init__(self, input, n_in, n_out):
        self.W = theano.shared(value=numpy.zeros((n_in, n_out), dtype=theano.config.floatX), name="W", borrow=True)
        self.b = theano.shared(value=numpy.zeros((n_out,), dtype=theano.config.floatX), name="b", borrow=True)
        self.p_y_given_x = T.nnet.softmax(T.dot(input, self.W) + self.b)
        self.y_pred = T.argmax(self.p_y_given_x, axis=1)
        self.params = [self.W, self.b]

    def negative_log_likelihood(self, y):
        return -T.mean(T.log(self.p_y_given_x)[T.arange(y.shape[0]), y])

    def errors(self, y):
        if y.ndim != self.y_pred.ndim:
            raise TypeError("y should have the same shape as self.y_pred", ("y", y.type, "y_pred", self.y_pred.type))
        if y.dtype.startswith("int"):
            return T.mean(T.neq(self.y_pred, y))
        raise NotImplementedError()


class HiddenLayer(object):
    def __init__(self, rng, input, n_in, n_out, activation=T.tanh):
        bound = numpy.sqrt(6.0 / (n_in + n_out))
        W_values = numpy.asarray(rng.uniform(low=-bound, high=bound, size=(n_in, n_out)), dtype=theano.config.floatX)
        if activation == theano.tensor.nnet.sigmoid:
            W_values *= 4
        self.W = theano.shared(value=W_values, name="W", borrow=True)
        self.b = theano.shared(value=numpy.zeros((n_out,), dtype=theano.config.floatX), name="b", borrow=True)
        lin_output = T.dot(input, self.W) + self.b
        self.output = lin_output if activation is None else activation(lin_output)
        self.params = [self.W, self.b]


class MLP(object):
    def __init__(self, rng, input, n_in, n_hidden, n_out):
        self.hiddenLayer = HiddenLayer(rng, input, n_in, n_hidden)
        self.logRegressionLayer = LogisticRegression(self.hiddenLayer.output, n_hidden, n_out)
        self.L1 = abs(self.hiddenLayer.W).sum() + abs(self.logRegressionLayer.W).sum()
        self.L2_sqr = (self.hiddenLayer.W**2).sum() + (self.logRegressionLayer.W**2).sum()
        self.params = self.hiddenLayer.params + self.logRegressionLayer.params


def shared_dataset(data_x, data_y, borrow=True):
    shared_x = theano.shared(numpy.asarray(data_x, dtype=theano.config.floatX), borrow=borrow)
    shared_y = theano.shared(numpy.asarray(data_y, dtype=theano.config.floatX), borrow=borrow)
    return shared_x, T.cast(shared_y, "int32")


rng = numpy.random.RandomState(1234)
angles = rng.uniform(0, 2 * numpy.pi, 600)
labels = rng.randint(0, 2, 600)
points = numpy.c_[numpy.cos(angles), numpy.sin(angles)] * (1 + labels)[:, None] + 0.1 * rng.randn(600, 2)
train_set_x, train_set_y = shared_dataset(points[:500], labels[:500])
test_set_x, test_set_y = shared_dataset(points[500:], labels[500:])

batch_size, learning_rate, L1_reg, L2_reg = 20, 0.1, 0.0, 0.0001
n_train_batches = train_set_x.get_value(borrow=True).shape[0] // batch_size
n_test_batches = test_set_x.get_value(borrow=True).shape[0] // batch_size

index = T.lscalar()
x = T.matrix("x")
y = T.ivector("y")
classifier = MLP(rng=rng, input=x, n_in=2, n_hidden=16, n_out=2)
cost = classifier.logRegressionLayer.negative_log_likelihood(y) + L1_reg * classifier.L1 + L2_reg * classifier.L2_sqr
test_model = theano.function(
    inputs=[index],
    outputs=classifier.logRegressionLayer.errors(y),
    givens={
        x: test_set_x[index * batch_size : (index + 1) * batch_size],
        y: test_set_y[index * batch_size : (index + 1) * batch_size],
    },
)
gparams = [T.grad(cost, param) for param in classifier.params]
updates = [(param, param - learning_rate * gparam) for param, gparam in zip(classifier.params, gparams)]
train_model = theano.function(
    inputs=[index],
    outputs=cost,
    updates=updates,
    givens={
        x: train_set_x[index * batch_size : (index + 1) * batch_size],
        y: train_set_y[index * batch_size : (index + 1) * batch_size],
    },
)
start_time = time.time()
for epoch in range(60):
    for minibatch_index in range(n_train_batches):
        minibatch_avg_cost = train_model(minibatch_index)
test_score = numpy.mean([test_model(i) for i in range(n_test_batches)])
sys.stderr.write("The code for file %s ran for %.2fm\n" % (os.path.split(__file__)[1], (time.time() - start_time) / 60))
print("test error %f %%" % (test_score * 100.0))
assert test_score < 0.05
