"""`theano.gradient`: derivatives of expressions."""

import warnings
from typing import Any

import jax
import jax.numpy as jnp

from neurona.errors import ArgumentError
from neurona.graph import Node, gradients
from neurona.legacy.theano.loops import scan
from neurona.legacy.theano.settings import wide
from neurona.legacy.theano.variables import apply, as_tensor_variable, cast, named


class DisconnectedInputError(ValueError):
    """A variable on which the cost does not depend."""


class NullTypeGradError(TypeError):
    """A gradient that is not defined."""


class DisconnectedType:
    """The type of gradients that do not exist."""


def grad(
    cost: Any,
    wrt: Any,
    consider_constant: Any = None,
    disconnected_inputs: str = "raise",
    add_names: bool = True,
    known_grads: Any = None,
    return_disconnected: str = "zero",
    null_gradients: str = "raise",
) -> Any:
    """The gradients of a cost with respect to variables: one, or a list as `wrt` is one.

    Args:
        cost: a scalar, or None where `known_grads` is given.
        wrt: a variable, or a list of them.
        consider_constant: expressions that gradients do not pass through.
        disconnected_inputs: "raise", "warn" or "ignore" where the cost does not depend on a variable.
        known_grads: the gradients with respect to expressions, from which to go on.

    Raises:
        DisconnectedInputError: the cost does not depend on a variable.
        TypeError: the cost is no scalar.
    """
    several = isinstance(wrt, (list, tuple))
    asked = list(wrt) if several else [wrt]
    known = dict(known_grads or {})
    ends = ([] if cost is None else [cost]) + list(known)
    factors = ([] if cost is None else [None]) + list(known.values())
    with wide():
        if cost is not None and cost.ndim:
            raise TypeError(
                f"cost must be a scalar, and this one has {cost.ndim} dimensions: take its mean or sum."
            )
        if cost is not None and not cost.dtype.startswith("float"):
            ends[0] = cast(cost, "float64")
        found = gradients(ends, asked, factors, consider_constant or ())
    result = [_connected(one, x, disconnected_inputs) for one, x in zip(found, asked, strict=True)]
    return result if several and isinstance(wrt, list) else tuple(result) if several else result[0]


def _connected(gradient: Node | None, x: Any, how: str) -> Any:
    if gradient is not None:
        return named(gradient)
    text = f"theano.grad: the cost does not depend on {getattr(x, 'given_name', None) or repr(x)}."
    if how == "raise":
        raise DisconnectedInputError(f"{text} To get zeros: disconnected_inputs='ignore'.")
    if how == "warn":
        warnings.warn(text, UserWarning, stacklevel=4)
    return apply(jnp.zeros_like, x)


def Lop(
    f: Any, wrt: Any, eval_points: Any, consider_constant: Any = None, disconnected_inputs: str = "raise"
) -> Any:
    """The product of a vector with the Jacobian: `eval_points` has the shape of `f`."""
    known = dict(zip(_as_list(f), map(as_tensor_variable, _as_list(eval_points)), strict=True))
    return grad(None, wrt, consider_constant, disconnected_inputs, known_grads=known)


def Rop(f: Any, wrt: Any, eval_points: Any) -> Any:
    """The product of the Jacobian with a vector: `eval_points` has the shape of `wrt`."""
    factor = apply(jnp.zeros_like, f)
    pulled = _as_list(Lop(f, wrt, factor))
    total = sum((one * point).sum() for one, point in zip(pulled, _as_list(eval_points), strict=True))
    return grad(total, factor)


def jacobian(
    expression: Any, wrt: Any, consider_constant: Any = None, disconnected_inputs: str = "raise"
) -> Any:
    """The gradient of each element of a vector, one above the other."""
    if expression.ndim != 1:
        raise ArgumentError(
            f"jacobian takes a vector. Received: a variable with {expression.ndim} dimensions."
        )

    def row(place: Any, *_: Any) -> Any:
        return grad(expression[place], wrt, consider_constant, disconnected_inputs)

    places = apply(lambda x: jnp.arange(len(x)), expression)
    return scan(row, sequences=places)[0]


def hessian(cost: Any, wrt: Any, consider_constant: Any = None, disconnected_inputs: str = "raise") -> Any:
    """The second derivatives of a cost with respect to a vector, or to each of a list."""
    if isinstance(wrt, (list, tuple)):
        return [hessian(cost, one, consider_constant, disconnected_inputs) for one in wrt]
    first = grad(cost, wrt, consider_constant, disconnected_inputs)
    return jacobian(first, wrt, consider_constant, "ignore")


def _as_list(given: Any) -> list[Any]:
    return list(given) if isinstance(given, (list, tuple)) else [given]


def disconnected_grad(x: Any) -> Any:
    """The same numbers; gradients do not pass."""
    return apply(jax.lax.stop_gradient, x)


zero_grad = consider_constant = disconnected_grad


def grad_clip(x: Any, lower_bound: Any, upper_bound: Any) -> Any:
    """The same numbers; gradients that pass are clipped."""
    return apply(_clipped(float(lower_bound), float(upper_bound)), x, name="GradClip")


def grad_scale(x: Any, multiplier: float) -> Any:
    """The same numbers; gradients that pass are multiplied."""
    return apply(
        lambda one: multiplier * one + jax.lax.stop_gradient((1 - multiplier) * one), x, name="GradScale"
    )


def _clipped(lower: float, upper: float) -> Any:
    @jax.custom_vjp
    def same(x: Any) -> Any:
        return x

    same.defvjp(lambda x: (x, None), lambda _, change: (jnp.clip(change, lower, upper),))
    return same
