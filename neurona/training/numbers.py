"""Numbers on their way into JAX: each arrives with its value, or its array is refused by name."""

import numbers
from decimal import Decimal
from typing import Any, NoReturn

import jax
import numpy as np

from neurona.core.errors import DataError

_REAL = (numbers.Real, np.bool_, Decimal)
_MISSING = ("NoneType", "NAType", "NaTType")  # the types of None, pandas.NA and pandas.NaT


def as_numbers(array: np.ndarray, what: str) -> np.ndarray:
    """An array in a dtype of JAX, with the values that it had.

    JAX has 32 bits unless `jax_enable_x64` is set. Integers that do not fit become float64 here, so that
    labels and ids can be checked before JAX rounds them to float32.

    Args:
        array: any array of NumPy.
        what: how to call it in an error.

    Raises:
        DataError: text, dates, complex or missing values, records, masked cells; floats beyond the range of
            float32.

    Example:

        >>> as_numbers(np.array([1, 2]), "x").dtype, as_numbers(np.array([1, 2**40]), "x").dtype
        (dtype('int32'), dtype('float64'))
        >>> as_numbers(np.array([1 + 2j]), "x")
        Traceback (most recent call last):
        neurona.core.errors.DataError: x holds complex numbers, such as (1+2j), and layers compute with real
            ones. Pass real and imaginary part as two features: np.stack([x.real, x.imag], -1).
    """
    if isinstance(array, np.ma.MaskedArray):
        array = _without_mask(array, what)
    if array.dtype.kind == "O":
        array = _from_objects(array, what)
    refuse_kind(array, what)
    if array.dtype.kind == "f":
        return _floats(array, what)
    if array.dtype.kind in "iu":
        return _integers(array)
    return array  # truth values, and what JAX adds to NumPy: bfloat16 and its like


def refuse_kind(array: Any, what: str) -> None:
    """Raise DataError for an array whose dtype holds no real numbers; its values are not read."""
    kind = array.dtype.kind
    if kind in "biuf" or (kind == "V" and _is_extended(array.dtype)):
        return
    if kind in "USM" or kind == "T":
        refuse_text(what, array.flat[0] if array.size else "", is_date=kind == "M")
    if kind == "c":
        raise DataError(
            f"{what} holds complex numbers, such as {_first(array)}, and layers compute with real ones. Pass "
            f"real and imaginary part as two features: np.stack([{what}.real, {what}.imag], -1)."
        )
    if kind == "m":
        raise DataError(
            f"{what} holds durations, such as {_first(array)!r}. Turn them into numbers first: "
            f"{what} / np.timedelta64(1, 's')."
        )
    names = array.dtype.names or ()
    if names:
        raise DataError(
            f"{what} is an array of records with the fields {', '.join(names)}. Make an array of numbers of "
            f"it: np.stack([{what}[name] for name in {what}.dtype.names], -1)."
        )
    raise DataError(f"{what} has dtype {array.dtype}, which holds no numbers.")


def refuse_text(what: str, value: Any, is_date: bool = False) -> NoReturn:
    """Raise DataError for text or dates, with the line that makes numbers of them."""
    shown = repr(value.item() if isinstance(value, np.generic) else value)
    if is_date:
        raise DataError(
            f"{what} holds dates, such as {shown}. Turn them into numbers first: "
            f"({what} - {what}.min()) / np.timedelta64(1, 'D')."
        )
    if what.startswith("y"):
        raise DataError(
            f"{what} holds text, such as {shown}. Turn names into class numbers first: "
            f"names, {what} = np.unique({what}, return_inverse=True)."
        )
    raise DataError(
        f"{what} holds text, such as {shown}. Turn it into numbers first: TextVectorization for sentences, "
        "np.unique(column, return_inverse=True)[1] for categories."
    )


def narrowed(values: np.ndarray, dtype: Any) -> np.ndarray:
    """Values in another dtype, for rows that are read from a file while others train.

    Raises:
        DataError: one of them does not fit.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        converted = values.astype(dtype, copy=False)
    wrong = converted != values if converted.dtype.kind in "iu" else np.isinf(converted) & ~np.isinf(values)
    if converted.dtype != values.dtype and wrong.any():
        wide = values[wrong].flat[0].item()
        raise DataError(
            f"An array of {values.dtype} in a file holds {wide}, which {np.dtype(dtype)} can't hold. Scale "
            "it and write it as float32: np.save(path, (array / scale).astype('float32'))."
        )
    return converted


def _is_extended(dtype: np.dtype) -> bool:
    """Whether a dtype is one that JAX adds to NumPy's."""
    return dtype.names is None and dtype.name.startswith(("bfloat", "float", "int", "uint"))


def _integers(array: np.ndarray) -> np.ndarray:
    dtype = jax.dtypes.canonicalize_dtype(array.dtype.newbyteorder("="))
    if dtype.itemsize == array.dtype.itemsize:
        return array.astype(dtype, copy=False)
    narrow = array.astype(np.int32)
    return narrow if (narrow == array).all() else array.astype(np.float64)


def _floats(array: np.ndarray, what: str) -> np.ndarray:
    size = min(array.dtype.itemsize, 8)  # JAX has no longdouble
    dtype = jax.dtypes.canonicalize_dtype(f"float{8 * size}")
    if array.dtype == dtype:
        return array
    with np.errstate(over="ignore"):
        narrow = array.astype(dtype, copy=False)
    if dtype.itemsize < array.dtype.itemsize:
        beyond = np.isinf(narrow)
        if beyond.any() and (beyond := beyond & ~np.isinf(array)).any():
            value = array[beyond].flat[0]
            raise DataError(
                f"{what} holds {value}, which {dtype} can't hold{_place(beyond)}. Scale it first: "
                f"{what} / np.abs({what}).max()."
            )
    return narrow


def _without_mask(array: np.ma.MaskedArray, what: str) -> np.ndarray:
    masked = np.ma.getmaskarray(array)
    if masked.any():
        raise DataError(
            f"{what} has masked values: {int(masked.sum()):,}{_place(masked)}. Fill them in first: "
            f"{what}.filled(0.0), or leave their rows out."
        )
    return array.data


def refuse_holes(holes: np.ndarray, what: str) -> None:
    """Raise DataError where cells are empty.

    Args:
        holes: whether each cell is.
        what: how to call the array.
    """
    if holes.any():
        raise DataError(
            f"{what} has missing values: {int(holes.sum()):,}{_place(holes)}. Fill them in, or leave their "
            "rows out, before training."
        )


def _from_objects(array: np.ndarray, what: str) -> np.ndarray:
    """Python objects as integers where all are, otherwise as floats.

    Raises:
        DataError: one of them is no number.
    """
    kinds = {type(item) for item in array.flat}
    missing = [kind for kind in kinds if kind.__name__ in _MISSING]
    if missing:
        holes = np.array([type(item) in missing for item in array.flat], bool).reshape(array.shape)
        refuse_holes(holes, what)
    for kind in kinds:
        if not issubclass(kind, _REAL):
            _refuse_object(next(item for item in array.flat if type(item) is kind), what)
    try:
        if all(issubclass(kind, (numbers.Integral, np.bool_)) for kind in kinds):
            return array.astype(np.int64)
    except OverflowError:
        pass
    try:
        return array.astype(np.float64)
    except OverflowError:
        raise DataError(f"{what} holds integers beyond the range of float64. Scale them first.") from None


def _refuse_object(value: Any, what: str) -> NoReturn:
    if isinstance(value, (str, bytes)):
        refuse_text(what, value)
    if isinstance(value, (np.ndarray, list, tuple)):
        raise DataError(
            f"{what} is an array of {type(value).__name__}s. Make one array of them: np.stack({what}) where "
            "all have the same shape, neurona.preprocessing.pad_sequences where they do not."
        )
    raise DataError(
        f"{what} holds values that are no real numbers, such as {value!r} of type {type(value).__name__}. "
        "Turn them into numbers first."
    )


def _first(array: np.ndarray) -> Any:
    return array.flat[0].item() if array.size else None


def _place(wrong: np.ndarray) -> str:
    """Where the first one is, such as ", the first in row 3"."""
    if not wrong.ndim:
        return ""
    row = int(np.argwhere(wrong)[0][0])
    return f", the first in row {row}" if int(wrong.sum()) > 1 else f", in row {row}"
