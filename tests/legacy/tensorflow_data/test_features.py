"""tf.feature_column: the numbers that TensorFlow's input_layer gives."""

import numpy as np
import pytest

import neurona.legacy.tensorflow as tf
from neurona.core.errors import ArgumentError, DataError

fc = tf.feature_column
AGE, CITY = fc.numeric_column("age"), fc.categorical_column_with_vocabulary_list("city", ["NY", "LA"])
AGES = fc.bucketized_column(AGE, [30, 60])
FEATURES = {
    "age": np.array([[20.0], [35.0], [70.0]], np.float32),
    "city": np.array([["NY"], ["LA"], ["??"]]),
    "n": np.array([[1], [2], [3]]),
}


def one_hot(places, size):
    return np.eye(size)[places].tolist()


CASES = {
    "numeric": ([AGE], [[20], [35], [70]]),
    "normalized": ([fc.numeric_column("age", normalizer_fn=lambda x: x / 10)], [[2], [3.5], [7]]),
    "bucketized": ([AGES], one_hot([0, 1, 2], 3)),
    "vocabulary": ([fc.indicator_column(CITY)], [[1, 0], [0, 1], [0, 0]]),
    "hash": (
        [fc.indicator_column(fc.categorical_column_with_hash_bucket("city", 5))],
        one_hot([2, 0, 4], 5),
    ),
    "identity": ([fc.indicator_column(fc.categorical_column_with_identity("n", 5))], one_hot([1, 2, 3], 5)),
    "crossed": ([fc.indicator_column(fc.crossed_column([AGES, "city"], 10))], one_hot([6, 3, 5], 10)),
    "by name": (
        [AGES, AGE, fc.indicator_column(CITY)],
        [[20, 1, 0, 0, 1, 0], [35, 0, 1, 0, 0, 1], [70, 0, 0, 1, 0, 0]],  # age, intervals, city
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_numbers_are_tensorflows(name):
    columns, expected = CASES[name]
    np.testing.assert_allclose(fc.DenseFeatures(columns)(FEATURES), expected)


def test_embeddings_are_learned():
    layer = fc.DenseFeatures([fc.embedding_column(CITY, 3)])
    found = np.asarray(layer(FEATURES))
    table = layer.get_weights()[0]
    np.testing.assert_allclose(found, [*table, [0, 0, 0]], rtol=1e-6)


def test_refusals():
    with pytest.raises(ArgumentError, match="Wrap it in indicator_column"):
        fc.DenseFeatures([CITY])
    with pytest.raises(DataError, match="have no column 'age'"):
        fc.DenseFeatures([AGE])({"other": 1})
    with pytest.raises(ArgumentError, match="boundaries rise"):
        fc.bucketized_column(AGE, [2, 1])


def test_the_layer_is_one_of_keras_and_stands_first_in_a_model():
    age = tf.feature_column.numeric_column("age")
    columns = [age, tf.feature_column.bucketized_column(age, [20, 40])]
    model = tf.keras.Sequential([tf.keras.layers.DenseFeatures(columns), tf.keras.layers.Dense(1)])
    model.compile("adam", "mse")
    rows = {"age": np.array([10.0, 30.0, 50.0, 70.0], "float32")}
    data = tf.data.Dataset.from_tensor_slices((rows, np.zeros(4))).batch(2)
    before = model.evaluate(data, verbose=0)
    assert model.fit(data, epochs=3, verbose=0).history["loss"][-1] < before
    assert model.layers[1].kernel.shape == (4, 1)


def test_a_model_looks_its_categories_up_before_it_is_compiled():
    columns = [AGE, fc.indicator_column(CITY), fc.embedding_column(CITY, 2)]
    rows = {"age": np.array([1.0, 2.0, 3.0, 4.0], "float32"), "city": np.array(["NY", "LA", "NY", "??"])}
    data = tf.data.Dataset.from_tensor_slices((rows, np.array([1.0, -1.0, 1.0, 0.0]))).batch(2)
    inputs = {"age": tf.keras.Input((1,)), "city": tf.keras.Input((1,), dtype="string")}
    drawn = tf.keras.layers.Dense(1)(tf.keras.layers.DenseFeatures(columns)(inputs))
    models = [
        tf.keras.Sequential([tf.keras.layers.DenseFeatures(columns), tf.keras.layers.Dense(1)]),
        tf.keras.Model(inputs, drawn),
    ]
    for model in models:
        model.compile("sgd", "mse")
        before = model.evaluate(data, verbose=0)
        assert model.fit(data, epochs=3, verbose=0).history["loss"][-1] < before
