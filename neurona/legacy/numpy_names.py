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
    reshape = np.reshape
    if not hasattr(reshape, "takes_newshape"):
        np.reshape = _with_newshape(reshape)


def _with_newshape(reshape: Any) -> Any:
    @functools.wraps(reshape)
    def call(a: Any, *args: Any, **kwargs: Any) -> Any:
        if "newshape" in kwargs:
            kwargs["shape"] = kwargs.pop("newshape")
        return reshape(a, *args, **kwargs)

    call.takes_newshape = True  # pyright: ignore[reportFunctionMemberAccess]
    return call
