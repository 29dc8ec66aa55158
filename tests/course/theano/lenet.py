import numpy
import theano
import theano.tensor as T
from theano.tensor.nnet import conv2d
from theano.tensor.signal import pool

floatX = theano.config.floatX
rng = numpy.random.RandomState(23455)


class LeNetConvPoolLayer(object):
    def __init__(self, rng, input, filter_shape, image_shape, poolsize=(2, 2)):
        assert image_shape[1] == filter_shape[1]
        fan_in = numpy.prod(filter_shape[1:])
        W_bound = numpy.sqrt(6.0 / fan_in)
        self.W = theano.shared(
            numpy.asarray(rng.uniform(low=-W_bound, high=W_bound, size=filter_shape), dtype=floatX), borrow=True
        )
        self.b = theano.shared(value=numpy.zeros((filter_shape[0],), dtype=floatX), borrow=True)
        conv_out = conv2d(input=input, filters=self.W, filter_shape=filter_shape, input_shape=image_shape)
        pooled_out = pool.pool_2d(input=conv_out, ws=poolsize, ignore_border=True)
        self.output = T.tanh(pooled_out + self.b.dimshuffle("x", 0, "x", "x"))
        self.params = [self.W, self.b]


# Horizontal and vertical bars in noise.
images = 0.3 * rng.rand(200, 12, 12)
targets = rng.randint(0, 2, 200)
for image, target in zip(images, targets):
    place = rng.randint(2, 10)
    if target:
        image[place] += 1
    else:
        image[:, place] += 1

x = T.matrix("x")
y = T.ivector("y")
batch_size = 50
layer0_input = x.reshape((batch_size, 1, 12, 12))
layer0 = LeNetConvPoolLayer(rng, layer0_input, filter_shape=(4, 1, 3, 3), image_shape=(batch_size, 1, 12, 12))
layer1_input = layer0.output.flatten(2)
W = theano.shared(numpy.zeros((4 * 5 * 5, 2), dtype=floatX), name="W")
b = theano.shared(numpy.zeros((2,), dtype=floatX), name="b")
p_y = T.nnet.softmax(T.dot(layer1_input, W) + b)
cost = T.nnet.categorical_crossentropy(p_y, y).mean()
params = layer0.params + [W, b]
grads = T.grad(cost, params)
updates = [(p, p - 0.2 * g) for p, g in zip(params, grads)]
train = theano.function([x, y], cost, updates=updates)
error = theano.function([x, y], T.mean(T.neq(T.argmax(p_y, axis=1), y)))

flat = images.reshape(200, -1)
for epoch in range(25):
    for i in range(4):
        rows = slice(i * batch_size, (i + 1) * batch_size)
        train(flat[rows], targets[rows].astype("int32"))
errors = numpy.mean([error(flat[i : i + 50], targets[i : i + 50].astype("int32")) for i in range(0, 200, 50)])
print("error", errors)
assert errors < 0.05
