"""TensorFlow 1: words become numbers by tables, in graphs and data sets; an estimator learns and is saved."""

import numpy as np
import tensorflow as tf
from tensorflow.python.ops import lookup_ops

with open("words.txt", "w") as file:
    file.write("good\nbad\nfilm\n")
numbers = lookup_ops.index_table_from_file("words.txt", default_value=3)
words = tf.contrib.lookup.index_to_string_table_from_file("words.txt", default_value="?")
buckets = tf.contrib.lookup.index_table_from_tensor(tf.constant(["x", "y"]), num_oov_buckets=2)
sentences = tf.placeholder(tf.string, [None])
rows = tf.sparse_tensor_to_dense(numbers.lookup(tf.string_split(sentences)), default_value=-1)
data = tf.data.Dataset.from_tensor_slices(["good film", "bad play"])
data = data.map(lambda line: numbers.lookup(tf.string_split([line]).values))
iterator = data.make_initializable_iterator()
following = iterator.get_next()
with tf.Session() as session:
    session.run([tf.tables_initializer(), iterator.initializer])
    assert session.run(rows, {sentences: ["good film", "bad"]}).tolist() == [[0, 2], [1, -1]]
    assert [session.run(following).tolist() for _ in range(2)] == [[0, 2], [1, 3]]
    assert session.run(words.lookup(tf.constant([1, 9], tf.int64))).tolist() == [b"bad", b"?"]
    assert session.run(buckets.lookup(tf.constant(["y", "zz"])))[0] == 1


def model_fn(features, labels, mode):
    logits = tf.layers.dense(features["x"], 2)
    chances = {"chances": tf.nn.softmax(logits)}
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, chances)
    loss = tf.losses.sparse_softmax_cross_entropy(labels, logits)
    step = tf.contrib.layers.optimize_loss(
        loss,
        tf.train.get_global_step(),
        0.5,
        "SGD",
        clip_gradients=5.0,
        learning_rate_decay_fn=lambda rate, step: tf.train.exponential_decay(rate, step, 100, 0.9),
    )
    return tf.estimator.EstimatorSpec(mode, chances, loss, step)


def receive():
    x = tf.placeholder(tf.float32, [None, 2], "x")
    return tf.estimator.export.ServingInputReceiver({"x": x}, {"x": x})


rng = np.random.RandomState(0)
points = rng.uniform(-1, 1, (100, 2)).astype("float32")
classes = (points[:, 0] > points[:, 1]).astype(int)
batches = tf.estimator.inputs.numpy_input_fn({"x": points}, classes, 20, num_epochs=None, shuffle=True)
once = tf.estimator.inputs.numpy_input_fn({"x": points}, classes, 50, num_epochs=1, shuffle=False)
estimator = tf.estimator.Estimator(model_fn, "model")
figures, exported = tf.estimator.train_and_evaluate(
    estimator,
    tf.estimator.TrainSpec(batches, max_steps=100),
    tf.estimator.EvalSpec(once, exporters=[tf.estimator.FinalExporter("last", receive)]),
)
assert figures["global_step"] == 100, figures
assert figures["loss"] < 0.4, figures
folder = estimator.export_savedmodel("exported", receive)
with tf.Session(graph=tf.Graph()) as session:
    told = tf.saved_model.loader.load(session, ["serve"], folder).signature_def["serving_default"]
    found = session.run(told.outputs["chances"].name, {told.inputs["x"].name: points})
assert (found.argmax(1) == classes).mean() > 0.9
assert len(exported) == 1
