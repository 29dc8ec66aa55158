"""`tf.data.experimental`: older names of transformations, as functions for `apply`, and files of CSV."""

from collections.abc import Callable
from typing import Any

from neurona.legacy.tensorflow.data.dataset import Dataset
from neurona.legacy.tensorflow.data.files import CsvDataset, make_csv_dataset
from neurona.legacy.tensorflow.data.iterators import Optional
from neurona.legacy.tensorflow.data.options import (
    AutoShardPolicy,
    DistributeOptions,
    OptimizationOptions,
    ThreadingOptions,
)
from neurona.legacy.tensorflow.data.orders import INFINITE, UNKNOWN
from neurona.legacy.tensorflow.data.specs import DatasetSpec
from neurona.legacy.tensorflow.io.records import TFRecordWriter as _RecordWriter

AUTOTUNE, INFINITE_CARDINALITY, UNKNOWN_CARDINALITY = -1, INFINITE, UNKNOWN
DatasetStructure = DatasetSpec
sample_from_datasets, choose_from_datasets = Dataset.sample_from_datasets, Dataset.choose_from_datasets
RandomDataset, Counter, load = Dataset.random, Dataset.counter, Dataset.load


def cardinality(dataset: Any) -> Any:
    """The number of elements; -1 without an end, -2 where it is not known."""
    return dataset.cardinality()


def assert_cardinality(expected_cardinality: Any) -> Callable[[Any], Any]:
    """The same elements, whose number is told."""

    def apply(dataset: Any) -> Any:
        return dataset._passed("_AssertCardinalityDataset", iter, int(expected_cardinality))

    return apply


def _transformation(name: str) -> Callable[..., Callable[[Any], Any]]:
    def make(*args: Any, **kwargs: Any) -> Callable[[Any], Any]:
        return lambda dataset: getattr(dataset, name)(*args, **kwargs)

    make.__name__, make.__doc__ = name, f"`Dataset.{name}` as a function for `apply`."
    return make


bucket_by_sequence_length = _transformation("bucket_by_sequence_length")
dense_to_ragged_batch = _transformation("ragged_batch")
enumerate_dataset = _transformation("enumerate")
group_by_window, ignore_errors = _transformation("group_by_window"), _transformation("ignore_errors")
rejection_resample = _transformation("rejection_resample")
scan, take_while, unbatch = _transformation("scan"), _transformation("take_while"), _transformation("unbatch")
unique = _transformation("unique")


def save(dataset: Any, path: Any, *args: Any, **kwargs: Any) -> None:
    """`Dataset.save` under its older name."""
    dataset.save(path, *args, **kwargs)


def snapshot(path: Any, *args: Any, **kwargs: Any) -> Callable[[Any], Any]:
    """`Dataset.snapshot` as a function for `apply`."""
    return lambda dataset: dataset.snapshot(path)


def parallel_interleave(
    map_func: Any,
    cycle_length: int,
    block_length: int = 1,
    sloppy: Any = False,
    buffer_output_elements: int | None = None,
    prefetch_input_elements: int | None = None,
) -> Any:
    """`interleave`, whose order is always the same here."""
    return lambda dataset: dataset.interleave(map_func, cycle_length, block_length)


def map_and_batch(
    map_func: Any,
    batch_size: Any,
    num_parallel_batches: int | None = None,
    drop_remainder: bool = False,
    num_parallel_calls: int | None = None,
) -> Any:
    """`map` and `batch` in one."""
    return lambda dataset: dataset.map(map_func).batch(batch_size, drop_remainder)


def shuffle_and_repeat(buffer_size: Any, count: Any = None, seed: Any = None) -> Any:
    """`shuffle` and `repeat` in one."""
    return lambda dataset: dataset.shuffle(buffer_size, seed).repeat(count)


def prefetch_to_device(device: Any, buffer_size: Any = None) -> Any:
    """The same elements: `fit` puts batches on the device ahead."""
    return lambda dataset: dataset.prefetch(buffer_size)


def copy_to_device(target_device: Any, source_device: str = "/cpu:0") -> Any:
    """The same elements."""
    return lambda dataset: dataset


def get_single_element(dataset: Any) -> Any:
    """The only element of a data set."""
    return dataset.get_single_element()


def get_structure(dataset_or_iterator: Any) -> Any:
    """The form of the elements."""
    return dataset_or_iterator.element_spec


def get_next_as_optional(iterator: Any) -> Any:
    """The next element, or an empty Optional."""
    return iterator.get_next_as_optional()


class TFRecordWriter:
    """Writes a data set of texts to a record file."""

    def __init__(self, filename: Any, compression_type: Any = None) -> None:
        self.filename, self.compression_type = filename, compression_type or ""

    def write(self, dataset: Any) -> None:
        """Write the elements."""
        with _RecordWriter(self.filename, self.compression_type) as writer:
            for record in dataset.as_numpy_iterator():
                writer.write(bytes(record))


__all__ = [
    "AUTOTUNE", "INFINITE_CARDINALITY", "UNKNOWN_CARDINALITY", "AutoShardPolicy", "Counter", "CsvDataset",
    "DatasetStructure", "DistributeOptions", "OptimizationOptions", "Optional", "RandomDataset",
    "TFRecordWriter", "ThreadingOptions", "assert_cardinality", "bucket_by_sequence_length",
    "cardinality", "choose_from_datasets", "copy_to_device", "dense_to_ragged_batch", "enumerate_dataset",
    "get_next_as_optional", "get_single_element", "get_structure", "group_by_window", "ignore_errors",
    "load", "make_csv_dataset", "map_and_batch", "parallel_interleave",
    "prefetch_to_device", "rejection_resample", "sample_from_datasets", "save", "scan", "shuffle_and_repeat",
    "snapshot", "take_while", "unbatch", "unique",
]  # fmt: skip
