"""`theano.printing`: expressions as text."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax

from neurona.graph import Constant, Node, nodes_in, plot_graph
from neurona.legacy.theano.calls import Function
from neurona.legacy.theano.settings import config
from neurona.legacy.theano.variables import apply

_SIGNS = {"add": "+", "subtract": "-", "multiply": "*", "true_divide": "/", "power": "**", "dot": "\\dot"}


def pp(expression: Any) -> str:
    """An expression as text, such as `(x ** TensorConstant{2})`."""
    if isinstance(expression, Constant):
        return f"TensorConstant{{{expression.value}}}"
    if not isinstance(expression, Node):
        return f"TensorConstant{{{expression}}}"
    if not expression.inputs:
        return str(expression.name)
    parts = [pp(one) for one in expression.args if one is not None]
    sign = _SIGNS.get(str(getattr(expression.function, "__name__", "")))
    return (
        f"({f' {sign} '.join(parts)})"
        if sign and len(parts) == 2
        else f"{expression.name}({', '.join(parts)})"
    )


pprint = pp


def debugprint(obj: Any, depth: int = -1, file: Any = None, **_: Any) -> None:
    """Print an expression, or the outputs of a function, as an indented tree."""
    outputs = obj.outputs if isinstance(obj, Function) else obj
    for one in outputs if isinstance(outputs, (list, tuple)) else [outputs]:
        _print_tree(one, 0, file or sys.stdout)


def _print_tree(node: Any, level: int, file: Any) -> None:
    print(" |" * level + str(getattr(node, "name", node)), file=file)
    for one in getattr(node, "inputs", ()):
        _print_tree(one, level + 1, file)


def pydotprint(fct: Any, outfile: Any = None, format: str = "png", **_: Any) -> None:
    """Draw an expression, or the outputs of a function, in a file."""
    outputs = fct.outputs if isinstance(fct, Function) else fct
    path = Path(outfile or f"theano.pydotprint.{config.device}.{format}")
    plot_graph(nodes_in(outputs), path if path.suffix else path.with_suffix(f".{format}"))
    print(f"The output file is available at {path}")


class Print:
    """A function that prints the value of an expression whenever it is computed."""

    def __init__(self, message: str = "", attrs: Any = ("__str__",), **_: Any) -> None:
        self.message = message

    def __call__(self, x: Any) -> Any:
        return apply(_printing(self.message), x, name="Print")


def _printing(message: str) -> Callable[[Any], Any]:
    def printed(x: Any) -> Any:
        jax.debug.print("{message} __str__ = {x}", message=message, x=x)
        return x

    return printed
