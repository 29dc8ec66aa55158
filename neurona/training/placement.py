"""Placement: where the arrays of a training lie. The only file that decides it."""

import contextlib
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar, Self

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from neurona.core.errors import ArgumentError
from neurona.kernels.operation import without_native_kernels

SURELY_FITS = 1 << 26  # bytes for which asking how much memory is free would cost more than it tells


class Placement:
    """A mesh of devices, with the state of training on each of them and every batch split between them.

    Inside `with Placement(devices):` models train on those devices. Random numbers, the order of the rows and
    the size of the last batch are those of one device, so the results are equal up to the order of sums. A
    batch whose rows the devices can't share equally is computed whole on each of them. XLA computes
    everything, because it can't divide a native kernel.

    Without it models train on JAX's default device, which is the mesh of one.

    Args:
        devices: such as `jax.devices()`; None for the default device.

    Raises:
        ArgumentError: there are no devices, or one is given twice.

    Example:

        >>> from neurona.layers import Dense, Input
        >>> from neurona.models import Sequential
        >>> model = Sequential([Input((2,)), Dense(1)])
        >>> model.compile("sgd", "mse")
        >>> with Placement(jax.devices()):
        ...     history = model.fit(np.ones((8, 2)), np.ones((8, 1)), verbose=0)
    """

    _current: ClassVar["Placement | None"] = None

    def __init__(self, devices: Sequence[Any] | None = None) -> None:
        chosen = jax.devices()[:1] if devices is None else list(devices)
        if not chosen or len(set(chosen)) < len(chosen):
            raise ArgumentError(f"Placement takes one device or more, each once. Received: {devices!r}")
        self.mesh = Mesh(np.array(chosen), ("batch",))
        self._whole = NamedSharding(self.mesh, PartitionSpec())
        self._split = NamedSharding(self.mesh, PartitionSpec("batch"))
        self._outer: list[tuple[Placement | None, contextlib.ExitStack]] = []

    @classmethod
    def current(cls) -> "Placement":
        """The placement of the innermost `with`, else the default device."""
        if cls._current is None:
            cls._current = cls()
        return cls._current

    def __enter__(self) -> Self:
        context = contextlib.ExitStack()
        if not self.is_single:
            context.enter_context(without_native_kernels())
        self._outer.append((Placement._current, context))
        Placement._current = self
        return self

    def __exit__(self, *error: object) -> None:
        Placement._current, context = self._outer.pop()
        context.close()

    @property
    def is_single(self) -> bool:
        """Whether the mesh has one device."""
        return self.mesh.size == 1

    @property
    def structure(self) -> list[int]:
        """Equal for placements whose compiled programs are equal: the numbers of the devices."""
        return [] if self.is_single else [device.id for device in self.mesh.devices.flat]

    # On the host.

    def put(self, array: Any) -> jax.Array:
        """An array on every device, independent of the one given.

        On a CPU a NumPy array is copied to memory that XLA can use in place (64-byte alignment), which takes
        a third of the time of XLA's copy.
        """
        if not self.is_single:
            return jax.device_put(array, self._whole)
        if not isinstance(array, np.ndarray) or jax.default_backend() != "cpu" or not array.nbytes:
            return jnp.asarray(array)
        copy = aligned(array.shape, array.dtype)
        np.copyto(copy, array)
        return jax.device_put(copy)

    def put_aligned(self, array: np.ndarray) -> jax.Array:
        """What `aligned` made, on every device; on a CPU without another copy."""
        return jax.device_put(array) if self.is_single else jax.device_put(array, self._whole)

    def put_state(self, state: Any) -> Any:
        """The arrays of a state on every device."""
        return state if self.is_single else jax.device_put(state, self._whole)

    def take_back(self, state: Any) -> Any:
        """The arrays of a state on the default device, where predictions and other models expect them."""
        return state if self.is_single else jax.device_put(state, jax.devices()[0])

    def fits(self, size: int) -> bool:
        """Whether so many bytes are at most half of a device's free memory, or the memory is not known."""
        if size < SURELY_FITS:
            return True
        memory = self.mesh.devices.flat[0].memory_stats()
        if memory and "bytes_limit" in memory:
            return 2 * size <= memory["bytes_limit"] - memory["bytes_in_use"]
        host = Path("/proc/meminfo")
        if jax.default_backend() != "cpu" or not host.exists():
            return True
        line = next(line for line in host.read_text().splitlines() if line.startswith("MemAvailable"))
        return 2 * size * self.mesh.size <= 1024 * int(line.split()[1])

    # Inside a program.

    def split(self, batch: Any) -> Any:
        """A batch with its rows shared between the devices, or whole on each where they don't divide."""
        if self.is_single:
            return batch
        rows = jax.tree.leaves(batch)[0].shape[0]
        return jax.lax.with_sharding_constraint(batch, self._whole if rows % self.mesh.size else self._split)

    def whole(self, state: Any) -> Any:
        """A state that every device keeps whole."""
        return state if self.is_single else jax.lax.with_sharding_constraint(state, self._whole)


def aligned(shape: tuple[int, ...], dtype: Any) -> np.ndarray:
    """An array, its values not set, in memory that XLA on a CPU can use in place."""
    size = math.prod(shape) * np.dtype(dtype).itemsize
    buffer = np.empty(size + 64, np.uint8)
    start = -buffer.ctypes.data % 64
    return buffer[start : start + size].view(dtype).reshape(shape)
