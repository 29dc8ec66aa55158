"""`theano.config`: the settings that programs read and set; `THEANO_FLAGS` is read as Theano reads it."""

import contextlib
import os
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import jax

from neurona.errors import ArgumentError

_FLOATS = ("float64", "float32", "float16")


class Warnings(SimpleNamespace):
    """`config.warn`: whether to warn of mistakes of earlier versions of Theano, none of which is here."""

    ignore_bug_before = "all"

    def __getattr__(self, name: str) -> bool:
        if not name.endswith("bug"):
            raise AttributeError(f"theano.config.warn has no {name!r}.", name=name, obj=self)
        return False


class Config(SimpleNamespace):
    """Settings. `floatX` is the dtype of numbers whose dtype is not given; the others change nothing here."""

    floatX: str

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "floatX" and value not in _FLOATS:
            raise ArgumentError(f"theano.config.floatX is one of {', '.join(_FLOATS)}. Received: {value!r}")
        super().__setattr__(name, value)

    def change_flags(self, **flags: Any) -> contextlib.AbstractContextManager[None]:
        """Settings that hold within a block."""
        return _changed(self, flags)


@contextlib.contextmanager
def _changed(config: Config, flags: dict[str, Any]) -> Iterator[None]:
    before = {name: getattr(config, name, None) for name in flags}
    vars(config).update(flags)
    try:
        yield
    finally:
        vars(config).update(before)


def _flags() -> dict[str, str]:
    given = os.environ.get("THEANO_FLAGS", "")
    return dict(part.strip().split("=", 1) for part in given.split(",") if "=" in part)


config = Config(
    floatX="float64",
    device="cpu",
    mode="Mode",
    optimizer="fast_run",
    compute_test_value="off",
    exception_verbosity="low",
    allow_gc=True,
    int_division="floatX",
    cast_policy="custom",
    profile=False,
    openmp=True,
    on_unused_input="raise",
    blas=SimpleNamespace(ldflags=""),
    warn=Warnings(),
    warn_float64="ignore",
    scan=SimpleNamespace(allow_gc=True),
    dnn=SimpleNamespace(enabled="False", conv=SimpleNamespace()),
    gpuarray=SimpleNamespace(preallocate=0.0),
    lib=SimpleNamespace(cnmem=0.0),
    nvcc=SimpleNamespace(fastmath=False, flags=""),
    gcc=SimpleNamespace(cxxflags=""),
    cxx="",
    linker="cvm",
    force_device=False,
    numpy=SimpleNamespace(seterr_all="ignore"),
    print_test_value=False,
    optimizer_including="",
    optimizer_excluding="",
    assert_no_cpu_op="ignore",
    profile_memory=False,
    reoptimize_unpickled_function=False,
    compiledir="",
    base_compiledir="",
)
vars(config).update({name: value for name, value in _flags().items() if "." not in name})
config.floatX = config.floatX  # checks what THEANO_FLAGS says


def wide() -> contextlib.AbstractContextManager[None]:
    """A block in which arrays may have 64 bits, as Theano's have, whatever the rest of the process does."""
    return jax.enable_x64(True)
