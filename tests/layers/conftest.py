"""Compiling is what takes the time here; and layers are compared in single precision, which a float64 test
must leave behind it.
"""

import jax
import pytest


@pytest.fixture(autouse=True)
def _quickly_compiled_in_single_precision():
    jax.config.update("jax_disable_most_optimizations", True)
    jax.config.update("jax_enable_x64", False)
    yield
    jax.config.update("jax_disable_most_optimizations", False)
    jax.config.update("jax_enable_x64", False)


@pytest.fixture
def in_double_precision():
    jax.config.update("jax_enable_x64", True)
