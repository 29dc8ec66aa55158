"""`tf.contrib.seq2seq`: decoders, attention and the loss of sequences."""

from typing import Any

import jax
import jax.numpy as jnp

from neurona.legacy.tensorflow.v1.contrib.attention import (
    AttentionWrapper,
    AttentionWrapperState,
    BahdanauAttention,
    LuongAttention,
)
from neurona.legacy.tensorflow.v1.contrib.beams import (
    BeamSearchDecoder,
    BeamSearchDecoderOutput,
    BeamSearchDecoderState,
    FinalBeamSearchDecoderOutput,
    gather_tree,
    tile_batch,
)
from neurona.legacy.tensorflow.v1.contrib.decoding import (
    BasicDecoder,
    BasicDecoderOutput,
    GreedyEmbeddingHelper,
    SampleEmbeddingHelper,
    TrainingHelper,
    dynamic_decode,
)
from neurona.legacy.tensorflow.v1.tensor import convert, draw

__all__ = [
    "AttentionWrapper",
    "AttentionWrapperState",
    "BahdanauAttention",
    "BasicDecoder",
    "BasicDecoderOutput",
    "BeamSearchDecoder",
    "BeamSearchDecoderOutput",
    "BeamSearchDecoderState",
    "CustomHelper",
    "FinalBeamSearchDecoderOutput",
    "GreedyEmbeddingHelper",
    "LuongAttention",
    "SampleEmbeddingHelper",
    "TrainingHelper",
    "dynamic_decode",
    "gather_tree",
    "hardmax",
    "sequence_loss",
    "tile_batch",
]


def sequence_loss(
    logits: Any,
    targets: Any,
    weights: Any,
    average_across_timesteps: bool = True,
    average_across_batch: bool = True,
    softmax_loss_function: Any = None,
    name: str | None = None,
    **_: Any,
) -> Any:
    """The cross-entropy of the classes of every step, weighted.

    Shapes: logits (batch, steps, classes), targets and weights (batch, steps).
    """
    if softmax_loss_function is not None:
        raise NotImplementedError("sequence_loss(softmax_loss_function=) is not here: leave it out.")
    return draw(
        _weighted,
        (logits, targets, weights, average_across_timesteps, average_across_batch),
        name=name,
        default="sequence_loss",
    )


def hardmax(logits: Any, name: str | None = None) -> Any:
    """1 for the largest of each row, and 0 for the others."""
    return draw(_hardmax, (convert(logits),), name=name, default="Hardmax", differentiable=False)


def _hardmax(logits: Any) -> Any:
    return jax.nn.one_hot(jnp.argmax(logits, -1), logits.shape[-1], dtype=logits.dtype)


class CustomHelper:
    """A helper of functions.

    Args:
        initialize_fn: of nothing: which rows are finished, and the first inputs.
        sample_fn: of time, outputs and state: what is said.
        next_inputs_fn: of time, outputs, state and sample_ids: which rows are finished, the next inputs and
            the state.
    """

    times = None

    def __init__(
        self,
        initialize_fn: Any,
        sample_fn: Any,
        next_inputs_fn: Any,
        sample_ids_shape: Any = None,
        sample_ids_dtype: Any = None,
    ) -> None:
        self.initialize, self._sample, self._next = initialize_fn, sample_fn, next_inputs_fn

    def sample(self, time: Any, outputs: Any, state: Any) -> Any:
        """What is said."""
        return self._sample(time=time, outputs=outputs, state=state)

    def next_inputs(self, time: Any, outputs: Any, state: Any, sample_ids: Any) -> tuple[Any, Any, Any]:
        """Which rows are finished, the next inputs and the state."""
        return self._next(time=time, outputs=outputs, state=state, sample_ids=sample_ids)


def _weighted(logits: Any, targets: Any, weights: Any, over_steps: bool, over_batch: bool) -> Any:
    targets, weights = (jnp.asarray(one) for one in (targets, weights))
    logs = jax.nn.log_softmax(logits, -1)
    losses = -jnp.take_along_axis(logs, targets[..., None], -1)[..., 0] * weights
    if over_steps and over_batch:
        return losses.sum() / (weights.sum() + 1e-12)
    if over_steps:
        return losses.sum(1) / (weights.sum(1) + 1e-12)
    return losses.sum(0) / (weights.sum(0) + 1e-12) if over_batch else losses


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    raise AttributeError(
        f"tf.contrib.seq2seq.{name} is not in Neurona: decode with tf.scan or tf.while_loop, and attend with "
        "tf.keras.layers.Attention.",
        name=name,
    )
