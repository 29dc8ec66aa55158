"""tf.io and data sets of files: the bytes that TensorFlow writes and reads."""

import numpy as np
import pytest

import neurona.legacy.tensorflow as tf
from neurona.legacy.tensorflow.errors import DataLossError, InvalidArgumentError, NotFoundError
from neurona.legacy.tensorflow.hosts import tensor
from neurona.legacy.tensorflow.io import examples
from neurona.legacy.tensorflow.io.examples import Example, Feature, Features

# An Example with a=[1, -2], b=[1.5] and c=["xy", "z"], and a record file of two, as TensorFlow 2.21 wrote
# them.
EXAMPLE = (
    b"\n5\n\x14\n\x01a\x12\x0f\x1a\r\n\x0b\x01\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01\n\r\n\x01b\x12\x08\x12\x06\n"
    b"\x04\x00\x00\xc0?\n\x0e\n\x01c\x12\t\n\x07\n\x02xy\n\x01z"
)
RECORDS = (b"7\x00\x00\x00\x00\x00\x00\x00\xe7\xe8\xcaY" + EXAMPLE + b"\x11\xaa0\x0f") * 2
FEATURES = {
    "a": tf.io.FixedLenFeature([2], tf.int64),
    "b": tf.io.FixedLenFeature([], tf.float32),
    "c": tf.io.VarLenFeature(tf.string),
    "d": tf.io.FixedLenFeature([], tf.int64, default_value=7),
}


def example():
    return Example(
        features=Features(
            feature={
                "a": Feature(int64_list=examples.Int64List(value=[1, -2])),
                "b": Feature(float_list=examples.FloatList(value=[1.5])),
                "c": Feature(bytes_list=examples.BytesList(value=[b"xy", b"z"])),
            }
        )
    )


def test_examples_are_written_and_read_byte_by_byte():
    assert example().SerializeToString() == EXAMPLE
    assert Example.FromString(EXAMPLE) == example()
    made = Example()
    made.features.feature["l"].int64_list.value.extend([4, 5])
    assert list(Example.FromString(made.SerializeToString()).features.feature["l"].int64_list.value) == [4, 5]
    assert 'key: "l"' in repr(made)


def test_examples_are_parsed():
    found = tf.io.parse_single_example(EXAMPLE, FEATURES)
    assert found["a"].numpy().tolist() == [1, -2]
    assert float(found["b"]) == 1.5
    assert int(found["d"]) == 7
    assert found["c"].values.numpy().tolist() == [b"xy", b"z"]
    many = tf.io.parse_example([EXAMPLE, EXAMPLE], FEATURES)
    assert many["a"].shape == (2, 2)
    assert many["c"].indices.numpy().tolist() == [
        [0, 0],
        [0, 1],
        [1, 0],
        [1, 1],
    ]
    for feature, message in (
        ({"z": tf.io.FixedLenFeature([], tf.int64)}, "required but could not be found"),
        ({"a": tf.io.FixedLenFeature([3], tf.int64)}, "2 values"),
        ({"a": tf.io.FixedLenFeature([2], tf.float32)}, "Data types don't match"),
    ):
        with pytest.raises(InvalidArgumentError, match=message):
            tf.io.parse_single_example(EXAMPLE, feature)
    with pytest.raises(InvalidArgumentError, match="damaged"):
        tf.io.parse_single_example(EXAMPLE[:-3], FEATURES)


# What TensorFlow 2.21 writes.
SEQUENCE = (
    b"\n$\n\x0f\n\x06author\x12\x05\x1a\x03\n\x01\x07\n\x11\n\x05title\x12\x08\n\x06\n\x01A\n\x01b\x129\n\x17\n\x03pos"
    b"\x12\x10\n\x06\x1a\x04\n\x02\x01\x02\n\x06\x1a\x04\n\x02\x03\x04\n\x1e\n\x05words\x12\x15\n\x08\n\x06\n\x01x\n"
    b"\x01y\n\x02\n\x00\n\x05\n\x03\n\x01z"
)


def test_examples_with_sequences():
    train = tf.train

    def texts(*values):
        return train.Feature(bytes_list=train.BytesList(value=values))

    def numbers(*values):
        return train.Feature(int64_list=train.Int64List(value=values))

    context = train.Features(feature={"author": numbers(7), "title": texts(b"A", b"b")})
    words = train.FeatureList(feature=[texts(b"x", b"y"), texts(), texts(b"z")])
    places = train.FeatureList(feature=[numbers(1, 2), numbers(3, 4)])
    lists = train.FeatureLists(feature_list={"words": words, "pos": places})
    made = train.SequenceExample(context=context, feature_lists=lists)
    assert made.SerializeToString() == SEQUENCE
    assert train.SequenceExample.FromString(SEQUENCE) == made
    of_steps = {
        "words": tf.io.VarLenFeature(tf.string),
        "pos": tf.io.FixedLenSequenceFeature([2], tf.int64),
    }
    whole, steps = tf.io.parse_single_sequence_example(
        SEQUENCE, {"author": tf.io.FixedLenFeature([], tf.int64)}, of_steps
    )
    assert int(whole["author"]) == 7
    assert tf.RaggedTensor.from_sparse(steps["words"]).to_list() == [[b"x", b"y"], [], [b"z"]]
    assert steps["pos"].numpy().tolist() == [[1, 2], [3, 4]]
    with pytest.raises(InvalidArgumentError, match="required but could not be found"):
        tf.io.parse_single_sequence_example(SEQUENCE, {}, {"no": of_steps["pos"]})


@pytest.mark.parametrize("kind", ["", "GZIP", "ZLIB"])
def test_record_files(tmp_path, kind):
    path = str(tmp_path / "a.tfrecord")
    with tf.io.TFRecordWriter(path, tf.io.TFRecordOptions(compression_type=kind)) as writer:
        writer.write(EXAMPLE)
        writer.write(EXAMPLE)
    if not kind:
        assert (tmp_path / "a.tfrecord").read_bytes() == RECORDS
    parsed = tf.data.TFRecordDataset([path], kind).map(lambda s: tf.io.parse_single_example(s, FEATURES)["a"])
    assert [row.tolist() for row in parsed.as_numpy_iterator()] == [[1, -2]] * 2


def test_damaged_record_files_are_refused(tmp_path):
    path = tmp_path / "a.tfrecord"
    path.write_bytes(RECORDS[:-4])
    with pytest.raises(DataLossError, match="cut off"):
        list(tf.data.TFRecordDataset(str(path)))
    path.write_bytes(b"nothing of the kind")
    with pytest.raises(DataLossError, match="no TFRecord file"):
        list(tf.data.TFRecordDataset(str(path)))
    with pytest.raises(NotFoundError):
        list(tf.data.TFRecordDataset(str(tmp_path / "b")))


def test_lines_and_records_of_one_length(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"a\nb\r\n\nc")
    lines = tf.data.TextLineDataset([str(tmp_path / "a.txt")] * 2)
    assert list(lines.as_numpy_iterator()) == [b"a", b"b", b"", b"c"] * 2
    (tmp_path / "b").write_bytes(b"HH123456789F")
    records = tf.data.FixedLengthRecordDataset(str(tmp_path / "b"), 3, 2, 1)
    assert list(records.as_numpy_iterator()) == [b"123", b"456", b"789"]


def test_csv(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("x,y,label\n1,2.5,0\n3,4.5,1\n5,,0\n")
    defaults = [tf.int32, tf.constant([9.0]), tf.int32]
    rows = tf.data.experimental.CsvDataset(str(path), defaults, header=True)
    assert [tuple(map(float, row)) for row in rows] == [(1, 2.5, 0), (3, 4.5, 1), (5, 9, 0)]
    batches = tf.data.experimental.make_csv_dataset(
        str(path), 2, label_name="label", num_epochs=1, shuffle=False
    )
    features, labels = next(iter(batches))
    assert features["x"].numpy().tolist() == [1, 3]
    assert features["y"].dtype == tf.float32
    assert labels.numpy().tolist() == [0, 1]


def test_bytes_as_numbers_and_tensors():
    assert tf.io.decode_raw([b"\x01\x02", b"\x03\x04"], tf.int16).numpy().tolist() == [[513], [1027]]
    assert int(tf.io.decode_raw(b"\x01\x02", tf.int16, little_endian=False)[0]) == 258
    numbers, texts = tf.io.decode_csv(["1,abc", ",x"], [[0], [""]])
    assert numbers.numpy().tolist() == [1, 0]
    assert texts.numpy().tolist() == [b"abc", b"x"]
    with pytest.raises(InvalidArgumentError, match="Field 0 in record 0 is not a valid int32: a"):
        tf.io.decode_csv("a,2", [[0], [0]])
    written = tf.io.serialize_tensor(tf.constant([[1, 2], [3, 4]])).numpy()
    assert written == (
        b'\x08\x03\x12\x08\x12\x02\x08\x02\x12\x02\x08\x02"\x10\x01\x00\x00\x00\x02\x00\x00\x00\x03\x00\x00\x00'
        b"\x04\x00\x00\x00"
    )
    assert tf.io.parse_tensor(tensor(written), tf.int32).numpy().tolist() == [[1, 2], [3, 4]]
    assert (
        tf.io.serialize_tensor(tf.constant(["a", "bc"])).numpy()
        == b"\x08\x07\x12\x04\x12\x02\x08\x02B\x01aB\x02bc"
    )
    assert tf.io.encode_base64("hello?").numpy() == b"aGVsbG8_"


def test_files(tmp_path):
    path = str(tmp_path / "folder" / "a.bin")
    tf.io.write_file(path, tf.constant(b"abc"))
    assert tf.io.read_file(path).numpy() == b"abc"
    assert tf.io.gfile.exists(path)
    assert tf.io.matching_files(str(tmp_path / "*" / "*.bin")).numpy().tolist() == [path.encode()]
    with tf.io.gfile.GFile(path, "rb") as file:
        assert file.read() == b"abc"
    with pytest.raises(NotFoundError):
        tf.io.read_file(str(tmp_path / "nothing"))


def test_a_data_set_is_written_to_records(tmp_path):
    path = str(tmp_path / "a.tfrecord")
    tf.data.experimental.TFRecordWriter(path).write(tf.data.Dataset.from_tensor_slices([b"a", b"b"]))
    assert list(tf.data.TFRecordDataset(path).as_numpy_iterator()) == [b"a", b"b"]
    assert np.shape(next(iter(tf.data.TFRecordDataset(path).batch(2)))) == (2,)
