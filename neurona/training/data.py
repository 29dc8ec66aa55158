"""TrainingData: the arguments of `fit`, converted once to what the loop of training reads."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np

from neurona.core.checks import integers
from neurona.core.errors import DataError
from neurona.tracebacks import warn
from neurona.training.batches import ArrayBatches, Batches, RowOrder, new_numpy_generator
from neurona.training.class_weights import ClassWeights
from neurona.training.conversion import (
    Batch,
    count_rows,
    inputs_to_numpy,
    is_stream,
    split_validation,
    stays_on_host,
    to_numpy,
    unpack,
)
from neurona.training.placement import Placement
from neurona.training.streams import RowBatches, StreamBatches


@dataclass
class TrainingData:
    """What a model is trained on and validated on.

    Attributes:
        train: the batches of every epoch.
        validation: those of every evaluation, or None.
        validation_freq: validate after every n-th epoch, or after the epochs (counted from 1) of a
            collection.
    """

    train: Batches
    validation: Batches | None = None
    validation_freq: int | Collection[int] = 1

    @classmethod
    def of(
        cls,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        *,
        batch_size: int | None = None,
        shuffle: bool | str = False,
        class_weight: ClassWeights | None = None,
        steps: int | None = None,
        validation_split: float = 0.0,
        validation_data: Any = None,
        validation_batch_size: int | None = None,
        validation_steps: int | None = None,
        validation_freq: int | Collection[int] = 1,
        read: Callable[[Any], Any] = inputs_to_numpy,
        own_steps: Collection[str] = (),
    ) -> "TrainingData":
        """The data that `fit` was given, by the names of its arguments; `steps` is its `steps_per_epoch`.
        `read` makes arrays of the inputs. `own_steps` are "train" and "test" where the model has its own,
        which take the batches of a source as they are.

        Raises:
            DataError: the data can't be converted, counted, weighted or split.
        """
        if is_stream(x):
            _check_stream(y, sample_weight, batch_size)
            if validation_split:
                raise DataError(
                    "validation_split needs arrays, whose rows can be split. Pass validation_data with a "
                    "source "
                    "of batches."
                )
            train: Batches = _source_batches(x, steps, shuffle, class_weight, read, "train" in own_steps)
        else:
            arrays = _as_arrays(x, y, sample_weight, read)
            if class_weight is not None:
                arrays = arrays._replace(sample_weight=class_weight(arrays.y, arrays.sample_weight))
            if validation_split and validation_data is None:
                arrays, validation_data = split_validation(arrays, validation_split)
            train = array_batches(arrays, batch_size, shuffle, steps)
        if isinstance(validation_freq, int):
            integers(validation_freq, 1, "validation_freq", "fit")
        validation = None
        if validation_data is not None:
            has_targets = isinstance(train, (ArrayBatches, RowBatches)) and train.host.y is not None
            given = _validation_of(validation_data, has_targets)
            if validation_batch_size is None and not is_stream(given[0]):
                validation_batch_size = batch_size
            options = {"batch_size": validation_batch_size, "steps": validation_steps}
            validation = batches_of(*given, **options, read=read, whole="test" in own_steps)
        return cls(train, validation, validation_freq)

    def validates_after(self, epoch: int) -> bool:
        """Whether to validate after an epoch, numbered from 0."""
        if self.validation is None:
            return False
        if isinstance(self.validation_freq, int):
            return (epoch + 1) % self.validation_freq == 0
        return epoch + 1 in self.validation_freq

    @property
    def is_small(self) -> bool:
        """Whether epochs, each with its validation, are so short that many run as one program."""
        validates_always = self.validation is None or (self.validation.is_small and self.validation_freq == 1)
        return self.train.is_small and validates_always

    def close(self) -> None:
        """Close what was opened to read from."""
        self.train.close()
        if self.validation is not None:
            self.validation.close()


def batches_of(
    x: Any,
    y: Any = None,
    sample_weight: Any = None,
    *,
    batch_size: int | None = None,
    steps: int | None = None,
    read: Callable[[Any], Any] = inputs_to_numpy,
    whole: bool = False,
) -> Batches:
    """Data for `evaluate` or `predict` as batches, in the order in which they come."""
    if is_stream(x):
        _check_stream(y, sample_weight, batch_size)
        return _source_batches(x, steps, False, None, read, whole)
    return array_batches(_as_arrays(x, y, sample_weight, read), batch_size, False, steps)


def _source_batches(
    source: Any,
    steps: int | None,
    shuffle: bool | str,
    class_weight: ClassWeights | None,
    read: Callable[[Any], Any],
    whole: bool,
) -> Batches:
    """A source of batches; the arrays themselves where it says, by `array_rows`, that it is all of their
    rows.
    """
    offered = source.array_rows() if hasattr(source, "array_rows") else None
    if offered is None:
        generator = new_numpy_generator() if shuffle else None
        return StreamBatches(source, steps, shuffle, class_weight, generator, read, whole)
    data, batch_size, shuffle = offered
    arrays = _as_arrays(*unpack(data), read)
    if class_weight is not None:
        arrays = arrays._replace(sample_weight=class_weight(arrays.y, arrays.sample_weight))
    return array_batches(arrays, batch_size, shuffle, steps)


def array_batches(arrays: Batch, batch_size: int | None, shuffle: bool | str, steps: int | None) -> Batches:
    """Arrays as batches: on the device where they fit, otherwise read from where they are."""
    rows = count_rows(arrays)
    order = RowOrder(rows, batch_size, shuffle, steps, new_numpy_generator() if shuffle else None)
    leaves = jax.tree.leaves(arrays)
    on_host = [leaf for leaf in leaves if isinstance(leaf, np.ndarray)]
    if any(map(stays_on_host, leaves)) or not Placement.current().fits(sum(leaf.nbytes for leaf in on_host)):
        return RowBatches(arrays, order)
    return ArrayBatches(arrays, order)


def _validation_of(data: Any, has_targets: bool) -> tuple[Any, ...]:
    """`validation_data` as x, y and sample weights, or as a source of batches.

    Raises:
        DataError: it is x alone, and the model is trained with targets.
    """
    if is_stream(data):
        return (data,)
    if has_targets and not isinstance(data, (tuple, list)):
        raise DataError(
            f"validation_data is a pair (x, y). Received one {type(data).__name__}: pass "
            "validation_data=(x, y)."
        )
    return unpack(data)


def _as_arrays(x: Any, y: Any, sample_weight: Any, read: Callable[[Any], Any]) -> Batch:
    return Batch(read(x), to_numpy(y, "y"), to_numpy(sample_weight, "sample_weight"))


def note_batch_size(batch_size: Any) -> None:
    """Warn of a batch size that changes nothing, because the data come in batches."""
    if batch_size is not None:
        warn("batch_size has no effect: x yields batches, which have their size.")


def _check_stream(y: Any, sample_weight: Any, batch_size: Any) -> None:
    note_batch_size(batch_size)
    if y is not None or sample_weight is not None:
        raise DataError(
            "x yields batches, which bring their own targets: don't pass y or sample_weight as well."
        )
