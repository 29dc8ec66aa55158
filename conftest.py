"""Settings that tests need before anything is imported: Keras on JAX, matplotlib without a screen, messages
in English, whole tracebacks.

Tests on real data sets read them from the folder that NEURONA_DATA names, and are skipped without it.
"""

import functools
import gc
import hashlib
import itertools
import os
import re
import sys
from collections import Counter
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

os.environ.setdefault("KERAS_BACKEND", "jax")
os.environ.setdefault("MPLBACKEND", "Agg")


def _flags_without_optimizations() -> str:
    flags = "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true"
    numbers = tuple(int(number) for number in version("jaxlib").split(".")[:2])
    # A later XLA does not know this flag, and ends the process.
    return flags + " --xla_cpu_use_fusion_emitters=false" * (numbers < (0, 11))


if os.environ.get("UNOPTIMIZED"):
    os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} {_flags_without_optimizations()}"
os.environ["NEURONA_LANG"] = "en"  # tests read messages
os.environ["NEURONA_TRACEBACK"] = "full"
gc.disable()  # until all tests are collected: nearly all that is imported stays


@pytest.fixture(autouse=True)
def _every_test_begins_in_32_bits(request: pytest.FixtureRequest):
    """A float64 policy switches the whole process to 64 bits, and TensorFlow's face lets programs ask for
    numbers of 64 bits; the tests of other rooms must not feel it.
    """
    jax = sys.modules.get("jax")
    if jax is not None:
        asked_for = "allow" if "legacy" in request.node.nodeid else "warn"
        jax.config.update("jax_explicit_x64_dtypes", asked_for)
    yield
    jax = sys.modules.get("jax")
    if jax is not None and jax.config.jax_enable_x64:
        jax.config.update("jax_enable_x64", False)


@pytest.fixture(autouse=True, scope="session")
def _examples_are_users_code(doctest_namespace: dict[str, object]) -> None:
    """What an example in a docstring defines is the user's class, not one of the module that it explains."""
    doctest_namespace["__name__"] = "__main__"


PACKAGE = Path(__file__).parent / "neurona"

# Grids of many cases. `make test` runs the first case of every class or function, and every n-th of its
# others; `make experiments` runs those between.
SAMPLED = {
    "tests/callbacks/test_checkpoint.py": 6,
    "tests/kernels/test_convolution.py": 10,
    "tests/layers/test_attention.py": 6,
    "tests/layers/test_conformance.py": 45,
    "tests/layers/test_image_layers.py": 10,
    "tests/layers/test_quantization.py": 8,
    "tests/layers/test_recurrent.py": 8,
    "tests/losses/test_parity.py": 20,
    "tests/metrics/test_parity.py": 30,
    "tests/ops/test_parity.py": 25,
    "tests/optimizers/test_extremes.py": 5,
    "tests/optimizers/test_optimizer_parity.py": 24,
    "tests/optimizers/test_optimizers.py": 30,
    "tests/saving/test_exchange.py": 8,
    "tests/search/test_ensemble.py": 8,
    "tests/test_activations.py": 8,
    "tests/test_wrappers.py": 5,
    "tests/training/test_parity.py": 5,
    "tests/training/test_pickle.py": 8,
    "tests/training/test_small_data.py": 8,
}

# What says the same of each of many cases, and the examples of networks, whose quick experiments run beside
# them: `make test` runs every n-th.
THINNED = {
    "neurona/zoo/": 5,
    "tests/layers/test_conformance.py::test_an_ensemble_is_vmap": 3,
    "tests/layers/test_conformance.py::test_pure_function_equals_the_call": 3,
    "tests/ops/test_parity.py::test_compiles": 3,
    "tests/optimizers/test_optimizers.py::test_three_at_once_equal_three": 2,
    "tests/zoo/test_networks.py::test_a_network_is_drawn": 5,
}


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Leave modules without examples alone: a quarter of the time of collecting went into them."""
    if collection_path.suffix == ".py" and PACKAGE in collection_path.parents:
        return True if b">>>" not in collection_path.read_bytes() else None
    return None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Refuse names of tests that hold an address: the workers of a parallel run would disagree about them.
    Let all tests of a file about the same case follow one another: they compile the same programs.
    """
    changing = [item.nodeid for item in items if " at 0x" in item.nodeid]
    if changing:
        raise pytest.UsageError(f"give these tests ids that do not change: {changing}")
    first: dict[tuple[str, str], int] = {}
    for number, item in enumerate(items):
        first.setdefault(_case(item), number)
    items.sort(key=lambda item: first[_case(item)])
    _leave_out(items)
    gc.freeze()  # what is here now stays: the collector need not look at it again and again
    gc.enable()
    gc.set_threshold(20_000, 20, 50)


def _leave_out(items: list[pytest.Item]) -> None:
    """Mark the cases of SAMPLED and THINNED that only `make experiments` runs."""
    for beginning, nth in THINNED.items():
        of_a_kind = [item for item in items if item.nodeid.startswith(beginning)]
        for number, item in enumerate(of_a_kind):
            if number % nth:
                item.add_marker(pytest.mark.experiment)
    numbers: dict[tuple[str, str], int] = {}
    counts: Counter[tuple[str, str]] = Counter()
    for item in items:
        file, case = _case(item)
        if file not in SAMPLED or not hasattr(item, "callspec"):
            continue
        kind = file, re.split(r"\W", case)[0]
        if (file, case) not in numbers:
            numbers[file, case] = counts[kind]
            counts[kind] += 1
        if numbers[file, case] % SAMPLED[file]:
            item.add_marker(pytest.mark.experiment)


def _case(item: pytest.Item) -> tuple[str, str]:
    """A test's file, and the name of its parameters; without any, its own name."""
    file, _, name = item.nodeid.partition("::")
    return file, name.partition("[")[2] or name


def pytest_collection_finish() -> None:
    """Let JAX keep one MLIR context. It makes a new one for every program that it compiles, which takes 5 ms,
    a sixth of the time of all tests. Only a program that is compiled while another is being written needs a
    context of its own.
    """
    from jax._src.interpreters import mlir

    make, shared = mlir.make_ir_context, functools.cache(mlir.make_ir_context)
    mlir.make_ir_context = lambda: make() if mlir.ir.Context.current is not None else shared()
    _compile_once()


_programs: dict[bytes, Any] = {}


def _compile_once() -> None:
    """Let models of the same form share what XLA compiles. JAX looks for the function, which every model has
    anew; here the program's text counts.
    """
    from jax._src import compiler

    compile_anew = compiler.backend_compile_and_load

    def compile_once(backend: Any, module: Any, devices: Any, options: Any, host_callbacks: Any) -> Any:
        text = str(module)
        if host_callbacks or "callback" in text:  # a text does not tell one Python function from another
            return compile_anew(backend, module, devices, options, host_callbacks)
        whole = f"{backend.platform} {devices} {text}".encode() + options.SerializeAsString()
        key = hashlib.sha256(whole).digest()
        if key not in _programs:
            _programs[key] = compile_anew(backend, module, devices, options, host_callbacks)
        return _programs[key]

    compiler.backend_compile_and_load = compile_once


_finished = itertools.count(1)


def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """Forget compiled programs from time to time: those of all tests together take gigabytes."""
    jax = sys.modules.get("jax")
    if jax is not None and next(_finished) % 400 == 0:
        jax.clear_caches()
        _programs.clear()
