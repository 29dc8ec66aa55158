"""Cells of the chart of networks that Keras has no layers for (van Veen, The Neural Network Zoo, 2016):
back-fed and noisy input, probabilistic units, outputs that match the input, and associative memory.
"""

from typing import Any

import jax
import jax.numpy as jnp

from neurona.core.errors import ShapeError
from neurona.core.layer import Layer
from neurona.core.shapes import InputSpec
from neurona.layers.arguments import ActivationAttribute, choice, fraction, positive
from neurona.layers.rnn_cells import check_cell, initial_state, output_size, step_of

__all__ = [
    "AttentiveAssociation",
    "BackFedCell",
    "BernoulliUnits",
    "GaussianUnits",
    "NoisyInput",
    "ReversibleDense",
]


class BackFedCell(Layer):
    """A cell of which the output is fed back to its inputs: cell([x(t), y(t-1)]), with y(0) = 0.

    Args:
        cell: of `RNN`.

    Shapes: x (batch, features), the states [y, those of the cell] -> y, the states. The cell's inputs are
        (batch, features + output size).

    Raises:
        ArgumentError: the cell lacks `call` or `state_size`.

    Source: Jordan, Attractor dynamics and parallelism in a connectionist sequential machine, 1986.

    Example:

        >>> from neurona.layers import RNN, GRUCell
        >>> RNN(BackFedCell(GRUCell(4)), return_sequences=True)(jnp.ones((2, 7, 3))).shape
        (2, 7, 4)
    """

    def __init__(self, cell: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        check_cell(cell, f"{type(self).__name__}: the cell")
        self.cell: Any = cell
        size = cell.state_size
        self.output_size = output_size(cell)
        self.state_size = [self.output_size, *([size] if isinstance(size, int) else size)]

    def build(self, input_shape: Any) -> None:
        if isinstance(self.cell, Layer) and not self.cell.built:
            self.cell.build((input_shape[0], input_shape[-1] + self.output_size))

    def get_initial_state(self, batch_size: int | None = None) -> list[Any]:
        """Zeros for the output, and the states of the cell."""
        output = jnp.zeros((batch_size or 1, self.output_size), self.compute_dtype)
        return [output, *initial_state(self.cell, batch_size, self.compute_dtype)]

    def call(self, inputs: Any, states: Any) -> tuple[Any, list[Any]]:
        before, *inner = states
        output, inner = step_of(self.cell)(jnp.concatenate([inputs, before], axis=-1), inner)
        return output, [output, *inner]


class NoisyInput(Layer):
    """In training, damages its inputs, for a network that learns to mend them; otherwise y = x.

    Args:
        kind: `"gaussian"` adds noise of the standard deviation `amount`; `"masking"` sets the share `amount`
            to 0, without making others larger, as dropout does; `"salt_and_pepper"` sets it to 0 or 1.
        amount: from 0 to 1.
        seed: an integer that fixes the layer's random numbers.

    Shapes: x (any) -> y the same.

    Raises:
        ArgumentError: the kind is none of these, or the amount not from 0 to 1.

    Source: Vincent et al., Extracting and Composing Robust Features with Denoising Autoencoders, 2008.

    Example:

        >>> layer = NoisyInput("masking", 0.5, seed=1)
        >>> layer(jnp.ones(3)).tolist(), sorted(set(layer(jnp.ones(99), training=True).tolist()))
        ([1.0, 1.0, 1.0], [0.0, 1.0])
    """

    supports_masking = True

    def __init__(
        self, kind: str = "gaussian", amount: float = 0.1, seed: int | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        kinds = ("gaussian", "masking", "salt_and_pepper")
        self.kind = choice(kind, kinds, "kind", "NoisyInput")
        self.amount, self.seed = fraction(amount, "amount", "NoisyInput"), seed

    def call(self, inputs: Any, training: bool = False) -> Any:
        if not training or self.amount == 0:
            return inputs
        key = self._next_key()
        if self.kind == "gaussian":
            return inputs + self.amount * jax.random.normal(key, inputs.shape, inputs.dtype)
        drawn = jax.random.uniform(key, inputs.shape)
        noise = 0 if self.kind == "masking" else (drawn < self.amount / 2).astype(inputs.dtype)
        return jnp.where(drawn < self.amount, noise, inputs)


class BernoulliUnits(Layer):
    """Units that are 1 with the probability p = sigmoid(x @ kernel + bias), and 0 else.

    In training they are drawn, and the slope goes through the draw as if it were p (straight through).
    Otherwise they give p.

    Args:
        units: how many.
        seed: an integer that fixes the layer's random numbers.

    Shapes: x (..., features) -> (..., units); kernel (features, units), bias (units,).

    Raises:
        ArgumentError: units is not a positive integer.

    Source: Bengio, Leonard and Courville, Estimating or Propagating Gradients Through Stochastic Neurons for
        Conditional Computation, 2013, section 4.

    Example:

        >>> layer = BernoulliUnits(50, seed=0)
        >>> sorted(set(layer(jnp.ones((2, 3)), training=True).ravel().tolist()))
        [0.0, 1.0]
    """

    supports_masking = True

    def __init__(self, units: int, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units, self.seed = positive(units, "units", "BernoulliUnits"), seed
        self.input_spec = InputSpec(min_ndim=2)

    def build(self, input_shape: Any) -> None:
        self.kernel = self.add_weight((input_shape[-1], self.units), name="kernel")
        self.bias = self.add_weight((self.units,), "zeros", name="bias")

    def call(self, inputs: Any, training: bool = False) -> Any:
        share = jax.nn.sigmoid(inputs @ self.kernel.value + self.bias.value)
        if not training:
            return share
        drawn = (jax.random.uniform(self._next_key(), share.shape) < share).astype(share.dtype)
        return share + jax.lax.stop_gradient(drawn - share)


class GaussianUnits(Layer):
    """Units that are normal, with the mean m and the log-variance v = x @ kernel + bias, half of each.

    In training they are drawn as z = m + exp(v / 2) e, with e ~ N(0, 1), so that slopes go through the draw
    (reparametrised). Otherwise they give m. The divergence from N(0, 1), sum over units of (m^2 + exp(v) - 1
    - v) / 2, the mean over the batch, is added to the loss.

    Args:
        units: how many.
        kl_weight: times the divergence is added to the loss.
        seed: an integer that fixes the layer's random numbers.

    Shapes: x (..., features) -> z (..., units); kernel (features, 2 units), bias (2 units,).

    Raises:
        ArgumentError: units is not a positive integer.

    Source: Kingma and Welling, Auto-Encoding Variational Bayes, 2013, equation 10.

    Example:

        >>> layer = GaussianUnits(1)
        >>> layer.build((None, 1))
        >>> layer.set_weights([[[2.0, 0.0]], [0.0, 0.0]])
        >>> float(layer(jnp.ones((1, 1)))[0, 0]), float(layer.losses[0])
        (2.0, 2.0)
    """

    supports_masking = True

    def __init__(self, units: int, kl_weight: float = 1.0, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units, self.seed = positive(units, "units", "GaussianUnits"), seed
        self.kl_weight = kl_weight
        self.input_spec = InputSpec(min_ndim=2)

    def build(self, input_shape: Any) -> None:
        self.kernel = self.add_weight((input_shape[-1], 2 * self.units), name="kernel")
        self.bias = self.add_weight((2 * self.units,), "zeros", name="bias")

    def moments(self, inputs: Any) -> tuple[Any, Any]:
        """The mean and the log-variance, each (..., units)."""
        mean, spread = jnp.split(inputs @ self.kernel.value + self.bias.value, 2, axis=-1)
        return mean, spread

    def call(self, inputs: Any, training: bool = False) -> Any:
        mean, spread = self.moments(inputs)
        divergence = jnp.sum(mean**2 + jnp.exp(spread) - 1 - spread, axis=-1) / 2
        self.add_loss(self.kl_weight * jnp.mean(divergence))
        if not training:
            return mean
        return mean + jnp.exp(spread / 2) * jax.random.normal(self._next_key(), mean.shape, mean.dtype)


class ReversibleDense(Layer):
    """A dense layer that also goes back, with the same weights transposed: outputs that match the input.

    Args:
        units: how many outputs.
        activation: a name or function, of the way there.
        reverse_activation: of the way back.

    Call arguments:
        inputs: an array.
        reverse: whether to go back: x' = reverse_activation(y @ kernel^T + reverse_bias).

    Shapes: x (..., features) -> (..., units); with reverse (..., units) -> (..., features); kernel (features,
        units), bias (units,), reverse_bias (features,).

    Raises:
        ArgumentError: units is not a positive integer.
        ShapeError: the way back is given another number of columns.

    Source: Vincent et al., Stacked Denoising Autoencoders, 2010, section 2.2 (tied weights).

    Example:

        >>> layer = ReversibleDense(2)
        >>> layer(layer(jnp.ones((1, 5))), reverse=True).shape
        (1, 5)
    """

    supports_masking = True

    activation = ActivationAttribute()
    reverse_activation = ActivationAttribute()

    def __init__(
        self, units: int, activation: Any = None, reverse_activation: Any = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.units = positive(units, "units", "ReversibleDense")
        self.activation, self.reverse_activation = activation, reverse_activation
        self.input_spec = InputSpec(min_ndim=2)

    def build(self, input_shape: Any) -> None:
        features = input_shape[-1]
        self.kernel = self.add_weight((features, self.units), name="kernel")
        self.bias = self.add_weight((self.units,), "zeros", name="bias")
        self.reverse_bias = self.add_weight((features,), "zeros", name="reverse_bias")

    def call(self, inputs: Any, reverse: bool = False) -> Any:
        features, units = self.kernel.shape
        wanted = units if reverse else features
        if inputs.shape[-1] != wanted:
            raise ShapeError(
                f"Layer {self.name!r} (ReversibleDense) goes from {features} columns to {units}, and back "
                f"with reverse=True. Received shape {tuple(inputs.shape)} with {reverse=}."
            )
        if reverse:
            return self.reverse_activation(inputs @ self.kernel.value.T + self.reverse_bias.value)
        return self.activation(inputs @ self.kernel.value + self.bias.value)


class AttentiveAssociation(Layer):
    """The modern Hopfield network: s = X' softmax(beta X s), for patterns X that are its weights.

    Args:
        patterns: how many.
        beta: the inverse temperature: how sharply the most similar pattern is chosen.
        steps: how often the states are renewed.

    Shapes: states (..., features) -> (..., features); kernel (patterns, features).

    Raises:
        ArgumentError: patterns is not a positive integer.

    Source: Ramsauer et al., Hopfield Networks is All You Need, 2020, equation 3.

    Example:

        >>> layer = AttentiveAssociation(2, beta=50.0)
        >>> layer.build((None, 2))
        >>> layer.kernel.assign([[1, 0], [0, 1]])
        >>> layer(jnp.array([[0.9, 0.2]])).round(2).tolist()
        [[1.0, 0.0]]
    """

    supports_masking = True

    def __init__(self, patterns: int, beta: float = 1.0, steps: int = 1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.patterns = positive(patterns, "patterns", "AttentiveAssociation")
        self.beta, self.steps = beta, steps

    def build(self, input_shape: Any) -> None:
        self.kernel = self.add_weight((self.patterns, input_shape[-1]), name="kernel")

    def call(self, inputs: jax.Array) -> jax.Array:
        kernel, states = self.kernel.value, inputs
        for _ in range(self.steps):
            states = jax.nn.softmax(self.beta * states @ kernel.T) @ kernel
        return states
