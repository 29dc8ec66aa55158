"""tf.data.Dataset: TensorFlow's elements, in TensorFlow's order."""

import os

import numpy as np
import pytest

import neurona as nn
import neurona.legacy.tensorflow as tf
from neurona.core.errors import ArgumentError, DataError, ShapeError
from neurona.legacy.tensorflow.data.mapping import ElementFunction

D = tf.data.Dataset
ROWS = [[0], [1, 2, 3, 4], [5, 6, 7], [7, 8, 9, 10, 11], [13, 14, 15, 16, 19, 20], [21, 22]]


def plain(dataset):
    """The elements as Python's lists."""
    return [element.tolist() for element in dataset.as_numpy_iterator()]


def ragged():
    return D.from_generator(lambda: ROWS, tf.int64, output_shapes=[None])


def twice(x):
    return D.from_tensors(x).repeat(3)


CASES = {  # what TensorFlow 2.21 gives
    "range": (lambda: D.range(1, 9, 3), [1, 4, 7]),
    "take": (lambda: D.range(5).take(2), [0, 1]),
    "skip": (lambda: D.range(5).skip(3), [3, 4]),
    "shard": (lambda: D.range(10).shard(3, 1), [1, 4, 7]),
    "repeat": (lambda: D.range(2).repeat(2), [0, 1, 0, 1]),
    "batch": (lambda: D.range(5).batch(2), [[0, 1], [2, 3], [4]]),
    "batch of mapped": (lambda: D.range(5).map(lambda x: x * 2).batch(2, True), [[0, 2], [4, 6]]),
    "unbatch": (lambda: D.range(5).batch(2).unbatch(), [0, 1, 2, 3, 4]),
    "filter": (lambda: D.range(6).filter(lambda x: x % 2 == 0), [0, 2, 4]),
    "concatenate": (lambda: D.range(2).concatenate(D.range(5, 7)), [0, 1, 5, 6]),
    "take_while": (lambda: D.range(9).take_while(lambda x: x < 3), [0, 1, 2]),
    "scan": (lambda: D.range(6).scan(np.int64(0), lambda s, x: (s + x, s * x)), [0, 0, 2, 9, 24, 50]),
    "interleave": (
        lambda: D.range(5).interleave(twice, cycle_length=2),
        [0, 1, 0, 1, 0, 1, 2, 3, 2, 3, 2, 3, 4, 4, 4],
    ),
    "interleave in blocks": (
        lambda: D.range(5).interleave(twice, cycle_length=2, block_length=2),
        [0, 0, 1, 1, 0, 1, 2, 2, 3, 3, 2, 3, 4, 4, 4],
    ),
    "flat_map": (lambda: D.range(3).flat_map(lambda x: D.range(x)), [0, 0, 1]),
    "window": (
        lambda: D.range(5).window(3, shift=1, drop_remainder=True).flat_map(lambda w: w.batch(3)),
        [[0, 1, 2], [1, 2, 3], [2, 3, 4]],
    ),
    "window with strides": (
        lambda: D.range(7).window(3, 2, 2).flat_map(lambda w: w.batch(3)),
        [[0, 2, 4], [2, 4, 6], [4, 6], [6]],
    ),
    "group_by_window": (
        lambda: D.range(10).group_by_window(lambda x: x % 2, lambda _, ds: ds.batch(3), window_size=3),
        [[0, 2, 4], [1, 3, 5], [6, 8], [7, 9]],
    ),
    "choose": (
        lambda: D.choose_from_datasets([D.range(3), D.range(10, 13)], D.range(2).repeat(3)),
        [0, 10, 1, 11, 2, 12],
    ),
    "padded": (
        lambda: ragged().padded_batch(2, padded_shapes=[None], padding_values=np.int64(-1)),
        [[[0, -1, -1, -1], [1, 2, 3, 4]], [[5, 6, 7, -1, -1], [7, 8, 9, 10, 11]],
         [[13, 14, 15, 16, 19, 20], [21, 22, -1, -1, -1, -1]]],
    ),
    "buckets": (
        lambda: ragged().bucket_by_sequence_length(lambda e: tf.shape(e)[0], [3, 5], [2, 2, 2]),
        [[[1, 2, 3, 4], [5, 6, 7, 0]], [[7, 8, 9, 10, 11, 0], [13, 14, 15, 16, 19, 20]], [[0, 0], [21, 22]]],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_elements_are_tensorflows(name):
    make, expected = CASES[name]
    assert plain(make()) == expected


def test_lengths_and_cardinality():
    lengths = [d.cardinality().numpy() for d in (D.range(3), D.range(3).repeat(), D.range(10).batch(3))]
    assert lengths == [3, -1, 4]
    assert len(D.zip((D.range(3), D.range(5)))) == 3
    with pytest.raises(TypeError, match="infinite"):
        len(D.range(3).repeat())
    with pytest.raises(TypeError, match="unknown"):
        len(D.range(3).filter(lambda x: x > 0))


def test_specs_are_told_as_tensorflow_tells_them():
    pairs = D.from_tensor_slices(([1, 2, 3], [1.0, 2, 3]))
    assert repr(pairs) == (
        "<_TensorSliceDataset element_spec=(TensorSpec(shape=(), dtype=tf.int32, name=None), "
        "TensorSpec(shape=(), dtype=tf.float32, name=None))>"
    )
    assert D.range(4).batch(2).map(lambda x: x + 1).element_spec == tf.TensorSpec([None], tf.int64)
    fixed = D.from_tensor_slices(np.zeros((3, 2))).batch(2, drop_remainder=True)
    assert fixed.element_spec == tf.TensorSpec([2, 2], tf.float64)
    assert "DatasetSpec" in repr(D.range(6).window(2))


def test_structures_and_texts():
    (first,) = D.from_tensor_slices({"a": [1, 2], "b": ["x", "yé"]}).skip(1)
    assert first["b"].numpy() == "yé".encode()
    assert first["a"].dtype == tf.int32
    ((x, y),) = D.from_tensors(([1, 2], 3))
    assert x.numpy().tolist() == [1, 2]
    assert int(y) == 3
    (pair,) = D.range(1).map(lambda x: [x, x])
    assert isinstance(pair, tuple)
    assert [int(n) for n, _ in D.range(3).enumerate(5)] == [5, 6, 7]


def test_iterators():
    iterator = iter(D.range(2))
    assert int(iterator.get_next()) == 0
    assert int(next(iterator)) == 1
    with pytest.raises(tf.errors.OutOfRangeError):
        iterator.get_next()
    old = D.range(2).make_initializable_iterator()
    old.initializer  # noqa: B018 - TensorFlow 1's way to begin
    assert [int(old.get_next()) for _ in range(2)] == [0, 1]
    assert int(D.range(5).reduce(np.int64(0), lambda s, x: s + x)) == 10


def test_shuffling_is_complete_anew_each_time_and_repeats_by_its_seed():
    numbers = D.range(100).shuffle(7, seed=1)
    first, second = plain(numbers), plain(numbers)
    assert sorted(first) == sorted(second) == list(range(100))
    assert first != second
    assert max(place - number for place, number in enumerate(first)) < 100
    assert all(number - place < 7 for place, number in enumerate(first))  # the buffer's size
    assert plain(D.range(100).shuffle(7, seed=1)) == first
    fixed = D.range(20).shuffle(20, reshuffle_each_iteration=False)
    assert plain(fixed) == plain(fixed)
    cached = D.range(20).shuffle(20).cache()
    assert plain(cached) == plain(cached)
    tf.random.set_seed(3)
    once = plain(D.range(20).shuffle(20))
    tf.random.set_seed(3)
    assert plain(D.range(20).shuffle(20)) == once


def test_cache_computes_once_in_memory_and_in_a_file(tmp_path):
    calls = []

    def load(x):
        calls.append(1)
        return x, tf.strings.as_string(x)

    for path in ("", str(tmp_path / "cache")):
        calls.clear()
        cached = D.range(3).map(load).cache(path)
        assert list(cached.as_numpy_iterator()) == list(cached.as_numpy_iterator())
        assert len(calls) == 3
    again = D.range(3).map(load).cache(str(tmp_path / "cache"))
    assert [text for _, text in again.as_numpy_iterator()] == [b"0", b"1", b"2"]
    assert len(calls) == 3


class TestFunctionsOfManyElements:
    """What `map` compiles equals what it computes one by one."""

    def test_a_pure_function_is_compiled(self):
        calls = []

        def function(x):
            calls.append(1)
            return x * 2, {"third": tf.cast(x, tf.float32) / 3}

        found = list(D.range(300).map(function).as_numpy_iterator())
        assert [int(x) for x, _ in found] == list(range(0, 600, 2))
        assert found[0][0].dtype == np.int64
        np.testing.assert_allclose([e["third"] for _, e in found], np.arange(300) / 3, rtol=1e-6)
        assert len(calls) < 100

    def test_random_numbers_differ_between_elements(self):
        drawn = plain(D.range(300).map(lambda _: tf.random.uniform([])))
        assert len(set(drawn)) == 300
        assert 0.4 < np.mean(drawn) < 0.6

    def test_what_looks_at_values_runs_one_by_one(self):
        def function(x):
            return x * 10 if int(x) % 2 == 0 else x

        assert plain(D.range(150).map(function))[-2:] == [1480, 149]

    def test_variables_are_read_anew_and_assigned(self):
        factor, count = tf.Variable(2.0), tf.Variable(0)
        products = D.from_tensor_slices(np.arange(150, dtype=np.float32)).map(lambda x: x * factor)
        assert plain(products)[-1] == 298
        factor.assign(3.0)
        assert plain(products)[-1] == 447

        def counting(x):
            count.assign_add(1)
            return x

        assert plain(D.range(150).map(counting)) == list(range(150))
        assert int(count) >= 150

    def test_integers_of_64_bits_stay_whole(self):
        large = np.array([2**40 + number for number in range(150)])
        assert plain(D.from_tensor_slices(large).map(lambda x: x)) == large.tolist()

    def test_a_function_is_run_by_itself_where_the_program_would_give_something_else(self):
        counter = iter(range(10**6))
        function = ElementFunction(lambda x: x + next(counter))
        pairs = list(function.over(iter(np.zeros(200, np.float32))))
        assert function.is_eager
        assert len({float(result) for _, result in pairs}) == 200


class TestFit:
    """A model learns from a data set as from arrays."""

    def model(self):
        model = nn.Sequential([nn.Input((3,)), nn.layers.Dense(1, kernel_initializer="ones")])
        model.compile("sgd", "mse")
        return model

    def test_the_same_numbers_as_from_arrays(self):
        x = np.random.default_rng(0).normal(size=(20, 3)).astype(np.float32)
        y = x.sum(1, keepdims=True) ** 2
        arrays, stream, mapped = self.model(), self.model(), self.model()
        data = D.from_tensor_slices((x, y)).batch(8).prefetch(tf.data.AUTOTUNE)
        expected = arrays.fit(x, y, batch_size=8, epochs=3, shuffle=False, verbose=0).history["loss"]
        found = stream.fit(data, epochs=3, verbose=0).history["loss"]
        np.testing.assert_allclose(found, expected, rtol=1e-5)
        halves = D.from_tensor_slices((x / 2, y)).map(lambda a, b: (a * 2, b)).batch(8)
        np.testing.assert_allclose(
            mapped.fit(halves, epochs=3, verbose=0).history["loss"], expected, rtol=1e-5
        )
        np.testing.assert_allclose(stream.evaluate(data, verbose=0), arrays.evaluate(x, y, verbose=0), 1e-4)
        np.testing.assert_allclose(
            stream.predict(data.map(lambda a, _: a), verbose=0), stream.predict(x, verbose=0), 1e-4
        )

    def test_shuffled_and_repeated(self):
        x = np.arange(30, dtype=np.float32).reshape(10, 3) / 30
        data = D.from_tensor_slices((x, x[:, :1])).shuffle(10).repeat().batch(4)
        history = self.model().fit(data, epochs=2, steps_per_epoch=5, verbose=0)
        assert len(history.history["loss"]) == 2


def test_refusals_say_how_to_mend_them():
    with pytest.raises(ShapeError, match="equally many rows"):
        D.from_tensor_slices(([1, 2], [1, 2, 3]))
    with pytest.raises(ShapeError, match=r"use Dataset\.from_tensors"):
        D.from_tensor_slices(3)
    with pytest.raises(ShapeError, match="padded_batch"):
        list(ragged().batch(2))
    with pytest.raises(DataError, match="larger than padded_shapes"):
        list(ragged().padded_batch(6, padded_shapes=[4]))
    with pytest.raises(ShapeError, match="declared"):
        list(D.from_generator(lambda: [[1, 2]], tf.int32, output_shapes=[3]))
    with pytest.raises(ArgumentError, match="lambda: generator"):
        D.from_generator(iter([1]), tf.int32)
    with pytest.raises(ArgumentError, match="must return a Dataset"):
        list(D.range(2).flat_map(lambda x: x))
    with pytest.raises(ArgumentError, match="buffer_size is at least 1"):
        D.range(3).shuffle(0)
    with pytest.raises(DataError, match="one type"):
        D.from_tensor_slices(np.array([1.5, "a", None], object))
    with pytest.raises(DataError, match="No file matches"):
        D.list_files(os.path.join("nowhere", "*"))
