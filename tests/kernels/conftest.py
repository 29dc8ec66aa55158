"""What the tests of the kernels share."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from neurona.kernels import library
from neurona.kernels.operation import with_native_kernels_at_every_size

skip_without_library = pytest.mark.skipif(
    library.library_path("baseline") is None, reason="the native kernels were not built here"
)


@pytest.fixture
def at_every_size():
    """The native kernels run wherever they can, also where XLA is faster."""
    with with_native_kernels_at_every_size():
        yield


def arrays(*shapes, seed=0, scale=1.0):
    """Normal numbers of these shapes, in float32."""
    generator = np.random.default_rng(seed)
    return [jnp.asarray(scale * generator.normal(size=shape), jnp.float32) for shape in shapes]


def value_and_gradients(function, arguments, gradient):
    """What the function gives, and the gradients of its arguments, as one program: compiling every operation
    of it by itself would take most of a test's time.
    """

    @jax.jit
    def both(arguments, gradient):
        value, pull = jax.vjp(function, *arguments)
        return value, pull(gradient)

    return both(arguments, gradient)


def close(found, expected, tolerance=1e-5):
    """Assert that trees of arrays are equal, up to a share of each array's largest number, at least 1."""
    for one, other in zip(jax.tree.leaves(found), jax.tree.leaves(expected), strict=True):
        largest = max(1.0, float(np.abs(np.asarray(other)).max(initial=0)))
        np.testing.assert_allclose(one, other, rtol=0, atol=tolerance * largest)
