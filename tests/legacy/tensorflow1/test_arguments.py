"""Arguments under the names that TensorFlow 1 gave them, and names of it that fewer programs use."""

import enum

import numpy as np
import pytest

import neurona.legacy.tensorflow as tf2
import neurona.legacy.tensorflow.v1 as tf
from neurona.legacy.tensorflow.v1 import app
from neurona.legacy.tensorflow.v1.mode import Mode

RNG = np.random.RandomState(0)
PICTURE, KERNEL = RNG.randn(2, 6, 6, 3).astype("f"), RNG.randn(3, 3, 3, 2).astype("f")
POINT = RNG.randn(1, 1, 6, 4).astype("f")
ROWS = np.arange(6.0, dtype="f").reshape(2, 3)


@pytest.fixture
def session(monkeypatch):
    monkeypatch.setattr(Mode, "draws", True)
    with tf.Graph().as_default(), tf.Session() as session:
        yield session


PAIRS = {  # a call with the old names, and with today's
    "convolution": (
        lambda: tf.nn.convolution(input=PICTURE, filter=KERNEL, padding="SAME", dilation_rate=[2, 2]),
        lambda: tf2.nn.convolution(PICTURE, KERNEL, padding="SAME", dilations=[2, 2]),
    ),
    "depthwise": (
        lambda: tf.nn.depthwise_conv2d(PICTURE, KERNEL, [1, 1, 1, 1], "SAME", rate=[2, 2]),
        lambda: tf2.nn.depthwise_conv2d(PICTURE, KERNEL, [1, 1, 1, 1], "SAME", dilations=[2, 2]),
    ),
    "separable": (
        lambda: tf.nn.separable_conv2d(PICTURE, KERNEL, POINT, [1, 1, 1, 1], "SAME", rate=[2, 2]),
        lambda: tf2.nn.separable_conv2d(PICTURE, KERNEL, POINT, [1, 1, 1, 1], "SAME", dilations=[2, 2]),
    ),
    "crops": (
        lambda: tf.image.crop_and_resize(PICTURE, [[0.0, 0.0, 0.5, 0.5]], box_ind=[1], crop_size=[4, 4]),
        lambda: tf2.image.crop_and_resize(PICTURE, [[0.0, 0.0, 0.5, 0.5]], [1], [4, 4]),
    ),
    "resized": (
        lambda: tf.image.resize(PICTURE, [3, 4], align_corners=True),
        lambda: tf2.image.resize_bilinear(PICTURE, [3, 4], align_corners=True),
    ),
    "reversed": (
        lambda: tf.reverse_sequence(ROWS, [2, 3], seq_dim=1, batch_dim=0),
        lambda: tf2.reverse_sequence(ROWS, [2, 3], seq_axis=1, batch_axis=0),
    ),
    "counted": (
        lambda: tf.math.count_nonzero(input_tensor=ROWS, reduction_indices=1),
        lambda: tf2.math.count_nonzero(ROWS, axis=1),
    ),
    "zeros": (lambda: tf.nn.zero_fraction(value=ROWS), lambda: tf2.nn.zero_fraction(ROWS)),
    "numbers": (
        lambda: tf.string_to_number(string_tensor=["1", "2.5"]),
        lambda: tf2.strings.to_number(["1", "2.5"]),
    ),
    "joined": (
        lambda: tf.reduce_join([["a", "b"], ["c", "d"]], 1, keep_dims=True),
        lambda: tf2.strings.reduce_join([["a", "b"], ["c", "d"]], 1, keepdims=True),
    ),
    "sparse words": (
        lambda: tf.sparse_tensor_to_dense(tf.strings.split(["a b", "c"]), ""),
        lambda: tf2.constant([["a", "b"], ["c", ""]]),
    ),
}


@pytest.mark.parametrize("name", PAIRS)
def test_an_old_name_means_todays(session, monkeypatch, name):
    old, new = PAIRS[name]
    found = session.run(old())
    monkeypatch.setattr(Mode, "draws", False)
    np.testing.assert_array_equal(found, new().numpy())


def test_the_rate_of_a_dropout_says_no_shape(session):
    x, keep = tf.placeholder(tf.float32, [None, 20, 5]), tf.placeholder(tf.float32)
    assert tf.nn.dropout(x, keep).shape.as_list() == [None, 20, 5]
    cell = tf.nn.rnn_cell.DropoutWrapper(tf.nn.rnn_cell.BasicRNNCell(4), output_keep_prob=keep)
    outputs, _, _ = tf.nn.bidirectional_rnn(cell, cell, tf.unstack(x, axis=1), dtype=tf.float32)
    assert (len(outputs), outputs[0].shape.as_list()) == (20, [None, 8])
    dropped = tf.nn.dropout(x, keep)
    assert session.run(dropped, {x: np.ones((2, 20, 5)), keep: 1.0}).tolist() == np.ones((2, 20, 5)).tolist()


def test_what_has_no_known_rank_may_be_multiplied(session):
    state = tf.placeholder(tf.float64)
    product = tf.matmul(state, np.ones((1, 2)))
    assert session.run(product, {state: [[1.0], [2.0]]}).tolist() == [[1, 1], [2, 2]]


def test_layers_and_methods_of_variables(session):
    volume = tf.constant(RNG.randn(1, 2, 3, 4, 2).astype("f"))
    longer = tf.layers.conv3d_transpose(volume, 5, 3, strides=2, padding="same")
    assert longer.shape.as_list() == [1, 4, 6, 8, 5]
    sequence = tf.constant(RNG.randn(2, 7, 3).astype("f"))
    layer = tf.layers.SeparableConv1D(4, 3, depth_multiplier=2)
    found = layer(sequence)
    variable = tf.Variable([1.0, 2.0, 3.0])
    grown = variable.scatter_add(tf2.IndexedSlices(tf.constant([5.0]), tf.constant([1])))
    moved = variable.scatter_nd_update([[0]], [9.0])
    session.run(tf.global_variables_initializer())
    result, deep, point = session.run([found, layer.depthwise_kernel, layer.pointwise_kernel])
    assert (result.shape, deep.shape, point.shape) == ((2, 5, 4), (3, 3, 2), (1, 6, 4))
    x = session.run(sequence)
    deep_out = np.sum([x[:, k : k + 5, :, None] * deep[k] for k in range(3)], axis=0).reshape(2, 5, 6)
    np.testing.assert_allclose(result, deep_out @ point[0], rtol=1e-4, atol=1e-5)
    assert session.run(grown).tolist() == [1, 7, 3]
    assert session.run(moved).tolist() == [9, 7, 3]
    assert session.run([variable.sparse_read([2]), variable.gather_nd([[1]])]) == [[3], [7]]


class Size(enum.Enum):
    SMALL, LARGE = 1, 2


def test_flags_that_may_be_given_more_than_once(monkeypatch):
    flags = app._Flags()
    monkeypatch.setattr(app, "FLAGS", flags)
    app.DEFINE_multi_integer("layer", [8], "")
    app.DEFINE_multi_string("tag", None, "")
    app.DEFINE_enum_class("size", Size.SMALL, Size, "")
    flags(["x", "--layer=3", "--layer", "4", "--size=LARGE"])
    assert (flags.layer, flags.tag, flags.size) == ([3, 4], None, Size.LARGE)


def test_metrics_take_collections(session):
    value = tf.metrics.precision_at_k(
        [[1]], [[0.1, 0.9]], 1, metrics_collections="m", updates_collections="u"
    )
    session.run(tf.local_variables_initializer())
    assert session.run(value[1]) == 1
