"""`keras.preprocessing.sequence`: skip-grams, windows over series, and padding."""

import json
import random
from typing import Any

import numpy as np

from neurona.core.errors import ArgumentError, DataError
from neurona.preprocessing.sequence import pad_sequences
from neurona.training import PyDataset

_EULER_GAMMA = 0.577  # with the digits that Keras uses


def make_sampling_table(size: int, sampling_factor: float = 1e-5) -> np.ndarray:
    """The probability with which `skipgrams` keeps the word of each rank, for frequencies by Zipf's law:
    min(1, sqrt(factor / frequency)).
    """
    rank = np.maximum(np.arange(size), 1)
    inverse = rank * (np.log(rank) + _EULER_GAMMA) + 0.5 - 1.0 / (12.0 * rank)
    return np.minimum(1.0, np.sqrt(sampling_factor * inverse))


def skipgrams(
    sequence: Any,
    vocabulary_size: int,
    window_size: int = 4,
    negative_samples: float = 1.0,
    shuffle: bool = True,
    categorical: bool = False,
    sampling_table: Any = None,
    seed: int | None = None,
) -> tuple[list[list[int]], list[Any]]:
    """Pairs of words: those near each other with label 1, and as many times `negative_samples` pairs with a
    random word with label 0. Word 0 is left out. Random numbers are those of Python's `random`, as in Keras.
    """
    positive, negative = ([0, 1], [1, 0]) if categorical else (1, 0)
    couples = []
    for place, word in enumerate(sequence):
        if not word or (sampling_table is not None and sampling_table[word] < random.random()):
            continue
        near = range(max(0, place - window_size), min(len(sequence), place + window_size + 1))
        couples += [[word, sequence[other]] for other in near if other != place and sequence[other]]
    labels: list[Any] = [positive] * len(couples)
    if negative_samples > 0:
        words = [couple[0] for couple in couples]
        random.shuffle(words)
        count = int(len(couples) * negative_samples)
        couples += [[words[n % len(words)], random.randint(1, vocabulary_size - 1)] for n in range(count)]
        labels += [negative] * count
    if shuffle:
        seed = random.randint(0, int(10e6)) if seed is None else seed
        for one in (couples, labels):
            random.seed(seed)
            random.shuffle(one)
    return couples, labels


class TimeseriesGenerator(PyDataset):
    """Batches of windows over a series, each with the target that comes after it."""

    def __init__(
        self,
        data: Any,
        targets: Any,
        length: int,
        sampling_rate: int = 1,
        stride: int = 1,
        start_index: int = 0,
        end_index: int | None = None,
        shuffle: bool = False,
        reverse: bool = False,
        batch_size: int = 128,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        if len(data) != len(targets):
            raise DataError(
                f"TimeseriesGenerator: data and targets have one length. Received: {len(data)} and "
                f"{len(targets)}"
            )
        self.data, self.targets, self.length = data, targets, length
        self.sampling_rate, self.stride, self.batch_size = sampling_rate, stride, batch_size
        self.start_index = start_index + length
        self.end_index = len(data) - 1 if end_index is None else end_index
        self.shuffle, self.reverse = shuffle, reverse
        if self.start_index > self.end_index:
            raise ArgumentError(
                f"TimeseriesGenerator: nothing is left after a window of {length}: start_index + length is "
                f"{self.start_index}, end_index is {self.end_index}."
            )

    def __len__(self) -> int:
        span = self.batch_size * self.stride
        return (self.end_index - self.start_index + span) // span

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        if self.shuffle:
            rows = np.random.randint(self.start_index, self.end_index + 1, size=self.batch_size)
        else:
            span = self.batch_size * self.stride
            first = self.start_index + span * index
            rows = np.arange(first, min(first + span, self.end_index + 1), self.stride)
        windows = [self.data[row - self.length : row : self.sampling_rate] for row in rows]
        samples, targets = np.array(windows), np.array([self.targets[row] for row in rows])
        return (samples[:, ::-1] if self.reverse else samples), targets

    def get_config(self) -> dict[str, Any]:
        """The arguments, with data and targets as JSON texts; start_index is that of the first target."""
        names = (
            "length",
            "sampling_rate",
            "stride",
            "start_index",
            "end_index",
            "shuffle",
            "reverse",
            "batch_size",
        )
        config = {name: getattr(self, name) for name in names}
        return {**config, **{name: _as_json(getattr(self, name)) for name in ("data", "targets")}}

    def to_json(self, **kwargs: Any) -> str:
        """The generator as JSON."""
        return json.dumps({"class_name": type(self).__name__, "config": self.get_config()}, **kwargs)


def _as_json(values: Any) -> str:
    return json.dumps(values.tolist() if isinstance(values, np.ndarray) else values)


def timeseries_generator_from_json(json_string: str) -> TimeseriesGenerator:
    """The generator that `to_json` wrote."""
    config = json.loads(json_string)["config"]
    for name in ("data", "targets"):
        config[name] = np.array(json.loads(config[name]))
    config["start_index"] -= config["length"]
    return TimeseriesGenerator(**config)


__all__ = [
    "TimeseriesGenerator",
    "make_sampling_table",
    "pad_sequences",
    "skipgrams",
    "timeseries_generator_from_json",
]
