"""How busy this process and its machine are, from what the system tells for nothing."""

import os
import time
from pathlib import Path

import jax

_MACHINE, _MEMORY, _PROCESS = (Path("/proc", *parts) for parts in (["stat"], ["meminfo"], ["self", "statm"]))


class SystemLoad:
    """Reads the load since the last reading.

    Example:

        >>> load = SystemLoad()
        >>> load.read()["cpu"] >= 0
        True
    """

    def __init__(self) -> None:
        self._process, self._machine = self._process_times(), _machine_times()

    def read(self) -> dict[str, float]:
        """The figures that this system tells; others are left out.

        Returns:
            `cpu`: of this process since the last reading, in percent of one core; `machine_cpu`: of the whole
            machine, in percent of all cores; `memory`: of this process, `memory_available`: of the machine,
            `device_memory`: used on the first device that is no CPU, in bytes.
        """
        before, self._process = self._process, self._process_times()
        seconds = max(self._process[1] - before[1], 1e-9)
        figures = {"cpu": 100 * (self._process[0] - before[0]) / seconds}
        last, self._machine = self._machine, _machine_times()
        if last and self._machine and self._machine[1] > last[1]:
            figures["machine_cpu"] = 100 * (self._machine[0] - last[0]) / (self._machine[1] - last[1])
        figures |= {"memory": _resident(), "memory_available": _available(), "device_memory": _on_device()}
        return {name: float(value) for name, value in figures.items() if value is not None}

    @staticmethod
    def _process_times() -> tuple[float, float]:
        """The seconds of processors that this process has used, and the time."""
        return time.process_time(), time.monotonic()


def _machine_times() -> tuple[int, int] | None:
    """The time that all cores have worked, and all their time."""
    try:
        _, *numbers = _MACHINE.read_text(encoding="ascii").split("\n", 1)[0].split()
    except (OSError, ValueError):
        return None
    times = [int(number) for number in numbers[:8]]  # those of guests are counted in the first
    idle = sum(times[3:5])  # idle, and waiting for disks
    return sum(times) - idle, sum(times)


def _resident() -> int | None:
    try:
        return int(_PROCESS.read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError):
        return None


def _available() -> int | None:
    try:
        lines = _MEMORY.read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:")), None)


def _on_device() -> int | None:
    device = jax.local_devices()[0]
    return None if device.platform == "cpu" else (device.memory_stats() or {}).get("bytes_in_use")
