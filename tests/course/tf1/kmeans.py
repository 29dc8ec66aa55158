"""K-means by steps of the graph: argmin of distances, unsorted_segment_sum, an assignment in a loop."""

import numpy as np
import tensorflow as tf

np.random.seed(4)
centers = np.array([[0.0, 0.0], [5.0, 5.0], [0.0, 6.0]])
points = np.concatenate([center + np.random.randn(60, 2) * 0.5 for center in centers])
k = 3

vectors = tf.constant(points, dtype=tf.float32)
centroids = tf.Variable(tf.slice(tf.random_shuffle(vectors, seed=5), [0, 0], [k, -1]))
expanded_vectors = tf.expand_dims(vectors, 0)
expanded_centroids = tf.expand_dims(centroids, 1)
distances = tf.reduce_sum(tf.square(tf.subtract(expanded_vectors, expanded_centroids)), 2)
assignments = tf.argmin(distances, 0)


def cluster_means(data, ids):
    total = tf.unsorted_segment_sum(data, ids, k)
    number = tf.unsorted_segment_sum(tf.ones_like(data), ids, k)
    return total / tf.maximum(number, 1.0)


means = cluster_means(vectors, assignments)
update_centroids = tf.assign(centroids, means)
changed = tf.reduce_any(tf.not_equal(assignments, tf.argmin(distances, 0)))

best = np.inf
with tf.Session() as sess:
    for _ in range(5):
        sess.run(tf.global_variables_initializer())
        for _step in range(15):
            _, centroid_values, assignment_values = sess.run([update_centroids, centroids, assignments])
        error = sess.run(tf.reduce_sum(tf.reduce_min(distances, 0)))
        if error < best:
            best, found = error, centroid_values
print(found, best)
assert assignment_values.dtype == np.int64
assert assignment_values.shape == (180,)
for center in centers:
    assert np.min(np.abs(found - center).sum(1)) < 0.4, found
