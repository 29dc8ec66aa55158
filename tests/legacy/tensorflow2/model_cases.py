"""A program of tf.keras whose functions check models; test_models.py runs it once."""

import os
import sys
import tempfile
import traceback

import numpy as np
import tensorflow as tf
from tensorflow import keras

CASES = []
FOLDER = tempfile.mkdtemp()


def case(function):
    CASES.append(function)
    return function


def refused(text, call, *args, **kwargs):
    said = "nothing"
    try:
        call(*args, **kwargs)
    except Exception as error:
        said = str(error)
    assert text in said, said


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


# Feature columns.

AGE = tf.feature_column.numeric_column("age")
KIND = tf.feature_column.categorical_column_with_vocabulary_list("kind", ["a", "b", "c"])
ROW = {"age": np.array([10.0, 20.0, 40.0]), "kind": np.array(["a", "c", "?"])}


@case
def columns_come_back_from_files():
    fc = tf.feature_column
    ages = fc.bucketized_column(AGE, [18, 30])
    columns = [
        AGE,
        ages,
        fc.embedding_column(KIND, 4, initializer="ones"),
        fc.indicator_column(fc.crossed_column([ages, "kind"], 50)),
        fc.indicator_column(fc.categorical_column_with_hash_bucket("kind", 7)),
        *fc.shared_embeddings([fc.categorical_column_with_identity("i", 5) for _ in "a"], 2),
    ]
    rows = {**ROW, "i": np.array([0, 3, 4])}
    model = keras.Sequential([keras.layers.DenseFeatures(columns), keras.layers.Dense(2)])
    model.compile("adam", "mse")
    before = model.predict(rows, verbose=0)
    for name in ("model.h5", "model.keras", "saved"):
        path = os.path.join(FOLDER, name)
        model.save(path)
        np.testing.assert_allclose(keras.models.load_model(path).predict(rows, verbose=0), before, rtol=1e-6)
    scaled = fc.numeric_column("age", normalizer_fn=halved)
    model = keras.Sequential([keras.layers.DenseFeatures([scaled])])
    before = model.predict(rows, verbose=0)
    path = os.path.join(FOLDER, "scaled.h5")
    model.save(path)
    refused("custom_objects={'halved': function}", keras.models.load_model, path)
    again = keras.models.load_model(path, {"halved": halved}).predict(rows, verbose=0)
    assert again.ravel().tolist() == before.ravel().tolist() == [5, 10, 20]


def halved(x):
    return x / 2


@case
def sequences_have_their_lengths():
    # As the documentation of tf.keras.experimental.SequenceFeatures has them.
    fc = tf.feature_column
    watches = fc.sequence_categorical_column_with_identity("watches", 100)
    columns = [fc.sequence_numeric_column("rating"), fc.embedding_column(watches, 10)]
    features = {
        "rating": tf.sparse.from_dense([[1.0, 1.1, 0, 0, 0], [2.0, 2.1, 2.2, 2.3, 2.5]]),
        "watches": tf.sparse.from_dense([[2, 85, 0, 0, 0], [33, 78, 2, 73, 1]]),
    }
    layer = keras.experimental.SequenceFeatures(columns)
    found, lengths = layer(features)
    assert found.shape == (2, 5, 11)
    assert lengths.numpy().tolist() == [2, 5]
    table = layer.get_weights()[0]
    np.testing.assert_allclose(found[0, 1], [1.1, *table[85]], rtol=1e-6)
    np.testing.assert_allclose(found[0, 4], np.zeros(11))
    rnn = keras.layers.RNN(keras.layers.SimpleRNNCell(8))
    assert rnn(found, mask=tf.sequence_mask(lengths)).shape == (2, 8)
    words = fc.sequence_categorical_column_with_vocabulary_list("words", ["x", "y"])
    bags = tf.SparseTensor([[0, 0, 0], [0, 1, 0], [0, 1, 1]], ["x", "y", "y"], [2, 2, 2])
    counts, lengths = keras.experimental.SequenceFeatures([fc.indicator_column(words)])({"words": bags})
    assert counts.numpy().tolist() == [[[1, 0], [0, 2]], [[0, 0], [0, 0]]]
    assert lengths.numpy().tolist() == [2, 0]
    refused("equally long", layer, {**features, "rating": tf.sparse.from_dense([[1.0], [2.0]])})
    refused("takes columns of sequences", keras.experimental.SequenceFeatures, [AGE])


@case
def a_spec_says_what_columns_read():
    fc = tf.feature_column
    ages = fc.bucketized_column(fc.numeric_column("age", shape=2, default_value=0.0), [18])
    numbers = fc.categorical_column_with_identity("i", 5)
    columns = [ages, fc.embedding_column(KIND, 2), fc.crossed_column([numbers, "word"], 9)]
    assert fc.make_parse_example_spec(columns) == {
        "age": tf.io.FixedLenFeature((2,), tf.float32, 0.0),
        "kind": tf.io.VarLenFeature(tf.string),
        "i": tf.io.VarLenFeature(tf.int64),
        "word": tf.io.VarLenFeature(tf.string),
    }
    feature = {
        "kind": tf.train.Feature(bytes_list=tf.train.BytesList(value=[b"c", b"a"])),
        "i": tf.train.Feature(int64_list=tf.train.Int64List(value=[3])),
    }
    written = tf.train.Example(features=tf.train.Features(feature=feature)).SerializeToString()
    counted = [fc.indicator_column(KIND), fc.indicator_column(numbers)]
    parsed = tf.io.parse_example([written], fc.make_parse_example_spec(counted))
    assert keras.layers.DenseFeatures(counted)(parsed).numpy().tolist() == [[0, 0, 0, 1, 0, 1, 0, 1]]
    spec = tf.estimator.classifier_parse_example_spec([AGE], "label")
    assert spec["label"] == tf.io.FixedLenFeature((1,), tf.int64, None)


@case
def columns_share_their_vectors():
    fc = tf.feature_column
    both = [fc.categorical_column_with_identity(name, 5) for name in ("a", "b")]
    layer = keras.layers.DenseFeatures(fc.shared_embeddings(both, 2))
    found = layer({"a": np.array([1, 2]), "b": np.array([2, 1])}).numpy()
    assert [weight.shape for weight in layer.get_weights()] == [(5, 2)]
    np.testing.assert_allclose(found[0, :2], found[1, 2:])
    np.testing.assert_allclose(found[0], layer.get_weights()[0][[1, 2]].ravel())
    others = [both[0], fc.categorical_column_with_identity("c", 4)]
    refused("a (5), c (4)", fc.shared_embeddings, others, 2)


@case
def several_values_are_crossed_with_each_other():
    cross = tf.feature_column.crossed_column(["x", "y"], 1000)
    layer = keras.layers.DenseFeatures([tf.feature_column.indicator_column(cross)])
    apart = sum(layer({"x": np.array([[x]]), "y": np.array([["c"]])}).numpy() for x in ("a", "b"))
    both = layer({"x": np.array([["a", "b"], ["a", ""]]), "y": np.array([["c"], ["c"]])}).numpy()
    assert both.sum(1).tolist() == [2, 1]
    np.testing.assert_array_equal(both[:1], apart)


# Code that asks for numbers.

ROWS_OF_3 = np.array([[1.0, -2.0, 3.0], [4.0, 5.0, -6.0], [-1.0, 0.0, 2.0]], "float32")


class Positive(keras.layers.Layer):
    def call(self, x):
        return tf.gather_nd(x, tf.where(x > 0))


@case
def layers_may_have_results_of_any_length():
    seen = keras.Input((3,))
    model = keras.Model(seen, Positive()(seen))
    assert model.output_shape == (None,)
    expected = ROWS_OF_3[ROWS_OF_3 > 0].tolist()
    assert model(ROWS_OF_3).numpy().tolist() == expected
    assert model.predict(ROWS_OF_3, batch_size=2, verbose=0).tolist() == expected
    data = tf.data.Dataset.from_tensor_slices(ROWS_OF_3).batch(2)
    assert model.predict(data, verbose=0).tolist() == expected
    chosen = keras.Model(seen, tf.boolean_mask(seen, seen[:, 0] > 0))
    assert chosen.output_shape == (None, 3)
    assert chosen.predict(ROWS_OF_3, verbose=0).tolist() == ROWS_OF_3[:2].tolist()
    different = keras.Model(seen, keras.layers.Lambda(lambda x: tf.unique(tf.reshape(x, [-1]))[0])(seen))
    assert different(np.array([[1, 2, 1], [2, 1, 3]])).numpy().tolist() == [1, 2, 3]


@case
def losses_may_choose_what_counts():
    # y = w x, and only where the target is not 0: w' = w + 0.1 * 2 * mean(x (y - w x)).
    x, y = np.array([[1.0], [2.0], [3.0]]), np.array([[2.0], [0.0], [6.0]])

    def chosen(y_true, y_pred):
        where = tf.not_equal(y_true, 0)
        return tf.reduce_mean(tf.square(tf.boolean_mask(y_true - y_pred, where)))

    class Loss(keras.layers.Layer):
        def call(self, y_true, y_pred):
            self.add_loss(chosen(y_true, y_pred))
            return y_pred

    for adds in (False, True):
        seen, wanted = keras.Input((1,)), keras.Input((1,))
        line = keras.layers.Dense(1, use_bias=False, kernel_initializer="zeros")(seen)
        model = keras.Model([seen, wanted], Loss()(wanted, line)) if adds else keras.Model(seen, line)
        model.compile(keras.optimizers.SGD(0.1), None if adds else chosen)
        data = ([x, y],) if adds else (x, y)
        losses = model.fit(*data, epochs=2, verbose=0).history["loss"]
        np.testing.assert_allclose(losses, [20, 0], atol=1e-5)  # 0.1 * 2 * 10 = 2 at once
        np.testing.assert_allclose(model.evaluate(*data, verbose=0), 0, atol=1e-6)


@case
def loops_stand_in_drawn_models():
    class Loops(keras.layers.Layer):
        def call(self, x):
            doubled = tf.map_fn(lambda row: row * 2, x)
            sums = tf.transpose(tf.scan(lambda total, one: total + one, tf.transpose(doubled)))
            return tf.while_loop(lambda i, y: i < 3, lambda i, y: (i + 1, y + 1), [tf.constant(0), sums])[1]

    seen = keras.Input((3,))
    model = keras.Model(seen, Loops()(seen))
    assert model.output_shape == (None, 3)
    np.testing.assert_allclose(model.predict(ROWS_OF_3, verbose=0), np.cumsum(2 * ROWS_OF_3, 1) + 3)


@case
def hessians_in_a_function():
    @tf.function
    def second(x, y):
        return tf.hessians(tf.reduce_sum(x**3) + x[0] * x[1] * y, [x, y])

    of_x, of_y = second(tf.constant([1.0, 2.0]), tf.constant(5.0))
    assert of_x.numpy().tolist() == [[6, 5], [5, 12]]
    assert of_y.numpy() == 0
    refused("tf.GradientTape", tf.hessians, tf.constant(1.0), tf.constant(1.0))


class Decoder(keras.layers.Layer):
    """As the RetinaNet of keras.io decodes boxes, on one level of anchors."""

    def call(self, images, predictions):
        sizes = tf.cast(tf.shape(images), tf.float32)
        steps = [tf.range(tf.math.ceil(sizes[axis] / 32), dtype=tf.float32) + 0.5 for axis in (2, 1)]
        centres = tf.reshape(tf.stack(tf.meshgrid(*steps), axis=-1) * 32, [-1, 2])
        anchors = tf.concat([centres, tf.ones_like(centres) * 32], -1)[None]
        boxes = predictions[:, :, :4] * tf.constant([0.1, 0.1, 0.2, 0.2])
        middle = boxes[..., :2] * anchors[..., 2:] + anchors[..., :2]
        half = tf.math.exp(boxes[..., 2:]) * anchors[..., 2:] / 2
        corners = tf.concat([middle - half, middle + half], -1)
        scores = tf.nn.sigmoid(predictions[..., 4:])
        return tf.image.combined_non_max_suppression(
            corners[:, :, None], scores, 10, 10, 0.5, 0.5, clip_boxes=False
        )


@case
def a_layer_decodes_boxes_in_a_drawn_model():
    class Net(keras.Model):
        def __init__(self):
            super().__init__()
            self.convolution = keras.layers.Conv2D(5, 3, 32, padding="same", kernel_initializer="zeros")

        def call(self, image, training=False):
            return tf.reshape(self.convolution(image), [tf.shape(image)[0], -1, 5])

    image = keras.Input([None, None, 3])
    net = Net()
    model = keras.Model(image, Decoder()(image, net(image, training=False)))
    net.convolution.set_weights([np.zeros((3, 3, 3, 5)), np.array([0, 0, 0, 0, 2.0])])
    found = model.predict(np.zeros((1, 64, 96, 3), "float32"), verbose=0)
    assert found.valid_detections.tolist() == [6]  # a box for each anchor, and none overlaps another
    boxes = sorted(found.nmsed_boxes[0][:6].tolist())
    expected = sorted([x, y, x + 32.0, y + 32.0] for x in (0.0, 32.0, 64.0) for y in (0.0, 32.0))
    np.testing.assert_allclose(boxes, expected, atol=1e-5)
    np.testing.assert_allclose(found.nmsed_scores[0][:6], 1 / (1 + np.exp(-2.0)), rtol=1e-6)


@case
def lists_of_tensors_grow_in_functions():
    weight = tf.Variable(2.0)

    @tf.function
    def powers(count):
        with tf.GradientTape() as tape:
            found, value = tf.TensorArray(tf.float32, size=0, dynamic_size=True), tf.constant(1.0)
            for place in tf.range(count):
                value = value * weight
                found = found.write(place, value)
                if value > 7:
                    break
            total = tf.reduce_sum(found.stack())
        return found.stack(), tape.gradient(total, weight)

    found, slope = powers(tf.constant(10))
    assert (found.numpy().tolist(), slope.numpy()) == ([2, 4, 8], 1 + 2 * 2 + 3 * 4)


@case
def keras_casts_sparse_tensors():
    found = keras.ops.cast(tf.SparseTensor([[0, 1]], [2.7], [1, 3]), "int32")
    assert tf.sparse.to_dense(found).numpy().tolist() == [[0, 2, 0]]


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
