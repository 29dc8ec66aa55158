"""Functions of `keras.backend` about the process: dtypes, data formats, names, and the backend's name."""

import contextlib
import os
from collections.abc import Iterator

import neurona.utils
from neurona.backend import (
    epsilon,
    floatx,
    get_uid,
    image_data_format,
    is_float_dtype,
    is_int_dtype,
    reset_uids,
    result_type,
    set_epsilon,
    set_floatx,
    set_image_data_format,
    standardize_dtype,
)
from neurona.core.errors import ArgumentError
from neurona.legacy.keras.backend.control import reset_phase

_ORDERINGS = {"tf": "channels_last", "th": "channels_first"}


def backend() -> str:
    """The name that programs of the time branch on: that of `KERAS_BACKEND`, by default "tensorflow", whose
    layouts and kernels are Neurona's.
    """
    return os.environ.get("KERAS_BACKEND") or "tensorflow"


def image_dim_ordering() -> str:
    """Keras 1's name for the data format: "tf" or "th"."""
    return {value: name for name, value in _ORDERINGS.items()}[image_data_format()]


def set_image_dim_ordering(dim_ordering: str) -> None:
    """Set the data format by Keras 1's name for it."""
    if dim_ordering not in _ORDERINGS:
        raise ArgumentError(
            f"K.set_image_dim_ordering: the orderings are 'tf' and 'th'. Received: {dim_ordering!r}"
        )
    set_image_data_format(_ORDERINGS[dim_ordering])


def clear_session() -> None:
    """Begin afresh: names count from the start again, and compiled programs are forgotten."""
    neurona.utils.clear_session()
    reset_uids()
    reset_phase()


@contextlib.contextmanager
def name_scope(name: str) -> Iterator[str]:
    """A block whose operations have a common name; no effect on what they compute."""
    yield name


# fmt: off
__all__ = [
    "backend", "clear_session", "epsilon", "floatx", "get_uid", "image_data_format", "image_dim_ordering",
    "is_float_dtype", "is_int_dtype", "name_scope", "reset_uids", "result_type", "set_epsilon", "set_floatx",
    "set_image_data_format", "set_image_dim_ordering", "standardize_dtype",
]
