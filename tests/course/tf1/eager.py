"""TensorFlow 1 with tf.contrib.eager: functions compute at once, and gradients are those of a function."""

import numpy as np
import tensorflow as tf
import tensorflow.contrib.eager as tfe

tfe.enable_eager_execution()
inputs = np.linspace(-1, 1, 20).astype("float32")
outputs = 3 * inputs + 2
W = tfe.Variable(0.0)
b = tfe.Variable(0.0)


def model(x):
    return W * x + b


def loss_fn(model_fn, x, y):
    return tf.reduce_mean(tf.pow(model_fn(x) - y, 2))


optimizer = tf.train.GradientDescentOptimizer(learning_rate=0.3)
grad = tfe.implicit_gradients(loss_fn)
dataset = tf.data.Dataset.from_tensor_slices((inputs, outputs)).repeat().batch(20)
iterator = tfe.Iterator(dataset)
for _ in range(60):
    x, y = iterator.next()
    optimizer.apply_gradients(grad(model, x, y))
print(f"loss = {loss_fn(model, inputs, outputs):.9f}", "W =", W.numpy(), "b =", b.numpy())
assert abs(W.numpy() - 3) < 0.01
assert abs(b.numpy() - 2) < 0.01
assert float(tfe.gradients_function(lambda x: x * x)(3.0)[0]) == 6.0
