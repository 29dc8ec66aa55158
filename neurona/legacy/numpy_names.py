"""NumPy's names that were removed, for programs that were written when it had them."""

import functools
from typing import Any

import numpy as np

_TODAY: dict[str, Any] = {
    "NINF": -np.inf,
    "NaN": np.nan,
    "Inf": np.inf,
    "Infinity": np.inf,
    "PINF": np.inf,
    "alltrue": np.all,
    "asscalar": lambda a: a.item(),
    "complex": complex,
    "complex_": np.complex128,
    "cumproduct": np.cumprod,
    "float": float,
    "float_": np.float64,
    "in1d": np.isin,
    "infty": np.inf,
    "int": int,
    "mat": np.asmatrix,
    "object": object,
    "product": np.prod,
    "round_": np.round,
    "sometrue": np.any,
    "str": str,
    "trapz": np.trapezoid,
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
