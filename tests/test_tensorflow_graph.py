"""Layers inside `tf.data.Dataset.map`, beside the same layers on arrays. Needs TensorFlow."""

import numpy as np
import pytest

import neurona as nn
from neurona.core.errors import ShapeError

tf = pytest.importorskip("tensorflow")
NUMBERS = np.arange(12, dtype="float32").reshape(4, 3)
TEXTS = np.array(["the cat", "a dog sat on the mat", "", "gato ñandú"])


def through_map(function, rows, batch_size=2):
    """What the function gives for each batch, drawn into a data set; and the shape that TensorFlow knows."""
    data = tf.data.Dataset.from_tensor_slices(rows).batch(batch_size).map(function)
    return np.concatenate(list(data.as_numpy_iterator())), data.element_spec.shape.as_list()


def normalization():
    layer = nn.layers.Normalization()
    layer.adapt(NUMBERS)
    return layer


def vectorization(**options):
    layer = nn.layers.TextVectorization(**options)
    layer.adapt(TEXTS.tolist())
    return layer


@pytest.mark.parametrize(
    ("make", "rows", "shape"),
    [
        (lambda: nn.layers.Rescaling(1 / 255, 1.0), NUMBERS, [None, 3]),
        (lambda: nn.layers.Rescaling(0.5), NUMBERS.astype("int64"), [None, 3]),
        (normalization, NUMBERS.astype("float64"), [None, 3]),
        (lambda: nn.layers.Dense(5), NUMBERS, [None, 5]),
        (lambda: nn.Sequential([nn.layers.Dense(5), nn.layers.Flatten()]), NUMBERS, [None, 5]),
        (lambda: vectorization(output_sequence_length=4), TEXTS, [None, 4]),
        (
            lambda: vectorization(output_mode="multi_hot", max_tokens=30, pad_to_max_tokens=True),
            TEXTS,
            [None, 30],
        ),
        (lambda: vectorization(output_mode="tf_idf"), TEXTS, [None, 10]),
        (lambda: vectorization(split=None), TEXTS, [None]),
    ],
    ids=[
        "rescaling",
        "integers",
        "normalization",
        "dense",
        "model",
        "sequences",
        "counts",
        "weights",
        "tokens",
    ],
)
def test_rows_are_those_outside(make, rows, shape):
    layer = make()
    given, known = through_map(layer, rows)
    wanted = np.asarray(layer(rows))
    assert given.dtype == wanted.dtype
    np.testing.assert_allclose(given, wanted, rtol=1e-6)
    assert known == shape


def test_single_texts():
    layer = vectorization()
    data = tf.data.Dataset.from_tensor_slices(TEXTS).map(layer)
    assert data.element_spec.shape.as_list() == [None]
    for row, text in zip(data.as_numpy_iterator(), TEXTS, strict=True):
        np.testing.assert_array_equal(row, layer(text))


def test_several_inputs_and_named_outputs():
    class Both(nn.layers.Layer):
        def call(self, one, other):
            return {"sum": one + other, "product": one * other}

    data = tf.data.Dataset.from_tensor_slices((NUMBERS, NUMBERS)).batch(4).map(Both())
    (row,) = data.as_numpy_iterator()
    np.testing.assert_array_equal(row["sum"], 2 * NUMBERS)
    np.testing.assert_array_equal(row["product"], NUMBERS**2)


def test_a_model_learns_from_mapped_texts():
    layer = vectorization(output_mode="multi_hot")
    data = tf.data.Dataset.from_tensor_slices((TEXTS, np.arange(4) % 2)).batch(2)
    model = nn.Sequential([nn.layers.Dense(1, activation="sigmoid")])
    model.compile("adam", "binary_crossentropy")
    history = model.fit(data.map(lambda text, label: (layer(text), label)), epochs=2, verbose=0)
    assert np.isfinite(history.history["loss"]).all()


def test_an_unknown_rank_is_refused():
    with pytest.raises(ShapeError, match="ensure_shape"):
        tf.data.Dataset.from_generator(lambda: iter(NUMBERS), output_types="float32").map(
            nn.layers.Rescaling(2.0)
        )
