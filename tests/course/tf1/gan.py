"""A generative adversarial network in one dimension: two lists of variables, two optimizers."""

import numpy as np
import tensorflow as tf

np.random.seed(0)
tf.set_random_seed(0)


def generator(z):
    with tf.variable_scope("generator", reuse=tf.AUTO_REUSE):
        h = tf.layers.dense(z, 16, activation=tf.nn.relu, name="hidden")
        return tf.layers.dense(h, 1, name="out")


def discriminator(x, reuse=False):
    with tf.variable_scope("discriminator", reuse=reuse):
        h = tf.layers.dense(x, 16, tf.nn.leaky_relu, name="hidden")
        return tf.layers.dense(h, 1, name="out")


X = tf.placeholder(tf.float32, [None, 1])
Z = tf.placeholder(tf.float32, [None, 4])
fake = generator(Z)
real_logits = discriminator(X)
fake_logits = discriminator(fake, reuse=True)
d_loss = tf.reduce_mean(
    tf.nn.sigmoid_cross_entropy_with_logits(logits=real_logits, labels=tf.ones_like(real_logits))
) + tf.reduce_mean(
    tf.nn.sigmoid_cross_entropy_with_logits(logits=fake_logits, labels=tf.zeros_like(fake_logits))
)
g_loss = tf.reduce_mean(
    tf.nn.sigmoid_cross_entropy_with_logits(logits=fake_logits, labels=tf.ones_like(fake_logits))
)
tvars = tf.trainable_variables()
d_vars = [var for var in tvars if "discriminator" in var.name]
g_vars = tf.get_collection(tf.GraphKeys.TRAINABLE_VARIABLES, scope="generator")
assert len(d_vars) == len(g_vars) == 4, [var.name for var in tvars]
d_step = tf.train.AdamOptimizer(0.01, beta1=0.5).minimize(d_loss, var_list=d_vars)
g_step = tf.train.AdamOptimizer(0.01, beta1=0.5).minimize(g_loss, var_list=g_vars)

with tf.Session() as sess:
    sess.run(tf.global_variables_initializer())
    before = sess.run(d_vars)
    sess.run(g_step, {Z: np.random.randn(64, 4)})
    assert all((a == b).all() for a, b in zip(before, sess.run(d_vars)))
    for _ in range(400):
        x, z = np.random.randn(64, 1) * 0.5 + 3, np.random.randn(64, 4)
        _, d = sess.run([d_step, d_loss], feed_dict={X: x, Z: z})
        _, g = sess.run([g_step, g_loss], feed_dict={Z: z})
    made = sess.run(fake, {Z: np.random.randn(1000, 4)})
print(made.mean(), made.std(), d, g)
assert abs(made.mean() - 3) < 1, made.mean()
