"""What every test needs before anything is imported: Keras on JAX beside us, and the real data where they
lie.
"""

import os
import sys
from pathlib import Path

import pytest

os.environ.setdefault("KERAS_BACKEND", "jax")
os.environ.setdefault("MPLBACKEND", "Agg")
_shelf = Path(__file__).resolve().parents[1] / "shared" / "data"
if "NEURONA_DATA" not in os.environ and _shelf.is_dir():
    os.environ["NEURONA_DATA"] = str(_shelf)


@pytest.fixture(autouse=True)
def _every_test_begins_in_32_bits():
    """A float64 policy switches the whole process to 64 bits; the next test must not feel it."""
    yield
    jax = sys.modules.get("jax")
    if jax is not None and jax.config.jax_enable_x64:
        jax.config.update("jax_enable_x64", False)
