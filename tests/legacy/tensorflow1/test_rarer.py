"""Functions that fewer programs use, by loops in NumPy, closed forms, and TensorFlow's documentation."""

# ruff: noqa: PT009, PT027 - programs write tests with unittest

import unittest

import numpy as np
import pytest

import neurona.legacy.tensorflow as tf2
import neurona.legacy.tensorflow.v1 as tf
from neurona.legacy import imports
from neurona.legacy.tensorflow.v1.mode import Mode
from neurona.legacy.tensorflow.v1.rates import assign_moving_average

PICTURE = np.arange(1.0, 10.0, dtype="f").reshape(1, 3, 3, 1)


@pytest.fixture
def session(monkeypatch):
    monkeypatch.setattr(Mode, "draws", True)
    with tf.Graph().as_default(), tf.Session() as session:
        yield session


def test_windows_of_pictures():
    rng = np.random.RandomState(0)
    x, kernel = rng.randn(2, 5, 4, 3).astype("f"), rng.randn(2, 3, 3).astype("f")
    values, places = (one.numpy() for one in tf2.nn.max_pool_with_argmax(x, [1, 2, 2, 1], 2, "SAME"))
    np.testing.assert_allclose(values, tf2.nn.max_pool(x, 2, 2, "SAME").numpy())
    flat = x.reshape(2, -1)
    np.testing.assert_allclose(values.reshape(2, -1), np.take_along_axis(flat, places.reshape(2, -1), 1))
    batch = tf2.nn.max_pool_with_argmax(x, 2, 2, "SAME", include_batch_in_index=True)[1].numpy()
    np.testing.assert_array_equal(batch - places, np.array([0, 60])[:, None, None, None] + 0 * places)
    grown = tf2.nn.dilation2d(x, kernel, (1, 2, 1, 1), "VALID", "NHWC", (1, 1, 1, 1)).numpy()
    shrunk = tf2.nn.erosion2d(x, kernel, (1, 2, 1, 1), "VALID", "NHWC", (1, 1, 1, 1)).numpy()
    for row, column in np.ndindex(grown.shape[1:3]):
        window = x[:, 2 * row : 2 * row + 2, column : column + 3]
        np.testing.assert_allclose(grown[:, row, column], (window + kernel).max((1, 2)), rtol=1e-6)
        np.testing.assert_allclose(
            shrunk[:, row, column], (window - kernel[::-1, ::-1]).min((1, 2)), rtol=1e-6
        )
    glimpse = tf2.image.extract_glimpse(PICTURE, (2, 2), [[1, 1]], centered=False, normalized=False)
    assert glimpse.numpy().ravel().tolist() == [5, 6, 8, 9]  # TensorFlow's documentation, plus 1
    outside = tf2.image.extract_glimpse(PICTURE, (1, 3), [[1.0, 0.0]], noise="zero").numpy()
    assert outside.ravel().tolist() == [7, 8, 9]


def test_moments_with_weights_and_their_sums():
    x, weights = np.array([[1.0, 2.0], [3.0, 8.0]], "f"), np.array([[1.0], [3.0]], "f")
    mean, variance = (one.numpy() for one in tf2.nn.weighted_moments(x, [0], weights))
    np.testing.assert_allclose(mean, np.average(x, 0, weights[:, 0]))
    np.testing.assert_allclose(variance, np.average((x - mean) ** 2, 0, weights[:, 0]))
    count, total, squares, shift = tf2.nn.sufficient_statistics(x, [0])
    found = [one.numpy() for one in tf2.nn.normalize_moments(count, total, squares, shift)]
    np.testing.assert_allclose(found, [x.mean(0), x.var(0)])
    np.testing.assert_allclose(tf2.math.lbeta([2.0, 3.0]).numpy(), np.log(1 / 12), rtol=1e-6)


def test_texts_classes_and_settings_of_tensorflow_2():
    letters, places = tf2.strings.unicode_decode_with_offsets(["aé", "x"], "UTF-8")
    assert [letters.to_list(), places.to_list()] == [[[97, 233], [120]], [[0, 1], [0]]]
    true = tf2.constant([[3]], tf2.int64)
    drawn, *_ = tf2.random.log_uniform_candidate_sampler(true, 1, 4, True, 20)
    assert len(set(drawn.numpy().tolist())) == 4
    assert tf2.saved_model.PREDICT_METHOD_NAME == "tensorflow/serving/predict"
    tf2.config.experimental_run_functions_eagerly(False)
    assert not tf2.config.experimental_functions_run_eagerly()
    apart = tf2.space_to_batch(PICTURE, [3, 1], [[0, 0], [0, 0]])
    assert tf2.batch_to_space(apart, [3, 1], [[0, 0], [0, 0]]).numpy().tolist() == PICTURE.tolist()
    assert issubclass(tf2.keras.Model, tf2.Module)
    assert not issubclass(tf2.Module, tf2.keras.Model)


def test_rates_that_begin_anew(session):
    restarts = [tf.train.cosine_decay_restarts(0.1, step, 10, m_mul=0.5) for step in (0, 5, 10, 20, 30)]
    linear = tf.train.linear_cosine_decay(0.1, 5, 10)
    np.testing.assert_allclose(session.run(restarts), [0.1, 0.05, 0.05, 0.025, 0.025], rtol=1e-5)
    np.testing.assert_allclose(session.run(linear), 0.1 * (0.5 * 0.5 + 0.001), rtol=1e-5)


def test_averages_that_move_without_their_beginning(session):
    from_zero = tf.get_variable("plain", [], initializer=tf.zeros_initializer(), trainable=False)
    corrected = tf.get_variable("corrected", [], initializer=tf.zeros_initializer(), trainable=False)
    value = tf.placeholder(tf.float32, [])
    steps = [
        assign_moving_average(from_zero, value, 0.9, zero_debias=False),
        assign_moving_average(corrected, value, 0.9),
    ]
    session.run(tf.global_variables_initializer())
    for given, plain in ((2.0, 0.2), (4.0, 0.58)):
        session.run(steps, {value: given})
        np.testing.assert_allclose(session.run(from_zero), plain, rtol=1e-5)
    np.testing.assert_allclose(session.run(corrected), 0.58 / (1 - 0.9**2), rtol=1e-5)


def test_modules_that_programs_import_by_their_inner_paths():
    for face in ("neurona.legacy.tensorflow", "neurona.legacy.tensorflow.v1"):
        assert imports.find(f"{face}.python.util.nest").flatten([1, [2]]) == [1, 2]
        assert imports.find(f"{face}.python.ops.array_ops").constant is not None
        assert imports.find(f"{face}.python.training.moving_averages") is not None


def test_figures_of_ranks_and_thresholds(session):
    scores, classes = [[0.1, 0.7, 0.2], [0.5, 0.3, 0.2]], np.array([[1], [2]])
    labels, chances = np.array([[1, 0, 1]]), np.array([[0.9, 0.8, 0.1]])
    pairs = [
        tf.metrics.recall_at_k(classes, scores, 2),
        tf.metrics.precision_at_k(classes, scores, 2),
        tf.metrics.precision_at_thresholds(labels, chances, [0.5, 0.05]),
        tf.metrics.recall_at_thresholds(labels, chances, [0.5, 0.05]),
        tf.metrics.mean_cosine_distance([[1.0, 0.0]], [[0.0, 1.0]], 1),
        tf.metrics.mean_relative_error([1.0, 2.0], [2.0, 4.0], [2.0, 0.0]),
        tf.metrics.percentage_below([1.0, 2.0, 3.0], 2.5),
        tf.metrics.mean_tensor([1.0, 4.0]),
    ]
    session.run(tf.local_variables_initializer())
    for _ in range(2):
        session.run([update for _, update in pairs])
    found = session.run([value for value, _ in pairs])
    expected = [0.5, 0.25, [0.5, 2 / 3], [0.5, 1], 1, 0.25, 2 / 3, [1, 4]]
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5)


def test_variables_begin_with_the_values_of_a_file(tmp_path, session):
    with tf.variable_scope("old"):
        weights = [tf.get_variable(name, [2], initializer=tf.ones_initializer()) for name in "ab"]
    session.run(tf.global_variables_initializer())
    session.run([weights[0].assign([3.0, 4.0]), weights[1].assign([5.0, 6.0])])
    path = tf.train.Saver().save(session, tmp_path / "values")
    with tf.Graph().as_default(), tf.Session() as other:
        with tf.variable_scope("new"):
            mine = [tf.get_variable(name, [2]) for name in "ab"]
        further = tf.get_variable("c", [3], initializer=tf.zeros_initializer())
        tf.train.init_from_checkpoint(path, {"old/": "new/"})
        with pytest.raises(ValueError, match="not found in the checkpoint"):
            tf.train.init_from_checkpoint(path, {"other": mine[0]})
        with pytest.raises(ValueError, match="doesn't match"):
            tf.train.init_from_checkpoint(path, {"old/a": further})
        other.run(tf.global_variables_initializer())
        assert other.run([*mine, further])[1].tolist() == [5, 6]
        assert next(tf.train.checkpoints_iterator(tmp_path, timeout=0)) == path
        tf.train.remove_checkpoint(path)
        assert not list(tf.train.checkpoints_iterator(tmp_path, timeout=0))


def test_sparse_tensors_of_graphs_are_turned_and_joined(session):
    given = tf.sparse_placeholder(tf.float32)
    steps = [
        tf.sparse.to_dense(tf.sparse.transpose(given)),
        tf.sparse_tensor_to_dense(tf.sparse_concat(0, [given, given])),
        tf.sparse.to_dense(tf.sparse_retain(given, [True, False])),
        tf.sparse.reduce_sum(given),
    ]
    value = tf.SparseTensorValue([[0, 0], [1, 2]], [1.0, 2.0], [2, 3])
    dense = np.array([[1, 0, 0], [0, 0, 2]])
    found = session.run(steps, {given: value})
    for one, other in zip(
        found, [dense.T, np.vstack([dense, dense]), [[1, 0, 0], [0, 0, 0]], 3], strict=True
    ):
        np.testing.assert_allclose(one, other)


def test_older_names_of_steps(session):
    x = tf.constant(PICTURE)
    patches = tf.extract_image_patches(
        x, ksizes=[1, 2, 2, 1], strides=[1] * 4, rates=[1] * 4, padding="VALID"
    )
    blocks = tf.batch_to_space(tf.space_to_batch(x, [[0, 1], [0, 1]], 2), [[0, 1], [0, 1]], 2)
    slope = tf.nn.conv2d_backprop_input(
        [1, 4, 4, 1], tf.ones([3, 3, 1, 1]), tf.ones([1, 4, 4, 1]), [1] * 4, "SAME"
    )
    steps = [patches[0, 1, 1], blocks, tf.reduce_sum(slope), tf.clip_by_average_norm([3.0, 4.0], 1.0)]
    found = session.run(steps)
    for one, other in zip(found, [[5, 6, 8, 9], PICTURE, 100, [1.2, 1.6]], strict=True):
        np.testing.assert_allclose(one, other)
    told = tf.saved_model.signature_def_utils.classification_signature_def(x, None, x)
    assert [told.method_name, list(told.outputs)] == ["tensorflow/serving/classify", ["scores"]]
    assert tf.saved_model.utils.get_tensor_from_tensor_info(told.inputs["inputs"]) is x
    with pytest.raises(TypeError, match="integer type"):
        tf.assert_integer(x)


def test_chosen_elements_of_sparse_tensors_keep_gradients(session):
    # The numbers are those of TensorFlow 2.21.
    values = tf.Variable([1.0, 2.0, 3.0])
    whole = tf.SparseTensor(tf.constant([[0, 0], [1, 1], [1, 2]], tf.int64), values * 1.0, [2, 3])
    chosen = tf.sparse_retain(whole, [True, False, True]) * tf.constant([2.0])
    product = tf.sparse_tensor_dense_matmul(chosen, tf.ones([3, 2]))
    session.run(tf.global_variables_initializer())
    assert session.run(product).tolist() == [[2, 2], [6, 6]]
    assert session.run(tf.gradients(product, values)[0]).tolist() == [4, 0, 4]
    assert session.run(tf.sparse_tensor_to_dense(chosen, -1.0)).tolist() == [[2, -1, -1], [-1, -1, 6]]
    indices, kept, shape = session.run(chosen)
    assert (indices.tolist(), kept.tolist(), shape.tolist()) == ([[0, 0], [1, 2]], [2, 6], [2, 3])
    fed = tf.sparse_placeholder(tf.float32)  # of any rank
    feed = {fed: tf.SparseTensorValue([[0], [2]], [1.0, 3.0], [4])}
    dense = tf.sparse_tensor_to_dense(tf.sparse_retain(fed, fed.values > 1))
    assert session.run(dense, feed).tolist() == [0, 0, 3, 0]


def test_tests_of_programs(monkeypatch):
    monkeypatch.setattr(Mode, "draws", True)

    class Test(tf.test.TestCase):
        def test_assertions(self):
            fed = tf.placeholder(tf.float32, [None])
            with self.test_session() as inner:
                self.assertIs(tf.get_default_session(), inner)
                self.assertAllClose(tf.constant([1.0, 2.0]), [1, 2.0000001])
                self.assertAllClose({"a": [1.0]}, {"a": np.ones(1)})
                self.assertNotAllClose([1.0], [1.1])
                self.assertAllEqual(inner.run(fed * 2, {fed: [1.0]}), [2])
                self.assertShapeEqual(np.ones([2, 3]), tf.zeros([2, 3]))
                self.assertEqual(self.evaluate(tf.constant(3)), 3)
                self.assertDTypeEqual(tf.constant(1), tf.int32)
                self.assertAllInRange([1, 2], 1, 2)
                self.assertAllInSet(tf.constant([1, 2]), {1, 2, 3})
                self.assertNear(1.0, 1.001, 0.01)
                self.assertArrayNear([1.0], [1.001], 0.01)
                with self.assertRaisesOpError("must feed a value"):
                    fed.eval()

        def test_failures(self):
            with self.assertRaises(AssertionError):
                self.assertAllClose([1.0], [1.1])
            with self.assertRaises(AssertionError):
                self.assertAllInRange([3], 1, 2)

    result = unittest.TestResult()
    unittest.defaultTestLoader.loadTestsFromTestCase(Test).run(result)
    assert not result.errors + result.failures, result.errors + result.failures
    assert (result.testsRun, len(result.skipped)) == (3, 1)
