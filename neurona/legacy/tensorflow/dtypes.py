"""TensorFlow's dtypes: what `tf.float32` is."""

import importlib
from typing import Any

import ml_dtypes
import numpy as np

from neurona.core.errors import suggestion

_NUMBERS = {  # name: (TensorFlow's number, NumPy's type, how it is held)
    "float32": (1, np.float32, "float32"),
    "float64": (2, np.float64, "float64"),
    "int32": (3, np.int32, "int32"),
    "uint8": (4, np.uint8, "uint8"),
    "int16": (5, np.int16, "int16"),
    "int8": (6, np.int8, "int8"),
    "string": (7, np.object_, "object"),
    "complex64": (8, np.complex64, "complex64"),
    "int64": (9, np.int64, "int64"),
    "bool": (10, np.bool_, "bool"),
    "qint8": (11, np.int8, "int8"),
    "quint8": (12, np.uint8, "uint8"),
    "qint32": (13, np.int32, "int32"),
    "bfloat16": (14, ml_dtypes.bfloat16, "bfloat16"),
    "uint16": (17, np.uint16, "uint16"),
    "complex128": (18, np.complex128, "complex128"),
    "float16": (19, np.float16, "float16"),
    "resource": (20, np.object_, "object"),
    "variant": (21, np.object_, "object"),
    "uint32": (22, np.uint32, "uint32"),
    "uint64": (23, np.uint64, "uint64"),
}
_ALIASES = {"half": "float16", "double": "float64", "float": "float32", "int": "int32", "str": "string"}


class DType:
    """A dtype of TensorFlow. It equals its name, and NumPy's type of that name.

    Attributes:
        held: the name of the dtype of the arrays that hold it.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.as_datatype_enum, self.as_numpy_dtype, self.held = _NUMBERS[name]

    @property
    def base_dtype(self) -> "DType":
        """The dtype itself."""
        return self

    @property
    def real_dtype(self) -> "DType":
        """The dtype of the real part."""
        return {"complex64": float32, "complex128": float64}.get(self.name, self)

    @property
    def is_floating(self) -> bool:
        """Whether it holds real numbers."""
        return self.name in ("float16", "bfloat16", "float32", "float64")

    @property
    def is_complex(self) -> bool:
        """Whether it holds complex numbers."""
        return self.name.startswith("complex")

    @property
    def is_integer(self) -> bool:
        """Whether it holds integers."""
        return self.name.startswith(("int", "uint"))

    @property
    def is_unsigned(self) -> bool:
        """Whether it holds no negative integers."""
        return self.name.startswith("uint")

    @property
    def is_bool(self) -> bool:
        """Whether it holds truth values."""
        return self.name == "bool"

    @property
    def is_numpy_compatible(self) -> bool:
        """Whether NumPy has it."""
        return self.name not in ("resource", "variant")

    @property
    def size(self) -> int:
        """Bytes of a number."""
        return np.dtype(self.as_numpy_dtype).itemsize

    @property
    def limits(self) -> tuple[Any, Any]:
        """The smallest and the largest number."""
        return self.min, self.max

    @property
    def max(self) -> Any:
        """The largest number."""
        return self._limit("max")

    @property
    def min(self) -> Any:
        """The smallest number."""
        return self._limit("min")

    def _limit(self, which: str) -> Any:
        if self.is_bool:
            return which == "max"
        numbers = np.iinfo if self.is_integer else ml_dtypes.finfo
        return getattr(numbers(np.dtype(self.as_numpy_dtype)), which)

    def is_compatible_with(self, other: Any) -> bool:
        """Whether values of the other dtype serve."""
        return self == other

    @property
    def dtype(self) -> np.dtype:
        """NumPy's dtype, which NumPy asks for."""
        return np.dtype(self.as_numpy_dtype)

    def __eq__(self, other: object) -> bool:
        if other is None:
            return False
        try:
            return self.name == as_dtype(other).name
        except TypeError:
            return False

    def __hash__(self) -> int:
        return hash(self.name)

    def __int__(self) -> int:
        return self.as_datatype_enum

    def __repr__(self) -> str:
        return f"tf.{self.name}"

    def __str__(self) -> str:
        return f"<dtype: {self.name!r}>"

    def __reduce__(self) -> tuple:
        return as_dtype, (self.name,)


_all = {name: DType(name) for name in _NUMBERS}
_of_numpy = {
    np.dtype(dtype.as_numpy_dtype): dtype
    for name, dtype in _all.items()
    if not name.startswith("q") and dtype.as_numpy_dtype is not np.object_
}
float16, bfloat16, float32, float64 = (_all[n] for n in ("float16", "bfloat16", "float32", "float64"))
int8, int16, int32, int64 = (_all[n] for n in ("int8", "int16", "int32", "int64"))
uint8, uint16, uint32, uint64 = (_all[n] for n in ("uint8", "uint16", "uint32", "uint64"))
complex64, complex128, string = (_all[n] for n in ("complex64", "complex128", "string"))
qint8, quint8, qint32 = (_all[n] for n in ("qint8", "quint8", "qint32"))
resource, variant = _all["resource"], _all["variant"]
bool_ = _all["bool"]
half, double = float16, float64


def as_dtype(value: Any) -> DType:
    """The dtype that a name, a type of NumPy or Python, or a number of TensorFlow means.

    Raises:
        TypeError: there is none.

    Example:

        >>> as_dtype("float32"), as_dtype(np.int64), as_dtype(bool), as_dtype(1)
        (tf.float32, tf.int64, tf.bool, tf.float32)
    """
    if isinstance(value, DType):
        return value
    found = _of_python(value) or _of_numpy_type(value)
    if found is None:
        raise TypeError(
            f"There is no dtype {value!r}.{suggestion(str(value), _all)} Known: {', '.join(_all)}."
        )
    return found


def _of_python(value: Any) -> DType | None:
    """The dtype that a name, a number or a type of Python means."""
    if isinstance(value, str):
        return _all.get(_ALIASES.get(value, value).removesuffix("_ref"))
    if isinstance(value, int) and not isinstance(value, bool):
        return next((dtype for dtype in _all.values() if dtype.as_datatype_enum == value), None)
    if value is str or value is bytes:
        return string
    return int32 if value is int else float32 if value is float else None


def _of_numpy_type(value: Any) -> DType | None:
    try:
        numpy = np.dtype(value)
    except TypeError:
        return None
    return _of_numpy.get(numpy) or (string if numpy.kind in "SUO" else None)


_FUNCTIONS = {"cast": "arrays", "saturate_cast": "arrays", "complex": "choosing", "as_string": "strings"}


def __getattr__(name: str) -> Any:
    if name == "bool":
        return bool_
    if name in _FUNCTIONS:  # which are made of dtypes
        return getattr(importlib.import_module(f"neurona.legacy.tensorflow.{_FUNCTIONS[name]}"), name)
    raise AttributeError(f"module 'tensorflow.dtypes' has no attribute {name!r} in Neurona.", name=name)
