"""What the flows of ImageDataGenerator return: endless batches of images, of arrays, folders and tables."""

import os
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from neurona.core.errors import ArgumentError, DataError, ShapeError
from neurona.messages import translated
from neurona.preprocessing.arguments import check_choice
from neurona.preprocessing.image import array_to_img, img_to_array, load_img
from neurona.tracebacks import warn
from neurona.training import PyDataset

EXTENSIONS = (".png", ".jpg", ".jpeg", ".bmp", ".ppm", ".tif", ".tiff")
_CHANNELS = {"rgb": 3, "rgba": 4, "grayscale": 1}


class Iterator(PyDataset):
    """Batches of numbered samples: without an end by `next`, and by number for `fit`.

    Random numbers come from NumPy's global generator, seeded for every batch where a seed is given, as in
    Keras: equal seeds give equal batches.

    Attributes:
        n: how many samples there are.
        batch_index, total_batches_seen: where `next` is.
    """

    white_list_formats = tuple(extension[1:] for extension in EXTENSIONS)

    def __init__(self, n: int, batch_size: int, shuffle: bool, seed: int | None) -> None:
        super().__init__()
        self.n, self.batch_size, self.shuffle, self.seed = n, batch_size, shuffle, seed
        self.batch_index = self.total_batches_seen = 0
        self.lock = threading.Lock()
        self.index_array: Any = None

    def __len__(self) -> int:
        return -(-self.n // self.batch_size)

    def __getitem__(self, index: int) -> Any:
        if not 0 <= index < len(self):
            raise IndexError(translated(f"batch {index} of {len(self)}"))
        self._seed()
        if self.index_array is None:
            self._order()
        rows: Any = self.index_array
        return self._batch(rows[index * self.batch_size : (index + 1) * self.batch_size])

    def __iter__(self) -> "Iterator":
        return self

    def __next__(self) -> Any:
        with self.lock:
            if self.seed is not None:
                np.random.seed(self.seed + self.total_batches_seen)
            if self.batch_index == 0:
                self._order()
            start = self.batch_index * self.batch_size
            self.batch_index = self.batch_index + 1 if self.n > start + self.batch_size else 0
            self.total_batches_seen += 1
            rows = self.index_array[start : start + self.batch_size]
        return self._batch(rows)

    def next(self) -> Any:
        """The next batch."""
        return next(self)

    def reset(self) -> None:
        """Let `next` begin again with the first batch."""
        self.batch_index = 0

    def on_epoch_end(self) -> None:
        self._order()

    def _seed(self) -> None:
        if self.seed is not None:
            np.random.seed(self.seed + self.total_batches_seen)
        self.total_batches_seen += 1

    def _order(self) -> None:
        self.index_array = np.random.permutation(self.n) if self.shuffle else np.arange(self.n)

    def _batch(self, rows: np.ndarray) -> Any:
        """The batch of these samples."""
        raise NotImplementedError

    # Keras 1's names.

    @property
    def nb_sample(self) -> int:
        """How many samples there are."""
        return self.n

    N = nb_sample


class Saving:
    """Where batches are written as pictures, if anywhere."""

    def __init__(self, folder: Any, prefix: str, file_format: str, data_format: str, names: int) -> None:
        self.folder, self.prefix, self.file_format = folder, prefix, file_format
        self.data_format, self.names = data_format, names

    def write(self, batch: np.ndarray, rows: np.ndarray) -> None:
        """Write the pictures of a batch."""
        for image, row in zip(batch, rows) if self.folder else ():
            name = f"{self.prefix}_{row}_{np.random.randint(self.names)}.{self.file_format}"
            array_to_img(image, self.data_format, scale=True).save(os.path.join(self.folder, name))


class NumpyArrayIterator(Iterator):
    """Batches of the images in an array.

    Attributes:
        x, y, sample_weight: the arrays that batches are taken from.
    """

    def __init__(
        self,
        x: Any,
        y: Any,
        image_data_generator: Any,
        batch_size: int = 32,
        shuffle: bool = False,
        sample_weight: Any = None,
        seed: int | None = None,
        data_format: str | None = None,
        save_to_dir: Any = None,
        save_prefix: str = "",
        save_format: str = "png",
        subset: str | None = None,
        ignore_class_split: bool = False,
        dtype: Any = None,
    ) -> None:
        others: list[Any] = []
        if isinstance(x, (tuple, list)):
            others = [np.asarray(one) for one in (x[1] if isinstance(x[1], list) else [x[1]])]
            x = x[0]
        arrays = [np.asarray(x), *others, *(np.asarray(one) for one in (y, sample_weight) if one is not None)]
        if len({len(one) for one in arrays}) > 1:
            raise DataError(f"flow: all arrays have as many rows. Received: {[len(one) for one in arrays]}")
        rows = _rows_of_subset(arrays, y, image_data_generator, subset, ignore_class_split)
        self.x = np.asarray(arrays[0][rows], dtype or image_data_generator.dtype)
        self.x_misc = [one[rows] for one in others]
        self.y = None if y is None else np.asarray(y)[rows]
        self.sample_weight = None if sample_weight is None else np.asarray(sample_weight)[rows]
        if self.x.ndim != 4:
            raise ShapeError(
                f"flow: images are (count, height, width, channels). Received: shape {self.x.shape}"
            )
        self.image_data_generator = image_data_generator
        self.data_format = data_format or image_data_generator.data_format
        self._saving = Saving(save_to_dir, save_prefix, save_format, self.data_format, 10**4)
        super().__init__(len(self.x), batch_size, shuffle, seed)

    def _batch(self, rows: np.ndarray) -> Any:
        batch = np.zeros((len(rows), *self.x.shape[1:]), self.x.dtype)
        for place, row in enumerate(rows):
            batch[place] = self.image_data_generator.augmented(self.x[row])
        self._saving.write(batch, rows)
        x = [batch, *(one[rows] for one in self.x_misc)] if self.x_misc else batch
        if self.y is None:
            return x
        if self.sample_weight is None:
            return x, self.y[rows]
        return x, self.y[rows], self.sample_weight[rows]


def _rows_of_subset(arrays: list[Any], y: Any, generator: Any, subset: Any, ignore_classes: bool) -> slice:
    check_choice("flow", "subset", subset, ("training", "validation", None))
    if subset is None:
        return slice(None)
    cut = int(len(arrays[0]) * generator._validation_split)
    if y is not None and not ignore_classes:
        labels = np.asarray(y)
        if not np.array_equal(np.unique(labels[:cut]), np.unique(labels[cut:])):
            raise DataError(
                "flow: the validation images, which are the first, have other classes than the training "
                "images. Shuffle the arrays first, or pass ignore_class_split=True."
            )
    return slice(0, cut) if subset == "validation" else slice(cut, None)


class FileIterator(Iterator):
    """Batches of images that are read from files.

    Attributes:
        filenames: the files, from the folder on.
        filepaths: the files.
        samples: how many there are.
        class_indices: the number of each class.
        classes: the class numbers of the files.
        class_mode, image_shape: as asked for.
    """

    _labels: Any = None
    _weights: Any = None
    _names_of_saved = 10**7
    classes: Any
    class_indices: dict[str, int]
    filenames: list[str]
    filepaths: list[str]

    def __init__(
        self,
        image_data_generator: Any,
        target_size: Any = (256, 256),
        color_mode: str = "rgb",
        class_mode: str | None = "categorical",
        batch_size: int = 32,
        shuffle: bool = True,
        seed: int | None = None,
        data_format: str | None = None,
        save_to_dir: Any = None,
        save_prefix: str = "",
        save_format: str = "png",
        interpolation: str = "nearest",
        keep_aspect_ratio: bool = False,
        dtype: Any = None,
    ) -> None:
        check_choice(type(self).__name__, "color_mode", color_mode, _CHANNELS)
        self.image_data_generator = image_data_generator
        self.target_size, self.color_mode, self.class_mode = tuple(target_size), color_mode, class_mode
        self.data_format = data_format or image_data_generator.data_format
        channels = (_CHANNELS[color_mode],)
        is_first = self.data_format == "channels_first"
        self.image_shape = (*channels, *self.target_size) if is_first else (*self.target_size, *channels)
        self.interpolation, self.keep_aspect_ratio = interpolation, keep_aspect_ratio
        self.dtype = dtype or image_data_generator.dtype
        self.save_to_dir = save_to_dir
        self._saving = Saving(save_to_dir, save_prefix, save_format, self.data_format, self._names_of_saved)
        self.samples = len(self.filepaths)
        super().__init__(self.samples, batch_size, shuffle, seed)

    @property
    def labels(self) -> Any:
        """The labels of the files."""
        return self.classes if self._labels is None else self._labels

    def _batch(self, rows: np.ndarray) -> Any:
        batch = np.zeros((len(rows), *self.image_shape), self.dtype)
        for place, row in enumerate(rows):
            picture = load_img(
                self.filepaths[row],
                self.color_mode,
                self.target_size,
                self.interpolation,
                self.keep_aspect_ratio,
            )
            batch[place] = self.image_data_generator.augmented(img_to_array(picture, self.data_format))
        self._saving.write(batch, rows)
        if self.class_mode is None:
            return batch
        labels = self._labels_of(batch, rows)
        return (batch, labels) if self._weights is None else (batch, labels, self._weights[rows])

    def _labels_of(self, batch: np.ndarray, rows: np.ndarray) -> Any:
        if self.class_mode == "input":
            return batch.copy()
        if self.class_mode == "multi_output":
            return [one[rows] for one in self.labels]
        if self.class_mode == "raw":
            return self.labels[rows]
        if self.class_mode == "categorical":
            encoded = np.zeros((len(rows), len(self.class_indices)), self.dtype)
            for place, row in enumerate(rows):
                encoded[place, self.classes[row]] = 1.0
            return encoded
        return np.asarray([self.classes[row] for row in rows], self.dtype)


def _range_of(generator: Any, subset: str | None, count: int) -> slice:
    """The part of so many files that a subset has: the validation's come first."""
    check_choice("ImageDataGenerator", "subset", subset, ("training", "validation", None))
    if subset is None:
        return slice(None)
    cut = int(generator._validation_split * count)
    return slice(0, cut) if subset == "validation" else slice(cut, None)


class DirectoryIterator(FileIterator):
    """Batches of the images in the sub-folders of a folder, each a class."""

    def __init__(
        self,
        directory: Any,
        image_data_generator: Any,
        classes: Sequence[str] | None = None,
        follow_links: bool = False,
        subset: str | None = None,
        **options: Any,
    ) -> None:
        modes = ("categorical", "binary", "sparse", "input", None)
        check_choice("flow_from_directory", "class_mode", options.get("class_mode", "categorical"), modes)
        self.directory = directory
        if not Path(directory).is_dir():
            raise DataError(f"flow_from_directory: there is no folder {directory!s}.")
        found = sorted(entry.name for entry in Path(directory).iterdir() if entry.is_dir())
        names = list(classes or found)
        self.num_classes = self.nb_class = len(names)
        self.class_indices = {name: number for number, name in enumerate(names)}
        self.filenames, numbers = [], []
        for number, name in enumerate(names):
            files = _files_under(Path(directory, name), follow_links)
            part = files[_range_of(image_data_generator, subset, len(files))]
            self.filenames += [os.path.join(name, file) for file in part]
            numbers += [number] * len(part)
        self.classes = np.array(numbers, np.int32)
        self.filepaths = [os.path.join(directory, name) for name in self.filenames]
        print(f"Found {len(self.filenames)} images belonging to {self.num_classes} classes.")
        super().__init__(image_data_generator, **options)


def _files_under(folder: Path, follow_links: bool) -> list[str]:
    return [
        os.path.relpath(os.path.join(root, file), folder)
        for root, _, files in sorted(os.walk(folder, followlinks=follow_links))
        for file in sorted(files)
        if file.lower().endswith(EXTENSIONS)
    ]


class DataFrameIterator(FileIterator):
    """Batches of the images that a table of pandas names, one a row."""

    _MODES = ("binary", "categorical", "input", "multi_output", "raw", "sparse", None)

    def __init__(
        self,
        dataframe: Any,
        directory: Any = None,
        image_data_generator: Any = None,
        x_col: str = "filename",
        y_col: Any = "class",
        weight_col: str | None = None,
        classes: Sequence[str] | None = None,
        subset: str | None = None,
        validate_filenames: bool = True,
        **options: Any,
    ) -> None:
        class_mode = options.get("class_mode", "categorical")
        check_choice("flow_from_dataframe", "class_mode", class_mode, self._MODES)
        self.directory = directory or ""
        table = _checked_table(dataframe, x_col, y_col, class_mode)
        if validate_filenames:
            table = self._with_files(table, x_col)
        has_classes = class_mode in ("binary", "categorical", "sparse")
        if has_classes:
            table, names = _with_classes(table, y_col, classes, class_mode)
            self.class_indices = {name: number for number, name in enumerate(names)}
        table = table.iloc[_range_of(image_data_generator, subset, len(table))]
        if has_classes:
            self.classes = [_numbers(label, self.class_indices) for label in table[y_col]]
        self.filenames = table[x_col].tolist()
        self.filepaths = [os.path.join(self.directory, name) for name in self.filenames]
        self._weights = None if weight_col is None else table[weight_col].to_numpy()
        if class_mode == "multi_output":
            self._labels = [np.array(table[column].tolist()) for column in y_col]
        elif class_mode == "raw":
            self._labels = table[y_col].to_numpy()
        validated = "validated" if validate_filenames else "non-validated"
        belonging = f" belonging to {len(self.class_indices)} classes" if has_classes else ""
        print(f"Found {len(self.filenames)} {validated} image filenames{belonging}.")
        super().__init__(image_data_generator, **options)

    def _with_files(self, table: Any, x_col: str) -> Any:
        """The rows whose file is there."""
        paths = (os.path.join(self.directory, name) for name in table[x_col])
        is_there = np.array([p.lower().endswith(EXTENSIONS) and os.path.isfile(p) for p in paths], bool)
        if not is_there.all():
            warn(
                f"flow_from_dataframe: {int((~is_there).sum())} of {len(table)} rows of the column {x_col!r} "
                "name no image file, and are left out."
            )
        return table[is_there]


def _checked_table(table: Any, x_col: str, y_col: Any, class_mode: str | None) -> Any:
    if class_mode == "multi_output" and not isinstance(y_col, list):
        raise ArgumentError(
            "flow_from_dataframe: class_mode='multi_output' needs a list of columns. Received: "
            f"y_col={y_col!r}"
        )
    kinds: dict[Any, Any] = {x_col: str}
    if class_mode in ("binary", "sparse"):
        kinds[y_col] = str
    elif class_mode == "categorical":
        kinds[y_col] = (str, list, tuple)
    for column, kind in kinds.items():
        wrong = [one for one in table[column] if not isinstance(one, kind)]
        if wrong:
            raise DataError(
                f"flow_from_dataframe: the column {column!r} holds texts for class_mode={class_mode!r}. "
                f"Received: {wrong[0]!r}. Convert it with .astype(str), or use class_mode='raw'."
            )
    return table


def _with_classes(table: Any, y_col: str, classes: Any, class_mode: str | None) -> tuple[Any, list[str]]:
    """The rows of the wanted classes, and these."""
    labels = [[one] if isinstance(one, str) else list(one) for one in table[y_col]]
    if classes:
        if len(set(classes)) != len(classes):
            raise ArgumentError(f"flow_from_dataframe: a class is given twice. Received: {list(classes)}")
        kept = [[one for one in row if one in set(classes)] for row in labels]
        table = table.assign(**{y_col: [row if len(row) != 1 else row[0] for row in kept]})
        table = table[np.array([bool(row) for row in kept], bool)]
        names = list(classes)
    else:
        names = sorted({one for row in labels for one in row})
    if class_mode == "binary" and len(names) != 2:
        raise DataError(f"flow_from_dataframe: class_mode='binary' needs two classes. Received: {names}")
    return table, names


def _numbers(label: Any, class_indices: dict[str, int]) -> Any:
    if isinstance(label, str):
        return class_indices[label]
    return [class_indices[one] for one in label]
