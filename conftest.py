"""Settings that tests need before anything is imported: Keras on JAX, matplotlib without a screen, messages
in English, whole tracebacks.

Tests on real data sets read them from the folder that NEURONA_DATA names, and are skipped without it.
"""

import itertools
import os
import sys
from importlib.metadata import version

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


@pytest.fixture(autouse=True)
def _every_test_begins_in_32_bits():
    """A float64 policy switches the whole process to 64 bits; the next test must not feel it."""
    yield
    jax = sys.modules.get("jax")
    if jax is not None and jax.config.jax_enable_x64:
        jax.config.update("jax_enable_x64", False)


@pytest.fixture(autouse=True, scope="session")
def _examples_are_users_code(doctest_namespace: dict[str, object]) -> None:
    """What an example in a docstring defines is the user's class, not one of the module that it explains."""
    doctest_namespace["__name__"] = "__main__"


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


def _case(item: pytest.Item) -> tuple[str, str]:
    """A test's file, and the name of its parameters; without any, its own name."""
    file, _, name = item.nodeid.partition("::")
    return file, name.partition("[")[2] or name


_finished = itertools.count(1)


def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """Forget compiled programs from time to time: those of all tests together take gigabytes."""
    jax = sys.modules.get("jax")
    if jax is not None and next(_finished) % 250 == 0:
        jax.clear_caches()
