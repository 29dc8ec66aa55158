"""`theano.tensor.slinalg`: linear algebra of SciPy."""

from typing import Any

import jax.numpy as jnp
import jax.scipy.linalg as jsl

from neurona.legacy.theano.variables import apply


def cholesky(a: Any) -> Any:
    """The lower triangular factor of a positive definite matrix."""
    return apply(jnp.linalg.cholesky, a)


def solve(a: Any, b: Any) -> Any:
    """x with a x = b."""
    return apply(jnp.linalg.solve, a, b)


def solve_lower_triangular(a: Any, b: Any) -> Any:
    """x with a x = b, for a lower triangular matrix."""
    return apply(lambda x, y: jsl.solve_triangular(x, y, lower=True), a, b)


def solve_upper_triangular(a: Any, b: Any) -> Any:
    """x with a x = b, for an upper triangular matrix."""
    return apply(jsl.solve_triangular, a, b)


def expm(a: Any) -> Any:
    """The exponential of a matrix."""
    return apply(jsl.expm, a)


def kron(a: Any, b: Any) -> Any:
    """The Kronecker product."""
    return apply(jnp.kron, a, b)
