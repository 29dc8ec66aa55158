"""Theano's sparse matrices: symbolic variables of which most elements are 0.

Each holds its elements, their rows and columns as vectors, in the order of its format. An array of the shape
(rows, columns, 0) carries the sizes, which XLA needs to know before it compiles.
"""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import jax.numpy as jnp
import numpy as np

from neurona.errors import ArgumentError
from neurona.graph import Spec
from neurona.legacy.theano.settings import config
from neurona.legacy.theano.variables import (
    Computed,
    Input,
    Shared,
    Tensor,
    TensorType,
    apply,
    as_tensor_variable,
)

_PARTS = ("data", "rows", "columns", "like")


class SparseType:
    """The format, "csr" or "csc", and the dtype of sparse matrices; a call makes a variable."""

    ndim, broadcastable = 2, (False, False)

    def __init__(self, format: str, dtype: str = "floatX") -> None:
        if format not in ("csr", "csc"):
            raise ArgumentError(f"A sparse matrix has the format 'csr' or 'csc' here. Received: {format!r}.")
        self.format, self.dtype = format, config.floatX if dtype == "floatX" else str(dtype)

    def __call__(self, name: str | None = None) -> "SparseVariable":
        vector, places = TensorType(self.dtype, (False,)), TensorType("int64", (False,))
        like = TensorType("int8", (False, False, False))
        parts = (vector(name), places(), places(), like())
        return SparseVariable(self.format, *parts, name=name)

    make_variable = __call__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SparseType) and (self.format, self.dtype) == (other.format, other.dtype)

    def __hash__(self) -> int:
        return hash((self.format, self.dtype))

    def __repr__(self) -> str:
        return f"Sparse[{self.dtype}, {self.format}]"


class SparseVariable:
    """A sparse matrix, symbolically.

    Args:
        format: "csr" or "csc": by which its elements are in order.
        data, rows, columns: the elements and their places.
        like: an array of the shape (rows, columns, 0).
    """

    ndim, broadcastable = 2, (False, False)
    __array_ufunc__ = None

    def __init__(
        self, format: str, data: Any, rows: Any, columns: Any, like: Any, name: str | None = None
    ) -> None:
        self.format, self.data, self.rows, self.columns, self.like = format, data, rows, columns, like
        self.name, self.tag = name, SimpleNamespace()

    @property
    def parts(self) -> list[Any]:
        """The variables that it is made of."""
        return [getattr(self, name) for name in _PARTS]

    @property
    def dtype(self) -> str:
        """The dtype of the elements."""
        return self.data.dtype

    @property
    def type(self) -> SparseType:
        """The format and the dtype."""
        return SparseType(self.format, self.dtype)

    @property
    def shape(self) -> Any:
        """The sizes of the axes, as a vector of integers."""
        node = apply(lambda like: jnp.asarray(like.shape[:2]), self.like)
        node.spec, node.like = Spec((2,), "int64"), self.like
        return node

    @property
    def T(self) -> "SparseVariable":
        """The transpose, in the other format."""
        other = "csc" if self.format == "csr" else "csr"
        like = _of(lambda like: jnp.swapaxes(like, 0, 1), 3, "int8", self.like)
        return SparseVariable(other, self.data, self.columns, self.rows, like)

    transpose = property(lambda self: lambda: self.T)

    def with_data(self, data: Any) -> "SparseVariable":
        """Other elements at the same places."""
        return SparseVariable(self.format, as_tensor_variable(data), self.rows, self.columns, self.like)

    def to_dense(self) -> Computed:
        """The whole matrix, with its zeros."""
        return _of(_dense, 2, self.dtype, *self.parts)

    toarray = property(lambda self: self.to_dense)

    def sum(self, axis: int | None = None) -> Any:
        """The sum of the elements."""
        return self.to_dense().sum(axis)  # pyright: ignore[reportAttributeAccessIssue]

    def astype(self, dtype: str) -> "SparseVariable":
        """The elements in another dtype."""
        return self.with_data(self.data.astype(dtype))

    def dot(self, other: Any) -> Any:
        """The product with a dense matrix or vector."""
        return product(self, other)

    __dot__ = dot

    def __neg__(self) -> "SparseVariable":
        return self.with_data(-self.data)

    def __mul__(self, other: Any) -> "SparseVariable":
        if isinstance(other, SparseVariable):
            raise ArgumentError("The product of two sparse matrices element by element is not here.")
        return self.with_data(_of(_scaled, 1, None, self.data, self.rows, self.columns, self.like, other))

    __rmul__ = __mul__

    def __add__(self, other: Any) -> Any:
        if isinstance(other, SparseVariable):
            raise ArgumentError(
                "The sum of two sparse matrices is not here: add theano.sparse.dense_from_sparse of them."
            )
        return self.to_dense() + other

    __radd__ = __add__

    def __sub__(self, other: Any) -> Any:
        return self + (-other)

    def __getitem__(self, index: Any) -> Any:
        raise ArgumentError(
            "A sparse matrix is not indexed here: theano.sparse.dense_from_sparse(x)[index], or index the "
            "SciPy matrix before the call."
        )

    def __str__(self) -> str:
        return str(self.name or f"SparseVariable{{{self.format},{self.dtype}}}")

    def __repr__(self) -> str:
        return str(self)

    # What functions take and give.

    def values_of(self, matrix: Any) -> list[np.ndarray]:
        """The values of the parts for a matrix of SciPy, or a dense one.

        Raises:
            TypeError: it is no matrix, or its dtype would lose numbers.
        """
        made = getattr(matrix, f"to{self.format}", None)
        if made is None:
            raise TypeError(
                f"Bad input argument {self}: a {self.format} matrix of scipy.sparse was expected. Received: "
                f"{type(matrix).__name__}."
            )
        kept = made()
        if not np.can_cast(kept.dtype, self.dtype):
            raise TypeError(
                f"Bad input argument {self}: it has dtype {kept.dtype}, and the input {self.dtype}. Convert "
                f"it: x.astype({self.dtype!r})."
            )
        lines = np.repeat(np.arange(len(kept.indptr) - 1), np.diff(kept.indptr))
        places = (lines, kept.indices) if self.format == "csr" else (kept.indices, lines)
        rows, columns = (one.astype(np.int64) for one in places)
        return [kept.data.astype(self.dtype), rows, columns, np.zeros((*kept.shape, 0), np.int8)]

    def matrix_of(self, values: Any) -> Any:
        """The matrix of SciPy for the values of the parts."""
        import_scipy = __import__("scipy.sparse", fromlist=["coo_matrix"])
        data, rows, columns, like = map(np.asarray, values)
        made = import_scipy.coo_matrix((data, (rows, columns)), shape=like.shape[:2])
        return made.asformat(self.format)


class SparseShared(SparseVariable):
    """A sparse matrix that functions share."""

    def __init__(self, matrix: Any, name: str | None = None) -> None:
        kind = SparseType(matrix.format, matrix.dtype.name)
        values = SparseVariable.values_of(kind(), matrix)
        super().__init__(kind.format, *map(Shared, values), name=name)

    def get_value(self, borrow: bool = False, return_internal_type: bool = False) -> Any:
        """The matrix of now."""
        return self.matrix_of([one.get_value() for one in self.parts])

    def set_value(self, new_value: Any, borrow: bool = False) -> None:
        """Give it another value."""
        for one, value in zip(self.parts, self.values_of(new_value), strict=True):
            one.set_value(value)


def _of(function: Callable[..., Any], axes: int, dtype: Any, *args: Any) -> Any:
    """A variable with a number of axes that is known, though their sizes are not."""
    node = apply(function, *args)
    if dtype is None:
        dtype = node.dtype
    node.spec = Spec((None,) * axes, dtype)
    return node


def _dense(data: Any, rows: Any, columns: Any, like: Any) -> Any:
    return jnp.zeros(like.shape[:2], data.dtype).at[rows, columns].add(data)


def _scaled(data: Any, rows: Any, columns: Any, like: Any, other: Any) -> Any:
    factor = jnp.broadcast_to(jnp.asarray(other), like.shape[:2])
    return data * factor[rows, columns]


def _times(data: Any, rows: Any, columns: Any, like: Any, dense: Any) -> Any:
    taken = dense[columns]
    terms = data.reshape(data.shape + (1,) * (taken.ndim - 1)) * taken
    return jnp.zeros((like.shape[0], *dense.shape[1:]), terms.dtype).at[rows].add(terms)


def product(x: Any, y: Any) -> Any:
    """The dense product of a sparse matrix and a dense matrix or vector, in either order.

    Raises:
        ArgumentError: both are sparse.
    """
    if isinstance(x, SparseVariable) and isinstance(y, SparseVariable):
        raise ArgumentError(
            "The product of two sparse matrices is not here: theano.sparse.dense_from_sparse one of them."
        )
    if isinstance(x, SparseVariable):
        dense = as_tensor_variable(y)
        return _of(_times, dense.ndim, np.result_type(x.dtype, dense.dtype).name, *x.parts, dense)
    turned = as_tensor_variable(x)
    return product(y.T, turned.T).T if turned.ndim == 2 else product(y.T, turned)


def sizes_like(shape: Any) -> Any:
    """An array with two sizes for its shape, and no elements.

    Raises:
        ArgumentError: the sizes are computed from numbers, so that they are not known before a call.
    """
    found = getattr(shape, "like", None)
    if found is not None:
        return found
    if isinstance(shape, Tensor) and getattr(shape, "value", None) is None:
        raise ArgumentError("The shape of a sparse matrix is that of another, or two numbers.")
    sizes = getattr(shape, "value", shape)
    return as_tensor_variable(np.zeros((*map(int, np.asarray(sizes)), 0), np.int8))


def is_input(variable: Any) -> bool:
    """Whether a sparse variable may be given to a function."""
    return isinstance(variable, SparseVariable) and isinstance(variable.data, Input)
