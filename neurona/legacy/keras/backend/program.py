"""Programs: the calls that lead from fed symbolic tensors to wanted ones, run or compiled, and gradients."""

import functools
from collections.abc import Iterable
from typing import Any

import jax
import jax.core
import jax.numpy as jnp

from neurona.core.errors import ArgumentError, DataError, TracingError
from neurona.core.layer import Layer
from neurona.core.policy import is_float
from neurona.core.random import new_key
from neurona.core.scope import Scope, current_scope
from neurona.core.symbolic import Node, Operation, SymbolicTensor, is_symbolic, record
from neurona.core.variable import Variable
from neurona.layers.input import InputLayer


def _key(tensor: SymbolicTensor) -> tuple[Any, int]:
    """What tells a tensor from all others: its call and which output; itself where it has no call."""
    return (tensor if tensor.node is None else tensor.node, tensor.index)


def is_entrance(tensor: SymbolicTensor) -> bool:
    """Whether a tensor has no history: it has a value only where it is fed."""
    return tensor.node is None or isinstance(tensor.node.operation, InputLayer)


class Program:
    """The calls that lead from given tensors to wanted ones.

    Args:
        wanted: a tree of symbolic tensors; variables and arrays in it are read as they are.
        given: the tensors whose values are known. They may lie in the middle of a graph.

    Attributes:
        nodes: the calls, in an order in which they can run.
        entrances: the tensors without history that are wanted but not given.
    """

    def __init__(self, wanted: Any, given: Iterable[SymbolicTensor] = ()) -> None:
        self.wanted, self.given = wanted, list(given)
        self._given = {_key(tensor) for tensor in self.given}
        self.nodes: list[Node] = []
        self.entrances: list[SymbolicTensor] = []
        self._order()

    def _order(self) -> None:
        seen: set[Any] = set()
        stack = [(leaf, False) for leaf in reversed(jax.tree.leaves(self.wanted)) if is_symbolic(leaf)]
        while stack:
            tensor, leaving = stack.pop()
            key = _key(tensor)
            if leaving:
                self.nodes.append(tensor.node)
            elif key in self._given or key[0] in seen:
                continue
            elif is_entrance(tensor):
                seen.add(key[0])
                self.entrances.append(tensor)
            else:
                seen.add(key[0])
                stack.append((tensor, True))
                stack.extend((parent, False) for parent in reversed(tensor.node.inputs))

    @functools.cached_property
    def variables(self) -> list[Variable]:
        """The variables that the calls read."""
        found: dict[Variable, None] = {}
        leaves = [leaf for node in self.nodes for leaf in jax.tree.leaves((node.args, node.kwargs))]
        for leaf in (*leaves, *jax.tree.leaves(self.wanted)):
            if isinstance(leaf, Variable):
                found[leaf] = None
        for node in self.nodes:
            if isinstance(node.operation, (Layer, Gradients)):
                found.update(dict.fromkeys(node.operation.variables))
        return list(found)

    def run(self, values: list[Any], shifts: dict[Any, Any] | None = None) -> Any:
        """The wanted tensors, for values of the given ones.

        Args:
            values: in the order of `given`.
            shifts: what to add to tensors when they are computed, by their keys.

        Raises:
            DataError: a placeholder is needed that is not given.
        """
        if self.entrances:
            names = ", ".join(repr(tensor.name) for tensor in self.entrances)
            raise DataError(
                f"A value is wanted that depends on the placeholder {names}, which was not fed. Give it in "
                "the inputs of K.function, or in feed_dict."
            )
        shifts = shifts or {}
        table: dict[Any, Any] = {}

        def put(key: Any, value: Any) -> None:
            table[key] = value + shifts[key] if key in shifts else value

        def fill(leaf: Any) -> Any:
            return table[_key(leaf)] if is_symbolic(leaf) else leaf

        for tensor, value in zip(self.given, values, strict=True):
            put(_key(tensor), value)
        for node in self.nodes:
            args, kwargs = jax.tree.map(fill, (node.args, node.kwargs))
            outputs = node.operation(*args, **kwargs)
            for index, value in enumerate(jax.tree.leaves(outputs)):
                if (node, index) not in self._given:
                    put((node, index), value)
        return jax.tree.map(lambda leaf: value_of(fill(leaf)), self.wanted)

    def __call__(self, values: list[Any], training: bool = False) -> Any:
        """The wanted tensors as arrays, computed by one compiled program."""
        feeds = [
            jnp.asarray(value_of(value), tensor.dtype)
            for tensor, value in zip(self.given, values, strict=True)
        ]
        states = [variable.value for variable in self.variables]
        return self._compiled(states, feeds, new_key(), training)

    @functools.cached_property
    def _compiled(self) -> Any:
        def pure(states: list[Any], feeds: list[Any], key: jax.Array, training: bool) -> Any:
            with Scope(dict(zip(self.variables, states)), key, training=training):
                return self.run(feeds)

        return jax.jit(pure, static_argnums=3)


def value_of(value: Any) -> Any:
    """A variable's value; anything else as it is."""
    return value.value if isinstance(value, Variable) else value


class HistoryNeeded(TracingError):
    """Gradients are asked for in the code of a layer, which computes from arrays without a history."""


class Gradients(Operation):
    """The derivatives of a sum with respect to tensors and variables, as a step of a graph.

    It computes again what lies between the graph's entrances and the sum; the compiler joins it with the
    first time.
    """

    def __init__(self, losses: Any, tensors: list[SymbolicTensor], variables: list[Variable]) -> None:
        super().__init__("Gradients", self.differentiate)
        self.tensors, self.read_variables = tensors, variables
        self.entrances = Program([losses, tensors]).entrances
        self._losses = Program(losses, self.entrances)
        self._values = Program(tensors, self.entrances)

    @property
    def variables(self) -> list[Variable]:
        """The variables that are read on the way."""
        return list(dict.fromkeys([*self._losses.variables, *self._values.variables, *self.read_variables]))

    def differentiate(self, feeds: list[Any]) -> list[Any]:
        """One derivative for each tensor, then for each variable."""
        outer = current_scope() or Scope()

        def total(shifts: list[Any], values: list[Any]) -> Any:
            table = {**(outer.values or {}), **dict(zip(self.read_variables, values, strict=True))}
            with Scope(table, outer.key, outer.step, outer.training, outer.positions):
                losses = self._losses.run(feeds, dict(zip(map(_key, self.tensors), shifts, strict=True)))
            return sum(jnp.sum(loss) for loss in jax.tree.leaves(losses))

        shifts = [jnp.zeros_like(value) for value in self._values.run(feeds)]
        values = [variable.value for variable in self.read_variables]
        of_tensors, of_variables = jax.grad(total, argnums=(0, 1))(shifts, values)
        return [*of_tensors, *of_variables]


def gradients(loss: Any, variables: Any) -> list[Any]:
    """The derivatives of the sum of `loss` with respect to tensors and variables, one symbolic tensor each;
    None for what the loss does not depend on.
    """
    wanted = list(variables) if isinstance(variables, (list, tuple)) else [variables]
    losses = [leaf for leaf in jax.tree.leaves(loss) if is_symbolic(leaf)]
    _check_differentiable(loss, losses, wanted)
    met = _met_on_the_way(Program(losses))
    used = [one for one in wanted if _mark(one) in met]
    tensors = [one for one in used if is_symbolic(one)]
    weights = [one for one in used if not is_symbolic(one)]
    operation = Gradients(losses, tensors, weights)
    specs = [type(losses[0])(one.shape, one.dtype) for one in (*tensors, *weights)]
    found = record(operation, (operation.entrances,), {}, specs)
    table = dict(zip(map(_mark, (*tensors, *weights)), found, strict=True))
    return [table.get(_mark(one)) for one in wanted]


def _mark(one: Any) -> Any:
    return _key(one) if is_symbolic(one) else id(one)


def _met_on_the_way(program: Program) -> set[Any]:
    """The marks of all tensors and variables that a program reads."""
    made = {(node, index) for node in program.nodes for index, _ in enumerate(jax.tree.leaves(node.outputs))}
    return made | set(map(_mark, (*program.entrances, *program.variables)))


def _check_differentiable(loss: Any, losses: list[Any], wanted: list[Any]) -> None:
    if any(isinstance(leaf, jax.core.Tracer) for leaf in jax.tree.leaves((loss, wanted))):
        raise HistoryNeeded(
            "K.gradients needs the symbolic tensors that a model is drawn with, and was called while a "
            "layer, a loss or a step computes. Call the layer on symbolic tensors, or use jax.grad there."
        )
    if not losses:
        raise ArgumentError(
            "K.gradients differentiates an expression of symbolic tensors, such as model.output or "
            f"K.placeholder. Received: loss={loss!r}. For a function of arrays use jax.grad."
        )
    for one in wanted:
        if not isinstance(one, (SymbolicTensor, Variable)) or not is_float(one.dtype):
            raise ArgumentError(
                "K.gradients: variables are symbolic tensors or variables of floating-point numbers. "
                f"Received: {one!r}"
            )
