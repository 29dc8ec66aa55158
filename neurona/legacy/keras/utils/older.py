"""What `keras.utils` had in Keras 1 and 2, and has no more."""

import inspect
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from neurona import utils
from neurona.core.errors import ArgumentError, DataError
from neurona.core.registry import deserialize, get_registered_object
from neurona.files.gate import Gate
from neurona.files.hdf5 import array_of, open_hdf5
from neurona.tracebacks import warn

# Labels and figures.


def to_categorical(y: Any, num_classes: int | None = None, dtype: Any = "float32", **old: Any) -> Any:
    """Class numbers as rows of 0 and 1."""
    rows = utils.to_categorical(y, old.get("nb_classes", num_classes))
    return rows.astype(dtype)


def to_ordinal(y: Any, num_classes: int | None = None, dtype: Any = "float32") -> Any:
    """Ranks as rows of as many ones.

    Example:

        >>> to_ordinal([0, 2], num_classes=3).tolist()
        [[0.0, 0.0], [1.0, 1.0]]
    """
    ranks = np.asarray(y, "int")
    if ranks.ndim > 1 and ranks.shape[-1] == 1:
        ranks = ranks[..., 0]
    places = np.arange((num_classes or int(ranks.max()) + 1) - 1)
    return (places < ranks[..., None]).astype(dtype)


def get_from_module(
    identifier: Any,
    module_params: dict[str, Any],
    module_name: str,
    instantiate: bool = False,
    kwargs: dict[str, Any] | None = None,
) -> Any:
    """What a name stands for among `globals()` of a module, as `get` of Keras 1 looked it up.

    Raises:
        ArgumentError: the module has no such name.
    """
    options = dict(kwargs or {})
    if isinstance(identifier, dict):
        options |= {name: value for name, value in identifier.items() if name != "name"}
        identifier, instantiate = identifier["name"], True
    if not isinstance(identifier, str):
        return identifier
    found = get_registered_object(identifier) or module_params.get(identifier)
    if found is None:
        raise ArgumentError(f"There is no {module_name} {identifier!r}.")
    return found(**options) if instantiate else found


def normalize(x: Any, axis: int = -1, order: Any = 2) -> Any:
    """x divided by its norm along an axis."""
    return utils.normalize(x, axis, order)


def accuracy(p: Any, y: Any) -> Any:
    """The share of equal entries."""
    return np.mean([one == other for one, other in zip(p, y)])


def probas_to_classes(y_pred: Any) -> Any:
    """The likeliest class of each row; of one column, whether it is above 0.5."""
    scores = np.asarray(y_pred)
    if scores.ndim > 1 and scores.shape[1] > 1:
        return categorical_probas_to_classes(scores)
    return np.array([1 if score > 0.5 else 0 for score in scores.ravel()])


def categorical_probas_to_classes(p: Any) -> Any:
    """The likeliest class of each row."""
    return np.argmax(p, axis=1)


def get_test_data(
    num_train: int = 1000,
    num_test: int = 500,
    input_shape: Any = (10,),
    output_shape: Any = (2,),
    classification: bool = True,
    num_classes: int = 2,
    **old: Any,
) -> Any:
    """Random data that can be learned, for training and for tests."""
    num_train, num_test = old.get("nb_train", num_train), old.get("nb_test", num_test)
    count, classes = num_train + num_test, old.get("nb_class", num_classes)
    if classification:
        y = np.random.randint(0, classes, size=(count,))
        x = np.stack([label + np.random.normal(0, 0.7, input_shape) for label in y])
    else:
        y = np.random.random((count, *output_shape))
        x = np.stack([row.mean() + np.random.normal(0, 0.7, input_shape) for row in y])
    return (x[:num_train], y[:num_train]), (x[num_train:], y[num_train:])


# Batches by hand.


def make_batches(size: int, batch_size: int) -> list[tuple[int, int]]:
    """The first and last places of batches: (0, 32), (32, 64) and so on, the last one shorter.

    Example:

        >>> make_batches(5, 2)
        [(0, 2), (2, 4), (4, 5)]
    """
    return [(start, min(size, start + batch_size)) for start in range(0, size, batch_size)]


def batch_shuffle(index_array: Any, batch_size: int) -> Any:
    """Places with whole batches of them in another order; those that fill no batch stay last."""
    whole = len(index_array) // batch_size * batch_size
    batches = np.array(index_array[:whole]).reshape(-1, batch_size)
    np.random.shuffle(batches)
    return np.append(batches.ravel(), index_array[whole:])


def slice_arrays(arrays: Any, start: Any = None, stop: Any = None) -> Any:
    """Rows of an array, or of each in a list: from start to stop, or those of a list of places."""
    rows = start if hasattr(start, "__len__") else slice(start, stop)
    if isinstance(arrays, list):
        return [None if one is None else one[rows] for one in arrays]
    return None if arrays is None else arrays[rows]


def layer_from_config(config: Any, custom_objects: Any = None) -> Any:
    """A layer, or a model, from its class and config."""
    return deserialize(config, kind="layers", custom_objects=custom_objects)


# Sizes of convolutions.


def normalize_tuple(value: Any, n: int, name: str, **_: Any) -> tuple[int, ...]:
    """A number, or n of them, as a tuple."""
    numbers = (value,) * n if isinstance(value, (int, np.integer)) else tuple(value)
    if len(numbers) != n:
        raise ArgumentError(f"{name} is a whole number, or a tuple of {n} of them. Received: {value!r}")
    return tuple(int(number) for number in numbers)


def conv_output_length(
    input_length: int | None, filter_size: int, padding: str, stride: int, dilation: int = 1
) -> int | None:
    """The length after a convolution."""
    if input_length is None:
        return None
    size = filter_size + (filter_size - 1) * (dilation - 1)
    length = {"valid": input_length - size + 1, "full": input_length + size - 1}.get(padding, input_length)
    return (length + stride - 1) // stride


def conv_input_length(output_length: int | None, filter_size: int, padding: str, stride: int) -> int | None:
    """The length before a convolution."""
    if output_length is None:
        return None
    pad = {"same": filter_size // 2, "full": filter_size - 1}.get(padding, 0)
    return (output_length - 1) * stride - 2 * pad + filter_size


def convert_kernel(kernel: Any) -> np.ndarray:
    """A kernel turned around in space, as between Theano's and TensorFlow's convolutions."""
    kernel = np.asarray(kernel)
    return np.copy(kernel[(*(slice(None, None, -1),) * (kernel.ndim - 2), slice(None), slice(None))])


# Models.


def count_params(weights: Any) -> int:
    """How many numbers some weights hold."""
    return int(sum(np.prod(one.shape) for one in {id(one): one for one in weights}.values()))


def print_summary(model: Any, line_length: Any = None, positions: Any = None, print_fn: Any = None) -> None:
    """Print a model's layers."""
    model.summary(line_length, positions, print_fn)


def multi_gpu_model(model: Any, gpus: Any = None, **_: Any) -> Any:
    """The model itself: what it did is done by fit."""
    warn(
        "multi_gpu_model returns the model as it is. To share batches among devices, train inside "
        "`with neurona.training.Placement(jax.devices()):`."
    )
    return model


def plot(model: Any, to_file: Any = "model.png", **options: Any) -> Any:
    """Draw a model."""
    return utils.plot_model(model, to_file, **options)


# Data.


class HDF5Matrix:
    """Rows of an array in an HDF5 file, for `fit`.

    Args:
        datapath: the file.
        dataset: the array's name.
        start, end: the rows.
        normalizer: a function of the rows that are read.
    """

    def __init__(
        self,
        datapath: Any,
        dataset: str,
        start: int = 0,
        end: int | None = None,
        normalizer: Callable[[Any], Any] | None = None,
    ) -> None:
        gate = Gate.of_file(datapath, DataError)
        with open_hdf5(datapath, gate) as file:
            if dataset not in file:
                raise DataError(f"HDF5Matrix: {datapath!s} has no array {dataset!r}. It has: {list(file)}")
            rows = array_of(file[dataset], gate)[start:end]
        self.data = rows if normalizer is None else normalizer(rows)
        self.shape, self.dtype, self.ndim, self.size = (
            self.data.shape,
            self.data.dtype,
            self.data.ndim,
            self.data.size,
        )

    def __len__(self) -> int:
        return len(self.data)

    def __getitem__(self, key: Any) -> Any:
        return self.data[key]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.asarray(self.data, dtype)


class OrderedEnqueuer:
    """The batches of a Sequence, again and again, epoch by epoch."""

    def __init__(self, sequence: Any, use_multiprocessing: bool = False, shuffle: bool = False) -> None:
        self.sequence, self.shuffle, self._running = sequence, shuffle, False

    def start(self, workers: int = 1, max_queue_size: int = 10) -> None:
        """Let `get` give batches."""
        self._running = True

    def is_running(self) -> bool:
        """Whether it was started and not stopped."""
        return self._running

    def get(self) -> Iterator[Any]:
        """The batches."""
        while self._running:
            order = np.arange(len(self.sequence))
            if self.shuffle:
                np.random.shuffle(order)
            yield from (self.sequence[int(number)] for number in order)
            self.sequence.on_epoch_end()

    def stop(self, timeout: float | None = None) -> None:
        """Let `get` end."""
        self._running = False


class GeneratorEnqueuer(OrderedEnqueuer):
    """The batches of a generator."""

    def get(self) -> Iterator[Any]:
        """The batches."""
        return iter(self.sequence)


def ask_to_proceed_with_overwrite(filepath: Any) -> bool:
    """Ask whether a file may be replaced."""
    return input(f"{filepath} already exists - overwrite? [y/n] ").strip().lower() == "y"


# Objects.


def has_arg(fn: Any, name: str, accept_all: bool = False) -> bool:
    """Whether a function takes an argument."""
    parameters = inspect.signature(fn).parameters
    takes_all = any(one.kind is one.VAR_KEYWORD for one in parameters.values())
    return name in parameters or (accept_all and takes_all)


def to_list(x: Any) -> list[Any]:
    """A list as it is; anything else as a list of one."""
    return x if isinstance(x, list) else [x]


def unpack_singleton(x: Any) -> Any:
    """What a list of one holds; anything else as it is."""
    return x[0] if len(x) == 1 else x


# fmt: off
__all__ = [
    "GeneratorEnqueuer", "HDF5Matrix", "OrderedEnqueuer", "accuracy", "ask_to_proceed_with_overwrite",
    "batch_shuffle", "categorical_probas_to_classes", "conv_input_length", "conv_output_length",
    "convert_kernel", "count_params", "get_from_module", "get_test_data", "has_arg", "layer_from_config",
    "make_batches", "multi_gpu_model", "normalize", "normalize_tuple", "plot", "print_summary",
    "probas_to_classes", "slice_arrays", "to_categorical", "to_list", "to_ordinal", "unpack_singleton",
]
