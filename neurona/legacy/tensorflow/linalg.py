"""`tf.linalg`: matrices."""

from typing import Any

import jax
import jax.numpy as jnp

from neurona.legacy.tensorflow.arrays import eye
from neurona.legacy.tensorflow.dispatch import D, M, Ms, S, T, function, tensor_of, unary
from neurona.legacy.tensorflow.dtypes import as_dtype
from neurona.legacy.tensorflow.errors import InvalidArgumentError
from neurona.legacy.tensorflow.math import l2_normalize
from neurona.legacy.tensorflow.recording import has_numbers
from neurona.legacy.tensorflow.tensor import Tensor
from neurona.messages import translated

__all__ = ["eye", "l2_normalize"]


def _swapped(x: Any) -> Any:
    return jnp.swapaxes(x, -1, -2)


@function
def matmul(
    a: M,
    b: M,
    transpose_a: bool = False,
    transpose_b: bool = False,
    adjoint_a: bool = False,
    adjoint_b: bool = False,
    a_is_sparse: bool = False,
    b_is_sparse: bool = False,
    output_type: D = None,
) -> Any:
    """The product of two matrices, or of batches of them."""
    if a.ndim < 2 or b.ndim < 2:
        raise InvalidArgumentError(
            f"tf.matmul takes matrices: tensors of at least 2 axes. Received shapes {a.shape} and {b.shape}. "
            "Give a vector a second axis with tf.expand_dims(x, -1)."
        )
    a = _swapped(a) if transpose_a else jnp.conj(_swapped(a)) if adjoint_a else a
    b = _swapped(b) if transpose_b else jnp.conj(_swapped(b)) if adjoint_b else b
    if a.shape[-1] != b.shape[-2]:
        raise InvalidArgumentError(
            f"Matrix size-incompatible: In[0]: {a.shape}, In[1]: {b.shape}: the columns of the "
            "first are not as "
            "many as the rows of the second."
        )
    return jnp.matmul(a, b)


@function
def matvec(a: M, b: M, transpose_a: bool = False, adjoint_a: bool = False, a_is_sparse: bool = False) -> Any:
    """The product of a matrix and a vector."""
    return jnp.einsum("...ji,...j->...i" if transpose_a or adjoint_a else "...ij,...j->...i", a, b)


def einsum(equation: str, *inputs: Any, **kwargs: Any) -> Any:
    """Sums of products by Einstein's notation."""
    return _einsum(list(inputs), equation=equation)


@function
def _einsum(inputs: Ms, equation: str) -> Any:
    try:
        return jnp.einsum(equation, *inputs)
    except ValueError as error:
        raise InvalidArgumentError(f"tf.einsum: {error}") from None


@function
def tensordot(a: M, b: M, axes: S) -> Any:
    """Sums of products along axes."""
    return jnp.tensordot(a, b, axes)


@function
def norm(tensor: T, ord: Any = "euclidean", axis: S = None, keepdims: bool = False) -> Any:
    """The length."""
    if ord in ("euclidean", 2) and (axis is None or isinstance(axis, int) or ord == "euclidean"):
        return jnp.sqrt(jnp.sum(jnp.square(jnp.abs(tensor)), axis=axis, keepdims=keepdims))
    if axis is None:
        axis = tuple(range(tensor.ndim)) if tensor.ndim < 3 else None
    return jnp.linalg.norm(tensor, ord=ord, axis=axis, keepdims=keepdims)


det, inv = unary("det", jnp.linalg.det), unary("inv", jnp.linalg.inv)
logdet = unary("logdet", lambda x: jnp.linalg.slogdet(x)[1])
slogdet, trace = (
    unary("slogdet", jnp.linalg.slogdet),
    unary("trace", lambda x: jnp.trace(x, axis1=-2, axis2=-1)),
)
cholesky = unary("cholesky", jnp.linalg.cholesky)
expm, adjoint = (
    unary("expm", jax.scipy.linalg.expm),
    unary("adjoint", lambda x: jnp.conj(_swapped(x))),
)
logm = unary("logm", lambda x: _logarithm(x))
eigvalsh, eigh = unary("eigvalsh", jnp.linalg.eigvalsh), unary("eigh", lambda x: tuple(jnp.linalg.eigh(x)))
eig, eigvals = unary("eig", lambda x: tuple(jnp.linalg.eig(x))), unary("eigvals", jnp.linalg.eigvals)
sqrtm = unary("sqrtm", lambda x: jnp.real(jax.scipy.linalg.sqrtm(x)))
tensor_diag_part = unary("tensor_diag_part", jnp.diagonal)


def _logarithm(x: Any) -> Any:
    """The logarithm of matrices that can be diagonalized."""
    values, vectors = jnp.linalg.eig(x)
    return (vectors * jnp.log(values)[..., None, :] @ jnp.linalg.inv(vectors)).astype(x.dtype)


@function
def pinv(a: T, rcond: Any = None, validate_args: bool = False) -> Any:
    """The pseudo-inverse of a matrix."""
    return jnp.linalg.pinv(a, rcond)


@function
def matrix_transpose(a: T, conjugate: bool = False) -> Any:
    """The transpose of each matrix."""
    return jnp.conj(_swapped(a)) if conjugate else _swapped(a)


@function
def matrix_rank(a: T, tol: Any = None, validate_args: bool = False) -> Any:
    """The number of singular values that are not 0."""
    values = jnp.linalg.svd(a, compute_uv=False)
    if tol is None:
        eps = jnp.finfo(a.dtype).eps
        tol = eps * max(a.shape[-2:]) * jnp.max(values, -1, keepdims=True)
    return jnp.sum(values > tol, -1).astype("int32")


@function
def diag_part(input: T, k: S = 0, padding_value: Any = 0, align: str = "RIGHT_LEFT") -> Any:
    """A diagonal of each matrix: number 0 is the main one, and those above it are positive.

    Raises:
        NotImplementedError: several diagonals are asked for.
    """
    if not isinstance(k, int):
        raise NotImplementedError(translated("tf.linalg.diag_part gives one diagonal at a time: k=0."))
    return jnp.diagonal(input, k, axis1=-2, axis2=-1)


@function
def lu(input: T) -> Any:
    """A lower and an upper triangular matrix in one, and the rows' order."""
    packed, _, order = jax.lax.linalg.lu(input)
    return packed, order


@function
def tridiagonal_solve(
    diagonals: T, rhs: T, diagonals_format: str = "compact", transpose_rhs: bool = False
) -> Any:
    """x with matrix @ x = rhs, for a matrix with three diagonals: above, main, below.

    Raises:
        NotImplementedError: they come in another format than "compact".
    """
    if diagonals_format != "compact":
        raise NotImplementedError(translated('tf.linalg.tridiagonal_solve: diagonals_format is "compact".'))
    above, main, below = (diagonals[..., place, :] for place in range(3))
    vector = rhs.ndim == diagonals.ndim - 1
    right = rhs[..., None] if vector else _swapped(rhs) if transpose_rhs else rhs
    matrix = (
        main[..., None] * jnp.eye(main.shape[-1], dtype=main.dtype)
        + above[..., None] * jnp.eye(main.shape[-1], k=1, dtype=main.dtype)
        + below[..., None] * jnp.eye(main.shape[-1], k=-1, dtype=main.dtype)
    )
    found = jnp.linalg.solve(matrix, right)
    return found[..., 0] if vector else found


@function
def inverse(input: T, adjoint: bool = False) -> Any:
    """The inverse of a matrix."""
    return _regular(input, jnp.linalg.inv(jnp.conj(_swapped(input)) if adjoint else input))


inv = inverse


@function
def svd(tensor: T, full_matrices: bool = False, compute_uv: bool = True) -> Any:
    """Singular values, and the vectors of both sides as columns."""
    if not compute_uv:
        return jnp.linalg.svd(tensor, compute_uv=False)
    u, s, v = jnp.linalg.svd(tensor, full_matrices=full_matrices)
    return s, u, jnp.conj(_swapped(v))


@function
def qr(input: T, full_matrices: bool = False) -> Any:
    """An orthogonal and a triangular matrix."""
    return tuple(jnp.linalg.qr(input, "complete" if full_matrices else "reduced"))


@function
def solve(matrix: M, rhs: M, adjoint: bool = False) -> Any:
    """x with matrix @ x = rhs."""
    return _regular(matrix, jnp.linalg.solve(jnp.conj(_swapped(matrix)) if adjoint else matrix, rhs))


def _regular(matrix: Any, result: Any) -> Any:
    """What a matrix gives that has an inverse.

    Raises:
        InvalidArgumentError: it has none.
    """
    if has_numbers(result) and not jnp.all(jnp.isfinite(result)) and jnp.all(jnp.isfinite(matrix)):
        raise InvalidArgumentError("Input is not invertible.")
    return result


@function
def lstsq(matrix: M, rhs: M, l2_regularizer: Any = 0.0, fast: bool = True) -> Any:
    """x with the least squares of matrix @ x - rhs."""
    square = _swapped(matrix) @ matrix + l2_regularizer * jnp.eye(matrix.shape[-1], dtype=matrix.dtype)
    return (
        jnp.linalg.solve(square, _swapped(matrix) @ rhs) if l2_regularizer else jnp.linalg.pinv(matrix) @ rhs
    )


@function
def triangular_solve(matrix: M, rhs: M, lower: bool = True, adjoint: bool = False) -> Any:
    """x with matrix @ x = rhs, for a triangular matrix."""
    return jax.scipy.linalg.solve_triangular(matrix, rhs, trans=2 if adjoint else 0, lower=lower)


@function
def cholesky_solve(chol: M, rhs: M) -> Any:
    """x with (chol @ chol.T) @ x = rhs."""
    return jax.scipy.linalg.cho_solve((chol, True), rhs)


@function
def cross(a: M, b: M) -> Any:
    """The cross product."""
    return jnp.cross(a, b)


@function
def diag(diagonal: T, k: S = 0) -> Any:
    """Matrices of diagonals."""
    size = diagonal.shape[-1]
    return diagonal[..., None] * jnp.eye(size, dtype=diagonal.dtype) if k == 0 else jnp.diag(diagonal, k)


@function
def tensor_diag(diagonal: T) -> Any:
    """A matrix of a diagonal."""
    return jnp.diag(diagonal)


@function
def set_diag(input: T, diagonal: T, k: S = 0, align: str = "RIGHT_LEFT") -> Any:
    """Matrices with another diagonal: number 0 is the main one, and those above it are positive.

    Raises:
        NotImplementedError: several diagonals are given.
    """
    if not isinstance(k, int):
        raise NotImplementedError(translated("tf.linalg.set_diag takes one diagonal at a time: k=0."))
    places = jnp.arange(diagonal.shape[-1])
    return input.at[..., places + max(-k, 0), places + max(k, 0)].set(diagonal)


@function
def band_part(input: T, num_lower: S, num_upper: S) -> Any:
    """Zeros far from the diagonal; -1 keeps a whole triangle."""
    rows, columns = jnp.arange(input.shape[-2])[:, None], jnp.arange(input.shape[-1])[None]
    kept = jnp.ones((input.shape[-2], input.shape[-1]), bool)
    kept = kept if num_lower < 0 else kept & (rows - columns <= num_lower)
    kept = kept if num_upper < 0 else kept & (columns - rows <= num_upper)
    return jnp.where(kept, input, 0)


@function
def normalize(tensor: T, ord: Any = "euclidean", axis: S = None) -> Any:
    """The tensor divided by its length, and the length."""
    length = norm.raw(tensor, ord, axis, True)  # pyright: ignore[reportFunctionMemberAccess]
    return tensor / length, length


def identity_matrix(size: Any, dtype: Any = "float32") -> Tensor:
    """Ones on the diagonal."""
    return eye(tensor_of(size), dtype=as_dtype(dtype))
