"""NumPy's names that were removed, for programs that were written when it had them."""

import functools
from typing import Any

import numpy as np


class _Cast(dict[Any, Any]):
    """`np.cast`: a function that makes arrays of a dtype, for each dtype."""

    def __missing__(self, dtype: Any) -> Any:
        return lambda a: np.asarray(a).astype(dtype)


def _asfarray(a: Any, dtype: Any = np.float64) -> np.ndarray:
    kind = np.dtype(dtype)
    return np.asarray(a, kind if kind.kind in "fc" else np.float64)


_TODAY: dict[str, Any] = {
    "NINF": -np.inf,
    "NaN": np.nan,
    "Inf": np.inf,
    "Infinity": np.inf,
    "PINF": np.inf,
    "alltrue": np.all,
    "asfarray": _asfarray,
    "asscalar": lambda a: a.item(),
    "bool8": np.bool_,
    "cast": _Cast(),
    "complex": complex,
    "complex_": np.complex128,
    "cumproduct": np.cumprod,
    "float": float,
    "float_": np.float64,
    "in1d": np.isin,
    "infty": np.inf,
    "int": int,
    "longfloat": np.longdouble,
    "mat": np.asmatrix,
    "msort": lambda a: np.sort(a, 0),
    "object": object,
    "product": np.prod,
    "round_": np.round,
    "row_stack": np.vstack,
    "singlecomplex": np.complex64,
    "sometrue": np.any,
    "str": str,
    "string_": np.bytes_,
    "trapz": np.trapezoid,
    "unicode": str,
    "unicode_": np.str_,
}


def restore() -> None:
    """Let NumPy have them again, in this process."""
    for name, value in _TODAY.items():
        if name not in vars(np):
            setattr(np, name, value)
    np.reshape = _reshape


_numpys_reshape = np.reshape


@functools.wraps(_numpys_reshape)
def _reshape(a: Any, *args: Any, **kwargs: Any) -> Any:
    if "newshape" in kwargs:
        kwargs["shape"] = kwargs.pop("newshape")
    return _numpys_reshape(a, *args, **kwargs)
