"""`tf.distribute`: strategies of one device; Neurona itself trains on several."""

import contextlib
import enum
from collections.abc import Callable, Iterator
from typing import Any

import jax
import jax.numpy as jnp

from neurona.legacy.tensorflow.dispatch import tensor_of
from neurona.legacy.tensorflow.tensor import Tensor
from neurona.tracebacks import warn


class ReduceOp(enum.Enum):
    """How the values of devices are joined."""

    SUM = "SUM"
    MEAN = "MEAN"


class Strategy:
    """Everything runs on JAX's first device."""

    def __init__(self, *_: Any, **__: Any) -> None:
        if len(jax.devices()) > 1:
            warn(
                f"{type(self).__name__} runs on one device here. model.fit uses all of them by itself: "
                "see neurona.config."
            )

    num_replicas_in_sync = 1
    extended = property(lambda self: self)

    @contextlib.contextmanager
    def scope(self) -> Iterator["Strategy"]:
        """A block whose variables belong to the strategy."""
        yield self

    def run(self, fn: Callable[..., Any], args: tuple = (), kwargs: Any = None, options: Any = None) -> Any:
        """Call a function."""
        return fn(*args, **(kwargs or {}))

    experimental_run_v2 = run

    def reduce(self, reduce_op: Any, value: Any, axis: Any = None) -> Any:
        """The value; with an axis, its sum or mean over it."""
        if axis is None:
            return value
        is_sum = getattr(reduce_op, "value", str(reduce_op)).upper() == "SUM"
        array = tensor_of(value)._array
        return Tensor((jnp.sum if is_sum else jnp.mean)(array, axis=axis))

    def experimental_distribute_dataset(self, dataset: Any, options: Any = None) -> Any:
        """The data set."""
        return dataset

    def distribute_datasets_from_function(self, dataset_fn: Callable[..., Any], options: Any = None) -> Any:
        """The data set of a function."""
        return dataset_fn(InputContext())

    experimental_distribute_datasets_from_function = distribute_datasets_from_function

    def experimental_local_results(self, value: Any) -> tuple[Any, ...]:
        """The value of each device."""
        return (value,)

    def gather(self, value: Any, axis: int) -> Any:
        """The value."""
        return value


class InputContext:
    """Which part of the data a device reads: all of it."""

    num_input_pipelines, input_pipeline_id, num_replicas_in_sync = 1, 0, 1

    def get_per_replica_batch_size(self, global_batch_size: int) -> int:
        """The whole batch."""
        return global_batch_size


class MirroredStrategy(Strategy):
    """One device."""


class OneDeviceStrategy(Strategy):
    """One device."""


class MultiWorkerMirroredStrategy(Strategy):
    """One machine."""


class TPUStrategy(Strategy):
    """What JAX finds."""


class CentralStorageStrategy(Strategy):
    """One device."""


_default = Strategy.__new__(Strategy)


def get_strategy() -> Strategy:
    """The strategy of one device."""
    return _default


def has_strategy() -> bool:
    """Whether a block of a strategy is open: never."""
    return False


def get_replica_context() -> Any:
    """The context of the only device."""
    return InputContext()


def in_cross_replica_context() -> bool:
    """Whether code runs for all devices together."""
    return False
