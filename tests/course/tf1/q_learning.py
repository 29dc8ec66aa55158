"""A Q-network over one-hot states of a corridor, with decaying exploration."""

import numpy as np
import tensorflow as tf

np.random.seed(0)
tf.reset_default_graph()
states, actions, goal = 6, 2, 5
inputs1 = tf.placeholder(shape=[1, states], dtype=tf.float32)
W = tf.Variable(tf.random_uniform([states, actions], 0, 0.01))
Qout = tf.matmul(inputs1, W)
predict = tf.argmax(Qout, 1)
nextQ = tf.placeholder(shape=[1, actions], dtype=tf.float32)
loss = tf.reduce_sum(tf.square(nextQ - Qout))
trainer = tf.train.GradientDescentOptimizer(learning_rate=0.1)
updateModel = trainer.minimize(loss)
init = tf.initialize_all_variables()

y, e = 0.9, 0.5
identity = np.identity(states)
with tf.Session() as sess:
    sess.run(init)
    for episode in range(100):
        s = 0
        for _ in range(40):
            a, allQ = sess.run([predict, Qout], feed_dict={inputs1: identity[s : s + 1]})
            if np.random.rand(1) < e:
                a[0] = np.random.randint(actions)
            s1 = min(s + 1, goal) if a[0] == 1 else max(s - 1, 0)
            r = float(s1 == goal)
            Q1 = sess.run(Qout, feed_dict={inputs1: identity[s1 : s1 + 1]})
            targetQ = allQ
            targetQ[0, a[0]] = r + (0 if r else y * np.max(Q1))
            _, W1 = sess.run([updateModel, W], feed_dict={inputs1: identity[s : s + 1], nextQ: targetQ})
            s = s1
            if r:
                e = 1.0 / ((episode / 50) + 2)
                break
    policy = [int(sess.run(predict, {inputs1: identity[s : s + 1]})[0]) for s in range(goal)]
print(policy, W1)
assert policy == [1] * goal, policy
