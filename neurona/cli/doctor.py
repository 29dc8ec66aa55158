"""`neurona doctor`: what this installation has (versions, devices, folders), and whether it works."""

import importlib.metadata
import importlib.util
import os
import platform
import time
from pathlib import Path

import jax
import numpy as np

import neurona as nn
from neurona.cli.texts import texts
from neurona.errors import NonFiniteError, installation
from neurona.tasks.catalog import DATASETS
from neurona.tasks.texts import Say

_REQUIRED = ("jax", "jaxlib", "numpy", "h5py", "platformdirs", "rich", "typer")
_OPTIONAL = {  # module: (package, extra)
    "matplotlib": ("matplotlib", "plot"),
    "PIL": ("pillow", "image"),
    "pandas": ("pandas", "data"),
    "pyarrow": ("pyarrow", "tables"),
    "skops": ("skops", "trees"),
    "tensorboard": ("tensorboard", "tensorboard"),
    "optax": ("optax", "optax"),
}


def run(*, language: str) -> int:
    """Print the state of the installation and train a small network; returns the exit status.

    Raises:
        NonFiniteError: the small network learned something wrong.
    """
    say = texts(language)
    _section(
        say["doctor_versions"],
        {
            "neurona": nn.__version__,
            "Python": platform.python_version(),
            platform.system(): platform.release(),
            **{name: importlib.metadata.version(name) for name in _REQUIRED},
        },
    )
    _section(
        say["doctor_devices"],
        {
            **{str(device): device.device_kind for device in jax.devices()},
            say["doctor_cpu"]: f"{platform.machine()}, {_threads(say)}",
            say["doctor_kernels"]: _kernels(say),
        },
    )
    caches = nn.config.cache_folders().values()
    _section(say["doctor_caches"], {str(folder): _size(folder, say) for folder in caches})
    _section(say["doctor_data"], {str(nn.config.data_folder() or say["doctor_data_none"]): ""})
    _section(say["doctor_datasets"], {", ".join(filter(nn.datasets.is_local, DATASETS)): ""})
    _section(
        say["doctor_optional"],
        {package: _optional(module, package, extra, say) for module, (package, extra) in _OPTIONAL.items()},
    )
    began = time.perf_counter()
    _train_something()
    print()
    print(say["doctor_fine"].format(seconds=time.perf_counter() - began))
    return 0


def _section(title: str, lines: dict[str, str]) -> None:
    """Print a title and, indented, the lines under it; a line without a value is its name alone."""
    print(f"\n{title}")
    for name, value in lines.items():
        print(f"  {name}: {value}" if value else f"  {name}")


def _threads(say: Say) -> str:
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return say["doctor_threads"].format(usable=usable, all=os.cpu_count())


def _size(folder: Path, say: Say) -> str:
    sizes = [path.stat().st_size for path in folder.rglob("*") if path.is_file()]
    return nn.utils.bytes_text(sum(sizes)) if sizes else say["empty"]


def _kernels(say: Say) -> str:
    status = nn.config.native_kernels()
    return {"off": say["doctor_kernels_off"], "missing": say["doctor_kernels_missing"]}.get(status, status)


def _optional(module: str, package: str, extra: str, say: Say) -> str:
    if importlib.util.find_spec(module) is None:
        return say["advice_missing"].format(command=installation(extra))
    return importlib.metadata.version(package)


def _train_something() -> None:
    """Learn y = 2x - 1, the first program of every course."""
    x = np.array([[-1.0], [0.0], [1.0], [2.0], [3.0], [4.0]], "float32")
    model = nn.Sequential([nn.Input((1,)), nn.layers.Dense(1)])
    model.compile(nn.optimizers.SGD(0.05), "mse")
    model.fit(x, 2 * x - 1, epochs=100, verbose=0)
    answer = float(model.predict(np.array([[10.0]], "float32"), verbose=0)[0, 0])
    if not 18 < answer < 20:
        raise NonFiniteError(
            f"A network learned y = 2x - 1 wrongly: 19 was expected for x = 10. Received: {answer}"
        )
