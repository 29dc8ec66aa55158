"""TensorFlow 2.0 to 2.10: one optimizer moves two models in turn, and counts the steps of both."""

import numpy as np
import tensorflow as tf
from tensorflow.keras import layers, optimizers


def made(units):
    model = tf.keras.Sequential([layers.Dense(units, input_shape=(4,))])
    for weight in model.trainable_variables:
        assert weight.shape.as_list() == list(weight.get_shape()) and weight.shape.rank == len(weight.shape)
        weight.assign(0.5 * tf.ones_like(weight))
    return model


first, second = made(3), made(2)
assert first.output.shape.as_list() == [None, 3] and first.input.shape.rank == 2
optimizer = optimizers.RMSprop(1e-2, momentum=0.5)


def step(x):
    with tf.GradientTape(persistent=True) as tape:
        of_first = tf.reduce_mean(first(x) ** 2)
        of_second = tf.reduce_mean(second(x) ** 2)
    for model, loss in ((first, of_first), (second, of_second)):
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables))
    return of_first, of_second


compiled = tf.function(step)
losses = [one(tf.ones((2, 4))) for one in (compiled, compiled, step, step)]
expected = [6.25, 5.48443, 4.629965, 3.871872]  # of tf-keras 2, for both
np.testing.assert_allclose(losses, np.repeat(expected, 2).reshape(4, 2), rtol=1e-5)
assert int(optimizer.iterations) == 8
