"""The files under a folder, each sub-folder a class, as batches."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from neurona.core.errors import ArgumentError, DataError
from neurona.preprocessing.arguments import check_choice
from neurona.preprocessing.arrays import to_categorical
from neurona.preprocessing.batches import Batches


class FileBatches(Batches):
    """Files of a folder in batches, read from disk when a batch is asked for.

    `len()` is the number of batches, `[number]` a batch, and a loop goes through one epoch.
    `on_epoch_end()` puts shuffled files in a new order. `map`, `take`, `unbatch` and their like make data
    sets of it.

    Attributes:
        file_paths: the files, in the first epoch's order.
        labels: the label of every file, encoded, or None.
        class_names: the classes, in the order of the labels, or None.
        batch_size: files in a batch; None gives single files.
    """

    def __init__(
        self,
        file_paths: list[str],
        labels: np.ndarray | None,
        class_names: list[str] | None,
        *,
        batch_size: int | None,
        shuffle_seed: int | None,
        read: Callable[[str], Any],
        join: Callable[[list[Any]], np.ndarray] = np.stack,
    ) -> None:
        super().__init__()
        self.file_paths, self.labels, self.class_names = file_paths, labels, class_names
        self.batch_size, self._read, self._join = batch_size, read, join
        self._order = np.arange(len(file_paths))
        self._random = None if shuffle_seed is None else np.random.RandomState(shuffle_seed)

    def __len__(self) -> int:
        return -(-len(self.file_paths) // (self.batch_size or 1))

    def read_batch(self, number: int) -> Any:
        size = self.batch_size or 1
        rows = self._order[number * size : (number + 1) * size]
        x = self._join([self._read(self.file_paths[row]) for row in rows])
        if self.labels is None:
            return x[0] if self.batch_size is None else x
        y = self.labels[rows]
        return (x[0], y[0]) if self.batch_size is None else (x, y)

    def on_epoch_end(self) -> None:
        if self._random is not None:
            self._random.shuffle(self._order)


@dataclass(frozen=True)
class Request:
    """Which files of a folder are wanted, with which labels: what the loaders of folders have in common.

    Attributes:
        name: of the function, to begin messages with.
        what: the files' kind: "image".
        extensions: what their names end with.
        directory, labels, label_mode, class_names, batch_size, shuffle, seed, validation_split, subset,
            follow_links, verbose: as in `image_dataset_from_directory`.

    Raises:
        ArgumentError: options that are unknown or exclude each other.
    """

    name: str
    what: str
    extensions: tuple[str, ...]
    directory: str | os.PathLike[str]
    labels: str | Sequence[int] | None
    label_mode: str | None
    class_names: Sequence[str] | None
    batch_size: int | None
    shuffle: bool
    seed: int | None
    validation_split: float | None
    subset: str | None
    follow_links: bool
    verbose: bool

    def __post_init__(self) -> None:
        check_choice(self.name, "label_mode", self.label_mode, ("int", "categorical", "binary", None))
        self._check_subset()
        self._check_labels()

    def load(
        self, read: Callable[[str], Any], join: Callable[[list[Any]], np.ndarray] = np.stack
    ) -> FileBatches | list[FileBatches]:
        """The files as batches; for `subset="both"` those for training and for validation.

        Args:
            read: makes an array of a file.
            join: makes one array of those of a batch.

        Raises:
            DataError: no file is found, or one subset stays empty.
        """
        files = self._files()
        if self.verbose:
            print(files)
        seed = self.seed
        if self.shuffle:
            seed = int(np.random.randint(10**6)) if seed is None else seed
            files = files.shuffled(seed)
        encoded = self._encoded(files)
        cut = len(files.paths) - int((self.validation_split or 0) * len(files.paths))

        def batches(rows: slice, shuffle_seed: int | None) -> FileBatches:
            paths = files.paths[rows]
            if not paths:
                raise DataError(
                    f"{self.name}: validation_split={self.validation_split} of {len(files.paths)} files "
                    "leaves none for one subset."
                )
            part = None if encoded is None else encoded[rows]
            return FileBatches(
                paths,
                part,
                files.classes,
                batch_size=self.batch_size,
                shuffle_seed=shuffle_seed,
                read=read,
                join=join,
            )

        training, validation = slice(0, cut), slice(cut, None)
        shuffle_seed = seed if self.shuffle else None
        if self.subset == "both":
            return [batches(training, shuffle_seed), batches(validation, None)]
        return batches(validation if self.subset == "validation" else training, shuffle_seed)

    def _files(self) -> "_Files":
        """The files under the folder, sorted by class and path."""
        directory = Path(self.directory)
        labels = self.labels if self.label_mode is not None else None
        if not directory.is_dir():
            raise DataError(f"{self.name}: there is no folder {directory}.")
        if labels == "inferred":
            files = self._files_of_classes(directory)
        else:
            paths = self._paths_under(directory)
            if labels is not None and len(labels) != len(paths):
                raise DataError(
                    f"{self.name}: expected one label for each of the {len(paths)} files in {directory}. "
                    f"Received: {len(labels)}"
                )
            numbers = None if labels is None else np.array(labels, np.int32)
            classes = None if labels is None else [str(label) for label in sorted(set(labels))]
            files = _Files(paths, numbers, classes)
        if not files.paths:
            raise DataError(f"{self.name}: no {self.what} ({', '.join(self.extensions)}) in {directory}.")
        return files

    def _files_of_classes(self, directory: Path) -> "_Files":
        """The files in the sub-folders of a folder; each sub-folder is a class."""
        found = sorted(
            entry.name for entry in directory.iterdir() if entry.is_dir() and not entry.name.startswith(".")
        )
        classes = found if self.class_names is None else list(self.class_names)
        for wanted in classes:
            if wanted not in found:
                raise ArgumentError(
                    f"{self.name}: expected class_names among the sub-folders {found}. Received: {wanted!r}"
                )
        per_class = [self._paths_under(directory / one) for one in classes]
        numbers = np.repeat(np.arange(len(classes), dtype=np.int32), [len(paths) for paths in per_class])
        return _Files([path for paths in per_class for path in paths], numbers, classes)

    def _paths_under(self, folder: Path) -> list[str]:
        walk = sorted(os.walk(folder, followlinks=self.follow_links))
        return [
            os.path.join(root, file)
            for root, _, files in walk
            for file in sorted(files)
            if file.lower().endswith(self.extensions)
        ]

    def _encoded(self, files: "_Files") -> np.ndarray | None:
        """The labels of the files in the form that `label_mode` names."""
        numbers, classes = files.numbers, files.classes
        if numbers is None or classes is None:
            return None
        if self.label_mode == "categorical":
            return to_categorical(numbers, len(classes)).astype(np.float32)
        if self.label_mode == "binary":
            if len(classes) != 2:
                raise ArgumentError(
                    f"{self.name}: label_mode='binary' needs exactly two classes. Received: {classes}"
                )
            return numbers.astype(np.float32)[:, None]
        return numbers

    def _check_labels(self) -> None:
        if isinstance(self.labels, str) and self.labels != "inferred":
            raise ArgumentError(
                f"{self.name}: expected labels='inferred', None or a list of numbers. Received: "
                f"{self.labels!r}"
            )
        if self.class_names is not None and self.labels != "inferred":
            raise ArgumentError(
                f"{self.name}: class_names goes with labels='inferred' only. Received: labels={self.labels!r}"
            )

    def _check_subset(self) -> None:
        split, subset = self.validation_split, self.subset
        check_choice(self.name, "subset", subset, ("training", "validation", "both", None))
        if bool(split) != bool(subset):
            raise ArgumentError(
                f"{self.name}: validation_split and subset go together. Received: {split} and {subset!r}"
            )
        if split and not 0 < split < 1:
            raise ArgumentError(f"{self.name}: expected 0 < validation_split < 1. Received: {split}")
        if split and self.shuffle and self.seed is None:
            raise ArgumentError(f"{self.name}: give a seed, so that the two subsets do not overlap.")


@dataclass(frozen=True)
class _Files:
    """Files, the class number of each, and the classes' names; None without labels."""

    paths: list[str]
    numbers: np.ndarray | None
    classes: list[str] | None

    def __str__(self) -> str:
        classes = "" if self.classes is None else f" belonging to {len(self.classes)} classes"
        return f"Found {len(self.paths)} files{classes}."

    def shuffled(self, seed: int) -> "_Files":
        order = np.arange(len(self.paths))
        np.random.RandomState(seed).shuffle(order)
        numbers = None if self.numbers is None else self.numbers[order]
        return _Files([self.paths[row] for row in order], numbers, self.classes)
