"""`tf.contrib.slim` with checkpoints and figures, and the optimizers of `tf.contrib.opt`."""

import numpy as np
import pytest
from scipy.optimize import rosen

import neurona.legacy.tensorflow.v1 as tf
from neurona.legacy.tensorflow.v1.contrib import opt, slim

X = np.random.default_rng(0).normal(size=(3, 6, 6, 4)).astype("f")


@pytest.fixture(autouse=True)
def graph():
    with tf.Graph().as_default() as graph:
        yield graph


def network(x, **options):
    with tf.variable_scope("net"), slim.arg_scope([slim.separable_conv2d], padding="VALID", **options):
        x = slim.separable_conv2d(x, 5, 3, depth_multiplier=2, scope="one")
        return slim.separable_conv2d(x, None, [2, 2], stride=2, activation_fn=None, scope="two")


def saved(folder):
    with tf.Graph().as_default(), tf.Session() as session:
        outputs = network(tf.constant(X), biases_initializer=tf.ones_initializer())
        session.run(tf.global_variables_initializer())
        return tf.train.Saver().save(session, str(folder / "model")), session.run(outputs)


def test_separable_convolutions_and_their_variables():
    outputs = network(tf.constant(X))
    assert outputs.shape.as_list() == [3, 2, 2, 5]
    for layer in (slim.conv2d, slim.separable_conv2d):
        with pytest.raises(ValueError, match="data_format is NHWC"):
            layer(tf.constant(X), 2, 3, data_format="NCHW")
    shapes = {one.op.name: one.shape.as_list() for one in slim.get_model_variables()}
    assert shapes == {
        "net/one/depthwise_weights": [3, 3, 4, 2],
        "net/one/pointwise_weights": [1, 1, 8, 5],
        "net/one/biases": [5],
        "net/two/depthwise_weights": [2, 2, 5, 1],
        "net/two/biases": [5],
    }
    assert [one.op.name for one in slim.get_variables_by_name("biases")] == [
        "net/one/biases",
        "net/two/biases",
    ]
    assert slim.get_variables_to_restore(["net/two"], ["net/two/biases"]) == [
        slim.get_unique_variable("net/two/depthwise_weights")
    ]
    kept = slim.filter_variables(slim.get_variables(), ["one"], ["depthwise", "biases"])
    assert [one.op.name for one in kept] == ["net/one/pointwise_weights"]


def test_normalizations_by_their_formulas():
    normalized = slim.instance_norm(tf.constant(X), activation_fn=tf.nn.relu)
    vectors = slim.unit_norm(tf.constant(X), dim=3)
    shares = slim.softmax(tf.constant(X))
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        found = session.run([normalized, vectors, shares])
    mean, deviation = X.mean((1, 2), keepdims=True), X.std((1, 2), keepdims=True)
    np.testing.assert_allclose(found[0], np.maximum((X - mean) / deviation, 0), atol=1e-4)
    np.testing.assert_allclose(np.linalg.norm(found[1], axis=3), 1, atol=1e-4)
    np.testing.assert_allclose(found[2], np.exp(X) / np.exp(X).sum(3, keepdims=True), rtol=1e-5)


def test_variables_take_the_values_of_a_checkpoint(tmp_path):
    path, expected = saved(tmp_path)
    outputs = network(tf.constant(X))
    tf.get_variable("other", [2])
    with pytest.raises(ValueError, match="no variable 'other'"):
        slim.assign_from_checkpoint(path, slim.get_variables())
    restore = slim.assign_from_checkpoint_fn(path, slim.get_variables(), ignore_missing_vars=True)
    step, feed = slim.assign_from_checkpoint(path, slim.get_variables(), ignore_missing_vars=True)
    assert restore is not None
    for give in (restore, lambda session: session.run(step, feed)):
        with tf.Session() as session:
            session.run(tf.global_variables_initializer())
            give(session)
            np.testing.assert_allclose(session.run(outputs), expected, rtol=1e-6)
    with tf.Session() as session:
        slim.assign_from_values_fn({"other": [3.0, 4.0]})(session)
        assert session.run(slim.get_unique_variable("other")).tolist() == [3, 4]
    assert slim.assign_from_checkpoint_fn(path, slim.get_variables("other"), True) is None


def test_figures_with_the_variables_of_a_checkpoint(tmp_path):
    path, expected = saved(tmp_path)
    guesses = tf.argmax(tf.reshape(network(tf.constant(X)), [-1, 5]), 1)
    labels = expected.reshape(-1, 5).argmax(1)
    labels[0] += 1
    values, updates = slim.metrics.aggregate_metric_map(
        {
            "accuracy": slim.metrics.streaming_accuracy(guesses, labels),
            "mean": slim.metrics.streaming_mean(guesses),
        }
    )
    found = slim.evaluation.evaluate_once(
        "", path, None, num_evals=2, eval_op=list(updates.values()), final_op=values
    )
    np.testing.assert_allclose(found["accuracy"], 11 / 12, rtol=1e-6)
    again = slim.evaluation.evaluation_loop(
        "", str(tmp_path), None, eval_op=list(updates.values()), final_op=values, max_number_of_evaluations=1
    )
    assert again == found
    assert slim.evaluation.wait_for_new_checkpoint(str(tmp_path), path, timeout=0) is None


def test_scipy_makes_a_graphs_loss_small():
    xs = [tf.Variable(np.full(2, -1.0), dtype=tf.float64), tf.Variable(0.5, dtype=tf.float64)]
    x = tf.concat([xs[0], xs[1][None]], 0)
    loss = tf.reduce_sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)
    seen: list[float] = []
    optimizer = opt.ScipyOptimizerInterface(loss, method="L-BFGS-B", options={"maxiter": 200})
    bounded = opt.ScipyOptimizerInterface(loss, var_to_bounds={xs[0]: (-2.0, [0.5, 3.0])})
    limited = opt.ScipyOptimizerInterface(loss, equalities=[xs[1] - 2], inequalities=[3 - xs[0][0]])
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        np.testing.assert_allclose(session.run(loss), rosen([-1, -1, 0.5]))
        optimizer.minimize(session, fetches=[loss], loss_callback=seen.append)
        np.testing.assert_allclose(session.run(x), 1, atol=1e-4)
        assert seen[-1] < 1e-8 < seen[0]
        bounded.minimize(session)
        np.testing.assert_allclose(session.run(x)[0], 0.5)
        limited.minimize(session)
        np.testing.assert_allclose(session.run(xs[1]), 2)


def test_relatives_of_adam_by_their_formulas():
    slope, rate, decay = np.array([0.5, -2.0]), 0.1, 0.01
    rules = {"nadam": opt.NadamOptimizer(rate), "adamw": opt.AdamWOptimizer(decay, rate)}
    for name, rule in rules.items():
        variable = tf.Variable([1.0, 2.0])
        step = rule.minimize(tf.reduce_sum(variable * slope.astype("f")), var_list=[variable])
        value, m, v = np.array([1.0, 2.0]), 0.0, 0.0
        with tf.Session() as session:
            session.run(tf.global_variables_initializer())
            for count in (1, 2, 3):
                session.run(step)
                m, v = 0.9 * m + 0.1 * slope, 0.999 * v + 0.001 * slope**2
                used = 0.1 * slope + 0.9 * m if name == "nadam" else m
                corrected = rate * np.sqrt(1 - 0.999**count) / (1 - 0.9**count)
                value = value - corrected * used / (np.sqrt(v) + 1e-8) - (name == "adamw") * decay * value
            np.testing.assert_allclose(session.run(variable), value, rtol=1e-5)


def test_steps_are_told_of_while_learning(tmp_path, caplog):
    tf.logging.set_verbosity(tf.logging.INFO)
    assert callable(tf.log)  # the function has the name of the module of messages
    variable = tf.get_variable("v", initializer=3.0)
    step = slim.learning.create_train_op(variable**2, tf.train.GradientDescentOptimizer(0.1))
    last = slim.learning.train(step, str(tmp_path), number_of_steps=2, log_every_n_steps=1)
    np.testing.assert_allclose(last, 2.4**2, rtol=1e-5)
    assert "global step 2: loss = 5.7600" in caplog.messages
