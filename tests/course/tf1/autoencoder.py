"""An autoencoder of digits with RMSProp: the error of pictures it has not seen."""

import numpy as np
import tensorflow as tf
from tensorflow.examples.tutorials.mnist import input_data

mnist = input_data.read_data_sets("MNIST_data", one_hot=True)
X = tf.placeholder("float", [None, 784])
weights = {
    "encoder_h1": tf.Variable(tf.random_normal([784, 64], stddev=0.05)),
    "encoder_h2": tf.Variable(tf.random_normal([64, 32], stddev=0.1)),
    "decoder_h1": tf.Variable(tf.random_normal([32, 64], stddev=0.1)),
    "decoder_h2": tf.Variable(tf.random_normal([64, 784], stddev=0.1)),
}


def encoder(x):
    layer_1 = tf.nn.sigmoid(tf.matmul(x, weights["encoder_h1"]))
    return tf.nn.sigmoid(tf.matmul(layer_1, weights["encoder_h2"]))


def decoder(x):
    layer_1 = tf.nn.sigmoid(tf.matmul(x, weights["decoder_h1"]))
    return tf.nn.sigmoid(tf.matmul(layer_1, weights["decoder_h2"]))


y_pred = decoder(encoder(X))
loss = tf.reduce_mean(tf.pow(X - y_pred, 2))
optimizer = tf.train.RMSPropOptimizer(0.01).minimize(loss)

with tf.Session() as sess:
    sess.run(tf.global_variables_initializer())
    for _i in range(1, 251):
        batch_x, _ = mnist.train.next_batch(128)
        _, l = sess.run([optimizer, loss], feed_dict={X: batch_x})
    pictures = mnist.test.images[:100]
    g = sess.run(y_pred, feed_dict={X: pictures})
error = np.mean((g - pictures) ** 2)
print(error)
assert error < 0.08, error
