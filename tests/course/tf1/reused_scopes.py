"""Layers of tf.layers in scopes that are entered again, and a data set fed through placeholders."""

import numpy as np
import tensorflow as tf


def network(x, reuse, training):
    with tf.variable_scope("Network", reuse=reuse):
        x = tf.layers.dense(x, 8, activation=tf.nn.relu)
        x = tf.layers.dropout(x, rate=0.25, training=training)
        return tf.layers.dense(x, 2)


rows = np.random.RandomState(0).randn(64, 3).astype("float32")
classes = np.eye(2, dtype="float32")[(rows[:, 0] > 0).astype(int)]
given_x, given_y = tf.placeholder(tf.float32, [None, 3]), tf.placeholder(tf.float32, [None, 2])
dataset = tf.data.Dataset.from_tensor_slices((given_x, given_y)).repeat().batch(16).prefetch(1)
iterator = dataset.make_initializable_iterator()
X, Y = iterator.get_next()
logits_train = network(X, reuse=False, training=True)
logits_test = network(X, reuse=True, training=False)
loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(logits=logits_train, labels=Y))
train = tf.train.AdamOptimizer(0.05).minimize(loss)
correct = tf.equal(tf.argmax(logits_test, 1), tf.argmax(Y, 1))
accuracy = tf.reduce_mean(tf.cast(correct, tf.float32))
with tf.Session() as sess:
    sess.run(iterator.initializer, feed_dict={given_x: rows, given_y: classes})
    sess.run(tf.global_variables_initializer())
    for _ in range(60):
        sess.run(train)
    print("Training accuracy:", sess.run(accuracy))
    assert sess.run(accuracy) > 0.8
    assert len(tf.trainable_variables()) == 4
