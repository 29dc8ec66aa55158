"""Gradients by tapes: persistent, nested, watched, unconnected, of layers, jacobians and own rules."""

import numpy as np
import tensorflow as tf

x = tf.Variable(3.0)
with tf.GradientTape() as tape:
    y = x**2
assert tape.gradient(y, x).numpy() == 6.0

w = tf.Variable(tf.ones((3, 2)), name="w")
b = tf.Variable(tf.zeros(2, dtype=tf.float32), name="b")
inputs = [[1.0, 2.0, 3.0]]
with tf.GradientTape(persistent=True) as tape:
    y = inputs @ w + b
    loss = tf.reduce_mean(y**2)
gradients = tape.gradient(loss, {"w": w, "b": b})
assert gradients["b"].numpy().tolist() == [6.0, 6.0] and gradients["w"].shape == w.shape
assert [g.shape for g in tape.gradient(loss, [w, b])] == [(3, 2), (2,)]
del tape

layer = tf.keras.layers.Dense(2, activation="relu")
data = tf.constant([[1.0, 2.0, 3.0]])
with tf.GradientTape() as tape:
    loss = tf.reduce_mean(layer(data) ** 2)
grad = tape.gradient(loss, layer.trainable_variables)
assert [g.shape for g in grad] == [(3, 2), (2,)]

x0 = tf.Variable(3.0, name="x0")
x1 = tf.Variable(3.0, name="x1", trainable=False)
x2 = tf.Variable(2.0, name="x2") + 1.0
x3 = tf.constant(3.0, name="x3")
with tf.GradientTape() as tape:
    y = (x0**2) + (x1**2) + (x2**2)
grad = tape.gradient(y, [x0, x1, x2, x3])
assert grad[0].numpy() == 6.0 and grad[1:] == [None, None, None]

x = tf.constant(3.0)
with tf.GradientTape() as tape:
    tape.watch(x)
    y = x**2
assert tape.gradient(y, x).numpy() == 6.0

with tf.GradientTape(watch_accessed_variables=False) as tape:
    tape.watch(x0)
    y = x0 * 2.0 + b[0]
assert [v.name for v in tape.watched_variables()] == ["x0:0"]

x = tf.constant([1.0, 3.0])
with tf.GradientTape(persistent=True) as tape:
    tape.watch(x)
    y = x * x
    z = y * y
assert tape.gradient(z, x).numpy().tolist() == [4.0, 108.0]
assert tape.gradient(y, x).numpy().tolist() == [2.0, 6.0]
assert tape.gradient(z, y).numpy().tolist() == [2.0, 18.0]

once = tf.GradientTape()
with once:
    y = x0 * x0
once.gradient(y, x0)
try:
    once.gradient(y, x0)
except RuntimeError as error:
    print(error)
else:
    raise AssertionError("a tape was used twice")

x = tf.Variable(2.0)
with tf.GradientTape(persistent=True) as tape:
    y0, y1 = x**2, 1 / x
assert tape.gradient({"y0": y0, "y1": y1}, x).numpy() == 3.75
with tf.GradientTape() as tape:
    y = [3.0, 4.0] * x
assert tape.gradient(y, x).numpy() == 7.0
x, y = tf.Variable([2.0, 2.0]), tf.Variable(3.0)
with tf.GradientTape() as tape:
    z = y**2
assert tape.gradient(z, x, unconnected_gradients="zero").numpy().tolist() == [0.0, 0.0]

x = tf.Variable(1.0)
with tf.GradientTape() as t2:
    with tf.GradientTape() as t1:
        y = x * x * x
    dy_dx = t1.gradient(y, x)
assert dy_dx.numpy() == 3.0 and t2.gradient(dy_dx, x).numpy() == 6.0

x = tf.Variable(2.0)
with tf.GradientTape() as tape:
    x_sq = x * x
    with tape.stop_recording():
        y_sq = x_sq * 10
    z = x_sq + y_sq
assert tape.gradient(z, x).numpy() == 4.0
with tf.GradientTape() as tape:
    z = x**2 + tf.stop_gradient(x**3)
assert tape.gradient(z, x).numpy() == 4.0


@tf.custom_gradient
def clip_gradients(y):
    def backward(dy):
        return tf.clip_by_norm(dy, 0.5)

    return y, backward


v = tf.Variable(2.0)
with tf.GradientTape() as tape:
    output = clip_gradients(v * v)
assert tape.gradient(output, v).numpy() == 2.0

x = tf.linspace(-2.0, 2.0, 5)
delta = tf.Variable(0.0)
with tf.GradientTape() as tape:
    y = tf.nn.sigmoid(x + delta)
np.testing.assert_allclose(tape.jacobian(y, delta)[2], 0.25, rtol=1e-5)
x = tf.random.normal([3, 5])
dense = tf.keras.layers.Dense(4, activation="tanh")
with tf.GradientTape(persistent=True) as tape:
    tape.watch(x)
    y = dense(x)
assert tape.batch_jacobian(y, x).shape == (3, 4, 5)
assert tape.jacobian(y, dense.kernel).shape == (3, 4, 5, 4)


def f(x, y):
    output = 1.0
    for i in range(y):
        if i > 1 and i < 5:
            output = tf.multiply(output, x)
    return output


def grad(x, y):
    with tf.GradientTape() as t:
        t.watch(x)
        out = f(x, y)
    return t.gradient(out, x)


x = tf.convert_to_tensor(2.0)
assert grad(x, 6).numpy() == 12.0 and grad(x, 5).numpy() == 12.0 and grad(x, 4).numpy() == 4.0
print("ok")
