"""to_categorical, normalize, pad_sequences and windows over a series: equal to Keras, and clear about bad
input.
"""

import itertools

import jax
import keras
import numpy as np
import pytest

from neurona.core.errors import ArgumentError, DataError, ShapeError
from neurona.preprocessing import normalize, pad_sequences, timeseries_dataset_from_array, to_categorical


def same(ours: np.ndarray, theirs: np.ndarray, exact: bool = True) -> None:
    assert ours.shape == theirs.shape
    assert ours.dtype == theirs.dtype
    if exact:
        np.testing.assert_array_equal(ours, theirs)
    else:
        np.testing.assert_allclose(ours, theirs, rtol=1e-6)


@pytest.mark.parametrize(
    ("x", "num_classes"),
    [
        ([0, 1, 3], None),
        ([0, 1, 3], 7),
        ([[0], [2]], None),
        ([[0, 1], [2, 1]], 3),
        ([[[1], [0]]], None),
        (np.array([2.0, 0.0]), None),
        (np.array([1, 2], "uint8"), 4),
        ([[4]], None),
        (2, None),
        ([], 3),
        ([True, False], None),
    ],
)
def test_to_categorical_is_keras(x, num_classes):
    same(to_categorical(x, num_classes), keras.utils.to_categorical(x, num_classes))


@pytest.mark.parametrize(
    ("x", "num_classes", "message"),
    [
        ([], None, "empty"),
        ([0, 5], 5, r"0\.\.4. Received: 5"),
        ([-1, 2], None, "Received: -1"),
        ([0.5, 1], None, "whole"),
        ([float("nan")], 3, "whole"),
    ],
)
@pytest.mark.filterwarnings("ignore:invalid value encountered in cast")
def test_to_categorical_bad_labels(x, num_classes, message):
    with pytest.raises(DataError, match=message):
        to_categorical(x, num_classes)


@pytest.mark.parametrize("order", [1, 2, 3, np.inf])
@pytest.mark.parametrize("shape", [(5,), (4, 6), (2, 3, 4)])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_normalize_is_keras(order, shape, dtype):
    x = np.random.default_rng(0).normal(size=shape).astype(dtype)
    x[0] = 0
    same(normalize(x, order=order), keras.utils.normalize(x, order=order).reshape(shape), exact=False)


@pytest.mark.parametrize("axis", [0, 1, -2])
def test_normalize_along_any_axis(axis):
    unit = normalize(np.random.default_rng(0).normal(size=(3, 4, 5)), axis=axis)
    np.testing.assert_allclose((unit**2).sum(axis=axis), 1)


def test_normalize_bad_arguments():
    with pytest.raises(ArgumentError, match="axis=2"):
        normalize(np.ones((2, 2)), axis=2)
    with pytest.raises(ArgumentError, match="order=0"):
        normalize(np.ones((2, 2)), order=0)


SEQUENCES = {
    "numbers": [[1], [2, 3], [4, 5, 6], []],
    "arrays": [np.arange(4), np.arange(1), np.arange(7)],
    "vectors": [[[1, 2]], [[3, 4], [5, 6], [7, 8]], []],
    "one": [[7, 8, 9]],
    "all empty": [[], []],
}


@pytest.mark.parametrize("name", SEQUENCES)
@pytest.mark.parametrize(("padding", "truncating"), list(itertools.product(("pre", "post"), repeat=2)))
@pytest.mark.parametrize("maxlen", [None, 1, 2, 5])
@pytest.mark.parametrize(
    ("dtype", "value"), [("int32", 0.0), ("int64", -1), ("float32", 0.5), ("uint8", 9), (object, "x")]
)
def test_pad_sequences_is_keras(name, padding, truncating, maxlen, dtype, value):
    options = {"maxlen": maxlen, "dtype": dtype, "padding": padding, "truncating": truncating, "value": value}
    same(pad_sequences(SEQUENCES[name], **options), keras.utils.pad_sequences(SEQUENCES[name], **options))


def test_pad_sequences_of_words():
    words = [["a", "b"], ["c"]]
    same(
        pad_sequences(words, dtype=object, value="<pad>"),
        keras.utils.pad_sequences(words, dtype=object, value="<pad>"),
    )


@pytest.mark.parametrize(
    ("arguments", "options", "error", "message"),
    [
        ([[[1]]], {"padding": "left"}, ArgumentError, "padding.*'left'"),
        ([[[1]]], {"truncating": "left"}, ArgumentError, "truncating.*'left'"),
        ([[[1]]], {"maxlen": -1}, ArgumentError, "maxlen"),
        ([[[1]]], {"value": "x"}, ArgumentError, "dtype=object"),
        ([5], {}, DataError, "Received: int"),
        ([[1, 2]], {}, DataError, "position 0: 1"),
        ([[]], {}, DataError, "no sequence"),
        ([[[[1, 2]], [[1, 2, 3]]]], {}, ShapeError, r"\(2,\).*\(3,\) in sequence 1"),
        ([[[[1, 2], [3]]]], {}, ShapeError, "sequence 0"),
    ],
)
def test_pad_sequences_bad_input(arguments, options, error, message):
    with pytest.raises(error, match=message):
        pad_sequences(*arguments, **options)


@pytest.mark.parametrize("stride", [1, 3])
@pytest.mark.parametrize("rate", [1, 2])
@pytest.mark.parametrize(("start", "end"), [(None, None), (2, None), (1, 17)])
def test_timeseries_windows(stride, rate, start, end):
    data = np.arange(40).reshape(20, 2)
    targets = np.arange(20) * 10
    batches = timeseries_dataset_from_array(
        data,
        targets,
        3,
        sequence_stride=stride,
        sampling_rate=rate,
        batch_size=4,
        start_index=start,
        end_index=end,
    )
    begin, stop = start or 0, end or 20
    expected = [
        [position + step * rate for step in range(3)] for position in range(begin, stop - 2 * rate, stride)
    ]
    x = np.concatenate([x for x, _ in batches])
    y = np.concatenate([y for _, y in batches])
    np.testing.assert_array_equal(x, data[np.array(expected)])
    np.testing.assert_array_equal(y, [row[0] * 10 for row in expected])
    assert len(batches) == -(-len(expected) // 4)
    with pytest.raises(IndexError):
        batches[len(batches)]


def test_timeseries_shuffled_unbatched_and_without_targets():
    shuffled = timeseries_dataset_from_array(np.arange(30), None, 4, shuffle=True, seed=1)
    (x,) = list(shuffled)
    assert sorted(x[:, 0]) == list(range(27))
    assert x[:, 0].tolist() != list(range(27))
    np.testing.assert_array_equal(np.diff(x), 1)
    single = timeseries_dataset_from_array(np.arange(5), np.arange(5), 2, batch_size=None)
    assert len(single) == 4
    assert single[3][0].tolist() == [3, 4]
    assert int(single[3][1]) == 3


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"sequence_length": 0}, ArgumentError, "sequence_length"),
        ({"sequence_length": 2, "sequence_stride": 0}, ArgumentError, "sequence_stride"),
        ({"sequence_length": 2, "sampling_rate": 10}, ArgumentError, "sampling_rate < 10"),
        ({"sequence_length": 2, "start_index": 5, "end_index": 5}, ArgumentError, "start_index"),
        ({"sequence_length": 2, "end_index": 11}, ArgumentError, "end_index"),
        ({"sequence_length": 11}, DataError, "too few"),
    ],
)
def test_timeseries_bad_arguments(options, error, message):
    with pytest.raises(error, match=message):
        timeseries_dataset_from_array(np.arange(10), None, **options)


@pytest.mark.parametrize("order", [1, 2, np.inf])
def test_normalize_runs_inside_compiled_programs(order):
    x = np.random.default_rng(0).normal(size=(3, 4)).astype(np.float32)
    compiled = jax.jit(lambda rows: normalize(rows, axis=1, order=order))(x)
    np.testing.assert_allclose(compiled, normalize(x, axis=1, order=order), rtol=1e-6)
