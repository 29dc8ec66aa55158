"""A network of plain variables and tf.nn on two spirals, with an optimizer of tf.optimizers."""

import numpy as np
import tensorflow as tf

rng = np.random.RandomState(0)
num_classes, num_features, batch_size = 2, 2, 64
theta = rng.uniform(0.5, 3.0, 512)
labels = rng.randint(0, 2, 512)
radius = theta + np.pi * labels
x_train = np.stack([radius * np.cos(theta + np.pi * labels), radius * np.sin(theta + np.pi * labels)], 1)
x_train = np.array(x_train / 6.0, np.float32)
y_train = labels.astype(np.int64)

random_normal = tf.initializers.RandomNormal(stddev=0.5, seed=1)
weights = {
    "h1": tf.Variable(random_normal([num_features, 32])),
    "h2": tf.Variable(random_normal([32, 32])),
    "out": tf.Variable(random_normal([32, num_classes])),
}
biases = {
    "b1": tf.Variable(tf.zeros([32])),
    "b2": tf.Variable(tf.zeros([32])),
    "out": tf.Variable(tf.zeros([num_classes])),
}


def neural_net(x):
    layer_1 = tf.nn.tanh(tf.add(tf.matmul(x, weights["h1"]), biases["b1"]))
    layer_2 = tf.nn.tanh(tf.add(tf.matmul(layer_1, weights["h2"]), biases["b2"]))
    return tf.nn.softmax(tf.matmul(layer_2, weights["out"]) + biases["out"])


def cross_entropy(y_pred, y_true):
    y_true = tf.one_hot(y_true, depth=num_classes)
    y_pred = tf.clip_by_value(y_pred, 1e-9, 1.0)
    return tf.reduce_mean(-tf.reduce_sum(y_true * tf.math.log(y_pred), axis=-1))


def accuracy(y_pred, y_true):
    correct_prediction = tf.equal(tf.argmax(y_pred, 1), tf.cast(y_true, tf.int64))
    return tf.reduce_mean(tf.cast(correct_prediction, tf.float32), axis=-1)


optimizer = tf.optimizers.Adam(0.02)


def run_optimization(x, y):
    with tf.GradientTape() as g:
        pred = neural_net(x)
        loss = cross_entropy(pred, y)
    trainable_variables = list(weights.values()) + list(biases.values())
    gradients = g.gradient(loss, trainable_variables)
    optimizer.apply_gradients(zip(gradients, trainable_variables))


for step in range(1, 121):
    rows = rng.randint(0, len(x_train), batch_size)
    run_optimization(x_train[rows], y_train[rows])
    if step % 40 == 0:
        pred = neural_net(x_train)
        print(
            "step: %i, loss: %f, accuracy: %f" % (step, cross_entropy(pred, y_train), accuracy(pred, y_train))
        )
assert float(accuracy(neural_net(x_train), y_train)) > 0.9
print("ok")
