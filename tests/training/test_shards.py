"""Rows in several files: every row once an epoch, whatever the sizes of files and batches."""

import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import neurona as nn
from neurona.utils import NpzShards


def write(folder, sizes, **more):
    """Files whose rows are numbered through; y is the negative of x's number."""
    paths, begin = [], 0
    for number, size in enumerate(sizes):
        rows = np.arange(begin, begin + size)
        path = folder / f"{number}.npz"
        np.savez(
            path,
            x=np.stack([rows, rows], axis=1).astype("float32"),
            y=-rows,
            **{name: make(rows) for name, make in more.items()},
        )
        paths.append(path)
        begin += size
    return paths


@settings(max_examples=40, deadline=None)
@given(
    sizes=st.lists(st.integers(0, 12), min_size=1, max_size=5),
    batch_size=st.integers(1, 15),
    shuffle=st.booleans(),
)
def test_every_row_once_an_epoch(sizes, batch_size, shuffle, tmp_path_factory):
    shards = NpzShards(write(tmp_path_factory.mktemp("shards"), sizes), batch_size, shuffle, seed=1)
    for _ in range(2):
        batches = list(shards)
        assert len(batches) == len(shards)
        assert [len(x) for x, _ in batches[:-1]] == [batch_size] * (len(batches) - 1)
        x = np.concatenate([x for x, _ in batches]) if batches else np.zeros((0, 2))
        y = np.concatenate([y for _, y in batches]) if batches else np.zeros(0)
        np.testing.assert_array_equal(x[:, 0], -y)
        seen = x[:, 0].astype(int)
        np.testing.assert_array_equal(np.sort(seen) if shuffle else seen, np.arange(sum(sizes)))


def test_orders_differ_between_epochs_and_repeat_with_the_seed(tmp_path):
    paths = write(tmp_path, [50, 50, 50])
    orders = [
        [np.concatenate([x[:, 0] for x, _ in shards]) for _ in range(2)]
        for shards in (NpzShards(paths, seed=4), NpzShards(paths, seed=4))
    ]
    np.testing.assert_array_equal(orders[0], orders[1])
    assert (orders[0][0] != orders[0][1]).any()
    nn.utils.set_random_seed(8)
    first = [y.tolist() for _, y in NpzShards(paths)]
    nn.utils.set_random_seed(8)
    assert first == [y.tolist() for _, y in NpzShards(paths)]


def test_fit_equals_fit_on_the_rows_in_memory(tmp_path):
    paths = write(tmp_path, [20, 7, 33], sample_weight=lambda rows: 1 + rows % 3)
    rows = np.arange(60)
    x, y, weight = np.stack([rows, rows], axis=1).astype("float32") / 60, -rows, 1 + rows % 3

    def trained(*data, **options):
        nn.utils.set_random_seed(2)
        model = nn.Sequential([nn.Input((2,)), nn.layers.Rescaling(options.pop("scale")), nn.layers.Dense(1)])
        model.compile("adam", "mse")
        model.fit(*data, epochs=3, shuffle=False, verbose=0, **options)
        return model.get_weights()

    ours = trained(NpzShards(paths, 16, shuffle=False), scale=1 / 60)
    for a, b in zip(ours, trained(x, y, batch_size=16, sample_weight=weight, scale=1.0), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("neurona-reader")]


def test_leaving_in_the_middle_leaves_no_thread(tmp_path):
    batches = iter(NpzShards(write(tmp_path, [20, 20, 20]), 4))
    next(batches)
    batches.close()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("neurona-reader")]


def test_messages(tmp_path):
    paths = write(tmp_path, [4, 4])
    with pytest.raises(ValueError, match="list of paths"):
        NpzShards(str(paths[0]))
    with pytest.raises(ValueError, match="no paths"):
        NpzShards([])
    with pytest.raises(ValueError, match="batch_size"):
        NpzShards(paths, 0)
    np.savez(tmp_path / "a.npz", features=np.ones(3))
    with pytest.raises(ValueError, match="no array called x"):
        NpzShards([tmp_path / "a.npz"])
    np.savez(tmp_path / "b.npz", x=np.ones((3, 2)), y=np.ones(2))
    with pytest.raises(ValueError, match="different lengths: 3, 2"):
        list(NpzShards([tmp_path / "b.npz"]))
    np.savez(tmp_path / "c.npz", x=np.ones((3, 2)), sample_weight=np.ones(3))
    with pytest.raises(ValueError, match="no 'y'"):
        list(NpzShards([tmp_path / "c.npz"]))
    np.savez(tmp_path / "d.npz", x=np.ones((3, 2)))
    with pytest.raises(ValueError, match="different arrays"):
        list(NpzShards([paths[0], tmp_path / "d.npz"], 5, shuffle=False))
