"""`neurona doctor`: what this installation consists of, and whether it works."""

import importlib.metadata
import importlib.util
import os
import platform
import time
from pathlib import Path
from typing import Any

import jax
import numpy as np

import neurona as nn
from neurona.cli.main import DATASETS
from neurona.cli.texts import texts
from neurona.core.errors import NonFiniteError
from neurona.datasets.local import cache_folder, data_folder, locate
from neurona.kernels import native
from neurona.models.summary import bytes_text
from neurona.training.programs import cache_directory

_REQUIRED = ("jax", "jaxlib", "numpy", "h5py", "platformdirs", "rich", "typer")
_OPTIONAL = {  # module: (package, extra)
    "matplotlib": ("matplotlib", "plot"),
    "PIL": ("pillow", "image"),
    "pandas": ("pandas", "data"),
    "tensorboard": ("tensorboard", "tensorboard"),
    "optax": ("optax", "optax"),
}
_FILES = {  # what each data set may lie in
    "mnist": ("mnist.npz",),
    "fashion_mnist": ("fashion_mnist.npz", "train-images-idx3-ubyte.gz"),
    "cifar10": ("cifar-10-binary.tar.gz", "cifar10_jpeg.tar.xz"),
    "california_housing": ("california_housing.npz", "california_housing.csv"),
    "imdb": ("aclImdb_v1.tar.gz", "imdb_reviews.tar.xz"),
}


def run(*, language: str) -> int:
    """Print what there is, train a small network, and return the exit status."""
    say = texts(language)
    _section(
        say["doctor_versions"],
        {
            "neurona": nn.__version__,
            "Python": platform.python_version(),
            platform.system(): platform.release(),
        },
    )
    _lines({name: importlib.metadata.version(name) for name in _REQUIRED})
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    threads = say["doctor_threads"].format(usable=usable, all=os.cpu_count())
    _section(say["doctor_devices"], {str(device): device.device_kind for device in jax.devices()})
    _lines({say["doctor_cpu"]: f"{platform.machine()}, {threads}"})
    _lines({say["doctor_kernels"]: _kernels(say)})
    _section(
        say["doctor_caches"],
        {str(folder): _size(folder, say) for folder in (cache_folder(), cache_directory())},
    )
    _section(say["doctor_data"], {str(data_folder() or say["doctor_data_none"]): ""})
    here = [name for name in DATASETS if name not in _FILES or any(locate(file) for file in _FILES[name])]
    _section(say["doctor_datasets"], {", ".join(here): ""})
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
    print(f"\n{title}")
    _lines(lines)


def _lines(lines: dict[str, str]) -> None:
    for name, value in lines.items():
        print(f"  {name}: {value}" if value else f"  {name}")


def _size(folder: Path, say: Any) -> str:
    sizes = [path.stat().st_size for path in folder.rglob("*") if path.is_file()]
    return bytes_text(sum(sizes)) if sizes else say["empty"]


def _kernels(say: Any) -> str:
    status = native.status()
    return {"off": say["doctor_kernels_off"], "missing": say["doctor_kernels_missing"]}.get(status, status)


def _optional(module: str, package: str, extra: str, say: Any) -> str:
    if importlib.util.find_spec(module) is None:
        return say["advice_missing"].format(extra=extra)
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
