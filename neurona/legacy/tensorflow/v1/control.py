"""`tf.cond`, `tf.while_loop` and their kin: functions that build steps, over `neurona.graph`'s parts."""

import functools
from collections.abc import Callable
from typing import Any

import jax

from neurona.graph import Node
from neurona.graph import cond as cond_of
from neurona.graph import scan as scan_of
from neurona.graph import while_loop as loop_of
from neurona.legacy.tensorflow import control as of_tensors
from neurona.legacy.tensorflow.dtypes import int32
from neurona.legacy.tensorflow.tensor import Tensor
from neurona.legacy.tensorflow.v1.graph import get_default_graph
from neurona.legacy.tensorflow.v1.tensor import (
    GraphTensor,
    Operation,
    constant,
    convert,
    draw,
)
from neurona.legacy.tensorflow.v1.variables import no_op
from neurona.legacy.tensorflow.widths import wide


def _or_of_tensors(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function that computes at once where it is given tensors that have numbers, as TensorFlow 2's do."""

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        leaves = jax.tree.leaves((args, kwargs), is_leaf=lambda one: isinstance(one, Tensor))
        has_numbers = any(type(one) is Tensor or isinstance(one, jax.Array) for one in leaves)
        if has_numbers and not any(isinstance(one, GraphTensor) for one in leaves):
            return getattr(of_tensors, function.__name__)(*args, **kwargs)
        return function(*args, **kwargs)

    return call


@_or_of_tensors
def cond(
    pred: Any,
    true_fn: Callable[[], Any] | None = None,
    false_fn: Callable[[], Any] | None = None,
    strict: bool = False,
    name: str = "cond",
    fn1: Any = None,
    fn2: Any = None,
) -> Any:
    """What one function builds where a condition is true, else what the other builds."""
    true_fn, false_fn = true_fn or fn1, false_fn or fn2
    if true_fn is None or false_fn is None:
        raise TypeError("tf.cond takes true_fn and false_fn.")
    if isinstance(pred, bool):
        return true_fn() if pred else false_fn()
    results: list[Any] = []
    graph = get_default_graph()
    with graph.name_scope(name), wide():
        built = cond_of(
            convert(pred).node,
            lambda: _nodes(true_fn(), results),
            lambda: _nodes(false_fn(), results),
            graph.before(),
        )
        return _as_tensors(built, results[0], "Merge")


def _nodes(built: Any, results: list[Any]) -> Any:
    """What a branch returned, as nodes; the branch's own structure is kept in `results`."""
    leaves, form = _flat(built)
    results.append((form, leaves))
    return [_node(one) for one in leaves]


def _node(one: Any) -> Node:
    if isinstance(one, Operation):
        with get_default_graph().control_dependencies([one]):
            return constant(0).node if not one.graph_nodes else draw(_zero, (), default="NoOp").node
    return convert(one).node


def _zero() -> Any:
    return jax.numpy.zeros((), "int32")


def _flat(tree: Any) -> tuple[list[Any], Any]:
    """The leaves of a structure of tensors, operations and numbers."""
    tree = no_op() if tree is None else tree
    return jax.tree.flatten(tree, is_leaf=lambda leaf: hasattr(leaf, "graph_nodes"))


def _as_tensors(nodes: list[Node], result: Any, name: str) -> Any:
    """Nodes in the structure of what a function returned."""
    form, leaves = result
    graph = get_default_graph()
    tensors = []
    for node, one in zip(nodes, leaves, strict=True):
        operation = Operation(graph.unique_name(name), name, [node], (), graph)
        if isinstance(one, Operation):
            tensors.append(operation)
        else:
            tensors.append(GraphTensor(node, operation))
    return jax.tree.unflatten(form, tensors)


def case(
    pred_fn_pairs: Any, default: Any = None, exclusive: bool = False, strict: bool = False, name: str = "case"
) -> Any:
    """What the function of the first condition that is true builds, else the default's."""
    pairs = list(pred_fn_pairs.items() if isinstance(pred_fn_pairs, dict) else pred_fn_pairs)
    if default is None:
        *pairs, (_, default) = pairs
    if not pairs:
        return default()
    (first, build), *rest = pairs
    return cond(first, build, lambda: case(rest, default) if rest else default(), name=name)


def switch_case(branch_index: Any, branch_fns: Any, default: Any = None, name: str = "switch_case") -> Any:
    """What the function of a number builds."""
    pairs = list(branch_fns.items()) if isinstance(branch_fns, dict) else list(enumerate(branch_fns))
    pairs = [one if isinstance(one, tuple) else (place, one) for place, one in pairs]
    index = convert(branch_index)
    chosen = [(draw(_is_number, (index, number)), build) for number, build in pairs]
    return case(chosen, default or pairs[-1][1], name=name)


def _is_number(value: Any, number: int) -> Any:
    return value == number


@_or_of_tensors
def while_loop(
    cond: Callable[..., Any],
    body: Callable[..., Any],
    loop_vars: Any,
    shape_invariants: Any = None,
    parallel_iterations: int = 10,
    back_prop: bool = True,
    swap_memory: bool = False,
    name: str | None = None,
    maximum_iterations: Any = None,
    return_same_structure: bool = False,
) -> Any:
    """The variables of a loop after its last step."""
    graph = get_default_graph()
    with graph.name_scope(name or "while"), wide():
        leaves, form = _flat(loop_vars)
        start, specs = [convert(one) for one in leaves], list[Any]()

        def called(function: Callable[..., Any], nodes: tuple[Node, ...]) -> Any:
            tensors = list(map(_parameter, nodes))
            variables = jax.tree.unflatten(form, tensors)
            return function(*variables) if isinstance(variables, (list, tuple)) else function(variables)

        def next_values(*nodes: Node) -> list[Node]:
            new = called(body, nodes)
            found, _ = _flat(new)
            made = [convert(one, old.dtype).node for one, old in zip(found, start, strict=True)]
            specs.extend(node.spec for node in made)
            return made

        most = None if maximum_iterations is None else int(maximum_iterations)
        last = loop_of(
            lambda *nodes: convert(called(cond, nodes)).node,
            next_values,
            [one.node for one in start],
            most,
            graph.before(),
        )
        for node, old, spec in zip(last, start, specs):
            if old.op.type == "TensorArray":  # whose rows have a shape when they are written
                node.spec = spec
        result = _as_tensors(last, (form, start), "Exit")
        alone = isinstance(loop_vars, (list, tuple)) and len(loop_vars) == 1 and not return_same_structure
        return result[0] if alone else result


def _parameter(node: Node) -> GraphTensor:
    """A tensor for a parameter of a part."""
    graph = get_default_graph()
    operation = Operation(graph.unique_name("Identity"), "Identity", [node], (), graph)
    return GraphTensor(node, operation)


@_or_of_tensors
def map_fn(
    fn: Callable[..., Any],
    elems: Any,
    dtype: Any = None,
    parallel_iterations: Any = None,
    back_prop: bool = True,
    swap_memory: bool = False,
    infer_shape: bool = True,
    name: str | None = None,
    fn_output_signature: Any = None,
) -> Any:
    """A function of each element along the first axis, stacked."""
    leaves, form = _flat(elems)
    tensors, results = [convert(one) for one in leaves], list[Any]()

    def step(*nodes: Node) -> Any:
        built = _nodes(fn(jax.tree.unflatten(form, list(map(_parameter, nodes)))), results)
        return [], built

    graph = get_default_graph()
    with graph.name_scope(name or "map"):
        _, stacked = scan_of(step, [one.node for one in tensors], after=graph.before())
        return _as_tensors(stacked, results[0], "TensorArrayStack")


@_or_of_tensors
def scan(
    fn: Callable[..., Any],
    elems: Any,
    initializer: Any = None,
    parallel_iterations: int = 10,
    back_prop: bool = True,
    swap_memory: bool = False,
    infer_shape: bool = True,
    reverse: bool = False,
    name: str | None = None,
) -> Any:
    """All values of `a = fn(a, element)`, stacked."""
    return _folded(fn, elems, initializer, reverse, name or "scan", keep=True)


@_or_of_tensors
def foldl(
    fn: Callable[..., Any], elems: Any, initializer: Any = None, *_: Any, name: str = "foldl", **__: Any
) -> Any:
    """The last value of `a = fn(a, element)`."""
    return _folded(fn, elems, initializer, False, name, keep=False)


@_or_of_tensors
def foldr(
    fn: Callable[..., Any], elems: Any, initializer: Any = None, *_: Any, name: str = "foldr", **__: Any
) -> Any:
    """The last value of `a = fn(a, element)`, from the last element on."""
    return _folded(fn, elems, initializer, True, name, keep=False)


def _folded(
    fn: Callable[..., Any], elems: Any, initializer: Any, reverse: bool, name: str, keep: bool
) -> Any:
    graph = get_default_graph()
    with graph.name_scope(name):
        leaves, form = _flat(elems)
        tensors = [convert(one) for one in leaves]
        first = None
        if initializer is None:
            first = jax.tree.unflatten(form, [one[-1 if reverse else 0] for one in tensors])
            initializer, tensors = first, [one[:-1] if reverse else one[1:] for one in tensors]
        begun, shape = _flat(initializer)
        carried = [convert(one) for one in begun]

        def step(elements: list[Any], before: list[Any]) -> tuple[list[Any], list[Any]]:
            new, _ = _flat(fn(jax.tree.unflatten(shape, before), jax.tree.unflatten(form, elements)))
            built = [convert(one, old.dtype) for one, old in zip(new, carried, strict=True)]
            return built, built if keep else []

        last, stacked = steps_of(step, tensors, carried, reverse=reverse)
        if keep and first is not None:
            pairs = zip(_flat(first)[0], stacked, strict=True)
            stacked = [draw(_joined, (one, many, reverse)) for one, many in pairs]
        return jax.tree.unflatten(shape, stacked if keep else last)


def _joined(one: Any, many: Any, reverse: bool) -> Any:
    parts = [many, one[None]] if reverse else [one[None], many]
    return jax.numpy.concatenate(parts)


def steps_of(
    step: Callable[..., Any],
    sequences: list[Any],
    carried: list[Any],
    length: Any = None,
    reverse: bool = False,
    until: int | None = None,
) -> tuple[list[GraphTensor], list[GraphTensor]]:
    """A step for each element along the first axis: the last carried values, and all outputs stacked.

    Args:
        step: from elements and carried values to (next carried values, outputs), lists of tensors.
        sequences: of equal lengths.
        carried: the first values.
        length: how many steps, without sequences.
        reverse: begin with the last element.
        until: without both, which of the carried values ends the steps when it is true everywhere.
    """
    tensors = [convert(one) for one in sequences]
    begun = [convert(one) for one in carried]

    def built(*nodes: Node) -> Any:
        given = list(map(_parameter, nodes))
        last, out = step(given[: len(tensors)], given[len(tensors) :])
        return [one.node for one in last], [one.node for one in out]

    graph = get_default_graph()
    count = None if length is None else convert(length, int32).node
    with wide():
        nodes = [one.node for one in tensors], [one.node for one in begun]
        last, stacked = scan_of(built, *nodes, count, reverse, graph.before(), until)
    return list(map(_parameter, last)), list(map(_parameter, stacked))
