"""tf.strings, tf.ragged and tf.lookup: TensorFlow's results."""

import numpy as np
import pytest

import neurona as nn
import neurona.legacy.tensorflow as tf
from neurona.core.errors import ArgumentError, DataError
from neurona.legacy.tensorflow.errors import InvalidArgumentError
from neurona.legacy.tensorflow.ragged_tensor import RaggedTensor

S = tf.strings
RAGGED = tf.ragged.constant([[1, 2], [3], [], [4, 5, 6]])
TEXTS = tf.ragged.constant([["a", "b"], ["a"]])
DEEP = [[0, 0, 0], [0, 1, 0], [0, 1, 1]]


def plain(value):
    if isinstance(value, RaggedTensor):
        return value.to_list()
    found = value.numpy()
    return found.tolist() if hasattr(found, "tolist") else found


CASES = {  # what TensorFlow 2.21 gives
    "lower": (lambda: S.lower("ABÉ"), "abÉ".encode()),
    "upper": (lambda: S.upper(["ab"]), [b"AB"]),
    "strip": (lambda: S.strip(["  a \n"]), [b"a"]),
    "replace": (lambda: S.regex_replace(["a<br />b", "don't"], "<br />", " "), [b"a b", b"don't"]),
    "groups": (lambda: S.regex_replace("hello world", "(\\w+) (\\w+)", r"\2 \1"), b"world hello"),
    "once": (lambda: S.regex_replace("aaa", "a", "b", replace_global=False), b"baa"),
    "ragged replace": (lambda: S.regex_replace(TEXTS, "a", "z"), [[b"z", b"b"], [b"z"]]),
    "full match": (lambda: S.regex_full_match(["ab", "b"], "a.*"), [True, False]),
    "split": (lambda: S.split(["hello world", "a b c"]), [[b"hello", b"world"], [b"a", b"b", b"c"]]),
    "split one": (lambda: S.split("  a  b "), [b"a", b"b"]),
    "split at": (lambda: S.split("a,b,,c", sep=","), [b"a", b"b", b"", b"c"]),
    "split a matrix": (lambda: S.split([["a b"], ["c"]]), [[[b"a", b"b"]], [[b"c"]]]),
    "maxsplit": (lambda: S.split("a b c", maxsplit=1), [b"a", b"b c"]),
    "join": (lambda: S.join([["a", "b"], ["c", "d"]], " "), [b"a c", b"b d"]),
    "length": (lambda: S.length(["abc", "é"]), [3, 2]),
    "letters": (lambda: S.length("é", unit="UTF8_CHAR"), 1),
    "substr": (lambda: S.substr(["hello", "world"], 1, 3), [b"ell", b"orl"]),
    "substr places": (lambda: S.substr("hello", [1, -2], [2, 2]), [b"el", b"lo"]),
    "to_number": (lambda: S.to_number(["1.5", "2"]), [1.5, 2.0]),
    "as_string": (lambda: S.as_string([1.5, 2.25]), [b"1.500000", b"2.250000"]),
    "precision": (lambda: S.as_string([3.14159], precision=2), [b"3.14"]),
    "filled": (lambda: S.as_string(7, width=3, fill="0"), b"007"),
    "truth": (lambda: S.as_string(True), b"true"),
    "unicode": (lambda: S.unicode_split("aé日", "UTF-8"), [b"a", "é".encode(), "日".encode()]),
    "decode": (lambda: S.unicode_decode(["ab", "c"], "UTF-8"), [[97, 98], [99]]),
    "encode": (lambda: S.unicode_encode([97, 233], "UTF-8"), "aé".encode()),
    "transcode": (lambda: S.unicode_transcode("aé", "UTF-8", "UTF-16-BE"), b"\x00a\x00\xe9"),
    "reduce_join": (lambda: S.reduce_join([["a", "b"], ["c", "d"]], axis=0, separator="-"), [b"a-c", b"b-d"]),
    "format": (lambda: S.format("x {} y {}", (tf.constant([1, 2]), 3)), b"x [1 2] y 3"),
    "bytes": (lambda: S.bytes_split(["ab", "c"]), [[b"a", b"b"], [b"c"]]),
    "ngrams": (lambda: S.ngrams(["a", "b", "c"], [1, 2], separator="|"), [b"a", b"b", b"c", b"a|b", b"b|c"]),
    "segments": (lambda: S.unsorted_segment_join(["a", "b", "c"], [0, 1, 0], 2), [b"ac", b"b"]),
    "fast": (
        lambda: S.to_hash_bucket_fast(
            ["a", "hello", "", "a long string of more than sixteen bytes", *("x" * 33, "y" * 70, "z" * 200)],
            1000,
        ),
        [939, 296, 263, 362, 935, 122, 92],
    ),
    "strong": (lambda: S.to_hash_bucket_strong(["a", "hello"], 100, [1, 2]), [46, 22]),
    "old": (lambda: S.to_hash_bucket(["a", "hello"], 100), [68, 38]),
    "rows": (lambda: RAGGED[1:3], [[3], []]),
    "columns": (lambda: RAGGED[:, :1], [[1], [3], [], [4]]),
    "cell": (lambda: RAGGED[3, 1], 5),
    "lengths": (lambda: RAGGED.row_lengths(), [2, 1, 0, 3]),
    "padded": (
        lambda: RAGGED.to_tensor(default_value=-1, shape=(None, 4)),
        [[1, 2, -1, -1], [3, -1, -1, -1], [-1] * 4, [4, 5, 6, -1]],
    ),
    "sum": (lambda: RAGGED + 1, [[2, 3], [4], [], [5, 6, 7]]),
    "product": (lambda: RAGGED * RAGGED, [[1, 4], [9], [], [16, 25, 36]]),
    "cast": (lambda: tf.cast(RAGGED, tf.float32), [[1.0, 2.0], [3.0], [], [4.0, 5.0, 6.0]]),
    "row sums": (lambda: tf.reduce_sum(RAGGED, axis=1), [3, 3, 0, 15]),
    "concat": (lambda: tf.concat([RAGGED[:2], RAGGED[1:2]], axis=0), [[1, 2], [3], [3]]),
    "deep": (lambda: tf.ragged.constant([[[1, 2], [3]], [[4]]]).merge_dims(0, 1), [[1, 2], [3], [4]]),
    "stack": (lambda: tf.ragged.stack([tf.constant([1, 2]), tf.constant([3])]), [[1, 2], [3]]),
    "ranges": (lambda: tf.ragged.range([3, 2]), [[0, 1, 2], [0, 1]]),
    "of rowids": (lambda: RaggedTensor.from_value_rowids([1, 2, 3], [0, 0, 2]), [[1, 2], [], [3]]),
    "of padding": (lambda: RaggedTensor.from_tensor([[1, 2, 0], [3, 0, 0]], padding=0), [[1, 2], [3]]),
    "places": (lambda: tf.where(RAGGED > 2), [[1, 0], [3, 0], [3, 1], [3, 2]]),
    "chosen": (lambda: tf.where(RAGGED > 2, RAGGED, -RAGGED), [[-1, -2], [3], [], [4, 5, 6]]),
    "chosen or 0": (lambda: tf.where(RAGGED == 2, 0, RAGGED), [[1, 0], [3], [], [4, 5, 6]]),
    "sparse": (lambda: tf.sparse.to_dense(RAGGED.to_sparse()), [[1, 2, 0], [3, 0, 0], [0, 0, 0], [4, 5, 6]]),
    "of sparse": (lambda: RaggedTensor.from_sparse(RAGGED.to_sparse()), [[1, 2], [3], [], [4, 5, 6]]),
    "deep places": (lambda: tf.ragged.constant([[[1], [2, 3]], []]).to_sparse().indices, DEEP),
    "expanded": (lambda: tf.expand_dims(tf.constant("a"), -1), [b"a"]),
    "equal": (lambda: tf.constant(["a", "b"]) == "b", [False, True]),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_results_are_tensorflows(name):
    compute, expected = CASES[name]
    assert plain(compute()) == expected


def test_they_are_shown_as_tensorflow_shows_them():
    assert str(S.split("a b")) == "tf.Tensor([b'a' b'b'], shape=(2,), dtype=string)"
    assert repr(S.split(["a b", "c"])) == "<tf.RaggedTensor [[b'a', b'b'], [b'c']]>"
    assert str(RAGGED.shape) == "(4, None)"
    assert RAGGED.bounding_shape().numpy().tolist() == [4, 3]


def test_a_layer_looks_up_the_texts_of_a_model():
    table = tf.lookup.StaticHashTable(
        tf.lookup.KeyValueTensorInitializer(["a", "b"], [0, 1]), default_value=2
    )

    class Looked(nn.layers.Layer):
        def __init__(self):
            super().__init__()
            self.words = nn.layers.StringLookup(vocabulary=["a", "b"])

        def call(self, inputs):
            return tf.cast(table.lookup(inputs) * 10 + self.words(inputs), tf.float32)

    texts = nn.Input((), dtype="string")
    model = nn.Model(texts, Looked()(texts))
    assert np.asarray(model.predict(np.array(["b", "z", "a"]), verbose=0)).tolist() == [12.0, 20.0, 1.0]


def test_tables():
    keys = tf.constant(["a", "b"])
    numbers = tf.lookup.KeyValueTensorInitializer(keys, tf.constant([1, 2]))
    table = tf.lookup.StaticHashTable(numbers, default_value=-1)
    assert plain(table.lookup(tf.constant(["a", "z"]))) == [1, -1]
    assert int(table[tf.constant("b")]) == 2
    places = tf.lookup.KeyValueTensorInitializer(keys, tf.constant([0, 1], tf.int64))
    vocabulary = tf.lookup.StaticVocabularyTable(places, num_oov_buckets=3)
    assert plain(vocabulary.lookup(tf.constant(["a", "z", "q", "hello"]))) == [0, 3, 4, 3]
    assert int(vocabulary.size()) == 5
    with pytest.raises(ArgumentError, match="keys are of dtype string"):
        table.lookup(tf.constant([1]))


def test_refusals():
    with pytest.raises(InvalidArgumentError, match="Invalid pattern"):
        S.regex_replace("a", "(", "b")
    with pytest.raises(InvalidArgumentError, match="takes texts"):
        S.lower(tf.constant([1]))
    with pytest.raises(InvalidArgumentError, match="could not correctly convert"):
        S.to_number("x")
    with pytest.raises(DataError, match="one type"):
        S.lower(np.array([None], object))
    with pytest.raises(ArgumentError, match="rows of one length"):
        tf.reduce_sum(RAGGED, axis=0)
    with pytest.raises(ArgumentError, match="row_splits begin with 0"):
        RaggedTensor.from_row_splits([1, 2, 3], [0, 2])
