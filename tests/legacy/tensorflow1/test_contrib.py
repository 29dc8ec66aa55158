"""`tf.contrib`'s estimators with monitors, pictures, cells of convolutions and losses of embeddings."""

from typing import Any

import numpy as np
import pytest
import scipy.ndimage

import neurona.legacy.tensorflow as tf2
import neurona.legacy.tensorflow.v1 as tf
from neurona.legacy.tensorflow.v1.age import looks_like_one
from neurona.legacy.tensorflow.v1.mode import Mode

RNG = np.random.RandomState(0)
ROWS = RNG.rand(80, 3).astype("f")
CLASSES = (ROWS[:, 0] > 0.5).astype("int64")
learn = tf.contrib.learn


@pytest.fixture
def session(monkeypatch):
    monkeypatch.setattr(Mode, "draws", True)
    with tf.Graph().as_default(), tf.Session() as session:
        yield session


def classifier(features, labels, mode, params):
    logits = tf.layers.dense(features, 2)
    classes = {"classes": tf.argmax(logits, 1), "logits": logits}
    loss = tf.losses.sparse_softmax_cross_entropy(labels, logits)  # prediction draws it too
    step = tf.train.GradientDescentOptimizer(params["rate"]).minimize(
        loss, tf.contrib.framework.get_global_step()
    )
    return learn.ModelFnOps(mode, classes, loss, step)


def test_an_estimator_of_contrib_learns_and_is_measured(session, tmp_path):
    made = learn.Estimator(classifier, model_dir=str(tmp_path), params={"rate": 1.0})
    made.fit(ROWS, CLASSES, steps=60)
    spec = learn.MetricSpec(tf.metrics.accuracy, prediction_key="classes")
    older = {("share", "classes"): tf.contrib.metrics.streaming_accuracy}
    figures = made.evaluate(ROWS, CLASSES, metrics={"accuracy": spec, **older})
    predicted = np.array([row["classes"] for row in made.predict(ROWS)])
    assert figures["accuracy"] == figures["share"] == pytest.approx((predicted == CLASSES).mean())
    assert figures["accuracy"] > 0.85
    assert "share" not in made.evaluate(ROWS, CLASSES)


def test_a_monitor_measures_and_stops(session, tmp_path):
    columns = [tf.contrib.layers.real_valued_column("", dimension=3)]
    made = learn.LinearClassifier(columns, model_dir=str(tmp_path))
    spec = learn.MetricSpec(tf.contrib.metrics.streaming_recall, prediction_key=learn.PredictionKey.CLASSES)
    monitor = learn.monitors.ValidationMonitor(
        ROWS, CLASSES, every_n_steps=5, metrics={"recall": spec}, early_stopping_metric="global_step",
        early_stopping_metric_minimize=True, early_stopping_rounds=10,
    )  # fmt: skip
    made.fit(ROWS, CLASSES, steps=50, monitors=[monitor])
    assert (monitor.best_step, monitor.early_stopped) == (5, True)  # the step only grows
    assert made.evaluate(ROWS, CLASSES)["global_step"] == 15


def test_an_experiment_is_run(session, tmp_path):
    def data():
        return {"x": tf.constant(ROWS)}, tf.constant(CLASSES)

    def made(folder):
        columns = [tf.contrib.layers.real_valued_column("x", dimension=3)]
        model = learn.LinearClassifier(columns, model_dir=folder)
        return learn.Experiment(model, data, data, train_steps=3, eval_steps=1)

    figures, _ = learn.learn_runner.run(made, str(tmp_path))
    assert figures["global_step"] == 3


def test_pictures_are_turned_and_moved(session):
    pictures = RNG.rand(2, 5, 6, 1).astype("f")
    x = tf.placeholder(tf.float32, [2, 5, 6, 1])
    image = tf.contrib.image
    quarter, moved, between = session.run(
        [
            image.rotate(x[:, :, :5], np.pi / 2),
            image.translate(x, [[1.0, 2.0], [0.0, -1.0]]),
            image.rotate(x[0, :, :, 0], 0.4, "BILINEAR"),
        ],
        {x: pictures},
    )
    np.testing.assert_array_equal(quarter, np.rot90(pictures[:, :, :5], axes=(1, 2)))
    np.testing.assert_array_equal(moved[0, 2:, 1:], pictures[0, :-2, :-1])
    assert not moved[0, :2].any()
    np.testing.assert_array_equal(moved[1, :-1], pictures[1, 1:])
    middle = np.array([2.0, 2.5])
    matrix = np.array([[np.cos(0.4), np.sin(0.4)], [-np.sin(0.4), np.cos(0.4)]])
    turned: Any = scipy.ndimage.affine_transform
    wanted = turned(pictures[0, :, :, 0], matrix, middle - matrix @ middle, order=1, mode="grid-constant")
    np.testing.assert_allclose(between, wanted, atol=1e-5)


def test_a_cell_of_convolutions_is_keras_layer(session, monkeypatch):
    x = RNG.randn(2, 3, 4, 4, 2).astype("f")
    cell = tf.contrib.rnn.Conv2DLSTMCell([4, 4, 2], 3, [3, 3], forget_bias=0.0)
    outputs, state = tf.nn.dynamic_rnn(cell, tf.constant(x), dtype=tf.float32)
    assert (outputs.shape.as_list(), state.c.shape.as_list()) == ([2, 3, 4, 4, 3], [2, 4, 4, 3])
    session.run(tf.global_variables_initializer())
    found, kernel = session.run([outputs, tf.trainable_variables()[0]])
    monkeypatch.setattr(Mode, "draws", False)
    layer = tf2.keras.layers.ConvLSTM2D(
        3, 3, padding="same", recurrent_activation="sigmoid", return_sequences=True
    )
    layer.build((2, 3, 4, 4, 2))
    gates = kernel.reshape(3, 3, 5, 4, 3)[:, :, :, [0, 2, 1, 3]].reshape(
        3, 3, 5, 12
    )  # i, j, f, o -> i, f, c, o
    layer.set_weights([gates[:, :, :2], gates[:, :, 2:], np.zeros(12, "f")])
    np.testing.assert_allclose(found, np.asarray(layer(x)), atol=1e-5)


def test_triplets_are_semihard():
    embeddings, labels = RNG.randn(8, 3).astype("f"), np.array([0, 0, 1, 1, 2, 2, 0, 1])
    distances = ((embeddings[:, None] - embeddings[None]) ** 2).sum(-1)
    losses = []
    for anchor, positive in np.ndindex(8, 8):
        if anchor == positive or labels[anchor] != labels[positive]:
            continue
        negatives = distances[anchor, labels != labels[anchor]]
        further = negatives[negatives > distances[anchor, positive]]
        chosen = further.min() if further.size else negatives.max()
        losses.append(max(0, 0.5 + distances[anchor, positive] - chosen))
    loss = tf.contrib.losses.metric_learning.triplet_semihard_loss
    np.testing.assert_allclose(loss(labels, embeddings, 0.5).numpy(), np.mean(losses), rtol=1e-5)


def test_summaries_of_contrib_are_of_tensorflow_1():
    assert looks_like_one("tf.placeholder(tf.float32); tf.contrib.summary.create_file_writer('x')")
    assert not looks_like_one("tf.layers.dense; tf.summary.create_file_writer('x')")


def test_a_baseline_learns_the_mean_of_the_labels(session, tmp_path):
    rows, labels = {"x": np.zeros((4, 1), "f")}, np.array([1.0, 2, 3, 6], "f")
    made = tf.estimator.BaselineRegressor(model_dir=str(tmp_path), optimizer=tf.train.AdagradOptimizer(2.0))

    def data():
        return tf.data.Dataset.from_tensor_slices((rows, labels)).repeat(40).batch(4)

    made.train(data)
    assert made.evaluate(data)["prediction/mean"] == pytest.approx(3, abs=0.05)


def test_transforms_are_composed_by_their_matrices(session):
    first, second = RNG.rand(8).astype("f"), RNG.rand(2, 8).astype("f")
    found = session.run(tf.contrib.image.compose_transforms(tf.constant(first), tf.constant(second)))
    product = np.append(first, 1).reshape(3, 3) @ np.append(second[1], 1).reshape(3, 3)
    np.testing.assert_allclose(found[1], (product / product[2, 2]).ravel()[:8], rtol=1e-5)


def test_constants_in_the_code_of_a_layer_are_numbers():
    def scaled(x):
        factors = tf.tile(tf.constant([[1.0, 2.0]]), [tf.shape(x)[0], 1])
        return tf.where(tf.greater(x[:, 0], 0), x * factors, x)

    model = tf.keras.Sequential([tf.keras.layers.Lambda(scaled, input_shape=(2,))])
    found = model.predict(np.array([[1.0, 1.0], [-1.0, 1.0], [-2.0, 3.0]], "f"), verbose=0)
    np.testing.assert_array_equal(np.asarray(found), [[1, 2], [-1, 1], [-2, 3]])
