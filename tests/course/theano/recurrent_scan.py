import numpy as np
import theano
import theano.tensor as T

n, nin, nout = 10, 1, 1
u = T.matrix()
t = T.matrix()
h0 = T.vector()
lr = T.scalar()
rng = np.random.RandomState(3)
W = theano.shared(rng.uniform(size=(n, n), low=-0.3, high=0.3))
W_in = theano.shared(rng.uniform(size=(nin, n), low=-0.3, high=0.3))
W_out = theano.shared(rng.uniform(size=(n, nout), low=-0.3, high=0.3))


def step(u_t, h_tm1, W, W_in, W_out):
    h_t = T.tanh(T.dot(u_t, W_in) + T.dot(h_tm1, W))
    y_t = T.dot(h_t, W_out)
    return h_t, y_t


[h, y], _ = theano.scan(step, sequences=u, outputs_info=[h0, None], non_sequences=[W, W_in, W_out])
error = ((y - t) ** 2).sum()
gW, gW_in, gW_out = T.grad(error, [W, W_in, W_out])
fn = theano.function(
    [h0, u, t, lr], error, updates={W: W - lr * gW, W_in: W_in - lr * gW_in, W_out: W_out - lr * gW_out}
)
wave = np.sin(np.linspace(0, 12, 50))[:, None]
first = fn(np.zeros(n), wave[:-1], wave[1:], 0.002)
for i in range(400):
    last = fn(np.zeros(n), wave[:-1], wave[1:], 0.002)
print(first, last)
assert last < 0.1 * first

# The loops of the documentation: a power, a polynomial, a Fibonacci sequence.
k = T.iscalar("k")
A = T.vector("A")
result, updates = theano.scan(
    fn=lambda prior_result, A: prior_result * A, outputs_info=T.ones_like(A), non_sequences=A, n_steps=k
)
power = theano.function(inputs=[A, k], outputs=result[-1], updates=updates)
assert list(power(range(10), 2)) == [i**2 for i in range(10)]
coefficients, x = T.vector("coefficients"), T.scalar("x")
components, updates = theano.scan(
    fn=lambda coefficient, power, free_variable: coefficient * (free_variable**power),
    outputs_info=None,
    sequences=[coefficients, T.arange(10000)],
    non_sequences=x,
)
polynomial = theano.function(inputs=[coefficients, x], outputs=components.sum())
assert polynomial(np.asarray([1, 0, 2], dtype=np.float32), 3) == 19.0
