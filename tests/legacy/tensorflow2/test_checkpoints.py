"""Checkpoints of TensorFlow 2, also of what is made after they are restored; and functions as graphs."""

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
