"""Spike-timing-dependent plasticity: which of two spikes came first decides whether a synapse grows.

Markram, Lübke, Frotscher and Sakmann (Regulation of synaptic efficacy by coincidence of postsynaptic APs and
EPSPs, Science 275, 1997) and Bi and Poo (Synaptic modifications in cultured hippocampal neurons, Journal of
Neuroscience 18, 1998) found that a synapse grows where its spike comes before one of the neuron, and shrinks
where it comes after. Song, Miller and Abbott (Competitive Hebbian learning through spike-timing-dependent
synaptic plasticity, Nature Neuroscience 3, 2000) gave it the form of two exponentials. A pair of spikes that
are dt = t_post - t_pre steps apart changes the weight by

    dw =  A_plus  exp(-dt / tau_plus)      for dt > 0,
    dw = -A_minus exp( dt / tau_minus)     for dt < 0.

All pairs count. Each neuron keeps a trace for each of its sides, which jumps by 1 at a spike and decays by
exp(-1 / tau) in a step, so that the sum over pairs costs no more than a product a step.

An additive rule changes all weights alike and cuts them at their bounds; they end at one bound or the other.
A multiplicative one (van Rossum, Bi and Turrigiano, Stable Hebbian learning from spike timing-dependent
plasticity, Journal of Neuroscience 20, 2000) takes A_plus times the way to the upper bound and A_minus times
the way to the lower one; the weights settle in between.

Spikes of the same step leave the weight as it is. Rows of a batch share the weights: a step takes the mean of
their changes, and with batch_size=1 each row is learned alone.
"""

from typing import Any

import jax
import jax.numpy as jnp

from neurona.errors import ArgumentError
from neurona.layers import RNN, Dense
from neurona.training import Rule

__all__ = ["STDPRule"]

_KINDS = ("additive", "multiplicative")


class STDPRule(Rule):
    """Pair-based plasticity of the weights from spikes, (rows, time, features), to the cells of the last
    layer. The model is a Dense and an `RNN` of a spiking cell, such as `LIFCell`.

    Args:
        potentiation, depression: A_plus and A_minus.
        tau_plus, tau_minus: how long the windows are, in steps.
        kind: `"additive"` or `"multiplicative"`.
        bounds: the smallest and largest weight.

    Figures: `firing_rate`, the mean number of spikes of a neuron in a step.

    Raises:
        ArgumentError: an argument is not of the kind above; or the model is another, when learning begins.

    Example:

        >>> import numpy as np
        >>> from neurona.layers import Input, LIFCell
        >>> from neurona.models import Sequential
        >>> synapses = Dense(1, use_bias=False, kernel_initializer="ones")
        >>> model = Sequential([Input((2, 1)), synapses, RNN(LIFCell(1, 1.0, 0.5), return_sequences=True)])
        >>> model.compile(rule=STDPRule(potentiation=0.1, depression=0.2, bounds=(0, 2), tau_minus=1e9))
        >>> _ = model.fit(np.array([[[1.0], [1.0]]]), verbose=0)  # fires at both steps
        >>> round(synapses.get_weights()[0].item(), 3)  # 1 + 0.1 exp(-1 / 20) - 0.2
        0.895
    """

    figures = ("firing_rate",)

    def __init__(
        self,
        potentiation: float = 0.01,
        depression: float = 0.0105,
        tau_plus: float = 20.0,
        tau_minus: float = 20.0,
        kind: str = "additive",
        bounds: tuple[float, float] = (0.0, 1.0),
    ) -> None:
        if kind not in _KINDS:
            raise ArgumentError(f"STDPRule: kind is 'additive' or 'multiplicative'. Received: kind={kind!r}")
        if not (tau_plus > 0 and tau_minus > 0 and bounds[0] < bounds[1]):
            raise ArgumentError(
                "STDPRule: tau_plus and tau_minus are above 0, and the first bound is below the second. "
                f"Received: tau_plus={tau_plus}, tau_minus={tau_minus}, bounds={bounds}"
            )
        self.potentiation, self.depression = potentiation, depression
        self.tau_plus, self.tau_minus = tau_plus, tau_minus
        self.kind, self.bounds = kind, tuple(bounds)

    def build(self, model: Any) -> None:
        kinds = [type(layer).__name__ for layer in model.layers]
        if len(kinds) != 2 or not isinstance(model.layers[0], Dense) or not isinstance(model.layers[1], RNN):
            raise ArgumentError(
                "STDPRule: the model is a Dense and an RNN of a spiking cell, such as RNN(LIFCell(10)). "
                f"Received: {', '.join(kinds)}"
            )

    def learn(self, model: Any, batch: Any, key: jax.Array, number: jax.Array) -> dict[str, jax.Array]:
        synapses, neurons = model.layers
        rows, features = len(batch.x), batch.x.shape[-1]
        bias = 0.0 if synapses.bias is None else synapses.bias.value
        keep_pre, keep_post = jnp.exp(-1 / self.tau_plus), jnp.exp(-1 / self.tau_minus)

        def step(held: Any, pre: jax.Array) -> Any:
            W, states, pre_trace, post_trace = held
            post, states = neurons.cell(pre @ W + bias, states)
            W = self.changed(W, pre_trace.T @ post / rows, pre.T @ post_trace / rows)
            return (W, states, keep_pre * (pre_trace + pre), keep_post * (post_trace + post)), post.mean()

        start = (
            synapses.kernel.value,
            neurons.get_initial_state(rows),
            jnp.zeros((rows, features)),
            jnp.zeros((rows, neurons.cell.units)),
        )
        (W, *_), rates = jax.lax.scan(step, start, jnp.swapaxes(batch.x, 0, 1))
        synapses.kernel.assign(W)
        return {"firing_rate": rates.mean()}

    def changed(self, W: jax.Array, before: jax.Array, after: jax.Array) -> jax.Array:
        """The weights after a step that saw so much of spikes before firings, and of spikes after them."""
        low, high = self.bounds
        if self.kind == "multiplicative":
            before, after = before * (high - W), after * (W - low)
        return jnp.clip(W + self.potentiation * before - self.depression * after, low, high)
