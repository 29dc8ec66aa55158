"""TensorFlow 1 with Keras's layers and losses on placeholders, and K.learning_phase fed to a session."""

import numpy as np
import tensorflow as tf

sess = tf.Session()
from keras import backend as K  # noqa: E402

K.set_session(sess)
from keras.layers import Dense, Dropout  # noqa: E402
from keras.metrics import categorical_accuracy as accuracy  # noqa: E402
from keras.objectives import categorical_crossentropy  # noqa: E402

points = tf.placeholder(tf.float32, shape=(None, 2))
labels = tf.placeholder(tf.float32, shape=(None, 2))
x = Dense(32, activation="relu")(points)
dropped = Dropout(0.5)(x)
preds = Dense(2, activation="softmax")(dropped)
loss = tf.reduce_mean(categorical_crossentropy(labels, preds))
train_step = tf.train.GradientDescentOptimizer(0.5).minimize(loss)
sess.run(tf.global_variables_initializer())

rng = np.random.RandomState(0)
data = rng.uniform(-1, 1, (200, 2))
targets = np.eye(2)[(data[:, 0] > data[:, 1]).astype(int)]
with sess.as_default():
    for _ in range(150):
        train_step.run(feed_dict={points: data, labels: targets, K.learning_phase(): 1})
    right = accuracy(labels, preds).eval(
        feed_dict={points: data, labels: targets, K.learning_phase(): 0}
    )
assert np.mean(right) > 0.9, np.mean(right)
plain, as_in_training = (
    sess.run([x, dropped], {points: data, K.learning_phase(): phase}) for phase in (0, 1)
)
assert (plain[0] == plain[1]).all()
assert (as_in_training[1][as_in_training[0] > 0] == 0).mean() > 0.3
