"""`theano.Op`: operations that a program writes itself, in Python.

The method `perform` runs on the host, between what XLA compiles; `grad` is an expression, and is compiled.
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.core
import numpy as np

from neurona.core.policy import is_float
from neurona.errors import ArgumentError
from neurona.graph import Spec, compile_graph
from neurona.legacy.theano.variables import Apply, Computed, Input, Tensor, TensorType, as_tensor_variable


class Op:
    """The base of a program's own operations.

    `make_node` gives the `Apply` with the types of the outputs, or `itypes` and `otypes` are lists of types.
    `perform(node, inputs, output_storage)` computes with NumPy's arrays. `infer_shape` lets XLA compile what
    lies around the operation, `grad` lets gradients pass.

    Example:

        >>> class Double(Op):
        ...     itypes = otypes = [TensorType("float64", (False,))]
        ...     def perform(self, node, inputs, output_storage):
        ...         output_storage[0][0] = 2 * inputs[0]
        >>> Double()([1.0, 2.0]).eval().tolist()
        [2.0, 4.0]
    """

    itypes: Any = None
    otypes: Any = None
    __props__: tuple[str, ...] = ()

    def make_node(self, *inputs: Any) -> Apply:
        """The node for some inputs, by the types that the class tells."""
        if self.itypes is None or self.otypes is None:
            raise ArgumentError(f"{type(self).__name__} needs a method make_node, or itypes and otypes.")
        taken = [as_tensor_variable(one) for one in inputs]
        if len(taken) != len(self.itypes):
            raise ArgumentError(f"{self} takes {len(self.itypes)} inputs. Received: {len(taken)}.")
        return Apply(self, taken, [kind() for kind in self.otypes])

    def __call__(self, *inputs: Any, **options: Any) -> Any:
        if not hasattr(self, "perform"):
            raise ArgumentError(
                f"{type(self).__name__} is a theano.Op with code that XLA can't compile. Write it with the "
                "functions of theano.tensor."
            )
        node = self.make_node(*inputs)
        outputs = _outputs(node)
        return outputs[0] if len(outputs) == 1 and not options.get("return_list") else outputs

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self._props() == type(self)._props(other)  # pyright: ignore[reportArgumentType]

    def __hash__(self) -> int:
        return hash((type(self), self._props()))

    def _props(self) -> tuple[Any, ...]:
        return tuple(getattr(self, name) for name in self.__props__)

    def __str__(self) -> str:
        shown = ", ".join(f"{name}={getattr(self, name)}" for name in self.__props__)
        return type(self).__name__ + (f"{{{shown}}}" if shown else "")


def as_op(
    itypes: Any, otypes: Any, infer_shape: Callable[..., Any] | None = None
) -> Callable[[Callable[..., Any]], Op]:
    """Decorator that makes an operation of a function of NumPy's arrays."""

    def decorate(function: Callable[..., Any]) -> Op:
        def perform(self: Any, node: Any, inputs: Any, output_storage: Any) -> None:
            results = function(*inputs)
            several = results if isinstance(results, (tuple, list)) else [results]
            for storage, result in zip(output_storage, several, strict=True):
                storage[0] = result

        listed = [list(one) if isinstance(one, (list, tuple)) else [one] for one in (itypes, otypes)]
        members: dict[str, Any] = {"itypes": listed[0], "otypes": listed[1], "perform": perform}
        if infer_shape is not None:
            members["infer_shape"] = staticmethod(infer_shape)
        return type(function.__name__, (Op,), members)()

    return decorate


def _outputs(node: Apply) -> list[Any]:
    """The variables of a node's outputs, computed by its operation."""
    specs = [Spec(tuple(1 if one else None for one in out.broadcastable), out.dtype) for out in node.outputs]
    made = Computed(_Performing(node), node.inputs, name=str(node.op))
    if len(specs) == 1:
        made.spec, made.made_by = specs[0], node
        outputs: list[Any] = [made]
    else:
        made.spec = tuple(specs)
        outputs = [_part(made, place, spec, node) for place, spec in enumerate(specs)]
    kinds = node.outputs
    node.outputs = outputs
    made.function.kinds = kinds  # pyright: ignore[reportFunctionMemberAccess]
    return outputs


def _part(made: Any, place: int, spec: Spec, node: Apply) -> Any:
    part = Computed(lambda results: results[place], (made,), name=f"{node.op}.{place}")
    part.spec, part.made_by = spec, node
    return part


class _Performing:
    """The function of arrays that an operation computes, with its gradient."""

    kinds: list[Any]

    def __init__(self, node: Apply) -> None:
        self.node, self.op = node, node.op
        self.__name__ = type(node.op).__name__
        self._call = jax.custom_vjp(self._performed)
        self._call.defvjp(lambda *values: (self._performed(*values), values), self._pulled)

    def __call__(self, *values: Any) -> Any:
        return self._call(*values)

    def _performed(self, *values: Any) -> Any:
        if hasattr(self.op, "infer_shape") and any(isinstance(one, jax.core.Tracer) for one in values):
            shapes = self.op.infer_shape(self.node, [tuple(map(int, np.shape(one))) for one in values])
            told = [
                jax.ShapeDtypeStruct(tuple(map(int, shape)), kind.dtype)
                for shape, kind in zip(shapes, self.kinds, strict=True)
            ]
            results = jax.pure_callback(self._on_host, told, *values)
        else:  # NumPy refuses what JAX traces: the graph is then computed node by node
            results = self._on_host(*map(np.asarray, values))
        return results[0] if len(results) == 1 else tuple(results)

    def _on_host(self, *values: Any) -> list[Any]:
        storage: list[list[Any]] = [[None] for _ in self.kinds]
        self.op.perform(self.node, [np.asarray(value) for value in values], storage)
        return [np.asarray(one[0], kind.dtype) for one, kind in zip(storage, self.kinds, strict=True)]

    def _pulled(self, values: Any, changes: Any) -> tuple[Any, ...]:
        """The gradients with respect to the inputs, by the expression that `grad` gives."""
        pulled = self._expression()
        given = [*values, *(changes if isinstance(changes, tuple) else (changes,))]
        return tuple(
            jax.numpy.asarray(one, value.dtype) if one is not None and is_float(value.dtype) else None
            for one, value in zip(pulled(given), values, strict=True)
        )

    def _expression(self) -> Callable[[list[Any]], list[Any]]:
        inputs = [Input(TensorType(one.dtype, one.broadcastable)) for one in self.node.inputs]
        factors = [Input(TensorType(one.dtype, one.broadcastable)) for one in self.kinds]
        if hasattr(self.op, "L_op"):
            found = self.op.L_op(inputs, self.op.make_node(*inputs).outputs, factors)
        elif hasattr(self.op, "grad"):
            found = self.op.grad(inputs, factors)
        else:
            raise ArgumentError(f"{self.op} has no method grad, so gradients do not pass it.")
        wanted = [one if isinstance(one, Tensor) else None for one in found]
        program = compile_graph([*inputs, *factors], [one for one in wanted if one is not None])

        def pulled(given: list[Any]) -> list[Any]:
            values = iter(program(*given))
            return [None if one is None else next(values) for one in wanted]

        return pulled
