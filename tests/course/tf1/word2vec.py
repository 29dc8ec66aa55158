"""Word vectors by noise-contrastive estimation: words that go together are near each other."""

import collections
import random

import numpy as np
import tensorflow as tf

random.seed(0)
np.random.seed(0)
groups = [["cat", "dog", "pet", "fur"], ["sun", "sky", "cloud", "rain"], ["bread", "cheese", "wine", "food"]]
words = []
for _ in range(400):
    group = random.choice(groups)
    words += [random.choice(group) for _ in range(5)]
count = collections.Counter(words).most_common()
dictionary = {word: place for place, (word, _) in enumerate(count)}
data = [dictionary[word] for word in words]
vocabulary_size, embedding_size, batch_size, num_sampled = len(dictionary), 8, 64, 4

graph = tf.Graph()
with graph.as_default():
    train_inputs = tf.placeholder(tf.int32, shape=[batch_size])
    train_labels = tf.placeholder(tf.int32, shape=[batch_size, 1])
    with tf.device("/cpu:0"):
        embeddings = tf.Variable(tf.random_uniform([vocabulary_size, embedding_size], -1.0, 1.0))
        embed = tf.nn.embedding_lookup(embeddings, train_inputs)
        nce_weights = tf.Variable(tf.truncated_normal([vocabulary_size, embedding_size], stddev=0.35))
        nce_biases = tf.Variable(tf.zeros([vocabulary_size]))
    loss = tf.reduce_mean(
        tf.nn.nce_loss(
            weights=nce_weights,
            biases=nce_biases,
            labels=train_labels,
            inputs=embed,
            num_sampled=num_sampled,
            num_classes=vocabulary_size,
        )
    )
    optimizer = tf.train.GradientDescentOptimizer(1.0).minimize(loss)
    norm = tf.sqrt(tf.reduce_sum(tf.square(embeddings), 1, keep_dims=True))
    normalized_embeddings = embeddings / norm
    similarity = tf.matmul(normalized_embeddings, normalized_embeddings, transpose_b=True)
    init = tf.global_variables_initializer()

with tf.Session(graph=graph) as session:
    init.run()
    average_loss = 0
    for _step in range(700):
        places = np.random.randint(1, len(data) - 1, batch_size)
        near = places + np.random.choice([-1, 1], batch_size)
        feed_dict = {train_inputs: np.take(data, places), train_labels: np.take(data, near)[:, None]}
        _, loss_val = session.run([optimizer, loss], feed_dict=feed_dict)
        average_loss += loss_val
    print("Average loss:", average_loss / 700)
    sim = similarity.eval()

right = 0
for group in groups:
    for word in group:
        nearest = np.argsort(-sim[dictionary[word]])[1:3]
        right += sum(count[place][0] in group for place in nearest)
print(right, "of", 24)
assert right >= 16, right
