"""tf.layers and tf.contrib.layers: batch normalization's updates, dropout's switch, losses and flags."""

import numpy as np
import tensorflow as tf

flags = tf.app.flags
flags.DEFINE_integer("steps", 60, "Steps.")
flags.DEFINE_float("rate", 0.01, "Learning rate.")
flags.DEFINE_boolean("verbose", False, "Say more.")
FLAGS = flags.FLAGS


def model_fn(images, is_training):
    net = tf.layers.conv2d(images, filters=4, kernel_size=[3, 3], padding="same", activation=tf.nn.relu)
    net = tf.layers.max_pooling2d(net, pool_size=[2, 2], strides=2)
    net = tf.layers.batch_normalization(net, training=is_training)
    net = tf.contrib.layers.flatten(net)
    net = tf.contrib.layers.fully_connected(
        net, 16, weights_initializer=tf.contrib.layers.xavier_initializer()
    )
    net = tf.layers.dropout(net, rate=0.2, training=is_training)
    return tf.layers.dense(inputs=net, units=3, name="logits")


def main(_):
    tf.logging.set_verbosity(tf.logging.ERROR)
    rng = np.random.RandomState(0)
    labels = rng.randint(0, 3, 96)
    images = rng.randn(96, 8, 8, 1) * 0.3
    for row, label in enumerate(labels):
        images[row, label * 2 : label * 2 + 2] += 1
    x = tf.placeholder(tf.float32, [None, 8, 8, 1])
    y = tf.placeholder(tf.int64, [None])
    training = tf.placeholder(tf.bool, name="training")
    logits = model_fn(x, training)
    loss = tf.losses.sparse_softmax_cross_entropy(labels=y, logits=logits)
    global_step = tf.train.get_or_create_global_step()
    rate = tf.train.exponential_decay(FLAGS.rate, global_step, 20, 0.9, staircase=True)
    update_ops = tf.get_collection(tf.GraphKeys.UPDATE_OPS)
    assert len(update_ops) == 2
    with tf.control_dependencies(update_ops):
        optimizer = tf.train.MomentumOptimizer(rate, momentum=0.9, use_nesterov=True)
        gradients = optimizer.compute_gradients(loss)
        clipped = [(tf.clip_by_value(g, -1.0, 1.0), v) for g, v in gradients]
        train = optimizer.apply_gradients(clipped, global_step=global_step)
    accuracy, update = tf.metrics.accuracy(labels=y, predictions=tf.argmax(logits, 1))
    names = [v.name for v in tf.trainable_variables()]
    assert names[:4] == [
        "conv2d/kernel:0",
        "conv2d/bias:0",
        "batch_normalization/gamma:0",
        "batch_normalization/beta:0",
    ]
    assert "fully_connected/weights:0" in names and "logits/bias:0" in names, names
    with tf.Session() as sess:
        sess.run([tf.global_variables_initializer(), tf.local_variables_initializer()])
        moving = tf.get_default_graph().get_tensor_by_name("batch_normalization/moving_mean:0")
        for _ in range(FLAGS.steps):
            sess.run(train, {x: images, y: labels, training: True})
        assert abs(sess.run(rate) - 0.01 * 0.9**3) < 1e-7
        assert sess.run(global_step) == FLAGS.steps
        assert np.abs(sess.run(moving)).max() > 0.05
        sess.run(update, {x: images, y: labels, training: False})
        found = sess.run(accuracy)
        print("accuracy", found)
        same = [sess.run(logits, {x: images[:2], training: False}) for _ in range(2)]
        np.testing.assert_array_equal(*same)
    assert found > 0.9, found


if __name__ == "__main__":
    tf.app.run()
