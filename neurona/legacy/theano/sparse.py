"""`theano.sparse`: what Theano computes with sparse matrices.

Functions take and give matrices of SciPy. Products with dense ones are dense, and gradients pass to the dense
factor and to the elements that are there.
"""

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp

from neurona.graph import Spec
from neurona.legacy.theano.sparse_variables import (
    SparseShared,
    SparseType,
    SparseVariable,
    product,
    sizes_like,
)
from neurona.legacy.theano.tensor import functions
from neurona.legacy.theano.variables import apply, as_tensor_variable

enable_sparse = True
dot = structured_dot = true_dot = product
shared = SparseShared


def matrix(format: str, name: str | None = None, dtype: str = "floatX") -> SparseVariable:
    """A sparse matrix of a format."""
    return SparseType(format, dtype)(name)


def csr_matrix(name: str | None = None, dtype: str = "floatX") -> SparseVariable:
    """A sparse matrix whose elements lie row by row."""
    return matrix("csr", name, dtype)


def csc_matrix(name: str | None = None, dtype: str = "floatX") -> SparseVariable:
    """A sparse matrix whose elements lie column by column."""
    return matrix("csc", name, dtype)


csr_fmatrix, csr_dmatrix = SparseType("csr", "float32"), SparseType("csr", "float64")
csc_fmatrix, csc_dmatrix = SparseType("csc", "float32"), SparseType("csc", "float64")


def as_sparse_variable(x: Any, name: str | None = None) -> SparseVariable:
    """A sparse variable; a matrix of SciPy becomes one."""
    return x if isinstance(x, SparseVariable) else SparseShared(x, name)


as_sparse = as_sparse_or_tensor_variable = as_sparse_variable


def dense_from_sparse(x: SparseVariable) -> Any:
    """The whole matrix, with its zeros."""
    return x.to_dense()


def sp_sum(x: SparseVariable, axis: int | None = None, sparse_grad: bool = False) -> Any:
    """The sum of the elements over an axis, or of all."""
    return x.sum(axis)


def sp_ones_like(x: SparseVariable) -> SparseVariable:
    """Ones where there are elements."""
    return x.with_data(functions.ones_like(x.data))


def sp_zeros_like(x: SparseVariable) -> SparseVariable:
    """Zeros where there are elements."""
    return x.with_data(functions.zeros_like(x.data))


def transpose(x: SparseVariable) -> SparseVariable:
    """The transpose, in the other format."""
    return x.T


def neg(x: SparseVariable) -> SparseVariable:
    """-x."""
    return -x


def cast(variable: SparseVariable, dtype: str) -> SparseVariable:
    """The elements in another dtype."""
    return variable.astype(dtype)


def mul(x: Any, y: Any) -> SparseVariable:
    """The elements times a number, or times those of a dense matrix at their places."""
    return x * y if isinstance(x, SparseVariable) else y * x


def add(x: Any, y: Any) -> Any:
    """The dense sum of a sparse and a dense matrix."""
    return x + y


def sub(x: Any, y: Any) -> Any:
    """The dense difference of a sparse and a dense matrix."""
    return x - y if isinstance(x, SparseVariable) else x + (-y)


def structured_add(x: SparseVariable, y: Any) -> SparseVariable:
    """A number added to the elements that are there."""
    return x.with_data(x.data + y)


structured_add_s_v = structured_add


def _structured(compute: Callable[..., Any], name: str) -> Callable[..., SparseVariable]:
    def call(x: SparseVariable, *others: Any) -> SparseVariable:
        return x.with_data(compute(x.data, *others))

    call.__name__, call.__doc__ = name, f"`{name}`: of the elements that are there."
    return call


structured_sigmoid = _structured(lambda data: 1 / (1 + functions.TABLE["exp"](-data)), "structured_sigmoid")
structured_exp = _structured(functions.TABLE["exp"], "structured_exp")
structured_log = _structured(functions.TABLE["log"], "structured_log")
structured_maximum = _structured(functions.TABLE["maximum"], "structured_maximum")
structured_minimum = _structured(functions.TABLE["minimum"], "structured_minimum")
structured_pow = _structured(lambda data, power: data**power, "structured_pow")
sqr = _structured(lambda data: data**2, "sqr")
sqrt = _structured(functions.TABLE["sqrt"], "sqrt")


for _name in (
    "arcsin", "arcsinh", "arctan", "arctanh", "ceil", "deg2rad", "expm1", "floor", "log1p", "rad2deg", "sgn",
    "sin", "sinh", "tan", "tanh", "trunc",
):  # fmt: skip
    globals()[_name] = _structured(functions.TABLE[_name], _name)  # each of these leaves 0 as it is


def sampling_dot(x: Any, y: Any, p: SparseVariable) -> SparseVariable:
    """p times the product of x and the transpose of y, which is computed only where p has elements."""
    x, y = as_tensor_variable(x), as_tensor_variable(y)
    return p.with_data(p.data * (x[p.rows] * y[p.columns]).sum(axis=1))


def usmm(alpha: Any, x: Any, y: Any, z: Any) -> Any:
    """alpha times the product of x and y, plus z."""
    return z + alpha * product(x, y)


def diag(z: SparseVariable) -> Any:
    """The diagonal, with its zeros."""
    return functions.diag(z.to_dense())


def clean(x: SparseVariable) -> SparseVariable:
    """The same matrix: its elements are in order already."""
    return x


def row_scale(x: SparseVariable, s: Any) -> SparseVariable:
    """Each row times its own number."""
    return x.with_data(x.data * as_tensor_variable(s)[x.rows])


def col_scale(x: SparseVariable, s: Any) -> SparseVariable:
    """Each column times its own number."""
    return x.with_data(x.data * as_tensor_variable(s)[x.columns])


add_s_d, mul_s_d, mul_s_v, ensure_sorted_indices = add, mul, col_scale, clean


def csm_properties(csm: SparseVariable) -> tuple[Any, Any, Any, Any]:
    """The elements, their places along the lines, where each line begins, and the shape."""
    is_row = csm.format == "csr"
    lines, places = (csm.rows, csm.columns) if is_row else (csm.columns, csm.rows)
    starts = apply(
        lambda lines, like: jnp.searchsorted(lines, jnp.arange(like.shape[0 if is_row else 1] + 1)),
        lines,
        csm.like,
    )
    starts.spec = Spec((None,), "int64")
    return csm.data, places.astype("int32"), starts.astype("int32"), csm.shape


def csm_data(csm: SparseVariable) -> Any:
    """The elements."""
    return csm.data


csm_indices, csm_indptr = (
    lambda csm: csm_properties(csm)[1],
    lambda csm: csm_properties(csm)[2],
)


def _made(format: str) -> Callable[..., SparseVariable]:
    def make(data: Any, indices: Any, indptr: Any, shape: Any) -> SparseVariable:
        """A sparse matrix of its elements, their places along the lines, and where each line begins."""
        data, places, starts = map(as_tensor_variable, (data, indices, indptr))
        lines = apply(
            lambda starts, places: jnp.searchsorted(starts, jnp.arange(places.shape[0]), side="right") - 1,
            starts,
            places,
        )
        lines.spec = Spec((None,), "int64")
        rows, columns = (lines, places) if format == "csr" else (places, lines)
        return SparseVariable(format, data, rows, columns, sizes_like(shape))

    return make


CSR, CSC = _made("csr"), _made("csc")


def __getattr__(name: str) -> Any:
    raise AttributeError(
        f"theano.sparse has no {name!r} here: compute with theano.sparse.dense_from_sparse(x)."
    )
