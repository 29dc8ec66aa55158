"""Spiking neurons: cells that fire, for `RNN`, and layers that turn numbers into spikes and back.

A spiking neuron keeps a potential that leaks, gathers currents, and fires when it passes a threshold. The
derivative of a firing is 0 nearly everywhere. In the backward pass a surrogate stands in for it, so that
spiking layers learn by gradients like any others (Neftci, Mostafa and Zenke, Surrogate gradient learning in
spiking neural networks, 2019).

    model = Sequential([
        Input((784,)),
        Dense(200), RepeatVector(25), RNN(LIFCell(200), return_sequences=True),
        Dense(10), RNN(LIFCell(10), return_sequences=True), SpikeCount(),
    ])
"""

import functools
from typing import Any

import jax
import jax.numpy as jnp

from neurona.core.errors import ArgumentError, ShapeError
from neurona.core.layer import Layer
from neurona.initializers import Constant
from neurona.layers.arguments import choice, fraction, positive
from neurona.layers.rnn_cells import scan_cell

__all__ = ["LICell", "LIFCell", "LatencyCoding", "RateCoding", "SpikeCount"]

# Derivatives that stand in for that of a firing, 1 at the threshold, of v = slope * (potential - threshold);
# and the slope of each by default.
SURROGATES = {
    "arctan": (lambda v: 1 / (1 + (jnp.pi / 2 * v) ** 2), 2.0),
    "fast_sigmoid": (lambda v: 1 / (1 + jnp.abs(v)) ** 2, 25.0),
    "triangle": (lambda v: jnp.maximum(1 - jnp.abs(v), 0), 1.0),
}
_RESETS = ("subtract", "zero")


@functools.partial(jax.custom_jvp, nondiff_argnums=(1, 2))
def spike(above: jax.Array, surrogate: str = "arctan", slope: float = 2.0) -> jax.Array:
    """1 where `above`, the potential less the threshold, is above 0, and 0 elsewhere; its gradient is the
    surrogate's.
    """
    return (above > 0).astype(above.dtype)


@spike.defjvp
def _spike_jvp(surrogate: str, slope: float, primals: Any, tangents: Any) -> tuple[jax.Array, jax.Array]:
    derivative, _ = SURROGATES[surrogate]
    return spike(*primals, surrogate, slope), derivative(slope * primals[0]) * tangents[0]


class LICell(Layer):
    """One step of a leaky integrator, which never fires: U' = decay U + I. It reads out spikes as numbers.

    Args:
        units: how many neurons; each receives one feature of the inputs.
        decay: how much of the potential is left after a step, from 0 to 1.
        learn_decay: whether the decay of each neuron is learned.

    Shapes: I (batch, units), states [U (batch, units)] -> U', [U']; decay (units,).

    Raises:
        ArgumentError: units is not a positive integer, or decay is not from 0 to 1.
        ShapeError: the inputs have another number of features than the cell has neurons.

    Source: Neftci, Mostafa and Zenke, Surrogate gradient learning in spiking neural networks, 2019.

    Example:

        >>> output, states = LICell(2, decay=0.5)(jnp.ones((1, 2)), [jnp.ones((1, 2))])
        >>> output.tolist()
        [[1.5, 1.5]]
    """

    def __init__(self, units: int, decay: float = 0.9, learn_decay: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        owner = type(self).__name__
        self.units = self.state_size = self.output_size = positive(units, "units", owner)
        self.decay, self.learn_decay = fraction(decay, "decay", owner), learn_decay

    def build(self, input_shape: Any) -> None:
        if input_shape[-1] != self.units:
            raise ShapeError(
                f"{type(self).__name__}: each of its {self.units} neurons receives one feature. Received "
                f"{input_shape[-1]} features: put a Dense({self.units}) before it."
            )
        self.decay_rate = self.add_weight(
            (self.units,), Constant(self.decay), trainable=self.learn_decay, name="decay"
        )

    def _leaked(self, potential: jax.Array) -> jax.Array:
        """What is left of a potential after a step."""
        return jnp.clip(self.decay_rate.value, 0, 1) * potential

    def _after(self, potential: jax.Array, current: jax.Array) -> jax.Array:
        """The potential after a step."""
        return self._leaked(potential) + current

    def _output(self, potential: jax.Array) -> jax.Array:
        """What the neurons send, of one step or many."""
        return potential

    def call(self, inputs: Any, states: Any) -> tuple[jax.Array, list[jax.Array]]:
        potential = self._after(states[0], inputs)
        return self._output(potential), [potential]

    def _sequence(
        self, inputs: jax.Array, states: list[jax.Array], mask: Any, training: Any, **how: bool
    ) -> tuple[jax.Array, list[jax.Array]]:
        """All steps. Outputs follow from potentials at the end, so that a step that a mask leaves out, which
        keeps the potential, repeats the output before it.

        Shapes: inputs (T, B, units), states (B, units) each, mask (T, B, 1) -> outputs (T, B, units).
        """

        def step(current: jax.Array, states: list[jax.Array]) -> tuple[jax.Array, list[jax.Array]]:
            potential = self._after(states[0], current)
            return potential, [potential]

        with self._context():
            potentials, final = scan_cell(step, inputs, states, mask, **how)
            return self._output(potentials), final


class LIFCell(LICell):
    """One step of leaky integrate-and-fire neurons: U' = decay U + I - threshold S, and S' = 1 where
    U' > threshold, else 0.

    S is whether the neuron fired at the step before. Its currents I come from a layer before it, a Dense or
    any other. In the gradient a surrogate, of v = slope (U - threshold), stands in for the derivative of S.

    Args:
        units: how many neurons; each receives one feature of the inputs.
        decay: how much of the potential is left after a step, from 0 to 1.
        threshold: above which a neuron fires.
        reset: after a firing `"subtract"` takes the threshold from the potential, and `"zero"` begins anew:
            U' = decay U (1 - S) + I.
        surrogate: `"arctan"`, 1 / (1 + (pi v / 2)^2) (Fang et al., 2021); `"fast_sigmoid"`, 1 / (1 + |v|)^2
            (Zenke and Ganguli, SuperSpike, 2018); `"triangle"`, max(0, 1 - |v|) (Esser et al., 2016).
        slope: of the surrogate; by default 2 for arctan, 25 for fast_sigmoid and 1 for triangle.
        learn_decay: whether the decay of each neuron is learned.

    Shapes: I (batch, units), states [U (batch, units)] -> S' (batch, units), [U']; decay (units,).

    Raises:
        ArgumentError: an argument is not of the kind above.
        ShapeError: the inputs have another number of features than the cell has neurons.

    Source: Eshraghian et al., Training spiking neural networks using lessons from deep learning, 2023.

    Example:

        >>> from neurona.layers import RNN
        >>> currents = 0.45 * jnp.ones((1, 6, 1))
        >>> RNN(LIFCell(1, decay=1.0), return_sequences=True)(currents)[0, :, 0].tolist()
        [0.0, 0.0, 1.0, 0.0, 1.0, 0.0]
    """

    def __init__(
        self,
        units: int,
        decay: float = 0.9,
        threshold: float = 1.0,
        reset: str = "subtract",
        surrogate: str = "arctan",
        slope: float | None = None,
        learn_decay: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(units, decay, learn_decay, **kwargs)
        if not threshold > 0 or (slope is not None and not slope > 0):
            raise ArgumentError(
                f"LIFCell: threshold and slope are above 0. Received: threshold={threshold}, slope={slope}"
            )
        self.threshold, self.reset = threshold, choice(reset, _RESETS, "reset", "LIFCell")
        self.surrogate = choice(surrogate, SURROGATES, "surrogate", "LIFCell")
        self.slope = slope

    def _after(self, potential: jax.Array, current: jax.Array) -> jax.Array:
        fired = (potential > self.threshold).astype(potential.dtype)  # the reset has no gradient
        if self.reset == "zero":
            return self._leaked(potential * (1 - fired)) + current
        return self._leaked(potential) + current - self.threshold * fired

    def _output(self, potential: jax.Array) -> jax.Array:
        slope = SURROGATES[self.surrogate][1] if self.slope is None else self.slope
        return spike(potential - self.threshold, self.surrogate, slope)


class RateCoding(Layer):
    """Turns numbers into spikes at random: at each step one fires with probability x.

    Args:
        steps: how many.
        seed: an integer that fixes the layer's random numbers.

    Shapes: x (batch, features), from 0 to 1; numbers below fire never, above always -> (batch, steps,
        features).

    Raises:
        ArgumentError: steps is not a positive integer.

    Source: Eshraghian et al., Training spiking neural networks using lessons from deep learning, 2023.

    Example:

        >>> RateCoding(100, seed=0)(jnp.array([[0.0, 0.3, 1.0]])).mean(axis=1).round(1).tolist()
        [[0.0, 0.30000001192092896, 1.0]]
    """

    def __init__(self, steps: int, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.steps, self.seed = positive(steps, "steps", "RateCoding"), seed

    def call(self, inputs: Any) -> jax.Array:
        shape = (inputs.shape[0], self.steps, *inputs.shape[1:])
        return (jax.random.uniform(self._next_key(), shape) < inputs[:, None]).astype(inputs.dtype)


class LatencyCoding(Layer):
    """Turns numbers into one spike each, the larger the earlier: at step (1 - x)(steps - 1), rounded.

    Args:
        steps: how many.

    Shapes: x (batch, features), from 0 to 1; 0 and below never fires, above 1 fires at once -> (batch, steps,
        features).

    Raises:
        ArgumentError: steps is not a positive integer.

    Source: Thorpe, Delorme and Van Rullen, Spike-based strategies for rapid processing, 2001.

    Example:

        >>> LatencyCoding(3)(jnp.array([[1.0, 0.5, 0.1, 0.0]]))[0].tolist()
        [[1.0, 0.0, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0], [0.0, 0.0, 1.0, 0.0]]
    """

    def __init__(self, steps: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.steps = positive(steps, "steps", "LatencyCoding")

    def call(self, inputs: Any) -> jax.Array:
        when = jnp.round((1 - jnp.clip(inputs, 0, 1)) * (self.steps - 1))
        when = jnp.where(inputs > 0, when, -1)
        steps = jnp.arange(self.steps).reshape(-1, *(1,) * (inputs.ndim - 1))
        return (when[:, None] == steps).astype(inputs.dtype)


class SpikeCount(Layer):
    """How often each neuron fired: the sum over time. Counts of output neurons are logits of classes.

    Shapes: spikes (batch, time, units) -> (batch, units).

    Source: Eshraghian et al., Training spiking neural networks using lessons from deep learning, 2023.

    Example:

        >>> SpikeCount()(jnp.array([[[1.0, 0.0], [1.0, 1.0]]])).tolist()
        [[2.0, 1.0]]
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)

    def call(self, inputs: Any) -> jax.Array:
        return jnp.sum(inputs, axis=1)
