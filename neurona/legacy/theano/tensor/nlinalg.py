"""`theano.tensor.nlinalg`: linear algebra."""

from typing import Any

import jax.numpy as jnp

from neurona.legacy.theano.tensor.functions import TABLE, diag, norm
from neurona.legacy.theano.variables import apply, several

extract_diag = alloc_diag = diag
trace = TABLE["trace"]
__all__ = ["alloc_diag", "diag", "extract_diag", "norm", "trace"]


def matrix_inverse(x: Any) -> Any:
    """The inverse of a matrix."""
    return apply(jnp.linalg.inv, x)


def pinv(x: Any) -> Any:
    """The pseudo-inverse."""
    return apply(jnp.linalg.pinv, x)


def det(x: Any) -> Any:
    """The determinant."""
    return apply(jnp.linalg.det, x)


def eigh(a: Any, UPLO: str = "L") -> Any:
    """Eigenvalues and eigenvectors of a symmetric matrix."""
    return several(lambda x: tuple(jnp.linalg.eigh(x, UPLO)), a)


def svd(a: Any, full_matrices: bool = True, compute_uv: bool = True) -> Any:
    """The singular values, with their vectors."""
    if not compute_uv:
        return apply(lambda x: jnp.linalg.svd(x, full_matrices, False), a)
    return several(lambda x: tuple(jnp.linalg.svd(x, full_matrices)), a)


def qr(a: Any, mode: str = "reduced") -> Any:
    """An orthogonal and a triangular factor."""
    return several(lambda x: tuple(jnp.linalg.qr(x)), a)


def matrix_power(m: Any, n: int) -> Any:
    """A power of a matrix."""
    return apply(jnp.linalg.matrix_power, m, n=n)


def matrix_dot(*args: Any) -> Any:
    """A product of several matrices."""
    return apply(lambda *parts: jnp.linalg.multi_dot(parts), *args)
