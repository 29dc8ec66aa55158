"""A model_fn for tf.estimator: training, evaluation and prediction, from arrays and from a data set."""

import numpy as np
import tensorflow as tf

rows = np.random.RandomState(0).randn(200, 4).astype("float32")
classes = (rows[:, 0] + rows[:, 1] > 0).astype("int32")


def model_fn(features, labels, mode, params):
    net = tf.feature_column.input_layer(features, params["columns"])
    net = tf.layers.dense(net, 8, activation=tf.nn.relu)
    logits = tf.layers.dense(net, 2)
    predicted = tf.argmax(logits, 1)
    if mode == tf.estimator.ModeKeys.PREDICT:
        predictions = {"class": predicted[:, tf.newaxis], "probabilities": tf.nn.softmax(logits)}
        return tf.estimator.EstimatorSpec(mode, predictions=predictions)
    loss = tf.losses.sparse_softmax_cross_entropy(labels=labels, logits=logits)
    if mode == tf.estimator.ModeKeys.EVAL:
        accuracy = tf.metrics.accuracy(labels=labels, predictions=predicted)
        return tf.estimator.EstimatorSpec(mode, loss=loss, eval_metric_ops={"accuracy": accuracy})
    optimizer = tf.train.AdamOptimizer(0.02)
    train_op = optimizer.minimize(loss, global_step=tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)


def input_fn():
    dataset = tf.data.Dataset.from_tensor_slices(({"x": rows}, classes))
    return dataset.shuffle(200).repeat().batch(50)


columns = [tf.feature_column.numeric_column("x", shape=[4])]
estimator = tf.estimator.Estimator(model_fn, model_dir="estimator", params={"columns": columns})
estimator.train(input_fn, steps=60)
measured = tf.estimator.inputs.numpy_input_fn({"x": rows}, classes, num_epochs=1, shuffle=False)
figures = estimator.evaluate(measured)
print(figures)
assert figures["accuracy"] > 0.9
assert figures["global_step"] == 60
asked = tf.estimator.inputs.numpy_input_fn({"x": rows[:5]}, shuffle=False)
found = list(estimator.predict(asked))
assert len(found) == 5
assert found[0]["class"].shape == (1,)
assert abs(found[0]["probabilities"].sum() - 1) < 1e-5
