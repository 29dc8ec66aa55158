"""Data that arrive batch by batch: read ahead by threads, in order, in bounded memory, and nothing is left
behind.
"""

import itertools
import subprocess
import sys
import threading
import traceback

import numpy as np
import pytest

import neurona as nn
from neurona.training.batches import ArrayBatches
from neurona.training.conversion import is_mapped
from neurona.training.data import batches_of
from neurona.training.reading import AHEAD
from neurona.training.streams import RowBatches

rng = np.random.default_rng(5)
X = rng.normal(size=(70, 6)).astype("float32")
Y = (X[:, 0] + X[:, 1] > 0).astype("int32")
SECONDS = 30  # after which a thread that should have come is missed


def classifier(*extra):
    nn.utils.set_random_seed(3)
    model = nn.Sequential(
        [
            nn.Input((6,)),
            nn.layers.Dense(8, activation="relu"),
            *extra,
            nn.layers.Dense(2, activation="softmax"),
        ]
    )
    model.compile(nn.optimizers.Adam(0.02), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def trained(data, *extra, **options):
    model = classifier(*extra)
    model.fit(*data, verbose=0, **options)
    return model


def check_equal(ours, expected):
    for a, b in zip(ours.get_weights(), expected.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-6)


def batch_of(number, size=10):
    rows = slice(number % 7 * size, number % 7 * size + size)
    return X[rows], Y[rows]


def readers():
    return [thread for thread in threading.enumerate() if thread.name.startswith("neurona-reader")]


class TestOverlap:
    def test_the_next_batch_is_read_while_a_step_runs(self):
        """Every step waits, before it ends, for the reading of the next batch to have begun: without overlap
        nobody would ever read it.
        """
        begun = [threading.Event() for _ in range(7)]
        in_step = []

        def generator():
            for number, event in enumerate(begun):
                event.set()
                yield batch_of(number)

        class Step(nn.callbacks.Callback):
            def on_train_batch_end(self, batch, logs=None):
                in_step.append(begun[min(batch + 1, 6)].wait(SECONDS))

        classifier().fit(generator(), callbacks=[Step()], verbose=0)
        assert in_step == [True] * 7

    def test_the_reader_is_bounded(self):
        read, far = itertools.count(1), []

        def generator():
            for number in range(50):
                self.read = next(read)
                yield batch_of(number)

        class Distance(nn.callbacks.Callback):
            def on_train_batch_end(self, batch, logs=None):
                far.append(outer.read - (batch + 1))

        outer = self
        classifier().fit(generator(), callbacks=[Distance()], verbose=0)
        assert max(far) < 2 * AHEAD  # those that run as one program, and as many ahead of them

    def test_workers_read_at_the_same_time_and_in_order(self):
        class Together(nn.utils.PyDataset):
            """No batch is ready before three threads are at work: one worker alone would wait for ever."""

            def __init__(self, **options):
                super().__init__(**options)
                self.meeting = threading.Barrier(3)

            def __len__(self):
                return 7

            def __getitem__(self, index):
                if index > 0:  # which is read alone, to see what the data are like
                    self.meeting.wait(SECONDS)
                return batch_of(index)

        ours = trained((Together(workers=3, max_queue_size=6),), shuffle=False)
        check_equal(ours, trained((X, Y), batch_size=10, shuffle=False))

    def test_what_is_read_ahead_stays_below_max_queue_size(self):
        class Counted(nn.utils.PyDataset):
            read = 0

            def __len__(self):
                return 40

            def __getitem__(self, index):
                self.read += 1
                return batch_of(index)

        data, far = Counted(workers=1, max_queue_size=2), []

        class Distance(nn.callbacks.Callback):
            def on_train_batch_end(self, batch, logs=None):
                far.append(data.read - (batch + 1))

        classifier().fit(data, callbacks=[Distance()], verbose=0)
        assert max(far) < 2 * 2


class TestEnds:
    def test_an_exception_keeps_its_traceback(self):
        def generator():
            yield batch_of(0)
            broken_reader()

        def broken_reader():
            raise OSError("the disk is gone")

        with pytest.raises(OSError, match="the disk is gone") as caught:
            classifier().fit(generator(), verbose=0)
        assert "broken_reader" in "".join(traceback.format_tb(caught.value.__traceback__))
        assert not readers()

    @pytest.mark.parametrize("stop", ["flag", "exception", "interrupt", "nan"])
    def test_no_thread_is_left_behind(self, stop):
        class Stop(nn.callbacks.Callback):
            def on_train_batch_end(self, batch, logs=None):
                if stop == "flag":
                    self.model.stop_training = True
                elif stop != "nan":
                    raise KeyboardInterrupt if stop == "interrupt" else LookupError

        def endless():
            for number in itertools.count():
                x, y = batch_of(number)
                yield (x * np.nan if stop == "nan" and number == 3 else x), y

        errors = {"flag": (), "exception": LookupError, "interrupt": KeyboardInterrupt, "nan": ValueError}[
            stop
        ]
        try:
            classifier().fit(endless(), steps_per_epoch=20, epochs=2, callbacks=[Stop()], verbose=0)
        except errors as error:
            caught = error  # whose traceback still refers to every frame
        else:
            caught = None
        assert not readers()
        assert (caught is None) == (stop == "flag")

    def test_what_fit_opened_is_closed_and_what_it_was_given_is_not(self):
        closed = []

        class Source:
            def __iter__(self):
                try:
                    for number in itertools.count():
                        yield batch_of(number)
                finally:
                    closed.append(True)

        model = classifier()
        model.fit(Source(), steps_per_epoch=3, epochs=2, verbose=0)
        assert closed == [True]
        mine = iter(Source())
        model.fit(mine, steps_per_epoch=3, verbose=0)
        assert closed == [True]
        np.testing.assert_array_equal(next(mine)[0], batch_of(3)[0])  # not one batch more was taken
        mine.close()
        model.evaluate(Source(), steps=2, verbose=0)
        model.predict(Source(), steps=2, verbose=0)
        assert len(closed) == 4

    def test_the_same_seed_gives_the_same_bits(self):
        class Rows(nn.utils.PyDataset):
            def __len__(self):
                return 7

            def __getitem__(self, index):
                return batch_of(index)

        def weights():
            model = classifier(nn.layers.Dropout(0.4))
            model.fit(Rows(workers=3), epochs=3, verbose=0)
            return model.get_weights()

        for a, b in zip(weights(), weights(), strict=True):
            np.testing.assert_array_equal(a, b)


@pytest.fixture
def mapped(tmp_path):
    np.save(tmp_path / "x.npy", X.astype("float64"))
    np.save(tmp_path / "y.npy", Y)
    return np.load(tmp_path / "x.npy", mmap_mode="r"), np.load(tmp_path / "y.npy", mmap_mode="r")


class TestFiles:
    @pytest.mark.parametrize("shuffle", [True, False, "batch"])
    def test_mapped_arrays_train_as_arrays_in_memory_do(self, mapped, shuffle):
        """Every row once an epoch, in the very same order."""
        options = {
            "batch_size": 16,
            "epochs": 3,
            "shuffle": shuffle,
            "validation_split": 0.2,
            "class_weight": "balanced",
        }
        ours, plain = (trained(data, nn.layers.Dropout(0.2), **options) for data in (mapped, (X, Y)))
        check_equal(ours, plain)
        for name, values in plain.history.history.items():
            np.testing.assert_allclose(ours.history.history[name], values, atol=1e-6)

    def test_epochs_of_some_steps_go_on(self, mapped):
        options = {"batch_size": 16, "steps_per_epoch": 2, "epochs": 4}
        check_equal(trained(mapped, **options), trained((X, Y), **options))

    def test_evaluate_and_predict(self, mapped):
        model = classifier()
        assert model.evaluate(*mapped, verbose=0) == pytest.approx(model.evaluate(X, Y, verbose=0), abs=1e-6)
        np.testing.assert_allclose(
            model.predict(mapped[0], verbose=0), model.predict(X, verbose=0), atol=1e-6
        )

    def test_what_is_mapped(self, mapped):
        x, _ = mapped
        assert is_mapped(x)
        assert is_mapped(x[3:, ::2])
        assert is_mapped(np.asarray(x)[None])
        assert not any(map(is_mapped, (x.copy(), x[[1, 2]], x + 1, X)))

    def test_resuming_in_the_middle(self, mapped, tmp_path):
        class Crash(nn.callbacks.Callback):
            def on_train_batch_end(self, batch, logs=None):
                if self.model.optimizer.iterations == 7:
                    raise KeyboardInterrupt

        whole = classifier(nn.layers.Dropout(0.3))
        whole.fit(*mapped, batch_size=16, epochs=3, verbose=0)
        first = classifier(nn.layers.Dropout(0.3))
        backup = lambda: nn.callbacks.BackupAndRestore(tmp_path / "backup", save_freq=1)
        with pytest.raises(KeyboardInterrupt):
            first.fit(*mapped, batch_size=16, epochs=3, verbose=0, callbacks=[backup(), Crash()])
        second = classifier(nn.layers.Dropout(0.3))
        nn.utils.set_random_seed(99)
        second.fit(*mapped, batch_size=16, epochs=3, verbose=0, callbacks=[backup()])
        for a, b in zip(second.get_weights(), whole.get_weights(), strict=True):
            np.testing.assert_array_equal(a, b)

    @pytest.mark.skipif(
        sys.platform != "linux", reason="how much memory is a process's own is written in /proc"
    )
    def test_memory_stays_far_below_the_size_of_the_file(self, tmp_path):
        code = f"""
import numpy as np, neurona as nn
x = np.lib.format.open_memmap({str(tmp_path / "x.npy")!r}, "w+", "float32", (200_000, 1000))  # 800 MB
y = np.zeros(len(x), "int32")
def own_megabytes():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("RssAnon")) / 1024
model = nn.Sequential([nn.Input((1000,)), nn.layers.Dense(2)])
model.compile("sgd", nn.losses.SparseCategoricalCrossentropy(from_logits=True))
model.fit(x[:1000], y[:1000], batch_size=500, verbose=0)
before, most = own_megabytes(), 0
class Watch(nn.callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        global most
        most = max(most, own_megabytes())
model.fit(x, y, batch_size=500, verbose=0, callbacks=[Watch()])
model.evaluate(x, y, batch_size=500, verbose=0)
model.predict(x, batch_size=500, verbose=0)
print(max(most, own_megabytes()) - before)
"""
        result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        # The batches read ahead and those in use take 2 MB each, some tens of them in all, and each thread's
        # allocator keeps what it had.
        assert float(result.stdout) < 200

    @pytest.mark.skipif(sys.platform != "linux", reason="how much memory is free is written in /proc")
    def test_arrays_that_leave_no_memory_free_stay_where_they_are(self):
        with open("/proc/meminfo") as file:
            available = next(int(line.split()[1]) for line in file if line.startswith("MemAvailable")) * 1024
        large = np.zeros(
            (available * 6 // 10 // 4000, 1000), "float32"
        )  # zeros that nobody has written to take no memory
        batches = batches_of(large, batch_size=32)
        assert isinstance(batches, RowBatches)
        assert batches.example()[0].shape == (32, 1000)
        assert isinstance(batches_of(X, Y, batch_size=32), ArrayBatches)


class Numbered:
    """Three batches, by number."""

    def __len__(self):
        return 3

    def __getitem__(self, number):
        return np.full((2, 4), number, "float32"), np.full((2, 1), number, "float32")


class OfUnknownLength:
    """As a data set of TensorFlow, or a DataLoader of an IterableDataset, that can't tell its length."""

    def __init__(self, batches):
        self.batches = batches

    def __len__(self):
        raise TypeError("The dataset length is unknown.")

    def __iter__(self):
        return (
            Numbered()[number % 3]
            for number in (itertools.count() if self.batches is None else range(self.batches))
        )


@pytest.mark.parametrize(
    ("source", "steps", "expected"),
    [
        (Numbered(), None, [3, 3]),
        (Numbered(), 2, [2, 1]),
        (OfUnknownLength(4), None, [4, 4]),
        (OfUnknownLength(None), 5, [5, 5]),
    ],
    ids=["numbered", "numbered in steps", "of unknown length", "without end"],
)
def test_an_epoch_of_any_source_ends(source, steps, expected):
    counts = []

    class Count(nn.callbacks.Callback):
        _batch_interval = 1

        def on_epoch_begin(self, epoch, logs=None):
            counts.append(0)

        def on_train_batch_end(self, batch, logs=None):
            counts[-1] += 1

    model = nn.Sequential([nn.Input((4,)), nn.layers.Dense(1)])
    model.compile("sgd", "mse")
    model.fit(source, epochs=2, steps_per_epoch=steps, verbose=0, callbacks=[Count()])
    assert counts == expected


class CountsRows(nn.Sequential):
    def train_step(self, data):
        x, (other, labels) = data
        return {"rows": 100 * x.shape[0] + other.shape[0], "sum": labels.sum()}


def test_an_own_step_takes_batches_of_unequal_rows():
    batches = [(X[:4], (X[:3, :2], Y[:3])), (X[4:8], (X[3:6, :2], Y[3:6]))]
    model = CountsRows([nn.layers.Input((6,)), nn.layers.Dense(1)])
    model.compile("sgd")
    assert model.fit(iter(batches), verbose=0).history == {"rows": [403.0], "sum": [Y[3:6].sum()]}
    with pytest.raises(nn.errors.DataError, match="equally many rows"):
        model.evaluate(iter([(X[:4], Y[:3])]), verbose=0)
