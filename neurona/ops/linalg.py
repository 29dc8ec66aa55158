"""Linear algebra: Keras's names over `jax.numpy.linalg` and `jax.scipy.linalg`. Matrices are the last two
axes.
"""

import functools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import jax.scipy.linalg
from jax.core import Tracer

from neurona.core.errors import ArgumentError, DataError, ShapeError
from neurona.ops.registry import Operand, Tensor, Tree, define, to_float, unary

_define = functools.partial(define, module="linalg")
_unary = functools.partial(unary, module="linalg")

det = _unary("Det", jnp.linalg.det)
eig = _unary("Eig", jnp.linalg.eig)
eigh = _unary("Eigh", jnp.linalg.eigh)
inv = _unary("Inv", jnp.linalg.inv)


@_define("Cholesky")
def cholesky(x: Tensor, upper: bool = False) -> Any:
    """The triangular L with L L^T = x.

    Raises:
        DataError: x is not positive definite (outside jit, where this can be seen).
    """
    result = jnp.linalg.cholesky(x, upper=upper)
    if not isinstance(result, Tracer) and jnp.isnan(result).any():
        raise DataError(
            "cholesky: the matrix is not positive definite. Add a small multiple of the identity to it."
        )
    return result


@_define("CholeskyInverse")
def cholesky_inverse(x: Tensor, upper: bool = False) -> Any:
    """The inverse of L L^T, from its factor L."""
    return jax.scipy.linalg.cho_solve((x, not upper), jnp.eye(x.shape[-1], dtype=x.dtype))


@_define("LuFactor")
def lu_factor(x: Tensor) -> Any:
    """L and U in one matrix, and the rows that were exchanged."""
    function = jax.scipy.linalg.lu_factor
    for _ in range(x.ndim - 2):
        function = jax.vmap(function)
    return function(x)


@_define("Norm")
def norm(x: Tensor, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    """A norm of vectors or matrices; sqrt(sum(x**2)) by default."""
    return jnp.linalg.norm(to_float(x), ord, axis, keepdims)


@_define("Qr")
def qr(x: Tensor, mode: str = "reduced") -> Any:
    """Q with orthonormal columns and triangular R with Q R = x."""
    if mode not in ("reduced", "complete"):
        raise ArgumentError(f"qr: mode is 'reduced' or 'complete'. Received: mode={mode!r}")
    return tuple(jnp.linalg.qr(x, mode))


@_define("Solve")
def solve(a: Tensor, b: Tensor) -> Any:
    """The x with a x = b."""
    return jnp.linalg.solve(a, b)


@_define("SolveTriangular")
def solve_triangular(a: Tensor, b: Tensor, lower: bool = False) -> Any:
    """The x with a x = b for a triangular a."""
    return jax.scipy.linalg.solve_triangular(a, b, lower=lower)


@_define("SVD")
def svd(x: Tensor, full_matrices: bool = True, compute_uv: bool = True) -> Any:
    """U, the singular values and V^T, or the singular values alone."""
    return jnp.linalg.svd(x, full_matrices, compute_uv)


@_define("Lstsq")
def lstsq(a: Tensor, b: Tensor, rcond: float | None = None) -> Any:
    """The x with the least ||a x - b||."""
    return jnp.linalg.lstsq(a, b, rcond)[0]


@_define("MatrixRank")
def matrix_rank(x: Tensor, tol: float | None = None) -> Any:
    """The number of singular values above `tol`."""
    _check_matrix("matrix_rank", x)
    return jnp.linalg.matrix_rank(x, tol=tol).astype("int32")


@_define("Pinv")
def pinv(x: Tensor, rcond: float | None = None) -> Any:
    """The Moore-Penrose inverse."""
    _check_matrix("pinv", x)
    return jnp.linalg.pinv(x, rcond)


def _check_matrix(function: str, x: Any) -> None:
    if x.ndim < 2:
        raise ShapeError(f"{function}: x has at least 2 dimensions. Received shape {x.shape}.")


@_define("JVP")
def jvp(fun: Operand, primals: Tree, tangents: Tree, has_aux: bool = False) -> Any:
    """A function's value and its derivative in the direction of the tangents."""
    function: Callable[..., Any] = fun
    return jax.jvp(function, tuple(primals), tuple(tangents), has_aux)


# fmt: off
__all__ = [
    "cholesky", "cholesky_inverse", "det", "eig", "eigh", "inv", "jvp", "lstsq", "lu_factor", "matrix_rank",
    "norm", "pinv", "qr", "solve", "solve_triangular", "svd",
]
