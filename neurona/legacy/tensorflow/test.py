"""`tf.test`: what tests ask, and a base for them."""

# ruff: noqa: PT009, PT027 - these are methods of unittest

import contextlib
import importlib
import re
import tempfile
import unittest
from collections.abc import Iterator
from typing import Any

import jax
import numpy as np

from neurona.legacy.tensorflow.config import list_physical_devices
from neurona.legacy.tensorflow.dtypes import as_dtype
from neurona.legacy.tensorflow.errors import OpError
from neurona.legacy.tensorflow.v1.mode import Mode


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
    """A test with assertions on arrays and tensors. In TensorFlow 1 each begins with a new graph."""

    def setUp(self) -> None:
        if Mode.draws:
            _v1("graph").reset_default_graph()

    @contextlib.contextmanager
    def session(
        self, graph: Any = None, config: Any = None, use_gpu: Any = None, force_gpu: Any = None
    ) -> Any:
        """A session of TensorFlow 1 for a part of a test."""
        with _v1("session").Session(graph=graph) as session:
            yield session

    cached_session = session

    def test_session(self, *args: Any, **options: Any) -> Any:
        """`session` by its older name; no test, although it is called like one."""
        if self._testMethodName == "test_session":
            self.skipTest("Not a test.")
        return self.session(*args, **options)

    def evaluate(self, tensor: Any) -> Any:
        """The numbers of tensors, in a structure of any kind."""
        if Mode.draws:
            return (_v1("session").get_default_session() or _v1("session").Session()).run(tensor)
        return jax.tree.map(np.asarray, tensor, is_leaf=lambda one: hasattr(one, "numpy"))

    def _numbers(self, value: Any) -> Any:
        drawn = any(hasattr(one, "graph_nodes") for one in jax.tree.leaves(value))
        return self.evaluate(value) if drawn else value

    def _pairs(self, a: Any, b: Any) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """The arrays of two structures that are to be of one kind."""
        a, b = self._numbers(a), self._numbers(b)
        if isinstance(a, dict):
            self.assertCountEqual(a, b)
            for key in a:
                yield from self._pairs(a[key], b[key])
        else:
            yield np.asarray(a), np.asarray(b)

    def assertAllClose(self, a: Any, b: Any, rtol: float = 1e-6, atol: float = 1e-6, msg: Any = None) -> None:
        for one, other in self._pairs(a, b):
            np.testing.assert_allclose(one, other, rtol=rtol, atol=atol, err_msg=msg or "")

    def assertAllCloseAccordingToType(
        self, a: Any, b: Any, rtol: float = 1e-6, atol: float = 1e-6, *_: Any, msg: Any = None, **__: Any
    ) -> None:
        for one, other in self._pairs(a, b):
            narrow = max(1e-3 if array.dtype.itemsize == 2 else 1e-6 for array in (one, other))
            self.assertAllClose(one, other, max(rtol, narrow), max(atol, narrow), msg)

    def assertNotAllClose(self, a: Any, b: Any, **options: Any) -> None:
        with self.assertRaises(AssertionError):
            self.assertAllClose(a, b, **options)

    def assertAllEqual(self, a: Any, b: Any, msg: Any = None) -> None:
        for one, other in self._pairs(a, b):
            np.testing.assert_array_equal(one, other, err_msg=msg or "")

    def assertNotAllEqual(self, a: Any, b: Any, msg: Any = None) -> None:
        with self.assertRaises(AssertionError):
            self.assertAllEqual(a, b)

    def assertNear(self, f1: float, f2: float, err: float, msg: Any = None) -> None:
        self.assertTrue(f1 == f2 or abs(f1 - f2) <= err, msg or f"{f1} and {f2} differ by more than {err}")

    def assertArrayNear(self, farray1: Any, farray2: Any, err: float, msg: Any = None) -> None:
        self.assertEqual(len(farray1), len(farray2), msg)
        for one, other in zip(farray1, farray2):
            self.assertNear(float(one), float(other), err, msg)

    def assertNDArrayNear(self, ndarray1: Any, ndarray2: Any, err: float, msg: Any = None) -> None:
        distance = np.linalg.norm(np.asarray(ndarray1) - np.asarray(ndarray2))
        self.assertLessEqual(float(distance), err, msg)

    def assertShapeEqual(self, input_a: Any, input_b: Any, msg: Any = None) -> None:
        a, b = (list(one.shape) for one in (input_a, input_b))
        self.assertEqual(a, b, msg)

    def assertDTypeEqual(self, target: Any, expected_dtype: Any) -> None:
        self.assertEqual(np.asarray(self._numbers(target)).dtype, as_dtype(expected_dtype).as_numpy_dtype)

    def assertAllGreater(self, a: Any, comparison_target: Any) -> None:
        self.assertTrue(np.all(np.asarray(self._numbers(a)) > comparison_target))

    def assertAllGreaterEqual(self, a: Any, comparison_target: Any) -> None:
        self.assertTrue(np.all(np.asarray(self._numbers(a)) >= comparison_target))

    def assertAllLess(self, a: Any, comparison_target: Any) -> None:
        self.assertTrue(np.all(np.asarray(self._numbers(a)) < comparison_target))

    def assertAllLessEqual(self, a: Any, comparison_target: Any) -> None:
        self.assertTrue(np.all(np.asarray(self._numbers(a)) <= comparison_target))

    def assertAllInRange(self, target: Any, lower_bound: Any, upper_bound: Any, *_: Any, **__: Any) -> None:
        self.assertAllGreaterEqual(target, lower_bound)
        self.assertAllLessEqual(target, upper_bound)

    def assertAllInSet(self, target: Any, expected_set: Any) -> None:
        self.assertLessEqual(set(np.ravel(self._numbers(target)).tolist()), set(expected_set))

    def assertEmpty(self, container: Any, msg: Any = None) -> None:
        self.assertEqual(len(container), 0, msg)

    def assertNotEmpty(self, container: Any, msg: Any = None) -> None:
        self.assertNotEqual(len(container), 0, msg)

    @contextlib.contextmanager
    def assertRaisesWithPredicateMatch(self, exception_type: Any, expected_err_re_or_predicate: Any) -> Any:
        """Expect an error whose message a pattern, or a function of the error, finds right."""
        with self.assertRaises(exception_type) as caught:
            yield
        told = caught.exception
        is_right = expected_err_re_or_predicate
        fits = is_right(told) if callable(is_right) else re.search(is_right, str(told))
        self.assertTrue(fits, f"another error: {told!r}")

    def assertRaisesOpError(self, expected_err_re_or_predicate: Any) -> Any:
        """Expect an error of `tf.errors`."""
        return self.assertRaisesWithPredicateMatch(OpError, expected_err_re_or_predicate)

    def get_temp_dir(self) -> str:
        """A folder for files, the same for the whole test."""
        if not hasattr(self, "_folder"):
            self._folder = get_temp_dir()
        return self._folder


def _v1(room: str) -> Any:
    """A room of TensorFlow 1's face."""
    return importlib.import_module(f"neurona.legacy.tensorflow.v1.{room}")


def main(argv: Any = None) -> None:
    """Run the tests of the program."""
    unittest.main(argv=argv)
