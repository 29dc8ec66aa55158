"""Devices, meshes of devices and layouts of arrays on them, under the names of `keras.distribution`.

A distribution describes how data and weights are laid out. Models compute on one device so far: one over
several is refused where it would have to be used.
"""

import contextlib
import math
import re
from collections.abc import Iterator, MutableMapping, Sequence
from typing import Any

import jax
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from neurona.contexts import devices
from neurona.core.errors import ArgumentError
from neurona.core.lazy import suggest_names

__all__ = [
    "DataParallel",
    "DeviceMesh",
    "LayoutMap",
    "ModelParallel",
    "TensorLayout",
    "distribute_tensor",
    "distribution",
    "get_device_count",
    "initialize",
    "list_devices",
    "set_distribution",
]

_LATER = (
    "Models compute on one device so far: several copies of a program train best as separate processes, "
    "each with its device."
)


class _Settings:
    distribution: Any = None


def list_devices(device_type: str | None = None) -> list[str]:
    """The names of the devices of this machine, such as `"cpu:0"`.

    Args:
        device_type: `"cpu"`, `"gpu"` or `"tpu"`; by default those that JAX computes on.

    Example:

        >>> list_devices("cpu")[0]
        'cpu:0'
    """
    kind = None if device_type is None else device_type.lower()
    found = jax.devices() if kind is None else [one for one in devices() if _kind(one) == kind]
    return [f"{_kind(one)}:{one.id}" for one in found]


def get_device_count(device_type: str | None = None) -> int:
    """How many devices there are.

    Example:

        >>> get_device_count("cpu") >= 1
        True
    """
    return len(list_devices(device_type))


def _kind(one: Any) -> str:
    return "gpu" if one.platform in ("cuda", "rocm") else one.platform


def initialize(
    job_addresses: str | None = None, num_processes: int | None = None, process_id: int | None = None
) -> None:
    """Join several machines: not so far.

    Raises:
        ArgumentError: there is more than one process.
    """
    if (num_processes or 1) > 1:
        raise ArgumentError(f"distribution.initialize: num_processes={num_processes}. {_LATER}")


class DeviceMesh:
    """Devices as a grid whose axes have names.

    Args:
        shape: of the grid.
        axis_names: one for each axis.
        devices: their names; by default all.

    Raises:
        ArgumentError: the shape, the names and the devices do not fit each other.

    Example:

        >>> DeviceMesh((1,), ["batch"], ["cpu:0"])
        <DeviceMesh shape=(1,), axis_names=['batch']>
    """

    def __init__(self, shape: Sequence[int], axis_names: Sequence[str], devices: Any = None) -> None:
        found = np.array(list_devices() if devices is None else devices)
        if not shape or len(shape) != len(axis_names):
            raise ArgumentError(
                f"DeviceMesh: each axis has a size and a name. Received: shape={shape}, "
                f"axis_names={axis_names}"
            )
        if math.prod(shape) != found.size:
            raise ArgumentError(
                f"DeviceMesh: shape={shape} is for {math.prod(shape)} devices. Received: {found.size}."
            )
        self.shape, self.axis_names, self.devices = shape, axis_names, found.reshape(shape)

    @property
    def backend_mesh(self) -> Mesh:
        """The grid as JAX knows it."""
        known = {f"{_kind(one)}:{one.id}": one for one in devices()}
        return Mesh(np.vectorize(known.__getitem__, otypes=[object])(self.devices), tuple(self.axis_names))

    def __repr__(self) -> str:
        return f"<DeviceMesh shape={self.shape}, axis_names={self.axis_names}>"


class TensorLayout:
    """Along which axes of a mesh the axes of an array are split.

    Args:
        axes: for each axis of the array the name of the mesh's, or None where it is not split.
        device_mesh: the devices.

    Raises:
        ArgumentError: the mesh has no such axis.

    Example:

        >>> TensorLayout(("batch", None)).axes
        ('batch', None)
    """

    def __init__(self, axes: Sequence[str | None], device_mesh: DeviceMesh | None = None) -> None:
        self.axes, self._device_mesh = tuple(axes), device_mesh
        self._check()

    def _check(self) -> None:
        if self._device_mesh is not None and not set(self.axes) - {None} <= set(self._device_mesh.axis_names):
            raise ArgumentError(
                f"TensorLayout: the mesh has the axes {self._device_mesh.axis_names}. Received: {self.axes}"
            )

    @property
    def device_mesh(self) -> DeviceMesh | None:
        """The devices; given once."""
        return self._device_mesh

    @device_mesh.setter
    def device_mesh(self, device_mesh: DeviceMesh) -> None:
        if self._device_mesh is not None:
            raise ArgumentError(f"TensorLayout: the mesh is {self._device_mesh} already.")
        self._device_mesh = device_mesh
        self._check()

    @property
    def backend_layout(self) -> NamedSharding:
        """The layout as JAX knows it."""
        if self._device_mesh is None:
            raise ArgumentError(f"TensorLayout: {self.axes} has no device_mesh yet.")
        return NamedSharding(self._device_mesh.backend_mesh, PartitionSpec(*self.axes))

    def __repr__(self) -> str:
        return f"<TensorLayout axes={self.axes}, device_mesh={self.device_mesh}>"


class LayoutMap(MutableMapping):
    """Layouts by the paths of variables; a key may be a regular expression.

    Args:
        device_mesh: for the layouts that have none.

    Raises:
        ArgumentError: a key is given twice, a value is no layout, or two expressions match a path.

    Example:

        >>> layouts = LayoutMap(DeviceMesh((1,), ["model"], ["cpu:0"]))
        >>> layouts["dense.*kernel"] = (None, "model")
        >>> layouts["dense_1/kernel"].axes, layouts["conv/kernel"]
        ((None, 'model'), None)
    """

    def __init__(self, device_mesh: DeviceMesh) -> None:
        self.device_mesh, self._layouts = device_mesh, {}

    def __getitem__(self, key: str) -> TensorLayout | None:
        if key in self._layouts:
            return self._layouts[key]
        matching = [pattern for pattern in self._layouts if re.fullmatch(pattern, key)]
        if len(matching) > 1:
            raise ArgumentError(f"LayoutMap: several keys match {key!r}: {', '.join(matching)}.")
        return self._layouts[matching[0]] if matching else None

    def __setitem__(self, key: str, layout: Any) -> None:
        if key in self._layouts:
            raise ArgumentError(f"LayoutMap: {key!r} has a layout already: {self._layouts[key]}.")
        layout = TensorLayout(layout) if isinstance(layout, tuple) else layout
        if not isinstance(layout, TensorLayout):
            raise ArgumentError(f"LayoutMap: a layout is a TensorLayout or a tuple. Received: {layout!r}")
        if layout.device_mesh is None:
            layout.device_mesh = self.device_mesh
        self._layouts[key] = layout

    def __delitem__(self, key: str) -> None:
        del self._layouts[key]

    def __len__(self) -> int:
        return len(self._layouts)

    def __iter__(self) -> Iterator[str]:
        return iter(self._layouts)


class _Distribution:
    """How data and variables are laid out on a mesh."""

    def __init__(self, device_mesh: DeviceMesh, batch_dim_name: str, auto_shard_dataset: bool) -> None:
        self.device_mesh, self.batch_dim_name = device_mesh, batch_dim_name
        self.auto_shard_dataset = auto_shard_dataset

    def get_data_layout(self, data_shape: Sequence[int | None]) -> TensorLayout:
        """The layout of a batch: split along its first axis."""
        return TensorLayout((self.batch_dim_name, *[None] * (len(data_shape) - 1)), self.device_mesh)

    def get_variable_layout(self, variable: Any) -> TensorLayout:
        """The layout of a variable: whole on each device, unless a layout is given for it."""
        found = self.get_tensor_layout(variable.path)
        return TensorLayout([None] * len(variable.shape), self.device_mesh) if found is None else found

    def get_tensor_layout(self, path: str) -> TensorLayout | None:
        """The layout given for a path, or None."""
        return None

    @contextlib.contextmanager
    def scope(self) -> Iterator[None]:
        """A block in which this is the distribution."""
        before = distribution()
        set_distribution(self)
        try:
            yield
        finally:
            set_distribution(before)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} device_mesh={self.device_mesh}>"


class DataParallel(_Distribution):
    """Each device has all weights and a part of each batch.

    Args:
        device_mesh: the devices, in one axis.
        devices: their names, instead; by default all.
        auto_shard_dataset: whether several processes share a data set.

    Example:

        >>> DataParallel(devices=["cpu:0"]).get_data_layout((None, 3)).axes
        ('batch', None)
    """

    def __init__(
        self, device_mesh: DeviceMesh | None = None, devices: Any = None, auto_shard_dataset: bool = True
    ) -> None:
        if device_mesh is None:
            names = list_devices() if devices is None else list(devices)
            device_mesh = DeviceMesh((len(names),), ["batch"], names)
        super().__init__(device_mesh, device_mesh.axis_names[0], auto_shard_dataset)


class ModelParallel(_Distribution):
    """The weights are split as a `LayoutMap` says, and each batch along an axis of the mesh.

    Args:
        layout_map: layouts by the paths of variables.
        batch_dim_name: the axis of the batch; by default the mesh's first.
        auto_shard_dataset: whether several processes share a data set.

    Example:

        >>> ModelParallel(layout_map=LayoutMap(DeviceMesh((1,), ["batch"], ["cpu:0"])))
        <ModelParallel device_mesh=<DeviceMesh shape=(1,), axis_names=['batch']>>
    """

    def __init__(
        self, *, layout_map: LayoutMap, batch_dim_name: str | None = None, auto_shard_dataset: bool = True
    ) -> None:
        mesh = layout_map.device_mesh
        super().__init__(mesh, batch_dim_name or mesh.axis_names[0], auto_shard_dataset)
        self._layout_map = layout_map

    def get_tensor_layout(self, path: str) -> TensorLayout | None:
        """The layout given for a path, or None."""
        return self._layout_map[path]


def distribute_tensor(tensor: Any, layout: Any) -> jax.Array:
    """An array, laid out on devices.

    Args:
        tensor: the array.
        layout: a `TensorLayout`, or one of JAX's.

    Example:

        >>> layout = TensorLayout(("batch",), DeviceMesh((1,), ["batch"], ["cpu:0"]))
        >>> distribute_tensor(np.ones(4), layout).sharding.spec
        P('batch',)
    """
    return jax.device_put(tensor, layout.backend_layout if isinstance(layout, TensorLayout) else layout)


def distribution() -> Any:
    """The distribution that was set, or None."""
    return _Settings.distribution


def set_distribution(value: Any) -> None:
    """Set the distribution of models; None for none.

    Raises:
        ArgumentError: it is one over several devices.
    """
    if value is not None and value.device_mesh.devices.size > 1:
        raise ArgumentError(f"set_distribution: {value} has several devices. {_LATER}")
    _Settings.distribution = value


suggest_names(__name__)
