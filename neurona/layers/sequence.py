"""Layers around a layer, for sequences: Bidirectional and TimeDistributed."""

import inspect
from typing import Any

import jax
import jax.numpy as jnp

from neurona.core.errors import ArgumentError, ShapeError
from neurona.core.layer import Layer
from neurona.core.policy import is_float
from neurona.core.registry import custom_object_scope, serialize
from neurona.core.scope import current_scope
from neurona.layers.wrapper import Wrapper

__all__ = [
    "Bidirectional",
    "TimeDistributed",
]

_MERGE_MODES = ("sum", "mul", "concat", "ave", None)


class Bidirectional(Layer):
    """A recurrent layer and its mirror image, which begins at the other end; their outputs are merged.

    Both are new layers made from the given one's config. Where whole sequences are returned, masked steps
    give zero.

    Args:
        layer: a recurrent layer.
        merge_mode: "concat", "sum", "ave" (mean) or "mul" (product) of both outputs; None for a pair.
        weights: first values of the weights, the forward layer's before the backward one's.
        backward_layer: the layer for the other direction; made from `layer` by default.

    Call arguments:
        sequences, mask, training: as in the layer.
        initial_state: the forward layer's states before the backward one's.

    Shapes: sequences (batch, time, d) -> outputs of the layer, the last axis twice as long with "concat";
        then all states, if the layer returns them.

    Raises:
        ArgumentError: the layer is no recurrent one, the two do not match, or the merge mode is unknown.

    Source: Schuster and Paliwal, Bidirectional Recurrent Neural Networks, 1997.

    Example:

        >>> from neurona.layers.recurrent import LSTM
        >>> Bidirectional(LSTM(4, return_sequences=True))(jnp.ones((2, 7, 3))).shape
        (2, 7, 8)
    """

    supports_masking = True

    def __init__(
        self,
        layer: Layer,
        merge_mode: str | None = "concat",
        weights: Any = None,
        backward_layer: Layer | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        for name, given in (("layer", layer), ("backward_layer", backward_layer)):
            if given is not None or name == "layer":
                missing = [
                    a
                    for a in ("go_backwards", "return_sequences", "return_state", "stateful")
                    if not hasattr(given, a)
                ]
                if not isinstance(given, Layer) or missing:
                    raise ArgumentError(
                        f"Bidirectional: {name} is a recurrent layer, such as LSTM(8). Received: {given!r}"
                    )
        if merge_mode not in _MERGE_MODES:
            raise ArgumentError(
                f"Bidirectional: merge_mode is one of {_MERGE_MODES}. Received: merge_mode={merge_mode!r}"
            )
        self.forward_layer: Any = _renamed(layer, "forward_")
        self.backward_layer: Any = backward_layer or _renamed(layer, "backward_", go_backwards=True)
        forward, backward = self.forward_layer, self.backward_layer
        if forward.go_backwards == backward.go_backwards:
            raise ArgumentError(
                "Bidirectional: one layer goes forward and one backward. Received "
                f"go_backwards={forward.go_backwards} for both."
            )
        for attribute in ("stateful", "return_sequences", "return_state"):
            if getattr(forward, attribute) != getattr(backward, attribute):
                raise ArgumentError(
                    f"Bidirectional: both layers have the same {attribute}. Received "
                    f"{getattr(forward, attribute)} and "
                    f"{getattr(backward, attribute)}."
                )
        for part in (forward, backward):
            if hasattr(part, "zero_output_for_mask"):
                part.zero_output_for_mask = part.return_sequences
        self.merge_mode = merge_mode
        self._first_weights = weights
        self._arguments.pop("weights", None)  # only the first values: no part of the config
        self.stateful, self.return_sequences, self.return_state = (
            forward.stateful,
            forward.return_sequences,
            forward.return_state,
        )
        self.input_spec = layer.input_spec

    @property
    def layer(self) -> Layer:
        """The forward layer."""
        return self.forward_layer

    @property
    def states(self) -> Any:
        """The states that both layers keep, or None."""
        pair = self.forward_layer.states, self.backward_layer.states
        return None if None in pair else (*pair[0], *pair[1])

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "layer": serialize(self.forward_layer),
            "backward_layer": serialize(self.backward_layer),
        }

    def build(self, sequences_shape: Any, initial_state_shape: Any = None) -> None:
        for part in (self.forward_layer, self.backward_layer):
            if not part.built:
                part.build(sequences_shape)
        if self._first_weights is not None:
            self.set_weights(self._first_weights)

    def reset_state(self) -> None:
        """Forget the states that stateful layers keep."""
        self.forward_layer.reset_state()
        self.backward_layer.reset_state()

    reset_states = reset_state

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        mask = mask[0] if isinstance(mask, (list, tuple)) else mask
        mask = mask if self.return_sequences else None
        if self.merge_mode is None:
            return [mask, mask]
        return [mask] if self.return_state else mask

    def call(
        self, sequences: Any, initial_state: Any = None, mask: Any = None, training: bool = False
    ) -> Any:
        if isinstance(sequences, (list, tuple)):
            sequences, *given = sequences
            initial_state = given or initial_state
        half = 0 if initial_state is None else len(initial_state) // 2
        ends = (None, None) if initial_state is None else (initial_state[:half], initial_state[half:])
        forward = self.forward_layer(sequences, initial_state=ends[0], mask=mask)
        backward = self.backward_layer(sequences, initial_state=ends[1], mask=mask)
        states = ()
        if self.return_state:
            (forward, *first), (backward, *second) = forward, backward
            states = (*first, *second)
        forward, backward = forward.astype(self.compute_dtype), backward.astype(self.compute_dtype)
        if self.return_sequences:
            backward = jnp.flip(backward, axis=1)
        match self.merge_mode:
            case "concat":
                output = (jnp.concatenate([forward, backward], axis=-1),)
            case "sum":
                output = (forward + backward,)
            case "ave":
                output = ((forward + backward) / 2,)
            case "mul":
                output = (forward * backward,)
            case _:
                output = (forward, backward)
        output = (*output, *states)
        return output[0] if len(output) == 1 else output


def _renamed(layer: Layer, prefix: str, **changes: Any) -> Layer:
    """A new layer of the same config with a prefix before its name."""
    own = {
        type(part).__name__: type(part)
        for part in layer._flatten_layers()
        if not type(part).__module__.startswith("neurona.")
    }
    with custom_object_scope(own):
        return type(layer).from_config(
            {**layer.get_config(), "name": prefix + layer.name.removeprefix(prefix), **changes}
        )


class TimeDistributed(Wrapper):
    """The same layer at every step of a sequence.

    Args:
        layer: what is applied to each step.

    Shapes: inputs (batch, time, ...), mask (batch, time) -> (batch, time, ...): what the layer makes of
        (batch, ...), at every step.

    Raises:
        ArgumentError: it is given no layer.
        ShapeError: the inputs have fewer than 3 dimensions, or a mask of another batch or time.

    Example:

        >>> from neurona.layers.dense import Dense
        >>> TimeDistributed(Dense(4))(jnp.ones((2, 7, 3))).shape
        (2, 7, 4)
    """

    supports_masking = True

    def build(self, input_shape: Any) -> None:
        if len(input_shape) < 3:
            raise ShapeError(
                f"Layer {self.name!r} (TimeDistributed) needs an input of at least 3 dimensions, (batch, "
                "time, ...). Received shape "
                f"{tuple(input_shape)}."
            )
        super().build((input_shape[0], *input_shape[2:]))

    def call(self, inputs: Any, training: bool = False, mask: Any = None) -> Any:
        if mask is not None and mask.shape[:2] != inputs.shape[:2]:
            raise ShapeError(
                f"Layer {self.name!r} (TimeDistributed) needs a mask of shape (batch, time, ...), as the "
                f"input, {inputs.shape}, begins. "
                f"Received shape {mask.shape}."
            )
        if any(not variable.parameter for variable in self.layer.variables):
            outputs = self._step_by_step(inputs, mask, training)
        else:
            outputs = self._as_rows(inputs, mask)
        return jax.tree.map(
            lambda array: array.astype(self.compute_dtype) if is_float(array.dtype) else array, outputs
        )

    def _as_rows(self, inputs: Any, mask: Any) -> Any:
        """All steps at once: they are rows of a batch like any others."""
        batch, time = inputs.shape[:2]

        def merged(array: Any) -> Any:
            return array.reshape(batch * time, *array.shape[2:])

        masked = {"mask": merged(mask)} if mask is not None and _takes_mask(self.layer) else {}
        outputs = self.layer(merged(inputs), **masked)
        return jax.tree.map(lambda array: array.reshape(batch, time, *array.shape[1:]), outputs)

    def _step_by_step(self, inputs: Any, mask: Any, training: Any) -> Any:
        """One step after the other, for a layer that keeps statistics or states: each step sees what the ones
        before have left.
        """
        variables, scope = self.layer.variables, current_scope()
        assert scope is not None, "a call has a scope"
        with scope.inside(self.name, dtype=None):
            values = [variable.value for variable in variables]
        draws = training and not (scope.pure and scope.key is None)
        keys = jax.random.split(self._next_key(), inputs.shape[1]) if draws else None
        mask = jnp.swapaxes(mask, 0, 1) if mask is not None and _takes_mask(self.layer) else None

        def step(values: Any, at: Any) -> tuple[Any, Any]:
            x, key, live = at
            masked = {} if live is None else {"mask": live}
            (outputs, values), _ = self.layer._apply_with_losses(
                values, x, key=key, training=bool(training), **masked
            )
            return values, outputs

        values, outputs = jax.lax.scan(step, values, (jnp.swapaxes(inputs, 0, 1), keys, mask))
        for variable, value in zip(variables, values):
            if not variable.parameter:
                variable.assign(value)
        return jax.tree.map(lambda array: jnp.swapaxes(array, 0, 1), outputs)


def _takes_mask(layer: Layer) -> bool:
    return "mask" in inspect.signature(layer.call).parameters
