"""One-element arrays are numbers again: `float(a)`, `"%d" % a`, `b[0] = a`, as in NumPy before 2.4."""

import ctypes
import gc
from typing import Any

import numpy as np

# Where a type of CPython keeps what it does, counted in pointers.
_NAME, _OF_NUMBERS, _INT, _FLOAT = 3, 12, 16, 18


class _OfPython(np.ndarray):
    """A type whose functions of C call the methods in its dictionary; `ndarray` is given these functions."""

    def __int__(self) -> int:
        raise NotImplementedError

    def __float__(self) -> float:
        raise NotImplementedError


def _the_one(array: np.ndarray) -> Any:
    if array.size != 1:
        raise TypeError(
            f"Only arrays of one element become numbers. Received: an array of shape {array.shape}"
        )
    return array.item()


def restore() -> None:
    """Let arrays of one element be converted to numbers, in this process."""
    try:
        float(np.zeros(1))
    except TypeError:
        _install()


def _install() -> None:
    name = ctypes.c_char_p.from_address(id(np.ndarray) + _NAME * ctypes.sizeof(ctypes.c_void_p))
    if name.value != b"numpy.ndarray":  # a Python that lays types out in another way
        return
    methods = gc.get_referents(vars(np.ndarray))[0]
    for kind, name, slot in ((int, "__int__", _INT), (float, "__float__", _FLOAT)):
        methods[name] = lambda array, kind=kind: kind(_the_one(array))
        _slot(np.ndarray, slot).value = _slot(_OfPython, slot).value
    ctypes.pythonapi.PyType_Modified(ctypes.py_object(np.ndarray))


def _slot(kind: type, number: int) -> ctypes.c_void_p:
    """The place of the function of C that converts objects of a type."""
    size = ctypes.sizeof(ctypes.c_void_p)
    functions = ctypes.c_void_p.from_address(id(kind) + _OF_NUMBERS * size).value
    assert functions is not None
    return ctypes.c_void_p.from_address(functions + number * size)
