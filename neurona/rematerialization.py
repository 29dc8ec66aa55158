"""Rematerialization: what a function computed is not kept for its gradient, but computed again.

It trades time for memory: of the function only the inputs are kept until the gradient is due.
"""

import contextlib
import functools
import math
from collections.abc import Callable, Iterator
from typing import Any

import jax
from jax.core import Tracer

from neurona.core.annotations import LOGITS, MASK, Logits
from neurona.core.errors import ArgumentError
from neurona.core.layer import Layer
from neurona.core.scope import Scope, current_scope
from neurona.core.symbolic import Operation, record, symbolic_leaves

MODES = ("full", "activations", "larger_than", "list_of_layers", None)
Recompute = Callable[[Any], bool]


def remat(f: Callable[..., Any]) -> Callable[..., Any]:
    """A function whose results are computed again for its gradient instead of being kept.

    Args:
        f: a function of arrays, or a layer; inside a layer's `call` it may read variables too.

    Source: Chen, Xu, Zhang and Guestrin, Training Deep Nets with Sublinear Memory Cost, 2016.

    Example:

        >>> import jax.numpy as jnp
        >>> f = remat(lambda x: jnp.sin(jnp.sin(x)))
        >>> round(float(jax.grad(f)(1.0)), 4)
        0.36
    """

    @functools.wraps(f if not isinstance(f, Layer) else f.call)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        if not symbolic_leaves((args, kwargs)):
            return _checkpointed(f, args, kwargs)
        if isinstance(f, Layer):
            _wrap(f)
            return f(*args, **kwargs)
        return record(Operation("Remat", wrapper), args, kwargs)

    return wrapper


def _always(_: Any) -> bool:
    return True


def _checkpointed(
    f: Callable[..., Any], args: tuple, kwargs: dict[str, Any], when: Recompute = _always
) -> Any:
    """`f(*args, **kwargs)`, computed again for a gradient. Where nothing is traced, there is no gradient.

    Args:
        f: the function.
        args, kwargs: its arguments; only arrays are inputs to `jax.checkpoint`.
        when: whether to do so, as the outputs say.
    """
    scope = current_scope()
    if scope is None:
        with Scope():
            return _checkpointed(f, args, kwargs, when)
    leaves, tree = jax.tree.flatten((args, kwargs))
    places = [place for place, leaf in enumerate(leaves) if isinstance(leaf, jax.Array)]
    arrays = [leaves[place] for place in places]
    traced = scope.pure or any(isinstance(array, Tracer) for array in arrays)
    if not traced or scope.observer is not None:
        return f(*args, **kwargs)
    effects = _Effects(scope)

    def run(arrays: list[Any], masks: list[Any]) -> Any:
        for place, array, mask in zip(places, arrays, masks):
            leaves[place] = array
            if mask is not None:
                MASK.set(array, mask)
        inner_args, inner_kwargs = jax.tree.unflatten(tree, leaves)
        with effects.kept():
            outputs = f(*inner_args, **inner_kwargs)
        return effects.as_arrays(outputs, when)

    masks = [MASK.get(array) for array in arrays]
    return effects.outside(jax.checkpoint(run, policy=effects.keeps)(arrays, masks))


class _Effects:
    """What a call inside of `jax.checkpoint` does besides returning arrays: it assigns to variables, adds
    losses and annotates outputs. All of it leaves as arrays.

    Args:
        scope: the open one.
    """

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.recomputes = True
        self.assigned: dict[Any, Any] = {}
        self.losses: list[Any] = []

    def keeps(self, *_: Any, **__: Any) -> bool:
        """Whether a result inside is kept; `jax.checkpoint` asks when the call was traced."""
        return not self.recomputes

    @contextlib.contextmanager
    def kept(self) -> Iterator[None]:
        """The time of the call: the scope is as before afterwards."""
        scope, values, losses = self.scope, self.scope.values, self.scope.losses
        scope.values, scope.losses = None if values is None else dict(values), self.losses
        try:
            yield
            for variable, value in (scope.values or {}).items():
                if value is not (values or {}).get(variable):
                    self.assigned[variable] = value
        finally:
            scope.values, scope.losses = values, losses

    def as_arrays(self, outputs: Any, when: Recompute) -> Any:
        """Outputs, their masks and logits, values of variables and losses."""
        leaves, self.tree = jax.tree.flatten(outputs)
        self.recomputes = when(leaves)
        self.fixed = {place: one for place, one in enumerate(leaves) if not isinstance(one, jax.Array)}
        logits = {place: LOGITS.get(one) for place, one in enumerate(leaves)}
        self.logits = {place: one for place, one in logits.items() if one is not None}
        return (
            [None if place in self.fixed else one for place, one in enumerate(leaves)],
            [MASK.get(one) for one in leaves],
            [one.values for one in self.logits.values()],
            list(self.assigned.values()),
            self.losses,
        )

    def outside(self, found: Any) -> Any:
        """The outputs, once the scope and the annotations have what left as arrays."""
        leaves, masks, logits, assigned, losses = found
        for leaf, mask in zip(leaves, masks):
            if mask is not None:
                MASK.set(leaf, mask)
        for (place, inner), values in zip(self.logits.items(), logits):
            LOGITS.set(leaves[place], Logits(inner.activation, values))
        if self.scope.values is not None:
            self.scope.values.update(zip(self.assigned, assigned))
        self.scope.losses.extend(losses)
        return jax.tree.unflatten(self.tree, [self.fixed.get(place, one) for place, one in enumerate(leaves)])


class RematScope:
    """Layers made inside the block compute again for their gradients what they do not keep.

    Args:
        mode: "full" for every layer; "activations" for the layers' activation functions; "larger_than" for
            layers with outputs of more numbers than a threshold; "list_of_layers" for layers by name; None
            for no layer, inside of another block.
        output_size_threshold: the number for "larger_than".
        layer_names: the names for "list_of_layers".

    Raises:
        ArgumentError: there is no such mode.

    Source: Chen, Xu, Zhang and Guestrin, Training Deep Nets with Sublinear Memory Cost, 2016.

    Example:

        >>> from neurona.layers import Dense
        >>> with RematScope("list_of_layers", layer_names=["wide"]):
        ...     wide, narrow = Dense(1000, name="wide"), Dense(2)
        >>> is_rematerialized(wide), is_rematerialized(narrow)
        (True, False)
    """

    def __init__(
        self, mode: str | None = "full", output_size_threshold: int = 1024, layer_names: Any = None
    ) -> None:
        if mode not in MODES:
            raise ArgumentError(
                f"RematScope: mode is one of {', '.join(map(repr, MODES))}. Received: {mode!r}"
            )
        self.mode, self.output_size_threshold = mode, output_size_threshold
        self.layer_names = list(layer_names or ())

    def __enter__(self) -> "RematScope":
        self._outer, Layer._on_creation = Layer._on_creation, self._change
        return self

    def __exit__(self, *_: object) -> None:
        Layer._on_creation = self._outer

    def _change(self, layer: Layer) -> None:
        """Let a new layer follow the mode."""
        if self.mode == "activations":
            _wrap(layer, _call_with_rematerialized_activation)
        elif self.mode == "larger_than":
            _wrap(layer, functools.partial(_checkpointed_call, when=self._is_large))
        elif self.mode == "full" or layer.name in self.layer_names:
            _wrap(layer)

    def _is_large(self, outputs: list[Any]) -> bool:
        return sum(math.prod(getattr(one, "shape", ())) for one in outputs) > self.output_size_threshold


class Rematerialized:
    """The `call` of a layer, which computes again what it does not keep.

    Args:
        call: the layer's own.
        how: computes (layer, call, args, kwargs).
        layer: the layer.
    """

    def __init__(self, layer: Layer, call: Callable[..., Any], how: Callable[..., Any]) -> None:
        self.layer, self.call, self.how = layer, call, how

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.how(self.layer, self.call, args, kwargs)


def _checkpointed_call(
    layer: Layer, call: Callable[..., Any], args: tuple, kwargs: dict[str, Any], when: Recompute = _always
) -> Any:
    return _checkpointed(call, args, kwargs, when)


def _call_with_rematerialized_activation(
    layer: Layer, call: Callable[..., Any], args: tuple, kwargs: dict[str, Any]
) -> Any:
    attributes = vars(layer)
    if not callable(activation := attributes.get("activation")):
        return call(*args, **kwargs)
    attributes["activation"] = remat(activation)
    try:
        return call(*args, **kwargs)
    finally:
        attributes["activation"] = activation


def _wrap(layer: Layer, how: Callable[..., Any] = _checkpointed_call) -> None:
    if not is_rematerialized(layer):
        layer.call = Rematerialized(layer, layer.call, how)


def is_rematerialized(layer: Layer) -> bool:
    """Whether a layer computes again what it does not keep."""
    return isinstance(vars(layer).get("call"), Rematerialized)


def compute_by(layer: Layer, call: Callable[..., Any]) -> None:
    """Let a layer compute by another function; it is rematerialized if the layer is."""
    own: Any = layer.call
    if is_rematerialized(layer):
        own.call = call
    else:
        layer.call = call
