"""Data sets that are written to folders."""

import pytest

import neurona.legacy.tensorflow as tf
from neurona.core.errors import DataError

D = tf.data.Dataset


def test_a_data_set_is_saved_and_loaded(tmp_path):
    made = D.from_tensor_slices({"x": [[1.0], [2.0]], "word": ["a", "bc"]})
    made.save(str(tmp_path / "set"))
    found = D.load(str(tmp_path / "set"))
    assert [(one["x"].numpy().tolist(), one["word"].numpy()) for one in found] == [
        ([1.0], b"a"),
        ([2.0], b"bc"),
    ]
    assert len(found) == 2
    tf.data.experimental.save(D.range(3), str(tmp_path / "set"))
    assert list(tf.data.experimental.load(str(tmp_path / "set")).as_numpy_iterator()) == [0, 1, 2]
    with pytest.raises(DataError, match="holds no data set"):
        D.load(str(tmp_path))


def test_a_snapshot_is_computed_once(tmp_path):
    calls = []

    def rows():
        calls.append(1)
        yield from range(3)

    made = D.from_generator(rows, tf.int32).snapshot(str(tmp_path / "kept"))
    assert [list(made.as_numpy_iterator()) for _ in range(2)] == [[0, 1, 2]] * 2
    before = len(calls)
    assert list(made.as_numpy_iterator()) == [0, 1, 2]
    assert len(calls) == before
