"""Derivatives forward, `tf.gradients` inside functions, how often these are traced; shapes of ragged rows."""

import numpy as np
import pytest

import neurona.legacy.tensorflow as tf


def test_a_derivative_along_a_direction_is_the_closed_form():
    x, v = tf.constant([1.0, 2.0]), tf.constant([1.0, 0.5])
    with tf.autodiff.ForwardAccumulator(x, v) as accumulator:
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = tf.reduce_sum(tf.sin(x))
        slope = tape.gradient(y, x)
    assert float(accumulator.jvp(y)) == pytest.approx(np.cos(1) + 0.5 * np.cos(2), rel=1e-6)
    np.testing.assert_allclose(accumulator.jvp(slope), [-np.sin(1), -0.5 * np.sin(2)], rtol=1e-6)
    other = tf.constant([3.0])
    assert accumulator.jvp([y, other])[1] is None
    assert accumulator.jvp(other, unconnected_gradients="zero").numpy().tolist() == [0.0]
    with pytest.raises(ValueError, match="same shape for each primal"):
        tf.autodiff.ForwardAccumulator(x, tf.constant(1.0))


def test_a_rule_for_gradients_holds_forward_too():
    @tf.custom_gradient
    def thrice(x):
        return x, lambda upstream: 3.0 * upstream

    x = tf.constant([1.0, 2.0])
    with tf.autodiff.ForwardAccumulator(x, tf.constant([1.0, -1.0])) as accumulator:
        y = thrice(x) ** 2
    np.testing.assert_allclose(accumulator.jvp(y), [6.0, -12.0], rtol=1e-6)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = thrice(x) * x  # which is x * x, but the rule holds for one factor alone
    assert tape.gradient(y, x).numpy().tolist() == [4.0, 8.0]


def test_a_source_that_another_source_makes_has_a_gradient():
    x = tf.constant([2.0, np.inf])
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = tf.square(x)
        z = y * 3.0
    first, second = tape.gradient(z, [x, y])
    assert (first.numpy().tolist(), second.numpy().tolist()) == ([12.0, np.inf], [3.0, 0.0])


def test_gradients_of_steps_inside_a_function():
    weight = tf.Variable(3.0)

    @tf.function
    def slopes(x):
        y = tf.square(x)
        return tf.gradients(y * 3.0 * weight, [x, y, weight])

    found = slopes(tf.constant([2.0, 3.0]))
    assert [one.numpy().tolist() for one in found] == [[36.0, 54.0], [9.0, 9.0], 39.0]
    with pytest.raises(RuntimeError, match=r"Use tf\.GradientTape instead"):
        tf.gradients(tf.constant(1.0), tf.constant(1.0))


def test_a_function_without_variables_is_traced_once():
    traced = []

    @tf.function
    def powers(x):
        traced.append(x.shape)
        return {"square": x * x, "noise": x + tf.random.normal([2]), "label": "kept"}

    x = tf.constant([1.0, 3.0])
    with tf.GradientTape() as tape:
        tape.watch(x)
        first = powers(x)
    second = powers(x)
    assert len(traced) == 1
    assert first["square"].numpy().tolist() == [1.0, 9.0]
    assert first["label"] == "kept"
    assert tape.gradient(first["square"], x).numpy().tolist() == [2.0, 6.0]
    assert not np.allclose(first["noise"], second["noise"])


def test_the_shape_of_ragged_rows():
    shape = tf.shape(tf.ragged.constant([[1, 2, 3], [4], [5, 6]]))
    assert repr(shape) == "<DynamicRaggedShape lengths=[3, (3, 1, 2)] num_row_partitions=1>"
    assert (int(shape[0]), shape[0].dtype, shape.rank) == (3, tf.int32, 2)
    with pytest.raises(ValueError, match="Axis 1 is ragged"):
        shape[1]
