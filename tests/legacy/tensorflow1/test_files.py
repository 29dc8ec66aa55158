"""Files, queues and pictures in graphs, checks that stop runs, and graphs that were saved."""

import io
import json
from typing import Any

import numpy as np
import pytest

import neurona.legacy.tensorflow.v1 as tf
from neurona.legacy import imports
from neurona.legacy.tensorflow.errors import InvalidArgumentError, NotFoundError
from neurona.legacy.tensorflow.v1.contrib.factorization import KMeans
from neurona.legacy.tensorflow.v1.inner_paths import INNER_PATHS


@pytest.fixture(autouse=True)
def graph():
    with tf.Graph().as_default() as graph:
        yield graph


@pytest.fixture
def session():
    with tf.Session() as session:
        yield session


def test_lines_of_a_file_become_batches(session, tmp_path):
    path = tmp_path / "table.csv"
    path.write_text(
        "a,b,c\n" + "".join(f"{row}.5,{'yes' if row % 2 else 'no'},{row % 2}\n" for row in range(6))
    )
    names = tf.train.string_input_producer([str(path)], num_epochs=1, shuffle=False)
    _, line = tf.TextLineReader(skip_header_lines=1).read(names)
    number, word, label = tf.decode_csv(line, [[0.0], [""], [1]])
    assert [one.dtype.name for one in (number, word, label)] == ["float32", "string", "int32"]
    is_yes = tf.where(tf.equal(word, "yes"), tf.constant(1.0), tf.constant(0.0))
    rows, labels = tf.train.batch([tf.stack([number, is_yes]), label], 4)
    assert rows.shape.as_list() == [4, 2]
    found, expected = session.run([rows, labels])
    np.testing.assert_array_equal(found, [[0.5, 0], [1.5, 1], [2.5, 0], [3.5, 1]])
    np.testing.assert_array_equal(expected, [0, 1, 0, 1])
    with pytest.raises(tf.errors.OutOfRangeError):
        session.run(rows)
    assert session.run(tf.TextLineReader().read(tf.train.string_input_producer([str(path)])).key) == (
        f"{path}:1".encode()
    )


def test_records_and_pictures_are_read_in_a_graph(session, tmp_path):
    image = pytest.importorskip("PIL.Image")
    pixels = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    out = io.BytesIO()
    image.fromarray(pixels).save(out, "PNG")
    (tmp_path / "one.png").write_bytes(out.getvalue())
    (tmp_path / "two.bin").write_bytes(bytes(range(10)))
    picture = tf.image.decode_png(tf.read_file(str(tmp_path / "one.png")), channels=3)
    assert picture.shape.as_list() == [None, None, 3]
    small = tf.image.resize_images(picture, [1, 2])
    pair = tf.FixedLengthRecordReader(5).read(tf.train.string_input_producer([str(tmp_path / "two.bin")]))
    bytes_ = tf.reshape(tf.strided_slice(tf.decode_raw(pair.value, tf.uint8), [1], [5]), [2, 2])
    batch = tf.train.batch([tf.cast(bytes_, tf.float32)], 2)
    found, resized, numbers = session.run([picture, small, batch])
    np.testing.assert_array_equal(found, pixels)
    assert resized.shape == (1, 2, 3)
    np.testing.assert_array_equal(numbers, [[[1, 2], [3, 4]], [[6, 7], [8, 9]]])


def test_examples_are_parsed_with_their_sparse_features(session, tmp_path):
    feature = {
        "x": tf.train.Feature(float_list=tf.train.FloatList(value=[1.0, 2.0])),
        "words": tf.train.Feature(bytes_list=tf.train.BytesList(value=[b"a", b"b"])),
    }
    example = tf.train.Example(features=tf.train.Features(feature=feature))
    with tf.python_io.TFRecordWriter(str(tmp_path / "one.tfrecord")) as writer:
        writer.write(example.SerializeToString())
    queue = tf.train.string_input_producer([str(tmp_path / "one.tfrecord")])
    kinds = {"x": tf.FixedLenFeature([2], tf.float32), "words": tf.VarLenFeature(tf.string)}
    parsed = tf.parse_single_example(tf.TFRecordReader().read(queue).value, kinds)
    dense = tf.sparse_tensor_to_dense(parsed["words"], "")
    x, words, whole = session.run([parsed["x"], parsed["words"], dense])
    assert x.tolist() == [1, 2]
    assert words.values.tolist() == whole.tolist() == [b"a", b"b"]


def test_a_check_stops_the_run_and_changes_no_variable(session):
    x = tf.placeholder(tf.float32, [None])
    total = tf.Variable(0.0)
    with tf.control_dependencies([tf.Assert(tf.reduce_all(x > 0), ["x is", x])]):
        add = total.assign_add(tf.reduce_sum(x))

    def body(step):
        with tf.control_dependencies([tf.assert_less(step, 3)]):
            return step + 1

    limit = tf.placeholder(tf.int32, [])
    loop = tf.while_loop(lambda step: step < limit, body, [tf.constant(0)])
    finite = tf.check_numerics(x, "x is bad")
    session.run(tf.global_variables_initializer())
    session.run(add, {x: [1, 2]})
    with pytest.raises(InvalidArgumentError, match=r"assertion failed: \[x is\] \[\[ 1. -2.\]\]"):
        session.run(add, {x: [1, -2]})
    assert session.run(total) == 3
    assert session.run(loop, {limit: 3}) == 3
    with pytest.raises(InvalidArgumentError, match="assertion failed"):
        session.run(loop, {limit: 5})
    with pytest.raises(InvalidArgumentError, match="x is bad"):
        session.run(finite, {x: [np.nan]})


def test_a_block_at_a_place_that_a_run_computes(session):
    numbers = np.arange(12).reshape(3, 4)
    place = tf.placeholder(tf.int32, [])
    block = tf.strided_slice(numbers, [0, place], [3, place + 2])
    assert block.shape.as_list() == [3, None]
    block.set_shape([3, 2])
    part = tf.slice(numbers, [place, 0], [1, 3])
    for at in (0, 1, 2):
        found = session.run([block, part], {place: at})
        np.testing.assert_array_equal(found[0], numbers[:, at : at + 2])
        np.testing.assert_array_equal(found[1], numbers[at : at + 1, :3])


def test_one_iterator_goes_through_several_data_sets(session):
    low, high = (tf.data.Dataset.from_tensor_slices(np.arange(a, a + 2)) for a in (0, 10))
    iterator = tf.data.Iterator.from_structure(low.output_types, low.output_shapes)
    number = iterator.get_next()
    for data, first in ((low, 0), (high, 10)):
        session.run(iterator.make_initializer(data))
        assert [session.run(number) for _ in range(2)] == [first, first + 1]
        with pytest.raises(tf.errors.OutOfRangeError):
            session.run(number)
    handle = tf.placeholder(tf.string, [])
    fed = tf.data.Iterator.from_string_handle(handle, low.output_types, low.output_shapes).get_next()
    several = [data.make_one_shot_iterator() for data in (low, high)]
    handles = session.run([one.string_handle() for one in several])
    assert [int(session.run(fed, {handle: handles[place]})) for place in (0, 1, 0)] == [0, 10, 1]


def test_a_saved_graph_is_imported_in_the_same_process(tmp_path, graph):
    x = tf.placeholder(tf.float32, [], name="x")
    double = tf.multiply(x, tf.Variable(2.0, name="factor"), name="double")
    tf.add_to_collection("results", double)
    path = str(tmp_path / "model")
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        tf.train.Saver().save(session, path)
    with tf.Graph().as_default() as other, tf.Session() as session:
        saver = tf.train.import_meta_graph(f"{path}.meta")
        saver.restore(session, path)
        again = other.get_tensor_by_name("double:0")
        assert tf.get_collection("results") == [again]
        assert session.run(again + 1, {"x:0": 3.0}) == 7
        assert [one.name for one in tf.trainable_variables()] == ["factor:0"]
    assert double.graph is graph
    assert tf.train.list_variables(path) == [("factor", [])]
    with pytest.raises(NotFoundError, match="It has: factor"):
        tf.train.load_variable(path, "other")
    with pytest.raises(NotImplementedError, match="the same process"):
        tf.train.import_meta_graph(str(tmp_path / "none.meta"))


def test_k_means_finds_the_means_of_its_points(session):
    points = np.array([[0, 0], [0, 2], [8, 8], [8, 10]], "float32")
    steps = KMeans(tf.constant(points), 2, initial_clusters=[[1.0, 1.0], [7.0, 7.0]]).training_graph()
    _, places, distances, _, centers, init, train = steps
    session.run(tf.global_variables_initializer())
    session.run(init)
    session.run(train)
    np.testing.assert_allclose(session.run(centers), [[0, 1], [8, 9]])
    found = session.run([places[0], distances[0]])
    np.testing.assert_array_equal(found[0], [0, 0, 1, 1])
    np.testing.assert_allclose(found[1], [1, 1, 1, 1], rtol=1e-6)


def test_a_session_goes_on_where_a_supervisor_saved(tmp_path):
    for expected in (3, 6):
        with tf.Graph().as_default():
            step = tf.train.get_or_create_global_step()
            assert tf.train.get_or_create_global_step() is step
            more = tf.assign_add(step, 1)
            with tf.train.Supervisor(logdir=str(tmp_path)).managed_session() as session:
                assert [int(session.run(more)) for _ in range(3)][-1] == expected


def test_contribs_losses_take_the_predictions_first(session):
    logits, labels = np.array([[2.0, 0.0]], "float32"), np.array([[0.0, 1.0]], "float32")
    turned = tf.contrib.losses.softmax_cross_entropy(logits, labels)
    same = tf.losses.softmax_cross_entropy(labels, logits)
    assert session.run(turned) == session.run(same) == pytest.approx(2 + np.log1p(np.exp(-2)))


def test_data_sets_take_fed_numbers_and_paths(session, tmp_path):
    (tmp_path / "lines.txt").write_text("a\nbb\nccc\n")
    most, size = tf.placeholder(tf.int64, []), tf.placeholder(tf.int64, [])
    paths = tf.placeholder(tf.string, [None])
    numbers = tf.data.Dataset.range(most).batch(size).make_initializable_iterator()
    lines = tf.data.TextLineDataset(paths).make_initializable_iterator()
    assert numbers.output_shapes.as_list() == [None]
    rows, line = numbers.get_next(), lines.get_next()
    session.run(lines.initializer, {paths: [str(tmp_path / "lines.txt")]})
    assert [session.run(line) for _ in range(3)] == [b"a", b"bb", b"ccc"]
    for many, expected in ((5, [[0, 1], [2, 3], [4]]), (2, [[0, 1]])):
        session.run(numbers.initializer, {most: many, size: 2})
        assert [session.run(rows).tolist() for _ in expected] == expected
    with pytest.raises(tf.errors.OutOfRangeError):
        session.run(rows)


def test_python_and_lengths_of_texts_in_data_sets(session):
    texts = tf.data.Dataset.from_tensor_slices([b"abc", b"d", b"ef"])
    read = lambda one: np.frombuffer(one, np.uint8).astype(np.float32)
    codes = texts.map(lambda one: tf.py_func(read, [one], tf.float32))
    assert codes.output_shapes.as_list() == [None]
    whole = codes.padded_batch(2, codes.output_shapes).apply(tf.contrib.data.shuffle_and_repeat(1, 1))
    element = whole.make_one_shot_iterator().get_next()
    np.testing.assert_array_equal(session.run(element), [[97, 98, 99], [100, 0, 0]])


def test_summaries_are_read_again_and_folders_made(session, tmp_path):
    activation = tf.contrib.layers.summarize_activation(tf.nn.relu(tf.constant([-1.0, 2.0]), name="r"))
    assert b"r/activation" in session.run(activation)
    both = tf.summary.merge([tf.summary.scalar("loss", tf.constant(0.5)), tf.summary.histogram("h", [1.0])])
    summary = tf.Summary()
    summary.ParseFromString(session.run(both))
    summary.value.add(tag="more", simple_value=2.0)
    with tf.summary.FileWriter(str(tmp_path)) as writer:
        writer.add_summary(summary, 7)
    *_, event = tf.train.summary_iterator(next(tmp_path.glob("*tfevents*")))
    assert [(one.tag, one.simple_value) for one in event.summary.value] == [
        ("loss", 0.5), ("h", None), ("more", 2.0)
    ]  # fmt: skip
    assert event.step == 7
    tf.get_variable("v", initializer=1.0)
    session.run(tf.global_variables_initializer())
    saver = tf.train.Saver()
    assert tf.train.checkpoint_exists(saver.save(session, str(tmp_path / "new" / "model"), 3))
    with pytest.raises(ValueError, match="Parent directory"):
        saver.save(session, str(tmp_path / "one" / "two" / "model"))


def test_a_graph_with_a_producer_is_imported_from_its_message():
    rows = tf.train.range_input_producer(tf.identity(tf.constant(3)), shuffle=False).dequeue()
    tf.add_to_collection("rows", rows * 10)
    message = tf.train.export_meta_graph()
    with tf.Graph().as_default(), tf.Session() as session:
        tf.train.import_meta_graph(message)
        (again,) = tf.get_collection("rows")
        assert [int(session.run(again)) for _ in range(4)] == [0, 10, 20, 0]


def test_inner_modules_that_programs_import_from():
    face = "neurona.legacy.tensorflow.v1"
    for path, name in [
        ("python.control_flow_ops", "cond"),
        ("python.ops.gradients_impl", "gradients"),
        ("python.training.optimizer", "Optimizer"),
        ("python.training.saver", "latest_checkpoint"),
        ("python.ops.losses.losses", "softmax_cross_entropy"),
        ("python.lib.io.tf_record", "tf_record_iterator"),
        ("contrib.rnn.python.ops.core_rnn_cell_impl", "BasicLSTMCell"),
        ("contrib.layers.python.layers", "initializers"),
        ("contrib.layers.python.layers.layers", "conv2d"),
        ("contrib.seq2seq.python.ops.attention_wrapper", "AttentionWrapper"),
        ("contrib.framework.python.ops", "add_arg_scope"),
        ("core.protobuf.config_pb2", "ConfigProto"),
        ("models.rnn.rnn_cell", "BasicLSTMCell"),
        ("models.rnn.seq2seq", "rnn_decoder"),
    ]:
        assert getattr(imports.find(f"{face}.{path}"), name) is not None
    for path, target in INNER_PATHS.items():
        module = imports.find(f"{face}.{path}")
        assert module is not None, path
        for name in target if isinstance(target, dict) else ():
            assert getattr(module, name) is not None


def test_a_checkpoint_is_printed(session, tmp_path, capsys):
    tf.get_variable("v", initializer=[1.0, 2.0])
    session.run(tf.global_variables_initializer())
    path = tf.train.Saver().save(session, str(tmp_path / "model"))
    show = imports.find("neurona.legacy.tensorflow.v1.python.tools.inspect_checkpoint")
    show.print_tensors_in_checkpoint_file(path, "v", False)
    show.print_tensors_in_checkpoint_file(path, None, True)
    show.print_tensors_in_checkpoint_file(path, None, False)
    told = "tensor_name:  v\n[1. 2.]\n"
    assert capsys.readouterr().out == f"{told}{told}v (float32) [2]\n"
    assert sorted(one.name for one in tmp_path.iterdir()) == [
        "checkpoint", "model.data-00000-of-00001", "model.index", "model.meta"
    ]  # fmt: skip


def test_the_trace_of_a_run_and_files_by_inner_names(tmp_path):
    file_io: Any = imports.find("tensorflow.python.lib.io.file_io")
    timeline: Any = imports.find("neurona.legacy.tensorflow.v1.python.client.timeline")
    metadata = tf.RunMetadata()
    options = tf.RunOptions(trace_level=tf.RunOptions.FULL_TRACE)
    with tf.Graph().as_default(), tf.Session() as session:
        session.run(tf.add(1, 2, name="sum"), options=options, run_metadata=metadata)
    trace = json.loads(timeline.Timeline(metadata.step_stats).generate_chrome_trace_format())
    _, run = trace["traceEvents"]
    assert run["ph"] == "X"
    assert run["dur"] > 0
    assert run["args"]["fetched"] == ["sum:0"]
    file = str(tmp_path / "a" / "b.txt")
    file_io.recursive_create_dir(str(tmp_path / "a"))
    file_io.write_string_to_file(file, "words")
    with file_io.FileIO(file, mode="a") as opened:
        opened.write(" more")
    assert file_io.read_file_to_string(file) == "words more"
    assert file_io.read_file_to_string(file, binary_mode=True) == b"words more"
    assert file_io.get_matching_files(str(tmp_path / "a" / "*.txt")) == [file]
    file_io.delete_recursively(str(tmp_path / "a"))
    assert not file_io.file_exists(file)
