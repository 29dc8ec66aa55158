"""Numbers of 64 bits beside TensorFlow 2.21: the constants of `widths.py` are its results."""

import numpy as np
import pytest

import neurona.legacy.tensorflow as tf
from tests.legacy.tensorflow2.widths import NUMBERS, REFUSED


def gradient(function, x):
    x = tf.constant(x, tf.float64)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = function(x)
    return tape.gradient(y, x)


def value_of(expression):
    return eval(expression, {"tf": tf, "np": np, "gradient": gradient})


@pytest.mark.parametrize(("expression", "dtype", "shape", "numbers"), [(e, *v) for e, v in NUMBERS.items()])
def test_numbers_are_tensorflows(expression, dtype, shape, numbers):
    found = value_of(expression)
    array = np.asarray((found[0] if isinstance(found, tuple) else found).numpy())
    assert (array.dtype.name, array.shape) == (dtype, shape)
    if array.dtype.kind in "fc":
        np.testing.assert_allclose(
            array.ravel(), numbers, rtol=1e-12 if array.itemsize > 4 else 1e-6, atol=1e-15
        )
    else:
        assert array.ravel().tolist() == numbers


@pytest.mark.parametrize("expression", REFUSED)
def test_what_tensorflow_refuses_is_refused(expression):
    with pytest.raises((tf.errors.OpError, ValueError, TypeError, IndexError)):
        value_of(expression)


def test_a_compiled_step_keeps_64_bits():
    count = tf.Variable(2**40, dtype=tf.int64)
    weight = tf.Variable(0.1, dtype=tf.float64)

    @tf.function
    def step(x):
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(weight * x)
        count.assign_add(1)
        weight.assign_sub(tape.gradient(loss, weight) * 0.1)
        return loss, tf.cast(x, tf.float32)

    loss, narrow = step(tf.constant([1 / 3, 1.0], tf.float64))
    assert narrow.dtype == tf.float32
    assert count.numpy() == 2**40 + 1
    np.testing.assert_allclose([loss, weight], [0.4 / 3, 0.1 - 0.4 / 3], rtol=1e-15)


def test_an_optimizer_changes_variables_of_64_bits():
    weight = tf.Variable([1 / 3, 2.0], dtype=tf.float64)
    optimizer = tf.keras.optimizers.SGD(0.5)
    optimizer.apply([tf.constant([0.1, 0.2], tf.float64)._array], [weight])
    np.testing.assert_allclose(weight.numpy(), [1 / 3 - 0.05, 1.9], rtol=1e-15)


def test_elements_of_a_data_set_keep_64_bits_when_they_are_computed_together():
    numbers = list(tf.data.Dataset.range(100).map(lambda i: (i * 2**40, tf.cast(i, tf.float64) / 3)))
    assert [one.numpy() for one in numbers[98]] == [98 * 2**40, 98 / 3]
