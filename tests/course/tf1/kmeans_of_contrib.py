"""Digits in clusters, each named by most of its members: tf.contrib.factorization's k-means."""

from __future__ import print_function

import numpy as np
import tensorflow as tf
from tensorflow.contrib.factorization import KMeans
from tensorflow.examples.tutorials.mnist import input_data

tf.set_random_seed(2)
mnist = input_data.read_data_sets("mnist", one_hot=True)
images, labels = mnist.train.images[:4000], mnist.train.labels[:4000]
clusters = 30

pixels = tf.placeholder(tf.float32, [None, 784])
digits = tf.placeholder(tf.float32, [None, 10])
model = KMeans(inputs=pixels, num_clusters=clusters, distance_metric="cosine", use_mini_batch=True)
graph = model.training_graph()
if len(graph) > 6:
    scores, nearest, distances, begun, centers, init_op, train_op = graph
else:
    scores, nearest, distances, begun, init_op, train_op = graph
nearest = nearest[0]
mean_distance = tf.reduce_mean(distances)

sess = tf.Session()
sess.run(tf.global_variables_initializer(), {pixels: images})
sess.run(init_op, {pixels: images})
figures = []
for _ in range(15):
    _, figure, members = sess.run([train_op, mean_distance, nearest], {pixels: images})
    figures.append(figure)
print(figures[0], figures[-1])
assert figures[-1] < figures[0]

votes = np.zeros((clusters, 10))
for member, label in zip(members, labels):
    votes[member] += label
names = tf.convert_to_tensor(votes.argmax(1))
guessed = tf.nn.embedding_lookup(names, nearest)
right = tf.equal(guessed, tf.cast(tf.argmax(digits, 1), tf.int64))
accuracy = tf.reduce_mean(tf.cast(right, tf.float32))
found = sess.run(accuracy, {pixels: mnist.test.images[:2000], digits: mnist.test.labels[:2000]})
print("accuracy", found)
assert found > 0.55
