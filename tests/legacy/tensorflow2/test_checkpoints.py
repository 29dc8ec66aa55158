"""Checkpoints of TensorFlow 2, also of what is made after they are restored; and functions as graphs."""

import zipfile
from pathlib import Path

import numpy as np
import pytest

import neurona as nn
import neurona.legacy.tensorflow as tf


class Lazy(tf.Module):
    """A module that makes its variable at the first call."""

    def __call__(self, x):
        if not hasattr(self, "w"):
            self.w = tf.Variable(tf.ones([int(x.shape[-1]), 1]), name="w")
        return x @ self.w


def test_variables_that_are_made_later_take_their_values_then(tmp_path):
    x = np.ones((1, 3), "float32")
    model, lazy = nn.Sequential([nn.layers.Dense(2)]), Lazy()
    expected = np.asarray(model(x)), lazy(tf.constant(x))
    lazy.w.assign([[2.0], [3.0], [4.0]])
    path = tf.train.Checkpoint(model=model, lazy=lazy).save(str(tmp_path / "ckpt"))

    again, other = nn.Sequential([nn.layers.Dense(2)]), Lazy()
    status = tf.train.Checkpoint(model=again, lazy=other).restore(path)
    with pytest.raises(AssertionError, match="lazy/w"):
        status.assert_consumed()
    np.testing.assert_allclose(np.asarray(again(x)), expected[0])
    assert other(tf.constant(x)).numpy().tolist() == [[9]]
    status.assert_consumed()

    reader = tf.train.load_checkpoint(path)
    assert reader.get_variable_to_shape_map()["lazy/w/.ATTRIBUTES/VARIABLE_VALUE"] == [3, 1]
    assert ("lazy/w/.ATTRIBUTES/VARIABLE_VALUE", [3, 1]) in tf.train.list_variables(str(tmp_path))
    stored = tf.train.load_variable(path, "lazy/w/.ATTRIBUTES/VARIABLE_VALUE")
    assert stored.ravel().tolist() == [2, 3, 4]


def test_a_function_is_drawn_as_a_graph():
    drawn = tf.function(lambda x: x**2 + 1).get_concrete_function(tf.TensorSpec([None], "float32", name="x"))
    assert [one.name for one in drawn.inputs] == ["x:0"]
    steps = [(one.name, one.op) for one in drawn.graph.as_graph_def().node]
    assert steps == [("x", "Placeholder"), ("pow", "Pow"), ("add", "Add")]
    assert drawn.structured_input_signature[0][0].shape.as_list() == [None]
    assert drawn(tf.constant([3.0])).numpy().tolist() == [10]


@pytest.fixture
def stored(tmp_path):
    with zipfile.ZipFile(Path(nn.__file__).parents[1] / "tests/saving/tensorflow_checkpoints.zip") as archive:
        archive.extractall(tmp_path)
    return tmp_path


class Net(nn.Model):
    """The model that a checkpoint of TensorFlow was made of."""

    def __init__(self):
        super().__init__()
        self.d1, self.blocks = nn.layers.Dense(4, "relu"), [nn.layers.Dense(3) for _ in range(2)]
        self.scale, self.att = tf.Variable(0.0), nn.layers.MultiHeadAttention(2, 3)
        self.seq = nn.Sequential([nn.layers.Dense(2)])
        self.g = nn.layers.RNN([nn.layers.LSTMCell(3), nn.layers.GRUCell(2)])

    def call(self, x):
        x = self.blocks[1](self.blocks[0](self.d1(x)))
        return self.g(self.seq(self.att(x, x)) * self.scale)


def test_a_checkpoint_of_tensorflow_is_restored(stored):
    net, step, w = Net(), tf.Variable(0), tf.Variable([0.0, 0.0])
    checkpoint = tf.train.Checkpoint(step=step, net=net, extra={"w": w})
    status = checkpoint.restore(str(stored / "obj" / "ckpt-1"))
    assert (step.numpy(), w.numpy().tolist(), checkpoint.save_counter.numpy()) == (5, [1, 2], 1)
    x = np.linspace(-1, 1, 40, dtype="float32").reshape(2, 4, 5)
    np.testing.assert_allclose(net.predict(x, verbose=0), np.load(stored / "sub.npy"), atol=1e-6)
    status.assert_existing_objects_matched()
    with pytest.raises(AssertionError, match="optimizer"):
        status.assert_consumed()


def test_the_state_of_an_optimizer_of_tensorflow_is_restored(stored):
    model = nn.Sequential(
        [nn.layers.Embedding(20, 4), nn.layers.Bidirectional(nn.layers.LSTM(3, return_sequences=True))]
    )
    for layer in (nn.layers.GRU(5), nn.layers.BatchNormalization(), nn.layers.Dense(2)):
        model.add(layer)
    model.compile("adam", "mse")
    tf.train.Checkpoint(root=model).restore(str(stored / "seq.ckpt")).expect_partial()
    x = np.arange(12).reshape(2, 6)
    np.testing.assert_allclose(model.predict(x, verbose=0), np.load(stored / "seq.npy"), atol=1e-6)
    model.fit(x, np.ones((2, 2)), verbose=0)
    assert int(model.optimizer.iterations) == 3
