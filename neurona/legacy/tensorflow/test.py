"""`tf.test`: what tests ask, and a base for them."""

import tempfile
import unittest
from typing import Any

import numpy as np

from neurona.legacy.tensorflow.config import list_physical_devices


def is_gpu_available(cuda_only: bool = False, min_cuda_compute_capability: Any = None) -> bool:
    """Whether JAX finds a GPU."""
    return bool(list_physical_devices("GPU"))


def is_built_with_cuda() -> bool:
    """Whether JAX finds a GPU."""
    return is_gpu_available()


is_built_with_gpu_support = is_built_with_cuda


def is_built_with_rocm() -> bool:
    """Never."""
    return False


def gpu_device_name() -> str:
    """The name of the first GPU, or an empty text."""
    return "/device:GPU:0" if is_gpu_available() else ""


def get_temp_dir() -> str:
    """A folder for files of tests."""
    return tempfile.mkdtemp()


class TestCase(unittest.TestCase):
    """A test with assertions on arrays."""

    def assertAllClose(self, a: Any, b: Any, rtol: float = 1e-6, atol: float = 1e-6, msg: Any = None) -> None:
        np.testing.assert_allclose(np.asarray(a), np.asarray(b), rtol=rtol, atol=atol, err_msg=msg or "")

    def assertAllEqual(self, a: Any, b: Any, msg: Any = None) -> None:
        np.testing.assert_array_equal(np.asarray(a), np.asarray(b), err_msg=msg or "")

    def get_temp_dir(self) -> str:
        return get_temp_dir()

    def evaluate(self, tensor: Any) -> Any:
        return np.asarray(tensor)


def main(argv: Any = None) -> None:
    """Run the tests of the program."""
    unittest.main(argv=argv)
