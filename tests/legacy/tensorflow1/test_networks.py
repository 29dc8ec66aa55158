"""Slim's networks by their published counts of parameters; a cell that attends; sessions that begin."""

import numpy as np
import pytest

import neurona.legacy.tensorflow.v1 as tf

slim = tf.contrib.slim
COUNTS = {  # of the papers' networks with 1000 classes, as torchvision and Keras tell them, without averages
    "vgg.vgg_16": 138_357_544,
    "vgg.vgg_19": 143_667_240,
    "resnet_v1.resnet_v1_50": 25_557_032,
    "resnet_v2.resnet_v2_50": 25_568_360,
}


@pytest.fixture(autouse=True)
def graph():
    with tf.Graph().as_default() as graph:
        yield graph


@pytest.mark.parametrize("name", COUNTS)
def test_networks_have_the_published_parameters(name):
    file, _, network = name.partition(".")
    nets = getattr(slim.nets, file)
    defaults = getattr(nets, "vgg_arg_scope", None) or nets.resnet_arg_scope
    images = tf.placeholder(tf.float32, [None, 224, 224, 3])
    with slim.arg_scope(defaults()):
        logits, ends = getattr(nets, network)(images, 1000, is_training=False)
    assert logits.shape.as_list() == [None, 1000]
    assert sum(one.shape.num_elements() for one in tf.trainable_variables()) == COUNTS[name]
    assert f"{network}/conv1/weights:0" in [one.name for one in tf.global_variables()] or file == "vgg"
    assert any(end.startswith(network) for end in ends)


def test_smaller_networks_compute_and_are_told_of():
    images = tf.constant(np.random.default_rng(0).normal(size=(2, 32, 32, 3)).astype("float32"))
    resnet = slim.nets.resnet_v2
    unit = {"depth": 8, "depth_bottleneck": 4, "stride": 2}
    blocks = [slim.nets.resnet_utils.Block("block1", resnet.bottleneck, [unit, {**unit, "stride": 1}])]
    with slim.arg_scope(resnet.resnet_arg_scope()):
        _, ends = resnet.resnet_v2(images, blocks, 5, is_training=True, scope="small")
    assert ends["small/block1"].shape.as_list() == [2, 4, 4, 8]
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        chances = session.run(ends["predictions"])
    np.testing.assert_allclose(chances.sum(1), [1, 1], rtol=1e-5)
    with pytest.raises(AttributeError, match=r"tf\.keras\.applications"):
        _ = slim.nets.inception
    with pytest.raises(ValueError, match="output_stride"):
        resnet.resnet_v2(images, blocks, output_stride=8, scope="other")


def test_a_cell_attends_to_its_own_outputs():
    cell = tf.contrib.rnn.AttentionCellWrapper(tf.contrib.rnn.GRUCell(4), 3, attn_vec_size=5)
    assert cell.state_size == (4, 4, 12)
    x = np.random.default_rng(1).normal(size=(2, 6)).astype("float32")
    state = tuple(
        np.random.default_rng(2).normal(size=(2, size)).astype("float32") for size in cell.state_size
    )
    inner = []
    plain = cell._cell
    cell._cell = lambda given, before: inner.append((given, found := plain(given, before))) or found
    output, (new, seen, outputs) = cell(tf.constant(x), tuple(map(tf.constant, state)))
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        found = session.run([output, new, seen, outputs, inner[0][0], inner[0][1][0]])
        values = {one.op.name.split("/", 1)[1]: session.run(one) for one in tf.global_variables()}
    given = np.concatenate([x, state[1]], 1) @ values["kernel"] + values["bias"]
    np.testing.assert_allclose(found[4], given, atol=1e-5)
    rows = state[2].reshape(2, 3, 4)
    query = found[1] @ values["attention/kernel"] + values["attention/bias"]
    hidden = np.tanh(rows @ values["attention/attn_w"][0, 0] + query[:, None])
    scores = np.exp((hidden * values["attention/attn_v"]).sum(-1))
    attended = ((scores / scores.sum(1, keepdims=True))[..., None] * rows).sum(1)
    np.testing.assert_allclose(found[2], attended, atol=1e-5)
    joined = np.concatenate([found[5], attended], 1)
    last = joined @ values["attn_output_projection/kernel"] + values["attn_output_projection/bias"]
    np.testing.assert_allclose(found[0], last, atol=1e-5)
    np.testing.assert_allclose(
        found[3], np.concatenate([rows[:, 1:], last[:, None]], 1).reshape(2, 12), atol=1e-5
    )
    with pytest.raises(ValueError, match="attn_length"):
        tf.contrib.rnn.AttentionCellWrapper(plain, 0)


def test_sessions_begin_with_a_folder_or_with_first_values(tmp_path):
    variable = tf.Variable(3.0)
    saver, manager = tf.train.Saver(), tf.train.SessionManager()
    with pytest.raises(RuntimeError, match="neither init_op nor init_fn"):
        manager.prepare_session("", saver=saver, checkpoint_dir=str(tmp_path))
    assert not manager.recover_session("", saver, str(tmp_path))[1]
    first = manager.prepare_session("", tf.global_variables_initializer(), saver, str(tmp_path))
    first.run(variable.assign_add(4.0))
    saver.save(first, str(tmp_path / "model"))
    second, is_loaded = manager.recover_session("", saver, str(tmp_path))
    assert (is_loaded, second.run(variable)) == (True, 7)
    assert manager.prepare_session("", None, saver, str(tmp_path)).run(variable) == 7


def test_hardmax_and_helpers_of_functions():
    with tf.Session() as session:
        assert session.run(tf.contrib.seq2seq.hardmax([[1.0, 5.0, 2.0]])).tolist() == [[0, 1, 0]]
        helper = tf.contrib.seq2seq.CustomHelper(
            lambda: (tf.constant([False, False]), tf.ones([2, 1])),
            lambda time, outputs, state: tf.cast(tf.round(outputs[:, 0]), tf.int32),
            lambda time, outputs, state, sample_ids: (tf.fill([2], time >= 2), outputs * 2, state),
        )

        class Same(tf.contrib.rnn.RNNCell):
            output_size = state_size = 1

            def __call__(self, inputs, state, scope=None):
                return inputs, state

        decoder = tf.contrib.seq2seq.BasicDecoder(Same(), helper, tf.zeros([2, 1]))
        outputs, _, lengths = tf.contrib.seq2seq.dynamic_decode(decoder)
        assert session.run(outputs.sample_id).tolist() == [[1, 2, 4], [1, 2, 4]]
        assert session.run(lengths).tolist() == [3, 3]
