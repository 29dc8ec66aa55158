"""`tf.contrib.losses.metric_learning`: losses of embeddings, by the distances between them."""

from typing import Any

import jax.numpy as jnp

from neurona.legacy.tensorflow.dispatch import S, T, function


@function
def triplet_semihard_loss(labels: T, embeddings: T, margin: S = 1.0) -> Any:
    """The mean of max(0, margin + d(a, p) - d(a, n)) over anchors and positives (Schroff et al., 2015).

    n is the nearest negative that is further than the positive, or the furthest one where none is; d are
    squared distances.
    """
    squares = jnp.sum(jnp.square(embeddings), 1)
    distances = jnp.maximum(squares[:, None] - 2 * embeddings @ embeddings.T + squares[None], 0)
    count = len(embeddings)
    distances = distances * (1 - jnp.eye(count, dtype=distances.dtype))
    same = labels.reshape(-1, 1) == labels.reshape(1, -1)
    negative, of_negative = ~same[:, None, :], distances[:, None, :]
    further = negative & (of_negative > distances[:, :, None])
    nearest = jnp.min(jnp.where(further, of_negative, jnp.inf), -1)
    furthest = jnp.max(jnp.where(negative, of_negative, of_negative.min(-1, keepdims=True)), -1)
    chosen = jnp.where(further.any(-1), nearest, furthest)
    pairs = same.astype(distances.dtype) - jnp.eye(count, dtype=distances.dtype)
    return jnp.sum(jnp.maximum((margin + distances - chosen) * pairs, 0)) / jnp.sum(pairs)
