"""Devices: what JAX finds on the machine."""

import contextlib
from collections.abc import Iterator
from typing import Any

import jax

_KINDS = {"cpu": "CPU", "gpu": "GPU", "cuda": "GPU", "rocm": "GPU", "tpu": "TPU"}


class PhysicalDevice:
    """A device of the machine.

    Args:
        kind: CPU, GPU or TPU.
        number: among those of its kind.
    """

    def __init__(self, kind: str, number: int, prefix: str = "physical_device") -> None:
        self.device_type, self.name = kind, f"/{prefix}:{kind}:{number}"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PhysicalDevice) and other.name == self.name

    def __hash__(self) -> int:
        return hash(self.name)

    def __repr__(self) -> str:
        return f"PhysicalDevice(name={self.name!r}, device_type={self.device_type!r})"


class LogicalDevice(PhysicalDevice):
    """A device as programs see it."""

    def __init__(self, kind: str, number: int) -> None:
        super().__init__(kind, number, "device")

    def __repr__(self) -> str:
        return f"LogicalDevice(name={self.name!r}, device_type={self.device_type!r})"


def found(kind: str | None, make: type) -> list[Any]:
    """The devices of a kind; the CPU is always there."""
    platforms = [str(device.platform) for device in jax.devices()]
    others = [_KINDS.get(platform, platform.upper()) for platform in platforms]
    kinds: list[str] = ["CPU", *(str(one) for one in others if one != "CPU")]
    counts: dict[str, int] = {}
    devices = []
    for one in kinds:
        number = counts.get(one, 0)
        counts[one] = number + 1
        devices.append(make(one, number))
    return [one for one in devices if kind is None or one.device_type == kind]


def list_local_devices(session_config: Any = None) -> list[LogicalDevice]:
    """The devices, as `tensorflow.python.client.device_lib` lists them."""
    return found(None, LogicalDevice)


@contextlib.contextmanager
def device(device_name: Any = None) -> Iterator[None]:
    """A block whose arrays lie on a device: the CPU, or JAX's first one, which is the default."""
    name = str(device_name or "").upper()
    if "CPU" in name and jax.default_backend() != "cpu":
        with jax.default_device(jax.devices("cpu")[0]):
            yield
    else:
        yield
