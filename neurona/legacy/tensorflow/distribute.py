"""`tf.distribute`: strategies of one device; Neurona itself trains on several."""

import contextlib
import enum
from collections.abc import Callable, Iterator
from types import SimpleNamespace
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
        _open.append(self)
        try:
            yield self
        finally:
            _open.remove(self)

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

    def experimental_distribute_values_from_function(self, value_fn: Callable[..., Any]) -> Any:
        """The value that a function gives for the device."""
        return value_fn(ValueContext())

    def gather(self, value: Any, axis: int) -> Any:
        """The value."""
        return value

    def batch_reduce(self, reduce_op: Any, value_destination_pairs: Any) -> list[Any]:
        """The values."""
        return [value for value, _ in value_destination_pairs]


class ValueContext:
    """Which device a value is for: the only one."""

    num_replicas_in_sync, replica_id_in_sync_group = 1, 0


class ReplicaContext(ValueContext):
    """What code that runs on a device knows of the others: there are none."""

    @property
    def strategy(self) -> Strategy:
        """The strategy of the block."""
        return get_strategy()

    def all_reduce(self, reduce_op: Any, value: Any, options: Any = None) -> Any:
        """The value."""
        return value

    all_gather = all_reduce

    def merge_call(self, merge_fn: Callable[..., Any], args: tuple = (), kwargs: Any = None) -> Any:
        """Call a function for all devices together."""
        return merge_fn(self.strategy, *args, **(kwargs or {}))


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


class ParameterServerStrategy(Strategy):
    """One machine."""


class TPUClusterResolver:
    """There is no TPU of TensorFlow's to connect to.

    Raises:
        ValueError: always, as where TensorFlow finds none.
    """

    def __init__(self, tpu: Any = None, *_: Any, **__: Any) -> None:
        raise ValueError(
            "Please provide a TPU Name to connect to. Neurona computes on what JAX finds, TPUs too: leave "
            "the strategy out."
        )


cluster_resolver = SimpleNamespace(TPUClusterResolver=TPUClusterResolver)
experimental = SimpleNamespace(
    CentralStorageStrategy=CentralStorageStrategy,
    MultiWorkerMirroredStrategy=MultiWorkerMirroredStrategy,
    ParameterServerStrategy=ParameterServerStrategy,
    TPUStrategy=TPUStrategy,
)


_default = Strategy.__new__(Strategy)
_open: list[Strategy] = []  # the strategies of the blocks that the program is in


def get_strategy() -> Strategy:
    """The strategy of the innermost block, or that of one device."""
    return _open[-1] if _open else _default


def has_strategy() -> bool:
    """Whether a block of a strategy is open."""
    return bool(_open)


def get_replica_context() -> Any:
    """The context of the only device."""
    return ReplicaContext()


def in_cross_replica_context() -> bool:
    """Whether code runs for all devices together."""
    return False
