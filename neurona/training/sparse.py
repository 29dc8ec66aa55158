"""Sparse matrices of SciPy: rows become dense a batch at a time."""

from typing import Any

import numpy as np

from neurona.training.numbers import as_numbers


def is_sparse(value: Any) -> bool:
    """Whether a value is a sparse matrix or array of SciPy."""
    return hasattr(value, "tocsr") and hasattr(value, "nnz")


class SparseRows:
    """A sparse matrix that is indexed by rows and gives dense ones.

    Args:
        matrix: of SciPy, with two axes.
        what: how to call it in an error.

    Raises:
        DataError: its values are no real numbers.
    """

    ndim = 2

    def __init__(self, matrix: Any, what: str) -> None:
        rows = matrix.tocsr()
        numbers = as_numbers(rows.data, what)
        self._matrix = type(rows)((numbers, rows.indices, rows.indptr), shape=rows.shape)
        self.shape: tuple[int, int] = rows.shape

    @property
    def dtype(self) -> np.dtype:
        """The dtype of the dense rows."""
        return self._matrix.dtype

    @property
    def nbytes(self) -> int:
        """The size of all rows when they are dense."""
        return self.shape[0] * self.shape[1] * self.dtype.itemsize

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: Any) -> np.ndarray:
        return self._matrix[rows].toarray()

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return self._matrix.toarray() if dtype is None else self._matrix.toarray().astype(dtype)
