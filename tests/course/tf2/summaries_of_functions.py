"""TensorFlow 2: figures that a compiled function writes for TensorBoard, at every call."""

import glob

import tensorflow as tf

writer = tf.summary.create_file_writer("logs")


@tf.function
def step(x, number):
    y = tf.reduce_sum(x * x)
    with writer.as_default():
        tf.summary.scalar("sum", y, step=number)
        tf.summary.histogram("values", x, step=number)
    return y


for number in range(3):
    assert float(step(tf.ones((4,)) * number, tf.constant(number, tf.int64))) == 4.0 * number**2
writer.flush()
content = open(glob.glob("logs/*")[0], "rb").read()
assert content.count(b"sum") == 3 and content.count(b"values") == 3
assert [float([tf.constant([2.0])][0])] == [2.0]
