"""`tf.debugging`: checks."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import jax.numpy as jnp

from neurona.legacy.tensorflow.control import assert_, check
from neurona.legacy.tensorflow.dispatch import static, tensor_of
from neurona.legacy.tensorflow.dtypes import as_dtype

Assert = assert_


def _comparison(name: str, compare: Callable[[Any, Any], Any], sign: str) -> Callable[..., None]:
    def run(x: Any, y: Any, message: Any = None, summarize: Any = None, name: Any = None) -> None:
        first = tensor_of(x)
        one, other = first._array, tensor_of(y, hint=first.dtype)._array
        said = f"{message} " if message else ""
        check(compare(one, other), lambda: f"{said}Condition x {sign} y did not hold. x = {x}, y = {y}")

    run.__name__, run.__doc__ = name, f"Refuse tensors unless x {sign} y everywhere."
    return run


assert_equal, assert_none_equal = (
    _comparison("assert_equal", lambda x, y: x == y, "=="),
    _comparison("assert_none_equal", lambda x, y: x != y, "!="),
)
assert_less, assert_less_equal = (
    _comparison("assert_less", lambda x, y: x < y, "<"),
    _comparison("assert_less_equal", lambda x, y: x <= y, "<="),
)
assert_greater, assert_greater_equal = (
    _comparison("assert_greater", lambda x, y: x > y, ">"),
    _comparison("assert_greater_equal", lambda x, y: x >= y, ">="),
)


def _sign(name: str, compare: Callable[[Any], Any], text: str) -> Callable[..., None]:
    def run(x: Any, message: Any = None, summarize: Any = None, name: Any = None) -> None:
        said = f"{message} " if message else ""
        check(compare(tensor_of(x)._array), lambda: f"{said}Condition x {text} did not hold. x = {x}")

    run.__name__, run.__doc__ = name, f"Refuse a tensor unless x {text} everywhere."
    return run


assert_positive, assert_negative = (
    _sign("assert_positive", lambda x: x > 0, "> 0"),
    _sign("assert_negative", lambda x: x < 0, "< 0"),
)
assert_non_negative, assert_non_positive = (
    _sign("assert_non_negative", lambda x: x >= 0, ">= 0"),
    _sign("assert_non_positive", lambda x: x <= 0, "<= 0"),
)


def assert_near(x: Any, y: Any, rtol: Any = None, atol: Any = None, message: Any = None, **_: Any) -> None:
    """Refuse tensors that are not close."""
    first = tensor_of(x)
    one, other = first._array, tensor_of(y, hint=first.dtype)._array
    near = jnp.abs(one - other) <= (1e-6 if atol is None else atol) + (
        1e-6 if rtol is None else rtol
    ) * jnp.abs(other)
    check(near, lambda: f"{message!r}: x and y not equal to tolerance. x = {x}, y = {y}")


def assert_shapes(
    shapes: Any, data: Any = None, summarize: Any = None, message: Any = None, name: Any = None
) -> None:
    """Refuse tensors unless their shapes fit; a name stands for one size everywhere."""
    sizes: dict[str, int] = {}
    for tensor, wanted in shapes.items() if isinstance(shapes, dict) else shapes:
        shape = tensor_of(tensor.deref() if hasattr(tensor, "deref") else tensor).shape
        wanted = tuple(wanted)
        fits = len(shape) == len(wanted) and all(
            want in (None, "*", size)
            if not isinstance(want, str) or want == "*"
            else sizes.setdefault(want, size) == size
            for want, size in zip(wanted, shape)
        )
        if not fits:
            raise ValueError(f"{message!r}: Shape {shape} is not compatible with {wanted}.")


def assert_rank(x: Any, rank: Any, message: Any = None, **_: Any) -> None:
    """Refuse a tensor of another rank."""
    if tensor_of(x).ndim != static(rank):
        raise ValueError(f"{message!r}: Tensor must have rank {rank}. Received rank {tensor_of(x).ndim}.")


def assert_rank_at_least(x: Any, rank: Any, message: Any = None, **_: Any) -> None:
    """Refuse a tensor of a smaller rank."""
    if tensor_of(x).ndim < static(rank):
        raise ValueError(f"{message!r}: Tensor must have rank at least {rank}.")


def assert_rank_in(x: Any, ranks: Any, message: Any = None, **_: Any) -> None:
    """Refuse a tensor of another rank than these."""
    if tensor_of(x).ndim not in static(ranks):
        raise ValueError(f"{message!r}: Tensor must have a rank in {ranks}.")


def assert_scalar(tensor: Any, message: Any = None, name: Any = None) -> None:
    """Refuse a tensor that is no scalar."""
    assert_rank(tensor, 0, message)


def assert_type(tensor: Any, tf_type: Any, message: Any = None, name: Any = None) -> None:
    """Refuse a tensor of another dtype."""
    if tensor_of(tensor).dtype != as_dtype(tf_type):
        raise TypeError(f"{message!r}: Tensor must be of type {tf_type}.")


def assert_same_float_dtype(tensors: Any = None, dtype: Any = None) -> Any:
    """The dtype of all tensors."""
    return as_dtype(dtype or tensor_of(tensors[0]).dtype)


def assert_all_finite(x: Any, message: str, name: Any = None) -> Any:
    """The tensor; it is refused where it has a NaN or an infinity.

    Raises:
        InvalidArgumentError: there is one.
    """
    made = tensor_of(x)
    check(jnp.isfinite(made._array), lambda: f"{message} : Tensor had NaN or Inf values")
    return made


check_numerics = assert_all_finite


def is_numeric_tensor(tensor: Any) -> bool:
    """Whether a tensor holds numbers."""
    return hasattr(tensor, "dtype") and not as_dtype(tensor.dtype).is_bool and tensor.dtype != "string"


def enable_check_numerics(*_: Any, **__: Any) -> None:
    """No effect: fit stops at a NaN and names the layer."""


def set_log_device_placement(enabled: bool) -> None:
    """No effect: XLA places operations."""


def get_log_device_placement() -> bool:
    """Never."""
    return False


experimental = SimpleNamespace(enable_dump_debug_info=enable_check_numerics)
