"""Checkpoints: kept by a manager, read by names, restored before the variables are made."""

import numpy as np
import tensorflow as tf


class Net(tf.keras.Model):
    def __init__(self):
        super().__init__()
        self.inner = tf.keras.layers.Dense(4, activation="tanh")
        self.outer = tf.keras.layers.Dense(1)

    def call(self, x):
        return self.outer(self.inner(x))


def pairs():
    x = tf.reshape(tf.range(10.0), [10, 1]) / 10.0
    return tf.data.Dataset.from_tensor_slices((x, 3.0 * x)).repeat().batch(5)


def train_step(net, optimizer, x, y):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(tf.abs(net(x) - y))
    gradients = tape.gradient(loss, net.trainable_variables)
    optimizer.apply_gradients(zip(gradients, net.trainable_variables))
    return loss


def new_parts():
    net, optimizer, data = Net(), tf.keras.optimizers.Adam(0.05), iter(pairs())
    checkpoint = tf.train.Checkpoint(step=tf.Variable(0), optimizer=optimizer, net=net, data=data)
    return checkpoint, tf.train.CheckpointManager(checkpoint, "checkpoints", max_to_keep=2)


checkpoint, manager = new_parts()
checkpoint.restore(manager.latest_checkpoint)
for _ in range(30):
    loss = train_step(checkpoint.net, checkpoint.optimizer, *next(checkpoint.data))
    checkpoint.step.assign_add(1)
    if int(checkpoint.step) % 10 == 0:
        print(manager.save(), float(loss))
assert len(manager.checkpoints) == 2
trained = checkpoint.net(tf.constant([[0.5]])).numpy()

again, manager = new_parts()
status = again.restore(manager.latest_checkpoint)
assert int(again.step) == 30
try:
    status.assert_consumed()
    raise SystemExit("the network has no variables yet")
except AssertionError as error:
    print(error)
np.testing.assert_allclose(again.net(tf.constant([[0.5]])).numpy(), trained, rtol=1e-6)
x, y = next(again.data)
assert train_step(again.net, again.optimizer, x, y) < 1.0
status.assert_consumed()

listed = dict(tf.train.list_variables("checkpoints"))
kernels = [name for name in listed if name.startswith("net/inner") and listed[name] == [1, 4]]
assert len(kernels) == 1, listed
kernel = tf.train.load_checkpoint("checkpoints").get_tensor(kernels[0])
np.testing.assert_allclose(kernel, checkpoint.net.inner.kernel.numpy())

only_step = tf.train.Checkpoint(step=tf.Variable(0))
only_step.restore(manager.latest_checkpoint).expect_partial()
assert int(only_step.step) == 30
