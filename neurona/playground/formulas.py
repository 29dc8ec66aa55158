"""Formulas of x and y as text, such as `sin(x)*y > 0`: parsed, checked against a list, and computed by NumPy.

No text is ever run as Python: a formula is a tree whose every node is one of those below.
"""

import ast
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from neurona.playground.refusal import Refusal

LONGEST, DEEPEST = 200, 25
_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "sin": np.sin,
    "cos": np.cos,
    "tan": np.tan,
    "tanh": np.tanh,
    "exp": np.exp,
    "log": np.log,
    "sqrt": np.sqrt,
    "abs": np.abs,
    "sign": np.sign,
    "floor": np.floor,
    "min": np.minimum,
    "max": np.maximum,
    "atan2": np.arctan2,
}
_TWO_ARGUMENTS = ("min", "max", "atan2")
_CONSTANTS = {"pi": np.pi, "e": np.e}
_OPERATORS: dict[type, Callable[..., Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
    ast.Not: np.logical_not,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.And: np.logical_and,
    ast.Or: np.logical_or,
}


def formula(text: str) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    """The function of x and y that a text means; `^` is a power.

    Raises:
        Refusal: the text is too long, or says something else than arithmetic.

    Example:

        >>> import numpy as np
        >>> formula("x^2 + y > 1")(np.array([0.0, 2.0]), np.array([0.5, 0.5]))
        array([0., 1.])
    """
    if len(text) > LONGEST:
        raise Refusal(
            "formula",
            f"A formula has at most {LONGEST} characters. This one has {len(text)}.",
            f"Una fórmula tiene como máximo {LONGEST} caracteres. Esta tiene {len(text)}.",
        )
    try:
        tree = ast.parse(text.replace("^", "**").strip(), mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        raise _refused(text) from None
    _check(tree, text, 0)

    def function(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        with np.errstate(all="ignore"):
            value = _value(tree, {"x": np.asarray(x, float), "y": np.asarray(y, float), **_CONSTANTS})
        return np.broadcast_to(np.asarray(value, float), np.shape(x)).copy()

    return function


def _refused(part: str) -> Refusal:
    names = ", ".join([*_FUNCTIONS, *_CONSTANTS])
    return Refusal(
        "formula",
        f"A formula is arithmetic and comparisons of x and y with {names}. Received: {part!r}",
        f"Una fórmula es aritmética y comparaciones de x e y con {names}. Se recibió: {part!r}",
    )


def _check(node: ast.AST, text: str, depth: int) -> None:
    """Refuse whatever is not on the list."""
    if depth > DEEPEST:
        raise _refused(text)
    match node:
        case ast.Constant(value=bool() | str() | bytes() | complex()):
            raise _refused(text)
        case ast.Constant(value=int() | float() as value) if abs(value) < 1e9:
            children: list[ast.AST] = []
        case ast.Name(id=name) if name in ("x", "y", *_CONSTANTS):
            children = []
        case ast.UnaryOp(op=op, operand=operand) if type(op) in _OPERATORS:
            children = [operand]
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
            children = [left, right]
        case ast.BoolOp(values=values):
            children = list(values)
        case ast.Compare(left=left, ops=ops, comparators=others) if all(type(op) in _OPERATORS for op in ops):
            children = [left, *others]
        case ast.Call(func=ast.Name(id=name), args=args, keywords=[]) if name in _FUNCTIONS and len(
            args
        ) == 1 + (name in _TWO_ARGUMENTS):
            children = list(args)
        case _:
            raise _refused(ast.unparse(node))
    for child in children:
        _check(child, text, depth + 1)


def _value(node: Any, names: dict[str, Any]) -> Any:
    """The value of a node that was checked."""
    match node:
        case ast.Constant(value=int() | float() as value):
            return float(value)
        case ast.Name():
            return names[node.id]
        case ast.UnaryOp():
            return _OPERATORS[type(node.op)](_value(node.operand, names))
        case ast.BinOp():
            return _OPERATORS[type(node.op)](_number(node.left, names), _number(node.right, names))
        case ast.BoolOp():
            values = [_value(one, names) for one in node.values]
            result = values[0]
            for value in values[1:]:
                result = _OPERATORS[type(node.op)](result, value)
            return result
        case ast.Call(func=ast.Name(id=name)):
            return _FUNCTIONS[name](*(_number(one, names) for one in node.args))
    terms = [_number(one, names) for one in (node.left, *node.comparators)]
    result: Any = True
    for op, left, right in zip(node.ops, terms, terms[1:]):
        result = np.logical_and(result, _OPERATORS[type(op)](left, right))
    return result


def _number(node: Any, names: dict[str, Any]) -> Any:
    """The value as floats: a comparison is 0 or 1."""
    return np.asarray(_value(node, names), float)
