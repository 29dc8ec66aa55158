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
from neurona.legacy.tensorflow.v1.tensor import draw

__all__ = [
    "AttentionWrapper",
    "AttentionWrapperState",
    "BahdanauAttention",
    "BasicDecoder",
    "BasicDecoderOutput",
    "BeamSearchDecoder",
    "BeamSearchDecoderOutput",
    "BeamSearchDecoderState",
    "FinalBeamSearchDecoderOutput",
    "GreedyEmbeddingHelper",
    "LuongAttention",
    "SampleEmbeddingHelper",
    "TrainingHelper",
    "dynamic_decode",
    "gather_tree",
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
