import numpy
import theano
import theano.tensor as T

rng = numpy.random.RandomState(7)
N, feats = 300, 40
true_w = rng.randn(feats)
data = rng.randn(N, feats)
D = (data, (data.dot(true_w) > 0).astype("int64"))

x = T.matrix("x")
y = T.vector("y")
w = theano.shared(rng.randn(feats), name="w")
b = theano.shared(0.0, name="b")
print("Initial model:")
print(w.get_value()[:3], b.get_value())

p_1 = 1 / (1 + T.exp(-T.dot(x, w) - b))
prediction = p_1 > 0.5
xent = -y * T.log(p_1) - (1 - y) * T.log(1 - p_1)
cost = xent.mean() + 0.01 * (w**2).sum()
gw, gb = T.grad(cost, [w, b])

train = theano.function(
    inputs=[x, y], outputs=[prediction, xent], updates=((w, w - 0.1 * gw), (b, b - 0.1 * gb))
)
predict = theano.function(inputs=[x], outputs=prediction)

for i in range(400):
    pred, err = train(D[0], D[1])

if any(node.op.__class__.__name__ in ["Gemv", "CGemv", "Gemm", "CGemm"] for node in train.maker.fgraph.toposort()):
    print("Used the cpu")
right = numpy.mean(predict(D[0]) == D[1])
print("accuracy:", right)
assert right > 0.97
assert w.get_value().dtype == "float64"
