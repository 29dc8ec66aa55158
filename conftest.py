"""Settings that tests need before anything is imported: Keras on JAX, and matplotlib without a screen.

Tests on real data sets read them from the folder that NEURONA_DATA names, and are skipped without it.
"""

import os
import sys

import pytest

os.environ.setdefault("KERAS_BACKEND", "jax")
os.environ.setdefault("MPLBACKEND", "Agg")


@pytest.fixture(autouse=True)
def _every_test_begins_in_32_bits():
    """A float64 policy switches the whole process to 64 bits; the next test must not feel it."""
    yield
    jax = sys.modules.get("jax")
    if jax is not None and jax.config.jax_enable_x64:
        jax.config.update("jax_enable_x64", False)
