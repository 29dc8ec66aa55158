"""The conditional random field: tags of a sequence that are judged together."""

from typing import Any

import jax
import jax.numpy as jnp

from neurona import initializers, regularizers
from neurona.core.annotations import CHAIN
from neurona.core.errors import ArgumentError, ShapeError
from neurona.core.layer import Layer
from neurona.core.shapes import InputSpec
from neurona.layers.arguments import choice, positive
from neurona.losses.chain import Chain, paths_ahead, paths_along, rows_last

__all__ = ["CRF"]


class CRF(Layer):
    """A linear-chain conditional random field: the likeliest tags of a sequence, all together.

    A path of tags y has the score of its tags, of the steps from one to the next, of its first and its last:

        s(y) = start[y_1] + sum over t of (x_t @ kernel + bias)[y_t] + transitions[y_t-1, y_t] + end[y_n],
        P(y | x) = exp(s(y)) / Z,   Z the sum over all paths.

    It ends a model that is compiled with `loss="chain_crossentropy"`, -log P(y | x) for each step. Steps that
    a mask leaves out are skipped; there the likeliest path has 0 for all tags, and each tag is as probable.

    Args:
        units: how many tags.
        decoding: what the output is: `"viterbi"` gives 1 for the tags of the likeliest path and 0 for others;
            `"marginal"` the probability of each tag at each step, of which other losses can be taken too.
        use_kernel: whether tags are scored by a kernel and a bias. If not, the inputs are the scores.
        kernel_initializer, kernel_regularizer: of the kernel.
        transition_initializer: of transitions, start and end.

    Call arguments:
        inputs: sequences.
        mask: true where a step counts.
        begins: true where a sequence begins, if a row holds several, one after another; by default each row
            holds one.

    Shapes: inputs (batch, time, features), mask and begins (batch, time) -> (batch, time, units); kernel
        (features, units), bias (units,), transitions (units, units), start (units,), end (units,).

    Raises:
        ArgumentError: decoding is neither; another loss is taken of the likeliest path.
        ShapeError: the inputs are no scores of as many tags, and there is no kernel.

    Source: Lafferty, McCallum and Pereira, Conditional Random Fields: Probabilistic Models for Segmenting and
        Labeling Sequence Data, 2001.

    Example:

        >>> layer = CRF(2, use_kernel=False)
        >>> layer.build((None, None, 2))
        >>> layer.set_weights([[[3.0, 0.0], [0.0, 3.0]], [0.0, 0.0], [0.0, 0.0]])  # tags seldom change
        >>> layer(jnp.array([[[2.0, 0.0], [0.0, 1.0], [2.0, 0.0]]])).argmax(-1).tolist()
        [[0, 0, 0]]
    """

    supports_masking = True

    def __init__(
        self,
        units: int,
        decoding: str = "viterbi",
        use_kernel: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        kernel_regularizer: Any = None,
        transition_initializer: Any = "glorot_uniform",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.units = positive(units, "units", "CRF")
        self.decoding = choice(decoding, ("viterbi", "marginal"), "decoding", "CRF")
        self.use_kernel = use_kernel
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.transition_initializer = initializers.get(transition_initializer)
        self.input_spec = InputSpec(ndim=3)

    def build(self, input_shape: Any) -> None:
        features, units, initializer = input_shape[-1], self.units, self.transition_initializer
        if self.use_kernel:
            self.kernel = self.add_weight(
                (features, units), self.kernel_initializer, regularizer=self.kernel_regularizer, name="kernel"
            )
            self.bias = self.add_weight((units,), "zeros", name="bias")
        elif features != units:
            raise ShapeError(
                f"Layer {self.name!r} (CRF) has no kernel, so its inputs are the scores of {units} tags. "
                f"Received shape {tuple(input_shape)}."
            )
        self.transitions = self.add_weight((units, units), initializer, name="transitions")
        self.start = self.add_weight((units,), "zeros", name="start")
        self.end = self.add_weight((units,), "zeros", name="end")

    def call(self, inputs: jax.Array, mask: Any = None, begins: Any = None) -> jax.Array:
        scores = inputs @ self.kernel.value + self.bias.value if self.use_kernel else inputs
        counted = jnp.ones(scores.shape[:2], bool) if mask is None else jnp.asarray(mask).astype(bool)
        first = counted & (jnp.arange(counted.shape[1]) == counted.argmax(axis=1)[:, None])
        begins = first if begins is None else first | jnp.asarray(begins).astype(bool) & counted
        transitions = jnp.concatenate([self.transitions.value, self.start.value[None]])
        chain = Chain(scores, transitions, self.end.value, counted, begins)
        outputs = marginals(chain) if self.decoding == "marginal" else likeliest(chain)
        CHAIN.set(outputs, chain)
        return outputs


def marginals(chain: Chain) -> jax.Array:
    """P(tag | inputs) at each step, (batch, time, tags): what comes if 1 enters at each begin."""
    ahead, tags = paths_ahead(chain), chain.ends.shape[0]
    enters = jnp.zeros_like(ahead.given).at[:, tags].set(chain.begins.T)
    going, _, _ = paths_along(chain, ahead, enters, jnp.zeros_like(ahead.reached))
    return jnp.where(chain.mask[..., None], jnp.transpose(going, (2, 0, 1)), 1 / tags)


@jax.custom_vjp
def likeliest(chain: Chain) -> jax.Array:
    """1 for the tags of the likeliest path, (batch, time, tags): Viterbi's."""

    def backward(after: jax.Array, now: tuple[jax.Array, ...]) -> tuple[jax.Array, jax.Array]:
        scores, held, begins = now
        reached = chain.transitions[..., None] + scores + after  # (the tag before or none, tag, batch)
        earlier = jnp.where(held, reached.max(axis=1)[:-1], after)
        return jnp.where(begins, ends, earlier), reached.argmax(axis=1)

    def forward(before: jax.Array, now: tuple[jax.Array, ...]) -> tuple[jax.Array, jax.Array]:
        choices, held, begins = now
        before = jnp.where(begins, tags, before)
        before = jnp.where(held, jnp.take_along_axis(choices, before, axis=0), before)
        return before, before

    steps, tags = rows_last(chain), chain.ends.shape[0]
    ends = jnp.broadcast_to(chain.ends[:, None], steps[0].shape[1:])
    _, choices = jax.lax.scan(backward, ends, steps, reverse=True)
    none = jnp.full((1, len(chain.scores)), tags, choices.dtype)
    _, path = jax.lax.scan(forward, none, (choices, *steps[1:]))
    return jax.nn.one_hot(path[:, 0].T, tags, dtype=chain.scores.dtype) * chain.mask[..., None]


def _likeliest_forward(chain: Chain) -> tuple[jax.Array, None]:
    return likeliest(chain), None


def _likeliest_backward(_: None, slope: jax.Array) -> Any:
    raise ArgumentError(
        "CRF: the likeliest path of tags has no gradient. Compile the model with loss='chain_crossentropy', "
        "or make the layer with decoding='marginal'."
    )


likeliest.defvjp(_likeliest_forward, _likeliest_backward)
