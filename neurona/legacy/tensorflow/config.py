"""`tf.config`: devices and settings."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import jax

from neurona.legacy.tensorflow.devices import LogicalDevice, PhysicalDevice, found
from neurona.legacy.tensorflow.functions import Settings

__all__ = ["LogicalDevice", "PhysicalDevice"]


def list_physical_devices(device_type: str | None = None) -> list[PhysicalDevice]:
    """The devices of the machine."""
    return found(device_type, PhysicalDevice)


def list_logical_devices(device_type: str | None = None) -> list[LogicalDevice]:
    """The devices as programs see them."""
    return found(device_type, LogicalDevice)


get_visible_devices = list_physical_devices


def set_visible_devices(devices: Any, device_type: str | None = None) -> None:
    """Use the CPU only, where no other device is given; JAX uses all that it finds otherwise."""
    if not devices and device_type in ("GPU", "TPU") and jax.default_backend() != "cpu":
        jax.config.update("jax_default_device", jax.devices("cpu")[0])


def set_soft_device_placement(enabled: bool) -> None:
    """No effect: XLA places operations."""


def get_soft_device_placement() -> bool:
    """Always."""
    return True


def run_functions_eagerly(run_eagerly: bool) -> None:
    """Whether tf.functions run step by step."""
    Settings.runs_eagerly = bool(run_eagerly)


def functions_run_eagerly() -> bool:
    """Whether tf.functions run step by step."""
    return Settings.runs_eagerly


def set_logical_device_configuration(device: Any, logical_devices: Any) -> None:
    """No effect: JAX takes memory by the variable XLA_PYTHON_CLIENT_MEM_FRACTION."""


def experimental_connect_to_cluster(*_: Any, **__: Any) -> None:
    """Told: jax.distributed connects machines."""
    raise NotImplementedError(
        "tf.config.experimental_connect_to_cluster is missing: use jax.distributed.initialize."
    )


def _accepted(*_: Any, **__: Any) -> None:
    """No effect."""


class _LogicalDeviceConfiguration:
    """Memory of a device, which JAX sets by XLA_PYTHON_CLIENT_MEM_FRACTION."""

    def __init__(self, memory_limit: int | None = None, **_: Any) -> None:
        self.memory_limit = memory_limit


LogicalDeviceConfiguration = _LogicalDeviceConfiguration


def _memory(device: str = "") -> dict[str, int]:
    """Bytes in use."""
    stats = jax.devices()[0].memory_stats() or {}
    return {"current": stats.get("bytes_in_use", 0), "peak": stats.get("peak_bytes_in_use", 0)}


_setting: Callable[..., None] = _accepted
optimizer = SimpleNamespace(
    set_jit=_setting, get_jit=lambda: "autoclustering", set_experimental_options=_setting
)
threading = SimpleNamespace(
    set_inter_op_parallelism_threads=_setting,
    set_intra_op_parallelism_threads=_setting,
    get_inter_op_parallelism_threads=lambda: 0,
    get_intra_op_parallelism_threads=lambda: 0,
)
experimental_run_functions_eagerly = run_functions_eagerly  # the names of TensorFlow 2.0
experimental_functions_run_eagerly = functions_run_eagerly
experimental = SimpleNamespace(
    list_physical_devices=list_physical_devices,
    list_logical_devices=list_logical_devices,
    set_memory_growth=_setting,
    get_memory_growth=lambda device: True,
    set_visible_devices=set_visible_devices,
    get_visible_devices=list_physical_devices,
    set_virtual_device_configuration=_setting,
    VirtualDeviceConfiguration=_LogicalDeviceConfiguration,
    get_memory_info=_memory,
    get_memory_usage=lambda device="": _memory(device)["current"],
    enable_tensor_float_32_execution=_setting,
    enable_op_determinism=_setting,
    get_device_details=lambda device: {},
    enable_mlir_bridge=_setting,
    set_synchronous_execution=_setting,
)
