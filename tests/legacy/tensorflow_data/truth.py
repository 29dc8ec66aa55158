"""What TensorFlow 2.21 computes: `truth.npz` holds its results by the names of the cases."""

from pathlib import Path
from typing import Any

import numpy as np

from neurona.legacy.tensorflow.tensor import Tensor

TRUTH = dict(np.load(Path(__file__).with_name("truth.npz")))


def on_host(array: Any) -> Tensor:
    """A tensor whose numbers lie on the host: functions compute them by NumPy."""
    return Tensor(np.asarray(array))


def check(name: str, value: Any, tolerance: float = 1e-4) -> None:
    """Compare a result's dtype, shape and numbers with TensorFlow's."""
    found, expected = np.asarray(value), TRUTH[name]
    assert found.dtype == expected.dtype, name
    np.testing.assert_allclose(found, expected, tolerance, tolerance, err_msg=name)
