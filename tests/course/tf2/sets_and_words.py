"""Sets, sparse tensors, bits, words by noise-contrastive estimation, and a loss of one's own in a file."""

import numpy as np
import tensorflow as tf
from tensorflow import keras

one, other = tf.constant([[2, 3, 5, 7]]), tf.constant([[3, 4, 5, 0]])
assert tf.sparse.to_dense(tf.sets.union(one, other)).numpy().tolist() == [[0, 2, 3, 4, 5, 7]]
assert tf.sparse.to_dense(tf.sets.difference(one, other)).numpy().tolist() == [[2, 7]]
doubled = tf.SparseTensor(indices=[[0, 1], [1, 0]], values=[1.0, 2.0], dense_shape=[2, 2]) * 2.0
assert tf.sparse.to_dense(doubled).numpy().tolist() == [[0.0, 2.0], [4.0, 0.0]]
assert tf.bitwise.bitwise_and(6, 3).numpy() == 2
table = tf.Variable(tf.random.normal([20, 4]))
weights, biases = tf.Variable(tf.random.normal([20, 4])), tf.Variable(tf.zeros([20]))
words, contexts = tf.constant([1, 2, 3]), tf.constant([[2], [3], [4]], tf.int64)
optimizer, losses = tf.optimizers.SGD(0.5), []
for _ in range(30):
    with tf.GradientTape() as tape:
        embedded = tf.nn.embedding_lookup(table, words)
        loss = tf.reduce_mean(
            tf.nn.nce_loss(weights, biases, contexts, embedded, num_sampled=4, num_classes=20)
        )
    optimizer.apply_gradients(zip(tape.gradient(loss, [table, weights, biases]), [table, weights, biases]))
    losses.append(float(loss))
assert np.mean(losses[-5:]) < np.mean(losses[:5])


def huber_fn(y_true, y_pred):
    error = tf.abs(y_true - y_pred)
    return tf.where(error < 1, tf.square(error) / 2, error - 0.5)


model = keras.models.Sequential([keras.layers.Dense(1, input_shape=[3])])
model.compile(loss=huber_fn, optimizer="nadam", metrics=["mae"])
model.fit(np.ones((8, 3)), np.ones((8, 1)), epochs=1, verbose=0)
model.save("own_loss.h5")
read = keras.models.load_model("own_loss.h5", custom_objects={"huber_fn": huber_fn})
predicted = read.predict(np.ones((2, 3)), verbose=0)
predicted *= 2
assert np.allclose(predicted, 2 * model.predict(np.ones((2, 3)), verbose=0))
