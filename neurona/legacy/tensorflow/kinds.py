"""Which dtypes TensorFlow's operations take: what it refuses rather than converts."""

from typing import Any

import numpy as np

from neurona.core.scope import current_scope
from neurona.legacy.tensorflow.dtypes import as_dtype
from neurona.legacy.tensorflow.errors import InvalidArgumentError

_TRUTHS, _FLOATS, _NUMBERS = "b", "fcV", "iufcV"  # kinds of NumPy's dtypes; V is that of bfloat16
_CAST = {_TRUTHS: "bool", _FLOATS: "float32", _NUMBERS: "int32"}
_OF = {
    _TRUTHS: "reduce_all reduce_any logical_and logical_or logical_not logical_xor",
    _FLOATS: """acos acosh asin asinh atan atanh cos cosh sin sinh tan tanh ceil floor rint digamma lgamma erf
        erfc erfinv ndtri exp expm1 log log1p rsqrt sqrt sigmoid log_sigmoid softmax log_softmax softplus
        softsign softmax_cross_entropy_with_logits sigmoid_cross_entropy_with_logits
        inv inverse det solve cholesky""",
    _NUMBERS: """add subtract multiply divide floordiv floormod pow maximum minimum negative abs square less
        less_equal greater greater_equal reduce_sum reduce_mean reduce_prod reduce_max reduce_min matmul""",
}
_kinds = {name: kinds for kinds, names in _OF.items() for name in names.split()}


def refuse_kind(name: str, arrays: Any) -> None:
    """Refuse a dtype that an operation does not take, except in the code of a model, whose data are of fewer
    dtypes than TensorFlow's.

    Args:
        name: of the operation.
        arrays: its tensors, by the names of the arguments.

    Raises:
        InvalidArgumentError: the operation is not for such a dtype.
    """
    kinds = _kinds.get(name)
    if kinds is None:
        return
    for array in arrays.values():
        if not isinstance(array, list) and array.dtype.kind not in kinds + "O" and current_scope() is None:
            raise InvalidArgumentError(
                f"tf.{name} is not for {as_dtype(array.dtype).name}: write tf.cast(x, tf.{_CAST[kinds]})."
            )


def cut_fractions(name: str, value: Any) -> Any:
    """NumPy's floats as integers, for the one operation that TensorFlow cuts them for."""
    is_cut = name == "one_hot" and isinstance(value, np.ndarray) and value.dtype.kind == "f"
    return value.astype(np.int64) if is_cut else value


def refuse_fractions(name: str, array: Any) -> None:
    """Refuse places that are no integers.

    Raises:
        InvalidArgumentError: they are floats or truth values.
    """
    if array.dtype.kind not in "iuO":
        raise InvalidArgumentError(
            f"tf.{name} takes places: integers. Received {as_dtype(array.dtype).name}: write "
            "tf.cast(x, tf.int32)."
        )
