"""`theano.tests.unittest_tools`: how programs test operations of their own."""

import unittest
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from neurona.legacy.theano import gradient
from neurona.legacy.theano.calls import function
from neurona.legacy.theano.variables import Input, TensorType


def fetch_seed(pseed: Any = None) -> int:
    """The seed of tests."""
    return 666 if pseed is None else int(pseed)


def seed_rng(pseed: Any = None) -> int:
    """Seed NumPy's generator."""
    np.random.seed(fetch_seed(pseed))
    return fetch_seed(pseed)


def assert_allclose(expected: Any, value: Any, rtol: float | None = None, atol: float | None = None) -> None:
    """Whether numbers are close, as near as their dtype lets them be."""
    narrow = "float32" in {np.asarray(expected).dtype.name, np.asarray(value).dtype.name}
    defaults = (1e-4, 1e-5) if narrow else (1e-5, 1e-8)
    rtol, atol = (one if given is None else given for one, given in zip(defaults, (rtol, atol)))
    np.testing.assert_allclose(value, expected, rtol, atol)


def verify_grad(
    fun: Callable[..., Any],
    pt: Sequence[Any],
    n_tests: int = 2,
    rng: Any = None,
    eps: float | None = None,
    out_type: Any = None,
    abs_tol: float | None = None,
    rel_tol: float | None = None,
    **options: Any,
) -> None:
    """Compare the gradient of a random projection of an expression with differences of its values.

    Args:
        fun: an expression of as many variables as there are points, or an operation.
        pt: where, an array for each variable.
        n_tests: how many projections.
        eps: half of the distance over which differences are taken.
        abs_tol, rel_tol: how far they may be apart.

    Raises:
        ValueError: they differ.
    """
    rng = rng or np.random.RandomState(fetch_seed())
    points = [np.asarray(one, np.float64) for one in pt]
    inputs: list[Any] = [Input(TensorType("float64", [size == 1 for size in one.shape])) for one in points]
    output = fun(*inputs)
    shape = function(inputs, output, on_unused_input="ignore")(*points).shape
    step = eps or 1e-6
    for _ in range(n_tests):
        weights = rng.random_sample(shape) + 0.5
        cost = (output * weights).sum()
        value = function(inputs, cost, on_unused_input="ignore")
        found = function(inputs, gradient.grad(cost, inputs), on_unused_input="ignore")(*points)
        for place, one in enumerate(found):
            slopes = np.empty_like(points[place])
            for index in np.ndindex(slopes.shape):
                sides = []
                for sign in (1, -1):
                    moved = [np.array(point) for point in points]
                    moved[place][index] += sign * step
                    sides.append(value(*moved))
                slopes[index] = (sides[0] - sides[1]) / (2 * step)
            if not np.allclose(one, slopes, rel_tol or 1e-4, abs_tol or 1e-4):
                raise ValueError(
                    f"verify_grad: the gradient with respect to input {place} is {one.tolist()}, and "
                    f"differences give {slopes.tolist()}."
                )


class InferShapeTester(unittest.TestCase):
    """Tests that an operation tells the shapes that its outputs have."""

    def setUp(self) -> None:
        seed_rng()

    def _compile_and_check(
        self,
        inputs: Any,
        outputs: Any,
        numeric_inputs: Any,
        cls: Any,
        excluding: Any = None,
        warn: bool = True,
    ) -> None:
        values = function(inputs, list(outputs))(*numeric_inputs)
        shapes = function(inputs, [one.shape for one in outputs], on_unused_input="ignore")(*numeric_inputs)
        for value, shape in zip(values, shapes, strict=True):
            assert tuple(shape) == value.shape, (tuple(shape), value.shape)
