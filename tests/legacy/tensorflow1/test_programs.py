"""What programs of TensorFlow 1 rely on beside numbers: names, states, errors, files."""

import subprocess
import sys

import numpy as np
import pytest

import neurona.legacy.tensorflow.v1 as tf
from neurona.legacy.tensorflow.v1.contrib.framework import add_arg_scope, arg_scope
from neurona.legacy.tensorflow.v1.examples import DataSet


@pytest.fixture(autouse=True)
def graph():
    with tf.Graph().as_default() as graph:
        yield graph


@pytest.fixture
def session():
    with tf.Session() as session:
        yield session


def test_the_style_of_a_program_is_seen_in_its_text():
    one = ["x = tf.placeholder(tf.float32)", "from tensorflow.examples.tutorials.mnist import input_data",
           "tf.app.run()", "w = tf.get_variable('w', [2])", "from tensorflow.contrib import rnn"]  # fmt: skip
    one += [
        "tf.keras.optimizers.Adam(); tf.Session()",
        "tf.random.normal([2])\n  x = tf.placeholder(tf.float32)",
    ]
    two = ["import tensorflow as tf; tf.constant(1)", "with tf.GradientTape() as t: tf.layers.dense",
           "import tensorflow.compat.v1 as tf; tf.disable_v2_behavior(); tf.placeholder(1)",
           "# as tf.Session()\ntf.summary.scalar('a', tf.random.normal([]))"]  # fmt: skip
    assert all(map(tf.looks_like_one, one))
    assert not any(map(tf.looks_like_one, two))


def test_old_names_and_orders_of_arguments(session):
    a, b = tf.constant([[1.0, 2.0]]), tf.constant([[3.0, 5.0]])
    cases = [
        (tf.mul(a, b), [[3, 10]]),
        (tf.sub(b, a), [[2, 3]]),
        (tf.neg(a), [[-1, -2]]),
        (tf.concat(0, [a, b]), [[1, 2], [3, 5]]),
        (tf.concat([a, b], 1), [[1, 2, 3, 5]]),
        (tf.pack([a, b])[1], [[3, 5]]),
        (tf.split(1, 2, a)[1], [[2]]),
        (tf.reduce_sum(a, reduction_indices=1, keep_dims=True), [[3]]),
        (tf.expand_dims(a, dim=0)[0], [[1, 2]]),
        (tf.to_int32(b), [[3, 5]]),
        (tf.select([True], a, b), [[1, 2]]),
        (tf.div(7, 2), 3),
        (tf.argmax(b, dimension=1), [1]),
        (tf.nn.softmax(a, dim=0), [[1, 1]]),
        (tf.cast(a, tf.int64), [[1, 2]]),
        (tf.sparse_to_dense([1, 3], [4], [5, 6]), [0, 5, 0, 6]),
        (tf.gather_nd(b, [[0, 1]]), [5]),
        (tf.boolean_mask([1, 2, 3], [True, False, True]), [1, 3]),
        (tf.where([False, True]), [[1]]),
    ]
    for (tensor, expected), found in zip(cases, session.run([one for one, _ in cases]), strict=True):
        np.testing.assert_array_equal(found, expected, err_msg=str(tensor))
    assert session.run(tf.argmax(b, 1)).dtype == np.int64


def test_a_run_fetches_structures_and_feeds_any_tensor(session):
    x = tf.placeholder(tf.float32, [None], name="x")
    y = x * 2
    z = y + 1
    assert session.run({"a": z, "b": [y, (x,)]}, {x: [1]})["b"][1][0].tolist() == [1]
    assert session.run(z, {y: [10]}).tolist() == [11]
    assert session.run("add:0", {"x:0": [3]}).tolist() == [7]
    for fetch, feed, error, text in [
        (z, {}, tf.errors.InvalidArgumentError, "must feed a value for placeholder"),
        (z, {x: [[1]]}, ValueError, "Cannot feed value of shape"),
        (z, {x: "a"}, ValueError, "Cannot feed"),
        (z, {"q:0": 1}, KeyError, "q"),
        (3, {}, TypeError, "Fetch argument 3"),
        (z, {x: z}, TypeError, "cannot be a tf.Tensor"),
        (tf.Variable(1.0, name="v"), {}, tf.errors.FailedPreconditionError, "uninitialized value v"),
    ]:
        with pytest.raises(error, match=text):
            session.run(fetch, feed)
    with pytest.raises(TypeError, match="as a Python `bool`"):
        bool(z > 1)
    with pytest.raises(NotImplementedError, match=r"session\.run"):
        np.sum(z)


def test_sessions_have_values_of_their_own_and_steps_their_order():
    v = tf.Variable(1.0)
    w = tf.Variable(v.initialized_value() * 2)
    up = tf.assign_add(v, 1.0)
    with tf.control_dependencies([up]):
        after = tf.identity(v)
    first, second = tf.Session(), tf.Session()
    for one in (first, second):
        one.run(tf.global_variables_initializer())
    assert first.run([after, v * 1, w]) == [2, 1, 2]
    assert first.run(up) == 3
    assert second.run(v) == 1
    v.load(7.0, second)
    assert v.eval(second) == 7
    assert second.run(tf.report_uninitialized_variables()).tolist() == []


def test_random_numbers_follow_the_seed():
    tf.set_random_seed(3)
    draw = tf.random_normal([2])
    runs = []
    for _ in range(2):
        with tf.Session() as one:
            runs.append([one.run(draw), one.run(draw)])
    np.testing.assert_array_equal(runs[0], runs[1])
    assert (runs[0][0] != runs[0][1]).all()


def test_gradients_of_any_tensors(session):
    x = tf.constant(3.0)
    y = x * x
    z = tf.stop_gradient(y) * x
    found = tf.gradients(y + z, [x, y])
    assert session.run(found) == [15, 1]
    assert tf.gradients(y, tf.constant(1.0)) == [None]
    (second,) = tf.gradients(tf.gradients(y * x, x)[0], x)
    assert session.run(second) == 18
    with pytest.raises(ValueError, match="No variables"):
        tf.train.AdamOptimizer().minimize(y)


def test_shapes_that_depend_on_fed_values(session):
    n, x = tf.placeholder(tf.int32, []), tf.placeholder(tf.float32, [None, 4])
    zeros = tf.zeros([n, 2])
    folded = tf.reshape(x, [tf.shape(x)[0] * 2, -1])
    assert zeros.get_shape().as_list() == [None, 2]
    assert folded.get_shape().as_list() == [None, 2]
    assert session.run(zeros, {n: 3}).shape == (3, 2)
    assert session.run(zeros, {n: 1}).shape == (1, 2)
    assert session.run(folded, {x: np.ones((3, 4))}).shape == (6, 2)
    assert session.run(tf.range(n), {n: 3}).tolist() == [0, 1, 2]
    assert x.get_shape()[1].value == 4
    assert str(x).startswith('Tensor("Placeholder_1:0", shape=(')


def test_what_is_not_here_says_so():
    for call, text in [
        (lambda: tf.contrib.learn.SVM, "tf.estimator"),
        (lambda: tf.estimator.BoostedTreesEstimator, "tf.keras"),
        (lambda: tf.train.import_meta_graph("a.meta"), "Build the graph"),
        (lambda: tf.count_up_to(None, 3), "tf.data"),
        (lambda: tf.contrib.tensor_forest.ForestHParams(), "RandomForestClassifier"),
        (lambda: tf.nn.static_state_saving_rnn(), "dynamic_rnn"),
        (lambda: tf.Session("grpc://a"), "this process"),
        (lambda: tf.plaseholder, "placeholder"),
    ]:
        with pytest.raises((AttributeError, NotImplementedError), match=text):
            call()


def test_arg_scope_gives_defaults(session):
    @add_arg_scope
    def scaled(x, by=1):
        return x * by

    with arg_scope([scaled], by=3):
        assert scaled(2) == 6
        assert scaled(2, by=4) == 8
    assert scaled(2) == 2


def test_python_in_a_graph(session, capsys):
    x = tf.placeholder(tf.float32, [None])
    doubled = tf.py_func(lambda a: a * 2, [x], tf.float32)
    assert session.run(doubled + 1, {x: [1, 2]}).tolist() == [3, 5]
    session.run(tf.Print(x, [tf.reduce_sum(x)], "sum: "), {x: [1, 2]})
    assert "sum: [3.0]" in capsys.readouterr().out


def test_batches_go_through_all_rows():
    rows = DataSet(np.arange(10).reshape(10, 1, 1, 1).astype("uint8"), np.arange(10))
    first = np.concatenate([rows.next_batch(4)[1] for _ in range(5)])
    assert sorted(first[:10]) == list(range(10)) == sorted(first[10:])
    assert rows.epochs_completed == 1
    assert rows.images.shape == (10, 1)
    assert rows.images.max() < 0.04


def test_functions_take_a_name(session):
    values = tf.constant([1.0, 2.0])
    assert session.run(tf.where([True, False], values, -values, name="chosen")).tolist() == [1.0, -2.0]
    rate = tf.train.piecewise_constant(3, [2, 4], [0.1, 0.2, 0.3], name="rate")
    assert float(session.run(rate)) == pytest.approx(0.2)
    logits, weights = tf.zeros([2, 3, 4]), tf.ones([2, 3])
    loss = tf.contrib.seq2seq.sequence_loss(logits, tf.zeros([2, 3], tf.int32), weights, name="loss")
    assert float(session.run(loss)) == pytest.approx(np.log(4.0))


def test_a_scope_that_is_entered_again_begins_its_names_anew(session):
    def network(x, reuse):
        with tf.variable_scope("network", reuse=reuse):
            return tf.layers.dense(tf.layers.dense(x, 3), 2)

    x = tf.ones([1, 2])
    first, second = network(x, False), network(x, True)
    session.run(tf.global_variables_initializer())
    assert [one.name for one in tf.trainable_variables()] == [
        f"network/{layer}/{part}:0" for layer in ("dense", "dense_1") for part in ("kernel", "bias")
    ]
    assert np.array_equal(*session.run([first, second]))


def test_data_sets_and_queues_of_tensors(session):
    rows = tf.placeholder(tf.float32, [None, 2])
    iterator = tf.data.Dataset.from_tensor_slices(rows).repeat().batch(2).make_initializable_iterator()
    following = iterator.get_next()
    session.run(iterator.initializer, {rows: [[1, 2], [3, 4], [5, 6]]})
    assert session.run(following).tolist() == [[1, 2], [3, 4]]
    assert session.run(following).tolist() == [[5, 6], [1, 2]]
    number, letter = tf.train.slice_input_producer([[1, 2, 3], [10, 20, 30]], shuffle=False, num_epochs=1)
    batches = tf.train.batch([number, letter], 2)
    assert [one.tolist() for one in session.run(batches)] == [[1, 2], [10, 20]]
    with pytest.raises(tf.errors.OutOfRangeError):
        session.run(batches)
    queue = tf.FIFOQueue(3, [tf.float32], [[]])
    fill, taken = queue.enqueue_many([[0.5, 1.5]]), queue.dequeue()
    session.run(fill)
    assert (float(session.run(taken)), int(session.run(queue.size()))) == (0.5, 1)


def test_densities_draws_and_moments(session):
    stats = pytest.importorskip("scipy.stats")
    d = tf.distributions
    cases = [
        (d.Gamma(2.0, 3.0), stats.gamma(2, scale=1 / 3)),
        (d.Beta(2.0, 3.0), stats.beta(2, 3)),
        (d.Laplace(1.0, 2.0), stats.laplace(1, 2)),
        (d.Exponential(rate=2.0), stats.expon(scale=0.5)),
        (d.StudentT(df=5.0, loc=1.0, scale=2.0), stats.t(5, 1, 2)),
        (d.Uniform(1.0, [3.0]), stats.uniform(1, 2)),
    ]
    for made, expected in cases:
        points = np.ravel(expected.ppf([0.2, 0.7]))
        logs, draws, mean, variance = session.run(
            [made.log_prob(points), made.sample(4000, seed=1), made.mean(), made.variance()]
        )
        np.testing.assert_allclose(logs, expected.logpdf(points), rtol=1e-4)
        np.testing.assert_allclose([np.ravel(mean)[0], np.ravel(variance)[0]], expected.stats(), rtol=1e-5)
        assert stats.kstest(np.ravel(draws), expected.cdf).pvalue > 1e-3, made
    shares = session.run(d.Dirichlet([1.0, 3.0]).sample([5]))
    np.testing.assert_allclose(shares.sum(-1), np.ones(5), rtol=1e-5)
    with pytest.raises(TypeError, match="takes rate"):
        d.Exponential(2.0, speed=1.0)


def test_keras_penalties_queues_with_zeros_and_old_rooms(session):
    from neurona import regularizers
    from neurona.legacy.tensorflow.devices import list_local_devices

    tf.layers.dense(tf.ones([1, 2]), 3, kernel_regularizer=regularizers.L2(0.5), name="part")
    (loss,) = tf.get_collection(tf.GraphKeys.REGULARIZATION_LOSSES)
    session.run(tf.global_variables_initializer())
    (kernel,) = tf.get_collection(tf.GraphKeys.GLOBAL_VARIABLES, scope="part/kernel")
    found, values = session.run([loss, kernel])
    np.testing.assert_allclose(found, 0.5 * (values**2).sum(), rtol=1e-5)
    fed = tf.placeholder(tf.float32, [None])
    queue = tf.PaddingFIFOQueue(4, [tf.float32], [(None,)])
    put, two = queue.enqueue([fed]), queue.dequeue_many(2)
    for row in ([1, 2, 3], [4]):
        session.run(put, {fed: row})
    np.testing.assert_array_equal(session.run(two), [[1, 2, 3], [4, 0, 0]])
    ahead = tf.contrib.slim.prefetch_queue.prefetch_queue([tf.constant([1.0, 2.0]), tf.constant(3)])
    assert [np.ravel(one).tolist() for one in session.run(ahead.dequeue())] == [[1, 2], [3]]
    with tf.op_scope([fed], None, "older") as scope:
        assert scope == "older/"
    assert tf.train.Server.create_local_server().target == ""
    with pytest.raises(NotImplementedError, match="2 tasks"):
        tf.train.Server(tf.train.ClusterSpec({"ps": ["a:1"], "worker": ["b:1"]}))
    with tf.device(tf.train.replica_device_setter(ps_tasks=2)):
        assert tf.constant(1.0).shape == ()
    assert list_local_devices()[0].device_type == "CPU"


def test_the_first_call_of_a_program_draws(tmp_path):
    path = tmp_path / "program.py"
    path.write_text(
        "import tensorflow as tf\nx = tf.linspace(0.0, 1.0, 3)\nprint(tf.Session().run(2 * x).tolist())\n"
    )
    command = [sys.executable, "-m", "neurona", "run", str(path)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=600)
    assert ended.stdout == "[0.0, 1.0, 2.0]\n", ended.stderr


def test_options_without_effect_are_refused_by_cells():
    assert tf.nn.rnn_cell.GRUCell(2, trainable=True, _reuse=None).output_size == 2
    with pytest.raises(TypeError, match="GRUCell has no option 'layer_norm'"):
        tf.nn.rnn_cell.GRUCell(2, layer_norm=True)
    with pytest.raises(TypeError, match="no option 'trainable'"):
        tf.contrib.rnn.UGRNNCell(2, trainable=False)


def test_texts_have_empty_ones_for_zeros_and_no_ones(session):
    assert session.run(tf.zeros_like(["a", "b"])).tolist() == [b"", b""]
    with pytest.raises(TypeError, match="no value of dtype string"):
        tf.ones_like(["a"])


def test_slim_has_the_layers_of_contrib_under_their_older_names_too(session):
    slim = tf.contrib.slim
    assert slim.convolution2d is slim.conv2d
    with slim.arg_scope([slim.model_variable, slim.variable], device="/cpu:0"):
        made = slim.model_variable("w", [2], initializer=tf.ones_initializer())
    session.run(tf.global_variables_initializer())
    assert session.run(made).tolist() == [1, 1]


def test_factors_of_gradients_may_have_an_axis_more(session):
    x = tf.constant([[1.0, 2.0]])
    y = tf.reshape(x * x, [2, 1])
    (slope,) = tf.gradients(y, x, tf.constant([[[3.0], [5.0]]]))
    assert session.run(slope).tolist() == [[6, 20]]


def test_a_size_that_is_fed_without_a_shape_leaves_the_rank_known(session):
    rows, steps = tf.placeholder(tf.int32, []), tf.placeholder(tf.int32)
    x = tf.placeholder(tf.float32, [None, 6])
    made = tf.reshape(x, [rows, steps, 3])
    assert made.shape.as_list()[2] == 3
    assert session.run(made, {x: np.ones((2, 6)), rows: 2, steps: 2}).shape == (2, 2, 3)
