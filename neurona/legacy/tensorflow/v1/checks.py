"""`tf.assert_*` of TensorFlow 1: checks at once, or operations that check when they run."""

from collections.abc import Callable
from typing import Any

from neurona.legacy.tensorflow import debugging
from neurona.legacy.tensorflow import math as numbers
from neurona.legacy.tensorflow.v1.building import assert_
from neurona.legacy.tensorflow.v1.tensor import convert, is_drawing

_OF_TWO: dict[str, Callable[..., Any]] = {
    "equal": numbers.equal,
    "none_equal": numbers.not_equal,
    "greater": numbers.greater,
    "greater_equal": numbers.greater_equal,
    "less": numbers.less,
    "less_equal": numbers.less_equal,
}
_OF_ONE: dict[str, Callable[..., Any]] = {
    "positive": numbers.greater,
    "negative": numbers.less,
    "non_negative": numbers.greater_equal,
    "non_positive": numbers.less_equal,
}


def _check(name: str, compare: Callable[..., Any]) -> Callable[..., Any]:
    def of_two(
        x: Any, y: Any, data: Any = None, summarize: Any = None, message: Any = None, name: Any = None
    ) -> Any:
        if not is_drawing(x, y):
            return at_once(x, y, message=message)
        holds = numbers.reduce_all(compare(convert(x), convert(y)))
        return assert_(holds, data or [message or called], name=name)

    def of_one(x: Any, data: Any = None, summarize: Any = None, message: Any = None, name: Any = None) -> Any:
        if not is_drawing(x):
            return at_once(x, message=message)
        return of_two(x, 0, data, summarize, message, name)

    called = f"assert_{name}"
    at_once = getattr(debugging, called)
    call = of_two if name in _OF_TWO else of_one
    call.__name__, call.__doc__ = called, at_once.__doc__
    return call


globals().update(
    {f"assert_{name}": _check(name, compare) for name, compare in {**_OF_TWO, **_OF_ONE}.items()}
)
