"""Layers under a gradient tape: each call of Neurona's own layers is one compiled program."""

import weakref
from collections.abc import Hashable
from typing import Any

import jax

from neurona.core.annotations import LOGITS, MASK, Logits
from neurona.core.layer import Layer
from neurona.core.random import as_key, key_of
from neurona.core.registry import is_built_in
from neurona.core.scope import Scope, current_scope
from neurona.core.variable import Variable
from neurona.layers import Lambda
from neurona.legacy.tensorflow.recording import computed

_PLAIN = (type(None), bool, int, float, str)


class _Static:
    """What is compiled into a program: an argument that is no array."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, _Static) and type(self.value) is type(other.value) and self.value == other.value
        )

    def __hash__(self) -> int:
        return hash(self.value)


jax.tree_util.register_static(_Static)


class Node:
    """A layer as a compiled function of its variables and arguments."""

    def __init__(self, layer: Layer) -> None:
        self.version = -1
        self._layer = weakref.ref(layer)
        self._signature: Hashable = None
        self.variables: list[Variable] = []
        self.is_pure, self.calls = False, 0

    def refresh(self) -> None:
        """Look at the layer again where any layer has changed."""
        layer: Any = self._layer()
        if self.version == Layer._structure_version:
            return
        parts = list(layer._flatten_layers())
        signature = tuple(map(_signature_of, parts))
        if signature != self._signature:
            self._signature = signature
            self.is_pure = _is_drawn(layer) or all(_is_own(part) for part in parts)
            self.variables = layer.variables
            self._program = jax.jit(self._run)
        self.version = Layer._structure_version

    def _run(self, values: list[Any], given: Any, masks: Any, key: jax.Array, number: Any) -> Any:
        layer: Any = self._layer()
        args, kwargs = jax.tree.map(_freed, given, is_leaf=lambda one: isinstance(one, _Static))
        for leaf, mask in zip(jax.tree.leaves((args, kwargs)), masks):
            if mask is not None:
                MASK.set(leaf, mask)
        training = kwargs.pop("training", None)
        table = dict(zip(self.variables, values))
        with Scope(table, key, number, training, layer._positions()) as scope:
            outputs = layer(*args, **kwargs)
            losses = list(scope.losses)
        new = {
            place: table[variable]
            for place, (variable, value) in enumerate(zip(self.variables, values))
            if table[variable] is not value
        }
        leaves = jax.tree.leaves(outputs)
        logits = [LOGITS.get(leaf) for leaf in leaves]
        notes = [None if one is None else (_Static(one.activation), one.values) for one in logits]
        return outputs, new, losses, [MASK.get(leaf) for leaf in leaves], notes

    def __call__(self, args: tuple, kwargs: dict[str, Any]) -> Any:
        layer: Any = self._layer()
        scope = current_scope()
        if scope is not None and "training" not in kwargs:
            kwargs = {**kwargs, "training": scope.training}
        given = jax.tree.map(_held, (args, kwargs), is_leaf=lambda one: one is None)
        leaves = [leaf for leaf in jax.tree.leaves((args, kwargs)) if hasattr(leaf, "shape")]
        masks = [MASK.get(leaf) for leaf in leaves]
        values = [variable.value for variable in self.variables]
        number = self.calls if scope is None else scope.next_draw(("node", id(layer)))
        self.calls += 1
        everything = values, given, masks, as_key(None), number
        program = self._program
        outputs, new, losses, out_masks, notes = computed(lambda all_: program(*all_), everything, program)
        for place, value in new.items():
            Variable.assign(self.variables[place], value)
        if scope is None:
            object.__setattr__(layer, "_call_losses", losses)
        else:
            scope.losses.extend(losses)
        for leaf, mask, note in zip(jax.tree.leaves(outputs), out_masks, notes):
            if mask is not None:
                MASK.set(leaf, mask)
            if note is not None:
                LOGITS.set(leaf, Logits(note[0].value, note[1]))
        return outputs


_nodes: "weakref.WeakKeyDictionary[Any, Node]" = weakref.WeakKeyDictionary()


def node_of(layer: Any, args: tuple, kwargs: dict[str, Any]) -> Node | None:
    """The layer as a node, or None where its code must run step by step.

    Args:
        layer: to be called.
        args, kwargs: arrays and plain values; the layer is built for them.
    """
    leaves = jax.tree.leaves((args, kwargs))
    if _is_drawn(layer) and _has_output_of_output(layer):
        return None  # a tape may be asked for the gradient of one output with respect to another
    if not all(isinstance(leaf, (jax.Array, *_PLAIN)) or _is_numeric(leaf) for leaf in leaves):
        return None
    if not all(part.built for part in layer._flatten_layers()):
        if not (_is_drawn(layer) or all(_is_own(part) for part in layer._flatten_layers())):
            return None
        _build(layer, args, kwargs)
    node = _nodes.get(layer)
    if node is None:
        node = _nodes[layer] = Node(layer)
    node.refresh()
    return node if node.is_pure else None


def _build(layer: Any, args: tuple, kwargs: dict[str, Any]) -> None:
    """Create the weights of a layer and of its parts."""

    def run(given: Any) -> Any:
        args, kwargs = jax.tree.map(_freed, given, is_leaf=lambda one: isinstance(one, _Static))
        with Scope({}, key_of(0)):
            return layer(*args, **kwargs)

    jax.eval_shape(run, jax.tree.map(_held, (args, kwargs), is_leaf=lambda one: one is None))


def _held(leaf: Any) -> Any:
    return leaf if hasattr(leaf, "shape") else _Static(leaf)


def _freed(leaf: Any) -> Any:
    return leaf.value if isinstance(leaf, _Static) else leaf


def _is_numeric(leaf: Any) -> bool:
    return hasattr(leaf, "dtype") and getattr(leaf.dtype, "kind", "O") in "fiubc"


def _is_drawn(layer: Any) -> bool:
    """Whether a layer is a functional model, whose code ran without numbers when it was drawn."""
    return getattr(layer, "_call_graph", None) is not None and type(layer).call.__module__.startswith(
        "neurona."
    )


def _has_output_of_output(model: Any) -> bool:
    """Whether one of a functional model's outputs is computed from another, as for a heat map of classes."""
    outputs = {id(tensor) for tensor in model._call_graph.output_tensors}
    if len(outputs) < 2:
        return False
    ahead, seen = [one.node for one in model._call_graph.output_tensors], set()
    while ahead:
        node = ahead.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if any(id(tensor) in outputs for tensor in node.inputs):
            return True
        ahead.extend(tensor.node for tensor in node.inputs)
    return False


def _is_own(layer: Any) -> bool:
    return is_built_in(layer) and not isinstance(layer, Lambda) and not layer._refuses_values


def _signature_of(layer: Any) -> Hashable:
    plain = tuple(
        (name, value) for name, value in vars(layer).items() if type(value) in _PLAIN and name != "_path"
    )
    return id(layer), plain, tuple((id(v), v.trainable) for v in layer._tracked_parts()[0])
