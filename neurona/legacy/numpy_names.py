"""NumPy's names that were removed, for programs that were written when it had them."""

import ctypes
import functools
import gc
import sys
from typing import Any

import numpy as np

from neurona.legacy import numpy_numbers


class _Cast(dict[Any, Any]):
    """`np.cast`: a function that makes arrays of a dtype, for each dtype."""

    def __missing__(self, dtype: Any) -> Any:
        return lambda a: np.asarray(a).astype(dtype)


def _asfarray(a: Any, dtype: Any = np.float64) -> np.ndarray:
    kind = np.dtype(dtype)
    return np.asarray(a, kind if kind.kind in "fc" else np.float64)


def _fromstring(string: Any, dtype: Any = float, count: int = -1, *, sep: str = "", like: Any = None) -> Any:
    """Numbers of a text, or those whose bytes a string is."""
    if sep:
        return _numpys_fromstring(string, dtype, count, sep=sep, like=like)
    return np.frombuffer(string, dtype, count).copy()


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
    "rank": np.ndim,
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


def _itemset(array: np.ndarray, *args: Any) -> None:
    """Set one item: at a place, counted along all axes or along each, or the only one."""
    *place, value = args
    if not place:
        array[()] = value
    elif len(place) == 1 and not isinstance(place[0], tuple):
        array.flat[place[0]] = value
    else:
        array[place[0] if isinstance(place[0], tuple) else tuple(place)] = value


_METHODS: dict[str, Any] = {
    "itemset": _itemset,
    "newbyteorder": lambda array, new_order="S": array.view(array.dtype.newbyteorder(new_order)),
    "ptp": lambda array, axis=None, out=None, keepdims=False: np.ptp(array, axis, out, keepdims),
    "tostring": lambda array, order="C": array.tobytes(order),
}


def restore() -> None:
    """Let NumPy have them again, in this process."""
    numpy_numbers.restore()
    for name, value in _TODAY.items():
        if name not in vars(np):
            setattr(np, name, value)
    np.reshape, np.fromstring = _reshape, _fromstring
    np.array, np.asarray = _of_lists(_numpys_array), _of_lists(_numpys_asarray)
    # A type of C takes no new attribute by `setattr`; its own dictionary does.
    methods = gc.get_referents(vars(np.ndarray))[0]
    methods |= {name: value for name, value in _METHODS.items() if name not in methods}
    ctypes.pythonapi.PyType_Modified(ctypes.py_object(np.ndarray))


_numpys_reshape, _numpys_fromstring = np.reshape, np.fromstring
_numpys_array, _numpys_asarray = np.array, np.asarray


@functools.wraps(_numpys_reshape)
def _reshape(a: Any, *args: Any, **kwargs: Any) -> Any:
    if "newshape" in kwargs:
        kwargs["shape"] = kwargs.pop("newshape")
    return _numpys_reshape(a, *args, **kwargs)


def _of_lists(function: Any) -> Any:
    """Lists of several lengths become an array of lists in a program; in a library they are an error."""

    @functools.wraps(function)
    def make(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except ValueError as error:
            given = args[1] if len(args) > 1 else kwargs.get("dtype")
            if given is not None or "inhomogeneous" not in str(error) or _is_library(sys._getframe(1)):
                raise
        return function(*args, **kwargs | {"dtype": object})

    return make


def _is_library(frame: Any) -> bool:
    name = frame.f_globals.get("__name__", "")
    return "site-packages" in frame.f_code.co_filename or name.startswith("neurona.")
