"""A program of tf.keras whose functions check models; test_models.py runs it once."""

import sys
import traceback

import numpy as np
import tensorflow as tf
from tensorflow import keras

CASES = []


def case(function):
    CASES.append(function)
    return function


def refused(text, call, *args, **kwargs):
    try:
        call(*args, **kwargs)
    except Exception as error:
        assert text in str(error), error
    else:
        raise AssertionError(f"not refused: {text}")


# Ragged tensors: every row counts as it would alone.

ROWS = [[3, 1, 4], [1], [5, 9]]


@case
def layers_see_each_row_as_if_it_were_alone():
    seen = keras.Input((None,), dtype="int32", ragged=True)
    vectors = keras.layers.Embedding(10, 4)(seen)
    outputs = [
        keras.layers.GRU(3)(vectors),
        keras.layers.GlobalAveragePooling1D()(vectors),
        keras.layers.GlobalMaxPooling1D()(keras.layers.Dense(2)(vectors)),
        keras.layers.Dense(2)(keras.layers.LSTM(3, return_sequences=True)(vectors)),
        keras.layers.Lambda(lambda x: x[:, :, 0])(vectors.to_tensor(-1.0)),
    ]
    model = keras.Model(seen, outputs)
    found, called = model.predict(tf.ragged.constant(ROWS), verbose=0), model(tf.ragged.constant(ROWS))
    assert found[3].row_lengths().numpy().tolist() == [3, 1, 2]
    for place, row in enumerate(ROWS):
        alone = model(np.array([row]))  # an array has no gaps
        for results in (found, called):
            for one, other in zip(results[:3], alone):
                np.testing.assert_allclose(one[place], np.asarray(other)[0], atol=1e-6)
            np.testing.assert_allclose(results[3][place], np.asarray(alone[3])[0], atol=1e-6)
        assert found[4][place, len(row) :].tolist() == [-1.0] * (3 - len(row))


@case
def fit_takes_ragged_tensors_and_data_sets_of_them():
    x = tf.ragged.constant([[[1.0], [3.0]], [[4.0]]], ragged_rank=1)  # means 2 and 4
    y = np.array([[6.0], [12.0]])
    for data in ((x, y), (tf.data.Dataset.from_tensor_slices((x, y)).batch(2),)):
        model = keras.Sequential(
            [
                keras.layers.Input((None, 1), ragged=True),
                keras.layers.GlobalAveragePooling1D(),
                keras.layers.Dense(1, use_bias=False, kernel_initializer="zeros"),
            ]
        )
        model.compile(keras.optimizers.SGD(0.01), "mse")
        model.fit(*data, validation_data=data[0] if len(data) == 1 else data, verbose=0)
        # w' = w + 0.01 * 2 * mean(x^2) * (3 - w), and mean(x^2) = 10.
        np.testing.assert_allclose(model.get_weights()[0].item(), 0.6, rtol=1e-5)
        np.testing.assert_allclose(model.evaluate(*data, verbose=0), 10 * 2.4**2, rtol=1e-5)


@case
def what_takes_no_ragged_tensors_says_so():
    seen, rows = keras.Input((None, 1), ragged=True), tf.ragged.constant(ROWS)
    refused("(Conv1D) takes no ragged tensors", keras.layers.Conv1D(2, 3), seen)
    refused("to_tensor", tf.reduce_mean, seen, axis=1)
    plain = keras.Sequential([keras.layers.Input((None,)), keras.layers.Activation("relu")])
    plain.compile("sgd", "mse")
    refused("ragged=True", plain.predict, rows)
    model = keras.Sequential([keras.layers.Input((None,), ragged=True), keras.layers.Activation("relu")])
    model.compile("sgd", "mse")
    refused("one ragged axis", model.predict, tf.ragged.constant([[[1], [2, 3]], [[4]]]))
    refused("can't hold", model.predict, tf.ragged.constant([[-(2**31)], [1, 2]]))
    refused("targets are arrays", model.fit, rows, rows)
    refused("read once", model.predict, tf.data.Dataset.from_tensors(rows))


if __name__ == "__main__":
    chosen = sys.argv[1:]
    for function in CASES:
        if chosen and function.__name__ not in chosen:
            continue
        try:
            function()
        except Exception:
            print(function.__name__, repr(traceback.format_exc()[-3000:]))
        else:
            print(function.__name__, "fits")
