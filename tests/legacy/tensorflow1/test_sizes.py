"""Steps and sizes that follow from values of a run: boxes that stay, rows that are written, rows that end.
Errors and numbers are those of TensorFlow 2.21.
"""

import numpy as np
import pytest

import neurona.legacy.tensorflow as tf2
import neurona.legacy.tensorflow.v1 as tf
from neurona.legacy.tensorflow.v1.contrib import seq2seq
from neurona.legacy.tensorflow.v1.mode import Mode


@pytest.fixture
def session(monkeypatch):
    monkeypatch.setattr(Mode, "draws", True)
    with tf.Graph().as_default(), tf.Session() as session:
        yield session


def test_boxes_are_chosen_in_a_graph(session):
    boxes, scores = tf.placeholder(tf.float32, [None, 4]), tf.placeholder(tf.float32, [None])
    chosen = tf.image.non_max_suppression(boxes, scores, 10, iou_threshold=0.5)
    numbers, count = tf.image.non_max_suppression_padded(boxes, scores, 3, 0.5, pad_to_max_output_size=True)
    assert [one.shape.as_list() for one in (chosen, numbers)] == [[None], [3]]
    several = tf.image.combined_non_max_suppression(boxes[None, :, None], scores[None, :, None], 2, 4)
    assert [one.shape.as_list() for one in several] == [[1, 4, 4], [1, 4], [1, 4], [1]]
    kept = tf.gather(boxes, chosen)
    fed = {boxes: [[0, 0, 1, 1], [0, 0, 0.9, 1], [2, 2, 3, 3]], scores: [0.9, 0.8, 0.7]}
    found = session.run([chosen, kept, numbers, count, several[1]], fed)
    for one, expected in zip(
        found, [[0, 2], [[0, 0, 1, 1], [2, 2, 3, 3]], [0, 2, 0], 2, [[0.9, 0.7, 0, 0]]], strict=True
    ):
        np.testing.assert_allclose(one, expected)


def test_an_array_of_a_fixed_size_takes_no_more_rows():
    array = tf2.TensorArray(tf2.float32, size=2)
    with pytest.raises(tf2.errors.OutOfRangeError, match="write to index 3 but array is not resizeable"):
        array.write(3, 1.0)
    with pytest.raises(tf2.errors.OutOfRangeError, match="read from index 5 but array size is: 2"):
        array.write(0, 1.0).read(5)
    more = tf2.TensorArray(tf2.float32, size=0, dynamic_size=True).write(1, 2.0)
    assert more.stack().numpy().tolist() == [0, 2]


def test_an_array_of_a_fixed_size_takes_no_more_rows_in_a_graph(session):
    count = tf.placeholder(tf.int32, [])
    start = (0, tf.TensorArray(tf.float32, 3))
    _, rows = tf.while_loop(lambda i, _: i < count, lambda i, rows: (i + 1, rows.write(i, 2.0)), start)
    filled = rows.stack()
    assert session.run(filled, {count: 2}).tolist() == [2, 2, 0]
    with pytest.raises(tf.errors.InvalidArgumentError, match="write to index 3 but array is not resizeable"):
        session.run(filled, {count: 5})
    beyond = tf.TensorArray(tf.float32, 2).scatter([0, 2], [1.0, 2.0]).stack()
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"write to index 2 .* and size is: 2"):
        session.run(beyond)


def test_the_loss_of_the_greatest_scores_whose_number_is_fed(session):
    scores, count = tf.placeholder(tf.float32, [None]), tf.placeholder(tf.int32, [])
    positive = tf.reduce_sum(tf.cast(scores > 0.5, tf.int32))
    losses = [tf.reduce_mean(tf.nn.top_k(scores, k)[0]) for k in (count, positive)]
    slopes = [tf.gradients(loss, scores)[0] for loss in losses]
    fed = {scores: [0.9, 0.2, 0.8], count: 1}
    found = session.run([losses, slopes], fed)
    np.testing.assert_allclose(found[0], [0.9, 0.85], rtol=1e-6)
    np.testing.assert_allclose(found[1], [[1, 0, 0], [0.5, 0, 0.5]])


def test_decoding_goes_on_until_all_rows_have_ended(session):
    table = np.eye(4, dtype="f")
    following = {0: 1, 1: 2, 2: 3, 3: 3}  # what is said after what; 3 ends
    scores = np.zeros((4, 4), "f")
    for before, after in following.items():
        scores[before, after] = 1
    helper = seq2seq.GreedyEmbeddingHelper(table, [0, 2, 1], 3)

    class Cell:
        def __call__(self, inputs, state):
            return tf.matmul(inputs, tf.constant(scores)), state + 1.0

    decoder = seq2seq.BasicDecoder(Cell(), helper, tf.zeros([3, 1]))
    outputs, state, lengths = seq2seq.dynamic_decode(decoder, impute_finished=True)
    assert outputs.rnn_output.shape.as_list() == [3, None, 4]
    ids, last, counted = session.run([outputs.sample_id, state, lengths])
    assert ids.tolist() == [[1, 2, 3], [3, 0, 0], [2, 3, 0]]
    assert [counted.tolist(), last.ravel().tolist()] == [[3, 1, 2]] * 2
    ended = seq2seq.GreedyEmbeddingHelper(table, np.zeros(0, "int32"), 3)
    none = seq2seq.dynamic_decode(seq2seq.BasicDecoder(Cell(), ended, tf.zeros([0, 1])))[0]
    assert session.run(none.sample_id).shape == (0, 0)


def test_a_model_of_keras_becomes_an_estimator(tmp_path):
    rng = np.random.RandomState(0)
    x = rng.rand(120, 3).astype("f")
    y = x.argmax(1)

    def build():
        layers = tf2.keras.layers
        model = tf2.keras.Sequential(
            [
                layers.Input((3,), name="corner"),
                layers.Dense(16, activation="relu"),
                layers.Dense(3, activation="softmax", name="chances"),
            ]
        )
        model.compile(
            tf2.keras.optimizers.Adam(0.02), "sparse_categorical_crossentropy", metrics=["accuracy"]
        )
        return model

    def batches():
        rows = tf2.data.Dataset.from_tensor_slices(({"corner": x}, y))
        return rows.repeat(20).batch(24)

    estimator = tf2.keras.estimator.model_to_estimator(build(), model_dir=str(tmp_path))
    estimator.train(batches, steps=60)
    first = estimator.evaluate(batches, steps=5)
    again = tf2.estimator.model_to_estimator(keras_model=build(), model_dir=str(tmp_path))
    figures = again.evaluate(batches, steps=5)
    assert figures["global_step"] == 60
    assert figures["accuracy"] > 0.9
    assert figures == first
    again.train(batches, max_steps=70)
    assert again.evaluate(batches, steps=1)["global_step"] == 70
    once = list(again.predict(lambda: tf2.data.Dataset.from_tensor_slices({"corner": x[:7]}).batch(4)))
    assert [{name: value.shape for name, value in one.items()} for one in once] == [{"chances": (3,)}] * 7
    with pytest.raises(KeyError, match="The model's inputs are corner"):
        again.train(lambda: tf2.data.Dataset.from_tensor_slices(({"other": x}, y)).batch(4))
    with pytest.raises(ValueError, match="compile"):
        tf2.estimator.model_to_estimator(tf2.keras.Sequential([tf2.keras.layers.Dense(1)]))


def test_sizes_that_are_put_together_from_numbers_are_known(session):
    x = tf.placeholder(tf.float32, [None, 4, 3])
    flat = [
        tf.reshape(x, join) for join in (tf.stack([-1, 12]), tf.pack([-1, 12]), tf.concat([[-1], [12]], 0))
    ]
    assert [one.shape.as_list() for one in flat] == [[None, 12]] * 3
    assert [value.shape for value in session.run(flat, {x: np.zeros((2, 4, 3))})] == [(2, 12)] * 3
    assert tf.zeros(tf.stack([3, 2])).shape.as_list() == [3, 2]
    drawn = tf.random_normal(tf.stack([3]))
    assert drawn.shape.as_list() == [3]
    assert session.run(drawn).tolist() != session.run(drawn).tolist()
